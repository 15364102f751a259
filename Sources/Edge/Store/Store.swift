public import Caching
import Dispatch
import LMDB
import Synchronization
import Tiles

/// The persistent cache: what was stored is found by every loop from its last byte on, survives
/// restarts, and may be lost but never wrong.
///
/// Callers hand over responses (`enqueue`) and deletions; one writer commits them in batches.
/// Loops read through a `StoreReader` each.
public final class Store: Sendable {
    package let core: StoreCore
    private let writer: Mutex<StoreWriter>
    private let faultIns: FaultInQueue
    private let lock: Mutex<DirectoryLock?>
    private let schedule: WriterSchedule?
    /// Nothing is done but by `step()`.
    var isStepping: Bool { schedule == nil }
    /// What was invalidated; new ones go there.
    public let invalidations: Invalidations

    /// Opens the cache directory, creating what is missing; damaged files are set aside.
    ///
    /// Takes no longer with a full cache than with an empty one.
    ///
    /// - Parameters:
    ///   - stepping: no thread of its own: nothing is written or read aside but by `step()`.
    ///   - log: told of what an operator should know, from any thread.
    public static func open(
        _ settings: StoreSettings, stepping: Bool = false,
        log: @escaping @Sendable (StoreEvent) -> Void = { _ in }
    ) throws(StoreError) -> Store {
        let opening = StoreOpening(settings: settings, isGuarded: !stepping, log: log)
        let lock: DirectoryLock
        do {
            try StoreDirectory(settings.directory).create()
            lock = try DirectoryLock(directory: settings.directory, now: settings.clock())
        } catch {
            guard error.isOfDisk else { throw error }
            return Store(settings, opening.without(error), nil, stepping: stepping, log: log)
        }
        let opened = try opening.open()
        OpenDirectories.insert(settings.directory)
        return Store(settings, opened, lock, stepping: stepping, log: log)
    }

    private init(
        _ settings: StoreSettings, _ opened: consuming sending OpenedStore,
        _ lock: consuming DirectoryLock?,
        stepping: Bool, log: @escaping @Sendable (StoreEvent) -> Void
    ) {
        let contents = opened.contents
        let usage = S3FIFO(objects: settings.roundedMapBytes / Environment.pageBytes / 2)
        let (file, awaitsFile) = (opened.file, opened.awaitsFile)
        core = StoreCore(
            settings, seed: opened.seed, file: file, ownFrom: contents.nextObject,
            isGuarded: !stepping && (file != nil || awaitsFile), touches: usage.touches, log: log)
        beganEmpty = contents.isEmpty
        if core.isGuarded { core.directory.mark(core.directory.openingLog) }
        invalidations = Invalidations(
            directory: core.directory.invalidations, storeLatest: contents.invalidation,
            storeSwept: contents.swept, isStoreEmpty: contents.isEmpty, stepping: stepping,
            repeatDelay: settings.repeatDelay, clock: settings.clock, events: log)
        writer = Mutex(
            StoreWriter(
                core, file: file, reader: opened.reader.take(), usage: usage, contents: contents,
                invalidations: invalidations, awaitsFile: awaitsFile))
        faultIns = FaultInQueue(core, stepping: stepping)
        self.lock = Mutex(lock)
        schedule = stepping ? nil : WriterSchedule(gatherTime: settings.gatherTime)
        core.directory.unmark(core.directory.openingLog)
        if core.isGuarded {
            invalidations.beWatched(in: core.directory)
            watchStart()
        }
        // The scan of what is there already, and the deletion of what was left undone.
        wake(urgently: true)
    }

    /// A process that ends before it has shown that it can live with this cache is counted.
    private func watchStart() {
        let directory = core.directory
        directory.mark(directory.starting)
        let queue = DispatchQueue.global(qos: .utility)
        queue.asyncAfter(deadline: .now() + .seconds(10)) { [weak self] in
            if self?.isOpen == true { directory.unmark(directory.starting) }
        }
        queue.asyncAfter(deadline: .now() + .seconds(60)) { [weak self] in
            if self?.isOpen == true { directory.unmark(directory.ends) }
        }
    }

    private var isOpen: Bool { lock.withLock { $0 != nil } }

    deinit { OpenDirectories.remove(core.settings.directory) }

    /// Nothing was stored when it was opened.
    public let beganEmpty: Bool

    // MARK: storing

