/// The target of a tile further up the pyramid, in the same words as the tile's own, and the part
/// of it that the tile covers: what a cache is asked for when the tile itself cannot be had.
public struct AncestorTarget: Equatable, Sendable {
    public var path: [UInt8]
    public var query: [UInt8]
    public var part: TilePart

    /// The targets under which the ancestor `levels` up may have been asked for; none where the
    /// request is no tile of a pyramid that halves from level to level.
    ///
    /// WMTS, TMS and gmaps count their tiles, so that there is one; of the first two only in grid
    /// sets of which that is known: any name may stand for one that does not halve, or that begins
    /// elsewhere at each level. WMS names a bounding box: the
    /// tile must be one of the world's in Web Mercator or in degrees, and since viewers round in
    /// their own ways there are up to three spellings. All other bytes stay as they are.
    ///
    /// - Parameters:
    ///   - request: what `MapRequest.classify` made of the same path and query.
    ///   - query: without its `?`.
    ///   - levels: 1 is the parent.
    public static func candidates(
        _ request: MapRequest, path: [UInt8], query: [UInt8], levels: Int
    ) -> [AncestorTarget] {
        guard request.kind == .map, 1...TilePart.levelsMax ~= levels else { return [] }
        let numbers = TileNumbers(path: path, query: query)
        switch request.service {
        case .wms: return BoxTarget(query: query)?.ancestors(path: path, query, levels) ?? []
        case .wmts, .tms, .gmaps:
            guard let place = numbers.place(request.service), numbers.halves(request.service, place)
            else { return [] }
            return place.ancestor(path: path, query: query, levels).map { [$0] } ?? []
        case .other: return []
        }
    }
}

/// A whole number as it stands in a path or a query.
struct WrittenNumber {
    var isInPath: Bool
    var range: Range<Int>
    var value: Int
}

/// A tile's level, column and row, and where they are written.
struct TilePlace {
    var level: WrittenNumber
    var column: WrittenNumber
    var row: WrittenNumber
    /// Rows count from the south, as TMS has them.
    var countsFromSouth: Bool

    func ancestor(path: [UInt8], query: [UInt8], _ levels: Int) -> AncestorTarget? {
        guard level.value >= levels else { return nil }
        let mask = 1 << levels - 1
        let row = countsFromSouth ? mask - (row.value & mask) : self.row.value & mask
        guard let part = TilePart(levels: levels, column: column.value & mask, row: row) else {
            return nil
        }
        var (path, query) = (path, query)
        // From the back, so that what stands before keeps its place.
        let changes = [
            (level, level.value - levels), (column, column.value >> levels),
            (self.row, self.row.value >> levels),
        ].sorted { $0.0.range.lowerBound > $1.0.range.lowerBound }
        for (number, value) in changes {
            if number.isInPath {
                path.replaceSubrange(number.range, with: Array("\(value)".utf8))
            } else {
                query.replaceSubrange(number.range, with: Array("\(value)".utf8))
            }
        }
        return AncestorTarget(path: path, query: query, part: part)
    }
}

/// Finds the numbers that address a tile.
struct TileNumbers {
    let path: [UInt8]
    let query: [UInt8]

    func place(_ service: MapRequest.Service) -> TilePlace? {
        switch service {
        case .wmts:
            if let place = named(.tileMatrix, column: .tileCol, row: .tileRow) { return place }
            // Set, matrix, row, column.
            guard let last = trailing(3) else { return nil }
            return TilePlace(level: last[0], column: last[2], row: last[1], countsFromSouth: false)
        case .tms:
            guard let last = trailing(3) else { return nil }
            return TilePlace(
                level: last[0], column: last[1], row: last[2], countsFromSouth: !isFlipped)
        case .gmaps:
            if let place = named(.zoom, column: .x, row: .y) { return place }
            guard let last = trailing(3) else { return nil }
            return TilePlace(level: last[0], column: last[1], row: last[2], countsFromSouth: false)
        case .wms, .other: return nil
        }
    }

