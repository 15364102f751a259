import Caching
import CloudFront
import HTTP
import Reactor

/// A page of the distribution that is shown in place of an error.
///
/// Source: CloudFront, "Generating custom error responses".
struct PageAsk {
    /// The status that viewers see with it.
    var status: Int
    /// The request that came to the error: the log tells of that one.
    let original: Exchange

    /// Why the request failed, where that is known.
    var detail: StaticString? {
        let detail = original.outcome.detail
        return detail.utf8CodeUnitCount > 1 ? detail : nil
    }
}

extension Exchange {
    /// The policy for a response of that status: each error of a distribution has a lifetime of
    /// its own.
    ///
    /// Source: CloudFront, "Controlling how long CloudFront caches errors".
    func policy(for status: Int) -> BehaviorPolicy {
        var policy = policy
        guard status >= 400, !policy.disablesCaching, imported != nil,
            let errors = snapshot.settings.distribution?.distribution.errors
        else { return policy }
        policy.errorTTL = errors.minTTL(status, isS3: asksS3)
        return policy
    }

    /// A page that cannot be had is an error of its own, and shown as that.
    func statusToShow(_ status: Int) -> Int {
        guard let page, status < 400 else { return status }
        return page.status
    }

    /// A request for another path of the same distribution: this one's, without what concerns its
    /// own body, conditions and ranges.
    fileprivate func request(for path: String) -> [UInt8] {
        var request = Array("\(head.method == .head ? "HEAD" : "GET") \(path) ".utf8)
        request += Array("HTTP/1.\(head.minorVersion)\r\n".utf8)
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            switch field.known {
            case .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange, .range,
                .contentLength, .contentType, .contentEncoding, .contentLanguage,
                .contentLocation, .contentRange, .transferEncoding, .expect, .upgrade, .trailer:
                continue
            default:
                request += bytes[field.name.range] + [58, 32] + bytes[field.value.range]
                request += [13, 10]
            }
        }
        return request + [13, 10]
    }
}

extension LoopState where N: ~Copyable {
    /// Shows the distribution's page for a status in place of the error; false where there is none.
    ///
    /// The page is an object of its own, under its own key and behavior; a map's client is better
    /// served by an image (law 7).
    mutating func showsPage(_ exchange: Exchange, for status: Int) -> Bool {
        guard exchange.page == nil, !exchange.hasResponded, !exchange.isRefresh,
            exchange.snapshot.hot[exchange.behavior].traits.contains(.hasErrorPages),
            let errors = snapshot.settings.distribution?.distribution.errors,
            let page = errors.page(for: status),
            status < 500 || !exchange.givesPicture
        else { return false }
        let bytes = exchange.request(for: page.path)
        var scan = HeadScan()
        var asked = RequestHead()
        guard
            case .complete = unsafe parseRequest(
                bytes.span.bytes, &scan, limits: .ownRequest, into: &asked)
        else { return false }
        head = asked
        let slot = exchange.id.slot
        if !exchange.intake.isComplete || ErrorCaching.closesConnection(status) {
            viewers[slot].closesAfterResponse = true
        }
        if let fetch = exchange.shared { leave(fetch, exchange) }
        exchange.shared = nil
        leaveFetch(exchange)
        setDeadline(slot, milliseconds: nil)
        requestID = exchange.outcome.requestID
        unsafe bytes.withUnsafeBytes {
            unsafe begin(page: PageAsk(status: page.responseCode, original: exchange), slot, $0)
        }
        return true
    }

    /// The same for an answer that is made out of the store; it is the edge's own error.
    mutating func showsPage(
        insteadOf status: Int, _ slot: UInt32, _ bytes: UnsafeRawBufferPointer,
        _ decision: Decision, _ outcome: Outcome
    ) -> Bool {
        guard hot[outcome.behavior].traits.contains(.hasErrorPages),
            snapshot.settings.distribution?.distribution.errors.page(for: status) != nil
        else { return false }
        let facts = unsafe RequestFacts(head, bytes: bytes.bytes)
        let exchange = unsafe makeExchange(slot, bytes, outcome.behavior, facts, decision)
        viewers[slot].exchange = exchange
        viewers[slot].phase = .exchange
        if showsPage(exchange, for: status) { return true }
        viewers[slot].exchange = nil
        viewers[slot].phase = .reading
        return false
    }

    private mutating func begin(
        page: PageAsk, _ slot: UInt32, _ bytes: UnsafeRawBufferPointer
    ) {
        // What is held is read in a snapshot of its own.
        let wasReading = isReading
        if wasReading { endReading() }
        defer { if wasReading { beginReading() } }
        let behavior = unsafe hot.match(
            UnsafeRawBufferPointer(rebasing: bytes[head.path.range]), scratch: scratch.fields)
        let facts = unsafe RequestFacts(head, bytes: bytes.bytes)
        let decision = decide(
            .absent, request: facts, policy: hot[behavior].policy, health: .up,
            now: network.wallNow)
        let exchange = unsafe makeExchange(slot, bytes, behavior, facts, decision)
        exchange.page = page
        exchange.outcome.detail = page.original.outcome.detail
        viewers[slot].exchange = exchange
        viewers[slot].phase = .exchange
        unsafe generateFields(slot, bytes, behavior)
        guard decision.action == .fetch,
            let primary = unsafe primaryKey(slot, bytes, behavior, facts)
        else {
            lead(
                exchange,
                SharedFetch(
                    key: nil, invalidation: shared.invalidationNumber, leader: exchange.id,
                    budget: shared.budget))
            return
        }
        (exchange.key, exchange.canonical, exchange.primary) =
            (primary.key, primary.canonical, primary)
        if let copy = storedCopy(primary.key, primary.canonical) {
            exchange.entry = copy
            exchange.decision = decide(
                .entry(copy.header), request: facts, policy: exchange.policy, health: .up,
                now: network.wallNow)
            if exchange.decision.isAnsweredFromStore,
                serveWhenReady(exchange, copy, reason: exchange.decision.reason)
            {
                return
            }
        }
        obtain(exchange)
    }
}
