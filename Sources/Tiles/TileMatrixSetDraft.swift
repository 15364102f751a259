/// A tile matrix set as a document says it, until it is a grid set.
struct TileMatrixSetDraft: Sendable {
    /// Why it cannot be one, as the rest of a sentence.
    struct Problem: Error {
        var text: String

        init(_ text: String) { self.text = text }
    }

    struct Matrix: Sendable {
        var name = ""
        var scale = 0.0
        /// As they are written.
        var corner: [Double] = []
        var tile: (width: Int, height: Int) = (0, 0)
        var size: (columns: Int, rows: Int) = (0, 0)
    }

    var name = ""
    var system = ""
    private var matrices: [Matrix] = []
    private var isTooLong = false

    mutating func beginMatrix() {
        isTooLong = isTooLong || matrices.count == GridSets.levelsMax
        if !isTooLong { matrices.append(Matrix()) }
    }

    /// Takes in an element of the last matrix.
    mutating func note(_ name: String, _ value: String) {
        guard !isTooLong, !matrices.isEmpty else { return }
        let last = matrices.count - 1
        switch name {
        case "Identifier": matrices[last].name = value
        case "ScaleDenominator": matrices[last].scale = Double(value) ?? 0
        case "TopLeftCorner":
            matrices[last].corner = value.split(separator: " ").compactMap { Double($0) }
        case "TileWidth": matrices[last].tile.width = Int(value) ?? 0
        case "TileHeight": matrices[last].tile.height = Int(value) ?? 0
        case "MatrixWidth": matrices[last].size.columns = Int(value) ?? 0
        case "MatrixHeight": matrices[last].size.rows = Int(value) ?? 0
        default: break
        }
    }

    // MARK: what it is

    /// - Parameter known: of a system in which one of these is, it says unit and axes.
    func gridSet(_ known: GridSets) -> Result<GridSet, Problem> {
        do throws(Problem) { return .success(try made(known)) } catch { return .failure(error) }
    }

    private func made(_ known: GridSets) throws(Problem) -> GridSet {
        guard !name.isEmpty, name.utf8.count <= PoolGridSetsReader.nameBytes else {
            throw Problem("has no name that could be kept")
        }
        guard !isTooLong else { throw Problem("has more than \(GridSets.levelsMax) levels") }
        guard let first = matrices.first else { throw Problem("has no level") }
        guard let (code, isByRegistry) = Self.code(system) else {
            let said = String(decoding: system.utf8.prefix(80), as: UTF8.self)
            throw Problem("is in \"\(said)\", which is no system of the EPSG")
        }
        let epsg = ReferenceSystem.canonical(code)
        guard let axes = known.axes(epsg) ?? SystemAxes(epsg) else {
            throw Problem(
                "is in EPSG:\(code), of which neither unit nor order of axes are known here")
        }
        guard matrices.allSatisfy({ $0.tile == first.tile }) else {
            throw Problem("has tiles of several sizes")
        }
        var levels: [GridSet.Level] = []
        for matrix in matrices {
            levels.append(
                try level(matrix, axes, isNorthingFirst: isByRegistry && axes.isNorthingFirst))
        }
        // From coarse to fine, in whatever order they are listed.
        levels.sort { $0.resolution > $1.resolution }
        let tile = (width: Double(first.tile.width), height: Double(first.tile.height))
        try mend(&levels, tile, isDegrees: axes.metersPerUnit > 1_000)
        var set = GridSet(
            name: name, code: code, isNorthingFirst: axes.isNorthingFirst,
            extent: try Self.extent(levels, tile), origin: .topLeft, tileSize: first.tile,
            levels: levels)
        set.metersPerUnit = axes.metersPerUnit
        set.version = Self.version(set)
        if let defect = set.defect { throw Problem(defect) }
        return set
    }

    private func level(
        _ matrix: Matrix, _ axes: SystemAxes, isNorthingFirst: Bool
    ) throws(Problem) -> GridSet.Level {
        var name = matrix.name[...]
        // GeoWebCache puts the set's name and a colon before it.
        if name.hasPrefix(self.name + ":") { name = name.dropFirst(self.name.count + 1) }
        func lacks(_ what: String) -> Problem { Problem("has no \(what) at level \(name)") }
        guard !name.isEmpty, name.utf8.count <= PoolGridSetsReader.nameBytes else {
            throw Problem("has a level without a name that could be kept")
        }
        guard matrix.scale > 0, matrix.scale < 1e13 else { throw lacks("ScaleDenominator") }
        guard matrix.corner.count == 2, matrix.corner.allSatisfy({ $0.magnitude <= 1e9 }) else {
            throw lacks("TopLeftCorner")
        }
        guard matrix.tile.width > 0, matrix.tile.height > 0 else { throw lacks("size of tiles") }
        guard matrix.size.columns > 0, matrix.size.rows > 0 else { throw lacks("size") }
        var (west, north) = (matrix.corner[0], matrix.corner[1])
        if isNorthingFirst { swap(&west, &north) }
        // A pixel has 0.28 mm (OGC 07-057r7 §6.1).
        let resolution = matrix.scale * 0.000_28 / axes.metersPerUnit
        if axes.metersPerUnit > 1_000 {
            // Whoever has put the longitude first, or last, against the rule.
            let isOff = west >= 180 || west < -360 || north <= -90 || north > 360
            if isOff { swap(&west, &north) }
            guard west < 180, west >= -360, north > -90, north <= 360 else {
                throw Problem("lies outside of the world at level \(name)")
            }
        }
        return GridSet.Level(
            resolution: resolution, name: String(name),
            place: GridSet.Place(
                west: west, north: north, columns: matrix.size.columns, rows: matrix.size.rows))
    }

