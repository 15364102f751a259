package import Caching
import CloudFront
package import Dispatch
import Glibc
import HTTP
package import Reactor
import Synchronization

/// What the loops share, and no more: touched on misses and cold paths.
package final class EdgeShared: Sendable {
    let store: Store?
    package let collapsed = CollapsedFetches()
    package let heads = KnownHeads()
    let refusedMaps = RefusedMaps()
    let refusedLayers = RefusedLayers()
    let sessionStarts = SessionStartBook()
    package let budget: FillBudget
    let events: any EventObserver
    let mailboxes: [Mailbox<LoopMessage>]
    package let catalogue: CatalogueBoard
    /// What is made beside the loops in place of an answer.
    /// Apart, lest one kind wait for the other.
    let pictures: FallbackJobs
    let pages: FallbackJobs
    let calls: FallbackJobs
    let tileCache = TileCacheAnswerer()
    /// Metatiles that are being cut.
    let cuts: FallbackJobs
    /// For hashes that nobody shall foresee: the store's, else one of this process.
    let seed: (UInt64, UInt64)
    /// By what the edge knows its own seeder; empty: by nothing.
    let seederWord: [UInt8]
    /// Whose pages go past the store.
    let ownWrites: OwnWriteBook
    /// What was fetched ahead of viewers, and how many such fetches are under way.
    let marks = PrefetchMarks()
    let prefetching = Atomic<Int>(0)
    let acceptPauses = AcceptPauses()
    /// For whoever looks back.
    let notes = NoteNumbers()
    let rareNotes = RareNotes()

    /// - Parameter secret: stands for the store's where there is none.
    package init(
        store: Store?, budget: FillBudget, events: any EventObserver,
        mailboxes: [Mailbox<LoopMessage>], ownWrites: OwnWriteSettings = OwnWriteSettings(),
        secret: (UInt64, UInt64) = (0, 0), seederWord: [UInt8] = []
    ) {
        self.seederWord = seederWord
        self.store = store
        catalogue = CatalogueBoard(hasLeft: store?.invalidations.hasLeftStyleWrites ?? false)
        seed = store?.seed ?? secret
        self.budget = budget
        self.events = events
        self.mailboxes = mailboxes
        self.ownWrites = OwnWriteBook(places: ownWrites.places, seed: store?.seed ?? (0, 0))
        pictures = FallbackJobs("pictures", isStepping: store?.isStepping ?? false)
        pages = FallbackJobs("pages", isStepping: store?.isStepping ?? false)
        calls = FallbackJobs("calls", isStepping: store?.isStepping ?? false)
        cuts = FallbackJobs("cuts", isStepping: store?.isStepping ?? false, width: 4)
    }

    deinit { marks.deallocate() }

    /// Has all loops go by another configuration, and those fetches go on that it has places for.
    package func adopt(
        _ snapshot: SettingsSnapshot, _ places: [(place: HandedPlace, pool: OriginPool)],
        at now: Milliseconds
    ) {
        for mailbox in mailboxes { _ = mailbox.post(.replace(snapshot)) }
        for (place, pool) in places { hand([place], of: pool, at: now) }
    }

    /// Tells a fetch's loop of its place. A loop whose mailbox is full hears of nothing: its
    /// fetches' time-outs end them, and the place goes to the next.
    func hand(_ places: [HandedPlace], of pool: OriginPool, at now: Milliseconds) {
        var left = places.map { ($0, pool) }
        while let (place, holder) = left.popLast() {
            guard !mailboxes[place.next.loop].post(.memberFree(place, holder)) else { continue }
            let freed = holder.release(place.member, .neutral, place.requestClass, at: now)
            left += freed.handed.map { ($0, freed.pool) }
        }
    }

    /// The number of the latest invalidation.
    var invalidationNumber: UInt64 { store?.invalidations.latest ?? 0 }
}

