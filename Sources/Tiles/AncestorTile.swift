/// Which part of an ancestor's picture a tile covers: the tile's place among the `2^levels` in a
/// row and in a column that the ancestor splits into.
///
/// Columns count from the left, rows from the top, whatever the protocol's own order is.
public struct TilePart: Hashable, Sendable {
    /// Zoom levels between the two: 1 for the parent, 2 for the grandparent.
    public let levels: Int
    public let column: Int
    public let row: Int

    /// Farther ancestors show one pixel as a whole tile, which tells nobody anything.
    public static let levelsMax = 8

    /// nil if there is no such part, or more than `levelsMax` levels between.
    public init?(levels: Int, column: Int, row: Int) {
        guard 1...Self.levelsMax ~= levels else { return nil }
        guard 0..<(1 << levels) ~= column, 0..<(1 << levels) ~= row else { return nil }
        (self.levels, self.column, self.row) = (levels, column, row)
    }

    /// The part that the tile at this address of its zoom level covers; `row` counts from the top.
    public init?(levels: Int, tileColumn column: Int, tileRow row: Int) {
        guard 1...Self.levelsMax ~= levels, column >= 0, row >= 0 else { return nil }
        let mask = 1 << levels - 1
        self.init(levels: levels, column: column & mask, row: row & mask)
    }
}

/// How pixels between those of the source are found.
public enum Resampling: Sendable {
    /// The nearest pixel's colour: keeps a palette and sharp edges.
    case nearest
    /// The four nearest pixels' mean by distance, clear ones without their colour; gives RGBA.
    case bilinear
}

extension PixelBuffer {
    /// The part of this picture, enlarged to the picture's own size.
    ///
    /// By `bilinear`, pixels at the part's edge take those beyond it into account, so that
    /// neighbouring parts meet without a seam.
    public func enlarged(_ part: TilePart, _ resampling: Resampling = .nearest) -> PixelBuffer {
        switch resampling {
        case .nearest: nearest(part)
        case .bilinear: rgba.bilinear(part)
        }
    }

    private func nearest(_ part: TilePart) -> PixelBuffer {
        let size = layout == .rgba ? 4 : 1
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        let left = part.column * width
        var lastRow = -1
        for y in 0..<height {
            let row = (part.row * height + y) >> part.levels
            // Enlarged rows repeat.
            if row == lastRow {
                output += output[(output.count - width * size)...]
                continue
            }
            lastRow = row
            for x in 0..<width {
                let at = (row * width + (left + x) >> part.levels) * size
                for offset in 0..<size { output.append(bytes[at + offset]) }
            }
        }
        var copy = self
        copy.bytes = output
        return copy
    }

    private func bilinear(_ part: TilePart) -> PixelBuffer {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        let columns = (0..<width).map {
            Neighbours(part.column * width + $0, levels: part.levels, count: width)
        }
        // The four weights of a pixel add up to this.
        let whole = 1 << (2 * (part.levels + 1))
        for y in 0..<height {
            let rows = Neighbours(part.row * height + y, levels: part.levels, count: height)
            for column in columns {
                let places = [
                    (rows.first * width + column.first, rows.firstWeight * column.firstWeight),
                    (rows.first * width + column.second, rows.firstWeight * column.secondWeight),
                    (rows.second * width + column.first, rows.secondWeight * column.firstWeight),
                    (rows.second * width + column.second, rows.secondWeight * column.secondWeight),
                ]
                var sums = (red: 0, green: 0, blue: 0, alpha: 0)
                for (pixel, weight) in places {
                    let at = pixel * 4
                    let alpha = Int(bytes[at + 3]) * weight
                    sums.red += Int(bytes[at]) * alpha
                    sums.green += Int(bytes[at + 1]) * alpha
                    sums.blue += Int(bytes[at + 2]) * alpha
                    sums.alpha += alpha
                }
                let alpha = max(sums.alpha, 1)
                output.append(UInt8((sums.red + alpha / 2) / alpha))
                output.append(UInt8((sums.green + alpha / 2) / alpha))
                output.append(UInt8((sums.blue + alpha / 2) / alpha))
                output.append(UInt8((sums.alpha + whole / 2) / whole))
            }
        }
        return PixelBuffer(width: width, height: height, rgba: output)
    }
}

/// The two source pixels around an enlarged one, on one axis, and their weights.
private struct Neighbours {
    var first: Int
    var second: Int
    var firstWeight: Int
    var secondWeight: Int

    /// - Parameters:
    ///   - place: the enlarged pixel, counted from the edge of the whole enlarged source.
    ///   - count: pixels of the source.
    init(_ place: Int, levels: Int, count: Int) {
        let scale = 1 << (levels + 1)
        // The pixel's middle, in the source's pixels' middles, times `scale`.
        let middle = 2 * place + 1 - 1 << levels
        let floor = middle >> (levels + 1)
        first = max(floor, 0)
        second = min(floor + 1, count - 1)
        secondWeight = middle - floor * scale
        firstWeight = scale - secondWeight
    }
}

extension PNG {
    /// A tile's PNG made of an ancestor's, of the same size, for when the tile cannot be had.
    ///
    /// - Parameters:
    ///   - ancestor: the file of the parent, or of a tile further up.
    ///   - part: where in it the tile lies.
    ///   - resampling: `bilinear` suits photographs; a picture with a palette is always taken by
    ///     `nearest`, which invents no colours that a legend lacks.
    /// - Returns: nil when memory lacks.
    /// - Throws: if the ancestor's file is no PNG that can be decoded within the limits.
    public static func tile(
        _ part: TilePart, of ancestor: RawSpan, _ resampling: Resampling = .nearest,
        limits: PNGLimits = .tiles
    ) throws(PNGError) -> [UInt8]? {
        let source = try decode(ancestor, limits: limits)
        let isIndexed = source.layout == .indexed
        // It is shown for seconds: speed matters more than size.
        return encode(source.enlarged(part, isIndexed ? .nearest : resampling), level: 1)
    }
}
