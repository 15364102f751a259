import Caching
import HTTP
import Reactor

// What `Cache-Status` says of the store (RFC 9211 §2.5).
extension LoopState where N: ~Copyable {
    /// `; stored` for a fetched response that is going to be stored, as far as that can be told
    /// while it comes; for one that would have been, why it is not; else nothing.
    mutating func storedParameter(_ exchange: Exchange, _ fetched: FetchedHead) -> StaticString {
        guard fetched.isStorable, exchange.storeKey != nil, let store else { return "" }
        if store.isFull { return "; detail=store-full" }
        return isKept(exchange, fetched.declaredLength ?? 0) ? "; stored" : "; detail=not-kept"
    }

    /// What the origin has confirmed is the answer: with what it says now it is stored, or not.
    mutating func confirmation(_ exchange: Exchange, _ head: FetchedHead) -> Forward {
        var forward = Forward(exchange, status: head.head.status)
        forward.isStored =
            head.isStorable && !head.isOutOfStep && store?.isFull == false && isKept(exchange, 0)
        return forward
    }

    /// Whether the fetch that an exchange reads is for the store, which has room for it.
    private mutating func isKept(_ exchange: Exchange, _ length: Int) -> Bool {
        guard let fetch = exchange.shared, fetch.isKept, store?.hasRoom(for: length) == true
        else { return false }
        guard let primary = exchange.primary, !exchange.policy.storesLateFetches
        else { return true }
        let number = exchange.ownInvalidation ?? fetch.invalidation
        return invalidated.mayStore(number, primary.key, primary.canonical)
    }
}
