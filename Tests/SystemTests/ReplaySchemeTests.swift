import Glibc
import Testing
import WireTesting

@Suite("mapedge replay, by the scheme and the address of the log", .waits)
struct ReplaySchemeTests {
    /// MapStory's own distribution, and an edge that serves it.
    private struct Site {
        static let host = "edge.test"
        let origin: Origin
        let directory: TemporaryDirectory

        init() throws {
            origin = try Origin()
            directory = try TemporaryDirectory()
            #expect(mkdir(directory.file("logs"), 0o700) == 0)
            for name in ["static", "story", "about", "geoserver", "api"] {
                origin.room(named: name).answers { request in
                    request.target.hasPrefix("/api/")
                        ? .ok("Cache-Control: private", body: "mine")
                        : .ok(
                            "Cache-Control: max-age=60", "Content-Type: text/plain",
                            body: "0123456789")
                }
            }
        }

        func edge(_ lines: [String], trusting: Bool = true, tls: SecuredFiles? = nil) throws -> Edge
        {
            var lines = lines
            if let tls {
                lines += [
                    "listen: [{ address: \"127.0.0.1:0\", tls: true }]", "tls:", "  certificates:",
                    "    - { chain: \"\(tls.path("edge.pem"))\", key: \"\(tls.path("edge.key"))\" }",
                ]
            }
            let conf = "\(projectRoot)/conf"
            return try Edge(
                origin: nil, mode: "cloudfront",
                arguments: [
                    "--distribution", "\(conf)/distribution.json", "--policies",
                    "\(conf)/policies", "--origin", "pages=\(origin.url)", "--origin",
                    "geoserver=\(origin.url)",
                ] + (trusting ? ["--trusted-proxy", "127.0.0.1"] : []),
                configuration: lines.joined(separator: "\n") + "\n",
                listen: tls == nil ? "127.0.0.1:0" : nil)
        }

        /// Has an edge behind a proxy that ends TLS asked, and gives its log.
        func log() throws -> String {
            let edge = try edge(
                StandardLogTests.settings(directory.file("logs"), ", distribution: E2TEST"))
            let map = "/geoserver/wms?SERVICE=WMS&REQUEST=GetMap&VERSION=1.1.1&LAYERS=a"
            let asked: [(path: String, scheme: String, fields: [String])] = [
                ("/static/app.js?v=1", "https", []), ("/static/app.js?v=1", "https", []),
                ("/static/app.js?v=1", "https", ["Range: bytes=2-4"]),
                ("/static/app.js?v=1", "http", []),
                ("/story/1/", "https", []), ("/story/1/", "https", []),
                (map, "https", []), (map, "https", []), ("/api/me", "https", []),
                ("/api/me", "https", []), ("/about/", "http", []),
            ]
            for item in asked {
                _ = try Viewer.ask(
                    item.path, at: edge.port, host: Self.host,
                    ["X-Forwarded-Proto: \(item.scheme)", "X-Forwarded-For: 203.0.113.7"]
                        + item.fields)
            }
            _ = try Viewer.ask(
                "/static/app.js?v=1", at: edge.port, method: "HEAD", host: Self.host,
                ["X-Forwarded-Proto: https", "X-Forwarded-For: 203.0.113.7"])
            let text = try #require(
                try eventually { () -> String? in
                    let text = try StandardLogTests.plain("logs/E2TEST.*.gz", directory)
                    return text.split(separator: "\n").count == 14 ? text : nil
                })
            return try directory.write("log", text)
        }

