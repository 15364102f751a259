import Testing
import Tiles
import WireTesting

/// MapStory's edge as `conf` ships it, with its listener for the site's own calls, before a map
/// server and a site that answer in few words.
private struct ShippedSite {
    let maps: Room
    let site: Origin
    let edge: Edge
    let southbound: UInt16
    private let origin: Origin
    private static let conf = "\(projectRoot)/conf"

    init() throws {
        origin = try Origin()
        site = try Origin()
        maps = origin.room(named: "geoserver")
        maps.answers { Self.answer($0) }
        // What stands there as a comment, on ports that are free.
        let text = try readFile("\(Self.conf)/mapstory.yaml")
            .replacing("\n# listen:", with: "\nlisten:").replacing("\n#   - ", with: "\n  - ")
            .replacing("127.0.0.1:8080", with: "127.0.0.1:0")
            .replacing("127.0.0.1:8090", with: "127.0.0.1:0")
            // There are no layers to read groups from.
            .replacing("\n  site: [/]\n", with: "\n  site: [/]\n  groups: {}\n")
        edge = try Edge(
            origin: nil, mode: "cloudfront",
            arguments: [
                "--distribution", "\(Self.conf)/distribution.json", "--policies",
                "\(Self.conf)/policies", "--origin", "geoserver=\(origin.url)", "--origin",
                "pages=\(site.url)", "--trusted-proxy", "127.0.0.1",
            ], configuration: text, listen: nil)
        let line = try #require(edge.child.line(with: "southbound on http"))
        southbound = try #require(UInt16(line.split(separator: ":").last ?? ""))
    }

    private static func answer(_ request: Request) -> Reply {
        let target = request.target.lowercased()
        // What layers there are nobody reads, lest names change while a test runs.
        if target.hasPrefix("/geoserver/wms?"), target.contains("getcapabilities") {
            return .response(404)
        }
        if target.contains("request=getmap") {
            return TileSite.tile("Cache-Control: max-age=600")
        }
        if request.method == "POST" { return Self.inserted }
        let host = request["X-Forwarded-Host"] ?? "nobody"
        // Another service's capabilities are none.
        let root =
            target.contains("service=wmts")
            ? "Capabilities" : target.contains("/tms/") ? "TileMapService" : "WMS_Capabilities"
        return .ok(
            "Content-Type: text/xml", "Cache-Control: max-age=600",
            body: "<\(root)><Service><Title>of \(host)</Title></Service></\(root)>")
    }

    static let inserted = Reply.ok(
        "Content-Type: text/xml",
        body: "<wfs:TransactionResponse xmlns:wfs=\"http://www.opengis.net/wfs\" version=\"1.1.0\">"
            + "<wfs:TransactionSummary><wfs:totalInserted>1</wfs:totalInserted>"
            + "</wfs:TransactionSummary></wfs:TransactionResponse>")

    /// A viewer's request, as CloudFront hands it on.
    func ask(
        _ path: String, host: String = "mapstory.org", method: String = "GET",
        _ fields: [String] = [], body: String? = nil
    ) throws -> Response {
        try Viewer.ask(
            path, at: edge.port, method: method, host: host,
            ["X-Forwarded-Proto: https"] + fields, body: body)
    }

    /// The site's own.
    func call(
        _ path: String, method: String = "GET", _ fields: [String] = [], body: String? = nil
    ) throws -> Response {
        try Viewer.ask(
            path, at: southbound, method: method, host: "edge:8090", fields, body: body)
    }

    static func tile(_ path: String = "/geoserver/wms", layer: String = "geonode:X") -> String {
        "\(path)?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=\(layer)&STYLES="
            + "&FORMAT=image/png&TRANSPARENT=TRUE&SRS=EPSG:900913&WIDTH=256&HEIGHT=256"
            + "&BBOX=-20037508.34,-20037508.34,20037508.34,20037508.34"
    }

