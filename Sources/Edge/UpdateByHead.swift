import Caching
import HTTP

// What an answer to HEAD says of the response that is stored for GET.
extension LoopState where N: ~Copyable {
    /// A HEAD response that fits what is stored freshens it; one that does not makes it stale
    /// (RFC 9111 §4.3.5).
    mutating func updateFromHead(
        _ fetch: Fetch, _ head: FetchedHead, _ key: CacheKey, _ store: Store
    ) {
        // Another member's validators say nothing of what this one drew.
        guard let entry = fetch.exchange.entry, !entry.isCut,
            !entry.header.flags.contains(.contentTag)
        else { return }
        let update = unsafe entry.headers.withUnsafeBytes { stored in
            unsafe head.bytes.withUnsafeBytes { bytes in
                unsafe updateByHead(
                    entry.header, storedTag: entry.tag(in: stored).bytes, by: head.facts,
                    etag: UnsafeRawBufferPointer(rebasing: bytes[head.facts.etag.range]).bytes)
            }
        }
        guard update == .freshen else {
            if update == .invalidate { store.delete(key) }
            return
        }
        let merged = fetch.exchange.updated(
            entry, by: head.head, head.bytes, date: head.facts.hasDate ? nil : head.receivedAt)
        let variant = fetch.exchange.variant(merged)
        let isTagged = head.facts.hasETag && entry.header.flags.contains(.hasETag)
        if fetch.exchange.losesPlace(variant, isTagged: isTagged) {
            store.delete(key)
            return
        }
        guard !fetch.exchange.policy.judgesCookies || !head.facts.hasSetCookie else { return }
        guard
            var header = unsafe entry.header.refreshed(
                block: merged.span.bytes, update: head.facts, request: fetch.exchange.facts,
                policy: fetch.exchange.policy, requestTime: head.requestedAt,
                responseTime: head.receivedAt)
        else {
            if head.facts.forbidsStoring { store.delete(key) }
            return
        }
        header.flags.formUnion(entry.header.flags.intersection(EntryFlags.layout.union(.bareTag)))
        if fetch.exchange.tagging.isCodedHere { header.flags.insert(.codedHere) }
        putBack(entry, header, merged, variant.bytes, fetch.exchange, store)
    }
}

// What of a newer answer ends the life of what is stored.
extension Exchange {
    /// The stored fields with those of an update in their place (RFC 9111 §3.2).
    ///
    /// - Parameter date: when it came, if it does not say.
    func updated(
        _ entry: StoredCopy, by head: ResponseHead, _ bytes: [UInt8], date: Milliseconds?
    ) -> [UInt8] {
        let merged = unsafe bytes.withUnsafeBytes {
            unsafe HeaderBlob.merged(
                stored: entry.headers, update: head, bytes: $0, date: date,
                isCompressed: entry.header.flags.contains(.compressedHere))
        }
        return tellingCoding(merged, of: entry)
    }

    /// Whether an answer that is not stored is the target's present one, so that what was asked
    /// about is none any more (RFC 9111 §4.3.3). Not one that speaks of the request rather than
    /// the target, or of a server in trouble; and CloudFront keeps what is expired for 5xx,
    /// whatever came in between.
    func isSuperseded(by head: FetchedHead) -> Bool {
        guard policy.mode == .rfc9111, entry != nil, self.head.method == .get, asksForWhole,
            !head.isRejectedContent, !head.completes,
            !facts.hasAuthorization, !facts.hasSession,
            !(policy.honoursRequestCacheControl && facts.cacheControl.flags.contains(.noStore))
        else { return false }
        switch head.status {
        case 200, 203, 204, 300...303, 307, 308, 403, 404, 405, 410, 414, 451: return true
        default: return false
        }
    }
}

extension ResponseFacts {
    /// It says that nobody may keep it for others.
    var forbidsStoring: Bool {
        varyStar || !cacheControl.flags.isDisjoint(with: [.noStore, .private])
    }
}
