import Synchronization

/// What the store counts, each with the words that explain it to an operator.
public enum StoreCounter: Int, CaseIterable, Sendable {
    case stored, shared, refreshed, deleted, evicted, refusedFull, refusedBacklog, refusedMode
    case droppedGone, commits, failedCommits, freedPages, deferred, corrupt, missingChunks
    case quarantines, faultIns, scanned, rechecked, swept, softened, writesRepeated
    case backlogBytes, usedPages, mapPages, entries, heldObjects, evictedUntil
    case writesOpen, writesRepeating, absent

    /// Goes up and down, and is not a running total.
    public var isGauge: Bool { rawValue >= StoreCounter.backlogBytes.rawValue }

    /// The metric's name, without prefix.
    public var name: String {
        switch self {
        case .stored: "store_stored"
        case .shared: "store_shared_bodies"
        case .refreshed: "store_refreshed"
        case .deleted: "store_deleted"
        case .evicted: "store_evicted"
        case .refusedFull: "store_refused_full"
        case .refusedBacklog: "store_refused_backlog"
        case .refusedMode: "store_refused_mode"
        case .droppedGone: "store_dropped_gone"
        case .commits: "store_commits"
        case .failedCommits: "store_failed_commits"
        case .freedPages: "store_freed_pages"
        case .deferred: "store_deferred_deletions"
        case .corrupt: "store_corrupt_records"
        case .missingChunks: "store_missing_chunks"
        case .quarantines: "store_quarantines"
        case .faultIns: "store_fault_ins"
        case .scanned: "store_scanned_records"
        case .rechecked: "store_rechecked_records"
        case .swept: "store_swept_entries"
        case .softened: "store_softened_entries"
        case .writesRepeated: "writes_repeated"
        case .writesOpen: "writes_open"
        case .writesRepeating: "writes_repeating"
        case .backlogBytes: "store_backlog_bytes"
        case .usedPages: "store_used_pages"
        case .mapPages: "store_map_pages"
        case .entries: "store_entries"
        case .heldObjects: "store_held_objects"
        case .evictedUntil: "store_evicted_until_milliseconds"
        case .absent: "store_absent"
        }
    }

    /// The metric's help text.
    public var help: String {
        switch self {
        case .stored: "responses written to the store"
        case .shared: "responses whose body was stored already and is shared"
        case .refreshed: "records rewritten after the origin confirmed them"
        case .deleted: "entries deleted because a write named them, or because they were damaged"
        case .evicted: "entries evicted to make room"
        case .refusedFull: "responses not stored: the store was full"
        case .refusedBacklog: "responses not stored: too many bytes waited for the writer"
        case .refusedMode: "responses not stored: the store is off"
        case .droppedGone: "refreshed records dropped: the body had been evicted meanwhile"
        case .commits: "transactions committed"
        case .failedCommits: "transactions that the disk or a full map undid"
        case .freedPages: "pages of deleted bodies given back"
        case .deferred: "deletions of bodies put off because a viewer still read them"
        case .corrupt: "stored entries that failed verification and were deleted"
        case .missingChunks: "bodies that ended early because a chunk was missing; must stay 0"
        case .quarantines: "times the store was set aside as damaged and begun anew"
        case .faultIns: "entries read from disk aside before they were served"
        case .scanned: "records seen by the scan that follows a start"
        case .rechecked: "records seen by the check of what is in memory; all of them in an hour"
        case .swept: "dead entries deleted after an invalidation"
        case .softened: "entries written down as stale after a soft invalidation"
        case .writesRepeated: "scopes of writes that were put in force once more"
        case .writesOpen: "writes that were logged, and of which is not known what became of them"
        case .writesRepeating: "scopes of writes that will be put in force once more"
        case .backlogBytes: "bytes waiting for the writer; over cache.backlog nothing is taken"
        case .usedPages: "pages of 4,096 bytes that hold something"
        case .mapPages: "pages of 4,096 bytes in the whole map"
        case .entries: "entries in the index"
        case .heldObjects: "deleted bodies that viewers still read"
        case .evictedUntil:
            "when the youngest entry was stored that was evicted while it was good; since 1970"
        case .absent: "1 while there is no store: nothing is kept, and nothing found"
        }
    }
}

/// The store's counters; any thread may add and read.
@safe  // indexed by cases; never freed
public final class StoreCounters: @unchecked Sendable {  // the memory is atomics
    private let slots: UnsafeMutablePointer<Atomic<Int>>

    init() {
        unsafe slots = .allocate(capacity: StoreCounter.allCases.count)
        for index in 0..<StoreCounter.allCases.count {
            unsafe (slots + index).initialize(to: Atomic(0))
        }
    }

    deinit { unsafe slots.deallocate() }

    func add(_ counter: StoreCounter, _ amount: Int = 1) {
        unsafe slots[counter.rawValue].add(amount, ordering: .relaxed)
    }

    func set(_ counter: StoreCounter, _ value: Int) {
        unsafe slots[counter.rawValue].store(value, ordering: .relaxed)
    }

    public func value(_ counter: StoreCounter) -> Int {
        unsafe slots[counter.rawValue].load(ordering: .relaxed)
    }
}
