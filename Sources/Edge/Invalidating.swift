import Caching
import HTTP

// A write that succeeded makes stale what it named (RFC 9111 §4.4).
extension LoopState where N: ~Copyable {
    /// After a response: invalidates the target of an unsafe or unknown method, and what Location
    /// and Content-Location of the same host name. In effect on all loops before the viewer is
    /// answered: the writer's queue says so from here on, and fetches in flight are fenced.
    mutating func invalidateAfter(_ fetch: Fetch, _ head: FetchedHead) {
        let exchange = fetch.exchange
        guard exchange.policy.invalidatesOnUnsafe, !exchange.head.method.isSafe,
            (200..<400).contains(head.status),
            let store
        else { return }
        invalidate(exchange.targetKeys(), fetch, store)
        for field in [KnownField.location, .contentLocation] {
            guard let index = head.head.fields.first(field) else { continue }
            let keys = head.bytes.withUnsafeBytes { bytes in
                exchange.resolve(
                    UnsafeRawBufferPointer(rebasing: bytes[head.head.fields[index].value.range]))
            }
            invalidate(keys.map { [$0] } ?? [], fetch, store)
        }
    }

    private mutating func invalidate(_ canonicals: [[UInt8]], _ fetch: Fetch, _ store: Store) {
        let shared = shared
        for canonical in canonicals {
            let key = CacheKey.hash(canonical.span.bytes, seed: store.seed)
            let number = shared.collapsed.fence(key, begunAt: fetch.invalidation) {
                shared.nextInvalidation()
            }
            // What the write answers for its own target is as new as the write.
            if let number, key == fetch.exchange.storeKey { fetch.ownInvalidation = number }
            store.delete(key)
            counters.add(.invalidations)
        }
    }
}

extension Exchange {
    /// Every key the request's own target may be stored under, without variants: deleting the
    /// names of the selecting fields makes the variants unfindable.
    func targetKeys() -> [[UInt8]] {
        let host = [UInt8](bytes[head.authority.range])
        let path = [UInt8](bytes[head.path.range])
        let query = [UInt8](bytes[head.query.range])
        let codings = policy.mode == .cloudfront ? [false, true] : [false]
        return codings.compactMap { gzip in
            withUnsafeTemporaryAllocation(byteCount: 40_960, alignment: 16) { memory in
                var key = CanonicalKey(memory)
                TargetKey.append(
                    host: host.span.bytes, path: path.span.bytes, query: query.span.bytes,
                    gzip: gzip, to: &key)
                return key.overflowed ? nil : [UInt8](key.bytes)
            }
        }
    }
}
