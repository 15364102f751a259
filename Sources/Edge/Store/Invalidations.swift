public import Caching
import CloudFront
import Dispatch
import LMDB
import Synchronization

/// All invalidations of a store: in force for every loop before `invalidate` returns, on disk
/// before it is acknowledged.
///
/// Loops and the writer each keep an `InvalidationIndex`, brought up to date through a journal when
/// the latest number, one atomic load, is not the one they have.
public final class Invalidations: Sendable {
    /// Rules that were given at once, under one number.
    struct Batch: Sendable {
        var number: UInt64
        var rules: [InvalidationRule]
        /// Writes that are about to be forwarded.
        var begun: [(id: UInt64, rule: InvalidationRule)] = []
        /// Writes of which is known what became of them.
        var ended: [UInt64] = []
        var whenDurable: (@Sendable (Bool) -> Void)?
    }

    private struct State {
        /// Rules that are not retired, in the order of their numbers.
        var journal: [(number: UInt64, rule: InvalidationRule)] = []
        var latest: UInt64
        var retired: UInt64
        /// Not on disk yet.
        var waiting: [Batch] = []
        var isWriting = false
        var writes = PendingWrites()
        var reading = ScopeReading.standard
    }

    private let state: Mutex<State>
    private let log: Mutex<InvalidationLogKeeper>
    private let queue: DispatchQueue?
    private let events: @Sendable (StoreEvent) -> Void
    private let latestCell: LatestCell
    /// When the log was written to before it was opened, by the system's clock; nil: it is new. No
    /// write whose answer went out came later.
    package let lastWritten: Milliseconds?
    /// Of the writes that a process before has left under way one may change which style of a layer
    /// is its default one.
    let hasLeftStyleWrites: Bool
    /// When they were, for longer.
    let times: PurgeBook
    /// How many jobs are waited for.
    private let jobs = Atomic<Int>(0)
    /// How many scopes were put in force once more.
    let repeated = Atomic<Int>(0)
    /// For stores opened with `stepping`, by which due repetitions are found.
    private let clock: @Sendable () -> Milliseconds

    /// In memory of its own, so that a loop can look at it without its owner.
    @safe  // one cell, which its owner frees
    private struct LatestCell: @unchecked Sendable {  // an atomic; freed by its one owner
        let memory: UnsafeMutablePointer<Atomic<UInt64>>

        init(_ number: UInt64) {
            unsafe memory = .allocate(capacity: 1)
            unsafe memory.initialize(to: Atomic(number))
        }
    }

    /// - Parameters:
    ///   - storeLatest: the highest number the store knows of; a log that is behind it has lost
    ///     something, and everything stored is stale.
    ///   - storeSwept: the number up to which it has deleted what was invalidated, if it says so; a
    ///     log that has forgotten more has forgotten what is still stored.
    ///   - stepping: writes only in `step()`.
    ///   - repeatDelay: at first; it already counts for writes that were left under way.
    init(
        directory: String, storeLatest: UInt64, storeSwept: UInt64? = nil, isStoreEmpty: Bool,
        stepping: Bool, repeatDelay: Milliseconds = 60_000,
        clock: @escaping @Sendable () -> Milliseconds = StoreSettings.systemClock,
        events: @escaping @Sendable (StoreEvent) -> Void
    ) {
        self.events = events
        (self.clock, times) = (clock, PurgeBook(clock: clock))
        lastWritten = StoreDirectory.modified(directory + "/data.mdb")
        queue = stepping ? nil : DispatchQueue(label: "mapedge.store.invalidations")
        var found = InvalidationLogKeeper.Found()
        var log = InvalidationLogKeeper(directory, &found, events)
        var first = State(latest: found.latest, retired: found.retired)
        first.journal = found.rules
        let isForgotten = !isStoreEmpty && found.hasForgotten(what: storeSwept)
        if found.latest < storeLatest || found.isNew && !isStoreEmpty || isForgotten {
            first.latest = max(found.latest, storeLatest) + 1
            first.journal = [(first.latest, .everything)]
            events(
                StoreEvent(
                    .warning,
                    "the invalidation log in \"\(directory)\" is "
                        + (isForgotten ? "too new for" : "missing or older than")
                        + " the cache: everything stored counts as stale"))
            do { try log.collapse(first.latest) } catch {
                events(StoreEvent(.error, "the invalidation log cannot be written: \(error)"))
            }
        }
        // What became of writes that were under way nobody will tell any more.
        let left = found.pending
        hasLeftStyleWrites = left.contains { $0.rule.scope?.mayChangeStyles ?? true }
        first.writes = PendingWrites(left)
        first.writes.repeatDelay = repeatDelay
        if !left.isEmpty {
            first.latest += 1
            for write in left { first.journal.append((first.latest, write.rule)) }
            first.waiting = [Batch(number: first.latest, rules: left.map(\.rule))]
            events(
                StoreEvent(
                    .warning,
                    "\(left.count) writes were under way when the edge ended, or still to be "
                        + "invalidated once more: what they may have touched is stale"))
        }
        latestCell = LatestCell(first.latest)
        state = Mutex(first)
        self.log = Mutex(log)
        // On disk before anything is served; a crash before that finds the writes pending again.
        if !left.isEmpty { write() }
        // Nobody knows any more which of them are jobs.
        for write in left { repeatLater(write.id, mayTakeLong: true) }
    }

