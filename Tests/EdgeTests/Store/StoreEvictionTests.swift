import Caching
import Edge
import Glibc
import LMDB
import Testing

@Suite("Store: room")
struct StoreEvictionTests {
    private let bench = StoreBench()

    private func used(_ store: Store) -> Int {
        store.counters.value(.usedPages) * 100 / store.counters.value(.mapPages)
    }

    @Test func `eviction starts at the upper mark, and the map never fills up`() throws {
        bench.mapBytes = 8 << 20
        let store = try bench.open()
        var highest = 0
        for index in 0..<3_000 {
            store.put("tile \(index)", body(3_000 + index % 17_000, seed: index))
            if index % 10 == 9 {
                store.step()
                highest = max(highest, used(store))
            }
        }
        store.settle()
        #expect(store.counters.value(.evicted) > 1_000)
        #expect(highest >= 88)
        #expect(highest <= 95)
        #expect(store.counters.value(.failedCommits) == 0)
        #expect(store.body(of: "tile 2999") == body(3_000 + 2_999 % 17_000, seed: 2_999))
        store.close()
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
    }

    /// As many at once as its queue takes: more than a share of a small map.
    @Test(arguments: [4, 16, 24, 48])
    func `a small map keeps up with a crowd, and stores on behind it`(_ mebibytes: Int) throws {
        bench.mapBytes = mebibytes << 20
        let store = try bench.open()
        for index in 0..<24_000 {
            store.put("tile \(index)", body(3_000, seed: index))
            if index % 400 == 399 { for _ in 0..<4 { store.step() } }
        }
        store.settle()
        for index in 0..<20 { store.put("late \(index)", body(3_000, seed: -1 - index)) }
        store.settle()
        #expect((0..<20).allSatisfy { store.stored("late \($0)") != nil })
        #expect(used(store) <= 91)
        #expect(store.counters.value(.failedCommits) == 0)
        #expect(store.counters.value(.stored) > 20_000, "\(store.counters.value(.refusedFull))")
    }

    @Test func `what is served stays, what is not goes first`() throws {
        bench.mapBytes = 8 << 20
        let store = try bench.open()
        for index in 0..<100 { store.put("loved \(index)", body(4_000, seed: -1 - index)) }
        store.settle()
        guard let reader = store.makeReader() else {
            Issue.record("there are readers left")
            return
        }
        for index in 0..<4_000 {
            if index % 50 == 0 {
                for loved in 0..<100 {
                    _ = reader.touch(store.key("loved \(loved)"), now: bench.clock.now)
                }
            }
            store.put("crawled \(index)", body(4_000, seed: index))
            if index % 20 == 19 { store.settle() }
        }
        let left = (0..<100).filter { store.stored("loved \($0)") != nil }.count
        // A few share their mark with a crawled tile and lose it; under LRU none would be left.
        #expect(left >= 80)
        #expect(store.stored("crawled 0") == nil)
    }

    @Test func `what is of no use any more goes before what is`() throws {
        bench.mapBytes = 8 << 20
        let store = try bench.open()
        guard let reader = store.makeReader() else {
            Issue.record("there are readers left")
            return
        }
        for index in 0..<600 {
            store.put("old \(index)", body(4_000, seed: index), usefulFor: 60_000)
            _ = reader.touch(store.key("old \(index)"), now: bench.clock.now)
        }
        store.settle()
        bench.clock.advance(600_000)
        for index in 0..<1_500 {
            store.put(
                "new \(index)", body(4_000, seed: 10_000 + index), now: bench.clock.now)
            if index % 20 == 19 { store.settle() }
        }
        #expect(store.counters.value(.evicted) > 200)
        #expect((0..<1_500).filter { store.stored("new \($0)") == nil }.isEmpty)
    }

    @Test func `expiry goes by the edge's clock, which may be another than the machine's`() throws {
        bench.mapBytes = 8 << 20
        let edge = ManualClock()
        let store = try bench.open { $0.expiryClock = { edge.now } }
        guard let reader = store.makeReader() else {
            Issue.record("there are readers left")
            return
        }
        for index in 0..<600 {
            store.put("old \(index)", body(4_000, seed: index), usefulFor: 60_000)
            _ = reader.touch(store.key("old \(index)"), now: edge.now)
        }
        store.settle()
        edge.advance(600_000)
        for index in 0..<1_500 {
            store.put("new \(index)", body(4_000, seed: 10_000 + index), now: edge.now)
            if index % 20 == 19 { store.settle() }
        }
        #expect(store.counters.value(.evicted) > 200)
        #expect((0..<1_500).filter { store.stored("new \($0)") == nil }.isEmpty)
    }

    @Test func `after a restart entries from before are evicted too`() throws {
        bench.mapBytes = 8 << 20
        do {
            let store = try bench.open()
            for index in 0..<1_500 { store.put("old \(index)", body(4_000, seed: index)) }
            store.settle()
            store.close()
        }
        let store = try bench.open()
        for index in 0..<3_000 {
            store.put("new \(index)", body(4_000, seed: 9_000 + index))
            if index % 20 == 19 { store.settle() }
        }
        #expect(store.counters.value(.scanned) >= 1_000)
        #expect((0..<1_500).filter { store.stored("old \($0)") != nil }.isEmpty)
        #expect(store.counters.value(.failedCommits) == 0)
    }

