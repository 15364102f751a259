import Glibc
public import Reactor

// Files that have the old bytes or the new ones after a power cut.

/// Replaces a file.
///
/// - Returns: a descriptor of the new one, which is the caller's to close.
func replaceFile(_ path: String, by bytes: [UInt8]) throws(SystemError) -> Int32 {
    let draft = path + ".new"
    let descriptor = unsafe open(draft, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw lastError("open", draft) }
    do throws(SystemError) {
        try write(bytes, descriptor, at: 0, draft)
        guard unsafe rename(draft, path) == 0 else { throw lastError("rename", draft) }
        try flushDirectory(of: path)
    } catch {
        close(descriptor)
        throw error
    }
    return descriptor
}

/// Writes a file for this user alone, whatever was there before.
public func writeTextFile(_ text: String, to path: String) throws(SystemError) {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw lastError("open", path) }
    defer { close(descriptor) }
    // One that was there has a mode of its own; what is no file, such as a terminal, keeps it.
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw lastError("fstat", path) }
    if status.st_mode & S_IFMT == S_IFREG {
        guard fchmod(descriptor, 0o600) == 0 else { throw lastError("fchmod", path) }
    }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = unsafe rest.withUnsafeBytes {
            unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
        }
        if count < 0, errno != EINTR { throw lastError("write", path) }
        rest = rest.dropFirst(max(count, 0))
    }
}

func lastError(_ call: String, _ path: String) -> SystemError {
    SystemError(call: call, subject: path, errno: errno)
}

func readAll(_ descriptor: Int32, _ path: String) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = unsafe read(descriptor, &part, part.count)
        if count == 0 { return bytes }
        if count > 0 {
            bytes += part[..<count]
        } else if errno != EINTR {
            throw lastError("read", path)
        }
    }
}

/// Until then a renamed file may have its old name after a power cut.
private func flushDirectory(of path: String) throws(SystemError) {
    let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let descriptor = unsafe open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw lastError("open", parent) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw lastError("fsync", parent) }
}

/// Writes all bytes at that place and waits for the disk.
func write(
    _ bytes: [UInt8], _ descriptor: Int32, at offset: off_t, _ path: String
) throws(SystemError) {
    var done = 0
    while done < bytes.count {
        let count = unsafe bytes[done...].withUnsafeBytes {
            unsafe pwrite(descriptor, $0.baseAddress, $0.count, offset + off_t(done))
        }
        if count > 0 {
            done += count
        } else if errno != EINTR {
            throw lastError("write", path)
        }
    }
    guard fdatasync(descriptor) == 0 else { throw lastError("fdatasync", path) }
}
