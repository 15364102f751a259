public import HTTP

/// A single byte range of a `Range` field, before the length of the representation is known.
///
/// Only what is needed to tell whether a stored part answers it; the ranges of a full response
/// are `ByteRanges`' to resolve. Source: RFC 9110 §14.1.2.
public enum RequestedRange: Equatable, Sendable {
    /// None, several, or not understood.
    case none
    /// From `first` to `last`, both included; no `last` means to the end.
    case from(first: UInt64, last: UInt64?)
    /// The last bytes.
    case suffix(UInt64)

    /// Reads the value of one `Range` field.
    public init(_ value: RawSpan) {
        self = Self.parse(value) ?? .none
    }

    private static func parse(_ value: RawSpan) -> RequestedRange? {
        let unit = 6  // "bytes="
        guard value.byteCount > unit, equalsIgnoringCase(value.extracting(0..<unit), "bytes=")
        else { return nil }
        var at = unit
        let first = number(value, &at)
        guard at < value.byteCount, value[at] == UInt8(ascii: "-") else { return nil }
        at += 1
        let second = number(value, &at)
        guard at == value.byteCount else { return nil }
        switch (first, second) {
        case (nil, let count?): return .suffix(count)
        case (let first?, nil): return .from(first: first, last: nil)
        case (let first?, let last?): return first <= last ? .from(first: first, last: last) : nil
        case (nil, nil): return nil
        }
    }

    /// The decimal number at `at`, which moves behind it; nil without digits or when it overflows.
    private static func number(_ value: RawSpan, _ at: inout Int) -> UInt64? {
        let start = at
        var number: UInt64 = 0
        while at < value.byteCount, isDigit(value[at]) {
            let (scaled, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = scaled.addingReportingOverflow(UInt64(value[at] - 48))
            if overflow || carry { return nil }
            number = sum
            at += 1
        }
        return at > start ? number : nil
    }

    /// Whether the bytes `held` of a representation of `complete` bytes answer this range.
    ///
    /// `complete` nil: its length is not known, so nothing that reaches for the end is answered.
    public func isCovered(by held: Range<UInt64>, complete: UInt64?) -> Bool {
        switch self {
        case .none: return false
        case .from(let first, let last?):
            let end = complete.map { min(last, $0 &- 1) } ?? last
            return held.contains(first) && end < held.upperBound
        case .from(let first, nil):
            return held.contains(first) && held.upperBound == complete
        case .suffix(let count):
            guard let complete, count > 0, held.upperBound == complete else { return false }
            return held.lowerBound <= complete - min(count, complete)
        }
    }

    /// Whether a part has any of the bytes that this range asks for: less than all of them may be
    /// sent, and more (RFC 9110 §15.3.7). True where nobody can tell.
    public func meets(_ part: ContentRange) -> Bool {
        guard let held = part.range else { return true }
        switch self {
        case .none: return true
        case .from(let first, let last):
            return held.upperBound > first && held.lowerBound <= last ?? .max
        case .suffix(let count):
            guard let complete = part.completeLength else { return true }
            return held.upperBound > complete - min(count, complete)
        }
    }
}
