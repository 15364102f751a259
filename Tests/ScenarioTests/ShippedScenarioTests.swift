import Control
import Simulation
import Testing

/// One of the scenarios in Tests/Scenarios.
struct Shipped: CustomTestStringConvertible, Sendable {
    let scenario: Scenario

    var testDescription: String {
        scenario.pending.map { "\(scenario.name) (pending: \($0))" } ?? scenario.name
    }

    static let folder = String(#filePath.dropLast("ScenarioTests/ShippedScenarioTests.swift".count))
    static let reading = ScenarioReading.read([folder + "Scenarios"])
    static let all = reading.scenarios.map { Shipped(scenario: $0) }
}

@Suite("Scenarios: what CloudFront does, case by case")
struct ShippedScenarioTests {
    @Test("every file can be read")
    func readable() {
        #expect(Shipped.reading.findings.map(\.description) == [])
        #expect(Shipped.all.count > 200)
    }

    @Test(
        "a case holds, whatever the order of what happens at the same time", arguments: Shipped.all)
    func holds(_ shipped: Shipped) throws {
        for seed: UInt64 in [1, 2, 3] {
            let report = try ScenarioRun(shipped.scenario, seed: seed).run()
            #expect(report.isGood, "seed \(seed)\n\(report.text)")
            guard report.isGood else { return }
        }
    }

    @Test("a case says in a sentence what it is about, and where that can be read")
    func explained() {
        for scenario in Shipped.all.map(\.scenario) {
            #expect(scenario.about.hasSuffix("."), "\(scenario.place)")
            #expect(!scenario.reports.isEmpty, "\(scenario.place)")
        }
    }

    @Test("each of the fifteen bugs that MapStory met is there by name", arguments: 1...15)
    func bugs(_ number: Int) {
        #expect(Shipped.all.contains { $0.scenario.name.hasPrefix("MapStory \(number): ") })
    }

    /// What the names of cases begin with, so that none goes unnoticed.
    ///
    /// Source: CloudFront, "Managing how long content stays in the cache" (T, both columns),
    /// "HTTP 4xx and 5xx status codes that CloudFront caches" (2.1), "Invalidate files" (I).
    private static let rows: [String] = [
        (1...20).map { "Complaint \($0): " }, (1...16).map { "I\($0): " },
        (1...13).flatMap { ["T\($0) MinTTL 0: ", "T\($0) MinTTL above 0: "] },
        [404, 410, 414, 500, 501, 502, 503, 504].map { "2.1: \($0) is kept for the error" },
        [404, 410, 414, 501].map { "2.1: \($0) with no-store, no-cache or private is not" },
        [400, 403, 405, 412, 415].map { "2.1: \($0) is kept only with max-age or s-maxage" },
        ["2.1: all other errors are never kept"], [2, 3, 4, 5, 7].map { "2.\($0): " },
    ].flatMap { $0 }

    @Test("each complaint, each row of the tables of lifetimes, errors, invalidations is there")
    func complete() {
        for row in Self.rows {
            #expect(Shipped.all.contains { $0.scenario.name.hasPrefix(row) }, "\(row)")
        }
    }

    @Test("cases that are pending are counted, and there are no more of them than that")
    func pending() {
        let pending = Shipped.all.map(\.scenario).filter { $0.pending != nil }
        #expect(pending.count == Self.pendingCount, "\(pending.map(\.name))")
    }

    /// To be lowered with each case that holds; raised only by a case that is new.
    private static let pendingCount = 0
}
