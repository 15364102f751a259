import Caching
import Reactor
import Synchronization

/// What HEAD was told of targets of which nothing is stored, for as long as it is fresh.
///
/// CloudFront "caches responses to GET and HEAD requests". A head is no answer to GET, so that it
/// has no place in the store; it has no body, so that memory is enough: a restart forgets it.
package final class KnownHeads: Sendable {
    private struct Known {
        var fetch: SharedFetch
        var until: Milliseconds
    }

    /// For each shard, so that there are 2,048 at most.
    private static let countMax = 32
    /// The longest head that is kept.
    fileprivate static let bytesMax = 8_192
    private let shards = (0..<64).map { _ in Mutex<[CacheKey: Known]>.Box([:]) }

    private func shard(_ key: CacheKey) -> Mutex<[CacheKey: Known]>.Box {
        shards[Int(key.low & 63)]
    }

    fileprivate func keep(_ fetch: SharedFetch, of key: CacheKey, until: Milliseconds) {
        shard(key).mutex.withLock { known in
            if known.count >= Self.countMax { known.removeAll(keepingCapacity: true) }
            known[key] = Known(fetch: fetch, until: until)
        }
    }

    /// Joins the fetch that came to it; `fresh` and `least` as of `CollapsedFetches.joinOrLead`.
    fileprivate func join(
        _ key: CacheKey, _ id: ExchangeID, _ fresh: SharedFetch, at now: Milliseconds, least: UInt64
    ) -> SharedFetch? {
        shard(key).mutex.withLock { known in
            guard let found = known[key] else { return nil }
            guard now < found.until, found.fetch.isNew(enoughFor: fresh, least: least),
                found.fetch.join(id)
            else {
                known[key] = nil
                return nil
            }
            return found.fetch
        }
    }
}

extension Exchange {
    /// Whether it may have, or leave to others, what is known by HEAD alone. A class asks more of
    /// what is shared than a head tells.
    fileprivate var sharesKnownHead: Bool {
        policy.mode == .cloudfront && policy.mapClass == .none && entry == nil && page == nil
            && partName == Array("\0HEAD".utf8)
    }
}

extension LoopState where N: ~Copyable {
    /// Whether the same HEAD was answered a moment ago: that answer is fresh, and its viewer's.
    mutating func answersKnownHead(_ exchange: Exchange) -> Bool {
        guard let known = knownHead(exchange, for: exchange.id) else { return false }
        exchange.shared = known
        exchange.outcome.isKnownHead = true
        progress(exchange)
        return true
    }

    /// What the exchange would be answered by; whoever joins it has to leave it.
    mutating func knownHead(_ exchange: Exchange, for id: ExchangeID) -> SharedFetch? {
        guard exchange.mayCollapse, exchange.sharesKnownHead, let key = exchange.key else {
            return nil
        }
        return shared.heads.join(
            key, id, fresh(exchange), at: network.wallNow,
            least: invalidated.latest(of: key, exchange.canonical))
    }

    /// The next HEAD is answered as this one, where GET's answer would be stored and fresh.
    func keepHead(_ fetch: Fetch, _ head: FetchedHead, _ times: EntryTimes) {
        guard let key = fetch.exchange.key, fetch.exchange.sharesKnownHead, sharesHead(fetch, head),
            times.isFresh(at: network.wallNow), head.bytes.count <= KnownHeads.bytesMax
        else { return }
        shared.heads.keep(fetch.shared, of: key, until: times.freshUntil)
    }
}
