/// A rectangle of tiles that a server draws as one picture, with pixels around it that are cut off
/// again: GeoWebCache's metatile.
///
/// Blocks are counted from a matrix's north-west corner, so that a tile is in just one of them.
public struct TileBlock: Hashable, Sendable {
    /// The tile in the north-west.
    public internal(set) var first: TileAddress
    /// Tiles, at least 1 and together at least 2.
    public internal(set) var columns: Int
    public internal(set) var rows: Int
    /// Pixels on each side beyond the tiles, for labels and symbols whose middle lies there.
    public let gutter: Int

    /// Pixels of its picture, its gutter included.
    ///
    /// - Parameter tile: pixels of one tile.
    public func pictureSize(ofTiles tile: (width: Int, height: Int)) -> (width: Int, height: Int) {
        (columns * tile.width + 2 * gutter, rows * tile.height + 2 * gutter)
    }

    /// The tile in the south-east.
    var last: TileAddress {
        TileAddress(
            gridSet: Int(first.gridSet), level: Int(first.level),
            column: Int(first.column) + columns - 1, row: Int(first.row) + rows - 1)
    }

    /// The tiles, row by row from the north-west.
    public var addresses: [TileAddress] {
        (0..<rows).flatMap { row in
            (0..<columns).map { column in
                TileAddress(
                    gridSet: Int(first.gridSet), level: Int(first.level),
                    column: Int(first.column) + column, row: Int(first.row) + row)
            }
        }
    }
}

extension GridSets {
    /// The block that holds a tile; smaller at the matrix's east and south, and throughout where
    /// its picture would be larger than `PNGLimits.tiles` allow.
    ///
    /// - Returns: nil where there is no such tile, or the block would be the tile alone.
    public func block(
        of address: TileAddress, columns: Int, rows: Int, gutter: Int
    ) -> TileBlock? {
        let (set, level) = (Int(address.gridSet), Int(address.level))
        guard let matrix = matrix(set, level), box(of: address) != nil, columns > 0, rows > 0,
            gutter >= 0
        else { return nil }
        var block = TileBlock(first: address, columns: columns, rows: rows, gutter: gutter)
        while block.columns * block.rows > 1, !fits(block) {
            if block.columns >= block.rows {
                block.columns = (block.columns + 1) / 2
            } else {
                block.rows = (block.rows + 1) / 2
            }
        }
        let column = Int(address.column) / block.columns * block.columns
        let row = Int(address.row) / block.rows * block.rows
        block.first = TileAddress(gridSet: set, level: level, column: column, row: row)
        block.columns = min(block.columns, matrix.columns - column)
        block.rows = min(block.rows, matrix.rows - row)
        return block.columns * block.rows > 1 ? block : nil
    }

    private func fits(_ block: TileBlock) -> Bool {
        let limits = PNGLimits.tiles
        let size = block.pictureSize(ofTiles: tileSize(ofSet: Int(block.first.gridSet)))
        return size.width <= limits.side && size.height <= limits.side
            && size.width * size.height <= limits.pixels
    }

    /// What a block's picture shows, its gutter included: to the bit where its tiles end.
    func box(of block: TileBlock) -> BoundingBox? {
        guard let matrix = matrix(Int(block.first.gridSet), Int(block.first.level)),
            let first = box(of: block.first), let end = box(of: block.last)
        else { return nil }
        let edge = Double(block.gutter) * matrix.resolution
        return BoundingBox(
            west: first.west - edge, south: end.south - edge, east: end.east + edge,
            north: first.north + edge)
    }

    /// Pixels of one tile of a set.
    public func tileSize(ofSet index: Int) -> (width: Int, height: Int) {
        guard records.indices.contains(index) else { return (0, 0) }
        return (records[index].tileWidth, records[index].tileHeight)
    }
}

extension PNG {
    /// Cuts the tiles of a block out of its picture.
    ///
    /// Each has the very colours that the picture has there, and a palette of those it uses where
    /// they are few.
    ///
    /// - Parameters:
    ///   - bytes: the picture's file.
    ///   - tile: pixels of one tile.
    /// - Returns: a file for each tile, row by row from the north-west; nil when memory lacks.
    /// - Throws: if the file cannot be decoded, has samples of 16 bits, which would be rounded, or
    ///   is not of the block's size.
    public static func cut(
        _ bytes: RawSpan, into block: TileBlock, tile: (width: Int, height: Int), level: Int = 6
    ) throws(PNGError) -> [[UInt8]]? {
        let header = try PNGStructure(bytes, limits: .tiles).header
        guard header.bitDepth <= 8 else { throw .deepSamples }
        guard (header.width, header.height) == block.pictureSize(ofTiles: tile) else {
            throw .otherSize(width: header.width, height: header.height)
        }
        let picture = try decode(bytes)
        var files: [[UInt8]] = []
        for row in 0..<block.rows {
            for column in 0..<block.columns {
                let part = picture.cropped(
                    x: block.gutter + column * tile.width, y: block.gutter + row * tile.height,
                    width: tile.width, height: tile.height)
                guard let file = encode(part.withUsedColors, level: level) else { return nil }
                files.append(file)
            }
        }
        return files
    }
}

extension PixelBuffer {
    /// The same picture without the colours of its palette that no pixel has; those that are not
    /// opaque come first, so that a PNG need only say the opacity of these.
    var withUsedColors: PixelBuffer {
        guard layout == .indexed else { return self }
        var isUsed = [Bool](repeating: false, count: palette.count)
        for index in bytes { isUsed[Int(index)] = true }
        let used = palette.indices.filter { isUsed[$0] }
        let order =
            used.filter { palette[$0].alpha < 255 } + used.filter { palette[$0].alpha == 255 }
        var place = [UInt8](repeating: 0, count: palette.count)
        for (new, old) in order.enumerated() { place[old] = UInt8(new) }
        return PixelBuffer(
            width: width, height: height, palette: order.map { palette[$0] },
            indices: bytes.map { place[Int($0)] })
    }
}
