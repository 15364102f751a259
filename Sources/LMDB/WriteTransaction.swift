import CLMDB

/// The one transaction that changes the file; others wait to begin theirs.
///
/// Ends by `commit()`, or is undone when the value ends without it. Begun, used and ended on one
/// thread. After an error of kind `.full`, `.disk` or `.damaged` only undoing it makes sense.
@safe
public struct WriteTransaction: ~Copyable {
    private let environment: Environment
    private var handle: OpaquePointer?

    /// Waits for the writer's lock.
    public init(_ environment: Environment) throws(LMDBError) {
        var begun: OpaquePointer?
        try check(unsafe mdb_txn_begin(environment.handle, nil, 0, &begun), .begin)
        self.environment = environment
        unsafe handle = begun
    }

    deinit {
        if let handle = unsafe handle { unsafe mdb_txn_abort(handle) }
    }

    private var running: OpaquePointer {
        guard let handle = unsafe handle else { preconditionFailure("the transaction has ended") }
        return unsafe handle
    }

    /// Makes the changes visible to readers that renew from now on, and durable.
    ///
    /// Waits for the disk. If it throws, nothing was changed.
    public consuming func commit() throws(LMDBError) {
        let ended = unsafe running
        unsafe handle = nil
        try check(unsafe mdb_txn_commit(ended), .commit)
        environment.coverLastPage()
    }

    /// Undoes everything.
    public consuming func abort() {
        let ended = unsafe running
        unsafe handle = nil
        unsafe mdb_txn_abort(ended)
    }

    /// The value of a key, valid until the next change in this transaction; unaligned.
    public func get(_ key: Key, in table: Database) throws(LMDBError) -> UnsafeRawBufferPointer? {
        unsafe try find(running, key, table)
    }

    /// Stores a value, replacing the key's former one.
    public mutating func put(
        _ key: Key, _ bytes: UnsafeRawBufferPointer, in table: Database
    ) throws(LMDBError) {
        let space = unsafe try reserve(key, bytes.count, in: table)
        if bytes.count > 0 { unsafe space.copyMemory(from: bytes) }
    }

    /// Makes room for a value, to be filled before the next call on this transaction.
    ///
    /// - Parameter appends: the key is greater than all others of the table, which then fills its
    ///   pages to the brim; `.misuse` (`MDB_KEYEXIST`) if it is not.
    public mutating func reserve(
        _ key: Key, _ count: Int, in table: Database, appends: Bool = false
    ) throws(LMDBError) -> UnsafeMutableRawBufferPointer {
        var value = unsafe MDB_val(mv_size: count, mv_data: nil)
        let flags = UInt32(appends ? MDB_RESERVE | MDB_APPEND : MDB_RESERVE)
        let transaction = unsafe running
        let code = unsafe key.withValue {
            unsafe mdb_put(transaction, table.handle, &$0, &value, flags)
        }
        try check(code, .put)
        return unsafe UnsafeMutableRawBufferPointer(start: value.mv_data, count: count)
    }

    /// Deletes a key; false if there was none.
    @discardableResult
    public mutating func delete(_ key: Key, in table: Database) throws(LMDBError) -> Bool {
        let transaction = unsafe running
        let code = unsafe key.withValue {
            unsafe mdb_del(transaction, table.handle, &$0, nil)
        }
        if code == MDB_NOTFOUND { return false }
        try check(code, .delete)
        return true
    }

    /// Deletes up to `limit` entries of an `.integers` table whose keys lie in a range, from below.
    ///
    /// - Returns: how many were deleted; fewer than `limit` means that none is left.
    /// - Throws: `MDB_CORRUPTED` before LMDB frees what a broken page tells it to.
    public mutating func delete(
        _ numbers: ClosedRange<UInt64>, limit: Int, in table: Database
    ) throws(LMDBError) -> Int {
        var cursor: OpaquePointer?
        try check(unsafe mdb_cursor_open(running, table.handle, &cursor), .cursor)
        defer { unsafe mdb_cursor_close(cursor) }
        var deleted = 0
        while deleted < limit {
            // Searched anew each time: after a deletion LMDB 0.9 may or may not have moved on.
            guard let key = unsafe try lowest(cursor, from: numbers.lowerBound),
                key.number <= numbers.upperBound
            else { break }
            try check(unsafe mdb_cursor_del(cursor, 0), .delete)
            deleted += 1
        }
        return deleted
    }

    private func lowest(
        _ cursor: OpaquePointer?, from number: UInt64
    ) throws(LMDBError) -> Key? {
        var value = unsafe MDB_val()
        var found: Key?
        let code = unsafe Key(number).withValue { wanted -> Int32 in
            let code = unsafe mdb_cursor_get(cursor, &wanted, &value, MDB_SET_RANGE)
            if code == 0 { found = unsafe Key(wanted) }
            return code
        }
        if code == MDB_NOTFOUND { return nil }
        try check(code, .cursor)
        guard let found, unsafe environment.isWhole(UnsafeRawBufferPointer(value)) else {
            throw LMDBError(.cursor, MDB_CORRUPTED)
        }
        return found
    }
}

extension WriteTransaction {
    /// The first entry whose key is not less than this one, as this transaction sees it; valid
    /// until its next change.
    public func first(
        from key: Key, in table: Database
    ) throws(LMDBError) -> (key: Key, value: UnsafeRawBufferPointer)? {
        var cursor: OpaquePointer?
        try check(unsafe mdb_cursor_open(running, table.handle, &cursor), .cursor)
        defer { unsafe mdb_cursor_close(cursor) }
        var value = unsafe MDB_val()
        var found: Key?
        let code = unsafe key.withValue { wanted -> Int32 in
            let code = unsafe mdb_cursor_get(cursor, &wanted, &value, MDB_SET_RANGE)
            if code == 0 { found = unsafe Key(wanted) }
            return code
        }
        if code == MDB_NOTFOUND { return nil }
        try check(code, .cursor)
        guard let found else { throw LMDBError(.cursor, MDB_CORRUPTED) }
        return unsafe (found, UnsafeRawBufferPointer(value))
    }
}
