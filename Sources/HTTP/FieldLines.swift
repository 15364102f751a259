/// Walks a block of header field lines in wire form: `Name: value` and CRLF each.
///
/// For blocks that were checked when they were parsed; allocates nothing.
public struct FieldLines: Sendable {
    private var at = 0

    public init() {}

    /// One line.
    public struct Line: Sendable {
        public var name: Range<Int>
        public var value: Range<Int>
        /// Name, value and line end.
        public var whole: Range<Int>
    }

    /// The next line; nil behind the last.
    public mutating func next(in block: RawSpan) -> Line? {
        let start = at
        guard start < block.byteCount else { return nil }
        let end = Self.lineEnd(block, from: start)
        at = min(end + 1, block.byteCount)
        var colon = start
        while colon < end, block.byte(colon) != UInt8(ascii: ":") { colon += 1 }
        var first = min(colon + 1, end)
        while first < end, block.byte(first) == 32 { first += 1 }
        let last = end > first && block.byte(end - 1) == 13 ? end - 1 : end
        return Line(name: start..<colon, value: first..<max(first, last), whole: start..<at)
    }

    /// Where the line feed is that ends a line; the block's end if there is none.
    @inline(__always)
    private static func lineEnd(_ block: RawSpan, from start: Int) -> Int {
        var at = start
        while at + 8 <= block.byteCount {
            let word = block.word(at)
            let feeds = EightBytes.equal(word, 10) & ~word & EightBytes.tops
            if feeds != 0 { return at + EightBytes.first(feeds) }
            at += 8
        }
        while at < block.byteCount, block.byte(at) != 10 { at += 1 }
        return at
    }

    /// Whether a field has that name, given in small letters; looks only at how lines begin.
    public static func contain(_ name: StaticString, in block: RawSpan) -> Bool {
        let length = name.utf8CodeUnitCount
        var start = 0
        while start + length < block.byteCount {
            if block.byte(start + length) == UInt8(ascii: ":"),
                equalsIgnoringCase(block.extracting(start..<start + length), name)
            {
                return true
            }
            start = lineEnd(block, from: start) + 1
        }
        return false
    }

    /// Where the first field of that name, given in small letters, has its value.
    public static func value(of name: StaticString, in block: RawSpan) -> Range<Int>? {
        var lines = FieldLines()
        while let line = lines.next(in: block) {
            if equalsIgnoringCase(block.extracting(line.name), name) { return line.value }
        }
        return nil
    }
}
