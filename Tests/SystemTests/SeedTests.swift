import Glibc
import Testing
import WireTesting

@Suite(
    "mapedge seed, by a stand-in for GeoServer", .waits,
    .enabled(if: GeoServer.python != nil, "no python3"))
struct SeedTests {
    private let data: TemporaryDirectory
    private let server: GeoServer
    private let edge: Edge

    init() throws {
        data = try TemporaryDirectory()
        server = try GeoServer("one", data: data)
        edge = try Edge(
            origin: nil, arguments: ["--access-log", data.file("access.log")],
            configuration: """
                origins: { maps: { members: ["\(server.url)"] } }
                behaviors: [{ path: "*", class: tiles }]
                fallbacks: { retryAfter: 1 }
                """, directory: data)
    }

    private func words(_ more: [String]) -> [String] {
        [
            "seed", "geonode:roads", "--admin", "127.0.0.1:\(edge.adminPort)", "--to",
            "http://127.0.0.1:\(edge.port)", "--host", "edge.test",
        ] + more
    }

    private func seed(_ more: String...) throws -> CommandRun { try CommandRun(words(more), data) }

    /// By the server's own journal.
    private func asked(atLeast count: Int = 0) throws -> [String] {
        try server.requests("GET .*REQUEST=GetMap", atLeast: count)
    }

    /// A tile as GeoWebCache's TMS has it: rows from the south.
    private func tile(_ level: Int, _ column: Int, _ row: Int, _ set: String = "900913") -> String {
        "/geoserver/gwc/service/tms/1.0.0/geonode:roads@EPSG:\(set)@png/\(level)/\(column)/"
            + "\((1 << level) - 1 - row).png"
    }