    /// Whether each tile of its grid set is exactly four of the next level.
    ///
    /// Source: GeoWebCache user manual, "Grid sets" (EPSG:900913, EPSG:4326); OGC 07-057r7 annex E
    /// (GoogleMapsCompatible); OGC 17-083r4 annex D (WebMercatorQuad).
    func halves(_ service: MapRequest.Service, _ place: TilePlace) -> Bool {
        switch service {
        case .gmaps: return true
        case .wmts:
            // In a path the set stands before the matrix.
            guard place.level.isInPath else { return isKnown(gridSetInQuery, in: query) }
            return isKnown(segment(before: place.level), in: path)
        case .tms:
            // Layer, set and format in one segment, an `@` between them.
            guard let layer = segment(before: place.level) else { return false }
            let parts = path[layer.start..<layer.end].split(
                separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
            guard parts.count == 3 else { return false }
            return isKnown(QueryText(start: parts[1].startIndex, end: parts[1].endIndex), in: path)
        case .wms, .other: return false
        }
    }

    private func isKnown(_ name: QueryText?, in bytes: [UInt8]) -> Bool {
        let sets: [StaticString] = [
            "epsg:900913", "epsg:3857", "epsg:4326", "googlemapscompatible", "webmercatorquad",
            "urn:ogc:def:wkss:ogc:1.0:googlemapscompatible",
        ]
        guard let name else { return false }
        for set in sets where name.spells(set, in: unsafe bytes.span.bytes) { return true }
        return false
    }

    private var gridSetInQuery: QueryText? {
        let bytes = unsafe query.span.bytes
        var (walk, found) = (QueryWalk(), QueryText?.none)
        while let parameter = walk.next(in: bytes) {
            if MapParameter.named(parameter.name, in: bytes) == .tileMatrixSet {
                found = parameter.value
            }
        }
        return found
    }

    /// GeoWebCache counts rows from the north where `flipY=true` asks for that.
    private var isFlipped: Bool {
        let bytes = unsafe query.span.bytes
        var walk = QueryWalk()
        while let parameter = walk.next(in: bytes) {
            if parameter.name.spells("flipy", in: bytes) {
                return parameter.value.spells("true", in: bytes)
            }
        }
        return false
    }

    /// The segment before the one that a number stands in.
    private func segment(before number: WrittenNumber) -> QueryText? {
        path[..<number.range.lowerBound].lastIndex(of: UInt8(ascii: "/"))
            .flatMap { segment(endingAt: $0) }
    }

    private func segment(endingAt end: Int) -> QueryText? {
        guard end > 0, let slash = path[..<end].lastIndex(of: UInt8(ascii: "/")) else { return nil }
        return QueryText(start: slash + 1, end: end)
    }

    private func named(
        _ level: MapParameter, column: MapParameter, row: MapParameter
    ) -> TilePlace? {
        let bytes = unsafe query.span.bytes
        var found: [MapParameter: WrittenNumber] = [:]
        var walk = QueryWalk()
        while let parameter = walk.next(in: bytes) {
            guard let known = MapParameter.named(parameter.name, in: bytes),
                known == level || known == column || known == row
            else { continue }
            found[known] = number(in: query, parameter.value.start..<parameter.value.end, false)
        }
        guard let level = found[level], let column = found[column], let row = found[row] else {
            return nil
        }
        return TilePlace(level: level, column: column, row: row, countsFromSouth: false)
    }

    /// The last segments of the path, each with a number; what is behind a dot in the last one is
    /// its format.
    private func trailing(_ count: Int) -> [WrittenNumber]? {
        var numbers: [WrittenNumber] = []
        var end = path.count
        for index in 0..<count {
            guard let slash = path[..<end].lastIndex(of: UInt8(ascii: "/")) else { return nil }
            var stop = end
            if index == 0, let dot = path[slash..<end].firstIndex(of: UInt8(ascii: ".")) {
                stop = dot
            }
            guard let number = number(in: path, (slash + 1)..<stop, true) else { return nil }
            numbers.insert(number, at: 0)
            end = slash
        }
        return numbers
    }

    /// The number at the end of a text: all of it, or what is behind the last colon, since
    /// GeoWebCache calls its matrices `EPSG:900913:5`.
    private func number(
        in bytes: [UInt8], _ range: Range<Int>, _ isInPath: Bool
    ) -> WrittenNumber? {
        var start = range.upperBound
        while start > range.lowerBound, isDigit(bytes[start - 1]) { start -= 1 }
        let digits = start..<range.upperBound
        guard 1...9 ~= digits.count else { return nil }
        if start > range.lowerBound {
            // A colon may be percent-encoded, and then 3A stands before the digits.
            let isBehindColon =
                bytes[start - 1] == UInt8(ascii: ":")
                || start - range.lowerBound >= 3 && bytes[start - 3] == UInt8(ascii: "%")
                    && bytes[start - 2] == UInt8(ascii: "3") && bytes[start - 1] | 0x20 == 0x61
            guard isBehindColon else { return nil }
        }
        let value = bytes[digits].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return WrittenNumber(isInPath: isInPath, range: digits, value: value)
    }
}
