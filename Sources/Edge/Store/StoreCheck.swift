import Caching
import LMDB

/// Reads a whole database, a slice in each snapshot, and counts what is wrong.
struct StoreCheck: ~Copyable {
    private static let sliceLength = 1_000

    private let file: StoreFile
    /// Nobody writes meanwhile.
    private let isQuiet: Bool
    private var found = StoreVerification()
    /// How many records name each object.
    private var named: [UInt64: UInt32] = [:]
    /// Objects on the list of those to be deleted.
    private var doomed: Set<UInt64> = []

    init(_ file: StoreFile, isQuiet: Bool) {
        self.file = file
        self.isQuiet = isQuiet
        found.isComplete = isQuiet
    }

    mutating func run() throws(LMDBError) -> StoreVerification {
        let transaction = try ReadTransaction(file.environment)
        try note { check throws(LMDBError) in try check.readDoomed(transaction) }
        try note { check throws(LMDBError) in try check.readIndex(transaction) }
        try note { check throws(LMDBError) in try check.readBodies(transaction) }
        if isQuiet { found.missingBodies += named.count }
        return found
    }

    /// A table that is damaged is a finding; only what hinders the search is thrown.
    private mutating func note(
        _ read: (inout StoreCheck) throws(LMDBError) -> Void
    ) throws(LMDBError) {
        do { try read(&self) } catch {
            guard error.kind == .damaged else { throw error }
            found.brokenTables += 1
        }
    }

    private mutating func readDoomed(_ transaction: borrowing ReadTransaction) throws(LMDBError) {
        try transaction.renew()
        defer { transaction.reset() }
        let cursor = try transaction.cursor(file.pending)
        var entry = unsafe try cursor.first()
        while let (key, _) = unsafe entry {
            doomed.insert(key.number)
            unsafe entry = unsafe try cursor.next()
        }
    }

    private mutating func readIndex(_ transaction: borrowing ReadTransaction) throws(LMDBError) {
        _ = unsafe try file.readIndex(slice: Self.sliceLength, transaction) { unsafe note($1) }
    }

    private mutating func note(_ record: UnsafeRawBufferPointer) {
        found.entries += 1
        guard let (header, layout) = unsafe try? EntryRecord.inspect(record.bytes) else {
            found.damagedRecords += 1
            return
        }
        if StoreWriter.FormerRecord(header: header, layout: layout).hasChunks {
            named[header.objectID, default: 0] += 1
        }
    }

    private mutating func readBodies(_ transaction: borrowing ReadTransaction) throws(LMDBError) {
        var next: UInt64 = 0
        while true {
            try transaction.renew()
            defer { transaction.reset() }
            let cursor = try transaction.cursor(file.chunks)
            guard let (key, value) = unsafe try cursor.seekFrom(ObjectKeys.head(next)) else {
                return
            }
            let objectID = key.number >> 24
            guard objectID >= next else { throw LMDBError(.cursor, LMDBError.corrupted) }
            next = objectID + 1
            let isHead = key == ObjectKeys.head(objectID)
            unsafe try check(objectID, isHead ? ObjectHead(value) : nil, cursor)
        }
    }

    /// Checks one object; the cursor stands on its first entry.
    private mutating func check(
        _ objectID: UInt64, _ head: ObjectHead?, _ cursor: borrowing ReadCursor
    ) throws(LMDBError) {
        let count = named.removeValue(forKey: objectID)
        if doomed.contains(objectID) { return try checkDoomed(objectID, cursor) }
        found.bodies += 1
        guard let head else {
            // While somebody writes, a large body has no head yet.
            if isQuiet { found.damagedBodies += 1 }
            return
        }
        var checksum = Checksum()
        var length: UInt64 = 0
        var number = objectID << 24 + 1
        var isWhole = true
        while let chunk = unsafe try cursor.next(expecting: number) {
            unsafe checksum.update(chunk.bytes)
            isWhole = unsafe isWhole && file.environment.isWhole(chunk)
            length += UInt64(chunk.count)
            number += 1
        }
        found.bodyBytes += length
        if length != head.length || checksum.value != head.checksum || !isWhole {
            found.damagedBodies += 1
        }
        if isQuiet, head.references != count ?? 0 { found.miscounted += 1 }
    }

    /// Of what is to be deleted some chunks may be gone; those that are there must be fit for it.
    private mutating func checkDoomed(
        _ objectID: UInt64, _ cursor: borrowing ReadCursor
    ) throws(LMDBError) {
        var entry = unsafe try cursor.seekFrom(ObjectKeys.head(objectID))
        while let (key, value) = unsafe entry, key.number >> 24 == objectID {
            guard unsafe file.environment.isWhole(value) else {
                found.damagedBodies += 1
                return
            }
            unsafe entry = unsafe try cursor.next()
        }
    }
}
