@unsafe @preconcurrency import Dispatch
import Glibc
import Reactor
import Synchronization

/// Writes the loops' lines to a file, to standard output, or to CloudFront's files of an hour, on
/// its own queue.
///
/// Nobody else waits for who reads the log: neither loops nor signals, and the end for a moment
/// only.
final class AccessLogWriter: Sendable {
    private enum Target {
        /// Lines as they come.
        case stream(PatientOutput)
        case archive(LogArchive)
    }

    private struct Output {
        var target: Target
        /// Whose lines come next: a ring whose piece was taken in part goes on where it was.
        var turn = 0
    }

    private enum Order {
        /// What is written from now on goes to this descriptor.
        case stream(Int32)
        /// The next line begins a file.
        case newFile
    }

    /// How long the writer waits for a reader, in milliseconds, before it looks up again.
    private static let patience = 200
    /// How long it does at the end, and how long the end waits for it at most.
    private static let lastPatience = 1_000, endMax = 2_000

    let rings: [LogRing]
    private let path: String?
    private let isArchive: Bool
    private let bell: DispatchSemaphore
    /// The writer's.
    private let output: Mutex<Output>
    private let order = Mutex<Order?>(nil)
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
        isArchive = settings.archive != nil
        if let archive = settings.archive {
            output = Mutex(Output(target: .archive(try LogArchive(archive))))
        } else {
            let descriptor = try settings.path.map(Self.open) ?? STDOUT_FILENO
            output = Mutex(Output(target: .stream(PatientOutput(descriptor))))
        }
        DispatchQueue(label: "edge.access-log").async(group: ended) { self.run() }
    }

    /// Opens the file anew, for log rotation; of CloudFront's files the next line begins one. A
    /// failure keeps the old file. Returns before the writer has followed.
    func reopen() throws(LogError) {
        guard isArchive || path != nil else { return }
        let next: Order = try isArchive ? .newFile : .stream(Self.open(path ?? ""))
        let former = order.withLock { order in
            defer { order = next }
            return order
        }
        if case .stream(let descriptor) = former { close(descriptor) }
        bell.signal()
    }

    /// Bytes that could not be written (disk full, pipe closed, nobody read).
    var lostBytes: UInt64 { lost.load(ordering: .relaxed) }

    /// Writes what still waits and ends. What nobody takes within a second is lost.
    ///
    /// - Returns: how many bytes that was.
    func stop() -> Int {
        isEnded.store(true, ordering: .releasing)
        bell.signal()
        // Without an answer it hangs in a call: another process took the room that there was.
        _ = ended.wait(timeout: .now() + .milliseconds(Self.endMax))
        let rest = rings.reduce(0) { $0 + $1.waiting }
        lose(rest)
        return rest
    }

    private func lose(_ count: Int) { lost.add(UInt64(count), ordering: .relaxed) }

    // MARK: on the writer's queue

    /// Writes every fifth of a second, and at once when a ring is half full.
    private func run() {
        while !isEnded.load(ordering: .acquiring) {
            _ = bell.wait(timeout: .now() + .milliseconds(Self.patience))
            guard let order = order.withLock({ $0.take() }) else {
                flush(within: Self.patience)
                continue
            }
            // What was logged before goes where it would have gone.
            flush(within: 0)
            follow(order)
        }
        flush(within: Self.lastPatience)
    }

    private func follow(_ order: Order) {
        output.withLock { output in
            switch (order, output.target) {
            case (.stream(let descriptor), .stream(let former)):
                output.target = .stream(PatientOutput(descriptor))
                close(former.descriptor)
            case (.newFile, .archive(let archive)): archive.closeFiles()
            case (.stream(let descriptor), .archive): close(descriptor)
            case (.newFile, .stream): break
            }
        }
    }

    /// Writes what waits; what nobody takes within so many milliseconds waits on. Bytes that the
    /// file refuses are lost and counted.
    private func flush(within limit: Int) {
        output.withLock { output in
            switch output.target {
            case .stream(let stream):
                let deadline = monotonicMilliseconds() + Int64(limit)
                for _ in rings {
                    // A line that was cut is not to go on with another loop's.
                    guard write(rings[output.turn], to: stream, until: deadline) else { return }
                    output.turn = (output.turn + 1) % rings.count
                }
            case .archive(let archive):
                for ring in rings {
                    unsafe ring.drain {
                        unsafe archive.take($0)
                        return $0.count
                    }
                    archive.endRing()
                }
                lose(archive.write())
            }
        }
    }

    /// Whether all that waited in the ring was dealt with.
    private func write(
        _ ring: LogRing, to stream: PatientOutput, until deadline: Int64
    ) -> Bool {
        var isFull = false
        unsafe ring.drain { piece in
            let left = Int(max(0, deadline - monotonicMilliseconds()))
            switch unsafe stream.write(piece, within: left) {
            case .wrote(let count): return count
            case .full:
                isFull = true
                return 0
            case .refused:
                lose(piece.count)
                return piece.count
            }
        }
        return !isFull
    }

    // MARK: files

    /// A FIFO that nobody reads is opened all the same and keeps what fits until somebody does.
    private static func open(_ path: String) throws(LogError) -> Int32 {
        let flags = O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK
        var status = stat()
        if unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFIFO {
            // With a reading end of its own, opening needs no other (fifo(7)).
            let descriptor = unsafe Glibc.open(path, flags | O_RDWR)
            if descriptor >= 0 { return descriptor }
        }
        let descriptor = unsafe Glibc.open(path, flags | O_WRONLY | O_CREAT, 0o640)
        guard descriptor >= 0 else { throw LogError(path: path, code: errno) }
        return descriptor
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
