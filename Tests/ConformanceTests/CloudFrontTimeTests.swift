import Testing
import WireTesting

private let lanes = [
    Lane("long") { $0.ttl = (0, 100, 10_000) },
    Lane("capped") { $0.ttl = (0, 100, 300) },
    Lane("least") { $0.ttl = (60, 100, 10_000) },
    Lane("cookies") {
        $0.ttl = (0, 100, 10_000)
        $0.cookies = .all
    },
    Lane("zipped") {
        $0.gzip = true
        $0.compresses = true
    },
]

/// Its clock stands still until a test moves it; the tests move it one after the other.
private let stand = Result {
    try Stand.shared(
        lanes,
        Stand.Parts(
            more: """
                , "CustomErrorResponses": { "Quantity": 1, "Items": [
                  { "ErrorCode": 404, "ErrorCachingMinTTL": 30 } ] }
                """, arguments: ["--clock", "manual"]))
}

@Suite("CloudFront's lifetimes, as time passes", .serialized)
struct CloudFrontTimeTests {
    private let edge: Edge
    private let room: Room

    init() throws {
        edge = try stand.get().edge
        room = try stand.get().origin.room("row")
    }

    private func pass(_ seconds: Int) throws {
        let answer = try edge.admin("/clock/advance?by=\(seconds)s", method: "POST")
        #expect(answer.status == 200, "\(answer.text)")
    }

