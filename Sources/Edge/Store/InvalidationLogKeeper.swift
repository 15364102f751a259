import Caching
import LMDB

/// The log, or that there is none: then nothing is durable, and nothing is acknowledged.
struct InvalidationLogKeeper: ~Copyable {
    /// What was found in a directory when it was opened.
    struct Found {
        var latest: UInt64 = 0
        var retired: UInt64 = 0
        var rules: [(number: UInt64, rule: InvalidationRule)] = []
        var pending: [(id: UInt64, rule: InvalidationRule)] = []
        var isNew = true

        /// Whether rules are forgotten that a store may still need, one that has deleted what they
        /// match up to this number: an older state of it came back. What is younger than them all
        /// and reaches everything stands for them.
        func hasForgotten(what swept: UInt64?) -> Bool {
            swept.map { $0 < retired } ?? false && !rules.contains { $0.rule == .everything }
        }
    }

    /// Failures in a row that may come of a broken page as well as of the machine's state.
    private static let refusalLimit = 3

    private let directory: String
    private let events: @Sendable (StoreEvent) -> Void
    private var log: InvalidationLog? = nil
    /// Where damage that ends the process is noted, once that is to be.
    private var watcher: StoreDirectory?
    private var refusals = 0
    /// Why it is to be begun anew.
    private var lost: LMDBError?

    /// Opens the log; a damaged one is begun anew. Where there can be none it is lost, and tried
    /// again with each append.
    init(
        _ directory: String, _ found: inout Found,
        _ events: @escaping @Sendable (StoreEvent) -> Void
    ) {
        (self.directory, self.events) = (directory, events)
        for attempt in 0..<2 {
            let isNew = !StoreDirectory.hasContents(directory + "/data.mdb")
            // What keeps the directory from being made keeps the log from it, and says so there.
            try? StoreDirectory.make(directory)
            do throws(LMDBError) {
                let log = try InvalidationLog(directory: directory, isNew: isNew, events: events)
                let (latest, retired, rules) = try log.load()
                found = Found(
                    latest: latest, retired: retired, rules: rules,
                    pending: try log.loadPending(), isNew: isNew || attempt > 0)
                self.log = consume log
                return
            } catch {
                let becomes = attempt == 0 ? "is begun anew" : "cannot be made"
                events(
                    StoreEvent(
                        .error, "the invalidation log in \"\(directory)\" \(becomes): \(error)"))
                StoreDirectory.removeDatabase(directory)
                if attempt > 0 { lost = error }
            }
        }
    }

    var isOpen: Bool { log != nil }

    /// Returns whether there was room for one rule only: everything.
    mutating func append(_ batches: [Invalidations.Batch]) throws(LMDBError) -> Bool {
        if let lost { throw lost }
        do throws(LMDBError) {
            try log?.append(batches)
            refusals = 0
            return false
        } catch {
            guard error.kind == .full else { throw error }
        }
        try collapse(batches[batches.count - 1].number)
        // Writes under way are in none of the rules that went.
        let rest = batches.map {
            Invalidations.Batch(number: $0.number, rules: [], begun: $0.begun, ended: $0.ended)
        }
        try log?.append(rest)
        return true
    }

    mutating func collapse(_ number: UInt64) throws(LMDBError) { try log?.collapse(number) }

    mutating func retire(upTo number: UInt64) throws(LMDBError) { try log?.retire(upTo: number) }

    /// Whether the log will never be written again, by what a failure says: what comes of the
    /// machine's state passes.
    mutating func isLost(by error: LMDBError) -> Bool {
        guard log != nil, lost == nil else { return lost != nil }
        refusals = error.mayBeDamage ? refusals + 1 : 0
        if error.kind == .damaged || refusals >= Self.refusalLimit { lost = error }
        return lost != nil
    }

    /// A new log in place of a lost one. It says nothing, and is lost, until it is filled.
    mutating func reopen() throws(LMDBError) {
        log = nil
        StoreDirectory.removeDatabase(directory)
        try? StoreDirectory.make(directory)
        let fresh = try InvalidationLog(directory: directory, isNew: true, events: events)
        if let watcher { fresh.beWatched(in: watcher) }
        log = consume fresh
    }

    /// Says that everything stored is stale, and which writes are under way.
    mutating func fill(
        _ number: UInt64, _ pending: [(id: UInt64, rule: InvalidationRule)]
    ) throws(LMDBError) {
        try log?.collapse(number)
        try log?.append([Invalidations.Batch(number: number, rules: [], begun: pending)])
        (lost, refusals) = (nil, 0)
    }

    /// Whatever damage shows in the log from now on is told from the store's.
    mutating func beWatched(in directory: StoreDirectory) {
        watcher = directory
        log?.beWatched(in: directory)
    }

    mutating func close() { log = nil }
}
