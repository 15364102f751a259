import Simulation
import Testing

@Suite("One seed decides a life of the edge")
struct SimulationTests {
    private static let lives = Lives(Life.self, rows: 4, orFirst: 200)

    @Test("every invariant holds, whatever the seed", arguments: lives.rows)
    func invariants(_ row: Int) throws {
        _ = try Self.lives.live(row: row)
    }

    @Test("a run can be repeated", arguments: lives.seeds.prefix(3))
    func repeats(_ seed: UInt64) throws { try Self.lives.expectSame(seed) }

    @Test("a broken invariant is noticed", arguments: Sabotage.allCases)
    func canary(_ rule: Sabotage) throws {
        try Self.lives.expectNoticed(rule, within: 60)
    }
}
