import Testing
import WireTesting

private let hour = "Cache-Control: max-age=3600"
private let etag = "ETag: \"a\""

@Suite("RFC 9111 §4: who may have what another's fetch brings", .serialized)
struct LetterCollapseTests {
    private let gate = Gate()
    private let origin: Origin
    private let edge: Edge
    private let room: Room

    init() throws {
        origin = try Origin()
        edge = try Edge(origin: origin.url, arguments: ["--clock", "manual"])
        room = origin.room()
    }

    private func pass(_ seconds: Int) throws {
        let answer = try edge.admin("/clock/advance?by=\(seconds)s", method: "POST")
        #expect(answer.status == 200, "\(answer.text)")
    }

    /// One request that the origin holds, and others behind it with fields of theirs.
    ///
    /// - Parameter waiting: how many of them wait for it; the others ask at once.
    private func crowd(_ fields: [String], waiting: Int) throws -> [Response] {
        let (before, asked) = (try edge.metric("mapedge_collapsed_total"), room.count)
        var viewers: [Viewer] = []
        for (number, field) in (["X: 1"] + fields).enumerated() {
            let viewer = try edge.viewer()
            try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\(field)\r\n\r\n")
            viewers.append(viewer)
            if number == 0 { #expect(room.request(asked + 1) != nil) }
        }
        let haveJoined = try eventually {
            try edge.metric("mapedge_collapsed_total") >= before + waiting ? true : nil
        }
        #expect(haveJoined == true)
        #expect(room.request(asked + 1 + fields.count - waiting) != nil)
        gate.open()
        return try viewers.map { viewer in
            var viewer = viewer
            return try viewer.response()
        }
    }

    private let three = ["X: 2", "X: 3", "X: 4"]

    @Test(
        "what may not be used again is for who asked",
        arguments: [
            "Cache-Control: no-cache", "Cache-Control: no-cache, max-age=60",
            "Cache-Control: max-age=0", "Cache-Control: s-maxage=0, max-age=60",
            "Cache-Control: max-age=0, must-revalidate", "Cache-Control: private",
            "Cache-Control: s-maxage=0, stale-while-revalidate=60", "X-Nothing: said",
        ])
    func own(field: String) throws {
        room.answers { [gate] _ in .ok(field, etag).held(by: gate) }
        let answers = try crowd(three, waiting: 3)
        #expect(Set(answers.map(\.text)).count == 4)
        #expect(room.count == 4)
    }

    @Test(
        "what may is for all who waited",
        arguments: [
            hour, "Cache-Control: max-age=0, stale-while-revalidate=60",
            "Cache-Control: no-cache=\"x-y\", max-age=60",
        ])
    func shared(field: String) throws {
        room.answers { [gate] _ in .ok(field, etag).held(by: gate) }
        let answers = try crowd(three, waiting: 3)
        #expect(Set(answers.map(\.text)).count == 1)
        #expect(room.count == 1)
    }

    @Test(
        "one confirmation does for all who waited, but what is no-cache each has confirmed",
        arguments: [
            ("max-age=0", "max-age=0", 3, 2), ("s-maxage=0", "s-maxage=0", 3, 2),
            ("max-age=0, must-revalidate", "max-age=0, must-revalidate", 3, 2),
            ("no-cache", "no-cache", 0, 5), ("max-age=0", "no-cache", 3, 5),
        ])
    func confirmed(stored: String, control: String, waiting: Int, count: Int) throws {
        room.reply(.ok("Cache-Control: \(stored)", etag, body: "kept"))
        room.answers { [gate] request in
            #expect(request["If-None-Match"] == "\"a\"")
            return .response(304, ["Cache-Control: \(control)", etag]).held(by: gate)
        }
        #expect(try edge.get(room.path()).text == "kept")
        let answers = try crowd(three, waiting: waiting)
        #expect(answers.allSatisfy { $0.status == 200 && $0.text == "kept" })
        #expect(room.count == count)
    }

    @Test("what a revalidation brings in its place is for all only where it may be used again")
    func replaced() throws {
        for (index, field) in [hour, "Cache-Control: no-cache"].enumerated() {
            let room = origin.room("replaced\(index)")
            let edge = try Edge(origin: origin.url)
            let gate = Gate()
            room.reply(.ok("Cache-Control: max-age=0", etag, body: "old"))
            room.answers { _ in .ok(field, "ETag: \"b\"").held(by: gate) }
            _ = try edge.get(room.path())
            var viewers: [Viewer] = []
            for _ in 0..<3 {
                let viewer = try edge.viewer()
                try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
                viewers.append(viewer)
            }
            let haveJoined = try eventually {
                try edge.metric("mapedge_collapsed_total") == 2 ? true : nil
            }
            #expect(haveJoined == true)
            gate.open()
            let texts = try viewers.indices.map { try viewers[$0].response().text }
            #expect(Set(texts).count == (index == 0 ? 1 : 3))
            #expect(room.count == (index == 0 ? 2 : 4))
        }
    }

    /// Who asks while a body still comes, so long after its head.
    ///
    /// - Returns: whether he got the same.
    private func late(_ control: String, after seconds: Int, _ field: String = "X: 1") throws
        -> Bool
    {
        let head = ["Cache-Control: \(control)", etag, "Content-Length: 3"]
        room.reply(
            Reply.response(200, head, body: "o").then(.pass(gate), .send(Array("ld".utf8))))
        room.always(.ok(hour, body: "new"))
        var viewer = try edge.viewer()
        try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        let first = try viewer.headOnly()
        if seconds > 0 { try pass(seconds) }
        var other = try edge.viewer()
        try other.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\(field)\r\n\r\n")
        let second = try other.headOnly()
        gate.open()
        #expect(try viewer.rest(behind: first).text == "old")
        let text = try other.rest(behind: second).text
        #expect(text == "old" || text == "new")
        #expect(room.count == (text == "old" ? 1 : 2))
        return text == "old"
    }

    @Test(
        "who comes when the head is there joins while he could have it from the store",
        arguments: [
            ("max-age=60", 0, true), ("max-age=60", 59, true), ("max-age=60", 60, false),
            ("max-age=1, must-revalidate", 2, false), ("s-maxage=1", 2, false),
            ("max-age=1, stale-while-revalidate=10", 2, true),
            ("max-age=1, stale-while-revalidate=10", 11, false),
            ("no-cache", 0, false), ("max-age=0", 0, false),
        ])
    func joining(control: String, seconds: Int, joins: Bool) throws {
        #expect(try late(control, after: seconds) == joins)
    }

    @Test(
        "and no sooner than the question where he takes nothing older",
        arguments: [
            ("Cache-Control: no-cache", 1, false), ("Pragma: no-cache", 1, false),
            ("Cache-Control: max-age=0", 1, false), ("Cache-Control: max-age=10", 11, false),
            ("Cache-Control: max-age=10", 9, true), ("Cache-Control: min-fresh=5", 1, true),
        ])
    func directives(field: String, seconds: Int, joins: Bool) throws {
        #expect(try late("max-age=3600", after: seconds, field) == joins)
    }

    @Test("in cloudfront mode who asks before the end waits for the first fetch")
    func cloudFront() throws {
        let edge = try Edge(
            origin: origin.url, mode: "cloudfront", arguments: ["--clock", "manual"])
        let head = ["Cache-Control: max-age=1", "Content-Length: 3"]
        room.reply(
            Reply.response(200, head, body: "o").then(.pass(gate), .send(Array("ld".utf8))))
        var viewers = [try edge.viewer(), try edge.viewer()]
        for index in viewers.indices {
            try viewers[index].send(
                "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nCache-Control: no-cache\r\n\r\n")
            if index == 0 {
                #expect(room.request(1) != nil)
                _ = try edge.admin("/clock/advance?by=5s", method: "POST")
            }
        }
        let haveJoined = try eventually {
            try edge.metric("mapedge_collapsed_total") == 1 ? true : nil
        }
        #expect(haveJoined == true)
        gate.open()
        for index in viewers.indices { #expect(try viewers[index].response().text == "old") }
        #expect(room.count == 1)
    }
}

@Suite("RFC 5861 §3: a refresh that came to nothing", .serialized)
struct PausedRefreshTests {
    private let origin: Origin
    private let edge: Edge
    private let room: Room

    init() throws {
        origin = try Origin()
        edge = try Edge(origin: origin.url, arguments: ["--clock", "manual"])
        room = origin.room()
    }

    private func pass(_ seconds: Int) throws {
        let answer = try edge.admin("/clock/advance?by=\(seconds)s", method: "POST")
        #expect(answer.status == 200, "\(answer.text)")
    }

    /// How it fails, and how often the origin is asked then: a connection that breaks is tried
    /// again at once, and one that was kept once more.
    private static let failures: [(Reply, Int)] = [
        (.response(500, ["Cache-Control: no-store"]), 1), (.response(401), 1),
        (.response(503), 1), (.raw("no answer at all\r\n\r\n", .close), 1),
        (.raw("", .close), 3),
    ]

    /// While a refresh is under way nobody begins another, so that each hit below finds one that
    /// goes on or has just failed.
    @Test("is tried again after a pause, not at each hit", arguments: failures.indices)
    func paused(index: Int) throws {
        let (failure, tries) = Self.failures[index]
        room.reply(.ok("Cache-Control: max-age=1, stale-while-revalidate=3600", body: "old"))
        room.always(failure)
        #expect(try edge.get(room.path()).text == "old")
        try pass(2)
        #expect(try edge.get(room.path()).text == "old")
        #expect(room.request(1 + tries) != nil)
        for _ in 0..<20 { #expect(try edge.get(room.path()).text == "old") }
        try pass(9)
        for _ in 0..<20 { #expect(try edge.get(room.path()).text == "old") }
        #expect(room.count == 1 + tries)
        room.always(.ok(hour, body: "new"))
        try pass(1)
        let isNew = try eventually {
            try edge.get(room.path()).text == "new" ? true : nil
        }
        #expect(isNew == true)
        #expect(room.count == 2 + tries)
    }

    @Test("but one that came to something is made at each hit, if what came is stale again")
    func eager() throws {
        let control = "Cache-Control: max-age=0, stale-while-revalidate=3600"
        room.answers { request in
            request["If-None-Match"] == nil
                ? .ok(control, etag, body: "old") : .response(304, [control, etag])
        }
        let isEager = try eventually {
            let text = try edge.get(room.path()).text
            #expect(text == "old")
            return room.count >= 5 ? true : nil
        }
        #expect(isEager == true)
    }
}
