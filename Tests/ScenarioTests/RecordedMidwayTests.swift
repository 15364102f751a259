import CloudFront
import Edge
import Simulation
import Testing

@testable import Control

@Suite("Recording: one that begins when something is stored already")
struct RecordedMidwayTests {
    /// What of a scenario passed from its `n`th request on, written as a scenario.
    static func recorded(from n: Int, _ source: String) throws -> String {
        let reading = ScenarioReading.read(text: source, named: "t.yaml")
        let scenario = try #require(
            reading.scenarios.first, "\(reading.findings.map(\.description))")
        let tape = Tape()
        let report = try ScenarioRun(scenario, tape: tape).run()
        try #require(report.isGood, "\(report.text)")
        let asked = tape.entries.indices.filter {
            if case .viewerSaid = tape.entries[$0].event { true } else { false }
        }
        let node = composeDocuments(source, named: "t.yaml", Findings()).map { ConfigNode($0) }[0]
        let stage = RecordedStage(
            origins: scenario.settings.originNames, secrets: [],
            config: node["config"] ?? .map([:]), distribution: node["distribution"],
            policies: node["policies"]?.list ?? [])
        var recorded = RecordedScenario(Tape(copying: Array(tape.entries[asked[n]...])), stage)
        return recorded.written()
    }

    static func expectToHold(_ text: String) throws {
        let reading = ScenarioReading.read(text: text, named: "r.yaml")
        let scenario = try #require(
            reading.scenarios.first, "\(reading.findings.map(\.description))\n\(text)")
        let report = try ScenarioRun(scenario).run()
        #expect(report.isGood, "\(report.text)\n\(text)")
    }

    @Test(
        "a stale answer before an origin that does not answer",
        arguments: [
            "name: default, connect: refused", "name: default, connect: silent",
            "fault: close", "fault: reset", "fault: hang", "status: 500, body: broken",
        ], ["max-age=10", "max-age=10, stale-if-error=600"])
    func stale(_ origin: String, _ control: String) throws {
        let text = try Self.recorded(
            from: 1,
            """
            name: t
            config: { behaviors: [{ path: "*", class: none, maxTTL: 1h }] }
            steps:
              - origin: { path: /a, headers: { Cache-Control: "\(control)" }, body: one }
              - get: /a
                expect: { x-cache: Miss }
              - advance: 20s
              - origin: { \(origin) }
              - get: /a
                expect: any
              - get: /a
                expect: any
            """)
        try Self.expectToHold(text)
    }

    @Test("a cached error with a page of its own", arguments: [0, 1, 2])
    func errorPage(_ from: Int) throws {
        let text = try Self.recorded(
            from: from,
            "name: t\n" + wideDistribution(sorryPage(as: 200)) + """
                steps:
                  - origin: { path: /a, status: 404, body: gone }
                  - origin: { path: /sorry.html, headers: { Content-Type: text/html }, body: sorry }
                  - get: /a
                    expect: { status: 200, x-cache: Error, body: sorry }
                  - advance: 5s
                  - get: /a
                    expect: { status: 200, x-cache: Error, body: sorry }
                  - advance: 7s
                  - get: /a
                    expect: { status: 200, x-cache: Error, body: sorry }
                """)
        try Self.expectToHold(text)
    }
}

@Suite("Recording: an origin that answers what is no HTTP")
struct RecordedGarbageTests {
    private static func recorded(_ bytes: String) throws -> String {
        try RecordedMidwayTests.recorded(
            from: 0,
            """
            name: t
            config: { behaviors: [{ path: "*", class: none, maxTTL: 1h }] }
            steps:
              - origin: { fault: garbage, bytes: "\(Base64.encode(Array(bytes.utf8)))" }
              - get: /a
                expect: any
            """)
    }

    @Test(
        "is replaced where it names a credential, whatever its form",
        arguments: [
            "HTTP/1.1 200 OK\r\nBad Name: x\r\nSet-Cookie: id=s3cr3t-a\r\n\r\n",
            "SSH\r\nSET-COOKIE: id=s3cr3t-a\r\n\r\n", "GET /?token=s3cr3t-a HTTP/1.1\r\n\r\n",
        ])
    func hides(_ bytes: String) throws {
        let text = try Self.recorded(bytes)
        #expect(text.contains("\n      size: \(bytes.utf8.count)\n"), "\(text)")
        #expect(!text.contains("s3cr3t"), "\(text)")
        try RecordedMidwayTests.expectToHold(text)
    }

    @Test(
        "is one again",
        arguments: [
            "SSH-2.0-OpenSSH_9.6\r\n\r\n", "HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n",
            "HTTP/1.1 abc\r\n\r\n", "hello",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzzz\r\n",
            "HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-9/100\r\nContent-Length: 3\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nX: \(String(repeating: "y", count: 70_000))\r\n\r\n",
        ])
    func again(_ bytes: String) throws {
        let text = try Self.recorded(bytes)
        #expect(!text.contains("hang") && !text.contains("# Left out"), "\(text)")
        try RecordedMidwayTests.expectToHold(text)
    }
}
