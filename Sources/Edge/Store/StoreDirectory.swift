import Caching
import Glibc
import LMDB

/// The cache directory and the small files beside the database.
///
///     lock        who has it
///     format      versions and the hash seed; without it the database cannot be read
///     store/      the database: data.mdb and lock.mdb
///     invalidations/   what was invalidated and may still be stored
///     bad-TIME/   the last database that was set aside
///     compact/, old/   the database's copy and itself, while it is compacted
///     opening     exists while the database is being opened
///     opening-log exists while the invalidations are being opened
///     suspect     reading the database ended the process
///     suspect-log using the invalidations did
///     faults      when such things happened, one line each
///     starting    exists until a process has read the index, or has lived for a while
///     crashed     another signal ended the process soon after its start
///     ends        when a process ended so, one line each
struct StoreDirectory {
    let path: String
    var store: String { path + "/store" }
    var invalidations: String { path + "/invalidations" }
    var suspect: String { path + "/suspect" }
    var suspectLog: String { path + "/suspect-log" }
    var opening: String { path + "/opening" }
    var openingLog: String { path + "/opening-log" }
    var starting: String { path + "/starting" }
    var crashed: String { path + "/crashed" }
    var ends: String { path + "/ends" }
    private var draft: String { path + "/compact" }
    private var old: String { path + "/old" }

    /// Three of these within a minute mean that a new file does not help.
    static let faultLimit = 3
    static let faultWindow: Milliseconds = 60_000
    /// So many of these within five minutes, and none that lived for longer among them, mean that
    /// the file may be why: fewer where the last was by a signal of the process's own, as a page
    /// that makes LMDB write past its memory ends each start before it is read.
    static let endLimit = 3
    static let crashLimit = 2
    static let endWindow: Milliseconds = 300_000

    init(_ path: String) { self.path = path }

    /// Makes the directory and those above it.
    func create() throws(StoreError) {
        for (at, character) in path.enumerated() where character == "/" && at > 0 {
            unsafe mkdir(String(path.prefix(at)), 0o755)
        }
        try Self.make(path)
        guard unsafe access(path, R_OK | W_OK | X_OK) == 0 else {
            throw StoreError.last("write to", path)
        }
    }

    func createStore() throws(StoreError) { try Self.make(store) }

    static func make(_ path: String) throws(StoreError) {
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw StoreError.last("create", path)
        }
        var facts = stat()
        guard unsafe stat(path, &facts) != 0 || facts.st_mode & S_IFMT == S_IFDIR else {
            throw StoreError.last("use", path, ENOTDIR)
        }
    }

    // MARK: markers

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Whether there is a file with anything in it: of an empty one LMDB makes a new database.
    static func hasContents(_ path: String) -> Bool {
        var facts = stat()
        return unsafe stat(path, &facts) == 0 && facts.st_size > 0
    }

    /// When the file was last written to; nil: there is none.
    static func modified(_ path: String) -> Milliseconds? {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { return nil }
        return Milliseconds(facts.st_mtim.tv_sec) * 1_000
            + Milliseconds(facts.st_mtim.tv_nsec) / 1_000_000
    }

    func mark(_ path: String) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
    }

    func unmark(_ path: String) { unsafe unlink(path) }

    /// Notes that the database ended a process; returns how many times it did lately.
    func noteFault(now: Milliseconds) -> Int {
        Self.note(now, in: path + "/faults", within: Self.faultWindow, limit: Self.faultLimit)
    }

    /// Notes that a process ended soon after its start; returns how many did in a row.
    func noteEnd(now: Milliseconds) -> Int {
        Self.note(now, in: ends, within: Self.endWindow, limit: Self.endLimit)
    }

    private static func note(
        _ now: Milliseconds, in path: String, within window: Milliseconds, limit: Int
    ) -> Int {
        let earlier = Self.read(path).flatMap { String(validating: $0, as: UTF8.self) } ?? ""
        let recent = earlier.split(separator: "\n").compactMap { Milliseconds($0) }
            .filter { $0 <= now && now - $0 < window }.suffix(limit)
        let lines = recent + [now]
        // Without the note the guard counts one fault less, and the next start quarantines again.
        try? Self.write(path, Array(lines.map { "\($0)\n" }.joined().utf8))
        return lines.count
    }

    // MARK: compaction

    /// Ends a compaction that did not end: the database is one of the two, and the other goes.
    ///
    /// - Returns: what was found and done, for the operator; nil: there was nothing to do.
    func endCompaction() throws(StoreError) -> String? {
        let isOldThere = Self.exists(old + "/data.mdb")
        guard isOldThere || Self.exists(draft) || Self.exists(old) else { return nil }
        var text = "a compaction of the cache in \"\(path)\" did not end: "
        if isOldThere, !Self.exists(store + "/data.mdb") {
            unsafe rmdir(store)
            guard unsafe rename(old, store) == 0 else { throw StoreError.last("rename", old) }
            text += "the cache from before it is in use again"
        } else {
            text += "what it left is removed"
        }
        Self.removeDatabase(draft)
        Self.removeDatabase(old)
        return text
    }

    /// Has the database written anew by whoever writes it to the directory that is given.
    func compact(_ write: (String) throws(StoreError) -> Void) throws(StoreError) {
        _ = try endCompaction()
        guard unsafe mkdir(draft, 0o700) == 0 else { throw StoreError.last("create", draft) }
        do { try write(draft) } catch {
            Self.removeDatabase(draft)
            throw error
        }
        // Should the process end between the two, the next start finds the old one.
        guard unsafe rename(store, old) == 0 else { throw StoreError.last("rename", store) }
        guard unsafe rename(draft, store) == 0 else {
            let error = StoreError.last("rename", draft)
            unsafe rename(old, store)
            throw error
        }
        Self.removeDatabase(old)
    }

    // MARK: quarantine

    /// Renames the database, so that a new one can begin; keeps one of those set aside.
    func quarantine(now: Milliseconds) throws(StoreError) {
        discardQuarantined()
        var target = path + "/bad-\(now / 1_000)"
        // Twice within a second: the directory of the first was discarded just now.
        if Self.exists(target) { target += "x" }
        guard unsafe rename(store, target) == 0 || errno == ENOENT else {
            throw StoreError.last("rename", store)
        }
    }

    /// Removes what was set aside.
    func discardQuarantined() {
        for name in entries() where name.hasPrefix("bad-") {
            Self.removeDatabase(path + "/" + name)
        }
    }

    func entries() -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            unsafe names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                        unsafe String(cString: $0)
                    }
                })
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }

    static func removeDatabase(_ path: String) {
        unsafe unlink(path + "/data.mdb")
        unsafe unlink(path + "/lock.mdb")
        unsafe rmdir(path)
    }

    // MARK: small files

    /// The whole file, if it is there and at most 64 KiB.
    static func read(_ path: String) -> [UInt8]? {
        // Of what is no file nobody waits for a byte.
        let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
        return count < 0 ? nil : Array(bytes.prefix(count))
    }

    /// Replaces a file so that after a power cut it has the old bytes or the new ones.
    static func write(_ path: String, _ bytes: [UInt8]) throws(StoreError) {
        let draft = path + ".new"
        let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreError.last("create", draft) }
        let isWritten =
            unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            == bytes.count && fsync(descriptor) == 0
        let code = errno
        close(descriptor)
        guard isWritten else {
            unsafe unlink(draft)
            throw StoreError.last("write", draft, code)
        }
        guard unsafe rename(draft, path) == 0 else { throw StoreError.last("rename", draft) }
    }
}
