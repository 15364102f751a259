import Caching
import Glibc
import Reactor
import Synchronization

/// Names one exchange of one viewer on one loop; a viewer that is gone is a failed lookup.
package struct ExchangeID: Hashable, Sendable {
    var loop: Int32
    var slot: UInt32
    var generation: UInt32
    /// Counts the exchanges of the connection.
    var number: UInt32

    /// Of an exchange without a viewer.
    static func background(loop: Int) -> ExchangeID {
        ExchangeID(loop: Int32(loop), slot: .max, generation: 0, number: 0)
    }
}

/// What a fetch and those who wait for it have in common: the response as far as it has come.
///
/// Filled by the loop that fetches, read by the loops of all waiters.
final class SharedFetch: Sendable {
    enum Phase: Sendable {
        case waiting
        /// The head is there, the body may still be coming.
        case streaming
        case complete
        case failed(FetchFailure)
    }

    /// What a waiter sees when it looks.
    struct View {
        var phase: Phase
        var head: FetchedHead?
        /// Body bytes that have come.
        var total: Int
        /// The response may not be shared: waiters other than the leader go on their own.
        var isDissolved: Bool

        var isComplete: Bool { if case .complete = phase { true } else { false } }
    }

    private struct Waiter {
        var id: ExchangeID
        var cursor = 0
        var isTold = false
    }

    private struct State {
        var phase = Phase.waiting
        var head: FetchedHead?
        var body = FetchBody()
        var waiters: [Waiter] = []
        var leader: ExchangeID?
        var isDissolved = false
        /// Who comes then or later may not have what the head says, though it comes still.
        var joinableUntil = Milliseconds.max
        // Somebody has looked at the head, and may have sent it.
        var isSeen = false
        // A body that is kept whole for the store is not trimmed behind its readers.
        var keepsBody = false
        // The member is not read from before the slowest reader has caught up.
        var isPaused = false
        var mayStore = true
        var runner: (loop: Int, fetch: UInt64)?
        var trailers: [UInt8] = []
        /// For how long its members asked to be left alone; 0: they did not.
        var wait: Milliseconds = 0
    }

    let key: CacheKey?
    /// The number of the latest invalidation when the fetch began (law 3).
    let invalidation: UInt64
    /// The edition of the origin's catalog when it began; 0: it has none.
    let edition: UInt64
    /// When it began, in milliseconds since 1970, and the earliest beginning of a fetch that is new
    /// enough for who would begin it.
    let began: Milliseconds
    let wanted: Milliseconds
    /// No viewer began it: what is to come of it is asked for ahead.
    let isPrefetch: Bool
    private let budget: FillBudget
    private let state: Mutex<State>

    init(
        key: CacheKey?, invalidation: UInt64, edition: UInt64 = 0, leader: ExchangeID?,
        budget: FillBudget, began: Milliseconds = 0, wanted: Milliseconds = .min,
        isPrefetch: Bool = false
    ) {
        self.key = key
        self.invalidation = invalidation
        self.edition = edition
        (self.began, self.wanted) = (began, wanted)
        self.isPrefetch = isPrefetch
        self.budget = budget
        var first = State()
        first.leader = leader
        if let leader { first.waiters.append(Waiter(id: leader)) }
        state = Mutex(first)
    }

    deinit {
        budget.give(state.withLock { $0.body.heldBytes })
    }

    // MARK: the waiters' side

    /// Joins unless the fetch ended or may no longer be shared.
    func join(_ id: ExchangeID) -> Bool {
        state.withLock { state in
            guard Self.mayBeJoined(state) else { return false }
            state.waiters.append(Waiter(id: id))
            return true
        }
    }

    /// Whether who would begin `fresh` may have what it brings; `least` as of `joinOrLead`.
    func isNew(enoughFor fresh: SharedFetch, least: UInt64) -> Bool {
        invalidation >= least && edition >= fresh.edition && began >= fresh.wanted
            && fresh.began < state.withLock { $0.joinableUntil }
    }

    var mayBeJoined: Bool { state.withLock { Self.mayBeJoined($0) } }

