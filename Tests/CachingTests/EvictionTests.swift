import Caching
import Testing

@Suite("S3-FIFO")
struct EvictionTests {
    private func key(_ id: UInt64) -> CacheKey {
        CacheKey(high: id &* 0x9e37_79b9_7f4a_7c15, low: id)
    }

    private func queue(_ ids: ClosedRange<UInt64>, pages: Int = 1) -> S3FIFO {
        var queue = S3FIFO(objects: 1_000)
        for id in ids { queue.insert(objectID: id, key: key(id), pages: pages, expiry: .max) }
        return queue
    }

    @Test("nothing known is nothing to evict")
    func empty() {
        var queue = S3FIFO(objects: 10)
        defer { queue.touches.deallocate() }
        #expect(queue.victim(now: 0) == nil)
        #expect(queue.count == 0 && queue.pages == 0)
    }

    @Test("objects that nobody asked for leave in the order they came")
    func order() {
        var queue = queue(1...100)
        defer { queue.touches.deallocate() }
        for id in 1...100 as ClosedRange<UInt64> {
            let victim = queue.victim(now: 0)
            #expect(victim?.objectID == id && victim?.key == key(id).high && victim?.pages == 1)
        }
        #expect(queue.victim(now: 0) == nil)
    }

    @Test("one that was served stays while others leave")
    func served() {
        var queue = queue(1...10)
        defer { queue.touches.deallocate() }
        queue.touches.touch(1)
        #expect(queue.touches.isTouched(1) && !queue.touches.isTouched(2))
        let victims = (1...9).compactMap { _ in queue.victim(now: 0)?.objectID }
        #expect(victims == Array(2...10))
        #expect(queue.victim(now: 0)?.objectID == 1)
    }

    @Test("one that comes back soon enters the main queue at once")
    func ghost() {
        var queue = queue(1...20)
        defer { queue.touches.deallocate() }
        for id in 11...20 as ClosedRange<UInt64> { queue.touches.touch(id) }
        for id in 1...10 as ClosedRange<UInt64> { #expect(queue.victim(now: 0)?.objectID == id) }
        queue.insert(objectID: 21, key: key(21), pages: 1, expiry: .max)
        queue.insert(objectID: 22, key: key(3), pages: 1, expiry: .max)
        // The stranger leaves before any of the known ones, the returned one does not.
        var victims: [UInt64] = []
        while let victim = queue.victim(now: 0) { victims.append(victim.objectID) }
        let known = victims.filter { $0 != 22 }
        #expect(victims.firstIndex(of: 21) == 0 && victims.count == known.count + 1)
        #expect(victims.firstIndex(of: 22) != 1)
    }

    @Test("what is of no use any more leaves, however often it was served")
    func expired() {
        var queue = S3FIFO(objects: 10)
        defer { queue.touches.deallocate() }
        queue.insert(objectID: 1, key: key(1), pages: 1, expiry: 60_000)
        queue.insert(objectID: 2, key: key(2), pages: 1, expiry: .max)
        queue.touches.touch(1)
        queue.touches.touch(1)
        #expect(queue.victim(now: 180_000)?.objectID == 1)
    }

    @Test("large objects must earn more hits, slow ones fewer")
    func priced() {
        var queue = S3FIFO(objects: 10)
        defer { queue.touches.deallocate() }
        queue.insert(objectID: 1, key: key(1), pages: 40, expiry: .max)
        queue.insert(objectID: 2, key: key(2), pages: 40, expiry: .max, renderTime: 900)
        queue.insert(objectID: 3, key: key(3), pages: 200, expiry: .max)
        for id in 1...3 as ClosedRange<UInt64> { queue.touches.touch(id) }
        #expect(queue.victim(now: 0)?.objectID == 1)
        #expect(queue.victim(now: 0)?.objectID == 3)
        #expect(queue.victim(now: 0)?.objectID == 2)
    }

    @Test("a crawler that reads everything once pushes out nobody")
    func scanResistant() {
        var queue = S3FIFO(objects: 1_000)
        defer { queue.touches.deallocate() }
        for id in 1...500 as ClosedRange<UInt64> {
            queue.insert(objectID: id, key: key(id), pages: 1, expiry: .max)
            queue.touches.touch(id)
        }
        for id in 1_001...1_500 as ClosedRange<UInt64> {
            queue.insert(objectID: id, key: key(id), pages: 1, expiry: .max)
        }
        let victims = (0..<400).compactMap { _ in queue.victim(now: 0)?.objectID }
        #expect(victims.allSatisfy { $0 > 1_000 })
    }

    @Test("pages and objects are counted")
    func counts() {
        var queue = queue(1...10, pages: 7)
        defer { queue.touches.deallocate() }
        #expect(queue.count == 10 && queue.pages == 70)
        _ = queue.victim(now: 0)
        #expect(queue.count == 9 && queue.pages == 63)
    }

    @Test("many more objects than were announced are handled")
    func beyond() {
        var queue = queue(1...50_000)
        defer { queue.touches.deallocate() }
        var victims: Set<UInt64> = []
        while let victim = queue.victim(now: 0) { victims.insert(victim.objectID) }
        #expect(victims.count == 50_000)
    }
}
