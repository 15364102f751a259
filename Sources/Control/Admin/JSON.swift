/// A value to be written as JSON (RFC 8259); fields keep their order.
indirect enum JSON {
    case text(String)
    case number(Int64)
    case flag(Bool)
    case null
    case list([JSON])
    case object([(name: String, value: JSON)])

    /// On one line, without spaces.
    var encoded: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .number(let number): "\(number)"
        case .flag(let flag): "\(flag)"
        case .null: "null"
        case .list(let values): "[\(values.map(\.encoded).joined(separator: ","))]"
        case .object(let fields):
            "{"
                + fields.map { "\(Self.quoted($0.name)):\($0.value.encoded)" }
                .joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 32:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
