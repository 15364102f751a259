import Testing
import WireTesting

@Suite("Requests that come back to where they were")
struct LoopProtectionTests {
    private let edge: Edge
    private let room: Room

    init() throws {
        edge = try SharedEdge.edge()
        room = try SharedEdge.origin().room("loop")
        room.always(.ok("Cache-Control: no-store", body: "served"))
    }

    @Test(
        "a request that went through this edge is 508, and is not forwarded (RFC 9110 §7.6.3)",
        arguments: [
            "1.1 mapedge", "1.0 fred, 1.1 MapEdge (a, comment)", "HTTP/1.1 mapedge",
            "1.1 fred (x, 1.1 y), \t1.1\tmapedge", "1.1 fred\r\nVia: 1.1 mapedge",
            "1.1 a (unclosed \\( \"), 1.1 b), 1.1 mapedge",
        ])
    func loop(via: String) throws {
        let response = try edge.get(room.path(), "Via: \(via)")
        #expect(response.status == 508)
        #expect(room.count == 0)
        var viewer = try edge.viewer()
        let written = try viewer.exchange(
            "POST \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 1\r\n"
                + "Via: \(via)\r\n\r\nx")
        #expect(written.status == 508)
        #expect(room.count == 0)
    }

    @Test(
        "a name that only looks like ours, or stands elsewhere, is somebody else's",
        arguments: [
            "1.1 mapedge2", "1.1 xmapedge", "1.1 fred (mapedge)", "1.1 mapedge:80", "mapedge 1.1",
            "1.1 fred (a, 1.1 mapedge)", "",
        ])
    func others(via: String) throws {
        #expect(try edge.get(room.path(), "Via: \(via)").text == "served")
        #expect(room.count == 1)
    }

    @Test("two edges that forward to each other answer, and at once")
    func ring() throws {
        let origin = try Origin()
        let directory = try TemporaryDirectory()
        let first = try Edge(
            origin: nil, configuration: Configured.text(members: [origin.url]),
            directory: directory)
        let back = Configured.text(
            members: ["http://127.0.0.1:\(first.port)"], sections: ["name: other"])
        let second = try Edge(origin: nil, configuration: back)
        _ = try directory.write(
            "mapedge.yaml", Configured.text(members: ["http://127.0.0.1:\(second.port)"]))
        #expect(try first.admin("/reload", method: "POST").status == 200)
        // It would join its own fetch and wait for itself, were it not recognised first.
        #expect(try first.get("/round").status == 508)
    }
}
