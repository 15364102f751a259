import Testing
import Tiles

private let sizes = [
    (1, 1), (2, 3), (7, 9), (8, 8), (256, 256), (257, 255), (512, 300), (1, 4096), (4096, 4096),
]

@Suite("Blank tiles: law 7")
struct BlankTileTests {
    @Test("a PNG's chunks, checksums and pixels are those of the size", arguments: sizes)
    func png(width: Int, height: Int) throws {
        let bytes = BlankTile.png(width: width, height: height)
        let picture = try #require(PNGReader(bytes))
        #expect(picture.names == ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"])
        #expect(picture.width == width)
        #expect(picture.height == height)
        #expect(inflateFixed(picture.data) == height * (1 + (width + 7) / 8))
        let opaque = try #require(
            PNGReader(
                BlankTile.png(width: width, height: height, color: .white)))
        #expect(opaque.names == ["IHDR", "PLTE", "IDAT", "IEND"])
    }

    @Test("a GIF decodes to one colour of the size", arguments: sizes)
    func gif(width: Int, height: Int) {
        for isTransparent in [true, false] {
            let bytes = BlankTile.gif(
                width: width, height: height, color: isTransparent ? BlankTile.clear : .white)
            #expect(
                Array(bytes[6..<10]) == [
                    UInt8(width & 255), UInt8(width >> 8), UInt8(height & 255), UInt8(height >> 8),
                ])
            #expect(decodedPixels(ofGIF: bytes, dataAt: isTransparent ? 37 : 29) == width * height)
        }
    }

    @Test("a JPEG says its size and carries two bits for each block", arguments: sizes)
    func jpeg(width: Int, height: Int) throws {
        let bytes = BlankTile.jpeg(width: width, height: height)
        #expect(bytes.starts(with: [0xFF, 0xD8, 0xFF, 0xE0]))
        #expect(bytes.suffix(2) == [0xFF, 0xD9])
        let frame = try #require(bytes.indices.first { bytes[$0...].starts(with: [0xFF, 0xC0]) })
        #expect(Int(bytes[frame + 5]) << 8 | Int(bytes[frame + 6]) == height)
        #expect(Int(bytes[frame + 7]) << 8 | Int(bytes[frame + 8]) == width)
        let scan = try #require(bytes.indices.first { bytes[$0...].starts(with: [0xFF, 0xDA]) })
        let blocks = (width + 7) / 8 * ((height + 7) / 8)
        let data = bytes[(scan + 10)..<(bytes.count - 2)]
        // The first block takes 13 bits.
        #expect(data.count == (13 + 2 * (blocks - 1) + 7) / 8)
        #expect(!data.contains(0xFF))
    }

    @Test("a WebP says its size and its colour, and no pixel takes a bit", arguments: sizes)
    func webp(width: Int, height: Int) {
        for color in [.clear, .white, RGBA(red: 1, green: 2, blue: 3, alpha: 4)] as [RGBA] {
            let bytes = BlankTile.webp(width: width, height: height, color: color)
            #expect(check(bytes, .webp, size: (width, height)) == .whole)
            let bits = bytes[20...].flatMap { byte in (0..<8).map { Int(byte) >> $0 & 1 } }
            func number(_ start: Int, _ count: Int) -> Int {
                (0..<count).reduce(0) { $0 | bits[start + $1] << $1 }
            }
            #expect(number(36, 1) == (color.alpha < 255 ? 1 : 0))
            let samples = (0..<4).map { number(43 + 11 * $0 + 3, 8) }
            #expect(samples == [color.green, color.red, color.blue, color.alpha].map { Int($0) })
            #expect((0..<4).allSatisfy { number(43 + 11 * $0, 3) == 5 })
            // The bitstream ends with the codes: 91 bits.
            #expect(number(87, 9) == 1)
        }
    }

    @Test(
        "the picture has the request's format and fits the judgement of law 5",
        arguments: MapFormat.allCases)
    func formats(format: MapFormat) {
        var request = MapRequest(service: .wms, kind: .map)
        request.format = format
        let picture = BlankTile.picture(for: request)
        let isOwn = format != .otherImage && format != .notImage
        let asked: MapFormat = isOwn ? format : .png
        #expect(judge(200, "\(picture.contentType)", picture.bytes, for: asked) == .fits)
    }

    @Test("what is not transparent has the colour of the background")
    func background() throws {
        var request = MapRequest(service: .wms, kind: .map)
        request.background = RGBA(red: 1, green: 2, blue: 3)
        for (format, isTransparent) in [(MapFormat.png, false), (.gif, false), (.png, true)] {
            (request.format, request.isTransparent) = (format, isTransparent)
            let bytes = BlankTile.picture(for: request).bytes
            #expect(bytes[(format == .gif ? 13 : 41)...].starts(with: [1, 2, 3]))
        }
        request.format = .jpeg
        let (jpeg, color) = (BlankTile.picture(for: request).bytes, request.background)
        #expect(jpeg == BlankTile.jpeg(width: 256, height: 256, color: color))
        request.format = .webp
        let clear = RGBA(red: 1, green: 2, blue: 3, alpha: 0)
        let webp = BlankTile.picture(for: request).bytes
        #expect(webp == BlankTile.webp(width: 256, height: 256, color: clear))
    }

    @Test("no picture is larger than 70 KB")
    func small() {
        #expect(BlankTile.png(width: 256, height: 256).count < 200)
        #expect(BlankTile.gif(width: 256, height: 256).count < 600)
        #expect(BlankTile.jpeg(width: 256, height: 256).count < 500)
        #expect(BlankTile.webp(width: 4096, height: 4096).count == 32)
        #expect(BlankTile.png(width: 4096, height: 4096).count < 70_000)
        #expect(BlankTile.gif(width: 4096, height: 4096).count < 70_000)
        #expect(BlankTile.jpeg(width: 4096, height: 4096).count < 70_000)
    }
}

