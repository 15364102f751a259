import Testing
import WireTesting

@Suite("RFC 9110: dialogues over one connection")
struct DialogueTests {
    private let edge: Edge
    private let room: Room

    init() throws {
        edge = try SharedEdge.edge()
        room = try SharedEdge.origin().room("dialogue")
    }

    private func request(_ line: String, _ fields: String...) -> String {
        ([line, "Host: edge.test"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
    }

    @Test("row 19: h2c is never upgraded to")
    func h2c() throws {
        room.reply(.ok(body: "plain"))
        var viewer = try edge.viewer()
        let response = try viewer.exchange(
            request(
                "GET \(room.path()) HTTP/1.1", "Connection: Upgrade, HTTP2-Settings",
                "Upgrade: h2c",
                "HTTP2-Settings: AAMAAABkAAQAAP__"))
        #expect(response.status == 200)
        #expect(response.text == "plain")
        let request = try #require(room.requests.first)
        #expect(request["Upgrade"] == nil)
        #expect(request["HTTP2-Settings"] == nil)
        #expect(request["Connection"]?.lowercased().contains("upgrade") != true)
    }

    private var webSocket: String { handshake("dGhlIHNhbXBsZSBub25jZQ==") }

    private func handshake(_ key: String) -> String {
        request(
            "GET \(room.path("socket")) HTTP/1.1", "Connection: keep-alive, Upgrade",
            "Upgrade: websocket", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: \(key)")
    }

    private func switching(_ accept: String) -> Reply {
        .raw(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Accept: \(accept)\r\n\r\nfirst", .echo)
    }

    @Test("row 19: a WebSocket is tunnelled both ways, to the end")
    func tunnel() throws {
        room.reply(switching("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
        var viewer = try edge.viewer()
        // Bytes may follow the handshake at once.
        try viewer.send(webSocket + "eager")
        let response = try viewer.response()
        #expect(response.status == 101)
        #expect(response["Upgrade"]?.lowercased() == "websocket")
        #expect(response["Connection"]?.lowercased().contains("upgrade") == true)
        #expect(response["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(try viewer.bytes(10) == Array("firsteager".utf8))
        let socket = viewer.socket
        background { try? Pattern.send(300_000, to: socket) }
        #expect(try viewer.arePattern(300_000))
        viewer.socket.finishSending()
        #expect(try viewer.isClosed())
        let request = try #require(room.requests.first)
        #expect(request["Upgrade"]?.lowercased() == "websocket")
        #expect(request["Sec-WebSocket-Key"] == "dGhlIHNhbXBsZSBub25jZQ==")
    }

    @Test("row 19: two WebSockets on one URL are two tunnels, also when they begin at once")
    func twoTunnels() throws {
        let gate = Gate()
        let accepts = [
            "dGhlIHNhbXBsZSBub25jZQ==": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            "AQIDBAUGBwgJCgsMDQ4PEA==": "C/0nmHhBztSRGR1CwL6Tf4ZjwpY=",
        ]
        room.answers { [switching] request in
            switching(accepts[request["Sec-WebSocket-Key"] ?? ""] ?? "").held(by: gate)
        }
        var viewers = try accepts.keys.map { key in
            let viewer = try edge.viewer()
            try viewer.send(handshake(key))
            return viewer
        }
        #expect(gate.awaitArrival(2), "one waits for the other's answer")
        gate.open()
        for (index, accept) in accepts.values.enumerated() {
            let response = try viewers[index].response()
            #expect(response.status == 101)
            #expect(response["Sec-WebSocket-Accept"] == accept)
            try viewers[index].send("only-\(index)")
        }
        for index in viewers.indices {
            #expect(try viewers[index].bytes(11) == Array("firstonly-\(index)".utf8))
        }
    }

    @Test("row 19: a 101 with a wrong Sec-WebSocket-Accept opens no tunnel")
    func wrongAccept() throws {
        room.reply(switching("AAAAAAAAAAAAAAAAAAAAAAAAAAA="))
        var viewer = try edge.viewer()
        #expect(try viewer.exchange(webSocket).status == 502)
    }

    @Test("row 19: nor does one with two of them, of which one is right")
    func twoAccepts() throws {
        room.always(
            switching("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAA="))
        var viewer = try edge.viewer()
        #expect(try viewer.exchange(webSocket).status == 502)
    }

    @Test(
        "row 19: a 101 to another protocol opens no tunnel",
        arguments: [
            "Upgrade: h2c\r\n", "", "Upgrade: websocket, h2c\r\n",
            "Upgrade: websocket\r\nUpgrade: h2c\r\n",
        ])
    func otherProtocol(_ upgrade: String) throws {
        room.always(
            .raw(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\(upgrade)"
                    + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nfirst", .echo))
        var viewer = try edge.viewer()
        #expect(try viewer.exchange(webSocket).status == 502)
    }

    @Test(
        "row 19: what may be switched to is named",
        arguments: ["[]", "[frob]", "[frob, websocket]"])
    func namedProtocols(_ names: String) throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url, configuration: "upgrades: \(names)\n")
        for name in ["frob", "FROB", "websocket", "h2c", "frob, websocket"] {
            let room = origin.room("switch")
            room.answers { request in
                guard let asked = request["Upgrade"] else { return .ok(body: "plain") }
                return .raw(
                    "HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: \(asked)\r\n"
                        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", .echo)
            }
            var viewer = try edge.viewer()
            let response = try viewer.exchange(
                request(
                    "GET \(room.path()) HTTP/1.1", "Connection: Upgrade", "Upgrade: \(name)",
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="))
            let isNamed = names.dropFirst().dropLast().split(separator: ", ")
                .contains { $0 == name.lowercased() }
            #expect(response.status == (isNamed ? 101 : 200), "\(name) of \(names)")
            #expect((room.requests.first?["Upgrade"] != nil) == isNamed)
        }
    }

    @Test("row 19: a 101 that nobody asked for is 502")
    func unaskedSwitch() throws {
        room.reply(switching("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
        var viewer = try edge.viewer()
        #expect(try viewer.exchange(request("GET \(room.path()) HTTP/1.1")).status == 502)
    }

    @Test("row 19: an origin that does not switch answers as ever")
    func notSwitching() throws {
        room.reply(.response(426, ["Upgrade: websocket"], body: "no"))
        var viewer = try edge.viewer()
        let response = try viewer.exchange(webSocket)
        #expect(response.status == 426)
        #expect(response.text == "no")
    }

    @Test("row 19: what answers a handshake and what answers a plain GET are not the same")
    func handshakeApart() throws {
        let hour = "Cache-Control: max-age=3600"
        room.reply(.response(404, [hour], body: "no socket"), .ok(hour, body: "a page"))
        room.always(switching("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
        var viewer = try edge.viewer()
        let refusal = try viewer.exchange(webSocket)
        #expect(refusal.text == "no socket")
        #expect(refusal["Cache-Status"]?.contains("fwd=bypass") == true)
        #expect(try edge.get(room.path("socket")).text == "a page")
        #expect(try viewer.exchange(webSocket).status == 101)
    }

    @Test("row 19: the head of a 101 is written anew, as any other's")
    func switchingHead() throws {
        room.reply(
            .raw(
                "HTTP/1.0 101 Odd\r\nConnection: Upgrade, X-Hop\r\nX-Hop: 1\r\nUpgrade: websocket"
                    + "\r\nKeep-Alive: timeout=5\r\nX-End: 2\r\n"
                    + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nfirst", .echo))
        var viewer = try edge.viewer()
        let response = try viewer.exchange(webSocket)
        #expect(response.head.startLine == "HTTP/1.1 101 Switching Protocols")
        #expect(response["Connection"] == "Upgrade" && response["Upgrade"] == "websocket")
        #expect(response["X-End"] == "2")
        #expect(response["Via"]?.hasPrefix("1.0 ") == true)
        #expect(response["X-Hop"] == nil && response["Keep-Alive"] == nil)
        #expect(try viewer.bytes(5) == Array("first".utf8))
    }

    @Test("row 20: 100-continue is answered here and goes no further")
    func expectation() throws {
        room.reply(.ok(body: "stored"))
        var viewer = try edge.viewer()
        try viewer.send(
            request(
                "PUT \(room.path()) HTTP/1.1", "Expect: 100-continue", "Content-Length: 5"))
        let mark = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
        #expect(try viewer.bytes(mark.count) == mark)
        try viewer.send("hello")
        let response = try viewer.response()
        #expect(response.status == 200)
        #expect(response.interim.isEmpty)
        let request = try #require(room.requests.first)
        #expect(request.text == "hello")
        #expect(request["Expect"] == nil)
    }

    @Test("row 20: a body that does not wait for the 100 is taken")
    func eagerBody() throws {
        room.reply(.ok(), .ok(body: "next"))
        var viewer = try edge.viewer()
        try viewer.send(
            request(
                "PUT \(room.path()) HTTP/1.1", "Expect: 100-Continue", "Content-Length: 5")
                + "hello")
        #expect(try viewer.response().status == 200)
        #expect(room.requests.first?.text == "hello")
        #expect(try viewer.exchange(request("GET \(room.path()) HTTP/1.1")).text == "next")
    }

    @Test("row 20: 100-continue without a body changes nothing")
    func expectationOfNothing() throws {
        room.reply(.ok(body: "got"))
        var viewer = try edge.viewer()
        let response = try viewer.exchange(
            request(
                "GET \(room.path()) HTTP/1.1", "Expect: 100-continue"))
        #expect(response.text == "got")
        #expect(room.requests.first?["Expect"] == nil)
    }

    @Test("row 20: a viewer that never sends its body leaves no request behind")
    func bodyNeverSent() throws {
        room.always(.ok(body: "after"))
        var viewer = try edge.viewer()
        try viewer.send(
            request(
                "PUT \(room.path("gone")) HTTP/1.1", "Expect: 100-continue", "Content-Length: 5"))
        _ = try viewer.bytes(25)
        viewer.close()
        #expect(try edge.get(room.path("after")).text == "after")
        #expect(room.requests.allSatisfy { $0.isCut || $0.target == room.path("after") })
    }

    @Test("row 21: an answer before the body's end reaches the viewer, and the rest nobody")
    func earlyAnswer() throws {
        room.reply(.response(413, body: "too much").early())
        room.always(.ok(body: "clean"))
        var viewer = try edge.viewer()
        try viewer.send(request("POST \(room.path()) HTTP/1.1", "Content-Length: 100000"))
        try viewer.send("GET \(room.path("smuggled")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        let response = try viewer.response()
        #expect(response.status == 413)
        #expect(response.text == "too much")
        // RFC 9112 §9.6: the rest of the request has nowhere to go, so the connection ends here.
        #expect(response["Connection"] == "close")
        #expect(try edge.get(room.path("clean")).text == "clean")
        // What of the body was on its way before the answer, an origin that reads none of it may
        // take for a request: nobody gets its answer, and nobody is sent on that connection.
        let own = room.requests.filter { $0.target != room.path("smuggled") }
        #expect(own.map(\.target) == [room.path(), room.path("clean")])
        #expect(Set(own.map(\.connection)).count == 2, "the connection is used again")
    }

    @Test("row 21: an answer of the edge's own before the body's end says that it is the last")
    func earlyOwnAnswer() throws {
        var viewer = try edge.viewer()
        let response = try viewer.exchange(
            request(
                "OPTIONS \(room.path()) HTTP/1.1", "Max-Forwards: 0", "Content-Length: 5"))
        #expect(response.status == 200 && response["Connection"] == "close")
        #expect(try viewer.isClosed())
    }

    @Test("a length over the bound is refused before it is invited, and no origin hears of it")
    func declaredTooMuch() throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url, configuration: "limits: { body: 10 }\n")
        let room = origin.room("bound")
        room.always(.ok(body: "taken"))
        for fields in [["Content-Length: 11"], ["Content-Length: 11", "Expect: 100-continue"]] {
            var viewer = try edge.viewer()
            let response = try viewer.exchange(
                (["POST \(room.path()) HTTP/1.1", "Host: edge.test"] + fields)
                    .joined(separator: "\r\n") + "\r\n\r\n")
            #expect(response.status == 413 && response.interim.isEmpty)
            #expect(response["Connection"] == "close")
            #expect(try viewer.isClosed())
        }
        #expect(room.count == 0 && origin.connectionCount == 0)
        var viewer = try edge.viewer()
        let request = request("POST \(room.path()) HTTP/1.1", "Content-Length: 10")
        #expect(try viewer.exchange(request + "0123456789").text == "taken")
    }

    @Test("a refused HEAD has no content, also behind an empty line", arguments: ["", "\r\n"])
    func refusedHead(_ before: String) throws {
        var viewer = try edge.viewer()
        try viewer.send("\(before)HEAD /x HTTP/1.1\r\nHost: a,b\r\n\r\n")
        #expect(try viewer.response(toHead: true).status == 400)
        #expect(try viewer.isClosed())
    }

    @Test("pipelined requests are answered in their order")
    func pipeline() throws {
        room.reply(.ok("Cache-Control: max-age=3600", body: "one"))
        _ = try edge.get(room.path("1"))
        room.reply(.ok(body: "two"), .ok(body: "three"))
        var viewer = try edge.viewer()
        let paths = ["1", "2", "1", "3", "1"]
        try viewer.send(paths.map { request("GET \(room.path($0)) HTTP/1.1") }.joined())
        #expect(
            try paths.map { _ in try viewer.response().text } == [
                "one", "two", "one", "three", "one",
            ])
    }

    @Test("a pipelined POST takes its body and no more")
    func pipelinedPost() throws {
        room.reply(.ok(body: "posted"), .ok(body: "got"))
        var viewer = try edge.viewer()
        try viewer.send(
            request("POST \(room.path("p")) HTTP/1.1", "Content-Length: 3") + "abc"
                + request("GET \(room.path("g")) HTTP/1.1"))
        #expect(try viewer.response().text == "posted")
        #expect(try viewer.response().text == "got")
        #expect(room.requests.map(\.text) == ["abc", ""])
    }

    @Test("a request that arrives byte by byte is one request")
    func drip() throws {
        room.reply(.ok(body: "patient"))
        var viewer = try edge.viewer()
        for byte in request("POST \(room.path()) HTTP/1.1", "Transfer-Encoding: chunked").utf8 {
            try viewer.send([byte])
        }
        for byte in "3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n".utf8 { try viewer.send([byte]) }
        #expect(try viewer.response().text == "patient")
        let request = try #require(room.requests.first)
        #expect(request.text == "abc")
    }

    @Test("a request's trailers reach the origin")
    func requestTrailers() throws {
        room.reply(.ok())
        var viewer = try edge.viewer()
        _ = try viewer.exchange(
            request("POST \(room.path()) HTTP/1.1", "Transfer-Encoding: chunked", "Trailer: X-Sum")
                + "3\r\nabc\r\n0\r\nX-Sum: 17\r\n\r\n")
        let request = try #require(room.requests.first)
        #expect(request.trailers == [Field(name: "X-Sum", value: "17")])
    }

    @Test("RFC 9110 §7.6.1: a trailer that Connection names goes no further, either way")
    func namedTrailers() throws {
        room.reply(
            .raw(
                "HTTP/1.1 200 OK\r\nConnection: X-Mine, x-also\r\nTransfer-Encoding: chunked\r\n"
                    + "\r\n3\r\nabc\r\n0\r\nX-Mine: 1\r\nX-Also: 2\r\nX-Sum: 3\r\n\r\n"))
        var viewer = try edge.viewer()
        let response = try viewer.exchange(
            request(
                "POST \(room.path()) HTTP/1.1", "Transfer-Encoding: chunked",
                "Connection: keep-alive, X-Own", "Connection: X-Other")
                + "3\r\nabc\r\n0\r\nX-Own: 1\r\nx-other: 2\r\nX-Sum: 3\r\n\r\n")
        let request = try #require(room.requests.first)
        #expect(request.trailers == [Field(name: "X-Sum", value: "3")])
        #expect(response.trailers == [Field(name: "X-Sum", value: "3")])
    }

    @Test("a response that arrives byte by byte is one response")
    func responseDrip() throws {
        let bytes =
            Array("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n".utf8)
            + Array("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".utf8)
        room.reply(Reply(bytes.map { .send([$0]) }))
        #expect(try edge.get(room.path()).text == "abc")
        #expect(try edge.get(room.path()).text == "abc")
        #expect(room.count == 1)
    }
}
