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
        try readDoomed(transaction)
        try readIndex(transaction)
        try readBodies(transaction)
        if isQuiet { found.missingBodies += named.count }
        return found
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
        _ = unsafe try file.readIndex(slice: Self.sliceLength, transaction) { unsafe note($0) }
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
        if doomed.contains(objectID) { return }
        found.bodies += 1
        guard let head else {
            // While somebody writes, a large body has no head yet.
            if isQuiet { found.damagedBodies += 1 }
            return
        }
        var checksum = Checksum()
        var length: UInt64 = 0
        var number = objectID << 24 + 1
        while let chunk = unsafe try cursor.next(expecting: number) {
            unsafe checksum.update(chunk.bytes)
            length += UInt64(chunk.count)
            number += 1
        }
        found.bodyBytes += length
        if length != head.length || checksum.value != head.checksum { found.damagedBodies += 1 }
        if isQuiet, head.references != count ?? 0 { found.miscounted += 1 }
    }
}
