/// Whether a field line is a Structured Fields list of at least one member (RFC 9651 §4.2.1), so
/// that another member may be appended to it.
public func isStructuredList(_ text: RawSpan) -> Bool {
    var reader = StructuredReader(at: 0)
    repeat {
        reader.skipWhitespace(text)
        guard reader.itemOrInnerList(text) != nil, reader.skipParameters(text) else { return false }
        reader.skipWhitespace(text)
    } while reader.take(UInt8(ascii: ","), text)
    return reader.at == text.byteCount
}
