import Caching
import CloudFront
import HTTP
import Reactor
import Tiles

// What `handle` would do with a request, told instead of done: on a loop's state of its own, beside
// the loops. Its steps are those of the hit path, in the same order, and call the same functions.
extension LoopState where N: ~Copyable {
    /// Explains the request whose head is parsed. Looks at every entry for near misses, up to
    /// `scanLimit`.
    mutating func explain(
        _ slot: UInt32, _ given: UnsafeRawBufferPointer, scanLimit: Int
    ) -> Explanation {
        var told = Explanation()
        told.request = unsafe requestAccount(slot, given)
        // On a loop that serves it is the request's own.
        if hot.isTwin, requestID.isEmpty { requestID = requestIDs.make() }
        let asked = unsafe UnsafeRawBufferPointer(rebasing: given[head.path.range])
        let bytes = unsafe asksForRoot(given) ? forRootObject(given) ?? given : given
        let path =
            unsafe hot.matchesRootAsSlash
            ? asked : UnsafeRawBufferPointer(rebasing: bytes[head.path.range])
        let behavior = unsafe hot.match(path, scratch: scratch.fields)
        if unsafe bytes.baseAddress != given.baseAddress {
            unsafe told.rewritings.append(
                Explanation.Rewriting("root object", text(hot.rootObject)))
        }
        told.alias = unsafe aliasAccount(bytes)
        told.patterns = unsafe patterns(path, behavior)
        unsafe noteNormalPath(path, &told)
        told.behavior = behaviorAccount(behavior)
        let facts = unsafe requestFacts(slot, bytes, behavior)
        if let refusal = unsafe refusalAccount(slot, bytes, behavior, facts) {
            told.refuse(refusal)
            told.assumptions = unsafe assumptionsOfRefusal(slot, bytes, behavior, facts)
            told.errorPages = unsafe errorPages(slot, bytes, behavior, facts)
            return told
        }
        let ask = unsafe ask(slot, bytes, behavior, facts, &told)
        if told.refusal != nil { return told }
        // Of a picture the lifetimes may be another behavior's.
        told.behavior.minTTL = ask.policy.minTTL
        told.behavior.defaultTTL = ask.policy.defaultTTL
        told.behavior.maxTTL = ask.policy.maxTTL
        told.decision = verdict(ask)
        noteKnownFailure(ask, &told)
        told.fallback = fallbackAccount(ask)
        told.errorPages = errorPages(ask)
        if let key = told.key, !ask.canonical.isEmpty {
            findNearMisses(key.asServed, ask, scanLimit, &told)
        }
        told.origin = originAccount(ask)
        told.warnings = warnings(ask, told)
        told.assumptions = assumptions(ask, told)
        return told
    }

    /// The facts of the request at hand, as `handle` has them.
    private mutating func requestFacts(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int
    ) -> RequestFacts {
        var facts = unsafe RequestFacts(head, bytes: bytes.bytes)
        if facts.hasRange { unsafe ignoreRange(bytes, behavior, &facts) }
        unsafe setApart(bytes, &facts)
        if facts.hasOriginPrecondition { ignorePreconditions(behavior, &facts) }
        unsafe judgeReader(slot, behavior, bytes, &facts)
        if head.fields.contains(.xEdgeCache) { facts.wish = unsafe wish(slot, bytes) }
        unsafe findCredentials(bytes, behavior, &facts)
        return facts
    }

    private func refusalAccount(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts
    ) -> Explanation.Note? {
        if hot[behavior].traits.contains(.screens),
            let refusal = unsafe refusal(slot, bytes, behavior, facts)
        {
            return Explanation.Note("\(refusal.word)", refusal.explanation)
        }
        guard let word = forbidden(facts, hot[behavior].policy.mode) else { return nil }
        return Explanation.Note("\(word)", "the edge itself refuses such a request")
    }

