import Simulation
import Testing

@Suite("One seed decides a crowd's life: playback beside others, and members that refuse")
struct FairSimulationTests {
    private static let lives = Lives(FairLife.self, rows: 4, orFirst: 8)

    @Test(
        "limits hold, everybody has a turn in time, and one picture is drawn once",
        arguments: lives.rows)
    func invariants(_ row: Int) throws {
        for report in try Self.lives.live(row: row) {
            #expect(report.answered > 300)
            #expect(report.refusals > 0)
        }
    }

    @Test("a run can be repeated", arguments: lives.seeds.prefix(2))
    func repeats(_ seed: UInt64) throws { try Self.lives.expectSame(seed) }

    @Test("a broken rule is noticed", arguments: FairSabotage.allCases)
    func canary(_ rule: FairSabotage) throws {
        try Self.lives.expectNoticed(rule, within: 5)
    }
}
