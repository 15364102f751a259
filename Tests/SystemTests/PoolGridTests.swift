import Glibc
import Testing
import WireTesting

@Suite(
    "Grid sets that the pool's WMTS tells of, by a stand-in for GeoServer", .waits,
    .enabled(if: GeoServer.python != nil, "no python3"))
struct PoolGridTests {
    private let data: TemporaryDirectory
    private let server: GeoServer

    init() throws {
        data = try TemporaryDirectory()
        server = try GeoServer("one", data: data)
    }

    /// - Parameter maps: more of the origin's `maps`, each with a comma behind it.
    private func start(_ maps: String = "") throws -> Edge {
        try server.edge(
            maps: "\(maps) layers: { tileServices: [/geoserver/gwc/service/wmts] }", in: data)
    }

    private static let gwc = "/geoserver/gwc/service/"
    private static let rest =
        gwc + "wmts/rest/geonode:roads//NZTM/NZTM:3/16/8?format=image/png"
    private static let tms = gwc + "tms/1.0.0/geonode:roads@NZTM@png/3/8/15.png"
    private static let wms =
        "/geoserver/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=geonode:roads&STYLES="
        + "&FORMAT=image/png&TRANSPARENT=true&CRS=EPSG:2193&WIDTH=256&HEIGHT=256"
        + "&BBOX=5125760,1293760,5412480,1580480"

    private func asked() throws -> Int { try server.requests("GET .*REQUEST=GetMap").count }

    @Test("a tile of such a set is one entry, for OWSLib too, and is there while the pool is away")
    func tiles() throws {
        let edge = try start()
        #expect(edge.child.line(with: "beside those known: EPSG:3857x2, NZTM") != nil)
        if let python = GeoServer.clients {
            let found = try data.run(
                python, ["-c", Self.script, "http://127.0.0.1:\(edge.port)\(Self.gwc)wmts"])
            #expect(found.exit == 0 && found.output.contains("all is well"), "\(found.output)")
        } else {
            #expect(try edge.get(Self.rest).status == 200)
        }
        _ = try edge.get(Self.rest)
        for target in [Self.rest, Self.tms, Self.wms] {
            #expect(try edge.get(target).isHit, "\(target)")
        }
        edge.child.signal(SIGTERM)
        #expect(edge.child.waitForExit(within: 20_000) == 0)
        server.child.signal(SIGKILL)
        #expect(server.child.waitForExit() != nil)
        let next = try start()
        let isThere = try eventually { try next.get(Self.tms).isHit ? true : nil }
        #expect(isThere == true)
    }

    private static let script = """
        import sys
        from owslib.wmts import WebMapTileService
        wmts = WebMapTileService(sys.argv[1])
        assert {"NZTM", "EPSG:3857x2"} <= set(wmts.tilematrixsets), wmts.tilematrixsets
        for name in ("NZTM", "EPSG:3857x2"):
            tile = wmts.gettile(
                layer="geonode:roads", style="", tilematrixset=name, tilematrix=name + ":3", row=3,
                column=5, format="image/png").read()
            assert tile.startswith(bytes([137, 80, 78, 71])), tile[:100]
        print("all is well")
        """

    @Test("a WMTS that does not answer is asked again soon, and the WMS beside it is not")
    func failing() throws {
        let edge = try server.edge(
            maps: """
                layers: { services: [/geoserver/wms], \
                tileServices: [/geoserver/nobody/gwc/service/wmts] }
                """, in: data)
        #expect(edge.child.line(with: "cannot be read: ") != nil)
        _ = try server.requests("GET .*nobody/gwc/service/wmts.*GetCapabilities", atLeast: 2)
        #expect(try server.requests("GET /geoserver/wms.*GetCapabilities").count == 1)
    }

    @Test("where the pool means another set by a known name, its services are asked as they came")
    func foreign() throws {
        let sets = data.file("sets")
        #expect(mkdir(sets, 0o700) == 0)
        _ = try data.write(
            "sets/nztm.yaml",
            """
            name: NZTM
            epsg: 2193
            northingFirst: true
            extent: [0, 4000000, 3000000, 7000000]
            origin: topLeft
            resolutions: [1000, 500, 250, 125]
            """)
        let edge = try start("gridSets: \(sets),")
        let told = edge.child.line(with: "\"NZTM\" is another one than the edge knows by that name")
        #expect(told?.contains("asked for as it came") == true)
        _ = try edge.get(Self.rest)
        #expect(try server.requests("GET .*wmts/rest/.*NZTM").count == 1)
        #expect(try asked() == 0)
        // By a box each means the same, which is drawn in the edge's own set.
        #expect(try edge.get(Self.wms).status == 200)
        #expect(try asked() == 1)
    }

    @Test("a seed by GeoWebCache's interface fills a box in such a set, in its own units")
    func seed() throws {
        let edge = try start()
        #expect(edge.child.line(with: "beside those known: EPSG:3857x2, NZTM") != nil)
        let body =
            "<seedRequest><name>geonode:roads</name><bounds><coords><double>1293761</double>"
            + "<double>5125761</double><double>1580479</double><double>5412479</double></coords>"
            + "</bounds><gridSetId>NZTM</gridSetId><zoomStart>3</zoomStart><zoomStop>4</zoomStop>"
            + "<format>image/png</format><type>seed</type><threadCount>1</threadCount>"
            + "</seedRequest>"
        let answer = try edge.admin(
            "/geoserver/gwc/rest/seed/geonode:roads.xml", method: "POST", body: body)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(edge.child.line(with: "5 of 5 tiles, 5 stored") != nil)
        #expect(try asked() == 5)
        for target in [Self.rest, Self.tms, Self.wms] {
            #expect(try edge.get(target).isHit, "\(target)")
        }
    }
}
