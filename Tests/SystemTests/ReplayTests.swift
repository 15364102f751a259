import Glibc
import Testing
import WireTesting

@Suite("mapedge replay")
struct ReplayTests {
    private let origin: Origin
    private let room: Room
    private let directory: TemporaryDirectory

    init() throws {
        origin = try Origin()
        room = origin.room()
        directory = try TemporaryDirectory()
    }

    /// A line of CloudFront's log.
    static func line(
        _ time: String, _ path: String, _ result: String, method: String = "GET",
        status: Int = 200, location: String = "LAX1", detail: String? = nil, range: String = "-\t-",
        taken: String = "0.001"
    ) -> String {
        [
            "2019-12-04", time, location, "392", "192.0.2.100", method, "d1.cloudfront.net", path,
            "\(status)", "-", "agent%20x", "-", "-", result, "ID==", "maps.test", "https", "23",
            taken, "-", "TLSv1.2", "C", result == "Error" ? "Hit" : result, "HTTP/2.0", "-",
            "-", "11040", "0.001", detail ?? result, "text/html", "78", range,
        ].joined(separator: "\t") + "\n"
    }

    private static func log(_ lines: String...) -> String { "#Version: 1.0\n" + lines.joined() }

    @Test("where both say the same, the exit status is 0; requests carry what the log tells")
    func agrees() throws {
        room.always(.ok("Cache-Control: max-age=60", body: "0123456789"))
        let edge = try Edge(origin: origin.url)
        let path = room.path("a%2520b")
        // Lines come in any order: they are sorted by when the request began.
        let log = try directory.write(
            "log",
            Self.log(
                Self.line("21:02:33", path, "Hit"), Self.line("21:02:31", path, "Miss"),
                Self.line("21:02:34", path, "Hit", status: 206, range: "2\t4"),
                Self.line("21:02:35", path, "Hit", method: "HEAD"),
                Self.line("21:02:36", path, "Error", detail: "ClientCommError"),
                Self.line("21:02:37", path, "Miss", method: "POST"),
                Self.line("21:02:38", path, "Error", status: 0)))
        let run = try CommandRun(
            ["replay", log, "--to", "http://127.0.0.1:\(edge.port)"], directory)
        #expect(run.status == 0 && run.errors.isEmpty, "\(run)")
        #expect(
            run.output[0] == "5 requests replayed; left out: 1 other methods, 1 viewers who left")
        #expect(run.output[1] == "0 disagree (0 %)")
        let asked = room.requests
        #expect(asked.count == 1 && asked[0]["Host"] == "maps.test")
        #expect(asked[0].target == room.path("a%20b"))
        #expect(asked[0]["User-Agent"] == "agent x" && asked[0]["Accept-Encoding"] == "gzip")
    }

    @Test("a directory's files are read, compressed as CloudFront leaves them")
    func compressed() throws {
        room.always(.ok("Cache-Control: max-age=60"))
        let edge = try Edge(origin: origin.url)
        let (logs, path) = (try TemporaryDirectory(), room.path("a"))
        for (name, log) in [
            ("E1.2019-12-04-22.A", Self.log(Self.line("22:02:31", path, "Hit"))),
            (
                "E1.2019-12-04-21.B",
                Self.log(Self.line("21:02:31", path, "Miss"), Self.line("21:02:32", path, "Hit"))
            ),
        ] {
            let plain = try directory.write(name, log)
            let gzip = try Child("/bin/gzip", ["-c", plain], output: logs.file(name + ".gz"))
            try #require(gzip.waitForExit() == 0)
        }
        let run = try CommandRun(
            ["replay", logs.path, "--to", "http://127.0.0.1:\(edge.port)"], directory)
        #expect(run.status == 0, "\(run)")
        #expect(run.output[0] == "3 requests replayed" && run.output[1] == "0 disagree (0 %)")
        #expect(room.count == 1)
    }

    @Test("within a second, which is all that a log tells, a URL's hits are asked last")
    func hitsLast() throws {
        room.always(.ok("Cache-Control: max-age=60", body: "0123456789"))
        let edge = try Edge(origin: origin.url)
        let (one, other) = (room.path("one"), room.path("other"))
        // The second file has what was fetched, as one of another of CloudFront's servers may.
        let first = try directory.write(
            "first",
            Self.log(
                Self.line("21:02:31", one, "Hit"), Self.line("21:02:31", other, "Hit"),
                Self.line("21:02:32", other, "Hit")))
        let second = try directory.write(
            "second",
            Self.log(
                Self.line("21:02:31", one, "Miss", taken: "0.001"),
                Self.line("21:02:31", other, "Miss", taken: "0.000")))
        let run = try CommandRun(
            ["replay", first, second, "--to", "http://127.0.0.1:\(edge.port)"], directory)
        #expect(run.status == 0 && run.output[1] == "0 disagree (0 %)", "\(run)")
    }

    @Test(
        "on a terminal a bar tells how far it is, and goes before the report",
        .enabled(if: isExecutable("/usr/bin/script"), "no script command"))
    func progress() throws {
        room.always(.ok("Cache-Control: max-age=60"))
        let edge = try Edge(origin: origin.url)
        let path = room.path("a")
        let log = try directory.write(
            "log", Self.log(Self.line("21:02:31", path, "Miss"), Self.line("21:02:32", path, "Hit"))
        )
        let output = directory.file("terminal")
        let child = try Child(
            "/usr/bin/script",
            [
                "-qec", "\(Edge.program) replay \(log) --to http://127.0.0.1:\(edge.port)",
                "/dev/null",
            ], output: output)
        #expect(child.waitForExit() == 0)
        let shown = try readFile(output)
        let bars = [20, 40].map { filled in
            "\r[" + String(repeating: "#", count: filled)
                + String(repeating: ".", count: 40 - filled) + "] \(filled / 20)/2"
        }
        let end = bars.joined() + "\r\u{1B}[K2 requests replayed"
        #expect(shown.contains(end), "\(shown.debugDescription)")
    }

    @Test("disagreements are counted by pair and cause, told singly, and bounded by a tolerance")
    func disagrees() throws {
        room.always(.ok("Cache-Control: max-age=60"))
        let edge = try Edge(origin: origin.url)
        let log = try directory.write(
            "log",
            Self.log(
                Self.line("21:02:31", room.path("warm"), "Hit"),
                Self.line("21:02:32", room.path("warm"), "Hit"),
                Self.line("21:02:33", room.path("warm"), "Miss", location: "DFW3"),
                Self.line("21:02:34", room.path("warm"), "RefreshHit", location: "DFW3"),
                Self.line("21:02:35", room.path("other"), "Miss", status: 404)))
        let words = ["replay", log, "--to", "http://127.0.0.1:\(edge.port)"]
        let run = try CommandRun(words + ["--tolerance", "50", "--show", "2"], directory)
        #expect(run.status == 1)
        #expect(
            run.errors
                == "mapedge: the edge and the log disagree about 3 requests; compare the reasons, "
                + "or allow more with --tolerance")
        let text = run.output.joined(separator: "\n")
        #expect(text.contains("3 disagree (60 %)"))
        #expect(text.contains("1 the first request for it in these logs"))
        #expect(text.contains("1 another edge location"))
        #expect(text.contains("1 a lifetime that ended in the log did not at this pace, or it was"))
        #expect(text.contains("the first 2:"))
        #expect(
            text.contains(
                "\(log):2: GET maps.test\(room.path("warm")): log Hit 200, edge Miss 200 ("))
        let borne = try CommandRun(words + ["--tolerance", "100%"], directory)
        #expect(borne.status == 0)
    }

    @Test("a fetch so soon after another that no lifetime can have ended is not laid to one")
    func tooSoon() throws {
        room.always(.ok("Cache-Control: max-age=60"))
        let edge = try Edge(origin: origin.url)
        let path = room.path("it")
        let log = try directory.write(
            "log",
            Self.log(
                Self.line("21:02:31", path, "Miss"), Self.line("21:02:41", path, "Miss"),
                Self.line("21:04:41", path, "Miss")))
        let run = try CommandRun(
            ["replay", log, "--to", "http://127.0.0.1:\(edge.port)"], directory)
        let text = run.output.joined(separator: "\n")
        #expect(text.contains("1 the log tells of no cookies (IncludeCookies)"), "\(text)")
        #expect(text.contains("1 a lifetime that ended in the log did not at this pace"), "\(text)")
    }

    @Test("ranges and HEAD are asked as such, though nothing is stored; hidden values are told")
    func partial() throws {
        room.answers { request in
            guard let range = request["Range"] else {
                return .ok("Cache-Control: max-age=60", body: "0123456789")
            }
            return range == "bytes=2-4"
                ? .response(
                    206, ["Content-Range: bytes 2-4/10", "Cache-Control: max-age=60"],
                    body: "234")
                : .response(416, ["Content-Range: bytes */10"])
        }
        let edge = try Edge(origin: origin.url)
        let hidden = Self.line("21:02:41", room.path("c"), "Miss").split(separator: "\t")
        let log = try directory.write(
            "log",
            Self.log(
                Self.line("21:02:31", room.path("a"), "Miss", status: 206, range: "2\t4"),
                // The length of a part that was not asked for says nothing of a range.
                Self.line("21:02:32", room.path("b"), "Miss", range: "2\t4"),
                Self.line("21:02:33", room.path("d"), "Miss", method: "HEAD"),
                Self.line("21:02:34", room.path("d"), "Miss", location: "DFW3"),
                Self.line("21:02:40", room.path("c"), "Miss"),
                (hidden[..<12] + ["session=-"] + hidden[13...]).joined(separator: "\t")))
        let run = try CommandRun(
            ["replay", log, "--to", "http://127.0.0.1:\(edge.port)", "--connections", "1"],
            directory)
        #expect(run.output[0] == "6 requests replayed", "\(run)")
        let asked = room.requests
        #expect(asked.first { $0.target.hasSuffix("/a") }?["Range"] == "bytes=2-4")
        #expect(asked.first { $0.target.hasSuffix("/b") }?["Range"] == nil)
        #expect(asked.first { $0.target.hasSuffix("/d") }?.method == "HEAD")
        #expect(
            run.output.contains(
                "  1 the log leaves out values of cookies or credentials, which may be in the key"))
    }

    @Test("as it happened, a hit where the log has a miss may be for want of cookies")
    func cookieless() throws {
        room.always(.ok("Cache-Control: max-age=60"))
        let lines = [
            Self.line("21:02:31", room.path("a"), "Miss"),
            Self.line("21:02:31", room.path("a"), "Miss"),
        ]
        let other = Self.line("21:02:31", room.path("b"), "Miss").split(separator: "\t")
        let told = (other[..<12] + ["a=1"] + other[13...]).joined(separator: "\t")
        for (more, cause) in [
            ("", "the log tells of no cookies (IncludeCookies), which may be in the key"),
            (told, "the edge decided otherwise"),
        ] {
            let edge = try Edge(origin: origin.url)
            let log = try directory.write("log", Self.log(lines[0], lines[1], more))
            let run = try CommandRun(
                ["replay", log, "--to", "http://127.0.0.1:\(edge.port)", "--pace", "1x"],
                directory)
            #expect(run.output.contains { $0.hasSuffix(" \(cause)") }, "\(run)")
        }
    }

    @Test("an edge that had it before is told as such, not as one without cookies")
    func early() throws {
        room.always(.ok("Cache-Control: max-age=60"))
        let edge = try Edge(origin: origin.url)
        let line = Self.line("21:02:31", room.path("a"), "Miss")
        let log = try directory.write("log", Self.log(line))
        let words = ["replay", log, "--to", "http://127.0.0.1:\(edge.port)"]
        let first = try CommandRun(words, directory)
        #expect(first.status == 0, "\(first)")
        let again = try CommandRun(words, directory)
        let cause = "  1 the edge had it before the replay began; start it on an empty cache"
        #expect(again.status == 1 && again.output.contains(cause), "\(again)")
    }

    @Test("what no edge can do is left out")
    func beyond() throws {
        room.always(.ok("Cache-Control: max-age=60"))
        let edge = try Edge(origin: origin.url)
        let words = [
            ("LambdaExecutionError", nil), ("Miss", "MissGeneratedResponse"),
            ("Hit", "OriginShieldHit"), ("LimitExceeded", nil), ("CapacityExceeded", nil),
            ("FunctionGeneratedResponse", nil), ("LambdaGeneratedResponse", nil),
            ("Error", "FunctionExecutionError"), ("Error", "LambdaValidationError"),
        ]
        let lines = words.map { Self.line("21:02:31", room.path("a"), $0.0, detail: $0.1) }
        let own = Self.line("21:02:32", room.path("b"), "Miss")
        let log = try directory.write("log", "#Version: 1.0\n" + lines.joined() + own)
        let run = try CommandRun(
            ["replay", log, "--to", "http://127.0.0.1:\(edge.port)"], directory)
        #expect(run.status == 0, "\(run)")
        #expect(
            run.output[0] == "1 requests replayed; left out: 9 answers of functions, Origin Shield "
                + "or CloudFront's own limits")
        #expect(room.requests.count == 1)
    }

    @Test("a paced replay waits as the log did, so much faster")
    func paced() throws {
        room.always(.ok("Cache-Control: max-age=60"))
        let edge = try Edge(origin: origin.url)
        let log = try directory.write(
            "log",
            Self.log(
                Self.line("21:02:31", room.path("a"), "Miss"),
                Self.line("21:03:11", room.path("a"), "Hit")))
        let start = ContinuousClock.now
        let run = try CommandRun(
            ["replay", log, "--to", "http://127.0.0.1:\(edge.port)", "--pace", "100x"], directory)
        let taken = ContinuousClock.now - start
        #expect(
            run.status == 0 && taken >= .milliseconds(390) && taken < .seconds(35), "\(taken)")
    }

    @Test("an answer that is cut off, or that names no cache, is told as such")
    func odd() throws {
        room.always(.ok())
        let log = try directory.write("log", Self.log(Self.line("21:02:31", room.path("a"), "Hit")))
        // The origin itself is no edge.
        let bare = try CommandRun(["replay", log, "--to", origin.url], directory)
        #expect(
            bare.status == 1 && bare.output.contains("  1 the answer has no X-Cache"), "\(bare)")
        room.always(.raw("", .close))
        let cut = try CommandRun(["replay", log, "--to", origin.url], directory)
        #expect(cut.output.contains("  1 the edge gave no whole answer"))
    }

    @Test(
        "mistakes are one line and a status",
        arguments: [
            (["/nowhere", "--to", "http://127.0.0.1:1"], 1, "cannot be opened"),
            (
                ["/dev/null", "--to", "http://127.0.0.1:1"], 1,
                "there is no GET or HEAD to replay in"
            ),
            (
                ["/dev/null", "--to", "https://127.0.0.1:1", "--to", "https://127.0.0.1:2"], 2,
                "is the second of its scheme"
            ),
            (
                ["/dev/null", "--to", "https://127.0.0.1:1", "--cacert", "/nowhere"], 2,
                "--cacert: "
            ),
            (["/dev/null"], 2, "--to"),
            (["/dev/null", "--to", "nonsense"], 2, "is no URL"),
            (["/dev/null", "--to", "http://127.0.0.1:1", "--pace", "fast"], 2, "is no pace"),
            (
                ["/dev/null", "--to", "http://127.0.0.1:1", "--tolerance", "x"], 2,
                "is no percentage"
            ),
            (
                ["/dev/null", "--to", "http://127.0.0.1:1", "--connections", "0"], 2,
                "give 1 to 256"
            ),
        ])
    func mistakes(_ words: [String], _ status: Int, _ expected: String) throws {
        let run = try CommandRun(["replay"] + words, TemporaryDirectory())
        #expect(run.errors.contains(expected) && !run.errors.contains("\n"), "\(run.errors)")
        #expect(run.status == status)
    }

    @Test("JSON lines are refused, and an edge that is not there is told")
    func unusable() throws {
        let own = try directory.write("own", "{\"time\":1}\n")
        let json = try CommandRun(["replay", own, "--to", "http://127.0.0.1:1"], directory)
        #expect(json.status == 1 && json.errors.contains("\(own):1: the line is JSON"))
        let log = try directory.write("log", Self.log(Self.line("21:02:31", "/a", "Hit")))
        let (listener, port) = try Socket.listen()
        listener.shutDown()
        let run = try CommandRun(["replay", log, "--to", "http://127.0.0.1:\(port)"], directory)
        #expect(run.status == 1 && run.errors.contains("nothing listens on"))
    }
}
