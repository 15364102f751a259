import Testing
import WireTesting

/// Behind the real CloudFront nothing that the edge says itself may be taken for CloudFront's word.
@Suite("Role tier: answers of the edge's own do not say CloudFront")
struct CloudFrontTierTests {
    private static let lanes = [
        Lane("redirected") {
            $0.viewers = "redirect-to-https"
            $0.takesWrites = true
        },
        Lane("secured") { $0.viewers = "https-only" },
        Lane("timed") {
            $0.responseHeaders =
                "\"ServerTimingHeadersConfig\": { \"Enabled\": true, \"SamplingRate\": 100 }"
        },
    ]

    private let stand: Stand

    init() throws {
        stand = try Stand(Self.lanes, Stand.Parts(arguments: ["--role", "tier"]))
    }

    private func ask(_ method: String, _ path: String) throws -> Response {
        var viewer = try stand.edge.viewer()
        let response = try viewer.exchange(
            "\(method) \(path) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 0\r\n\r\n")
        let all = String(decoding: response.head.raw, as: UTF8.self) + response.text
        #expect(!all.lowercased().contains("cloudfront"), "\(all)")
        #expect(!all.lowercased().contains("x-amz-cf"), "\(all)")
        return response
    }

    @Test(
        "a redirect to https has the edge's own page",
        arguments: [
            ("GET", 301, "301 Moved Permanently"), ("POST", 307, "307 Temporary Redirect"),
        ])
    func redirect(_ method: String, _ status: Int, _ phrase: String) throws {
        let path = stand.origin.room("row").path("redirected/it?a=1")
        let answer = try ask(method, path)
        #expect(answer.status == status)
        #expect(answer["Location"] == "https://edge.test\(path)")
        #expect(answer["Content-Type"] == "text/html; charset=utf-8")
        #expect(answer["X-Cache"] == "Redirect from mapedge")
        #expect(answer.text.contains("<h1>\(phrase)</h1>"), "\(answer.text)")
        #expect(answer.text.contains("<p>mapedge</p>"), "\(answer.text)")
    }

    @Test("nor does a refusal, a failure, or what Server-Timing tells")
    func others() throws {
        let room = stand.origin.room("row")
        room.always(.ok("Cache-Control: max-age=60", body: "a page"))
        #expect(try ask("GET", room.path("secured/it")).status == 403)
        #expect(try ask("POST", room.path("standard/it")).status == 403)
        for result in ["Miss", "Hit"] {
            let answer = try ask("GET", room.path("timed/it"))
            #expect(answer["X-Cache"] == "\(result) from mapedge")
            #expect(answer["Server-Timing"]?.contains("cdn-pop;desc=\"mapedge\"") == true)
        }
        let parts = Stand.Parts(arguments: ["--role", "tier"], hasOrigins: false)
        let alone = try Stand([], parts)
        var viewer = try alone.edge.viewer()
        let failure = try viewer.exchange("GET /a HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        let all = String(decoding: failure.head.raw, as: UTF8.self) + failure.text
        #expect(failure.status == 502 && !all.lowercased().contains("cloudfront"), "\(all)")
    }
}
