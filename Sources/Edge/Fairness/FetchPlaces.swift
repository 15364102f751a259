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
        let settings = fetch.pool.settings
        let wait = min(asked, Milliseconds(settings.retryAfterMaximum))
        let now = network.monotonicMilliseconds
        counters.add(.memberHolds)
        fetch.evidence.isHeldOff = true
        fetch.followWithMember()
        let stranded = fetch.pool.hold(
            fetch.member, fetch.ask.requestClass, until: now.adding(wait), at: now)
        for other in stranded { reconsider(other) }
        let tried = fetch.tried | 1 << UInt64(fetch.member & 63)
        if fetch.isReplayable, fetch.request.method.isIdempotent,
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

    /// Looks for a place once more.
    mutating func placeAgain(_ token: Token) {
        guard fetches.contains(token), fetches[token.slot].phase == .queued else { return }
        place(fetches[token.slot], isRepeated: true)
    }
}
