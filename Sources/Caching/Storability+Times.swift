import HTTP

/// When the entry is fresh and how long it may be used afterwards.
///
/// Both stale windows end at the latest `maxTTL` after storing, unless the policy reads that bound
/// as one of their length alone.
func entryTimes(_ question: StoreQuestion, _ lifetime: Lifetime) -> EntryTimes {
    let (response, policy, now) = (question.response, question.policy, question.responseTime)
    let control = response.directives(policy)
    let initialAge =
        policy.respectsOriginAge
        ? correctedInitialAge(
            age: response.age, date: response.date,
            requestTime: question.requestTime, responseTime: now)
        : 0
    let freshUntil = now.adding(lifetime.milliseconds).subtracting(initialAge)
    let end =
        policy.staleOutlivesMaxTTL ? .max : max(freshUntil, now.adding(policy.maxTTL))
    func window(_ seconds: Int64?, _ otherwise: Milliseconds) -> Milliseconds {
        let length = seconds.map { Milliseconds.seconds($0) } ?? otherwise
        return min(freshUntil.adding(max(0, min(length, policy.maxTTL))), end)
    }
    // A stored error is never a stand-in for the page it replaced.
    if response.status >= 400 {
        return EntryTimes(
            storedAt: now, initialAge: initialAge, freshUntil: freshUntil,
            swrUntil: freshUntil, sieUntil: freshUntil)
    }
    return EntryTimes(
        storedAt: now, initialAge: initialAge, freshUntil: freshUntil,
        swrUntil: window(control.staleWhileRevalidateSeconds, policy.staleWhileRevalidate),
        sieUntil: window(control.staleIfErrorSeconds, policy.staleIfError))
}

/// What is to be remembered of the response.
func entryFlags(_ question: StoreQuestion, _ lifetime: Lifetime) -> EntryFlags {
    let (request, response, policy) = (question.request, question.response, question.policy)
    let control = response.directives(policy)
    var flags: EntryFlags = []
    if control.mustRevalidate { flags.insert(.mustRevalidate) }
    if control.proxyRevalidate { flags.insert(.proxyRevalidate) }
    if control.sMaxAgeSeconds != nil { flags.insert(.sMaxAge) }
    if response.hasETag { flags.insert(.hasETag) }
    if response.hasWeakETag { flags.insert(.weakETag) }
    if request.hasAuthorization { flags.insert(.hadAuthorization) }
    if isSharedExplicitly(control) { flags.insert(.sharedExplicitly) }
    if response.status >= 400 { flags.insert(.negative) }
    if lifetime.source == .heuristic { flags.insert(.heuristic) }
    if lifetime.source == .mapClass { flags.insert(.classLifetime) }
    if response.hasStrongDate { flags.insert(.strongDate) }
    if !response.hasDate { flags.insert(.lacksDate) }
    if response.bringsCSRF { flags.insert(.setsCSRF) }
    insertRestrictions(control, question, &flags)
    return flags
}

/// The directives against reuse, as far as the mode lets them count.
private func insertRestrictions(
    _ control: CacheControl, _ question: StoreQuestion, _ flags: inout EntryFlags
) {
    let policy = question.policy
    let isOverridden = policy.mode == .cloudfront && policy.minTTL > 0
    let isError = policy.mode == .cloudfront && question.response.status >= 400
    if isOverridden || isError { return }
    if control.noCache { flags.insert(.noCache) }
    if policy.mode == .cloudfront {
        if control.noStore || control.isPrivate { flags.insert(.fallbackOnly) }
        if question.response.varyStar { flags.insert([.varyStar, .fallbackOnly]) }
    }
}

/// Storing what is stale at once and cannot be confirmed would only cost space.
func isUseful(_ question: StoreQuestion, _ times: EntryTimes, _ flags: EntryFlags) -> Bool {
    let now = question.responseTime
    if flags.contains(.fallbackOnly) { return times.sieUntil > now }
    let isFreshForAWhile = times.isFresh(at: now) && !flags.contains(.noCache)
    if isFreshForAWhile || question.response.hasValidator { return true }
    let mayBeStale = question.policy.mode == .cloudfront || !flags.forbidsStale
    if mayBeStale, times.swrUntil > now { return true }
    // Somebody wants it kept for when the origin is down.
    let control = question.response.directives(question.policy)
    let hasLifetime =
        question.policy.mode == .rfc9111
        && (question.response.explicitLifetime(question.policy, now: now)?.milliseconds ?? 0) > 0
    let isWanted =
        question.policy.keepsFallback || control.staleIfErrorSeconds != nil || hasLifetime
    return mayBeStale && isWanted && times.sieUntil > now
}
