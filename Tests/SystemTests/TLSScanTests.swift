import Testing
import WireTesting

private let scanner = firstExecutable("/usr/bin/testssl", "/usr/bin/testssl.sh")

@Suite(
    "TLS with viewers, as testssl.sh sees it", .waits,
    .enabled(if: openssl != nil && scanner != nil, "no openssl or testssl.sh"))
struct TLSScanTests {
    /// What it has found, by its names.
    private func scan(_ test: SecuredEdge) throws -> [String: (severity: String, text: String)] {
        let report = test.directory.file("report.json")
        let output = test.directory.file("output")
        // Protocols, kinds of ciphers, the server's preferences and defaults, and known attacks.
        let words = [
            "--quiet", "--warnings", "batch", "--color", "0", "--nodns", "none", "--ip",
            "127.0.0.1", "--add-ca", test.files.path("root.pem"), "--jsonfile", report,
            "-p", "-s", "-P", "-S", "-U", "localhost:\(test.edge.port)",
        ]
        // It leaves children and files behind where it is ended from outside: `timeout` ends them
        // all, and what they wrote goes with the test's directory.
        let child = try Child(
            "/usr/bin/env",
            [
                "TMPDIR=\(test.directory.path)", "timeout", "--kill-after=5", "230",
                try #require(scanner),
            ] + words, output: output)
        // 20 s where nothing else runs. Up to 49 counts what it could not tell: its client of TLS 1.3
        // may leave before the session that it wants to resume has come.
        let exit = child.waitForExit(within: 240_000)
        #expect(exit.map { $0 >= 0 && $0 < 50 } == true, "\((try? readFile(output)) ?? "")")
        var found: [String: (severity: String, text: String)] = [:]
        for finding in try JSON(try readFile(report)).elements {
            let name = try #require(finding["id"]?.text)
            found[name] = (finding["severity"]?.text ?? "", finding["finding"]?.text ?? "")
        }
        return found
    }

    @Test("TLS 1.2 and 1.3 only, and nothing of high severity")
    func findings() throws {
        let origin = try Origin()
        let files = try SecuredFiles()
        // A certificate that is about to end, or whose authority tells of no revocations, would be
        // found too; more attacks are known on RSA.
        try files.certificate(
            "edge", by: "root", days: 90, isRSA: true,
            extensions: ["authorityInfoAccess=OCSP;URI:http://127.0.0.1:9/"])
        let test = try SecuredEdge(files, origin: ["members: [\"\(origin.url)\"]"])
        let found = try scan(test)
        let offers = [
            "SSLv2": false, "SSLv3": false, "TLS1": false, "TLS1_1": false, "TLS1_2": true,
            "TLS1_3": true,
        ]
        for (name, isOffered) in offers {
            let text = found[name]?.text
            #expect(text?.hasPrefix(isOffered ? "offered" : "not offered") == true, "\(name)")
        }
        #expect(found["scanTime"] != nil, "it did not come to its end")
        for name in ["heartbleed", "ROBOT", "BEAST", "LUCKY13", "cert_chain_of_trust"] {
            #expect(found[name]?.severity == "OK", "\(name): \(found[name]?.text ?? "-")")
        }
        let grave = found.filter { ["HIGH", "CRITICAL", "FATAL"].contains($0.value.severity) }
        #expect(grave.isEmpty, "\(grave)")
    }
}
