import HTTP

extension NameSelection {
    /// More parameters than this are not compared with each other.
    static var normalCount: Int { 128 }

    /// Writes the selected parameters in a normal form, joined by `&`: empty ones and repetitions
    /// of a whole parameter left out, escapes of unreserved bytes decoded, and, where they are
    /// chosen by name, in the order of their bytes. Where all are selected their order counts.
    ///
    /// Says how many bytes they take; nil when they do not fit, which never happens in as many
    /// bytes as the query has, or when they are too many. Allocates nothing. This is another
    /// reading than `writeQuery` of what CloudFront does not document.
    public func writeNormalQuery(
        _ query: RawSpan, dropsSignature: Bool, into memory: UnsafeMutableRawBufferPointer
    ) -> Int? {
        if mode == .none { return 0 }
        var count = 0
        var selected = 0
        var last: Range<Int>?
        while let next = next(after: last, in: query, dropsSignature) {
            selected += 1
            guard selected <= Self.normalCount,
                let end = unsafe Self.write(query.extracting(next), memory, at: count)
            else { return nil }
            count = end
            last = next
        }
        return count
    }

    /// The parameter that comes behind `last` in the normal form; nil at the end.
    private func next(
        after last: Range<Int>?, in query: RawSpan, _ dropsSignature: Bool
    ) -> Range<Int>? {
        var walk = QueryParameters()
        var found: Range<Int>?
        while let parameter = walk.next(in: query) {
            let name = query.extracting(parameter.name)
            let range = parameter.name.lowerBound..<parameter.value.upperBound
            if range.isEmpty || dropsSignature && SignatureNames.hasParameter(name) { continue }
            if !selects(name) { continue }
            if mode == .all {
                if let last, range.lowerBound <= last.lowerBound { continue }
                if !isRepeated(range, query) { return range }
                continue
            }
            if let last, Self.order(query, last, range) >= 0 { continue }
            if let found, Self.order(query, found, range) <= 0 { continue }
            found = range
        }
        return found
    }

    /// Whether the same parameter stands before it.
    private func isRepeated(_ range: Range<Int>, _ query: RawSpan) -> Bool {
        var walk = QueryParameters()
        while let earlier = walk.next(in: query), earlier.name.lowerBound < range.lowerBound {
            let other = earlier.name.lowerBound..<earlier.value.upperBound
            if Self.order(query, other, range) == 0 { return true }
        }
        return false
    }

    /// How two parts of the query compare in their normal form: below, at or above 0.
    private static func order(_ query: RawSpan, _ one: Range<Int>, _ other: Range<Int>) -> Int {
        var (left, right) = (one.lowerBound, other.lowerBound)
        while left < one.upperBound, right < other.upperBound {
            let first = decoded(query.extracting(one), left - one.lowerBound)
            let second = decoded(query.extracting(other), right - other.lowerBound)
            if first.byte != second.byte { return Int(first.byte) - Int(second.byte) }
            left += first.width
            right += second.width
        }
        return (left < one.upperBound ? 1 : 0) - (right < other.upperBound ? 1 : 0)
    }

    private static func write(
        _ parameter: RawSpan, _ memory: UnsafeMutableRawBufferPointer, at start: Int
    ) -> Int? {
        var count = start
        if start > 0 {
            guard count < memory.count else { return nil }
            unsafe memory[count] = UInt8(ascii: "&")
            count += 1
        }
        var at = 0
        while at < parameter.byteCount {
            guard count < memory.count else { return nil }
            let (byte, width) = decoded(parameter, at)
            unsafe memory[count] = byte
            count += 1
            at += width
        }
        return count
    }

    /// One byte, or the unreserved one (RFC 3986 §2.3) that an escape stands for.
    private static func decoded(_ text: RawSpan, _ at: Int) -> (byte: UInt8, width: Int) {
        let (byte, width) = PercentCoding.decoded(text, at: at)
        return width == 1 || MatchPath.isUnreserved(byte) ? (byte, width) : (text[at], 1)
    }
}
