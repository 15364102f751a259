import CLMDB
import Glibc
import Synchronization

/// How an environment is opened.
public struct EnvironmentSettings: Sendable {
    /// Size of the map in bytes, a multiple of 4,096; fixed as long as the environment is open.
    /// 0 means the size that the file had when it was last opened.
    public var mapBytes: Int
    /// Read transactions that may exist at once, all processes together.
    public var readers = 126
    /// Named tables.
    public var tables: UInt32 = 8
    /// Opens for reading only; the files must exist.
    public var isReadOnly = false

    public init(mapBytes: Int) { self.mapBytes = mapBytes }
}

/// An LMDB environment: one data file, mapped; one writer at a time, any number of readers.
///
/// Committed data survive a killed process. After a power cut the last commits may be missing but
/// the file is whole (`MDB_NOMETASYNC`). A directory must not be opened twice in one process.
@safe
public final class Environment: Sendable {
    nonisolated(unsafe) let handle: OpaquePointer  // LMDB lets any thread begin transactions
    public let directory: String
    /// Size of the map: what was asked for, or what the file needs if that is more.
    public let mapBytes: Int
    /// The data file; for `pread` and for looking at it, never for writing.
    public let descriptor: Int32
    /// Where the map begins; 0 if it cannot be told.
    private let mapStart: UInt
    /// Pages that the file is known to reach to.
    private let coveredPages = Atomic<Int>(0)

    /// Bytes of a page; also what a value of `pagePayload` bytes takes.
    public static let pageBytes = 4_096
    /// The longest value that takes exactly one page of its own: a page less its header.
    public static let pagePayload = 4_080

    /// Opens or creates the environment in an existing directory.
    public init(directory: String, _ settings: EnvironmentSettings) throws(LMDBError) {
        try check(Self.reserveReaders(directory, settings.readers), .open)
        var opened: OpaquePointer?
        try check(unsafe mdb_env_create(&opened), .open)
        guard let handle = unsafe opened else { throw LMDBError(.open, ENOMEM) }
        let code = unsafe Self.configure(handle, directory, settings)
        var descriptor: Int32 = -1
        guard code == 0, unsafe mdb_env_get_fd(handle, &descriptor) == 0 else {
            unsafe mdb_env_close(handle)
            let isDamaged = code == ENOMEM && Self.countsMissingPages(directory)
            throw LMDBError(.open, isDamaged ? MDB_CORRUPTED : code)
        }
        guard let mapBytes = unsafe Self.mapBytes(handle, descriptor) else {
            unsafe mdb_env_close(handle)
            throw LMDBError(.open, MDB_CORRUPTED)
        }
        unsafe self.handle = handle
        self.directory = directory
        self.descriptor = descriptor
        self.mapBytes = mapBytes
        mapStart = Self.mapAddresses(descriptor)?.lowerBound ?? 0
    }

