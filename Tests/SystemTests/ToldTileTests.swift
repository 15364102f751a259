import Testing
import Tiles
import WireTesting

@Suite("GeoWebCache's response headers, from the edge")
struct ToldTileTests {
    private struct Site {
        let origin: Origin
        let room: Room
        let edge: Edge
        var path: String { room.path("geoserver") }

        /// - Parameters:
        ///   - isOn: tileHeaders.
        ///   - side: of the pictures that the origin makes.
        init(isOn: Bool, behavior: String = "", side: Int = 256) throws {
            origin = try Origin()
            room = origin.room("told")
            edge = try Edge(
                origin: nil, mode: "rfc9111",
                configuration: """
                    origins:
                      default:
                        members: ["\(origin.url)"]
                        maps:
                          services: [{ path: \(room.path("geoserver")) }]
                          tileHeaders: \(isOn)
                    behaviors: [{ path: "*", class: tiles\(behavior) }]
                    """)
            // As a GeoServer with a cache of its own answers.
            room.always(
                OutageSite.reply(
                    "image/png", BlankTile.png(width: side, height: side),
                    "Cache-Control: max-age=600\r\nETag: \"a\"\r\ngeowebcache-cache-result: MISS"
                        + "\r\ngeowebcache-miss-reason: unknown\r\nGeoWebCache-Gridset: odd"))
        }

        func map(_ box: String, _ more: String = "&WIDTH=256&HEIGHT=256") -> String {
            "\(path)/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=topp:states&STYLES="
                + "&FORMAT=image/png&TRANSPARENT=true&SRS=EPSG:4326&BBOX=\(box)\(more)"
        }
    }

    private func told(_ answer: Response) -> [String?] {
        [
            answer["geowebcache-cache-result"], answer["geowebcache-tile-index"],
            answer["geowebcache-tile-bounds"], answer["geowebcache-gridset"],
            answer["geowebcache-crs"],
        ]
    }

    @Test("a tile says which one it is, and whether it came from here, as the manual has it")
    func tells() throws {
        let site = try Site(isOn: true)
        // GeoServer's manual, "Troubleshooting" of GeoWebCache.
        let place: [String?] = ["[2, 6, 3]", "-135.0,45.0,-112.5,67.5", "EPSG:4326", "EPSG:4326"]
        let target = site.map("-135,45,-112.5,67.5")
        let miss = try site.edge.get(target)
        #expect(miss.status == 200 && told(miss) == ["MISS"] + place)
        #expect(miss["geowebcache-miss-reason"] == nil)
        let spelling = "\(site.path)/gwc/service/tms/1.0.0/topp:states@EPSG:4326@png/3/2/6.png"
        for asked in [target, spelling] {
            let hit = try site.edge.get(asked)
            #expect(hit.isHit && told(hit) == ["HIT"] + place, "\(asked)")
        }
        let part = try site.edge.get(target, "Range: bytes=1-3")
        #expect(part.status == 206 && told(part) == ["HIT"] + place)
        var viewer = try site.edge.viewer()
        let tag = try #require(miss["ETag"])
        let same = try viewer.exchange(
            "GET \(target) HTTP/1.1\r\nHost: edge.test\r\nIf-None-Match: \(tag)\r\n\r\n")
        #expect(same.status == 304 && same["geowebcache-cache-result"] == "HIT")
    }

    @Test("each tile that is cut out of a metatile is its own")
    func metatiles() throws {
        let site = try Site(
            isOn: true, behavior: ", metatiles: { columns: 2, rows: 2, gutter: 0 }", side: 512)
        func tile(_ column: Int, _ row: Int) -> String {
            "\(site.path)/gwc/service/gmaps?layers=a:b&format=image/png&zoom=4&x=\(4 + column)"
                + "&y=\(6 + row)"
        }
        for (column, row) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            _ = try site.edge.get(tile(column, row))
            let hit = try site.edge.get(tile(column, row))
            #expect(hit.isHit && hit["geowebcache-cache-result"] == "HIT")
            #expect(hit["geowebcache-tile-index"] == "[\(4 + column), \(9 - row), 4]")
            #expect(hit["geowebcache-gridset"] == "EPSG:900913")
            let lines = hit.head.fields.filter { $0.name.lowercased() == "geowebcache-tile-index" }
            #expect(lines.count == 1)
        }
        #expect(site.room.count == 1)
    }

    @Test("what is no tile says nothing of the kind, and where it is off nothing is changed")
    func others() throws {
        let on = try Site(isOn: true)
        let off = try Site(isOn: false)
        let untold: [String?] = ["MISS", nil, nil, "odd", nil]
        for (site, box) in [(on, "-125,45,-102.5,67.5"), (off, "-135,45,-112.5,67.5")] {
            let target = site.map(box, "&WIDTH=256&HEIGHT=256")
            for isHit in [false, true] {
                let answer = try site.edge.get(target)
                #expect(answer.isHit == isHit && told(answer) == untold)
                #expect(answer["geowebcache-miss-reason"] == "unknown")
            }
        }
    }
}
