import Testing
import Tiles

@testable import Control

@Suite("Seed: the hottest tiles of an access log")
struct HotTilesTests {
    private static let tms = "/geoserver/gwc/service/tms/1.0.0/geonode:roads@EPSG:900913@png"

    /// A line of the edge's own log.
    private func line(
        _ target: String, host: String = "maps.test", method: String = "GET", status: Int = 200,
        agent: String = "Mozilla/5.0"
    ) -> String {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        return "{\"time\":1700000000.5,\"cs-method\":\"\(method)\",\"x-host-header\":\"\(host)\","
            + "\"cs-uri-stem\":\"\(parts[0])\","
            + "\"cs-uri-query\":\"\(parts.dropFirst().first ?? "")\","
            + "\"sc-status\":\(status),\"cs(User-Agent)\":\"\(agent)\"}"
    }

    private func hottest(
        _ lines: [String], _ count: Int = 10, tilesMax: Int = 1_000,
        _ change: (inout HotTiles.Wish) -> Void = { _ in }
    ) -> [HotTiles.Tile] {
        var wish = HotTiles.Wish(layer: "geonode:roads")
        change(&wish)
        var hot = HotTiles(wish, .standard, tilesMax: tilesMax)
        for line in lines { hot.take(line) }
        return hot.hottest(count)
    }

    private func map(_ more: String = "", layers: String = "geonode:roads") -> String {
        "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=\(layers)&STYLES="
            + "&SRS=EPSG:900913&BBOX=0,0,20037508.34,20037508.34&WIDTH=256&HEIGHT=256"
            + "&FORMAT=image/png&TRANSPARENT=TRUE\(more)"
    }

    @Test("spellings of a tile count together, the hottest first; equal ones in a fixed order")
    func order() {
        let lines = [
            line("\(Self.tms)/1/1/1.png"), line("\(Self.tms)/2/0/0.png"), line(map()),
            line(map("&_=17")), line("\(Self.tms)/2/1/0.png"), line("\(Self.tms)/2/1/0.png"),
        ]
        let tiles = hottest(lines)
        #expect(tiles.map(\.count) == [3, 2, 1] && tiles.map(\.level) == [1, 2, 2])
        #expect(tiles[0].target.host == "maps.test")
        #expect(
            tiles[0].target.target.hasPrefix("/geoserver/geonode/wms?SERVICE=WMS&VERSION=1.1.1"))
        #expect(hottest(lines.reversed()) == tiles)
        #expect(hottest(lines, 1).count == 1)
    }

    @Test("only what was a tile of the layer counts, and what its viewer alone may see does not")
    func others() {
        let lines = [
            line(map(), status: 404), line(map(), method: "POST"), line(map("&access_token=x")),
            line(map(layers: "geonode:towns")), line("/index.html"), "no record", "",
            line(map().replacing("WIDTH=256", with: "WIDTH=300")), line(map("&SLD=http://a/b")),
            line(map(), host: ""), line(map(), host: "a b"),
        ]
        #expect(hottest(lines).isEmpty)
        #expect(hottest(lines + [line(map(), status: 304)]).count == 1)
        #expect(hottest([line(map(layers: "geonode:towns,geonode:roads"))]).count == 1)
        #expect(hottest([line(map())]) { $0.layer = "roads" }.count == 1)
        #expect(hottest([line(map())]) { $0.layer = "oads" }.isEmpty)
    }

    @Test("times, styles and formats count apart, unless one of them is wanted")
    func wishes() {
        let lines = [
            line(map("&TIME=2011")), line(map("&TIME=2012")),
            line(map().replacing("STYLES=", with: "STYLES=red")),
            line(map().replacing("image/png", with: "image/jpeg")),
            line("\(Self.tms)/3/0/0.png"), line(map(), host: "other.test"),
        ]
        #expect(hottest(lines).count == 6)
        #expect(hottest(lines) { $0.time = "2011" }.count == 1)
        #expect(hottest(lines) { $0.style = "red" }.count == 1)
        #expect(hottest(lines) { $0.format = "image/jpeg" }.count == 1)
        #expect(hottest(lines) { $0.format = "IMAGE/jpg" }.count == 1)
        #expect(hottest(lines) { $0.levels = 3...3 }.count == 1)
        #expect(hottest(lines) { $0.gridSet = 1 }.isEmpty)
        #expect(Set(hottest(lines) { $0.host = "x.test" }.map(\.target.host)) == ["x.test"])
    }

    @Test("a time that is wanted is found in every spelling of it, here and in the log")
    func spellings() {
        let lines = [
            line(map("&TIME=2011-06-01T12:00:00Z")), line(map("&TIME=2011-06-01T12:00:00")),
            line(map("&TIME=2011-06-02")),
        ]
        for time in ["2011-06-01T12:00:00", "2011-06-01T12:00:00Z"] {
            #expect(hottest(lines) { $0.time = time }.count == 1, "\(time)")
        }
    }

    @Test("what seeds asked for is not what viewers asked for")
    func seeds() {
        let lines = [
            line(map(), agent: "mapedge-seed/1.0"), line(map(), agent: "mapedge-seed/1.0"),
            line(map()), line("\(Self.tms)/2/0/0.png", agent: "mapedge-seed/2"),
        ]
        #expect(hottest(lines).map(\.count) == [1])
    }

    @Test("CloudFront's lines are read as well, with the host that viewers asked for")
    func standardLog() {
        let fields = [
            "2019-12-04", "21:02:31", "LAX1", "392", "192.0.2.100", "GET", "d1.cloudfront.net",
            "\(Self.tms)/1/1/1.png", "200", "-", "agent", "-", "-", "Hit", "ID==", "maps.test",
            "https", "23", "0.001", "-", "TLSv1.2", "C", "Hit", "HTTP/2.0", "-", "-", "11040",
            "0.001", "Hit", "image/png", "78", "-", "-",
        ]
        let tiles = hottest(["#Version: 1.0", fields.joined(separator: "\t")])
        #expect(tiles.map(\.target.host) == ["maps.test"] && tiles.first?.level == 1)
        var seeded = fields
        seeded[10] = "mapedge-seed/1.0"
        #expect(hottest([seeded.joined(separator: "\t")]).isEmpty)
    }

    @Test("of more tiles than are kept those that were asked for least are forgotten")
    func bound() {
        let hot = (0..<4).flatMap { column in
            Array(repeating: line("\(Self.tms)/6/\(column)/0.png"), count: 5)
        }
        let cold = (10..<60).map { line("\(Self.tms)/6/\($0)/0.png") }
        let tiles = hottest(hot + cold, 100, tilesMax: 10)
        #expect(tiles.count <= 10)
        #expect(tiles.prefix(4).map(\.count) == [5, 5, 5, 5])
    }
}
