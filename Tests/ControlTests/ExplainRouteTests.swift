import Edge
import HTTP
import Testing

@testable import Control

@Suite("Explain: the admin port's path and what the command sends there")
struct ExplainRouteTests {
    /// Explains what names it `/good`.
    private struct Subject: AdminSubject {
        let fallback = ScriptedSubject()
        func counters() -> [CounterSample] { [] }
        func histograms() -> [HistogramSample] { [] }
        var isTurning: Bool { true }
        var fitness: Fitness { .ready }
        func statusJSON() -> [UInt8] { [] }
        func reload() -> ReloadOutcome { .swapped([]) }
        func explain(
            _ request: [UInt8], usesTLS: Bool
        ) throws(ExplainError) -> Explanation {
            guard String(decoding: request, as: UTF8.self).hasPrefix("GET /good ") else {
                return try fallback.explain(request, usesTLS: usesTLS)
            }
            var told = Explanation()
            told.request.method = "GET"
            told.request.target = "/good"
            told.request.usesTLS = usesTLS
            told.invalidation = invalidation
            return told
        }
        var invalidation: Explanation.Invalidation?
        var api: CloudFrontAPI?
    }

    private static let good = "GET /good HTTP/1.1\r\nHost: a\r\n\r\n"

    private func answer(
        _ body: String, query: String = "", method: Method = .post, isCrossSite: Bool = false,
        of subject: Subject = Subject()
    ) -> (status: Int, text: String) {
        var request = AdminRequest(method: method, path: "/explain", isCrossSite: isCrossSite)
        request.query = query
        request.body = Array(body.utf8)
        let response = AdminRoutes(subject: subject).answer(request)
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    @Test("one head is explained, two are compared, as text or JSON")
    func answers() {
        let text = answer(Self.good)
        #expect(text.status == 200 && text.text.hasPrefix("request       GET /good\n"))
        #expect(answer(Self.good, query: "https").text.contains("over https"))
        let json = answer(Self.good, query: "json&https")
        #expect(json.text.hasPrefix(#"{"request":{"method":"GET""#))
        #expect(json.text.contains(#""tls":true"#))
        #expect(answer(Self.good + Self.good).text.contains("They share no object"))
        #expect(answer(Self.good + Self.good, query: "json").text.contains(#""shared":false"#))
    }

    @Test("an invalidation of the control API has the API's id, and no other has one")
    func invalidation() throws {
        let state = try ScriptedDistribution()
        for (id, number) in [("I1", 3), ("I2", 3), ("I3", 4)] as [(String, UInt64)] {
            try state.record(
                InvalidationRecord(
                    id: id, created: 1, items: ["/*"], callerReference: id, number: number))
        }
        var subject = Subject()
        subject.api = CloudFrontAPI(state)
        subject.invalidation = Explanation.Invalidation(
            number: 3, rule: "/a", kills: true, mayBeOfAPI: true)
        let named = answer(Self.good, of: subject).text
        #expect(named.contains("I2 of 1970-01-01T00:00:00.001Z, /a: killed"), "\(named)")
        #expect(answer(Self.good, query: "json", of: subject).text.contains(#""id":"I2""#))
        for (number, mayBe) in [(5, true), (3, false)] as [(UInt64, Bool)] {
            subject.invalidation = Explanation.Invalidation(
                number: number, rule: "/a", kills: true, mayBeOfAPI: mayBe)
            #expect(answer(Self.good, of: subject).text.contains("number \(number), /a: killed"))
            #expect(answer(Self.good, query: "json", of: subject).text.contains(#""id":null"#))
        }
    }

    @Test("what is refused, and how")
    func refusals() {
        #expect(answer(Self.good, method: .get).status == 405)
        #expect(answer(Self.good, isCrossSite: true).status == 403)
        #expect(answer(Self.good, query: "yaml").status == 400)
        #expect(answer("").status == 400)
        #expect(answer(Self.good + Self.good + Self.good).status == 400)
        let starting = answer("GET /bad HTTP/1.1\r\n\r\n")
        #expect(starting.status == 422 && starting.text.contains("try again"))
    }

    @Test("heads one behind the other end with their empty lines; a rest is a head of its own")
    func heads() {
        let heads = RequestHeads(Array("a\r\n\r\nb\r\nc\r\n\r\nd".utf8)).heads
        #expect(
            heads.map { String(decoding: $0, as: UTF8.self) } == [
                "a\r\n\r\n", "b\r\nc\r\n\r\n", "d",
            ])
    }

    @Test(
        "the head that a URL comes to",
        arguments: [
            ("http://a.test/x?y=1#z", "GET /x?y=1 HTTP/1.1|Host: a.test", false),
            ("https://a.test:8443", "GET / HTTP/1.1|Host: a.test:8443", true),
            ("HTTP://a.test?q", "GET /?q HTTP/1.1|Host: a.test", false),
            ("/x", "GET /x HTTP/1.1|Host: localhost", false),
        ])
    func requests(_ url: String, _ head: String, _ usesTLS: Bool) throws {
        let request = try ExplainRequest(url)
        let lines = String(decoding: request.head, as: UTF8.self)
        #expect(lines == head.replacing("|", with: "\r\n") + "\r\n\r\n")
        #expect(request.usesTLS == usesTLS)
    }

    @Test("fields are sent as they are, and a Host among them counts")
    func fields() throws {
        let request = try ExplainRequest(
            "http://a.test/", method: "HEAD", fields: ["host: b.test", "X: y"])
        #expect(
            String(decoding: request.head, as: UTF8.self)
                == "HEAD / HTTP/1.1\r\nhost: b.test\r\nX: y\r\n\r\n")
    }

    @Test(
        "what cannot be a request",
        arguments: ["a.test/x", "", "http:///x", "/a b", "/a\r\nX: y", "ftp://a/"])
    func mistakes(_ url: String) {
        #expect(throws: AdminClientError.self) { try ExplainRequest(url) }
    }

    @Test("fields and methods that would be other lines", arguments: ["X", ": y", "X: y\r\nZ: z"])
    func mistakes(field: String) {
        #expect(throws: AdminClientError.self) { try ExplainRequest("/", fields: [field]) }
        #expect(throws: AdminClientError.self) { try ExplainRequest("/", method: "") }
    }
}
