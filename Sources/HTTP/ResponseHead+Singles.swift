// Fields that can stand once only, and stand more than once (RFC 9110 §5.3). Recipients differ in
// which line they take, so that what one checks another does not see.
extension ResponseHead {
    /// The fields that name or describe a response. Not Age and Expires, of which RFC 9111 §5.1 and
    /// §4.2.1 say which line counts, nor Content-Length, whose repetition is refused.
    private static var singles: UInt64 {
        KnownField.contentType.bit | KnownField.contentLocation.bit | KnownField.contentRange.bit
            | KnownField.location.bit | KnownField.etag.bit | KnownField.lastModified.bit
            | KnownField.date.bit
    }

    /// Whether two lines of one of them differ: what is said is not known then.
    public func contradictsItself(_ bytes: RawSpan) -> Bool {
        guard fields.repeated & Self.singles != 0 else { return false }
        // Of each field once, however many lines of it there are.
        for index in 0..<fields.count
        where Self.singles & fields[index].known.bit != 0
            && fields.first(fields[index].known) == index
            && contradictsItself(in: fields[index].known, bytes)
        {
            return true
        }
        return false
    }

    /// The same of one field. O(1) where it does not stand twice.
    public func contradictsItself(in field: KnownField, _ bytes: RawSpan) -> Bool {
        guard fields.isRepeated(field), let first = fields.first(field) else { return false }
        let value = bytes.extracting(fields[first].value.range)
        var line = fields.next(after: first, field)
        while let index = line {
            if !equalsExactly(bytes.extracting(fields[index].value.range), value) { return true }
            line = fields.next(after: index, field)
        }
        return false
    }

    /// Whether a line is left out on the way to viewers and store: of several the first stays, so
    /// that everybody sees what was judged here, and of validators that differ none.
    public func isSurplus(_ index: Int, bytes: RawSpan) -> Bool {
        let field = fields[index].known
        guard fields.isRepeated(field), Self.singles & field.bit != 0 else { return false }
        if fields.first(field) != index { return true }
        return (field == .etag || field == .lastModified) && contradictsItself(in: field, bytes)
    }
}
