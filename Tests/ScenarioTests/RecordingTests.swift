import CloudFront
import Edge
import Simulation
import Testing

@testable import Control

/// A tape of a scenario that was played, written as a scenario again.
struct Recorded {
    let text: String
    let report: ScenarioReport

    /// - Parameter source: the file's own text, which says what it is played on.
    init(
        _ scenario: Scenario, source: String, limits: RecordingLimits = RecordingLimits(),
        wish: RecordedScenario.Wish = RecordedScenario.Wish()
    ) throws {
        let tape = Tape(limits: limits.tape)
        report = try ScenarioRun(scenario, tape: tape).run()
        let nodes = composeDocuments(source, named: scenario.place.file, Findings())
        let node = nodes.map { ConfigNode($0) }.first { $0.text("name") == scenario.name }
        let stage = RecordedStage(
            origins: scenario.settings.originNames,
            secrets: scenario.settings.origins.flatMap { $0.customHeaders.map(\.value) },
            config: node?["config"] ?? .map([:]),
            distribution: node?["distribution"].map(Self.inFull),
            policies: node?["policies"]?.list ?? [])
        var recorded = RecordedScenario(tape, stage, wish, limits: limits)
        text = recorded.written()
    }

    /// A path is one beside the scenario's file.
    private static func inFull(_ distribution: ConfigNode) -> ConfigNode {
        guard let path = distribution.scalar else { return distribution }
        return readDocument("\(Shipped.folder)Scenarios/\(path)", Findings()) ?? distribution
    }

    var scenario: Scenario {
        get throws {
            let reading = ScenarioReading.read(text: text, named: "recorded.yaml")
            return try #require(
                reading.scenarios.first,
                "\(reading.findings.map(\.description).joined(separator: "\n"))\n\(text)")
        }
    }
}

