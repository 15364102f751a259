import Glibc
import Testing
import WireTesting

@Suite("mapedge scenario record: what happens on a running edge becomes a scenario")
struct RecordTests {
    private let origin: Origin
    private let directory: TemporaryDirectory

    init() throws {
        origin = try Origin()
        directory = try TemporaryDirectory()
    }

    /// A recording that has begun.
    private func record(_ edge: Edge, _ words: String...) throws -> Child {
        let child = try Child(
            Edge.program,
            ["scenario", "record", "--admin", "127.0.0.1:\(edge.adminPort)", "--out", file] + words)
        #expect(child.line(with: "recording") != nil, "\(child.log)")
        return child
    }

    private var file: String { directory.file("case.yaml") }

    /// Ctrl-C.
    private func end(_ child: Child, at place: SourceLocation = #_sourceLocation) throws -> String {
        child.signal(SIGINT)
        let exit = child.waitForExit()
        let text = try readFile(file)
        #expect(exit == 0, "\(child.wholeLog)\n\(text)", sourceLocation: place)
        #expect(child.wholeLog.contains("it holds when it is played"), sourceLocation: place)
        return text
    }

    private func play(_ path: String) throws -> CommandRun {
        try CommandRun(["scenario", "run", path], directory)
    }

    @Test("of a distribution: what is recorded holds, and fails where an expectation is changed")
    func distribution() throws {
        let room = origin.room()
        room.answers { request in
            request["If-None-Match"] == "\"a\""
                ? .response(304, ["Cache-Control: max-age=60", "ETag: \"a\""])
                : .ok(
                    "Cache-Control: max-age=60", "ETag: \"a\"", "Set-Cookie: s=t0pSecret",
                    body: "one")
        }
        let export = try directory.write("dist.json", Self.export)
        let edge = try Edge(
            origin: "maps=\(origin.url)", mode: "cloudfront",
            arguments: [
                "--distribution", export, "--clock", "manual=2026-01-01T00:00:00Z",
            ], directory: directory)
        let recording = try record(edge)
        let path = room.path("a b".replacing(" ", with: "%20"))
        expect(try edge.get(path, "Cookie: s=t0pSecret"), 200, "one", "Miss")
        expect(try edge.get(path, "Cookie: s=t0pSecret"), 200, "one", "Hit")
        _ = try edge.admin("/clock/advance?by=59s", method: "POST")
        #expect(try edge.get(path)["Age"] == "59")
        _ = try edge.admin("/clock/advance?by=1s", method: "POST")
        expect(try edge.get(path), 200, "one", "RefreshHit")
        let paths = try CommandRun(
            ["invalidate", "--admin", "127.0.0.1:\(edge.adminPort)", "/*"], directory)
        #expect(paths.status == 0)
        expect(try edge.get(path), 200, "one", "Miss")
        let text = try end(recording)
        #expect(!text.contains("t0pSecret") && text.contains("s=secret-1"))
        for part in ["Id: \"maps\"", "RefreshHit from cloudfront", "- invalidate: [\"/*\"]"] {
            #expect(text.contains(part), "\(part)\n\(text)")
        }
        #expect(try play(file).status == 0)
        let changed = try directory.write(
            "changed.yaml",
            text.replacing("RefreshHit from cloudfront", with: "Hit from cloudfront"))
        let run = try play(changed)
        let output = run.output.joined(separator: "\n")
        #expect(run.status == 1 && output.contains("RefreshHit from cloudfront"), "\(output)")
    }

    /// What has passed.
    private func last(_ edge: Edge, _ words: String...) throws -> CommandRun {
        try CommandRun(
            ["scenario", "record", "--admin", "127.0.0.1:\(edge.adminPort)", "--out", file]
                + words, directory)
    }

    @Test("--last takes what has passed in role twin, although nobody recorded")
    func lookBack() throws {
        let room = origin.room()
        let long = String(repeating: "long ", count: 2_000)
        room.answers { request in
            .ok(
                "Cache-Control: max-age=60", "Set-Cookie: s=t0pSecret",
                body: request.target.hasSuffix("long") ? long : "short")
        }
        let export = try directory.write("dist.json", Self.export)
        let edge = try Edge(
            origin: "maps=\(origin.url)", mode: "cloudfront",
            arguments: [
                "--distribution", export, "--role", "twin",
                "--clock", "manual=2026-01-01T00:00:00Z",
            ], directory: directory)
        for (name, body) in [("short", "short"), ("long", long)] {
            expect(try edge.get(room.path(name), "Cookie: s=t0pSecret"), 200, body, "Miss")
            expect(try edge.get(room.path(name), "Cookie: s=t0pSecret"), 200, body, "Hit")
        }
        _ = try edge.admin("/clock/advance?by=30s", method: "POST")
        let paths = try CommandRun(
            ["invalidate", "--admin", "127.0.0.1:\(edge.adminPort)", room.path("long")], directory)
        #expect(paths.status == 0)
        expect(try edge.get(room.path("long")), 200, long, "Miss")
        expect(try edge.get(room.path("short")), 200, "short", "Hit")
        let run = try last(edge, "--last", "5m")
        let text = try readFile(file)
        #expect(run.status == 0 && run.errors.contains("it holds"), "\(run.errors)\n\(text)")
        #expect(!text.contains("t0pSecret") && text.contains("- invalidate:"))
        #expect(text.matches(of: /x-cache: "Hit/).count == 3, "\(text)")
        // A hit's short body is known, too, although it stood near a credential.
        #expect(text.contains("x-cache: \"Hit from cloudfront\"\n      size: 5\n"), "\(text)")
        #expect(try play(file).status == 0)
        // And again, for nothing was taken away.
        #expect(try last(edge, "--last", "5m").status == 0)
        #expect(try last(edge, "--last", "5m", "--for", "1s").status == 2)
    }