    private static func mayBeJoined(_ state: borrowing State) -> Bool {
        guard !state.isDissolved, state.body.base == 0 else { return false }
        return if case .failed = state.phase { false } else { true }
    }

    /// Leaves; returns how many still wait.
    func leave(_ id: ExchangeID) -> Int {
        state.withLock { state in
            state.waiters.removeAll { $0.id == id }
            Self.trim(&state, budget)
            return state.waiters.count
        }
    }

    /// Looks, and asks to be told of the next change.
    func look(_ id: ExchangeID) -> View {
        state.withLock { state in
            if let index = state.waiters.firstIndex(where: { $0.id == id }) {
                state.waiters[index].isTold = false
            }
            if state.head != nil { state.isSeen = true }
            return View(
                phase: state.phase, head: state.head, total: state.body.total,
                isDissolved: state.isDissolved && state.leader != id)
        }
    }

    /// Whether the fetch waits for its readers and needs to wait no longer. Says so once.
    func takeResume(below limit: Int) -> Bool {
        state.withLock { state in
            guard state.isPaused, Self.backlog(state) <= limit else { return false }
            state.isPaused = false
            return true
        }
    }

    /// Body bytes from `offset` on; they stay until this waiter's `advance` passes them.
    func gather(
        from offset: Int, into parts: UnsafeMutableBufferPointer<iovec>, limit: Int
    ) -> (parts: Int, bytes: Int) {
        state.withLock { unsafe $0.body.gather(from: offset, into: parts, limit: limit) }
    }

    /// This waiter has sent everything below `offset`. Returns bytes that slower ones still need.
    func advance(_ id: ExchangeID, to offset: Int) {
        state.withLock { state in
            if let index = state.waiters.firstIndex(where: { $0.id == id }) {
                state.waiters[index].cursor = offset
            }
            Self.trim(&state, budget)
        }
    }

    var trailers: [UInt8] { state.withLock { $0.trailers } }

    // MARK: the fetch's side

    /// Bytes that have come and that the slowest waiter has not sent: the window for back-pressure.
    private static func backlog(_ state: State) -> Int {
        guard !state.keepsBody else { return 0 }
        return state.body.total - (state.waiters.map(\.cursor).min() ?? state.body.total)
    }

    /// Whether the fetch has to wait for its readers; from then on `takeResume` tells when it does
    /// no longer.
    func pauses(above limit: Int) -> Bool {
        state.withLock { state in
            state.isPaused = Self.backlog(state) > limit
            return state.isPaused
        }
    }

    /// Nobody reads it and nobody will store it: not worth a byte more.
    var isUnread: Bool { state.withLock { $0.waiters.isEmpty && !$0.keepsBody } }

    /// Who runs the fetch, to be told when its last reader has left.
    var runner: (loop: Int, fetch: UInt64)? {
        get { state.withLock { $0.runner } }
    }

    func run(on loop: Int, _ fetch: Token) {
        state.withLock { $0.runner = (loop, fetch.bits) }
    }

    /// For how long its members asked to be left alone; 0: they did not.
    var wait: Milliseconds { state.withLock { $0.wait } }
    func askToWait(_ wait: Milliseconds) { state.withLock { $0.wait = max(0, wait) } }

    var waiterCount: Int { state.withLock { $0.waiters.count } }
    var mayStore: Bool { state.withLock { $0.mayStore } }
    var keepsBody: Bool { state.withLock { $0.keepsBody } }
    /// It will be stored when it is whole, as far as is known.
    var isKept: Bool { state.withLock { $0.keepsBody && $0.mayStore } }

    /// What has come is for those who wait, and not for the store. `startOver` ends it: it is said
    /// of one answer, and the next one's may be stored.
    func fence() { state.withLock { $0.mayStore = false } }

    /// The head has come. `keepsBody`: it will be stored. `dissolve`: only the leader may use it.
    /// `joinableUntil`: until when others may join, in milliseconds since 1970.
    func publish(
        _ head: FetchedHead, keepsBody: Bool, dissolve: Bool, joinableUntil: Milliseconds
    ) {
        state.withLock { state in
            state.joinableUntil = joinableUntil
            state.head = head
            state.phase = .streaming
            state.keepsBody = keepsBody
            state.isDissolved = dissolve
        }
    }