    /// Key, lookup and decision, as an exchange that was not begun.
    private mutating func ask(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ given: RequestFacts,
        _ told: inout Explanation
    ) -> Exchange {
        let policy = hot[behavior].policy
        var (map, facts) = (MapFacts(), given)
        if isLookedUp(behavior, facts) {
            if hot[behavior].keysGenerated { unsafe generateFields(slot, bytes, behavior) }
            facts.doubtsStyles = doubtsStyles(behavior)
            _ = unsafe writeKey(
                bytes, behavior, facts, toldScheme(slot, bytes, behavior), &map)
            unsafe complete(&facts, map, sight(map, bytes), bytes, behavior)
        }
        let absent = decide(
            .absent, request: facts, policy: policy, health: .up, now: network.wallNow)
        let exchange = unsafe makeExchange(slot, bytes, behavior, facts, absent)
        told.rewritings += pageRewritings(exchange)
        noteMap(exchange, map, &told)
        guard isLookedUp(behavior, facts), told.refusal == nil else { return exchange }
        if let reason = map.reasonToPass(asNobody: !facts.aside.isEmpty) {
            exchange.decision = Decision(.pass, reason)
            return exchange
        }
        let canonical = unsafe writeKey(slot, bytes, behavior, facts)
        guard !canonical.overflowed else {
            exchange.decision = Decision(.pass, .keyNotFormed)
            return exchange
        }
        exchange.canonical = unsafe [UInt8](canonical.bytes)
        exchange.primary = unsafe primaryKey(slot, bytes, behavior, facts)
        if exchange.map?.isAmbiguous == true {
            // Nobody else gets this answer: see `start`.
            exchange.primary = nil
            exchange.canonical = []
            return exchange
        }
        var found = find(exchange, &told)
        exchange.key = unsafe CacheKey.hash(exchange.canonical.span.bytes, seed: seed)
        told.key = keyAccount(exchange, variant: found.variant)
        exchange.decision = decide(
            found.lookup, request: facts, policy: policy, health: health(exchange, found.copy),
            now: network.wallNow)
        if let other = inOtherCoding(exchange, found, &told) { found = other }
        exchange.entry = found.copy
        if exchange.decision.action == .pass { exchange.key = nil }
        noteSessionStart(exchange, &told)
        noteCredentials(exchange, &told)
        told.entry = found.copy.map { entryAccount($0, exchange, isPending: found.isPending) }
        if told.invalidation?.endsLifetime == true {
            // Whose word it was until then is told beside it.
            told.entry?.bound = "invalidation"
            told.entry?.hasOldLifetime = false
        }
        if !found.variant.isEmpty, found.copy != nil {
            told.entry?.variantHash = unsafe hex(
                CacheKey.hash(found.variant.span.bytes, seed: seed))
        }
        return exchange
    }

    /// What is stored of it, in the second place by the key that does not tell how errors are to
    /// be told.
    private mutating func find(_ exchange: Exchange, _ told: inout Explanation) -> ExplainedLookup {
        let found = lookUp(exchange.canonical, for: exchange, &told)
        guard case .absent = found.lookup, let target = exchange.keyedTarget else { return found }
        told.rewritings.append(
            Explanation.Rewriting("without EXCEPTIONS", String(decoding: target, as: UTF8.self)))
        exchange.canonical = exchange.canonicalKey(of: target)
        return lookUp(exchange.canonical, for: exchange, &told)
    }

    /// An origin that failed for this key a moment ago is not asked again yet: see `obtain`.
    private mutating func noteKnownFailure(_ exchange: Exchange, _ told: inout Explanation) {
        let isAsked =
            exchange.decision.action == .fetch || exchange.decision.action == .revalidate
        guard isAsked else { return }
        guard let failure = knownFailure(exchange) else {
            return noteKnownHead(exchange, &told)
        }
        let seconds = failure.until.subtracting(network.wallNow) / 1_000
        told.decision.action = "answer-known-failure"
        told.decision.reason = "\(failure.detail)"
        told.decision.sentence =
            "the origin failed for this key: \(failure.status), or what is stale, for "
            + "\(seconds)s more"
    }

    /// The same HEAD was answered a moment ago, and that is fresh.
    private mutating func noteKnownHead(_ exchange: Exchange, _ told: inout Explanation) {
        let id = ExchangeID.background(loop: index)
        guard let known = knownHead(exchange, for: id) else { return }
        _ = known.leave(id)
        told.decision.action = "answer-known-head"
        told.decision.reason = "fresh"
        told.decision.sentence =
            "nothing is stored, and HEAD was answered a moment ago: by the same"
    }

    private func health(_ exchange: Exchange, _ copy: StoredCopy?) -> OriginHealth {
        guard let copy, !copy.header.times.isFresh(at: network.wallNow) else { return .up }
        return snapshot.pools[hot[exchange.behavior].origin].health(
            at: network.monotonicMilliseconds)
    }

    private func verdict(_ exchange: Exchange) -> Explanation.Verdict {
        var verdict = Explanation.Verdict()
        verdict.action = "\(exchange.decision.action.word)"
        verdict.reason = "\(exchange.decision.reason.word)"
        verdict.sentence = "\(exchange.decision.reason.sentence)"
        if exchange.decision.reason == .cachingDisabled, forwardsAllHeaders(exchange.behavior) {
            verdict.sentence =
                "ForwardedValues list \"*\" under Headers: nothing is stored, whatever the TTLs are"
        }
        // What a response that allows everything comes to shows what the request alone forbids.
        var response = unsafe ResponseFacts(
            status: 200, block: [UInt8]().span.bytes, now: network.wallNow)
        response.cacheControl.flags = [.hasMaxAge]
        response.cacheControl.maxAge = 60
        let asked = StoreQuestion(
            request: exchange.facts, response: response, policy: exchange.policy,
            requestTime: network.wallNow, responseTime: network.wallNow)
        if case .refused(let refusal) = storability(asked) {
            verdict.storeRefusal = "\(refusal.word)"
        } else if exchange.map?.isAmbiguous == true {
            verdict.storeRefusal = "repeated-parameters"
        } else if exchange.key == nil {
            verdict.storeRefusal = verdict.reason
        }
        return verdict
    }

    func text(_ bytes: UnsafeRawBufferPointer) -> String {
        unsafe String(decoding: bytes, as: UTF8.self)
    }

    func hex(_ key: CacheKey) -> String {
        [key.high, key.low].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
