import Caching
import CloudFront
import HTTP
import Reactor

// Groups of two origins: the second is asked when the first fails by the group's criteria.
// Source: CloudFront, "Optimizing high availability with CloudFront origin failover".
extension LoopState where N: ~Copyable {
    /// Whether the fetch goes on at the group's second origin.
    ///
    /// `ending`: what the first origin's answer says of its member, whose place is given back; nil
    /// when it was given back already.
    mutating func failsOver(
        _ fetch: Fetch, _ outcome: FailoverCriteria.Outcome, _ ending: OriginPool.Ending? = nil
    ) -> Bool {
        let exchange = fetch.exchange
        guard let second = exchange.imported?.failover, !exchange.asksSecond,
            second.criteria.failsOver(outcome), isRepeatable(exchange), fetch.head == nil
        else { return false }
        counters.add(.originFailovers)
        exchange.asksSecond = true
        dropConnection(fetch)
        if let ending { release(fetch, ending) }
        // Of a picture that was held back, a part may be here.
        forget(fetch)
        fetch.move(
            to: exchange.pool,
            exchange.request(to: exchange.pool.settings, conditions(exchange)))
        place(fetch)
        return true
    }

    /// What the criteria call a failure that gave no response.
    func outcome(of failure: FetchFailure) -> FailoverCriteria.Outcome? {
        switch failure {
        case .connectFailed, .noMember, .unresolved, .tlsFailed: .notConnected
        case .connectTimeout: .notConnectedInTime
        case .firstByteTimeout: .timedOut
        case .cutShort, .malformed, .headTooLarge, .rangeMismatch, .notTaken:
            .status(failure.status)
        // With the time for the whole exchange over there is none left for the second.
        case .totalTimeout, .betweenBytesTimeout, .queueFull, .queueTimeout, .queueDeadline,
            .memberHeld, .exhausted, .abandoned:
            nil
        }
    }

    /// Only what may be asked twice: GET, HEAD, and OPTIONS where it is cached.
    private func isRepeatable(_ exchange: Exchange) -> Bool {
        guard !exchange.intake.isGone, exchange.intake.isComplete else { return false }
        // What writes is sent once, whatever its method.
        if let watch = exchange.watch, watch.attempts > 0 { return false }
        switch exchange.head.method {
        case .get, .head: return true
        case .options: return exchange.policy.cachesOptions
        default: return false
        }
    }

    /// A read time-out is waited for as often as the origin's ConnectionAttempts say.
    ///
    /// Source: CloudFront, "Origin settings", connection attempts of custom origins.
    func awaitsAgain(_ fetch: Fetch, _ failure: FetchFailure) -> Bool {
        guard failure == .firstByteTimeout, fetch.exchange.imported != nil,
            !fetch.exchange.asksS3, fetch.isRetriable, isRepeatable(fetch.exchange)
        else { return false }
        return fetch.waits < fetch.pool.settings.attempts
    }
}
