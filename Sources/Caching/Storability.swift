import HTTP

/// Whether a response may be stored, and if so how long and as what.
public enum Storability: Sendable, Equatable {
    case storable(EntryTimes, EntryFlags)
    case refused(StoreRefusal)
}

/// What a storability verdict is about.
public struct StoreQuestion: Sendable {
    public var request: RequestFacts
    public var response: ResponseFacts
    public var policy: BehaviorPolicy
    /// When the request was sent and the response head received.
    public var requestTime: Milliseconds
    public var responseTime: Milliseconds

    public init(
        request: RequestFacts, response: ResponseFacts, policy: BehaviorPolicy,
        requestTime: Milliseconds, responseTime: Milliseconds
    ) {
        self.request = request
        self.response = response
        self.policy = policy
        self.requestTime = requestTime
        self.responseTime = responseTime
    }
}

/// Whether the response may be stored (RFC 9111 §3; CloudFront, "Request and response behavior").
///
/// The caller has judged the content itself (law 5) and the length of what arrived.
public func storability(_ question: StoreQuestion) -> Storability {
    let refusal =
        (question.response.isContradictory ? .contradictory : nil)
        ?? refusalOfRequest(question)
        ?? refusalOfExchange(question)
        ?? refusalOfVary(question)
        ?? (question.policy.mode == .rfc9111
            ? refusalByLetter(question) : refusalByCloudFront(question))
    if let refusal { return .refused(refusal) }
    let lifetime = freshnessLifetime(
        question.response, question.policy, now: question.responseTime)
    let times = entryTimes(question, lifetime)
    let flags = entryFlags(question, lifetime)
    if !isUseful(question, times, flags) { return .refused(.noFreshness) }
    return .storable(times, flags)
}

/// What the request alone forbids.
private func refusalOfRequest(_ question: StoreQuestion) -> StoreRefusal? {
    let request = question.request
    switch request.method {
    case .get: break
    case .head: return .head
    case .options where question.policy.cachesOptions: break
    case .post where question.policy.mode == .rfc9111 && storesPost(question): return nil
    default: return .methodNotCacheable
    }
    if request.hasBody { return .requestBody }
    if question.policy.disablesCaching { return .cachingDisabled }
    return nil
}

/// RFC 9110 §9.3.3: a POST's response that says how long it is fresh, and that it is the
/// representation of its own target, answers later GETs. A page, whose reader has shown his cookies
/// and sent something, does not.
private func storesPost(_ question: StoreQuestion) -> Bool {
    question.policy.mapClass != .pages && question.response.isAboutTarget
        && question.response.status == 200
        && (question.response.explicitLifetime(question.policy, now: question.responseTime)?
            .milliseconds ?? 0) > 0
}

/// What keeps one viewer's response from another (law 6).
private func refusalOfExchange(_ question: StoreQuestion) -> StoreRefusal? {
    let (request, response, policy) = (question.request, question.response, question.policy)
    let control = response.directives(policy)
    if policy.honoursRequestCacheControl, request.cacheControl.noStore { return .requestNoStore }
    if policy.sessionsBypass, request.hasSession { return .session }
    if request.standing.isPrivate { return .session }
    if policy.judgesAuthorization, request.hasAuthorization, !isSharedExplicitly(control) {
        return .authorization
    }
    if request.standing == .anonymous { return refusalOfPage(question) }
    // It would take the place of the session that was set aside.
    if !request.aside.isEmpty, response.hasSetCookie { return .setCookie }
    if policy.judgesCookies, response.hasSetCookie, !response.excludesSetCookie,
        !control.isPublic, control.sMaxAgeSeconds == nil
    {
        return .setCookie
    }
    return nil
}

/// RFC 9111 §3.5: what lets a shared cache use a response to an authenticated request.
func isSharedExplicitly(_ control: CacheControl) -> Bool {
    control.isPublic || control.mustRevalidate || control.sMaxAgeSeconds != nil
}

