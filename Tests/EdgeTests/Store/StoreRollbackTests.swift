import Caching
import Edge
import Glibc
import Testing

/// A bit that flips in LMDB's first pages, or a copy that is put back, brings an older state of the
/// store: what was deleted as invalidated is there again, and the rules may be forgotten.
@Suite("A store from before what the invalidation log has forgotten")
struct StoreRollbackTests {
    private let bench = StoreBench()
    private let rule = InvalidationRule(.target, Array("/a".utf8))

    private var data: String { bench.path("store/data.mdb") }

    /// A dead entry and its rule, both swept away, and one that is younger.
    private func fill() throws {
        let store = try bench.open()
        store.put("tile", body(9_000))
        store.settle()
        copyFile(data, bench.path("before"))
        store.invalidate([rule])
        store.put("young", body(9_000, seed: 2), invalidation: 1)
        store.settle()
        #expect(store.invalidations.count == 0 && store.stored("tile") == nil)
        store.close()
    }

    /// Which rules are in force, and what is stored when the sweeper is done.
    private func found() throws -> (rules: Int, names: [String]) {
        let store = try bench.open()
        let rules = store.invalidations.count
        store.settle()
        defer { store.close() }
        return (rules, ["tile", "young"].filter { store.stored($0) != nil })
    }

    @Test("one that is as it was left is served on")
    func whole() throws {
        try fill()
        for _ in 0..<2 { #expect(try found() == (0, ["young"])) }
        #expect(bench.events.texts.isEmpty)
    }

    @Test("an older copy in its place is stale as a whole")
    func copy() throws {
        try fill()
        copyFile(bench.path("before"), data)
        #expect(try found() == (1, []))
        #expect(bench.events.texts.contains { $0.contains("too new for the cache") })
        // Once that is done it is no matter any more.
        #expect(try found() == (0, []))
    }

    @Test("a bit that flips where LMDB tells the newer state is no way back", arguments: 0...1)
    func bits(_ page: Int) throws {
        try fill()
        copyFile(data, bench.path("after"))
        copyFile(bench.path("invalidations/data.mdb"), bench.path("log"))
        copyFile(bench.path("invalidations/newest"), bench.path("witness"))
        for place in page * 4_096 + 144..<page * 4_096 + 152 {
            for bit in 0..<8 {
                copyFile(bench.path("after"), data)
                copyFile(bench.path("log"), bench.path("invalidations/data.mdb"))
                copyFile(bench.path("witness"), bench.path("invalidations/newest"))
                let descriptor = open(data, O_RDWR)
                var byte: UInt8 = 0
                pread(descriptor, &byte, 1, off_t(place))
                byte ^= 1 << bit
                pwrite(descriptor, &byte, 1, off_t(place))
                close(descriptor)
                #expect(try !found().names.contains("tile"), "bit \(bit) at \(place)")
            }
        }
    }

    @Test("one that stood in for a damaged one is not taken for old")
    func successor() throws {
        try fill()
        let store = try bench.open()
        for _ in 0..<4 { store.discardDamaged(store.key("young")) }
        store.settle()
        #expect(store.counters.value(.quarantines) == 1)
        store.put("young", body(9_000), invalidation: 1)
        store.settle()
        store.close()
        #expect(try found() == (0, ["young"]))
    }

    @Test("what everything that is stale stands for is not forgotten")
    func everything() throws {
        try fill()
        removeTree(bench.path("invalidations"))
        // It says that all is stale, and of all that was before it that it is forgotten.
        let store = try bench.open { $0.invalidationRetention = 600_000 }
        store.settle()
        store.put("young", body(9_000), invalidation: store.invalidations.latest)
        store.settle()
        store.close()
        #expect(try found() == (1, ["young"]))
        #expect(try found() == (0, ["young"]))
    }
}
