// The two rule books' order of precedence, each in one function.

/// RFC 9111 §4.2.1, then the class, the heuristic and the default.
func lifetimeByLetter(
    _ response: ResponseFacts, _ policy: BehaviorPolicy, now: Milliseconds
) -> Lifetime {
    if let explicit = response.explicitLifetime(policy, now: now) { return explicit }
    if let ofClass = classLifetime(response, policy) { return ofClass }
    if let guess = heuristicLifetime(response, policy, now: now) { return guess }
    return Lifetime(milliseconds: policy.defaultTTL, source: .defaultTTL)
}

/// CloudFront's table of origin headers against MinTTL, DefaultTTL and MaxTTL.
///
/// A directive against caching is overridden by a minimum above 0; the maximum binds what the
/// origin says, and the class, which CloudFront does not know, but not the default.
func cloudFrontLifetime(
    _ response: ResponseFacts, _ policy: BehaviorPolicy, now: Milliseconds
) -> Lifetime {
    if response.forbidsReuse(policy) {
        return Lifetime(
            milliseconds: policy.minTTL, source: .directive,
            bound: policy.minTTL > 0 ? .minTTL : .none)
    }
    if let explicit = response.explicitLifetime(policy, now: now) {
        return explicit.bounded(policy)
    }
    if let ofClass = classLifetime(response, policy) { return ofClass.bounded(policy) }
    if policy.defaultTTL >= policy.minTTL {
        return Lifetime(milliseconds: policy.defaultTTL, source: .defaultTTL)
    }
    return Lifetime(milliseconds: policy.minTTL, source: .defaultTTL, bound: .minTTL)
}

/// An error lives as long as the origin says, up to the maximum, but never shorter than the
/// behavior's error lifetime. Source: CloudFront, "How CloudFront processes HTTP 4xx and 5xx".
func errorLifetime(
    _ response: ResponseFacts, _ policy: BehaviorPolicy, now: Milliseconds
) -> Lifetime {
    let own = Lifetime(milliseconds: policy.errorTTL, source: .errorTTL)
    guard var explicit = response.explicitLifetime(policy, now: now) else { return own }
    if explicit.milliseconds > policy.maxTTL {
        explicit.milliseconds = policy.maxTTL
        explicit.bound = .maxTTL
    }
    return explicit.milliseconds > own.milliseconds ? explicit : own
}

/// The class's lifetime for a good answer about whose freshness the origin says nothing.
///
/// What is of another class than its behavior, as GetFeatureInfo beside tiles, has that class's own
/// lifetime, unless the behavior's is shorter.
private func classLifetime(_ response: ResponseFacts, _ policy: BehaviorPolicy) -> Lifetime? {
    let mapClass = response.lifetimeClass
    guard policy.mapClass != .none, mapClass != .none, policy.edgeTTL > 0, response.status == 200,
        !response.forbidsReuse(policy), response.isSilentToAll
    else { return nil }
    let own = BehaviorPolicy.standardEdgeTTL(mapClass)
    return Lifetime(
        milliseconds: mapClass == policy.mapClass ? policy.edgeTTL : min(policy.edgeTTL, own),
        source: .mapClass)
}

/// Whether what the origin says of a map's lifetime gives way to the class's
/// (``BehaviorPolicy/outlivesOrigin``); of a 304 to what is stored, likewise.
public func isOutlived(
    _ response: ResponseFacts, _ policy: BehaviorPolicy, now: Milliseconds
) -> Bool {
    guard policy.outlivesOrigin, policy.mapClass != .none, response.lifetimeClass == .tiles,
        response.status == 200 || response.status == 304, !response.forbidsReuse(policy),
        response.isSilentToAll, let explicit = response.explicitLifetime(policy, now: now)
    else { return false }
    return explicit.milliseconds > 0 && explicit.milliseconds < policy.edgeTTL
}

extension ResponseFacts {
    /// Nothing in it hints that it is for one viewer, or, but for pictures of maps, that its origin
    /// has told others than this cache to keep nothing or something.
    fileprivate var isSilentToAll: Bool {
        if varyStar || isOwnByCookie { return false }
        if lifetimeClass == .tiles { return true }
        // A page's origin was asked without cookies; what varies by them is the same to all.
        let varies = lifetimeClass != .pages && varyCookie || varyAuthorization
        return !varies && !hasPragmaNoCache && targeted == nil
    }
}

/// A tenth of the time since the last change, at most a day (RFC 9111 §4.2.2).
private func heuristicLifetime(
    _ response: ResponseFacts, _ policy: BehaviorPolicy, now: Milliseconds
) -> Lifetime? {
    guard policy.usesHeuristics, let changed = response.lastModified,
        isHeuristicallyCacheable(response.status) || response.directives(policy).isPublic
    else { return nil }
    let from = response.date.map(Milliseconds.seconds) ?? now
    let unchanged = from.subtracting(.seconds(changed))
    return Lifetime(
        milliseconds: min(max(0, unchanged) / 10, BehaviorPolicy.day), source: .heuristic)
}

/// Statuses that are reused on a guess: those of RFC 9110 §15.1 but 405, 414 and 501. A shared
/// cache that keeps what one odd request brought about, such as a field too large, a method in an
/// override field or a target too long, shows the error to everybody (CPDoS); for these the origin
/// has to say how long.
public func isHeuristicallyCacheable(_ status: Int) -> Bool {
    switch status {
    case 200, 203, 204, 206, 300, 301, 308, 404, 410: true
    default: false
    }
}

/// The age of a response when it arrived (RFC 9111 §4.2.3, corrected_initial_age).
///
/// `age` and `date` are seconds as the fields give them, the times milliseconds. The apparent age
/// is counted in whole seconds, because `Date` has no finer ones: a response made and received
/// within one second must not look up to a second old.
public func correctedInitialAge(
    age: Int64?, date: Int64?, requestTime: Milliseconds, responseTime: Milliseconds
) -> Milliseconds {
    let received = responseTime >= 0 ? responseTime / 1_000 : 0
    let apparent = max(0, received.subtracting(date ?? received))
    let delay = max(0, responseTime.subtracting(requestTime))
    let corrected = Milliseconds.seconds(max(0, age ?? 0)).adding(delay)
    return max(.seconds(apparent), corrected)
}
