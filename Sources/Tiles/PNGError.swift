public import HTTP

/// How much of a PNG a reader takes. What is larger is refused before anything is allocated for it.
public struct PNGLimits: Equatable, Sendable {
    /// Largest width and largest height, in pixels.
    public var side: Int
    /// Most pixels, which take up to twelve bytes each while they are decoded.
    public var pixels: Int
    /// Longest file, in bytes.
    public var fileBytes: Int

    public init(side: Int, pixels: Int, fileBytes: Int) {
        self.side = side
        self.pixels = pixels
        self.fileBytes = fileBytes
    }

    /// What suits tiles and metatiles: 16 tiles of 512 pixels and a gutter.
    public static var tiles: PNGLimits {
        PNGLimits(side: 8_192, pixels: 16 << 20, fileBytes: 32 << 20)
    }
}

/// Why bytes are not decoded as a PNG, and what would have to be different.
public enum PNGError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The first eight bytes are not PNG's.
    case notPNG
    /// The file ends inside a chunk or before IEND.
    case truncated
    /// The file has more bytes than the limit, which is given.
    case fileTooLong(limit: Int)
    /// The picture is larger than the limits allow.
    case tooLarge(width: Int, height: Int)
    /// IHDR is not the first chunk, not 13 bytes long, or says what no PNG says.
    case badHeader
    /// The checksum of this chunk is not that of its bytes.
    case badChecksum(chunk: String)
    /// A chunk is where, or as long as, it may not be, or comes twice.
    case misplaced(chunk: String)
    /// A chunk that must be understood to decode the picture, and is not known here.
    case unknownCritical(chunk: String)
    /// A picture of palette colours has no palette.
    case paletteMissing
    /// A pixel counts beyond the palette.
    case indexOutsidePalette
    /// The compressed data is broken.
    case badData(Zlib.Problem)
    /// A row is filtered in a way that there is not.
    case badFilter(UInt8)
    /// There are bytes behind IEND.
    case trailingBytes
    /// It is no picture of the tiles that were asked for.
    case otherSize(width: Int, height: Int)
    /// Its samples have 16 bits, of which tiles keep 8.
    case deepSamples

    public var description: String {
        switch self {
        case .notPNG: "the first eight bytes are not those of a PNG"
        case .truncated: "the PNG ends before its IEND chunk does"
        case .fileTooLong(let limit): "the PNG is longer than \(limit) bytes"
        case .tooLarge(let width, let height):
            "the PNG is \(width) × \(height) pixels, which is more than is decoded"
        case .badHeader: "the PNG's header chunk IHDR is missing or says what no PNG says"
        case .badChecksum(let chunk): "the checksum of the PNG's chunk \(chunk) is wrong"
        case .misplaced(let chunk):
            "the PNG's chunk \(chunk) is out of place, repeated or of a wrong length"
        case .unknownCritical(let chunk):
            "the PNG's chunk \(chunk) is unknown and the picture depends on it"
        case .paletteMissing: "the PNG has palette colours and no PLTE chunk"
        case .indexOutsidePalette: "a pixel of the PNG names a colour that its palette lacks"
        case .badData(let problem): "the PNG's pixel data is unusable: \(problem)"
        case .badFilter(let type): "a row of the PNG has the filter \(type); there are 0 to 4"
        case .trailingBytes: "bytes follow the PNG's IEND chunk"
        case .otherSize(let width, let height):
            "the PNG is \(width) × \(height) pixels, which is not what was asked for"
        case .deepSamples: "the PNG has samples of 16 bits, which its tiles could not keep"
        }
    }
}
