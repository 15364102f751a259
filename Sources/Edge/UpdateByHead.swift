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
        let merged = unsafe head.bytes.withUnsafeBytes {
            unsafe HeaderBlob.merged(
                stored: entry.headers, update: head.head, bytes: $0,
                date: head.facts.hasDate ? nil : head.receivedAt,
                isCompressed: entry.header.flags.contains(.compressedHere))
        }
        if fetch.exchange.variesAnew(merged, than: entry) {
            store.delete(key)
            return
        }
        guard !fetch.exchange.policy.judgesCookies || !head.facts.hasSetCookie else { return }
        guard
            let header = unsafe entry.header.refreshed(
                block: merged.span.bytes, update: head.facts, request: fetch.exchange.facts,
                policy: fetch.exchange.policy, requestTime: head.requestedAt,
                responseTime: head.receivedAt)
        else {
            if head.facts.forbidsStoring { store.delete(key) }
            return
        }
        guard let body = storeBody(entry) else { return }
        put(
            StorePut(
                key: key, header: header, canonicalKey: fetch.exchange.canonical, headers: merged,
                body: body), store)
    }
}

// What of a newer answer ends the life of what is stored.
extension Exchange {
    /// Whether fields select it by other names now than those under which it is stored, so that
    /// requests would find it that it does not suit (RFC 9111 §4.1).
    func variesAnew(_ fields: [UInt8], than entry: StoredCopy) -> Bool {
        policy.keysVary
            && HeaderBlob.varyNames(in: fields) != HeaderBlob.varyNames(in: entry.headers)
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
