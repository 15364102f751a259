extension GridSets {
    /// How far a box may be from a tile's: a tenth of the resolution and a tenth of a tile, as
    /// GeoWebCache has it (`GridSet.closestIndex`).
    static let tolerance = 0.1
    /// Misfits that differ by less than this are the same tile of two sets, the earlier one's.
    private static let tie = 1e-4

    /// The tile that a map of this box and size is, nil if it is none.
    ///
    /// Of all sets with this reference system and tile size, the tile that fits best: sets in
    /// degrees have levels so near to each other that the first one to fit may not be the one
    /// that was meant. GeoWebCache looks at the width alone; here the height must fit as well.
    func address(
        of box: BoundingBox, system: ReferenceSystem, width: Int, height: Int
    ) -> TileAddress? {
        guard box.isProper else { return nil }
        var best: TileAddress?
        var bestMisfit = Double.infinity
        for index in records.indices {
            let record = records[index]
            guard record.system == system, record.tileWidth == width, record.tileHeight == height,
                !record.isTwin, let (address, misfit) = closest(to: box, in: index)
            else { continue }
            if misfit < bestMisfit - Self.tie { (best, bestMisfit) = (address, misfit) }
        }
        return best
    }

    private func closest(to box: BoundingBox, in set: Int) -> (TileAddress, Double)? {
        let record = records[set]
        let resolution = box.width / Double(record.tileWidth)
        let tall = box.height / Double(record.tileHeight)
        guard let level = level(closestTo: resolution, in: record.matrices) else { return nil }
        let matrix = matrices[record.matrices.lowerBound + level]
        let (wide, high) = (
            (resolution - matrix.resolution).magnitude / resolution,
            (tall - matrix.resolution).magnitude / resolution
        )
        guard wide <= Self.tolerance, high <= Self.tolerance else { return nil }
        // From the corner that GeoWebCache measures, the south-west.
        let x = (box.west - matrix.west) / matrix.tileSpan.width
        let y = (matrix.north - box.south) / matrix.tileSpan.height - 1
        guard x > -1, y > -1, x < Double(matrix.columns), y < Double(matrix.rows) else {
            return nil
        }
        let (column, row) = (rounded(x), rounded(y))
        let (across, down) = ((x - column).magnitude, (y - row).magnitude)
        guard across <= Self.tolerance, down <= Self.tolerance,
            0..<matrix.columns ~= Int(column), 0..<matrix.rows ~= Int(row)
        else { return nil }
        let address = TileAddress(gridSet: set, level: level, column: Int(column), row: Int(row))
        return (address, max(max(wide, high), max(across, down)))
    }

    private func level(closestTo resolution: Double, in range: Range<Int>) -> Int? {
        var best: Int?
        var bestDistance = Double.infinity
        // Resolutions fall, so that the distance has one lowest point.
        for index in range {
            let distance = (matrices[index].resolution - resolution).magnitude
            guard distance < bestDistance else { break }
            (best, bestDistance) = (index - range.lowerBound, distance)
        }
        return best
    }
}
