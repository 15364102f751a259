import Caching
import Glibc
import LMDB

/// What is read of a file when it is opened; costs the same however full it is.
struct StoreContents {
    /// The next object id to give.
    var nextObject: UInt64 = 1
    /// Objects whose chunks are to be deleted: fills that did not end, deletions put off.
    var unfinished: [UInt64] = []
    /// The highest invalidation number that an entry bears.
    var invalidation: UInt64 = 0
    /// The invalidation number up to which what was invalidated is deleted; nil: it is not noted.
    var swept: UInt64?
    /// Nothing is stored.
    var isEmpty = true

    init() {}

    init(_ file: StoreFile, _ transaction: borrowing ReadTransaction) throws(LMDBError) {
        try transaction.renew()
        defer { transaction.reset() }
        let noted = try file.number(StoreFile.MetaKey.nextObject, transaction) ?? 0
        let last = unsafe try transaction.cursor(file.chunks).last()?.key.number ?? 0
        nextObject = max(noted, last >> 24 + 1, 1)
        // So many were never given: a broken page says so.
        guard nextObject < ObjectKeys.limit / 2 else {
            throw LMDBError(.get, LMDBError.corrupted)
        }
        invalidation = try file.number(StoreFile.MetaKey.invalidation, transaction) ?? 0
        swept = try file.number(StoreFile.MetaKey.swept, transaction)
        isEmpty = try transaction.count(of: file.index) == 0
        let cursor = try transaction.cursor(file.pending)
        var entry = unsafe try cursor.first()
        while let (key, _) = unsafe entry {
            unfinished.append(key.number)
            unsafe entry = unsafe try cursor.next()
        }
    }
}

/// A file that was opened, or the reason to run without one.
struct OpenedStore: ~Copyable {
    var file: StoreFile?
    var reader: ReadTransaction?
    var contents = StoreContents()
    var seed: (UInt64, UInt64)
    /// A new file cannot be made yet: it is tried again.
    var awaitsFile = false
}

/// Opens what lies in a cache directory, or sets it aside and begins anew.
struct StoreOpening {
    let settings: StoreSettings
    /// The process leaves marks by which the next start knows how it ended.
    let isGuarded: Bool
    let log: @Sendable (StoreEvent) -> Void

    private var directory: StoreDirectory { StoreDirectory(settings.directory) }

    func open() throws(StoreError) -> OpenedStore {
        do { return try openFound() } catch {
            guard error.isOfDisk else { throw error }
            return without(error)
        }
    }

    /// A store without a file: what a disk that refuses leaves.
    func without(_ error: StoreError) -> OpenedStore {
        log(
            StoreEvent(
                .error, "running without a cache: \(error); then restart, and it is used again"))
        return OpenedStore(file: nil, reader: nil, seed: StoreFormat.fresh().seed)
    }

    private func openFound() throws(StoreError) -> OpenedStore {
        let now = settings.clock()
        if let text = try directory.endCompaction() { log(StoreEvent(.warning, text)) }
        var format = directory.readFormat()
        if StoreDirectory.exists(directory.suspectLog) || hasLogEnded {
            if endsTooOften(now) { return Self.none }
            beginLogAnew()
        }
        if let fault = lastFault(now) {
            if endsTooOften(now) { return Self.none }
            try setAside(fault)
            // The next process would end as this one did.
            if StoreDirectory.exists(directory.openingLog) {
                StoreDirectory.removeDatabase(directory.invalidations)
            }
            directory.unmark(directory.suspect)
            directory.unmark(directory.openingLog)
        }
        if let reason = unreadable(format) {
            try setAside(reason)
            format = nil
        }
        return try openMarked(format)
    }

    /// A signal ended the process while it opened the log, which it does once the store is open.
    private var hasLogEnded: Bool {
        StoreDirectory.exists(directory.openingLog) && !StoreDirectory.exists(directory.opening)
            && (StoreDirectory.exists(directory.suspect)
                || StoreDirectory.exists(directory.crashed))
    }

