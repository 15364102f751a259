import Glibc
import Testing
import Tiles
import WireTesting

/// A tile of the hurricanes, and how programs ask for it; all from one seed.
private struct AskedTile: Hashable {
    var set: Int
    var level: Int
    var column: Int
    var row: Int

    static let time = "2005-06-01/2005-12-31"
    private static let systems = [
        ["EPSG:3857", "EPSG:900913", "EPSG:3785", "EPSG:102100", "EPSG:102113"], ["EPSG:4326"],
    ]

    /// Where hurricanes are, so that tiles differ.
    init(_ random: inout SeededRandom) {
        set = random.below(2)
        level = 1 + random.below(8)
        let (east, north) = (
            Double(random.below(5_000)) / 100 - 95, Double(random.below(3_300)) / 100 + 12
        )
        let tiles = Double(1 << level)
        if set == 0 {
            let height = asinh(tan(north * .pi / 180)) / .pi
            column = Int((east + 180) / 360 * tiles)
            row = Int((1 - height) / 2 * tiles)
        } else {
            column = Int((east + 180) / 180 * tiles)
            row = Int((90 - north) / 180 * tiles)
        }
    }

    var box: BoundingBox? {
        GridSets.wellKnown.box(
            of: TileAddress(gridSet: set, level: level, column: column, row: row))
    }

    /// Written without the code under test, but for its box.
    func canonical(_ box: BoundingBox) -> String {
        // A hundredth of a micrometre, or of a billionth of a degree.
        let sides = [box.west, box.south, box.east, box.north].map {
            "\(($0 * 1e8).rounded() / 1e8)"
        }
        return
            "/geoserver/geonode/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=hurricanes&STYLES="
            + "&FORMAT=image/png&TRANSPARENT=TRUE&SRS=\(set == 0 ? "EPSG:3857" : "EPSG:4326")"
            + "&BBOX=\(sides.joined(separator: ","))&WIDTH=256&HEIGHT=256"
            + "&TIME=\(Self.time)"
    }

    func spelling(_ box: BoundingBox, _ random: inout SeededRandom) -> String {
        let name = set == 0 ? "EPSG:900913" : "EPSG:4326"
        let gwc = "/geoserver/gwc/service/"
        let south = (1 << level) - 1 - row
        switch random.below(8) {
        case 0:
            return gwc + "tms/1.0.0/geonode:hurricanes@\(name)@png/\(level)/\(column)/\(south).png"
                + "?time=\(Self.time)"
        case 1:
            return gwc + "wmts/rest/geonode:hurricanes//\(name)/\(name):\(level)/\(row)/\(column)"
                + "?format=image/png&TIME=\(Self.time)"
        case 2:
            return gwc + "wmts?Service=WMTS&Request=GetTile&Version=1.0.0&Layer=geonode:hurricanes"
                + "&Style=&TileMatrixSet=\(name)&TileMatrix=\(name):\(level)&TileRow=\(row)"
                + "&TileCol=\(column)&Format=image/png&Time=\(Self.time)"
        case 3 where set == 0:
            return gwc + "gmaps?layers=geonode:hurricanes&zoom=\(level)&x=\(column)&y=\(row)"
                + "&format=image/png&time=\(Self.time)"
        default: return getMap(box, &random)
        }
    }

