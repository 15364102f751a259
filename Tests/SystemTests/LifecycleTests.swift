import Glibc
import Testing
import WireTesting

@Suite("Start, reload and stop")
struct LifecycleTests {
    @Test("a graceful stop takes no new connection, lets exchanges finish, and exits 0")
    func stop() throws {
        let test = try Configured()
        let (edge, room, gate) = (test.edge, test.origin.room(), Gate())
        room.reply(
            .raw(
                "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst", .pass(gate),
                .send(
                    Array("after".utf8))))
        var idle = try edge.viewer()
        room.reply()
        var busy = try edge.viewer()
        try busy.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(gate.awaitArrival())
        edge.child.signal(SIGTERM)
        let isRefused = eventually { (try? edge.viewer()) == nil ? true : nil }
        #expect(isRefused == true)
        #expect(try idle.isClosed())
        gate.open()
        let response = try busy.response()
        #expect(response.text == "firstafter")
        #expect(!response.isCut)
        #expect(try busy.isClosed())
        #expect(edge.child.waitForExit() == 0)
    }

    /// A viewer who has half of an answer, for as long as the gate is closed.
    private func halfAnswered(_ test: Configured, _ gate: Gate) throws -> Viewer {
        let room = test.origin.room()
        room.reply(.raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst", .pass(gate)))
        let viewer = try test.edge.viewer()
        try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(gate.awaitArrival())
        return viewer
    }

    @Test("an exchange that does not end is ended by the deadline, and the edge exits 0")
    func deadline() throws {
        let test = try Configured(arguments: ["--stop-deadline", "300ms"])
        let (edge, gate) = (test.edge, Gate())
        let busy = try halfAnswered(test, gate)
        defer { busy.close() }
        edge.child.signal(SIGTERM)
        #expect(edge.child.waitForExit() == 0)
        gate.open()
    }

    @Test("a second signal ends it at once")
    func impatient() throws {
        let test = try Configured()
        let (edge, gate) = (test.edge, Gate())
        let busy = try halfAnswered(test, gate)
        defer { busy.close() }
        edge.child.signal(SIGTERM)
        #expect(edge.child.line(with: "stopping") != nil)
        edge.child.signal(SIGTERM)
        #expect(edge.child.waitForExit() == 0)
        gate.open()
    }

    @Test(
        "a reload swaps the configuration and keeps connections",
        arguments: ["SIGHUP", "POST", "mapedge reload"])
    func reload(by way: String) throws {
        let test = try Configured()
        let other = try Origin()
        let room = test.origin.room("same")
        room.always(.ok(body: "old"))
        let mirrored = other.room(named: room.name)
        mirrored.always(.ok(body: "new"))
        var viewer = try test.edge.viewer()
        let request = "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
        #expect(try viewer.exchange(request).text == "old")
        _ = try test.directory.write("mapedge.yaml", Configured.text(members: [other.url]))
        switch way {
        case "SIGHUP": test.edge.child.signal(SIGHUP)
        case "POST": #expect(try test.edge.admin("/reload", method: "POST").status == 200)
        default:
            let command = try Child(
                Edge.program, ["reload", "--admin", "127.0.0.1:\(test.edge.adminPort)"])
            #expect(command.waitForExit() == 0)
        }
        let isSwapped = try eventually { try viewer.exchange(request).text == "new" ? true : nil }
        #expect(isSwapped == true)
    }

    @Test("a running exchange does not notice a reload")
    func reloadMeanwhile() throws {
        let test = try Configured()
        let (room, gate) = (test.origin.room(), Gate())
        room.reply(
            .raw(
                "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst", .pass(gate),
                .send(
                    Array("after".utf8))))
        var viewer = try test.edge.viewer()
        try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(gate.awaitArrival())
        _ = try test.directory.write(
            "mapedge.yaml", Configured.text(members: ["http://127.0.0.1:1"]))
        #expect(try test.edge.admin("/reload", method: "POST").status == 200)
        gate.open()
        #expect(try viewer.response().text == "firstafter")
    }

    @Test("a bad configuration is refused with every mistake, and the old one stays")
    func badReload() throws {
        let test = try Configured()
        let room = test.origin.room()
        room.always(.ok(body: "still here"))
        _ = try test.directory.write(
            "mapedge.yaml",
            Configured.text(members: [test.origin.url], pool: ["conectTimeout: 3s"])
                + "limits:\n  head: many\n")
        let answer = try test.edge.admin("/reload", method: "POST")
        #expect(answer.status == 422)
        #expect(answer.text.contains("mapedge.yaml:4:"))
        #expect(answer.text.contains("connectTimeout"))
        #expect(answer.text.contains("mapedge.yaml:6:"))
        #expect(try test.edge.get(room.path()).text == "still here")
        let command = try Child(
            Edge.program, ["reload", "--admin", "127.0.0.1:\(test.edge.adminPort)"])
        #expect(command.waitForExit() == 1)
        #expect(command.wholeLog.contains("mapedge.yaml:4:"))
        test.edge.child.signal(SIGHUP)
        #expect(test.edge.child.line(with: "the old one stays in force") != nil)
        #expect(test.edge.child.log.contains { $0.contains("mapedge.yaml:6:") })
        #expect(try test.edge.get(room.path()).text == "still here")
    }

    @Test("mistakes at the start are told all at once, with exit 2")
    func badStart() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("bad.yaml", "mode: rfc9112\nlisten: [nowhere]\nloop: 1\n")
        for command in ["serve", "check"] {
            let child = try Child(Edge.program, [command, "--config", file])
            #expect(child.waitForExit() == 2)
            let words = child.wholeLog
            for line in 1...3 { #expect(words.contains("bad.yaml:\(line):"), "\(words)") }
        }
    }

    @Test("an address that is taken is an error of run time, exit 1, with a remedy")
    func takenAddress() throws {
        let (origin, other) = (try Origin(), try Origin())
        let directory = try TemporaryDirectory()
        let child = try Child(
            Edge.program,
            [
                "serve", "--origin", origin.url, "--listen", "127.0.0.1:\(other.port)", "--admin",
                "127.0.0.1:0", "--cache", directory.file("cache"), "--cache-size", "64MiB",
            ])
        #expect(child.waitForExit() == 1)
        #expect(child.wholeLog.contains("--listen"))
    }
}

@Suite("When descriptors run out")
struct DescriptorTests {
    @Test(
        "accepting pauses without a busy loop, the admin port answers, and it resumes",
        arguments: [1, 2])
    func exhaustion(loops: Int) throws {
        let origin = try Origin()
        let room = origin.room()
        room.always(.ok("Cache-Control: max-age=60", body: "served"))
        // Who says nothing is not given up while the others are still coming.
        let edge = try Edge(
            origin: origin.url, loops: loops,
            configuration: "limits: { headerTimeout: 1h }\n", openFiles: 128)
        #expect(try edge.get(room.path()).text == "served")
        // Who is not idle keeps what he has.
        var accepted = try (0..<10).map { _ in try edge.viewer() }
        for index in accepted.indices {
            _ = try accepted[index].exchange(
                "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            try accepted[index].send("GET \(room.path("new\(index)")) HTTP/1.1\r\n")
        }
        let crowd = try (0..<200).map { _ in try edge.viewer() }
        for viewer in crowd { try viewer.send("GET / HTTP/1.1\r\n") }
        // Who was accepted can be served: something is kept for connections to origins.
        for index in 0..<10 {
            let answer = try accepted[index].exchange("Host: edge.test\r\n\r\n")
            #expect(answer.text == "served")
            try accepted[index].send("GET / HTTP/1.1\r\n")
        }
        // One that waits for its turn, for as long as nobody leaves: the edge was woken for it, and
        // has come to rest without it.
        var waiting = try edge.viewer()
        try waiting.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(eventually { edge.child.rests ? true : nil } == true)
        #expect(throws: WireError.self) { try waiting.isClosed(within: 0) }
        #expect(try edge.admin("/healthz").status == 200)
        #expect(try edge.metric("mapedge_accept_pauses_total") > 0)
        #expect(try edge.admin("/readyz").text.contains("no descriptors are left"))
        #expect(edge.child.log.contains { $0.contains("new viewers wait") })
        for viewer in crowd { viewer.close() }
        #expect(try waiting.response().text == "served")
        #expect(try edge.get(room.path()).text == "served")
    }

    @Test("who has been idle longest makes room for who is new, and nobody else does")
    func idle() throws {
        let origin = try Origin()
        let room = origin.room()
        room.always(.ok("Cache-Control: max-age=60", body: "served"))
        let edge = try Edge(
            origin: origin.url, configuration: "limits: { headerTimeout: 1h }\n", openFiles: 128)
        let request = "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
        var busy = try edge.viewer()
        try busy.send(String(request.dropLast()))
        var first = try edge.viewer()
        #expect(try first.exchange(request).text == "served")
        var crowd: [Viewer] = []
        // Each stays, and none leaves of its own accord.
        for _ in 0..<150 {
            var viewer = try edge.viewer()
            #expect(try viewer.exchange(request).text == "served")
            crowd.append(viewer)
        }
        #expect(try edge.metric("mapedge_idle_closed_total") >= 50)
        #expect(try first.isClosed())
        try busy.send("\r\n")
        #expect(try busy.response().text == "served")
        #expect(try crowd[149].exchange(request).text == "served")
    }

    @Test("with too few to serve anybody, it does not start, and says what to raise")
    func tooFew() throws {
        let directory = try TemporaryDirectory()
        let child = try Child(
            "/bin/sh",
            [
                "-c", "ulimit -n 40; exec \"$0\" \"$@\"", Edge.program, "serve", "--origin",
                "http://127.0.0.1:1", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                "--cache", directory.file("cache"),
            ])
        #expect(child.waitForExit() == 1)
        #expect(child.wholeLog.contains("raise LimitNOFILE (ulimit -n)"), "\(child.wholeLog)")
    }
}

extension Child {
    /// All its threads sleep, and none has run between two looks. One that turns with nothing to do
    /// never does.
    fileprivate var rests: Bool {
        guard let first = switches else { return false }
        return switches == first
    }

    /// How often its threads have let the processor go; nil: one has it, or wants it.
    private var switches: [Int]? {
        let threads = "/proc/\(pid)/task"
        guard let directory = opendir(threads) else { return nil }
        defer { closedir(directory) }
        var counts: [Int] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard Int(name) != nil else { continue }
            guard let text = try? readFile("\(threads)/\(name)/status"),
                text.contains("\nState:\tS")
            else { return nil }
            counts += text.split(separator: "\n").filter { $0.contains("ctxt_switches:") }
                .compactMap { $0.split(separator: "\t").last.flatMap { Int($0) } }
        }
        return counts.isEmpty ? nil : counts
    }
}
