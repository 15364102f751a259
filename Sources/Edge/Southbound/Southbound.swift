import Caching
import HTTP
import Reactor
import Synchronization

// Listeners for the site's own calls to its map server: a page that is being rendered waits for
// the answer, so that a bad one at once is better than a good one late.
extension LoopState where N: ~Copyable {
    /// The first step on such a listener. True: the breaker is open, and the answer is given.
    mutating func failsFast(_ exchange: Exchange) -> Bool {
        let slot = exchange.id.slot
        guard viewers[slot].isSouthbound, exchange.decision.action.asksOrigin else { return false }
        counters.add(.southboundCalls)
        let now = network.monotonicMilliseconds
        let pool = exchange.pool
        // An ejection ends and a check is repeated: a pool that is down does not stay so for
        // want of calls.
        guard pool.health(at: now) == .up, pool.breaker.withLock({ $0.admits(at: now) }) else {
            counters.add(.southboundRefusals)
            giveUp(exchange, 503, detail: "circuit-open")
            return true
        }
        if exchange.head.method.isSafe { limitWait(slot) }
        return false
    }

    /// From now on something has to come within the deadline, whatever else is waited for.
    private mutating func limitWait(_ slot: UInt32) {
        let patience = snapshot.settings.southbound.deadline
        viewers[slot].due = network.monotonicNow + UInt64(patience) * 1_000_000
        setDeadline(slot, milliseconds: nil)
    }

    /// It is asked for anew, on its own.
    mutating func beginWait(_ exchange: Exchange) {
        let slot = exchange.id.slot
        if viewers[slot].isSouthbound, exchange.head.method.isSafe {
            limitWait(slot)
        } else {
            setDeadline(slot, milliseconds: nil)
        }
    }

    /// More has come of a picture that is held back until it is whole: whoever waits for it begins
    /// to wait anew.
    mutating func waitOn(_ exchange: Exchange, _ view: SharedFetch.View) {
        guard view.total > 0 else { return }
        let slot = exchange.id.slot
        if viewers[slot].isSouthbound, viewers[slot].due != .max { return limitWait(slot) }
        guard exchange.fetch == nil else { return }
        setDeadline(slot, milliseconds: snapshot.settings.cache.collapseTimeout)
    }

    /// The answer's head has come, or more of its body.
    mutating func noteAnswer(_ exchange: Exchange, _ head: FetchedHead, isWhole: Bool) {
        let slot = exchange.id.slot
        guard viewers[slot].isSouthbound else { return }
        if !exchange.hasResponded {
            judgeCall(exchange, isAnswered: !(502...504).contains(head.status))
        }
        guard viewers[slot].due != .max else { return }
        if isWhole { viewers[slot].due = .max } else { limitWait(slot) }
    }

    /// Nothing came within the deadline.
    mutating func missDeadline(_ exchange: Exchange) {
        let slot = exchange.id.slot
        viewers[slot].due = .max
        if viewers[slot].isBlocked {
            // It is the caller who keeps the answer waiting.
            setDeadline(slot, milliseconds: limits.writeTimeout)
            return
        }
        counters.add(.southboundDeadlines)
        judgeCall(exchange, isAnswered: false)
        guard !exchange.hasResponded else {
            exchange.outcome.detail = "OriginCommError"
            return cutShort(exchange)
        }
        if let fetch = exchange.shared { leave(fetch, exchange) }
        exchange.shared = nil
        leaveFetch(exchange)
        giveUp(exchange, 504, detail: "southbound-deadline", wasAsked: true)
    }

    /// What is stale is better than nothing, and nothing now is better than waiting.
    private mutating func giveUp(
        _ exchange: Exchange, _ status: Int, detail: StaticString, wasAsked: Bool = false
    ) {
        let wasReading = pauseReading()
        defer { if wasReading { beginReading() } }
        if let entry = exchange.entry, mayServeStale(exchange, entry, .unreachable) {
            exchange.outcome.detail = detail
            serveStale(exchange, entry, answer: wasAsked ? 0 : nil)
        } else {
            answer(exchange, status, detail: detail)
        }
    }

    /// What the origin's answer, or its want, means to the calls that come next.
    mutating func judgeCall(_ exchange: Exchange, isAnswered: Bool) {
        guard viewers[exchange.id.slot].isSouthbound else { return }
        let pool = exchange.pool
        let now = network.monotonicMilliseconds
        let settings = snapshot.settings.southbound
        let change = pool.breaker.withLock {
            isAnswered ? $0.answered() : $0.failed(at: now, settings)
        }
        let name = "origin \"\(pool.settings.id)\""
        switch change {
        case .none: break
        case .opened:
            shared.events.note(
                EdgeEvent(
                    .warning, "southbound",
                    "\(name) failed \(settings.breakerFailures) of the site's own calls in a row; "
                        + "the next fail at once for \(settings.breakerTime) ms, see status"))
        case .closed:
            shared.events.note(
                EdgeEvent(.notice, "southbound", "\(name) answers the site's own calls again"))
        }
    }
}

extension Decision.Action {
    /// Whether the viewer has to wait for the origin.
    fileprivate var asksOrigin: Bool { self == .fetch || self == .revalidate || self == .pass }
}
