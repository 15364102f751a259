import HTTP

extension RawSpan {
    /// The byte at `offset`, checked.
    subscript(offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// Where `byte` is next, at or after `start`.
    func index(of byte: UInt8, from start: Int) -> Int? {
        var at = start
        while at < byteCount {
            if self[at] == byte { return at }
            at += 1
        }
        return nil
    }

    /// `range` without blanks at its ends.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, isWhitespace(self[start]) { start += 1 }
        while end > start, isWhitespace(self[end - 1]) { end -= 1 }
        return start..<end
    }

    /// Whether a comma-separated list of tokens has `member`, given in small letters.
    package func listHas(_ member: StaticString) -> Bool {
        var list = FieldList()
        while let range = list.next(in: self) {
            if equalsIgnoringCase(extracting(range), member) { return true }
        }
        return false
    }

    /// The eight bytes at `offset`, the first the least significant; `offset + 8 <= byteCount`.
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        assert(offset >= 0 && offset + 8 <= byteCount, "no such bytes")
        return UInt64(
            littleEndian: unsafe unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset, as: UInt64.self))
    }
}
