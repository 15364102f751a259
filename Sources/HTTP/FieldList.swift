/// Walks the comma-separated members of a field value (RFC 9110 §5.6.1).
///
/// Commas inside quoted strings do not separate; an unterminated quoted string runs to the end.
/// Members come without the white space around them, and empty members are skipped, as a
/// recipient must. Lines of one field are walked one after the other, each with a new walk.
public struct FieldList {
    private var at = 0

    /// A walk that stands before the first member.
    public init() {}

    /// The offsets of the next member in `value`, the same text in each call; nil at the end.
    public mutating func next(in value: RawSpan) -> Range<Int>? {
        let count = value.byteCount
        while at < count {
            let start = at
            skipMember(value)
            let member = trimmingWhitespace(value, start..<at)
            at += 1
            if !member.isEmpty { return member }
        }
        return nil
    }

    /// Moves to the comma that ends the member, or to the end.
    private mutating func skipMember(_ value: RawSpan) {
        var isQuoted = false
        while at < value.byteCount {
            switch value.byte(at) {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "\\") where isQuoted: at += 1
            case UInt8(ascii: ",") where !isQuoted: return
            default: break
            }
            at += 1
        }
        at = value.byteCount
    }
}
