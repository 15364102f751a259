import HTTP

extension MapRequest {
    /// Writes the query that goes to the origin: the viewer's without any EXCEPTIONS parameter.
    ///
    /// XML is what every WMS version names as the default of EXCEPTIONS, so an origin that is not
    /// told otherwise reports an error as a document and not as a picture that looks like a tile;
    /// and requests that differ in nothing else share one key. `exceptions` of the classified
    /// request keeps how the viewer asked. All other bytes stay as they are, in their order.
    ///
    /// - Parameters:
    ///   - query: the viewer's query without its `?`.
    ///   - destination: caller-owned; never written past its end. `query.byteCount` bytes suffice.
    /// - Returns: the number of bytes written; nil if they did not fit.
    ///
    /// Linear, without allocation. Source: OGC 01-068r3 §7.2.3.11, OGC 06-042 §7.3.3.11.
    public static func rewriteExceptions(
        _ query: RawSpan, into destination: UnsafeMutableRawBufferPointer
    ) -> Int? {
        var written = 0
        var isFirst = true
        var walk = QueryWalk()
        while let parameter = walk.next(in: query) {
            if MapParameter.named(parameter.name, in: query) == .exceptions { continue }
            let count = parameter.value.end - parameter.name.start + (isFirst ? 0 : 1)
            guard written + count <= destination.count else { return nil }
            if !isFirst {
                unsafe destination[written] = UInt8(ascii: "&")
                written += 1
            }
            isFirst = false
            for offset in parameter.name.start..<parameter.value.end {
                unsafe destination[written] = query.byte(offset)
                written += 1
            }
        }
        return written
    }
}
