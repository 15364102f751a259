public import HTTP

// First fields are removed, then others are added, each with or without regard to the origin's.
extension ResponseHeadersPolicy {
    /// Whether a field of the origin's response goes on to the viewer.
    ///
    /// `hasOrigin`: the request has an Origin field, without which no CORS field is added.
    public func keeps(_ name: RawSpan, hasOrigin: Bool) -> Bool {
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

    /// Writes the lines that the policy adds; allocates nothing.
    public func write(
        to writer: inout HeadWriter, request: borrowing RequestHead, requestBytes: RawSpan,
        response: borrowing HeaderTable, responseBytes: RawSpan
    ) {
        if let cors, let at = request.fields.first(.origin) {
            let origin = requestBytes.extracting(request.fields[at].value.range)
            write(cors, origin, request, requestBytes, response, responseBytes, &writer)
        }
        for header in securityHeaders { write(header, response, responseBytes, &writer) }
        for header in customHeaders { write(header, response, responseBytes, &writer) }
    }

    private func write(
        _ header: AddedHeader, _ response: borrowing HeaderTable, _ bytes: RawSpan,
        _ writer: inout HeadWriter
    ) {
        if !header.overridesOrigin {
            for index in 0..<response.count {
                let name = bytes.extracting(response[index].name.range)
                if header.isNamed(name), !removedHeaders.contains(name) { return }
            }
        }
        writer.append(unsafe header.line.span.bytes)
    }

    private func write(
        _ cors: CORS, _ origin: RawSpan, _ request: borrowing RequestHead, _ requestBytes: RawSpan,
        _ response: borrowing HeaderTable, _ responseBytes: RawSpan, _ writer: inout HeadWriter
    ) {
        if !cors.overridesOrigin {
            for index in 0..<response.count {
                let name = responseBytes.extracting(response[index].name.range)
                if isCORSHeader(name), !removedHeaders.contains(name) { return }
            }
        }
        switch cors.answer(to: origin) {
        case .none: return
        case .anyOrigin: writer.field("Access-Control-Allow-Origin", "*")
        case .echo: writer.field("Access-Control-Allow-Origin", origin)
        }
        let isPreflight = Self.isPreflight(request, requestBytes)
        writer.append(
            unsafe (isPreflight ? cors.preflightLines : cors.simpleLines).span.bytes)
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