    static let transaction =
        "<wfs:Transaction service=\"WFS\" version=\"1.1.0\" "
        + "xmlns:wfs=\"http://www.opengis.net/wfs\" xmlns:f=\"http://www.geonode.org/\">"
        + "<wfs:Insert><f:X/></wfs:Insert></wfs:Transaction>"

    /// Whether the tile is still fresh, which it was before.
    func holdsTile() throws -> Bool { try ask(Self.tile()).isHit }
}

@Suite("MapStory's edge as the project ships it", .waits)
struct ShippedSiteTests {
    private let shipped: ShippedSite

    init() throws { shipped = try ShippedSite() }

    @Test(
        "mapstory §2.4: what names its host is told apart by it, under every path",
        arguments: [
            "/geoserver/geonode/X/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION=1.3.0",
            "/geoserver/geonode/wms/?SERVICE=WMS&REQUEST=GetCapabilities",
            "/geoserver/gwc/service/wmts?SERVICE=WMTS&REQUEST=GetCapabilities",
            "/geoserver/gwc/service/tms/1.0.0", "/geoserver/gwc/service/wmts/WMTSCapabilities.xml",
            "/geoserver/geonode/X/wms?service=WFS&request=GetFeature&typename=geonode:X",
            "/geoserver/wms?REQUEST=GetFeatureInfo&QUERY_LAYERS=geonode:X&LAYERS=geonode:X&X=1&Y=2",
            "/geoserver/ows?service=WMS&request=GetCapabilities",
        ])
    func hosts(_ path: String) throws {
        for isHit in [false, true] {
            for host in ["a.org", "b.org"] {
                let answer = try shipped.ask(path, host: host)
                #expect(answer.text.contains("of \(host)<"), "\(host): \(answer.text)")
                #expect(answer.isHit == isHit)
            }
        }
        let told = try shipped.edge.admin(
            "/explain?https", method: "POST",
            body: "GET \(path) HTTP/1.1\r\nHost: a.org\r\nX-Forwarded-Proto: https\r\n\r\n"
        ).text
        #expect(told.contains("field host") && told.contains("serve (fresh)"), "\(told)")
    }

    @Test("what is for all hosts is asked for without naming one")
    func hostless() throws {
        let files = shipped.site.room(named: "static")
        files.always(.ok("Cache-Control: max-age=600", body: "x"))
        for path in [ShippedSite.tile(), "/static/a.js?v=1"] {
            #expect(try !shipped.ask(path, host: "t1.mapstory.org").isHit)
            #expect(try shipped.ask(path, host: "t2.mapstory.org").isHit)
        }
        let asked = shipped.maps.requests.filter { $0.target.contains("GetMap") } + files.requests
        #expect(asked.map { $0["X-Forwarded-Host"] } == [nil, nil])
        #expect(asked.map { $0["Host"]?.hasSuffix(".mapstory.example") } == [true, true])
        #expect(asked.map { $0["X-Forwarded-Proto"] } == ["https", "https"])
    }

    @Test("a file is everybody's, signed in or not, without a cookie; writes reach thumbnails")
    func files() throws {
        for name in ["static", "uploaded"] {
            shipped.site.room(named: name).answers { request in
                request.target.contains("own")
                    ? .ok("Cache-Control: max-age=600", "Set-Cookie: sessionid=a", body: "x")
                    : .ok("Cache-Control: max-age=600", body: "x")
            }
        }
        let (script, thumbnail) = ("/static/a.js?v=1", "/uploaded/thumbs/story-1-thumb.png")
        for path in [script, thumbnail] {
            #expect(try !shipped.ask(path).isHit)
            #expect(try shipped.ask(path, ["Cookie: sessionid=a"]).isHit)
        }
        for isHit in [false, true] {
            let answer = try shipped.ask("/static/own.js")
            #expect(answer.isHit == isHit && answer["Set-Cookie"] == nil)
        }
        shipped.site.room(named: "mapstories").always(.ok(body: "saved"))
        #expect(try shipped.ask("/mapstories/save", method: "POST", body: "a=b").status == 200)
        #expect(try shipped.ask(script).isHit)
        #expect(try !shipped.ask(thumbnail).isHit)
    }