    /// The secret of this store's keys, for `CacheKey.hash`.
    public var seed: (UInt64, UInt64) { core.seed }

    /// Hands a response over; from now on every loop finds it.
    ///
    /// - Returns: false if it is not taken: too much waits, the map is full or the store is off.
    public func enqueue(_ put: StorePut) -> Bool {
        let object = PendingObject(put)
        guard core.mode != .off else { return refuse(.refusedMode) }
        guard !core.isFull else { return refuse(.refusedFull) }
        guard core.queue.hasRoom(object.cost) else { return refuse(.refusedBacklog) }
        // Its chunks must stay until the record that names them anew is written.
        if let objectID = object.storedObject { core.references.retain(objectID) }
        guard
            core.pending.enter(
                put.key, .object(object), append: { core.queue.append(.put(object)) })
        else {
            if let objectID = object.storedObject { _ = core.references.release(objectID) }
            return refuse(.refusedMode)
        }
        wake(urgently: core.queue.backlog >= StoreWriter.batchBytesMax)
        return true
    }

    /// Share of the map, in percent, above which entries are evicted.
    public var evictionStart: Int { core.settings.evictionStart }

    /// Nothing is taken until something has been evicted.
    public var isFull: Bool { core.isFull }

    /// It is in use and not full.
    public var isTaking: Bool { core.mode != .off && !core.isFull }

    /// Whether a response with so many bytes of body would be taken now.
    public func hasRoom(for bytes: Int) -> Bool { isTaking && core.queue.hasRoom(bytes) }

    /// Makes stale what the rules match: for every loop from now on, for good once it is on disk.
    ///
    /// - Parameter whenDurable: called once, from any thread, with whether it is.
    /// - Returns: the rules' number, and the latest one before.
    @discardableResult
    public func invalidate(
        _ rules: [InvalidationRule], whenDurable: (@Sendable (Bool) -> Void)? = nil
    ) -> (number: UInt64, before: UInt64) {
        defer { wake(urgently: false) }
        return invalidations.invalidate(rules, whenDurable: whenDurable)
    }

    /// What becomes of a write that is over.
    struct WriteEnding {
        /// By which the log knows it.
        var id: UInt64
        /// What it touched; none: it changed nothing.
        var rules: [InvalidationRule]
        /// What it may touch still, behind its answer; nil: nothing.
        var again: InvalidationRule?
        /// It may take long, and nobody is told when it is over.
        var mayTakeLong = false
        /// By which it may become known all the same.
        var job: AwaitedJob?
    }

    /// The same as ``invalidate(_:whenDurable:)``, in one append with what a write touched.
    @discardableResult
    func invalidate(
        _ rules: [InvalidationRule], ending write: WriteEnding?,
        whenDurable: (@Sendable (Bool) -> Void)? = nil
    ) -> (number: UInt64, before: UInt64) {
        guard let write else { return invalidate(rules, whenDurable: whenDurable) }
        defer { wake(urgently: false) }
        return invalidations.endWrite(
            write.id, rules + write.rules, again: write.again, mayTakeLong: write.mayTakeLong,
            job: write.job, whenDurable: whenDurable)
    }

    /// Goes by other settings, for what is invalidated from now on.
    package func follow(_ settings: Settings) {
        invalidations.reading = settings.writes.reading
        invalidations.repeatDelay = settings.writes.repeatDelay
        let caches = settings.behaviors.contains { $0.maps?.hasIntegratedCache == true }
        invalidations.times.follow(caches ? { [invalidations] in invalidations.makeIndex() } : nil)
    }

    /// Deletes an entry: absent for every loop from now on.
    ///
    /// - Parameter whenDurable: called once, from any thread, with whether the deletion is on disk.
    /// - Returns: false if so much waits that it could not be taken; nothing will be called.
    @discardableResult
    public func delete(
        _ key: CacheKey, whenDurable: (@Sendable (Bool) -> Void)? = nil
    ) -> Bool {
        // Deletions may still go where responses no longer may.
        guard core.mode != .off, core.queue.hasRoom(Deletion.cost, reserve: 16 << 20) else {
            return refuse(.refusedBacklog)
        }
        let deletion = Deletion(key: key, whenDurable: whenDurable)
        guard core.pending.enter(key, .deleted, append: { core.queue.append(.delete(deletion)) })
        else { return refuse(.refusedMode) }
        wake(urgently: whenDurable != nil)
        return true
    }