@Suite("Recording: what passed is a scenario that holds")
struct RecordingTests {
    static func played(
        _ steps: String, limits: RecordingLimits = RecordingLimits(),
        wish: RecordedScenario.Wish = RecordedScenario.Wish()
    ) throws -> Recorded {
        let source = """
            name: t
            config: { behaviors: [{ path: "*", class: none, maxTTL: 1h }] }
            steps:
            \(steps)
            """
        let reading = ScenarioReading.read(text: source, named: "t.yaml")
        let scenario = try #require(
            reading.scenarios.first, "\(reading.findings.map(\.description))")
        return try Recorded(scenario, source: source, limits: limits, wish: wish)
    }

    @Test("each shipped scenario, recorded, holds again", arguments: Shipped.all)
    func roundTrip(_ shipped: Shipped) throws {
        let source = try readTextFile(shipped.scenario.place.file)
        var wish = RecordedScenario.Wish()
        // By its token a picture is known here, and a token that is replaced is known to nobody; nor
        // has a body that is replaced the tag of what it was.
        wish.showsSecrets = ["/tokens.yaml", "/credentials.yaml"].contains {
            shipped.scenario.place.file.hasSuffix($0)
        }
        let recorded = try Recorded(shipped.scenario, source: source, wish: wish)
        guard !Self.cannotBeRecorded(shipped.scenario) else { return }
        let report = try ScenarioRun(try recorded.scenario).run()
        #expect(report.isGood, "\(report.text)\n\(recorded.text)")
    }

    /// A restart leaves nothing on a tape, and what ends at the very millisecond at which it is
    /// asked for ends a moment earlier or later. Of cookies the values are replaced, and of bodies
    /// with one in them, or long ones, the text, and so of what a session was answered, too: filler
    /// is no document, and no capabilities. What depends on those is another case. So are
    /// writes, since the bodies of requests are replaced, and what hangs on Connection, which is
    /// no part of a request that is played again.
    private static let unrecordable = [
        "200, 203, 204, 300, 301 and 302", "MapStory 9: each visitor", "Pages: the value of",
        "Pages: a page that is compressed", "Pages: each reads the page in a language",
        "Pages: a form's token", "Pages: those who wait for a page with a token",
        "Pages: while the site is down", "Pages: a filled page", "Pages: a page with a token",
        "Pages: a site that sets the cookie", "Pages: a token that is not the cookie's",
        "Pages: by the letter of RFC 9111 a form's page",
        "MapStory 10: an Origin that Connection takes away", "Pages: what a script is given",
        "Tiles: a cookie that nobody has listed", "Features: a cookie that nobody has listed",
        "Classes: what class capabilities says nothing of", "Sessions: a page that shows",
        "Sessions: a page that is never the same", "Sessions: one of two pages",
        "Sessions: a page that a write has changed", "Sessions: a page with tokens",
    ]

    private static func cannotBeRecorded(_ scenario: Scenario) -> Bool {
        ["writes", "blanks", "unproved"].contains { scenario.place.file.hasSuffix("/\($0).yaml") }
            || unrecordable.contains { scenario.name.hasPrefix($0) }
            || scenario.steps.contains { step in
                if case .restart = step.action { true } else { false }
            }
    }

    @Test("the recording says what was asked, what origins saw, and when")
    func tells() throws {
        let recorded = try Self.played(
            """
              - origin: { path: /a, headers: { Cache-Control: max-age=10 }, body: one }
              - get: /a
                expect: any
              - advance: 9500ms
              - get: /a
                expect: any
              - invalidate: [/a]
                soft: true
              - get: /a
                expect: any
            """)
        for part in [
            "clock: \"2026-", "body: \"one\"", "x-cache: \"Miss from cloudfront\"",
            "x-cache: \"Hit from cloudfront\"", "Age: \"9\"", "- at: 950", "soft: true",
            "- invalidate: [\"/a\"]", "once: true", "requests: 0",
        ] { #expect(recorded.text.contains(part), "\(part)\n\(recorded.text)") }
        #expect(try ScenarioRun(try recorded.scenario).run().isGood)
        let other = recorded.text.replacing("Hit from cloudfront", with: "Miss from cloudfront")
        let changed = ScenarioReading.read(text: other, named: "changed.yaml")
        let report = try ScenarioRun(try #require(changed.scenarios.first)).run()
        guard case .failed(let difference) = report.outcome else {
            Issue.record("another expectation held, too")
            return
        }
        #expect(difference.subject == "X-Cache" && difference.got == "Hit from cloudfront")
    }

    private static let secret = """
          - origin: { path: /*, headers: { Set-Cookie: id=s3cr3t-b; Path=/ }, body: pers0nal }
          - get: /a?token=s3cr3t-a&x=1
            headers: { Authorization: Bearer s3cr3t-c, Cookie: "a=s3cr3t-d; b=s3cr3t-d" }
            expect: any
          - request: POST /login
            body: pers0nal
            expect: any
        """

    @Test("credentials become words, the same one the same word, and bodies near them are left out")
    func redacts() throws {
        let recorded = try Self.played(Self.secret)
        #expect(!recorded.text.contains("s3cr3t") && !recorded.text.contains("pers0nal"))
        #expect(recorded.text.contains("Cookie: \"a=secret-2; b=secret-2\""), "\(recorded.text)")
        #expect(try ScenarioRun(try recorded.scenario).run().isGood, "\(recorded.text)")
    }

    @Test("with secrets, everything is as it was")
    func tellsSecrets() throws {
        var wish = RecordedScenario.Wish()
        wish.showsSecrets = true
        let recorded = try Self.played(Self.secret, wish: wish)
        for part in ["s3cr3t-a", "s3cr3t-b", "s3cr3t-c", "s3cr3t-d", "body: \"pers0nal\""] {
            #expect(recorded.text.contains(part), "\(part)")
        }
        #expect(try ScenarioRun(try recorded.scenario).run().isGood, "\(recorded.text)")
    }

    @Test("only the paths that are wanted are kept")
    func filters() throws {
        var wish = RecordedScenario.Wish()
        wish.pattern = "/a*"
        let recorded = try Self.played(
            """
              - origin: { path: /*, headers: { Cache-Control: max-age=10 }, body: one }
              - get: /a?1
                expect: any
              - get: /b
                expect: any
            """, wish: wish)
        #expect(!recorded.text.contains("/b"))
        #expect(recorded.text.contains("# Left out, other paths: 1."))
        #expect(try recorded.scenario.steps.count == 2)
    }

    private static let three = """
          - origin: { path: /*, size: 5000 }
          - get: /a
            expect: any
          - get: /b
            expect: any
          - get: /c
            expect: any
        """

    @Test("requests beyond the limit, and bytes beyond the limit, are left out and told")
    func isBounded() throws {
        var limits = RecordingLimits()
        limits.exchanges = 2
        let fewer = try Self.played(Self.three, limits: limits)
        #expect(fewer.text.contains("# Left out, too many: 1.") && !fewer.text.contains("/c"))
        #expect(try ScenarioRun(try fewer.scenario).run().isGood)
        limits = RecordingLimits()
        limits.tape.bytes = 12_000
        let shorter = try Self.played(Self.three, limits: limits)
        #expect(shorter.text.contains("# The recording was full before its end."))
        #expect(shorter.text.contains("\"/a\"") && !shorter.text.contains("get: \"/c\""))
        #expect(try ScenarioRun(try shorter.scenario).run().isGood, "\(shorter.text)")
        limits = RecordingLimits()
        limits.tape.entries = 6
        #expect(try Self.played(Self.three, limits: limits).text.contains("was full"))
    }

    @Test("what had been stored before is fetched before, as old as it was")
    func warmsUp() throws {
        let source = """
            name: t
            config: { behaviors: [{ path: "*", class: none, maxTTL: 1h }] }
            steps:
              - origin: { path: /a, headers: { Cache-Control: max-age=60 }, body: one }
              - get: /a
                expect: any
              - advance: 20s
              - get: /a
                expect: any
            """
        let scenario = try #require(
            ScenarioReading.read(text: source, named: "t.yaml").scenarios.first)
        let tape = Tape()
        _ = try ScenarioRun(scenario, tape: tape).run()
        // As if the recording had begun behind the first exchange.
        let later = try #require(
            tape.entries.lastIndex {
                if case .viewerSaid = $0.event { true } else { false }
            })
        let rest = Tape(copying: Array(tape.entries[later...]))
        let stage = RecordedStage(
            origins: ["default"], secrets: [],
            config: ConfigNode.map([
                "behaviors": ConfigNode(
                    .list([
                        .map(["path": .text("*"), "class": .text("none"), "maxTTL": .text("1h")])
                    ]))
            ]), distribution: nil, policies: [])
        var recorded = RecordedScenario(rest, stage)
        let text = recorded.written()
        #expect(text.contains("# Stored before the recording began."))
        #expect(text.contains("Age: \"20\""), "\(text)")
        let played = try #require(
            ScenarioReading.read(text: text, named: "r.yaml").scenarios.first, "\(text)")
        let report = try ScenarioRun(played).run()
        #expect(report.isGood, "\(report.text)\n\(text)")
    }
}
