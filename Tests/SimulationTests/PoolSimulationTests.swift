import Simulation
import Testing

@Suite("One seed decides a pool's life: members hang, flap, refuse and answer nonsense")
struct PoolSimulationTests {
    private static let rows = 4
    private static let seeds = Simulation.seeds(orFirst: 8)

    @Test(
        "no viewer pays for what is known, and whoever is well takes traffic", arguments: 0..<rows)
    func invariants(_ row: Int) throws {
        for index in stride(from: row, to: Self.seeds.count, by: Self.rows) {
            let report = try PoolSimulation(seed: Self.seeds[index], trace: Simulation.trace).run()
            for violation in report.violations {
                Issue.record(
                    "seed \(report.seed): \(violation); again: make simulate SEED=\(report.seed)")
            }
            #expect(report.answered > 300)
        }
    }

    @Test("members are taken out in these lives, or they would prove nothing")
    func happens() throws {
        let outs = try Self.seeds.prefix(4).map { try PoolSimulation(seed: $0).run().outs }
        #expect(outs.reduce(0, +) > 10)
    }

    @Test("a run can be repeated", arguments: seeds.prefix(2))
    func repeats(_ seed: UInt64) throws {
        let first = try PoolSimulation(seed: seed).run()
        let second = try PoolSimulation(seed: seed).run()
        #expect(first.fingerprint == second.fingerprint)
        #expect(first.answered == second.answered)
    }

    @Test("a broken rule is noticed", arguments: PoolSabotage.allCases)
    func canary(_ sabotage: PoolSabotage) throws {
        let isNoticed = try (UInt64(1)...40).contains { seed in
            try !PoolSimulation(seed: seed, sabotage: sabotage).run().violations.isEmpty
        }
        #expect(isNoticed, "nobody noticed a pool that \(sabotage)")
    }
}