/// What loops tell each other and are told.
package enum LoopMessage: Sendable {
    /// The fetch that this exchange waits for has something new.
    case progress(ExchangeID)
    /// What this fetch's write made stale is on disk, or cannot be kept there.
    case kept(fetch: UInt64, wait: UInt32)
    /// Nobody reads this fetch any more.
    case unread(fetch: UInt64)
    /// A member's place is this queued fetch's own.
    case memberFree(HandedPlace, OriginPool)
    /// A member of this pool is well again: it may serve who waits for others.
    case memberBack(OriginPool)
    /// Whom this queued fetch waited for wants to be left alone: it looks for somebody else.
    case reconsider(fetch: UInt64)
    /// A viewer waits for a place of this pool: what nobody has asked for gives one up.
    case yieldPlace(OriginPool)
    /// Nobody has an answer of this member any more: who waits for one may ask another.
    case memberOut(OriginPool, Int)
    /// What this viewer is sent next of a stored body was read from disk.
    case pagesRead(viewer: UInt64)
    /// The slowest reader of this fetch has caught up, or left.
    case caughtUp(fetch: UInt64)
    /// What this exchange was to be answered with is gone, or proved to be damaged.
    case unavailable(ExchangeID)
    /// What this exchange waited for has been made; nil: it could not be.
    case made(ExchangeID, [UInt8]?)
    /// The tiles that this fetch's picture was cut into; nil: it could not be.
    case cut(fetch: UInt64, [[UInt8]]?)
    case replace(SettingsSnapshot)
    case adopt(listener: Int32, settings: ListenerSettings)
    /// The same address, used otherwise from the next connection on.
    case amend(listener: ListenerSettings, to: ListenerSettings)
    case retire(listener: ListenerSettings)
    /// The edge's clock was moved: it is told when this loop goes by the new time.
    case readClocks(DispatchSemaphore)
    /// From now on what passes is written there, or nowhere; told when that is so.
    case record(Tape?, DispatchSemaphore?)
    /// So many bytes of what passes are kept from now on, in place of what there is.
    case lookBack(bytes: Int)
    /// They are asked for.
    case tell(LookedBack)
    case stop(deadline: UInt64)
}

/// Which slab or descriptor an event or timer concerns.
package enum TokenKind {
    static let viewer: UInt8 = 1
    static let origin: UInt8 = 2
    static let listener: UInt8 = 3
    package static let mailbox: UInt8 = 4
    static let fetch: UInt8 = 5
    static let loop: UInt8 = 6
}

struct ListenerState {
    var fd: Int32
    var settings: ListenerSettings
}

