import Caching
import CloudFront
import Glibc
import HTTP

/// The files of a standard access log: one for each UTC hour, compressed, in CloudFront's names.
///
/// Each batch is a gzip member of its own, written in one call, so that a file can be read while
/// it is written and all its members survive a crash. A member that the disk took only in part is
/// cut off again. Confined to the log's queue and lock.
final class LogArchive {
    private struct File {
        let hour: [UInt8]
        let fd: Int32
        var length: Int
    }

    private let settings: LogArchiveSettings
    private var writer: GzipWriter
    private var random = SystemRandomNumberGenerator()
    /// The newest last. A loop may be a little behind another at the turn of an hour.
    private var files: [File] = []
    private static let filesMax = 2
    /// Lines that wait, by the hour they belong to.
    private var batches: [(hour: [UInt8], lines: [UInt8])] = []
    /// What one ring holds, which may come in two pieces.
    private var pending: [UInt8] = []
    private var packed: [UInt8] = []
    private var room = [UInt8](repeating: 0, count: 65_536)

    /// Makes the prefix's directories. - Throws: `LogError` when no file can be made there.
    init(_ settings: LogArchiveSettings) throws(LogError) {
        self.settings = settings
        guard let writer = GzipWriter(level: 6) else {
            throw LogError(path: settings.directory, code: ENOMEM)
        }
        self.writer = writer
        try Self.makeDirectories(settings)
    }

    deinit { closeFiles() }

    /// The next line begins a new file.
    func closeFiles() {
        for file in files { close(file.fd) }
        files.removeAll()
    }

    // MARK: taking lines

    /// A piece of what a ring holds; lines may go on in the next.
    func take(_ piece: UnsafeRawBufferPointer) { unsafe pending.append(contentsOf: piece) }

    /// All pieces of a ring have come: its lines go to the hours they ended in.
    func endRing() {
        guard !pending.isEmpty else { return }
        unsafe pending.withUnsafeBytes { bytes in
            var start = 0
            var batch: Int?
            while start < bytes.count, let base = bytes.baseAddress {
                let found = unsafe memchr(base + start, 10, bytes.count - start)
                let end = unsafe found.map { unsafe base.distance(to: $0) + 1 } ?? bytes.count
                let line = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                if batch.map({ unsafe !Self.isOf(batches[$0].hour, line) }) ?? true {
                    batch = unsafe self.batch(for: line)
                }
                if let batch { unsafe batches[batch].lines.append(contentsOf: line) }
                start = end
            }
        }
        pending.removeAll(keepingCapacity: true)
    }

    /// `2019-12-04` TAB `21`.
    private static let hourLength = 13

    private static func isOf(_ hour: [UInt8], _ line: UnsafeRawBufferPointer) -> Bool {
        unsafe line.starts(with: hour)
    }

    private func batch(for line: UnsafeRawBufferPointer) -> Int {
        if let index = batches.firstIndex(where: { unsafe Self.isOf($0.hour, line) }) {
            return index
        }
        unsafe batches.append((Array(line.prefix(Self.hourLength)), []))
        return batches.count - 1
    }

    // MARK: writing

    /// Writes what waits; returns how many bytes of lines were lost.
    func write() -> Int {
        var lost = 0
        for batch in batches where !batch.lines.isEmpty {
            if !write(batch.lines, of: batch.hour) { lost += batch.lines.count }
        }
        batches.removeAll(keepingCapacity: true)
        return lost
    }

    private func write(_ lines: [UInt8], of hour: [UInt8]) -> Bool {
        guard let index = file(of: hour) else { return false }
        let file = files[index]
        pack(file.length == 0 ? Array(LogField.header.utf8) + lines : lines)
        if unsafe packed.withUnsafeBytes({ unsafe AccessLogWriter.writeAll(file.fd, $0) }) {
            files[index].length += packed.count
            return true
        }
        // Half a member would hide those behind it.
        if ftruncate(file.fd, off_t(file.length)) != 0 {
            close(file.fd)
            files.remove(at: index)
        }
        return false
    }

    private func pack(_ text: [UInt8]) {
        packed.removeAll(keepingCapacity: true)
        writer.reset()
        var at = 0
        var isDone = false
        while !isDone {
            let step = unsafe room.withUnsafeMutableBytes {
                unsafe writer.write(text.span.bytes.extracting(at...), .finished, into: $0)
            }
            at += step.consumed
            packed += room[..<step.produced]
            isDone = step.isDone
        }
    }

    private func file(of hour: [UInt8]) -> Int? {
        if let index = files.firstIndex(where: { $0.hour == hour }) { return index }
        guard let fd = create(hour) else { return nil }
        if files.count == Self.filesMax { close(files.removeFirst().fd) }
        files.append(File(hour: hour, fd: fd, length: 0))
        return files.count - 1
    }

    private func create(_ hour: [UInt8]) -> Int32? {
        let hour = String(decoding: hour.map { $0 == 9 ? 45 : $0 }, as: UTF8.self)
        // A name that is taken already, one in 10^17, costs another number.
        for _ in 0..<3 {
            let name = LogFileName.text(
                prefix: settings.prefix, distribution: settings.distribution, hour: hour,
                unique: LogFileName.unique(from: random.next()))
            let fd = unsafe open(
                "\(settings.directory)/\(name)",
                O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o640)
            if fd >= 0 { return fd }
            if errno != EEXIST { return nil }
        }
        return nil
    }

    /// The directory has to be there; what the prefix names below it is made.
    private static func makeDirectories(_ settings: LogArchiveSettings) throws(LogError) {
        var path = settings.directory
        var parts = settings.prefix.split(separator: "/")[...]
        while let part = parts.popFirst() {
            path += "/" + part
            if unsafe mkdir(path, 0o750) != 0, errno != EEXIST {
                throw LogError(path: path, code: errno)
            }
        }
        if unsafe access(path, W_OK | X_OK) != 0 { throw LogError(path: path, code: errno) }
    }
}
