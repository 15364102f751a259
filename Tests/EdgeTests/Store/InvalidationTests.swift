import Caching
import Edge
import Glibc
import Testing

@Suite("Law 3: invalidations are durable, and the sweeper retires them")
struct InvalidationTests {
    private let bench = StoreBench()

    private func target(_ path: String) -> InvalidationRule {
        InvalidationRule(.target, Array(path.utf8))
    }

    @Test("numbers go on behind those of an earlier start")
    func numbers() throws {
        do {
            let store = try bench.open()
            #expect(store.invalidations.latest == 0 && store.invalidations.lastWritten == nil)
            #expect(store.invalidate([target("/a")]).number == 1)
            #expect(store.invalidate([target("/b"), target("/c")]) == (2, 1))
            store.settle()
            store.close()
        }
        let invalidations = try bench.open().invalidations
        #expect(invalidations.latest == 2)
        let written = try #require(invalidations.lastWritten)
        #expect(written <= StoreSettings.systemClock() && written > 1_700_000_000_000)
    }

    @Test("it is told when a rule is on disk")
    func durable() throws {
        let store = try bench.open()
        let told = EventList()
        store.invalidate([target("/a")]) { told.append(StoreEvent(.notice, "\($0)")) }
        #expect(told.texts.isEmpty)
        store.settle()
        #expect(told.texts == ["true"])
    }

    @Test("a cache whose log is gone is stale as a whole")
    func missing() throws {
        do {
            let store = try bench.open()
            store.put("tile", body(9_000))
            store.settle()
            store.close()
        }
        removeTree(bench.path("invalidations"))
        let store = try bench.open()
        #expect(store.invalidations.latest > 0)
        #expect(store.invalidations.count == 1)
        #expect(bench.events.texts.contains { $0.contains("everything stored counts as stale") })
        store.settle()
        #expect(store.stored("tile") == nil)
    }

    @Test("a damaged log is begun anew, and everything is stale")
    func damaged() throws {
        do {
            let store = try bench.open()
            store.put("tile", body(9_000))
            store.settle()
            store.close()
        }
        let descriptor = open(bench.path("invalidations/data.mdb"), O_WRONLY | O_TRUNC)
        write(descriptor, "no database", 11)
        close(descriptor)
        let store = try bench.open()
        #expect(store.invalidations.count == 1)
        #expect(bench.events.texts.contains { $0.contains("begun anew") })
    }

    @Test("the sweeper deletes what is dead, leaves the rest, and retires the rules")
    func sweep() throws {
        let store = try bench.open()
        for number in 0..<2_000 { store.put("tile \(number)", body(3_000, seed: number)) }
        store.settle()
        // These keys have no parts, so that every rule counts as matching them.
        store.invalidate([target("/a")])
        for number in 0..<10 {
            store.put("young \(number)", body(3_000, seed: number), invalidation: 1)
        }
        store.settle()
        #expect(store.invalidations.count == 0)
        #expect(store.stored("tile 0") == nil)
        #expect(store.stored("tile 1999") == nil)
        #expect(store.stored("young 9") != nil)
        #expect(store.counters.value(.swept) == 2_000)
        store.close()
        let next = try bench.open()
        #expect(next.invalidations.latest == 1)
        #expect(next.stored("young 9") != nil)
    }

    @Test("a rule outlives its search by the time a fetch may take")
    func retention() throws {
        let store = try bench.open { $0.invalidationRetention = 600_000 }
        store.invalidate([target("/a")])
        store.settle()
        #expect(store.invalidations.count == 1)
        bench.clock.advance(599_000)
        store.settle()
        #expect(store.invalidations.count == 1)
        bench.clock.advance(1_000)
        store.settle()
        #expect(store.invalidations.count == 0)
    }

    @Test("what was handed over before an invalidation is not written behind it")
    func late() throws {
        let store = try bench.open()
        store.put("tile", body(9_000))
        store.invalidate([target("/a")])
        store.settle()
        #expect(store.stored("tile") == nil)
    }
}