/// One event loop's whole state: born in the block that runs it, handed down `inout`.
package struct LoopState<N: Network & ~Copyable>: ~Copyable {
    package var network: N
    let index: Int
    let shared: EdgeShared
    let store: Store?
    /// The secret for hashing keys.
    let seed: (UInt64, UInt64)
    var snapshot: SettingsSnapshot
    var hot: HotTable
    /// Pages get a notice now: the one thing a hit looks at.
    var isNoticing = false
    var notice = LoopNotice()
    let outages: OutageBoard
    var limits: ViewerLimits
    package var viewers: Slab<ViewerConnection>
    package var origins: Slab<OriginConnection>
    package var fetches: Slab<Fetch>
    var listeners: [ListenerState] = []
    var idle = IdleConnections()
    var perAddress: [SocketAddress: Int] = [:]
    /// Viewers of tunnels, by the token of the member's connection.
    var tunnels: [UInt64: ExchangeID] = [:]
    package var timers: TimerWheel
    var reader: StoreReader?
    var invalidated: InvalidationView
    private(set) var isReading = false
    let counters: LoopCounters
    let latencies: LoopLatencies
    var log: LogRing?
    /// How the line in the scratch memory begins.
    var lineStart = LineWriter.Start()
    var head = RequestHead()
    /// Where a request for the root object is read anew, for `head` to change places with.
    var rewrittenHead = RequestHead()
    var originHead = ResponseHead()
    /// The CloudFront- fields of the request at hand; see `generateFields`.
    var generated = HeaderTable()
    /// Of the request at hand, where its behavior has class pages.
    var page = PageAtHand()
    var requestIDs: RequestIDs
    /// Of the stored response that is being served: the origin was asked first.
    var forward: Forward?
    /// Of the request at hand; none where no identity is shown.
    var requestID = RequestID()
    let scratch: LoopScratch
    /// What maps asked for lately are in keys.
    var knownMaps = KnownMaps()
    /// URLs with a cache-buster that names no time.
    var firstSights = FirstSights()
    /// Who steps maps through TIME, and what is fetched ahead of that.
    var playback = PlaybackDesk()
    /// Exchanges and viewers that go on at the end of this tick.
    var ready: [ReadyWork] = []
    private var messages: [LoopMessage] = []
    var isStopping = false
    var stopDeadline: UInt64 = .max
    package var isStopped = false
    var isAcceptPaused = false
    var acceptTimer = TimerHandle.none
    /// Before then nobody looks for idle viewers: there were none.
    var nextIdleLook: UInt64 = 0
    /// When the operator may next be told of a member's failed TLS.
    var nextTLSEvent: UInt64 = 0
    /// The file that secured connections read, kept open while they may, and its generation.
    var mappedFile: StoreFile?
    var mapGeneration: UInt64?
    /// Gives the state an address for life: without a member that has one, whoever borrows the
    /// state is handed a copy of its two thousand bytes, several of them for each hit.
    private let anchor = Atomic<Bool>(false)

    /// Where what passes is written down while somebody records; nil otherwise.
    var tape: Tape?
    /// What passed last, where somebody may ask for it.
    var lookBack: LookBack

    /// Work that a step leaves for the end of the tick, so that no step calls an earlier one.
    enum ReadyWork {
        case read(Token)
        case write(Token)
        case progress(ExchangeID)
        case receive(Token)
        case accept
        case prefetch
    }

    package init(
        network: consuming N, index: Int, shared: EdgeShared, snapshot: SettingsSnapshot,
        counters: LoopCounters,
        latencies: LoopLatencies, log: LogRing?
    ) {
        let start = network.monotonicNow
        self.network = network
        self.index = index
        self.shared = shared
        store = shared.store
        seed = shared.seed
        self.snapshot = snapshot
        hot = snapshot.hot
        outages = snapshot.outages
        // Whatever is known is read at the first tick.
        notice.version = .max
        limits = snapshot.settings.viewerLimits
        let connections = limits.connectionsPerLoop
        viewers = Slab(capacity: connections)
        origins = Slab(capacity: connections)
        fetches = Slab(capacity: connections)
        timers = TimerWheel(start: start, capacity: connections * 3 + 16)
        reader = shared.store?.makeReader()
        invalidated = InvalidationView(shared.store?.invalidations)
        self.counters = counters
        self.latencies = latencies
        self.log = log
        scratch = LoopScratch()
        lookBack = LookBack(bytes: 0, shared.notes)
        requestIDs = RequestIDs(
            seed: UInt64(bitPattern: self.network.wallNow) << 20 ^ start ^ UInt64(index) << 56)
    }

    deinit {
        scratch.deallocate()
        knownMaps.deallocate()
    }

    /// Deals with one wake-up: events, messages, timers, and what they left to do.
    package mutating func tick(_ events: UnsafeBufferPointer<ReadyEvent>) {
        counters.add(.ticks)
        if outages.version != notice.version { readOutages() }
        for index in events.indices { unsafe deliver(events[index]) }
        if !ready.isEmpty { drainReady() }
        expireTimers()
        if !ready.isEmpty { drainReady() }
        if isStopping { continueStop() }
    }

    private mutating func deliver(_ event: ReadyEvent) {
        switch event.token.kind {
        case TokenKind.viewer:
            if viewers.contains(event.token) { viewerReady(event.token.slot, event.readiness) }
        case TokenKind.origin:
            if origins.contains(event.token) { originReady(event.token.slot, event.readiness) }
        case TokenKind.listener: acceptViewers(Int(event.token.slot))
        case TokenKind.mailbox: receiveMessages()
        default: break
        }
    }

    /// When `wait` must return although nothing happened.
    package var nextDeadline: UInt64? { ready.isEmpty ? timers.nextDeadline : 0 }

    private mutating func drainReady() {
        // What is added meanwhile waits for the next tick's turn, so that sockets are not starved.
        let work = ready
        ready.removeAll(keepingCapacity: true)
        for item in work {
            switch item {
            case .read(let token):
                if viewers.contains(token) { continueReading(token.slot) }
            case .write(let token):
                if viewers.contains(token) { writeViewer(token.slot) }
            case .progress(let id): progress(id)
            case .receive(let token):
                if origins.contains(token) { receiveOrigin(token.slot) }
            case .accept: acceptAll()
            case .prefetch: prefetch()
            }
        }
    }

    private mutating func expireTimers() {
        let now = network.monotonicNow
        while let expired = timers.expire(now: now) {
            switch expired.token.kind {
            case TokenKind.viewer:
                if viewers.contains(expired.token) { viewerTimer(expired.token.slot) }
            case TokenKind.fetch:
                if fetches.contains(expired.token) { fetchTimer(expired.token) }
            case TokenKind.origin:
                if origins.contains(expired.token) { idleTimer(expired.token.slot) }
            case TokenKind.listener: acceptTimerFired()
            default: break
            }
        }
    }

    // MARK: the store's reader

    /// Opens a snapshot: microseconds only, and never across two ticks (law 2).
    @inline(__always)
    mutating func beginReading() {
        reader?.begin()
        if reader?.fileGeneration != mapGeneration { followMap() }
        isReading = true
    }

    @inline(__always)
    mutating func endReading() {
        isReading = false
        reader?.end()
    }

    // MARK: messages

    private mutating func receiveMessages() {
        messages.removeAll(keepingCapacity: true)
        shared.mailboxes[index].drain(into: &messages)
        for message in messages {
            switch message {
            case .progress(let id): progress(id)
            case .unavailable(let id): withExchange(id) { $0.unavailable($1) }
            case .made(let id, let bytes): withExchange(id) { $0.made($1, bytes) }
            case .cut(let fetch, let tiles): cut(Token(bits: fetch), tiles)
            case .kept(let fetch, let wait): invalidationKept(Token(bits: fetch), of: wait)
            case .unread(let fetch): fetchUnread(Token(bits: fetch))
            case .memberFree(let place, let pool): memberFree(place, pool)
            case .reconsider(let fetch): placeAgain(Token(bits: fetch))
            case .memberBack(let pool): serveWaiting(pool)
            case .yieldPlace(let pool): yieldsPlace(pool)
            case .memberOut(let pool, let member): leaveMember(pool, member)
            case .pagesRead(let viewer): pagesRead(Token(bits: viewer))
            case .caughtUp(let fetch): resume(Token(bits: fetch))
            case .replace(let snapshot): replace(snapshot)
            case .adopt(let fd, let settings): adopt(fd, settings)
            case .amend(let former, let settings): amend(former, settings)
            case .retire(let settings): retire(settings)
            case .readClocks(let done):
                network.readClocks()
                done.signal()
            case .record(let tape, let done):
                self.tape = tape
                done?.signal()
            case .lookBack(let bytes): lookBack = LookBack(bytes: bytes, shared.notes)
            case .tell(let asked): asked.add(lookBack.entries(since: asked.since))
            case .stop(let deadline): beginStop(deadline)
            }
        }
    }

    /// Tells an exchange that its fetch has something new; on this loop at the end of the tick.
    mutating func tell(_ id: ExchangeID) {
        if Int(id.loop) == index {
            ready.append(.progress(id))
        } else {
            _ = shared.mailboxes[Int(id.loop)].post(.progress(id))
        }
    }

    private mutating func progress(_ id: ExchangeID) { withExchange(id) { $0.progress($1) } }

    /// An exchange that has ended meanwhile is simply not found.
    private mutating func withExchange(
        _ id: ExchangeID, _ body: (inout LoopState, Exchange) -> Void
    ) {
        let token = Token(slot: id.slot, generation: id.generation, kind: TokenKind.viewer)
        guard viewers.contains(token), let exchange = viewers[id.slot].exchange,
            exchange.id == id
        else { return }
        body(&self, exchange)
    }

    private mutating func replace(_ next: SettingsSnapshot) {
        snapshot = next
        hot = next.hot
        renewTrust()
        knownMaps.forget()
        playback.forget()
        limits = next.settings.viewerLimits
        readOutages()
        followPools()
    }
}

