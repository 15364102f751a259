/// The byte ranges of a representation that a request asks for (RFC 9110 §14).
public struct ByteRanges: Sendable {
    /// What a Range field asks for.
    public enum Outcome: Sendable {
        /// Not a byte range request that will be honoured: answer 200 with everything.
        case ignored
        /// 416.
        case unsatisfiable
        /// 206, as one part or as several.
        case ranges(ByteRanges)
    }

    /// Most ranges in one request; a request for more is ignored (CVE-2011-3192).
    public static var capacity: Int { 16 }

    /// Number of ranges, at least 1 in an outcome.
    public private(set) var count = 0
    /// Two of those that were asked for have bytes in common.
    public private(set) var hasOverlap = false
    private var lowers: InlineArray<16, UInt64>
    private var uppers: InlineArray<16, UInt64>

    private init() {
        lowers = InlineArray(repeating: 0)
        uppers = InlineArray(repeating: 0)
    }

    /// The range at an index below `count`: never empty, within the representation, disjoint from
    /// the others, in the order in which they were first asked for.
    public subscript(index: Int) -> Range<UInt64> {
        precondition(index >= 0 && index < count, "no such range")
        return lowers[index]..<uppers[index]
    }

    /// What the value of a Range field asks of a representation of `length` bytes.
    ///
    /// Ranges that overlap or touch become one, so that no byte is sent twice. A value that is
    /// malformed anywhere, has another unit or more than 16 ranges is ignored as a whole, as the
    /// RFC allows; so is the end of an empty representation, which is satisfiable and for which
    /// there is no 206. Numbers of any size are read without overflow.
    public static func parse(_ value: RawSpan, length: UInt64) -> Outcome {
        guard value.byteCount > 6, equalsIgnoringCase(value.extracting(0..<6), "bytes=") else {
            return .ignored
        }
        let set = value.extracting(6..<value.byteCount)
        var ranges = ByteRanges()
        var specifiers = 0
        var list = FieldList()
        while let member = list.next(in: set) {
            specifiers += 1
            guard specifiers <= capacity,
                let specifier = RangeSpecifier(set.extracting(member))
            else { return .ignored }
            if let range = specifier.resolved(length) { ranges.insert(range) }
            if length == 0, case .suffix(1...) = specifier { return .ignored }
        }
        guard specifiers > 0 else { return .ignored }
        return ranges.count > 0 ? .ranges(ranges) : .unsatisfiable
    }

    /// Whether every range is well-formed and begins behind the end of the one before it, as far as
    /// that shows without the length; CloudFront honours no others.
    public static func areAscending(_ value: RawSpan) -> Bool {
        guard value.byteCount > 6, equalsIgnoringCase(value.extracting(0..<6), "bytes=") else {
            return false
        }
        let set = value.extracting(6..<value.byteCount)
        var list = FieldList()
        // Where the last one ended; nil: nothing is behind it.
        var end: UInt64? = 0
        var isFirst = true
        while let member = list.next(in: set) {
            guard let last = end, let range = RangeSpecifier(set.extracting(member)) else {
                return false
            }
            switch range {
            case .from(let first, let through):
                if !isFirst, first <= last { return false }
                end = through == .max ? nil : through
            case .suffix: end = nil
            }
            isFirst = false
        }
        return !isFirst
    }

    /// Adds a range, swallowing those it meets; the earliest of them gives its place.
    private mutating func insert(_ range: Range<UInt64>) {
        var merged = range
        var place = count
        var index = 0
        while index < count {
            guard merged.lowerBound <= uppers[index], lowers[index] <= merged.upperBound else {
                index += 1
                continue
            }
            if merged.lowerBound < uppers[index], lowers[index] < merged.upperBound {
                hasOverlap = true
            }
            merged =
                min(merged.lowerBound, lowers[index])..<max(merged.upperBound, uppers[index])
            place = min(place, index)
            remove(at: index)
            // The wider range may now meet one that was passed before.
            index = 0
        }
        insert(merged, at: min(place, count))
    }

    private mutating func remove(at index: Int) {
        for at in index..<(count - 1) {
            lowers[at] = lowers[at + 1]
            uppers[at] = uppers[at + 1]
        }
        count -= 1
    }

    private mutating func insert(_ range: Range<UInt64>, at index: Int) {
        var at = count
        while at > index {
            lowers[at] = lowers[at - 1]
            uppers[at] = uppers[at - 1]
            at -= 1
        }
        lowers[index] = range.lowerBound
        uppers[index] = range.upperBound
        count += 1
    }
}

/// `first-last`, `first-` or `-suffix`.
private enum RangeSpecifier {
    case from(UInt64, through: UInt64)
    case suffix(UInt64)

    init?(_ text: RawSpan) {
        var at = 0
        let first = saturatedDigits(text, &at)
        guard at < text.byteCount, text.byte(at) == UInt8(ascii: "-") else { return nil }
        at += 1
        let second = saturatedDigits(text, &at)
        guard at == text.byteCount else { return nil }
        switch (first, second) {
        case (let first?, let last?):
            guard first <= last else { return nil }
            self = .from(first, through: last)
        case (let first?, nil): self = .from(first, through: .max)
        case (nil, let count?): self = .suffix(count)
        case (nil, nil): return nil
        }
    }

    /// The bytes meant of a representation of that length; nil when it has none of them.
    func resolved(_ length: UInt64) -> Range<UInt64>? {
        switch self {
        case .from(let first, let last):
            guard first < length else { return nil }
            return first..<(last < length ? last + 1 : length)
        case .suffix(let count):
            guard count > 0, length > 0 else { return nil }
            return (count < length ? length - count : 0)..<length
        }
    }
}

/// Digits from `at` on, moved past; beyond 2^64 − 1 they mean that. nil when there is none.
func saturatedDigits(_ text: RawSpan, _ at: inout Int) -> UInt64? {
    var number: UInt64?
    while at < text.byteCount, isDigit(text.byte(at)) {
        let (product, isLarge) = (number ?? 0).multipliedReportingOverflow(by: 10)
        let (sum, isLarger) = product.addingReportingOverflow(UInt64(text.byte(at) - 0x30))
        number = isLarge || isLarger || number == .max ? .max : sum
        at += 1
    }
    return number
}