    /// Gives the table of readers its place on the disk: LMDB maps it, and on a full disk the first
    /// use of a page that has none ends the process.
    ///
    /// - Returns: why there is no place; 0: there is, or nothing can be said.
    private static func reserveReaders(_ directory: String, _ readers: Int) -> Int32 {
        let file = unsafe open(directory + "/lock.mdb", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        // As LMDB 0.9 lays it out; where it is longer there may be more readers.
        let bytes = off_t(128 + 64 * readers)
        var status = stat()
        guard unsafe fstat(file, &status) == 0, status.st_blocks * 512 < bytes else { return 0 }
        let code = posix_fallocate(file, 0, bytes)
        return [ENOSPC, EDQUOT, EFBIG, EIO].contains(code) ? code : 0
    }

    /// The map's real size; nil if the file is shorter than what it says it holds: touching the
    /// missing pages would end the process; or if it counts more commits than there can have been.
    private static func mapBytes(_ handle: OpaquePointer, _ descriptor: Int32) -> Int? {
        var info = unsafe MDB_envinfo()
        var status = stat()
        guard unsafe mdb_env_info(handle, &info) == 0, unsafe fstat(descriptor, &status) == 0,
            unsafe (0..<Int(status.st_size) / pageBytes).contains(info.me_last_pgno),
            unsafe (0..<1 << 56).contains(info.me_last_txnid)
        else { return nil }
        return unsafe info.me_mapsize
    }

    /// Whether one of the file's first two pages counts more pages than there are. LMDB maps them
    /// all, and says of a number that no machine has addresses for that memory is lacking.
    private static func countsMissingPages(_ directory: String) -> Bool {
        let file = unsafe Glibc.open(directory + "/data.mdb", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { return false }
        return (0...1).contains { page in
            var last: UInt64 = 0
            // Behind the page's head, magic, version, address, size and two tables.
            let place = page * pageBytes + 136
            return unsafe pread(file, &last, 8, off_t(place)) == 8
                && last >= UInt64(status.st_size) / UInt64(pageBytes)
        }
    }

    /// Makes the file as long as what it says it holds, behind a commit.
    ///
    /// LMDB counts pages that a transaction took and gave back, and does not write them: where they
    /// are the last ones, the file ends before them and would pass for one that was cut, the next
    /// time it is opened. Should the disk refuse, or the power go before, it is set aside then.
    func coverLastPage() {
        var info = unsafe MDB_envinfo()
        guard unsafe mdb_env_info(handle, &info) == 0 else { return }
        let pages = unsafe info.me_last_pgno + 1
        guard pages > coveredPages.load(ordering: .relaxed) else { return }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return }
        if Int(status.st_size) < pages * Self.pageBytes {
            // It never makes a file shorter, whoever writes meanwhile.
            let last = off_t((pages - 1) * Self.pageBytes)
            guard posix_fallocate(descriptor, last, off_t(Self.pageBytes)) == 0 else { return }
        }
        coveredPages.store(pages, ordering: .relaxed)
    }

    deinit {
        unsafe mdb_env_close(handle)
    }

    private static func configure(
        _ handle: OpaquePointer, _ directory: String, _ settings: EnvironmentSettings
    ) -> Int32 {
        var code = unsafe mdb_env_set_mapsize(handle, settings.mapBytes)
        if code == 0 { code = unsafe mdb_env_set_maxdbs(handle, settings.tables) }
        if code == 0 { code = unsafe mdb_env_set_maxreaders(handle, UInt32(settings.readers)) }
        guard code == 0 else { return code }
        // Readers move between threads (NOTLS); tiles are read at random (NORDAHEAD).
        var flags = MDB_NOTLS | MDB_NORDAHEAD | MDB_NOMETASYNC
        if settings.isReadOnly { flags |= MDB_RDONLY }
        return unsafe mdb_env_open(handle, directory, UInt32(flags), 0o600)
    }

    /// The library's version, such as `0.9.24`; files of other versions may not be readable.
    public static var libraryVersion: String {
        var major: Int32 = 0
        var minor: Int32 = 0
        var patch: Int32 = 0
        _ = unsafe mdb_version(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }

    /// Opens a table, creating it unless the environment is read-only. Call it before any other
    /// transaction runs; the handle serves all later ones.
    public func table(_ name: String, _ keys: Database.Keys) throws(LMDBError) -> Database {
        var flags: UInt32 = 0
        unsafe try check(mdb_env_get_flags(handle, &flags), .openTable)
        let isReadOnly = flags & UInt32(MDB_RDONLY) != 0
        var transaction: OpaquePointer?
        try check(
            unsafe mdb_txn_begin(handle, nil, isReadOnly ? UInt32(MDB_RDONLY) : 0, &transaction),
            .openTable)
        var options = keys == .integers ? UInt32(MDB_INTEGERKEY) : 0
        if !isReadOnly { options |= UInt32(MDB_CREATE) }
        var table: MDB_dbi = 0
        let code = unsafe mdb_dbi_open(transaction, name, options, &table)
        guard code == 0 else {
            unsafe mdb_txn_abort(transaction)
            throw LMDBError(.openTable, code)
        }
        // A read-only transaction is committed too: that is what keeps the handle.
        try check(unsafe mdb_txn_commit(transaction), .openTable)
        return Database(handle: table)
    }

    /// Reserves the whole map on disk, so that a full disk shows now and not in mid-write.
    ///
    /// - Returns: false if the file system cannot reserve; all else works. Where only the C library
    ///   can (network file systems), it writes to every block, which takes a while the first time.
    public func preallocate() throws(LMDBError) -> Bool {
        while true {
            switch posix_fallocate(descriptor, 0, off_t(mapBytes)) {
            case 0: return true
            case EINTR: continue
            case EOPNOTSUPP, ENOSYS: return false
            case let code: throw LMDBError(.allocate, code)
            }
        }
    }

    /// The file is as long as the map: no change makes it longer.
    public var isReserved: Bool {
        var facts = stat()
        return unsafe fstat(descriptor, &facts) == 0 && Int(facts.st_size) >= mapBytes
    }

    /// Clears reader slots of processes that died; returns how many.
    @discardableResult
    public func clearDeadReaders() -> Int {
        var dead: Int32 = 0
        return unsafe mdb_reader_check(handle, &dead) == 0 ? Int(dead) : 0
    }

    /// Waits until all that was committed is on disk.
    public func synchronize() throws(LMDBError) {
        try check(unsafe mdb_env_sync(handle, 1), .commit)
    }

    /// Writes a copy without free pages and in key order into an existing, empty directory.
    /// Runs beside readers and writers; takes as long as reading everything.
    public func copyCompacted(to directory: String) throws(LMDBError) {
        try check(unsafe mdb_env_copy2(handle, directory, UInt32(MDB_CP_COMPACT)), .copy)
    }

    /// Whether the page of a value that has one to itself is the page that LMDB wrote.
    ///
    /// LMDB reads such a value without a look at its page's header, and believes that header when
    /// it frees the page: which one it is, and how many follow.
    public func isWhole(_ value: UnsafeRawBufferPointer) -> Bool {
        guard value.count > Self.inlineLimit, let start = value.baseAddress else { return true }
        let page = UInt(bitPattern: start) &- UInt(Self.pageHeader)
        // What this transaction wrote is not in the map yet.
        guard mapStart > 0, page >= mapStart, page < mapStart + UInt(mapBytes) else { return true }
        let header = unsafe start - Self.pageHeader
        let number = unsafe header.loadUnaligned(as: UInt.self)
        let flags = unsafe header.loadUnaligned(fromByteOffset: 10, as: UInt16.self)
        let pages = unsafe header.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
        return number == (page - mapStart) / UInt(Self.pageBytes) && flags == Self.overflow
            && Int(pages) == (value.count + Self.pageHeader - 1) / Self.pageBytes + 1
    }

    /// Longer values have pages of their own (`me_nodemax` of LMDB 0.9, less a node's header).
    private static let inlineLimit = 2_022
    private static let pageHeader = 16
    /// `P_OVERFLOW`, and nothing beside it.
    private static let overflow: UInt16 = 0x04

    /// Calls `report` when LMDB finds its own file contradictory; the process then aborts.
    public func onContradiction(
        _ report: @convention(c) (OpaquePointer?, UnsafePointer<CChar>?) -> Void
    ) {
        unsafe mdb_env_set_assert(handle, report)
    }
}
