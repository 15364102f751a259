import HTTP

/// What the path of a tile says by itself, without a query.
///
/// Segments are taken as they stand in the path; nobody percent-encodes the digits and words that
/// decide here.
enum TilePath {
    struct Found {
        var service: MapRequest.Service
        var kind: MapRequest.Kind
        var format = MapFormat.unstated
    }

    /// Looks at the last segments and at the one that names a tile service, nil if there is none.
    ///
    /// - Parameters:
    ///   - hasTriple: the query carries x, y and zoom, which alone make `/gmaps` a tile.
    ///   - hasQuadKey: it carries a quadkey, which alone makes `/ve` one.
    static func read(_ path: RawSpan, hasTriple: Bool, hasQuadKey: Bool) -> Found? {
        let segments = Segments(path)
        switch segments.service {
        case .none: return nil
        case .quadKey:
            guard hasQuadKey, segments.countBehind == 0 else { return nil }
            return Found(service: .gmaps, kind: .map, format: segments.format)
        case .gmaps:
            guard hasTriple || segments.countBehind >= 4 && segments.trailingNumbers >= 3 else {
                return nil
            }
            return Found(service: .gmaps, kind: .map, format: segments.format)
        case .tms:
            // version / layer / zoom / x / y.ext; what is shorter describes the service.
            if segments.countBehind >= 5, segments.trailingNumbers >= 3 {
                return Found(service: .tms, kind: .map, format: segments.format)
            }
            return segments.countBehind <= 2 ? Found(service: .tms, kind: .capabilities) : nil
        case .wmts:
            if segments.endsInCapabilities { return Found(service: .wmts, kind: .capabilities) }
            // layer / set / matrix / row / column at least. GeoWebCache appends the pixel of a
            // GetFeatureInfo as two more numbers, which makes its answer no picture.
            guard segments.countBehind >= 5, segments.trailingNumbers >= 2 else { return nil }
            let asksForPixel =
                segments.isREST && segments.countBehind >= 8
                && segments.trailingNumbers >= 4
            return asksForPixel
                ? nil : Found(service: .wmts, kind: .map, format: segments.format)
        }
    }
}

/// One pass over a path: which tile service it names and what its last segments look like.
private struct Segments {
    enum Service { case none, wmts, tms, gmaps, quadKey }

    var service = Service.none
    /// Segments behind the one that names the service, empty ones included: a style may be empty.
    var countBehind = 0
    /// How many of the last segments are decimal numbers, a file extension set aside.
    var trailingNumbers = 0
    /// GeoWebCache's form, `/wmts/rest/...`.
    var isREST = false
    var endsInCapabilities = false
    /// The format that the last segment's extension names.
    var format = MapFormat.unstated

    init(_ path: RawSpan) {
        var start = 0
        while start < path.byteCount {
            guard path.byte(start) == UInt8(ascii: "/") else {
                start += 1
                continue
            }
            var end = start + 1
            while end < path.byteCount, path.byte(end) != UInt8(ascii: "/") { end += 1 }
            // A slash at the very end opens no segment.
            if end > start + 1 || end < path.byteCount {
                note(QueryText(start: start + 1, end: end), in: path)
            }
            start = end
        }
    }

    private mutating func note(_ segment: QueryText, in path: RawSpan) {
        if service != .none {
            countBehind += 1
            if countBehind == 1, segment.spells("rest", in: path) { isREST = true }
        } else if segment.spells("wmts", in: path) {
            service = .wmts
        } else if segment.spells("tms", in: path) {
            service = .tms
        } else if segment.spells("gmaps", in: path) || segment.spells("mgmaps", in: path) {
            service = .gmaps
        } else if segment.spells("ve", in: path), segment.end + 1 >= path.byteCount {
            service = .quadKey
        }
        endsInCapabilities = segment.spells("wmtscapabilities.xml", in: path)
        let isNumber = readNumber(segment, in: path)
        trailingNumbers = isNumber ? trailingNumbers + 1 : 0
    }

    /// Whether the segment is `123` or `123.png`; notes the format of the latter.
    private mutating func readNumber(_ segment: QueryText, in path: RawSpan) -> Bool {
        format = .unstated
        var at = segment.start
        while at < segment.end, isDigit(path.byte(at)) { at += 1 }
        guard at > segment.start else { return false }
        guard at < segment.end else { return true }
        guard path.byte(at) == UInt8(ascii: ".") else { return false }
        let name = QueryText(start: at + 1, end: segment.end)
        format = MapFormat(subtype: name, in: path) ?? .notImage
        return true
    }
}
