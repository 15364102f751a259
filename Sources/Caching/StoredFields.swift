import HTTP

/// Walks the lines of a stored header block, `Name: value\r\n` each.
///
/// The block was written by `StoredHeaders`, so that its form can be relied on; what does not
/// have it ends the walk.
struct StoredFields {
    /// One line; the ranges are offsets into the block.
    struct Line {
        var name: Range<Int>
        var value: Range<Int>
        /// With its line end.
        var whole: Range<Int>
    }

    private var at = 0

    mutating func next(in block: RawSpan) -> Line? {
        guard let colon = block.index(of: UInt8(ascii: ":"), from: at),
            let end = block.index(of: UInt8(ascii: "\r"), from: colon), end + 1 < block.byteCount
        else { return nil }
        let line = Line(
            name: at..<colon, value: block.trimmed(colon + 1..<end), whole: at..<end + 2)
        at = end + 2
        return line
    }

    /// The value of the first line of that name, given in small letters.
    static func first(_ name: StaticString, in block: RawSpan) -> Range<Int>? {
        var fields = StoredFields()
        while let line = fields.next(in: block) {
            if equalsIgnoringCase(block.extracting(line.name), name) { return line.value }
        }
        return nil
    }
}
