/// What one Transfer-Encoding value says, as far as it can be acted upon (RFC 9112 §7).
enum TransferCoding {
    /// Exactly `chunked`.
    case chunked
    /// Other codings, and `chunked` once and last.
    case codedThenChunked
    /// Codings of which none is `chunked`.
    case other
    /// Not a list of codings, or `chunked` twice or not last.
    case malformed

    init(_ value: RawSpan) {
        if equalsIgnoringCase(value, "chunked") {
            self = .chunked
            return
        }
        var list = FieldList()
        var count = 0
        var chunkedAt: Int?
        while let range = list.next(in: value) {
            let member = value.extracting(range)
            guard isToken(member), chunkedAt == nil else {
                self = .malformed
                return
            }
            if equalsIgnoringCase(member, "chunked") { chunkedAt = count }
            count += 1
        }
        // An empty member beside `chunked` is one of the oldest ways to hide a body.
        switch chunkedAt {
        case nil: self = count > 0 ? .other : .malformed
        case 0: self = .malformed
        default: self = .codedThenChunked
        }
    }
}

/// The value of a Content-Length field: decimal digits only, below 2^63; nil for anything else.
///
/// Source: RFC 9110 §8.6. No sign, no list, no white space within.
public func parseContentLength(_ value: RawSpan) -> UInt64? {
    let count = value.byteCount
    guard count > 0, count <= 19 else { return nil }
    var number: UInt64 = 0
    for index in 0..<count {
        let byte = value.byte(index)
        guard isDigit(byte) else { return nil }
        number = number &* 10 &+ UInt64(byte &- 0x30)
    }
    return number <= UInt64(Int64.max) ? number : nil
}
