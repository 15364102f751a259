import Caching
import HTTP
import Reactor
import Tiles

/// The target's own key, without variant, and the bytes it is made of.
struct PrimaryKey {
    var key: CacheKey
    var canonical: [UInt8]
}

// What a response means for the store: asked with, judged, kept, confirmed.
extension LoopState where N: ~Copyable {
    /// What the fetch asks for beyond what its viewer asked.
    mutating func conditions(_ exchange: Exchange) -> OriginRequest.Conditions {
        var conditions = OriginRequest.Conditions()
        (exchange.asksRest, exchange.tagging.validators) = (false, nil)
        conditions.maxForwards = exchange.maxForwards.map { max(0, $0 - 1) }
        let isNoticed =
            isNoticing && exchange.policy.mapClass == .pages && exchange.head.method == .get
        if isNoticed {
            // The page is wanted whole, and in a coding that a notice can be put into.
            conditions.dropsViewerConditions = true
            conditions.acceptEncoding = exchange.acceptsGzip ? .gzip : .identity
        }
        // What it says of a write has to be read here.
        if exchange.watch?.readsAnswer == true { conditions.acceptEncoding = .identity }
        // What viewers know of a map image and its like is the edge's own word, and no member's.
        if exchange.tagsContent { conditions.dropsViewerConditions = true }
        conditions.target = exchange.map?.ownTarget
        guard exchange.key != nil else { return conditions }
        conditions.dropsEmptyQuery = exchange.policy.mode == .cloudfront
        conditions.isForAllCodings = exchange.keysNoCoding
        conditions.hidesHost = exchange.hidesHost
        // The whole response is wanted: the viewer's own conditions are answered from it here. Of
        // an imported behavior the policies say what a Miss passes on of them.
        let forwardsConditions =
            exchange.imported != nil && exchange.decision.action == .fetch && !exchange.isRefresh
            && (exchange.entry == nil || exchange.policy.revalidates)
        conditions.dropsViewerConditions =
            exchange.tagsContent
            || exchange.head.method == .get && exchange.asksForWhole
                && (isNoticed || !forwardsConditions)
        conditions.dropsRange = exchange.asksForWhole
        if exchange.policy.mode == .cloudfront {
            conditions.acceptEncoding =
                exchange.acceptsGzip && !conditions.isForAllCodings
                ? .gzip : exchange.head.fields.contains(.acceptEncoding) ? .identity : .asViewer
        }
        exchange.addPageConditions(&conditions)
        exchange.hideCookies(&conditions)
        if !exchange.facts.aside.isEmpty { conditions.askAsNobody() }
        conditions.target = exchange.askedTarget
        if completion(exchange, &conditions) { return conditions }
        guard exchange.decision.action == .revalidate, let entry = exchange.entry,
            exchange.head.method == .get || exchange.confirmsByHead
        else {
            return conditions
        }
        // The viewer's own are answered from what is confirmed, or from what comes in its place.
        conditions.dropsViewerConditions = true
        if exchange.tagsContent {
            exchange.tagging.validators = ContentTag.validators(of: entry)
            return conditions
        }
        if entry.header.flags.contains(.hasETag) {
            conditions.ifNoneMatch = entry.askedTag
        }
        if entry.header.lastModified != EntryHeader.noDate {
            conditions.ifModifiedSince = entry.header.lastModified
        }
        return conditions
    }

