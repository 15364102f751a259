import Caching
import HTTP
import Reactor
import Synchronization
import Tiles

// The life of a fetch that nobody has asked for: it takes a place that is to spare or none, is made
// once, and gives its place up to any viewer that has to wait for one. Whoever joins it loses
// nothing: where it comes to nothing he asks for himself.
extension Fetch {
    /// No viewer began it.
    var isPrefetch: Bool { shared.isPrefetch }
    /// And none has come since.
    var isUnwanted: Bool { shared.isPrefetch && shared.waiterCount == 0 }
}

extension LoopState where N: ~Copyable {
    /// Asks the pool for a place that nobody else needs.
    mutating func placeAhead(_ fetch: Fetch) {
        let now = network.monotonicMilliseconds
        guard
            let member = fetch.pool.chooseSpare(
                fetch.ask.requestClass, at: now, wish(of: fetch))
        else { return lose(fetch, rests: false) }
        fetch.take(member, at: now)
        connect(fetch)
    }

    /// Whether its answer is of no use for those to come: only what will be stored is.
    mutating func losesPrefetch(_ fetch: Fetch, _ head: FetchedHead) -> Bool {
        guard fetch.isPrefetch, head.status != 200, !head.confirmsStored else { return false }
        dropConnection(fetch)
        release(fetch, verdict(fetch, head))
        lose(fetch, rests: true)
        return true
    }

    /// The same of a body that is no picture.
    mutating func losesPrefetch(_ fetch: Fetch, rejected head: FetchedHead) -> Bool {
        guard fetch.isPrefetch, head.rejectedContent != nil else { return false }
        dropConnection(fetch)
        // What a picture of a time that is not there says of its member, nobody knows.
        release(fetch, .neutral)
        lose(fetch, rests: true)
        return true
    }

    /// It has come to nothing. A viewer that has joined it asks for himself.
    ///
    /// - Parameter rests: what is to come would fare no better.
    mutating func lose(_ fetch: Fetch, rests: Bool) {
        if rests { noteLost(fetch) }
        counters.add(.prefetchesLost)
        conclude(fetch)
        fetch.shared.dissolve()
        end(fetch.shared, .failed(.abandoned))
    }

    /// The exchange had joined one that came to nothing: it begins as if there had been none.
    mutating func obtainAnew(_ exchange: Exchange) {
        exchange.shared = nil
        obtain(exchange)
    }

    /// No more is fetched ahead of that viewer for a while.
    mutating func noteLost(_ fetch: Fetch) {
        guard let party = fetch.exchange.playsFor else { return }
        playback.tracker.rest(party, at: network.monotonicMilliseconds)
    }

    /// A fetch, of whatever kind, has left the loop: there may be a place to spare.
    mutating func prefetchEnded(_ fetch: Fetch) {
        if fetch.isPrefetch, playback.ended(fetch.token) {
            shared.prefetching.subtract(1, ordering: .relaxed)
        }
        queuePrefetch()
    }

    /// A viewer has to wait for a place: what nobody has asked for gives one up.
    mutating func claimPlace(_ pool: OriginPool) {
        guard shared.prefetching.load(ordering: .relaxed) > 0, !yieldsPlace(pool) else { return }
        for loop in shared.mailboxes.indices where loop != index {
            _ = shared.mailboxes[loop].post(.yieldPlace(pool))
        }
    }

    /// Ends a fetch of that pool that nobody waits for and that has no answer yet.
    @discardableResult
    mutating func yieldsPlace(_ pool: OriginPool) -> Bool {
        for token in playback.running.reversed() where fetches.contains(token) {
            let fetch = fetches[token.slot]
            guard fetch.pool === pool, fetch.isUnwanted, fetch.head == nil, fetch.judging == nil
            else { continue }
            giveUp(fetch)
            return true
        }
        return false
    }
}

// MARK: places to spare

extension OriginPool {
    /// Whether a fetch that nobody has asked for could be sent now.
    func hasSpare(_ requestClass: RequestClass, at now: Milliseconds) -> Bool {
        roster.withLock { !$0.spare(requestClass, at: now, .any).isEmpty }
    }

    /// See ``PoolRoster/chooseSpare(_:at:_:)``.
    func chooseSpare(
        _ requestClass: RequestClass, at now: Milliseconds, _ wish: MemberWish
    ) -> Int? {
        roster.withLock { $0.chooseSpare(requestClass, at: now, wish) }
    }
}

extension PoolRoster {
    /// A member that has a place to spare, which is then taken: one that is well, of the best tier,
    /// and asked for less than half of what it is asked for at most, so that whoever comes next
    /// finds a place. None while anybody waits.
    ///
    /// It counts as no request of a viewer's, from which budgets would grow.
    mutating func chooseSpare(
        _ requestClass: RequestClass, at now: Milliseconds, _ wish: MemberWish
    ) -> Int? {
        let candidates = spare(requestClass, at: now, wish)
        let budget = hedging
        defer { hedging = budget }
        return takeSpare(candidates, requestClass, now, wish)
    }

    func spare(
        _ requestClass: RequestClass, at now: Milliseconds, _ wish: MemberWish
    ) -> [Int] {
        guard successor == nil, queue.isEmpty else { return [] }
        let admitted = admitted(wish, 0, now, strict: true)
        let open = open(0, requestClass, now, admitted).filter { isFit($0, now) }
        return bestTier(open).filter {
            members[$0].health.share(at: now) >= 100 && isHalfFree($0, requestClass)
        }
    }

    /// With one more no more than half of its places are taken.
    private func isHalfFree(_ member: Int, _ requestClass: RequestClass) -> Bool {
        let limit = settings.limits.limit(requestClass, cores: settings.members[member].cores)
        func suffices(_ places: Int, _ taken: Int) -> Bool {
            places == 0 || 2 * (taken + 1) <= places
        }
        return suffices(settings.memberConcurrency, members[member].inFlight)
            && suffices(limit, members[member].inClass[requestClass])
    }
}
