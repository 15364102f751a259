import Caching
import HTTP
import Reactor

// What a 304 of the origin's means for what is stored (RFC 9111 §4.3.4).
extension LoopState where N: ~Copyable {
    /// 304: the stored fields with the new ones, fresh again from now (RFC 9111 §4.3.4). One that
    /// is about another response than the stored one confirms nothing.
    func confirm(
        _ fetch: Fetch, _ raw: [UInt8], _ facts: ResponseFacts, _ stored: StoredCopy
    ) -> FetchedHead {
        let (exchange, now) = (fetch.exchange, network.wallNow)
        let isTagged = stored.header.flags.contains(.contentTag)
        let entry = isTagged ? ContentTag.original(stored, now: now) : stored
        guard !facts.isContradictory, !entry.isCut, isAbout(entry, fetch, raw, facts),
            let facts = alike(facts, exchange, entry, raw)
        else { return denial(fetch, raw, facts) }
        var merged = exchange.updated(entry, by: originHead, raw, date: facts.hasDate ? nil : now)
        var header = entry.header
        var verdict = Storability.refused(.setCookie)
        var cookies: [UInt8] = []
        if exchange.isAnonymous, facts.hasSetCookie {
            merged = HeaderBlob.withoutCookies(merged)
            cookies = HeaderBlob.cookies(originHead, raw)
        }
        let variant = exchange.variant(merged)
        var isOver = exchange.losesPlace(
            variant, isTagged: entry.header.flags.contains(.hasETag))
        // A cookie that comes with a 304 is for who asked.
        if exchange.isAnonymous && (facts.setsCSRFOnly || facts.isProvedAlike)
            || !exchange.policy.judgesCookies
            || !facts.hasSetCookie || facts.excludesSetCookie
        {
            verdict = .refused(.noFreshness)
            if !isOver,
                let fresh = unsafe entry.header.refreshed(
                    block: merged.span.bytes, update: facts, request: exchange.facts,
                    policy: exchange.policy, requestTime: fetch.requestedAt, responseTime: now)
            {
                header = fresh
                let kept = EntryFlags.layout.union([.setsCSRF, .tellsTile, .bareTag])
                header.flags.formUnion(entry.header.flags.intersection(kept))
                if exchange.tagging.isCodedHere { header.flags.insert(.codedHere) }
                if facts.bringsCSRF { header.flags.insert(.setsCSRF) }
                verdict = .storable(header.times, header.flags)
            } else if facts.forbidsStoring {
                isOver = true
            }
        }
        if case .refused = verdict { header.times = times(of: entry, merged, facts, fetch, now) }
        header.etag = unsafe StoredHeaders.entityTag(in: merged.span.bytes)
        header.invalidation = numberToStore(fetch)
        let own = exchange.facts.aside.isEmpty ? ownFields(raw, entry) + cookies : []
        var hidden: [UInt8] = []
        if isTagged {
            (merged, hidden) = ContentTag.replace(
                &header, merged, tag: Array(stored.headers[stored.header.etag.range]),
                member: fetch.evidence.memberName)
        }
        return FetchedHead(
            bytes: raw, head: originHead, facts: facts, blob: merged, receivedAt: now,
            requestedAt: fetch.requestedAt, storability: verdict, variant: variant.bytes,
            confirmed: StoredCopy(entry, header: header, headers: merged, hidden: hidden),
            confirmedForAsker: confirmed(
                entry, header, merged, with: own,
                isPrivate: !cookies.isEmpty && !facts.setsCSRFOnly),
            endsStored: isOver)
    }

    /// How old it is now that it was confirmed, though nobody may keep that.
    private func times(
        of entry: StoredCopy, _ merged: [UInt8], _ facts: ResponseFacts, _ fetch: Fetch,
        _ now: Milliseconds
    ) -> EntryTimes {
        unsafe entry.header.confirmedTimes(
            block: merged.span.bytes, update: facts, request: fetch.exchange.facts,
            policy: fetch.exchange.policy, requestTime: fetch.requestedAt, responseTime: now)
    }

    /// The facts of a 304, which may start a session: then it proves that with another one the
    /// bytes would be the same, which a date alone does not; nil.
    private func alike(
        _ facts: ResponseFacts, _ exchange: Exchange, _ entry: StoredCopy, _ raw: [UInt8]
    ) -> ResponseFacts? {
        guard exchange.startedSession(originHead, raw) != nil else { return facts }
        var facts = facts
        facts.isProvedAlike = true
        return facts.hasETag && entry.header.flags.contains(.hasETag) ? facts : nil
    }

    /// What was confirmed, with fields that are for who asked: no cache may keep them with it. nil:
    /// there are none.
    ///
    /// - Parameter isPrivate: a cookie of his own is among them, such as a session's: whatever the
    ///   origin says of the page.
    private func confirmed(
        _ entry: StoredCopy, _ header: EntryHeader, _ merged: [UInt8], with own: [UInt8],
        isPrivate: Bool
    ) -> StoredCopy? {
        if own.isEmpty { return nil }
        var (header, fields) = (header, merged + own)
        let isOfClass = header.flags.remove(.classLifetime) != nil
        if isPrivate {
            fields = HeaderBlob.keptPrivate(fields)
            header.etag = unsafe StoredHeaders.entityTag(in: fields.span.bytes)
        } else if isOfClass {
            fields += ClassControl.own.line
        }
        // Nor does CloudFront in front get a lifetime with it.
        if isOfClass || isPrivate { header.flags.insert(.noCache) }
        return StoredCopy(entry, header: header, headers: fields)
    }

    /// Whether a 304 is about the stored response; one of a map image, only if this very member was
    /// asked whether it has changed.
    private func isAbout(
        _ entry: StoredCopy, _ fetch: Fetch, _ raw: [UInt8], _ facts: ResponseFacts
    ) -> Bool {
        if fetch.exchange.tagsContent, !fetch.evidence.wasConditional { return false }
        return unsafe entry.headers.withUnsafeBytes { stored in
            unsafe raw.withUnsafeBytes { bytes in
                unsafe updateByNotModified(
                    entry.header, storedTag: entry.tag(in: stored).bytes, by: facts,
                    etag: UnsafeRawBufferPointer(rebasing: bytes[facts.etag.range]).bytes)
                    == .freshen
            }
        }
    }

    /// What the 304 at hand says to who asked, and to nobody else.
    private func ownFields(_ raw: [UInt8], _ entry: StoredCopy) -> [UInt8] {
        unsafe raw.withUnsafeBytes {
            unsafe HeaderBlob.own(originHead, bytes: $0, stored: entry.headers)
        }
    }

    /// No answer to what the viewer asked, and none that is stored is confirmed: the whole must be
    /// asked for.
    func denial(_ fetch: Fetch, _ raw: [UInt8], _ facts: ResponseFacts) -> FetchedHead {
        FetchedHead(
            bytes: raw, head: originHead, facts: facts, blob: [], receivedAt: network.wallNow,
            requestedAt: fetch.requestedAt, storability: .refused(.notFinal), variant: nil,
            deniesStored: true)
    }
}
