import Caching
import LMDB

/// Where the search for what invalidations have killed stands.
///
/// A round begins when there are rules that no round has looked for: it notes the latest number,
/// lets the writer finish what waits, and reads the whole index a slice at a time. What is written
/// meanwhile is judged when it is written. The rules up to that number are retired a good while
/// later, since a fetch that began before one of them may still be under way.
struct Sweep {
    /// The rules that this round looks for; 0 between rounds.
    var number: UInt64 = 0
    /// The next key to look at; nil while the round waits for what was queued before it.
    var next: Key?
    /// Rounds up to this number are done.
    var swept: UInt64 = 0
    /// When the next round may begin.
    var nextRoundAt: Milliseconds = 0
    /// What rounds have done, and when those rules may be forgotten.
    var retiring: [(number: UInt64, at: Milliseconds)] = []
}

extension StoreWriter {
    /// Records read in one transaction; with the pause, at most 25,000 a second.
    private static var sweepLength: Int { 512 }
    static var sweepPause: Milliseconds { 20 }
    /// What one transaction deletes at the most.
    private static var sweepDeletions: Int { 128 }

    /// Whether an invalidation matches an entry that was fetched before it.
    ///
    /// - Parameter numbers: of the rules that match it.
    private func isDead(_ header: EntryHeader, _ numbers: InvalidationIndex.Numbers) -> Bool {
        guard header.invalidation < invalidated.latest else { return false }
        // A digest does not tell what it is of.
        return header.flags.contains(.keyIsDigest) || header.invalidation < numbers.dead
    }

    func isDead(_ object: PendingObject) -> Bool {
        unsafe object.headers.withUnsafeBytes {
            unsafe isDead(
                object.header, numbers(object.header, object.canonicalKey.span.bytes, $0))
        }
    }

    /// The times of an entry of which one that is soft ended something; nil: none did, since it was
    /// fetched, or there is nothing left that could end.
    func softened(
        _ header: EntryHeader, _ numbers: InvalidationIndex.Numbers, at now: Milliseconds
    ) -> EntryTimes? {
        guard header.invalidation < invalidated.latest,
            now < max(header.times.freshUntil, header.times.swrUntil)
        else { return nil }
        var times = header.times
        if header.invalidation < numbers.stale { times.end(at: now) }
        if header.invalidation < numbers.doubtful { times.doubt(at: now) }
        return times == header.times ? nil : times
    }

    /// - Parameter fields: its header block; nil: its chunks are gone.
    func numbers(
        _ header: EntryHeader, _ canonical: RawSpan, _ fields: UnsafeRawBufferPointer?
    ) -> InvalidationIndex.Numbers {
        guard header.invalidation < invalidated.latest else {
            return InvalidationIndex.Numbers(dead: 0, stale: 0)
        }
        return unsafe header.numbers(in: invalidated, canonical, fields)
    }

    /// A round is under way.
    var isSweeping: Bool { sweep.number != 0 }

    /// Looks for dead entries, a slice at a time. Returns when to go on; nil: nothing is left.
    mutating func sweepSlice(_ file: StoreFile) throws(LMDBError) -> Milliseconds? {
        let now = core.settings.clock()
        try retire(now, file)
        guard sweep.number != 0 else {
            guard invalidated.latest > max(sweep.swept, invalidated.horizon) else {
                return sweep.retiring.first.map { max(Self.sweepPause, $0.at - now) }
            }
            if now < sweep.nextRoundAt { return sweep.nextRoundAt - now }
            sweep.number = invalidated.latest
            return Self.sweepPause
        }
        let start = sweep.next ?? Key(high: 0, low: 0)
        let (found, next) = try findInvalid(from: start, file)
        if !found.isEmpty { try settle(found, file) }
        sweep.next = next
        if next == nil {
            sweep.retiring.append((sweep.number, now + core.settings.invalidationRetention))
            sweep.swept = sweep.number
            sweep.number = 0
            sweep.nextRoundAt = now + core.settings.sweepInterval
            try retire(now, file)
        }
        return Self.sweepPause
    }

