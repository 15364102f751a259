import Testing
import Tiles
import WireTesting

@Suite("Tiles that are to be gone: by command, and by GeoWebCache's interface at the admin port")
struct TruncateTests {
    private let place: TileSite
    private var room: Room { place.room }
    private var edge: Edge { place.edge }
    private var site: String { place.path }

    init() throws {
        place = try TileSite("truncate")
        room.always(TileSite.tile("Cache-Control: max-age=600"))
    }

    /// A tile of 90 degrees with its west edge there.
    private func map(_ layers: String, west: Int) -> String {
        "\(site)/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=\(layers)&STYLES="
            + "&SRS=EPSG:4326&BBOX=\(west),0,\(west + 90),90&WIDTH=256&HEIGHT=256&FORMAT=image/png"
    }

    private var maps: [String] {
        [
            map("geonode:roads", west: -180), map("geonode:roads", west: 90),
            map("geonode:towns,geonode:roads", west: 90), map("geonode:towns", west: 90),
        ]
    }

    /// Which of the maps are there still.
    private func kept() throws -> [Bool] { try maps.map { try edge.get($0).isHit } }

    private func fill() throws {
        for map in maps { _ = try edge.get(map) }
        #expect(try kept() == [true, true, true, true])
    }

    private func truncate(_ words: String...) throws -> (Int?, String) {
        let directory = try TemporaryDirectory()
        return try directory.run(
            Edge.program, ["truncate", "--admin", "127.0.0.1:\(edge.adminPort)"] + words)
    }

    private func post(_ path: String, _ body: String) throws -> Response {
        try edge.admin(path, method: "POST", "Content-Type: text/xml", body: body)
    }

    @Test("a layer, and what shows it among others, is gone, and nothing else")
    func layer() throws {
        try fill()
        #expect(try truncate("geonode:roads") == (0, "truncated geonode:roads\n"))
        #expect(try kept() == [false, false, false, true])
    }

    @Test("of a box only what shows something of it is gone")
    func box() throws {
        try fill()
        let (exit, text) = try truncate("geonode:roads", "--bbox=100,10,101,11")
        #expect(exit == 0 && text == "truncated geonode:roads in the box\n")
        #expect(try kept() == [true, false, false, true])
    }

    @Test("a box over the antimeridian is of both sides of it")
    func antimeridian() throws {
        try fill()
        let (exit, _) = try truncate("geonode:roads", "--bbox=179,10,-179,11")
        #expect(exit == 0)
        #expect(try kept() == [false, false, false, true])
    }