private func refusalOfVary(_ question: StoreQuestion) -> StoreRefusal? {
    let (request, response, policy) = (question.request, question.response, question.policy)
    // Variants are told apart by what the viewer shows, which the origin has not seen.
    if !request.aside.isEmpty, response.varyCookie || response.varyAuthorization {
        return .varyCookie
    }
    if policy.keysVary {
        if response.varyStar { return .varyStar }
        if response.varyCount > Vary.nameLimit { return .varyTooLong }
        return nil
    }
    // An anonymous request has shown the origin no cookie by which an answer could differ.
    if policy.judgesCookies, response.varyCookie, request.standing != .anonymous {
        return .varyCookie
    }
    if policy.judgesAuthorization, response.varyAuthorization { return .varyCookie }
    if response.varyStar, policy.minTTL == 0, !policy.keepsFallback { return .varyStar }
    return nil
}

/// RFC 9111 §3, its list of conditions in order.
private func refusalByLetter(_ question: StoreQuestion) -> StoreRefusal? {
    let (response, policy) = (question.response, question.policy)
    let control = response.directives(policy)
    guard response.status >= 200, response.status != 304 else { return .notFinal }
    // No status, and to be taken for a 5xx that nobody knows (RFC 9110 §15).
    if response.status > 599 { return .statusNotUnderstood }
    let isUnderstood = understandsForCaching(response.status)
    if response.status == 206, !response.hasUsablePart { return .partialUnusable }
    if control.mustUnderstand, !isUnderstood { return .statusNotUnderstood }
    // §5.2.2.3: must-understand, when understood, takes no-store back.
    if control.noStore, !control.mustUnderstand { return .noStore }
    if control.isPrivate { return .isPrivate }
    if response.explicitLifetime(policy, now: question.responseTime) != nil { return nil }
    if isHeuristicallyCacheable(response.status) || control.isPublic { return nil }
    return .statusNotCacheable
}

/// Statuses whose requirements on caches are met here (RFC 9111 §3, RFC 9110 §15).
func understandsForCaching(_ status: Int) -> Bool {
    switch status {
    case 200, 203, 204, 206, 300, 301, 302, 303, 307, 308, 400, 403, 404, 405, 410, 414, 451,
        500, 501, 502, 503, 504:
        true
    default: false
    }
}

/// CloudFront's list of what is cached at all.
private func refusalByCloudFront(_ question: StoreQuestion) -> StoreRefusal? {
    let (response, policy) = (question.response, question.policy)
    let control = response.directives(policy)
    switch response.status {
    case 200, 301, 302: break
    case let status where status < 400 && policy.cachedStatuses.contains(status: status): break
    case 206: if !response.hasUsablePart { return .partialUnusable }
    case 307, 308: if !response.hasCacheControl { return .statusNotCacheable }
    case 400...: return refusalOfError(response, policy)
    case 304: return .notFinal
    default: return response.status < 200 ? .notFinal : .statusNotCacheable
    }
    let forbids = control.noStore || control.isPrivate
    let keeps = policy.keepsFallback && policy.maxTTL > 0 && control.staleIfErrorSeconds != 0
    if forbids, policy.minTTL == 0, !keeps { return control.noStore ? .noStore : .isPrivate }
    return nil
}

/// CloudFront, "How CloudFront caches HTTP 4xx and 5xx status codes".
private func refusalOfError(_ response: ResponseFacts, _ policy: BehaviorPolicy) -> StoreRefusal? {
    let control = response.directives(policy)
    switch response.status {
    case 404, 414, 501: return refusalByDirective(control)
    case let status where policy.cachedStatuses.contains(status: status):
        return refusalByDirective(control)
    case 500, 502, 503, 504: return nil
    case 400, 403, 405, 412, 415:
        let isExplicit = control.maxAgeSeconds != nil || control.sMaxAgeSeconds != nil
        return isExplicit ? nil : .statusNotCacheable
    default: return .statusNotCacheable
    }
}

/// These directives keep some errors from being kept, whatever MinTTL says.
private func refusalByDirective(_ control: CacheControl) -> StoreRefusal? {
    if control.noStore { return .noStore }
    if control.isPrivate { return .isPrivate }
    return control.noCache ? .noFreshness : nil
}
