public import Caching

/// How what the edge invalidates is said to the CloudFront in front of it.
///
/// Whatever CloudFront may hold of what a rule matches, an item reaches: where its words are not
/// fine enough the item is wider.
public struct OutgoingItems: Sendable, Equatable {
    /// Responses have `ScopeTags`, and a write is told by them; else by paths.
    public var hasTags = false
    /// By paths: where maps are, and all else of map servers.
    public var maps: [InvalidationPath] = [.everything]
    /// By paths: where pages are.
    public var pages: [InvalidationPath] = [.everything]
    /// A write's own target is told, too: what any POST that succeeded was sent to.
    public var includesTargets = false

    public init() {}

    /// The items of a rule; none: CloudFront is not told of it.
    public func items(for rule: InvalidationRule) -> [InvalidationPath] {
        switch rule.reach {
        case .everything: return [.everything]
        case .target: return target(rule)
        case .prefix: return prefix(rule)
        case .tag:
            guard hasTags, let tag = rule.tag else { return [.everything] }
            return [.tag(Array(tag.name))]
        case .scope: return (rule.scope ?? .everything).parts.flatMap(items)
        }
    }

    /// What begins so with a query is without it where CloudFront does not key by queries.
    private func prefix(_ rule: InvalidationRule) -> [InvalidationPath] {
        let whole = InvalidationPath(sending: rule.bytes, isPrefix: true)
        guard let mark = rule.bytes.firstIndex(of: UInt8(ascii: "?")) else { return [whole] }
        return [whole, InvalidationPath(sending: Array(rule.bytes[..<mark]), isPrefix: false)]
    }

    /// A write's target is known by its host. Whether CloudFront keys by the query is not known:
    /// the path goes with it and without.
    private func target(_ rule: InvalidationRule) -> [InvalidationPath] {
        if rule.host != nil, !includesTargets || rule.isQuiet { return [] }
        let whole = InvalidationPath(sending: rule.bytes, isPrefix: false)
        guard let mark = rule.bytes.firstIndex(of: UInt8(ascii: "?")) else { return [whole] }
        return [whole, InvalidationPath(sending: Array(rule.bytes[..<mark]), isPrefix: false)]
    }

    private func items(for part: WriteScope.Part) -> [InvalidationPath] {
        if hasTags {
            guard let tags = ScopeTags.tags(of: part) else { return [.everything] }
            return tags.map { .tag(Array($0.lowercased().utf8)) }
        }
        if part.target == .everything, part.kinds.isSuperset(of: .all) { return [.everything] }
        if case .page(let path) = part.target, !part.kinds.isDisjoint(with: Self.ofPages) {
            // Segments may be spelt in several ways, of which this is the usual one.
            return [InvalidationPath(sending: Array(path.utf8), isPrefix: true)]
        }
        let isOfMaps = !part.kinds.subtracting(Self.ofPages).isEmpty
        return (isOfMaps ? maps : [])
            + (part.kinds.isDisjoint(with: Self.ofPages) ? [] : pages)
    }

    private static var ofPages: EntryKinds { [.pages, .lists] }
}

extension InvalidationPath {
    /// `/*`
    public static var everything: InvalidationPath { .prefix([UInt8(ascii: "/")]) }

    /// A path as CloudFront takes it: before what it would refuse it ends in a wildcard.
    init(sending bytes: [UInt8], isPrefix: Bool) {
        guard bytes.first == UInt8(ascii: "/") else {
            self = .everything
            return
        }
        let fitting = bytes.prefix(Self.lengthLimit - 1).prefix { Self.isAllowed($0) }
        let isWhole = fitting.count == bytes.count
        // At the end a star is a wildcard, also where it was meant as itself.
        if fitting.last == UInt8(ascii: "*") {
            self = .prefix(Array(fitting.dropLast()))
        } else {
            self = isPrefix || !isWhole ? .prefix(Array(fitting)) : .exact(Array(fitting))
        }
    }

    /// As an item of an invalidation batch.
    public var text: String {
        switch self {
        case .exact(let bytes): String(decoding: bytes, as: UTF8.self)
        case .prefix(let bytes): String(decoding: bytes, as: UTF8.self) + "*"
        case .tag(let bytes): "#" + String(decoding: bytes, as: UTF8.self)
        }
    }
}
