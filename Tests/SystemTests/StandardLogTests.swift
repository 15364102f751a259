import Glibc
import Testing
import WireTesting

@Suite("Access log in CloudFront's format")
struct StandardLogTests {
    private static let names =
        "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status "
        + "cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type "
        + "x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for "
        + "ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status "
        + "fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type "
        + "sc-content-type sc-content-len sc-range-start sc-range-end"

    static func settings(_ directory: String, _ more: String = "") -> [String] {
        ["accessLog: { format: cloudfront, directory: \"\(directory)\"\(more) }"]
    }

    /// What the gzip command makes of the files; nothing as long as one of them has not begun, or
    /// its last part is being written.
    static func plain(_ files: String, _ directory: TemporaryDirectory) throws -> String {
        let output = directory.file("plain-\(Serial.next())")
        let script = "cat '\(directory.path)'/\(files) | gzip -dc"
        let child = try Child("/bin/sh", ["-c", script], output: output)
        return child.waitForExit() == 0 ? try readFile(output) : ""
    }

    /// The same by the names of the fields. Checks their form.
    private static func records(_ directory: TemporaryDirectory) throws -> [[String: String]] {
        let lines = try plain("logs/edge/E2TEST.*.gz", directory)
            .split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 2 else { return [] }
        #expect(lines[0] == "#Version: 1.0" && lines[1] == "#Fields: \(names)")
        return try lines[2...].dropLast().map { line in
            let values = line.split(separator: "\t", omittingEmptySubsequences: false)
            let keys = names.split(separator: " ")
            try #require(values.count == keys.count, "\(line)")
            #expect(!values.contains(""))
            #expect(line.utf8.allSatisfy { (33...126).contains($0) || $0 == 9 })
            return Dictionary(
                uniqueKeysWithValues: zip(keys, values).map { (String($0), String($1)) })
        }
    }

