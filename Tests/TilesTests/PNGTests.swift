import HTTP
import Testing
import Tiles
import WireTesting

@Suite("PNG: reading and writing")
struct PNGTests {
    static let sizes = [(1, 1), (3, 2), (8, 8), (17, 5), (64, 33)]

    @Test("RGBA pixels come back as they were", arguments: sizes)
    func rgba(width: Int, height: Int) throws {
        for isOpaque in [true, false] {
            let picture = randomPicture(width, height, seed: 7, isOpaque: isOpaque)
            let bytes = try #require(PNG.encode(picture))
            #expect(try decode(bytes).rgba == picture)
            let large = width * height > 256
            // Colour type 2 is true colour, 6 the same with alpha, 3 a palette.
            #expect(bytes[25] == (large ? (isOpaque ? 2 : 6) : 3))
        }
    }

    @Test(
        "a palette takes as few bits as it needs and keeps its opacities",
        arguments: [(1, 1), (2, 1), (3, 2), (4, 2), (5, 4), (16, 4), (17, 8), (256, 8)])
    func palette(colors: Int, depth: UInt8) throws {
        let palette = (0..<colors).map { (index: Int) -> RGBA in
            let alpha: UInt8 = index < 3 ? UInt8(index * 60) : 255
            return RGBA(red: UInt8(index), green: 3, blue: 9, alpha: alpha)
        }
        for (width, height) in [(16, 16), (13, 20), (1, 256)] {
            let indices = (0..<(width * height)).map { (pixel: Int) -> UInt8 in
                UInt8(pixel % colors)
            }
            let picture = PixelBuffer(
                width: width, height: height, palette: palette, indices: indices)
            let bytes = try #require(PNG.encode(picture))
            #expect(bytes[24] == depth)
            #expect(try decode(bytes) == picture)
            // The same colours given as RGBA are written with a palette too.
            let again = try decode(try #require(PNG.encode(picture.rgba)))
            #expect(again.layout == .indexed)
            #expect(again.rgba == picture.rgba)
        }
    }

    @Test("each filter is undone, at each pixel size", arguments: [(0, 1), (4, 2), (2, 3), (6, 4)])
    func filters(type: Int, channels: Int) throws {
        var numbers = SeededRandom(seed: UInt64(type + 1))
        let (width, height) = (5, 10)
        let plain = (0..<(width * height * channels)).map { _ in
            UInt8.random(in: 0...255, using: &numbers)
        }
        var rows: [UInt8] = []
        func at(_ x: Int, _ y: Int) -> Int {
            x < 0 || y < 0 ? 0 : Int(plain[y * width * channels + x])
        }
        for y in 0..<height {
            rows.append(UInt8(y % 5))
            for x in 0..<(width * channels) {
                let (a, b, c) = (at(x - channels, y), at(x, y - 1), at(x - channels, y - 1))
                let estimate = a + b - c
                let nearest = [a, b, c].enumerated().min {
                    (abs($0.element - estimate), $0.offset)
                        < (abs($1.element - estimate), $1.offset)
                }
                let predicted = [0, a, b, (a + b) / 2, nearest?.element ?? 0][y % 5]
                rows.append(UInt8(truncatingIfNeeded: at(x, y) - predicted))
            }
        }
        let file = PNGParts(width: width, height: height, depth: 8, type: type, rows: rows)
        let picture = try decode(file.bytes)
        for y in 0..<height {
            for x in 0..<width {
                let samples = (0..<channels).map { UInt8(at(x * channels + $0, y)) }
                let color =
                    channels < 3
                    ? RGBA(red: samples[0], green: samples[0], blue: samples[0])
                    : RGBA(red: samples[0], green: samples[1], blue: samples[2])
                let alpha = channels % 2 == 0 ? samples[channels - 1] : 255
                #expect(
                    picture[x, y]
                        == RGBA(
                            red: color.red, green: color.green, blue: color.blue, alpha: alpha))
            }
        }
    }

    @Test(
        "grey samples of each depth become eight bits",
        arguments: [(1, 2), (2, 4), (4, 16), (8, 256), (16, 256)])
    func depths(depth: Int, values: Int) throws {
        var row: [UInt8] = [0]
        var pending = 0
        var bits = 0
        for value in 0..<values {
            // 16 bits: the value twice, which is its exact scaling.
            let sample = depth == 16 ? value * 257 : value
            pending = pending << depth | sample
            bits += depth
            while bits >= 8 {
                row.append(UInt8(pending >> (bits - 8) & 255))
                bits -= 8
            }
        }
        if bits > 0 { row.append(UInt8(pending << (8 - bits) & 255)) }
        let file = PNGParts(width: values, height: 1, depth: depth, type: 0, rows: row)
        let picture = try decode(file.bytes)
        for value in 0..<values {
            let grey = UInt8(value * 255 / (values - 1))
            #expect(picture[value, 0] == RGBA(red: grey, green: grey, blue: grey))
        }
    }

