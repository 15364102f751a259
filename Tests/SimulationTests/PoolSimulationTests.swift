import Simulation
import Testing

@Suite("One seed decides a pool's life: members hang, flap, refuse and answer nonsense")
struct PoolSimulationTests {
    private static let lives = Lives(PoolLife.self, rows: 4, orFirst: 8)

    @Test(
        "no viewer pays for what is known, and whoever is well takes traffic",
        arguments: lives.rows)
    func invariants(_ row: Int) throws {
        for report in try Self.lives.live(row: row) { #expect(report.answered > 300) }
    }

    @Test("members are taken out in these lives, or they would prove nothing")
    func happens() throws {
        let reports = try Self.lives.seeds.prefix(4).map { try PoolLife.live($0) }
        #expect(reports.sum(\.outs) > 10)
    }

    @Test("a run can be repeated", arguments: lives.seeds.prefix(2))
    func repeats(_ seed: UInt64) throws { try Self.lives.expectSame(seed) }

    @Test("a broken rule is noticed", arguments: PoolSabotage.allCases)
    func canary(_ rule: PoolSabotage) throws {
        try Self.lives.expectNoticed(rule, within: 40)
    }
}
