import Caching
import HTTP
import Reactor
import Tiles

// What a fetch asks its pool for, and what it does when members ask to be left alone.
extension Fetch {
    /// A place at a member is its own from now on.
    func take(_ member: Int, at now: Milliseconds) {
        self.member = member
        placedAt = now
    }

    /// The earlier of a deadline and the end of the time for the whole exchange; monotonic.
    func lastsUntil(_ deadline: Milliseconds) -> Milliseconds {
        let total = pool.settings.totalTimeout
        guard total > 0 else { return deadline }
        return min(deadline, Milliseconds(startedAt / 1_000_000).adding(Milliseconds(total)))
    }
}

extension Exchange {
    /// Whether what members ask for counts: CloudFront, which a behavior without a class of ours
    /// follows to the letter, knows nothing of it.
    var obeysMembers: Bool { imported == nil || policy.mapClass != .none }

    /// Whether an answer by which a member refuses is no answer to this viewer: "too many requests"
    /// is about the edge, and there are programs that need something else.
    fileprivate func isFailed(by head: FetchedHead) -> Bool {
        guard self.head.method == .get || self.head.method == .head else { return false }
        return head.status == 429 || fallback != nil
    }

    /// When a viewer may ask again where there was nothing for it, in seconds: never sooner than
    /// what members asked for.
    var retryAfter: Int {
        max(snapshot.notices.fallbacks.retryAfter, RetryAfter.seconds(shared?.wait ?? 0))
    }

    var requestClass: RequestClass {
        unsafe bytes.withUnsafeBytes { bytes in
            let path = unsafe bytes.bytes.extracting(head.path.range)
            let query = unsafe bytes.bytes.extracting(head.query.range)
            guard policy.mapClass == .tiles else {
                return RequestClass.of(
                    method: head.method, path: path, query: query, mapClass: policy.mapClass)
            }
            return RequestClass.of(
                method: head.method, path: path, query: query, mapClass: .tiles,
                map: map?.request)
        }
    }

    /// A number made of its session cookies; nil: it shows none.
    fileprivate var sessionNumber: UInt64? {
        let names = snapshot.settings.behaviors[behavior].sessionCookies
        guard facts.hasSession, !names.isEmpty else { return nil }
        var number: UInt64?
        var line = head.fields.first(.cookie)
        while let index = line {
            for pair in bytes[head.fields[index].value.range].split(separator: 59) {
                let pair = pair.drop { $0 == 32 }
                let name = String(decoding: pair.prefix { $0 != 61 }, as: UTF8.self)
                guard names.contains(name) else { continue }
                for byte in pair { number = ViewerKey.mix(UInt64(byte), number ?? 0) }
            }
            line = head.fields.next(after: index, .cookie)
        }
        return number
    }
}

extension LoopState where N: ~Copyable {
    func placeAsk(_ exchange: Exchange) -> PlaceAsk {
        // CloudFront, to the letter, has no classes.
        let requestClass = exchange.obeysMembers ? exchange.requestClass : .other
        var ask = PlaceAsk(requestClass: requestClass, viewer: exchange.peer.key)
        if !exchange.isRefresh, viewers[exchange.id.slot].due != .max {
            ask.viewerDeadline = Milliseconds(viewers[exchange.id.slot].due / 1_000_000)
        }
        if exchange.pool.settings.fairness == .session, let session = exchange.sessionNumber {
            ask.viewer = ViewerKey.of(ask.viewer, session: session)
        }
        if let map = exchange.map?.request, map.kind == .map {
            ask.cost = PlaceAsk.cost(width: Int(map.width), height: Int(map.height))
        }
        return ask
    }

    /// The member may have asked to be left alone: then it is, with this class, and others are
    /// asked. That comes out of no budget: who refuses has not worked, and is not asked again.
    ///
    /// - Returns: true when the answer is not passed on: another member was asked in its place, or
    ///   the fetch has failed for want of one.
    mutating func obeys(_ fetch: Fetch, _ head: FetchedHead) -> Bool {
        guard fetch.exchange.obeysMembers, fetch.ask.requestClass.isServiceWork,
            let asked = head.asksToWait
        else { return false }
        let now = network.monotonicMilliseconds
        let wait = leaveAlone(fetch, asked, at: now)
        let tried = fetch.tried | 1 << UInt64(fetch.member & 63)
        if fetch.isReplayable, fetch.request.method.isIdempotent, !fetch.isPrefetch,
            fetch.exchange.intake.isComplete,
            let next = fetch.pool.chooseRetry(
                tried: tried, isFree: true, at: now, wish(of: fetch),
                for: fetch.ask.requestClass)
        {
            fetch.tried = tried
            moveOn(fetch, .neutral, to: next)
            return true
        }
        fetch.shared.askToWait(wait)
        guard fetch.exchange.isFailed(by: head) else { return false }
        dropConnection(fetch)
        release(fetch, .neutral)
        finishFailed(fetch, .memberHeld)
        return true
    }

