import Testing
import Tiles
import WireTesting

@Suite("What operators write of paths, as it stands in keys")
struct CanonicalPathTests {
    private func key(_ target: String, _ services: MapServices = plainServices) -> String? {
        TileRequest.key(of: Array(target.utf8), services: services).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    private func prefixes(
        _ prefix: String, _ services: MapServices = MapServices()
    ) -> [String] {
        services.canonicalPrefixes(of: Array(prefix.utf8)).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test("a target's key, as path, mark and query")
    func keys() {
        let tile =
            "/geoserver/wms?LAYERS=base:a&STYLES=&FORMAT=image/png&TRANSPARENT=TRUE"
            + "&TILE#EPSG:900913/3/2/5"
        #expect(key("/geoserver/gwc/service/tms/1.0.0/base:a@EPSG:900913@png/3/2/2.png") == tile)
        #expect(
            key("/geoserver/gwc/service/gmaps?layers=base:a&zoom=3&x=2&y=5&format=image/png&_dc=7")
                == tile)
        // A service that is not known has no question mark of its own.
        #expect(key("/x/tms/1.0.0/a@b@png/3/2/2.png") == "/x/tms/1.0.0/a@b@png/3/2/2.png")
        #expect(key("/x/tms/1.0.0/a@b@png/3/2/2.png?w=1") == "/x/tms/1.0.0/a@b@png/3/2/2.png?W=1")
    }

    @Test(
        "what has no such key",
        arguments: [
            "/page", "/geoserver/wms?REQUEST=GetCapabilities&SERVICE=WMS",
            "/geoserver/wms?REQUEST=GetMap&SRS=EPSG:4326&SRS=EPSG:3857&LAYERS=a",
            "/geoserver/wms?REQUEST=GetMap&LAYERS=a&FORMAT=image/png&SLD=http://a.test/b",
            "/geoserver/wms?REQUEST=GetMap&LAYERS=a&FORMAT=application/vnd.google-earth.kml%2Bxml",
        ])
    func without(_ target: String) { #expect(key(target) == nil) }

    @Test("a path's beginning, and how the keys of what it names begin")
    func beginnings() {
        // Begins as keys do, or names nothing of theirs.
        for prefix in [
            "/", "/geo", "/geoserver", "/geoserver/", "/static/", "/geoserverx/", "/x?y",
        ] {
            #expect(prefixes(prefix).isEmpty, "\(prefix)")
        }
        for prefix in [
            "/geoserver/w", "/geoserver/wms", "/geoserver/WMS?LAYERS=", "/geoserver/o",
            "/geoserver/ows", "/geoserver/gwc/", "/geoserver/gwc/service/tms/1.0.0/a",
            "/geoserver/g",
            "/geoserver/gw", "/geoserver/wms/",
        ] { #expect(prefixes(prefix) == ["/geoserver/wms?"], "\(prefix)") }
        #expect(prefixes("/geoserver/geo") == ["/geoserver/wms?LAYERS=geo"])
        #expect(prefixes("/geoserver/geonode/") == ["/geoserver/wms?LAYERS=geonode:"])
        #expect(prefixes("/geoserver/geonode/wms") == ["/geoserver/wms?LAYERS=geonode:"])
        #expect(prefixes("/geoserver/geonode/wms?LAY") == ["/geoserver/wms?LAYERS=geonode:"])
        #expect(prefixes("/geoserver/a%20b/wms") == ["/geoserver/wms?LAYERS=a%20b:"])
        // The whole segment is known, and it is no service.
        #expect(prefixes("/geoserver/web?x").isEmpty)
        #expect(prefixes("/%67eoserver/") == ["/geoserver/"])
        let two = MapServices(contexts: [.init(path: "/a/"), .init(path: "/b")])
        #expect(prefixes("/b/x/", two) == ["/b/wms?LAYERS=x:"])
        #expect(prefixes("/w/", MapServices(contexts: [.init(path: "/")])) == ["/wms?LAYERS=w:"])
        // A virtual service shows groups that are of no workspace.
        #expect(prefixes("/geoserver/geonode/", knownServices) == ["/geoserver/wms?"])
    }

    @Test("the keys of all spellings begin as the path of each says", arguments: 0..<8)
    func covered(_ seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed) &* 65_537)
        for _ in 0..<40 {
            let tile = try #require(RandomTile(&random))
            let spelling = tile.spelling(&random)
            let services = MapServices(contexts: [.init(bareWorkspace: "geonode")])
            let found = try #require(self.key(spelling, services))
            let path = spelling.prefix { $0 != "?" }
            for length in 1...path.utf8.count {
                let prefix = String(decoding: Array(path.utf8.prefix(length)), as: UTF8.self)
                let beginnings = [prefix] + prefixes(prefix, services)
                let isMeant = beginnings.contains { found.hasPrefix($0) }
                #expect(isMeant, "\(prefix) of \(spelling) does not reach \(found)")
            }
        }
    }

    @Test("parameters that a key does not depend on")
    func leftOut() {
        func names(_ query: String) -> [String] {
            TileRequest.parametersLeftOut(
                of: Array("/geoserver/wms?\(query)".utf8), services: plainServices)
        }
        let tile =
            "REQUEST=GetMap&layers=a:b&SRS=EPSG:3857&BBOX=0,0,5009377.085,5009377.085&WIDTH=256"
            + "&HEIGHT=256&FORMAT=image/png&TRANSPARENT=TRUE"
        #expect(names(tile) == [])
        #expect(
            names(tile + "&_dc=1&STYLES=&access_token=x&TIME=2005&Exceptions=XML&_dc=2")
                == ["_dc", "STYLES", "access_token", "Exceptions"])
        #expect(names("REQUEST=GetCapabilities&_dc=1") == [])
        #expect(names("") == [])
    }
}
