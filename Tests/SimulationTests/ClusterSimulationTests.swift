import Simulation
import Testing

@Suite("One seed decides a life of an edge before GeoServers with one catalog")
struct ClusterSimulationTests {
    private static let lives = Lives(ClusterLife.self, rows: 4, orFirst: 60)

    @Test("every invariant holds, whatever the seed", arguments: lives.rows)
    func invariants(_ row: Int) throws {
        let reports = try Self.lives.live(row: row)
        guard Self.lives.seeds.count >= 60 else { return }
        // A world in which nothing happens proves nothing.
        #expect(reports.sum(\.hits) > 200)
        #expect(reports.sum(\.writes) > 100)
        #expect(reports.sum(\.marked) > 10)
        #expect(reports.sum(\.rounds) > 50)
    }

    @Test("a run can be repeated", arguments: lives.seeds.prefix(3))
    func repeats(_ seed: UInt64) throws { try Self.lives.expectSame(seed) }

    @Test("a broken invariant is noticed", arguments: ClusterSabotage.allCases)
    func canary(_ rule: ClusterSabotage) throws {
        try Self.lives.expectNoticed(rule, within: 30)
    }
}
