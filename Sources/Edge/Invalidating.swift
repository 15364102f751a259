import Caching
import HTTP
import Reactor

// A write that succeeded makes stale what it named (RFC 9111 §4.4).
extension LoopState where N: ~Copyable {
    /// After a response: invalidates the target of an unsafe or unknown method, and what Location
    /// and Content-Location of the same host name, the former where it may have changed.
    ///
    /// In force on all loops from here on. Returns whether the answer has to wait until that is on
    /// disk: `invalidationKept` goes on with it then.
    ///
    /// - Parameters:
    ///   - others: what the write made stale beside that.
    ///   - ending: what it touched, if it was noted before it was forwarded.
    mutating func invalidateAfter(
        _ fetch: Fetch, _ head: FetchedHead, _ others: [InvalidationRule],
        _ ending: Store.WriteEnding?
    ) -> Bool {
        let exchange = fetch.exchange
        let applies = UnsafeInvalidation.applies(
            to: exchange.head.method, status: head.status, policy: exchange.policy)
        let touchesNone = others.isEmpty && ending?.rules.isEmpty ?? true
        guard applies || !touchesNone, let store else {
            // That it changed nothing may be forgotten in a crash.
            if let ending { store?.invalidate([], ending: ending) }
            return false
        }
        var canonicals = applies ? exchange.targetKeys() : []
        let path = [UInt8](exchange.bytes[exchange.head.path.range])
        let reachesLocation = unsafe UnsafeInvalidation.reachesLocation(
            status: head.status, path: path.span.bytes)
        for field in [KnownField.location, .contentLocation] where applies {
            if field == .location, !reachesLocation { continue }
            guard let index = head.head.fields.first(field) else { continue }
            let key = unsafe head.bytes.withUnsafeBytes { bytes in
                unsafe exchange.resolve(
                    UnsafeRawBufferPointer(rebasing: bytes[head.head.fields[index].value.range]))
            }
            if let key, !canonicals.contains(key) { canonicals.append(key) }
        }
        counters.add(.invalidations, canonicals.count)
        invalidated.refresh()
        let known = invalidated.known
        // Nor may its number outdo a rule that reaches tags, as long as its own are not looked at.
        let mayStore = mayStore(fetch) && !invalidated.hasTagRule(since: fetch.invalidation)
        let rules = canonicals.compactMap { exchange.rule(ofTarget: $0) } + others
        let (number, before) = store.invalidate(rules, ending: ending, whenDurable: keptWord(fetch))
        // What an unsafe method's answer says of its own target is as new as the write, unless
        // another one came in between.
        if mayStore, applies, let primary = exchange.primary,
            !store.invalidations.matches(primary.canonical, after: known, upTo: before)
        {
            exchange.ownInvalidation = number
        }
        for canonical in canonicals {
            // The sweeper would find it as well; so its room is free at once.
            unsafe store.delete(CacheKey.hash(canonical.span.bytes, seed: store.seed))
        }
        return true
    }
}

extension Exchange {
    /// What makes stale the target of a canonical key, on its host, in all variants; nil for what
    /// is no such key.
    ///
    /// It goes into a log on disk. Where a behavior has a class nothing is stored under what holds
    /// a credential, so that the rest of such a target is all there is to name (law 6).
    fileprivate func rule(ofTarget canonical: [UInt8]) -> InvalidationRule? {
        guard let target = unsafe InvalidationTarget(in: canonical.span.bytes) else { return nil }
        var (path, query) = (
            Array(canonical[target.path]), target.query.map { Array(canonical[$0]) }
        )
        if policy.mapClass != .none {
            (path, query) = Credentials.leftOut(ofPath: path, query: query)
        }
        var rule = InvalidationRule(
            .target, host: Array(canonical[target.host]),
            path + (query.map { [UInt8(ascii: "?")] + $0 } ?? []))
        rule.isQuiet = wroteNothing
        return rule
    }

    /// Every key the request's own target may be stored under, without variants: deleting the
    /// names of the selecting fields makes the variants unfindable.
    func targetKeys() -> [[UInt8]] {
        let path = [UInt8](bytes[head.path.range])
        let query = head.hasQuery ? [UInt8](bytes[head.query.range]) : nil
        let tellsCodings = policy.mode == .cloudfront && imported == nil
        return (tellsCodings ? [false, true] : [false]).compactMap { gzip in
            canonicalKey(path: path, query: query, gzip: gzip)
        }
    }
}