    private static var none: OpenedStore {
        OpenedStore(file: nil, reader: nil, seed: StoreFormat.fresh().seed)
    }

    /// Notes that the cache ended the process; whether a new file does not help.
    private func endsTooOften(_ now: Milliseconds) -> Bool {
        guard directory.noteFault(now: now) >= StoreDirectory.faultLimit else { return false }
        log(
            StoreEvent(
                .error,
                "the cache in \"\(directory.path)\" ended the process "
                    + "\(StoreDirectory.faultLimit) times within a minute: running without "
                    + "one; look for disk errors with \"dmesg\", then restart"))
        // The log is opened without the cache as well.
        if [directory.suspectLog, directory.openingLog].contains(where: StoreDirectory.exists) {
            StoreDirectory.removeDatabase(directory.invalidations)
        }
        directory.unmark(directory.suspect)
        directory.unmark(directory.suspectLog)
        directory.unmark(directory.opening)
        directory.unmark(directory.openingLog)
        return true
    }

    /// The invalidations are lost, and the store is not: what it has counts as stale.
    private func beginLogAnew() {
        StoreDirectory.removeDatabase(directory.invalidations)
        if hasLogEnded { directory.unmark(directory.suspect) }
        directory.unmark(directory.openingLog)
        directory.unmark(directory.suspectLog)
        // It is known what ended the process.
        directory.unmark(directory.crashed)
        directory.unmark(directory.starting)
        log(
            StoreEvent(
                .error,
                "the invalidation log in \"\(directory.invalidations)\" is begun anew: using it "
                    + "ended the process"))
    }

    /// Opens with a marker that stays if LMDB ends the process meanwhile.
    private func openMarked(_ known: StoreFormat?) throws(StoreError) -> OpenedStore {
        directory.mark(directory.opening)
        defer { directory.unmark(directory.opening) }
        if isGuarded { FaultGuard.install(directory) }
        let format = known ?? .fresh()
        if known == nil { try directory.writeFormat(format) }
        if known == nil || !StoreDirectory.hasContents(directory.store + "/data.mdb") {
            return try begin(format)
        }
        do {
            return try openFile(format)
        } catch .database(_, let error) where error.kind == .damaged || error.mayBeDamage {
            try setAside("\(error)")
            return try begin(format)
        }
    }

    /// Opens a new file. With nothing there that was of worth, one can be made at any time.
    private func begin(_ format: StoreFormat) throws(StoreError) -> OpenedStore {
        do { return try openFile(format, isNew: true) } catch {
            guard error.isOfDisk else { throw error }
            log(
                StoreEvent(
                    .error, "running without a cache: \(error); tried again until it is made"))
            return OpenedStore(file: nil, reader: nil, seed: format.seed, awaitsFile: true)
        }
    }

    private func openFile(
        _ format: StoreFormat, isNew: Bool = false
    ) throws(StoreError) -> OpenedStore {
        let file = try isNew ? makeNewFile(generation: 0) : makeFile(generation: 0)
        do {
            let reader = try ReadTransaction(file.environment)
            let contents = try StoreContents(file, reader)
            file.environment.clearDeadReaders()
            return OpenedStore(file: file, reader: reader, contents: contents, seed: format.seed)
        } catch {
            throw .database(path: directory.store, error)
        }
    }

    /// Makes the database where there is none of any worth.
    func makeNewFile(generation: UInt64) throws(StoreError) -> StoreFile {
        if let code = settings.faults?.reach(.create) {
            throw .database(path: directory.store, LMDBError(.open, code))
        }
        return try makeFile(generation: generation)
    }

    /// Opens the database, creating it if it is missing: reserved on the disk and guarded, at the
    /// start as well as in place of a damaged one.
    func makeFile(generation: UInt64) throws(StoreError) -> StoreFile {
        let file = try StoreFile.create(directory, settings, generation)
        if isGuarded { FaultGuard.watch(file.environment) }
        if settings.preallocates { preallocate(file) }
        if file.environment.mapBytes > settings.roundedMapBytes { tellOfSize(file) }
        return file
    }

