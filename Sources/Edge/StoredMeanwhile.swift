import Caching
import Reactor

// Between a request's lookup and its wish to fetch, another loop may have stored what it wants.
extension LoopState where N: ~Copyable {
    /// Joins the fetch of the exchange's key, enters `fresh` as the one to join, or finds that the
    /// response is stored by now.
    ///
    /// A fetch stays to be joined until its response is stored. So whoever finds no fetch while it
    /// holds the key's lock, and then nothing stored either, is the first to ask.
    ///
    /// - Parameter name: what the fetch is found by: the key, or of a part, one of its own.
    private mutating func joinOrLead(
        _ exchange: Exchange, _ name: CacheKey, _ fresh: SharedFetch, _ key: CacheKey,
        _ canonical: [UInt8]
    ) -> (outcome: CollapsedFetches.Outcome, copy: StoredCopy?) {
        let (collapsed, now) = (shared.collapsed, network.monotonicMilliseconds)
        let least = invalidated.latest(of: exchange.key ?? key, exchange.canonical)
        var copy: StoredCopy?
        let outcome = collapsed.joinOrLead(name, exchange.id, fresh, at: now, least: least) {
            copy = storedMeanwhile(exchange, key, canonical)
            return copy != nil
        }
        return (outcome, copy)
    }

    /// Waits for who fetches what the key names, which may be a variant of the exchange's own, or
    /// is the one. `part`: only that of it, see `partName`.
    mutating func collapse(
        _ exchange: Exchange, _ key: CacheKey, _ canonical: [UInt8], part: [UInt8] = []
    ) {
        let name =
            unsafe part.isEmpty ? key : CacheKey.hash((canonical + part).span.bytes, seed: seed)
        let candidate = fresh(exchange, key: name)
        let (outcome, copy) = joinOrLead(exchange, name, candidate, key, canonical)
        switch outcome {
        case .stored:
            if let copy, serveMeanwhile(exchange, copy) { return }
            lead(exchange, fresh(exchange))
        case .leads: lead(exchange, candidate)
        case .alone:
            exchange.mayCollapse = false
            lead(exchange, fresh(exchange))
        case .waits(let running): waitFor(running, exchange)
        }
    }

    /// It has joined a fetch.
    mutating func waitFor(_ running: SharedFetch, _ exchange: Exchange) {
        counters.add(running.isPrefetch ? .prefetchesLate : .collapsed)
        exchange.shared = running
        shareTurn(exchange, running)
        setDeadline(exchange.id.slot, milliseconds: snapshot.settings.cache.collapseTimeout)
        tell(exchange.id)
    }

    /// Who waited for an answer that turned out to be another variant than his: those of one
    /// variant ask once. False, and nothing done: it is his.
    mutating func collapse(_ exchange: Exchange, ofVariant variant: VariantBytes) -> Bool {
        guard exchange.partName?.isEmpty == true,
            let values = exchange.variantValues(variant.names), values != variant.values
        else { return false }
        // An answer that varies by something else again is nobody's to wait for.
        exchange.mayCollapse = false
        let canonical = exchange.canonical + values
        collapse(exchange, unsafe CacheKey.hash(canonical.span.bytes, seed: seed), canonical)
        return true
    }

    /// What is stored, where it answers the exchange as it is.
    ///
    /// - Parameter canonical: what the key is made of; nil: what the exchange's own is.
    mutating func storedMeanwhile(
        _ exchange: Exchange, _ key: CacheKey, _ canonical: [UInt8]? = nil
    ) -> StoredCopy? {
        guard let copy = storedCopy(key, canonical ?? exchange.canonical),
            copy.header.kind != .variants, belongs(copy, key, exchange)
        else { return nil }
        let decision = decide(
            .entry(copy.header), request: exchange.facts, policy: exchange.policy, health: .up,
            now: network.wallNow)
        return decision.action == .serve && decision.reason != .cachedError ? copy : nil
    }

    /// Whether what is stored under a key is no variant, or one of those that are selected by the
    /// names that its target has now.
    private mutating func belongs(
        _ copy: StoredCopy, _ key: CacheKey, _ exchange: Exchange
    ) -> Bool {
        guard let primary = exchange.primary, primary.key != key else { return true }
        guard let names = storedCopy(primary.key, primary.canonical) else { return false }
        return names.header.kind == .variants && names.header.varyEpoch == copy.header.varyEpoch
    }

    /// Serves what was stored meanwhile; false: it cannot be had after all.
    mutating func serveMeanwhile(_ exchange: Exchange, _ copy: StoredCopy) -> Bool {
        let wasReading = isReading
        if wasReading { endReading() }
        defer { if wasReading { beginReading() } }
        return serveWhenReady(exchange, copy, reason: .fresh)
    }
}
