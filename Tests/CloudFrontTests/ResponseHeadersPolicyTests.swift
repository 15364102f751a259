import HTTP
import Testing

@testable import CloudFront

@Suite("Response headers policies")
struct ResponseHeadersPolicyTests {
    private func managed(_ name: String) -> ResponseHeadersPolicy? {
        ManagedPolicies.responseHeaders.first { $0.name == "Managed-\(name)" }
    }

    /// The origin's fields that go on, then what the policy adds.
    private func applied(
        _ policy: ResponseHeadersPolicy?, to ask: Ask, _ fields: [String] = []
    ) -> String {
        guard let policy else { return "no such policy" }
        let block = Array(fields.map { $0 + "\r\n" }.joined().utf8)
        return written { writer in
            policy.write(
                block.span.bytes, request: ask.head, requestBytes: ask.bytes.span.bytes,
                to: &writer)
        }
    }

    @Test("SimpleCORS answers requests with Origin only, and gives way to the origin's fields")
    func simpleCORS() {
        let policy = managed("SimpleCORS")
        let added = "Access-Control-Allow-Origin: *\r\n"
        #expect(applied(policy, to: Ask("/a")) == "")
        #expect(applied(policy, to: Ask("/a", "Origin: https://b.org")) == added)
        let own = "access-control-max-age: 5"
        #expect(applied(policy, to: Ask("/a", "Origin: https://b.org"), [own]) == own + "\r\n")
    }

    @Test("methods are told to a preflight only")
    func preflight() {
        let policy = managed("CORS-With-Preflight")
        let simple = applied(policy, to: Ask("/a", "Origin: https://b.org"))
        #expect(
            simple
                == "Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: *\r\n")
        let ask = Ask(
            "/a", "Origin: https://b.org", "Access-Control-Request-Method: PUT", method: "OPTIONS")
        #expect(
            applied(policy, to: ask)
                == "Access-Control-Allow-Origin: *\r\n"
                + "Access-Control-Allow-Methods: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT\r\n"
                + "Access-Control-Expose-Headers: *\r\n")
    }

    @Test("a preflight is told all that the policy has, in one order")
    func wholePreflight() {
        let cors = ResponseHeadersPolicy.CORS(
            allowOrigins: ["*"], allowHeaders: ["X-In"], allowMethods: ["GET", "PUT"],
            exposeHeaders: ["X-Out", "X-Too"], allowsCredentials: true, maxAgeSeconds: 5,
            overridesOrigin: true)
        #expect(
            String(decoding: cors.preflightLines, as: UTF8.self) == """
                Access-Control-Allow-Credentials: true\r
                Access-Control-Allow-Methods: GET, PUT\r
                Access-Control-Allow-Headers: X-In\r
                Access-Control-Expose-Headers: X-Out, X-Too\r
                Access-Control-Max-Age: 5\r

                """)
    }

    @Test("security headers override or give way one by one")
    func security() {
        let own = ["X-Content-Type-Options: sniff", "x-frame-options: DENY"]
        #expect(
            applied(managed("SecurityHeadersPolicy"), to: Ask("/a"), own) == """
                x-frame-options: DENY\r
                Referrer-Policy: strict-origin-when-cross-origin\r
                Strict-Transport-Security: max-age=31536000\r
                X-Content-Type-Options: nosniff\r
                X-XSS-Protection: 1; mode=block\r

                """)
    }

    @Test("a listed origin is echoed; a star stands for subdomains")
    func origins() {
        let cors = ResponseHeadersPolicy.CORS(
            allowOrigins: ["https://a.org", "*.b.org", "https://*.c.org"], allowHeaders: [],
            allowMethods: ["GET"], exposeHeaders: [], allowsCredentials: true, maxAgeSeconds: 5,
            overridesOrigin: true)
        let answers: [(String, ResponseHeadersPolicy.CORS.Answer)] = [
            ("https://a.org", .echo), ("http://a.org", .none), ("https://x.b.org", .echo),
            ("http://x.b.org", .echo), ("https://b.org", .none), ("https://x.c.org", .echo),
            ("http://x.c.org", .none), ("https://a.org.evil.org", .none), ("null", .none),
        ]
        for (origin, answer) in answers {
            #expect(origin.withBytes { cors.answer(to: $0) } == answer, "\(origin)")
        }
    }

    @Test("fields are removed before others are added, and some cannot be removed")
    func removal() {
        let text = """
            {"Name": "n",
             "RemoveHeadersConfig": {"Quantity": 1, "Items": [{"Header": "Server"}]},
             "CustomHeadersConfig": {"Quantity": 1, "Items": [
               {"Header": "server", "Value": "maps", "Override": false}]}}
            """
        let policy = ResponseHeadersPolicy.read(json(text)).value
        #expect(applied(policy, to: Ask("/a"), ["Server: x"]) == "server: maps\r\n")
    }

    /// Source: CloudFront, "Remove headers", the list of those that cannot be.
    private static let kept = [
        "Connection", "Content-Encoding", "Content-Length", "Expect", "Host", "Keep-Alive",
        "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Trailer",
        "Transfer-Encoding", "Upgrade", "Via", "Warning", "X-Accel-Buffering", "X-Accel-Charset",
        "X-Accel-Limit-Rate", "X-Accel-Redirect", "X-Amz-Cf-Id", "X-Amz-Cf-Pop", "X-Cache",
        "X-Edge-Location", "X-Forwarded-Proto", "X-Real-IP",
    ]
    private static let others = [
        "Server", "Date", "Set-Cookie", "X-Powered-By", "ETag", "X-Amz-Id-2", "Proxy",
    ]

    @Test(
        "which fields a policy may remove, in any case",
        arguments: [(kept, false), (kept.map { $0.lowercased() }, false), (others, true)])
    func removable(_ names: [String], _ isTaken: Bool) {
        for name in names {
            let text = """
                {"Name": "n",
                 "RemoveHeadersConfig": {"Quantity": 1, "Items": [{"Header": "\(name)"}]}}
                """
            #expect(ResponseHeadersPolicy.read(json(text)).errors.isEmpty == isTaken, "\(name)")
        }
    }

    @Test("a field that frames a message cannot be added", arguments: ["", "X-"])
    func framing(_ prefix: String) {
        for name in ["Transfer-Encoding", "content-length", "Connection", "Trailer", "TE"] {
            let text = """
                {"Name": "n",
                 "CustomHeadersConfig": {"Quantity": 1, "Items": [
                   {"Header": "\(prefix)\(name)", "Value": "5", "Override": true}]}}
                """
            let reading = ResponseHeadersPolicy.read(json(text))
            #expect(reading.errors.count == (prefix.isEmpty ? 1 : 0), "\(name)")
        }
    }

    @Test("a sampling rate is a percentage with four decimals")
    func samplingRate() {
        func rate(_ text: String) -> Int? {
            ResponseHeadersPolicy.read(
                json(
                    #"{"Name": "n", "ServerTimingHeadersConfig": {"Enabled": true, "SamplingRate": \#(text)}}"#
                )
            ).value?.serverTimingPerMillion
        }
        #expect(rate("100") == 1_000_000)
        #expect(rate("0.0001") == 1)
        #expect(rate("101") == nil)
    }
}
