import Caching
import Glibc

/// Holds a cache directory for this process; who holds it can be read in the file.
///
/// The kernel lets the lock go when the process ends, however it ends.
struct DirectoryLock: ~Copyable {
    private let descriptor: Int32

    // Bound to the open file, not to the process: a second opening here is refused like any other.
    private static let setLock: Int32 = 37  // F_OFD_SETLK

    /// Takes the lock or says who has it.
    init(directory: String, now: Milliseconds) throws(StoreError) {
        let path = directory + "/lock"
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreError.last("open", path) }
        var request = flock()
        request.l_type = Int16(F_WRLCK)
        request.l_whence = Int16(SEEK_SET)
        guard unsafe fcntl(descriptor, Self.setLock, &request) == 0 else {
            let code = errno
            let holder = Self.holder(descriptor)
            close(descriptor)
            guard code == EAGAIN || code == EACCES else {
                throw StoreError.last("lock", path, code)
            }
            throw StoreError.inUse(directory: directory, holder: holder)
        }
        self.descriptor = descriptor
        write(now)
    }

    deinit {
        ftruncate(descriptor, 0)
        // Said aloud: a child that was forked just now has this file open until it execs, and
        // closing it here would leave the lock with the child.
        var request = flock()
        request.l_type = Int16(F_UNLCK)
        request.l_whence = Int16(SEEK_SET)
        _ = unsafe fcntl(descriptor, Self.setLock, &request)
        close(descriptor)
    }

    private func write(_ now: Milliseconds) {
        var name = [CChar](repeating: 0, count: 256)
        unsafe gethostname(&name, name.count - 1)
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let host = String(decoding: bytes, as: UTF8.self)
        let text = "process \(getpid()) on \(host) since \(UTCText(now))\n"
        ftruncate(descriptor, 0)
        // Only for people to read: the lock holds without it.
        _ = unsafe text.withCString { unsafe pwrite(descriptor, $0, strlen($0), 0) }
    }

    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = unsafe pread(descriptor, &bytes, bytes.count, 0)
        let line = bytes.prefix(max(count, 0)).prefix { $0 != 0x0a }
        return line.isEmpty ? "another process" : String(decoding: line, as: UTF8.self)
    }
}

/// A moment as `2026-03-01T12:00:00Z`.
struct UTCText: CustomStringConvertible {
    let description: String

    init(_ moment: Milliseconds) {
        var seconds = time_t(moment / 1_000)
        var parts = unsafe tm()
        unsafe gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        description =
            unsafe "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
            + "T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
    }
}

extension StoreError {
    /// The failure that `errno` tells of.
    static func last(_ call: String, _ path: String, _ code: Int32 = errno) -> StoreError {
        .directory(path: path, call: call, reason: text(code), code: code)
    }

    static func text(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
