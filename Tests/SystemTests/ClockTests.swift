import Testing
import WireTesting

@Suite("A clock that is told: time passes when the test says so")
struct ClockTests {
    private let origin: Origin
    private let room: Room
    private let directory: TemporaryDirectory
    private let edge: Edge

    init() throws {
        origin = try Origin()
        room = origin.room()
        directory = try TemporaryDirectory()
        edge = try Edge(
            origin: origin.url, mode: "cloudfront", loops: 3,
            arguments: [
                "--clock", "manual=2026-01-01T00:00:00Z", "--access-log",
                directory.file("access.log"),
            ],
            directory: directory)
    }

    /// `mapedge clock WORDS`.
    private func clock(
        _ words: String..., of edge: Edge? = nil
    ) throws -> (exit: Int?, output: String) {
        let port = (edge ?? self.edge).adminPort
        return try directory.run(
            Edge.program, ["clock"] + words + ["--admin", "127.0.0.1:\(port)"])
    }

    /// Lets time pass; must succeed.
    private func advance(_ duration: String, at place: SourceLocation = #_sourceLocation) throws {
        let (exit, output) = try clock("advance", duration)
        #expect(exit == 0, "\(output)", sourceLocation: place)
    }

    @Test("an entry ages and expires to the millisecond, and a 304 makes it fresh again")
    func freshness() throws {
        room.answers { request in
            request["If-None-Match"] == nil
                ? .ok("Cache-Control: max-age=3600", "ETag: \"a\"", body: "kept")
                : .response(304, ["Cache-Control: max-age=3600", "ETag: \"a\""])
        }
        expect(try edge.get(room.path()), 200, "kept", "Miss")
        expect(try edge.get(room.path()), 200, "kept", "Hit")
        #expect(try edge.get(room.path())["Age"] == "0")
        try advance("59m59s")
        #expect(try edge.get(room.path())["Age"] == "3599")
        try advance("999ms")
        let last = try edge.get(room.path())
        expect(last, 200, "kept", "Hit")
        // Only the header is rounded.
        #expect(last["Age"] == "3599")
        #expect(room.count == 1)
        try advance("1ms")
        expect(try edge.get(room.path()), 200, "kept", "RefreshHit")
        let fresh = try edge.get(room.path())
        expect(fresh, 200, "kept", "Hit")
        #expect(fresh["Age"] == "0")
        try advance("2h")
        expect(try edge.get(room.path()), 200, "kept", "RefreshHit")
        #expect(room.count == 3)
    }

    @Test("every loop goes by the new time when the command returns")
    func everyLoop() throws {
        room.answers { _ in .ok("Cache-Control: max-age=86400", body: "kept") }
        _ = try edge.get(room.path())
        // Connections that are open already, on whichever loops the kernel chose.
        var viewers = try (0..<12).map { _ in try edge.viewer() }
        let request = "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
        for hour in 1...5 {
            try advance("1h")
            for index in viewers.indices {
                let response = try viewers[index].exchange(request)
                #expect(response["Age"] == "\(hour * 3_600)")
            }
        }
        #expect(room.count == 1)
    }

    @Test("what the origin failed to give is asked for again after ten seconds")
    func errors() throws {
        for (name, failure) in [
            ("answered", Reply.response(500, body: "failed")), ("broken", .raw("", .reset)),
        ] {
            let path = room.path(name)
            room.always(failure)
            let status = try edge.get(path).status
            #expect(status >= 500, "\(name)")
            room.always(.ok("Cache-Control: max-age=60", body: "well"))
            let asked = room.count
            try advance("9s")
            #expect(try edge.get(path).status == status, "\(name)")
            #expect(room.count == asked, "\(name)")
            try advance("2s")
            expect(try edge.get(path), 200, "well", "Miss")
        }
    }

    @Test("a member that failed is let in again in its own time, while the clock stands")
    func members() throws {
        let pair = try TwoMembers(
            pool: [
                "health:", "  consecutiveFailures: 1", "  ejection: 100ms", "  slowStart: 0",
                "  interval: 1d",
            ],
            arguments: ["--clock", "manual"])
        pair.rooms[0].always(.raw("", .reset))
        pair.rooms[1].always(.ok("Cache-Control: no-store", body: "second"))
        for number in 0..<4 {
            #expect(try pair.edge.get(pair.rooms[0].path("\(number)")).text == "second")
        }
        #expect(pair.edge.child.line(with: "ejected") != nil)
        pair.rooms[0].always(.ok("Cache-Control: no-store", body: "first"))
        let isBack = try eventually {
            try pair.edge.get(pair.rooms[0].path("x")).text == "first" ? true : nil
        }
        #expect(isBack == true)
    }

