import CloudFront
import HTTP

/// Any lines as names that count, a query and Cookie fields: what is selected is what a slow and
/// obvious reader selects.
struct SelectionProperty {
    private static let signature = [
        "Policy", "Expires", "Signature", "Key-Pair-Id", "Hash-Algorithm",
    ]

    static func faults(_ input: [UInt8]) -> [String] {
        var lines = input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { Array($0) }
        let names = lines.removeFirst().split(separator: UInt8(ascii: ","))
            .compactMap { String(validating: $0, as: UTF8.self) }
        let query = lines.isEmpty ? [] : lines.removeFirst()
        var bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8)
        for line in lines { bytes += Array("Cookie:".utf8) + line + [13, 10] }
        bytes += [13, 10]
        var head = RequestHead()
        var scan = HeadScan()
        // What is no field value is another parser's matter.
        let isHead =
            parseRequest(bytes.span.bytes, &scan, limits: .request, into: &head) == .complete
        var faults: [String] = []
        for selection in [
            NameSelection.none, .all, NameSelection(.list, names), NameSelection(.allExcept, names),
        ] {
            for isSigned in [false, true] {
                faults += faultsOfQuery(query, selection, names, isSigned)
                guard isHead else { continue }
                let made = SelectedCookies(
                    head, bytes: bytes.span.bytes, selection, dropsSignature: isSigned)
                let expected = cookies(lines, selection, names, isSigned)
                faults += faultsOfCookies(made, bytes, expected)
            }
        }
        return faults
    }

    private static func keeps(
        _ name: [UInt8], _ selection: NameSelection, _ names: [String]
    ) -> Bool {
        let isNamed = names.contains { Array($0.utf8) == name }
        return switch selection.mode {
        case .none: false
        case .all: true
        case .list: isNamed
        case .allExcept: !isNamed
        }
    }

    private static func isOfSignature(_ name: [UInt8], prefix: String) -> Bool {
        signature.contains { Array((prefix + $0).utf8) == name }
    }

    // MARK: queries

    private static func faultsOfQuery(
        _ query: [UInt8], _ selection: NameSelection, _ names: [String], _ isSigned: Bool
    ) -> [String] {
        let expected = selected(query, selection, names, isSigned)
        var faults: [String] = []
        for room in [query.count, expected.count] {
            let made = written(query, selection, isSigned, room: room)
            if made != expected { faults.append("query \(text(made)), \(text(expected)) expected") }
        }
        if !expected.isEmpty,
            written(query, selection, isSigned, room: expected.count - 1) != nil
        {
            faults.append("a query is written where it does not fit")
        }
        if selection.takesWhole(query.span.bytes, dropsSignature: isSigned),
            expected != query
        {
            faults.append("a query is taken whole, \(text(expected)) expected")
        }
        return faults
    }

    private static func selected(
        _ query: [UInt8], _ selection: NameSelection, _ names: [String], _ isSigned: Bool
    ) -> [UInt8] {
        if selection.mode == .none { return [] }
        let ampersand = UInt8(ascii: "&")
        var members = query.split(separator: ampersand, omittingEmptySubsequences: false)
        // An `&` at the end begins a member where all are selected, and else none.
        if members.last?.isEmpty == true, selection.mode != .all { members.removeLast() }
        let kept = members.filter { member in
            let name = Array(member.prefix { $0 != UInt8(ascii: "=") })
            if isSigned, isOfSignature(name, prefix: "") { return false }
            if member.isEmpty { return selection.mode == .all }
            return keeps(name, selection, names)
        }
        return Array(kept.joined(separator: [ampersand]))
    }

    private static func written(
        _ query: [UInt8], _ selection: NameSelection, _ isSigned: Bool, room: Int
    ) -> [UInt8]? {
        var memory = [UInt8](repeating: 0xA5, count: room + 8)
        let count = memory.withUnsafeMutableBytes {
            selection.writeQuery(
                query.span.bytes, dropsSignature: isSigned,
                into: UnsafeMutableRawBufferPointer(rebasing: $0[..<room]))
        }
        guard memory[room...].allSatisfy({ $0 == 0xA5 }) else { return Array("overrun".utf8) }
        return count.map { Array(memory[..<$0]) }
    }

    // MARK: cookies

    private static func faultsOfCookies(
        _ made: SelectedCookies, _ bytes: [UInt8], _ expected: [[[UInt8]]]
    ) -> [String] {
        if made.overflowed {
            return expected.count > SelectedCookies.limit ? [] : ["too many cookies"]
        }
        let pairs = (0..<made.count).map { index in
            [Array(bytes[made[index].name.range]), Array(bytes[made[index].value.range])]
        }
        return pairs == expected ? [] : ["cookies \(pairs), \(expected) expected"]
    }

    /// Name and value of each, by name; those of one name in their order.
    private static func cookies(
        _ lines: [[UInt8]], _ selection: NameSelection, _ names: [String], _ isSigned: Bool
    ) -> [[[UInt8]]] {
        var found: [(order: Int, pair: [[UInt8]])] = []
        for line in lines {
            let members = line.split(separator: UInt8(ascii: ";")).map { trimmed(Array($0)) }
                .filter { !$0.isEmpty }
            let pairs = members.map { member in
                member.split(
                    separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false
                ).map { trimmed(Array($0)) }
            }
            // One that is none spoils its line.
            guard pairs.allSatisfy({ $0.count == 2 && !$0[0].isEmpty }) else { continue }
            for pair in pairs
            where pair[0][0] != UInt8(ascii: "$") && keeps(pair[0], selection, names)
                && !(isSigned && isOfSignature(pair[0], prefix: "CloudFront-"))
            {
                found.append((found.count, pair))
            }
        }
        return found.sorted {
            $0.pair[0] == $1.pair[0]
                ? $0.order < $1.order : $0.pair[0].lexicographicallyPrecedes($1.pair[0])
        }.map(\.pair)
    }

    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        let blanks: [UInt8] = [0x20, 0x09]
        return bytes.drop { blanks.contains($0) }.reversed().drop { blanks.contains($0) }.reversed()
    }

    private static func text(_ bytes: [UInt8]?) -> String {
        bytes.map { "\"\(String(decoding: $0, as: UTF8.self))\"" } ?? "none"
    }
}