/// A loop's working memory: one of each, since a loop does one thing at a time.
@safe  // its state owns the memory, and is the last to use it
struct LoopScratch {
    /// What was just received.
    let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 64)
    /// For whether there is anything to receive.
    let probe = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
    /// The head being written.
    let head = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 73_728 + ExplainedSteps.bytesMax, alignment: 64)
    /// The canonical cache key being built.
    let key = UnsafeMutableRawBufferPointer.allocate(byteCount: 49_152, alignment: 64)
    /// A stored header block that had to be put together from chunks.
    let fields = UnsafeMutableRawBufferPointer.allocate(byteCount: 73_728, alignment: 64)
    let line = UnsafeMutableRawBufferPointer.allocate(byteCount: 16_384, alignment: 64)
    /// CloudFront- fields, and the address with port that one of them holds.
    let generated = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 32_768 + GeneratedFields.room, alignment: 64)
    let address = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 64)
    /// A request for the root object, as if it had named it.
    let rewritten = UnsafeMutableRawBufferPointer.allocate(byteCount: 33_792, alignment: 64)
    /// A record of a standard access log: a whole head may be threefold when it is encoded.
    let record = UnsafeMutableRawBufferPointer.allocate(byteCount: 212_992, alignment: 64)
    let parts = UnsafeMutableBufferPointer<iovec>.allocate(capacity: 24)

    func deallocate() {
        unsafe input.deallocate()
        unsafe probe.deallocate()
        unsafe head.deallocate()
        unsafe key.deallocate()
        unsafe fields.deallocate()
        unsafe line.deallocate()
        unsafe generated.deallocate()
        unsafe address.deallocate()
        unsafe rewritten.deallocate()
        unsafe record.deallocate()
        unsafe parts.deallocate()
    }
}
