import CLMDB

/// A snapshot for reading, begun once and renewed for each use: no lock and no system call.
///
/// Between `renew()` and `reset()` it sees one state of the file, and what it hands out points into
/// the map. Pages that it sees cannot be reused meanwhile: keep it microseconds. Not to be used by
/// two threads at once; it may move between threads.
@safe
public struct ReadTransaction: ~Copyable {
    private let environment: Environment
    let handle: OpaquePointer

    /// Takes a reader slot until the value ends. Starts reset.
    public init(_ environment: Environment) throws(LMDBError) {
        var begun: OpaquePointer?
        try check(
            unsafe mdb_txn_begin(environment.handle, nil, UInt32(MDB_RDONLY), &begun), .begin)
        guard let begun = unsafe begun else { throw LMDBError(.begin, MDB_PANIC) }
        unsafe mdb_txn_reset(begun)
        self.environment = environment
        unsafe handle = begun
    }

    deinit {
        unsafe mdb_txn_abort(handle)
    }

    /// Sees from now on the latest committed state. Must have been reset before.
    @inline(__always)
    public func renew() throws(LMDBError) {
        try check(unsafe mdb_txn_renew(handle), .begin)
    }

    /// The commit that the snapshot shows, counted from the file's first. Snapshots of one number
    /// keep each other's pages: what was found in one may be read in the next, whatever was begun
    /// and not committed in between. (A reader that two commits overtake while it begins may see
    /// the later one under the earlier number.)
    @inline(__always)
    public var number: UInt64 { UInt64(unsafe mdb_txn_id(handle)) }

    /// Lets the snapshot go; all pointers handed out become invalid.
    @inline(__always)
    public func reset() {
        unsafe mdb_txn_reset(handle)
    }

    /// The value of a key, in the map, valid until `reset()`; unaligned. Nil if there is none.
    @inline(__always)
    public func get(_ key: Key, in table: Database) throws(LMDBError) -> UnsafeRawBufferPointer? {
        unsafe try find(handle, key, table)
    }

    /// How many entries a table has.
    public func count(of table: Database) throws(LMDBError) -> Int {
        unsafe try statistics(handle, table, mapPages).entries
    }

    /// Pages of a table's own tree and of the values outside it.
    public func pages(of table: Database) throws(LMDBError) -> Int {
        unsafe try statistics(handle, table, mapPages).pages
    }

    private var mapPages: Int {
        @inline(__always) get { environment.mapBytes / Environment.pageBytes }
    }

    /// Free and used pages now. Walks the list of free pages: about 1 ns for each free page.
    ///
    /// - Throws: `MDB_CORRUPTED` as well, where that list names more pages than there are.
    public func space() throws(LMDBError) -> Space {
        var info = unsafe MDB_envinfo()
        unsafe try check(mdb_env_info(environment.handle, &info), .inspect)
        var cursor: OpaquePointer?
        // Table 0 is LMDB's own list of free pages, by the transaction that freed them.
        try check(unsafe mdb_cursor_open(handle, 0, &cursor), .cursor)
        defer { unsafe mdb_cursor_close(cursor) }
        var free = 0
        var key = unsafe MDB_val()
        var value = unsafe MDB_val()
        var code = unsafe mdb_cursor_get(cursor, &key, &value, MDB_FIRST)
        while code == 0 {
            if let data = unsafe value.mv_data, unsafe value.mv_size >= 8 {
                let count = unsafe data.loadUnaligned(as: Int.self)
                guard count >= 0, unsafe count < value.mv_size / 8 else {
                    throw LMDBError(.cursor, LMDBError.corrupted)
                }
                free += count
            }
            code = unsafe mdb_cursor_get(cursor, &key, &value, MDB_NEXT)
        }
        guard code == MDB_NOTFOUND else { throw LMDBError(.cursor, code) }
        let last = unsafe info.me_last_pgno
        guard last >= 0, last < mapPages, free <= last else {
            throw LMDBError(.inspect, LMDBError.corrupted)
        }
        return Space(mapPages: mapPages, lastPage: last, freePages: free)
    }
}

/// How an environment's pages are spent.
public struct Space: Hashable, Sendable {
    /// Pages of the whole map.
    public var mapPages: Int
    /// The highest page ever used.
    public var lastPage: Int
    /// Pages up to `lastPage` that hold nothing, some perhaps still seen by a reader.
    public var freePages: Int

    /// Pages that hold something.
    public var usedPages: Int { lastPage + 1 - freePages }
}

@inline(__always)
func find(
    _ transaction: OpaquePointer, _ key: Key, _ table: Database
) throws(LMDBError) -> UnsafeRawBufferPointer? {
    var value = unsafe MDB_val()
    let code = unsafe key.withValue { unsafe mdb_get(transaction, table.handle, &$0, &value) }
    if code == 0 { return unsafe UnsafeRawBufferPointer(value) }
    if code == MDB_NOTFOUND { return nil }
    throw LMDBError(.get, code)
}

/// A table's record of itself, unless it counts more than a map of so many pages holds.
func statistics(
    _ transaction: OpaquePointer, _ table: Database, _ mapPages: Int
) throws(LMDBError) -> (entries: Int, pages: Int) {
    var stat = MDB_stat()
    try check(unsafe mdb_stat(transaction, table.handle, &stat), .inspect)
    let possible = 0...mapPages
    let counts = (stat.ms_branch_pages, stat.ms_leaf_pages, stat.ms_overflow_pages)
    guard possible.contains(counts.0), possible.contains(counts.1), possible.contains(counts.2),
        (0...mapPages * Environment.pageBytes).contains(stat.ms_entries)
    else { throw LMDBError(.inspect, LMDBError.corrupted) }
    return (stat.ms_entries, counts.0 + counts.1 + counts.2)
}
