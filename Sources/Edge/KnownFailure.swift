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
}

extension LoopState where N: ~Copyable {
    /// Whether the origin failed for this key a moment ago: it is not asked again yet. No matter
    /// whether requests for it wait for each other.
    mutating func answersKnownFailure(_ exchange: Exchange) -> Bool {
        guard exchange.policy.mode == .cloudfront, exchange.mayCollapse, let key = exchange.key
        else { return false }
        let least = unsafe exchange.canonical.withUnsafeBytes {
            unsafe invalidated.latest(of: key, $0)
        }
        guard let failure = shared.collapsed.knownFailure(key, at: network.wallNow, least: least)
        else { return false }
        answerKnown(exchange, failure)
        return true
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

    /// Whoever asks for the key next is spared the wait for an origin that fails. Not for one that
    /// failed at a part of it: by a Range nobody takes the whole from others.
    func rememberFailure(_ exchange: Exchange, _ status: Int, _ detail: StaticString) {
        let lifetime = exchange.policy(for: status).errorTTL
        guard let key = exchange.key, exchange.policy.mode == .cloudfront, lifetime > 0,
            !exchange.policy.disablesCaching, !exchange.asked.hasRange,
            exchange.head.method == .get || exchange.imported != nil
        else { return }
        shared.collapsed.remember(
            KnownFailure(
                status: status, detail: detail,
                until: network.wallNow.adding(lifetime),
                invalidation: exchange.shared?.invalidation ?? 0), of: key)
    }
}
