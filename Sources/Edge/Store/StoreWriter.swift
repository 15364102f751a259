import CLinux
import Caching
import LMDB

/// The one who changes the file: takes operations in order, commits them in batches, makes room.
///
/// Confined to whoever holds the store's writer lock; each `step` is at most one batch.
@safe  // points into transactions of its own
struct StoreWriter: ~Copyable {
    /// When there is more to do.
    enum Next: Equatable {
        case idle
        case now
        case after(Milliseconds)

        func sooner(_ other: Next) -> Next {
            switch (self, other) {
            case (.idle, _): other
            case (_, .idle): self
            case (.after(let one), .after(let two)): .after(min(one, two))
            default: .now
            }
        }
    }

    let core: StoreCore
    var file: StoreFile?
    /// For scanning and measuring; reset between uses.
    var reader: ReadTransaction?
    /// Operations taken from the queue and not done; the first `taken` are.
    var waiting: [Operation] = []
    var taken = 0
    /// Orphans whose last readers may not have ended yet.
    var groups: [OrphanGroup] = []
    /// Orphans that somebody refers to.
    var held: [Orphan] = []
    /// Orphans whose chunks may be deleted; the first one perhaps in part.
    var ready: [Orphan] = []
    var usage: S3FIFO
    /// Entries confirmed or replaced since the eviction was told of them, by `CacheKey.low`.
    var renewed: Set<UInt64> = []
    var nextObject: UInt64
    /// Object ids below this need no note in the file.
    var reservedObjects: UInt64 = 0
    var space = SpaceEstimate()
    /// Pages of orphans that will be free soon: those in `groups` and `ready`.
    var doomedPages = 0
    /// Between the upper mark and the lower one.
    var isEvicting = false
    /// The last batch could not evict all that should go.
    var hasMoreToEvict = false
    /// The map was full: one operation in each transaction until all that waits is done.
    var isSingle = false
    /// Pages that are freed when the map is full; more each time it turns out not to be enough.
    var reliefPages = StoreWriter.firstRelief
    var singles = 0
    /// The disk refuses: nothing is tried before this time.
    var retryAt: Milliseconds = 0
    var retryDelay: Milliseconds = 0
    /// Failures in a row that may come of a broken page.
    var refusals = 0
    /// What they all failed with.
    var refusedCode: Int32 = 0
    /// What is left to do until a file follows one that is not to be used any more; nil: nothing.
    var succession: Succession?
    /// Nothing has been written to this file, which follows one that was set aside.
    var isFresh = false
    /// When readers of other processes are next looked after.
    var readerCheckAt: Milliseconds = 0
    var scan = IndexScan.from(Key(high: 0, low: 0))
    /// When the latest of the entries from before the start was stored, as far as they were read.
    var latestFormer: Milliseconds = 0
    let invalidations: Invalidations
    /// What kills entries, as far as this writer has been told.
    var invalidated: InvalidationIndex
    /// The highest invalidation number that the file has noted.
    var notedInvalidation: UInt64
    /// The number up to which it has noted that what was invalidated is deleted; nil: none.
    var notedSwept: UInt64?
    var sweep = Sweep()
    var recheck = Recheck()
    var trim = TrimCount()
    /// Room for a record while it is put together.
    let scratch = UnsafeMutableRawBufferPointer.allocate(
        byteCount: EntryRecord.byteLimit, alignment: 16)

    static let batchBytesMax = 1 << 20
    static let firstRelief = 16
    /// So many operations go by one in a transaction after one that did not fit.
    static let singlesMax = 64

    init(
        _ core: StoreCore, file: StoreFile?, reader: consuming ReadTransaction?, usage: S3FIFO,
        contents: StoreContents, invalidations: Invalidations, awaitsFile: Bool = false
    ) {
        if awaitsFile { succession = .makes }
        self.invalidations = invalidations
        invalidated = invalidations.makeIndex()
        (notedInvalidation, notedSwept) = (contents.invalidation, contents.swept)
        self.core = core
        self.file = file
        self.reader = reader
        self.usage = usage
        nextObject = contents.nextObject
        ready = contents.unfinished.map { Orphan(objectID: $0, pages: 1) }
        doomedPages = ready.count
    }

    deinit { unsafe scratch.deallocate() }