    @Test("tRNS makes one colour clear, compared before samples are rounded")
    func clearColor() throws {
        let grey = PNGParts(
            width: 2, height: 1, depth: 16, type: 0, middle: [("tRNS", [1, 2])],
            rows: [0, 1, 2, 1, 3])
        let picture = try decode(grey.bytes)
        #expect(picture[0, 0].alpha == 0)
        #expect(picture[1, 0].alpha == 255)
        #expect(picture[0, 0].red == picture[1, 0].red)
        let color = PNGParts(
            width: 3, height: 1, depth: 8, type: 2, middle: [("tRNS", [0, 1, 0, 2, 0, 3])],
            rows: [0, 1, 2, 3, 1, 2, 4, 1, 9, 3])
        #expect(try decode(color.bytes).rgba.bytes[3] == 0)
        #expect(try decode(color.bytes).rgba.bytes[7] == 255)
        #expect(try decode(color.bytes).rgba.bytes[11] == 255)
    }

    @Test("Adam7's passes are put in their places", arguments: [(1, 1), (5, 3), (8, 8), (19, 21)])
    func interlaced(width: Int, height: Int) throws {
        // The pattern of the specification's §8.1, repeated.
        let pattern = [
            "16462646", "77777777", "56565656", "77777777", "36463646", "77777777", "56565656",
            "77777777",
        ].map { Array($0) }
        for (type, depth) in [(6, 8), (3, 8), (3, 2), (0, 1)] {
            let picture = randomPicture(width, height, seed: 3)
            var rows: [UInt8] = []
            for pass in "1234567" {
                for y in 0..<height where pattern[y % 8].contains(pass) {
                    let columns = (0..<width).filter { pattern[y % 8][$0 % 8] == pass }
                    guard !columns.isEmpty else { continue }
                    rows.append(0)
                    var bits: [Int] = []
                    for x in columns {
                        let color = picture[x, y]
                        if type == 6 {
                            rows += [color.red, color.green, color.blue, color.alpha]
                        } else {
                            let sample = Int(color.red) % min(1 << depth, 4)
                            bits += (0..<depth).reversed().map { sample >> $0 & 1 }
                        }
                    }
                    while bits.count % 8 > 0 { bits.append(0) }
                    for start in stride(from: 0, to: bits.count, by: 8) {
                        rows.append(UInt8(bits[start..<(start + 8)].reduce(0) { $0 << 1 | $1 }))
                    }
                }
            }
            let middle: [(String, [UInt8])] =
                type == 3 ? [("PLTE", [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])] : []
            let file = PNGParts(
                width: width, height: height, depth: depth, type: type, interlace: 1,
                middle: middle, rows: rows)
            let decoded = try decode(file.bytes)
            for y in 0..<height {
                for x in 0..<width {
                    let sample = picture[x, y].red % UInt8(min(1 << depth, 4))
                    let grey = type == 0 ? sample * 255 : sample
                    let expected =
                        type == 6 ? picture[x, y] : RGBA(red: grey, green: grey, blue: grey)
                    #expect(decoded[x, y] == expected)
                }
            }
        }
    }

    @Test(
        "a blank tile decodes to pixels of its colour",
        arguments: [BlankTile.clear, .white, RGBA(red: 1, green: 2, blue: 3)])
    func blank(_ color: RGBA) throws {
        let picture = try decode(BlankTile.png(width: 20, height: 9, color: color))
        #expect((picture.width, picture.height) == (20, 9))
        #expect(picture.palette == [color])
        #expect(Set(picture.bytes) == [0])
    }

    @Test("a part of a picture has the pixels that lie there")
    func cropping() {
        let picture = randomPicture(9, 7, seed: 5)
        let part = picture.cropped(x: 2, y: 3, width: 4, height: 3)
        for y in 0..<3 { for x in 0..<4 { #expect(part[x, y] == picture[x + 2, y + 3]) } }
        let indexed = PixelBuffer(
            width: 2, height: 2, palette: [.clear, .white], indices: [0, 1, 1, 0])
        #expect(indexed.cropped(x: 1, y: 0, width: 1, height: 2).bytes == [1, 0])
    }
}
