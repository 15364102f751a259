import Testing
import WireTesting

private let hour = "Cache-Control: max-age=3600"
private let etag = "ETag: \"a\""

@Suite("RFC 9111 §4.1, §4.3: what a newer answer ends the life of")
struct SupersededTests {
    private let origin: Origin
    private let edge: Edge

    init() throws {
        origin = try Origin()
        edge = try Edge(origin: origin.url)
    }

    private func head(_ path: String) throws -> Response {
        var viewer = try edge.viewer()
        try viewer.send(
            "HEAD \(path) HTTP/1.1\r\nHost: edge.test\r\nCache-Control: no-cache\r\n"
                + "Connection: close\r\n\r\n")
        return try viewer.response(toHead: true)
    }

    @Test("a 304 with another Vary: what is stored is the asker's variant from now on")
    func varyOf304() throws {
        let room = origin.room()
        room.reply(
            .ok("Cache-Control: max-age=0", etag, body: "one"),
            .response(304, [hour, etag, "Vary: Bar"]))
        room.always(.ok(hour, "Vary: Bar", body: "two"))
        #expect(try edge.get(room.path()).text == "one")
        let confirmed = try edge.get(room.path(), "Bar: 1")
        #expect(confirmed.status == 200 && confirmed.text == "one")
        #expect(try edge.get(room.path(), "Bar: 2").text == "two")
        #expect(try edge.get(room.path(), "Bar: 2").isFromStore)
        let again = try edge.get(room.path(), "Bar: 1")
        #expect(again.text == "one" && again.isFromStore && again["Vary"] == "Bar")
        #expect(room.count == 3)
    }

    @Test("also one whose body lies in chunks, and from one variant to another")
    func movedVariant() throws {
        let body = String(repeating: "a long body ", count: 2_000)
        let room = origin.room()
        room.reply(
            .ok("Cache-Control: max-age=0", etag, "Vary: Foo", body: body),
            .response(304, [hour, etag, "Vary: Bar"]))
        room.always(.ok(hour, "Vary: Bar", body: "two"))
        #expect(try edge.get(room.path(), "Foo: 1", "Bar: 1").text == body)
        // Out of the writer's queue: what moves is read from the file.
        let isWritten = try eventually {
            try edge.metric("mapedge_store_backlog_bytes") == 0 ? true : nil
        }
        #expect(isWritten == true)
        #expect(try edge.get(room.path(), "Foo: 1", "Bar: 1").text == body)
        let moved = try edge.get(room.path(), "Foo: 2", "Bar: 1")
        #expect(moved.text == body && moved.isFromStore && moved["Vary"] == "Bar")
        #expect(try edge.get(room.path(), "Foo: 1", "Bar: 2").text == "two")
        #expect(room.count == 3)
    }

    @Test("a 304 whose Vary names what the key has already takes a variant to the target's key")
    func movedToTarget() throws {
        let room = origin.room()
        room.reply(
            .ok("Cache-Control: max-age=0", etag, "Vary: Foo", body: "one"),
            .response(304, [hour, etag, "Vary: Host"]))
        #expect(try edge.get(room.path(), "Foo: 1").text == "one")
        #expect(try edge.get(room.path(), "Foo: 1").text == "one")
        let other = try edge.get(room.path(), "Foo: 2")
        #expect(other.text == "one" && other.isFromStore)
        #expect(room.count == 2)
    }

    @Test("one that only a date confirms may be another variant: it is kept for nobody")
    func varyByDate() throws {
        let room = origin.room()
        let then = "Last-Modified: \(date(-864_000))"
        room.reply(
            .ok("Cache-Control: max-age=0", then, body: "one"),
            .response(304, [hour, then, "Vary: Bar"]))
        room.always(.ok(hour, "Vary: Bar", body: "two"))
        #expect(try edge.get(room.path()).text == "one")
        #expect(try edge.get(room.path(), "Bar: 1").text == "one")
        #expect(try edge.get(room.path(), "Bar: 1").text == "two")
    }

