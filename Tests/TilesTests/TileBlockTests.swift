import HTTP
import Testing
import WireTesting

@testable import Tiles

@Suite("Metatiles: blocks of tiles, their pictures, and the tiles cut out")
struct TileBlockTests {
    private let sets = GridSets.wellKnown

    private func address(_ set: String, _ level: Int, _ column: Int, _ row: Int) throws
        -> TileAddress
    {
        TileAddress(
            gridSet: try #require(sets.set(named: set)), level: level, column: column, row: row)
    }

    /// As level/column/row columns x rows.
    private func text(_ block: TileBlock?) -> String? {
        block.map {
            "\($0.first.level)/\($0.first.column)/\($0.first.row) \($0.columns)x\($0.rows)"
        }
    }

    @Test("a tile is in one block, counted from the north-west, smaller at the other edges")
    func blocks() throws {
        let table: [(String, Int, Int, Int, Int, Int, String?)] = [
            ("EPSG:900913", 4, 4, 6, 4, 4, "4/4/4 4x4"),
            ("EPSG:900913", 4, 7, 7, 4, 4, "4/4/4 4x4"),
            ("EPSG:900913", 4, 8, 8, 4, 4, "4/8/8 4x4"),
            ("EPSG:900913", 4, 15, 15, 3, 3, nil),
            ("EPSG:900913", 4, 14, 15, 3, 3, "4/12/15 3x1"),
            ("EPSG:900913", 1, 1, 1, 8, 8, "1/0/0 2x2"),
            ("EPSG:900913", 0, 0, 0, 4, 4, nil),
            ("EPSG:900913", 4, 4, 6, 1, 1, nil),
            ("EPSG:900913", 4, 16, 6, 4, 4, nil),
            ("EPSG:4326", 0, 1, 0, 4, 4, "0/0/0 2x1"),
        ]
        for (set, level, column, row, columns, rows, expected) in table {
            let block = sets.block(
                of: try address(set, level, column, row), columns: columns, rows: rows, gutter: 0)
            #expect(text(block) == expected, "\(set) \(level)/\(column)/\(row)")
        }
        let block = try #require(
            sets.block(of: try address("EPSG:900913", 4, 6, 5), columns: 2, rows: 3, gutter: 0))
        #expect(
            block.addresses.map { "\($0.column),\($0.row)" }
                == ["6,3", "7,3", "6,4", "7,4", "6,5", "7,5"])
    }

    @Test("a block is smaller throughout where its picture would be too large")
    func large() throws {
        let set = GridSet(
            name: "large", code: 3857,
            extent: BoundingBox(west: 0, south: 0, east: 65_536, north: 65_536),
            origin: .topLeft, tileSize: (512, 512),
            resolutions: [1])
        let sets = GridSets([set])
        func block(_ column: Int, _ row: Int, _ gutter: Int) -> String? {
            text(
                sets.block(
                    of: TileAddress(gridSet: 0, level: 0, column: column, row: row), columns: 8,
                    rows: 8, gutter: gutter))
        }
        // 4,096 pixels square are just what is decoded.
        #expect(block(7, 7, 0) == "0/0/0 8x8")
        #expect(block(7, 7, 1) == "0/4/0 4x8")
        #expect(block(3, 7, 1) == "0/0/0 4x8")
    }

    @Test("the picture is asked for with its gutter, and has a key that no tile has")
    func texts() throws {
        let path = Array("/geoserver/geonode/wms".utf8)
        let query = Array(
            ("SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=storms&STYLES=&SRS=EPSG:3857"
                + "&BBOX=-10018754,2504688,-7514065,5009377&WIDTH=256&HEIGHT=256&FORMAT=image/png"
                + "&TRANSPARENT=TRUE&TIME=2005").utf8)
        let services = MapServices.standard
        let block = try #require(
            sets.block(of: try address("EPSG:900913", 4, 4, 6), columns: 2, rows: 2, gutter: 16))
        func written(_ write: (RawSpan, RawSpan, UnsafeMutableRawBufferPointer) -> Int?) -> String {
            var memory = [UInt8](repeating: 0, count: 4_096)
            let count = memory.withUnsafeMutableBytes {
                write(path.span.bytes, query.span.bytes, $0)
            }
            return String(decoding: memory[..<(count ?? 0)], as: UTF8.self)
        }
        let target = written {
            TileRequest.writeTarget(of: block, path: $0, query: $1, services: services, into: $2)
        }
        #expect(
            target
                == "/geoserver/geonode/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=storms"
                + "&STYLES=&FORMAT=image/png&TRANSPARENT=TRUE&SRS=EPSG:3857"
                + "&BBOX=-10175297.20532266,-156543.03392804,-4852834.05176927,5165920.11962535"
                + "&WIDTH=544&HEIGHT=544&TIME=2005")
        let key = written {
            TileRequest.writeKey(of: block, path: $0, query: $1, services: services, into: $2)
        }
        #expect(key.contains("&TILE#EPSG:900913/4/4/6+2x2+16&TIME=2005"), "\(key)")
        let other = written {
            TileRequest.writeKey(
                of: block.addresses[3], path: $0, query: $1, services: services, into: $2)
        }
        #expect(other == key.replacing("4/4/6+2x2+16", with: "4/5/7"), "\(other)")
    }

    @Test(
        "each tile has the colours that the picture has there",
        arguments: [0, 3], [256, 40, 100_000])
    func cut(gutter: Int, colors: Int) throws {
        let block = TileBlock(
            first: TileAddress(gridSet: 0, level: 9, column: 0, row: 0), columns: 3, rows: 2,
            gutter: gutter)
        let (width, height) = (3 * 32 + 2 * gutter, 2 * 32 + 2 * gutter)
        var numbers = SeededRandom(seed: UInt64(colors))
        var picture = randomPicture(width, height, seed: UInt64(colors))
        if colors <= 256 {
            // Colours that some tiles have and others do not.
            picture = PixelBuffer(
                width: width, height: height,
                palette: (0..<colors).map {
                    RGBA(red: UInt8($0), green: 7, blue: 9, alpha: UInt8($0 % 3 * 127))
                },
                indices: (0..<(width * height)).map { pixel in
                    UInt8(
                        (pixel % width / 32 * 9 + Int.random(in: 0..<9, using: &numbers)) % colors)
                })
        }
        let file = try #require(PNG.encode(picture))
        let tiles = try #require(try PNG.cut(file.span.bytes, into: block, tile: (32, 32)))
        #expect(tiles.count == 6)
        for (index, tile) in tiles.enumerated() {
            let (column, row) = (index % 3, index / 3)
            let part = picture.cropped(
                x: gutter + column * 32, y: gutter + row * 32, width: 32, height: 32)
            #expect(try decode(tile).rgba == part.rgba)
            // Of nine colours a pixel needs four bits.
            if colors == 256, gutter == 0 { #expect(tile[24] == 4 && tile[25] == 3) }
        }
    }

    @Test("what is no picture of the tiles is not cut")
    func refused() throws {
        let block = TileBlock(
            first: TileAddress(gridSet: 0, level: 9, column: 0, row: 0), columns: 2, rows: 2,
            gutter: 1)
        func failure(_ file: [UInt8]) -> PNGError? {
            do throws(PNGError) {
                _ = try PNG.cut(file.span.bytes, into: block, tile: (8, 8))
                return nil
            } catch {
                return error
            }
        }
        let good = try #require(PNG.encode(randomPicture(18, 18, seed: 1)))
        #expect(failure(good) == nil)
        let narrow = try #require(PNG.encode(randomPicture(17, 18, seed: 1)))
        #expect(failure(narrow) == .otherSize(width: 17, height: 18))
        #expect(failure(Array("<ServiceException/>".utf8)) == .notPNG)
        #expect(failure(Array(good.dropLast(5))) == .truncated)
        // Grey samples of 16 bits: 18 rows of a filter byte and 36 bytes.
        var deep = PNGWriter(PNGHeader(width: 18, height: 18, bitDepth: 16, colorType: .grey))
        deep.append(.data, compressed([UInt8](repeating: 0, count: 18 * 37)))
        #expect(failure(deep.finish()) == .deepSamples)
    }
}