    /// Deletes an entry whose record or body proved wrong, and counts it: too many condemn the
    /// file.
    public func discardDamaged(_ key: CacheKey) {
        core.discard(key)
        wake(urgently: false)
    }

    private func refuse(_ counter: StoreCounter) -> Bool {
        core.counters.add(counter)
        return false
    }

    // MARK: finding

    /// Whether anything waits for the writer. One relaxed load.
    public var hasPending: Bool {
        @inline(__always) get { core.pending.count > 0 }
    }

    /// What waits for the writer under a key; it counts for more than what a reader finds.
    ///
    /// One relaxed load while nothing waits. Ask before `StoreReader.begin()`: what is gone from
    /// here is in every snapshot begun later.
    @inline(__always)
    public func findPending(_ key: CacheKey) -> PendingLookup {
        hasPending ? core.pending.find(key) : .none
    }

    /// A loop's way into the file; nil when all of `StoreSettings.readers` are taken.
    public func makeReader() -> StoreReader? {
        unsafe core.readers.take().map {
            unsafe StoreReader(core, slot: $0.slot, counter: $0.counter)
        }
    }

    /// Keeps an object's chunks in place. Call it in the same snapshot in which it was found.
    public func retain(_ objectID: UInt64) { core.references.retain(objectID) }

    /// Lets an object's chunks go; one call for each `retain`.
    public func release(_ objectID: UInt64) {
        if core.references.release(objectID), core.hasHeld { wake(urgently: false) }
    }

    /// Reads an entry from disk aside, and checks its body, so that serving it waits for nothing.
    ///
    /// - Parameter whenReady: called once, from another thread; in stepping mode from `step()`.
    /// - Returns: false if too many wait already; nothing will be called.
    public func faultIn(
        _ key: CacheKey, whenReady: @escaping @Sendable (FaultInResult) -> Void
    ) -> Bool {
        faultIns.add(FaultIn(wish: .entry(key), whenReady: whenReady))
    }

    /// The same for bytes of an object that the caller holds, counted from its first chunk; they
    /// are not checked.
    func faultIn(
        _ bytes: Range<Int>, of objectID: UInt64,
        whenReady: @escaping @Sendable (FaultInResult) -> Void
    ) -> Bool {
        faultIns.add(FaultIn(wish: .bytes(bytes, of: objectID), whenReady: whenReady))
    }

    /// A body ended early because its next chunk is not there: counted, as it must not happen.
    public func noteMissingChunk() { core.counters.add(.missingChunks) }

    // MARK: state

    public var mode: StoreMode { core.mode }
    /// Bytes that wait for the writer.
    public var backlogBytes: Int { core.queue.backlog }

    /// The counters; the backlog's gauge is set at the time of the call.
    public var counters: StoreCounters {
        core.counters.set(.backlogBytes, core.queue.backlog)
        core.counters.set(.absent, core.mode == .off ? 1 : 0)
        let writes = invalidations.pendingWrites
        core.counters.set(.writesOpen, writes.open)
        core.counters.set(.writesRepeating, writes.repeating)
        core.counters.set(.writesRepeated, invalidations.repeated.load(ordering: .relaxed))
        return core.counters
    }

    // MARK: the writer

    /// Does one batch of what waits, on this thread. Returns whether there is more to do at once.
    ///
    /// For stores opened with `stepping`.
    @discardableResult
    public func step() -> Bool {
        let hasWritten = invalidations.step()
        let hasRead = faultIns.step() || hasWritten
        return writer.withLock { $0.step() == .now || $0.isSweeping } || hasRead
    }

    private func wake(urgently: Bool) {
        schedule?.wake(urgently: urgently) { [weak self] in self?.run() ?? .idle }
    }

    private func run() -> StoreWriter.Next { writer.withLock { $0.step() } }

    /// Writes what waits, waits for the disk, and lets the directory go. Readers find nothing
    /// from then on.
    public func close() {
        core.queue.close()
        schedule?.stop()
        writer.withLock { $0.close() }
        invalidations.close()
        if core.isGuarded {
            FaultGuard.leave(core.directory)
            core.directory.unmark(core.directory.starting)
            core.directory.unmark(core.directory.ends)
        }
        OpenDirectories.remove(core.settings.directory)
        lock.withLock { $0 = nil }
    }
}