    /// A head has come, and nobody has seen it.
    var isUnseen: Bool { state.withLock { $0.head != nil && !$0.isSeen } }

    /// Takes the head back, and what has come of its body; false: somebody has seen it.
    func takeBack() -> Bool {
        state.withLock { state in
            guard !state.isSeen, case .streaming = state.phase else { return false }
            (state.head, state.phase, state.keepsBody) = (nil, .waiting, false)
            (state.isDissolved, state.joinableUntil) = (false, .max)
            return true
        }
    }

    /// Whoever waits for it is to ask for himself.
    func dissolve() { state.withLock { $0.isDissolved = true } }

    /// Stops keeping the body: it grew too large, or the store will not have it.
    func letGo() {
        state.withLock { state in
            state.keepsBody = false
            state.isDissolved = true
            Self.trim(&state, budget)
        }
    }

    func room(expecting rest: Int?) -> UnsafeMutableRawBufferPointer {
        unsafe state.withLock { unsafe $0.body.room(expecting: rest, budget: budget) }
    }

    func publish(bytes count: Int) { state.withLock { $0.body.publish(count) } }

    func end(_ phase: Phase, trailers: [UInt8] = []) {
        state.withLock { state in
            state.phase = phase
            state.trailers = trailers
        }
    }

    /// The body for the store, in the memory that it was received into. The fetch must be complete.
    func wholeBody() -> [StoreSegment] {
        state.withLock { state in
            zip(state.body.segments, state.body.counts).map { segment, count in
                unsafe StoreSegment(
                    owner: segment,
                    bytes: UnsafeRawBufferPointer(rebasing: segment.bytes[..<count]),
                    held: segment.capacity)
            }
        }
    }

    /// The first bytes of the body, at most so many.
    func prefix(_ count: Int) -> [UInt8] {
        state.withLock { state in
            var bytes: [UInt8] = []
            for (segment, held) in zip(state.body.segments, state.body.counts)
            where bytes.count < count {
                unsafe bytes += segment.bytes[..<min(held, count - bytes.count)]
            }
            return bytes
        }
    }

    /// What has come of the body behind an offset, as long as nobody was given any of it.
    func bytes(from offset: Int) -> [UInt8] {
        state.withLock { state in
            var bytes: [UInt8] = []
            var start = 0
            for (segment, held) in zip(state.body.segments, state.body.counts) {
                if start + held > offset {
                    unsafe bytes += segment.bytes[max(0, offset - start)..<held]
                }
                start += held
            }
            return bytes
        }
    }

    /// The last bytes of the body, at most so many.
    func suffix(_ count: Int) -> [UInt8] {
        state.withLock { state in
            var bytes: [UInt8] = []
            for (segment, held) in zip(state.body.segments, state.body.counts).reversed()
            where bytes.count < count {
                bytes = unsafe segment.bytes[..<held].suffix(count - bytes.count) + bytes
            }
            return bytes
        }
    }

    /// What has come of the body was for nothing: another member is asked, and nobody has seen it.
    func startOver() {
        state.withLock { state in
            budget.give(state.body.heldBytes)
            (state.body, state.mayStore) = (FetchBody(), true)
        }
    }

    var total: Int { state.withLock { $0.body.total } }

    /// Waiters that have not been told since they last looked; they count as told from now on.
    func takeUntold(_ each: (ExchangeID) -> Void) {
        state.withLock { state in
            for index in state.waiters.indices where !state.waiters[index].isTold {
                state.waiters[index].isTold = true
                each(state.waiters[index].id)
            }
        }
    }

    private static func trim(_ state: inout State, _ budget: FillBudget) {
        guard !state.keepsBody, let least = state.waiters.map(\.cursor).min() else { return }
        state.body.trim(below: least, budget: budget)
    }
}

