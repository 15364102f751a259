import Caching
import Edge
import Testing
import Tiles

@Suite("Law 3: invalidations by tag, in the store")
struct TagInvalidationTests {
    private let bench = StoreBench()

    private func rule(_ tag: String, isSoft: Bool = false) -> InvalidationRule {
        var rule = InvalidationRule(tag: tag.utf8, in: "tags".utf8)
        rule.isSoft = isSoft
        return rule
    }

    private let long = "X-Long: \(String(repeating: "x", count: 3_000))\r\n"

    /// As many, and as long, as count, in four chunks.
    private let many =
        (1...49).map { "t\($0)\(String(repeating: "x", count: 253))" }.joined(separator: ",")
        + ",RIVERS"

    private func fill(_ store: Store) {
        store.put(name("/a"), body(3_000), headers: "Tags: roads, rivers\r\n")
        store.put(name("/b"), body(10), headers: "Tags: Rivers\r\n")
        store.put(name("/c"), body(3_000), headers: "Other: rivers\r\n")
        store.put(name("/long"), body(3_000), headers: long)
        store.put(name("/many"), body(3_000), headers: "\(long)Tags: \(many)\r\n")
        store.settle()
    }

    private func stored(_ store: Store) -> [Bool] {
        ["/a", "/b", "/c", "/long", "/many"].map { store.stored(name($0)) != nil }
    }

    @Test("the sweeper finds what bears the tag, wherever its fields lie")
    func sweep() throws {
        let store = try bench.open()
        fill(store)
        store.invalidate([rule("rivers")])
        store.settle()
        #expect(stored(store) == [false, false, true, true, false])
        #expect(store.counters.value(.swept) == 3 && store.invalidations.count == 0)
    }

    @Test("a soft one ends lifetimes")
    func soft() throws {
        let store = try bench.open()
        fill(store)
        bench.clock.advance(1_000)
        store.invalidate([rule("roads", isSoft: true)])
        store.settle()
        #expect(stored(store) == [true, true, true, true, true])
        #expect(store.stored(name("/a"))?.header.times.freshUntil == bench.clock.now)
        let other = try #require(store.stored(name("/b")))
        #expect(other.header.times.freshUntil > bench.clock.now)
    }

    @Test("a count tells whom it would reach; what was fetched before and comes late is not kept")
    func lateAndCount() throws {
        let store = try bench.open { $0.invalidationRetention = 600_000 }
        fill(store)
        #expect(store.count([rule("rivers")], within: .seconds(60))?.entries == 3)
        #expect(store.count([rule("roads")], within: .seconds(60))?.entries == 1)
        store.invalidate([rule("roads")])
        #expect(store.count([rule("rivers")], within: .seconds(60))?.entries == 2)
        store.settle()
        store.put(name("/late"), body(10), headers: "Tags: roads\r\n", invalidation: 0)
        store.put(name("/other"), body(10), headers: "Tags: rivers\r\n", invalidation: 0)
        store.put(name("/new"), body(10), headers: "Tags: roads\r\n", invalidation: 1)
        store.settle()
        let kept = ["/late", "/other", "/new"].map { store.stored(name($0)) != nil }
        #expect(kept == [false, true, true])
    }
}

@Suite("What pages tell that they show, in the store")
struct ShownPageTests {
    private let bench = StoreBench()

    @Test("the sweeper keeps what shows other layers, wherever its fields lie")
    func sweep() throws {
        let store = try bench.open()
        let long = "X-Long: \(String(repeating: "x", count: 3_000))\r\n"
        let pages = [
            ("/story/a", "Surrogate-Key: layer:w:a\r\n"),
            ("/story/b", "Surrogate-Key: layer:w:b\r\n"),
            ("/story/untold", "Other: layer:w:a\r\n"),
            ("/story/long", "Surrogate-Key: layer:w:a\r\n\(long)"), ("/static/a.js", long),
        ]
        for (path, fields) in pages { store.put(name(path), body(10), headers: fields) }
        store.settle()
        var scope = WriteScope(.layer(LayerName("w:b")), .all)
        scope.isHard = true
        store.invalidate([InvalidationRule(scope: scope)])
        store.settle()
        let kept = pages.map { store.stored(name($0.0)) != nil }
        #expect(kept == [true, false, false, true, true])
        #expect(store.counters.value(.swept) == 2 && store.invalidations.count == 0)
    }
}
