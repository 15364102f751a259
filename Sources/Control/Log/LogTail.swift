import Glibc
import HTTP

/// One log file that grows: what is added to it, also when it is another one by now, or emptied. Of
/// a compressed one the members that are added; one that is not whole yet is waited for.
final class LogTail {
    private let path: String
    private var source: LogSource
    private var fd: Int32
    private var read: Int64 = 0
    private var file: UInt64
    /// Of a compressed file, and where its last whole member ends.
    private var unzipper: GzipReader?
    private var whole: Int64 = 0

    init(_ path: String) throws(CommandMistake) {
        self.path = path
        fd = try openLog(path)
        source = LogSource(name: path)
        file = Self.file(fd)
    }

    deinit { closeLog(fd) }

    /// Reads what has come, and opens the file anew when it is another one by now.
    func look(_ printer: inout LogPrinter) throws(CommandMistake) {
        try readOn(&printer)
        let (newest, size) = Self.look(at: path)
        if newest == file {
            // It was emptied in place, or half a member was cut off again.
            guard size < read else { return }
            try restart(at: size < whole ? 0 : whole)
        } else {
            // The name may be gone for a moment, between two files.
            let other = unsafe open(path, O_RDONLY | O_CLOEXEC)
            guard other >= 0 else { return }
            closeLog(fd)
            (fd, file) = (other, Self.file(other))
            try restart(at: 0)
        }
        try readOn(&printer)
    }

    /// Goes on from there, with nothing kept of what was behind it.
    private func restart(at place: Int64) throws(CommandMistake) {
        lseek(fd, off_t(place), SEEK_SET)
        (read, whole) = (place, place)
        unzipper = place > 0 ? try makeUnzipper() : nil
        source.forget()
    }

    private func makeUnzipper() throws(CommandMistake) -> GzipReader {
        guard let unzipper = GzipReader(limit: .max) else {
            throw CommandMistake("\(path): no memory to decompress it; end other programs")
        }
        return unzipper
    }

    private func readOn(_ printer: inout LogPrinter) throws(CommandMistake) {
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe part.withUnsafeMutableBytes {
                unsafe Glibc.read(fd, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw CommandMistake(
                    unsafe "\(path) cannot be read: \(String(cString: strerror(errno))); "
                        + "name a file")
            }
            if count == 0 { return }
            if read == 0, part.starts(with: [0x1F, 0x8B]) { unzipper = try makeUnzipper() }
            let start = read
            read += Int64(count)
            func body(_ line: String, _ number: Int) { printer.take(line, path, number) }
            if var reader = unzipper.take() {
                let ended = try source.unzip(part[..<count], &reader, body)
                if ended > 0 { whole = start + Int64(ended) }
                unzipper = consume reader
            } else {
                try source.take(part[..<count], body)
            }
        }
    }

    /// The file's number; 0 when it cannot be told.
    private static func file(_ fd: Int32) -> UInt64 {
        var status = stat()
        return unsafe fstat(fd, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    private static func look(at path: String) -> (file: UInt64, size: Int64) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return (0, 0) }
        return (UInt64(status.st_ino), Int64(status.st_size))
    }
}
