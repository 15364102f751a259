import Caching
import Glibc
import HTTP
import Reactor
import Tiles

/// One request that was not answered from the store at once. Confined to its viewer's loop.
final class Exchange {
    let id: ExchangeID
    /// The request's head, owned.
    let bytes: [UInt8]
    let head: RequestHead
    var facts: RequestFacts
    let snapshot: SettingsSnapshot
    let behavior: Int
    let started: UInt64
    /// Where the response would be or was stored; nil when the cache has no part in it.
    var key: CacheKey?
    /// The bytes `key` is made of, for the record.
    var canonical: [UInt8]
    var decision: Decision
    /// What was found and may be confirmed, or served if the origin fails.
    var entry: StoredCopy?
    var shared: SharedFetch?
    /// The fetch when this exchange leads it, for the request body and for leaving.
    var fetch: Token?
    var intake: RequestIntake
    /// Body bytes of the response handed to the viewer.
    var cursor = 0
    var delivery = Delivery.none
    var outcome = Outcome()
    /// The response's head, where the log tells of it.
    var sentHead: [UInt8] = []
    var hasResponded = false
    /// What came of asking the origin, where something else is the answer.
    var forward: Forward?
    /// Its own fetch serves it, or did; else it waits for another's.
    var leads = false
    /// A collapsed request that was sent on its own may not be collapsed again.
    var mayCollapse = true
    var whole = WholeFetch.unasked
    /// What is stored for it is being read from disk.
    var awaitsPages = false
    /// What is served when it has been read, if not what is found under the key then.
    var awaited: (copy: StoredCopy, reason: DecisionReason)?
    var hasReadAside = false
    var tunnel: Token?
    var primary: PrimaryKey?
    var peer = Peer(address: "", isTrusted: false)
    /// The error page that this fetches, in place of what the viewer asked for.
    var page: PageAsk?
    /// The origin is asked for what lies behind a stored part.
    var asksRest = false
    /// The second origin of its group is asked.
    var asksSecond = false
    /// The map request behind it, when its behavior has the class for it.
    var map: MapAsk?
    /// The same of a legend, which is no map to the cache, but a picture to its viewer.
    var legend: MapRequest?
    /// Path and query towards the origin, with EXCEPTIONS left out; nil: as they came.
    var legendTarget: [UInt8]?
    var tagging = TagAsk()
    /// Fields of the origin's answer that go no further; of who asks for an explanation.
    var takenOff: [String] = []
    var metatile = MetatilePart.none
    /// Whose next frame it asks for, ahead of the viewer; see `PlaybackTracker`.
    var playsFor: UInt64?
    /// It may change what is stored.
    var watch: WriteWatch?
    /// What it does to a map server's catalog is told by `watch`: nothing, where that is nil.
    var knowsScope = false
    /// Its body was a question to a map service, whatever its method.
    var asksService = false
    /// The number of the invalidation that its own request was.
    var ownInvalidation: UInt64?
    /// What is being made for it beside the loop.
    var making: Making?
    /// The page is too large for a notice, or of another kind.
    var skipsNotice = false

    /// How the response's body reaches the viewer.
    enum Delivery { case none, head, length, chunked, untilClose }

    init(
        id: ExchangeID, bytes: [UInt8], head: borrowing RequestHead, facts: RequestFacts,
        snapshot: SettingsSnapshot,
        behavior: Int, decision: Decision, started: UInt64
    ) {
        self.id = id
        self.bytes = bytes
        self.head = copy head
        self.facts = facts
        self.snapshot = snapshot
        self.behavior = behavior
        self.decision = decision
        self.started = started
        canonical = []
        intake = unsafe RequestIntake(
            head.framing, dropping: head.namedByConnection(bytes: bytes.span.bytes))
        outcome.behavior = behavior
    }

    /// Where its response goes: under its own key, or as a POST that says so, under its target's.
    var storeKey: CacheKey? { key ?? (head.method == .post ? primary?.key : nil) }

    var pool: OriginPool { snapshot.pools[originIndex] }
}

