import Simulation
import Synchronization
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
        expectSurvival(
            reports.reduce(Survival()) { $0 + $1.maps },
            reports.reduce(Survival()) { $0 + $1.documents })
    }

    /// Of the rows that were lived through.
    private static let survival = Mutex((rows: 0, maps: Survival(), documents: Survival()))

    /// Outside what a write touched at least 95 % of the entries of each class survive it, over all
    /// seeds: judged by the row that ends last.
    private func expectSurvival(_ maps: Survival, _ documents: Survival) {
        let all = Self.survival.withLock { all in
            all = (all.rows + 1, all.maps + maps, all.documents + documents)
            return all
        }
        guard all.rows == Self.lives.rows.count else { return }
        for (name, found) in [("maps", all.maps), ("documents", all.documents)] {
            #expect(found.expected > 200, "\(name)")
            #expect(found.percent >= 95, "\(name): \(found.kept) of \(found.expected)")
            print("of \(found.expected) \(name) that no write touched \(found.percent) % survived")
        }
    }

    @Test("a run can be repeated", arguments: lives.seeds.prefix(3))
    func repeats(_ seed: UInt64) throws { try Self.lives.expectSame(seed) }

    @Test("a broken invariant is noticed", arguments: WriteSabotage.allCases)
    func canary(_ rule: WriteSabotage) throws {
        try Self.lives.expectNoticed(rule, within: 30)
    }
}
