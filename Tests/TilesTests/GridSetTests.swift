import Testing
import Tiles

@Suite("Grid sets: OGC 07-057r7 Annex E and GeoWebCache's")
struct GridSetTests {
    private let sets = GridSets.wellKnown

    @Test("boxes of well-known tiles")
    func boxes() {
        let edge = 20_037_508.342789244
        let world = sets.box(of: TileAddress(gridSet: 0, level: 0, column: 0, row: 0))
        #expect(world == BoundingBox(west: -edge, south: -edge, east: edge, north: edge))
        let east = sets.box(of: TileAddress(gridSet: 1, level: 0, column: 1, row: 0))
        #expect(east == BoundingBox(west: 0, south: -90, east: 180, north: 90))
        let quad = sets.box(of: TileAddress(gridSet: 4, level: 0, column: 0, row: 0))
        #expect(quad == BoundingBox(west: -180, south: -180, east: 180, north: 180))
        for wrong in [
            TileAddress(gridSet: 1, level: 0, column: 2, row: 0),
            TileAddress(gridSet: 1, level: 0, column: 0, row: -1),
            TileAddress(gridSet: 9, level: 0, column: 0, row: 0),
            TileAddress(gridSet: 0, level: 31, column: 0, row: 0),
        ] {
            #expect(sets.box(of: wrong) == nil)
        }
        #expect(sets.name(ofSet: 2) == "GlobalCRS84Pixel" && sets.name(ofSet: 5) == nil)
        #expect(sets.system(ofSet: 4) == .degrees && sets.system(ofSet: 5) == .unknown)
    }

    @Test("the tiles that a box touches")
    func ranges() throws {
        let box = BoundingBox(west: -1, south: -1, east: 1, north: 1)
        let range = try #require(sets.tiles(of: 1, level: 3, touching: box))
        #expect(range.columns == 7...8 && range.rows == 3...4 && range.count == 4)
        #expect(range.contains(TileAddress(gridSet: 1, level: 3, column: 7, row: 4)))
        #expect(!range.contains(TileAddress(gridSet: 1, level: 3, column: 6, row: 4)))
        #expect(!range.contains(TileAddress(gridSet: 1, level: 2, column: 7, row: 4)))
        // An edge is not enough; a tile's own box is that tile.
        let address = TileAddress(gridSet: 0, level: 9, column: 300, row: 77)
        let own = try #require(sets.box(of: address))
        let one = try #require(sets.tiles(of: 0, level: 9, touching: own))
        #expect(one.count == 1 && one.contains(address))
        let far = BoundingBox(west: 200, south: 0, east: 300, north: 1)
        #expect(sets.tiles(of: 1, level: 3, touching: far) == nil)
        #expect(sets.tiles(of: 1, level: 99, touching: box) == nil)
        let none = BoundingBox(west: 1, south: 0, east: 0, north: 1)
        #expect(sets.tiles(of: 1, level: 3, touching: none) == nil)
        #expect(box.overlaps(BoundingBox(west: 0, south: 0, east: 9, north: 9)))
        #expect(!box.overlaps(BoundingBox(west: 1, south: 0, east: 9, north: 9)))
    }