    @Test("the site's own calls speak plain HTTP, and have the cache of viewers who do not")
    func southbound() throws {
        #expect(try Viewer.ask(ShippedSite.tile(), at: shipped.edge.port).status == 301)
        #expect(try shipped.call(ShippedSite.tile()).status == 200)
        #expect(try shipped.holdsTile())
        let document = "/geoserver/geonode/X/wms?SERVICE=WMS&REQUEST=GetCapabilities"
        #expect(try !shipped.ask(document, host: "edge:8090").isHit)
        #expect(try shipped.call(document).isHit)
        // Its word on how it came counts for nothing here.
        #expect(try shipped.call(document, ["X-Forwarded-Proto: http"]).isHit)
        let style = "/geoserver/rest/styles/S.xml"
        #expect(try shipped.call(style, method: "PUT", body: "<s/>").status == 200)
        // Beside them the edge asks by itself: how its members are, and what their catalogue says.
        let asked = shipped.maps.requests.filter {
            $0.target.contains("GetMap") || $0.target == document || $0.target == style
        }
        #expect(asked.map { $0["X-Forwarded-Proto"] } == ["https", "https", "https"])
    }

    @Test("a seed asks for what its viewers find, by the command and by GeoWebCache's interface")
    func seeds() throws {
        let data = try TemporaryDirectory()
        let words = [
            "seed", "geonode:X", "--zoom", "0-1", "--host", "mapstory.org", "--admin",
            "127.0.0.1:\(shipped.edge.adminPort)", "--to", "http://127.0.0.1:\(shipped.edge.port)",
        ]
        let run = try CommandRun(words, data)
        #expect(run.status == 0 && run.output[0].contains("5 of 5 tiles, 5 stored"), "\(run)")
        #expect(try shipped.holdsTile())
        let asked = shipped.maps.requests.filter { $0.target.contains("GetMap") }
        #expect(asked.count == 5)
        #expect(Set(asked.map { $0["X-Forwarded-Proto"] }) == ["https"])
        #expect(asked.allSatisfy { $0["X-Edge-Cache"] == nil })
        let document =
            "<seedRequest><name>geonode:Y</name><gridSetId>EPSG:900913</gridSetId><zoomStart>0"
            + "</zoomStart><zoomStop>1</zoomStop><format>image/png</format><type>seed</type>"
            + "</seedRequest>"
        func post(_ context: String) throws -> Response {
            try shipped.edge.admin(
                "\(context)/gwc/rest/seed/geonode:Y.xml", method: "POST", "Content-Type: text/xml",
                body: document)
        }
        #expect(try post("/geoserver").status == 200)
        #expect(shipped.edge.child.line(with: "geonode:Y: 5 of 5 tiles, 5 stored") != nil)
        // Where nothing is stored there is nothing to begin, and who asks is told.
        let refused = try post("/restricted/geoserver")
        #expect(refused.status == 409, "\(refused.text)")
        #expect(refused.text.contains("would not store"), "\(refused.text)")
        let tasks = try shipped.edge.admin("/gwc/rest/seed.json").text
        #expect(tasks.contains("[]"), "\(tasks)")
    }

