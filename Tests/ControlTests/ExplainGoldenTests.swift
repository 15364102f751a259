import Edge
import Glibc
import Testing

@testable import Control

@Suite("Explain: the texts for people and for programs")
struct ExplainGoldenTests {
    private let bench = ExplainBench()

    /// A request whose answer is stored, with everything around it that there can be.
    private func stored() throws -> Explanation {
        var told = try bench.explain(
            "http://a.example.org/pages/1?utm=x&page=2",
            ["Accept-Language: de", "Cookie: sid=1234; theme=dark", "Authorization: Basic eDp5"])
        var entry = Explanation.Entry()
        entry.kind = "complete"
        (entry.status, entry.bodyLength) = (200, 1_234)
        (entry.storedAt, entry.age, entry.lifetime) = (1_799_999_990_000, 10_000, 600_000)
        (entry.source, entry.field) = ("max-age", "Cache-Control: max-age=86400, max-age: 0")
        (entry.bound, entry.remaining) = ("max-ttl", 590_000)
        (entry.staleIfError, entry.flags) = (590_000, ["must-revalidate"])
        told.entry = entry
        var miss = Explanation.NearMiss()
        (miss.status, miss.age, miss.isFresh) = (200, 61_500, true)
        miss.differences = [
            Explanation.KeyDifference("field accept-language", wanted: "de", found: "en"),
            Explanation.KeyDifference(
                "query", wanted: "page=2", found: "page=02", note: "page"),
        ]
        var dead = miss
        (dead.isDead, dead.isFresh) = (true, false)
        dead.differences = [Explanation.KeyDifference("coding", wanted: nil, found: "gzip")]
        told.nearMisses = [miss, dead]
        (told.scanned, told.isScanComplete) = (200_000, false)
        told.invalidation = Explanation.Invalidation(
            number: 3, rule: "/pages/*", kills: false, mayBeOfAPI: true)
        told.decision.action = "serve"
        told.decision.reason = "fresh"
        told.decision.sentence = "the stored response is fresh"
        told.origin?.isAsked = false
        told.warnings.insert(
            Explanation.Note("set-cookie", "Set-Cookie (sid) is stored", "do not"), at: 0)
        return told
    }

    private func check(_ name: String, _ found: String) throws {
        let path = "\(ProjectFiles.tests)Goldens/\(name)"
        // A request's id is another each time.
        let found = found.replacing(/[A-Za-z0-9_-]{54}==/, with: "ID")
        if getenv("REWRITE_GOLDENS") != nil {
            try writeTextFile(path, found + "\n")
        } else {
            #expect(found + "\n" == (try ProjectFiles.text(path)))
        }
    }

    @Test("text: a section for each step")
    func text() throws {
        try check("explain-stored.txt", ExplanationText(stored()).text)
        let absent = try bench.explain("http://localhost/Tiles/1.png?v=1")
        try check("explain-absent.txt", ExplanationText(absent).text)
        let refused = try bench.explain("http://localhost/tiles/1.html", method: "POST")
        try check("explain-refused.txt", ExplanationText(refused).text)
    }

    @Test("JSON: names and values, in order")
    func json() throws {
        try check("explain-stored.json", stored().json.encoded)
        let refused = try bench.explain("http://localhost/tiles/1.html", method: "POST")
        try check("explain-refused.json", refused.json.encoded)
    }

    @Test("what is answered by another coding's entry says so, and shares it with whose own it is")
    func otherCoding() throws {
        func told(coding: String, served: String) throws -> Explanation {
            var told = try bench.explain("http://a.example.org/pages/1")
            told.key?.parts.append(Explanation.KeyPart("coding", coding))
            told.key?.servedCoding = served
            return told
        }
        let line = "answered by what is stored for coding"
        let own = try told(coding: "gzip", served: "")
        let other = try told(coding: "br,gzip", served: "gzip")
        #expect(!ExplanationText(own).text.contains(line))
        #expect(ExplanationText(other).text.contains("\(line) gzip\n"))
        #expect(other.json.encoded.contains("\"servedCoding\":\"gzip\""))
        #expect(Comparison(own, other).isShared)
        #expect(!Comparison(own, try told(coding: "br,gzip", served: "")).isShared)
    }

    @Test("the comparison of two requests")
    func comparison() throws {
        let first = try bench.explain(
            "http://a.example.org/pages/1?page=2", ["Accept-Language: de"])
        let second = try bench.explain("http://b.example.org/pages/1/?page=3")
        let comparison = Comparison(first, second)
        #expect(!comparison.isShared)
        try check("explain-diff.txt", comparison.text)
        try check("explain-diff.json", Comparison(first, first).json.encoded)
        let same = Comparison(first, first)
        #expect(same.isShared && same.text.hasSuffix("They share one object."))
        let post = try bench.explain("http://a.example.org/pages/1", method: "POST")
        #expect(
            Comparison(first, post).text.contains(
                "the second request: refuse (method-not-allowed)"))
        let tile = try bench.explain("http://a.example.org/tiles/1.png")
        #expect(
            Comparison(first, tile).text.contains(
                "the first is for behavior /pages/*, the second for /tiles/*"))
    }

    @Test("what a peer sent moves no cursor")
    func harmlessText() {
        #expect(harmless("a\u{1b}[2J\u{9b}é\"") == "a\\u{1B}[2J\\u{009B}é\"")
    }
}
