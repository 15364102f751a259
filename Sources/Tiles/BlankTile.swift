/// A picture of one colour, shown when nothing better can be: law 7.
///
/// The colour is the one that the request names for all that shows nothing: BLANK of OGC 06-042
/// §7.3.3.11.
///
/// What every decoder takes, and small: a 256 × 256 tile is about 130 bytes as PNG, the largest
/// that is ever asked for (4096 × 4096) stays under 70 KB in each format, a JPEG that is not grey
/// under 100 KB. Made when needed, off the hit path.
public enum BlankTile {
    /// A picture's bytes and their Content-Type.
    public struct Picture: Sendable {
        public var bytes: [UInt8]
        public var contentType: StaticString
    }

    /// White to whoever cannot show what is clear.
    public static var clear: RGBA { RGBA(red: 255, green: 255, blue: 255, alpha: 0) }

    /// The picture that answers a map request: its size, its format, and clear if it asked for
    /// that, else of its background's colour. Formats without a writer here get PNG, which every
    /// viewer of images decodes.
    public static func picture(for request: MapRequest) -> Picture {
        let (width, height) = (Int(request.width), Int(request.height))
        var color = request.background
        if request.isTransparent { color.alpha = 0 }
        switch request.format {
        case .jpeg:
            let bytes = jpeg(width: width, height: height, color: request.background)
            return Picture(bytes: bytes, contentType: "image/jpeg")
        case .gif:
            let bytes = gif(width: width, height: height, color: color)
            return Picture(bytes: bytes, contentType: "image/gif")
        case .webp:
            let bytes = webp(width: width, height: height, color: color)
            return Picture(bytes: bytes, contentType: "image/webp")
        default:
            let bytes = png(width: width, height: height, color: color)
            return Picture(bytes: bytes, contentType: "image/png")
        }
    }

    /// A PNG of one bit per pixel, of one colour.
    ///
    /// - Parameters: width, height: pixels, 1...65,535.
    public static func png(width: Int, height: Int, color: RGBA = clear) -> [UInt8] {
        precondition(1...65_535 ~= width && 1...65_535 ~= height, "a picture of 1...65535 pixels")
        var picture = PNGWriter(
            PNGHeader(width: width, height: height, bitDepth: 1, colorType: .palette))
        picture.append(.palette, [color.red, color.green, color.blue])
        if color.alpha < 255 { picture.append(.transparency, [color.alpha]) }
        // Each row is a filter byte and its pixels, all zero.
        picture.writeZeros(count: height * (1 + (width + 7) / 8))
        return picture.finish()
    }

    /// A GIF of one colour, which is clear unless it is opaque.
    ///
    /// - Parameters: width, height: pixels, 1...65,535.
    public static func gif(width: Int, height: Int, color: RGBA = clear) -> [UInt8] {
        precondition(1...65_535 ~= width && 1...65_535 ~= height, "a picture of 1...65535 pixels")
        var picture = GIFWriter(width: width, height: height, color: color)
        picture.writeRun(count: width * height)
        return picture.finish()
    }

    /// A lossless WebP of one colour.
    ///
    /// - Parameters: width, height: pixels, 1...16,384.
    public static func webp(width: Int, height: Int, color: RGBA = clear) -> [UInt8] {
        precondition(1...16_384 ~= width && 1...16_384 ~= height, "a picture of 1...16384 pixels")
        return WebPWriter.uniform(width: width, height: height, color: color)
    }

    /// A baseline JPEG of one colour; the format knows no transparency.
    ///
    /// A decoder shows each component within two of what was asked, since JPEG rounds them in
    /// another colour space; grey colours come out exactly, and smaller.
    ///
    /// - Parameters: width, height: pixels, 1...65,535.
    public static func jpeg(width: Int, height: Int, color: RGBA = .white) -> [UInt8] {
        precondition(1...65_535 ~= width && 1...65_535 ~= height, "a picture of 1...65535 pixels")
        return JPEGWriter.uniform(width: width, height: height, color: color)
    }
}
