import Edge
import Testing

@testable import Control

@Suite("Explain: what would be done with a request, from the steps of the hit path")
struct ExplainTests {
    private let bench = ExplainBench()

    @Test("the pattern that matched, those that nearly did, and those that come too late")
    func patterns() throws {
        let tile = try bench.explain("http://a.example.org/tiles/1.html")
        #expect(tile.behavior.pattern == "/tiles/*" && tile.behavior.origin == "maps")
        #expect(tile.behavior.keyPolicy == "cache policy Managed-CachingOptimized")
        #expect(
            tile.patterns == [
                Explanation.Pattern("/tiles/*", .matched),
                Explanation.Pattern("/tiles/*.html", .shadowed),
            ])
        let other = try bench.explain("http://a.example.org/Tiles/1.png")
        #expect(other.behavior.pattern == "*")
        #expect(other.patterns.count == 2)
        #expect(
            other.patterns.first
                == Explanation.Pattern(
                    "/tiles/*",
                    .nearly("letters differ in case, and patterns are case-sensitive")))
        let slash = try bench.explain("http://a.example.org/pages")
        #expect(slash.patterns.contains { $0.pattern == "/pages/*" && $0.outcome != .matched })
    }

    @Test("the root object and the path that patterns see")
    func rewritings() throws {
        let root = try bench.explain("http://a.example.org/")
        #expect(root.rewritings == [Explanation.Rewriting("root object", "/index.html")])
        #expect(root.request.target == "/")
        #expect(root.key?.parts.first { $0.kind == "path" }?.value == "/index.html")
        let dots = try bench.explain("http://a.example.org/pages/../tiles/1.png")
        #expect(
            dots.rewritings == [Explanation.Rewriting("path for patterns", "/tiles/1.png")])
        #expect(dots.behavior.pattern == "/tiles/*")
    }

    @Test(
        "which name of the distribution the host is",
        arguments: [
            ("a.example.org", "*.example.org"), ("example.org", nil),
            ("A.EXAMPLE.ORG:8080", "*.example.org"), ("localhost", nil),
        ] as [(String, String?)])
    func alias(_ host: String, _ name: String?) throws {
        let told = try bench.explain("http://\(host)/tiles/1.png")
        #expect(told.alias?.matched == name)
        #expect(told.alias?.distribution.hasPrefix("E") == true)
        #expect(told.refusal == nil)
    }

    @Test("each part of the key, in whose name; secrets by length and digest only")
    func key() throws {
        let told = try bench.explain(
            "http://a.example.org/pages/1?utm=x&page=2",
            ["Accept-Language: de", "Cookie: sid=1234; theme=dark", "X-Other: y"])
        let key = try #require(told.key)
        let parts = key.parts.filter { !["policy", "host"].contains($0.kind) }
        #expect(
            parts.map { "\($0.label)=\($0.value ?? "-")" } == [
                "method=GET or HEAD", "path=/pages/1", "query=page=2", "field accept-language=de",
                "cookie theme=(4 bytes, #\(hiddenDigest(key)))",
            ])
        #expect(parts[2].source == "those named: page")
        #expect(key.hash.count == 32)
        #expect(
            key.leftOut == [
                Explanation.KeyOmission("query", "utm"), Explanation.KeyOmission("cookie", "sid"),
            ])
        let absent = try bench.explain("http://a.example.org/pages/1")
        #expect(absent.key?.parts.first { $0.kind == "field" }?.value == nil)
    }

    /// The six digits of the cookie's digest.
    private func hiddenDigest(_ key: Explanation.Key) -> String {
        let value = key.parts.first { $0.kind == "cookie" }?.value ?? ""
        return String(value.drop { $0 != "#" }.dropFirst().prefix(6))
    }

    @Test("what is forwarded, changed, added and stripped, and why")
    func origin() throws {
        let told = try bench.explain(
            "http://a.example.org/tiles/1.png?v=2",
            ["Authorization: Basic eDp5", "X-Edge-Explain: 1", "Accept: image/png"])
        let origin = try #require(told.origin)
        #expect(origin.isAsked && origin.id == "maps")
        #expect(origin.requestLine == "GET /service/tiles/1.png HTTP/1.1")
        #expect(origin.members.map(\.text) == ["up"])
        let secret = origin.fields.first { $0.name == "X-Origin-Secret" }
        #expect(secret?.value.contains("tile") == false && secret?.fate == "added")
        #expect(origin.fields.first { $0.name == "Host" }?.value == "tiles.test")
        #expect(
            origin.stripped.map(\.name) == [
                "Authorization", "X-Edge-Explain", "Accept", "query v",
            ])
        #expect(origin.stripped[0].value.contains("eDp5") == false)
        #expect(origin.stripped[1].why == "it is for the edge")
        #expect(told.warnings.contains { $0.word == "authorization" })
        #expect(told.warnings.contains { $0.word == "query" && $0.text.hasSuffix(": v") })
        let page = try bench.explain(
            "http://a.example.org/pages/1?a=1", ["Cookie: sid=1; theme=dark", "X-Own: z"])
        let asked = try #require(page.origin)
        #expect(asked.fields.first { $0.name == "X-Own" }?.fate == "forwarded")
        #expect(asked.fields.first { $0.name == "Cookie" }?.fate == "changed")
        #expect(asked.stripped.map(\.name).contains("cookie sid"))
        #expect(page.warnings.contains { $0.text.contains("cookies are forwarded") })
        #expect(!told.warnings.contains { $0.text.contains("cookies are forwarded") })
    }

    @Test("what the distribution refuses is told with its reason, and nothing else")
    func refusals() throws {
        let method = try bench.explain("http://a.example.org/tiles/1.png", method: "POST")
        #expect(method.refusal?.word == "method-not-allowed" && method.key == nil)
        #expect(method.decision.action == "refuse" && method.origin == nil)
        var secured = ExplainBench.export
        secured.standard = secured.standard.replacing("allow-all", with: "https-only")
        let plain = try bench.explain("http://a.example.org/x", export: secured)
        #expect(plain.refusal?.word == "https-only")
        let safe = try bench.explain("https://a.example.org/x", export: secured, usesTLS: true)
        #expect(safe.refusal == nil && safe.request.usesTLS)
        let body = try bench.explain(
            "http://a.example.org/x", ["Content-Length: 3"], export: nil)
        #expect(body.refusal?.word == "body-not-supported")
    }

    @Test("whose tokens a page would be filled with")
    func tokens() throws {
        let file = """
            behaviors:
              - path: "*"
                class: pages
                tokenPlaces: [{ cookie: csrftoken, before: ['csrfToken: "'] }]
            """
        let secret = String(repeating: "s3", count: 16)
        for (cookie, word) in [
            ("csrftoken=\(secret)", "put in by the reader's csrftoken"),
            ("csrftoken=\"><b>", "is given one"), ("_ga=1", "is given one"),
        ] {
            let told = try bench.explain(
                "http://x.test/", ["Cookie: \(cookie)"], export: nil, file: file)
            let tokens = told.rewritings.first { $0.what == "tokens" }
            #expect(tokens?.result.contains(word) == true)
            #expect(tokens?.result.contains(secret) == false)
        }
        let ann = try bench.explain(
            "http://x.test/", ["Cookie: sessionid=a"], export: nil, file: file)
        #expect(!ann.rewritings.contains { $0.what == "tokens" })
    }

    @Test("what has to be proved of a page that starts a session")
    func sessionStart() throws {
        let file = "behaviors: [{ path: \"*\", class: pages, sessionStartProofs: 3 }]"
        let told = try bench.explain("http://x.test/", export: nil, file: file)
        #expect(
            told.rewritings == [
                Explanation.Rewriting(
                    "session start",
                    "shared once 3 readers were given the same with different sessions")
            ])
        let ann = try bench.explain(
            "http://x.test/", ["Cookie: sessionid=a"], export: nil, file: file)
        #expect(ann.rewritings.isEmpty)
    }

    @Test("without a distribution: sessions, map requests and what passes the store")
    func own() throws {
        let page = try bench.explain("http://x.test/a?b=1", export: nil)
        #expect(page.alias == nil && page.behavior.keyPolicy == "the edge's own rules")
        #expect(page.decision.action == "fetch" && page.decision.reason == "absent")
        #expect(page.decision.storeRefusal == nil && page.origin?.isAsked == true)
        #expect(page.key?.parts.map(\.kind) == ["method", "host", "path", "query"])
        let session = try bench.explain(
            "http://x.test/a", ["Cookie: sessionid=1"], export: nil)
        #expect(session.decision.action == "pass" && session.decision.reason == "session")
        #expect(session.decision.storeRefusal == "session")
        let post = try bench.explain("http://x.test/a", method: "POST", export: nil)
        #expect(post.decision.reason == "method" && post.key == nil)
        let map = "http://x.test/wms?service=WMS&request=GetMap&layers=a&format=image/png"
        let tile = try bench.explain(map + "&exceptions=INIMAGE", export: nil)
        #expect(tile.rewritings.map(\.what) == ["map request", "tile", "asked as"])
        #expect(
            tile.key?.hash == (try bench.explain(map, export: nil)).key?.hash)
        let twice = try bench.explain(map + "&layers=b", export: nil)
        #expect(twice.refusal?.word == "ambiguous-map" && twice.key == nil)
    }

    @Test("what is no request is told as what it would be answered with")
    func rejected() {
        #expect(throws: ExplainError.self) {
            try bench.explain(head: Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8))
        }
        #expect {
            try bench.explain(head: Array("GET / HTTP/1.1\r\n\r\n".utf8))
        } throws: { error in
            "\(error)".hasPrefix("such a request is answered with 400: ")
        }
    }
}
