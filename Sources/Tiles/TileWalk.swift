/// Where tiles are walked, in the units of their grid set.
public enum TileArea: Equatable, Sendable {
    /// All that the grid set covers.
    case everywhere
    case box(BoundingBox)
    /// What lies in any of them; they may overlap.
    case polygons([Polygon])

    fileprivate var box: BoundingBox? {
        switch self {
        case .everywhere: BoundingBox(west: -1e12, south: -1e12, east: 1e12, north: 1e12)
        case .box(let box): box
        case .polygons(let polygons): Polygon(rings: polygons.flatMap(\.rings)).box
        }
    }
}

/// The tiles of some levels that have more than an edge in common with an area: from coarse to
/// fine, and in a level row by row from the north, each from the west.
///
/// The order is always the same, so that a walk goes on where another one of the same values
/// ended: `skip` it as many tiles as are done. Holds one row, however many tiles there are.
public struct TileWalk: Sendable {
    private let sets: GridSets
    private let gridSet: Int
    private let area: TileArea
    private let levels: ClosedRange<Int>
    /// The level that is walked, its rows that are left behind the present one, and of that one the
    /// columns that are left.
    private var level: Int
    private var rows: Range<Int> = 0..<0
    private var row = 0
    private var columns: [ClosedRange<Int>] = []

    /// - Parameter levels: those that the set does not have are passed over.
    public init(_ sets: GridSets, gridSet: Int, levels: ClosedRange<Int>, area: TileArea) {
        (self.sets, self.gridSet, self.levels, self.area) = (sets, gridSet, levels, area)
        level = levels.lowerBound
        rows = rowsTouched(level)
    }

    public mutating func next() -> TileAddress? {
        guard findColumns(), let range = columns.first else { return nil }
        if range.count == 1 {
            columns.removeFirst()
        } else {
            columns[0] = (range.lowerBound + 1)...range.upperBound
        }
        return TileAddress(gridSet: gridSet, level: level, column: range.lowerBound, row: row)
    }

    /// Passes over so many tiles, in time that goes by rows.
    public mutating func skip(_ count: Int) {
        var left = count
        while left > 0, findColumns(), let range = columns.first {
            let taken = min(left, range.count)
            left -= taken
            if taken == range.count {
                columns.removeFirst()
            } else {
                columns[0] = (range.lowerBound + taken)...range.upperBound
            }
        }
    }

    /// How many tiles each level has, from the start of the walk wherever it stands. Linear in
    /// levels, for a polygon in rows and its points.
    public func counts() -> [(level: Int, tiles: Int)] {
        levels.map { level in
            let rows = rowsTouched(level)
            guard case .polygons = area else {
                let first = rows.first.map { columns(level, $0) } ?? []
                return (level, rows.count * first.reduce(0) { $0 + $1.count })
            }
            return (
                level,
                rows.reduce(0) { sum, row in
                    sum + columns(level, row).reduce(0) { $0 + $1.count }
                }
            )
        }
    }

    /// Goes on until there is a column; false at the end.
    private mutating func findColumns() -> Bool {
        while columns.isEmpty {
            if rows.isEmpty {
                guard level < levels.upperBound else { return false }
                level += 1
                rows = rowsTouched(level)
                continue
            }
            row = rows.lowerBound
            rows = rows.dropFirst()
            columns = columns(level, row)
        }
        return true
    }

    private func rowsTouched(_ level: Int) -> Range<Int> {
        guard let box = area.box,
            let range = sets.tiles(of: gridSet, level: level, touching: box)
        else { return 0..<0 }
        return Range(range.rows)
    }

    /// The columns of a row, in order and apart.
    private func columns(_ level: Int, _ row: Int) -> [ClosedRange<Int>] {
        guard let matrix = sets.matrix(gridSet, level) else { return [] }
        let north = matrix.north - Double(row) * matrix.tileSpan.height
        let south = north - matrix.tileSpan.height
        // An edge along the band's own has nothing in common with it.
        let hair = matrix.tileSpan.height * 1e-6
        var found: [ClosedRange<Int>] = []
        for span in spans(south: south + hair, north: north - hair) {
            let part = BoundingBox(
                west: span.west, south: south + hair, east: span.east, north: north - hair)
            guard let range = sets.tiles(of: gridSet, level: level, touching: part)?.columns
            else { continue }
            if let last = found.last, range.lowerBound <= last.upperBound + 1 {
                found[found.count - 1] =
                    last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                found.append(range)
            }
        }
        return found
    }

    private func spans(south: Double, north: Double) -> [(west: Double, east: Double)] {
        if case .polygons(let polygons) = area {
            return Polygon.spans(of: polygons, south: south, north: north)
        }
        return area.box.map { [($0.west, $0.east)] } ?? []
    }
}
