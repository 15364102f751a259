import Testing
import WireTesting

@Suite("Origins that fail: every viewer is answered, nothing failed is stored")
struct FaultyOriginTests {
    @Test("an origin that says nothing is 504 after its time-out, and the edge asks anew")
    func silent() throws {
        let test = try Configured(pool: "firstByteTimeout: 300ms", "attempts: 1")
        let room = test.origin.room()
        let gate = Gate()
        room.always(Reply([.pass(gate)]))
        #expect(try test.edge.get(room.path("slow")).status == 504)
        gate.open()
        room.always(.ok(body: "awake"))
        #expect(try test.edge.get(room.path("slow")).text == "awake")
    }

    @Test("an origin that stops in its body is cut off and not stored")
    func stalledBody() throws {
        let test = try Configured(pool: "betweenBytesTimeout: 300ms")
        let room = test.origin.room()
        let gate = Gate()
        let head = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nhalf"
        room.reply(.raw(head, .pass(gate)))
        #expect(try test.edge.get(room.path()).isCut)
        gate.open()
        room.always(.ok(body: "whole"))
        #expect(try test.edge.get(room.path()).text == "whole")
    }

    @Test("an exchange that drips on is ended by its total time-out")
    func total() throws {
        let test = try Configured(pool: "totalTimeout: 500ms", "attempts: 1")
        let room = test.origin.room()
        let gate = Gate()
        room.always(Reply([.send(Array("HTTP/1.1 200 OK\r\n".utf8)), .pass(gate)]))
        #expect(try test.edge.get(room.path()).status == 504)
        gate.open()
    }

    @Test("nobody listens: 502 for a page")
    func refused() throws {
        let (socket, port) = try Socket.listen()
        socket.close()
        let edge = try Edge(origin: "http://127.0.0.1:\(port)")
        #expect(try edge.get("/page").status == 502)
    }

    @Test("what is stored outlives an origin that says nothing")
    func staleOverSilence() throws {
        let test = try Configured(pool: "firstByteTimeout: 300ms", "attempts: 1")
        let room = test.origin.room()
        room.reply(.ok("Cache-Control: max-age=10", "Age: 20", body: "kept"))
        #expect(try test.edge.get(room.path()).text == "kept")
        let gate = Gate()
        room.always(Reply([.pass(gate)]))
        let response = try test.edge.get(room.path())
        #expect(response.status == 200)
        #expect(response.text == "kept")
        gate.open()
    }

    @Test(
        "a reset at any byte of the answer leaves nothing half-stored",
        arguments: [0, 1, 17, 60, 90])
    func resets(count: Int) throws {
        let edge = try SharedEdge.edge()
        let room = try SharedEdge.origin().room()
        let answer =
            Array(
                "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 50\r\n\r\n".utf8)
            + [UInt8](repeating: 0x61, count: 50)
        room.always(Reply([.send(Array(answer[..<count])), .reset]))
        if let response = try? edge.get(room.path()) {
            #expect(response.status >= 500 || response.isCut)
        }
        room.always(.ok(body: "good"))
        #expect(try edge.get(room.path()).text == "good")
    }

    @Test("a length that promises more than comes, and one that promises less")
    func lies() throws {
        let edge = try SharedEdge.edge()
        let room = try SharedEdge.origin().room()
        let fresh = "Cache-Control: max-age=60"
        room.reply(.ok(fresh, "Content-Length: 4000", body: "short").then(.close))
        let more = try edge.get(room.path("more"))
        #expect(more.isCut || more.status == 502)
        room.reply(.ok(fresh, "Content-Length: 4", body: "longer"))
        #expect(try edge.get(room.path("less")).text == "long")
        room.always(.ok(body: "good"))
        #expect(try edge.get(room.path("more")).text == "good")
        #expect(try edge.get(room.path("next")).text == "good")
    }

    @Test("a reason phrase full of junk reaches nobody")
    func reason() throws {
        let edge = try SharedEdge.edge()
        let room = try SharedEdge.origin().room()
        var bytes = Array("HTTP/1.1 404 ".utf8)
        for byte in UInt8(0x20)...0xFF where byte != 0x7F { bytes += [byte, byte] }
        bytes += Array("\r\nContent-Length: 4\r\n\r\ngone".utf8)
        room.reply(Reply([.send(bytes)]))
        let response = try edge.get(room.path())
        #expect(response.status == 404)
        #expect(response.text == "gone")
        #expect(response.head.startLine == "HTTP/1.1 404 Not Found")
    }

