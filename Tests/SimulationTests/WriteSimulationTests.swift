import Simulation
import Testing

@Suite("One seed decides a life of an edge before maps that are written to")
struct WriteSimulationTests {
    private static let rows = 2
    private static let seeds = Simulation.seeds(orFirst: 72)

    private func run(_ seed: UInt64, _ sabotage: WriteSabotage? = nil) throws
        -> WriteSimulation.Report
    {
        try WriteSimulation(seed: seed, sabotage: sabotage, trace: Simulation.trace).run()
    }

    @Test(
        "behind a writer's answer nobody gets anything older where it touched; elsewhere all stays",
        arguments: 0..<rows)
    func invariants(_ row: Int) throws {
        var sum = Sum()
        for index in stride(from: row, to: Self.seeds.count, by: Self.rows) {
            let report = try run(Self.seeds[index])
            for violation in report.violations {
                Issue.record(
                    "seed \(report.seed): \(violation); again: make simulate SEED=\(report.seed)")
            }
            sum.add(report)
        }
        guard Self.seeds.count >= 72 else { return }
        // A world in which nothing happens proves nothing.
        #expect(sum.hits > 500 && sum.done > 60, "\(sum)")
        #expect(sum.refused > 10 && sum.unknown > 10 && sum.beside > 3, "\(sum)")
        #expect(sum.blocks > 100 && sum.restarts > 0, "\(sum)")
        #expect(sum.expected > 100 && sum.kept * 100 >= sum.expected * 95, "\(sum)")
    }

    private struct Sum {
        var (hits, done, refused, unknown, beside) = (0, 0, 0, 0, 0)
        var (blocks, restarts, expected, kept) = (0, 0, 0, 0)

        mutating func add(_ report: WriteSimulation.Report) {
            (hits, done) = (hits + report.hits, done + report.done)
            (refused, unknown) = (refused + report.refused, unknown + report.unknown)
            (beside, blocks) = (beside + report.beside, blocks + report.blocks)
            restarts += report.restarts
            (expected, kept) = (expected + report.expected, kept + report.kept)
        }
    }

    @Test("a run can be repeated", arguments: seeds.prefix(3))
    func repeats(_ seed: UInt64) throws {
        let (first, second) = (try run(seed), try run(seed))
        #expect(first.fingerprint == second.fingerprint)
        #expect(first.judged == second.judged)
    }

    @Test("a broken invariant is noticed", arguments: WriteSabotage.allCases)
    func canary(_ sabotage: WriteSabotage) throws {
        let isNoticed = try (UInt64(1)...30).contains { seed in
            try run(seed, sabotage).violations.contains { $0.contains(sabotage.sign) }
        }
        #expect(isNoticed, "nobody noticed a world that \(sabotage)")
    }
}