    @Test("who waited for it and is selected by other values asks for himself")
    func waitersOfMoved() throws {
        let (room, gate) = (origin.room(), Gate())
        room.answers { request in
            let bar = request["Bar"] ?? ""
            if request["If-None-Match"] == nil {
                return .ok("Cache-Control: max-age=0", etag, body: "one")
            }
            let answer: Reply =
                bar == "2"
                ? .ok(hour, "ETag: \"b\"", "Vary: Bar", body: "two")
                : .response(304, [hour, etag, "Vary: Bar"])
            return answer.held(by: gate)
        }
        #expect(try edge.get(room.path()).text == "one")
        let before = try edge.metric("mapedge_collapsed_total")
        var viewers: [Viewer] = []
        for bar in ["1", "2", "1", "2"] {
            let viewer = try edge.viewer()
            try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nBar: \(bar)\r\n\r\n")
            viewers.append(viewer)
            if viewers.count == 1 { #expect(gate.awaitArrival()) }
        }
        let haveJoined = try eventually {
            try edge.metric("mapedge_collapsed_total") >= before + 3 ? true : nil
        }
        #expect(haveJoined == true)
        gate.open()
        let texts = try viewers.indices.map { try viewers[$0].response().text }
        #expect(texts == ["one", "two", "one", "two"])
        #expect(room.count == 3)
        for bar in ["1", "2"] { #expect(try edge.get(room.path(), "Bar: \(bar)").isFromStore) }
        #expect(room.count == 3)
    }

    @Test("a 304 that repeats the Vary that is stored confirms the variant")
    func sameVary() throws {
        let room = origin.room()
        room.reply(
            .ok("Cache-Control: max-age=0", etag, "Vary: Bar", body: "one"),
            .response(304, [hour, etag, "Vary: Bar"]))
        room.always(.ok(hour, "Vary: Bar", body: "two"))
        for _ in 0..<3 { #expect(try edge.get(room.path(), "Bar: 1").text == "one") }
        #expect(try edge.get(room.path(), "Bar: 2").text == "two")
        #expect(room.count == 3)
    }

    @Test("an answer to HEAD with another Vary, or one that forbids to keep it, likewise")
    func byHead() throws {
        for (index, field) in [
            "Vary: Bar", "Cache-Control: private", "Cache-Control: no-store", "Vary: *",
        ].enumerated() {
            let room = origin.room("head\(index)")
            room.reply(
                .ok(hour, etag, body: "one"),
                .response(200, [etag, field, "Content-Length: 3"]))
            room.always(.ok(hour, body: "two"))
            #expect(try edge.get(room.path()).text == "one")
            #expect(try head(room.path()).status == 200)
            #expect(try edge.get(room.path(), "Bar: 2").text == "two", "\(field)")
        }
    }

    @Test("an answer to HEAD with another Vary leaves it to the variant that was asked for")
    func movedByHead() throws {
        let room = origin.room()
        room.reply(
            .ok(hour, etag, body: "one"),
            .response(200, [hour, etag, "Vary: Bar", "Content-Length: 3"]))
        room.always(.ok(hour, "Vary: Bar", body: "two"))
        #expect(try edge.get(room.path()).text == "one")
        #expect(try head(room.path()).status == 200)
        let kept = try edge.get(room.path())
        #expect(kept.text == "one" && kept.isFromStore && kept["Vary"] == "Bar")
        #expect(try edge.get(room.path(), "Bar: 2").text == "two")
        #expect(room.count == 3)
    }

    @Test("a part that is completed by one that varies is the asker's variant from now on")
    func varyOfPart() throws {
        let room = origin.room()
        room.reply(
            .response(206, [hour, etag, "Content-Range: bytes 0-4/10"], body: "01234"),
            .response(206, [hour, etag, "Content-Range: bytes 5-9/10", "Vary: Foo"], body: "56789"))
        room.always(.ok(hour, "Vary: Foo", body: "another"))
        _ = try edge.get(room.path(), "Range: bytes=0-4")
        #expect(try edge.get(room.path(), "Foo: 1").text == "0123456789")
        #expect(try edge.get(room.path(), "Foo: 2").text == "another")
        let whole = try edge.get(room.path(), "Foo: 1")
        #expect(whole.isFromStore && whole.text == "0123456789" && whole["Vary"] == "Foo")
        #expect(room.count == 3)
    }

    @Test("two parts of one date are not put together where the later one varies")
    func varyOfPartByDate() throws {
        let room = origin.room()
        let then = "Last-Modified: \(date(-864_000))"
        room.reply(
            .response(206, [hour, then, "Content-Range: bytes 0-4/10"], body: "01234"),
            .response(206, [hour, then, "Content-Range: bytes 5-9/10", "Vary: Foo"], body: "fghij"))
        room.always(.ok(hour, "Vary: Foo", body: "another"))
        for range in ["0-4", "5-9"] { _ = try edge.get(room.path(), "Range: bytes=\(range)") }
        #expect(try edge.get(room.path()).text == "another")
    }

    @Test(
        "a 304 that forbids to keep what is stored is for who asked",
        arguments: ["Cache-Control: no-store", "Cache-Control: private", "Vary: *"])
    func forbidding(field: String) throws {
        let room = origin.room()
        room.reply(.ok(hour, etag, body: "one"), .response(304, [etag, field]))
        room.always(.ok(hour, body: "two"))
        #expect(try edge.get(room.path()).text == "one")
        let confirmed = try edge.get(room.path(), "Cache-Control: no-cache")
        #expect(confirmed.status == 200 && confirmed.text == "one")
        #expect(try edge.get(room.path()).text == "two")
        #expect(room.count == 3)
    }

    /// What may come for a target that has something fresh stored, and whether that is over then.
    private static let answers: [(String, Reply, Bool)] = [
        ("no-store", .ok("Cache-Control: no-store", body: "new"), true),
        ("private", .ok("Cache-Control: private", body: "new"), true),
        ("404", .response(404, ["Cache-Control: no-store"], body: "new"), true),
        ("410", .response(410, ["Cache-Control: no-store"], body: "new"), true),
        ("403", .response(403, ["Cache-Control: no-store"], body: "new"), true),
        ("302", .response(302, ["Location: /b", "Cache-Control: no-store"], body: "new"), true),
        ("401", .response(401, ["Cache-Control: no-store"], body: "new"), false),
        ("429", .response(429, ["Cache-Control: no-store"], body: "new"), false),
        ("500", .response(500, ["Cache-Control: no-store"], body: "new"), false),
        ("503", .response(503, ["Cache-Control: no-store"], body: "new"), false),
    ]

    @Test("what came after it and is not stored takes its place, but for trouble")
    func superseded() throws {
        for (index, (name, answer, isOver)) in Self.answers.enumerated() {
            let room = origin.room("answer\(index)")
            room.reply(.ok(hour, body: "old"), answer)
            room.always(.ok(hour, body: "third"))
            #expect(try edge.get(room.path()).text == "old")
            _ = try edge.get(room.path(), "Cache-Control: no-cache")
            #expect(try edge.get(room.path()).text == (isOver ? "third" : "old"), "\(name)")
        }
    }

    @Test("also when nobody waited for it")
    func behind() throws {
        let room = origin.room()
        room.reply(.ok("Cache-Control: max-age=0, stale-while-revalidate=3600", body: "old"))
        room.always(.response(404, ["Cache-Control: no-store"], body: "gone"))
        #expect(try edge.get(room.path()).text == "old")
        var last = try edge.get(room.path())
        #expect(last.text == "old")
        for _ in 0..<2_000 where last.text == "old" { last = try edge.get(room.path()) }
        #expect(last.status == 404 && last.text == "gone")
    }
}

@Suite("RFC 9110 §9.3.2: no answer to HEAD has content")
struct RefusedHeadTests {
    @Test(
        "not even where the rest of the request is refused",
        arguments: ["rfc9111", "cloudfront"],
        [
            "HEAD /a HTTP/1.1\r\nHost: a b\r\n\r\n", "HEAD /a HTTP/1.1\r\n\r\n",
            "HEAD /a HTTP/3.7\r\nHost: x\r\n\r\n", "HEAD /a b HTTP/1.1\r\nHost: x\r\n\r\n",
            "HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: Host\r\n\r\n",
            "HEAD /\(String(repeating: "a", count: 9_000)) HTTP/1.1\r\nHost: x\r\n\r\n",
            "HEAD /a HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "a", count: 40_000))\r\n\r\n",
        ])
    func refused(mode: String, request: String) throws {
        var viewer = try SharedEdge.edge(mode: mode).viewer()
        try viewer.send(request)
        let head = try viewer.headOnly()
        let status = head.startLine.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        #expect(status.map { $0 >= 400 } == true, "\(request.prefix(60))")
        #expect(try viewer.isClosed(), "\(request.prefix(60))")
    }
}

@Suite("RFC 9110 §7.7: no-transform")
struct NoTransformTests {
    @Test("what says so is not compressed")
    func compression() throws {
        let edge = try SharedEdge.edge(mode: "cloudfront")
        let room = try SharedEdge.origin().room("no-transform")
        let text = String(repeating: "text ", count: 500)
        room.answers { request in
            let more = request.target.hasSuffix("fixed") ? ", no-transform" : ""
            return .ok("Cache-Control: max-age=60\(more)", "Content-Type: text/html", body: text)
        }
        for _ in 0..<2 {
            let fixed = try edge.get(room.path("fixed"), "Accept-Encoding: gzip")
            #expect(fixed["Content-Encoding"] == nil && fixed.text == text)
            let other = try edge.get(room.path("other"), "Accept-Encoding: gzip")
            #expect(other["Content-Encoding"] == "gzip")
        }
    }
}

extension Response {
    /// By its Cache-Status.
    var isFromStore: Bool { self["Cache-Status"]?.contains("; hit") == true }
}