/// Fetches in flight by key: at most one that others may join.
///
/// Also remembers keys whose last response could not be shared, so that requests for them are
/// not lined up behind one another.
package final class CollapsedFetches: Sendable {
    private struct Shard {
        var fetches: [CacheKey: SharedFetch] = [:]
        var unshared: [CacheKey: Milliseconds] = [:]
        var failed: [CacheKey: KnownFailure] = [:]
    }

    private static let unsharedLimit = 1_024
    private static let failedLimit = 1_024
    private let shards: [Mutex<Shard>.Box]

    init(shards count: Int = 64) {
        shards = (0..<count).map { _ in .init(Shard()) }
    }

    enum Outcome {
        /// The caller fetches; others may join it.
        case leads
        /// The response is stored by now.
        case stored
        /// Somebody fetches already.
        case waits(SharedFetch)
        /// Fetch alone: the last response was not shareable.
        case alone
    }

    private func shard(_ key: CacheKey) -> Mutex<Shard>.Box {
        shards[Int(key.low & 63) % shards.count]
    }

    /// Joins the fetch of `key`, or enters `fresh` as the one to join.
    ///
    /// `least` is the latest invalidation of the key: a request that begins after it may not join a
    /// fetch that began before (law 3), nor one that began before a write of its origin's catalog
    /// or before what a cache-buster asks for.
    /// `now` is in monotonic milliseconds. `isStored` is asked under the key's lock, where nobody
    /// fetches.
    func joinOrLead(
        _ key: CacheKey, _ id: ExchangeID?, _ fresh: SharedFetch, at now: Milliseconds,
        least: UInt64, isStored: () -> Bool = { false }
    ) -> Outcome {
        shard(key).mutex.withLock { shard in
            if let running = shard.fetches[key], running.isNew(enoughFor: fresh, least: least) {
                if let id, running.mayStore, running.join(id) { return .waits(running) }
                if id == nil { return .waits(running) }
                return .alone
            }
            if let until = shard.unshared[key] {
                if now < until { return .alone }
                shard.unshared[key] = nil
            }
            if isStored() { return .stored }
            shard.fetches[key] = fresh
            return .leads
        }
    }

    /// Joins the fetch of `key`, where there is one to join.
    func join(
        _ key: CacheKey, _ id: ExchangeID, _ fresh: SharedFetch, least: UInt64
    ) -> SharedFetch? {
        shard(key).mutex.withLock { shard in
            guard let running = shard.fetches[key], running.isNew(enoughFor: fresh, least: least),
                running.mayStore, running.join(id)
            else { return nil }
            return running
        }
    }

    /// The fetch has ended or may not be joined any more.
    func remove(_ key: CacheKey, _ fetch: SharedFetch) {
        shard(key).mutex.withLock { shard in
            if shard.fetches[key] === fetch { shard.fetches[key] = nil }
        }
    }

    /// The response could not be shared: until then, in monotonic milliseconds, nobody waits for
    /// another's.
    func rememberUnshared(_ key: CacheKey, until: Milliseconds) {
        shard(key).mutex.withLock { shard in
            if shard.unshared.count >= Self.unsharedLimit {
                shard.unshared.removeAll(keepingCapacity: true)
            }
            shard.unshared[key] = until
        }
    }

    /// The origin failed: until then it is not asked for this key again.
    func remember(_ failure: KnownFailure, of key: CacheKey) {
        shard(key).mutex.withLock { shard in
            if shard.failed.count >= Self.failedLimit {
                shard.failed.removeAll(keepingCapacity: true)
            }
            shard.failed[key] = failure
        }
    }

    /// The failure that still counts; one from before the invalidation `least` does not.
    func knownFailure(
        _ key: CacheKey, at now: Milliseconds, least: UInt64
    ) -> KnownFailure? {
        shard(key).mutex.withLock { shard in
            guard let failure = shard.failed[key] else { return nil }
            if now < failure.until, failure.invalidation >= least { return failure }
            shard.failed[key] = nil
            return nil
        }
    }

    package var inFlight: Int { shards.reduce(0) { $0 + $1.mutex.withLock { $0.fetches.count } } }
}

extension Mutex where Value: ~Copyable {
    /// A mutex that an array can hold.
    final class Box: Sendable {
        let mutex: Mutex<Value>
        init(_ value: consuming sending Value) { mutex = Mutex(value) }
    }
}
