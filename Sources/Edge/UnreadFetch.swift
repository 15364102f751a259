import Caching
import Reactor

// A fetch whose readers have left: whether it goes on, and how it ends.
extension LoopState where N: ~Copyable {
    /// Nobody waits any more: worth finishing only for the store.
    mutating func fetchLostViewers(_ token: Token, policy: BehaviorPolicy) {
        guard fetches.contains(token) else { return }
        let fetch = fetches[token.slot]
        if mayStillAnswer(fetch) { return }
        if policy.fetchOutlivesViewers, fetch.exchange.key != nil, fetch.exchange.intake.isComplete,
            fetch.head.map(\.isStorable) ?? true, fetch.head == nil || !fetch.shared.isUnread
        {
            return
        }
        giveUp(fetch)
    }

    /// An exchange needs the fetch no longer: if nobody does, it ends.
    mutating func leave(_ shared: SharedFetch, _ exchange: Exchange) {
        if shared.leave(exchange.id) > 0 { return resumeIfPaused(shared) }
        guard shared.isUnread, let runner = shared.runner else { return }
        if runner.loop == index {
            fetchUnread(Token(bits: runner.fetch))
        } else {
            _ = self.shared.mailboxes[runner.loop].post(.unread(fetch: runner.fetch))
        }
    }

    /// The last reader of a body that is not stored has left.
    mutating func fetchUnread(_ token: Token) {
        guard fetches.contains(token), fetches[token.slot].shared.isUnread else { return }
        let fetch = fetches[token.slot]
        // Before its head an ordinary fetch is ended by who leads it; nobody leads a metatile's.
        guard fetch.head != nil || fetch.isUnwantedMetatile else { return }
        giveUp(fetch)
    }

    /// Within it, the end of a viewer's side counts as sent together with its request; in
    /// nanoseconds. Longer than two packets are apart, and shorter than a change of mind.
    private static var togetherTime: UInt64 { 50_000_000 }

    /// The viewer has ended its side while it waits, alone, for a member's place. One that closes
    /// looks no different from one that only has no more to say, and it would show by nothing else:
    /// it gives its place up. Whoever is there still is answered, by 503. One that ends its side
    /// together with its request has nothing more to say, and waits on.
    mutating func leaveQueue(_ exchange: Exchange) {
        guard let token = exchange.fetch, fetches.contains(token), exchange.watch == nil,
            case let fetch = fetches[token.slot], fetch.phase == .queued,
            fetch.shared.waiterCount <= 1,
            network.monotonicNow - exchange.started > Self.togetherTime
        else { return }
        counters.add(.viewerAborts)
        fetch.pool.leaveQueue(QueuedFetch(loop: index, fetch: token.bits))
        finishFailed(fetch, .queueDeadline)
    }

    /// Ends a fetch that nobody needs, its connection with it.
    mutating func giveUp(_ fetch: Fetch) {
        let token = fetch.token
        dropRival(of: fetch)
        if fetch.phase == .queued {
            fetch.pool.leaveQueue(QueuedFetch(loop: index, fetch: token.bits))
        }
        dropConnection(fetch)
        if fetch.phase != .queued { release(fetch, .neutral) }
        finishFailed(fetch, .abandoned)
    }
}

extension Fetch {
    fileprivate var isUnwantedMetatile: Bool {
        guard case .asks = exchange.metatile else { return false }
        return !exchange.policy.fetchOutlivesViewers
    }
}
