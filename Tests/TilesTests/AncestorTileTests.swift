import Testing
import Tiles

@Suite("Ancestor tiles: a part of a parent, enlarged")
struct AncestorTileTests {
    @Test("a part is one of those that there are")
    func parts() throws {
        #expect(TilePart(levels: 0, column: 0, row: 0) == nil)
        #expect(TilePart(levels: 9, column: 0, row: 0) == nil)
        #expect(TilePart(levels: 1, column: 2, row: 0) == nil)
        #expect(TilePart(levels: 2, column: 3, row: -1) == nil)
        let part = try #require(TilePart(levels: 2, tileColumn: 13, tileRow: 6))
        #expect(part == TilePart(levels: 2, column: 1, row: 2))
        #expect(TilePart(levels: 1, tileColumn: -1, tileRow: 0) == nil)
    }

    @Test("by the nearest pixel each one is repeated", arguments: 1...4)
    func nearest(levels: Int) throws {
        let picture = randomPicture(16, 16, seed: 6)
        let side = 1 << levels
        for row in 0..<side {
            for column in 0..<side {
                let part = try #require(TilePart(levels: levels, column: column, row: row))
                let tile = picture.enlarged(part)
                for y in 0..<16 {
                    for x in 0..<16 {
                        let source = picture[(column * 16 + x) / side, (row * 16 + y) / side]
                        #expect(tile[x, y] == source)
                    }
                }
            }
        }
    }

    @Test("a palette stays the palette")
    func indexed() throws {
        let palette: [RGBA] = [.clear, .white, RGBA(red: 9, green: 8, blue: 7)]
        let picture = PixelBuffer(
            width: 4, height: 2, palette: palette, indices: [0, 1, 2, 0, 1, 2, 0, 1])
        let part = try #require(TilePart(levels: 1, column: 1, row: 0))
        let tile = picture.enlarged(part)
        #expect(tile.palette == palette)
        #expect(tile.bytes == [2, 2, 0, 0, 2, 2, 0, 0])
    }

    @Test("odd sizes are covered without a gap")
    func odd() throws {
        let picture = randomPicture(5, 3, seed: 9)
        let part = try #require(TilePart(levels: 1, column: 1, row: 1))
        let tile = picture.enlarged(part)
        #expect((tile.width, tile.height) == (5, 3))
        for y in 0..<3 {
            for x in 0..<5 { #expect(tile[x, y] == picture[(5 + x) / 2, (3 + y) / 2]) }
        }
    }

    @Test("bilinear: an even picture stays, between two colours there is a ramp")
    func bilinear() throws {
        let even = PixelBuffer(
            width: 4, height: 4,
            rgba: (0..<16).flatMap { _ in [10, 20, 30, 40] as [UInt8] })
        let part = try #require(TilePart(levels: 2, column: 1, row: 3))
        #expect(even.enlarged(part, .bilinear) == even)
        // Two columns: black and white; weights of the middles are 1/4 and 3/4.
        let ramp = PixelBuffer(
            width: 2, height: 1, rgba: [0, 0, 0, 255, 255, 255, 255, 255])
        let left = try #require(TilePart(levels: 1, column: 0, row: 0))
        let right = try #require(TilePart(levels: 1, column: 1, row: 1))
        #expect(ramp.enlarged(left, .bilinear).bytes[0] == 0)
        #expect(ramp.enlarged(left, .bilinear).bytes[4] == 64)
        #expect(ramp.enlarged(right, .bilinear).bytes[0] == 191)
        #expect(ramp.enlarged(right, .bilinear).bytes[4] == 255)
    }

    @Test("bilinear: a clear pixel lends no colour to its neighbours")
    func clear() throws {
        let picture = PixelBuffer(
            width: 2, height: 1, rgba: [255, 0, 0, 255, 0, 255, 0, 0])
        let part = try #require(TilePart(levels: 1, column: 0, row: 0))
        let tile = picture.enlarged(part, .bilinear)
        #expect(tile[1, 0] == RGBA(red: 255, green: 0, blue: 0, alpha: 191))
    }

    @Test("from file to file, of the same size; broken files are an error")
    func files() throws {
        let picture = randomPicture(32, 32, seed: 12)
        let file = try #require(PNG.encode(picture))
        let part = try #require(TilePart(levels: 1, column: 0, row: 1))
        for resampling in [Resampling.nearest, .bilinear] {
            let made = try #require(try tile(part, of: file, resampling))
            #expect(try decode(made).rgba == picture.enlarged(part, resampling))
            #expect(check(made, .png, size: (32, 32)) == .whole)
        }
        #expect(throws: PNGError.truncated) {
            try tile(part, of: file.dropLast())
        }
        let blank = BlankTile.png(width: 256, height: 256)
        let made = try #require(try tile(part, of: blank, .bilinear))
        #expect(try decode(made) == decode(blank))
    }
}