    @Test func `above the last mark nothing is stored, and it is counted`() throws {
        bench.mapBytes = 8 << 20
        let store = try bench.open {
            $0.evictionStart = 99
            $0.evictionRest = 98
            $0.refusalStart = 60
        }
        for index in 0..<2_000 {
            store.put("tile \(index)", body(4_000, seed: index))
            if index % 50 == 49 { store.settle() }
        }
        #expect(used(store) <= 61)
        #expect(store.counters.value(.refusedFull) > 500)
        #expect(store.counters.value(.failedCommits) == 0)
    }

    /// 1,500 entries, none of which had to go, in a store that is closed again.
    private func fillNearly() throws {
        bench.mapBytes = 8 << 20
        let store = try bench.open { ($0.evictionStart, $0.refusalStart) = (99, 99) }
        for index in 0..<1_500 { store.put("old \(index)", body(4_000, seed: index)) }
        store.settle()
        store.close()
    }

    @Test func `a map found full while there is more to evict leaves nobody busy`() throws {
        try fillNearly()
        // Another budget: a fifth of all that is stored has to go, over several transactions.
        let store = try bench.open { ($0.evictionStart, $0.evictionRest) = (70, 40) }
        while store.counters.value(.evicted) == 0, store.step() {}
        #expect(store.counters.value(.evicted) > 0)
        bench.faults.fail(.commit, after: 0, code: LMDBError.mapFull)
        store.put("new", body(4_000, seed: 9_000))
        while store.hasPending, store.step() {}
        #expect(store.stored("new") != nil)
        store.settle()
        #expect(store.counters.value(.failedCommits) == 1)
        #expect(!store.step() && !store.step())
        #expect(used(store) <= 70)
    }

    @Test func `a file found damaged while there is more to evict leaves nobody busy`() throws {
        try fillNearly()
        let store = try bench.open { ($0.evictionStart, $0.evictionRest) = (70, 40) }
        while store.counters.value(.evicted) == 0, store.step() {}
        bench.faults.fail(.commit, after: 0, code: LMDBError.corrupted)
        store.settle()
        #expect(store.counters.value(.quarantines) == 1)
        #expect(!store.step() && !store.step())
        store.put("new", body(4_000, seed: 9_000))
        store.settle()
        #expect(store.stored("new") != nil)
    }

    @Test func `closing makes no room that nobody waits for`() throws {
        try fillNearly()
        let store = try bench.open { ($0.evictionStart, $0.evictionRest) = (70, 10) }
        while store.counters.value(.scanned) < 1_500, store.step() {}
        store.put("new", body(4_000, seed: 9_000))
        let before = store.counters.value(.evicted)
        store.close()
        #expect(store.counters.value(.evicted) - before < 300)
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
    }

    @Test func `a full map is relieved one object at a time, and taken into use again`() throws {
        bench.mapBytes = 4 << 20
        let store = try bench.open {
            $0.evictionStart = 1_000
            $0.evictionRest = 1_000
            $0.refusalStart = 1_000
        }
        for index in 0..<1_200 {
            store.put("tile \(index)", body(4_000, seed: index))
            if index % 25 == 24 { store.settle() }
        }
        #expect(store.counters.value(.failedCommits) > 0)
        #expect(store.counters.value(.evicted) > 0)
        #expect(store.counters.value(.quarantines) == 0)
        #expect(!store.hasPending)
        #expect(store.body(of: "tile 1199") == body(4_000, seed: 1_199))
        store.close()
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
    }

    @Test func `a body too large for the map is refused, and its older version goes`() throws {
        bench.mapBytes = 8 << 20
        let store = try bench.open()
        store.put("big", body(100_000))
        store.settle()
        store.put("big", body(9 << 20))
        store.settle()
        #expect(store.body(of: "big") == nil)
        #expect(store.counters.value(.refusedFull) == 1)
        #expect(!store.hasPending)
    }

    @Test func `replacing everything while viewers are slow does not grow the file`() throws {
        bench.mapBytes = 32 << 20
        let store = try bench.open()
        let size = 200_000
        func replaceAll(_ round: Int) {
            for index in 0..<40 {
                store.put("tile \(index)", body(size, seed: round * 100 + index))
            }
            store.settle()
        }
        replaceAll(0)
        replaceAll(1)
        let before = try #require(store.statistics())
        // Viewers that take a slice, come back much later, and must get the rest of the same body.
        var viewers: [(objectID: UInt64, seed: Int, taken: [UInt8])] = []
        for round in 2..<22 {
            if round % 5 == 0 {
                for index in 0..<10 {
                    guard let found = store.stored("tile \(index)") else { continue }
                    store.retain(found.header.objectID)
                    viewers.append((found.header.objectID, (round - 1) * 100 + index, []))
                }
            }
            replaceAll(round)
            for at in viewers.indices {
                let taken = viewers[at].taken.count
                let rest = store.chunks(
                    viewers[at].objectID, from: taken / 4_080, count: min(20_400, size - taken))
                viewers[at].taken += rest
            }
        }
        for viewer in viewers {
            let rest = store.chunks(
                viewer.objectID, from: viewer.taken.count / 4_080, count: size - viewer.taken.count)
            expectBody(viewer.taken + rest, size, seed: viewer.seed)
            store.release(viewer.objectID)
        }
        store.settle()
        let after = try #require(store.statistics())
        #expect(after.usedPages <= before.usedPages + 20)
        #expect(store.counters.value(.deferred) >= 30)
        #expect(store.counters.value(.heldObjects) == 0)
    }
}