    private func expect(
        _ lane: String, _ word: String, _ body: String, _ status: Int = 200, age: Int? = nil,
        at place: SourceLocation = #_sourceLocation
    ) throws {
        let answer = try edge.get(room.path("\(lane)/it"))
        #expect(answer["X-Cache"] == "\(word) from cloudfront", sourceLocation: place)
        #expect(answer.text == body, sourceLocation: place)
        #expect(answer.status == status, sourceLocation: place)
        if let age { #expect(answer["Age"] == "\(age)", sourceLocation: place) }
    }

    @Test("§1.2 an object is fresh for its lifetime, and asked about after it")
    func lifetime() throws {
        room.reply(.ok("Cache-Control: max-age=50", "ETag: \"a\"", body: "one"))
        try expect("long", "Miss", "one")
        try pass(49)
        try expect("long", "Hit", "one", age: 49)
        try pass(1)
        room.reply(.response(304, ["Cache-Control: max-age=20"]))
        try expect("long", "RefreshHit", "one")
        try pass(19)
        try expect("long", "Hit", "one", age: 19)
        try pass(1)
        room.reply(.ok(body: "two"))
        try expect("long", "Miss", "two")
        #expect(room.count == 3)
    }

    @Test("§1.2 T6 a minimum holds what is private for exactly so long")
    func minimum() throws {
        room.reply(.ok("Cache-Control: private, max-age=5", body: "one"))
        try expect("least", "Miss", "one")
        try pass(59)
        try expect("least", "Hit", "one")
        try pass(1)
        room.reply(.ok("Cache-Control: private", body: "two"))
        try expect("least", "Miss", "two")
    }

    @Test("§2.1 an error is stored for E, then asked for once, and stored again")
    func errors() throws {
        room.reply(.response(404, body: "none"))
        try expect("long", "Error", "none", 404)
        try pass(29)
        try expect("long", "Error", "none", 404)
        try pass(1)
        room.reply(.response(404, body: "still none"))
        try expect("long", "Error", "still none", 404)
        try pass(29)
        try expect("long", "Error", "still none", 404)
        try pass(1)
        room.reply(.ok(body: "there"))
        try expect("long", "Miss", "there")
    }

    @Test("§2.4 stale for E without asking, then asked again", arguments: ["long", "cookies"])
    func failing(lane: String) throws {
        room.reply(.ok("Cache-Control: max-age=50", body: "one"))
        try expect(lane, "Miss", "one")
        try pass(50)
        room.reply(.response(503))
        try expect(lane, "RefreshHit", "one")
        try expect(lane, "RefreshHit", "one")
        try pass(9)
        try expect(lane, "RefreshHit", "one")
        #expect(room.count == 2)
        try pass(1)
        room.reply(.response(500))
        try expect(lane, "RefreshHit", "one")
        #expect(room.count == 3)
        try pass(10)
        room.reply(.ok(body: "two"))
        try expect(lane, "Miss", "two")
    }

    @Test("§1.6 stale-while-revalidate: at once for W, with one refresh behind it")
    func whileRevalidating() throws {
        room.reply(
            .ok("Cache-Control: max-age=50, stale-while-revalidate=20", body: "one"))
        try expect("long", "Miss", "one")
        try pass(69)
        let gate = Gate()
        room.reply(
            .ok("Cache-Control: max-age=50, stale-while-revalidate=20", body: "two")
                .held(by: gate))
        try expect("long", "Hit", "one", age: 69)
        try expect("long", "Hit", "one", age: 69)
        gate.open()
        let isRefreshed = try eventually {
            try edge.get(room.path("long/it")).text == "two" ? true : nil
        }
        #expect(isRefreshed == true)
        #expect(room.count == 2)
        try pass(70)
        room.reply(.ok(body: "three"))
        try expect("long", "Miss", "three")
    }

    @Test("§1.6 stale-while-revalidate ends with MaxTTL, whatever it says")
    func whileRevalidatingCapped() throws {
        room.reply(
            .ok("Cache-Control: max-age=250, stale-while-revalidate=5000", body: "one"))
        try expect("capped", "Miss", "one")
        try pass(299)
        let gate = Gate()
        defer { gate.open() }
        room.reply(.response(503).held(by: gate))
        try expect("capped", "Hit", "one", age: 299)
        #expect(room.request(2) != nil)
        gate.open()
        // Else the next one joins it, or finds that it failed a moment ago.
        let hasFailed = try eventually {
            try edge.metric("mapedge_fetches_in_flight") == 0 ? true : nil
        }
        #expect(hasFailed == true)
        try pass(11)
        room.reply(.ok(body: "two"))
        try expect("capped", "Miss", "two")
    }

    @Test("§1.6 stale-if-error: the origin first each time, up to the window's end")
    func ifError() throws {
        room.reply(.ok("Cache-Control: max-age=50, stale-if-error=100", body: "one"))
        try expect("long", "Miss", "one")
        room.always(.response(503, body: "broken"))
        try pass(50)
        try expect("long", "RefreshHit", "one")
        try pass(99)
        try expect("long", "RefreshHit", "one")
        #expect(room.count == 3)
        try pass(11)
        try expect("long", "Error", "broken", 503)
    }

    @Test("§1.6 without the directive stale is served up to MaxTTL after it was stored")
    func ifErrorUnsaid() throws {
        room.reply(.ok("Cache-Control: max-age=50", body: "one"))
        try expect("capped", "Miss", "one")
        room.always(.response(503, body: "broken"))
        try pass(299)
        try expect("capped", "RefreshHit", "one")
        try pass(11)
        try expect("capped", "Error", "broken", 503)
    }

    @Test("§1.6 both: first W seconds at once, then on errors")
    func both() throws {
        room.reply(
            .ok(
                "Cache-Control: max-age=50, stale-while-revalidate=20, stale-if-error=100",
                body: "one"))
        try expect("long", "Miss", "one")
        room.always(.response(503, body: "broken"))
        try pass(60)
        try expect("long", "Hit", "one")
        #expect(room.request(2) != nil)
        try pass(20)
        try expect("long", "RefreshHit", "one")
        try pass(80)
        try expect("long", "Error", "broken", 503)
    }

    @Test("§2.7 an expired object is asked about once, for all who wait")
    func collapsed() throws {
        room.reply(.ok("Cache-Control: max-age=50", "ETag: \"a\"", body: "one"))
        try expect("long", "Miss", "one")
        try pass(50)
        let gate = Gate()
        room.answers { _ in .response(304, ["Cache-Control: max-age=50"]).held(by: gate) }
        let before = try edge.metric("mapedge_collapsed_total")
        let viewers = try (0..<4).map { _ in
            let viewer = try edge.viewer()
            try viewer.send("GET \(room.path("long/it")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            return viewer
        }
        #expect(gate.awaitArrival())
        let hasJoined = try eventually {
            try edge.metric("mapedge_collapsed_total") >= before + 3 ? true : nil
        }
        #expect(hasJoined == true)
        gate.open()
        var words: [String] = []
        for var viewer in viewers {
            let answer = try viewer.response()
            #expect(answer.text == "one")
            words.append(answer["X-Cache"] ?? "")
        }
        #expect(
            words.sorted() == Array(repeating: "Hit from cloudfront", count: 3)
                + ["RefreshHit from cloudfront"])
        #expect(room.count == 2)
    }

    @Test("§2.4 a 4xx in place of an expired object goes to the viewer")
    func gone() throws {
        room.reply(.ok("Cache-Control: max-age=50, stale-if-error=1000", body: "one"))
        try expect("long", "Miss", "one")
        try pass(50)
        room.reply(.response(403, body: "no"))
        try expect("long", "Error", "no", 403)
        room.reply(.response(503, body: "broken"))
        try expect("long", "RefreshHit", "one")
    }

    @Test("§5.5 what was stored compressed is confirmed as it is")
    func compressed() throws {
        let body = String(repeating: "a page ", count: 400)
        room.answers { request in
            request["If-None-Match"] == nil
                ? .ok(
                    "Content-Type: text/html", "ETag: \"a\"", "Cache-Control: max-age=50",
                    body: body)
                : .response(304, ["ETag: \"a\"", "Cache-Control: max-age=50"])
        }
        let path = room.path("zipped/it")
        let accepts = "Accept-Encoding: gzip"
        #expect(try edge.get(path, accepts)["Content-Encoding"] == "gzip")
        try pass(60)
        let confirmed = try edge.get(path, accepts)
        #expect(confirmed["X-Cache"] == "RefreshHit from cloudfront")
        #expect(confirmed["Content-Encoding"] == "gzip")
        #expect(confirmed["ETag"] == "W/\"a\"")
        #expect(confirmed.body.count < 200)
    }
}
