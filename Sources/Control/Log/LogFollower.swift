@unsafe @preconcurrency import Dispatch
import Glibc
import Synchronization

/// Prints what is added to a log as it comes, also after the log was rotated.
public final class LogFollower: Sendable {
    private struct State {
        var printer: LogPrinter
        var source: LogSource
        var fd: Int32
        var read: Int64 = 0
        var file: UInt64
    }

    private let path: String
    private let state: Mutex<State>
    private let timer: any DispatchSourceTimer
    private let failed: @Sendable (CommandMistake) -> Void

    /// Opens a plain file, not a compressed one.
    ///
    /// - Parameters:
    ///   - print: gets one line at a time, without its end.
    ///   - flush: called after each batch of lines.
    ///   - failed: called at most once, when the file cannot be read any more.
    public init(
        _ path: String, filter: LogFilter, isJSON: Bool,
        print: @escaping @Sendable (String) -> Void, flush: @escaping @Sendable () -> Void,
        failed: @escaping @Sendable (CommandMistake) -> Void
    ) throws(CommandMistake) {
        self.path = path
        self.failed = failed
        let fd = try openLog(path)
        state = Mutex(
            State(
                printer: LogPrinter(filter: filter, isJSON: isJSON, print: print),
                source: LogSource(name: path), fd: fd,
                file: Self.file(fd)))
        timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "log.follow"))
        timer.setEventHandler { [weak self] in
            self?.look()
            flush()
        }
    }

    deinit { timer.cancel() }

    /// Begins with what is in the file already; from then on looks five times a second.
    public func start() {
        timer.schedule(deadline: .now(), repeating: .milliseconds(200))
        timer.activate()
    }

    /// Reads what has come, and opens the file anew when it is another one by now.
    private func look() {
        do throws(CommandMistake) {
            try state.withLock { state throws(CommandMistake) in
                try Self.readOn(&state, path)
                let (newest, size) = Self.look(at: path)
                if newest == state.file {
                    // It was emptied in place.
                    guard size < state.read else { return }
                    lseek(state.fd, 0, SEEK_SET)
                } else {
                    // The name may be gone for a moment, between two files.
                    let fd = unsafe open(path, O_RDONLY | O_CLOEXEC)
                    guard fd >= 0 else { return }
                    close(state.fd)
                    state.fd = fd
                    state.file = Self.file(fd)
                }
                state.read = 0
                state.source.forget()
                try Self.readOn(&state, path)
            }
        } catch {
            timer.cancel()
            failed(error)
        }
    }

    private static func readOn(_ state: inout State, _ path: String) throws(CommandMistake) {
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe part.withUnsafeMutableBytes {
                unsafe Glibc.read(state.fd, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw CommandMistake(
                    unsafe "\(path) cannot be read: "
                        + "\(String(cString: strerror(errno))); name a file"
                )
            }
            if count == 0 { return }
            if state.read == 0, part.starts(with: [0x1F, 0x8B]) {
                throw CommandMistake(
                    "\(path) is compressed, and what is added to it cannot be followed; "
                        + "read it without --follow", isUsage: true)
            }
            state.read += Int64(count)
            var source = state.source
            var printer = state.printer
            try source.take(part[..<count]) { line, number throws(CommandMistake) in
                printer.take(line, path, number)
            }
            state.source = source
            state.printer = printer
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