    deinit { unsafe latestCell.memory.deallocate() }

    // MARK: invalidating

    /// The number of the latest invalidation: what a fetch that begins now carries.
    public var latest: UInt64 {
        @inline(__always) get { unsafe latestCell.memory.pointee.load(ordering: .acquiring) }
    }

    /// The latest number for who must look at it at every hit; lives as long as this object.
    var latestNumber: UnsafePointer<Atomic<UInt64>> { unsafe UnsafePointer(latestCell.memory) }

    /// Puts rules in force: when this returns, no loop serves what they match.
    ///
    /// - Parameter whenDurable: called once, from any thread, with whether they are on disk.
    /// - Returns: their number, and the latest one before.
    @discardableResult
    public func invalidate(
        _ rules: [InvalidationRule], whenDurable: (@Sendable (Bool) -> Void)? = nil
    ) -> (number: UInt64, before: UInt64) {
        let rules = rules.count > InvalidationLog.batchLimit ? [.everything] : rules
        return change { state in
            take(rules, &state)
            return Batch(number: state.latest, rules: rules, whenDurable: whenDurable)
        }
    }

    /// Puts rules in force under the next number.
    private func take(
        _ rules: [InvalidationRule], _ state: inout State, isRepeated: Bool = false
    ) {
        state.latest += 1
        for rule in rules { state.journal.append((state.latest, rule)) }
        times.note(rules, number: state.latest, isRepeated: isRepeated)
    }

    /// Queues what `body` says for the disk, after it has changed what is in force.
    @discardableResult
    private func change(_ body: (inout State) -> Batch) -> (number: UInt64, before: UInt64) {
        let (number, before, mustWrite) = state.withLock { state in
            let before = state.latest
            state.waiting.append(body(&state))
            if state.latest != before {
                unsafe latestCell.memory.pointee.store(state.latest, ordering: .releasing)
            }
            defer { state.isWriting = true }
            return (state.latest, before, !state.isWriting)
        }
        if mustWrite { queue?.async { self.write() } }
        return (number, before)
    }

    /// What the latest writes in force touched, the last one first.
    public func latestScopes(_ limit: Int) -> [(number: UInt64, words: String)] {
        let journal = state.withLock { $0.journal }
        return journal.lazy.reversed().filter { $0.rule.reach == .scope }.prefix(limit).map {
            ($0.number, $0.rule.scope?.words() ?? "")
        }
    }

    /// All rules behind a number that is not retired, for who passes them on.
    ///
    /// - Returns: up to which number they go; no rules where some of them are forgotten.
    public func rules(
        after number: UInt64
    ) -> (rules: [InvalidationRule]?, retired: UInt64, upTo: UInt64) {
        state.withLock { state in
            let first = state.journal.firstIndexBehind(number)
            let rules = number < state.retired ? nil : state.journal[first...].map(\.rule)
            return (rules, state.retired, state.latest)
        }
    }

    // MARK: writes under way

    /// How the subjects of entries are read, for rules that are a write's scope. Loops and the
    /// writer go by it from the next invalidation on.
    public var reading: ScopeReading {
        get { state.withLock { $0.reading } }
        set { state.withLock { $0.reading = newValue } }
    }

    /// After how long what may go on behind its answer is invalidated once more, in milliseconds.
    public var repeatDelay: Milliseconds {
        get { state.withLock { $0.writes.repeatDelay } }
        set { state.withLock { $0.writes.repeatDelay = newValue } }
    }

