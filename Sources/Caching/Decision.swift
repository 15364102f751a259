import HTTP

/// What was found under the request's key.
public enum Lookup: Sendable {
    /// Nothing, or nothing that an invalidation has left alive.
    case absent
    /// Responses of this target, but none whose selecting fields match.
    case variantAbsent
    case entry(EntryHeader)
}

/// What is known of the origin before it is asked.
public enum OriginHealth: UInt8, Sendable {
    case up
    /// Every member is ejected or failed its checks.
    case allDown
}

/// What to do with a request, and why.
public struct Decision: Sendable, Equatable {
    public enum Action: UInt8, Sendable, CaseIterable {
        /// Answer from the store.
        case serve
        /// Answer from the store now and refresh in the background.
        case serveStaleRefreshing
        /// Answer from the store although it is stale; nothing is refreshed.
        case serveStale
        /// Ask the origin whether the entry is still right.
        case revalidate
        /// Ask the origin for the response; it may be stored and shared.
        case fetch
        /// Ask the origin; the store has no part in it.
        case pass
        /// Answer 504 (RFC 9111 §5.2.1.7).
        case gatewayTimeout
    }

    public var action: Action
    public var reason: DecisionReason

    @inlinable
    public init(_ action: Action, _ reason: DecisionReason) {
        self.action = action
        self.reason = reason
    }

    /// Answered from the store without waiting for the origin.
    @inlinable
    public var isAnsweredFromStore: Bool { action.rawValue <= Action.serveStale.rawValue }

    /// `; hit` or `; fwd=…` for the `Cache-Status` field (RFC 9211).
    public var forwardParameter: StaticString { reason.cacheStatusParameter }

    /// The result type when the decision is carried out as it stands.
    public var resultType: ResultType {
        switch action {
        case .serve, .serveStale, .serveStaleRefreshing: reason == .cachedError ? .error : .hit
        case .revalidate, .fetch, .pass: .miss
        case .gatewayTimeout: .error
        }
    }
}

/// The policy: what to do with a request, given what is stored and what is known of the origin.
///
/// Pure and without allocation. Source: RFC 9111 §4, §5.2.1; CloudFront, "Managing how long
/// content stays in the cache".
public func decide(
    _ lookup: Lookup, request: RequestFacts, policy: BehaviorPolicy, health: OriginHealth,
    now: Milliseconds
) -> Decision {
    switch request.method {
    case .get, .head: break
    case .options where policy.cachesOptions: break
    default: return Decision(.pass, .method)
    }
    let decision: Decision
    if let reason = reasonToPass(request, policy) {
        decision = Decision(.pass, reason)
    } else {
        switch lookup {
        case .absent: decision = Decision(.fetch, .absent)
        case .variantAbsent: decision = Decision(.fetch, .variantAbsent)
        case .entry(let entry): decision = judge(entry, request, policy, health, now)
        }
    }
    if policy.honoursRequestCacheControl, request.cacheControl.onlyIfCached,
        !decision.isAnsweredFromStore
    {
        return Decision(.gatewayTimeout, .onlyIfCached)
    }
    return decision
}

/// Why a GET or HEAD is none of the store's business; nil when it is.
@inline(__always)
private func reasonToPass(_ request: RequestFacts, _ policy: BehaviorPolicy) -> DecisionReason? {
    if let reason = request.apart { return reason }
    if request.hasBody { return .requestBody }
    if request.wish == .bypass { return .bypassAsked }
    if policy.sessionsBypass, request.hasSession { return .session }
    if let reason = request.standing.reasonToPass { return reason }
    if request.hasOriginPrecondition { return .precondition }
    if policy.disablesCaching { return .cachingDisabled }
    return nil
}

/// What an entry is good for.
private func judge(
    _ entry: EntryHeader, _ request: RequestFacts, _ policy: BehaviorPolicy,
    _ health: OriginHealth, _ now: Milliseconds
) -> Decision {
    if let reason = reasonUnusable(entry, request, policy) { return Decision(.fetch, reason) }
    if request.wish == .refresh { return Decision(.fetch, .refreshAsked) }
    if entry.times.storedAt < request.notOlderThan { return ask(entry, policy, .cacheBuster) }
    if policy.honoursRequestCacheControl, request.asksForMore,
        let reason = reasonOfRequest(entry.times, request, now)
    {
        return ask(entry, policy, reason)
    }
    if entry.flags.contains(.noCache) { return judgeStale(entry, request, policy, health, now) }
    if entry.times.isFresh(at: now) {
        return Decision(.serve, entry.flags.contains(.negative) ? .cachedError : .fresh)
    }
    return judgeStale(entry, request, policy, health, now)
}

/// Whether an entry's bytes and fields are for this request, its age aside: what another's fetch
/// has confirmed may be used by who waited for it only then.
public func canAnswer(
    _ entry: EntryHeader, _ request: RequestFacts, _ policy: BehaviorPolicy
) -> Bool {
    reasonNotForRequest(entry, request, policy) == nil
}

/// Why an entry is nothing for this request, whatever its age.
@inline(__always)
func reasonNotForRequest(
    _ entry: EntryHeader, _ request: RequestFacts, _ policy: BehaviorPolicy
) -> DecisionReason? {
    if entry.kind != .complete {
        if entry.kind == .variants { return .variantAbsent }
        let complete =
            entry.completeLength == EntryHeader.unknownLength ? nil : entry.completeLength
        let isCovered = request.range.isCovered(by: entry.held, complete: complete)
        if !isCovered || request.hasIfRange || request.method == .head { return .partial }
    }
    if request.mayKnowBetter(than: entry) { return request.reasonOfCredentials }
    if policy.judgesAuthorization, request.hasAuthorization,
        !entry.flags.contains(.sharedExplicitly)
    {
        return .authorization
    }
    if entry.flags.contains(.setsCSRF), !request.hasCSRFCookie { return .csrfCookie }
    return nil
}