    @Test("an origin that starts to speak before it was asked is not believed")
    func eager() throws {
        let test = try Configured()
        let room = test.origin.room()
        let poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
        room.reply(Reply.ok(body: "first").then(.send(Array(poison.utf8))))
        room.always(.ok(body: "good"))
        #expect(try test.edge.get(room.path("1")).text == "first")
        for path in 2...6 { #expect(try test.edge.get(room.path("\(path)")).text == "good") }
    }
}

@Suite("Viewers that are slow or rude")
struct FaultyViewerTests {
    @Test("a head that drips is ended by its time-out, however steadily it drips")
    func slowHead() throws {
        let test = try Configured(sections: ["limits:", "  headerTimeout: 500ms"])
        let viewer = try test.edge.viewer()
        try viewer.send("GET / HTTP/1.1\r\nHost: edge.test\r\nX-Slow: ")
        var drips = 0
        // Each drop waits for what the edge says to the one before: nothing, as long as it waits.
        let answer = eventually { () -> [UInt8]? in
            do {
                return try viewer.socket.receive(within: 20) ?? []
            } catch {
                guard (try? viewer.send("x")) != nil else { return [] }
                drips += 1
                return nil
            }
        }
        // 408 or a bare close: both end it.
        let text = String(decoding: try #require(answer), as: UTF8.self)
        #expect(text.isEmpty || text.hasPrefix("HTTP/1.1 408 "), "\(text)")
        #expect(drips > 3, "it did not drip")
    }

    @Test("a body that stops is ended by its time-out and reaches nobody whole")
    func slowBody() throws {
        let test = try Configured(sections: ["limits:", "  bodyTimeout: 300ms"])
        let room = test.origin.room()
        room.always(.ok())
        var viewer = try test.edge.viewer()
        try viewer.send(
            "POST \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 10\r\n\r\nhalf")
        if let response = try? viewer.response() { #expect(response.status == 408) }
        #expect(try viewer.isClosed())
        #expect(room.requests.allSatisfy { $0.isCut })
    }

    @Test("an idle connection is closed after its time")
    func idle() throws {
        let test = try Configured(sections: ["limits:", "  idleTimeout: 300ms"])
        let room = test.origin.room()
        room.always(.ok())
        var viewer = try test.edge.viewer()
        _ = try viewer.exchange("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(try viewer.isClosed())
    }

    @Test("a viewer that takes nothing is given up, and the others never wait for it")
    func slowReader() throws {
        let test = try Configured(sections: ["limits:", "  writeTimeout: 500ms"])
        let room = test.origin.room()
        room.answers { request in
            request.target.hasSuffix("large")
                ? .pattern(100_000_000, "Cache-Control: no-store") : .ok(body: "small")
        }
        let slow = try test.edge.viewer()
        slow.socket.shrinkReceiveBuffer()
        try slow.send("GET \(room.path("large")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        for path in 0..<50 { #expect(try test.edge.get(room.path("\(path)")).text == "small") }
        // Given up: the origin's hundred million bytes never were taken.
        let memory = try #require(test.edge.child.memory("VmRSS"))
        #expect(memory < 200_000)
        let isGone = try eventually {
            try JSON(test.edge.admin("/status").text)["connections"]?.number == 0 ? true : nil
        }
        #expect(isGone == true)
    }

    @Test("viewers that leave at any point leave no harm")
    func leaving() throws {
        let edge = try SharedEdge.edge()
        let room = try SharedEdge.origin().room()
        room.always(.ok("Cache-Control: max-age=60", body: String(repeating: "x", count: 100_000)))
        let request = "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
        for count in stride(from: 0, through: request.utf8.count, by: 7) {
            let viewer = try edge.viewer()
            try viewer.send(Array(request.utf8.prefix(count)))
            count % 2 == 0 ? viewer.socket.reset() : viewer.close()
        }
        #expect(try edge.get(room.path()).body.count == 100_000)
    }
}
