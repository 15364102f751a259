import Caching
import LMDB

extension StoreWriter {
    private static var chunksPerTransaction: Int { 256 }

    /// Stores a body larger than a batch: its chunks in several transactions, the record with the
    /// last ones. Until then the object is on the list of those to be deleted.
    mutating func storeLarge(
        _ object: PendingObject, _ operation: Operation, _ file: StoreFile
    ) throws(LMDBError) {
        guard case .segments(let segments) = object.put.body else { return }
        let put = object.put
        var body = NewBody(segments: segments, length: object.length, checksum: segments.checksum)
        let plan = EntryRecord.plan(
            keyLength: put.canonicalKey.count, headersLength: put.headers.count,
            bodyLength: put.header.bodyLength)
        if plan.headersInChunks { body.headers = put.headers }
        if try shareLarge(put, plan, body, operation, file) { return }
        if try giveUpLarge(object, body, operation, file) { return }
        let objectID = takeObjectID()
        var isBegun = false
        do {
            var next = 0
            while body.chunks - next > Self.chunksPerTransaction {
                try writePart(body, objectID, from: next, file)
                isBegun = true
                next += Self.chunksPerTransaction
            }
            try finishLarge(put, plan, body, objectID, from: next, operation, file)
        } catch {
            if isBegun {
                ready.append(Orphan(objectID: objectID, pages: body.chunks))
                doomedPages += body.chunks
            }
            throw error
        }
        taken += 1
    }

    /// A body with the same bytes is stored already: only the record is written.
    private mutating func shareLarge(
        _ put: StorePut, _ plan: EntryRecord.Plan, _ body: NewBody, _ operation: Operation,
        _ file: StoreFile
    ) throws(LMDBError) -> Bool {
        var changes = Changes()
        var transaction = try WriteTransaction(file.environment)
        guard let objectID = try share(equalTo: body, file, &transaction, &changes) else {
            return false
        }
        try writeLarge(put, plan, body, objectID, pages: 1, file, &transaction, &changes)
        changes.done.append(operation)
        try commit(file, &changes, transaction)
        core.counters.add(.stored)
        taken += 1
        takeOver(changes)
        return true
    }

    /// The record of a large body, in place of the former one.
    private mutating func writeLarge(
        _ put: StorePut, _ plan: EntryRecord.Plan, _ body: NewBody, _ objectID: UInt64, pages: Int,
        _ file: StoreFile, _ transaction: inout WriteTransaction, _ changes: inout Changes
    ) throws(LMDBError) {
        let former = try former(put.key, file, transaction)
        var header = put.header
        header.objectID = objectID
        header.bodyChecksum = body.checksum
        try write(header, put, [], plan, file, &transaction, &changes)
        if let former, former.hasChunks {
            try drop(former.header.objectID, file, &transaction, &changes)
        }
        if former == nil {
            changes.entered.append(WatchedEntry(header, put.key, pages: pages))
        } else {
            changes.renewed.append(put.key)
        }
    }

    /// Too large for the room there is: the entry goes, as what is there is older.
    private mutating func giveUpLarge(
        _ object: PendingObject, _ body: NewBody, _ operation: Operation, _ file: StoreFile
    ) throws(LMDBError) -> Bool {
        let room = pages(percent: core.settings.refusalStart) - space.usedPages
        guard space.isMeasured, body.chunks + body.chunks / 64 + 16 > room else { return false }
        core.counters.add(.refusedFull)
        var changes = Changes()
        var transaction = try WriteTransaction(file.environment)
        _ = try delete(object.key, file, &transaction, &changes)
        changes.done.append(operation)
        try commit(file, &changes, transaction)
        taken += 1
        takeOver(changes)
        return true
    }

    private mutating func writePart(
        _ body: NewBody, _ objectID: UInt64, from first: Int, _ file: StoreFile
    ) throws(LMDBError) {
        var changes = Changes()
        var transaction = try WriteTransaction(file.environment)
        if first == 0 { _ = unsafe try transaction.reserve(Key(objectID), 0, in: file.pending) }
        try append(
            body, to: objectID, from: first, limit: Self.chunksPerTransaction, file, &transaction,
            &changes)
        try commit(file, &changes, transaction)
        takeOver(changes)
    }

    /// The last chunks, the head and the record, in one transaction.
    private mutating func finishLarge(
        _ put: StorePut, _ plan: EntryRecord.Plan, _ body: NewBody, _ objectID: UInt64,
        from first: Int, _ operation: Operation, _ file: StoreFile
    ) throws(LMDBError) {
        var changes = Changes()
        var transaction = try WriteTransaction(file.environment)
        try append(
            body, to: objectID, from: first, limit: body.chunks, file, &transaction, &changes)
        let key = ObjectKeys.body(checksum: body.checksum, length: body.length, seed: core.seed)
        let isTaken = unsafe try transaction.get(key, in: file.bodies) != nil
        let head = body.head(isRegistered: !isTaken)
        try self.put(head, objectID, file, &transaction, &changes)
        try register(body, key, objectID, isRegistered: head.isRegistered, file, &transaction)
        try transaction.delete(Key(objectID), in: file.pending)
        try writeLarge(
            put, plan, body, objectID, pages: body.chunks, file, &transaction, &changes)
        changes.done.append(operation)
        try commit(file, &changes, transaction)
        core.counters.add(.stored)
        takeOver(changes)
    }
}
