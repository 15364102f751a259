import Glibc
import Testing
import WireTesting

private let hasClients = openssl != nil && isExecutable("/usr/bin/curl")

@Suite("TLS, with viewers and origins", .enabled(if: hasClients, "no openssl or curl"))
struct TLSTests {
    private func members(_ url: String) -> [String] { ["members: [\"\(url)\"]"] }

    private func failures(_ test: SecuredEdge) throws -> String? {
        try test.edge.admin("/metrics").text.split(separator: "\n").first {
            $0.hasPrefix("mapedge_tls_failures_total ")
        }.map { String($0) }
    }

    @Test("curl gets, posts and finds in the cache what it got")
    func curls() throws {
        let origin = try Origin()
        let test = try SecuredEdge(SecuredFiles(), origin: members(origin.url))
        let room = origin.room()
        let url = test.url(room.path())
        room.reply(.ok("Cache-Control: max-age=60", body: "secret"))
        #expect(try test.curl(url) == (0, "secret"))
        #expect(try test.curl("--http1.0", url) == (0, "secret"))
        #expect(try test.curl("--tls-max", "1.2", "-D", "-", url).output.contains("; hit"))
        #expect(try test.curl(url, url, url).output == "secretsecretsecret")
        #expect(room.count == 1)
        let request = try #require(room.requests.first)
        #expect(request["X-Forwarded-Proto"] == "https")
        let big = String(repeating: "a", count: 300_000)
        room.reply(.ok(body: "posted"))
        let file = try test.directory.write("big", big)
        #expect(try test.curl("--data-binary", "@\(file)", url) == (0, "posted"))
        #expect(room.requests.last?.text == big)
        #expect(try test.curl(trusting: "other", url).exit == 60)
    }

    @Test("a big stored body arrives whole, also at whoever reads slowly")
    func bigBodies() throws {
        let origin = try Origin()
        let test = try SecuredEdge(SecuredFiles(), origin: members(origin.url))
        let room = origin.room()
        let body = String((0..<300_000).map { "\($0)\n" }.joined())
        room.reply(.ok("Cache-Control: max-age=60", body: body))
        let url = test.url(room.path())
        for arguments in [[], ["--limit-rate", "3M"], ["--tls-max", "1.2"]] {
            let output = test.directory.file("output-\(arguments.count)")
            let result = try test.curl(["-o", output, url] + arguments)
            #expect(result.exit == 0)
            let isWhole = try readFile(output) == body
            #expect(isWhole)
        }
        #expect(try test.curl("-r", "100000-100009", url).output == body.part(100_000..<100_010))
        #expect(room.count == 1)
    }

