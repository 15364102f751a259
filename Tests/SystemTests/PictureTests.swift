import Testing
import Tiles
import WireTesting

private let reader = firstExecutable("/usr/bin/gdallocationinfo")
private let translator = firstExecutable("/usr/bin/gdal_translate")

@Suite("Pictures: GDAL decodes what we write, and we what GDAL writes", .waits)
struct PictureTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func run(_ program: String?, _ arguments: [String]) throws -> String {
        // Its own, since output is appended.
        let place = try TemporaryDirectory()
        let output = place.file("output")
        let child = try Child(try #require(program), arguments, output: output)
        #expect(child.waitForExit() == 0, "\(child.wholeLog)")
        #expect(!child.wholeLog.contains("ERROR"), "\(child.wholeLog)")
        return try readFile(output)
    }

    /// The values of a pixel's bands, as GDAL decodes them.
    private func pixel(_ file: String, _ x: Int, _ y: Int) throws -> [Int] {
        let text = try run(reader, ["-valonly", file, "\(x)", "\(y)"])
        return text.split(separator: "\n").compactMap { Int($0) }
    }

    /// Colours on a line, and the more of them the larger `colors` is.
    private func picture(colors: Int, isOpaque: Bool) -> PixelBuffer {
        let bytes = (0..<(40 * 30)).flatMap { pixel -> [UInt8] in
            let number = pixel * 7 % colors
            let alpha = isOpaque ? 255 : UInt8(number * 31 % 251)
            return [UInt8(number & 255), UInt8(number >> 4 & 255), UInt8(pixel % 2), alpha]
        }
        let reduced = colors <= 256 ? bytes.indices.map { $0 % 4 == 2 ? 9 : bytes[$0] } : bytes
        return PixelBuffer(width: 40, height: 30, rgba: reduced)
    }

    @Test(
        "PNG with a palette, opaque and with alpha", .enabled(if: reader != nil, "no GDAL"),
        arguments: [2, 4, 16, 256, 1_200], [true, false])
    func png(colors: Int, isOpaque: Bool) throws {
        let picture = picture(colors: colors, isOpaque: isOpaque)
        let bytes = try #require(PNG.encode(picture))
        let file = try directory.write("a.png", bytes: bytes)
        for (x, y) in [(0, 0), (39, 29), (13, 17), (1, 0)] {
            let found = try pixel(file, x, y)
            let color = picture[x, y]
            if let indexed = picture.indexed {
                #expect(found == [Int(indexed.bytes[y * 40 + x])])
            } else {
                let values = [color.red, color.green, color.blue] + (isOpaque ? [] : [color.alpha])
                #expect(found == values.map { Int($0) })
            }
        }
    }

    @Test(
        "JPEG of one colour", .enabled(if: reader != nil, "no GDAL"),
        arguments: [
            RGBA(red: 170, green: 211, blue: 223), RGBA(red: 255, green: 0, blue: 0),
            RGBA(red: 0, green: 0, blue: 255), RGBA(red: 127, green: 127, blue: 127), .white,
        ])
    func jpeg(color: RGBA) throws {
        for (width, height) in [(1, 1), (257, 255)] {
            let bytes = BlankTile.jpeg(width: width, height: height, color: color)
            let file = try directory.write("a-\(width).jpeg", bytes: bytes)
            for (x, y) in [(0, 0), (width - 1, height - 1), (width / 2, height / 2)] {
                let found = try pixel(file, x, y)
                let wanted = found.count == 1 ? [color.red] : [color.red, color.green, color.blue]
                #expect(found.count == wanted.count)
                for (value, wanted) in zip(found, wanted) { #expect(abs(value - Int(wanted)) <= 2) }
            }
        }
    }

    @Test("WebP of one colour", .enabled(if: reader != nil, "no GDAL"), arguments: [255, 7, 0])
    func webp(alpha: UInt8) throws {
        let color = RGBA(red: 170, green: 211, blue: 223, alpha: alpha)
        let bytes = BlankTile.webp(width: 257, height: 255, color: color)
        let file = try directory.write("a.webp", bytes: bytes)
        for (x, y) in [(0, 0), (256, 254)] {
            // Where nothing shows, a decoder need not keep the colour.
            let found = try pixel(file, x, y)
            #expect(alpha == 0 || found.starts(with: [170, 211, 223]))
            #expect(found.count == (alpha < 255 ? 4 : 3))
            #expect(alpha == 255 || found.last == Int(alpha))
        }
    }

    @Test("a parent's quarter", .enabled(if: reader != nil, "no GDAL"))
    func ancestor() throws {
        let parent = picture(colors: 1_200, isOpaque: false)
        let part = try #require(TilePart(levels: 1, column: 1, row: 0))
        let file = try #require(PNG.encode(parent))
        let tile = try PNG.tile(part, of: file.span.bytes)
        let path = try directory.write("tile.png", bytes: try #require(tile))
        let color = parent[20 + 7, 5]
        #expect(
            try pixel(path, 15, 11)
                == [color.red, color.green, color.blue, color.alpha].map { Int($0) })
    }

    @Test(
        "what GDAL writes", .enabled(if: translator != nil, "no GDAL"),
        arguments: [[], ["-b", "1", "-b", "2", "-b", "3"], ["-b", "1"], ["-b", "1", "-b", "4"]])
    func reads(bands: [String]) throws {
        let picture = picture(colors: 1_200, isOpaque: false)
        let file = try directory.write("own.png", bytes: try #require(PNG.encode(picture)))
        let other = directory.file("gdal.png")
        _ = try run(translator, ["-q", "-of", "PNG"] + bands + [file, other])
        let written = try readBytes(other)
        let found = try PNG.decode(written.span.bytes)
        for y in 0..<30 {
            for x in 0..<40 {
                var color = picture[x, y]
                if bands.count == 2 || bands.count == 4 {
                    (color.green, color.blue) = (color.red, color.red)
                }
                if bands.count == 2 || bands.count == 6 { color.alpha = 255 }
                #expect(found[x, y] == color)
            }
        }
    }
}