// The steps in their order. Each is called by the one before it or by an event; none calls back.
extension LoopState where N: ~Copyable {
    /// Step 1: a request that the store could not answer at once.
    mutating func begin(_ exchange: Exchange) {
        let slot = exchange.id.slot
        viewers[slot].exchange = exchange
        viewers[slot].phase = .exchange
        setDeadline(slot, milliseconds: exchange.intake.isComplete ? nil : limits.bodyTimeout)
        if declaresTooMuch(exchange) || answersLoop(exchange) || answersTileDocument(exchange)
            || answersTileCache(exchange) || failsFast(exchange)
        {
            return
        }
        switch exchange.decision.action {
        case .gatewayTimeout: answer(exchange, 504, detail: exchange.decision.reason.word)
        case .serve, .serveStale, .serveStaleRefreshing, .fetch, .revalidate: obtain(exchange)
        case .pass:
            counters.add(.passes)
            if answersHere(exchange) { return }
            lead(exchange, fresh(exchange))
        }
    }

    /// Step 2: join the fetch of the same key, or fetch.
    mutating func obtain(_ exchange: Exchange) {
        if answersKnown(exchange) || waitsForMetatile(exchange) { return }
        guard exchange.mayCollapse, exchange.head.upgrade.isEmpty,
            mayCollapse(exchange.asked, policy: exchange.policy),
            let key = exchange.key, let part = exchange.partName
        else {
            lead(exchange, fresh(exchange))
            return
        }
        if !part.isEmpty, joinsWhole(exchange, key) { return }
        collapse(exchange, key, exchange.canonical, part: part)
    }

    /// A fetch to be; `key` is where others look for one to join, nil for one that is this
    /// exchange's alone and says nothing about how shareable the target is.
    func fresh(_ exchange: Exchange, key: CacheKey? = nil) -> SharedFetch {
        SharedFetch(
            key: key, invalidation: shared.invalidationNumber, edition: exchange.edition,
            leader: exchange.id, budget: shared.budget, began: network.wallNow,
            wanted: exchange.facts.earliestFetch(at: network.wallNow, policy: exchange.policy))
    }

    /// Step 3: fetch for this exchange, and for who joins.
    mutating func lead(_ exchange: Exchange, _ candidate: SharedFetch) {
        exchange.shared = candidate
        exchange.leads = true
        if !exchange.intake.isComplete, exchange.head.expectsContinue { sendContinue(exchange) }
        exchange.fetch = startFetch(for: asker(exchange), into: candidate)
    }

    /// Step 4: the fetch has something new. Called for the leader and for every waiter.
    mutating func progress(_ exchange: Exchange) {
        if exchange.awaitsPages { return resume(exchange) }
        if case .waits = exchange.metatile { return metatileCame(exchange) }
        if exchange.whole == .awaited { return wholeCame(exchange) }
        guard let fetch = exchange.shared else { return }
        let view = fetch.look(exchange.id)
        if view.isDissolved, !exchange.hasResponded {
            goAlone(exchange, fetch)
            return
        }
        switch view.phase {
        case .waiting: return waitOn(exchange, view)
        case .failed(let failure) where !exchange.hasResponded:
            if let head = view.head, exchange.passesFragment(of: head) {
                respond(exchange, head)
            } else {
                fall(exchange, failure)
            }
        case .failed:
            exchange.outcome.detail = "OriginCommError"
            cutShort(exchange)
        case .streaming, .complete:
            guard let head = view.head else { return }
            noteAnswer(exchange, head, isWhole: view.isComplete)
            if head.confirmsStored || head.deniesStored {
                serveConfirmed(exchange, head)
            } else if !exchange.hasResponded {
                respond(exchange, head)
            } else {
                pump(exchange.id.slot)
            }
        }
    }

