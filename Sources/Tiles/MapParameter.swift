import HTTP

/// The query parameters that decide which picture a map request means, and those that are known
/// not to.
///
/// The raw value is a bit position, so that a second occurrence of a name is found by one test;
/// it is also the order in which canonical queries name them.
enum MapParameter: UInt8 {
    case service, version, wmtVersion, request, exceptions
    case layers, styles, format, transparent, width, height, srs, crs, bbox, bgcolor
    case layer, style, tileMatrixSet, tileMatrix, tileRow, tileCol
    case zoom, x, y, quadKey, flipY, tiled, tilesOrigin
    case angle, cqlFilter, elevation, env, featureID, filter, formatOptions, map, palette
    case sld, sldBody, time, viewParams
    /// Makes a request look new, and may say how new an answer is wanted.
    case cacheBuster
    /// Says who asks.
    case token

    var bit: UInt64 { 1 << UInt64(rawValue) }

    static var count: Int { Int(token.rawValue) + 1 }

    /// Those whose values are words of the protocol, which servers read in any case, as bits.
    static let words: UInt64 = {
        let names: [MapParameter] = [
            .service, .request, .exceptions, .format, .transparent, .srs, .crs, .tiled, .flipY,
        ]
        return names.reduce(0) { $0 | $1.bit }
    }()

    /// The parameter that a name spells in any case, percent-encoded or not.
    ///
    /// The length excludes most candidates before a byte is compared.
    static func named(_ name: QueryText, in bytes: RawSpan) -> MapParameter? {
        let letter = name.isEmpty ? 0 : lowercased(name.byte(at: name.start, in: bytes).value)
        @inline(__always)
        func isWord(_ word: StaticString) -> Bool {
            letter == word.byte(0) && name.spells(word, in: bytes)
        }
        switch name.decodedCount(in: bytes) {
        case 1:
            if isWord("x") { return .x }
            if isWord("y") { return .y }
            if isWord("t") { return .cacheBuster }
            if isWord("_") { return .cacheBuster }
        case 3:
            if isWord("srs") { return .srs }
            if isWord("crs") { return .crs }
            if isWord("_dc") { return .cacheBuster }
            if isWord("env") { return .env }
            if isWord("sld") { return .sld }
            if isWord("map") { return .map }
            if isWord("_ts") { return .cacheBuster }
            if isWord("jwt") || isWord("pwd") { return .token }
        case 4:
            if isWord("bbox") { return .bbox }
            if isWord("time") { return .time }
            if isWord("zoom") { return .zoom }
        case 5:
            if isWord("width") { return .width }
            if isWord("tiled") { return .tiled }
            if isWord("layer") { return .layer }
            if isWord("style") { return .style }
            if isWord("angle") { return .angle }
            if isWord("token") { return .token }
            if isWord("flipy") { return .flipY }
        case 6:
            if isWord("layers") { return .layers }
            if isWord("styles") { return .styles }
            if isWord("format") { return .format }
            if isWord("height") { return .height }
            if isWord("filter") { return .filter }
            if isWord("wmtver") { return .wmtVersion }
            if isWord("apikey") || isWord("ticket") { return .token }
            if isWord("secret") || isWord("passwd") { return .token }
        default: return namedAtLength(name, in: bytes)
        }
        return nil
    }

    private static func namedAtLength(_ name: QueryText, in bytes: RawSpan) -> MapParameter? {
        let letter = name.isEmpty ? 0 : lowercased(name.byte(at: name.start, in: bytes).value)
        @inline(__always)
        func isWord(_ word: StaticString) -> Bool {
            letter == word.byte(0) && name.spells(word, in: bytes)
        }
        switch name.decodedCount(in: bytes) {
        case 7:
            if isWord("service") { return .service }
            if isWord("version") { return .version }
            if isWord("request") { return .request }
            if isWord("bgcolor") { return .bgcolor }
            if isWord("tilerow") { return .tileRow }
            if isWord("tilecol") { return .tileCol }
            if isWord("palette") { return .palette }
            if isWord("quadkey") { return .quadKey }
            if isWord("authkey") || isWord("api_key") { return .token }
            if isWord("_olsalt") { return .cacheBuster }
            if isWord("nocache") { return .cacheBuster }
        case 8:
            if isWord("sld_body") { return .sldBody }
            if isWord("id_token") || isWord("password") { return .token }
        case 9:
            if isWord("elevation") { return .elevation }
            if isWord("featureid") { return .featureID }
            if isWord("timestamp") { return .cacheBuster }
            if isWord("sessionid") { return .token }
        case 10:
            if isWord("tilematrix") { return .tileMatrix }
            if isWord("exceptions") { return .exceptions }
            if isWord("cql_filter") { return .cqlFilter }
            if isWord("viewparams") { return .viewParams }
            if isWord("jsessionid") || isWord("session_id") { return .token }
            if isWord("auth_token") { return .token }
        case 11:
            if isWord("transparent") { return .transparent }
            if isWord("tilesorigin") { return .tilesOrigin }
            if isWord("cachebuster") { return .cacheBuster }
            if isWord("oauth_token") || isWord("accesstoken") { return .token }
            if isWord("session_key") { return .token }
        case 12:
            if isWord("access_token") || isWord("bearer_token") { return .token }
        case 13:
            if isWord("tilematrixset") { return .tileMatrixSet }
            if isWord("refresh_token") || isWord("private_token") { return .token }
            if isWord("client_secret") { return .token }
        case 14:
            if isWord("format_options") { return .formatOptions }
        case 19:
            if isWord("csrfmiddlewaretoken") { return .token }
        default: break
        }
        return nil
    }

    /// The name in canonical queries.
    var name: StaticString {
        switch self {
        case .service: "SERVICE"
        case .version: "VERSION"
        case .wmtVersion: "WMTVER"
        case .request: "REQUEST"
        case .exceptions: "EXCEPTIONS"
        case .layers: "LAYERS"
        case .styles: "STYLES"
        case .format: "FORMAT"
        case .transparent: "TRANSPARENT"
        case .width: "WIDTH"
        case .height: "HEIGHT"
        case .srs: "SRS"
        case .crs: "CRS"
        case .bbox: "BBOX"
        case .bgcolor: "BGCOLOR"
        case .layer: "LAYER"
        case .style: "STYLE"
        case .tileMatrixSet: "TILEMATRIXSET"
        case .tileMatrix: "TILEMATRIX"
        case .tileRow: "TILEROW"
        case .tileCol: "TILECOL"
        case .zoom: "ZOOM"
        case .x: "X"
        case .y: "Y"
        case .quadKey: "QUADKEY"
        case .flipY: "FLIPY"
        case .tiled: "TILED"
        case .tilesOrigin: "TILESORIGIN"
        case .angle: "ANGLE"
        case .cqlFilter: "CQL_FILTER"
        case .elevation: "ELEVATION"
        case .env: "ENV"
        case .featureID: "FEATUREID"
        case .filter: "FILTER"
        case .formatOptions: "FORMAT_OPTIONS"
        case .map: "MAP"
        case .palette: "PALETTE"
        case .sld: "SLD"
        case .sldBody: "SLD_BODY"
        case .time: "TIME"
        case .viewParams: "VIEWPARAMS"
        case .cacheBuster, .token: ""
        }
    }
}
