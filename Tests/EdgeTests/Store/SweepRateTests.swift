import Caching
import Edge
import Testing

@Suite("The sweeper goes on by slices, and lets others in between")
struct SweepRateTests {
    private let bench = StoreBench()

    /// A store with so many entries on disk.
    private func filled(_ count: Int) throws -> Store {
        let store = try bench.open()
        for number in 0..<count {
            store.put(name("/tile/\(number)"), body(100, seed: number), invalidation: 0)
        }
        store.settle()
        return store
    }

    @Test("a slice deletes 128 entries at the most, and what is put meanwhile is written with it")
    func deletions() throws {
        let store = try filled(1_000)
        store.invalidate([InvalidationRule(.everything, [])])
        var slices: [Int] = []
        var swept = 0
        for turn in 0..<200 where swept < 1_000 {
            let young = name("/young/\(turn)")
            store.put(young, body(100, seed: turn), invalidation: 1)
            store.step()
            #expect(store.stored(young) != nil, "turn \(turn), \(swept) are swept")
            let now = Int(store.counters.value(.swept))
            if now > swept { slices.append(now - swept) }
            swept = now
        }
        #expect(slices == Array(repeating: 128, count: 7) + [104])
        store.settle()
        #expect(store.counters.value(.swept) == 1_000)
    }

    /// Steps in which a round goes through so many entries of which none is dead.
    private func steps(_ count: Int) throws -> Int {
        let store = try filled(count)
        store.invalidate([InvalidationRule(.target, Array("/none".utf8))])
        var steps = 0
        while steps < 200, store.step() { steps += 1 }
        #expect(steps < 200, "\(count)")
        #expect(store.counters.value(.swept) == 0 && store.stored(name("/tile/0")) != nil)
        return steps
    }

    @Test("a slice looks at 512 entries at the most, dead or not")
    func reading() throws {
        let one = try steps(1)
        #expect(try steps(512) == one)
        #expect(try steps(513) == one + 1)
        #expect(try steps(1_025) == one + 2)
    }
}
