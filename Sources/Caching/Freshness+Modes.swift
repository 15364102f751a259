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
/// A directive against caching is overridden by a minimum above 0; the maximum binds only what
/// the origin says.
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
    let silent =
        classLifetime(response, policy)
        ?? Lifetime(milliseconds: policy.defaultTTL, source: .defaultTTL)
    if silent.milliseconds >= policy.minTTL { return silent }
    return Lifetime(milliseconds: policy.minTTL, source: silent.source, bound: .minTTL)
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

/// The class's lifetime for a map image about whose freshness the origin says nothing.
private func classLifetime(_ response: ResponseFacts, _ policy: BehaviorPolicy) -> Lifetime? {
    guard policy.mapClass == .tiles, response.isMapImage, response.status == 200,
        !response.forbidsReuse(policy)
    else { return nil }
    return Lifetime(milliseconds: policy.edgeTTL, source: .mapClass)
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

/// RFC 9110 §15.1: statuses that may be reused on a guess.
public func isHeuristicallyCacheable(_ status: Int) -> Bool {
    switch status {
    case 200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501: true
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
