import Caching
import Edge
import Glibc
import LMDB
import Testing

@Suite("Store: a file that is set aside, and none that can be made in its place yet")
struct StoreSuccessionTests {
    private let bench = StoreBench()

    private func expectAbsent(_ store: Store, _ isAbsent: Bool) {
        #expect(store.mode == (isAbsent ? .off : .normal))
        #expect(store.counters.value(.absent) == (isAbsent ? 1 : 0))
    }

    private func isKept(_ name: String, _ store: Store) -> Bool {
        guard store.put(name, body(9_000)) else { return false }
        store.settle()
        return store.stored(name)?.body == body(9_000)
    }

    /// Has a store begun anew.
    private func damage(_ store: Store) {
        bench.faults.fail(.commit, after: 0, code: LMDBError.corrupted)
        store.put("damaged", body(9_000))
        store.settle()
        #expect(store.counters.value(.quarantines) == 1)
    }

    @Test func `it is tried again after a second, and then at least twice a minute`() throws {
        let store = try bench.open()
        bench.faults.fail(.create, after: 0, times: 7, code: ENOSPC)
        damage(store)
        for wait in [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            #expect(!isKept("tile", store))
            expectAbsent(store, true)
            #expect(store.counters.value(.entries) == 0)
            let tries = bench.faults.count(of: .create)
            bench.clock.advance(Milliseconds(wait - 1))
            store.settle()
            #expect(bench.faults.count(of: .create) == tries, "\(wait)")
            bench.clock.advance(1)
            store.settle()
            #expect(bench.faults.count(of: .create) == tries + 1, "\(wait)")
        }
        expectAbsent(store, false)
        #expect(isKept("tile", store))
        #expect(store.counters.value(.quarantines) == 1)
        let texts = bench.events.texts
        #expect(texts.count { $0.contains("running without a cache") } == 1)
        #expect(texts.count { $0.contains("is used again") } == 1)
        store.close()
        let next = try bench.open()
        #expect(next.stored("tile")?.body == body(9_000))
    }

    @Test(
        "so is one that cannot be made at the start",
        arguments: ["nothing", "another", "aside", "damage"])
    func start(there: String) throws {
        if there != "nothing" {
            let former = try bench.open()
            #expect(isKept("former", former))
            former.close()
            switch there {
            case "another": unlink(bench.path("format"))
            case "aside": close(creat(bench.path("suspect"), 0o600))
            default:
                for page in 0..<2 { bench.overwrite(at: page * 4_096, body(4_096, seed: 9)) }
            }
        }
        bench.faults.fail(.create, after: 0, times: 2, code: ENOSPC)
        let store = try bench.open()
        expectAbsent(store, true)
        store.settle()
        expectAbsent(store, true)
        bench.clock.advance(1_000)
        store.settle()
        expectAbsent(store, false)
        #expect(store.stored("former") == nil)
        #expect(isKept("tile", store))
        store.close()
        // Under the seed that was written down at the start.
        #expect(try bench.open().stored("tile")?.body == body(9_000))
        #expect(bench.events.texts.count { $0.contains("tried again until it is made") } == 1)
    }

    @Test func `so it is where the damaged one cannot be moved away`() throws {
        let store = try bench.open()
        // Names that it would get in this second, and that are no directory's.
        for name in ["bad-1800000000", "bad-1800000000x"] {
            close(creat(bench.path(name), 0o600))
        }
        damage(store)
        expectAbsent(store, true)
        bench.clock.advance(1_000)
        store.settle()
        expectAbsent(store, false)
        #expect(bench.names.contains("bad-1800000001"))
        #expect(isKept("tile", store))
        #expect(store.stored("damaged") == nil)
    }

    @Test func `a reader that was there before finds what is stored after`() throws {
        let store = try bench.open()
        guard var reader = store.makeReader() else {
            Issue.record("there is no room for a reader")
            return
        }
        #expect(isKept("former", store))
        reader.begin()
        #expect(reader.find(store.key("former")) != nil)
        reader.end()
        bench.faults.fail(.create, after: 0, times: 2, code: EACCES)
        damage(store)
        reader.begin()
        #expect(reader.find(store.key("former")) == nil)
        reader.end()
        bench.clock.advance(60_000)
        store.settle()
        bench.clock.advance(60_000)
        store.settle()
        #expect(isKept("tile", store))
        reader.begin()
        #expect(reader.find(store.key("tile")) != nil)
        reader.end()
    }

    @Test func `one that is closed meanwhile makes none, and the next start does`() throws {
        let store = try bench.open()
        bench.faults.fail(.create, after: 0, code: ENOSPC)
        damage(store)
        bench.clock.advance(60_000)
        store.close()
        #expect(!bench.names.contains("store"))
        #expect(isKept("tile", try bench.open()))
    }
}
