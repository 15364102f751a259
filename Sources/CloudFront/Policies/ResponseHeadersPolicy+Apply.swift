public import HTTP

// First fields are removed, then others are added, each with or without regard to the origin's.
extension ResponseHeadersPolicy {
    /// Writes the origin's fields as the viewer gets them: `block` in wire form, without what the
    /// policy removes or replaces, and with what it adds. Allocates nothing.
    ///
    /// CORS fields are added only where the request has an Origin field. Removing Server or Date
    /// makes CloudFront write its own, which is the caller's part: see `removes`.
    public func write(
        _ block: RawSpan, request: borrowing RequestHead, requestBytes: RawSpan,
        to writer: inout HeadWriter
    ) {
        let hasOrigin = request.fields.contains(.origin)
        if keepsAll(hasOrigin: hasOrigin) {
            writer.append(block)
        } else {
            writeKept(block, hasOrigin: hasOrigin, &writer)
        }
        if let cors, let at = request.fields.first(.origin) {
            let origin = requestBytes.extracting(request.fields[at].value.range)
            write(
                cors, origin, isPreflight: Self.isPreflight(request, requestBytes), block, &writer)
        }
        for index in securityHeaders.indices { write(securityHeaders[index], block, &writer) }
        for index in customHeaders.indices { write(customHeaders[index], block, &writer) }
    }

    /// Whether none of the origin's fields can be taken away, so that none needs to be looked at.
    private func keepsAll(hasOrigin: Bool) -> Bool {
        if !removedHeaders.isEmpty || hasOrigin && cors?.overridesOrigin == true { return false }
        for index in securityHeaders.indices where securityHeaders[index].overridesOrigin {
            return false
        }
        for index in customHeaders.indices where customHeaders[index].overridesOrigin {
            return false
        }
        return true
    }

    private func writeKept(_ block: RawSpan, hasOrigin: Bool, _ writer: inout HeadWriter) {
        var lines = FieldLines()
        while let line = lines.next(in: block) {
            if keeps(block.extracting(line.name), hasOrigin: hasOrigin) {
                writer.append(block.extracting(line.whole))
            }
        }
    }

    /// Whether the policy takes away the origin's field of that name.
    public func removes(_ name: RawSpan) -> Bool { removedHeaders.contains(name) }

    /// Whether viewers get a field of that name: of the origin's `block`, or one that is added.
    public func shows(_ name: StaticString, of block: RawSpan) -> Bool {
        let text = unsafe UnsafeRawBufferPointer(
            start: name.utf8Start, count: name.utf8CodeUnitCount)
        if FieldLines.contain(name, in: block), unsafe !removes(text.bytes) { return true }
        for index in customHeaders.indices where unsafe customHeaders[index].isNamed(text.bytes) {
            return true
        }
        return false
    }

    /// Whether a field of the origin's response goes on to the viewer.
    private func keeps(_ name: RawSpan, hasOrigin: Bool) -> Bool {
        if removedHeaders.contains(name) { return false }
        if hasOrigin, let cors, cors.overridesOrigin, isCORSHeader(name) { return false }
        for header in securityHeaders where header.overridesOrigin && header.isNamed(name) {
            return false
        }
        for header in customHeaders where header.overridesOrigin && header.isNamed(name) {
            return false
        }
        return true
    }

    private func write(_ header: AddedHeader, _ block: RawSpan, _ writer: inout HeadWriter) {
        if !header.overridesOrigin, hasKept(block, where: { header.isNamed($0) }) { return }
        writer.append(unsafe header.line.span.bytes)
    }

    private func write(
        _ cors: CORS, _ origin: RawSpan, isPreflight: Bool, _ block: RawSpan,
        _ writer: inout HeadWriter
    ) {
        if !cors.overridesOrigin, hasKept(block, where: { isCORSHeader($0) }) { return }
        switch cors.answer(to: origin) {
        case .none: return
        case .anyOrigin: writer.field("Access-Control-Allow-Origin", "*")
        case .echo: writer.field("Access-Control-Allow-Origin", origin)
        }
        writer.append(unsafe (isPreflight ? cors.preflightLines : cors.simpleLines).span.bytes)
    }

    /// Whether the origin sent such a field, and it was not removed.
    private func hasKept(_ block: RawSpan, where isMeant: (RawSpan) -> Bool) -> Bool {
        var lines = FieldLines()
        while let line = lines.next(in: block) {
            let name = block.extracting(line.name)
            if isMeant(name), !removedHeaders.contains(name) { return true }
        }
        return false
    }

    /// OPTIONS with an Access-Control-Request- field.
    static func isPreflight(_ request: borrowing RequestHead, _ bytes: RawSpan) -> Bool {
        guard request.method == .options else { return false }
        for index in 0..<request.fields.count {
            let name = bytes.extracting(request.fields[index].name.range)
            if name.hasPrefixIgnoringCase("access-control-request-") { return true }
        }
        return false
    }
}
