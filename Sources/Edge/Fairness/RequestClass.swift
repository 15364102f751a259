public import Caching
public import HTTP
public import Tiles

/// What a request costs whom: the kinds of work that an origin's members are kept from drowning in,
/// and viewers from asking too much of, each with limits of its own.
public enum RequestClass: UInt8, Sendable, CaseIterable {
    /// Pictures that somebody has to draw: GetMap, GetTile, tiles by their path, legends.
    case tiles
    /// Descriptions of services and layers: seconds of work and megabytes, from the catalogue.
    case capabilities
    /// Data out of a database: WFS, WCS, WPS, GetFeatureInfo.
    case features
    /// What a behavior of class *pages* leads to.
    case pages
    /// What may change something, by its method.
    case writes
    case other

    /// Whether a member that refuses one such request with Retry-After means them all, as
    /// GeoServer's control-flow does. A site says it of one page, or of one person.
    var isServiceWork: Bool {
        switch self {
        case .tiles, .capabilities, .features: true
        case .pages, .writes, .other: false
        }
    }

    /// The word in configuration, status, logs and metrics.
    public var word: StaticString {
        switch self {
        case .tiles: "tiles"
        case .capabilities: "capabilities"
        case .features: "features"
        case .pages: "pages"
        case .writes: "writes"
        case .other: "other"
        }
    }

    /// The class of a request, by its method, its target and its behavior's class.
    ///
    /// An OGC request is what its REQUEST says, also when it is posted to with a query; a posted
    /// document is not looked at, and counts as a write. Where nothing says more, the behavior's
    /// class does. Two walks over the query at most, and no allocation.
    ///
    /// - Parameters:
    ///   - path: as sent, percent-encoded.
    ///   - query: without its `?`; empty where there is none.
    ///
    /// Source: GeoServer user manual, "Services"; OGC 06-042 (WMS), 09-025r2 (WFS).
    public static func of(
        method: Method, path: RawSpan, query: RawSpan, mapClass: MapClass
    ) -> RequestClass {
        of(
            method: method, path: path, query: query, mapClass: mapClass,
            map: MapRequest.classify(path: path, query: query))
    }

    /// The same, where the map request behind the target is known already.
    public static func of(
        method: Method, path: RawSpan, query: RawSpan, mapClass: MapClass, map: MapRequest?
    ) -> RequestClass {
        let asked = query.isEmpty ? nil : named(query)
        guard method.isSafe else { return method == .post ? asked ?? .writes : .writes }
        switch map?.kind {
        case .map: return .tiles
        case .capabilities: return .capabilities
        case nil: break
        }
        if let asked { return asked }
        if isFeatureService(path) { return .features }
        switch mapClass {
        case .capabilities: return .capabilities
        case .features: return .features
        case .pages: return .pages
        case .tiles, .none: return .other
        }
    }

    /// By REQUEST, else by SERVICE; nil: neither says what is asked for.
    private static func named(_ query: RawSpan) -> RequestClass? {
        var service: RequestClass?
        var walk = QueryParameters()
        while let parameter = walk.next(in: query) {
            let (name, value) = (
                query.extracting(parameter.name), query.extracting(parameter.value)
            )
            if PercentCoding.spells(name, "request") {
                if let known = Self.request(value) { return known }
            } else if PercentCoding.spells(name, "service"), isFeatureService(named: value) {
                service = .features
            }
        }
        return service
    }

    private static func request(_ value: RawSpan) -> RequestClass? {
        func asks(_ word: StaticString) -> Bool { PercentCoding.spells(value, word) }
        if asks("getmap") || asks("map") || asks("gettile") || asks("getlegendgraphic") {
            return .tiles
        }
        if asks("getcapabilities") || asks("capabilities") || asks("describelayer")
            || asks("getstyles") || asks("describefeaturetype") || asks("liststoredqueries")
            || asks("describestoredqueries") || asks("describecoverage")
            || asks("describeprocess") || asks("describerecord")
        {
            return .capabilities
        }
        if asks("getfeature") || asks("getfeatureinfo") || asks("feature_info")
            || asks("getpropertyvalue") || asks("getgmlobject") || asks("getcoverage")
            || asks("getrecords") || asks("getrecordbyid") || asks("execute")
        {
            return .features
        }
        return asks("transaction") || asks("lockfeature") || asks("getfeaturewithlock")
            ? .writes : nil
    }

    private static func isFeatureService(named value: RawSpan) -> Bool {
        PercentCoding.spells(value, "wfs") || PercentCoding.spells(value, "wcs")
            || PercentCoding.spells(value, "wps") || PercentCoding.spells(value, "csw")
    }

    /// Whether the path's last segment is a service of data: `/W/wfs`, `/wfs/WfsDispatcher`.
    private static func isFeatureService(_ path: RawSpan) -> Bool {
        var end = path.byteCount
        if end > 0, path.byte(end - 1) == UInt8(ascii: "/") { end -= 1 }
        var start = end
        while start > 0, path.byte(start - 1) != UInt8(ascii: "/") { start -= 1 }
        let last = path.extracting(start..<end)
        return isFeatureService(named: last) || PercentCoding.spells(last, "wfsdispatcher")
    }
}

/// One value for each class; plain memory.
public struct PerClass<Value> {
    public var tiles: Value
    public var capabilities: Value
    public var features: Value
    public var pages: Value
    public var writes: Value
    public var other: Value

    public init(_ value: Value) {
        (tiles, capabilities, features) = (value, value, value)
        (pages, writes, other) = (value, value, value)
    }

    public subscript(_ requestClass: RequestClass) -> Value {
        get {
            switch requestClass {
            case .tiles: tiles
            case .capabilities: capabilities
            case .features: features
            case .pages: pages
            case .writes: writes
            case .other: other
            }
        }
        // In place: a queue of thousands is not copied for one entry.
        _modify {
            switch requestClass {
            case .tiles: yield &tiles
            case .capabilities: yield &capabilities
            case .features: yield &features
            case .pages: yield &pages
            case .writes: yield &writes
            case .other: yield &other
            }
        }
    }
}

extension PerClass: Sendable where Value: Sendable {}
extension PerClass: Equatable where Value: Equatable {}
extension PerClass: Hashable where Value: Hashable {}