    @Test("--last is refused where nothing is kept")
    func nothingKept() throws {
        let edge = try Edge(origin: origin.url, mode: "cloudfront")
        let run = try last(edge, "--last", "5m")
        #expect(run.status == 1 && run.errors.contains("limits.lookBack"), "\(run.errors)")
    }

    private static let export = """
        {"CallerReference": "r", "Comment": "", "Enabled": true,
         "Origins": {"Quantity": 1, "Items": [{"Id": "maps", "DomainName": "maps.example.org",
          "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443,
           "OriginProtocolPolicy": "http-only"}}]},
         "DefaultCacheBehavior": {"TargetOriginId": "maps", "ViewerProtocolPolicy": "allow-all",
          "MinTTL": 0, "DefaultTTL": 86400, "MaxTTL": 31536000,
          "ForwardedValues": {"QueryString": false, "Cookies": {"Forward": "none"}}}}
        """

    @Test("of a configuration file: pools, classes and only the paths that are asked for")
    func configured() throws {
        let room = origin.room()
        room.always(.ok("Cache-Control: max-age=60", body: "page"))
        let text = Configured.text(
            members: [origin.url],
            sections: ["behaviors:", "  - { path: \"*\", class: pages, maxTTL: 10m }"])
        let edge = try Edge(
            origin: nil, mode: "cloudfront", configuration: text, directory: directory)
        let recording = try record(edge, "--path", room.path("kept*"), "--name", "Mine")
        for name in ["kept/1", "other", "kept/1", "kept/2"] {
            #expect(try edge.get(room.path(name)).status == 200)
        }
        let written = try end(recording)
        #expect(written.contains("name: \"Mine\"") && written.contains("maxTTL: \"10m\""))
        #expect(!written.contains(room.path("other")))
        #expect(try play(file).status == 0)
    }

    @Test("an origin that refuses connections is recorded, and so is the member that answers")
    func refusedConnections() throws {
        let closed = "http://127.0.0.1:1"
        let alone = try Edge(origin: closed, mode: "cloudfront")
        let first = try record(alone)
        #expect(try alone.get("/a").status == 502)
        #expect(try alone.get("/b").status == 502)
        #expect(try end(first).contains("refused"))

        let room = origin.room()
        room.always(.ok("Cache-Control: max-age=60", body: "there"))
        let pool = try Edge(origin: "\(closed),\(origin.url)", mode: "cloudfront")
        let second = try record(pool)
        for name in ["a", "b", "c"] {
            #expect(try pool.get(room.path(name)).text == "there")
        }
        _ = try end(second)
    }

    @Test("a Hit on what was stored just before is warmed up, whatever else was fetched then")
    func storedJustBefore() throws {
        let room = origin.room()
        room.answers { .ok("Cache-Control: max-age=60", body: "of \($0.target)") }
        let edge = try Edge(
            origin: origin.url, mode: "cloudfront",
            arguments: ["--clock", "manual=2026-01-01T00:00:00Z"])
        #expect(try edge.get(room.path("b")).status == 200)
        let recording = try record(edge)
        expect(try edge.get(room.path("a")), 200, "of \(room.path("a"))", "Miss")
        expect(try edge.get(room.path("b")), 200, "of \(room.path("b"))", "Hit")
        _ = try end(recording)
    }

    @Test("what no scenario can ask for is left out, and the rest holds")
    func malformedRequests() throws {
        let room = origin.room()
        room.always(.ok("Cache-Control: max-age=60", body: "good"))
        let edge = try Edge(origin: origin.url, mode: "cloudfront")
        let recording = try record(edge)
        #expect(try edge.get(room.path("a")).text == "good")
        let odd = [
            ("/a#frag", "edge.test"), ("/\u{FC}", "edge.test"), ("/\u{7F}", "edge.test"),
            ("/a", "a b"),
        ]
        for (target, host) in odd {
            var viewer = try edge.viewer()
            let request = "GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n"
            #expect(try viewer.exchange(request).status == 400)
        }
        #expect(try edge.get(room.path("b")).text == "good")
        let text = try end(recording)
        #expect(text.contains("# Left out, no path: 3."))
        #expect(text.contains("# Left out, no host: 1."))
    }

    @Test("what cannot be recorded is said")
    func refuses() throws {
        let edge = try Edge(origin: origin.url)
        #expect(try edge.admin("/record/stop", method: "POST").status == 409)
        #expect(try edge.admin("/record/start").status == 405)
        let address = "127.0.0.1:\(edge.adminPort)"
        let empty = try CommandRun(
            ["scenario", "record", "--admin", address, "--for", "10ms"], directory)
        #expect(empty.status == 1 && empty.errors.contains("nothing is recorded"), "\(empty)")
        let typed = try CommandRun(["scenario", "record", "--for", "soon"], directory)
        #expect(typed.status == 2 && typed.errors.contains("is no duration"), "\(typed)")
        let nobody = try CommandRun(
            ["scenario", "record", "--admin", "127.0.0.1:1", "--for", "1s"], directory)
        #expect(nobody.status == 1 && nobody.errors.contains("no edge answers"), "\(nobody)")
    }
}
