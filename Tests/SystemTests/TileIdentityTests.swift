import Glibc
import Testing
import Tiles
import WireTesting

@Suite(
    "One tile, one entry: the real MapServer", .waits,
    .enabled(if: DemoSite.isPossible, "no lighttpd, MapServer or GDAL"))
struct TileIdentityTests {
    /// Asks for all spellings: each is the server's own answer, and all but the first are hits.
    private func expectOne(
        _ canonical: String, _ spellings: [String], _ edge: UInt16, _ member: UInt16
    ) throws -> [UInt8] {
        let own = try Viewer.ask(canonical, at: member)
        #expect(own.status == 200 && own["Content-Type"] == "image/png", "\(canonical)")
        for (index, spelling) in spellings.enumerated() {
            let answer = try Viewer.ask(spelling, at: edge)
            #expect(answer.status == 200, "\(spelling)")
            #expect(answer.body == own.body, "\(spelling) is another picture than \(canonical)")
            #expect(answer.isHit == (index > 0), "\(spelling) of \(canonical)")
        }
        return own.body
    }

    /// What the edge has counted so far.
    private func counts(_ demo: DemoSite) throws -> Counts {
        let connects = try demo.metric("mapedge_origin_connects_total")
        return Counts(
            hits: try demo.metric("mapedge_hits_total"),
            misses: try demo.metric("mapedge_misses_total"),
            stored: try demo.metric("mapedge_stored_total"),
            asked: try connects + demo.metric("mapedge_origin_reuses_total"))
    }

    private struct Counts: Equatable {
        var hits: Int
        var misses: Int
        var stored: Int
        var asked: Int

        static func - (left: Counts, right: Counts) -> Counts {
            Counts(
                hits: left.hits - right.hits, misses: left.misses - right.misses,
                stored: left.stored - right.stored, asked: left.asked - right.asked)
        }
    }

    @Test("thousands of spellings of random tiles: the server's own bytes, asked for once each")
    func spellings() throws {
        let demo = try DemoSite()
        let (edge, member) = (try #require(demo.port), try demo.memberPort())
        let (tilesOfLayer, spellingsOfTile) = (100, 20)
        let before = try counts(demo)
        var random = SeededRandom(seed: 20_261)
        for layer in DemoLayer.all {
            var tiles: Set<SpeltTile> = []
            while tiles.count < tilesOfLayer { tiles.insert(SpeltTile(layer, &random)) }
            var pictures: Set<[UInt8]> = []
            for tile in tiles.sorted(by: { "\($0)" < "\($1)" }) {
                let box = try #require(tile.box)
                let spellings = (0..<spellingsOfTile).map { _ in
                    tile.spelling(layer, box, &random)
                }
                pictures.insert(
                    try expectOne(tile.canonical(layer, box), spellings, edge, member))
            }
            // Had all been empty, nothing would have been told apart.
            #expect(pictures.count > 10, "\(layer.name)")
        }
        let count = tilesOfLayer * DemoLayer.all.count
        let expected = Counts(
            hits: count * (spellingsOfTile - 1), misses: count, stored: count, asked: count)
        #expect(try counts(demo) - before == expected)
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
