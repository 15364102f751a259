/// All grid sets that an edge knows, laid out so that finding a tile follows no reference.
///
/// Made once from `GridSet` values when a configuration is read, and then never changed: an index
/// in it means the same set as long as it lives. Keys name sets, not indices.
public struct GridSets: Sendable {
    public static let levelsMax = 64

    /// One tile matrix.
    struct Matrix: Sendable {
        var resolution: Double
        /// The north-west corner of tile (0, 0).
        var west: Double
        var north: Double
        var tileSpan: (width: Double, height: Double)
        var columns: Int
        var rows: Int
        var name: Range<Int>
    }

    struct Record: Sendable {
        var system: ReferenceSystem
        var isNorthingFirst: Bool?
        var tileWidth: Int
        var tileHeight: Int
        var matrices: Range<Int>
        /// In keys; it begins with the identifier.
        var name: Range<Int>
        /// By which services ask for it.
        var identifier: Range<Int>
        var nameHash: UInt64
        var aliases: Range<Int>
        var metersPerUnit: Double
        /// Its tiles are all those of an earlier set, which gives them their names.
        var isTwin = false
        /// A pool has told of it: its name has a version.
        var isPools: Bool { identifier.count < name.count }
        /// The pool means another set by this name.
        var isForeign = false
    }

    private(set) var records: [Record] = []
    private(set) var matrices: [Matrix] = []
    /// Ranges of further names.
    private(set) var aliases: [Range<Int>] = []
    private var names: [UInt8] = []

    /// GeoWebCache's and OGC's own.
    public static let wellKnown = GridSets(GridSet.wellKnown)

    /// Earlier sets go before later ones where both have the same tile.
    ///
    /// A set with a `defect` is left out: its reader has to refuse it before.
    public init(_ sets: [GridSet]) {
        for set in sets where set.defect == nil { append(set) }
    }

    public var count: Int { records.count }

    mutating func markForeign(_ index: Int) { records[index].isForeign = true }

    /// - Parameter twins: of each level, the one of an earlier set that it is.
    mutating func append(_ set: GridSet, twins: [Matrix]? = nil) {
        let first = matrices.count
        for (index, level) in set.levels.enumerated() {
            var matrix = matrix(level, of: set)
            if let twin = twins?[index] {
                // To the last bit, so that no box is nearer to this one.
                (matrix.resolution, matrix.tileSpan) = (twin.resolution, twin.tileSpan)
                (matrix.west, matrix.north) = (twin.west, twin.north)
            }
            matrices.append(matrix)
        }
        let firstAlias = aliases.count
        for alias in set.aliases { aliases.append(keep(alias)) }
        let name = keep(set.name + (set.version.isEmpty ? "" : "~" + set.version))
        records.append(
            Record(
                system: .canonical(set.code), isNorthingFirst: set.isNorthingFirst,
                tileWidth: set.tileWidth, tileHeight: set.tileHeight,
                matrices: first..<matrices.count, name: name,
                identifier: name.prefix(set.name.utf8.count),
                nameHash: Self.nameHash(set.name),
                aliases: firstAlias..<aliases.count, metersPerUnit: set.metersPerUnit,
                isTwin: twins != nil))
    }

    private mutating func matrix(_ level: GridSet.Level, of set: GridSet) -> Matrix {
        let width = level.resolution * Double(set.tileWidth)
        let height = level.resolution * Double(set.tileHeight)
        if let place = level.place {
            return Matrix(
                resolution: level.resolution, west: place.west, north: place.north,
                tileSpan: (width, height), columns: place.columns, rows: place.rows,
                name: keep(level.name))
        }
        // A hair less than a tile more is rounding, not a tile.
        let columns = max(1, Int(ceiled(set.extent.width / width - 1e-3)))
        let rows = max(1, Int(ceiled(set.extent.height / height - 1e-3)))
        let north =
            set.origin == .topLeft ? set.extent.north : set.extent.south + Double(rows) * height
        return Matrix(
            resolution: level.resolution, west: set.extent.west, north: north,
            tileSpan: (width, height), columns: columns, rows: rows, name: keep(level.name))
    }

    private mutating func keep(_ name: String) -> Range<Int> {
        let start = names.count
        names += Array(name.utf8)
        return start..<names.count
    }

    // MARK: Looking up

    func name(_ range: Range<Int>) -> ArraySlice<UInt8> { names[range] }

    func nameByte(_ index: Int) -> UInt8 { names[index] }

    func matrix(_ gridSet: Int, _ level: Int) -> Matrix? {
        guard records.indices.contains(gridSet) else { return nil }
        let range = records[gridSet].matrices
        guard 0..<range.count ~= level else { return nil }
        return matrices[range.lowerBound + level]
    }

    /// The name by which canonical keys call a set.
    public func name(ofSet index: Int) -> String? {
        guard records.indices.contains(index) else { return nil }
        return String(decoding: names[records[index].name], as: UTF8.self)
    }

    public func system(ofSet index: Int) -> ReferenceSystem {
        records.indices.contains(index) ? records[index].system : .unknown
    }

    /// Whether WMS 1.3.0 names the northing first; nil where no set of this system says so.
    func isNorthingFirst(_ system: ReferenceSystem) -> Bool? {
        for index in records.indices where records[index].system == system {
            if let isNorthingFirst = records[index].isNorthingFirst { return isNorthingFirst }
        }
        return nil
    }

    /// The box that a tile covers exactly; nil if there is no such tile.
    public func box(of address: TileAddress) -> BoundingBox? {
        guard let matrix = matrix(Int(address.gridSet), Int(address.level)) else { return nil }
        let (column, row) = (Int(address.column), Int(address.row))
        guard 0..<matrix.columns ~= column, 0..<matrix.rows ~= row else { return nil }
        return BoundingBox(
            west: matrix.west + Double(column) * matrix.tileSpan.width,
            south: matrix.north - Double(row + 1) * matrix.tileSpan.height,
            east: matrix.west + Double(column + 1) * matrix.tileSpan.width,
            north: matrix.north - Double(row) * matrix.tileSpan.height)
    }

    /// The tile `levels` further up that holds this one whole; nil where the pyramid ends or does
    /// not halve.
    public func ancestor(of address: TileAddress, levels: Int) -> (TileAddress, TilePart)? {
        let (set, level) = (Int(address.gridSet), Int(address.level))
        guard 1...TilePart.levelsMax ~= levels, level >= levels,
            let fine = matrix(set, level), let coarse = matrix(set, level - levels)
        else { return nil }
        let ratio = coarse.resolution / fine.resolution / Double(1 << levels)
        guard (ratio - 1).magnitude < 1e-9, let box = box(of: address) else { return nil }
        // Matrices may begin at different corners, so that the place is measured.
        let column = rounded((box.west - coarse.west) / fine.tileSpan.width)
        let row = rounded((coarse.north - box.north) / fine.tileSpan.height)
        guard column >= 0, row >= 0, column < 2e9, row < 2e9,
            let part = TilePart(levels: levels, tileColumn: Int(column), tileRow: Int(row))
        else { return nil }
        let parent = TileAddress(
            gridSet: set, level: level - levels, column: Int(column) >> levels,
            row: Int(row) >> levels)
        return (parent, part)
    }
}
