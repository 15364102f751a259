import Caching
import HTTP

/// How a request for a part stands to a fetch of the whole.
enum WholeFetch {
    case unasked
    /// It waits until the whole is stored.
    case awaited
    /// It waited, and found nothing of use: what it asks for itself it shares with its like.
    case past
}

// A part, and what HEAD brings, is of no use to who wants the whole, but the whole is to them: they
// wait for one that is under way, and else for a fetch of just the same.
extension Exchange {
    /// What sets its fetch apart from one of the whole under the same key; empty: it is such a one.
    /// Nil: nobody else may wait for it.
    var partName: [UInt8]? {
        if head.method == .head, !asksByGet { return facts.hasRange ? nil : Array("\0HEAD".utf8) }
        guard asked.hasRange else { return [] }
        // Several ranges, or what only looks like one: no such answer is kept.
        guard head.method == .get, facts.range != .none, let line = head.fields.first(.range)
        else { return nil }
        var name = Array("\0".utf8) + bytes[head.fields[line].value.range]
        if let line = head.fields.first(.ifRange) {
            name += Array("\0".utf8) + bytes[head.fields[line].value.range]
        }
        return name
    }
}

extension LoopState where N: ~Copyable {
    /// Whether it waits for a fetch of the whole, of which it wants a part or the head. It does not
    /// begin one: what it was asked for may be a few bytes of a large file.
    mutating func joinsWhole(_ exchange: Exchange, _ key: CacheKey) -> Bool {
        guard exchange.whole == .unasked,
            let running = shared.collapsed.join(
                key, exchange.id, fresh(exchange),
                least: invalidated.latest(of: key, exchange.canonical))
        else { return false }
        // A HEAD is answered as soon as the head is there.
        if exchange.asked.hasRange { exchange.whole = .awaited }
        waitFor(running, exchange)
        return true
    }

    /// The whole has something new: once it is stored, the part is served from there.
    mutating func wholeCame(_ exchange: Exchange) {
        guard let fetch = exchange.shared, let key = exchange.key else { return }
        let view = fetch.look(exchange.id)
        if !view.isDissolved {
            if case .waiting = view.phase { return waitOn(exchange, view) }
            if case .streaming = view.phase, let head = view.head, isWorthAwaiting(head) { return }
        }
        leave(fetch, exchange)
        (exchange.shared, exchange.whole) = (nil, .past)
        setDeadline(exchange.id.slot, milliseconds: nil)
        if view.isComplete, let copy = storedMeanwhile(exchange, key),
            serveWhenReady(exchange, copy, reason: .fresh)
        {
            return
        }
        obtain(exchange)
    }

    /// Whether a part of it is there soon: the whole is stored first, and a long one takes time.
    private func isWorthAwaiting(_ head: FetchedHead) -> Bool {
        head.confirmsStored
            || head.status == 200 && head.isStorable
                && head.declaredLength.map { $0 <= Self.joinedBytesMax } == true
    }

    /// Whether a HEAD's answer, which is not kept, is for those who waited by HEAD: where what GET
    /// brings would be.
    func sharesHead(_ fetch: Fetch, _ head: FetchedHead) -> Bool {
        let exchange = fetch.exchange
        if head.isAnybodys(exchange) { return true }
        // What it varies by is either theirs, too, or more than can be told.
        let isTold = !exchange.policy.keysVary || !head.head.fields.contains(.vary)
        guard exchange.storeKey != nil, head.rejectedContent == nil, isTold || head.variant != nil,
            case let verdict = fetch.storabilityByGet(head), case .storable = verdict
        else { return false }
        return sharesWithWaiters(fetch, verdict)
    }
}
