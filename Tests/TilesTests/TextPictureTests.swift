import Testing

@testable import Tiles

private func request(
    _ format: MapFormat = .png, _ width: UInt16 = 256, _ height: UInt16 = 256
) -> MapRequest {
    var request = MapRequest(service: .wms, kind: .map)
    (request.format, request.width, request.height) = (format, width, height)
    return request
}

/// A decoded picture of letters.
private struct DrawnText {
    let picture: PixelBuffer

    init(_ request: MapRequest, _ text: String) throws {
        let drawn = try #require(TextPicture.picture(for: request, text: text))
        #expect("\(drawn.contentType)" == "image/png")
        picture = try PNG.decode(drawn.bytes.span.bytes)
        #expect(picture.width == Int(request.width) && picture.height == Int(request.height))
    }

    func hasInk(_ x: Int, _ y: Int) -> Bool {
        x < picture.width && y < picture.height && picture.bytes[y * picture.width + x] == 1
    }

    var ink: Int { picture.bytes.count { $0 == 1 } }

    /// The words, read by the shapes of the letters.
    var words: [String] {
        let (margin, letters) = (TextPicture.margin, (0x20..<0x7F).map { UInt8($0) })
        let lines = (picture.height - margin) / DotFont.lineHeight
        let columns = (picture.width - margin) / DotFont.advance
        return (0..<max(lines, 0)).map { line in
            let found = (0..<max(columns, 0)).map { column in
                letters.first { letter in
                    (0..<DotFont.width).allSatisfy { x in
                        (0..<DotFont.height).allSatisfy { y in
                            DotFont.isSet(letter, x: x, y: y)
                                == hasInk(
                                    margin + column * DotFont.advance + x,
                                    margin + line * DotFont.lineHeight + y)
                        }
                    }
                } ?? UInt8(ascii: "#")
            }
            return String(decoding: found, as: UTF8.self)
        }.map { $0.split(separator: " ").joined(separator: " ") }.filter { !$0.isEmpty }
    }
}

@Suite("The words of an error within a picture")
struct TextPictureTests {
    @Test("letters look like what they are")
    func shapes() throws {
        let drawn = try DrawnText(request(.png, 22, 11), "Ag?")
        let rows = (2..<9).map { y in
            String((2..<19).map { drawn.hasInk($0, y) ? "#" as Character : "." })
        }
        #expect(
            rows == [
                ".###.........###.", "#...#..####.#...#", "#...#.#...#.....#",
                "#...#.#...#....#.", "#####..####...#..", "#...#.....#......",
                "#...#..###....#..",
            ])
    }

    @Test("no two letters are alike")
    func alike() {
        let shapes = (0x20..<0x7F).map { letter in
            (0..<DotFont.width).flatMap { x in
                (0..<DotFont.height).map { DotFont.isSet(UInt8(letter), x: x, y: $0) }
            }
        }
        #expect(Set(shapes).count == 95)
    }

    @Test("words are wrapped into the picture, broken where none fits, and cut with dots")
    func wrapping() throws {
        let cases: [(UInt16, UInt16, String, [String])] = [
            (
                256, 256, "LayerNotDefined: Could not find layer w:x",
                ["LayerNotDefined: Could not find layer w:x"]
            ),
            (
                100, 100, "Could not  find\n\tlayer w:x",
                ["Could not find", "layer w:x"]
            ),
            (40, 60, "abcdefghijklm no", ["abcdef", "ghijkl", "m no"]),
            (40, 20, "one two three", ["one", "two..."]),
            (40, 20, "sixsix sixsix sixsix", ["sixsix", "six..."]),
            (100, 20, "grün \u{1F30D} naïve", ["gr?n ? na?ve"]),
            (9, 11, "abc", ["."]), (256, 256, "", []), (256, 256, " \n ", []),
        ]
        for (width, height, text, expected) in cases {
            let drawn = try DrawnText(request(.png, width, height), text)
            #expect(drawn.words == expected, "\(text) in \(width)x\(height)")
            #expect((drawn.ink > 0) == !expected.isEmpty)
        }
    }

    @Test("what is behind them is what a blank picture shows")
    func background() throws {
        var clear = request()
        clear.isTransparent = true
        let black = RGBA(red: 0, green: 0, blue: 0)
        #expect(
            try DrawnText(clear, "a").picture.palette
                == [RGBA(red: 255, green: 255, blue: 255, alpha: 0), black])
        for (color, ink) in [
            (.white, black), (RGBA(red: 250, green: 250, blue: 0), black),
            (black, .white), (RGBA(red: 0, green: 0, blue: 160), .white),
        ] as [(RGBA, RGBA)] {
            var opaque = request()
            opaque.background = color
            #expect(try DrawnText(opaque, "a").picture.palette == [color, ink])
        }
    }

    @Test("formats without a writer have none, nor has a picture without room")
    func formats() {
        for format in MapFormat.allCases {
            let isDrawn = TextPicture.picture(for: request(format), text: "a") != nil
            #expect(isDrawn == ![.jpeg, .gif, .webp].contains(format))
        }
        for (width, height) in [(1, 1), (8, 256), (256, 10)] as [(UInt16, UInt16)] {
            #expect(TextPicture.picture(for: request(.png, width, height), text: "a") == nil)
        }
    }

    @Test("the longest text in the largest picture stays small")
    func size() throws {
        for (width, height) in [(4096, 4096), (256, 4096), (4096, 20)] as [(UInt16, UInt16)] {
            let text = String(repeating: "@% W", count: 10_000)
            let largest = request(.png, width, height)
            let drawn = try #require(TextPicture.picture(for: largest, text: text))
            let blank = BlankTile.picture(for: largest).bytes.count
            #expect(drawn.bytes.count < blank + 65_536)
        }
    }
}
