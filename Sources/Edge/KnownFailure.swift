import Caching
import HTTP
import Reactor

/// How the origin failed for a key, and how long it is left alone.
///
/// Source: CloudFront, "How CloudFront caches HTTP 4xx and 5xx status codes": a failure of the
/// edge's own making counts as the origin's.
struct KnownFailure {
    var status: Int
    var detail: StaticString
    var until: Milliseconds
    /// The latest invalidation when the fetch began.
    var invalidation: UInt64
    /// An origin's answer to HEAD, which says nothing that a GET could be answered with.
    var isOfHead = false
    /// When it came.
    var since: Milliseconds = 0
}

extension LoopState where N: ~Copyable {
    /// Whether the origin failed for this key a moment ago, or told a HEAD: it is not asked again
    /// yet. No matter whether requests for it wait for each other.
    mutating func answersKnown(_ exchange: Exchange) -> Bool {
        guard exchange.mayCollapse, let failure = knownFailure(exchange) else {
            return answersKnownHead(exchange)
        }
        answerKnown(exchange, failure)
        return true
    }

    /// What the exchange would be answered by without asking.
    mutating func knownFailure(_ exchange: Exchange) -> KnownFailure? {
        guard exchange.policy.mode == .cloudfront, let key = exchange.key else { return nil }
        let least = unsafe exchange.canonical.withUnsafeBytes {
            unsafe invalidated.latest(of: key, $0)
        }
        guard let failure = shared.collapsed.knownFailure(key, at: network.wallNow, least: least),
            answers(exchange, failure)
        else { return nil }
        return failure
    }

    /// What HEAD was told is no answer to GET, unless something stale is, nor to a HEAD after a GET
    /// that was told better.
    private func answers(_ exchange: Exchange, _ failure: KnownFailure) -> Bool {
        guard failure.isOfHead else { return true }
        if exchange.head.method == .head {
            return exchange.entry.map { $0.header.times.storedAt <= failure.since } ?? true
        }
        // A server that knows no HEAD (501) may well know GET.
        guard failure.status == 500 || (502...504).contains(failure.status),
            network.wallNow < failure.since.adding(exchange.policy(for: failure.status).errorTTL)
        else { return false }
        return exchange.entry.map { mayServeStale(exchange, $0, .status(failure.status)) } ?? false
    }

    private mutating func answerKnown(_ exchange: Exchange, _ failure: KnownFailure) {
        let wasReading = pauseReading()
        defer { if wasReading { beginReading() } }
        if let entry = exchange.entry, mayServeStale(exchange, entry, .status(failure.status)) {
            exchange.outcome.detail = failure.detail
            serveStale(exchange, entry)
        } else {
            answer(exchange, failure.status, detail: failure.detail)
        }
    }

    /// The snapshot that the lookup began may be open still; what an exchange holds is read in one
    /// of its own. True: it was open, and is to be begun again.
    mutating func pauseReading() -> Bool {
        let wasReading = isReading
        if wasReading { endReading() }
        return wasReading
    }

    /// Whoever asks for the key next is spared the wait for an origin that fails.
    ///
    /// - Parameters:
    ///   - invalidation: the latest when the fetch began.
    ///   - until: where the origin's own error, to HEAD, says for how long.
    func rememberFailure(
        _ exchange: Exchange, _ status: Int, _ detail: StaticString, invalidation: UInt64,
        until: Milliseconds? = nil
    ) {
        let lifetime = exchange.policy(for: status).errorTTL
        guard let key = exchange.key, exchange.policy.mode == .cloudfront, lifetime > 0,
            !exchange.policy.disablesCaching,
            exchange.head.method == .get || exchange.head.method == .head
                || exchange.imported != nil
        else { return }
        shared.collapsed.remember(
            KnownFailure(
                status: status, detail: detail,
                until: until ?? network.wallNow.adding(lifetime),
                invalidation: invalidation, isOfHead: until != nil, since: network.wallNow),
            of: key)
    }

    /// The same where there was no answer at all. Not where a part was asked for and nothing is
    /// stored: by a Range that a server fails at nobody takes the whole from others.
    func rememberFailure(_ exchange: Exchange, of failure: FetchFailure, _ shared: SharedFetch?) {
        guard failure.blamesMember || failure == .totalTimeout,
            !exchange.asked.hasRange
                || exchange.entry.map({ mayServeStale(exchange, $0, .unreachable) }) == true
        else { return }
        rememberFailure(
            exchange, failure.status, failure.detailedResult,
            invalidation: shared?.invalidation ?? 0)
    }

    /// What would be stored had GET been asked is not asked for by HEAD again.
    func rememberHead(_ fetch: Fetch, _ head: FetchedHead) {
        guard case .storable(let times, _) = fetch.storabilityByGet(head) else { return }
        if head.status < 400 { return keepHead(fetch, head, times) }
        rememberFailure(
            fetch.exchange, head.status, DecisionReason.cachedError.word,
            invalidation: fetch.shared.invalidation, until: times.freshUntil)
    }
}

extension Fetch {
    /// What would become of a HEAD's answer, had GET been asked.
    func storabilityByGet(_ head: FetchedHead) -> Storability {
        var asked = exchange.facts
        asked.method = .get
        return storability(
            StoreQuestion(
                request: asked, response: head.facts, policy: exchange.policy(for: head.status),
                requestTime: head.requestedAt, responseTime: head.receivedAt))
    }
}
