import Caching
import Testing

@testable import Edge

@Suite("Law 3: soft invalidations end lifetimes, for good")
struct SoftInvalidationTests {
    private let bench = StoreBench()

    private func soft(_ path: String) -> InvalidationRule {
        var rule = InvalidationRule(.prefix, Array(path.utf8))
        rule.isSoft = true
        return rule
    }

    @Test("the sweeper writes down what is stale, before it forgets the rule; the body stays")
    func sweep() throws {
        let store = try bench.open()
        for number in 0..<600 { store.put(name("/a/\(number)"), body(3_000, seed: number)) }
        store.put(name("/b"), body(3_000))
        store.settle()
        bench.clock.advance(1_000)
        let now = bench.clock.now
        store.invalidate([soft("/a/")])
        store.settle()
        #expect(store.invalidations.count == 0)
        #expect(store.counters.value(.softened) == 600)
        #expect(store.counters.value(.swept) == 0)
        let ended = try #require(store.stored(name("/a/599")))
        #expect(ended.header.times.freshUntil == now && ended.header.times.swrUntil == now)
        #expect(ended.body == body(3_000, seed: 599))
        let other = try #require(store.stored(name("/b")))
        #expect(other.header.times.freshUntil > now)
        store.close()
        // Also for a process that never heard of the rule.
        let next = try bench.open()
        #expect(next.stored(name("/a/0"))?.header.times.freshUntil == now)
    }

    @Test("a write's soft scope ends for good what may be served while it is revalidated")
    func scope() throws {
        func map(_ layer: String) -> String {
            withUnsafeTemporaryAllocation(byteCount: 512, alignment: 8) { memory in
                var key = CanonicalKey(memory)
                key.append(host: Array("h".utf8).span.bytes)
                key.append(.path, Array("/geoserver/wms".utf8).span.bytes)
                key.append(.query, Array("REQUEST=GetMap&LAYERS=\(layer)".utf8).span.bytes)
                return String(decoding: [UInt8](key.bytes), as: UTF8.self)
            }
        }
        let store = try bench.open()
        let until = bench.clock.now + 1_000
        for layer in ["a:x", "a:y"] {
            var put = store.response(map(layer), .segments([StoreSegment(copying: body(10))]))
            put.header.times.freshUntil = until
            put.header.times.swrUntil = until + 9_000
            put.header.times.sieUntil = until + 9_000
            _ = store.enqueue(put)
        }
        store.settle()
        bench.clock.advance(2_000)
        let now = bench.clock.now
        var rule = InvalidationRule(scope: WriteScope(.layer(LayerName("a:x")), .tiles))
        rule.isSoft = true
        store.invalidate([rule])
        store.settle()
        #expect(store.invalidations.count == 0)
        let touched = try #require(store.stored(map("a:x"))).header.times
        #expect(touched.freshUntil == until && touched.swrUntil == now)
        #expect(touched.sieUntil == until + 9_000)
        let other = try #require(store.stored(map("a:y"))).header.times
        #expect(other.swrUntil == until + 9_000)
    }

    @Test("what was fetched before it and comes later is stored, as stale")
    func late() throws {
        let store = try bench.open { $0.invalidationRetention = 600_000 }
        store.invalidate([soft("/")])
        store.settle()
        bench.clock.advance(1_000)
        store.put(name("/before"), body(9_000), invalidation: 0)
        store.put(name("/after"), body(9_000), invalidation: 1)
        store.settle()
        #expect(store.stored(name("/before"))?.header.times.freshUntil == bench.clock.now)
        let after = try #require(store.stored(name("/after")))
        #expect(after.header.times.freshUntil > bench.clock.now)
    }

    @Test("it survives a restart, as a hard one does, and a hard one wins")
    func restart() throws {
        do {
            let store = try bench.open { $0.invalidationRetention = 600_000 }
            store.put(name("/a"), body(10))
            store.settle()
            store.invalidate([soft("/a")])
            store.settle()
            store.close()
        }
        let store = try bench.open { $0.invalidationRetention = 600_000 }
        #expect(store.invalidations.count == 1)
        store.put(name("/a/late"), body(10), invalidation: 0)
        store.settle()
        #expect(store.stored(name("/a/late"))?.header.times.freshUntil == bench.clock.now)
        store.invalidate([InvalidationRule(.prefix, Array("/a".utf8))])
        store.settle()
        #expect(store.stored(name("/a")) == nil)
    }

    @Test("a count tells what rules would reach, on disk and alive, and changes nothing")
    func count() throws {
        let store = try bench.open { $0.invalidationRetention = 600_000 }
        for number in 0..<1_500 { store.put(name("/a/\(number)"), body(100, seed: number)) }
        store.put(name("/b"), body(3_000))
        store.settle()
        let all = InvalidationRule(.prefix, Array("/a/".utf8))
        let whole = store.count([all], within: .seconds(60))
        #expect(whole == StoreCount(entries: 1_500, bytes: 150_000, isComplete: true))
        let cut = try #require(store.count([all], within: .zero))
        #expect(!cut.isComplete && cut.entries < 1_500 && cut.entries > 0)
        #expect(store.count([], within: .seconds(60))?.entries == 0)
        #expect(store.invalidations.latest == 0)
        // What is dead already does not die again.
        store.invalidate([InvalidationRule(.prefix, Array("/a/1".utf8))])
        let rest = try #require(store.count([all], within: .seconds(60)))
        #expect(rest.entries == 1_500 - 611)
    }

    @Test("what waits for the writer counts, once, and in place of what is on disk")
    func countOfPending() throws {
        let store = try bench.open { $0.invalidationRetention = 600_000 }
        for number in 0..<3 { store.put(name("/a/\(number)"), body(100, seed: number)) }
        store.settle()
        store.put(name("/a/2"), body(5_000))
        store.put(name("/a/3"), body(10))
        store.put(name("/b"), body(10))
        let all = InvalidationRule(.prefix, Array("/a/".utf8))
        let count = store.count([all], within: .seconds(60))
        #expect(count == StoreCount(entries: 4, bytes: 5_210, isComplete: true))
        // As it was counted, it is found.
        store.invalidate([InvalidationRule(.target, Array("/a/3".utf8))])
        #expect(store.count([all], within: .seconds(60))?.entries == 3)
        store.settle()
        #expect(
            store.count([all], within: .seconds(60))
                == StoreCount(entries: 3, bytes: 5_200, isComplete: true))
    }
}
