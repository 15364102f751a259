import Caching
import Glibc
import LMDB

/// Where the check of what is in memory stands.
///
/// A body is checked when it is read from disk to be served, and then no more: its pages are served
/// for as long as they are in memory. What happens to them there, or to those that are dropped and
/// read again while the entry is in use, nobody would see before the next start. So all entries are
/// looked at once more, again and again, a few at a time and beside the loops; a hit pays nothing.
struct Recheck {
    /// The next key to look at.
    var next = Key(high: 0, low: 0)
    /// Until the next slice.
    var pause = longestPause
    var dueAt = Milliseconds.max

    static let longestPause: Milliseconds = 10_000
    /// Half a millisecond's work in twenty.
    static let shortestPause: Milliseconds = 20
}

extension StoreWriter {
    /// Records and bytes of bodies that one slice looks at; a longer body is read at once.
    private static var recheckLength: (records: Int, bytes: Int) { (64, 1 << 20) }

    /// Looks at a slice of what is stored, if it is time. Says when to go on.
    mutating func recheckSlice(_ file: StoreFile) throws(LMDBError) -> Next {
        let now = core.settings.clock()
        // A clock that was set back puts nothing off.
        recheck.dueAt = min(recheck.dueAt, now + recheck.pause)
        guard now >= recheck.dueAt else { return .after(recheck.dueAt - now) }
        var (records, damaged, next) = try findRecords(from: recheck.next, file)
        for key in damaged { core.discard(key) }
        var (looked, bytes, isDamaged) = (damaged.count, 0, !damaged.isEmpty)
        if let slot = unsafe core.readers.take() {
            var reader = unsafe StoreReader(core, slot: slot.slot, counter: slot.counter, places: 1)
            for (key, former) in records {
                if bytes >= Self.recheckLength.bytes {
                    next = key.indexKey
                    break
                }
                looked += 1
                guard former.hasChunks, reader.isInMemory(former.header.objectID) else { continue }
                bytes += Int(former.header.bodyLength)
                // So many are looked at that a few are no sign of what the file is worth.
                let result = reader.readWhole(key, core, condemns: false)
                if case .damaged = result { isDamaged = true }
            }
        }
        core.counters.add(.rechecked, looked)
        recheck.next = next ?? Key(high: 0, low: 0)
        recheck.pause = pause(behind: looked, bytes)
        recheck.dueAt = now + recheck.pause
        if !isDamaged { return .after(recheck.pause) }
        core.log(
            StoreEvent(
                .error,
                "what is stored in \"\(core.directory.path)\" is not what was written there, "
                    + "and is deleted: look for disk errors with \"dmesg\""))
        return .now
    }

    /// Such that a round takes the time it should: half of it for the records, half for the bytes.
    private func pause(behind records: Int, _ bytes: Int) -> Milliseconds {
        let entries = Double(max(core.counters.value(.entries), 1))
        let used = Double(max(space.usedPages * Environment.pageBytes, 1))
        let share = (Double(records) / entries + Double(bytes) / used) / 2
        let pause = Milliseconds(min(share, 1) * Double(core.settings.recheckInterval))
        return min(max(pause, Recheck.shortestPause), Recheck.longestPause)
    }

    private func findRecords(
        from start: Key, _ file: StoreFile
    ) throws(LMDBError) -> (records: [(CacheKey, FormerRecord)], damaged: [CacheKey], next: Key?) {
        try reader?.renew()
        defer { reader?.reset() }
        guard let cursor = try reader?.cursor(file.index) else { return ([], [], nil) }
        var (records, damaged) = ([(CacheKey, FormerRecord)](), [CacheKey]())
        var found = unsafe try cursor.seekFrom(start)
        var order = KeyOrder(from: start)
        for _ in 0..<Self.recheckLength.records {
            guard let (key, value) = unsafe found else { break }
            try order.check(key)
            if let (header, layout) = unsafe try? EntryRecord.inspect(value.bytes) {
                records.append((CacheKey(key), FormerRecord(header: header, layout: layout)))
            } else {
                damaged.append(CacheKey(key))
            }
            unsafe found = unsafe try cursor.next()
        }
        return unsafe (records, damaged, found?.key)
    }
}

extension StoreReader {
    /// Whether the beginning of an object is in memory: what is not is checked when it is read to
    /// be served.
    fileprivate mutating func isInMemory(_ objectID: UInt64) -> Bool {
        unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: 16) { parts in
            guard let base = parts.baseAddress else { return false }
            begin()
            defer { end() }
            let found = unsafe gather(
                objectID: objectID, fromChunk: 0, skip: 0, limit: 16 * ObjectKeys.chunkBytes,
                into: base)
            return unsafe found.count > 0 && isResident(base, count: found.count)
        }
    }
}
