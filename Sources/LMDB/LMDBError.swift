import CLMDB
import Glibc

/// An LMDB call that failed: which one, with what code, and what can be done about it.
///
/// Plain numbers, so that throwing one allocates nothing.
public struct LMDBError: Error, Hashable, Sendable {
    /// What was being done.
    public enum Operation: UInt8, Sendable {
        case open, openTable, begin, get, put, delete, cursor, commit, copy, allocate, inspect
    }

    /// What the failure means to whoever keeps a cache.
    public enum Kind: Sendable {
        /// The map has no free page: free some, then try again.
        case full
        /// The disk refused: no space left, a quota, or an input/output error.
        case disk
        /// The file cannot be trusted any more, or is no database of this version.
        case damaged
        /// All reader slots are taken; those of dead processes can be cleared.
        case readersFull
        /// The transaction wrote more pages than one may; a smaller one can succeed.
        case tooLarge
        /// Permissions, paths, memory: somebody has to act.
        case environment
        /// A mistake of the caller.
        case misuse
    }

    public let operation: Operation
    /// An `MDB_` code (negative) or an `errno` (positive).
    public let code: Int32

    public init(_ operation: Operation, _ code: Int32) {
        self.operation = operation
        self.code = code
    }

    public var kind: Kind {
        switch code {
        case MDB_MAP_FULL: .full
        case ENOSPC, EDQUOT, EIO, EFBIG, EROFS: .disk
        case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_PANIC, MDB_INVALID, MDB_VERSION_MISMATCH,
            MDB_INCOMPATIBLE, MDB_CURSOR_FULL, MDB_PAGE_FULL:
            .damaged
        // Asked for rightly, LMDB says so only where a page is not what it wrote.
        case MDB_KEYEXIST, MDB_NOTFOUND, MDB_BAD_TXN, MDB_BAD_VALSIZE,
            EINVAL
        where isOfTree: .damaged
        case MDB_READERS_FULL: .readersFull
        case MDB_TXN_FULL: .tooLarge
        case MDB_KEYEXIST, MDB_NOTFOUND, MDB_DBS_FULL, MDB_TLS_FULL, MDB_BAD_RSLOT, MDB_BAD_TXN,
            MDB_BAD_VALSIZE, MDB_BAD_DBI, EINVAL:
            .misuse
        default: .environment
        }
    }

    /// It came of reading or changing a table.
    private var isOfTree: Bool {
        switch operation {
        case .get, .put, .delete, .cursor, .openTable: true
        case .open, .begin, .commit, .copy, .allocate, .inspect: false
        }
    }

    /// A broken page may be the reason, which gives LMDB lengths, counts and places in the file
    /// that cannot be (`EFBIG`; `EIO` where the place is the last there is, and less was written
    /// than asked for); so may the state of the machine, which passes.
    public var mayBeDamage: Bool {
        (isOfTree || operation == .commit)
            && (code < 0 || code == ENOMEM || code == EINVAL || code == EFBIG || code == EIO)
    }

    /// What the operator, or the program, can do.
    public var remedy: String {
        switch kind {
        case .full: "delete entries or raise the map's size"
        case .disk where code == EROFS: "remount the file system writable"
        case .disk: "free space on its disk, or look for disk errors with \"dmesg\""
        case .damaged: "set the file aside and begin a new one"
        case .readersFull: "stop surplus processes that read the cache"
        case .tooLarge: "write in smaller transactions"
        case .environment where code == EACCES || code == EPERM:
            "let this user write there, or give another directory"
        case .environment where code == ENOENT: "create the directory"
        case .environment where [EISDIR, ENOTDIR, ESPIPE, ENXIO].contains(code):
            "something else is there: move it away"
        case .environment where code == ENOMEM:
            "give a smaller map, or raise \"ulimit -v\" and vm.max_map_count"
        case .environment where code == EMFILE: "raise LimitNOFILE (ulimit -n)"
        case .environment: "see the error in \"man 3 errno\""
        case .misuse: "report it: this is a bug of MapEdge"
        }
    }
}

extension LMDBError: CustomStringConvertible {
    /// One line: `LMDB commit: No space left on device; free space on its disk, ...`.
    public var description: String {
        guard let text = unsafe mdb_strerror(code) else { return "LMDB \(operation): \(code)" }
        return unsafe "LMDB \(operation): \(String(cString: text)); \(remedy)"
    }
}

/// Turns a return code into an error, unless it is 0.
@inline(__always)
func check(_ code: Int32, _ operation: LMDBError.Operation) throws(LMDBError) {
    if code != 0 { throw LMDBError(operation, code) }
}

extension LMDBError {
    /// `MDB_CORRUPTED`: for a caller that finds a value it cannot have written.
    public static var corrupted: Int32 { MDB_CORRUPTED }
    /// `MDB_MAP_FULL`: for a simulated full map.
    public static var mapFull: Int32 { MDB_MAP_FULL }
}
