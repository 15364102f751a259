import Caching
import Reactor

// Between a request's lookup and its wish to fetch, another loop may have stored what it wants.
extension LoopState where N: ~Copyable {
    /// Joins the fetch of the exchange's key, enters `fresh` as the one to join, or finds that the
    /// response is stored by now.
    ///
    /// A fetch stays to be joined until its response is stored. So whoever finds no fetch while it
    /// holds the key's lock, and then nothing stored either, is the first to ask.
    mutating func joinOrLead(
        _ exchange: Exchange, _ key: CacheKey, _ fresh: SharedFetch, least: UInt64
    ) -> (outcome: CollapsedFetches.Outcome, copy: StoredCopy?) {
        let (collapsed, now) = (shared.collapsed, network.monotonicMilliseconds)
        var copy: StoredCopy?
        let outcome = collapsed.joinOrLead(key, exchange.id, fresh, at: now, least: least) {
            copy = storedMeanwhile(exchange, key)
            return copy != nil
        }
        return (outcome, copy)
    }

    /// What is stored, where it answers the exchange as it is.
    mutating func storedMeanwhile(_ exchange: Exchange, _ key: CacheKey) -> StoredCopy? {
        guard let copy = storedCopy(key, exchange.canonical), copy.header.kind != .variants
        else { return nil }
        let decision = decide(
            .entry(copy.header), request: exchange.facts, policy: exchange.policy, health: .up,
            now: network.wallNow)
        return decision.action == .serve && decision.reason != .cachedError ? copy : nil
    }

    /// Serves what was stored meanwhile; false: it cannot be had after all.
    mutating func serveMeanwhile(_ exchange: Exchange, _ copy: StoredCopy) -> Bool {
        let wasReading = isReading
        if wasReading { endReading() }
        defer { if wasReading { beginReading() } }
        return serveWhenReady(exchange, copy, reason: .fresh)
    }
}
