import HTTP

extension EntryHeader {
    /// The header of a response that may be stored.
    ///
    /// `block` is its header block, as `StoredHeaders` wrote it. Left to the caller, who knows
    /// them: object id, body length and checksum, invalidation number, render time, epoch.
    public init(
        _ response: ResponseFacts, times: EntryTimes, flags: EntryFlags, block: RawSpan
    ) {
        self.init(status: UInt16(clamping: response.status), flags: flags, times: times)
        lastModified = response.lastModified ?? Self.noDate
        etag = StoredHeaders.entityTag(in: block)
        if response.status == 206, let range = response.contentRange?.range {
            kind = .partial
            rangeStart = range.lowerBound
            completeLength = response.contentRange?.completeLength ?? Self.unknownLength
        }
    }

    /// The header after the origin has confirmed the response, by 304 or by its answer to HEAD.
    ///
    /// `block` is the merged header block, `update` the confirming response, with what its caller
    /// knows of the request. Everything that depends on fields is judged anew, and freshness starts
    /// again (RFC 9111 §4.3.4); body, object and partial range stay. Returns nil when the response
    /// may no longer be stored: it may still answer the request that asked.
    public func refreshed(
        block: RawSpan, update: ResponseFacts, request: RequestFacts, policy: BehaviorPolicy,
        requestTime: Milliseconds, responseTime: Milliseconds
    ) -> EntryHeader? {
        let question = question(
            block, update, request, policy, requestTime: requestTime, responseTime: responseTime)
        guard case .storable(let times, let flags) = storability(question) else { return nil }
        var header = self
        header.times = times
        header.flags = flags
        header.lastModified = question.response.lastModified ?? Self.noDate
        header.etag = StoredHeaders.entityTag(in: block)
        return header
    }

    /// The times after the same confirmation, whether or not it may be stored: whoever is answered
    /// with it is told an age since then (RFC 9111 §4.2.3).
    public func confirmedTimes(
        block: RawSpan, update: ResponseFacts, request: RequestFacts, policy: BehaviorPolicy,
        requestTime: Milliseconds, responseTime: Milliseconds
    ) -> EntryTimes {
        let question = question(
            block, update, request, policy, requestTime: requestTime, responseTime: responseTime)
        return entryTimes(
            question, freshnessLifetime(question.response, policy, now: responseTime))
    }

    private func question(
        _ block: RawSpan, _ update: ResponseFacts, _ request: RequestFacts,
        _ policy: BehaviorPolicy, requestTime: Milliseconds, responseTime: Milliseconds
    ) -> StoreQuestion {
        var merged = ResponseFacts(status: Int(status), block: block, now: responseTime)
        // Age is never stored, and Date is the confirmation's, or the time it came.
        merged.age = update.age
        merged.date = update.date
        merged.lifetimeClass = update.lifetimeClass
        merged.movesWithClock = update.movesWithClock
        merged.isFeatureInfo = update.isFeatureInfo
        if policy.replacesLifetimeOn304, !update.speaksOfFreshness {
            merged.forgetFreshness()
        }
        if kind == .partial {
            let complete = completeLength == Self.unknownLength ? nil : completeLength
            merged.contentRange = ContentRange(range: held, completeLength: complete)
        }
        var asked = request
        asked.method = .get
        return StoreQuestion(
            request: asked, response: merged, policy: policy, requestTime: requestTime,
            responseTime: responseTime)
    }
}

extension ResponseFacts {
    /// Whether it says for how long it may be used, or that it may not.
    fileprivate var speaksOfFreshness: Bool { hasCacheControl || expires != .absent }

    /// As if the origin had said nothing.
    fileprivate mutating func forgetFreshness() {
        cacheControl = CacheControl()
        hasCacheControl = false
        expires = .absent
    }
}
