import Testing
import WireTesting

@testable import Control

@Suite("Seed: the ledger, which knows what is left wherever a job ended")
struct SeedLedgerTests {
    private func all(_ ledger: inout SeedLedger) -> [Int] {
        var taken: [Int] = []
        while let index = ledger.take() { taken.append(index) }
        return taken
    }

    @Test("tiles are handed out in order, each once")
    func order() {
        var ledger = SeedLedger(total: 5)
        #expect(all(&ledger) == [0, 1, 2, 3, 4])
        #expect(!ledger.hasMore && ledger.done == 0)
        for index in 0..<5 { ledger.settle(index) }
        #expect(ledger.position == 5 && ledger.done == 5 && ledger.ahead.isEmpty)
        #expect(ledger.take() == nil)
    }

    @Test("the position is behind what is settled without a gap; what is beyond is remembered")
    func position() {
        var ledger = SeedLedger(total: 6)
        _ = all(&ledger)
        for index in [1, 3, 4] { ledger.settle(index) }
        #expect(ledger.position == 0 && ledger.ahead == [1, 3, 4] && ledger.done == 3)
        ledger.settle(0)
        #expect(ledger.position == 2 && ledger.ahead == [3, 4])
        ledger.settle(2)
        #expect(ledger.position == 5 && ledger.ahead.isEmpty)
    }

    @Test("what is given back is next")
    func givenBack() {
        var ledger = SeedLedger(total: 3)
        _ = (ledger.take(), ledger.take())
        ledger.giveBack(0)
        #expect(ledger.take() == 0 && ledger.take() == 2 && ledger.take() == nil)
    }

    @Test("what fails is asked for again behind all others, three times in all")
    func failing() {
        var ledger = SeedLedger(total: 3)
        _ = ledger.take()
        ledger.fail(0, isFinal: false)
        #expect(ledger.take() == 1)
        ledger.fail(1, isFinal: true)
        #expect(ledger.position == 2 && ledger.done == 0)
        #expect(ledger.take() == 2)
        ledger.settle(2)
        for _ in 0..<2 {
            #expect(ledger.hasMore && ledger.take() == 0 && ledger.take() == nil)
            ledger.fail(0, isFinal: false)
        }
        #expect(!ledger.hasMore && ledger.take() == nil)
        #expect(ledger.done == 1 && Set(ledger.failed.keys) == [0, 1])
    }

    @Test("one that failed and is asked for once more counts when it is stored")
    func mended() {
        var ledger = SeedLedger(total: 1)
        _ = ledger.take()
        ledger.fail(0, isFinal: false)
        #expect(ledger.take() == 0)
        ledger.settle(0)
        #expect(ledger.done == 1 && ledger.failed.isEmpty && !ledger.hasMore)
    }

    @Test("a job that ended anywhere asks for the rest and nothing else", arguments: 0..<200)
    func resume(_ seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let total = Int.random(in: 0...60, using: &random)
        var ledger = SeedLedger(total: total)
        var (settled, stored): (Set<Int>, Set<Int>) = ([], [])
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            var underWay: [Int] = []
            for _ in 0..<Int.random(in: 0...80, using: &random) {
                if Bool.random(using: &random), underWay.count < 7, let index = ledger.take() {
                    #expect(!stored.contains(index) && !underWay.contains(index))
                    underWay.append(index)
                } else if !underWay.isEmpty {
                    let index = underWay.remove(at: .random(in: 0..<underWay.count, using: &random))
                    switch Int.random(in: 0...5, using: &random) {
                    case 0:
                        ledger.fail(index, isFinal: Bool.random(using: &random))
                        settled.insert(index)
                    case 1: ledger.giveBack(index)
                    default:
                        ledger.settle(index)
                        settled.insert(index)
                        stored.insert(index)
                    }
                }
                #expect(ledger.done == stored.count)
            }
            // What was under way is lost.
            ledger = try #require(
                SeedLedger(
                    total: total, position: ledger.position, ahead: ledger.ahead.sorted(),
                    failed: ledger.failed.keys.sorted()))
        }
        let rest = all(&ledger)
        #expect(rest.count == Set(rest).count && Set(rest) == Set(0..<total).subtracting(stored))
        for index in rest { ledger.settle(index) }
        #expect(ledger.done == total)
    }

    @Test("numbers that are of no job are refused")
    func nonsense() {
        #expect(SeedLedger(total: 5, position: 6, ahead: [], failed: []) == nil)
        #expect(SeedLedger(total: 5, position: -1, ahead: [], failed: []) == nil)
        #expect(SeedLedger(total: 5, position: 2, ahead: [1], failed: []) == nil)
        #expect(SeedLedger(total: 5, position: 2, ahead: [5], failed: []) == nil)
        #expect(SeedLedger(total: 5, position: 2, ahead: [], failed: [3]) == nil)
        #expect(SeedLedger(total: 5, position: 2, ahead: [3], failed: [3, 0]) != nil)
        // Settled ones that a crash left at the position itself.
        #expect(SeedLedger(total: 5, position: 2, ahead: [2, 3], failed: [])?.position == 4)
    }

    @Test("a plan is taken up at any place, and gives single tiles of it")
    func plan() {
        var plan = SeedPlan.numbered(9)
        #expect(plan.total == 9 && plan.levels.map(\.tiles) == [9])
        plan.skip(4)
        #expect(plan.next()?.target == "/4")
        #expect(plan.next()?.target == "/5")
        plan.skip(99)
        #expect(plan.next() == nil)
        let some = SeedPlan.numbered(9).targets(at: [0, 3, 8])
        #expect(some.mapValues(\.target) == [0: "/0", 3: "/3", 8: "/8"])
    }
}
