import Caching
import Edge
import HTTP
import Tiles

// GeoWebCache's REST interface, with the edge's own tiles in place of GeoWebCache's: for GeoNode,
// and for scripts that were written for it.
extension AdminRoutes {
    /// nil for a path that is not of its REST interface.
    ///
    /// `seed`, `masstruncate`, `layers` and `diskquota`. What a tile layer is, and what may be
    /// changed of it, is the origin's affair: there is nothing here that could be set.
    ///
    /// Source: GeoWebCache user manual, "REST API"; `org.geowebcache.rest.controller`.
    func tileCache(_ request: AdminRequest) -> AdminResponse? {
        guard let path = TileCachePath(request.path) else { return nil }
        let resource = path.resource
        let isMass = resource == "masstruncate" || resource.hasPrefix("masstruncate.")
        if isMass { return massTruncation(request, resource) }
        if resource == "seed" || resource.hasPrefix("seed/") || resource == "seed.json" {
            return seedTask(request, path) ?? truncation(request, resource)
        }
        if ["layers", "layers.xml", "layers.json"].contains(resource) {
            return layers(request, below: path.context, asJSON: resource.hasSuffix(".json"))
        }
        if resource.hasPrefix("layers/") { return layer(request, path) }
        if ["diskquota", "diskquota.xml", "diskquota.json"].contains(resource) {
            return diskQuota(request, asJSON: resource.hasSuffix(".json"))
        }
        return AdminResponse(
            404,
            "of GeoWebCache's interface there are seed, masstruncate, layers and diskquota here")
    }

    // MARK: truncation

    private func massTruncation(_ request: AdminRequest, _ resource: String) -> AdminResponse {
        guard request.isReading else { return truncation(request, resource) }
        let kinds = [
            "truncateLayer", "truncateParameters", "truncateOrphans", "truncateExtent",
            "truncateAll",
        ]
        let text = kinds.map { "<requestType>\($0)</requestType>" }.joined()
        let href = TileCacheDocument.escapedText("http://\(request.host)\(request.path)")
        return AdminResponse(
            200, type: "application/xml",
            Array("<massTruncateRequests href=\"\(href)\">\(text)</massTruncateRequests>\n".utf8))
    }

    private func truncation(_ request: AdminRequest, _ resource: String) -> AdminResponse {
        if let refusal = acting(request) { return refusal }
        guard let scope = scope(of: request, below: resource) else {
            return AdminResponse(
                400, "that truncates nothing; send a document of GeoWebCache's interface")
        }
        // What passes by on its way to GeoWebCache is taken for all that it may mean; here nobody
        // else reads it.
        if scope == WriteScope(.everything, .tiles), !Self.asksForAll(request.body) {
            return AdminResponse(
                400,
                "that names no layer; send <truncateLayer><layerName>WORKSPACE:LAYER</layerName>"
                    + "</truncateLayer>, or <truncateAll/> for the tiles of every layer")
        }
        return inForce(scope, request) { AdminResponse(200, type: "text/plain", []) }
    }

    /// nil: it makes nothing stale.
    private func scope(of request: AdminRequest, below resource: String) -> WriteScope? {
        let context = subject.writeContext
        let isXML = request.body.first { $0 > 0x20 } == UInt8(ascii: "<")
        // A seed's JSON and its page's form.
        if !isXML, let layer = Self.layer(of: resource),
            let wish = SeedRequestDocument(request.body)
        {
            return wish.truncation(of: layer).scope(context.gridSets)
        }
        let (path, type) = ("/gwc/rest/\(resource)", isXML ? "text/xml" : "application/json")
        let recognised = unsafe WriteRequest.recognised(
            method: .post, path: Array(path.utf8).span.bytes,
            query: Array(request.query.utf8).span.bytes,
            contentType: Array(type.utf8).span.bytes, hasCredentials: true, context: context)
        guard case .body(let body, let unread) = recognised else {
            return Self.scope(recognised)
        }
        var reader = WriteBodyReader(body, unread: unread, context: context)
        unsafe reader.take(request.body.span.bytes)
        return Self.scope(reader.finish())
    }

    private static func asksForAll(_ body: [UInt8]) -> Bool {
        String(decoding: body, as: UTF8.self).contains(/<truncateAll[\s\/>]/)
    }

    private static func scope(_ recognised: WriteRecognition) -> WriteScope? {
        switch recognised {
        case .read: nil
        case .write(let write), .body(_, let write): write.scope
        }
    }

    // MARK: layers

