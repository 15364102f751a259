@unsafe @preconcurrency import Dispatch
import Glibc
import HTTP
import Synchronization

/// Prints what is added to a log as it comes, also after the log was rotated. Of a compressed one
/// the members that are added to it; one that is not whole yet is waited for.
public final class LogFollower: Sendable {
    private struct State: ~Copyable {
        var printer: LogPrinter
        var source: LogSource
        var fd: Int32
        var read: Int64 = 0
        var file: UInt64
        /// Of a compressed file, and where its last whole member ends.
        var unzipper: GzipReader?
        var whole: Int64 = 0

        /// Goes on from there, with nothing kept of what was behind it.
        mutating func restart(at place: Int64) throws(CommandMistake) {
            lseek(fd, off_t(place), SEEK_SET)
            (read, whole) = (place, place)
            unzipper = place > 0 ? try Self.makeUnzipper(source.name) : nil
            source.forget()
        }

        static func makeUnzipper(_ name: String) throws(CommandMistake) -> GzipReader {
            guard let unzipper = GzipReader(limit: .max) else {
                throw CommandMistake("\(name): no memory to decompress it; end other programs")
            }
            return unzipper
        }
    }

    private let path: String
    private let state: Mutex<State>
    private let timer: any DispatchSourceTimer
    private let failed: @Sendable (CommandMistake) -> Void

    /// Opens a file, plain or compressed.
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
                    // It was emptied in place, or half a member was cut off again.
                    guard size < state.read else { return }
                    try state.restart(at: size < state.whole ? 0 : state.whole)
                } else {
                    // The name may be gone for a moment, between two files.
                    let fd = unsafe open(path, O_RDONLY | O_CLOEXEC)
                    guard fd >= 0 else { return }
                    close(state.fd)
                    state.fd = fd
                    state.file = Self.file(fd)
                    try state.restart(at: 0)
                }
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
                state.unzipper = try State.makeUnzipper(path)
            }
            let start = state.read
            state.read += Int64(count)
            var source = state.source
            var printer = state.printer
            let body = { (line: String, number: Int) in printer.take(line, path, number) }
            if var unzipper = state.unzipper.take() {
                let whole = try source.unzip(part[..<count], &unzipper, body)
                if whole > 0 { state.whole = start + Int64(whole) }
                state.unzipper = consume unzipper
            } else {
                try source.take(part[..<count], body)
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
