import Testing
import WireTesting

private let lanes = [
    Lane("free") { $0.ttl = (0, 100, 1_000) },
    Lane("least") { $0.ttl = (60, 100, 1_000) },
    Lane("off") { $0.ttl = (0, 0, 0) },
    Lane("cookies") { $0.cookies = .list(["a"]) },
    Lane("sent-cookies") { $0.sends = Lane.Sends(cookies: .all) },
    Lane("legacy-cookies") {
        $0.forwarded = "\"QueryString\": false, \"Cookies\": { \"Forward\": \"all\" }"
    },
    Lane("options") { $0.cachesOptions = true },
]

private let stand = Result { try Stand.shared(lanes) }

@Suite("CloudFront's request collapsing", .serialized)
struct CloudFrontCollapseTests {
    private let edge: Edge
    private let room: Room
    private let gate = Gate()

    init() throws {
        edge = try stand.get().edge
        room = try stand.get().origin.room("row")
    }

    /// One request that the origin holds, and others of the same key behind it.
    ///
    /// - Returns: what the viewers got, the first one first.
    private func crowd(
        _ lane: String, _ fields: [String], count: Int = 5, method: String = "GET", joins: Bool
    ) throws -> [Response] {
        room.answers { [gate] _ in .response(200, fields).held(by: gate) }
        let before = try edge.metric("mapedge_collapsed_total")
        var viewers: [Viewer] = []
        for number in 0..<count {
            let viewer = try edge.viewer()
            try viewer.send(
                "\(method) \(room.path("\(lane)/it")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            viewers.append(viewer)
            if number == 0 { #expect(gate.awaitArrival()) }
        }
        if joins {
            let hasJoined = try eventually {
                try edge.metric("mapedge_collapsed_total") >= before + count - 1 ? true : nil
            }
            #expect(hasJoined == true)
        } else {
            #expect(gate.awaitArrival(count))
        }
        gate.open()
        return try viewers.map { viewer in
            var viewer = viewer
            return try viewer.response()
        }
    }

    @Test(
        "§2.7 one fetch for all: the first a Miss, the others Hits",
        arguments: [
            ("free", "Cache-Control: max-age=60"), ("free", "X-Nothing: said"),
            ("least", "Cache-Control: private"), ("least", "Cache-Control: no-store"),
            ("least", "Cache-Control: max-age=0"),
        ])
    func shared(lane: String, field: String) throws {
        let answers = try crowd(lane, [field], joins: true)
        #expect(Set(answers.map(\.text)).count == 1)
        #expect(room.count == 1)
        #expect(answers[0]["X-Cache"] == "Miss from cloudfront")
        #expect(answers.dropFirst().allSatisfy { $0["X-Cache"] == "Hit from cloudfront" })
        #expect(answers.dropFirst().allSatisfy { $0["Age"] == "0" })
    }

    @Test(
        "§2.7 what each is to ask for is nobody else's: they waited, and are sent on",
        arguments: [
            "private", "no-store", "no-cache", "max-age=0", "s-maxage=0, max-age=60",
        ])
    func unshared(directives: String) throws {
        let answers = try crowd("free", ["Cache-Control: \(directives)"], joins: true)
        #expect(Set(answers.map(\.text)).count == answers.count)
        #expect(room.count == answers.count)
        #expect(answers.allSatisfy { $0["X-Cache"] == "Miss from cloudfront" })
    }

    @Test(
        "§2.7 no collapsing where caching is disabled or cookies are forwarded",
        arguments: [
            "off", "cookies", "sent-cookies", "legacy-cookies",
        ])
    func apart(lane: String) throws {
        let answers = try crowd(lane, ["Cache-Control: max-age=60"], joins: false)
        #expect(Set(answers.map(\.text)).count == answers.count)
        #expect(room.count == answers.count)
    }

    @Test("§1.3 OPTIONS that is cached is fetched once for all")
    func options() throws {
        let answers = try crowd("options", [], method: "OPTIONS", joins: true)
        #expect(Set(answers.map(\.text)).count == 1)
        #expect(room.count == 1)
    }
}
