import Glibc
public import LMDB

/// Why the store cannot be opened; each text ends with what to do.
public enum StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another process has the directory.
    case inUse(directory: String, holder: String)
    /// The directory or a file of ours in it cannot be made or read.
    case directory(path: String, call: String, reason: String, code: Int32 = 0)
    /// LMDB refused for a reason that a new file does not cure.
    case database(path: String, LMDBError)

    public var description: String {
        switch self {
        case .inUse(let directory, let holder):
            "cache directory \"\(directory)\" is in use by \(holder); "
                + "stop it or give --cache another directory"
        case .directory(let path, let call, let reason, let code):
            "cannot \(call) \"\(path)\": \(reason); \(Self.remedy(code))"
        case .database(let path, let error): "cannot open the cache in \"\(path)\": \(error)"
        }
    }

    /// The disk refuses, which it may do to a cache that was in use a moment ago: a reason to serve
    /// without one, not to serve nothing.
    var isOfDisk: Bool {
        switch self {
        case .inUse: false
        case .directory(_, _, _, let code): LMDBError(.open, code).kind == .disk
        case .database(_, let error): error.kind == .disk
        }
    }

    private static func remedy(_ code: Int32) -> String {
        switch code {
        case ENOSPC, EDQUOT: "free space on its disk"
        case EFBIG: "raise \"ulimit -f\""
        case EIO: "look for disk errors with \"dmesg\""
        case EROFS: "remount the file system writable or give --cache another directory"
        case ENOTEMPTY, EEXIST, EISDIR, ENXIO: "something else is there: move it away"
        case ENOTDIR: "something else than a directory is there: give --cache another one"
        default: "let this user write there or give --cache another directory"
        }
    }
}

/// What an operator is told of the store in words; numbers are in `StoreCounters`.
public struct StoreEvent: Sendable, Equatable {
    public enum Level: Sendable { case notice, warning, error }
    public var level: Level
    /// What happened, where, and what to do; one line.
    public var text: String

    public init(_ level: Level, _ text: String) {
        self.level = level
        self.text = text
    }
}

/// What the store does at present.
public enum StoreMode: UInt8, Sendable {
    /// Serves and stores.
    case normal
    /// The disk refuses writes: serves what it has and tries again from time to time.
    case serveOnly
    /// Runs without a file: finds nothing and stores nothing.
    case off

    /// The word for status pages and logs.
    public var word: String {
        switch self {
        case .normal: "normal"
        case .serveOnly: "serve-only"
        case .off: "off"
        }
    }
}
