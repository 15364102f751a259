import Caching
import HTTP
import Reactor
import Tiles

// Viewers that ask more often than they may.
extension LoopState where N: ~Copyable {
    /// Whether the request at hand is one too many, and was answered so. Only where rates are set.
    mutating func exceedsRate(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts
    ) -> Bool {
        let viewer = unsafe viewerAddress(slot, head, bytes)
        // Whoever comes by a Unix socket has no address; the site's own calls are no viewer's.
        guard viewer != .unspecified, !viewers[slot].isSouthbound else { return false }
        let requestClass = unsafe RequestClass.of(
            method: head.method, path: bytes.bytes.extracting(head.path.range),
            query: bytes.bytes.extracting(head.query.range),
            mapClass: hot[behavior].policy.mapClass)
        let now = network.monotonicMilliseconds
        let wait = unsafe hot.viewerRates?._withUnsafeGuaranteedRef {
            $0.wait(viewer, requestClass, at: now)
        }
        guard let wait, wait > 0 else { return false }
        counters.add(.viewersLimited)
        unsafe answerTooMany(slot, bytes, behavior, facts, wait)
        return true
    }

    private mutating func answerTooMany(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ wait: Milliseconds
    ) {
        let exchange = unsafe makeExchange(
            slot, bytes, behavior, facts, Decision(.pass, .viewerRate))
        viewers[slot].exchange = exchange
        viewers[slot].phase = .exchange
        var page = localPage(429, detail: "viewer-rate", requestID: requestID)
        page.retryAfter = RetryAfter.seconds(wait)
        // A map's client shows any picture and no pink, whatever the status (law 7).
        if case .picture(let request) = exchange.fallback {
            let picture = BlankTile.picture(for: request)
            (page.content, page.mediaType) = (picture.bytes, picture.contentType)
        }
        answer(exchange, page)
    }
}
