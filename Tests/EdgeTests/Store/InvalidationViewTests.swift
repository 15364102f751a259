import Caching
import Testing
import Tiles

@testable import Edge

@Suite("Law 3: what a loop remembers of invalidations")
struct InvalidationViewTests {
    private let bench = StoreBench()
    private let canonical = Array(name("/story/x").utf8)

    private func header(_ kind: EntryKind, in store: Store) -> EntryHeader {
        let until = bench.clock.now + 60_000
        let times = EntryTimes(
            storedAt: bench.clock.now, initialAge: 0, freshUntil: until, swrUntil: until,
            sieUntil: until)
        var header = EntryHeader(status: 200, flags: [], times: times)
        (header.kind, header.objectID) = (kind, 7)
        return header
    }

    /// Behind a write of the page and one of a layer that the entry does not tell.
    private func judge(_ kind: EntryKind) throws -> (isAlive: Bool, awaited: UInt64) {
        let store = try bench.open { $0.invalidationRetention = 600_000 }
        var view = InvalidationView(store.invalidations)
        for target in [WriteScope.Target.page("/story/x"), .layer(LayerName("w:b"))] {
            _ = store.invalidations.invalidate([
                InvalidationRule(scope: WriteScope(target, .layer))
            ])
        }
        var header = header(kind, in: store)
        let key = CacheKey.hash(canonical.span.bytes, seed: store.seed)
        let fields = Array("Surrogate-Key: layer:w:a\r\n".utf8)
        let isAlive = canonical.withUnsafeBytes { canonical in
            fields.withUnsafeBytes {
                view.isAlive(&header, key, canonical, fields: $0, now: bench.clock.now)
            }
        }
        return (isAlive, view.latest(of: key, canonical))
    }

    @Test("what one entry tells of itself says nothing of an answer that is on its way")
    func entry() throws {
        let judged = try judge(.complete)
        #expect(!judged.isAlive)
        // The answer may show w:b: who asks now must not have one from before that write.
        #expect(judged.awaited == 2)
    }

    @Test("a list of variants lives on, and who misses one of them joins nothing from before")
    func variants() throws {
        let judged = try judge(.variants)
        #expect(judged.isAlive)
        #expect(judged.awaited == 2)
    }
}
