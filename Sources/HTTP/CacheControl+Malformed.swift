extension CacheControl {
    /// Calls `body` with each member of a field line that is no directive and so means nothing
    /// (RFC 9111 §5.2.3), such as `max-age: 0`.
    public static func forEachMalformed(in value: RawSpan, _ body: (RawSpan) -> Void) {
        var list = FieldList()
        while let member = list.next(in: value) {
            if Directive(value, member) == nil { body(value.extracting(member)) }
        }
    }
}