    static func records(
        _ directory: TemporaryDirectory, count: Int
    ) throws -> [[String: String]] {
        try #require(
            try eventually {
                let found = try records(directory)
                return found.count >= count ? found : nil
            })
    }

    @Test("hits, misses, ranges, errors and refusals, readable while the file is written")
    func requests() throws {
        let directory = try TemporaryDirectory()
        #expect(mkdir(directory.file("logs"), 0o700) == 0)
        let configured = try Configured(
            sections: Self.settings(
                directory.file("logs"), ", prefix: edge, distribution: E2TEST"))
        let room = configured.origin.room()
        room.always(
            .ok("Cache-Control: max-age=60", "Content-Type: text/plain", body: "0123456789")
        )
        let edge = configured.edge
        let path = room.path("a%20b") + "?x=1&key=geheim"
        _ = try edge.get(path, "User-Agent: a b", "Cookie: a=geheim")
        _ = try edge.get(path)
        _ = try edge.get(path, "Range: bytes=2-4")
        var bad = try edge.viewer()
        try bad.send("GET /\u{1} HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(try bad.response().status == 400)
        _ = try edge.get("/nobody")
        let found = try Self.records(directory, count: 5)
        #expect(found.map { $0["x-edge-result-type"] } == ["Miss", "Hit", "Hit", "Error", "Error"])
        #expect(found[0]["cs-uri-stem"]?.hasSuffix("/a%2520b") == true)
        #expect(found[0]["cs-uri-query"] == "x=1&key=-" && found[0]["cs(Cookie)"] == "-")
        #expect(found[0]["cs(User-Agent)"] == "a%20b" && found[0]["x-host-header"] == "edge.test")
        #expect(found[0]["cs(Host)"] == "d2test.cloudfront.net" && found[0]["sc-status"] == "200")
        #expect(found[1]["sc-content-type"] == "text/plain" && found[1]["sc-content-len"] == "10")
        #expect(found[0]["c-ip"] == "127.0.0.1" && Int(found[0]["c-port"] ?? "") != nil)
        #expect((Int(found[1]["sc-bytes"] ?? "") ?? 0) > 100)
        #expect(found[2]["sc-range-start"] == "2" && found[2]["sc-range-end"] == "4")
        #expect(found[2]["sc-status"] == "206" && found[2]["cs-protocol"] == "http")
        #expect(found[3]["sc-status"] == "400" && found[3]["cs-method"] == "-")
        #expect(found[4]["cs-uri-stem"] == "/nobody")
        #expect(found.allSatisfy { $0["x-edge-location"] == "mapedge" })
    }

    @Test("CloudFront's twin says where CloudFront would be, and which method it does not allow")
    func twin() throws {
        let directory = try TemporaryDirectory()
        #expect(mkdir(directory.file("logs"), 0o700) == 0)
        let configured = try Configured(
            sections: ["role: twin"]
                + Self.settings(
                    directory.file("logs"), ", prefix: edge, distribution: E2TEST"),
            arguments: ["--mode", "cloudfront"])
        // Of what is too large CloudFront writes no line.
        for head in [
            "GET /\(String(repeating: "a", count: 8_200)) HTTP/1.1\r\n",
            "GET / HTTP/1.1\r\nA: \(String(repeating: "a", count: 33_000))\r\n",
        ] {
            var large = try configured.edge.viewer()
            try large.send("\(head)Host: edge.test\r\n\r\n")
            #expect([414, 494].contains(try large.response().status))
        }
        var viewer = try configured.edge.viewer()
        try viewer.send("TRACE / HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(try viewer.response().status == 403)
        let found = try Self.records(directory, count: 1)
        #expect(found.count == 1 && found[0]["x-edge-location"] == "SEA19-C1")
        #expect(found[0]["x-edge-detailed-result-type"] == "InvalidRequestMethod")
        #expect(found[0]["sc-status"] == "403")
    }

    @Test("what was written survives kill -9; a new edge begins a file of its own")
    func killed() throws {
        let directory = try TemporaryDirectory()
        #expect(mkdir(directory.file("logs"), 0o700) == 0)
        let sections = Self.settings(
            directory.file("logs"), ", prefix: edge, distribution: E2TEST")
        let first = try Configured(sections: sections)
        let room = first.origin.room()
        room.always(.ok(body: "x"))
        for index in 0..<3 {
            _ = try first.edge.get(room.path("\(index)"))
            #expect(try Self.records(directory, count: index + 1).count == index + 1)
        }
        first.edge.child.kill9()
        #expect(try Self.records(directory).count == 3)
        let second = try Configured(sections: sections)
        _ = try second.edge.get("/again")
        let records = try #require(
            try eventually { () -> Int? in
                let output = directory.file("again-\(Serial.next())")
                let script =
                    "cd '\(directory.path)/logs/edge' && cat *.gz | gzip -dc | grep -q again && ls"
                let child = try Child("/bin/sh", ["-c", script], output: output)
                guard child.waitForExit() == 0 else { return nil }
                return try readFile(output).split(separator: "\n").filter {
                    $0.hasSuffix(".gz")
                }.count
            })
        #expect(records == 2)
    }

    @Test("over TLS the protocol and the cipher are told")
    func secured() throws {
        let files = try SecuredFiles()
        let directory = try TemporaryDirectory()
        #expect(mkdir(directory.file("logs"), 0o700) == 0)
        let origin = try Origin()
        let text =
            ([
                "listen: [{ address: \"127.0.0.1:0\", tls: true }]", "tls:", "  certificates:",
                "    - { chain: \"\(files.path("edge.pem"))\", key: \"\(files.path("edge.key"))\" }",
                "origins: { default: { members: [\"\(origin.url)\"] } }",
            ]
            + Self.settings(directory.file("logs"), ", prefix: edge, distribution: E2TEST"))
            .joined(separator: "\n") + "\n"
        let edge = try Edge(origin: nil, configuration: text, listen: nil)
        let child = try Child(
            "/usr/bin/curl",
            ["-sk", "--tls-max", "1.2", "https://127.0.0.1:\(edge.port)/secret"])
        #expect(child.waitForExit() == 0)
        let found = try Self.records(directory, count: 1)
        #expect(found[0]["cs-protocol"] == "https" && found[0]["ssl-protocol"] == "TLSv1.2")
        #expect(found[0]["ssl-cipher"]?.hasPrefix("ECDHE-") == true)
    }
}
