import Glibc
import Testing
import WireTesting

@Suite(
    "Seeds that the edge runs for itself, by GeoWebCache's interface at the admin port", .waits,
    .enabled(if: GeoServer.python != nil, "no python3"))
struct SeedTaskTests {
    private let data: TemporaryDirectory
    private let server: GeoServer

    init() throws {
        data = try TemporaryDirectory()
        server = try GeoServer("one", data: data)
    }

    private func edge(_ more: String = "seeding: { host: edge.test }") throws -> Edge {
        try Edge(
            origin: nil,
            configuration: """
                origins: { maps: { members: ["\(server.url)"] } }
                behaviors: [{ path: "*", class: tiles }]
                \(more)
                """)
    }

    private func post(
        _ edge: Edge, _ path: String, _ body: String, type: String = "text/xml"
    ) throws -> Response {
        var viewer = try Viewer(port: edge.adminPort)
        return try viewer.exchange(
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: \(type)\r\n"
                + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
    }

    private func document(_ type: String, _ last: Int) -> String {
        "<seedRequest><name>geonode:roads</name><gridSetId>EPSG:900913</gridSetId><zoomStart>0"
            + "</zoomStart><zoomStop>\(last)</zoomStop><format>image/png</format>"
            + "<type>\(type)</type><threadCount>2</threadCount></seedRequest>"
    }

    private func asked() throws -> Int { try server.requests("GET .*REQUEST=GetMap").count }

    private func asked(_ layer: String) throws -> Int {
        try server.requests("GET .*REQUEST=GetMap.LAYERS=\(layer)").count
    }

    private func rows(_ edge: Edge, _ path: String = "/gwc/rest/seed.json") throws -> [JSON] {
        try JSON(edge.admin(path).text)["long-array-array"]?.elements ?? []
    }

    private func tile(_ level: Int, _ column: Int, _ row: Int) -> String {
        "/geoserver/gwc/service/tms/1.0.0/geonode:roads@EPSG:900913@png/\(level)/\(column)/\(row).png"
    }

    @Test("a seed fetches the tiles, a reseed fetches them anew, and nothing is gone meanwhile")
    func seed() throws {
        let edge = try edge()
        let path = "/geoserver/gwc/rest/seed/geonode:roads.xml"
        #expect(try post(edge, path, document("seed", 2)).status == 200)
        #expect(edge.child.line(with: "21 of 21 tiles, 21 stored") != nil)
        #expect(try asked() == 21 && edge.get(tile(2, 1, 3)).isHit && rows(edge).isEmpty)
        #expect(try post(edge, path, document("reseed", 1)).status == 200)
        #expect(edge.child.line(with: "5 of 5 tiles, 5 stored") != nil)
        #expect(try asked() == 26 && edge.get(tile(2, 1, 3)).isHit)
        let form =
            "threadCount=01&type=seed&gridSetId=EPSG%3A900913&tileFormat=image%2Fpng"
            + "&zoomStart=00&zoomStop=01"
        let type = "application/x-www-form-urlencoded"
        #expect(try post(edge, "/gwc/rest/seed/geonode:roads", form, type: type).status == 200)
        #expect(edge.child.line(with: "0 stored, 5 there already") != nil)
    }

    @Test("what runs and waits is told in GeoWebCache's numbers, and ended by kill_all")
    func tasks() throws {
        let edge = try edge("seeding: { host: edge.test, rate: 5 }")
        for layer in ["geonode:roads", "geonode:cities"] {
            let path = "/gwc/rest/seed/\(layer).xml"
            #expect(try post(edge, path, document("seed", 6)).status == 200)
        }
        let first = try eventually { () -> [JSON]? in
            let rows = try rows(edge)
            // Until it can be told how long it will take.
            return rows.first?.elements.dropFirst(2).first?.number ?? 0 > 0 ? rows : nil
        }
        let numbers = first?.map { $0.elements.compactMap(\.number) } ?? []
        #expect(numbers.count == 2 && numbers[0][1] == 5_461 && numbers[0][2] > 100)
        #expect(numbers[0][3...] == [1, 1] && numbers[1][3...] == [2, 0], "\(numbers)")
        #expect(try rows(edge, "/gwc/rest/seed/geonode:cities.json").count == 1)
        #expect(try rows(edge, "/gwc/rest/seed/geonode:rivers.json").isEmpty)
        let type = "application/x-www-form-urlencoded"
        #expect(try post(edge, "/gwc/rest/seed", "kill_all=all", type: type).status == 200)
        #expect(edge.child.line(with: "stopped at ") != nil)
        let isOver = try eventually { try rows(edge).isEmpty ? true : nil }
        #expect(isOver == true)
        #expect(try asked() < 200)
        edge.child.signal(SIGTERM)
        #expect(edge.child.waitForExit() == 0)
    }

    @Test("what the end of the process cuts short goes on with the next; what was ended does not")
    func restart() throws {
        let text = "seeding: { host: edge.test, rate: 20 }"
        func start() throws -> Edge {
            try Edge(
                origin: nil,
                configuration: """
                    origins: { maps: { members: ["\(server.url)"] } }
                    behaviors: [{ path: "*", class: tiles }]
                    \(text)
                    """, directory: data)
        }
        let edge = try start()
        for layer in ["geonode:roads", "geonode:cities", "geonode:rivers"] {
            let path = "/gwc/rest/seed/\(layer).xml"
            #expect(try post(edge, path, document("seed", 3)).status == 200)
        }
        let type = "application/x-www-form-urlencoded"
        let kill = "/gwc/rest/seed/geonode:cities"
        #expect(try post(edge, kill, "kill_all=all", type: type).status == 200)
        _ = try server.requests("GET .*REQUEST=GetMap", atLeast: 5)
        edge.child.signal(SIGTERM)
        #expect(edge.child.waitForExit(within: 20_000) == 0)
        let before = try asked()
        #expect(before < 85)
        let next = try start()
        #expect(next.child.line(with: "seeding geonode:roads goes on") != nil)
        #expect(next.child.line(with: "going on behind") != nil)
        let numbers = try rows(next).map { $0.elements.compactMap(\.number) }
        #expect(numbers.count == 2, "\(numbers)")
        #expect(next.child.line(with: "geonode:roads: 85 of 85 tiles") != nil)
        // Those under way when it ended may have been asked for twice, and no others.
        #expect(try 85...87 ~= asked("roads"))
        next.child.signal(SIGKILL)
        #expect(next.child.waitForExit() != nil)
        let last = try start()
        #expect(last.child.line(with: "geonode:rivers: 85 of 85 tiles") != nil)
        let isOver = try eventually { try rows(last).isEmpty ? true : nil }
        #expect(isOver == true)
        #expect(try last.get(tile(3, 1, 3)).isHit)
        #expect(try asked("rivers") >= 85 && asked("cities") == 0)
        last.child.signal(SIGTERM)
        #expect(last.child.waitForExit(within: 20_000) == 0)
        // Nothing is left that would go on.
        let quiet = try start()
        #expect(try rows(quiet).isEmpty && !quiet.child.log.contains("goes on"))
    }

    @Test("an edge that ends while it seeds ends in order")
    func ending() throws {
        let edge = try edge("seeding: { host: edge.test, rate: 5 }")
        #expect(
            try post(edge, "/gwc/rest/seed/geonode:roads.xml", document("seed", 9)).status == 200)
        _ = try server.requests("GET .*REQUEST=GetMap", atLeast: 1)
        edge.child.signal(SIGTERM)
        #expect(edge.child.waitForExit() == 0)
    }

    @Test("what cannot be seeded is refused in words: no levels, no such grid")
    func refusals() throws {
        let edge = try edge("")
        let path = "/gwc/rest/seed/geonode:roads.xml"
        let incomplete = "<seedRequest><type>seed</type></seedRequest>"
        #expect(try post(edge, path, incomplete).status == 400)
        let other = document("seed", 2).replacing("900913", with: "2193")
        let refused = try post(edge, path, other)
        #expect(refused.status == 400 && refused.text.contains("EPSG:2193"))
        #expect(try asked() == 0)
        for body in [document("frob", 2), "hello", "<a"] {
            let answer = try post(edge, path, body)
            #expect(answer.status == 400 && answer.text.contains("that is no seed"))
        }
    }
}
