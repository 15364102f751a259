import HTTP

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
        case .text(let text): JSONString.quoted(text)
        case .number(let number): "\(number)"
        case .flag(let flag): "\(flag)"
        case .null: "null"
        case .list(let values): "[\(values.map(\.encoded).joined(separator: ","))]"
        case .object(let fields):
            "{"
                + fields.map { "\(JSONString.quoted($0.name)):\($0.value.encoded)" }
                .joined(separator: ",") + "}"
        }
    }
}
