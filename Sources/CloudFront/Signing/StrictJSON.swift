import HTTP

/// Reads the JSON of a signed policy (RFC 8259) into nodes, and refuses everything else: what two
/// readers could understand differently must not decide about access.
struct StrictJSON {
    /// Why a text was refused; CloudFront says no more than "Malformed Policy".
    struct Malformed: Error {}

    private static let depthLimit = 16

    private let bytes: [UInt8]
    private var at = 0
    private var line = 1
    private var lineStart = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The only value in `bytes`.
    static func read(_ bytes: [UInt8]) throws(Malformed) -> ConfigNode {
        var reader = StrictJSON(bytes)
        let node = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.at == bytes.count else { throw Malformed() }
        return node
    }

    private var byte: UInt8 { at < bytes.count ? bytes[at] : 0 }

    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x0a:
                line += 1
                lineStart = at + 1
            case 0x20, 0x09, 0x0d: break
            default: return
            }
            at += 1
        }
    }

    private mutating func take(_ wanted: UInt8) throws(Malformed) {
        guard byte == wanted else { throw Malformed() }
        at += 1
    }

    private mutating func value(depth: Int) throws(Malformed) -> ConfigNode {
        guard depth < Self.depthLimit else { throw Malformed() }
        skipSpace()
        let (line, column) = (line, at - lineStart + 1)
        let content: ConfigNode.Content =
            switch byte {
            case UInt8(ascii: "{"): .map(try members(depth: depth + 1))
            case UInt8(ascii: "["): .list(try items(depth: depth + 1))
            case UInt8(ascii: "\""): .scalar(try text())
            default: try word()
            }
        return ConfigNode(content, line: line, column: column)
    }

    private mutating func members(depth: Int) throws(Malformed) -> [ConfigNode.Member] {
        var members: [ConfigNode.Member] = []
        var keys: Set<String> = []
        try take(UInt8(ascii: "{"))
        skipSpace()
        if byte == UInt8(ascii: "}") {
            at += 1
            return members
        }
        while true {
            skipSpace()
            let key = try text()
            guard keys.insert(key).inserted else { throw Malformed() }
            skipSpace()
            try take(UInt8(ascii: ":"))
            members.append(ConfigNode.Member(key, try value(depth: depth)))
            skipSpace()
            if byte == UInt8(ascii: "}") { break }
            try take(UInt8(ascii: ","))
        }
        at += 1
        return members
    }

    private mutating func items(depth: Int) throws(Malformed) -> [ConfigNode] {
        var items: [ConfigNode] = []
        try take(UInt8(ascii: "["))
        skipSpace()
        if byte == UInt8(ascii: "]") {
            at += 1
            return items
        }
        while true {
            items.append(try value(depth: depth))
            skipSpace()
            if byte == UInt8(ascii: "]") { break }
            try take(UInt8(ascii: ","))
        }
        at += 1
        return items
    }

    private mutating func text() throws(Malformed) -> String {
        try take(UInt8(ascii: "\""))
        var text: [UInt8] = []
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
            guard bytes[at] >= 0x20 else { throw Malformed() }
            if bytes[at] == UInt8(ascii: "\\") {
                at += 1
                text.append(contentsOf: try escape())
            } else {
                text.append(bytes[at])
                at += 1
            }
        }
        try take(UInt8(ascii: "\""))
        guard let valid = String(validating: text, as: UTF8.self) else { throw Malformed() }
        return valid
    }

    /// What the escape behind a backslash stands for.
    private mutating func escape() throws(Malformed) -> String.UTF8View {
        let letter = byte
        at += 1
        switch letter {
        case UInt8(ascii: "\""): return "\"".utf8
        case UInt8(ascii: "\\"): return "\\".utf8
        case UInt8(ascii: "/"): return "/".utf8
        case UInt8(ascii: "b"): return "\u{8}".utf8
        case UInt8(ascii: "f"): return "\u{c}".utf8
        case UInt8(ascii: "n"): return "\n".utf8
        case UInt8(ascii: "r"): return "\r".utf8
        case UInt8(ascii: "t"): return "\t".utf8
        case UInt8(ascii: "u"):
            // Half of a surrogate pair is no scalar; nothing in a URL needs a pair.
            guard let scalar = Unicode.Scalar(try fourDigits()) else { throw Malformed() }
            return String(Character(scalar)).utf8
        default: throw Malformed()
        }
    }

    private mutating func fourDigits() throws(Malformed) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = hexadecimalDigit(byte) else { throw Malformed() }
            number = number << 4 | UInt32(digit)
            at += 1
        }
        return number
    }

    /// A number as it is written, `true`, `false` or `null`.
    private mutating func word() throws(Malformed) -> ConfigNode.Content {
        let start = at
        while at < bytes.count, Self.isWordByte(bytes[at]) { at += 1 }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        switch text {
        case "null": return .null
        case "true", "false": return .scalar(text)
        default:
            guard Self.isNumber(Array(text.utf8)) else { throw Malformed() }
            return .scalar(text)
        }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || lowercased(byte) &- 0x61 < 26 || "+-.".utf8.contains(byte)
    }

    /// RFC 8259 §6: no leading zero, no bare point.
    private static func isNumber(_ text: [UInt8]) -> Bool {
        var rest = text[...]
        func digits() -> Int { rest.prefix { isDigit($0) }.count }
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        let whole = digits()
        if whole == 0 || whole > 1 && rest.first == UInt8(ascii: "0") { return false }
        rest.removeFirst(whole)
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            let fraction = digits()
            if fraction == 0 { return false }
            rest.removeFirst(fraction)
        }
        if let letter = rest.first, lowercased(letter) == UInt8(ascii: "e") {
            rest.removeFirst()
            if let sign = rest.first, sign == 0x2b || sign == 0x2d { rest.removeFirst() }
            let exponent = digits()
            if exponent == 0 { return false }
            rest.removeFirst(exponent)
        }
        return rest.isEmpty
    }
}
