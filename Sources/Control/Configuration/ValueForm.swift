/// Why a text is no value of the wanted form. Read after `NAME is "TEXT", which …`.
struct Complaint: Error, Equatable {
    var problem: String
    var remedy: String

    init(_ problem: String, _ remedy: String) {
        self.problem = problem
        self.remedy = remedy
    }
}

/// How the text of a value is understood; the same for the file and for flags.
struct ValueForm<Value> {
    let parse: (String) throws(Complaint) -> Value

    init(_ parse: @escaping (String) throws(Complaint) -> Value) { self.parse = parse }
}

extension ValueForm {
    /// The same form for another value made of it.
    func map<Other>(_ change: @escaping (Value) -> Other) -> ValueForm<Other> {
        ValueForm<Other> { text throws(Complaint) in change(try parse(text)) }
    }
}

extension ValueForm where Value: FixedWidthInteger & Sendable {
    /// A whole number within bounds.
    static func count(_ range: ClosedRange<Value>) -> Self {
        Self { text throws(Complaint) in
            guard let value = Value(text), text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }) else {
                throw Complaint("is no whole number in range", bounds(range, String.init))
            }
            return try bounded(value, range, String.init)
        }
    }

    /// A time in milliseconds, written `500ms`, `10s`, `1m30s`, `2h` or `1d`; a plain number:
    /// seconds.
    static func duration(_ range: ClosedRange<Value>) -> Self {
        Self { text throws(Complaint) in
            guard let value: Value = Control.duration(text) else {
                throw Complaint(
                    "is no duration",
                    "write a whole number with ms, s, m, h or d, such as 500ms or 10s")
            }
            return try bounded(value, range) { durationText(Int64($0)) }
        }
    }

    /// A number of bytes, written `512MiB`, `1GiB`, `100MB`; a plain number: bytes.
    static func bytes(_ range: ClosedRange<Value>) -> Self {
        Self { text throws(Complaint) in
            guard let value: Value = scaled(text, by: byteUnits, plain: 1) else {
                throw Complaint(
                    "is no number of bytes",
                    "write a whole number with KiB, MiB, GiB or TiB, such as 512MiB")
            }
            return try bounded(value, range) { bytesText(UInt64($0)) }
        }
    }

    private static func bounded(
        _ value: Value, _ range: ClosedRange<Value>, _ show: (Value) -> String
    ) throws(Complaint) -> Value {
        guard range.contains(value) else {
            throw Complaint(
                value < range.lowerBound ? "is too small" : "is too large", bounds(range, show))
        }
        return value
    }

    private static func bounds(_ range: ClosedRange<Value>, _ show: (Value) -> String) -> String {
        range.upperBound == .max
            ? "give \(show(range.lowerBound)) or more"
            : "give \(show(range.lowerBound)) to \(show(range.upperBound))"
    }
}

extension ValueForm where Value == Bool {
    /// `true` or `false`, and nothing that other YAML dialects take for it.
    static var flag: Self {
        Self { text throws(Complaint) in
            switch text {
            case "true": return true
            case "false": return false
            default: throw Complaint("is neither true nor false", "write true or false")
            }
        }
    }
}

extension ValueForm {
    /// One of a few words.
    static func choice(_ words: KeyValuePairs<String, Value>) -> Self {
        Self { text throws(Complaint) in
            if let match = words.first(where: { $0.key == text }) { return match.value }
            throw Complaint("is not known", remedy(for: text, among: words.map(\.key)))
        }
    }
}

extension ValueForm where Value == String {
    /// Text on one line, not empty.
    static var text: Self {
        Self { text throws(Complaint) in
            guard !text.isEmpty else {
                throw Complaint("is empty", "write a value or remove the key")
            }
            guard text.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 }) else {
                throw Complaint("has control characters", "remove them")
            }
            return text
        }
    }

    /// The value of a header field (RFC 9110 §5.5): no CR, LF or NUL, which would end the field.
    static var fieldValue: Self {
        Self { text throws(Complaint) in
            guard text.utf8.allSatisfy({ ($0 >= 32 && $0 != 127) || $0 == 9 }) else {
                throw Complaint(
                    "has a control character, such as a line end",
                    "write one line of text")
            }
            return text
        }
    }

    /// The name of a header field (RFC 9110 §5.1).
    static var fieldName: Self {
        Self { text throws(Complaint) in
            guard !text.isEmpty, text.utf8.allSatisfy(isTokenByte) else {
                throw Complaint(
                    "is no header name", "use letters, digits and hyphens, such as X-Edge")
            }
            return text
        }
    }
}

extension ValueForm where Value == ClosedRange<Int> {
    /// One HTTP status or a range, `200` or `200-399`.
    static var statuses: Self {
        Self { text throws(Complaint) in
            let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard let first = parts.first ?? nil, let last = parts.last ?? nil, parts.count <= 2,
                (100...599).contains(first), (first...599).contains(last)
            else {
                throw Complaint("is no status or range", "write a status such as 200, or 200-399")
            }
            return first...last
        }
    }
}

/// Bytes of a token (RFC 9110 §5.6.2).
private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"):
        true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}