    /// Undoes what GeoWebCache does to sets that it lays from the south: it rounds the northern
    /// edge to whole units (`GridSet.getOrderedTopLeftCorner`), so that their southern edges, which
    /// are one, seem to lie apart by up to a unit.
    private func mend(
        _ levels: inout [GridSet.Level], _ tile: (width: Double, height: Double), isDegrees: Bool
    ) throws(Problem) {
        let places = levels.compactMap(\.place)
        guard places.allSatisfy({ $0.north.isFinite && $0.north == rounded($0.north) }) else {
            return
        }
        let souths = zip(levels, places).map { level, place in
            place.north - Double(place.rows) * level.resolution * tile.height
        }
        guard let low = souths.min(), let high = souths.max(), high - low <= 1.01 else { return }
        if isDegrees {
            // A unit is a hundred kilometres there.
            guard high - low < 1e-6 else {
                throw Problem("has rounded corners, so that its levels lie apart")
            }
            return
        }
        let west = places[0].west
        var south = high - low < 1e-6 ? high : (low + high) / 2
        // A square world begins as far in the south as in the west.
        if (south - west).magnitude <= 0.51 {
            south = west
        } else if high - low < 1e-6 {
            return
        }
        for index in levels.indices {
            let height = levels[index].resolution * tile.height
            guard let rows = levels[index].place?.rows else { continue }
            levels[index].place?.north = south + Double(rows) * height
        }
    }

    private static func extent(
        _ levels: [GridSet.Level], _ tile: (width: Double, height: Double)
    ) throws(Problem) -> BoundingBox {
        var box: BoundingBox?
        for level in levels {
            guard let place = level.place, place.columns < 2_000_000_000,
                place.rows < 2_000_000_000
            else { throw Problem("has too many tiles at level \(level.name)") }
            let own = BoundingBox(
                west: place.west,
                south: place.north - Double(place.rows) * level.resolution * tile.height,
                east: place.west + Double(place.columns) * level.resolution * tile.width,
                north: place.north)
            guard let all = box else {
                box = own
                continue
            }
            // Levels of one set show one part of the world.
            guard own.overlaps(all) else {
                throw Problem("has levels that lie apart, such as \(level.name)")
            }
            box = BoundingBox(
                west: min(all.west, own.west), south: min(all.south, own.south),
                east: max(all.east, own.east), north: max(all.north, own.north))
        }
        guard let box else { throw Problem("has no level") }
        return box
    }

    /// Of all that makes a tile what it is.
    private static func version(_ set: GridSet) -> String {
        var hash = FNV()
        hash.add("\(set.code) \(set.tileWidth) \(set.tileHeight)")
        for level in set.levels {
            guard let place = level.place else { continue }
            hash.add(
                "\(level.resolution) \(place.west) \(place.north) \(place.columns) \(place.rows)")
        }
        return String(UInt32(truncatingIfNeeded: hash.value ^ hash.value >> 32), radix: 16)
    }

    /// The EPSG's number that SupportedCRS names, and whether by a name that goes by the registry's
    /// order of axes: `urn:ogc:def:crs:EPSG::2193`, `http://www.opengis.net/def/crs/EPSG/0/2193`.
    private static func code(_ system: String) -> (Int, isByRegistry: Bool)? {
        let text = system.lowercased()
        let parts = text.split { $0 == ":" || $0 == "/" }
        guard let last = parts.last else { return nil }
        if ["crs84", "84"].contains(last), parts.contains(where: { $0 == "ogc" || $0 == "crs" }) {
            return (4326, false)
        }
        guard parts.contains("epsg"), let code = Int(last), 1...99_999_999 ~= code else {
            return nil
        }
        return (code, text.hasPrefix("urn:") || text.hasPrefix("http"))
    }
}

extension GridSets {
    /// What the operator, or OGC, has said of a system.
    fileprivate func axes(_ system: ReferenceSystem) -> SystemAxes? {
        guard
            let record = records.first(where: {
                $0.system == system && $0.isNorthingFirst != nil
            }), let isNorthingFirst = record.isNorthingFirst
        else { return nil }
        return SystemAxes(
            isNorthingFirst: isNorthingFirst, metersPerUnit: record.metersPerUnit)
    }
}
