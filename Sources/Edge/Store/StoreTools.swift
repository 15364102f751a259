import Caching
import Glibc
import LMDB

/// What can be asked of a cache directory from outside of the edge: verify, statistics, compact.
public enum StoreTools {
    /// How the pages of a cache are spent. Takes milliseconds, whatever its size.
    ///
    /// For a cache that this process has open: `Store.statistics()`.
    public static func statistics(directory path: String) throws(StoreError) -> StoreStatistics {
        let file = try openReadOnly(path)
        return try StoreError.wrap(path) { () throws(LMDBError) in try StoreStatistics(file) }
    }

    /// Reads everything and checks it: records, bodies, and who shares them.
    ///
    /// Works beside a running edge; then the counts of sharers, which change meanwhile, are not
    /// compared. Takes as long as reading the file. For a cache that this process has open:
    /// `Store.verify()`.
    public static func verify(directory path: String) throws(StoreError) -> StoreVerification {
        try requireCache(path)
        let lock: DirectoryLock?
        do {
            lock = try DirectoryLock(directory: path, now: StoreSettings.systemClock())
        } catch .inUse {
            lock = nil
        }
        let file = try openReadOnly(path)
        var check = StoreCheck(file, isQuiet: lock != nil)
        return try StoreError.wrap(path) { () throws(LMDBError) in try check.run() }
    }

    /// Ends this process with these words and status 1 where reading a cache would end it by a
    /// signal, as it may with a damaged one. For a process that does nothing else.
    public static func endAtFaults(saying words: String) { FaultGuard.say(words) }

    /// Writes the database anew without free pages and in key order; the edge must not run.
    ///
    /// Needs as much room on disk as the entries take.
    ///
    /// - Returns: bytes of the file in use before and after.
    public static func compact(
        directory path: String
    ) throws(StoreError) -> (before: Int, after: Int) {
        try requireCache(path)
        let lock = try DirectoryLock(directory: path, now: StoreSettings.systemClock())
        defer { withExtendedLifetime(lock) {} }
        let directory = StoreDirectory(path)
        _ = try directory.endCompaction()
        let before = try lastPage(path)
        try directory.compact { draft throws(StoreError) in
            let file = try openReadOnly(path)
            try StoreError.wrap(path) { () throws(LMDBError) in
                try file.environment.copyCompacted(to: draft)
            }
        }
        return (before * Environment.pageBytes, try lastPage(path) * Environment.pageBytes)
    }

    /// So that no lock is left in a directory that is none of ours.
    private static func requireCache(_ path: String) throws(StoreError) {
        guard
            StoreDirectory.exists(path + "/format")
                || StoreDirectory.exists(StoreDirectory(path).store)
        else { throw StoreError.directory(path: path, call: "open", reason: "there is no cache") }
    }

    private static func lastPage(_ path: String) throws(StoreError) -> Int {
        let statistics = try statistics(directory: path)
        return statistics.usedPages + statistics.freePages
    }

    private static func openReadOnly(_ path: String) throws(StoreError) -> StoreFile {
        let directory = StoreDirectory(path)
        // Closing a second environment of one file would take the first one's readers away.
        if OpenDirectories.contains(path) {
            throw StoreError.inUse(directory: path, holder: "this process itself")
        }
        guard StoreDirectory.exists(directory.store + "/data.mdb") else {
            throw StoreError.directory(
                path: directory.store, call: "open", reason: "there is no cache")
        }
        guard directory.readFormat()?.isCurrent == true else {
            throw StoreError.directory(
                path: path + "/format", call: "read",
                reason: "it is missing, damaged or of another version")
        }
        return try StoreError.wrap(directory.store) { () throws(LMDBError) in
            let file = try StoreFile(
                directory: directory.store, mapBytes: 0, readers: 126, generation: 0,
                isReadOnly: true)
            FaultGuard.watchForTool(file.environment)
            return file
        }
    }
}

/// How a cache's pages are spent; a page has 4,096 bytes.
public struct StoreStatistics: Sendable, Equatable {
    public var entries: Int
    /// Distinct bodies in chunks.
    public var bodies: Int
    /// Bodies that are to be deleted, or were being written.
    public var deletionsPending: Int
    /// Pages of the index, small bodies included.
    public var indexPages: Int
    /// Pages of larger bodies.
    public var chunkPages: Int
    public var otherPages: Int
    public var usedPages: Int
    /// Pages that were used and hold nothing now.
    public var freePages: Int
    public var mapPages: Int

    init(_ file: StoreFile) throws(LMDBError) {
        let transaction = try ReadTransaction(file.environment)
        try transaction.renew()
        defer { transaction.reset() }
        let space = try transaction.space()
        entries = try transaction.count(of: file.index)
        bodies = try transaction.count(of: file.bodies)
        deletionsPending = try transaction.count(of: file.pending)
        indexPages = try transaction.pages(of: file.index)
        chunkPages = try transaction.pages(of: file.chunks)
        otherPages =
            try transaction.pages(of: file.bodies) + transaction.pages(of: file.pending)
            + transaction.pages(of: file.meta)
        usedPages = space.usedPages
        freePages = space.freePages
        mapPages = space.mapPages
    }
}

/// What a verification found.
public struct StoreVerification: Sendable, Equatable {
    public var entries = 0
    /// Records that cannot be read.
    public var damagedRecords = 0
    /// Bodies in chunks.
    public var bodies = 0
    public var bodyBytes: UInt64 = 0
    /// Bodies whose bytes are not those that were stored.
    public var damagedBodies = 0
    /// Records whose body is not there.
    public var missingBodies = 0
    /// Tables that could not be read to their end.
    public var brokenTables = 0
    /// Bodies with a wrong count of sharers, or with none.
    public var miscounted = 0
    /// Whether counts were compared: the cache was not in use.
    public var isComplete = true

    public var isSound: Bool {
        damagedRecords + damagedBodies + missingBodies + miscounted + brokenTables == 0
    }
}
