import Testing
import WireTesting

/// Each trap happens once to a response, and is counted then; what keeps out of them is not.
@Suite("CloudFront: traps of imported behaviors are counted as they happen")
struct CloudFrontTrapTests {
    private static let all = Lane.Sends(headers: ("allViewer", []), cookies: .all, queries: .none)

    private static let lanes = [
        Lane("plain"),
        Lane("cookies") { $0.cookies = .list(["a"]) },
        Lane("sends") { $0.sends = all },
        Lane("keyed") {
            $0.headers = ["Authorization", "Accept-Language"]
            $0.sends = Lane.Sends(headers: ("whitelist", ["Accept-Language"]))
        },
        Lane("minimum") { $0.ttl = (1, 60, 600) },
        Lane("uncached") {
            $0.ttl = (0, 0, 0)
            $0.sends = all
        },
    ]

    private static let names = [
        "set-cookie", "authorization-shared", "cookies-shared", "min-ttl", "vary", "directive",
        "authorization",
    ]

    /// The counts that are not 0.
    private func counts(_ stand: Stand) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for name in Self.names {
            let count = try stand.edge.metric("mapedge_traps_total{trap=\"\(name)\"}")
            if count > 0 { counts[name] = count }
        }
        return counts
    }

    @Test(
        "on a miss, once, and never on a hit",
        arguments: [
            ("plain", [], [], []), ("plain", ["Set-Cookie: s=1"], ["Cookie: a=1"], []),
            ("plain", ["Vary: Accept-Language"], [], []),
            ("plain", [], ["Authorization: x"], ["authorization"]),
            ("keyed", ["Vary: Accept-Language"], ["Authorization: x"], []),
            ("cookies", ["Set-Cookie: s=1"], ["Cookie: a=1"], ["set-cookie"]),
            (
                "cookies", ["Set-Cookie: s=1", "Cache-Control: no-cache=\"Set-Cookie\""], [], []
            ),
            ("sends", [], ["Authorization: x"], ["authorization-shared"]),
            ("sends", [], ["Cookie: a=1"], ["cookies-shared"]),
            ("sends", ["Vary: Accept-Language"], [], ["vary"]),
            ("minimum", ["Cache-Control: private"], [], ["min-ttl"]),
            ("minimum", ["Cache-Control: no-store, max-age=5"], [], ["min-ttl"]),
            ("plain", ["Cache-Control: max-age: 0"], [], ["directive"]),
            ("plain", ["Cache-Control: max-age=9"], [], []),
            ("plain", ["Cache-Control: private"], [], []),
            ("uncached", ["Set-Cookie: s=1"], ["Authorization: x", "Cookie: a=1"], []),
        ] as [(String, [String], [String], [String])])
    func counted(
        _ lane: String, _ fields: [String], _ asked: [String], _ expected: [String]
    ) throws {
        let stand = try Stand(Self.lanes)
        let room = stand.origin.room("row")
        room.always(.response(200, fields, body: "a page"))
        let path = room.path("\(lane)/it")
        for _ in 0..<2 { _ = try Viewer.ask(path, at: stand.edge.port, host: "edge.test", asked) }
        let isShared = lane == "minimum" || !fields.contains("Cache-Control: private")
        #expect(room.count == (lane == "uncached" || !isShared ? 2 : 1))
        let counts = try counts(stand)
        #expect(counts == Dictionary(uniqueKeysWithValues: expected.map { ($0, 1) }))
    }

    @Test("a behavior with a class is kept from them, and counts none")
    func classed() throws {
        var parts = Stand.Parts()
        parts.configuration = "behaviors: [{ path: \"/*/sends/*\", class: pages }]\n"
        let stand = try Stand(Self.lanes, parts)
        let room = stand.origin.room("row")
        room.always(.ok("Cache-Control: max-age=60", "Vary: Accept-Language", body: "a page"))
        _ = try stand.edge.get(
            room.path("sends/it"), "Authorization: x", "Cookie: a=1")
        #expect(try counts(stand).isEmpty)
    }
}
