import HTTP
import Tiles
import WireTesting

/// A PNG put together chunk by chunk, to be made wrong in any place.
struct PNGParts {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    var chunks: [(name: String, content: [UInt8])] = []

    /// IHDR, the middle chunks, IDAT with the rows compressed, IEND.
    init(
        width: Int, height: Int, depth: Int, type: Int, interlace: Int = 0,
        middle: [(String, [UInt8])] = [], rows: [UInt8]
    ) {
        chunks.append(("IHDR", Self.header(width, height, depth, type, interlace)))
        chunks += middle.map { (name: $0.0, content: $0.1) }
        chunks.append(("IDAT", compressed(rows)))
        chunks.append(("IEND", []))
    }

    static func header(_ width: Int, _ height: Int, _ depth: Int, _ type: Int, _ interlace: Int)
        -> [UInt8]
    {
        number(width) + number(height)
            + [UInt8(depth), UInt8(type), 0, 0, UInt8(interlace)]
    }

    static func number(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(value >> $0 & 255) }
    }

    var bytes: [UInt8] {
        chunks.reduce(into: Self.signature) { bytes, chunk in
            let named = Array(chunk.name.utf8) + chunk.content
            bytes += Self.number(chunk.content.count) + named
            bytes += Self.number(crcOf(named))
        }
    }
}

func decode(_ bytes: [UInt8], limits: PNGLimits = .tiles) throws(PNGError) -> PixelBuffer {
    try PNG.decode(bytes.span.bytes, limits: limits)
}

/// zlib's data of these bytes.
func compressed(_ bytes: [UInt8], level: Int = 6) -> [UInt8] {
    Zlib.deflate(bytes.span.bytes, level: level) ?? []
}

func crcOf(_ bytes: [UInt8]) -> Int { Int(crc32(bytes.span.bytes)) }

/// The tile that an ancestor's file makes.
func tile(_ part: TilePart, of file: [UInt8], _ resampling: Resampling = .nearest)
    throws(PNGError) -> [UInt8]?
{
    try PNG.tile(part, of: file.span.bytes, resampling)
}

/// The finding on a whole body; without a size any will do.
func check(_ body: [UInt8], _ format: MapFormat, size: (Int, Int)? = nil) -> ImageFinding {
    ImageCheck(format: format, size: size).check(body.span.bytes)
}

/// The error of a decode; nil if there is none.
func failure(_ bytes: [UInt8], limits: PNGLimits = .tiles) -> PNGError? {
    do throws(PNGError) {
        _ = try decode(bytes, limits: limits)
        return nil
    } catch {
        return error
    }
}

/// Gives a text away in pieces of so many bytes.
func inPieces<Failure>(
    of count: Int, _ text: String, _ take: (RawSpan) throws(Failure) -> Void
) throws(Failure) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let next = Array(rest.prefix(count))
        try take(next.span.bytes)
        rest = rest.dropFirst(next.count)
    }
}

/// A picture whose pixels are those of the seed.
func randomPicture(_ width: Int, _ height: Int, seed: UInt64, isOpaque: Bool = false)
    -> PixelBuffer
{
    var numbers = SeededRandom(seed: seed)
    var bytes = (0..<(width * height * 4)).map { _ in UInt8.random(in: 0...255, using: &numbers) }
    if isOpaque { for at in stride(from: 3, to: bytes.count, by: 4) { bytes[at] = 255 } }
    return PixelBuffer(width: width, height: height, rgba: bytes)
}
