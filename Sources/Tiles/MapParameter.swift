/// The query parameters that decide which picture a map request means.
///
/// The raw value is a bit position, so that a second occurrence of a name is found by one test.
enum MapParameter: UInt8 {
    case service, version, request, exceptions, format, transparent, width, height
    case layers, styles, srs, crs, bbox, bgcolor, time, elevation, sld, sldBody
    case layer, style, tileMatrixSet, tileMatrix, tileRow, tileCol
    case zoom, x, y, tiled, cqlFilter, filter, featureID, viewParams, env, formatOptions
    case angle, palette, map

    var bit: UInt64 { 1 << UInt64(rawValue) }

    /// The parameter that a name spells in any case, percent-encoded or not.
    ///
    /// The length excludes most candidates before a byte is compared.
    static func named(_ name: QueryText, in bytes: RawSpan) -> MapParameter? {
        func first(_ candidates: StaticString, _ found: MapParameter) -> MapParameter? {
            name.spells(candidates, in: bytes) ? found : nil
        }
        switch name.decodedCount(in: bytes) {
        case 1: return first("x", .x) ?? first("y", .y)
        case 3:
            return first("srs", .srs) ?? first("crs", .crs) ?? first("env", .env)
                ?? first("sld", .sld) ?? first("map", .map)
        case 4: return first("bbox", .bbox) ?? first("time", .time) ?? first("zoom", .zoom)
        case 5:
            return first("width", .width) ?? first("tiled", .tiled) ?? first("layer", .layer)
                ?? first("style", .style) ?? first("angle", .angle)
        case 6:
            return first("layers", .layers) ?? first("format", .format) ?? first("styles", .styles)
                ?? first("height", .height) ?? first("filter", .filter)
        case 7:
            return first("service", .service) ?? first("request", .request)
                ?? first("version", .version) ?? first("tilerow", .tileRow)
                ?? first("tilecol", .tileCol) ?? first("bgcolor", .bgcolor)
                ?? first("palette", .palette)
        case 8: return first("sld_body", .sldBody)
        case 9: return first("elevation", .elevation) ?? first("featureid", .featureID)
        case 10:
            return first("tilematrix", .tileMatrix) ?? first("exceptions", .exceptions)
                ?? first("cql_filter", .cqlFilter) ?? first("viewparams", .viewParams)
        case 11: return first("transparent", .transparent)
        case 13: return first("tilematrixset", .tileMatrixSet)
        case 14: return first("format_options", .formatOptions)
        default: return nil
        }
    }
}
