import Caching
import Glibc
import HTTP
import Reactor

/// One response being fetched from a member. Confined to the loop that runs it.
package final class Fetch {
    /// While `cutting` all of it is here, and tiles are made of it.
    enum Phase { case queued, connecting, sending, receiving, cutting, done }

    var token = Token(slot: 0, generation: 0, kind: TokenKind.fetch)
    let shared: SharedFetch
    var pool: OriginPool
    var request: OriginRequest
    /// Whose request it is: the body comes from there, and the cache policy.
    let exchange: Exchange
    /// No viewer waits: it refreshes what was served stale.
    let isBackground: Bool
    var phase = Phase.queued
    var member = -1
    /// Members asked already, as bits.
    var tried: UInt64 = 0
    /// Connections opened at the present member.
    var attempts = 0
    /// A kept connection may be one that its member has just closed; a write has but one try.
    var mayReuse: Bool
    /// Asked the same member once more, since there was no other.
    var hasRepeated = false
    /// How often an answer was waited for in vain.
    var waits = 0
    var connection: Slot?
    var requestedAt: Milliseconds = 0
    let startedAt: UInt64
    var hasSentHead = false
    var hasSentAll = false
    var interim = 0
    /// How many of them were 100 (Continue).
    var continues = 0
    var body = ResponseIntake()
    var head: FetchedHead?
    /// Compresses the body on its way to viewers and store.
    var gzip: BodyGzip?
    /// Held back until the first bytes of the body show what it is (law 5).
    var judging: JudgedBody?
    /// What it asks its pool for.
    var ask = PlaceAsk()
    /// When it got its present place, in monotonic milliseconds.
    var placedAt: Milliseconds?
    /// The same request at a second member, because the first is slow.
    var hedge = Hedge()
    /// What it has learned of members, beside how it ends.
    var evidence = FetchEvidence()
    var isPaused = false
    /// The response of a write, until what the write made stale is on disk.
    var held: FetchedHead?
    /// The same where it failed, commits that are waited for, and how many waits were in vain.
    var heldFailure: FetchFailure?
    var awaitedCommits = 0
    var commitWait: UInt32 = 0
    /// What it asks of its pool's cluster; nil before a member was chosen.
    var wish: MemberWish?
    /// What it relied on when it asked its present member.
    var ticket = ClusterTicket.unaffected
    /// It writes to the catalog, and what came of that is not known yet.
    var openWrites: [OpenWrite] = []
    var deadline: UInt64 = .max
    var timer = TimerHandle.none
    var timerAt: UInt64 = .max

    init(
        shared: SharedFetch, pool: OriginPool, request: OriginRequest, exchange: Exchange,
        isBackground: Bool, startedAt: UInt64
    ) {
        self.shared = shared
        self.pool = pool
        self.request = request
        self.exchange = exchange
        self.isBackground = isBackground
        self.startedAt = startedAt
        mayReuse = exchange.watch == nil
    }

    /// Begins anew at another origin.
    func move(to pool: OriginPool, _ request: OriginRequest) {
        self.pool = pool
        self.request = request
        (member, tried, attempts, waits) = (-1, 0, 0, 0)
        (mayReuse, hasRepeated) = (exchange.watch == nil, false)
        (head, gzip) = (nil, nil)
        (wish, ticket) = (nil, .unaffected)
        evidence = FetchEvidence()
    }

    /// Nothing of the request has gone to the present connection, and nothing has come from it.
    func begin() {
        (hasSentHead, hasSentAll) = (false, false)
        (interim, continues) = (0, 0)
        body = ResponseIntake()
        evidence.begin()
    }

    /// What its response is judged by: a later invalidation of its target makes it dead (law 3).
    var invalidation: UInt64 { exchange.ownInvalidation ?? shared.invalidation }

    /// Whether the request could be sent once more without harm: RFC 9110 §9.2.2.
    var isReplayable: Bool {
        guard head == nil, !exchange.intake.isGone else { return false }
        // A write that is noted is sent once, though it did no harm twice: what it makes stale is
        // told by one answer; and so is a GET that writes.
        let isOnce = wish?.ask == .write || exchange.watch != nil || exchange.isSafeWrite
        return request.method.isIdempotent && !isOnce || !hasSentHead
    }

    /// Whether it may be sent once more after a member took it and gave no answer, or a bad one.
    ///
    /// CloudFront repeats GET and HEAD only: a PUT that timed out may still be at work, and what it
    /// does need not be the same twice. Otherwise RFC 9110 §9.2.2 is the measure.
    var isRetriable: Bool {
        let isRead = request.method == .get || request.method == .head
        return isReplayable && (isRead || !hasSentHead || exchange.policy.mode == .rfc9111)
    }
}

