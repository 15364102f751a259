import Glibc
import Testing
import WireTesting

private let hasClients = openssl != nil && isExecutable("/usr/bin/curl")

@Suite("CloudFront-Viewer-TLS", .enabled(if: hasClients, "no openssl or curl"))
struct ViewerTLSTests {
    private let files: SecuredFiles
    private let origin: Origin
    private let edge: Edge

    init() throws {
        files = try SecuredFiles()
        origin = try Origin()
        let directory = try TemporaryDirectory()
        mkdir(directory.file("policies"), 0o700)
        _ = try directory.write("policies/sends.json", Self.policy)
        let export = try directory.write("dist.json", Self.export)
        let chain = "chain: \"\(files.path("edge.pem"))\", key: \"\(files.path("edge.key"))\""
        edge = try Edge(
            origin: nil, mode: "cloudfront",
            arguments: [
                "--distribution", export, "--policies", directory.file("policies"),
                "--origin", "one=\(origin.url)",
            ],
            configuration: """
                listen: [{ address: "127.0.0.1:0", tls: true }]
                tls: { certificates: [{ \(chain) }] }

                """,
            directory: directory, listen: nil)
    }

    private static let policy = """
        { "OriginRequestPolicy": { "Id": "sends", "OriginRequestPolicyConfig": { "Name": "sends",
          "HeadersConfig": { "HeaderBehavior": "whitelist",
            "Headers": { "Quantity": 1, "Items": ["CloudFront-Viewer-TLS"] } },
          "CookiesConfig": { "CookieBehavior": "none" },
          "QueryStringsConfig": { "QueryStringBehavior": "none" } } } }
        """
    private static let export = """
        { "DistributionConfig": { "CallerReference": "tls", "Comment": "", "Enabled": true,
          "Origins": { "Quantity": 1, "Items": [
            { "Id": "one", "DomainName": "one.invalid",
              "CustomOriginConfig": { "HTTPPort": 80, "HTTPSPort": 443,
                "OriginProtocolPolicy": "http-only" } } ] },
          "DefaultCacheBehavior": {
            "TargetOriginId": "one", "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
            "OriginRequestPolicyId": "sends" } } }
        """

    @Test("a connection's first request tells the handshake, later ones that there was none")
    func kept() throws {
        let room = origin.room()
        room.always(.ok())
        let url = "https://127.0.0.1:\(edge.port)\(room.path())"
        let child = try Child(
            "/usr/bin/curl",
            [
                "-sk", "--tls-max", "1.2", "-o", "/dev/null", "-o", "/dev/null", "-H",
                "CloudFront-Viewer-TLS: forged", url, url,
            ])
        #expect(child.waitForExit() == 0)
        let told = room.requests.map { $0.head.values("CloudFront-Viewer-TLS") }
        #expect(told.count == 2 && told.allSatisfy { $0.count == 1 })
        let words = told.compactMap { $0.first?.split(separator: ":").map(String.init) }
        try #require(words.count == 2 && words.allSatisfy { $0.count == 3 })
        #expect(words[0][0] == "TLSv1.2" && words[0][1].hasPrefix("ECDHE-ECDSA-"))
        #expect(words[0][2] == "fullHandshake" && words[1][2] == "connectionReused")
    }

    @Test("a session that is resumed is told as that", arguments: ["-tls1_2", "-tls1_3"])
    func resumed(_ version: String) throws {
        let room = origin.room()
        room.always(.ok())
        let session = files.path("session\(version)")
        let request = try files.directory.write(
            "request\(version)",
            "GET \(room.path()) HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
        for option in ["-sess_out", "-sess_in"] {
            let child = try Child(
                "/bin/sh",
                [
                    "-c", "exec \"$0\" \"$@\" < \(request) > /dev/null 2>&1", openssl ?? "openssl",
                    "s_client", "-connect", "127.0.0.1:\(edge.port)", "-ign_eof", version, option,
                    session,
                ])
            _ = child.waitForExit()
        }
        let told = room.requests.compactMap { $0["CloudFront-Viewer-TLS"] }
        try #require(told.count == 2)
        let name = version == "-tls1_2" ? "TLSv1.2:" : "TLSv1.3:"
        #expect(told[0].hasPrefix(name) && told[0].hasSuffix(":fullHandshake"))
        #expect(told[1].hasPrefix(name) && told[1].hasSuffix(":sessionResumed"))
    }
}