    @Test("sessions are resumed, old versions and other protocols refused")
    func handshakes() throws {
        let origin = try Origin()
        let test = try SecuredEdge(SecuredFiles(), origin: members(origin.url))
        for version in ["-tls1_2", "-tls1_3"] {
            let session = test.directory.file("session\(version)")
            #expect(try test.client(version, "-sess_out", session).contains("New, TLSv1."))
            #expect(try test.client(version, "-sess_in", session).contains("Reused, TLSv1."))
        }
        let old = try test.client("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
        #expect(old.contains("alert protocol version"))
        #expect(try test.client("-alpn", "h2").contains("alert no application protocol"))
        #expect(try test.client("-alpn", "h2,http/1.1").contains("ALPN protocol: http/1.1"))
        #expect(try failures(test) == "mapedge_tls_failures_total 2")
    }

    @Test(
        "a certificate of the viewer's is as good as its authority, where it is asked for",
        arguments: ["request", "require"])
    func viewerCertificates(_ policy: String) throws {
        let origin = try Origin()
        let room = origin.room()
        room.always(.ok(body: "x"))
        let files = try SecuredFiles()
        try files.authority("viewers")
        try files.certificate("ada", by: "viewers")
        try files.certificate("intruder", by: "root")
        let test = try SecuredEdge(
            files, origin: members(origin.url),
            tls: [
                "clientCertificates: \(policy)",
                "clientAuthorities: \"\(files.path("viewers.pem"))\"",
            ])
        func ask(_ name: String?, _ path: String) throws -> (exit: Int?, output: String) {
            let shown = name.map {
                ["--cert", files.path("\($0).pem"), "--key", files.path("\($0).key")]
            }
            return try test.curl((shown ?? []) + [test.url(room.path(path))])
        }
        #expect(try ask("ada", "good") == (0, "x"))
        let intruder = try ask("intruder", "bad")
        #expect(intruder.exit != 0 && intruder.output == "")
        let nobody = try ask(nil, "none")
        if policy == "request" {
            #expect(nobody == (0, "x"))
        } else {
            #expect(nobody.exit != 0 && nobody.output == "")
        }
        let served = policy == "request" ? ["good", "none"] : ["good"]
        #expect(room.requests.map(\.target) == served.map { room.path($0) })
        let failed = 3 - served.count
        #expect(try failures(test) == "mapedge_tls_failures_total \(failed)")
    }

    @Test("SIGHUP brings new certificates, and a bad one is refused")
    func reload() throws {
        let origin = try Origin()
        let files = try SecuredFiles()
        let test = try SecuredEdge(files, origin: members(origin.url))
        let room = origin.room()
        room.always(.ok(body: "x"))
        #expect(try test.curl(test.url(room.path())) == (0, "x"))
        try files.certificate("edge", by: "other")
        test.edge.child.signal(SIGHUP)
        #expect(test.edge.child.line(with: "the new configuration is in force") != nil)
        #expect(try test.curl(trusting: "other", test.url(room.path())) == (0, "x"))
        #expect(try test.curl(trusting: "root", test.url(room.path())).exit == 60)
        _ = try files.directory.write("edge.key", "no key\n")
        test.edge.child.signal(SIGHUP)
        let refusal = try #require(test.edge.child.line(with: "edge.key"))
        #expect(refusal.contains("holds no private key"))
        #expect(try test.curl(trusting: "other", test.url(room.path())) == (0, "x"))
    }

    @Test("behind a PROXY header TLS begins where the header ends")
    func proxyHeader() throws {
        let origin = try Origin()
        let test = try SecuredEdge(SecuredFiles(), origin: members(origin.url), proxy: true)
        let room = origin.room()
        room.always(.ok(body: "x"))
        #expect(try test.curl("--haproxy-protocol", test.url(room.path())).exit != 0)
        var viewer = try test.edge.viewer()
        // The header for 192.0.2.7, and what should have been a hello in the same write.
        var bytes: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10, 0x21, 0x11, 0, 12]
        bytes += [192, 0, 2, 7, 192, 0, 2, 1, 0, 80, 0, 80]
        bytes += Array("GET / HTTP/1.1\r\n\r\n".utf8)
        try viewer.send(bytes)
        // Plain HTTP is not answered: TLS has begun.
        #expect(try viewer.isClosed())
        #expect(try failures(test) == "mapedge_tls_failures_total 1")
    }

    @Test("an origin is verified, and the operator told why one is not believed")
    func origins() throws {
        let origin = try Origin()
        let files = try SecuredFiles()
        let inner = try SecuredEdge(files, origin: members(origin.url))
        let room = origin.room()
        let body = String(repeating: "far away ", count: 100_000)
        room.always(.ok("Cache-Control: max-age=60", body: body))
        let url = "https://localhost:\(inner.edge.port)"
        let trust = ["tls: { authorities: \"\(files.path("root.pem"))\" }"]
        let outer = try SecuredEdge(files, name: "outer", origin: members(url) + trust)
        for _ in 0..<2 {
            let isWhole = try outer.curl(outer.url(room.path())).output == body
            #expect(isWhole)
        }
        room.always(.ok(body: "posted"))
        let big = try outer.directory.write("big", body)
        #expect(
            try outer.curl("--data-binary", "@\(big)", outer.url(room.path())).output == "posted")
        #expect(room.requests.last?.text.utf8.count == body.utf8.count)
        for (lines, reason) in [
            ("tls: { authorities: \"\(files.path("other.pem"))\" }", "unable to get local issuer"),
            (
                "tls: { authorities: \"\(files.path("root.pem"))\", name: x.test }",
                "hostname mismatch"
            ),
        ] {
            let wary = try SecuredEdge(files, origin: members(url) + [lines])
            let code = try wary.curl("-w", "%{http_code}", "-o", "/dev/null", wary.url("/a"))
            #expect(code.output == "502" || code.output == "503")
            #expect(wary.edge.child.line(with: reason) != nil)
        }
    }
}

extension String {
    fileprivate func part(_ range: Range<Int>) -> String {
        String(decoding: Array(utf8)[range], as: UTF8.self)
    }
}
