extension MapRequest {
    /// Recognises a map request from its target, nil for everything else.
    ///
    /// Knows WMS GetMap, WMTS GetTile and GetCapabilities of any OGC service as KVP, in any case
    /// and order; and the paths of WMTS REST, TMS and gmaps as GeoWebCache, MapCache and MapProxy
    /// spell them. Where a query names REQUEST, that decides and the path is not looked at.
    ///
    /// - Parameters:
    ///   - path: the target's path as sent, percent-encoded.
    ///   - query: the query without its `?`; empty where there is none.
    ///
    /// One pass over either, without allocation. Source: OGC 01-068r3 and 06-042 (WMS), OGC
    /// 07-057r7 (WMTS), OSGeo Tile Map Service 1.0.0.
    public static func classify(path: RawSpan, query: RawSpan) -> MapRequest? {
        var keys = QueryFacts()
        keys.read(query)
        if keys.has(.request) { return keys.requestByName(query) }
        guard let found = TilePath.read(path, hasTriple: keys.hasTriple) else { return nil }
        var request = MapRequest(service: found.service, kind: found.kind)
        guard found.kind == .map else { return request }
        keys.fill(&request, query)
        if !keys.has(.format) { request.format = found.format }
        return request
    }
}

/// What one walk over a query string finds: where the deciding values stand, and which names
/// occurred.
private struct QueryFacts {
    private var seen: UInt64 = 0
    private var hasDuplicates = false
    private var service = QueryText.empty
    private var request = QueryText.empty
    private var format = QueryText.empty
    private var width = QueryText.empty
    private var height = QueryText.empty
    private var transparent = QueryText.empty
    private var exceptions = QueryText.empty

    func has(_ parameter: MapParameter) -> Bool { seen & parameter.bit != 0 }

    /// x, y and zoom are all named: a gmaps request, if the path says so too.
    var hasTriple: Bool { has(.x) && has(.y) && has(.zoom) }

    mutating func read(_ query: RawSpan) {
        var walk = QueryWalk()
        while let parameter = walk.next(in: query) {
            guard let known = MapParameter.named(parameter.name, in: query) else { continue }
            if seen & known.bit != 0 { hasDuplicates = true }
            seen |= known.bit
            switch known {
            case .service: service = parameter.value
            case .request: request = parameter.value
            case .format: format = parameter.value
            case .width: width = parameter.value
            case .height: height = parameter.value
            case .transparent: transparent = parameter.value
            case .exceptions: exceptions = parameter.value
            default: break
            }
        }
    }

    /// The request that REQUEST and SERVICE name together, nil if it is of no concern to us.
    func requestByName(_ query: RawSpan) -> MapRequest? {
        let isUnnamed = service.start == service.end
        let isWMS = service.spells("wms", in: query)
        let isWMTS = service.spells("wmts", in: query)
        var result: MapRequest
        if request.spells("getmap", in: query) || request.spells("map", in: query) {
            guard isWMS || isUnnamed else { return nil }
            result = MapRequest(service: .wms, kind: .map)
        } else if request.spells("gettile", in: query) {
            guard isWMTS || isUnnamed else { return nil }
            result = MapRequest(service: .wmts, kind: .map)
        } else if request.spells("getcapabilities", in: query)
            || request.spells("capabilities", in: query)
        {
            let service: MapRequest.Service = isWMTS ? .wmts : isWMS || isUnnamed ? .wms : .other
            result = MapRequest(service: service, kind: .capabilities)
            result.hasDuplicates = hasDuplicates
            return result
        } else {
            return nil
        }
        fill(&result, query)
        return result
    }

    func fill(_ result: inout MapRequest, _ query: RawSpan) {
        result.hasDuplicates = hasDuplicates
        result.format = MapFormat(format, in: query)
        result.width = side(width, query)
        result.height = side(height, query)
        result.isTransparent = transparent.spells("true", in: query)
        result.exceptions = ExceptionForm(exceptions, in: query)
        result.namesExceptions = has(.exceptions)
    }

    private func side(_ value: QueryText, _ query: RawSpan) -> UInt16 {
        let bound = Int(MapRequest.maximumSide)
        return UInt16(max(1, value.number(atMost: bound, in: query) ?? 256))
    }
}