    /// Does one batch of what waits, and what room and order ask for.
    mutating func step() -> Next {
        core.queue.take(into: &waiting)
        if invalidated.latest != invalidations.latest { invalidations.update(&invalidated) }
        guard let file else { return withoutFile() }
        if core.isDamaged(file.generation) {
            quarantine("it was found damaged while serving")
            return .now
        }
        let now = core.settings.clock()
        if now < retryAt { return .after(retryAt - now) }
        promote()
        do {
            try measureIfDue()
            let isBusy = try work(file)
            succeed()
            if isSingle {
                singles += 1
                // The full map is behind us, and little was evicted meanwhile.
                if !isBusy || singles >= Self.singlesMax {
                    (isSingle, singles) = (false, 0)
                    reliefPages = Self.firstRelief
                }
                return .now
            }
            if isBusy { return .now }
            if try scanSlice(file) { return .now }
            let next = rest()
            let sweeps = try sweepSlice(file).map { Next.after($0) } ?? .idle
            return next.sooner(sweeps).sooner(try recheckSlice(file))
        } catch {
            return recover(error)
        }
    }

    /// One transaction, or several for a large body. Returns whether there is more to do.
    private mutating func work(_ file: StoreFile) throws(LMDBError) -> Bool {
        if taken < waiting.count, case .put(let object) = waiting[taken].work,
            object.storedObject == nil, object.length > batchBytes,
            !isDead(object)
        {
            try storeLarge(object, waiting[taken], file)
        } else {
            try batch(file)
        }
        dropTaken()
        return !waiting.isEmpty || !ready.isEmpty || hasMoreToEvict
    }

    /// Deletes what is due, carries out operations, evicts; commits.
    private mutating func batch(_ file: StoreFile) throws(LMDBError) {
        var changes = Changes()
        let first = taken
        // Each eviction says it anew: what one said of a batch that failed, or of another file, is
        // nothing to go on by.
        hasMoreToEvict = false
        do {
            var transaction = try WriteTransaction(file.environment)
            try reclaim(file, &transaction, &changes)
            if !isSingle || ready.isEmpty { try evict(file, &transaction, &changes) }
            while taken < waiting.count, hasRoomInBatch(changes) {
                let operation = waiting[taken]
                guard try carryOut(operation, file, &transaction, &changes) else { break }
                changes.done.append(operation)
                taken += 1
                if isSingle { break }
            }
            if changes.isEmpty {
                transaction.abort()
            } else {
                try commit(file, &changes, transaction)
            }
        } catch {
            taken = first
            undo(changes)
            throw error
        }
        takeOver(changes)
    }

    private func hasRoomInBatch(_ changes: Changes) -> Bool {
        let bytes = isBehind ? changes.reclaimedPages * 3_072 + 65_536 : batchBytes
        return changes.written < bytes && changes.freed < freedPagesMax
            && hasPages(changes)
    }

    /// Bytes that one transaction stores: of a small map so few that it does not get from where the
    /// eviction begins to where nothing is stored any more.
    private var batchBytes: Int {
        let share = core.settings.roundedMapBytes / 64
        return min(Self.batchBytesMax, max(65_536, share))
    }

    /// Eviction does not keep up: no more is stored than is given back, until it does.
    private var isBehind: Bool {
        let marks = core.settings.evictionStart + core.settings.refusalStart
        return space.usedPages > pages(percent: marks) / 2
            && (doomedPages > 0 || hasMoreToEvict)
    }

    /// Returns false if the operation needs transactions of its own.
    private mutating func carryOut(
        _ operation: Operation, _ file: StoreFile, _ transaction: inout WriteTransaction,
        _ changes: inout Changes
    ) throws(LMDBError) -> Bool {
        switch operation.work {
        case .put(let object):
            guard
                object.storedObject != nil || object.length <= batchBytes
                    || isDead(object)
            else { return false }
            if isDead(object) {
                // Invalidated since it was handed over: what is there is older still.
                _ = try delete(object.key, file, &transaction, &changes)
            } else {
                try store(object, file, &transaction, &changes)
            }
        case .delete(let deletion):
            if try delete(deletion.key, file, &transaction, &changes) {
                core.counters.add(.deleted)
            }
        }
        return true
    }

    private mutating func rest() -> Next {
        // Bodies that waited lie between what stays, the eviction's queues: the allocator keeps all
        // of it until it is told to look for whole pages.
        if trim.isDue() { _ = malloc_trim(0) }
        // Somebody still reads what was deleted: look again, without hurry.
        return groups.isEmpty ? .idle : .after(10)
    }
}

/// When memory that the writer has done with is given back to the system.
struct TrimCount {
    /// After so many bytes what waited for the disk has left enough behind to be worth the search.
    static let bytes = 64 << 20
    /// Bytes written since it was given back last.
    var written = 0

    /// Whether it is time; if so, it is counted anew from here.
    mutating func isDue() -> Bool {
        guard written >= Self.bytes else { return false }
        written = 0
        return true
    }
}
