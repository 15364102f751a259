import Simulation
import Testing

@Suite("One seed decides a life of an edge before GeoServers with one catalog")
struct ClusterSimulationTests {
    private static let rows = 4
    private static let seeds = Simulation.seeds(orFirst: 60)

    private func run(_ seed: UInt64, _ sabotage: ClusterSabotage? = nil) throws
        -> ClusterSimulation.Report
    {
        try ClusterSimulation(seed: seed, sabotage: sabotage, trace: Simulation.trace).run()
    }

    @Test("every invariant holds, whatever the seed", arguments: 0..<rows)
    func invariants(_ row: Int) throws {
        var (hits, writes, marked, rounds) = (0, 0, 0, 0)
        for index in stride(from: row, to: Self.seeds.count, by: Self.rows) {
            let report = try run(Self.seeds[index])
            for violation in report.violations {
                Issue.record(
                    "seed \(report.seed): \(violation); again: make simulate SEED=\(report.seed)")
            }
            hits += report.hits
            writes += report.writes
            marked += report.marked
            rounds += report.rounds
        }
        guard Self.seeds.count >= 60 else { return }
        // A world in which nothing happens proves nothing.
        #expect(hits > 200)
        #expect(writes > 100)
        #expect(marked > 10)
        #expect(rounds > 50)
    }

    @Test("a run can be repeated", arguments: seeds.prefix(3))
    func repeats(_ seed: UInt64) throws {
        let (first, second) = (try run(seed), try run(seed))
        #expect(first.fingerprint == second.fingerprint)
        #expect(first.judged == second.judged)
    }

    @Test("a broken invariant is noticed", arguments: ClusterSabotage.allCases)
    func canary(_ sabotage: ClusterSabotage) throws {
        let isNoticed = try (UInt64(1)...30).contains { seed in
            try run(seed, sabotage).violations.contains { violation in
                sabotage.sign.map { violation.contains($0) } ?? true
            }
        }
        #expect(isNoticed, "nobody noticed a world that \(sabotage)")
    }
}
