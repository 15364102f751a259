import Caching
import LMDB

/// How much of the map is in use: measured now and then, counted on in between.
struct SpaceEstimate {
    var mapPages = 0
    var usedPages = 0
    /// Pages taken and freed since the last measurement.
    var moved = 0
    /// Pages that the latest transaction has given back: the next one cannot take them yet.
    var freedLast = 0
    var isMeasured = false
}

extension StoreWriter {
    /// Fails if the store's faults say so.
    func reach(_ step: StoreFaults.Step, _ operation: LMDBError.Operation) throws(LMDBError) {
        if let code = core.settings.faults?.reach(step) { throw LMDBError(operation, code) }
    }

    /// Fails unless what was just written is found: a leaf whose order is broken takes what nobody
    /// finds again, and never keeps it.
    func expect(
        _ key: Key, in table: Database, _ transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        guard unsafe try transaction.get(key, in: table) != nil else {
            throw LMDBError(.put, LMDBError.corrupted)
        }
    }

    /// Writes the numbers that belong to the changes, and commits.
    mutating func commit(
        _ file: StoreFile, _ changes: inout Changes, _ transaction: consuming WriteTransaction
    ) throws(LMDBError) {
        if nextObject >= reservedObjects {
            // A block at a time, so that a commit seldom has to write it.
            let reserved = nextObject + 65_536
            try file.setNumber(StoreFile.MetaKey.nextObject, reserved, &transaction)
            changes.reservedObjects = reserved
        }
        if changes.invalidation > notedInvalidation {
            try file.setNumber(StoreFile.MetaKey.invalidation, changes.invalidation, &transaction)
        }
        // Of a new file all that was forgotten before it is deleted.
        let swept = max(changes.swept ?? 0, invalidated.horizon, notedSwept ?? 0)
        if swept != notedSwept {
            try file.setNumber(StoreFile.MetaKey.swept, swept, &transaction)
            changes.swept = swept
        }
        try reach(.commit, .commit)
        try transaction.commit()
        isFresh = false
        core.counters.add(.commits)
    }

    /// The changes are on disk: the world may know.
    mutating func takeOver(_ changes: Changes) {
        if let reserved = changes.reservedObjects { reservedObjects = reserved }
        notedInvalidation = max(notedInvalidation, changes.invalidation)
        notedSwept = changes.swept ?? notedSwept
        for entry in changes.entered { watch(entry) }
        // Whoever is forgotten here leaves at most one round too early.
        if renewed.count + changes.renewed.count > 65_536 { renewed.removeAll() }
        renewed.formUnion(changes.renewed.map(\.low))
        if !changes.orphans.isEmpty {
            doomedPages += changes.orphans.reduce(0) { $0 + $1.pages }
            groups.append(
                OrphanGroup(orphans: changes.orphans, sightings: core.readers.sightings()))
        }
        trim.written += changes.written
        doomedPages -= ready.prefix(changes.reclaimed).reduce(0) { $0 + $1.pages }
        ready.removeFirst(changes.reclaimed)
        core.counters.add(.freedPages, changes.reclaimedPages)
        core.counters.add(.evicted, changes.victims.count)
        noteVictims(changes.victims)
        space.usedPages += changes.taken - changes.freed
        space.freedLast = changes.freed
        space.moved += changes.taken + changes.freed
        core.counters.set(.usedPages, space.usedPages)
        // A full store has nothing to do until something is stored, and would stay full.
        if core.isFull { noteFullness() }
        countEntries()
        for operation in changes.done { finish(operation, isDurable: true) }
    }

    /// For the operator, after each commit; a number that cannot be read stays as it was.
    private func countEntries() {
        guard let file, (try? reader?.renew()) != nil else { return }
        defer { reader?.reset() }
        if let entries = try? reader?.count(of: file.index) { core.counters.set(.entries, entries) }
    }

    /// For whoever wants to know if what was stored a moment ago has to go already.
    private func noteVictims(_ victims: [WatchedEntry]) {
        if victims.isEmpty { return }
        let now = core.settings.expiryClock()
        let good = victims.filter { $0.expiry > now }.map { Int($0.storedAt) }.max() ?? 0
        core.counters.set(.evictedUntil, max(core.counters.value(.evictedUntil), good))
    }

    /// Nothing was changed: what was chosen to leave stays.
    mutating func undo(_ changes: Changes) {
        for entry in changes.victims { watch(entry) }
    }

    mutating func watch(_ entry: WatchedEntry) {
        usage.insert(
            objectID: entry.key.low, key: entry.key, pages: entry.pages, expiry: entry.expiry,
            renderTime: entry.renderTime)
    }

    /// The file says it all from now on.
    func finish(_ operation: Operation, isDurable: Bool) {
        core.pending.remove(operation.key, number: operation.number)
        core.queue.finish(operation)
        switch operation.work {
        case .put(let object):
            if let objectID = object.storedObject { _ = core.references.release(objectID) }
        case .delete(let deletion): deletion.whenDurable?(isDurable)
        }
    }

    /// Forgets the operations that are done.
    mutating func dropTaken() {
        if taken == waiting.count {
            waiting.removeAll(keepingCapacity: waiting.count < 4_096)
            taken = 0
        } else if taken > 1_024 {
            waiting.removeFirst(taken)
            taken = 0
        }
    }

    // MARK: space

    /// Measures the free pages when they may differ by more than a little from the estimate.
    mutating func measureIfDue() throws(LMDBError) {
        guard !space.isMeasured || space.moved > max(32, space.mapPages / 512) else { return }
        try measure()
    }

    mutating func measure() throws(LMDBError) {
        guard let file else { return }
        // A tool that was killed while it read would keep pages from being used again.
        let now = core.settings.clock()
        if now >= readerCheckAt {
            file.environment.clearDeadReaders()
            readerCheckAt = now + 60_000
        }
        try reader?.renew()
        defer { reader?.reset() }
        guard let measured = try reader?.space() else { return }
        space = SpaceEstimate(
            mapPages: measured.mapPages, usedPages: measured.usedPages,
            freedLast: space.freedLast, isMeasured: true)
        core.counters.set(.mapPages, space.mapPages)
        core.counters.set(.usedPages, space.usedPages)
        core.counters.set(.entries, try reader?.count(of: file.index) ?? 0)
        noteFullness()
    }

    private func noteFullness() {
        core.isFull = space.usedPages >= pages(percent: core.settings.refusalStart)
    }

    /// A share of what the cache may take: of the map, or of the size that was asked for, where
    /// the file from before is larger.
    func pages(percent: Int) -> Int {
        let asked = core.settings.roundedMapBytes / Environment.pageBytes
        return min(space.mapPages, asked) * percent / 100
    }
}