    private func tellOfSize(_ file: StoreFile) {
        log(
            StoreEvent(
                .warning,
                "the cache in \"\(directory.path)\" was larger than its size is now: of its file "
                    + "of \(file.environment.mapBytes >> 20) MiB it uses "
                    + "\(settings.roundedMapBytes >> 20) MiB, and evicts what is more; to have the "
                    + "disk's room back, stop the edge and run \"mapedge cache compact --cache "
                    + "\(directory.path)\""))
    }

    private func lastFault(_ now: Milliseconds) -> String? {
        let hasCrashed = StoreDirectory.exists(directory.crashed)
        let wasStarting = StoreDirectory.exists(directory.starting)
        directory.unmark(directory.crashed)
        directory.unmark(directory.starting)
        if StoreDirectory.exists(directory.suspect) { return "reading it ended the process" }
        if StoreDirectory.exists(directory.opening) { return "opening it ended the process" }
        guard hasCrashed || wasStarting else { return nil }
        let count = directory.noteEnd(now: now)
        let limit = hasCrashed ? StoreDirectory.crashLimit : StoreDirectory.endLimit
        guard count >= limit else { return nil }
        directory.unmark(directory.ends)
        return "\(count) times in a row the process ended soon after its start, and it may be why"
    }

    /// Why the database that lies there cannot be read; nil if it can, or if there is none.
    private func unreadable(_ format: StoreFormat?) -> String? {
        guard StoreDirectory.exists(directory.store + "/data.mdb") else {
            return nil
        }
        guard let format else { return "its format file is missing or damaged" }
        if format.isCurrent { return nil }
        return "it was written with LMDB \(format.library), schema \(format.schema); this is "
            + "LMDB \(StoreFormat.currentLibrary), schema \(StoreFile.schema)"
    }

    private func setAside(_ reason: String) throws(StoreError) {
        try directory.quarantine(now: settings.clock())
        log(
            StoreEvent(
                .error,
                "cache in \"\(directory.path)\" set aside as bad-*: \(reason); begun anew"))
    }

    private func preallocate(_ file: StoreFile) {
        do {
            if try file.environment.preallocate() { return }
            log(
                StoreEvent(
                    .notice,
                    "the file system under \"\(directory.path)\" cannot reserve space: keep "
                        + "\(file.environment.mapBytes >> 20) MiB free on it"))
        } catch {
            // What was set aside may be as large as what is missing.
            directory.discardQuarantined()
            if (try? file.environment.preallocate()) == nil {
                log(
                    StoreEvent(
                        .warning,
                        "the disk has no \(file.environment.mapBytes >> 20) MiB for the cache in "
                            + "\"\(directory.path)\": \(error)"))
            }
        }
    }
}

extension StoreFile {
    /// Opens the database in the directory, creating it if it is missing.
    static func create(
        _ directory: StoreDirectory, _ settings: StoreSettings, _ generation: UInt64
    ) throws(StoreError) -> StoreFile {
        try directory.createStore()
        do {
            return try StoreFile(
                directory: directory.store, mapBytes: try mapBytes(directory, settings),
                readers: settings.readers * 2 + 64, generation: generation)
        } catch {
            throw StoreError.database(path: directory.store, error)
        }
    }

    /// The size that was asked for, if what lies there fits it; else what that takes and some room:
    /// LMDB would make the map just as large as the file, and no deletion finds a free page there.
    private static func mapBytes(
        _ directory: StoreDirectory, _ settings: StoreSettings
    ) throws(LMDBError) -> Int {
        let asked = settings.roundedMapBytes
        guard StoreDirectory.exists(directory.store + "/data.mdb") else { return asked }
        var probe = EnvironmentSettings(mapBytes: asked)
        probe.readers = settings.readers * 2 + 64
        let needed = try Environment(directory: directory.store, probe).mapBytes
        guard needed > asked else { return asked }
        return needed + max(needed / 20, 1 << 20) & ~(Environment.pageBytes - 1)
    }
}
