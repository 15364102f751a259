import Caching
import LMDB

extension StoreWriter {
    /// Makes room when the map is fuller than it should be: down to the lower mark, a part of it in
    /// each transaction.
    mutating func evict(
        _ file: StoreFile, _ transaction: inout WriteTransaction, _ changes: inout Changes
    ) throws(LMDBError) {
        let settings = core.settings
        let used = space.usedPages + changes.taken - changes.freed
        if !isEvicting, used > pages(percent: settings.evictionStart) { isEvicting = true }
        guard isEvicting else { return }
        var excess = used - doomedPages - pages(percent: settings.evictionRest)
        let most = isSingle ? 1 : freedPagesMax * 5 / 6
        while excess > 0, changes.freed < most, hasPages(changes) {
            guard let freed = try evictOne(file, &transaction, &changes) else { break }
            excess -= freed
        }
        hasMoreToEvict = excess > 0 && usage.count > 0
        if excess <= 0 || usage.count == 0 { isEvicting = false }
    }

    /// Pages that one transaction gives back. More than about 509, and LMDB's own list of them
    /// would need two pages in a row; of a small map fewer, so that the last 5 % are more.
    var freedPagesMax: Int {
        min(500, core.settings.roundedMapBytes / Environment.pageBytes / 40)
    }

    /// What a transaction frees is of use to the next but one: for what it does there must be pages
    /// that were free before. The first thing is tried whatever there is.
    func hasPages(_ changes: Changes) -> Bool {
        guard space.isMeasured, changes.taken > 0 else { return true }
        let reserve = min(64, space.mapPages / 64)
        return space.usedPages + space.freedLast + changes.taken + reserve < space.mapPages
    }

    /// Evicts the next entry; returns what that will free, nil if none is known.
    mutating func evictOne(
        _ file: StoreFile, _ transaction: inout WriteTransaction, _ changes: inout Changes
    ) throws(LMDBError) -> Int? {
        let now = core.settings.expiryClock()
        while let victim = usage.victim(now: now) {
            guard let (key, entry) = try resolve(victim, now, file, transaction) else { continue }
            changes.victims.append(entry)
            let before = changes.orphans.count
            _ = try delete(key, file, &transaction, &changes)
            return max(1, changes.orphans.dropFirst(before).reduce(0) { $0 + $1.pages })
        }
        return nil
    }

    /// The entry that the eviction means; nil if it is gone, or has become useful again.
    private mutating func resolve(
        _ victim: S3FIFO.Victim, _ now: Milliseconds, _ file: StoreFile,
        _ transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> (CacheKey, WatchedEntry)? {
        let from = Key(high: victim.key, low: 0)
        guard let found = unsafe try transaction.first(from: from, in: file.index),
            unsafe found.key.halves.high == victim.key
        else { return nil }
        let key = unsafe CacheKey(found.key)
        // A record that cannot be read may go first.
        guard let (header, _) = unsafe try? EntryRecord.inspect(found.value.bytes) else {
            return (key, WatchedEntry(key: key, pages: victim.pages, expiry: 0, renderTime: 0))
        }
        let entry = WatchedEntry(header, key, pages: victim.pages)
        // The eviction may take for expired what was confirmed or replaced since.
        if renewed.remove(key.low) != nil, entry.expiry > now, !isSingle {
            watch(entry)
            return nil
        }
        return (key, entry)
    }

    /// In a full map even a deletion may find no page to work with: one object in a transaction,
    /// until `target` pages are free. Returns whether they are.
    mutating func relieve(_ file: StoreFile, target: Int) throws(LMDBError) -> Bool {
        isSingle = true
        for _ in 0..<256 {
            try measure()
            if space.mapPages - space.usedPages >= target { return true }
            promote()
            var changes = Changes()
            do {
                var transaction = try WriteTransaction(file.environment)
                if ready.isEmpty {
                    guard try evictOne(file, &transaction, &changes) != nil else { return false }
                } else {
                    try reclaim(file, &transaction, &changes)
                }
                try commit(file, &changes, transaction)
            } catch {
                undo(changes)
                guard error.kind == .full else { throw error }
                // This object was too much; the next one may be smaller.
                continue
            }
            takeOver(changes)
        }
        return false
    }
}
