import Testing
import Tiles

@Suite("Map requests: refusals, tokens, freshness, and maps that are no tiles")
struct TileRequestFactsTests {
    @Test(
        "a name with two values is refused",
        arguments: [
            ("&LAYERS=y", "LAYERS"), ("&width=512", "WIDTH"), ("&srs=EPSG:9", "SRS"),
            ("&TIME=1&time=2", "TIME"), ("&%42BOX=1,2,3,4", "BBOX"),
            ("&format=image/gif", "FORMAT"),
            ("&EXCEPTIONS=XML&exceptions=BLANK", "EXCEPTIONS"), ("&request=gettile", "REQUEST"),
            // Also of names that nobody here knows.
            ("&DIM_X=1&dim_x=2", "DIM_X"), ("&Map_X=1&a=1&map%5Fx=2", "MAP_X"),
        ])
    func repeated(_ more: String, _ name: String) {
        let answer = tile(more)
        #expect(answer.outcome == .refused(.repeated(name)))
        #expect(answer.target == nil)
    }

    @Test(
        "of a legend and of what is read of features and coverages, too",
        arguments: [
            ("GetLegendGraphic&LAYER=a&layer=b", "LAYER"),
            ("GetLegendGraphic&LAYER=a&STYLE=s&STYLE=t", "STYLE"),
            ("getlegendgraphic&LAYER=a&FORMAT=image/png&FORMAT=image/gif", "FORMAT"),
            ("GetFeatureInfo&QUERY_LAYERS=a&query_layers=b", "QUERY_LAYERS"),
            ("GetFeatureInfo&LAYERS=a&LAYERS=b&QUERY_LAYERS=a", "LAYERS"),
            ("GetFeatureInfo&QUERY_LAYERS=a&BBOX=1,2,3,4&bbox=1,2,3,5", "BBOX"),
            ("GetFeature&typename=a&TYPENAME=b", "TYPENAME"),
            ("GetFeature&n=1&typenames=a&n=2&type%4eames=b", "TYPENAMES"),
            ("GetFeature&typename=a&service=WFS&service=WMS", "SERVICE"),
            ("DescribeFeatureType&typename=a&typename=b", "TYPENAME"),
            ("GetPropertyValue&typenames=a&typenames=b", "TYPENAMES"),
            ("GetCoverage&coverageId=a&coverageid=b", "COVERAGEID"),
            ("GetCoverage&coverage=a&coverage=b", "COVERAGE"),
            ("GetCoverage&coverage=a&time=1&time=2", "TIME"),
            // Whichever of the two is heeded.
            ("GetFeature&typename=a&REQUEST=Whatever", "REQUEST"),
            ("Whatever&typename=a&REQUEST=GetFeature", "REQUEST"),
        ])
    func repeatedReads(_ query: String, _ name: String) {
        let outcome = read("/geoserver/ows", "REQUEST=" + query)
        #expect(outcome == .refused(.repeated(name)))
    }

    @Test(
        "what reads nothing, or says the same twice, is left as it is",
        arguments: [
            "REQUEST=GetLegendGraphic&LAYER=a&layer=%61",
            "REQUEST=GetFeature&typename=a&typename=a",
            "request=getfeature&REQUEST=GetFeature&typename=a",
            "REQUEST=GetCoverage&coverageId=a&subset=x(1)&subset=y(2)",
            "REQUEST=GetFeature&typename=a&t=1&t=2&_dc=3&_dc=4",
            "REQUEST=GetFeature&typename=a&b=1&b=2",
            "REQUEST=Transaction&typename=a&typename=b", "layer=a&layer=b", "typename=a&typename=b",
            "REQUEST=GetCapabilities&version=1.1.1&version=1.3.0",
        ])
    func harmlessReads(_ query: String) {
        #expect(read("/geoserver/ows", query) == .none)
    }

