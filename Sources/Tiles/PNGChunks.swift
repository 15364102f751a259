import HTTP

/// The four letters of a chunk. Source: PNG 3rd edition §5.4, §11.
struct PNGChunkType: Equatable {
    var code: UInt32

    static let header = PNGChunkType(code: 0x4948_4452)
    static let palette = PNGChunkType(code: 0x504C_5445)
    static let transparency = PNGChunkType(code: 0x7452_4E53)
    static let data = PNGChunkType(code: 0x4944_4154)
    static let end = PNGChunkType(code: 0x4945_4E44)

    /// Bit 5 of the first letter is clear: who does not know it cannot decode the picture.
    var isCritical: Bool { code & 0x2000_0000 == 0 }

    /// All four are ASCII letters.
    var isWellFormed: Bool {
        [24, 16, 8, 0].allSatisfy {
            lowercased(UInt8(truncatingIfNeeded: code >> UInt32($0))) &- 0x61 < 26
        }
    }

    var name: String {
        guard isWellFormed else { return "without a name" }
        let letters = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: code >> UInt32($0)) }
        return String(decoding: letters, as: UTF8.self)
    }
}

/// The chunks of a PNG, one after another, their checksums compared.
struct PNGChunks {
    struct Chunk {
        var type: PNGChunkType
        /// Offsets of its content.
        var content: Range<Int>
    }

    private(set) var at = 8

    /// Stands before the first chunk.
    init(_ bytes: RawSpan) throws(PNGError) {
        guard ImageSignature(bytes) == .png else { throw .notPNG }
    }

    mutating func next(in bytes: RawSpan) throws(PNGError) -> Chunk {
        guard bytes.byteCount - at >= 12 else { throw .truncated }
        let count = Int(bytes.bigEndian(at: at))
        let type = PNGChunkType(code: bytes.bigEndian(at: at + 4))
        guard type.isWellFormed else { throw .misplaced(chunk: type.name) }
        guard bytes.byteCount - at - 12 >= count else { throw .truncated }
        let sum = bytes.bigEndian(at: at + 8 + count)
        guard crc32(bytes.extracting((at + 4)..<(at + 8 + count))) == sum else {
            throw .badChecksum(chunk: type.name)
        }
        let content = (at + 8)..<(at + 8 + count)
        at += 12 + count
        return Chunk(type: type, content: content)
    }
}

/// What the chunks of a PNG say, before a pixel is decoded.
struct PNGStructure {
    var header: PNGHeader
    var palette: [RGBA] = []
    /// The raw sample, or three, of the colour that is clear; for grey and true colour.
    var clearSamples: [UInt16] = []
    /// Where the pieces of the data stand.
    var data: [Range<Int>] = []

    private var hasTransparency = false
    private var last = PNGChunkType.header

    init(_ bytes: RawSpan, limits: PNGLimits) throws(PNGError) {
        guard bytes.byteCount <= limits.fileBytes else {
            throw .fileTooLong(limit: limits.fileBytes)
        }
        var chunks = try PNGChunks(bytes)
        let first = try chunks.next(in: bytes)
        guard first.type == .header, let header = PNGHeader(bytes.extracting(first.content)) else {
            throw .badHeader
        }
        self.header = header
        guard header.width <= limits.side, header.height <= limits.side,
            header.width * header.height <= limits.pixels
        else { throw .tooLarge(width: header.width, height: header.height) }
        while last != .end {
            let chunk = try chunks.next(in: bytes)
            try take(chunk, bytes.extracting(chunk.content))
            last = chunk.type
        }
        guard chunks.at == bytes.byteCount else { throw .trailingBytes }
        guard !data.isEmpty else { throw .misplaced(chunk: "IEND") }
        if header.colorType == .palette, palette.isEmpty { throw .paletteMissing }
    }

    private mutating func take(_ chunk: PNGChunks.Chunk, _ content: RawSpan) throws(PNGError) {
        switch chunk.type {
        case .palette: try takePalette(content)
        case .transparency: try takeTransparency(content)
        case .data:
            // The pieces follow each other directly (§5.6).
            guard data.isEmpty || last == .data else { throw .misplaced(chunk: "IDAT") }
            if header.colorType == .palette, palette.isEmpty { throw .paletteMissing }
            // Empty ones say nothing; millions of them would take memory.
            if data.isEmpty || !chunk.content.isEmpty { data.append(chunk.content) }
        case .end: guard content.byteCount == 0 else { throw .misplaced(chunk: "IEND") }
        case .header: throw .misplaced(chunk: "IHDR")
        default:
            if chunk.type.isCritical { throw .unknownCritical(chunk: chunk.type.name) }
        }
    }

    private mutating func takePalette(_ content: RawSpan) throws(PNGError) {
        let count = content.byteCount / 3
        let isAllowed = header.colorType != .grey && header.colorType != .greyAlpha
        guard isAllowed, palette.isEmpty, data.isEmpty, !hasTransparency,
            content.byteCount == count * 3, 1...256 ~= count
        else { throw .misplaced(chunk: "PLTE") }
        if header.colorType == .palette, count > 1 << header.bitDepth {
            throw .misplaced(chunk: "PLTE")
        }
        for index in 0..<count {
            palette.append(
                RGBA(
                    red: content.byte(index * 3), green: content.byte(index * 3 + 1),
                    blue: content.byte(index * 3 + 2)))
        }
    }

    private mutating func takeTransparency(_ content: RawSpan) throws(PNGError) {
        guard data.isEmpty, !hasTransparency else { throw .misplaced(chunk: "tRNS") }
        hasTransparency = true
        switch header.colorType {
        case .palette:
            guard 1...max(1, palette.count) ~= content.byteCount, !palette.isEmpty else {
                throw .misplaced(chunk: "tRNS")
            }
            for index in 0..<content.byteCount { palette[index].alpha = content.byte(index) }
        case .grey, .trueColor:
            guard content.byteCount == header.colorType.channels * 2 else {
                throw .misplaced(chunk: "tRNS")
            }
            for index in 0..<header.colorType.channels {
                let sample = UInt16(content.byte(index * 2)) << 8
                clearSamples.append(sample | UInt16(content.byte(index * 2 + 1)))
            }
        case .greyAlpha, .trueColorAlpha: throw .misplaced(chunk: "tRNS")
        }
    }
}
