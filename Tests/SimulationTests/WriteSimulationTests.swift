import Simulation
import Testing

@Suite("One seed decides a life of an edge before maps that are written to")
struct WriteSimulationTests {
    private static let lives = Lives(WriteLife.self, rows: 2, orFirst: 96)

    @Test(
        "behind a writer's answer nobody gets anything older where it touched; elsewhere all stays",
        arguments: lives.rows)
    func invariants(_ row: Int) throws {
        let reports = try Self.lives.live(row: row)
        guard Self.lives.seeds.count >= 96 else { return }
        // A world in which nothing happens proves nothing.
        #expect(reports.sum(\.hits) > 500)
        #expect(reports.sum(\.done) > 60)
        #expect(reports.sum(\.refused) > 10)
        #expect(reports.sum(\.unknown) > 10)
        #expect(reports.sum(\.beside) > 3)
        #expect(reports.sum(\.blocks) > 100)
        #expect(reports.sum(\.restarts) > 0)
        #expect(reports.sum(\.narrow) > 5)
        #expect(reports.sum(\.passed) > 0)
        #expect(reports.sum(\.behind) > 0)
        let (expected, kept) = (reports.sum(\.expected), reports.sum(\.kept))
        #expect(expected > 100)
        #expect(kept * 100 >= expected * 95, "\(kept) of \(expected)")
    }

    @Test("a run can be repeated", arguments: lives.seeds.prefix(3))
    func repeats(_ seed: UInt64) throws { try Self.lives.expectSame(seed) }

    @Test("a broken invariant is noticed", arguments: WriteSabotage.allCases)
    func canary(_ rule: WriteSabotage) throws {
        try Self.lives.expectNoticed(rule, within: 30)
    }
}
