import Caching
import HTTP
import Reactor

// What is served stale is asked for anew behind the viewer's back (RFC 5861 §3).
extension LoopState where N: ~Copyable {
    /// Refreshes behind a stale answer, if nobody does so already.
    mutating func refresh(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ decision: Decision,
        _ entry: StoredEntry, _ key: CacheKey, _ canonical: CanonicalKey
    ) {
        let policy = hot[behavior].policy
        guard isReadingMethod || head.method == .options && policy.cachesOptions else { return }
        let least = unsafe invalidated.latest(of: key, canonical.bytes)
        // It failed a moment ago: not again before the error's lifetime is over.
        if policy.mode == .cloudfront,
            shared.collapsed.knownFailure(key, at: network.wallNow, least: least)?.isOfHead == false
        {
            return
        }
        let copy = StoredCopy(entry, store: store)
        var ask = decision
        ask.action = copy.header.hasValidator && policy.revalidates ? .revalidate : .fetch
        let fresh = SharedFetch(
            key: key, invalidation: shared.invalidationNumber, edition: edition(behavior),
            leader: nil, budget: shared.budget, began: network.wallNow)
        guard
            case .leads = shared.collapsed.joinOrLead(
                key, nil, fresh, at: network.monotonicMilliseconds, least: least)
        else { return }
        let asked = unsafe AskedByGet(bytes, head, facts, limits: limits.head)
        let exchange = Exchange(
            id: .background(loop: index), bytes: asked.bytes, head: asked.head, facts: asked.facts,
            snapshot: snapshot, behavior: behavior,
            decision: ask, started: network.monotonicNow)
        exchange.outcome.requestID = requestID
        unsafe exchange.ask(peer: peer(slot, bytes, behavior))
        exchange.entry = copy
        exchange.key = key
        exchange.canonical = unsafe [UInt8](canonical.bytes)
        exchange.primary = unsafe primaryKey(slot, bytes, behavior)
        _ = startFetch(for: exchange, into: fresh, isBackground: true)
    }
}