/// Reads chunks and their checksums, and nothing else.
private struct PNGReader {
    var names: [String] = []
    var width = 0
    var height = 0
    var data: [UInt8] = []

    init?(_ bytes: [UInt8]) {
        func number(_ at: Int) -> Int { bytes[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) } }
        guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else {
            return nil
        }
        var at = 8
        while at < bytes.count {
            let count = number(at)
            let name = String(decoding: bytes[(at + 4)..<(at + 8)], as: UTF8.self)
            let content = Array(bytes[(at + 8)..<(at + 8 + count)])
            guard number(at + 8 + count) == Int(checksum(Array(name.utf8) + content)) else {
                return nil
            }
            names.append(name)
            if name == "IDAT" { data = content }
            at += 12 + count
        }
        (width, height) = (number(16), number(20))
    }
}

/// The CRC of PNG's annex, by polynomial division of the whole message.
private func checksum(_ bytes: [UInt8]) -> UInt32 {
    var remainder: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
        for bit in 0..<8 {
            let next = UInt32(byte >> UInt8(bit) & 1) ^ (remainder & 1)
            remainder = (remainder >> 1) ^ (next == 1 ? 0xEDB8_8320 : 0)
        }
    }
    return ~remainder
}

/// How many zeros a zlib stream of one fixed-Huffman block holds; nil if it is anything else.
private func inflateFixed(_ bytes: [UInt8]) -> Int? {
    var position = 16
    func bit() -> Int {
        defer { position += 1 }
        return Int(bytes[position / 8] >> UInt8(position % 8) & 1)
    }
    guard bytes.starts(with: [0x78, 0x01]), bit() == 1, bit() == 1, bit() == 0 else { return nil }
    var count = 0
    while true {
        var code = 0
        for _ in 0..<7 { code = code << 1 | bit() }
        if code == 0 { break }
        if code == 8 {
            for _ in 0..<5 where bit() != 0 { return nil }
            count += 10
            continue
        }
        code = code << 1 | bit()
        if code == 0b0011_0000 {
            count += 1
        } else if code == 0b1100_0101 {
            for _ in 0..<5 where bit() != 0 { return nil }
            count += 258
        } else {
            return nil
        }
    }
    let end = (position + 7) / 8
    let sum = [(count % 65_521) >> 8, count % 65_521 & 255, 0, 1].map { UInt8($0) }
    return Array(bytes[end...]) == sum ? count : nil
}

/// A plain LZW decoder that keeps of each entry its length: the number of pixels, all of colour 0.
private func decodedPixels(ofGIF bytes: [UInt8], dataAt start: Int) -> Int? {
    var data: [UInt8] = []
    var at = start + 1
    while bytes[at] != 0 {
        data += bytes[(at + 1)...(at + Int(bytes[at]))]
        at += 1 + Int(bytes[at])
    }
    guard bytes[start] == 2, bytes[at + 1] == 0x3B, at + 2 == bytes.count else { return nil }
    var (position, width, previous, pixels) = (0, 3, 0, 0)
    var lengths: [Int] = []
    while true {
        var code = 0
        for bit in 0..<width {
            code |= Int(data[position / 8] >> UInt8(position % 8) & 1) << bit
            position += 1
        }
        if code == 5 { return (position + 7) / 8 == data.count ? pixels : nil }
        if code == 4 {
            (lengths, width, previous) = ([], 3, 0)
            continue
        }
        if previous > 0, lengths.count < 4090 { lengths.append(previous + 1) }
        guard code == 0 || code >= 6 && code - 6 < lengths.count else { return nil }
        let length = code == 0 ? 1 : lengths[code - 6]
        pixels += length
        previous = length
        if 6 + lengths.count == 1 << width, width < 12 { width += 1 }
    }
}