    /// Step 5: the origin's response begins.
    private mutating func respond(_ exchange: Exchange, _ head: FetchedHead) {
        if exchange.fetch == nil, !head.suits(exchange) {
            if let fetch = exchange.shared { goAlone(exchange, fetch) }
            return
        }
        if asksAsItself(exchange, head) { return }
        if exchange.fetch == nil, let cut = head.cut { return respondFilled(exchange, head, cut) }
        if let status = head.failureStatus, let entry = exchange.entry,
            mayServeStale(exchange, entry, .status(status))
        {
            serveStale(exchange, entry, answer: status)
            return
        }
        if betters(exchange, head) { return }
        if head.status >= 400, showsPage(exchange, for: head.status) { return }
        if head.isRejectedContent {
            counters.add(.contentRejected)
            answerRejectedContent(exchange, head)
            return
        }
        setDeadline(exchange.id.slot, milliseconds: nil)
        if head.status >= 400, replaces(exchange, head) { return }
        if isNoticing, holdsForNotice(exchange, head) { return }
        if head.isHeld(by: exchange, now: network.wallNow) {
            writeNotModified(exchange, head)
            return
        }
        writeHead(exchange, head, collapsed: exchange.fetch == nil)
        pump(exchange.id.slot)
    }

    /// The origin failed before anything was sent: stale within its budget, else the fallback.
    mutating func fall(_ exchange: Exchange, _ failure: FetchFailure) {
        noteLostWrite(exchange)
        if failure.blamesMember || failure.isTimeout { judgeCall(exchange, isAnswered: false) }
        if exchange.leads { rememberFailure(exchange, of: failure, exchange.shared) }
        if let entry = exchange.entry, mayServeStale(exchange, entry, .unreachable) {
            exchange.outcome.detail = failure.detailedResult
            serveStale(exchange, entry, answer: failure.wasForwarded ? 0 : nil)
        } else {
            // What a directive forbids to use stale makes it 504 (RFC 9111 §5.2.2.2).
            let isForbidden =
                exchange.entry.map { onFailure(exchange, $0, .unreachable) }
                == .relay(.staleForbidden)
            answer(
                exchange, isForbidden ? 504 : exchange.status(of: failure),
                detail: failure.detailedResult, result: failure.result,
                after: failure.wasForwarded ? Forward(exchange, status: 0) : nil)
        }
    }

    /// The origin confirmed what is stored (304).
    private mutating func serveConfirmed(_ exchange: Exchange, _ head: FetchedHead) {
        guard !exchange.hasResponded else { return }
        if let fetch = exchange.shared, head.isConfirmed(forOthersThan: exchange) {
            return goAlone(exchange, fetch)
        }
        exchange.forward = confirmation(exchange, head)
        if let confirmed = head.confirmed(for: exchange),
            serveWhenReady(exchange, confirmed, reason: exchange.reasonOnceConfirmed)
        {
            return
        }
        exchange.forward = nil
        // Evicted between the question and the answer: ask again, for the whole this time.
        if let fetch = exchange.shared { _ = fetch.leave(exchange.id) }
        exchange.entry = nil
        exchange.mayCollapse = false
        lead(exchange, fresh(exchange))
    }

    /// Step 6: the response is sent to its last byte.
    mutating func finish(_ slot: UInt32) {
        guard let exchange = viewers[slot].exchange else { return }
        if let fetch = exchange.shared { leave(fetch, exchange) }
        account(exchange)
        viewers[slot].exchange = nil
        if !exchange.intake.isComplete { viewers[slot].closesAfterResponse = true }
        endResponse(slot)
    }

    /// The viewer left, or its connection broke: the fetch goes on only if it is worth it.
    mutating func abandon(_ exchange: Exchange) {
        exchange.outcome.detail = "ClientCommError"
        noteLostWrite(exchange)
        account(exchange)
        guard let fetch = exchange.shared else { return }
        leave(fetch, exchange)
        if fetch.waiterCount == 0, let token = exchange.fetch {
            fetchLostViewers(token, policy: exchange.policy)
        }
    }

    /// The response cannot be completed: the viewer must not take it for whole.
    mutating func cutShort(_ exchange: Exchange) {
        account(exchange)
        if let fetch = exchange.shared { leave(fetch, exchange) }
        viewers[exchange.id.slot].exchange = nil
        closeViewer(exchange.id.slot, reset: true)
    }
}
