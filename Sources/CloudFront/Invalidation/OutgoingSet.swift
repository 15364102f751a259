/// Items that wait for CloudFront, without those that another one says already.
public struct OutgoingSet: Sendable, Equatable {
    public private(set) var items: Set<InvalidationPath> = []
    private var prefixes: [[UInt8]] = []

    public init() {}

    public init(_ items: some Sequence<InvalidationPath>) {
        for item in items { insert(item) }
    }

    public var isEmpty: Bool { items.isEmpty }
    public var wildcards: Int { prefixes.count }
    /// Paths and tags without a wildcard.
    public var paths: Int { items.count - prefixes.count }

    /// Whether it is within bounds of paths and wildcards in progress, and of items of one batch.
    public func fits(paths most: Int, wildcards: Int, items limit: Int) -> Bool {
        paths <= most && prefixes.count <= wildcards && items.count <= limit
    }

    /// The items as text, in one order whatever they came in.
    public var texts: [String] { items.map(\.text).sorted() }

    /// Takes an item. Costs a comparison for each wildcard, and for a wildcard one for each item.
    public mutating func insert(_ item: InvalidationPath) {
        guard !items.contains(item), !prefixes.contains(where: { item.isCovered(by: $0) }) else {
            return
        }
        if case .prefix(let start) = item {
            items = items.filter { !$0.isCovered(by: start) }
            prefixes.removeAll { $0.starts(with: start) }
            prefixes.append(start)
        }
        items.insert(item)
    }

    /// The narrowest set within the bounds that means all of this; nil: there is none, since not
    /// even one wildcard is left.
    ///
    /// First queries become wildcards, then directories, from the deepest on; in the end `/*`.
    /// Tags cannot be widened: too many of them are everything.
    public func coarsened(paths: Int, wildcards: Int, items limit: Int) -> OutgoingSet? {
        if fits(paths: paths, wildcards: wildcards, items: limit) { return self }
        guard wildcards > 0, limit > 0 else { return nil }
        var next = OutgoingSet(items.map(\.withoutQuery))
        var depth = items.reduce(0) { max($0, $1.slashes) }
        while true {
            if next.fits(paths: paths, wildcards: wildcards, items: limit) { return next }
            if depth == 0 { return OutgoingSet([.everything]) }
            depth -= 1
            next = OutgoingSet(next.items.map { $0.cut(below: depth) })
        }
    }
}

extension InvalidationPath {
    /// Whether a wildcard behind `start` means this, too. Only `/*` reaches what is tagged.
    fileprivate func isCovered(by start: [UInt8]) -> Bool {
        switch self {
        case .exact(let bytes), .prefix(let bytes): bytes.starts(with: start)
        case .tag: start.count <= 1
        }
    }

    /// Directories above it.
    fileprivate var slashes: Int {
        switch self {
        case .exact(let bytes), .prefix(let bytes): bytes.count { $0 == UInt8(ascii: "/") }
        case .tag: 0
        }
    }

    fileprivate var withoutQuery: InvalidationPath {
        guard case .exact(let bytes) = self, let mark = bytes.firstIndex(of: UInt8(ascii: "?"))
        else { return self }
        return .prefix(Array(bytes[..<mark]))
    }

    /// All of its directory at that depth, if it lies so deep: `/a/b/c` below 1 is `/a/*`.
    fileprivate func cut(below depth: Int) -> InvalidationPath {
        switch self {
        case .tag: return self
        case .exact(let bytes), .prefix(let bytes):
            var found = -1
            for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "/") {
                found += 1
                if found == depth { return .prefix(Array(bytes[...index])) }
            }
            return self
        }
    }
}
