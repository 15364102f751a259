/// Chooses which objects leave when space is needed: S3-FIFO, priced by size and by cost.
///
/// A new object enters a small queue. One that is served before it reaches the head goes on to
/// the main queue, others leave and are remembered for a while; who comes back while remembered
/// enters the main queue at once. So a crawler that reads everything once passes through the
/// small queue and pushes out nobody. In the main queue each hit buys a further round. Large
/// objects need more hits, those that were slow to make fewer.
///
/// Owned by the writer; loops only write the `TouchTable`. Removing an object elsewhere needs no
/// call: `victim` may name one that is gone, which the owner finds out and asks again.
/// Source: Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023.
public struct S3FIFO {
    /// What is to leave.
    public struct Victim: Equatable, Sendable {
        /// `CacheKey.high` of its key.
        public var key: UInt64
        public var objectID: UInt64
        public var pages: Int
    }

    /// Written by the loops; freed by who made it.
    public let touches: TouchTable
    private var small = UsageQueue()
    private var main = UsageQueue()
    private var ghosts: GhostTable

    /// For about so many objects; more are allowed and only make it less exact.
    public init(objects: Int) {
        touches = TouchTable(objects: objects * 2)
        ghosts = GhostTable(objects: objects)
    }

    /// Objects known, those included that are gone without its having been told.
    public var count: Int { small.count + main.count }
    /// Pages of all these.
    public var pages: Int { small.pages + main.pages }

    /// Enters a stored object.
    ///
    /// `pages` are those of 4 KiB that its eviction frees, `expiry` when it is of no use any more,
    /// `renderTime` what it cost to make, in milliseconds.
    public mutating func insert(
        objectID: UInt64, key: CacheKey, pages: Int, expiry: Milliseconds,
        renderTime: Milliseconds = 0
    ) {
        let minute = UInt32(clamping: expiry / 60_000)
        let usage = Usage(
            key: key.high, object: objectID, pages: pages,
            price: Self.price(pages: pages, renderTime: renderTime), expiryMinute: minute)
        touches.set(usage.object, to: 0)
        if ghosts.take(key.high, window: main.count) {
            main.append(usage)
        } else {
            small.append(usage)
        }
    }

    /// Names the next object to leave, and forgets it; nil when none is known.
    public mutating func victim(now: Milliseconds) -> Victim? {
        let minute = UInt32(clamping: now / 60_000)
        // Each turn takes an object out, moves it once to the main queue, or uses up hits.
        while count > 0 {
            let isSmallDue = main.count == 0 || small.pages * 10 > pages
            if isSmallDue, let usage = small.popFirst() {
                if let victim = leavesSmall(usage, minute) { return victim }
            } else if let usage = main.popFirst() {
                if let victim = leavesMain(usage, minute) { return victim }
            }
        }
        return nil
    }

    private mutating func leavesSmall(_ usage: Usage, _ minute: UInt32) -> Victim? {
        if usage.expiryMinute < minute { return victim(usage) }
        let hits = touches.hits(usage.object)
        if hits > usage.price {
            touches.set(usage.object, to: 0)
            main.append(usage)
            return nil
        }
        ghosts.insert(usage.key)
        return victim(usage)
    }

    private mutating func leavesMain(_ usage: Usage, _ minute: UInt32) -> Victim? {
        let hits = touches.hits(usage.object)
        if usage.expiryMinute < minute || hits <= usage.price { return victim(usage) }
        touches.set(usage.object, to: hits - 1 - usage.price)
        main.append(usage)
        return nil
    }

    private func victim(_ usage: Usage) -> Victim {
        Victim(key: usage.key, objectID: usage.object, pages: usage.pages)
    }

    /// Hits beyond the first that an object must earn: none up to 16 pages (64 KiB), one up to
    /// 64, else two; one fewer when it took half a second to make.
    static func price(pages: Int, renderTime: Milliseconds) -> UInt8 {
        let bySize: UInt8 = pages <= 16 ? 0 : pages <= 64 ? 1 : 2
        return renderTime >= 500 && bySize > 0 ? bySize - 1 : bySize
    }
}
