/// A Content-Range field (RFC 9110 §14.4): which part of the representation a 206 carries, or how
/// long one is that a 416 did not deliver.
public struct ContentRange: Equatable, Sendable {
    /// The bytes carried; nil for `bytes */length`.
    public var range: Range<UInt64>?
    /// The length of the whole representation; nil for `*`, when it is not known.
    public var completeLength: UInt64?

    /// The field that says so.
    public init(range: Range<UInt64>?, completeLength: UInt64?) {
        self.range = range
        self.completeLength = completeLength
    }

    /// What a field value says, nil when it is not in bytes, malformed, or contradicts itself.
    ///
    /// Numbers from 2^63 up are refused: no body has such a length.
    public static func parse(_ value: RawSpan) -> ContentRange? {
        guard value.byteCount > 6, equalsIgnoringCase(value.extracting(0..<6), "bytes ") else {
            return nil
        }
        var at = 6
        var range: Range<UInt64>?
        if value.byte(at) == UInt8(ascii: "*") {
            at += 1
        } else {
            guard let first = number(value, &at), take(UInt8(ascii: "-"), value, &at),
                let last = number(value, &at), first <= last
            else { return nil }
            range = first..<(last + 1)
        }
        guard take(UInt8(ascii: "/"), value, &at), at < value.byteCount else { return nil }
        if value.byte(at) == UInt8(ascii: "*") {
            // Without a range there would be nothing left to say.
            guard at + 1 == value.byteCount, range != nil else { return nil }
            return ContentRange(range: range, completeLength: nil)
        }
        guard let length = number(value, &at), at == value.byteCount,
            (range?.upperBound ?? 0) <= length
        else { return nil }
        return ContentRange(range: range, completeLength: length)
    }

    private static func number(_ value: RawSpan, _ at: inout Int) -> UInt64? {
        guard let number = saturatedDigits(value, &at), number < UInt64(Int64.max) else {
            return nil
        }
        return number
    }

    private static func take(_ byte: UInt8, _ value: RawSpan, _ at: inout Int) -> Bool {
        guard at < value.byteCount, value.byte(at) == byte else { return false }
        at += 1
        return true
    }
}
