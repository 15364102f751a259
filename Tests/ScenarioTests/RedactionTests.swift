import Simulation
import Testing

@testable import Control

@Suite("Recording: no credential is written, whatever it is written in")
struct RedactionTests {
    /// The file, and behind it what its base64 comes to.
    private func everything(_ text: String) throws -> String {
        let coded = text.split(separator: "\n").compactMap { line -> String? in
            let line = line.drop { $0 == " " }
            guard line.hasPrefix("bytes: ") else { return nil }
            return String(line.dropFirst("bytes: \"".count).dropLast())
        }
        return try coded.reduce(text) { all, word in
            all + "\n"
                + String(decoding: try #require(Base64.decode(word), "\(word)"), as: UTF8.self)
        }
    }

    private func holds(_ recorded: Recorded, at place: SourceLocation = #_sourceLocation) throws {
        let report = try ScenarioRun(try recorded.scenario).run()
        #expect(report.isGood, "\(report.text)\n\(recorded.text)", sourceLocation: place)
    }

    @Test("a body with a credential of another exchange, short, long, with odd bytes or coded")
    func bodies() throws {
        let filler = String(repeating: "x", count: 1_200)
        let recorded = try RecordingTests.played(
            """
              - origin: { path: /short, body: "it is s3cr3t-d here" }
              - origin: { path: /long, body: "s3cr3t-d \(filler)" }
              - origin: { path: /odd, bytes: "AHMzY3IzdC1k" }
              - origin: { path: /free, bytes: "AHBsYWlu" }
              - origin: { path: /coded, headers: { Content-Encoding: gzip }, body: pers0nal }
              - get: /a
                headers: { Cookie: "a=s3cr3t-d" }
                expect: any
              - get: /short
                expect: any
              - get: /long
                expect: any
              - get: /odd
                expect: any
              - get: /free
                expect: any
              - get: /coded
                expect: any
            """)
        let all = try everything(recorded.text)
        #expect(!all.contains("s3cr3t") && !all.contains("pers0nal"), "\(all)")
        #expect(recorded.text.contains("bytes: \"AHBsYWlu\""), "\(recorded.text)")
        try holds(recorded)
    }

    @Test("of an answer that broke off, of tokens in queries and paths, of cookies without a name")
    func places() throws {
        let recorded = try RecordingTests.played(
            """
              - origin:
                  path: /cut
                  headers: { Set-Cookie: id=s3cr3t-p }
                  body: pers0nal-and-some-more
                  fault: cut
              - origin: { path: /query, body: pers0nal }
              - origin: { path: /grant, body: pers0nal }
              - origin: { path: "/login;*", body: pers0nal }
              - get: /query?a=1&token=s3cr3t-q
                expect: any
              - get: /grant?refresh_token=s3cr3t-r&%6awt=s3cr3t-w&Policy=s3cr3t-o
                expect: any
              - get: /login;jsessionid=s3cr3t-j?x=1
                expect: any
              - get: /bare
                headers: { Cookie: s3cr3t-c, Referer: "http://a.test/#access_token=s3cr3t-f" }
                expect: any
              - get: /cut
                expect: any
            """)
        let all = try everything(recorded.text)
        #expect(!all.contains("s3cr3t") && !all.contains("pers0"), "\(all)")
        #expect(recorded.text.contains("jsessionid=secret-"), "\(recorded.text)")
    }

    @Test("a viewer's short word is no secret of the configuration")
    func stage() throws {
        let recorded = try RecordingTests.played(
            """
              - get: /pages?x=none
                headers: { Cookie: consent=none }
                expect: any
            """)
        #expect(recorded.text.contains("class: \"none\""), "\(recorded.text)")
        #expect(recorded.text.contains("Cookie: \"consent=secret-1\""), "\(recorded.text)")
        try holds(recorded)
    }

    @Test("short words are found as values only, and long ones everywhere")
    func words() {
        var redaction = Redaction(isOff: false)
        for secret in ["abc", "long-secret", "et-or-more", "ab", "long-secret-2"] {
            redaction.learn(secret)
        }
        for (text, hidden) in [
            ("abc", "secret-1"), ("abcd", "abcd"),
            ("a=abc;b=xabc&abc", "a=secret-1;b=xabc&secret-1"),
            ("ab", "ab"), ("xlong-secretx", "xsecret-2x"), ("long-secret-2", "secret-4"),
            ("long-secret-or-more", "secret-2"), ("none", "none"), ("", ""),
        ] { #expect(redaction.hidden(text) == hidden) }
        #expect(redaction.hidden("abc long-secret", longOnly: true) == "abc secret-2")
        #expect(redaction.isIn([0, 255] + Array("long-secret".utf8) + [0]))
        #expect(!redaction.isIn(Array("long-sec".utf8)))
        #expect(!Redaction(isOff: true).isIn(Array("long-secret".utf8)))
    }
}
