/// One line of the edge's own log: an object of texts and numbers, none of them nested.
struct FlatJSON {
    /// In their order; numbers as they are written.
    private(set) var members: [(name: String, value: String)] = []

    private let bytes: [UInt8]
    private var at = 0

    /// nil when the line is anything else.
    init?(_ line: String) {
        bytes = Array(line.utf8)
        guard readObject(), skipSpace(), at == bytes.count else { return nil }
    }

    subscript(_ name: String) -> String? { members.first { $0.name == name }?.value }

    private mutating func readObject() -> Bool {
        guard take(UInt8(ascii: "{")) else { return false }
        if take(UInt8(ascii: "}")) { return true }
        repeat {
            guard skipSpace(), let name = readText(), take(UInt8(ascii: ":")), skipSpace(),
                let value = readText() ?? readScalar()
            else { return false }
            members.append((name, value))
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}"))
    }

    /// Always true, so that it can stand in a condition.
    private mutating func skipSpace() -> Bool {
        while at < bytes.count, bytes[at] <= 32 { at += 1 }
        return true
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard skipSpace(), at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    /// A number or a word.
    private mutating func readScalar() -> String? {
        let start = at
        while at < bytes.count, Self.isOfScalar(bytes[at]) { at += 1 }
        return at > start ? String(decoding: bytes[start..<at], as: UTF8.self) : nil
    }

    private static func isOfScalar(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private mutating func readText() -> String? {
        guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { return nil }
        at += 1
        var text: [UInt8] = []
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
            if bytes[at] == UInt8(ascii: "\\") {
                guard let scalar = readEscape() else { return nil }
                text += Array(String(scalar).utf8)
            } else {
                text.append(bytes[at])
                at += 1
            }
        }
        guard at < bytes.count else { return nil }
        at += 1
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func readEscape() -> Character? {
        guard at + 1 < bytes.count else { return nil }
        let kind = bytes[at + 1]
        at += 2
        switch kind {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return Character(UnicodeScalar(kind))
        case UInt8(ascii: "u"):
            guard at + 4 <= bytes.count,
                let code = UInt32(String(decoding: bytes[at..<(at + 4)], as: UTF8.self), radix: 16)
            else { return nil }
            at += 4
            // The edge writes none beyond Latin-1, so that no pair of them is ever one letter.
            return UnicodeScalar(code).map { Character($0) } ?? "\u{FFFD}"
        default: return nil
        }
    }
}