/// Why an entry cannot answer this request at any age.
@inline(__always)
private func reasonUnusable(
    _ entry: EntryHeader, _ request: RequestFacts, _ policy: BehaviorPolicy
) -> DecisionReason? {
    if let reason = reasonNotForRequest(entry, request, policy) { return reason }
    if entry.flags.contains(.varyStar) { return .varyStar }
    return entry.flags.contains(.fallbackOnly) ? .fallbackOnly : nil
}

extension RequestFacts {
    /// Whether the request may ask for something fresher than what is fresh.
    public var asksForMore: Bool {
        hasPragmaNoCache || cacheControl.noCache || cacheControl.maxAgeSeconds != nil
            || cacheControl.minFreshSeconds != nil
    }

    /// The earliest beginning of a fetch whose answer is new enough for it: what answers `no-cache`
    /// is not older than the question (RFC 9111 §5.2.1.4), nor what answers `max-age` than that
    /// (§5.2.1.1).
    public func earliestFetch(at now: Milliseconds, policy: BehaviorPolicy) -> Milliseconds {
        guard policy.honoursRequestCacheControl, asksForMore else { return notOlderThan }
        let isConfirmed = cacheControl.noCache || hasPragmaNoCache
        guard let seconds = isConfirmed ? 0 : cacheControl.maxAgeSeconds else {
            return notOlderThan
        }
        return max(notOlderThan, now.subtracting(.seconds(seconds)))
    }

    /// How long after its lifetime the request takes a response (`max-stale`); nil: it does not.
    var maxStale: Milliseconds? {
        if cacheControl.contains(.maxStaleAny) { return .max }
        return cacheControl.maxStaleSeconds.map { .seconds($0) }
    }
}

/// What in the request forbids an entry that would otherwise do (RFC 9111 §5.2.1).
private func reasonOfRequest(
    _ times: EntryTimes, _ request: RequestFacts, _ now: Milliseconds
) -> DecisionReason? {
    let control = request.cacheControl
    if control.noCache || request.hasPragmaNoCache { return .requestNoCache }
    if let seconds = control.maxAgeSeconds, times.age(at: now) > .seconds(seconds) {
        return .requestMaxAge
    }
    if let seconds = control.minFreshSeconds, times.remaining(at: now) < .seconds(seconds) {
        return .requestMinFresh
    }
    return nil
}

/// What a stale entry is good for.
private func judgeStale(
    _ entry: EntryHeader, _ request: RequestFacts, _ policy: BehaviorPolicy,
    _ health: OriginHealth, _ now: Milliseconds
) -> Decision {
    let reason = entry.flags.contains(.noCache) ? DecisionReason.noCache : .stale
    // CloudFront lets neither must-revalidate nor s-maxage stand in the way of a stale answer,
    // but confirms a no-cache response each time while the origin can be asked.
    if policy.mode == .rfc9111, entry.flags.forbidsStale { return ask(entry, policy, reason) }
    if entry.flags.contains(.negative) { return ask(entry, policy, reason) }
    // §5.2.1.1: who names a max-age takes nothing stale, unless max-stale says otherwise.
    let isWilling =
        !policy.honoursRequestCacheControl || request.cacheControl.maxAgeSeconds == nil
    // §5.2.1.5: of what no-store asks for nothing may be kept, so that it would be for nothing.
    let refreshes = !(policy.honoursRequestCacheControl && request.cacheControl.noStore)
    let stale = refreshes ? Decision.Action.serveStaleRefreshing : .serveStale
    if reason == .stale, isWilling, now < entry.times.swrUntil {
        return Decision(stale, .staleWhileRevalidate)
    }
    if reason == .stale, policy.honoursRequestCacheControl, let limit = request.maxStale,
        now.subtracting(entry.times.freshUntil) <= limit
    {
        return Decision(.serveStale, .maxStale)
    }
    if health == .allDown, now < entry.times.sieUntil(for: request, policy) {
        return Decision(stale, .originDown)
    }
    return ask(entry, policy, reason)
}

/// With a condition when there is one to make; a stored error is asked for anew.
private func ask(
    _ entry: EntryHeader, _ policy: BehaviorPolicy, _ reason: DecisionReason
) -> Decision {
    let isConditional =
        policy.revalidates && entry.hasValidator && !entry.flags.contains(.negative)
    return Decision(isConditional ? .revalidate : .fetch, reason)
}

/// Whether the request may wait for another's fetch of the same key, or lead one for others.
///
/// Law 6: what was asked for with somebody's credentials is nobody else's, and who shows theirs
/// wants an answer to them. The answer to a wish of one's own is of no use to others.
public func mayCollapse(_ request: RequestFacts, policy: BehaviorPolicy) -> Bool {
    let isShared =
        request.method == .get || request.method == .head
        || request.method == .options && policy.cachesOptions
    guard policy.collapses, isShared, request.wish == .none, !request.hasBody,
        !request.hasOriginPrecondition
    else { return false }
    if policy.sessionsBypass, request.hasSession { return false }
    if request.standing.isPrivate { return false }
    if policy.judgesAuthorization, request.hasAuthorization { return false }
    return !(policy.honoursRequestCacheControl && request.cacheControl.noStore)
}