    private func getMap(_ box: BoundingBox, _ random: inout SeededRandom) -> String {
        let isNew = random.below(2) == 0
        let slack = box.width / 256 * 0.09
        var sides = [box.west, box.south, box.east, box.north].map { side in
            switch random.below(3) {
            case 0: "\(side)"
            case 1: "\((side * 1e4).rounded() / 1e4)"
            default: "\(side + slack * Double(random.below(201) - 100) / 100)"
            }
        }
        let names = Self.systems[set]
        let system = names[random.below(names.count)]
        if isNew, set == 1 { sides = [sides[1], sides[0], sides[3], sides[2]] }
        let paths = ["wms", "ows", "geonode/wms", "geonode/ows", "gwc/service/wms"]
        let path = paths[random.below(paths.count)]
        let isBare = path.hasPrefix("geonode") && random.below(2) == 0
        var parameters = [
            ("service", "WMS"), ("request", "GetMap"), ("version", isNew ? "1.3.0" : "1.1.1"),
            ("layers", (isBare ? "" : "geonode:") + "hurricanes"), ("styles", ""),
            ("format", "image/png"), ("transparent", random.below(2) == 0 ? "true" : "TRUE"),
            (isNew ? "crs" : "srs", system), ("bbox", sides.joined(separator: ",")),
            ("width", "256"), ("height", "256"), ("time", Self.time),
        ]
        let more = [
            ("tiled", "true"), ("_dc", "1100000000000"), ("exceptions", "INIMAGE"),
            ("bgcolor", "0xFFFFFF"), ("tilesorigin", "-20037508.34,-20037508.34"),
        ]
        for parameter in more where random.below(3) == 0 { parameters.append(parameter) }
        for index in parameters.indices.dropFirst() {
            parameters.swapAt(index, random.below(index + 1))
        }
        let query = parameters.map { name, value in
            let name = name.map { random.below(2) == 0 ? $0.uppercased() : "\($0)" }.joined()
            return name + "=" + encoded(value, &random)
        }
        return "/geoserver/\(path)?" + query.joined(separator: "&")
    }