    @Test("Date, the log and the API's records are of the time that is told")
    func records() throws {
        // Refused by the edge itself, which dates its answer.
        let refused = try edge.get("/%zz\u{7F}")
        #expect(refused["Date"] == "Thu, 01 Jan 2026 00:00:00 GMT")
        let (exit, output) = try clock("set", "2026-12-01T00:00:00Z")
        #expect(exit == 0)
        #expect(output == "2026-12-01T00:00:00.000Z (manual)\n")
        #expect(try clock("show").output == output)
        #expect(try edge.get("/%zz\u{7F}")["Date"] == "Tue, 01 Dec 2026 00:00:00 GMT")
        let lines = try #require(
            eventually { () -> [Substring]? in
                let text = (try? readFile(directory.file("access.log"))) ?? ""
                // Each loop has its own; theirs come in any order.
                let lines = text.split(separator: "\n").sorted()
                return lines.count >= 2 ? lines : nil
            })
        #expect(lines[0].hasPrefix("{\"time\":1767225600.000,"), "\(lines[0])")
        #expect(lines[1].hasPrefix("{\"time\":1796083200.000,"), "\(lines[1])")
        let made = try Child(
            Edge.program, ["invalidate", "--admin", "127.0.0.1:\(edge.adminPort)", "/*"])
        #expect(made.waitForExit(within: 60_000) == 0)
        let list = try edge.admin("/2020-05-31/distribution").text
        let id = try #require(list.split(separator: "<Id>").dropFirst().first?.prefix { $0 != "<" })
        let history = try edge.admin("/2020-05-31/distribution/\(id)/invalidation").text
        #expect(history.contains("<CreateTime>2026-12-01T00:00:00.000Z</CreateTime>"), "\(history)")
        #expect(edge.child.log.contains { $0.hasPrefix("2026-12-01T00:00:00.000Z notice clock") })
    }

    @Test("what is in progress through the API is so by the time that is told, and so are quotas")
    func quotas() throws {
        let edge = try Edge(
            origin: nil, mode: "cloudfront",
            arguments: ["--clock", "manual=2026-01-01T00:00:00Z"],
            configuration: Configured.text(
                members: [origin.url], sections: ["api:", "  invalidationDelay: 60s"]))
        func invalidate(_ paths: [String]) throws -> (exit: Int?, output: String) {
            try directory.run(
                Edge.program, ["invalidate", "--admin", "127.0.0.1:\(edge.adminPort)"] + paths)
        }
        func advance(_ duration: String) throws {
            #expect(try clock("advance", duration, of: edge).exit == 0)
        }
        let full = try invalidate((0..<15).map { "/w\($0)*" })
        #expect(full.exit == 0 && full.output.contains(" InProgress: 15 paths"), "\(full.output)")
        for _ in 0..<2 {
            let refused = try invalidate(["/x*"])
            #expect(refused.exit == 1, "\(refused.output)")
            #expect(refused.output.contains("TooManyInvalidationsInProgress"))
            try advance("29s")
        }
        try advance("1999ms")
        #expect(try invalidate(["/x*"]).exit == 1)
        try advance("1ms")
        #expect(try invalidate(["/x*", "#tag"]).exit == 0)
        // What CloudFront would bill in the month of that time.
        #expect(try edge.metric("mapedge_api_invalidation_paths_month") == 17)
        try advance("744h")
        #expect(try edge.metric("mapedge_api_invalidation_paths_month") == 0)
    }

    @Test("it is not set back, and the machine's clock is not moved at all")
    func refusals() throws {
        let back = try clock("set", "2025-12-31T23:59:59Z")
        #expect(back.exit == 1)
        #expect(back.output.contains("never set back, since an Age may not fall"))
        let system = try clock("advance", "1h", of: SharedEdge.edge())
        #expect(system.exit == 1)
        #expect(system.output.contains("start it with --clock manual"))
        #expect(try clock("show", of: SharedEdge.edge()).output.hasSuffix("Z (system)\n"))
    }
}