    private func read(_ path: String, _ query: String) -> TileRequest.Outcome {
        let (path, query) = (Array(path.utf8), Array(query.utf8))
        return withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 8) {
            TileRequest.normalise(
                path: path.span.bytes, query: query.span.bytes, services: .standard, key: $0)
        }
    }

    @Test("the same value twice is no contradiction, and two systems are one")
    func harmless() {
        #expect(tile("&LAYERS=%78&CRS=EPSG:900913&WIDTH=256").key == tile("").key)
        #expect(tile("&DIM_X=1&dim_x=%31%20").outcome == tile("&DIM_X=1&DIM_X=1").outcome)
        for word in [
            "service=wms", "Request=GETMAP", "srs=epsg:3857", "FORMAT=IMAGE/png",
            "transparent=TRUE",
        ] {
            #expect(
                tile("&TRANSPARENT=true&" + word).key == tile("&TRANSPARENT=true").key, "\(word)")
        }
        #expect(tile("&CRS=EPSG:4326").outcome == .refused(.twoSystems))
        #expect(tile("&CRS=AUTO:1").outcome == .refused(.twoSystems))
        #expect(!TileRefusal.twoSystems.sentence.isEmpty)
        #expect(TileRefusal.repeated("BBOX").sentence.hasPrefix("BBOX "))
    }

    @Test("a filter that is too long to be asked for twice has no key")
    func longText() {
        for name in ["CQL_FILTER", "FILTER", "ENV", "VIEWPARAMS", "FEATUREID", "FORMAT_OPTIONS"] {
            let text = String(repeating: "a", count: 2_048)
            #expect(tile("&\(name)=\(text)").request?.bypass == nil)
            #expect(tile("&\(name)=\(text)a").request?.bypass == .tooLong)
        }
    }

    @Test("blanks at either end are no part of a value")
    func blanks() {
        let plain = tile("&TIME=2001&DIM_X=a b")
        for more in [
            "&TIME=%202001+%0a&DIM_X=a%20b%09", "&TIME=2001%20&DIM_X=+a+b+",
            "&TIME=++2001&DIM_X=a+b",
        ] {
            #expect(tile(more).key == plain.key && tile(more).target == plain.target, "\(more)")
        }
        #expect(tile("&DIM_X=%2520").key != tile("&DIM_X=%25").key)
        #expect(tile("&DIM_X=%%20").key == tile("&DIM_X=%").key)
        #expect(tile("&DIM_X=+").key == tile("&DIM_X=").key)
    }

    @Test("tokens are told of and left out")
    func tokens() {
        let plain = tile("")
        #expect(plain.request?.hasToken == false)
        for token in ["access_token=s3cret", "authKey=s3cret", "JSESSIONID=s3cret"] {
            let answer = tile("&" + token)
            #expect(answer.request?.hasToken == true)
            #expect(answer.key == plain.key && answer.target == plain.target)
        }
        for path in [
            "/geoserver/wms;jsessionid=s3cret", "/cgi-bin/mapserv%3BJSESSIONID=s3cret",
            "/a;jsessionid=s3cret/b",
        ] {
            let answer = ask(path + "?REQUEST=GetMap&LAYERS=x")
            #expect(answer.request?.hasToken == true)
            #expect(!answer.key.contains("s3cret") && answer.target?.contains("s3cret") == false)
        }
    }

    @Test(
        "cache-busters become the oldest age that is good enough",
        arguments: [
            ("", false, 0), ("&_dc=1531234567890", true, 1_531_234_567_890),
            ("&t=1531234567", true, 1_531_234_567_000), ("&_olSalt=0.7312", true, 0),
            ("&timestamp=1531234567890&_dc=1531234567891", true, 1_531_234_567_891),
            // Of both the later one counts, and what is no time means now.
            ("&_olSalt=0.7312&_dc=1531234567890", true, 0),
            ("&_dc=1531234567890&_olSalt=0.7312", true, 0),
            ("&_dc=5", true, 0), ("&_dc=99999999999999", true, 0), ("&_=", true, 0),
            ("&t=0.7312345678", true, 0), ("&nocache=%30.7312345%36", true, 0),
            // What is no time may be the server's own.
            ("&t=0.25", false, 0), ("&t=0.8", false, 0), ("&nocache=0.%37%33%31", false, 0),
            ("&t=5", false, 0), ("&t=99999999999999", false, 0), ("&t=", false, 0),
            ("&nocache=true", false, 0), ("&_ts=-1531234567890", false, 0),
            ("&timestamp=2014-01-01", false, 0), ("&t=0.", false, 0), ("&t=0.1e5", false, 0),
            ("&_dc=-1531234567890", true, 0),
        ] as [(String, Bool, UInt64)])
    func floor(_ more: String, _ isThere: Bool, _ time: UInt64) {
        #expect(tile(more).request?.hasCacheBuster == isThere)
        #expect(tile(more).request?.notOlderThan == time)
    }

    @Test("a word that may be a cache-buster's is in the key where its value is no time")
    func otherWords() {
        for name in ["t", "_ts", "timestamp", "nocache", "NoCache"] {
            #expect(tile("&\(name)=5").key != tile("").key)
            #expect(tile("&\(name)=5").key != tile("&\(name)=6").key)
            #expect(tile("&\(name)=1531234567").key == tile("").key)
        }
    }

    @Test("a style document is nobody else's; too many parameters likewise")
    func bypass() {
        #expect(tile("&SLD=http://x/y.sld").request?.bypass == .styleDocument)
        #expect(tile("&SLD_BODY=<x/>").request?.bypass == .styleDocument)
        let many = (0..<17).map { "&p\($0)=1" }.joined()
        #expect(tile(many).request?.bypass == .tooManyParameters)
        #expect(tile(many).request?.keyLength == 0)
        #expect(tile(many).target == nil)
    }

    @Test("memory that is too small is not overrun")
    func tooSmall() {
        let query = Array("REQUEST=GetMap&LAYERS=x&A=%00%00%00".utf8)
        let path = Array("/wms".utf8)
        let length = ask("/wms?REQUEST=GetMap&LAYERS=x&A=%00%00%00").key.utf8.count
        #expect(length > 40)
        var memory = [UInt8](repeating: 7, count: 64)
        for count in 0..<length {
            let outcome = memory.withUnsafeMutableBytes {
                TileRequest.normalise(
                    path: path.span.bytes, query: query.span.bytes, services: plainServices,
                    key: UnsafeMutableRawBufferPointer(rebasing: $0[..<count]))
            }
            guard case .request(let request) = outcome else {
                Issue.record("no request")
                return
            }
            #expect(request.bypass == .tooLong && request.keyLength == 0)
            #expect(memory[count...].allSatisfy { $0 == 7 })
        }
    }

    @Test(
        "maps that are no tiles have keys like pages",
        arguments: [
            // T13: another height; QGIS's size; out of the world; several spellings each.
            (
                "SRS=EPSG:900913&BBOX=0,0,10018754.170,1.001875417e7&WIDTH=256&HEIGHT=257",
                "SRS=EPSG:3857&BBOX=0,0,10018754.17,10018754.17&WIDTH=256&HEIGHT=257"
            ),
            (
                "VERSION=1.3.0&CRS=EPSG:3857&BBOX=-10018754,1000000,-5009377,6009377&WIDTH=512"
                    + "&HEIGHT=512",
                "SRS=EPSG:3857&BBOX=-10018754,1000000,-5009377,6009377&WIDTH=512&HEIGHT=512"
            ),
            (
                "VERSION=1.3.0&CRS=EPSG:4326&BBOX=1,-0,.5e1,%2B6.0&WIDTH=300&HEIGHT=300",
                "SRS=EPSG:4326&BBOX=0,1,6,5&WIDTH=300&HEIGHT=300"
            ),
            (
                "VERSION=1.1.1&CRS=EPSG:900913&SRS=EPSG:3857&WIDTH=256&HEIGHT=256&BBOX="
                    + "-20037508.342789244,20037508.342789274,0.0,40075016.68559776",
                "SRS=EPSG:3857&BBOX=-20037508.342789244,20037508.342789274,0,40075016.68559776"
                    + "&WIDTH=256&HEIGHT=256"
            ),
            // The order of the axes is not known, or the numbers are none: as they are.
            (
                "VERSION=1.3.0&CRS=EPSG:2193&BBOX=1,2.0,3,4&WIDTH=256&HEIGHT=256",
                "VERSION=1.3.0&CRS=EPSG:2193&BBOX=1,2.0,3,4&WIDTH=256&HEIGHT=256"
            ),
            (
                "VERSION=1.3.0&CRS=EPSG:4326&BBOX=nan,inf,1e999,4&WIDTH=-1&HEIGHT=0x5",
                "VERSION=1.3.0&CRS=EPSG:4326&BBOX=nan,inf,1e999,4&WIDTH=-1&HEIGHT=0x5"
            ),
            ("CRS=EPSG:4326&BBOX=1,2,3,4", "CRS=EPSG:4326&BBOX=1,2,3,4"),
            (
                "VERSION=1.1.1&SRS=AUTO:42001,9001&BBOX=1.0,2,3,4",
                "SRS=AUTO:42001,9001&BBOX=1,2,3,4"
            ),
        ])
    func pages(_ place: String, _ canonical: String) {
        let answer = ask("/geoserver/geonode/wms?REQUEST=GetMap&LAYERS=x&FORMAT=image/png&" + place)
        #expect(
            answer.key == "/geoserver/wms?LAYERS=geonode:x&STYLES=&FORMAT=image/png"
                + "&TRANSPARENT=FALSE&" + canonical)
        #expect(answer.request?.address == nil)
        #expect(answer.target.map { ask($0).key } == answer.key)
    }

    @Test("a virtual service that does not have the layer keeps its path")
    func foreign() {
        for path in ["/geoserver/geonode/roads/wms", "/geoserver/base/wms"] {
            let answer = ask(path + "?REQUEST=GetMap&LAYERS=geonode:storms")
            #expect(answer.key.hasPrefix(path + "?LAYERS=geonode:storms&"))
            #expect(answer.target?.hasPrefix(path + "?SERVICE=WMS&") == true)
        }
        // A global group is seen through virtual services, too.
        #expect(
            ask("/geoserver/geonode/wms?REQUEST=GetMap&LAYERS=world").key
                == ask("/geoserver/wms?REQUEST=GetMap&LAYERS=world").key)
    }

    @Test(
        "a workspace of the viewer's making does not reach the path",
        arguments: ["..%2Frest:x", "..:x", ".:x", "a%2Fb:x", "%252e:x", ":x", "a;b:x", "a?b:x"])
    func traversal(_ layer: String) {
        let target = ask("/geoserver/wms?REQUEST=GetMap&LAYERS=" + layer).target
        #expect(target?.hasPrefix("/geoserver/wms?SERVICE=WMS&") == true)
    }

    @Test(
        "what cannot be understood keeps its path and all parameters",
        arguments: [
            (
                "/mapproxy/wmts/base/webmercator/6/15/22.png",
                "/mapproxy/wmts/base/webmercator/6/15/22.png#"
            ),
            (
                "/x?request=GetTile&layer=a&tilematrixset=nope&tilematrix=1&tilerow=1&tilecol=1",
                "/x#REQUEST=GetTile&LAYER=a&TILEMATRIXSET=nope&TILEMATRIX=1&TILEROW=1&TILECOL=1"
            ),
            (
                "/geoserver/gwc/service/tms/1.0.0/a:b@EPSG:900913@png/2/4/0.png?_dc=1",
                "/geoserver/gwc/service/tms/1.0.0/a:b@EPSG:900913@png/2/4/0.png#"
            ),
            (
                "/geoserver/gwc/service/mgmaps?layers=a:b&zoom=2&x=1&y=1",
                "/geoserver/gwc/service/mgmaps#LAYERS=a:b&ZOOM=2&X=1&Y=1"
            ),
            (
                "/geoserver/gwc/service/wmts/rest/a:b/p/EPSG:900913/EPSG:900913:2/1/1",
                "/geoserver/gwc/service/wmts/rest/a:b/p/EPSG:900913/EPSG:900913:2/1/1#"
            ),
        ])
    func plain(_ target: String, _ key: String) {
        #expect(ask(target).key == key)
    }

    @Test(
        "no map, no request", arguments: ["/", "/geoserver/wms?REQUEST=GetFeatureInfo", "/ve?x=1"])
    func none(_ target: String) {
        #expect(ask(target).outcome == .none)
        #expect(ask(target).target == nil)
    }

    @Test("the picture is transparent where GeoWebCache makes it so")
    func transparency() {
        let wms = "?REQUEST=GetMap&LAYERS=a:b&SRS=EPSG:3857&TRANSPARENT=FALSE&FORMAT=image/"
        for (format, isClear) in [("png", true), ("gif", true), ("png8", true), ("jpeg", false)] {
            let cached = ask("/geoserver/gwc/service/wms" + wms + format)
            #expect(cached.request?.map.isTransparent == isClear)
            #expect(cached.key.contains("TRANSPARENT=\(isClear ? "TRUE" : "FALSE")&"))
            #expect(ask("/geoserver/wms" + wms + format).request?.map.isTransparent == false)
        }
    }

    @Test(
        "a background is of no account only where the picture can be clear, and white for GeoServer"
    )
    func background() {
        func key(_ path: String, _ format: String, _ more: String) -> String {
            ask(path + "?REQUEST=GetMap&LAYERS=a:b&FORMAT=\(format)\(more)").key
        }
        let clear = "&TRANSPARENT=TRUE"
        for (format, isClear) in [
            ("image/png", true), ("image/png8", true), ("image/gif", true), ("image/webp", true),
            ("image/tiff", false), ("image/vnd.jpeg-png", false), ("image/svg%2Bxml", false),
            ("", false),
        ] {
            let red = key("/geoserver/wms", format, clear + "&BGCOLOR=0xFF0000")
            #expect((red == key("/geoserver/wms", format, clear)) == isClear, "\(format)")
        }
        let white = "&BGCOLOR=0xffFFff"
        #expect(
            key("/geoserver/wms", "image/png", white) == key("/geoserver/wms", "image/png", ""))
        #expect(
            key("/cgi-bin/mapserv", "image/png", white)
                == key("/cgi-bin/mapserv", "image/png", "").replacing(
                    "TRANSPARENT=FALSE", with: "TRANSPARENT=FALSE&BGCOLOR=0xFFFFFF"))
    }

    @Test("an integrated GeoWebCache is asked for tiles")
    func integrated() {
        let services = MapServices(contexts: [MapServices.Context(hasIntegratedCache: true)])
        let query = "?REQUEST=GetMap&VERSION=1.1.1&LAYERS=a:x&SRS=EPSG:3857&WIDTH=256&HEIGHT=256"
        let aligned = ask("/geoserver/wms" + query + "&BBOX=0,0,10018754.17,10018754.17", services)
        #expect(aligned.target?.hasSuffix("&TILED=TRUE") == true)
        let other = ask("/geoserver/wms" + query + "&BBOX=0,0,10,11", services)
        #expect(other.target?.contains("TILED") == false)
    }
}
