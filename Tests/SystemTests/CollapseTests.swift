import Testing
import WireTesting

@Suite("Collapsed fetches")
struct CollapseTests {
    private let edge: Edge
    private let room: Room
    private let gate = Gate()

    init() throws {
        edge = try SharedEdge.edge()
        room = try SharedEdge.origin().room("collapse")
    }

    private var request: String { "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n" }

    private func crowd(_ count: Int) throws -> [Viewer] { try edge.crowd(count, request) }

    @Test("many viewers of one cold key make one fetch")
    func one() throws {
        room.reply(Reply([.pass(gate)] + Reply.ok("Cache-Control: max-age=60", body: "one").steps))
        room.always(.ok(body: "another"))
        let viewers = try crowd(50)
        #expect(gate.awaitArrival())
        gate.open()
        for var viewer in viewers { #expect(try viewer.response().text == "one") }
        #expect(room.count == 1)
    }

    @Test("a body reaches all of them while it arrives")
    func streaming() throws {
        room.reply(
            .raw(
                "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nfirst",
                .pass(gate), .send(Array("after".utf8))))
        var viewers = try crowd(5)
        for index in viewers.indices {
            #expect(try viewers[index].headOnly()["Content-Length"] == "10")
            #expect(try viewers[index].bytes(5) == Array("first".utf8))
        }
        gate.open()
        for index in viewers.indices {
            #expect(try viewers[index].bytes(5) == Array("after".utf8))
        }
        #expect(room.count == 1)
    }

    @Test("§5.2.2.7: where a field is for who asked, the others get none behind the body either")
    func privateTrailer() throws {
        let text =
            "HTTP/1.1 200 OK\r\nCache-Control: max-age=60, private=\"X-Mine\"\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n0\r\nX-Mine: secret\r\n\r\n"
        room.reply(Reply([.pass(gate), .send(Array(text.utf8))]))
        let viewers = try crowd(8)
        #expect(gate.awaitArrival())
        gate.open()
        var told = 0
        for var viewer in viewers {
            let response = try viewer.response()
            #expect(response.text == "one")
            told += response.trailers.count
        }
        #expect(told == 1 && room.count == 1)
    }

    @Test("when the response may not be shared, all go on their own, and at once")
    func uncacheable() throws {
        let second = Gate()
        room.reply(Reply([.pass(gate)] + Reply.ok("Cache-Control: no-store", body: "mine").steps))
        room.answers { _ in Reply([.pass(second)] + Reply.ok("Cache-Control: no-store").steps) }
        let viewers = try crowd(20)
        #expect(gate.awaitArrival())
        gate.open()
        // All at one time, or the gate would never see them.
        #expect(second.awaitArrival(19))
        second.open()
        var bodies: Set<String> = []
        for var viewer in viewers { bodies.insert(try viewer.response().text) }
        #expect(bodies.count == 20)
        #expect(room.count == 20)
    }

    @Test("a leader that leaves takes nobody with it")
    func leaderLeaves() throws {
        room.answers { [gate] _ in
            Reply([.pass(gate)] + Reply.ok("Cache-Control: max-age=60", body: "shared").steps)
        }
        let leader = try edge.viewer()
        try leader.send(request)
        #expect(gate.awaitArrival())
        let viewers = try crowd(10)
        leader.close()
        gate.open()
        for var viewer in viewers { #expect(try viewer.response().text == "shared") }
        #expect(room.count <= 2)
    }

    @Test("when the fetch dies before its head, the others are served by another one")
    func fetchDies() throws {
        room.reply(Reply([.pass(gate), .reset]))
        room.always(.ok("Cache-Control: max-age=60", body: "second"))
        let viewers = try crowd(10)
        #expect(gate.awaitArrival())
        gate.open()
        for var viewer in viewers { #expect(try viewer.response().text == "second") }
        #expect(room.count == 2)
    }

    @Test("when it dies in its body, nobody takes the half for the whole")
    func bodyDies() throws {
        room.reply(
            .raw(
                "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nfirst",
                .pass(gate), .reset))
        room.always(.ok("Cache-Control: max-age=60", body: "second"))
        let viewers = try crowd(10)
        #expect(gate.awaitArrival())
        gate.open()
        for var viewer in viewers {
            let response = try viewer.response()
            // 502 to those of whom nothing was sent yet.
            let isError = response.status == 502
            #expect(response.isCut || isError || response.text == "second")
        }
        #expect(try edge.get(room.path()).text == "second")
    }

    @Test("a write in the middle of a fetch keeps its answer out of the store")
    func writeMeanwhile() throws {
        room.reply(
            Reply([.pass(gate)] + Reply.ok("Cache-Control: max-age=60", body: "before").steps))
        var reader = try edge.viewer()
        try reader.send(request)
        #expect(gate.awaitArrival())
        room.reply(.ok(body: "written"))
        var writer = try edge.viewer()
        let post = "POST \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 0\r\n\r\n"
        #expect(try writer.exchange(post).text == "written")
        // Began after the write, so it may not join the fetch that began before.
        room.reply(.ok("Cache-Control: max-age=60", body: "after"))
        #expect(try writer.exchange(request).text == "after")
        gate.open()
        #expect(try reader.response().text == "before")
        #expect(try edge.get(room.path()).text == "after")
    }

    @Test("a response is in the store for everyone once its last byte was sent")
    func readAfterStore() throws {
        for _ in 0..<50 {
            let key = room.path("key-\(room.count)")
            room.reply(.ok("Cache-Control: max-age=60", body: key))
            #expect(try edge.get(key).text == key)
            let again = try edge.get(key)
            #expect(again.text == key)
            #expect(again.isHit)
        }
        #expect(room.count == 50)
    }
}
