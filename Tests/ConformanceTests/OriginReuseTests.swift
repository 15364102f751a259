import Testing
import WireTesting

private let poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"

@Suite("RFC 9112 §9: which connections to an origin are used again")
struct OriginReuseTests {
    private let origin: Origin
    private let edge: Edge
    private let room: Room

    init() throws {
        origin = try Origin()
        edge = try Edge(origin: origin.url)
        room = origin.room()
    }

    @Test(
        "one that ended together with its response is not",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
        ])
    func halfClosed(answer: String) throws {
        room.always(Reply([.sendAndEnd(Array(answer.utf8))]))
        var viewer = try edge.viewer()
        for _ in 0..<50 {
            // A POST is never sent twice, so that one on a connection that is over would show.
            let response = try viewer.exchange(
                "POST \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 0\r\n\r\n")
            #expect(response.status / 100 == 2, "\(response.head.startLine)")
        }
        #expect(room.count == 50)
        #expect(Set(room.requests.map(\.connection)).count == 50)
        #expect(try edge.metric("mapedge_origin_reuses_total") == 0)
    }

    /// Nobody gets what stood behind a response, and its connection is not used again.
    private func expectNoPoison(_ viewer: inout Viewer) throws {
        room.always(.ok(body: "good"))
        for path in ["2", "3", "4"] {
            let response = try viewer.exchange(
                "GET \(room.path(path)) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            #expect(response.text == "good")
        }
        let first = try #require(room.requests.first)
        #expect(room.requests.dropFirst().allSatisfy { $0.connection != first.connection })
    }

    @Test(
        "nor one with bytes behind a body that fills the room for it to the last byte",
        arguments: [1, 511, 512, 513, 4_096, 16_384, 65_536, 65_537, 131_072, 196_608, 1_048_576])
    func surplusBehindBody(length: Int) throws {
        let gate = Gate()
        let body = (0..<length).map { UInt8(truncatingIfNeeded: 0x61 + $0 % 26) }
        room.reply(
            .raw(
                "HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n", .pass(gate),
                .send(body + Array(poison.utf8))))
        var viewer = try edge.viewer()
        try viewer.send("GET \(room.path("1")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        // Only once the head has come is the body received straight into its own memory.
        _ = try viewer.headOnly()
        gate.open()
        #expect(try viewer.bytes(length) == body)
        try expectNoPoison(&viewer)
    }

    @Test(
        "nor behind a response that does, head and all",
        arguments: [4_096, 8_192, 16_384, 32_768, 65_536, 131_072])
    func surplusBehindResponse(total: Int) throws {
        // Whatever the length, its digits are six.
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 000000\r\n\r\n"
        let digits = String("\(1_000_000 + total - head.utf8.count)".dropFirst())
        let body = String(repeating: "b", count: total - head.utf8.count)
        room.reply(
            .raw("HTTP/1.1 200 OK\r\nContent-Length: \(digits)\r\n\r\n" + body + poison))
        var viewer = try edge.viewer()
        let response = try viewer.exchange(
            "GET \(room.path("1")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(response.text == body)
        try expectNoPoison(&viewer)
    }

    @Test("while one that fell silent behind such a response is")
    func silent() throws {
        let gate = Gate()
        room.reply(
            .raw(
                "HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n", .pass(gate),
                .send([UInt8](repeating: 0x61, count: 4096))))
        room.always(.ok(body: "good"))
        var viewer = try edge.viewer()
        try viewer.send("GET \(room.path("1")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        _ = try viewer.headOnly()
        gate.open()
        _ = try viewer.bytes(4096)
        #expect(
            try viewer.exchange("GET \(room.path("2")) HTTP/1.1\r\nHost: edge.test\r\n\r\n").text
                == "good")
        #expect(Set(room.requests.map(\.connection)).count == 1)
    }
}
