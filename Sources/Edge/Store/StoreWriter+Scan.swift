import Caching
import LMDB

/// How far the index has been read since the start.
enum IndexScan {
    /// Entries from this key on have not been seen.
    case from(Key)
    case done
}

extension StoreWriter {
    private static var sliceLength: Int { 512 }

    /// Reads a slice of the index, so that eviction learns of entries from before the start and
    /// their pages come into memory. Returns whether there is more to read.
    mutating func scanSlice(_ file: StoreFile) throws(LMDBError) -> Bool {
        guard case .from(let start) = scan else { return false }
        try reader?.renew()
        defer { reader?.reset() }
        var entries: [WatchedEntry] = []
        var damaged: [CacheKey] = []
        var latest = latestFormer
        scan = try readSlice(from: start, file, &entries, &damaged, &latest)
        latestFormer = latest
        core.counters.add(.scanned, entries.count)
        for entry in entries { watch(entry) }
        for key in damaged { core.discard(key) }
        if case .done = scan {
            tellOfFuture()
            // It can be read: an end from here on, by whatever kills processes, is not its doing.
            core.directory.unmark(core.directory.starting)
            // Once more, as the eviction knows now of what may have to go.
            return !damaged.isEmpty || !entries.isEmpty
        }
        return true
    }

    /// A clock that stood further on when they were stored makes entries younger than they are.
    private func tellOfFuture() {
        let ahead = (latestFormer - core.settings.expiryClock()) / 1_000
        guard ahead > 0 else { return }
        core.log(
            StoreEvent(
                .warning,
                "the clock is \(ahead) s behind the latest entry of the cache, so that what is "
                    + "stored seems younger than it is; move the clock on, or use another --cache"))
    }

    private func readSlice(
        from start: Key, _ file: StoreFile, _ entries: inout [WatchedEntry],
        _ damaged: inout [CacheKey], _ latest: inout Milliseconds
    ) throws(LMDBError) -> IndexScan {
        guard let cursor = try reader?.cursor(file.index) else { return .done }
        var found = unsafe try cursor.seekFrom(start)
        var order = KeyOrder(from: start)
        for _ in 0..<Self.sliceLength {
            guard let (key, value) = unsafe found else { return .done }
            try order.check(key)
            let cacheKey = CacheKey(key)
            if let (header, layout) = unsafe try? EntryRecord.inspect(value.bytes) {
                // Those written since the start are known already.
                if !core.vouched.isOwn(header.objectID) {
                    latest = max(latest, header.times.storedAt)
                    let former = FormerRecord(header: header, layout: layout)
                    let chunks =
                        former.hasChunks
                        ? former.headerChunks + ObjectKeys.chunkCount(Int(header.bodyLength)) : 0
                    entries.append(WatchedEntry(header, cacheKey, pages: chunks + 1))
                }
            } else {
                damaged.append(cacheKey)
            }
            unsafe found = unsafe try cursor.next()
        }
        guard let (key, _) = unsafe found else { return .done }
        return .from(key)
    }
}
