import Glibc
import Testing
import WireTesting

@Suite("GeoWebCache's REST interface on a listener for the site's own calls")
struct SiteTileCacheTests {
    /// An edge with such a listener before one map server.
    private struct Site {
        let origin: Origin
        let room: Room
        let edge: Edge
        let port: UInt16
        var path: String { room.path("geoserver") }

        init(
            service: String = "", southbound: String = "",
            behaviors: String = "{ path: \"*\", class: tiles }"
        ) throws {
            origin = try Origin()
            room = origin.room("site")
            room.answers { request in
                request.method == "GET"
                    ? TileSite.tile("Cache-Control: max-age=600")
                    : .response(201, body: "made")
            }
            let path = room.path("geoserver")
            edge = try Edge(
                origin: nil,
                configuration: """
                    listen: ["127.0.0.1:0", { address: "127.0.0.1:0", southbound: true }]
                    origins:
                      default:
                        members: ["\(origin.url)"]
                        maps: { services: [{ path: \(path)\(service) }] }
                    behaviors: [\(behaviors)]
                    \(southbound)
                    """, listen: nil)
            let line = try #require(edge.child.line(with: "southbound on http"))
            port = try #require(UInt16(line.split(separator: ":").last ?? ""))
        }

        func map(_ layer: String) -> String {
            "\(path)/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=\(layer)&STYLES="
                + "&SRS=EPSG:4326&BBOX=0,0,90,90&WIDTH=256&HEIGHT=256&FORMAT=image/png"
        }

        func call(
            _ method: String, _ resource: String, _ body: String = "", _ fields: String = ""
        ) throws -> Response {
            var caller = try Viewer(port: port)
            return try caller.exchange(
                "\(method) \(path)/gwc/rest/\(resource) HTTP/1.1\r\nHost: edge.test\r\n\(fields)"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }

        /// Which of two layers' maps are there still.
        func kept() throws -> [Bool] {
            try ["geonode:roads", "geonode:towns"].map { try edge.get(map($0)).isHit }
        }

        func fill() throws {
            for layer in ["geonode:roads", "geonode:towns"] { _ = try edge.get(map(layer)) }
            #expect(try kept() == [true, true])
        }
    }

    private static let truncation =
        "<truncateLayer><layerName>geonode:roads</layerName></truncateLayer>"

    @Test("the edge is the tile cache: it truncates its own tiles, and asks nobody")
    func truncates() throws {
        let site = try Site()
        try site.fill()
        // As GeoNode sends it: one caller with a type, one without any.
        for type in ["Content-Type: text/xml\r\n", ""] {
            let before = site.room.count
            let answer = try site.call("POST", "masstruncate", Self.truncation, type)
            #expect(answer.status == 200 && answer.body.isEmpty, "\(answer.text)")
            #expect(site.room.count == before)
            #expect(try site.kept() == [false, true])
        }
        let posts = site.room.requests.filter { $0.method == "POST" }
        #expect(posts.isEmpty)
        let body =
            "<seedRequest><type>truncate</type><gridSetId>EPSG:900913</gridSetId><zoomStart>0"
            + "</zoomStart><zoomStop>9</zoomStop></seedRequest>"
        try site.fill()
        #expect(try site.call("POST", "seed/geonode:roads.xml", body).status == 200)
        #expect(try site.kept() == [true, true], "of another grid set")
    }

    @Test("so it is where the interface has a class of its own, as MapStory's file has it")
    func otherClass() throws {
        let site = try Site(
            behaviors: "{ path: \"*/gwc/rest/*\", class: features }, { path: \"*\", class: tiles }")
        try site.fill()
        #expect(try site.call("POST", "masstruncate", Self.truncation).status == 200)
        #expect(try site.call("GET", "seed.json").text == "{\"long-array-array\":[]}")
        #expect(site.room.requests.allSatisfy { !$0.target.contains("/gwc/rest/") })
        #expect(try site.kept() == [false, true])
    }

    @Test("tasks, layers and space are told; what sets a layer up goes to the origin")
    func tells() throws {
        let site = try Site()
        let before = site.room.count
        let tasks = try site.call("GET", "seed.json")
        #expect(tasks.text == "{\"long-array-array\":[]}")
        #expect(tasks["Content-Type"] == "application/json")
        #expect(try site.call("GET", "layers.xml").status == 503)
        let quota = try site.call("GET", "diskquota.xml")
        #expect(quota.text.hasPrefix("<gwcQuotaConfiguration>"))
        #expect(quota["Content-Type"] == "application/xml")
        #expect(site.room.count == before)
        #expect(try site.call("PUT", "layers/geonode:roads.xml", "<a/>").status == 201)
        #expect(try site.call("PUT", "diskquota.xml", "<a/>").status == 201)
        #expect(try site.call("POST", "reload", "reload_configuration=1").status == 201)
        #expect(site.room.count == before + 3)
    }

    @Test("a body comes in pieces, of bounded length, and from no page of another site")
    func bodies() throws {
        let site = try Site()
        try site.fill()
        var caller = try Viewer(port: site.port)
        let head = "POST \(site.path)/gwc/rest/masstruncate HTTP/1.1\r\nHost: edge.test\r\n"
        try caller.send(head + "Expect: 100-continue\r\n")
        try caller.send("Content-Length: \(Self.truncation.utf8.count)\r\n\r\n")
        for byte in Self.truncation { try caller.send("\(byte)") }
        let answer = try caller.response()
        #expect(answer.status == 200 && answer.interim.count == 1)
        #expect(try site.kept() == [false, true])
        // The connection goes on.
        let length = "Content-Length: \(Self.truncation.utf8.count)\r\n\r\n\(Self.truncation)"
        #expect(try caller.exchange(head + length).status == 200)
        let foreign = try caller.exchange(head + "Origin: http://evil.test\r\n" + length)
        #expect(foreign.status == 403)
        var long = try Viewer(port: site.port)
        #expect(try long.exchange(head + "Content-Length: 65536\r\n\r\n").status == 413)
        var chunked = try Viewer(port: site.port)
        let rest = "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        #expect(try chunked.exchange(head + rest).status == 411)
    }

    @Test(
        "where the server's own cache is in use, or the edge is told not to, it is forwarded",
        arguments: [(", integratedCache: true", ""), ("", "southbound: { tileCache: false }")])
    func forwards(_ service: String, _ section: String) throws {
        let site = try Site(service: service, southbound: section)
        try site.fill()
        #expect(
            try site.call("POST", "masstruncate", Self.truncation, "Content-Type: text/xml\r\n")
                .status == 201)
        #expect(site.room.requests.contains { $0.method == "POST" })
        #expect(try site.kept() == [false, true])
    }

    @Test("viewers are not answered: what they ask goes to the origin")
    func viewers() throws {
        let site = try Site()
        let before = site.room.count
        let answer = try site.edge.get("\(site.path)/gwc/rest/diskquota.xml")
        #expect(!answer.text.contains("gwcQuotaConfiguration"))
        #expect(site.room.count == before + 1)
    }
}
