import HTTP

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
        var table = ParameterTable()
        table.read(query)
        return table.classified(path: path, query: query)
    }

    /// Whether a target asks for a map as a picture, whose answer names no host.
    public static func isPicture(path: RawSpan, query: RawSpan) -> Bool {
        classify(path: path, query: query)?.isPicture == true
    }

    /// An image was asked for, so that anything else is no answer.
    public var isPicture: Bool { kind == .map && format.isImage }

    /// The picture that a request for a legend asks for; nil for what is none. Its size is that of
    /// one symbol, 20 × 20 by default, and not of the whole legend, which no request tells.
    ///
    /// - Parameter query: without its `?`.
    ///
    /// Source: OGC 05-078r4 §12 (SLD profile of WMS); GeoServer user manual, "GetLegendGraphic".
    public static func legend(query: RawSpan) -> MapRequest? {
        var table = ParameterTable()
        table.read(query)
        guard table[.request].spells("getlegendgraphic", in: query) else { return nil }
        var request = MapRequest(service: .wms, kind: .map)
        table.fill(&request, query)
        if !table.has(.width) { request.width = 20 }
        if !table.has(.height) { request.height = 20 }
        return request.format.isImage ? request : nil
    }
}

extension ParameterTable {
    /// The map request that these parameters and a path are; nil for none.
    func classified(path: RawSpan, query: RawSpan) -> MapRequest? {
        if has(.request) { return requestByName(query) }
        guard
            let found = TilePath.read(path, hasTriple: hasTriple, hasQuadKey: has(.quadKey))
        else { return nil }
        var request = MapRequest(service: found.service, kind: found.kind)
        guard found.kind == .map else { return request }
        fill(&request, query)
        if !has(.format) { request.format = found.format }
        return request
    }

    /// The request that REQUEST and SERVICE name together, nil if it is of no concern to us.
    private func requestByName(_ query: RawSpan) -> MapRequest? {
        let (service, request) = (self[.service], self[.request])
        let isUnnamed = service.isEmpty
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

    fileprivate func fill(_ result: inout MapRequest, _ query: RawSpan) {
        result.hasDuplicates = hasDuplicates
        result.format = MapFormat(self[.format], in: query)
        result.width = side(.width, query)
        result.height = side(.height, query)
        result.isTransparent = self[.transparent].spells("true", in: query)
        result.background = self[.bgcolor].color(in: query) ?? .white
        result.exceptions = ExceptionForm(self[.exceptions], in: query)
        result.namesExceptions = has(.exceptions)
    }

    private func side(_ parameter: MapParameter, _ query: RawSpan) -> UInt16 {
        let bound = Int(MapRequest.maximumSide)
        return UInt16(max(1, self[parameter].number(atMost: bound, in: query) ?? 256))
    }
}

extension QueryText {
    /// The colour that BGCOLOR names; nil: none that can be read.
    fileprivate func color(in bytes: RawSpan) -> RGBA? {
        guard var digits = colorDigits(in: bytes) else { return nil }
        var value: UInt32 = 0
        while digits.start < digits.end {
            let (digit, width) = digits.byte(at: digits.start, in: bytes)
            value = value << 4 | UInt32(hexadecimalDigit(digit) ?? 0)
            digits.start += width
        }
        return RGBA(
            red: UInt8(value >> 16), green: UInt8(value >> 8 & 0xFF), blue: UInt8(value & 0xFF))
    }

    /// The six hexadecimal digits of a colour, which stand behind `0x`, as WMS has it, behind `#`
    /// or by themselves; nil for anything else.
    ///
    /// Source: OGC 06-042 §7.3.3.10.
    func colorDigits(in bytes: RawSpan) -> QueryText? {
        var digits = self
        if let rest = prefix("0x", in: bytes) ?? prefix("#", in: bytes) { digits.start = rest }
        var count = 0
        var at = digits.start
        while at < end {
            let (value, width) = byte(at: at, in: bytes)
            guard hexadecimalDigit(value) != nil else { return nil }
            count += 1
            at += width
        }
        return count == 6 ? digits : nil
    }
}