    /// Forgets rules that no fetch under way can be older than.
    private mutating func retire(_ now: Milliseconds, _ file: StoreFile) throws(LMDBError) {
        guard let last = sweep.retiring.lastIndex(where: { $0.at <= now }) else { return }
        // The last deletions may not have outlived a power cut yet, and must when the rules are
        // gone: what comes back then would be served. A file from before them is known by what it
        // does not note.
        var changes = Changes()
        changes.swept = sweep.retiring[last].number
        try commit(file, &changes, try WriteTransaction(file.environment))
        takeOver(changes)
        try reach(.synchronize, .commit)
        try file.environment.synchronize()
        invalidations.retire(upTo: sweep.retiring[last].number)
        invalidations.update(&invalidated)
        sweep.retiring.removeFirst(last + 1)
    }

    /// What a slice has found, and the rules that match it: nothing is written in between.
    private struct Invalid {
        var key: CacheKey
        var numbers: InvalidationIndex.Numbers
    }

    private func findInvalid(
        from start: Key, _ file: StoreFile
    ) throws(LMDBError) -> (found: [Invalid], next: Key?) {
        try reader?.renew()
        defer { reader?.reset() }
        guard let cursor = try reader?.cursor(file.index) else { return ([], nil) }
        let now = core.settings.clock()
        var invalid: [Invalid] = []
        var found = unsafe try cursor.seekFrom(start)
        var order = KeyOrder(from: start)
        for _ in 0..<Self.sweepLength {
            guard let (key, value) = unsafe found else { return (invalid, nil) }
            try order.check(key)
            if invalid.count == Self.sweepDeletions { return (invalid, key) }
            let record = unsafe value.bytes
            if let (header, layout) = try? EntryRecord.inspect(record) {
                let canonical = record.extracting(layout.key)
                let long = try longFields(header, layout, file)
                let numbers =
                    if let long {
                        unsafe long.withUnsafeBytes {
                            unsafe self.numbers(header, canonical, $0)
                        }
                    } else {
                        unsafe self.numbers(
                            header, canonical, fieldsAtHand(value, header, layout))
                    }
                if isDead(header, numbers) || softened(header, numbers, at: now) != nil {
                    invalid.append(Invalid(key: CacheKey(key), numbers: numbers))
                }
            }
            unsafe found = unsafe try cursor.next()
        }
        return unsafe (invalid, found?.key)
    }

    /// The header block of an entry that lies in chunks and has to be looked at.
    private func longFields(
        _ header: EntryHeader, _ layout: EntryRecord.Layout, _ file: StoreFile
    ) throws(LMDBError) -> [UInt8]? {
        guard header.mayTellMore(to: invalidated) else { return nil }
        return try reader?.longFields(header, layout, in: file)
    }

    /// Deletes what is dead, and writes down what is stale.
    private mutating func settle(
        _ invalid: [Invalid], _ file: StoreFile
    ) throws(LMDBError) {
        var changes = Changes()
        var transaction = try WriteTransaction(file.environment)
        for (key, numbers) in invalid.map({ ($0.key, $0.numbers) }) {
            // What was stored since it was found is younger.
            guard let record = unsafe try transaction.get(key.indexKey, in: file.index),
                let (header, _) = unsafe try? EntryRecord.inspect(record.bytes),
                header.invalidation < sweep.number
            else { continue }
            if isDead(header, numbers) {
                if try delete(key, file, &transaction, &changes) { core.counters.add(.swept) }
            } else if let times = softened(header, numbers, at: core.settings.clock()) {
                unsafe try soften(record, times, key, file, &transaction, &changes)
            }
        }
        try commit(file, &changes, transaction)
        takeOver(changes)
    }

    private mutating func soften(
        _ record: UnsafeRawBufferPointer, _ times: EntryTimes, _ key: CacheKey,
        _ file: StoreFile, _ transaction: inout WriteTransaction, _ changes: inout Changes
    ) throws(LMDBError) {
        let copy = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[..<record.count])
        unsafe copy.copyMemory(from: record)
        unsafe EntryRecord.patch(times: times, in: copy)
        unsafe try transaction.put(key.indexKey, UnsafeRawBufferPointer(copy), in: file.index)
        changes.isEmpty = false
        changes.written += copy.count
        // A page of the index is written anew, which frees the old one.
        changes.freed += 1
        changes.taken += 1
        core.counters.add(.softened)
    }
}
