import Testing

@testable import Edge

@Suite("What a request means to a cluster of GeoServers")
struct ClusterAskTests {
    private func classify(
        _ request: String, body: String = "", _ change: (inout ClusterSettings) -> Void = { _ in }
    ) -> ClusterAsk {
        var settings = ClusterSettings()
        change(&settings)
        return ClusterClassifier(settings).classify(Self.request(request, body))
    }

    private static func request(_ line: String, _ body: String) -> ClusterClassifier.Request {
        let words = line.split(separator: " ").map(String.init)
        let target = words[1].split(separator: "?", maxSplits: 1).map(String.init)
        return ClusterClassifier.Request(
            method: words[0], path: Array(target[0].utf8),
            query: target.count > 1 ? Array(target[1].utf8) : [], body: Array(body.utf8))
    }

    @Test(
        "writes of the catalog",
        arguments: [
            "PUT /geoserver/rest/styles/roads.xml",
            "POST /geoserver/rest/workspaces/geonode/datastores",
            "DELETE /geoserver/rest/layers/roads?recurse=true",
            "PATCH /geoserver/rest/imports/0",
            "PUT /geoserver/rest/reload",
            "POST /geoserver/rest/imports",
            "POST /geoserver/gwc/rest/masstruncate",
            "POST /geoserver/gwc/rest/layers/geonode:roads.xml",
            "POST /geoserver/web/wicket/page?3-1.IFormSubmitListener-form",
            "POST /geoserver/geogig/repos/roads/merge",
            "PUT /gs/rest/styles/alice-42.xml",
            // As the container reads them.
            "PUT /geoserver//rest/styles/roads.xml",
            "PUT /geoserver/./wms/../rest/styles/roads.xml",
            "PUT /geoserver/%72est/styles/roads.xml",
            "PUT /geoserver;jsessionid=A1/rest;x=1/styles/roads.xml",
            // What is not known may be one.
            "POST /geoserver/something/new",
            "PROPPATCH /geoserver/wms",
            "PUT /geoserver/wfs",
            "POST /geoserver/schemas/x",
            "POST /geoserver/",
        ])
    func writes(_ request: String) { #expect(classify(request) == .write) }

    @Test(
        "what is asked of the leader",
        arguments: [
            "GET /geoserver/rest/layers/roads.json", "HEAD /geoserver/rest/about/version.xml",
            "GET /geoserver/gwc/rest/seed.json", "GET /geoserver/web/", "GET /geoserver",
            "POST /geoserver/j_spring_security_check", "GET /gs/rest/styles/roads.sld",
            "GET /geoserver/geogig/repos/roads/log?_dc=1",
        ])
    func leaderReads(_ request: String) { #expect(classify(request) == .leaderRead) }

    @Test(
        "what a write could change",
        arguments: [
            "GET /geoserver/wms?request=GetMap", "GET /geoserver/geonode/roads/wms?request=GetMap",
            "GET /geoserver/wms/?request=GetLegendGraphic&layer=roads",
            "GET /geoserver/ows?service=WMS&request=GetCapabilities",
            "GET /geoserver/gwc/service/wmts?request=GetTile", "GET /geoserver/wfs?typename=roads",
            "POST /geoserver/wms", "POST /geoserver/gwc/service/wms", "GET /geoserver/kml",
            "POST /geoserver/geonode/roads/wfs/WfsDispatcher",
            "GET /geoserver/styles/icons/pin.png", "GET /geoserver/unheard/of",
            "OPTIONS /geoserver/wfs",
        ])
    func affected(_ request: String) { #expect(classify(request) == .affected) }

    @Test(
        "what no write changes",
        arguments: [
            "GET /geoserver/openlayers3/ol.js", "GET /geoserver/schemas/wms/1.1.1/x.dtd",
            "GET /static/app.js", "POST /accounts/login", "GET /geoserverx/rest",
        ])
    func unaffected(_ request: String) { #expect(classify(request) == .unaffected) }

    @Test(
        "a transaction writes where features are the leader's alone",
        arguments: [
            ("POST /geoserver/wfs", "<wfs:Transaction service=\"WFS\">", ClusterAsk.write),
            ("POST /geoserver/wfs", "<?xml version='1.0'?>\n<!-- <a> -->\n<Transaction>", .write),
            ("POST /geoserver/wfs", "<!DOCTYPE x><wfs:LockFeature a='1'>", .write),
            ("POST /geoserver/wfs", "<wfs:GetFeature service=\"WFS\">", .affected),
            // Both the query and the document are believed.
            ("POST /geoserver/wfs?REQUEST=GetFeature", "<wfs:Transaction>", .write),
            ("POST /geoserver/wms", "<wfs:Transaction>", .write),
            ("POST /geoserver/wfs", "<wfs:GetFeatureWithLock>", .write),
            ("POST /geoserver/wfs?REQUEST=GetFeature", "", .affected),
            ("POST /geoserver/ows?request=transaction", "", .write),
            // What has not come yet may be one.
            ("POST /geoserver/a/b/wfs/WfsDispatcher", "", .write),
            ("POST /geoserver/wfs", "<wfs:GetFeat", .write),
            ("POST /geoserver/wfs", "<!-- no end", .write),
            ("POST /geoserver/wms", "<ogc:GetMap>", .affected),
            ("GET /geoserver/wfs?request=Transaction", "", .affected),
        ])
    func transactions(_ request: String, _ body: String, _ expected: ClusterAsk) {
        #expect(classify(request, body: body) { $0.sharedStore = false } == expected)
        #expect(classify(request, body: body) != .write)
    }

    @Test(
        "what is posted to a process service writes, unless all it runs is known to read",
        arguments: [
            (execute("gs:Import"), ClusterAsk.write), (execute("gs:StoreCoverage"), .write),
            (execute("own:Anything"), .write), (execute("Import"), .write),
            (execute("vec:Aggregate"), .affected), (execute(" JTS:buffer\n"), .affected),
            (execute("gs:DownloadEstimator"), .affected),
            // A chain runs what is within its inputs.
            (execute("vec:Bounds", within: execute("gs:Import")), .write),
            (execute("gs:Import", within: execute("vec:Bounds")), .write),
            (execute("vec:Bounds", within: execute("ras:Contour")), .affected),
            // An input's name is no process's.
            (
                execute("vec:Bounds", within: "<ows:Identifier>gs:Import</ows:Identifier>"),
                .affected
            ),
            // Its answer is where it was asked for.
            (execute("gs:Download", end: response("storeExecuteResponse")), .leaderRead),
            (execute("gs:Download", end: response("status")), .leaderRead),
            (
                "<wps:Execute mode='async'><ows:Identifier>vec:Bounds</ows:Identifier></wps:Execute>",
                .leaderRead
            ),
            // Not here yet, not whole, not XML.
            ("", .write), ("<wps:Execute>", .write), ("<wps:Exec", .write),
            ("<wps:Execute><ows:Identifier>vec:Bounds</ows:Identifier>", .write),
            ("<wps:Execute><wps:Execute/></wps:Execute>", .write), ("<wps:Execute/>", .write),
            ("<wps:GetCapabilities/>", .affected), ("<wps:DescribeProcess>", .affected),
            ("<wps:GetExecutionStatus executionId='1'/>", .leaderRead),
            ("request=Execute&identifier=gs:Import", .write),
            ("request=Execute&identifier=vec:Bounds", .affected),
            ("request=Execute&identifier=vec:Bounds&storeExecuteResponse=true", .leaderRead),
            ("request=GetCapabilities", .affected), ("request=Execute", .write),
        ])
    func processes(_ body: String, _ expected: ClusterAsk) {
        for path in ["/geoserver/wps", "/geoserver/geonode/ows"] {
            #expect(classify("POST \(path)", body: body) == expected, "\(path)")
        }
    }

    @Test(
        "what an OGC service keeps in the data directory is a write wherever features are",
        arguments: [
            ("POST /geoserver/wfs", "<wfs:CreateStoredQuery>", ClusterAsk.write),
            ("POST /geoserver/wfs?request=DropStoredQuery&id=1", "", .write),
            ("POST /geoserver/csw", "<csw:Harvest>", .write),
            ("POST /geoserver/csw", "<csw:GetRecords>", .affected),
            ("POST /geoserver/wfs", "<wfs:ListStoredQueries/>", .affected),
            ("POST /geoserver/wms", "<ogc:GetMap>", .affected),
            // By a link, at the leader at least.
            ("GET /geoserver/wps?request=Execute&identifier=gs:Import", "", .leaderRead),
            ("GET /geoserver/ows?service=WPS&request=GetExecutionResult", "", .leaderRead),
            ("GET /geoserver/wps?request=DescribeProcess", "", .affected),
        ])
    func kept(_ request: String, _ body: String, _ expected: ClusterAsk) {
        #expect(classify(request, body: body) == expected)
    }

    @Test("another context, and none")
    func contexts() {
        let gis: (inout ClusterSettings) -> Void = { $0.restPath = "/maps/gis/rest" }
        #expect(classify("PUT /maps/gis/rest/x", gis) == .write)
        #expect(classify("PUT /geoserver/rest/x", gis) == .unaffected)
        #expect(classify("PUT /rest/x") { $0.restPath = "/rest" } == .write)
        #expect(classify("GET /wms?request=GetMap") { $0.restPath = "/rest" } == .affected)
    }

    @Test(
        "writes that reach the catalog through another origin",
        arguments: [
            ("PUT /gs/rest/styles/x.xml", true), ("POST /geoserver/rest/layers", true),
            ("POST /gs/gwc/rest/seed/x", true), ("GET /gs/rest/styles", false),
            ("POST /accounts/login", false), ("POST /gs/wms", false),
            ("POST /layers/upload", false), ("POST /gs/wps", true), ("GET /gs/wps", false),
        ])
    func proxied(_ line: String, _ expected: Bool) {
        let classifier = ClusterClassifier(ClusterSettings())
        #expect(classifier.isProxiedWrite(Self.request(line, "")) == expected)
    }

    @Test("a body without elements has no root")
    func noRoot() {
        for text in ["", "plain", "<", "<?xml version='1.0'", "<!DOCTYPE x", "<a"] {
            #expect(ClusterClassifier.rootElement(of: Array(text.utf8)) == nil)
        }
    }

    @Test("sessions: bounded, the first forgotten first, and gone with their member")
    func sessions() {
        var sessions = ClusterSessions()
        for number in 0..<(ClusterSessions.limit + 2) {
            sessions.bind(UInt64(number), to: number % 3)
        }
        #expect(sessions.count == ClusterSessions.limit)
        #expect(sessions.home(of: 0) == nil)
        #expect(sessions.home(of: 1) == nil)
        #expect(sessions.home(of: 2) == 2)
        sessions.bind(2, to: 1)
        #expect(sessions.home(of: 2) == 1)
        sessions.releaseAll(of: 1)
        #expect(sessions.home(of: 2) == nil)
        #expect(sessions.home(of: 3) == 0)
        sessions.release(3)
        #expect(sessions.home(of: 3) == nil)
    }

    @Test(
        "a session's cookie among others",
        arguments: [
            ("JSESSIONID=A1; Path=/geoserver; HttpOnly", "A1"), (" JSESSIONID=B2 ", "B2"),
            ("other=1; JSESSIONID=A1", nil), ("JSESSIONID=", nil), ("JSESSIONIDX=1", nil),
            ("JSESSIONID", nil),
        ] as [(String, String?)])
    func cookies(_ line: String, _ expected: String?) {
        let value = SessionCookies.value(of: ["JSESSIONID"], in: Array(line.utf8)[...])
        #expect(value.map { String(decoding: $0, as: UTF8.self) } == expected)
    }
}

private func execute(
    _ process: String, within: String = "", end: String = ""
) -> String {
    "<?xml version=\"1.0\"?><wps:Execute version=\"1.0.0\" service=\"WPS\">"
        + "<ows:Identifier>\(process)</ows:Identifier><wps:DataInputs><wps:Input>"
        + "<ows:Identifier>features</ows:Identifier><wps:Reference method=\"POST\"><wps:Body>"
        + within.replacing("<?xml version=\"1.0\"?>", with: "")
        + "</wps:Body></wps:Reference></wps:Input></wps:DataInputs>\(end)</wps:Execute>"
}

private func response(_ attribute: String) -> String {
    "<wps:ResponseForm><wps:ResponseDocument \(attribute)=\"true\"/></wps:ResponseForm>"
}