    @Test("of a level, a time and a style what says that it is another stays")
    func selection() throws {
        let map = map("geonode:roads", west: 90)
        func drawn(_ style: String) -> String {
            map.replacing("&STYLES=", with: "&STYLES=\(style)") + "&TIME=2016-05-03"
        }
        let targets = [
            map + "&TIME=2016-05-03", map + "&TIME=2017-01", map, drawn("line"), drawn("area"),
        ]
        func fillAndKeep(_ words: String...) throws -> [Bool] {
            for target in targets { _ = try edge.get(target) }
            for target in targets { #expect(try edge.get(target).isHit, "\(target)") }
            let directory = try TemporaryDirectory()
            let (exit, text) = try directory.run(
                Edge.program,
                ["truncate", "--admin", "127.0.0.1:\(edge.adminPort)", "geonode:roads"] + words)
            #expect(exit == 0 && text.hasPrefix("truncated geonode:roads "), "\(text)")
            return try targets.map { try edge.get($0).isHit }
        }
        let kept = try fillAndKeep("--zoom", "0-1", "--time", "2016-05", "--style", "line")
        #expect(kept == [false, true, false, false, true])
        #expect(try fillAndKeep("--style", "line") == [false, false, false, false, true])
        #expect(try fillAndKeep("--time", "2016/2017") == [false, false, false, false, false])
        #expect(try fillAndKeep("--time", "-0044-03-15") == [true, true, false, true, true])
        #expect(try fillAndKeep("--zoom", "2-9") == [true, true, true, true, true])
        #expect(
            try fillAndKeep("--zoom", "1", "--bbox", "-10,10,0,20")
                == [true, true, true, true, true])
        let (exit, text) = try truncate("*")
        #expect(exit == 2 && text.contains("a star stands for no layer"), "\(text)")
        #expect(
            try truncate("geonode:roads", "--zoom", "3-5", "--time", "2016", "--style", "w:s") == (
                0, "truncated geonode:roads at zoom 3-5 of 2016 in style w:s\n"
            ))
    }

    @Test(
        "what cannot be meant is refused, with what can",
        arguments: [
            (["--zoom", "5-3"], "write FIRST-LAST, such as 3-12"),
            (["--zoom", "65"], "write FIRST-LAST, such as 3-12"),
            (["--time", "now"], "is no time; write 2016"), (["--style", ""], "is empty"),
            (["--time", "-44x"], "is no time; write 2016"),
        ])
    func refused(_ words: [String], _ told: String) throws {
        let directory = try TemporaryDirectory()
        let (exit, text) = try directory.run(
            Edge.program,
            ["truncate", "--admin", "127.0.0.1:\(edge.adminPort)", "geonode:roads"] + words)
        #expect(exit == 2 && text.contains(told), "\(text)")
    }

    @Test("a box that is none is refused, and nothing is gone")
    func mistakes() throws {
        try fill()
        let (exit, text) = try truncate("geonode:roads", "--bbox=1,2,3")
        #expect(exit == 2)
        #expect(text.contains("write WEST,SOUTH,EAST,NORTH, such as -10,40,10,60"))
        #expect(try post("/truncate", "").status == 400)
        #expect(try edge.admin("/truncate?layer=a").status == 405)
        #expect(try kept() == [true, true, true, true])
    }

    @Test(
        "GeoWebCache's own requests do it, with what GeoNode and its page send",
        arguments: [
            (
                "masstruncate",
                "<truncateLayer><layerName>geonode:roads</layerName></truncateLayer>",
                [false, false, false, true]
            ),
            (
                "masstruncate",
                "<truncateExtent><layerName>geonode:roads</layerName>"
                    + "<gridSetId>EPSG:4326</gridSetId><bounds><coords><double>100</double>"
                    + "<double>10</double><double>101</double><double>11</double></coords>"
                    + "</bounds></truncateExtent>",
                [true, false, false, true]
            ),
            (
                "seed/geonode:roads.xml",
                "<seedRequest><name>geonode:roads</name><type>truncate</type></seedRequest>",
                [false, false, false, true]
            ),
            (
                "seed/geonode:roads.xml",
                "<seedRequest><type>truncate</type><gridSetId>EPSG:4326</gridSetId><zoomStart>2"
                    + "</zoomStart><zoomStop>9</zoomStop></seedRequest>",
                [true, true, true, true]
            ),
            (
                "seed/geonode:roads.json",
                #"{"seedRequest":{"type":"truncate","gridSetId":"EPSG:4326","zoomStart":0,"#
                    + #""zoomStop":1,"format":"image/png"}}"#, [false, false, false, true]
            ),
            (
                "seed/geonode:roads",
                "type=truncate&gridSetId=EPSG%3A900913&zoomStart=00&zoomStop=12",
                [true, true, true, true]
            ),
            (
                "seed/geonode:roads",
                "type=truncate&gridSetId=EPSG%3A4326&zoomStart=00&zoomStop=12"
                    + "&tileFormat=image%2Fjpeg", [true, true, true, true]
            ),
        ] as [(String, String, [Bool])])
    func interface(_ resource: String, _ body: String, _ expected: [Bool]) throws {
        try fill()
        #expect(try post("/geoserver/gwc/rest/\(resource)", body).status == 200)
        #expect(try kept() == expected)
    }

    @Test("what is no request of the interface is refused, and tasks are told: none")
    func others() throws {
        try fill()
        #expect(try edge.admin("/gwc/rest/seed.json").text == "{\"long-array-array\":[]}")
        #expect(try edge.admin("/gwc/rest/layers").status == 503)
        #expect(try edge.admin("/gwc/rest/gridsets").status == 404)
        #expect(try edge.admin("/gwc/rest/diskquota.json").text.contains("globalQuota"))
        #expect(try kept() == [true, true, true, true])
    }

    /// A document of the interface, and which of the maps are kept when the origin has done it.
    private static let forwarded: [(String, String, [Bool])] = [
        (
            "masstruncate", "<truncateLayer><layerName>geonode:roads</layerName></truncateLayer>",
            [false, false, false, true]
        ),
        (
            "seed/geonode:roads.xml",
            "<seedRequest><type>truncate</type><gridSetId>EPSG:4326</gridSetId><zoomStart>0"
                + "</zoomStart><zoomStop>1</zoomStop><format>image/png</format></seedRequest>",
            [false, false, false, true]
        ),
        (
            "seed/geonode:roads.xml",
            "<seedRequest><type>truncate</type><gridSetId>EPSG:4326</gridSetId><zoomStart>2"
                + "</zoomStart><zoomStop>9</zoomStop></seedRequest>", [true, true, true, true]
        ),
    ]

    @Test(
        "on a viewers' listener it is forwarded, and done here when the origin says it was",
        arguments: TruncateTests.forwarded)
    func viewers(_ resource: String, _ body: String, _ expected: [Bool]) throws {
        for status in [401, 403, 500, 200] {
            try fill()
            room.answers { request in
                request.method == "POST"
                    ? .response(status, body: "said")
                    : TileSite.tile("Cache-Control: max-age=600")
            }
            let before = room.count
            var viewer = try edge.viewer()
            let answer = try viewer.exchange(
                "POST \(site)/gwc/rest/\(resource) HTTP/1.1\r\nHost: edge.test\r\n"
                    + "Content-Type: text/xml\r\nContent-Length: \(body.utf8.count)\r\n"
                    + "Authorization: Basic YTpi\r\n\r\n\(body)")
            #expect(answer.status == status && room.count == before + 1)
            let all = [true, true, true, true]
            #expect(try kept() == (status == 200 ? expected : all), "\(resource) \(status)")
        }
    }
}