    /// What policy makes of a response head.
    func makeHead(_ fetch: Fetch, _ raw: [UInt8]) -> FetchedHead {
        let exchange = fetch.exchange
        let now = network.wallNow
        var facts = unsafe raw.withUnsafeBytes {
            unsafe ResponseFacts(originHead, bytes: $0.bytes, now: now)
        }
        facts.isAboutTarget = unsafe raw.withUnsafeBytes { unsafe isAboutTarget(exchange, $0) }
        exchange.notePage(&facts, originHead, raw)
        facts.lifetimeClass = exchange.lifetimeClass
        facts.movesWithClock = exchange.map?.tile?.movesWithClock == true
        facts.isFeatureInfo = exchange.isFeatureInfo
        if originHead.status == 304, exchange.decision.action == .revalidate,
            let entry = exchange.entry
        {
            return confirm(fetch, raw, facts, entry)
        }
        if exchange.asksRest {
            if let complete = completes(exchange, facts, raw) {
                return completing(fetch, raw, facts, complete)
            }
            if exchange.isAboutRest(originHead.status) { return denial(fetch, raw, facts) }
        }
        let asked = StoreQuestion(
            request: exchange.facts, response: facts,
            policy: exchange.policy(for: originHead.status),
            requestTime: fetch.requestedAt, responseTime: now)
        var verdict =
            refusal(exchange, of: facts.contentRange).map { Storability.refused($0) }
            ?? storability(asked)
        if exchange.tellsTile(originHead.status), case .storable(let times, let flags) = verdict {
            verdict = .storable(times, flags.union(.tellsTile))
        }
        let selected = exchange.variant(originHead, raw)
        if case .untellable = selected, case .storable = verdict {
            verdict = .refused(.varyUntellable)
        }
        let blob = unsafe raw.withUnsafeBytes { unsafe HeaderBlob.delivered(originHead, bytes: $0) }
        // A field that is private is for who asked, not for who waited (RFC 9111 §5.2.2.7).
        let hasOwn =
            !facts.cacheControl.flags.union(facts.targeted?.flags ?? []).isDisjoint(
                with: [.privateFields, .noCacheFields])
            || facts.hasSetCookie && exchange.isAnonymous
        var sharedBlob =
            unsafe hasOwn
            ? raw.withUnsafeBytes { unsafe HeaderBlob.stored(originHead, bytes: $0, date: nil) }
            : nil
        if exchange.isAnonymous { sharedBlob = sharedBlob.map { HeaderBlob.withoutCookies($0) } }
        return FetchedHead(
            bytes: raw, head: originHead, facts: facts, blob: blob, sharedBlob: sharedBlob,
            receivedAt: now,
            requestedAt: fetch.requestedAt,
            storability: verdict, variant: selected.bytes,
            start: sessionStart(exchange, asked, raw, verdict, selected),
            isDegraded: unsafe raw.withUnsafeBytes {
                unsafe exchange.degradedMarker?.isIn(originHead, $0) ?? false
            })
    }

    /// Why the answer to an exchange is not stored, whatever it says of itself.
    private func refusal(_ exchange: Exchange, of part: ContentRange?) -> StoreRefusal? {
        if originHead.hasUnknownCoding { return .unknownCoding }
        if exchange.primary == nil { return .keyless }
        if exchange.wantsPart, !Self.holdsForWhole(originHead.status) { return .partAsked }
        // That a part is not there says nothing to who wants the whole.
        if !exchange.asksForWhole, originHead.status == 416 { return .partAsked }
        // Who sends another part than was asked for is not believed in where it belongs.
        if originHead.status == 206, let part, !exchange.facts.range.meets(part) {
            return .partialUnusable
        }
        return exchange.leadsAway(originHead.status) ? .redirect : nil
    }

    /// Whether a status in answer to a Range says of the whole what it would have said to who asked
    /// for that (RFC 9110 §14.2). Not one by which a server, or what guards it, may have refused
    /// the Range: by an odd one nobody takes the whole from others.
    private static func holdsForWhole(_ status: Int) -> Bool {
        switch status {
        case 200...206, 300...303, 307, 308, 404, 405, 410, 414, 451: true
        default: false
        }
    }

    /// The rest of a stored part: to the viewer and the store it is the whole response.
    private func completing(
        _ fetch: Fetch, _ raw: [UInt8], _ facts: ResponseFacts, _ complete: UInt64
    ) -> FetchedHead {
        var whole = facts
        whole.status = 200
        whole.contentRange = nil
        let now = network.wallNow
        var verdict = storability(
            StoreQuestion(
                request: fetch.exchange.facts, response: whole, policy: fetch.exchange.policy,
                requestTime: fetch.requestedAt,
                responseTime: now))
        let selected = fetch.exchange.variant(originHead, raw)
        if case .untellable = selected, case .storable = verdict {
            verdict = .refused(.varyUntellable)
        }
        let stored = fetch.exchange.entry?.headers ?? []
        let blob = unsafe raw.withUnsafeBytes {
            unsafe HeaderBlob.merged(
                stored: stored, update: originHead, bytes: $0, date: facts.hasDate ? nil : now)
        }
        return FetchedHead(
            bytes: raw, head: originHead, facts: whole, blob: blob, receivedAt: now,
            requestedAt: fetch.requestedAt,
            storability: verdict,
            variant: selected.bytes, completesTo: complete)
    }

