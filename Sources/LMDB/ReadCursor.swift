import CLMDB

/// A place in a table, opened once for a read transaction and renewed with it.
///
/// Must not outlive the transaction it was opened in.
@safe
public struct ReadCursor: ~Copyable {
    private let handle: OpaquePointer
    private let table: Database

    /// Opens a cursor; the transaction must be renewed (not reset) now.
    public init(
        _ transaction: borrowing ReadTransaction, _ table: Database
    ) throws(LMDBError) {
        var opened: OpaquePointer?
        try check(unsafe mdb_cursor_open(transaction.handle, table.handle, &opened), .cursor)
        guard let opened = unsafe opened else { throw LMDBError(.cursor, MDB_PANIC) }
        unsafe handle = opened
        self.table = table
    }

    deinit {
        unsafe mdb_cursor_close(handle)
    }

    /// Follows the transaction to its new snapshot; needed once after each `renew()` of it.
    @inline(__always)
    public func renew(_ transaction: borrowing ReadTransaction) throws(LMDBError) {
        try check(unsafe mdb_cursor_renew(transaction.handle, handle), .cursor)
    }

    /// Goes to exactly this key. The value is in the map, valid until the transaction is reset.
    @inline(__always)
    public func seek(_ key: Key) throws(LMDBError) -> UnsafeRawBufferPointer? {
        var value = unsafe MDB_val()
        let code = unsafe key.withValue { unsafe mdb_cursor_get(handle, &$0, &value, MDB_SET) }
        if code == 0 { return unsafe UnsafeRawBufferPointer(value) }
        if code == MDB_NOTFOUND { return nil }
        throw LMDBError(.cursor, code)
    }

    /// Goes to the next entry, if its key is the number given. Nil at the end or at another key.
    @inline(__always)
    public func next(expecting number: UInt64) throws(LMDBError) -> UnsafeRawBufferPointer? {
        guard let entry = unsafe try step(MDB_NEXT), unsafe entry.key.number == number else {
            return nil
        }
        return unsafe entry.value
    }

    /// Goes to the first entry whose key is not less than this one.
    public func seekFrom(_ key: Key) throws(LMDBError) -> (key: Key, value: UnsafeRawBufferPointer)?
    {
        var value = unsafe MDB_val()
        var found: Key?
        let code = unsafe key.withValue { wanted -> Int32 in
            let code = unsafe mdb_cursor_get(handle, &wanted, &value, MDB_SET_RANGE)
            if code == 0 { found = unsafe Key(wanted) }
            return code
        }
        return unsafe try entry(code, found, value)
    }

    /// Goes to the first entry of the table.
    public func first() throws(LMDBError) -> (key: Key, value: UnsafeRawBufferPointer)? {
        unsafe try step(MDB_FIRST)
    }

    /// Goes to the next entry.
    public func next() throws(LMDBError) -> (key: Key, value: UnsafeRawBufferPointer)? {
        unsafe try step(MDB_NEXT)
    }

    /// Goes to the last entry of the table.
    public func last() throws(LMDBError) -> (key: Key, value: UnsafeRawBufferPointer)? {
        unsafe try step(MDB_LAST)
    }

    @inline(__always)
    private func step(
        _ move: MDB_cursor_op
    ) throws(LMDBError) -> (key: Key, value: UnsafeRawBufferPointer)? {
        var key = unsafe MDB_val()
        var value = unsafe MDB_val()
        let code = unsafe mdb_cursor_get(handle, &key, &value, move)
        return unsafe try entry(code, code == 0 ? Key(key) : nil, value)
    }

    @inline(__always)
    private func entry(
        _ code: Int32, _ key: Key?, _ value: MDB_val
    ) throws(LMDBError) -> (key: Key, value: UnsafeRawBufferPointer)? {
        if code == MDB_NOTFOUND { return nil }
        if code != 0 { throw LMDBError(.cursor, code) }
        // A key of another length is nothing this library wrote.
        guard let key else { throw LMDBError(.cursor, MDB_CORRUPTED) }
        return unsafe (key, UnsafeRawBufferPointer(value))
    }
}

extension ReadTransaction {
    /// A cursor for this snapshot; the transaction must be renewed (not reset) now.
    public func cursor(_ table: Database) throws(LMDBError) -> ReadCursor {
        try ReadCursor(self, table)
    }
}