extension LoopState where N: ~Copyable {
    /// Begins a fetch for an exchange; it ends in `shared`, whatever happens.
    mutating func startFetch(
        for exchange: Exchange, into shared: SharedFetch, isBackground: Bool = false
    ) -> Token? {
        // Of a group the first origin is asked first, each time anew.
        (exchange.asksSecond, exchange.ownInvalidation) = (false, nil)
        if !isBackground { exchange.watch = watch(exchange) }
        let pool = exchange.pool
        let request = exchange.request(to: pool.settings, conditions(exchange))
        let fetch = Fetch(
            shared: shared, pool: pool, request: request, exchange: exchange,
            isBackground: isBackground, startedAt: network.monotonicNow)
        guard let slot = fetches.insert(fetch) else {
            end(shared, .failed(.exhausted))
            return nil
        }
        fetch.token = Token(slot, kind: TokenKind.fetch)
        fetch.ask = placeAsk(exchange)
        shared.run(on: index, fetch.token)
        exchange.fetch = fetch.token
        if exchange.watch == nil { place(fetch) } else { readWrite(fetch) }
        return fetches.contains(slot) ? fetch.token : nil
    }

    /// Asks the pool whose turn it is.
    ///
    /// - Parameter isRepeated: it waits already, and for no longer than it would have.
    mutating func place(_ fetch: Fetch, isRepeated: Bool = false) {
        fetch.attempts = 0
        if fetch.isPrefetch { return placeAhead(fetch) }
        let now = network.monotonicMilliseconds
        if !isRepeated {
            fetch.ask.deadline = fetch.lastsUntil(
                now.adding(Int64(fetch.pool.settings.queueTimeout)))
        }
        // Who leads a fetch may have left, and others wait with it.
        if now >= fetch.ask.viewerDeadline { fetch.ask.viewerDeadline = .max }
        fetch.ask.preferred = fetch.memberToConfirm
        // Nobody overtakes those who wait already.
        serveWaiting(fetch.pool)
        let choice = fetch.pool.choose(
            tried: fetch.tried, mayTry: fetch.mayTry, at: now,
            for: QueuedFetch(loop: index, fetch: fetch.token.bits), wish(of: fetch),
            asking: fetch.ask)
        if choice != .moved { fetch.ask.isCounted = true }
        switch choice {
        case .member(let member), .trial(let member):
            fetch.take(member, at: now)
            fetch.evidence.isTrial = choice == .trial(member)
            connect(fetch)
        case .queued:
            // A fetch that is in nobody's care holds no member.
            fetch.member = -1
            fetch.phase = .queued
            awaitPlace(fetch, at: now)
            claimPlace(fetch.pool)
        case .moved:
            fetch.follow()
            place(fetch, isRepeated: isRepeated)
        case .held(let until):
            counters.add(.queueRefusals)
            fetch.shared.askToWait(until - now)
            finishFailed(fetch, .memberHeld)
        case .failed(let failure):
            let isRefusal = failure == .queueFull || failure == .queueDeadline
            counters.add(.queueRefusals, isRefusal ? 1 : 0)
            finishFailed(fetch, failure)
        }
    }

    // MARK: sending

