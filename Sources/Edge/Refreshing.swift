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
        // It failed a moment ago: not again before the error's lifetime is over, or the pause.
        if shared.collapsed.knownFailure(key, at: network.wallNow, least: least)?.isOfHead == false
        {
            return
        }
        let copy = StoredCopy(entry, store: store)
        var ask = decision
        ask.action = copy.header.hasValidator && policy.revalidates ? .revalidate : .fetch
        func asker() -> Exchange {
            let asked = unsafe AskedByGet(bytes, head, facts, limits: limits.head)
            let exchange = Exchange(
                id: .background(loop: index), bytes: asked.bytes, head: asked.head,
                facts: asked.facts, snapshot: snapshot, behavior: behavior,
                decision: ask, started: network.monotonicNow)
            exchange.outcome.requestID = requestID
            unsafe exchange.ask(peer: peer(slot, bytes, behavior))
            exchange.entry = copy
            exchange.key = key
            exchange.canonical = unsafe [UInt8](canonical.bytes)
            exchange.primary = unsafe primaryKey(slot, bytes, behavior, facts)
            return exchange
        }
        if ask.action == .fetch, snapshot.settings.behaviors[behavior].metatiles.isOn,
            refreshesMetatile(asker(), least)
        {
            return
        }
        let fresh = SharedFetch(
            key: key, invalidation: shared.invalidationNumber, edition: edition(behavior),
            leader: nil, budget: shared.budget, began: network.wallNow)
        guard
            case .leads = shared.collapsed.joinOrLead(
                key, nil, fresh, at: network.monotonicMilliseconds, least: least)
        else { return }
        _ = startFetch(for: asker(), into: fresh, isBackground: true)
    }

    /// For how long it is not tried again, in rfc9111 mode, to refresh what could not be: what
    /// CloudFront leaves an origin that fails alone for, unless it is told otherwise.
    private static var refreshPause: Milliseconds { 10_000 }

    /// A refresh has come to nothing. What was to be refreshed may be served for as long as before,
    /// and each who gets it would have the origin asked again.
    func pauseRefresh(_ fetch: Fetch, _ status: Int, _ detail: StaticString) {
        guard fetch.isBackground, fetch.exchange.policy.mode == .rfc9111,
            let key = fetch.exchange.key
        else { return }
        shared.collapsed.remember(
            KnownFailure(
                status: status, detail: detail,
                until: network.wallNow.adding(Self.refreshPause),
                invalidation: fetch.shared.invalidation, since: network.wallNow),
            of: key)
    }

    /// The same of an answer, where it neither takes the place of what is stored nor ends it.
    func pauseRefresh(_ fetch: Fetch, after head: FetchedHead) {
        let isStored = head.isStorable && head.failureStatus == nil && fetch.shared.mayStore
        if isStored || fetch.exchange.isSuperseded(by: head) { return }
        pauseRefresh(fetch, head.status, "OriginError")
    }
}
