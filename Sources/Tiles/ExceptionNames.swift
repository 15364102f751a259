import HTTP

/// The parameters of a query that choose the dialect of its exceptions.
struct ExceptionNames {
    private var service = QueryText.empty
    private var version = QueryText.empty
    private var request = QueryText.empty
    private(set) var exceptions = ExceptionForm.absent

    init(_ query: RawSpan) {
        var walk = QueryWalk()
        while let parameter = walk.next(in: query) {
            switch MapParameter.named(parameter.name, in: query) {
            case .service: service = parameter.value
            case .version: version = parameter.value
            case .request: request = parameter.value
            case .exceptions: exceptions = ExceptionForm(parameter.value, in: query)
            default:
                // WMS 1.0.0 names its version so.
                let isOld = parameter.name.spells("wmtver", in: query)
                if isOld, version.start == version.end { version = parameter.value }
            }
        }
    }

    /// What SERVICE and VERSION name, or what REQUEST implies.
    func dialect(_ query: RawSpan, _ map: MapRequest?) -> ExceptionDialect? {
        if let named = OGCService(named: service, in: query) { return dialect(named, query) }
        switch map?.service {
        case .wms: return dialect(.wms, query)
        case .wmts: return .wmts10
        case .tms: return .tms
        case .gmaps: return .wms11
        case .other, nil: break
        }
        // Some other service: no document of ours would be understood.
        guard service.start == service.end else { return nil }
        return OGCService(impliedBy: request, in: query).map { dialect($0, query) }
    }

    /// What the last segment of the path names: GeoServer's endpoints.
    func dialect(ofPath path: RawSpan, _ query: RawSpan) -> ExceptionDialect? {
        guard service.start == service.end else { return nil }
        var end = path.byteCount
        while end > 0, path.byte(end - 1) == UInt8(ascii: "/") { end -= 1 }
        var start = end
        while start > 0, path.byte(start - 1) != UInt8(ascii: "/") { start -= 1 }
        if path.spells("ows", from: start, to: end) { return .wfs20 }
        let segment = QueryText(start: start, end: end)
        return OGCService(named: segment, in: path).map { dialect($0, query) }
    }

    private func dialect(_ service: OGCService, _ query: RawSpan) -> ExceptionDialect {
        guard let (major, minor) = number(query) else { return service.newest }
        switch service {
        case .wms:
            if major > 1 || major == 1 && minor >= 3 { return .wms13 }
            return major == 1 && minor >= 1 ? .wms11 : .wms10
        case .wfs:
            if major >= 2 { return .wfs20 }
            return major == 1 && minor >= 1 ? .wfs11 : .wfs10
        case .wcs:
            if major >= 2 { return .wcs20 }
            return major == 1 && minor >= 1 ? .wcs11 : .wcs10
        case .wmts, .wps, .csw: return service.newest
        }
    }

    /// The first two numbers of VERSION.
    private func number(_ query: RawSpan) -> (major: Int, minor: Int)? {
        guard let major = version.number(atMost: 99, in: query) else { return nil }
        var at = version.start
        while at < version.end {
            let (byte, width) = version.byte(at: at, in: query)
            at += width
            if byte == UInt8(ascii: ".") { break }
        }
        let minor = QueryText(start: at, end: version.end).number(atMost: 99, in: query)
        return (major, minor ?? 0)
    }
}

/// An OGC service whose exceptions are written here.
private enum OGCService {
    case wms, wfs, wcs, wmts, wps, csw

    init?(named text: QueryText, in bytes: RawSpan) {
        if text.spells("wms", in: bytes) {
            self = .wms
        } else if text.spells("wfs", in: bytes) {
            self = .wfs
        } else if text.spells("wmts", in: bytes) {
            self = .wmts
        } else if text.spells("wcs", in: bytes) {
            self = .wcs
        } else if text.spells("wps", in: bytes) {
            self = .wps
        } else if text.spells("csw", in: bytes) {
            self = .csw
        } else {
            return nil
        }
    }

    /// The service that alone has a request of this name.
    init?(impliedBy request: QueryText, in bytes: RawSpan) {
        func isOne(of names: [StaticString]) -> Bool {
            names.contains { request.spells($0, in: bytes) }
        }
        if isOne(of: ["getfeatureinfo", "getlegendgraphic", "describelayer", "getstyles"]) {
            self = .wms
        } else if isOne(of: ["getfeature", "describefeaturetype", "transaction", "lockfeature"])
            || isOne(of: ["getfeaturewithlock", "getpropertyvalue", "getgmlobject"])
        {
            self = .wfs
        } else if isOne(of: ["getcoverage", "describecoverage"]) {
            self = .wcs
        } else if isOne(of: ["describeprocess", "execute"]) {
            self = .wps
        } else if isOne(of: ["getrecords", "getrecordbyid"]) {
            self = .csw
        } else {
            return nil
        }
    }

    var newest: ExceptionDialect {
        switch self {
        case .wms: .wms13
        case .wfs: .wfs20
        case .wcs: .wcs20
        case .wmts: .wmts10
        case .wps: .wps10
        case .csw: .csw20
        }
    }
}
