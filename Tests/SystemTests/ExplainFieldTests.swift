import Testing
import WireTesting

@Suite("X-Edge-Explain: 1, step by step")
struct ExplainFieldTests {
    private let origin: Origin
    private let edge: Edge

    init() throws {
        origin = try Origin()
        edge = try Edge(origin: origin.url, mode: "cloudfront")
    }

    /// The steps behind the line about the answer.
    private func steps(_ path: String, _ fields: [String] = []) throws -> [String] {
        let answer = try Viewer.ask(path, at: edge.port, ["X-Edge-Explain: 1"] + fields)
        let lines = answer.head.values("X-Edge-Explain")
        #expect(lines.first?.hasPrefix("behavior=\"*\"; key=") == true)
        return Array(lines.dropFirst())
    }

    private func has(_ steps: [String], _ starts: String...) {
        for start in starts {
            #expect(steps.contains { $0.hasPrefix(start) }, "\(start) in \(steps)")
        }
    }

    @Test("a miss, a hit, a near miss, and what an invalidation killed")
    func story() throws {
        let room = origin.room()
        room.always(.ok("Cache-Control: s-maxage=60", body: "x"))
        let path = room.path("p?a=1")
        let miss = try steps(path, ["Cookie: sid=hush", "X-Other: seen"])
        has(
            miss, "behavior: * (number 0), origin default, ", "key: ", "key part: host = edge.test",
            "key part: path = \(room.path("p")) (as sent)", "key part: query = a=1",
            "stored: nothing", "decision: fetch (absent): ", "origin: default is asked: GET ",
            "forwarded: X-Other: seen", "stripped: X-Edge-Explain: 1 (it is for the edge)")
        let hit = try steps(path)
        has(
            hit, "stored: 200, complete, 1 bytes", "lifetime: age 0s of 60s, by s-maxage",
            "decision: serve (fresh): ", "origin: default would be asked if nothing were stored")
        let near = try steps(room.path("p?a=2"))
        has(
            near, "stored: nothing",
            "near miss: 200, 0s old, fresh: query \"a=2\" here, \"a=1\" there")
        let command = try Child(
            Edge.program,
            ["invalidate", "--admin", "127.0.0.1:\(edge.adminPort)", room.path("*")],
            output: "/dev/null")
        #expect(command.waitForExit(within: 60_000) == 0)
        let dead = try steps(path)
        has(dead, "invalidation: number ", "decision: fetch (absent)")
        // Unless the sweeper was quicker: then nothing is there that it could have killed.
        #expect(
            dead.contains { $0.hasSuffix(": killed what is stored") || $0.hasSuffix(": in force") },
            "\(dead)")
        #expect(room.count == 3)
        #expect(try edge.get(path)["X-Edge-Explain"] == nil)
    }

    @Test("no credential is shown, and nothing but printable ASCII")
    func secrets() throws {
        let room = origin.room()
        room.always(.ok("Cache-Control: s-maxage=60", body: "x"))
        for _ in 0..<2 {
            let answer = try Viewer.ask(
                room.path("p?a=1&access_token=hush&b=2"), at: edge.port,
                [
                    "X-Edge-Explain: 1", "X-Api-Key: hush", "X-Auth-Token: hush",
                    "Referer: http://a.test/?token=hush", "Cookie: sid=hush", "X-Odd: caf\u{e9}",
                ])
            #expect(answer.status == 200)
            let head = answer.head.values("X-Edge-Explain")
            #expect(head.contains { $0.contains("access_token=(hidden)&b=2") })
            #expect(head.allSatisfy { !$0.contains("hush") }, "\(head)")
            #expect(head.allSatisfy { $0.utf8.allSatisfy { (0x20...0x7e).contains($0) } })
        }
    }

    @Test("what is too much is left out, and that is said")
    func bounded() throws {
        let room = origin.room()
        room.always(.ok("Cache-Control: s-maxage=60", body: "x"))
        let fields = (0..<60).map { "X-Field-\($0): " + String(repeating: "v", count: 300) }
        let told = try steps(room.path("p"), fields)
        #expect(told.last?.hasPrefix("truncated: ") == true, "\(told.last ?? "none")")
        let size = told.reduce(0) { $0 + "X-Edge-Explain: \r\n".utf8.count + $1.utf8.count }
        #expect((5_000...6_144).contains(size), "\(size)")
        has(told, "decision: fetch (absent)")
    }
}
