/// The tiles of one level that a box touches: what a seed counts and an invalidation covers.
public struct TileRange: Equatable, Sendable {
    public var gridSet: Int
    public var level: Int
    /// Counted as in `TileAddress`; not empty.
    public var columns: ClosedRange<Int>
    public var rows: ClosedRange<Int>

    /// Tiles in it.
    public var count: Int { columns.count * rows.count }

    public func contains(_ address: TileAddress) -> Bool {
        Int(address.gridSet) == gridSet && Int(address.level) == level
            && columns.contains(Int(address.column)) && rows.contains(Int(address.row))
    }
}

extension GridSets {
    /// The tiles of a level that have more than an edge in common with `box`, which is in the
    /// set's own reference system; nil if there are none, or no such level.
    public func tiles(of gridSet: Int, level: Int, touching box: BoundingBox) -> TileRange? {
        guard let matrix = matrix(gridSet, level), box.isProper else { return nil }
        // Rounding must not bring in a neighbour that only has the edge.
        func span(_ low: Double, _ high: Double, _ count: Int) -> ClosedRange<Int>? {
            let first = max(floored(low + 1e-6), 0)
            let last = min(ceiled(high - 1e-6) - 1, Double(count - 1))
            return first <= last ? Int(first)...Int(last) : nil
        }
        let (width, height) = (matrix.tileSpan.width, matrix.tileSpan.height)
        guard
            let columns = span(
                (box.west - matrix.west) / width, (box.east - matrix.west) / width,
                matrix.columns),
            let rows = span(
                (matrix.north - box.north) / height, (matrix.north - box.south) / height,
                matrix.rows)
        else { return nil }
        return TileRange(gridSet: gridSet, level: level, columns: columns, rows: rows)
    }
}
