import CloudFront
import Edge
import Simulation
import Testing

@testable import Control

@Suite("Recording: copies that were stale when it began, and origins still to be reached")
struct RecordedStaleTests {
    private func recorded(from n: Int, _ steps: String) throws -> String {
        try RecordedMidwayTests.recorded(
            from: n,
            """
            name: t
            config: { behaviors: [{ path: "*", class: none, maxTTL: 1h }] }
            steps:
            \(steps)
            """)
    }

    @Test(
        "a copy that an origin confirms",
        arguments: [
            "max-age=10", "max-age=10, stale-while-revalidate=30", "no-cache", "max-age=0",
            "max-age=10, stale-if-error=600",
        ], ["ETag: '\"v1\"'", "Last-Modified: \"Thu, 01 Jan 2026 00:00:00 GMT\""])
    func confirmed(_ control: String, _ validator: String) throws {
        let text = try recorded(
            from: 1,
            """
              - origin: { path: /a, headers: { Cache-Control: "\(control)", \(validator) }, body: one }
              - get: /a
                expect: { x-cache: Miss }
              - advance: 90s
              - get: /a
                expect: { x-cache: RefreshHit, body: one }
              - advance: 2s
              - get: /a
                expect: any
            """)
        #expect(text.contains("status: 304") && text.contains("soft: true"), "\(text)")
        #expect(text.contains("x-cache: \"RefreshHit from cloudfront\""), "\(text)")
        try RecordedMidwayTests.expectToHold(text)
    }

    @Test("copies that an origin replaces, and one that is fresh, each as it was")
    func replaced() throws {
        let text = try recorded(
            from: 3,
            """
              - origin: { path: /fresh, headers: { Cache-Control: max-age=600 }, body: good }
              - origin: { path: /a, headers: { Cache-Control: max-age=10, ETag: '"v1"' }, body: one }
              - origin: { path: /b, headers: { Cache-Control: max-age=10, ETag: '"b1"' }, body: bee }
              - get: /fresh
                expect: { x-cache: Miss }
              - get: /a
                expect: { x-cache: Miss }
              - get: /b
                expect: { x-cache: Miss }
              - advance: 20s
              - origin: { path: /a, headers: { Cache-Control: max-age=10, ETag: '"v2"' }, body: two }
              - get: /a
                expect: { x-cache: Miss, body: two }
              - get: /fresh
                expect: { x-cache: Hit, body: good }
              - get: /b
                expect: { x-cache: RefreshHit, body: bee }
              - get: /a
                expect: { x-cache: Hit, body: two }
            """)
        #expect(text.contains("if-none-match") || text.contains("If-None-Match"), "\(text)")
        try RecordedMidwayTests.expectToHold(text)
    }

    @Test("a copy that was stored while it ran is confirmed without another", arguments: [0, 1])
    func own(_ from: Int) throws {
        let text = try recorded(
            from: from,
            """
              - origin: { path: /a, headers: { Cache-Control: max-age=10, ETag: '"v1"' }, body: one }
              - get: /a
                expect: { x-cache: Miss }
              - advance: 20s
              - get: /a
                expect: { x-cache: RefreshHit }
              - advance: 20s
              - get: /a
                expect: { x-cache: RefreshHit }
            """)
        #expect(text.contains("soft: true") == (from == 1), "\(text)")
        try RecordedMidwayTests.expectToHold(text)
    }

    @Test(
        "a refresh that was still connecting when it ended",
        arguments: [0, 1], ["", "\n  - get: /a\n    expect: any"])
    func connecting(_ from: Int, _ more: String) throws {
        let text = try recorded(
            from: from,
            """
              - origin:
                  path: /a
                  headers: { Cache-Control: "max-age=10, stale-while-revalidate=600" }
                  framing: close
                  body: one
              - get: /a
                expect: { x-cache: Miss }
              - advance: 20s
              - origin: { name: default, connect: silent }
              - get: /a
                expect: { x-cache: Hit, body: one }\(more)
            """)
        #expect(text.contains("connect: silent"), "\(text)")
        try RecordedMidwayTests.expectToHold(text)
    }
}