    mutating func sendRequest(_ fetch: Fetch) {
        guard let slot = fetch.connection else { return }
        fetch.begin()
        if !fetch.isBackground { fetch.exchange.intake.rewind() }
        fetch.phase = .sending
        fetch.exchange.watch?.attempts += 1
        beginWrite(fetch)
        let member = fetch.pool.settings.members[fetch.member]
        let conditions = fetch.ownConditions(of: member)
        fetch.evidence.memberName = Array(member.name.utf8)
        fetch.evidence.wasConditional = !conditions.isEmpty
        unsafe fetch.request.wire(authority: member.authority, conditions).withUnsafeBytes {
            _ = unsafe origins[slot.index].output.append($0)
        }
        expectMember(fetch)
        sendMore(fetch)
    }

    /// Head, then as much of the body as there is.
    mutating func sendMore(_ fetch: Fetch) {
        guard let slot = fetch.connection, origins.contains(slot), !fetch.hasSentAll else { return }
        while true {
            let waiting = unsafe origins[slot.index].output.readable
            if unsafe !waiting.isEmpty {
                guard let count = unsafe sendOrigin(slot.index, waiting, fetch) else { return }
                origins[slot.index].output.consume(count)
                fetch.hasSentHead = true
                continue
            }
            fetch.hasSentHead = true
            let exchange = fetch.exchange
            let isOver = exchange.intake.isComplete && !exchange.intake.hasBytes
            if fetch.isBackground || fetch.request.framing == .none || isOver {
                fetch.hasSentAll = true
                fetch.evidence.sentAt = network.monotonicNow
                origins[slot.index].output.releaseIfEmpty()
                // Only who was asked the whole question can be late with the answer.
                expectMember(fetch)
                expectSlowness(fetch)
                return
            }
            guard exchange.intake.hasBytes else {
                // The viewer's turn: its own time-out ends it, and the member is not to blame.
                if fetch.phase == .sending { setDeadline(fetch, milliseconds: 0) }
                return
            }
            let sent: Int? = unsafe exchange.intake.withPending {
                unsafe sendOrigin(slot.index, $0, fetch)
            }
            guard let sent else { return }
            exchange.intake.sentToOrigin(sent)
            resumeIntake(fetch.exchange)
        }
    }

    /// It is the member's turn: to take more of the request, or to answer.
    private mutating func expectMember(_ fetch: Fetch) {
        guard fetch.phase == .sending else { return }
        setDeadline(
            fetch, milliseconds: fetch.patience(fetch.pool.settings.firstByteTimeout))
    }

