/// A strict reader of JSON, to judge what others write (RFC 8259).
public indirect enum JSON: Equatable, Sendable {
    case object([String: JSON])
    case array([JSON])
    case string(String)
    case number(Double)
    case bool(Bool)
    case null

    /// Throws what is wrong and where.
    public init(_ text: String) throws {
        var reader = JSONReader(bytes: Array(text.utf8))
        self = try reader.document()
    }

    public subscript(_ name: String) -> JSON? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    public var text: String? { if case .string(let text) = self { text } else { nil } }
    public var number: Double? { if case .number(let number) = self { number } else { nil } }
    public var elements: [JSON] { if case .array(let elements) = self { elements } else { [] } }
}

private struct JSONReader {
    let bytes: [UInt8]
    var at = 0

    mutating func document() throws -> JSON {
        let value = try value(depth: 0)
        skipSpace()
        guard at == bytes.count else { throw failure("something behind the value") }
        return value
    }

    private func failure(_ words: String) -> WireError {
        WireError("JSON: \(words) at byte \(at) of \(quoted(bytes[...]))")
    }

    private mutating func skipSpace() {
        while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
    }

    private mutating func take(_ text: String) -> Bool {
        guard bytes[at...].starts(with: text.utf8) else { return false }
        at += text.utf8.count
        return true
    }

    private mutating func value(depth: Int) throws -> JSON {
        skipSpace()
        guard depth < 64, at < bytes.count else { throw failure("no value") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        default:
            if take("true") { return .bool(true) }
            if take("false") { return .bool(false) }
            if take("null") { return .null }
            return .number(try number())
        }
    }

    private mutating func object(_ depth: Int) throws -> JSON {
        at += 1
        var members: [String: JSON] = [:]
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
                throw failure("no name")
            }
            let name = try string()
            skipSpace()
            guard take(":") else { throw failure("no colon") }
            guard members.updateValue(try value(depth: depth + 1), forKey: name) == nil else {
                throw failure("\(name) twice")
            }
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw failure("no comma") }
        }
    }

    private mutating func array(_ depth: Int) throws -> JSON {
        at += 1
        var elements: [JSON] = []
        skipSpace()
        if take("]") { return .array(elements) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw failure("no comma") }
        }
    }

    private mutating func string() throws -> String {
        at += 1
        var units: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: units, as: UTF8.self) else {
                    throw failure("no UTF-8")
                }
                return text
            case UInt8(ascii: "\\"): units += try escape()
            case 0..<0x20: throw failure("a control in a string")
            default: units.append(byte)
            }
        }
        throw failure("an open string")
    }

    private mutating func escape() throws -> [UInt8] {
        let plain: [(String, UInt8)] = [
            ("\"", 0x22), ("\\", 0x5C), ("/", 0x2F), ("b", 8), ("f", 12), ("n", 10), ("r", 13),
            ("t", 9),
        ]
        for (letter, byte) in plain where take(letter) { return [byte] }
        guard take("u"), at + 4 <= bytes.count,
            let unit = UInt16(String(decoding: bytes[at..<(at + 4)], as: UTF8.self), radix: 16)
        else { throw failure("an escape") }
        at += 4
        return Array(String(decoding: [unit], as: UTF16.self).utf8)
    }

    private mutating func number() throws -> Double {
        let start = at
        _ = take("-")
        let whole = at
        digits()
        guard at > whole, bytes[whole] != 0x30 || at == whole + 1 else { throw failure("a number") }
        if take(".") {
            let fraction = at
            digits()
            guard at > fraction else { throw failure("a fraction") }
        }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            let exponent = at
            digits()
            guard at > exponent else { throw failure("an exponent") }
        }
        return Double(String(decoding: bytes[start..<at], as: UTF8.self)) ?? 0
    }

    private mutating func digits() {
        while at < bytes.count, bytes[at] &- 0x30 < 10 { at += 1 }
    }
}
