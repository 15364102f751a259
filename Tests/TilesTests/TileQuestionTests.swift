import Testing

@testable import Tiles

@Suite("A tile's question: the GetMap that every other spelling of it comes to")
struct TileQuestionTests {
    private let services = MapServices.standard
    private let address = TileAddress(gridSet: 0, level: 3, column: 5, row: 2)

    private func asked(_ change: (inout TileQuestion) -> Void = { _ in }) -> String? {
        var question = TileQuestion(layer: "geonode:roads")
        change(&question)
        return question.target(of: address, services)
    }

    private func key(_ target: String?) -> [UInt8]? {
        TileRequest.key(of: Array((target ?? "").utf8), services: services)
    }

    @Test("it is what the origin is asked, with the exact box, of the workspace's own service")
    func target() {
        #expect(
            asked()
                == "/geoserver/geonode/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=roads"
                + "&STYLES=&FORMAT=image/png&TRANSPARENT=TRUE&SRS=EPSG:3857"
                + "&BBOX=5009377.08569731,5009377.08569731,10018754.17139462,10018754.17139462"
                + "&WIDTH=256&HEIGHT=256")
    }

    @Test("it is its own canonical form, and has the key of the same tile from other services")
    func key() throws {
        let target = try #require(asked())
        let again = try #require(TileRequest.canonicalTarget(of: Array(target.utf8), services))
        #expect(String(decoding: again.target, as: UTF8.self) == target)
        #expect(again.request.address == address)
        let others = [
            "/geoserver/gwc/service/tms/1.0.0/geonode:roads@EPSG:900913@png/3/5/5.png",
            "/geoserver/gwc/service/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
                + "&LAYER=geonode:roads&STYLE=&TILEMATRIXSET=EPSG:900913&TILEMATRIX=EPSG:900913:3"
                + "&TILEROW=2&TILECOL=5&FORMAT=image/png",
            "/geoserver/gwc/service/gmaps?layers=geonode:roads&zoom=3&x=5&y=2",
        ]
        for other in others { #expect(key(other) == key(target), "\(other)") }
        #expect(key(target) != nil)
    }

    @Test("style, format, time and transparency are part of it, whatever bytes they have")
    func parts() {
        let styled = asked {
            $0.style = "a&b=c d"
            $0.format = "image/jpeg"
            $0.time = "2011-01-01T00:00:00.000Z/P1Y"
        }
        #expect(styled?.contains("&STYLES=a%26b%3Dc%20d&") == true)
        #expect(styled?.contains("&FORMAT=image/jpeg&TRANSPARENT=FALSE&") == true)
        #expect(styled?.contains("TIME=2011-01-01") == true)
        #expect(asked { $0.isTransparent = false }?.contains("TRANSPARENT=FALSE") == true)
        #expect(asked { $0.format = "application/pdf" } == nil)
        #expect(asked { $0.layer = "base" }?.hasPrefix("/geoserver/wms?") == true)
    }

    @Test("a server without a path above its services is asked so")
    func root() {
        let services = MapServices(contexts: [.init(path: "")])
        let question = TileQuestion(path: "", layer: "roads")
        #expect(question.target(of: address, services)?.hasPrefix("/wms?SERVICE=WMS&") == true)
        let beyond = TileAddress(gridSet: 0, level: 3, column: 8, row: 2)
        #expect(question.target(of: beyond, services) == nil)
    }

    @Test("what is no picture, one viewer's alone or ambiguous has no canonical target")
    func others() {
        let map = asked() ?? ""
        for target in [
            "/index.html", map + "&access_token=a", map + "&SLD=http://x/y", map + "&LAYERS=other",
            map.replacing("image/png", with: "application/pdf"),
        ] {
            #expect(
                TileRequest.canonicalTarget(of: Array(target.utf8), services) == nil, "\(target)")
        }
        #expect(TileRequest.canonicalTarget(of: Array((map + "&_=1").utf8), services) != nil)
    }

    @Test("grid sets are found by name and alias, with their levels")
    func sets() {
        let sets = GridSets.wellKnown
        #expect(sets.set(named: "EPSG:3857") == sets.set(named: "EPSG:900913"))
        #expect(sets.set(named: "EPSG:4326") == 1)
        #expect(sets.set(named: "EPSG:2193") == nil)
        #expect(sets.levelCount(ofSet: 0) == 31 && sets.levelCount(ofSet: 99) == 0)
        #expect(sets.resolution(ofSet: 1, level: 0) == 180.0 / 256)
        #expect(sets.resolution(ofSet: 1, level: 22) == nil)
    }
}