    private static let unread = AdminResponse(
        503,
        "what layers there are nobody has read: name the pool's WMS in maps.layers.services, or "
            + "ask again when it has been read")

    private func layers(
        _ request: AdminRequest, below context: String, asJSON: Bool
    ) -> AdminResponse {
        guard request.isReading else { return refused(request, allow: "GET, HEAD") }
        guard let layers = subject.tileLayers(below: context) else { return Self.unread }
        if asJSON {
            let names = JSON.list(layers.map { .text($0.name) })
            return AdminResponse(200, type: "application/json", Array(names.encoded.utf8))
        }
        let text = layers.map { layer in
            let place = "http://\(request.host)\(context)/gwc/rest/layers/"
            let href = place + CatalogueReader.encoded(layer.name) + ".xml"
            return "<layer><name>\(TileCacheDocument.escapedText(layer.name))</name>"
                + "<atom:link xmlns:atom=\"http://www.w3.org/2005/Atom\" rel=\"alternate\" "
                + "href=\"\(TileCacheDocument.escapedText(href))\" type=\"text/xml\"/></layer>\n"
        }.joined()
        return AdminResponse(
            200, type: "application/xml", Array("<layers>\n\(text)</layers>\n".utf8))
    }

    private func layer(_ request: AdminRequest, _ path: TileCachePath) -> AdminResponse {
        let name = Self.name(String(path.resource.dropFirst("layers/".count)))
        switch request.method {
        case .get, .head:
            guard let layers = subject.tileLayers(below: path.context) else { return Self.unread }
            guard let layer = layers.first(where: { $0.name == name }) else {
                return AdminResponse(404, "Unknown layer: \(printable(name))")
            }
            let document = TileCacheDocument(
                layer, subject.gridSets(below: path.context) ?? .wellKnown)
            return path.resource.hasSuffix(".json")
                ? AdminResponse(200, type: "application/json", document.json)
                : AdminResponse(200, type: "application/xml", document.xml)
        case .delete:
            if let refusal = crossSiteRefusal(request) { return refusal }
            guard (1...WriteScope.nameLimit).contains(name.utf8.count) else {
                return AdminResponse(400, "name a layer, such as WORKSPACE:NAME")
            }
            return inForce(WriteScope(.layer(LayerName(name)), .tiles), request) {
                AdminResponse(
                    200,
                    "\(printable(name)): its tiles are truncated; the layer itself is the origin's")
            }
        default:
            var response = AdminResponse(
                405,
                "a tile layer is set up at the origin; the edge keeps tiles of whatever is asked "
                    + "for, and DELETE truncates a layer's")
            response.allow = "GET, HEAD, DELETE"
            return response
        }
    }

    /// Without the ending that names a format.
    static func name(_ text: String) -> String {
        let ending = [".xml", ".json"].first { text.hasSuffix($0) } ?? ""
        return percentDecoded(text.dropLast(ending.count))
    }

    /// `seed/LAYER.xml` -> LAYER; nil without one.
    static func layer(of resource: String) -> String? {
        guard resource.hasPrefix("seed/") else { return nil }
        let layer = name(String(resource.dropFirst("seed/".count)))
        return layer.isEmpty ? nil : layer
    }

    // MARK: space

    private func diskQuota(_ request: AdminRequest, asJSON: Bool) -> AdminResponse {
        guard request.isReading else {
            var response = AdminResponse(
                405,
                "the space for tiles is cache.size of the configuration, and changes with a "
                    + "restart")
            response.allow = "GET, HEAD"
            return response
        }
        guard let space = subject.storeSpace else {
            return AdminResponse(503, "nothing is stored, or the edge is still starting")
        }
        let document = TileCacheDocument(space)
        return asJSON
            ? AdminResponse(200, type: "application/json", document.json)
            : AdminResponse(200, type: "application/xml", document.xml)
    }
}

extension AdminRoutes {
    /// What a listener for the site's own calls answers: the same as the admin port, whoever
    /// reaches that; such a listener is reached by the site alone.
    func answer(_ ask: TileCacheAsk) -> TileCacheAnswer {
        var request = AdminRequest(method: ask.method, path: ask.path, query: ask.query)
        (request.body, request.host, request.isFromSite) = (ask.body, ask.host, true)
        // A program of the site's sends none.
        request.isCrossSite = ask.hasOrigin
        let response = tileCache(request) ?? AdminResponse(404, "nothing is here")
        let form: TileCacheAnswer.Form =
            switch response.contentType {
            case "application/xml": .xml
            case "application/json": .json
            default: .text
            }
        return TileCacheAnswer(response.status, form, response.body)
    }
}