    /// A Content-Location that names the request's own target (RFC 9110 §9.3.3).
    private func isAboutTarget(_ exchange: Exchange, _ raw: UnsafeRawBufferPointer) -> Bool {
        guard let index = originHead.fields.first(.contentLocation) else { return false }
        let value = unsafe UnsafeRawBufferPointer(
            rebasing: raw[originHead.fields[index].value.range])
        return unsafe exchange.resolve(value).map { $0 == exchange.primary?.canonical } ?? false
    }

    struct StorePlan {
        /// The body is kept whole until it is stored.
        var keepsBody: Bool
        /// Waiters may use the response.
        var isShared: Bool
    }

    /// Whether the body will be stored, and who may have it. Asked once of each response.
    mutating func storePlan(_ fetch: Fetch, _ head: FetchedHead) -> StorePlan {
        let plan = judgedPlan(fetch, head)
        countTraps(fetch.exchange, head, isKept: plan.keepsBody && !head.confirmsStored)
        return plan
    }

    private mutating func judgedPlan(_ fetch: Fetch, _ head: FetchedHead) -> StorePlan {
        // What a 304 says to the leader alone, a cookie among it, is for no waiter.
        if head.confirmsStored {
            return StorePlan(
                keepsBody: true,
                isShared: head.isStorable
                    && sharesWithWaiters(fetch, head.storability, isConfirmed: true))
        }
        if head.deniesStored {
            // What its origin does not go on from would be asked about each time.
            if fetch.exchange.asksRest, let key = fetch.exchange.key { store?.delete(key) }
            return StorePlan(keepsBody: false, isShared: true)
        }
        if head.isDegraded {
            let isShared = fetch.exchange.storeKey != nil && head.mayBeShared
            return StorePlan(
                keepsBody: false, isShared: isShared && sharesWithWaiters(fetch, head.storability))
        }
        if fetch.exchange.head.method == .head {
            return StorePlan(keepsBody: false, isShared: sharesHead(fetch, head))
        }
        guard fetch.exchange.storeKey != nil, head.isStorable else {
            return StorePlan(keepsBody: false, isShared: head.isAnybodys(fetch.exchange))
        }
        if let length = head.declaredLength, length > snapshot.settings.cache.objectBytes {
            counters.add(.storeSkippedSize)
            fetch.shared.fence()
            return StorePlan(keepsBody: false, isShared: false)
        }
        if shared.budget.isExhausted {
            counters.add(.storeSkippedMemory)
            // Its beginning may be let go before its end is here: it must not be stored.
            fetch.shared.fence()
            return StorePlan(keepsBody: false, isShared: false)
        }
        // Who waits for a part has asked for the same. Of its fields nothing is left out for them.
        let isTheirs =
            head.status != 206 || !fetch.exchange.asksForWhole && head.sharedBlob == nil
        return StorePlan(
            keepsBody: true, isShared: isTheirs && sharesWithWaiters(fetch, head.storability))
    }

    /// Whether those who waited may have it. CloudFront sends them on by themselves when, without
    /// a minimum lifetime, the response is not for reuse: private, no-store, no-cache, `max-age=0`.
    /// RFC 9111 §4 shares what may be reused; what the origin has just confirmed may be, stale or
    /// not, but what is `no-cache` each has to have confirmed for himself (§5.2.2.4).
    func sharesWithWaiters(
        _ fetch: Fetch, _ storability: Storability, isConfirmed: Bool = false
    ) -> Bool {
        let (policy, now) = (fetch.exchange.policy, network.wallNow)
        guard case .storable(let times, let flags) = storability else { return true }
        switch policy.mode {
        case .cloudfront:
            return policy.minTTL > 0
                || times.isFresh(at: now) && flags.isDisjoint(with: [.noCache, .fallbackOnly])
        case .rfc9111:
            return isConfirmed && !flags.contains(.noCache)
                || now < times.reusableUntil(under: flags)
        }
    }

    /// Until when who asks may have what is still coming: as long as he could, were it stored. In
    /// cloudfront mode that is the first response's end, however long that takes.
    func joinableUntil(_ fetch: Fetch, _ head: FetchedHead) -> Milliseconds {
        guard fetch.exchange.policy.mode == .rfc9111,
            case .storable(let times, let flags) = head.storability
        else { return .max }
        return times.reusableUntil(under: flags)
    }

