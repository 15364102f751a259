import Yams

/// The text of a document in which keys may stand twice, which the parser refuses as a whole.
///
/// The second of each gets another name, and goes when all of it could be read.
struct RepeatedKeys {
    private(set) var text: String
    private var count = 0
    // Of the private use area: nobody names a key so.
    private static let mark = "\u{E000}"

    init(_ text: String) { self.text = text }

    /// Renames the second of each key; false if one of them is not to be found.
    ///
    /// - Parameter mapping: where the mapping begins that has them.
    mutating func rename(_ keys: [String], from mapping: Mark) -> Bool {
        for key in keys {
            guard let place = secondPlace(of: key, in: text, from: mapping) else { return false }
            text.replaceSubrange(place.range, with: "\(Self.mark)\(count)")
            count += 1
        }
        return !keys.isEmpty
    }

    /// The node without what was renamed.
    func removed(from node: Node) -> Node {
        guard count > 0 else { return node }
        switch node {
        case .scalar, .alias: return node
        case .sequence(let sequence):
            return .sequence(
                Node.Sequence(
                    sequence.map(removed(from:)), sequence.tag, sequence.style, sequence.mark,
                    sequence.anchor))
        case .mapping(let mapping):
            let pairs = mapping.filter { $0.key.scalar?.string.hasPrefix(Self.mark) != true }
                .map { ($0.key, removed(from: $0.value)) }
            return .mapping(
                Node.Mapping(pairs, mapping.tag, mapping.style, mapping.mark, mapping.anchor))
        }
    }
}

/// Where a key stands for the second time.
///
/// The parser names only where the mapping begins. In a block mapping it is the second line with
/// the key at the same column; nil in a flow mapping.
func secondPlace(
    of key: String, in text: String, from mark: Mark
) -> (line: Int, range: Range<String.Index>)? {
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    let spellings = ["\(key):", "\"\(key)\":", "'\(key)':"]
    var seen = 0
    for (index, line) in lines.enumerated().dropFirst(mark.line - 1) {
        let field = line.dropFirst(mark.column - 1)
        let isIndented =
            index == mark.line - 1 || line.prefix(mark.column - 1).allSatisfy { $0 == " " }
        guard isIndented, let spelling = spellings.first(where: field.hasPrefix) else { continue }
        seen += 1
        if seen == 2 {
            let end = field.index(field.startIndex, offsetBy: spelling.count - 1)
            return (index + 1, field.startIndex..<end)
        }
    }
    return nil
}
