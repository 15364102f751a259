import Caching
import Testing

/// The policy under test, with the store's part played here.
private struct S3FIFOCache {
    private var policy: S3FIFO
    private var present: [Int: UInt64] = [:]
    private var owners: [UInt64: Int] = [:]
    private var nextID: UInt64 = 1
    private let budget: Int

    init(pages: Int) {
        budget = pages
        policy = S3FIFO(objects: pages / 2)
    }

    mutating func ask(_ asked: Asked) -> Bool {
        if let id = present[asked.object] {
            policy.touches.touch(id)
            return true
        }
        while policy.pages + asked.pages > budget, let victim = policy.victim(now: 0) {
            if let object = owners.removeValue(forKey: victim.objectID) { present[object] = nil }
        }
        let high = UInt64(asked.object) &* 0x9e37_79b9_7f4a_7c15
        policy.insert(
            objectID: nextID, key: CacheKey(high: high, low: 0), pages: asked.pages, expiry: .max)
        present[asked.object] = nextID
        owners[nextID] = asked.object
        nextID += 1
        return false
    }

    func deallocate() { policy.touches.deallocate() }
}

/// First in, first out; with `renews`, least recently used.
private struct QueueCache {
    private var stamps: [Int: Int] = [:]
    private var queue: [(object: Int, stamp: Int, pages: Int)] = []
    private var head = 0
    private var clock = 0
    private var pages = 0
    private let budget: Int
    private let renews: Bool

    init(pages: Int, renews: Bool) {
        budget = pages
        self.renews = renews
    }

    mutating func ask(_ asked: Asked) -> Bool {
        clock += 1
        if stamps[asked.object] != nil {
            if renews { enqueue(asked) }
            return true
        }
        while pages + asked.pages > budget, head < queue.count {
            let oldest = queue[head]
            head += 1
            // A later request has moved it: this place in the queue is not its own any more.
            guard stamps[oldest.object] == oldest.stamp else { continue }
            stamps[oldest.object] = nil
            pages -= oldest.pages
        }
        enqueue(asked)
        pages += asked.pages
        return false
    }

    private mutating func enqueue(_ asked: Asked) {
        stamps[asked.object] = clock
        queue.append((asked.object, clock, asked.pages))
    }
}

@Suite("Eviction: hit ratios")
struct HitRatioTests {
    struct Ratios {
        var fifo = 0.0
        var lru = 0.0
        var s3fifo = 0.0
    }

    private func ratios(_ trace: [Asked], pages: Int) -> Ratios {
        var fifo = QueueCache(pages: pages, renews: false)
        var lru = QueueCache(pages: pages, renews: true)
        var s3fifo = S3FIFOCache(pages: pages)
        defer { s3fifo.deallocate() }
        var hits = (0, 0, 0)
        for asked in trace {
            if fifo.ask(asked) { hits.0 += 1 }
            if lru.ask(asked) { hits.1 += 1 }
            if s3fifo.ask(asked) { hits.2 += 1 }
        }
        let count = Double(trace.count)
        return Ratios(
            fifo: Double(hits.0) / count, lru: Double(hits.1) / count,
            s3fifo: Double(hits.2) / count)
    }

    private func percent(_ ratio: Double) -> String {
        let tenths = Int((ratio * 1_000).rounded())
        return "\(tenths / 10).\(tenths % 10) %"
    }

    private func row(_ name: String, _ pages: Int, _ ratios: Ratios) {
        print(
            "\(name), \(pages) pages: FIFO \(percent(ratios.fifo)), LRU \(percent(ratios.lru)),",
            "S3-FIFO \(percent(ratios.s3fifo))")
    }

    @Test("S3-FIFO beats LRU and FIFO on Zipf traces", arguments: [0.8, 1.0])
    func zipf(_ exponent: Double) {
        let trace = Trace.zipf(exponent, objects: 20_000, requests: 200_000, seed: 1)
        for pages in [1_000, 5_000, 15_000] {
            let ratios = ratios(trace, pages: pages)
            row("Zipf \(exponent)", pages, ratios)
            #expect(ratios.s3fifo > ratios.lru && ratios.s3fifo > ratios.fifo)
        }
    }

    @Test("S3-FIFO beats LRU and FIFO on a pan-and-zoom trace with a crawler")
    func panAndZoom() {
        let trace = Trace.panAndZoom(viewers: 200, steps: 20_000, seed: 2)
        for pages in [2_000, 8_000, 20_000] {
            let ratios = ratios(trace, pages: pages)
            row("Pan and zoom", pages, ratios)
            #expect(ratios.s3fifo > ratios.lru && ratios.s3fifo > ratios.fifo)
        }
    }
}
