import HTTP

/// Numbers by prefix, to be found for all prefixes of a text at once.
///
/// A look walks along the text, at most once over each of its bytes, and ends where no prefix goes
/// on as the text does: how many prefixes there are does not count. It allocates nothing, and it
/// compares bytes, so that no two prefixes are taken for each other.
struct PrefixTree: Sendable {
    /// Numbers of one prefix; 0: none.
    struct Numbers: Sendable, BitwiseCopyable {
        /// On any host.
        var anywhere: UInt64 = 0
        /// The highest of those on single hosts.
        var hosted: UInt64 = 0

        var highest: UInt64 { max(anywhere, hosted) }
    }

    /// Where a prefix ends, or where those part that went together until here.
    private struct Node: Sendable, BitwiseCopyable {
        var numbers = Numbers()
        /// The bytes between its parent and it, in `text`; only the root has none.
        var start: Int
        var end: Int
        var parent: Int

        var length: Int { end - start }
    }

    /// The root is the first.
    private var nodes = [Node(start: 0, end: 0, parent: 0)]
    private var text: [UInt8] = []
    /// Indices of nodes, each in or behind the slot that its parent and first byte choose: a power
    /// of two, at most half of them taken. 0: free, for nobody looks for the root.
    private var slots: [UInt32] = [0, 0]
    /// Prefixes that have a number on any host.
    private(set) var count = 0

    var isEmpty: Bool { nodes.count == 1 && nodes[0].numbers.highest == 0 }

    /// How far a look has come: behind so many bytes of those that lead to a node.
    struct Place: BitwiseCopyable {
        fileprivate var node = 0
        fileprivate var offset = 0
        /// Bytes and slots that were looked at on the way. Costs nothing where nobody asks.
        fileprivate(set) var looks = 0
    }

    /// Goes on by one byte; false: no prefix does.
    @inline(__always)
    func goOn(_ place: inout Place, _ byte: UInt8) -> Bool {
        let node = nodes[place.node]
        if place.offset < node.length {
            place.looks += 1
            guard text[node.start + place.offset] == byte else { return false }
            place.offset += 1
            return true
        }
        place.node = self.node(behind: place.node, byte, &place.looks)
        place.offset = 1
        return place.node != 0
    }

    /// Those of the prefix that ends at a place.
    @inline(__always)
    func numbers(at place: Place) -> Numbers {
        let node = nodes[place.node]
        return place.offset == node.length ? node.numbers : Numbers()
    }

    /// Whether a prefix has a number on any host.
    func contains(_ prefix: [UInt8]) -> Bool {
        var place = Place()
        for byte in prefix where !goOn(&place, byte) { return false }
        return numbers(at: place).anywhere > 0
    }

    /// Numbers that a prefix has already never fall.
    mutating func insert(_ prefix: [UInt8], _ numbers: Numbers) {
        let index = node(of: prefix[...])
        let old = nodes[index].numbers
        if old.anywhere == 0, numbers.anywhere > 0 { count += 1 }
        nodes[index].numbers = Numbers(
            anywhere: max(old.anywhere, numbers.anywhere), hosted: max(old.hosted, numbers.hosted))
    }

    /// Forgets numbers up to one.
    mutating func retire(upTo number: UInt64) {
        func kept(_ one: UInt64) -> UInt64 { one > number ? one : 0 }
        let old = self
        self = PrefixTree()
        for node in old.nodes where node.numbers.highest > number {
            insert(
                old.prefix(endingAt: node),
                Numbers(anywhere: kept(node.numbers.anywhere), hosted: kept(node.numbers.hosted)))
        }
    }

    // MARK: nodes

    private func prefix(endingAt node: Node) -> [UInt8] {
        var (node, parts) = (node, [text[node.start..<node.end]])
        while node.length > 0 {
            node = nodes[node.parent]
            parts.append(text[node.start..<node.end])
        }
        return Array(parts.reversed().joined())
    }

    /// The node where a prefix ends, which is made if there is none.
    private mutating func node(of prefix: ArraySlice<UInt8>) -> Int {
        var (index, rest) = (0, prefix)
        while let first = rest.first {
            var looks = 0
            let next = node(behind: index, first, &looks)
            guard next != 0 else {
                let start = text.count
                text += rest
                return add(Node(start: start, end: text.count, parent: index))
            }
            let label = text[nodes[next].start..<nodes[next].end]
            let common = zip(label, rest).prefix { $0 == $1 }.count
            index = common < label.count ? split(next, behind: common) : next
            rest = rest.dropFirst(common)
        }
        return index
    }

    /// Puts a node in the middle of the bytes that lead to another one.
    private mutating func split(_ lower: Int, behind count: Int) -> Int {
        let (upper, old) = (nodes.count, nodes[lower])
        // It stands for the other one where the parent looks.
        var looks = 0
        let slot = slot(of: old.parent, text[old.start], &looks)
        nodes.append(Node(start: old.start, end: old.start + count, parent: old.parent))
        slots[slot] = UInt32(upper)
        (nodes[lower].start, nodes[lower].parent) = (old.start + count, upper)
        keep(lower)
        return upper
    }

    private mutating func add(_ node: Node) -> Int {
        nodes.append(node)
        keep(nodes.count - 1)
        return nodes.count - 1
    }

    /// Sees that a node is found, and all others when that takes more slots.
    private mutating func keep(_ index: Int) {
        if nodes.count * 2 <= slots.count { return put(index) }
        slots = Array(repeating: 0, count: slots.count * 2)
        for index in nodes.indices.dropFirst() { put(index) }
    }

    private mutating func put(_ index: Int) {
        var looks = 0
        let slot = slot(of: nodes[index].parent, text[nodes[index].start], &looks)
        slots[slot] = UInt32(index)
    }

    /// The node that goes on behind another one with a byte; 0: none.
    @inline(__always)
    private func node(behind parent: Int, _ byte: UInt8, _ looks: inout Int) -> Int {
        Int(slots[slot(of: parent, byte, &looks)])
    }

    /// Where that stands, or would.
    @inline(__always)
    private func slot(of parent: Int, _ byte: UInt8, _ looks: inout Int) -> Int {
        let hash = UInt64(parent << 8 | Int(byte)) &* 0x9E37_79B9_7F4A_7C15
        var slot = Int(hash >> 32) & (slots.count - 1)
        while true {
            looks += 1
            let node = Int(slots[slot])
            if node == 0 || nodes[node].parent == parent && text[nodes[node].start] == byte {
                return slot
            }
            slot = (slot + 1) & (slots.count - 1)
        }
    }
}
