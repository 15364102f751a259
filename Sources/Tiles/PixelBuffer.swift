/// One colour with its opacity, eight bits each, not premultiplied.
public struct RGBA: Hashable, Sendable {
    public var red: UInt8
    public var green: UInt8
    public var blue: UInt8
    /// 255 is opaque, 0 clear.
    public var alpha: UInt8

    public init(red: UInt8, green: UInt8, blue: UInt8, alpha: UInt8 = 255) {
        self.red = red
        self.green = green
        self.blue = blue
        self.alpha = alpha
    }

    public static var clear: RGBA { RGBA(red: 0, green: 0, blue: 0, alpha: 0) }
    public static var white: RGBA { RGBA(red: 255, green: 255, blue: 255) }

    /// The four bytes as one number, red in the lowest.
    var packed: UInt32 {
        UInt32(red) | UInt32(green) << 8 | UInt32(blue) << 16 | UInt32(alpha) << 24
    }

    init(packed: UInt32) {
        red = UInt8(truncatingIfNeeded: packed)
        green = UInt8(truncatingIfNeeded: packed >> 8)
        blue = UInt8(truncatingIfNeeded: packed >> 16)
        alpha = UInt8(truncatingIfNeeded: packed >> 24)
    }
}

/// A decoded picture: rows from the top, pixels from the left, no padding.
public struct PixelBuffer: Equatable, Sendable {
    public enum Layout: Sendable {
        /// Four bytes a pixel, in the order of `RGBA`.
        case rgba
        /// One byte a pixel, which counts into the palette.
        case indexed
    }

    public let layout: Layout
    /// Pixels, at least 1.
    public let width: Int
    public let height: Int
    /// What `indexed` pixels mean, 1 to 256 colours; empty for `rgba`.
    public let palette: [RGBA]
    /// `width * height` pixels of one or four bytes.
    public internal(set) var bytes: [UInt8]

    /// A picture of these bytes.
    ///
    /// - Parameter bytes: `width * height * 4` of them.
    public init(width: Int, height: Int, rgba bytes: [UInt8]) {
        precondition(width > 0 && height > 0 && bytes.count == width * height * 4, "RGBA pixels")
        (layout, self.width, self.height, palette) = (.rgba, width, height, [])
        self.bytes = bytes
    }

    /// A picture of these indices, each of them below the palette's count, of which the caller
    /// sees to it.
    ///
    /// - Parameters:
    ///   - palette: 1 to 256 colours.
    ///   - bytes: `width * height` of them.
    public init(width: Int, height: Int, palette: [RGBA], indices bytes: [UInt8]) {
        precondition(1...256 ~= palette.count, "a palette of 1 to 256 colors")
        precondition(width > 0 && height > 0 && bytes.count == width * height, "indexed pixels")
        (layout, self.width, self.height, self.palette) = (.indexed, width, height, palette)
        self.bytes = bytes
    }

    /// The colour of a pixel, `x` from the left and `y` from the top.
    public subscript(x: Int, y: Int) -> RGBA {
        precondition(0..<width ~= x && 0..<height ~= y, "a pixel inside the picture")
        let pixel = y * width + x
        switch layout {
        case .indexed: return palette[Int(bytes[pixel])]
        case .rgba:
            let at = pixel * 4
            return RGBA(
                red: bytes[at], green: bytes[at + 1], blue: bytes[at + 2], alpha: bytes[at + 3])
        }
    }

    /// The same picture with four bytes a pixel.
    public var rgba: PixelBuffer {
        guard layout == .indexed else { return self }
        var expanded: [UInt8] = []
        expanded.reserveCapacity(bytes.count * 4)
        for index in bytes {
            let color = palette[Int(index)]
            expanded.append(color.red)
            expanded.append(color.green)
            expanded.append(color.blue)
            expanded.append(color.alpha)
        }
        return PixelBuffer(width: width, height: height, rgba: expanded)
    }

    /// The same picture with a palette, if it has no more than 256 colours; else nil.
    ///
    /// Colours stand in the order in which they first occur, those that are not opaque before the
    /// others, so that a PNG need only say the opacity of the first.
    public var indexed: PixelBuffer? {
        guard layout == .rgba else { return self }
        var numbers: [UInt32: UInt8] = [:]
        var found: [RGBA] = []
        var indices = [UInt8](repeating: 0, count: width * height)
        var last: (color: UInt32, index: UInt8)?
        for pixel in indices.indices {
            let color = packedPixel(pixel)
            if let last, last.color == color {
                indices[pixel] = last.index
                continue
            }
            if numbers[color] == nil {
                guard found.count < 256 else { return nil }
                numbers[color] = UInt8(found.count)
                found.append(RGBA(packed: color))
            }
            let index = numbers[color] ?? 0
            indices[pixel] = index
            last = (color, index)
        }
        let order =
            found.indices.filter { found[$0].alpha < 255 }
            + found.indices.filter { found[$0].alpha == 255 }
        var place = [UInt8](repeating: 0, count: 256)
        for (new, old) in order.enumerated() { place[old] = UInt8(new) }
        for pixel in indices.indices { indices[pixel] = place[Int(indices[pixel])] }
        return PixelBuffer(
            width: width, height: height, palette: order.map { found[$0] }, indices: indices)
    }

    private func packedPixel(_ pixel: Int) -> UInt32 {
        let at = pixel * 4
        return UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16
            | UInt32(bytes[at + 3]) << 24
    }

    /// A part of the picture, such as one tile of a metatile; the layout and palette stay.
    ///
    /// - Parameters: x, y, width, height: pixels; the part lies inside the picture.
    public func cropped(x: Int, y: Int, width: Int, height: Int) -> PixelBuffer {
        precondition(x >= 0 && y >= 0 && width > 0 && height > 0, "a part with pixels")
        precondition(x + width <= self.width && y + height <= self.height, "a part inside")
        let size = layout == .rgba ? 4 : 1
        var part: [UInt8] = []
        part.reserveCapacity(width * height * size)
        for row in y..<(y + height) {
            let start = (row * self.width + x) * size
            part += bytes[start..<(start + width * size)]
        }
        return layout == .rgba
            ? PixelBuffer(width: width, height: height, rgba: part)
            : PixelBuffer(width: width, height: height, palette: palette, indices: part)
    }
}
