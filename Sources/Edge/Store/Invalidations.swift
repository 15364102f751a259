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
    }

    private let state: Mutex<State>
    private let log: Mutex<LogBox>
    private let queue: DispatchQueue?
    private let events: @Sendable (StoreEvent) -> Void
    private let latestCell: LatestCell

    /// In memory of its own, so that a loop can look at it without its owner.
    @safe  // one cell, which its owner frees
    private struct LatestCell: @unchecked Sendable {  // an atomic; freed by its one owner
        let memory: UnsafeMutablePointer<Atomic<UInt64>>

        init(_ number: UInt64) {
            unsafe memory = .allocate(capacity: 1)
            unsafe memory.initialize(to: Atomic(number))
        }
    }

    /// A log that can be missing: then nothing is durable, and nothing is acknowledged.
    private struct LogBox: ~Copyable {
        var log: InvalidationLog?

        /// Returns whether there was room for one rule only: everything.
        mutating func append(_ batches: [Batch]) throws(LMDBError) -> Bool {
            do throws(LMDBError) {
                try log?.append(batches)
                return false
            } catch {
                guard error.kind == .full else { throw error }
            }
            try log?.collapse(batches[batches.count - 1].number)
            return true
        }
    }

    /// - Parameters:
    ///   - storeLatest: the highest number the store knows of; a log that is behind it has lost
    ///     something, and everything stored is stale.
    ///   - stepping: writes only in `step()`.
    init(
        directory: String, storeLatest: UInt64, isStoreEmpty: Bool, stepping: Bool,
        events: @escaping @Sendable (StoreEvent) -> Void
    ) {
        self.events = events
        queue = stepping ? nil : DispatchQueue(label: "mapedge.store.invalidations")
        var opened = Self.open(directory, events)
        var first = State(latest: opened.latest, retired: opened.retired)
        first.journal = opened.rules
        var log = LogBox(log: opened.log.take())
        if opened.latest < storeLatest || opened.isNew && !isStoreEmpty {
            first.latest = max(opened.latest, storeLatest) + 1
            first.journal = [(first.latest, .everything)]
            events(
                StoreEvent(
                    .warning,
                    "the invalidation log in \"\(directory)\" is missing or older than the cache: "
                        + "everything stored counts as stale"))
            do { try log.log?.collapse(first.latest) } catch {
                events(StoreEvent(.error, "the invalidation log cannot be written: \(error)"))
            }
        }
        latestCell = LatestCell(first.latest)
        state = Mutex(first)
        self.log = Mutex(log)
    }

    deinit { unsafe latestCell.memory.deallocate() }

    private struct Opened: ~Copyable {
        var log: InvalidationLog?
        var latest: UInt64 = 0
        var retired: UInt64 = 0
        var rules: [(number: UInt64, rule: InvalidationRule)] = []
        var isNew = false
    }

    /// Opens the log; a damaged one is begun anew, which makes everything stale.
    private static func open(
        _ directory: String, _ events: @Sendable (StoreEvent) -> Void
    ) -> Opened {
        for attempt in 0..<2 {
            let isNew = !StoreDirectory.exists(directory + "/data.mdb")
            do {
                try StoreDirectory.make(directory)
                let log = try InvalidationLog(directory: directory)
                let (latest, retired, rules) = try log.load()
                return Opened(
                    log: log, latest: latest, retired: retired, rules: rules,
                    isNew: isNew || attempt > 0)
            } catch {
                events(
                    StoreEvent(
                        .error, "the invalidation log in \"\(directory)\" is begun anew: \(error)"))
                StoreDirectory.removeDatabase(directory)
            }
        }
        return Opened(isNew: true)
    }

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
        let (number, before, mustWrite) = state.withLock { state in
            let before = state.latest
            state.latest += 1
            for rule in rules { state.journal.append((state.latest, rule)) }
            state.waiting.append(
                Batch(number: state.latest, rules: rules, whenDurable: whenDurable))
            unsafe latestCell.memory.pointee.store(state.latest, ordering: .releasing)
            defer { state.isWriting = true }
            return (state.latest, before, !state.isWriting)
        }
        if mustWrite { queue?.async { self.write() } }
        return (number, before)
    }

    /// Whether one of the rules behind `known`, up to `last`, matches what a canonical key names,
    /// or may: one that reaches a tag.
    func matches(_ canonical: [UInt8], after known: UInt64, upTo last: UInt64) -> Bool {
        guard known < last else { return false }
        return state.withLock { state in
            var index = InvalidationIndex()
            for (number, rule) in state.journal[state.journal.firstIndexBehind(known)...]
            where number <= last { index.insert(rule, number: number) }
            return unsafe index.latestTag > 0 || index.numbers(of: canonical.span.bytes).highest > 0
        }
    }

    /// The latest rule in force that names what is stored under a canonical key. Cold: compares
    /// rule by rule.
    func latest(naming canonical: [UInt8]) -> (number: UInt64, rule: InvalidationRule)? {
        state.withLock { $0.journal }.last { number, rule in
            var index = InvalidationIndex()
            index.insert(rule, number: number)
            return unsafe index.number(of: canonical.span.bytes) == number
        }
    }

    /// The latest rule in force that names a tag of a stored response. Cold, as above.
    ///
    /// - Parameters:
    ///   - fields: its header block.
    ///   - tagField: the field that has tags, in small letters.
    func latest(
        namingTagIn fields: [UInt8], _ tagField: [UInt8]
    ) -> (number: UInt64, rule: InvalidationRule)? {
        if tagField.isEmpty { return nil }
        return state.withLock { $0.journal }.last { number, rule in
            guard rule.reach == .tag else { return false }
            var index = InvalidationIndex()
            index.insert(rule, number: number)
            let found = unsafe fields.withUnsafeBytes {
                unsafe index.numbers(ofTagsIn: $0.bytes, field: tagField.span.bytes)
            }
            return found.highest == number
        }
    }

    /// Brings an index up to date.
    func update(_ index: inout InvalidationIndex) {
        state.withLock { state in
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
            try log.withLock { box throws(LMDBError) in try box.log?.retire(upTo: number) }
        } catch {
            events(StoreEvent(.warning, "invalidations cannot be retired on disk: \(error)"))
        }
    }

    /// The latest that is on disk with all before it, unless that failed.
    package var latestWritten: UInt64 {
        state.withLock { $0.waiting.first.map { $0.number - 1 } ?? $0.latest }
    }

    /// Rules in force.
    public var count: Int { state.withLock { $0.journal.count } }

    // MARK: writing

    /// Writes what waits; for stores opened with `stepping`. Returns whether there was anything.
    func step() -> Bool {
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
                (box.log != nil, try box.append(batches))
            }
            // In force is what the log says.
            if isCollapsed { invalidate([.everything]) }
            return isOpen
        } catch { return refuse(error) }
    }

    private func refuse(_ error: LMDBError) -> Bool {
        events(
            StoreEvent(
                .error,
                "invalidations are in force but cannot be kept: \(error); free space on the disk"))
        return false
    }

    /// Writes what waits and takes no part any more.
    func close() {
        if let queue { queue.sync {} }
        write()
        log.withLock { $0.log = nil }
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
