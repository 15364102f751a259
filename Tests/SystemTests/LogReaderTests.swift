import Glibc
import Testing
import WireTesting

/// A request, and what a reader of the log has to find of it.
private struct Logged {
    var method = "GET"
    var target: String
    var fields: [String] = []
    var body: String?
    /// The path as the log has it, and CloudFront's word for the answer.
    var stem: String
    var result: String
    var status = 200
    /// By a reader's names, where they are not absent.
    var more: [String: JSON] = [:]

    /// Asks, and gives all that is known of the line then, by the names of aws-log-parser, but the
    /// times.
    func ask(_ edge: Edge) throws -> [String: JSON] {
        let text = lastRequest(target, method: method, fields, body: body)
        var viewer = try edge.viewer()
        let answer = try viewer.exchange(text)
        #expect(answer.status == status, "\(target)")
        var line: [String: JSON] = [
            "edge_location": .string(try #require(answer["X-Amz-Cf-Pop"])),
            "edge_request_id": .string(try #require(answer["X-Amz-Cf-Id"])),
            "sent_bytes": .number(Double(answer.head.raw.count + answer.body.count)),
            "received_bytes": .number(Double(text.utf8.count)),
            "client_ip": .string("127.0.0.1"), "http_method": .string(method),
            "host": .string("d2test.cloudfront.net"), "host_header": .string("edge.test"),
            "uri_stem": .string(stem), "status_code": .number(Double(status)),
            "edge_result_type": .string(result), "edge_response_result_type": .string(result),
            "protocol": .string("http"), "protocol_version": .string("HTTP/1.1"),
        ]
        for name in [
            "referrer", "user_agent", "uri_query", "cookie", "forwarded_for", "ssl_protocol",
            "ssl_cipher", "fle_encrypted_fields",
        ] { line[name] = more[name] ?? .null }
        return line
    }

    /// What a separator, a quote, a comment or an escape could be taken for.
    static func all(_ room: Room) -> [Logged] {
        let odd = room.path("a%20b\"'%22,;%09%23") + "?x=1&y=%20\"a\"%09&x=a+b&key=secret"
        let stem = room.path("a%2520b%22%27%2522,;%2509%2523")
        let query = JSON.object([
            "x": .array([.string("1"), .string("a b")]), "y": .array([.string("%20\"a\"%09")]),
            "key": .array([.string("-")]),
        ])
        let agent = "\"a\" <b>\t\\c %41 {d|e}^`[~] M\u{FC}ller #"
        return [
            Logged(
                target: odd, fields: ["User-Agent: \(agent)", "Referer: http://x.test/\"a b"],
                stem: stem, result: "Miss",
                more: [
                    "uri_query": query, "user_agent": .string(agent),
                    "referrer": .string("http://x.test/%22a%20b"),
                ]),
            Logged(
                target: odd, fields: ["User-Agent: #", "Cookie: a=secret"], stem: stem,
                result: "Hit", more: ["uri_query": query, "user_agent": .string("#")]),
            Logged(
                method: "HEAD", target: odd, stem: stem, result: "Hit", more: ["uri_query": query]),
            Logged(
                target: room.path("gone"), fields: ["X-Forwarded-For: 192.0.2.7"],
                stem: room.path("gone"), result: "Error", status: 404,
                more: ["forwarded_for": .string("192.0.2.7")]),
            Logged(
                method: "POST", target: room.path("form"), body: String(repeating: "a", count: 999),
                stem: room.path("form"), result: "Miss"),
        ]
    }
}

/// An edge that was asked a few things and has logged them in CloudFront's format.
private struct LoggedSite {
    let directory: TemporaryDirectory
    /// What a reader must find, by the request's id.
    let lines: [String: [String: JSON]]
    private let edge: Edge

    init() throws {
        let origin = try Origin()
        directory = try TemporaryDirectory()
        #expect(mkdir(directory.file("logs"), 0o700) == 0)
        let text = """
            role: twin
            accessLog:
              { format: cloudfront, directory: "\(directory.file("logs"))", distribution: E2TEST }
            origins: { default: { members: ["\(origin.url)"] } }

            """
        edge = try Edge(
            origin: nil, mode: "cloudfront", configuration: text, directory: directory)
        let room = origin.room()
        room.answers { request in
            request.target.hasSuffix("gone") ? .response(404) : .ok("Cache-Control: max-age=60")
        }
        var lines: [String: [String: JSON]] = [:]
        for request in Logged.all(room) {
            let line = try request.ask(edge)
            lines[try #require(line["edge_request_id"]?.text)] = line
        }
        self.lines = lines
        let isWhole = try eventually { () -> Bool? in
            let text = try StandardLogTests.plain("logs/*.gz", directory)
            let written = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            return written.count >= lines.count ? true : nil
        }
        #expect(isWhole == true)
    }
}

private let parser = packagedFile("aws_log_parser/__init__.py")
private let goAccess = firstExecutable("/usr/bin/goaccess")

@Suite("CloudFront's log format, as others read it")
struct LogReaderTests {
    private static let script = """
        import dataclasses, json, sys
        from aws_log_parser import AwsLogParser, LogType
        reader = AwsLogParser(log_type=LogType.CloudFront, file_suffix=".gz")
        for entry in reader.read_url("file://" + sys.argv[1]):
            fields = dataclasses.asdict(entry)
            assert type(entry.time_taken) is float
            del fields["date"], fields["time"]
            fields["timestamp"] = entry.timestamp.timestamp()
            print(json.dumps(fields))
        """

    @Test(
        "aws-log-parser: hits, misses, errors and odd characters, each field as it was",
        .enabled(if: (try? readBytes(parser)) != nil, "make test installs it into .build/python"))
    func parsed() throws {
        let start = Double(time(nil))
        let site = try LoggedSite()
        let python = try #require(packagedPython)
        let (exit, output) = try site.directory.run(
            python, ["-W", "ignore", "-c", Self.script, site.directory.file("logs")])
        #expect(exit == 0, "\(output)")
        let end = Double(time(nil))
        var found: Set<String> = []
        for line in output.split(separator: "\n") {
            guard case .object(var fields) = try JSON(String(line)) else { continue }
            let moment = try #require(fields.removeValue(forKey: "timestamp")?.number)
            let taken = try #require(fields.removeValue(forKey: "time_taken")?.number)
            #expect(start...end ~= moment && 0...(end - start + 1) ~= taken, "\(line)")
            let id = try #require(fields["edge_request_id"]?.text)
            #expect(fields == site.lines[id], "\(line)")
            found.insert(id)
        }
        #expect(found.count == site.lines.count)
    }

    @Test(
        "GoAccess: it understands every line, and counts as many bytes as viewers got",
        .enabled(if: goAccess != nil, "no GoAccess"))
    func counted() throws {
        let site = try LoggedSite()
        let log = try site.directory.write(
            "plain.log", StandardLogTests.plain("logs/*.gz", site.directory))
        let report = site.directory.file("report.json")
        let (exit, output) = try site.directory.run(
            try #require(goAccess),
            [log, "--log-format=CLOUDFRONT", "--no-global-config", "-o", report])
        #expect(exit == 0, "\(output)")
        let general = try JSON(try readFile(report))["general"]
        #expect(general?["valid_requests"]?.number == Double(site.lines.count))
        #expect(general?["failed_requests"]?.number == 0)
        #expect(general?["unique_not_found"]?.number == 1)
        let sent = site.lines.values.compactMap { $0["sent_bytes"]?.number }
        #expect(general?["bandwidth"]?.number == sent.reduce(0, +))
    }
}
