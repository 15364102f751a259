/// A picture of one colour, shown when nothing better can be: law 7.
///
/// What every decoder takes, and small: a 256 × 256 tile is about 130 bytes as PNG, the largest
/// that is ever asked for (4096 × 4096) stays under 70 KB in each format. Made when needed, off
/// the hit path.
public enum BlankTile {
    /// A picture's bytes and their Content-Type.
    public struct Picture: Sendable {
        public var bytes: [UInt8]
        public var contentType: StaticString
    }

    /// The picture that answers a map request: its size, its format, and clear if it asked for
    /// that. Formats without a writer here get PNG, which every viewer of images decodes.
    public static func picture(for request: MapRequest) -> Picture {
        let (width, height) = (Int(request.width), Int(request.height))
        switch request.format {
        case .jpeg:
            return Picture(bytes: jpeg(width: width, height: height), contentType: "image/jpeg")
        case .gif:
            let bytes = gif(width: width, height: height, isTransparent: request.isTransparent)
            return Picture(bytes: bytes, contentType: "image/gif")
        default:
            let bytes = png(width: width, height: height, isTransparent: request.isTransparent)
            return Picture(bytes: bytes, contentType: "image/png")
        }
    }

    /// A PNG of one bit per pixel, clear or white.
    ///
    /// - Parameters: width, height: pixels, 1...65,535.
    public static func png(width: Int, height: Int, isTransparent: Bool = true) -> [UInt8] {
        precondition(1...65_535 ~= width && 1...65_535 ~= height, "a picture of 1...65535 pixels")
        var picture = PNGWriter(
            PNGHeader(width: width, height: height, bitDepth: 1, colorType: .palette))
        picture.append(.palette, [0xFF, 0xFF, 0xFF])
        if isTransparent { picture.append(.transparency, [0]) }
        // Each row is a filter byte and its pixels, all zero.
        picture.writeZeros(count: height * (1 + (width + 7) / 8))
        return picture.finish()
    }

    /// A GIF of one colour, clear or white.
    ///
    /// - Parameters: width, height: pixels, 1...65,535.
    public static func gif(width: Int, height: Int, isTransparent: Bool = true) -> [UInt8] {
        precondition(1...65_535 ~= width && 1...65_535 ~= height, "a picture of 1...65535 pixels")
        var picture = GIFWriter(width: width, height: height, isTransparent: isTransparent)
        picture.writeRun(count: width * height)
        return picture.finish()
    }

    /// A white baseline JPEG; the format knows no transparency.
    ///
    /// - Parameters: width, height: pixels, 1...65,535.
    public static func jpeg(width: Int, height: Int) -> [UInt8] {
        precondition(1...65_535 ~= width && 1...65_535 ~= height, "a picture of 1...65535 pixels")
        return JPEGWriter.white(width: width, height: height)
    }
}
