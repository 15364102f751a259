import Testing
import WireTesting

/// Source: CloudFront, "Use WebSockets with CloudFront distributions".
@Suite("CloudFront: WebSocket through a distribution")
struct CloudFrontTunnelTests {
    private static let lanes = [
        Lane("socket") { $0.sends = Lane.Sends(headers: ("allViewer", [])) },
        Lane("listed") {
            $0.sends = Lane.Sends(
                headers: ("whitelist", ["Sec-WebSocket-Key", "Sec-WebSocket-Version"]))
        },
        Lane("deaf"),
    ]

    private func open(_ path: String, _ viewer: inout Viewer) throws -> Response {
        try viewer.exchange(
            """
            GET \(path) HTTP/1.1\r\nHost: edge.test\r\nConnection: Upgrade\r\n\
            Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
            """)
    }

    private static let switching = Reply.raw(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nfirst", .echo)

    @Test("where a policy sends the handshake's fields it is tunnelled, and logged as a Miss")
    func tunnels() throws {
        let directory = try TemporaryDirectory()
        let log = directory.file("access.log")
        let stand = try Stand(Self.lanes, Stand.Parts(arguments: ["--access-log", log]))
        for name in ["socket", "listed"] {
            let room = stand.origin.room("row")
            room.reply(Self.switching)
            var viewer = try stand.edge.viewer()
            let response = try open(room.path("\(name)/it"), &viewer)
            #expect(response.status == 101, "\(name)")
            #expect(response["Upgrade"]?.lowercased() == "websocket")
            #expect(response["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            try viewer.send("behind")
            #expect(try viewer.bytes(11) == Array("firstbehind".utf8))
            let asked = try #require(room.requests.first)
            #expect(asked["Upgrade"]?.lowercased() == "websocket", "\(name)")
            #expect(asked["Sec-WebSocket-Key"] == "dGhlIHNhbXBsZSBub25jZQ==", "\(name)")
            viewer.socket.finishSending()
            #expect(try viewer.isClosed())
            // Nothing of it is stored.
            room.reply(Self.switching)
            var next = try stand.edge.viewer()
            #expect(try open(room.path("\(name)/it"), &next).status == 101)
            #expect(room.count == 2)
        }
        let lines = try eventually {
            let lines = try readFile(log).split(separator: "\n")
            return lines.count >= 2 ? lines : nil
        }
        let first = try #require(lines?.first)
        #expect(first.contains("\"sc-status\":101"), "\(first)")
        #expect(first.contains("\"x-edge-result-type\":\"Miss\""), "\(first)")
    }

    @Test("one in which nothing passes is closed after its time, and no sooner")
    func idles() throws {
        let stand = try Stand(
            Self.lanes, Stand.Parts(configuration: "limits: { tunnelTimeout: 700ms }\n"))
        let room = stand.origin.room("row")
        room.always(Self.switching)
        var viewer = try stand.edge.viewer()
        #expect(try open(room.path("socket/it"), &viewer).status == 101)
        #expect(try viewer.bytes(5) == Array("first".utf8))
        // Each byte that passes gives it its time anew: it goes on for longer than that.
        let clock = ContinuousClock()
        let start = clock.now
        // Taken before a byte is sent, so that what is slow here can but add to it.
        var last = start
        while last - start < .milliseconds(1_000) {
            last = clock.now
            try viewer.send("x")
            try #require(try viewer.bytes(1) == [UInt8(ascii: "x")])
        }
        #expect(try viewer.isClosed())
        #expect(clock.now - last >= .milliseconds(690))
        let metrics = try stand.edge.admin("/metrics").text
        #expect(metrics.contains("mapedge_timeouts_idle_total 1\n"))
    }

    @Test("it goes on where bytes pass in one direction only", arguments: [true, false])
    func oneWay(_ isViewers: Bool) throws {
        let stand = try Stand(
            Self.lanes, Stand.Parts(configuration: "limits: { tunnelTimeout: 700ms }\n"))
        let room = stand.origin.room("row")
        // Either the viewer's bytes alone, of which the origin says nothing, or the origin's.
        let gates = Array((0..<400).map { _ in Gate() })
        defer { for gate in gates { gate.open() } }
        var reply = Self.switching
        reply.steps.removeLast()
        for gate in gates {
            reply.steps += isViewers ? [.pass(gate)] : [.pass(gate), .send([UInt8(ascii: "y")])]
        }
        room.always(reply)
        var viewer = try stand.edge.viewer()
        #expect(try open(room.path("socket/it"), &viewer).status == 101)
        #expect(try viewer.bytes(5) == Array("first".utf8))
        let clock = ContinuousClock()
        let start = clock.now
        var last = start
        var count = 0
        while last - start < .milliseconds(1_500) {
            // Not without end, and so slowly that nothing else could have kept it.
            let next = last + .milliseconds(50)
            while clock.now < next { _ = try stand.edge.admin("/healthz") }
            last = clock.now
            if isViewers {
                try viewer.send("x")
            } else {
                gates[count].open()
                try #require(try viewer.bytes(1) == [UInt8(ascii: "y")])
            }
            count += 1
        }
        #expect(try viewer.isClosed())
        #expect(clock.now - last >= .milliseconds(690))
    }

    @Test("where none does the origin cannot shake hands, and its answer is passed on")
    func refuses() throws {
        let stand = try Stand(Self.lanes)
        let room = stand.origin.room("row")
        room.reply(.response(400, ["Cache-Control: no-store"], body: "no key"))
        var viewer = try stand.edge.viewer()
        let response = try open(room.path("deaf/it"), &viewer)
        #expect(response.status == 400 && response.text == "no key")
        #expect(room.requests.first?["Sec-WebSocket-Key"] == nil)
    }

    @Test("an origin that does not switch is answered from as any other")
    func stays() throws {
        let stand = try Stand(Self.lanes)
        let room = stand.origin.room("row")
        room.always(.ok("Cache-Control: max-age=60", body: "a page"))
        var viewer = try stand.edge.viewer()
        let response = try open(room.path("socket/it"), &viewer)
        #expect(response.status == 200 && response.text == "a page")
        #expect(response["X-Cache"] == "Miss from cloudfront")
    }

    @Test("what answers a handshake is stored for nobody", arguments: [404, 200])
    func isNotStored(_ status: Int) throws {
        let stand = try Stand(Self.lanes)
        let room = stand.origin.room("row")
        room.reply(.response(status, ["Cache-Control: max-age=60"], body: "no switch"))
        room.always(.ok("Cache-Control: max-age=60", body: "a page"))
        var viewer = try stand.edge.viewer()
        #expect(try open(room.path("socket/it"), &viewer).text == "no switch")
        #expect(try stand.edge.get(room.path("socket/it")).text == "a page")
    }

    @Test("what is stored, an error among it, answers no handshake", arguments: [404, 200, 502])
    func isNotAnswered(_ status: Int) throws {
        let stand = try Stand(Self.lanes)
        let room = stand.origin.room("row")
        // 502: no answer that can be understood.
        room.reply(
            status == 502
                ? .raw("junk\r\n\r\n", .close)
                : .response(status, ["Cache-Control: max-age=0, stale-while-revalidate=60"]))
        room.always(Self.switching)
        #expect(try stand.edge.get(room.path("socket/it")).status == status)
        for _ in 0..<2 {
            var viewer = try stand.edge.viewer()
            #expect(try open(room.path("socket/it"), &viewer).status == 101)
        }
        #expect(room.requests.dropFirst().allSatisfy { $0["Upgrade"] != nil })
    }

    @Test("a failed handshake is remembered for nobody")
    func failureIsNotRemembered() throws {
        let stand = try Stand(Self.lanes)
        let room = stand.origin.room("row")
        room.reply(.raw("junk\r\n\r\n", .close))
        room.always(.ok("Cache-Control: max-age=60", body: "a page"))
        var viewer = try stand.edge.viewer()
        #expect(try open(room.path("socket/it"), &viewer).status == 502)
        #expect(try stand.edge.get(room.path("socket/it")).text == "a page")
    }
}