    /// Writes of which is not known yet what becomes of them, and those that are to be repeated.
    public var pendingWrites: (open: Int, repeating: Int) {
        state.withLock { ($0.writes.rules.count - $0.writes.due.count, $0.writes.due.count) }
    }

    /// Notes what a write may touch, before it is forwarded: should nobody learn what became of it,
    /// that counts as touched.
    ///
    /// - Parameter whenDurable: called once, from any thread, with whether it is on disk.
    /// - Returns: by which ``endWrite(_:_:again:whenDurable:)`` knows it.
    func beginWrite(
        _ rule: InvalidationRule, whenDurable: @escaping @Sendable (Bool) -> Void
    ) -> UInt64 {
        var id: UInt64 = 0
        change { state in
            id = state.writes.begin(rule)
            let kept = state.writes.rules[id] ?? rule
            return Batch(
                number: state.latest, rules: [], begun: [(id, kept)], whenDurable: whenDurable)
        }
        return id
    }

    /// Says what became of a write.
    ///
    /// - Parameters:
    ///   - rules: what it touched, in force from now on; none if it changed nothing.
    ///   - again: its server may not be done yet: what it touched is stale once more after
    ///     `repeatDelay`, also if the edge is started anew meanwhile.
    ///   - mayTakeLong: and again at intervals that double, up to an hour.
    ///   - job: that does it, until it is done; see ``awaiting(_:)``.
    @discardableResult
    func endWrite(
        _ id: UInt64, _ rules: [InvalidationRule], again: InvalidationRule? = nil,
        mayTakeLong: Bool = false, job: AwaitedJob? = nil, isRepeated: Bool = false,
        whenDurable: (@Sendable (Bool) -> Void)? = nil
    ) -> (number: UInt64, before: UInt64) {
        let result = change { state in
            if !rules.isEmpty { take(rules, &state, isRepeated: isRepeated) }
            var batch = Batch(number: state.latest, rules: rules, whenDurable: whenDurable)
            if let again {
                batch.ended = state.writes.keep(id, again, job: job)
                batch.begun = [(id, state.writes.rules[id] ?? again)]
            } else {
                state.writes.end(id)
                batch.ended = [id]
            }
            jobs.store(state.writes.jobs.count, ordering: .relaxed)
            return batch
        }
        if again != nil { repeatLater(id, mayTakeLong: mayTakeLong) }
        return result
    }

    /// Whether a job is under way whose end could be learned. One look at a counter.
    var awaitsJobs: Bool { jobs.load(ordering: .relaxed) > 0 }

    /// The writes that wait for jobs of a name, each of another member.
    func awaiting(_ job: String) -> [(id: UInt64, job: AwaitedJob, rule: InvalidationRule)] {
        state.withLock { $0.writes.awaiting(job) }
    }

    private func repeatLater(_ id: UInt64, mayTakeLong: Bool = false) {
        let now = clock()
        let delay = state.withLock { state in
            state.writes.wait(for: id, mayTakeLong: mayTakeLong, from: now)
        }
        queue?.asyncAfter(deadline: .now() + .milliseconds(Int(delay))) { [weak self] in
            self?.repeatWrite(id)
        }
    }

    private func repeatWrite(_ id: UInt64) {
        let found = state.withLock { state in
            state.writes.rules[id].map { (rule: $0, goesOn: state.writes.mayGoOn(id)) }
        }
        guard let (rule, goesOn) = found else { return }
        repeated.add(1, ordering: .relaxed)
        endWrite(id, [rule], again: goesOn ? rule : nil, mayTakeLong: goesOn, isRepeated: true)
    }

    /// Whether one of the rules behind `known`, up to `last`, matches what a canonical key names,
    /// or may: one that reaches a tag.
    func matches(_ canonical: [UInt8], after known: UInt64, upTo last: UInt64) -> Bool {
        guard known < last else { return false }
        return state.withLock { state in
            var index = InvalidationIndex()
            index.reading = state.reading
            for (number, rule) in state.journal[state.journal.firstIndexBehind(known)...]
            where number <= last { index.insert(rule, number: number) }
            return unsafe index.latestTag > 0 || index.numbers(of: canonical.span.bytes).highest > 0
        }
    }

    /// All rules that are not retired, in the order of their numbers, and how they are read.
    var inForce: (journal: [(number: UInt64, rule: InvalidationRule)], reading: ScopeReading) {
        state.withLock { ($0.journal, $0.reading) }
    }

