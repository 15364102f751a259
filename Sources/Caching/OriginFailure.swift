/// How an origin failed to better a stored response.
public enum OriginFailure: Sendable, Equatable {
    /// No response: not connected, cut short, malformed or too late.
    case unreachable
    /// A response with this status.
    case status(Int)
}

/// What to do when the origin failed.
public enum FailureDecision: Sendable, Equatable {
    /// Serve the stored response; the reason is for log and `Cache-Status`.
    case serveStale(DecisionReason)
    /// Pass the failure on, or the fallback for it.
    case relay(DecisionReason)
}

/// Whether a stored response answers a request that the origin could not.
///
/// A request's own wish for something fresh (`no-cache`, `max-age`) gives way: RFC 9111 §5.2.1
/// calls these preferences, and §4.2.4 lets a disconnected cache answer. Source: RFC 5861 §4;
/// RFC 9111 §4.2.4, §4.3.3; CloudFront, "stale-if-error".
public func onOriginFailure(
    _ entry: EntryHeader?, failure: OriginFailure, policy: BehaviorPolicy, request: RequestFacts,
    now: Milliseconds
) -> FailureDecision {
    if case .status(let status) = failure, !(500...599).contains(status) {
        return .relay(.notAFailure)
    }
    guard let entry, entry.kind != .variants, !entry.flags.contains(.negative) else {
        return .relay(.nothingStored)
    }
    if let reason = reasonNotToShare(entry, request, policy) { return .relay(reason) }
    if policy.mode == .rfc9111, entry.flags.forbidsStale, mustConfirm(entry, now) {
        return .relay(.staleForbidden)
    }
    guard now < entry.times.sieUntil(for: request, policy) || entry.times.isFresh(at: now) else {
        return .relay(.staleBudgetSpent)
    }
    return .serveStale(.staleIfError)
}

/// `no-cache` binds while the entry is fresh as well; the others only once it is stale.
private func mustConfirm(_ entry: EntryHeader, _ now: Milliseconds) -> Bool {
    entry.flags.contains(.noCache) || !entry.times.isFresh(at: now)
}

private func reasonNotToShare(
    _ entry: EntryHeader, _ request: RequestFacts, _ policy: BehaviorPolicy
) -> DecisionReason? {
    if policy.sessionsBypass, request.hasSession { return .session }
    if let reason = request.standing.reasonToPass { return reason }
    return reasonNotForRequest(entry, request, policy)
}

extension EntryTimes {
    /// Until when it is better than the origin's failure: what the response says, or what the
    /// request takes beyond that (RFC 5861 §4). Neither is a bound to the other.
    func sieUntil(for request: RequestFacts, _ policy: BehaviorPolicy) -> Milliseconds {
        guard policy.honoursRequestCacheControl,
            let seconds = request.cacheControl.staleIfErrorSeconds
        else { return sieUntil }
        return max(sieUntil, freshUntil.adding(.seconds(seconds)))
    }
}