    /// A rival's member may have asked for it too: it is left alone, while the other goes on.
    mutating func notesHold(_ fetch: Fetch, _ head: FetchedHead) {
        guard fetch.exchange.obeysMembers, fetch.ask.requestClass.isServiceWork,
            let asked = head.asksToWait
        else { return }
        _ = leaveAlone(fetch, asked, at: network.monotonicMilliseconds)
    }

    /// The fetch's member gets no more of its class for a while, which is returned.
    private mutating func leaveAlone(
        _ fetch: Fetch, _ asked: Milliseconds, at now: Milliseconds
    ) -> Milliseconds {
        let wait = min(asked, Milliseconds(fetch.pool.settings.retryAfterMaximum))
        counters.add(.memberHolds)
        fetch.evidence.isHeldOff = true
        let stranded = fetch.pool.hold(
            fetch.member, fetch.ask.requestClass, until: now.adding(wait), at: now)
        for other in stranded { reconsider(other) }
        return wait
    }

    /// The member answered with an error: the same request goes to another, whose place is taken.
    mutating func moveOn(_ fetch: Fetch, from status: Int, to member: Int) {
        counters.add(.originFailures)
        moveOn(fetch, .failed(.status(status)), to: member)
    }

    /// The same request goes to another member, whose place is taken.
    mutating func moveOn(_ fetch: Fetch, _ ending: OriginPool.Ending, to member: Int) {
        counters.add(.originRetries)
        dropConnection(fetch)
        release(fetch, ending)
        fetch.take(member, at: network.monotonicMilliseconds)
        fetch.attempts = 0
        connect(fetch)
    }

    /// Whom a fetch waited for will not be asked: it is to look for somebody else.
    private mutating func reconsider(_ fetch: QueuedFetch) {
        if fetch.loop == index {
            placeAgain(Token(bits: fetch.fetch))
        } else {
            // A loop whose mailbox is full hears of nothing: the fetch's time-out ends it.
            _ = shared.mailboxes[fetch.loop].post(.reconsider(fetch: fetch.fetch))
        }
    }

    /// A member's place is free, and a fetch of this loop is next. One that timed out or was
    /// abandoned before it was told hands the place on, lest those behind it wait for nothing.
    mutating func memberFree(_ place: HandedPlace, _ pool: OriginPool) {
        let token = Token(bits: place.next.fetch)
        guard fetches.contains(token), fetches[token.slot].phase == .queued else {
            release(pool, place.member, .neutral, wasTrial: false, place.requestClass)
            return
        }
        let fetch = fetches[token.slot]
        fetch.follow(until: pool)
        // It went further than the place did, whose number means somebody else there.
        guard fetch.pool === pool else {
            release(pool, place.member, .neutral, wasTrial: false, place.requestClass)
            placeAgain(token)
            return
        }
        fetch.take(place.member, at: network.monotonicMilliseconds)
        connect(fetch)
    }

    /// The fetch that an exchange joins may wait for its leader's turn: it need not.
    func shareTurn(_ exchange: Exchange, _ running: SharedFetch) {
        guard let runner = running.runner else { return }
        exchange.pool.share(
            QueuedFetch(loop: runner.loop, fetch: runner.fetch),
            with: placeAsk(exchange).viewer)
    }

    /// Until when a queued fetch waits, or until it is worth looking who is free by now.
    mutating func awaitPlace(_ fetch: Fetch, at now: Milliseconds) {
        let chance = fetch.pool.holdEnds(fetch.ask.requestClass, after: now) ?? .max
        setDeadline(
            fetch, milliseconds: max(1, Int(min(fetch.ask.deadline, chance) - now)))
    }

    /// Whether a queued fetch whose timer is due has time left, and waits on: a member need not be
    /// left alone any more, and there may be nobody else by whom that is noticed.
    mutating func looksForPlace(_ fetch: Fetch) -> Bool {
        let now = network.monotonicMilliseconds
        guard now < fetch.ask.deadline else { return false }
        fetch.follow()
        serveWaiting(fetch.pool)
        awaitPlace(fetch, at: now)
        return true
    }

    /// Gives places that are free to those who wait for one.
    func serveWaiting(_ pool: OriginPool) {
        let now = network.monotonicMilliseconds
        shared.hand(pool.serveWaiting(at: now), of: pool, at: now)
    }

    /// The slowest viewer of a fetch has not taken half a window in the whole time-out. It keeps
    /// its place at the member as long as nobody else waits for one.
    mutating func bePatient(_ fetch: Fetch) {
        guard !fetch.pool.isAwaited(fetch.ask.requestClass) else {
            counters.add(.slowPlaces)
            giveUp(fetch)
            return
        }
        setDeadline(fetch, milliseconds: fetch.pool.settings.betweenBytesTimeout)
    }

    /// Looks for a place once more.
    mutating func placeAgain(_ token: Token) {
        guard fetches.contains(token), fetches[token.slot].phase == .queued else { return }
        place(fetches[token.slot], isRepeated: true)
    }
}