    @Test("a set's ancestor holds the tile where levels halve, from whatever corner")
    func ancestors() throws {
        for address in [
            TileAddress(gridSet: 0, level: 12, column: 1_234, row: 3_001),
            TileAddress(gridSet: 1, level: 12, column: 4_321, row: 1_001),
            TileAddress(gridSet: 4, level: 12, column: 1_000, row: 2_222),
        ] {
            for levels in 1...8 {
                let (above, part) = try #require(sets.ancestor(of: address, levels: levels))
                let (inner, outer) = (
                    try #require(sets.box(of: address)), try #require(sets.box(of: above))
                )
                let side = inner.width
                let west = outer.west + Double(part.column) * side
                let north = outer.north - Double(part.row) * side
                #expect((west - inner.west).magnitude < side / 1e6)
                #expect((north - inner.north).magnitude < side / 1e6)
            }
        }
        // 0.5 degrees and a third are no halves; above the top is nothing.
        let pixel = TileAddress(gridSet: 2, level: 3, column: 0, row: 0)
        #expect(sets.ancestor(of: pixel, levels: 1) == nil)
        #expect(sets.ancestor(of: pixel, levels: 0) == nil)
        #expect(
            sets.ancestor(of: TileAddress(gridSet: 0, level: 1, column: 0, row: 0), levels: 2)
                == nil)
    }

    @Test("the ancestor's key is the key of the ancestor")
    func ancestorKeys() throws {
        let path = Array("/geoserver/wms".utf8)
        let head = "REQUEST=GetMap&LAYERS=a:b&FORMAT=image/png&SRS=EPSG:3857&WIDTH=256&HEIGHT=256"
        let query = Array((head + "&BBOX=0,0,5009377.0856,5009377.0856").utf8)
        var memory = [UInt8](repeating: 0, count: 2_048)
        let found = memory.withUnsafeMutableBytes {
            TileRequest.writeAncestorKey(
                path: path.span.bytes, query: query.span.bytes, services: plainServices, levels: 1,
                into: $0)
        }
        let (length, part) = try #require(found)
        #expect(part == TilePart(levels: 1, column: 0, row: 1))
        let parent = ask(
            "/geoserver/wms?" + head + "&BBOX=0,0,10018754.1713,10018754.1713", plainServices)
        #expect(String(decoding: memory[..<length], as: UTF8.self) == parent.key)
        let none = memory.withUnsafeMutableBytes {
            TileRequest.writeAncestorKey(
                path: path.span.bytes, query: query.span.bytes, services: plainServices, levels: 4,
                into: $0)
        }
        #expect(none == nil)
    }

    /// A national grid, 512 pixels wide, with its own names for its levels.
    private static let national = GridSet(
        name: "Lambert", aliases: ["L93"], code: 2154, isNorthingFirst: false,
        extent: BoundingBox(west: 0, south: 6_000_000, east: 1_300_000, north: 7_200_000),
        origin: .bottomLeft, tileSize: (512, 512),
        levels: [
            GridSet.Level(resolution: 1_000, name: "coarse"),
            GridSet.Level(resolution: 100, name: "0"),
        ])

    @Test("a set that does not say which axis is first leaves a box of WMS 1.3.0 as it came")
    func unknownAxes() {
        var set = Self.national
        set.isNorthingFirst = nil
        let services = MapServices(gridSets: GridSets(GridSet.wellKnown + [set]))
        func asked(_ version: String) -> TileAnswer {
            ask(
                "/geoserver/wms?REQUEST=GetMap&LAYERS=a:b&FORMAT=image/png&WIDTH=512&HEIGHT=512"
                    + "&CRS=EPSG:2154&BBOX=51200,6102400,102400,6153600&VERSION=" + version,
                services)
        }
        #expect(asked("1.3.0").request?.address == nil)
        #expect(asked("1.3.0").key.contains("&VERSION=1.3.0&CRS=EPSG:2154&BBOX=51200,"))
        #expect(asked("1.1.1").key.hasSuffix("&TILE#Lambert/1/1/21"))
    }

    @Test("a set from elsewhere is as good as a built-in one")
    func ownSet() {
        #expect(Self.national.defect == nil)
        let services = MapServices(gridSets: GridSets(GridSet.wellKnown + [Self.national]))
        let box = "51200,6102400,102400,6153600"
        let wms = ask(
            "/geoserver/wms?REQUEST=GetMap&VERSION=1.3.0&LAYERS=a:b&FORMAT=image/png"
                + "&TRANSPARENT=TRUE&CRS=EPSG:2154&BBOX=\(box)&WIDTH=512&HEIGHT=512", services)
        #expect(wms.key.hasSuffix("&TILE#Lambert/1/1/21"))
        #expect(wms.target?.contains("&SRS=EPSG:2154&BBOX=\(box)&WIDTH=512&HEIGHT=512") == true)
        for spelling in [
            "wmts/rest/a:b/L93/L93:0/21/1?format=image/png",
            "wmts/rest/a:b//Lambert/0/21/1?format=image/png",
            "tms/1.0.0/a:b@Lambert@png/1/1/2.png",
        ] {
            #expect(ask("/geoserver/gwc/service/" + spelling, services).key == wms.key)
        }
    }

    @Test("what is wrong with a set is said, and such a set is not taken")
    func defects() {
        func changed(_ change: (inout GridSet) -> Void) -> String? {
            var set = Self.national
            change(&set)
            #expect(GridSets([set]).count == 0)
            return set.defect
        }
        #expect(changed { $0.name = "" } == "has no name")
        #expect(changed { $0.code = 0 } == "EPSG code 0 is out of 1...99999999")
        #expect(changed { $0.extent.east = -1 } == "extent has no area")
        #expect(changed { $0.extent.north = .nan } == "extent has no area")
        #expect(changed { $0.extent.east = 1e10 } == "extent is beyond 1e9")
        #expect(changed { $0.tileWidth = 0 } == "tile size is out of 1...4096")
        #expect(changed { $0.levels = [] } == "number of levels is out of 1...64")
        #expect(
            changed { $0.levels.reverse() } == "resolutions do not fall from level to level")
        #expect(changed { $0.levels[0].resolution = .nan } != nil)
        #expect(changed { $0.levels[0].resolution = 1e7 } == "level coarse is too coarse")
        #expect(changed { $0.levels[1].resolution = 1e-9 } == "level 0 has too many tiles")
        #expect(GridSet.wellKnown.allSatisfy { $0.defect == nil })
    }
}