    private mutating func sendOrigin(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ fetch: Fetch
    ) -> Int? {
        unsafe scratch.parts[0] = unsafe iovec(
            iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
        let result = unsafe network.send(
            origins[slot].fd, UnsafeBufferPointer(start: scratch.parts.baseAddress, count: 1))
        switch result {
        case .bytes(let count):
            if isTaped {
                unsafe tapeOrigin(slot, asked: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            }
            return count
        case .wouldBlock:
            origins[slot].isBlocked = true
            expectMember(fetch)
            return nil
        case .endOfStream, .failed:
            // It may have answered before it closed: what it said is read first. EPIPE says that it
            // closed in order, or that the reset is known; TLS tells one end from the other.
            if case .failed(let reason) = result, reason != EPIPE,
                network.describeTLS(origins[slot].fd) == nil
            {
                origins[slot].wasReset = true
            }
            origins[slot].isBlocked = true
            expectMember(fetch)
            receiveOrigin(slot)
            return nil
        }
    }

    /// More of the request body has come from the viewer.
    mutating func sendRequestBody(_ token: Token) {
        guard fetches.contains(token) else { return }
        let fetch = fetches[token.slot]
        if fetch.exchange.watch?.stage == .reading { return readWrite(fetch) }
        guard let slot = fetch.connection, fetch.phase != .connecting,
            !origins[slot.index].isBlocked
        else { return }
        sendMore(fetch)
    }

    /// The origin took body bytes: the viewer may send more.
    private mutating func resumeIntake(_ exchange: Exchange) {
        let slot = exchange.id.slot
        guard !exchange.intake.isComplete, !exchange.intake.isFull,
            viewers.contains(Slot(index: slot, generation: exchange.id.generation)),
            viewers[slot].exchange === exchange
        else { return }
        setDeadline(slot, milliseconds: limits.bodyTimeout)
        guard !viewers[slot].isQueued else { return }
        viewers[slot].isQueued = true
        ready.append(.read(Token(viewers.life(of: slot), kind: TokenKind.viewer)))
    }

    // MARK: patience

    mutating func setDeadline(_ fetch: Fetch, milliseconds: Int) {
        var deadline =
            milliseconds > 0 ? network.monotonicNow + UInt64(milliseconds) * 1_000_000 : .max
        let total = fetch.pool.settings.totalTimeout
        if total > 0 { deadline = min(deadline, fetch.startedAt + UInt64(total) * 1_000_000) }
        fetch.deadline = deadline
        arm(fetch)
    }

    mutating func fetchTimer(_ token: Token) {
        let fetch = fetches[token.slot]
        fetch.timer = .none
        fetch.timerAt = .max
        let now = network.monotonicNow
        if fetch.hedge.dueAt <= now { beSlow(fetch) }
        if now < fetch.deadline {
            if fetch.phase != .done { arm(fetch) }
            return
        }
        if outwaitsDisk(fetch) { return }
        if fetch.phase == .queued {
            if looksForPlace(fetch) { return }
            fetch.pool.leaveQueue(QueuedFetch(loop: index, fetch: token.bits), isLate: true)
        }
        if fetch.isPaused {
            bePatient(fetch)
            return
        }
        if fetch.phase == .cutting { return cameToNothing(fetch) }
        counters.add(.originTimeouts)
        let total = fetch.pool.settings.totalTimeout
        if total > 0, now >= fetch.startedAt + UInt64(total) * 1_000_000 {
            fail(fetch, .totalTimeout)
            return
        }
        switch fetch.phase {
        case .queued:
            counters.add(.queueRefusals)
            finishFailed(fetch, .queueTimeout)
        case .connecting: fail(fetch, .connectTimeout)
        case .sending, .receiving:
            fail(
                fetch,
                fetch.head == nil && fetch.judging == nil ? .firstByteTimeout : .betweenBytesTimeout
            )
        case .cutting, .done: break
        }
    }

    // MARK: endings

    /// The member failed this fetch: another try where that is safe and within the budget.
    ///
    /// - Parameter blame: what the member is said to have done, where it is more than `failure`.
    mutating func fail(_ fetch: Fetch, _ failure: FetchFailure, blame: MemberFailure? = nil) {
        guard fetch.phase != .done else { return }
        if isTaped { tapeFailure(fetch, failure) }
        let wasReused = dropConnection(fetch)
        // A kept connection that closed before it said anything was closed before it was asked.
        if wasReused.reused, !wasReused.received, failure == .cutShort, fetch.isReplayable {
            fetch.mayReuse = false
            connect(fetch)
            return
        }
        if failure == .connectFailed || failure == .connectTimeout,
            fetch.attempts < attemptLimit(fetch), !fetch.isPrefetch
        {
            connect(fetch)
            return
        }
        counters.add(.originFailures)
        if failure == .malformed || failure == .headTooLarge { counters.add(.originMalformed) }
        let wasTrial = fetch.evidence.isTrial
        release(
            fetch, failure.blamesMember ? .failed(blame ?? .fetch(failure)) : .neutral)
        if leavesToRival(fetch) { return }
        if fetch.isPrefetch { return lose(fetch, rests: true) }
        fetch.tried |= 1 << UInt64(fetch.member & 63)
        fetch.follow()
        let others = hasOther(fetch, strict: true)
        if failure == .firstByteTimeout { fetch.waits += 1 }
        let awaits = awaitsAgain(fetch, failure)
        let hasHead = fetch.head != nil
        // A member that closed before its head was whole is asked once more where there is no
        // other: RFC 9112 §9.3.1 lets a client do so for what may be asked twice.
        let isUnanswered = failure == .cutShort && fetch.phase != .receiving
        let repeats = !others && (awaits || isUnanswered && !fetch.hasRepeated)
        if repeats {
            fetch.hasRepeated = !awaits || fetch.hasRepeated
            fetch.mayReuse = false
            fetch.tried &= ~(1 << UInt64(fetch.member & 63))
        }
        // A distribution's attempts are its own business, and come out of no budget.
        guard failure.mayTryAnother, hasHead ? fetch.mayTakeBack : fetch.isRetriable,
            others || repeats || hasOther(fetch, strict: false),
            awaits && repeats || wasTrial || fetch.pool.takeRetry(),
            !hasHead || fetch.takeBack()
        else {
            let wasTaken = failure != .cutShort || fetch.hasSentAll || fetch.head != nil
            finishFailed(fetch, wasTaken ? failure : .notTaken)
            return
        }
        counters.add(.originRetries)
        forget(fetch)
        place(fetch)
    }

    @discardableResult
    mutating func dropConnection(_ fetch: Fetch) -> (reused: Bool, received: Bool) {
        guard let slot = fetch.connection, origins.contains(slot) else { return (false, false) }
        let state = (origins[slot.index].isReused, origins[slot.index].hasReceived)
        discardOrigin(slot.index, reset: true)
        fetch.connection = nil
        return state
    }

    /// Gives the member's place back, and to who waits for it.
    mutating func release(_ fetch: Fetch, _ ending: OriginPool.Ending) {
        if !fetch.openWrites.isEmpty { loseWrite(fetch) }
        guard fetch.member >= 0 else { return }
        let wasTrial = fetch.evidence.isTrial
        fetch.evidence.isTrial = false
        release(
            fetch.pool, fetch.member, ending, wasTrial: wasTrial, fetch.ask.requestClass,
            since: fetch.placedAt)
        fetch.placedAt = nil
    }

    func release(
        _ pool: OriginPool, _ member: Int, _ ending: OriginPool.Ending, wasTrial: Bool,
        _ requestClass: RequestClass, since placedAt: Milliseconds? = nil
    ) {
        let now = network.monotonicMilliseconds
        let (handed, change, holder) = pool.release(
            member, ending, wasTrial: wasTrial, requestClass, heldFor: placedAt.map { now - $0 },
            at: now)
        note(change, pool, member)
        shared.hand(handed, of: holder, at: now)
    }

    mutating func finishFailed(_ fetch: Fetch, _ failure: FetchFailure) {
        if fetch.isPrefetch { return lose(fetch, rests: failure != .abandoned) }
        if let outcome = outcome(of: failure), failsOver(fetch, outcome) { return }
        if fetch.isBackground {
            rememberFailure(fetch.exchange, of: failure, fetch.shared)
            if failure.wasForwarded { pauseRefresh(fetch, failure.status, failure.detailedResult) }
        }
        loseWatched(fetch)
        if holdsFailure(fetch, failure) { return }
        conclude(fetch)
        end(fetch.shared, .failed(failure))
    }

    /// The fetch leaves the slab; `shared` lives on with who reads it.
    mutating func conclude(_ fetch: Fetch) {
        fetch.phase = .done
        if fetch.timer != .none { timers.cancel(fetch.timer) }
        if fetches.contains(fetch.token) { _ = fetches.remove(fetch.token.slot) }
        prefetchEnded(fetch)
    }

    /// Ends what waiters look at, and tells them.
    mutating func end(_ fetch: SharedFetch, _ phase: SharedFetch.Phase, trailers: [UInt8] = []) {
        if let key = fetch.key { shared.collapsed.remove(key, fetch) }
        fetch.end(phase, trailers: trailers)
        tellAll(fetch)
    }

    mutating func tellAll(_ fetch: SharedFetch) {
        var ids: [ExchangeID] = []
        fetch.takeUntold { ids.append($0) }
        for id in ids { tell(id) }
    }
}
