import Glibc
import LMDB
import Synchronization

/// Cache directories that this process has open: LMDB must not open a file twice in one process.
enum OpenDirectories {
    private static let paths = Mutex<Set<String>>([])

    /// One name for all ways to write a path; the path itself if there is none.
    private static func canonical(_ path: String) -> String {
        guard let resolved = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    static func insert(_ path: String) {
        let path = canonical(path)
        paths.withLock { _ = $0.insert(path) }
    }

    static func remove(_ path: String) {
        let path = canonical(path)
        paths.withLock { _ = $0.remove(path) }
    }

    static func contains(_ path: String) -> Bool {
        let path = canonical(path)
        return paths.withLock { $0.contains(path) }
    }
}

extension Store {
    /// How the pages of the file are spent; nil while there is none. Takes milliseconds.
    public func statistics() -> StoreStatistics? {
        core.currentFile.0.flatMap { try? StoreStatistics($0) }
    }

    /// Reads everything and checks it, beside the loops, without comparing the counts of sharers;
    /// nil while there is no file, or when it cannot be read. Takes as long as reading the file.
    public func verify() -> StoreVerification? {
        guard let file = core.currentFile.0 else { return nil }
        var check = StoreCheck(file, isQuiet: false)
        return try? check.run()
    }
}