    @Test(
        "every tile of a box becomes a hit, in another spelling too; what is fresh is not asked for"
    )
    func box() throws {
        let words = ["--zoom", "0-4", "--bbox=1,1,60,40"]
        let run = try CommandRun(self.words(words), data)
        #expect(run.status == 0 && run.errors.isEmpty, "\(run)")
        // By columns and rows of each level, reckoned by hand.
        let ranges = [
            (0...0, 0...0), (1...1, 0...0), (2...2, 1...1), (4...5, 3...3), (8...10, 6...7),
        ]
        var expected = 0
        for (level, range) in ranges.enumerated() {
            for column in range.0 {
                for row in range.1 {
                    expected += 1
                    #expect(
                        try edge.get(tile(level, column, row)).isHit, "\(level)/\(column)/\(row)")
                }
            }
        }
        #expect(try asked().count == expected)
        #expect(
            run.output[0].hasPrefix(
                "geonode:roads: \(expected) of \(expected) tiles, \(expected) stored, 0 there "
                    + "already, 0 failed; "), "\(run.output)")
        #expect(try !edge.get(tile(4, 11, 7)).isHit)
        let again = try CommandRun(self.words(words + ["--quiet"]), data)
        #expect(again.status == 0 && again.output == [""] && again.errors.isEmpty)
        #expect(try asked().count == expected + 1)
    }

    @Test("a job that was told to end goes on where it was, and asks for nothing twice")
    func takenUp() throws {
        let file = data.file("job.seed")
        let words = words(["--zoom", "0-3", "--rate", "30", "--state", file])
        let first = try Child(Edge.program, words)
        _ = try asked(atLeast: 20)
        first.signal(SIGINT)
        #expect(first.waitForExit() == 1)
        #expect(first.wholeLog.contains("of 85 tiles; the same command goes on from there"))
        #expect(isThere(file))
        let before = try asked().count
        #expect((20..<85).contains(before))
        let run = try CommandRun(words, data)
        #expect(run.status == 0, "\(run)")
        #expect(run.errors.contains("going on behind \(before) of 85 tiles"), "\(run.errors)")
        #expect(run.output[0].contains("85 of 85 tiles, 85 stored, 0 there already"))
        let all = try asked()
        #expect(all.count == 85 && Set(all).count == 85)
        #expect(!isThere(file))
    }

    private func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }

    @Test("one that was killed asks for the rest: what it had done since its last note is a hit")
    func killed() throws {
        let file = data.file("job.seed")
        let words = words(["--zoom", "0-3", "--rate", "20", "--state", file])
        let first = try Child(Edge.program, words)
        let noted = eventually { () -> Bool? in
            // Until a note says that something is done.
            let note = (try? readFile(file)) ?? "\"position\": 0,"
            return note.contains("\"position\": 0,") ? nil : true
        }
        #expect(noted == true)
        first.kill9()
        let run = try CommandRun(words, data)
        #expect(run.status == 0 && run.output[0].contains("85 of 85 tiles"), "\(run)")
        let all = try asked()
        #expect(all.count == 85 && Set(all).count == 85)
    }

    @Test("a state of another job, and a file that is none, are refused and kept")
    func otherStates() throws {
        let file = try data.write("job.seed", "hello\n")
        let run = try seed("--zoom", "0-1", "--state", file)
        #expect(run.status == 2 && run.errors.contains("is no state of a seed; name another file"))
        unlink(file)
        let first = try Child(
            Edge.program, words(["--zoom", "0-3", "--rate", "20", "--state", file]))
        _ = try asked(atLeast: 3)
        first.signal(SIGTERM)
        #expect(first.waitForExit() == 1)
        let other = try seed("--zoom", "0-2", "--state", file)
        #expect(other.status == 2)
        #expect(other.errors.contains("of another job: zoom is \"0-3\" there and \"0-2\" here"))
        #expect(isThere(file))
    }

    @Test("tiles that are cut out of metatiles are stored, all that are in one at once")
    func metatiles() throws {
        let edge = try Edge(
            origin: nil,
            configuration: """
                origins: { maps: { members: ["\(server.url)"] } }
                behaviors:
                  - { path: "*", class: tiles, metatiles: { columns: 4, rows: 4, gutter: 10 } }

                """)
        let words = [
            "seed", "geonode:roads", "--admin", "127.0.0.1:\(edge.adminPort)", "--to",
            "http://127.0.0.1:\(edge.port)", "--host", "edge.test", "--zoom", "2-4", "--give-up",
            "5",
        ]
        let run = try CommandRun(words, data)
        #expect(run.status == 0, "\(run)")
        #expect(run.output[0].contains("336 of 336 tiles") && run.output[0].contains("0 failed"))
        #expect(try edge.get(tile(4, 15, 15)).isHit && edge.get(tile(2, 0, 0)).isHit)
        // One picture for each sixteen: 1 + 4 + 16.
        #expect(try asked().count == 21)
    }

    @Test("a pool that answers 503 is waited for")
    func busyPool() throws {
        try server.control(
            "/faults", #"{"kind": "status", "match": "GetMap", "count": 4, "status": 503}"#)
        let run = try seed("--zoom", "0-2")
        #expect(run.status == 0, "\(run)")
        #expect(run.output[0].contains("21 of 21 tiles, 21 stored, 0 there already, 0 failed"))
        #expect(try asked().count >= 25)
        #expect(try edge.get(tile(2, 3, 3)).isHit)
    }

    @Test("a layer that is not there ends the job soon, in words")
    func unknownLayer() throws {
        let run = try CommandRun(
            ["seed", "geonode:nobody"] + words(["--zoom", "0-6", "--give-up", "3"]).dropFirst(2),
            data)
        #expect(run.status == 1)
        #expect(run.errors.contains("3 requests in a row failed, the last with "), "\(run)")
        #expect(try asked().count < 20)
    }

    @Test("a reseed replaces what was stored before it began, and nothing that came since")
    func reseed() throws {
        #expect(try seed("--zoom", "0-1").status == 0)
        var viewer = try Viewer(port: server.port)
        // Behind the edge's back.
        let style = "<StyledLayerDescriptor>7</StyledLayerDescriptor>"
        let answer = try viewer.exchange(
            "PUT /geoserver/rest/styles/roads HTTP/1.1\r\nHost: a\r\n\(GeoServerPair.admin)\r\n"
                + "Content-Type: application/vnd.ogc.sld+xml\r\nContent-Length: "
                + "\(style.utf8.count)\r\nConnection: close\r\n\r\n\(style)")
        #expect(answer.status == 200)
        let state = try server.state(of: "geonode:roads")
        #expect(try edge.get(tile(1, 0, 0))["X-Stand-In-State"] != state)
        #expect(try seed("--zoom", "0-1").output[0].contains("0 stored, 5 there already"))
        let run = try seed("--zoom", "0-1", "--reseed")
        #expect(run.status == 0 && run.output[0].contains("5 stored, 0 there already"), "\(run)")
        for (level, column) in [(0, 0), (1, 0), (1, 1)] {
            let response = try edge.get(tile(level, column, 0))
            #expect(response.isHit && response["X-Stand-In-State"] == state)
        }
    }

    @Test("what is stale and served meanwhile is waited for until it is fresh")
    func staleMeanwhile() throws {
        let edge = try Edge(
            origin: nil, arguments: ["--clock", "manual=2026-01-01T00:00:00Z"],
            configuration: """
                origins: { maps: { members: ["\(server.url)"] } }
                behaviors: [{ path: "*", class: tiles, staleWhileRevalidate: 30d }]
                """)
        let admin = ["--admin", "127.0.0.1:\(edge.adminPort)"]
        let words =
            [
                "seed", "geonode:roads", "--zoom", "0-2", "--host", "edge.test", "--to",
                "http://127.0.0.1:\(edge.port)",
            ] + admin
        #expect(try CommandRun(words, data).status == 0)
        let passed = try data.run(Edge.program, ["clock", "advance", "2d"] + admin)
        #expect(passed.exit == 0, "\(passed.output)")
        let before = try asked().count
        let run = try CommandRun(words, data)
        #expect(run.status == 0 && run.output[0].contains("21 of 21 tiles"), "\(run)")
        #expect(run.output[0].contains(" 0 failed"), "\(run)")
        // Nothing is left to be fetched behind its back, and nothing was fetched twice.
        #expect(try asked().count == before + 21)
        for column in 0..<4 {
            let status = try edge.get(tile(2, column, 1))["Cache-Status"] ?? ""
            #expect(status.contains("; hit; ttl=") && !status.contains("stale"), "\(status)")
        }
    }

    @Test("a dry run counts, and asks nobody, not even an edge")
    func dryRun() throws {
        let run = try CommandRun(
            [
                "seed", "geonode:roads", "--zoom", "0-2", "--dry-run", "--admin",
                "unix:/nowhere/admin", "--to", "http://127.0.0.1:1",
            ], data)
        #expect(run.status == 0 && run.errors.isEmpty)
        #expect(run.output.contains("  all      21"), "\(run.output)")
        let polygon = try data.write(
            "area.json", #"{"type":"Polygon","coordinates":[[[1,1],[2,1],[2,2],[1,1]]]}"#)
        let area = try seed("--zoom", "0..5", "--polygon", polygon, "--dry-run")
        #expect(area.output.contains("  all       6"), "\(area.output)")
        #expect(try asked().isEmpty)
    }

    @Test("the hottest tiles of the access log are fetched again, with the hosts that asked")
    func fromLog() throws {
        for _ in 0..<3 { _ = try edge.get(tile(3, 1, 1)) }
        for _ in 0..<2 { _ = try edge.get(tile(3, 2, 1, "900913")) }
        _ = try edge.get(tile(3, 3, 1))
        let log = data.file("access.log")
        let isWritten = try eventually {
            try readFile(log).split(separator: "\n").count >= 6 ? true : nil
        }
        #expect(isWritten == true)
        let gone = try data.run(
            Edge.program,
            ["truncate", "--admin", "127.0.0.1:\(edge.adminPort)", "geonode:roads"])
        #expect(gone.exit == 0)
        let words = words(["--from-log", log, "--top", "2"]).filter {
            $0 != "--host" && $0 != "edge.test"
        }
        let run = try CommandRun(words, data)
        #expect(run.status == 0 && run.errors.isEmpty, "\(run)")
        #expect(run.output[0].contains("2 of 2 tiles, 2 stored"))
        #expect(try edge.get(tile(3, 1, 1)).isHit && edge.get(tile(3, 2, 1)).isHit)
        #expect(try !edge.get(tile(3, 3, 1)).isHit)
    }

    @Test("an edge that would not find the tiles again, or not store them, says so first")
    func doubts() throws {
        let plain = words(["--zoom", "0-0"]).filter { $0 != "--host" && $0 != "edge.test" }
        let run = try CommandRun(plain, data)
        #expect(run.status == 0 && run.errors.isEmpty, "a map's key has no host: \(run)")
        let twin = try Edge(
            origin: nil,
            configuration: """
                role: twin
                origins: { maps: { members: ["\(server.url)"] } }
                behaviors: [{ path: "*", class: tiles }]
                """)
        func seed(_ edge: Edge, _ more: String...) throws -> CommandRun {
            try CommandRun(
                [
                    "seed", "geonode:roads", "--zoom", "0-0", "--admin",
                    "127.0.0.1:\(edge.adminPort)", "--to", "http://127.0.0.1:\(edge.port)",
                ] + more, data)
        }
        let told = try seed(twin)
        #expect(told.status == 0 && told.errors.contains("canonicalKeys is off"), "\(told)")
        #expect(told.errors.contains("name theirs with --host"), "\(told)")
        let refused = try seed(twin, "--reseed")
        #expect(refused.status == 1 && refused.errors.contains("use \"mapedge truncate\""))
        let nobody = try CommandRun(
            ["seed", "a:b", "--zoom", "0", "--admin", "unix:/nowhere/admin"], data)
        #expect(nobody.status == 1 && nobody.errors.contains("mapedge serve"))
        #expect(try CommandRun(["seed", "a:b"], data).status == 2)
    }
}
