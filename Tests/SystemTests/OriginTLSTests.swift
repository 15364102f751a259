import Glibc
import Testing
import WireTesting

/// Source: CloudFront, "HTTP 502 status code (Bad Gateway)".
@Suite(
    "CloudFront: an origin whose TLS cannot be trusted", .waits,
    .enabled(if: openssl != nil, "no openssl"))
struct OriginTLSTests {
    /// A distribution with one origin, spoken to over TLS only.
    private func export(_ domain: String) -> String {
        """
        {"CallerReference": "tls", "Comment": "", "Enabled": true,
         "Origins": {"Quantity": 1, "Items": [{"Id": "maps", "DomainName": "\(domain)",
          "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443,
           "OriginProtocolPolicy": "https-only"}}]},
         "DefaultCacheBehavior": {"TargetOriginId": "maps", "ViewerProtocolPolicy": "allow-all",
          "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"}}
        """
    }

    private struct Answered {
        var status: Int
        var word: String?
        var log: String
    }

    /// What becomes of a request when the origin shows this certificate.
    private func ask(
        _ certificate: String, domain: String = "edge.test", _ files: SecuredFiles
    ) throws -> Answered {
        let origin = try Origin()
        let room = origin.room()
        room.always(.ok(body: "far away"))
        let inner = try SecuredEdge(
            files, name: "inner", origin: ["members: [\"\(origin.url)\"]"],
            certificate: certificate)
        let directory = try TemporaryDirectory()
        let log = directory.file("access.log")
        let edge = try Edge(
            origin: "maps=https://localhost:\(inner.edge.port)", mode: "cloudfront",
            arguments: [
                "--distribution", try directory.write("dist.json", export(domain)),
                "--access-log", log,
            ],
            configuration:
                "origins: { maps: { tls: { authorities: \"\(files.path("root.pem"))\" } } }\n",
            directory: directory)
        let answer = try edge.get(room.path())
        edge.child.signal(SIGTERM)
        _ = edge.child.waitForExit()
        return Answered(status: answer.status, word: answer["X-Cache"], log: try readFile(log))
    }

    @Test("a good certificate is believed; each bad one is a 502 with CloudFront's word")
    func rows() throws {
        let files = try SecuredFiles()
        let good = try ask("edge", files)
        #expect(good.status == 200 && good.word == "Miss from cloudfront", "\(good)")
        try files.certificate("old", by: "root", days: -1)
        for (row, certificate, domain) in [
            ("wrong name", "edge", "other.test"), ("self-signed", "other", "edge.test"),
            ("expired", "old", "edge.test"),
        ] {
            let answer = try ask(certificate, domain: domain, files)
            #expect(answer.status == 502, "\(row): \(answer)")
            #expect(answer.word == "Error from cloudfront", "\(row): \(answer)")
            #expect(
                answer.log.contains("\"x-edge-detailed-result-type\":\"OriginConnectError\""),
                "\(row): \(answer)")
        }
    }
}
