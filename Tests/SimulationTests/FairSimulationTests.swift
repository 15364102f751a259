import Simulation
import Testing

@Suite("One seed decides a crowd's life: playback beside others, and members that refuse")
struct FairSimulationTests {
    private static let rows = 4
    private static let seeds = Simulation.seeds(orFirst: 8)

    @Test(
        "limits hold, everybody has a turn in time, and one picture is drawn once",
        arguments: 0..<rows)
    func invariants(_ row: Int) throws {
        for index in stride(from: row, to: Self.seeds.count, by: Self.rows) {
            let report = try FairSimulation(seed: Self.seeds[index], trace: Simulation.trace).run()
            for violation in report.violations {
                Issue.record(
                    "seed \(report.seed): \(violation); again: make simulate SEED=\(report.seed)")
            }
            #expect(report.answered > 300)
            #expect(report.refusals > 0)
        }
    }

    @Test("a run can be repeated", arguments: seeds.prefix(2))
    func repeats(_ seed: UInt64) throws {
        let first = try FairSimulation(seed: seed).run()
        let second = try FairSimulation(seed: seed).run()
        #expect(first.fingerprint == second.fingerprint)
        #expect(first.longestWait == second.longestWait)
    }

    @Test("a broken rule is noticed", arguments: FairSabotage.allCases)
    func canary(_ sabotage: FairSabotage) throws {
        let isNoticed = try (UInt64(1)...5).contains { seed in
            try !FairSimulation(seed: seed, sabotage: sabotage).run().violations.isEmpty
        }
        #expect(isNoticed, "nobody noticed a pool that \(sabotage)")
    }
}
