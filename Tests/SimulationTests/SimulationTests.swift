import Simulation
import Testing

@Suite("One seed decides a life of the edge")
struct SimulationTests {
    /// Runs in as many rows as the machine may work on at a time; each row has its own seeds.
    private static let rows = 4
    private static let seeds = Simulation.seeds(orFirst: 200)

    @Test("every invariant holds, whatever the seed", arguments: 0..<rows)
    func invariants(_ row: Int) throws {
        for index in stride(from: row, to: Self.seeds.count, by: Self.rows) {
            let report = try Simulation(seed: Self.seeds[index], trace: Simulation.trace).run()
            for violation in report.violations {
                Issue.record("seed \(report.seed): \(violation); again: \(report.command)")
            }
        }
    }

    @Test("a run can be repeated", arguments: seeds.prefix(3))
    func repeats(_ seed: UInt64) throws {
        let first = try Simulation(seed: seed).run()
        let second = try Simulation(seed: seed).run()
        #expect(first.fingerprint == second.fingerprint, "\(first.command)")
        #expect(first.judged == second.judged)
    }

    @Test("a broken invariant is noticed", arguments: Sabotage.allCases)
    func canary(_ sabotage: Sabotage) throws {
        let isNoticed = try (UInt64(1)...60).contains { seed in
            let found = try Simulation(seed: seed, sabotage: sabotage).run().violations
            return found.contains { violation in
                sabotage.sign.map { violation.contains($0) } ?? true
            }
        }
        #expect(isNoticed, "nobody noticed a world that \(sabotage)")
    }
}