    /// Hands a whole response to the writer; from then on every loop finds it.
    mutating func store(_ fetch: Fetch, _ head: FetchedHead) {
        guard let store, let key = fetch.exchange.storeKey, fetch.shared.mayStore,
            !head.isDegraded, mayStore(fetch)
        else { return }
        if let confirmed = head.confirmed {
            storeAnew(confirmed, fetch, head, key, store)
            return
        }
        if fetch.exchange.head.method == .head {
            rememberHead(fetch, head)
            // CloudFront's headers of a HEAD serve no GET, so that they do not freshen one either.
            if fetch.exchange.policy.mode == .rfc9111 { updateFromHead(fetch, head, key, store) }
            return
        }
        guard isInStep(fetch) else { return }
        guard case .storable(let times, let flags) = head.storability, head.isStorable else {
            if fetch.exchange.isSuperseded(by: head) { store.delete(key) }
            return
        }
        if keepsStale(fetch, head) { return }
        var segments = fetch.shared.wholeBody()
        var union: (range: Range<UInt64>, segments: [StoreSegment])?
        if head.status == 206 {
            switch joining(fetch, head, segments) {
            case .alone: break
            case .joined(let range, let parts): union = (range, parts)
            case .keepsStored: return
            }
        }
        let joinsStored = union != nil || head.completes
        var headers = storedFields(fetch, head, joinsStored: joinsStored)
        if fetch.exchange.isAnonymous { headers = HeaderBlob.withoutCookies(headers) }
        if let cut = head.cut {
            (headers, segments) = (cut.fields(headers), [StoreSegment(copying: cut.text)])
        }
        let total = UInt64(head.cut?.text.count ?? fetch.shared.total)
        var header = EntryHeader(status: UInt16(head.status), flags: flags, times: times)
        complete(&header, fetch, head, headers, length: total)
        head.cut?.describe(&header)
        headers = taggedBlock(&header, headers, segments, fetch, head)
        if head.status == 206, !describePart(&header, head.facts, total) { return }
        if let union {
            segments = union.segments
            header.rangeStart = union.range.lowerBound
            if union.range == 0..<header.completeLength {
                (header.kind, header.status) = (.complete, 200)
            }
        }
        if joinsStored {
            putJoined(fetch.exchange, header, headers, segments, store)
        } else {
            putVariant(fetch.exchange, head.variant, header, headers, segments, store)
        }
    }

    /// What may still be served stale is worth more than the error that came in its place.
    private mutating func keepsStale(_ fetch: Fetch, _ head: FetchedHead) -> Bool {
        guard head.status >= 500, let entry = fetch.exchange.entry,
            mayServeStale(fetch.exchange, entry, .status(head.status))
                || entry.header.kind == .partial && entry.header.times.isFresh(at: head.receivedAt)
        else { return false }
        rememberFailure(
            fetch.exchange, head.status, "OriginError", invalidation: fetch.shared.invalidation)
        return true
    }

    /// What the origin has confirmed, with the fields that it has now.
    private mutating func storeAnew(
        _ confirmed: StoredCopy, _ fetch: Fetch, _ head: FetchedHead, _ key: CacheKey,
        _ store: Store
    ) {
        if head.endsStored { store.delete(key) }
        guard head.isStorable, isInStep(fetch) else { return }
        putBack(
            confirmed, confirmed.header, confirmed.headers + confirmed.hidden, head.variant,
            fetch.exchange, store)
    }

    /// What a record says beside status, flags and times.
    func complete(
        _ header: inout EntryHeader, _ fetch: Fetch, _ head: FetchedHead, _ fields: [UInt8],
        length: UInt64
    ) {
        let facts = HeaderBlob.facts(fields, status: head.status, now: head.receivedAt)
        header.etag = facts.etag
        header.lastModified = facts.lastModified ?? EntryHeader.noDate
        header.invalidation = numberToStore(fetch)
        if fetch.gzip != nil { header.flags.insert(.compressedHere) }
        if fetch.exchange.tagging.isBare { header.flags.insert(.bareTag) }
        if fetch.exchange.tagging.isCodedHere { header.flags.insert(.codedHere) }
        header.renderTime = UInt32(clamping: head.receivedAt - head.requestedAt)
        header.completeLength = length
    }