        func replay(_ log: String, _ words: String...) throws -> CommandRun {
            try CommandRun(["replay", log] + words, directory)
        }
    }

    @Test("MapStory's own log is answered alike by an edge that trusts the replay, and by TLS")
    func agrees() throws {
        let site = try Site()
        let log = try site.log()
        // The log has what the proxy told, and nothing of the way from there.
        let lines = try readFile(log).split(separator: "\n").dropFirst(2)
        let columns = lines.map { $0.split(separator: "\t").map(String.init) }
        #expect(columns.filter { $0[16] == "https" }.count == 10)
        #expect(columns.allSatisfy { $0[4] == "203.0.113.7" && $0[20] == "-" && $0[21] == "-" })
        #expect(columns.filter { $0[13] == "Redirect" }.map { $0[16] } == ["http", "http"])

        let trusting = try site.edge([])
        let told = try site.replay(log, "--to", "http://127.0.0.1:\(trusting.port)")
        #expect(told.status == 0, "\(told)")
        #expect(told.output[0] == "12 requests replayed" && told.output[1] == "0 disagree (0 %)")
        for pair in ["  Redirect  Redirect  same", "  Hit       Hit       same"] {
            #expect(told.output.contains { $0.hasPrefix(pair) }, "\(told.output)")
        }

        let files = try SecuredFiles()
        let secured = try site.edge([], trusting: false, tls: files)
        let url = "https://127.0.0.1:\(secured.port)"
        let overTLS = try site.replay(log, "--to", url, "--cacert", files.path("root.pem"))
        #expect(overTLS.status == 0, "\(overTLS)")
        #expect(
            overTLS.output[0]
                == "10 requests replayed; left out: 2 plain http, for which --to names no address")
        let (plain, fresh) = (
            try site.edge([], trusting: false), try site.edge([], trusting: false, tls: files)
        )
        let both = try site.replay(
            log, "--to", "https://127.0.0.1:\(fresh.port)", "--to",
            "http://127.0.0.1:\(plain.port)", "-k")
        #expect(both.status == 0 && both.output[0] == "12 requests replayed", "\(both)")
        let doubted = try site.replay(log, "--to", url)
        #expect(doubted.status == 1)
        #expect(doubted.errors.contains("no TLS with the edge for edge.test"), "\(doubted)")
    }

    @Test("an edge that does not believe the replay is told apart, with the key to set")
    func untrusted() throws {
        let site = try Site()
        let log = try site.log()
        let edge = try site.edge([], trusting: false)
        let run = try site.replay(log, "--to", "http://127.0.0.1:\(edge.port)")
        #expect(run.status == 1)
        let cause =
            "  10 the edge takes https for http, as it does not believe this client's "
            + "X-Forwarded-Proto: its trustedProxies (--trusted-proxy) must have the address that "
            + "replay asks from, or --to name its https:// address"
        #expect(run.output.contains(cause), "\(run)")
        #expect(run.output.contains("10 disagree (83.3 %)"))
    }

    @Test("an origin's own way to https is none of the log's answers, though both are misses")
    func redirectedByOrigin() throws {
        let origin = try Origin()
        let room = origin.room()
        room.answers { request in
            request["X-Forwarded-Proto"] == "https"
                ? .ok("Cache-Control: max-age=60")
                : .response(301, ["Location: https://maps.test\(request.target)"])
        }
        let directory = try TemporaryDirectory()
        let log = try directory.write(
            "log",
            "#Version: 1.0\n"
                + ReplayTests.line("21:02:31", room.path("a"), "Miss"))
        for (arguments, expected) in [(["--trusted-proxy", "127.0.0.1"], 0), ([], 1)] {
            let edge = try Edge(origin: origin.url, arguments: arguments)
            let run = try CommandRun(
                ["replay", log, "--to", "http://127.0.0.1:\(edge.port)"], directory)
            #expect(run.status == expected, "\(run)")
            #expect(run.output.contains { $0.contains("takes https for http") } == (expected == 1))
        }
        #expect(room.requests.map { $0["X-Forwarded-For"] }.first == "192.0.2.100, 127.0.0.1")
    }

    @Test("the country is that of the log's viewer")
    func country() throws {
        let origin = try Origin()
        let room = origin.room()
        room.answers {
            .ok("Cache-Control: max-age=60", body: $0["CloudFront-Viewer-Country"] ?? "-")
        }
        let directory = try TemporaryDirectory()
        let table = try directory.write("table", "192.0.2.0/25,AU\n192.0.2.128/25,DE\n")
        let document = try directory.write(
            "dist.json",
            """
            {"CallerReference": "geo", "Comment": "", "Enabled": true,
             "Origins": {"Quantity": 1, "Items": [{"Id": "site", "DomainName": "site.test",
               "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443,
                 "OriginProtocolPolicy": "http-only"}}]},
             "DefaultCacheBehavior": {"TargetOriginId": "site",
               "ViewerProtocolPolicy": "https-only", "MinTTL": 0,
               "ForwardedValues": {"QueryString": true, "Cookies": {"Forward": "none"},
                 "Headers": {"Quantity": 1, "Items": ["CloudFront-Viewer-Country"]}}},
             "Restrictions": {"GeoRestriction": {"RestrictionType": "blacklist", "Quantity": 1,
               "Items": ["NZ"]}}}
            """)
        func line(_ time: String, _ address: String, _ result: String) -> String {
            ReplayTests.line(time, room.path("a"), result).split(separator: "\t")
                .map { $0 == "192.0.2.100" ? Substring(address) : $0 }.joined(separator: "\t")
        }
        let log = try directory.write(
            "log",
            "#Version: 1.0\n" + line("21:02:31", "192.0.2.1", "Miss")
                + line("21:02:32", "192.0.2.2", "Hit") + line("21:02:33", "192.0.2.200", "Miss")
                + line("21:02:34", "192.0.2.201", "Hit"))
        func edge(_ more: [String]) throws -> Edge {
            try Edge(
                origin: nil, mode: "cloudfront",
                arguments: ["--distribution", document, "--origin", "site=\(origin.url)"] + more,
                configuration: "distribution: { country: { table: \"\(table)\" } }\n")
        }
        let trusting = try edge(["--trusted-proxy", "127.0.0.1"])
        let run = try CommandRun(
            ["replay", log, "--to", "http://127.0.0.1:\(trusting.port)"], directory)
        #expect(run.status == 0, "\(run)")
        #expect(room.requests.map { $0["CloudFront-Viewer-Country"] } == ["AU", "DE"])
        // A behavior that refuses http does so to whom it does not believe.
        let other = try edge([])
        let refused = try CommandRun(
            ["replay", log, "--to", "http://127.0.0.1:\(other.port)"], directory)
        #expect(
            refused.output.contains { $0.contains("4 the edge takes https for http") }, "\(refused)"
        )
    }
}
