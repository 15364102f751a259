import Caching
import LMDB

extension StoreWriter {
    /// What the index says under a key before it is changed.
    struct FormerRecord {
        var header: EntryHeader
        var layout: EntryRecord.Layout

        /// Whether there are chunks that belong to it.
        var hasChunks: Bool {
            header.flags.contains(.headersInChunks)
                || layout.inlineBody.isEmpty && header.bodyLength > 0
        }

        /// Chunks of its header block.
        var headerChunks: Int {
            header.flags.contains(.headersInChunks)
                ? ObjectKeys.chunkCount(layout.headersLength) : 0
        }
    }

    /// A record that cannot be read counts as none; what chunks it had stay until the file is
    /// begun anew.
    func former(
        _ key: CacheKey, _ file: StoreFile, _ transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> FormerRecord? {
        guard let bytes = unsafe try transaction.get(key.indexKey, in: file.index),
            let (header, layout) = unsafe try? EntryRecord.inspect(bytes.bytes)
        else { return nil }
        return FormerRecord(header: header, layout: layout)
    }

    /// Stores an object in this transaction.
    mutating func store(
        _ object: PendingObject, _ file: StoreFile, _ transaction: inout WriteTransaction,
        _ changes: inout Changes
    ) throws(LMDBError) {
        let former = try former(object.key, file, transaction)
        if hasNoRoom(for: object, changes) {
            // What is there is older than what was seen, so it goes although nothing comes.
            core.counters.add(.refusedFull)
            _ = try delete(object.key, file, &transaction, &changes)
            return
        }
        switch object.put.body {
        case .segments(let segments):
            try store(object.put, segments, replacing: former, file, &transaction, &changes)
            core.counters.add(.stored)
        case .stored(let objectID, _):
            try refresh(object.put, objectID, former, file, &transaction, &changes)
        }
    }

    private func hasNoRoom(for object: PendingObject, _ changes: Changes) -> Bool {
        guard space.isMeasured else { return false }
        let needed = object.cost / Environment.pageBytes + 4
        return space.usedPages + changes.taken - changes.freed + needed
            >= pages(percent: core.settings.refusalStart)
    }

    private mutating func store(
        _ put: StorePut, _ segments: [StoreSegment], replacing former: FormerRecord?,
        _ file: StoreFile, _ transaction: inout WriteTransaction, _ changes: inout Changes
    ) throws(LMDBError) {
        let plan = EntryRecord.plan(
            keyLength: put.canonicalKey.count, headersLength: put.headers.count,
            bodyLength: put.header.bodyLength)
        var header = put.header
        header.bodyChecksum = segments.checksum
        var pages = 1
        if plan.bodyInline {
            header.objectID = takeObjectID()
        } else {
            let body = NewBody(
                segments: segments, length: Int(header.bodyLength), checksum: header.bodyChecksum,
                headers: plan.headersInChunks ? put.headers : nil)
            let placed = try place(body, file, &transaction, &changes)
            header.objectID = placed.objectID
            pages += placed.pages
        }
        try write(header, put, segments, plan, file, &transaction, &changes)
        if let former, former.hasChunks {
            try drop(former.header.objectID, file, &transaction, &changes)
        }
        if former == nil {
            changes.entered.append(WatchedEntry(header, put.key, pages: pages))
        } else {
            changes.renewed.append(put.key)
        }
    }

    /// Puts the record together and into the index.
    mutating func write(
        _ header: EntryHeader, _ put: StorePut, _ segments: [StoreSegment],
        _ plan: EntryRecord.Plan,
        _ file: StoreFile, _ transaction: inout WriteTransaction, _ changes: inout Changes
    ) throws(LMDBError) {
        var inline = [UInt8](repeating: 0, count: plan.bodyInline ? put.body.length : 0)
        var cursor = SegmentCursor(segments)
        unsafe inline.withUnsafeMutableBytes { unsafe cursor.copy(to: $0) }
        let length = unsafe EntryRecord.encode(
            header, key: put.canonicalKey.span.bytes, seed: core.seed,
            headers: put.headers.span.bytes, body: inline.span.bytes, into: scratch)
        guard let length else { preconditionFailure("a record is never longer than its limit") }
        try reach(.put, .put)
        let times = unsafe put.headers.withUnsafeBytes {
            unsafe softened(
                header, numbers(header, put.canonicalKey.span.bytes, $0),
                at: core.settings.clock())
        }
        if let times {
            // Invalidated since it was fetched: the rule may be forgotten before anybody asks.
            unsafe EntryRecord.patch(
                times: times, in: UnsafeMutableRawBufferPointer(rebasing: scratch[..<length]))
        }
        let record = unsafe UnsafeRawBufferPointer(rebasing: scratch[..<length])
        unsafe try transaction.put(put.key.indexKey, record, in: file.index)
        try expect(put.key.indexKey, in: file.index, transaction)
        changes.isEmpty = false
        changes.invalidation = max(changes.invalidation, header.invalidation)
        changes.written += length
        // The pages of index and body table are written anew, which frees the old ones.
        changes.freed += 2
        changes.taken += 2
    }

    /// Rewrites the record of an entry whose body stays.
    private mutating func refresh(
        _ put: StorePut, _ objectID: UInt64, _ former: FormerRecord?, _ file: StoreFile,
        _ transaction: inout WriteTransaction, _ changes: inout Changes
    ) throws(LMDBError) {
        guard let former, former.header.objectID == objectID, former.hasChunks,
            former.header.bodyLength == put.header.bodyLength
        else {
            // Evicted, or replaced by something newer.
            core.counters.add(.droppedGone)
            return
        }
        core.counters.add(.refreshed)
        let plan = EntryRecord.plan(
            keyLength: put.canonicalKey.count, headersLength: put.headers.count,
            bodyLength: put.header.bodyLength)
        if plan.bodyInline || plan.headersInChunks || former.headerChunks > 0 {
            // Where fields and body lie changes, so the body is written anew.
            let body = try readBody(objectID, former, file, transaction)
            try store(
                put, [StoreSegment(copying: body)], replacing: former, file, &transaction, &changes)
            return
        }
        var header = put.header
        header.objectID = objectID
        header.bodyChecksum = former.header.bodyChecksum
        try write(header, put, [], plan, file, &transaction, &changes)
        changes.renewed.append(put.key)
    }

    private func readBody(
        _ objectID: UInt64, _ former: FormerRecord, _ file: StoreFile,
        _ transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(Int(former.header.bodyLength))
        var chunk = former.headerChunks
        while body.count < former.header.bodyLength {
            let key = Key(ObjectKeys.chunk(objectID, chunk))
            guard let bytes = unsafe try transaction.get(key, in: file.chunks),
                unsafe !bytes.isEmpty
            else {
                throw LMDBError(.get, LMDBError.corrupted)
            }
            unsafe body.append(contentsOf: bytes)
            chunk += 1
        }
        return body
    }

    mutating func takeObjectID() -> UInt64 {
        precondition(nextObject < ObjectKeys.limit, "all object ids have been given")
        defer { nextObject += 1 }
        return nextObject
    }
}

extension WatchedEntry {
    init(_ header: EntryHeader, _ key: CacheKey, pages: Int) {
        self.key = key
        self.pages = pages
        expiry = header.times.usefulUntil
        renderTime = Milliseconds(header.renderTime)
        storedAt = header.times.storedAt
    }
}

extension [StoreSegment] {
    /// CRC-32C of all bytes in order.
    var checksum: UInt32 {
        var checksum = Checksum()
        for segment in self { unsafe checksum.update(segment.bytes.bytes) }
        return checksum.value
    }
}
