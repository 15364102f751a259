import Caching
import HTTP
import Reactor
import Synchronization

/// Two fetches of one response, at two members: who has a good answer first, serves it.
struct Hedge {
    /// The other of the two, as long as both run.
    var rival: Token?
    /// It was begun because the other was slow.
    var isSecond = false
    /// When it will be slow, in monotonic nanoseconds.
    var dueAt = UInt64.max
}

// Slow tiles are asked of a second member. Both fetches fill the same `SharedFetch`, but neither
// writes to it before its head has decided which one goes on; the other one's connection is closed,
// its member is not blamed, and who waits hears of one answer.
extension LoopState where N: ~Copyable {
    /// The member has the whole request: from some time on it is slow.
    mutating func expectSlowness(_ fetch: Fetch) {
        // Ahead of viewers nothing is hedged; but one may join.
        guard fetch.pool.settings.hedge.isOn, mayHedge(fetch) || fetch.isPrefetch,
            let delay = fetch.pool.hedgeDelay
        else { return }
        fetch.hedge.dueAt = network.monotonicNow + UInt64(delay) * 1_000_000
        arm(fetch)
    }

    private func mayHedge(_ fetch: Fetch) -> Bool {
        fetch.ask.requestClass == .tiles && fetch.hedge.rival == nil && !fetch.hedge.isSecond
            && fetch.phase == .sending && fetch.tried == 0
            && (!fetch.isBackground || fetch.isPrefetch && !fetch.isUnwanted)
            && !fetch.evidence.isTrial && fetch.request.method == .get && fetch.mayMove
    }

    /// No answer yet: a second member is asked, where one has a place and the budget a request.
    mutating func beSlow(_ fetch: Fetch) {
        fetch.hedge.dueAt = .max
        let asked: UInt64 = 1 << UInt64(fetch.member & 63)
        guard mayHedge(fetch),
            let member = fetch.pool.chooseHedge(
                tried: asked, at: network.monotonicMilliseconds, wish(of: fetch))
        else { return }
        let second = Fetch(
            shared: fetch.shared, pool: fetch.pool, request: fetch.request,
            exchange: fetch.exchange, isBackground: fetch.isBackground, startedAt: fetch.startedAt)
        second.ask = fetch.ask
        second.take(member, at: network.monotonicMilliseconds)
        guard let slot = fetches.insert(second) else {
            release(second, .neutral)
            return
        }
        counters.add(.hedges)
        second.token = Token(slot, kind: TokenKind.fetch)
        second.tried = asked
        second.hedge = Hedge(rival: fetch.token, isSecond: true)
        fetch.tried = 1 << UInt64(member & 63)
        fetch.hedge.rival = second.token
        connect(second)
    }

    /// Has the fetch looked at again when its patience ends, or when it is slow.
    mutating func arm(_ fetch: Fetch) {
        let due = min(fetch.deadline, fetch.hedge.dueAt)
        guard due < fetch.timerAt else { return }
        if fetch.timer != .none { timers.cancel(fetch.timer) }
        fetch.timer = timers.arm(fetch.token, kind: 0, deadline: due)
        fetch.timerAt = due
    }

    private func rival(of fetch: Fetch) -> Fetch? {
        guard let token = fetch.hedge.rival, fetches.contains(token) else { return nil }
        return fetches[token.slot]
    }

    /// Whether a fetch that failed, whose member has its verdict, leaves the response to the other.
    mutating func leavesToRival(_ fetch: Fetch) -> Bool {
        guard let rival = rival(of: fetch) else { return false }
        conclude(fetch)
        inherit(rival, from: fetch)
        return true
    }

    /// A head has come: of two rivals one goes on.
    ///
    /// - Returns: true when it is the other one.
    mutating func settlesRivalry(_ fetch: Fetch, _ head: FetchedHead) -> Bool {
        noteLatency(fetch, until: fetch.evidence.headAt)
        guard let rival = rival(of: fetch) else { return false }
        if !isGood(head, fetch) {
            notesHold(fetch, head)
            dropConnection(fetch)
            // What a body of status 200 says nobody has read.
            release(fetch, head.status == 200 ? .neutral : verdict(fetch, head))
            return leavesToRival(fetch)
        }
        counters.add(fetch.hedge.isSecond ? .hedgesWon : .hedgesLost)
        noteLatency(rival, until: network.monotonicNow)
        dropRival(of: fetch)
        return false
    }

    /// Whether an answer is worth more than waiting for another one: no error, and the kind of
    /// thing that was asked for. GeoServer has exceptions with status 200.
    private func isGood(_ head: FetchedHead, _ fetch: Fetch) -> Bool {
        guard head.status < 400 else { return false }
        guard fetch.exchange.map?.isImage == true, head.status == 200,
            let index = head.head.fields.first(.contentType)
        else { return true }
        let value = head.bytes[head.head.fields[index].value.range]
        return value.prefix(6).map { $0 | 0x20 } == Array("image/".utf8)
    }

    /// Ends the other of two rivals, as if it had never been.
    mutating func dropRival(of fetch: Fetch) {
        guard let rival = rival(of: fetch) else { return }
        dropConnection(rival)
        release(rival, .neutral)
        conclude(rival)
        inherit(fetch, from: rival)
    }

    /// One of two goes on alone.
    private func inherit(_ fetch: Fetch, from other: Fetch) {
        (fetch.hedge.rival, other.hedge.rival) = (nil, nil)
        fetch.shared.run(on: index, fetch.token)
        if fetch.exchange.fetch == other.token { fetch.exchange.fetch = fetch.token }
    }

    /// How long tiles take, as far as it is seen: one that was given up took that long at least.
    private func noteLatency(_ fetch: Fetch, until end: UInt64) {
        guard fetch.ask.requestClass == .tiles, fetch.pool.settings.hedge.isOn,
            fetch.evidence.sentAt > 0, end >= fetch.evidence.sentAt
        else { return }
        fetch.pool.answered(after: Milliseconds((end - fetch.evidence.sentAt) / 1_000_000))
    }
}

extension OriginPool {
    /// After how long a tile is slow, in milliseconds; nil: that is not known yet.
    var hedgeDelay: Milliseconds? { roster.withLock { $0.hedging.delay } }

    func answered(after milliseconds: Milliseconds) {
        roster.withLock { $0.hedging.answered(after: milliseconds) }
    }

    func chooseHedge(
        tried: UInt64, at now: Milliseconds, _ wish: MemberWish = .any
    ) -> Int? {
        roster.withLock { $0.chooseHedge(tried: tried, at: now, wish) }
    }
}
