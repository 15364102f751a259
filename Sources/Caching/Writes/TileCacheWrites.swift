import HTTP

/// Writes to GeoWebCache's REST interface, of which the edge does the same to its own tiles.
///
/// Source: GeoWebCache user manual, "REST", and `org.geowebcache.rest.controller`.
enum TileCacheWrites {
    /// - Parameter segments: those behind `gwc/rest`.
    static func recognised(
        _ segments: [Substring], _ method: HTTP.Method, _ query: RawSpan, type: String,
        charset: String?
    ) -> WriteRecognition {
        let names = WritePath.resource(segments)
        func body(_ form: WriteBody.Form, _ unread: ObservedWrite) -> WriteRecognition {
            .body(WriteBody(form: form, workspace: nil, charset: charset), unread: unread)
        }
        switch names.first {
        case "masstruncate":
            let unread = ObservedWrite(
                WriteScope(.everything, .tiles), response: .command, isDeferred: true)
            return type.contains("form") ? .write(unread) : body(.massTruncation, unread)
        case "seed":
            // Without a layer it only ends tasks.
            guard names.count > 1 else { return .read }
            let layer = LayerName(names[1])
            // Whatever is not said to be one of these is a form to GeoWebCache.
            let isForm = !type.contains("json") && !type.contains("xml")
            return body(
                .seed(layer, isForm: isForm, hasQuery: query.byteCount > 0),
                ObservedWrite(
                    WriteScope(.layer(layer), .tiles), response: .command, isDeferred: true))
        case "layers":
            guard names.count > 1 else {
                return .write(ObservedWrite(WriteScope(.everything, [.tiles, .capabilities])))
            }
            let layer = LayerName(names[1])
            return .write(ObservedWrite(WriteScope(.layer(layer), [.tiles, .capabilities])))
        // Where and how many tiles are kept does not make one of them wrong.
        case "diskquota", "blobstores", "statistics", "index": return .read
        case "bounds", "about": return .read
        case "global": return .write(ObservedWrite(WriteScope(.everything, .capabilities)))
        // reload, gridsets, filters, and what is not known.
        default:
            return .write(ObservedWrite(WriteScope(.everything, [.tiles, .capabilities])))
        }
    }
}