    /// Brings an index up to date.
    func update(_ index: inout InvalidationIndex) {
        state.withLock { state in
            index.reading = state.reading
            if state.retired > index.horizon { index.retire(upTo: state.retired) }
            let first = state.journal.firstIndexBehind(index.latest)
            for (number, rule) in state.journal[first...] { index.insert(rule, number: number) }
            index.note(latest: state.latest)
        }
    }

    /// An index that knows all rules in force.
    func makeIndex() -> InvalidationIndex {
        state.withLock { state in
            var index = InvalidationIndex(latest: state.retired, horizon: state.retired)
            index.reading = state.reading
            for (number, rule) in state.journal { index.insert(rule, number: number) }
            index.note(latest: state.latest)
            return index
        }
    }

    /// Nothing stored that rules up to this number match is older than they are.
    func retire(upTo number: UInt64) {
        state.withLock { state in
            state.retired = max(state.retired, number)
            state.journal.removeFirst(state.journal.firstIndexBehind(number))
        }
        do {
            try log.withLock { box throws(LMDBError) in try box.retire(upTo: number) }
        } catch {
            events(StoreEvent(.warning, "invalidations cannot be retired on disk: \(error)"))
        }
    }

    /// The latest that is on disk with all before it, unless that failed.
    package var latestWritten: UInt64 {
        state.withLock { state in
            // What only notes a write has no number of its own.
            let first = state.waiting.first { !$0.rules.isEmpty }
            return first.map { $0.number - 1 } ?? state.latest
        }
    }

    /// Rules in force.
    public var count: Int { state.withLock { $0.journal.count } }

    // MARK: writing

    /// Writes what waits; for stores opened with `stepping`. Returns whether there was anything.
    func step() -> Bool {
        let now = clock()
        for id in state.withLock({ $0.writes.dueIDs(at: now) }) { repeatWrite(id) }
        guard state.withLock({ !$0.waiting.isEmpty }) else { return false }
        write()
        return true
    }

    /// All that waits in one commit, again until nothing does.
    private func write() {
        while true {
            let batches = state.withLock { state in
                defer { state.waiting = [] }
                state.isWriting = !state.waiting.isEmpty
                return state.waiting
            }
            if batches.isEmpty { return }
            let isDurable = persist(batches)
            for batch in batches { batch.whenDurable?(isDurable) }
        }
    }

    private func persist(_ batches: [Batch]) -> Bool {
        do throws(LMDBError) {
            let (isOpen, isCollapsed) = try log.withLock { box throws(LMDBError) in
                (box.isOpen, try box.append(batches))
            }
            // In force is what the log says.
            if isCollapsed { invalidate([.everything]) }
            return isOpen
        } catch {
            return log.withLock({ $0.isLost(by: error) }) ? beginAnew(error) : refuse(error)
        }
    }

    /// What is in force cannot be told from the log any more: everything is, and that is kept.
    private func beginAnew(_ error: LMDBError) -> Bool {
        do {
            // Where there can be none, what is in force stays as it is, and this is tried again.
            try log.withLock { box throws(LMDBError) in try box.reopen() }
            let (number, pending) = state.withLock { state in
                take([.everything], &state)
                unsafe latestCell.memory.pointee.store(state.latest, ordering: .releasing)
                return (state.latest, state.writes.rules.map { (id: $0.key, rule: $0.value) })
            }
            try log.withLock { box throws(LMDBError) in try box.fill(number, pending) }
        } catch { return refuse(error) }
        events(
            StoreEvent(
                .error,
                "the invalidation log is begun anew, so that everything stored is stale: \(error)"))
        return true
    }

    private func refuse(_ error: LMDBError) -> Bool {
        events(
            StoreEvent(.error, "invalidations are in force but cannot be kept: \(error)"))
        return false
    }

    /// Whatever damage shows in the log from now on is told from the store's.
    func beWatched(in directory: StoreDirectory) {
        log.withLock { $0.beWatched(in: directory) }
    }

    /// Writes what waits and takes no part any more.
    func close() {
        if let queue { queue.sync {} }
        write()
        log.withLock { $0.close() }
    }
}

extension [(number: UInt64, rule: InvalidationRule)] {
    /// The first rule with a higher number.
    fileprivate func firstIndexBehind(_ number: UInt64) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].number <= number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
