import Caching
import Reactor

// What `Cache-Status` says of the store (RFC 9211 §2.5).
extension LoopState where N: ~Copyable {
    /// `; stored` for a fetched response that is going to be stored, as far as that can be told
    /// while it comes; for one that would have been, why it is not; else nothing.
    mutating func storedParameter(_ exchange: Exchange, _ fetched: FetchedHead) -> StaticString {
        guard fetched.isStorable, exchange.key != nil, let store, let fetch = exchange.shared
        else { return "" }
        if store.isFull { return "; detail=store-full" }
        let isFenced =
            exchange.primary.map {
                !exchange.policy.storesLateFetches
                    && !invalidated.mayStore(fetch.invalidation, $0.key, $0.canonical)
            } ?? false
        guard fetch.isKept, !isFenced, store.hasRoom(for: fetched.declaredLength ?? 0)
        else { return "; detail=not-kept" }
        return "; stored"
    }

    /// The same for what was stored before, once the origin has confirmed it: its new lifetime is
    /// stored, or not.
    func confirmedParameter(_ reason: DecisionReason, _ times: EntryTimes) -> StaticString {
        switch reason {
        // Nobody was asked, whatever CloudFront would call it.
        case .fresh, .cachedError, .staleWhileRevalidate, .maxStale, .originDown, .staleIfError:
            return ""
        case .metatile: return "; fwd-status=200; stored"
        default: break
        }
        let isKept = times.isFresh(at: network.wallNow) && store?.hasRoom(for: 0) == true
        return isKept ? "; fwd-status=304; stored" : "; fwd-status=304"
    }
}