    /// The fields to store: the response's own, or the stored ones with its own in their place when
    /// its bytes are put together with stored ones (RFC 9111 §3.4).
    func storedFields(_ fetch: Fetch, _ head: FetchedHead, joinsStored: Bool) -> [UInt8] {
        unsafe head.bytes.withUnsafeBytes { bytes in
            if joinsStored, let entry = fetch.exchange.entry {
                return unsafe HeaderBlob.merged(
                    stored: entry.headers, update: head.head, bytes: bytes,
                    date: head.facts.hasDate ? nil : head.receivedAt)
            }
            return unsafe HeaderBlob.stored(
                head.head, bytes: bytes, date: head.facts.hasDate ? nil : head.receivedAt)
        }
    }

    /// A 206's place in the representation; false when it does not say it.
    private func describePart(_ header: inout EntryHeader, _ facts: ResponseFacts, _ total: UInt64)
        -> Bool
    {
        guard let part = facts.contentRange, let range = part.range, UInt64(range.count) == total
        else { return false }
        header.rangeStart = range.lowerBound
        header.completeLength = part.completeLength ?? EntryHeader.unknownLength
        if range == 0..<header.completeLength {
            // A part that leaves nothing out (RFC 9111 §3.3).
            header.status = 200
        } else {
            header.kind = .partial
        }
        return true
    }

    /// With Vary: the names under the target's key, the response under its variant's. Not what came
    /// before what is stored there, as of a body that took its time: the most recent response is
    /// the one to use (RFC 9111 §4).
    mutating func putVariant(
        _ exchange: Exchange, _ variant: VariantBytes?, _ header: EntryHeader,
        _ headers: [UInt8], _ segments: [StoreSegment], _ store: Store
    ) {
        guard let primary = exchange.primary else { return }
        var put = StorePut(
            key: primary.key, header: header, canonicalKey: primary.canonical, headers: headers,
            body: .segments(segments))
        let stored = storedCopy(primary.key, primary.canonical)
        put.header.varyEpoch = 0
        guard let variant else {
            if !isOlder(header, than: stored) { self.put(put, store) }
            return
        }
        put.canonicalKey = primary.canonical + variant.values
        put.key = unsafe CacheKey.hash(put.canonicalKey.span.bytes, seed: store.seed)
        if let stored, stored.header.kind == .variants, stored.headers == variant.names {
            put.header.varyEpoch = stored.header.varyEpoch
            let other = storedCopy(put.key, put.canonicalKey)
            let isOlder =
                other?.header.varyEpoch == stored.header.varyEpoch && isOlder(header, than: other)
            if !isOlder { self.put(put, store) }
        } else if !isOlder(header, than: stored) {
            put.header.varyEpoch = putNames(variant, header, primary, store)
            self.put(put, store)
        }
    }

    /// Whether something newer is stored already. An error is not kept in a good answer's place,
    /// and nothing is newer that a clock which was wrong says so of.
    private func isOlder(_ header: EntryHeader, than stored: StoredCopy?) -> Bool {
        guard let stored = stored?.header, !stored.flags.contains(.negative) else { return false }
        return header.times.storedAt < stored.times.storedAt
            && stored.times.storedAt <= network.wallNow
    }

    /// The names of the selecting fields, under an epoch of their own: variants from before the
    /// record belong to none any more. By a time one could not tell, as clocks are set back, and
    /// stand still.
    private mutating func putNames(
        _ variant: VariantBytes, _ header: EntryHeader, _ primary: PrimaryKey, _ store: Store
    ) -> UInt64 {
        var names = EntryHeader(status: 200, flags: [], times: header.times)
        names.kind = .variants
        names.invalidation = header.invalidation
        names.varyEpoch = requestIDs.make().text[0]
        put(
            StorePut(
                key: primary.key, header: names, canonicalKey: primary.canonical,
                headers: variant.names, body: .segments([])), store)
        return names.varyEpoch
    }

    /// Whether no invalidation of the target has come since the fetch began (law 3).
    mutating func mayStore(_ fetch: Fetch) -> Bool {
        guard let primary = fetch.exchange.primary else { return true }
        return invalidated.mayStore(numberToStore(fetch), primary.key, primary.canonical)
    }

    /// The invalidation that its response is newer than: the latest when it began, unless what
    /// came in between is to have no part in it.
    func numberToStore(_ fetch: Fetch) -> UInt64 {
        fetch.exchange.policy.storesLateFetches ? shared.invalidationNumber : fetch.invalidation
    }

    mutating func put(_ put: StorePut, _ store: Store) {
        // By its key it was judged before.
        guard invalidated.mayStore(put) else { return }
        if store.enqueue(put) { counters.add(.stored) } else { counters.add(.storeSkippedBacklog) }
    }
}