    @Test("nobody else's word makes a request one over TLS")
    func words() throws {
        let word = try shipped.edge.admin("/seed/word").text.filter { $0 > " " }
        #expect(word.count == 32)
        for (said, status) in [
            ("seed \(word)", 200), ("seed \(word)x", 301), ("seed", 301), ("seed ", 301),
            ("seed " + String(repeating: "0", count: 32), 301), (word, 301),
        ] {
            let answer = try Viewer.ask(
                ShippedSite.tile(), at: shipped.edge.port, ["X-Edge-Cache: \(said)"])
            #expect(answer.status == status, "\(said)")
        }
        #expect(
            try shipped.edge.admin("/seed/word", "Origin: http://x.test").status == 403)
    }

    @Test("samples T1 and T2: a layer of the site's workspace by either name, below either path")
    func workspace() throws {
        let more =
            "&FORMAT=image%2Fpng&TRANSPARENT=TRUE&VERSION=1.1.1&REQUEST=GetMap&STYLES=&TILED=true"
            + "&SRS=EPSG%3A900913&TIME=2002-01-01T00%3A00%3A00.000Z&WIDTH=256&HEIGHT=256"
            + "&BBOX=-15028131.255,5009377.085,-12523442.7125,7514065.6275"
        let first = try shipped.ask(
            "/geoserver/geonode/finalindex0/wms?SERVICE=WMS&LAYERS=finalindex0" + more,
            host: "t3.mapstory.dev.opengeo.org")
        #expect(first.status == 200 && !first.isHit)
        let second = try shipped.ask(
            "/geoserver/wms?LAYERS=finalindex0&SERVICE=WMS" + more,
            host: "t4.mapstory.dev.opengeo.org")
        #expect(second.isHit)
    }

    @Test("a write by way of the site's own proxy makes stale what it touches")
    func proxied() throws {
        let proxy = shipped.site.room(named: "proxy")
        proxy.always(ShippedSite.inserted)
        let server = "/proxy/?url=http%3A%2F%2Fgeoserver%3A8080%2Fgeoserver%2F"
        let rows: [(String, String, String, Bool)] = [
            ("POST", server + "wfs", ShippedSite.transaction, true),
            ("PUT", server + "rest%2Flayers%2Fgeonode%3AX.xml", "<layer/>", true),
            ("PUT", server + "rest%2Flayers%2Fgeonode%3AY.xml", "<layer/>", false),
            ("POST", server + "wfs", "<GetFeature xmlns=\"http://www.opengis.net/wfs\"/>", false),
        ]
        for (method, target, body, isTouched) in rows {
            _ = try shipped.ask(ShippedSite.tile())
            #expect(try shipped.holdsTile())
            let answer = try shipped.ask(
                target, method: method, ["Content-Type: text/xml", "Cookie: sessionid=a"],
                body: body)
            #expect(answer.status == 200)
            #expect(try shipped.holdsTile() != isTouched, "\(method) \(target)")
        }
    }

    @Test("a write by REST that leads to where people sign in was none")
    func turnedAway() throws {
        shipped.site.room(named: "gs").always(
            .response(302, ["Location: /accounts/login/"], body: ""))
        _ = try shipped.ask(ShippedSite.tile())
        let answer = try shipped.ask(
            "/gs/rest/layers/geonode:X.xml", method: "PUT", ["Cookie: sessionid=a"], body: "<l/>")
        #expect(answer.status == 302)
        #expect(try shipped.holdsTile())
    }

    @Test(
        "law 6: who shows a token in a query gets an answer of his own",
        arguments: [
            "username=bob&api_key=S", "token=S", "apikey=S", "ticket=ST-1", "a=1&API_KEY=S",
            "%74oken=S", "jwt=S",
        ])
    func tokens(_ query: String) throws {
        let api = shipped.site.room(named: "api")
        api.answers { _ in
            .ok("Content-Type: application/json", "Cache-Control: max-age=30", body: "{}")
        }
        for target in ["/api/base/?\(query)", "/api/base/?q=tokens&key=a&stoken=b"] {
            for _ in 1...2 { #expect(try shipped.ask(target).status == 200) }
        }
        let counts = ["/api/base/?\(query)", "/api/base/?q=tokens&key=a&stoken=b"].map { target in
            api.requests.count { $0.target == target }
        }
        #expect(counts == [2, 1])
    }
}
