import CloudFront
import Edge
import Simulation
import Testing

@testable import Control

@Suite("Recording: what is no part of it, and says so")
struct RecordedAsideTests {
    /// What passed while a scenario was played, as it was written down.
    static func recorded(
        _ source: String, pattern: String? = nil, _ change: ([Tape.Entry]) -> [Tape.Entry] = { $0 }
    ) throws -> String {
        let reading = ScenarioReading.read(text: source, named: "t.yaml")
        let scenario = try #require(
            reading.scenarios.first, "\(reading.findings.map(\.description))")
        let tape = Tape()
        let report = try ScenarioRun(scenario, tape: tape).run()
        try #require(report.isGood, "\(report.text)")
        let node = composeDocuments(source, named: "t.yaml", Findings()).map { ConfigNode($0) }[0]
        let stage = RecordedStage(
            origins: scenario.settings.originNames, secrets: [],
            config: node["config"] ?? .map([:]), distribution: node["distribution"],
            policies: node["policies"]?.list ?? [])
        var wish = RecordedScenario.Wish()
        wish.pattern = pattern
        var recorded = RecordedScenario(Tape(copying: change(tape.entries)), stage, wish)
        return recorded.written()
    }

    private static let withErrorPage =
        "name: t\n" + wideDistribution(sorryPage(as: 200)) + "steps:\n"

    @Test("the error page of a request that was left out is left out with it")
    func errorPage() throws {
        let text = try Self.recorded(
            Self.withErrorPage + """
                  - origin: { path: /m1, body: one }
                  - origin: { path: /other, status: 404, body: gone }
                  - origin: { path: /sorry.html, body: sorry }
                  - get: /m1
                    expect: { body: one }
                  - get: /other
                    expect: { status: 200, x-cache: Error, body: sorry }
                  - get: /m1
                    expect: { x-cache: Hit }
                """, pattern: "/m*")
        #expect(text.contains("# Left out, other paths: 1.") && !text.contains(" path: \"/sorry"))
        try RecordedMidwayTests.expectToHold(text)
    }

    @Test("an error page that a kept request asked for is kept")
    func keptPage() throws {
        let text = try Self.recorded(
            Self.withErrorPage + """
                  - origin: { path: /other, body: one }
                  - origin: { path: /m1, status: 404, body: gone }
                  - origin: { path: /sorry.html, body: sorry }
                  - get: /other
                    expect: { body: one }
                  - get: /m1
                    expect: { status: 200, x-cache: Error, body: sorry }
                """, pattern: "/m*")
        #expect(text.contains(" path: \"/sorry.html\""), "\(text)")
        try RecordedMidwayTests.expectToHold(text)
    }

    @Test("the error page of another's request is not given to a kept one that waits meanwhile")
    func othersPage() throws {
        let text = try Self.recorded(
            Self.withErrorPage + """
                  - origin: { path: /m1, body: one, delay: 1s }
                  - origin: { path: /other, status: 404, body: gone }
                  - origin: { path: /sorry.html, body: sorry }
                  - concurrently:
                      - get: /m1
                        expect: { body: one }
                      - get: /other
                        expect: { status: 200, x-cache: Error, body: sorry }
                    expect: { origin: { requests: 3 } }
                """, pattern: "/m*")
        #expect(!text.contains(" path: \"/sorry"), "\(text)")
        try RecordedMidwayTests.expectToHold(text)
    }

    @Test("what an operator asked for with X-Edge-Cache is asked from the edge's own machine")
    func operators() throws {
        let text = try Self.recorded(
            """
            name: t
            config: { behaviors: [{ path: "*", class: none, maxTTL: 1h }] }
            steps:
              - origin: { headers: { Cache-Control: max-age=60 }, body: "${count}" }
              - get: /a
                expect: { x-cache: Miss }
              - get: /a
                headers: { X-Edge-Cache: refresh }
                expect: { x-cache: Hit }
              - get: /a
                headers: { X-Edge-Cache: refresh }
                from: 127.0.0.1
                expect: { x-cache: Miss, body: 2 }
            """)
        #expect(text.split(separator: "from: 127.0.0.1").count == 2, "\(text)")
        try RecordedMidwayTests.expectToHold(text)
    }

    @Test("what was before a change of the configuration is left out; a hit on it is warmed up")
    func changed() throws {
        let text = try Self.recorded(
            """
            name: t
            config: { behaviors: [{ path: "*", class: none, maxTTL: 1h }] }
            steps:
              - origin: { path: /a, headers: { Cache-Control: max-age=60 }, body: one }
              - get: /a
                expect: { x-cache: Miss }
              - invalidate: [/b]
              - advance: 5s
              - get: /a
                expect: { x-cache: Hit }
            """
        ) { entries in
            let asked = entries.indices.filter {
                if case .viewerSaid = entries[$0].event { true } else { false }
            }
            let tape = Tape(copying: Array(entries[..<asked[1]]))
            tape.noteChange(at: entries[asked[1]].time - 1_000)
            return tape.entries + entries[asked[1]...]
        }
        #expect(text.contains("# Left out, before the configuration changed: 1."), "\(text)")
        #expect(text.contains("# Stored before the recording began.") && !text.contains("/b"))
        try RecordedMidwayTests.expectToHold(text)
    }

    @Test("a target that is refused for its length is played; one with two hosts cannot be")
    func odd() throws {
        let long = "/" + String(repeating: "a", count: 9_000)
        let text = try Self.recorded(
            """
            name: t
            config: { behaviors: [{ path: "*", class: none }] }
            steps:
              - get: \(long)
                expect: { status: 414, origin: { requests: 0 } }
              - get: /b
                headers: { X-Host: b.test }
                expect: { status: 404 }
            """
        ) { entries in
            entries.map { entry in
                guard case .viewerSaid(let bytes, let isSecured, let isTrusted, _) = entry.event
                else { return entry }
                var entry = entry
                let head = String(decoding: bytes, as: UTF8.self)
                    .replacing("X-Host:", with: "Host:")
                entry.event = .viewerSaid(
                    Array(head.utf8), isSecured: isSecured, isTrusted: isTrusted)
                return entry
            }
        }
        #expect(text.contains("# Left out, several hosts: 1.") && !text.contains("\"/b\""))
        #expect(text.contains("status: 414"))
        try RecordedMidwayTests.expectToHold(text)
    }

    @Test("a signature that was replaced is named as the reason, with what keeps it")
    func signed() throws {
        let held = try HeldRecording(
            """
            # Written by "mapedge scenario record"; credentials are replaced.
            name: t
            config: { behaviors: [{ path: "*", class: none }] }
            steps:
              - get: "/a?Expires=1&Signature=secret-1&Key-Pair-Id=secret-2"
                expect:
                  status: 200
              - get: "/b"
                expect:
                  status: 404

            """, named: "r.yaml")
        #expect(held.objections.isEmpty && held.steps == 1)
        #expect(
            held.leftOut.first?.hasSuffix(
                "its signature was replaced: record it with --with-secrets") == true,
            "\(held.leftOut)")
    }
}
