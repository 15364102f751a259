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
         "Aliases": {"Quantity": 2, "Items": ["edge.test", "wrong.test"]},
         "Origins": {"Quantity": 1, "Items": [{"Id": "maps", "DomainName": "\(domain)",
          "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443,
           "OriginProtocolPolicy": "https-only"}}]},
         "DefaultCacheBehavior": {"TargetOriginId": "maps", "ViewerProtocolPolicy": "allow-all",
          "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"},
         "CacheBehaviors": {"Quantity": 1, "Items": [{"PathPattern": "*/forwarded/*",
          "TargetOriginId": "maps", "ViewerProtocolPolicy": "allow-all",
          "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
          "OriginRequestPolicyId": "216adef6-5c7f-47e4-b989-5492eafa07d3"}]}}
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

    /// Source: CloudFront, "Require HTTPS for communication between CloudFront and your custom
    /// origin".
    @Test("a certificate may be for the Host that is forwarded, if it is the distribution's")
    func forwardedHost() throws {
        let files = try SecuredFiles()
        let origin = try Origin()
        let room = origin.room()
        room.always(.ok(body: "far away"))
        let inner = try SecuredEdge(
            files, name: "inner", origin: ["members: [\"\(origin.url)\"]"])
        let directory = try TemporaryDirectory()
        let file = try directory.write("dist.json", export("far.test"))
        func outer(_ name: String) throws -> Edge {
            let trust = "authorities: \"\(files.path("root.pem"))\"\(name)"
            return try Edge(
                origin: "maps=https://localhost:\(inner.edge.port)", mode: "cloudfront",
                arguments: ["--distribution", file],
                configuration: "origins: { maps: { tls: { \(trust) } } }\n",
                directory: try TemporaryDirectory())
        }
        let edge = try outer("")
        let path = room.path("forwarded/a")
        // The certificate is for edge.test and localhost. The connection of the first row is kept
        // for the last, and for no row between.
        for (host, status, why) in [
            ("edge.test", 200, "an alias that is on the certificate"),
            ("wrong.test", 502, "an alias that is not"),
            ("localhost", 502, "on the certificate, and no alias"),
            ("Edge.Test:\(edge.port)", 200, "the alias, written in another way"),
        ] {
            #expect(try edge.get(path, host: host).status == status, "\(why)")
        }
        #expect(try edge.get(room.path("b")).status == 502, "no Host is forwarded")
        #expect(try edge.metric("mapedge_origin_reuses_total") == 1)
        let wary = try outer(", name: far.test")
        #expect(try wary.get(path).status == 502, "the operator names who it must be")
    }
}