    private func encoded(_ text: String, _ random: inout SeededRandom) -> String {
        text.utf8.map { byte in
            random.below(4) > 0
                ? "\(UnicodeScalar(byte))" : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}

@Suite(
    "One tile, one entry: the real MapServer",
    .enabled(if: DemoSite.isPossible, "no lighttpd, MapServer or GDAL"))
struct TileIdentityTests {
    private func get(_ target: String, at port: UInt16) throws -> Response {
        var viewer = try Viewer(port: port)
        return try viewer.exchange(
            "GET \(target) HTTP/1.1\r\nHost: maps.test\r\nConnection: close\r\n\r\n")
    }

    /// Asks for all spellings: each is the server's own answer, and all but the first are hits.
    private func expectOne(
        _ canonical: String, _ spellings: [String], _ edge: UInt16, _ member: UInt16
    ) throws -> [UInt8] {
        let own = try get(canonical, at: member)
        #expect(own.status == 200 && own["Content-Type"] == "image/png", "\(canonical)")
        for (index, spelling) in spellings.enumerated() {
            let answer = try get(spelling, at: edge)
            #expect(answer.status == 200, "\(spelling)")
            #expect(answer.body == own.body, "\(spelling) is another picture than \(canonical)")
            #expect(answer.isHit == (index > 0), "\(spelling) of \(canonical)")
        }
        return own.body
    }

    @Test("random spellings of random tiles: the server's own bytes, and one entry each")
    func spellings() throws {
        let demo = try DemoSite()
        let (edge, member) = (try #require(demo.port), try demo.memberPort())
        var random = SeededRandom(seed: 20_261)
        var tiles: Set<AskedTile> = []
        while tiles.count < 60 { tiles.insert(AskedTile(&random)) }
        var pictures: Set<[UInt8]> = []
        for tile in tiles.sorted(by: { "\($0)" < "\($1)" }) {
            let box = try #require(tile.box)
            let spellings = (0..<7).map { _ in tile.spelling(box, &random) }
            pictures.insert(try expectOne(tile.canonical(box), spellings, edge, member))
        }
        // Had all been empty, nothing would have been told apart.
        #expect(pictures.count > 10)
        demo.child.signal(SIGINT)
        #expect(demo.child.waitForExit(within: 60_000) == 0)
    }

    /// One tile as clients write it, each with its own digits, order and escapes.
    private static let dialects = [
        "/geoserver/geonode/wms?LAYERS=hurricanes&FORMAT=image%2Fpng&TRANSPARENT=TRUE"
            + "&TIME=2005-06-01%2F2005-12-31&SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&STYLES="
            + "&SRS=EPSG%3A3857&BBOX=-10018754.17,2504688.5425,-7514065.6275,5009377.085"
            + "&WIDTH=256&HEIGHT=256",
        "/geoserver/geonode/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=hurricanes&STYLES="
            + "&SRS=EPSG:3857&BBOX=-10018754,2504688,-7514065,5009377&WIDTH=256&HEIGHT=256"
            + "&FORMAT=image/png&TRANSPARENT=true&TIME=2005-06-01/2005-12-31",
        "/geoserver/geonode/wms?VERSION=1.1.1&REQUEST=GetMap&SERVICE=WMS&STYLES="
            + "&BBOX=-10018754.171395%2c2504688.542849%2c-7514065.628546%2c5009377.085697"
            + "&WIDTH=256&HEIGHT=256&FORMAT=image%2fpng&SRS=EPSG%3a3857&TRANSPARENT=true"
            + "&LAYERS=hurricanes&TIME=2005-06-01%2f2005-12-31",
        "/geoserver/geonode/wms?layers=hurricanes&transparent=True&format=image%2Fpng"
            + "&bbox=-10018754.171394622,2504688.5428486564,-7514065.628545966,5009377.085697312"
            + "&width=256&height=256&srs=EPSG%3A3857&time=2005-06-01%2F2005-12-31&request=GetMap"
            + "&version=1.1.1&service=WMS&styles=",
        "/geoserver/geonode/wms?service=WMS&request=GetMap&layers=hurricanes&styles="
            + "&format=image%2Fpng&transparent=true&version=1.1.1&time=2005-06-01%2F2005-12-31"
            + "&width=256&height=256&srs=EPSG%3A3857"
            + "&bbox=-10018754.171394622,2504688.542848655,-7514065.628545968,5009377.085697314",
        "/geoserver/geonode/wms?request=GetMap&service=WMS&version=1.1.1&layers=hurricanes&styles="
            + "&format=image/png&transparent=TRUE&width=256&height=256"
            + "&bbox=-10018754.17000000,2504688.54250000,-7514065.62750000,5009377.08500000"
            + "&srs=EPSG:3857&time=2005-06-01/2005-12-31",
        "/geoserver/geonode/wms?service=WMS&version=1.1.1&request=GetMap&layers=hurricanes&styles="
            + "&width=256&height=256&srs=EPSG%3A3857"
            + "&bbox=-10018754.17%2C2504688.54%2C-7514065.63%2C5009377.09&format=image%2Fpng"
            + "&transparent=TRUE&exceptions=application%2Fvnd.ogc.se_xml&bgcolor=0xFFFFFF"
            + "&time=2005-06-01%2F2005-12-31",
        "/geoserver/geonode/wms?service=WMS&version=1.3.0&request=GetMap&layers=hurricanes&styles="
            + "&width=256&height=256&crs=EPSG%3A3857"
            + "&bbox=-10018754.17%2C2504688.54%2C-7514065.63%2C5009377.09&format=image%2Fpng"
            + "&transparent=TRUE&exceptions=XML&bgcolor=0xFFFFFF&time=2005-06-01%2F2005-12-31",
        "/geoserver/gwc/service/tms/1.0.0/geonode:hurricanes@EPSG:900913@png/4/4/9.png"
            + "?time=2005-06-01/2005-12-31",
    ]

    @Test("OpenLayers, curl, mod-mapcache, MapProxy, Leaflet, GDAL, OWSLib and a TMS client: one")
    func dialects() throws {
        let demo = try DemoSite()
        let (edge, member) = (try #require(demo.port), try demo.memberPort())
        let canonical =
            "/geoserver/geonode/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=hurricanes"
            + "&STYLES=&FORMAT=image/png&TRANSPARENT=TRUE&SRS=EPSG:3857"
            + "&BBOX=-10018754.17139462,2504688.54284865,-7514065.62854597,5009377.08569731"
            + "&WIDTH=256&HEIGHT=256&TIME=2005-06-01/2005-12-31"
        _ = try expectOne(canonical, Self.dialects, edge, member)
        demo.child.signal(SIGINT)
        #expect(demo.child.waitForExit(within: 60_000) == 0)
    }
}
