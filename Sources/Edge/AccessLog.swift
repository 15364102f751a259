@unsafe @preconcurrency import Dispatch
import Glibc
import HTTP
import Synchronization

/// A byte ring between one loop, which writes lines, and the log writer, which takes them.
///
/// The loop never waits: a line that does not fit is dropped and counted.
@safe  // every index is masked; never freed
package struct LogRing: @unchecked Sendable {  // one producer, one consumer, atomics
    private let memory: UnsafeMutableRawPointer
    private let capacity: Int
    // 0: written, 1: taken, 2: asked to hurry
    private let indices: UnsafeMutablePointer<Atomic<Int>>
    // The writer's; unmanaged, so that copying this retains nothing.
    private let bell: Unmanaged<DispatchSemaphore>
    /// What the loop writes into it.
    let style: LineStyle

    init(capacity requested: Int, style: LineStyle, bell: DispatchSemaphore) {
        self.style = style
        unsafe self.bell = unsafe .passUnretained(bell)
        let size = 1 << (Int.bitWidth - max(requested - 1, 4_095).leadingZeroBitCount)
        capacity = size
        unsafe memory = .allocate(byteCount: size, alignment: 64)
        unsafe indices = .allocate(capacity: 3)
        for index in 0..<3 { unsafe (indices + index).initialize(to: Atomic(0)) }
    }

    /// Copies a whole line in; false when there is no room. Called by the loop only.
    @inline(__always)
    func push(_ line: UnsafeRawBufferPointer) -> Bool {
        let written = unsafe indices[0].load(ordering: .relaxed)
        let taken = unsafe indices[1].load(ordering: .acquiring)
        guard line.count <= capacity - (written - taken), let source = line.baseAddress else {
            return false
        }
        let start = written & (capacity - 1)
        let first = min(line.count, capacity - start)
        unsafe memcpy(memory + start, source, first)
        if first < line.count { unsafe memcpy(memory, source + first, line.count - first) }
        unsafe indices[0].store(written + line.count, ordering: .releasing)
        if written - taken > capacity / 2, unsafe indices[2].load(ordering: .relaxed) == 0 {
            unsafe indices[2].store(1, ordering: .relaxed)
            unsafe bell._withUnsafeGuaranteedRef { _ = $0.signal() }
        }
        return true
    }

    /// Hands the waiting bytes, in at most two pieces, to `write`. Called by the writer only.
    func drain(_ write: (UnsafeRawBufferPointer) -> Void) {
        unsafe indices[2].store(0, ordering: .relaxed)
        let written = unsafe indices[0].load(ordering: .acquiring)
        var taken = unsafe indices[1].load(ordering: .relaxed)
        while taken < written {
            let start = taken & (capacity - 1)
            let count = min(written - taken, capacity - start)
            unsafe write(UnsafeRawBufferPointer(start: memory + start, count: count))
            taken += count
            unsafe indices[1].store(taken, ordering: .releasing)
        }
    }
}

/// Writes the loops' lines to a file, to standard output, or to CloudFront's files of an hour, on
/// its own queue.
final class AccessLogWriter: Sendable {
    private enum Output {
        /// Lines as they come, to this descriptor.
        case stream(Int32)
        case archive(LogArchive)
    }

    let rings: [LogRing]
    private let path: String?
    private let bell: DispatchSemaphore
    private let output: Mutex<Output>
    private let isEnded = Atomic<Bool>(false)
    private let ended = DispatchGroup()
    private let lost = Atomic<UInt64>(0)

    /// Opens the log. - Throws: `LogError` with the path and what to do.
    init(_ settings: AccessLogSettings, location: String, loops: Int) throws(LogError) {
        path = settings.path
        let bell = DispatchSemaphore(value: 0)
        self.bell = bell
        let style = LineStyle(settings, location: location)
        rings = (0..<loops).map { _ in
            LogRing(capacity: settings.bufferBytes, style: style, bell: bell)
        }
        if let archive = settings.archive {
            output = Mutex(.archive(try LogArchive(archive)))
        } else {
            output = Mutex(.stream(try Self.open(settings.path)))
        }
        DispatchQueue(label: "edge.access-log").async(group: ended) { self.run() }
    }

    /// Writes every fifth of a second, and at once when a ring is half full.
    private func run() {
        while !isEnded.load(ordering: .acquiring) {
            _ = bell.wait(timeout: .now() + .milliseconds(200))
            flush()
        }
    }

    /// Opens the file anew, for log rotation; of CloudFront's files the next line begins one. A
    /// failure keeps the old file.
    func reopen() throws(LogError) {
        let isArchive = output.withLock { output in
            guard case .archive(let archive) = output else { return false }
            archive.closeFiles()
            return true
        }
        if isArchive { return }
        let fd = try Self.open(path)
        flush()
        let old = output.withLock { output -> Int32 in
            guard case .stream(let old) = output else { return -1 }
            output = .stream(fd)
            return old
        }
        if old > 2 { close(old) }
    }

    /// Writes what waits. Bytes that the file refuses are lost and counted, never waited for.
    func flush() {
        output.withLock { output in
            switch output {
            case .stream(let fd):
                for ring in rings {
                    unsafe ring.drain { if unsafe !Self.writeAll(fd, $0) { lose($0.count) } }
                }
            case .archive(let archive):
                for ring in rings {
                    unsafe ring.drain { unsafe archive.take($0) }
                    archive.endRing()
                }
                lose(archive.write())
            }
        }
    }

    private func lose(_ count: Int) { lost.add(UInt64(count), ordering: .relaxed) }

    /// Bytes that could not be written (disk full, pipe closed).
    var lostBytes: UInt64 { lost.load(ordering: .relaxed) }

    func stop() {
        isEnded.store(true, ordering: .releasing)
        bell.signal()
        ended.wait()
        flush()
    }

    private static func open(_ path: String?) throws(LogError) -> Int32 {
        guard let path else { return 1 }
        let fd = unsafe Glibc.open(
            path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard fd >= 0 else { throw LogError(path: path, code: errno) }
        return fd
    }

    /// False as soon as something is refused.
    static func writeAll(_ fd: Int32, _ piece: UnsafeRawBufferPointer) -> Bool {
        var rest = unsafe piece
        while unsafe !rest.isEmpty {
            let count = unsafe Glibc.write(fd, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                return false
            }
            unsafe rest = unsafe UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return true
    }
}

/// The access log cannot be opened.
public struct LogError: Error, CustomStringConvertible {
    public let path: String
    public let code: Int32
    public var description: String {
        let remedy =
            code == ELOOP
            ? "it is a symbolic link; name the file itself"
            : "check that its directory exists and that this user may write there"
        return
            unsafe "cannot open the access log \"\(path)\": "
            + "\(String(cString: strerror(code))); \(remedy)"
    }
}
