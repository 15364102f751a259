@unsafe @preconcurrency import Dispatch
import Glibc
import Synchronization

/// Prints what is added to a log as it comes, also after the log was rotated: of a file that is
/// moved away the one that takes its name, of a standard log the next hour's.
public final class LogFollower: Sendable {
    private struct State: ~Copyable {
        var printer: LogPrinter
        /// In the order of their hours; one alone where there are no hours.
        var tails: [(file: LogSeries.File, tail: LogTail)] = []
        var series: LogSeries?
        var looks = 0
    }

    /// Lines may be a little behind at the turn of an hour, so that the one before is read on.
    private static let hoursAtOnce = 2
    /// How many looks at files there are for one at their directory.
    private static let looksForSeries = 5

    private let state: Mutex<State>
    private let timer: any DispatchSourceTimer
    private let failed: @Sendable (CommandMistake) -> Void

    /// Opens a file, plain or compressed, or begins with the newest files of a standard log's
    /// directory, where there may be none yet.
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
        self.failed = failed
        var first = State(printer: LogPrinter(filter: filter, isJSON: isJSON, print: print))
        if LogSeries.isDirectory(path) {
            first.series = LogSeries(in: path)
        } else if let series = LogSeries(from: path) {
            first.series = series
            // Its turn is with the others, but it has to be there.
            _ = try LogTail(path)
        } else {
            first.tails = [(LogSeries.File(path: path, log: "", hour: ""), try LogTail(path))]
        }
        state = Mutex(first)
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

    private func look() {
        do throws(CommandMistake) {
            try state.withLock { state throws(CommandMistake) in
                if state.looks % Self.looksForSeries == 0 { Self.findNext(&state) }
                state.looks += 1
                for (_, tail) in state.tails { try tail.look(&state.printer) }
                let files = state.tails.map(\.file)
                state.tails.removeAll { Self.isOver($0.file, of: files) }
            }
        } catch {
            timer.cancel()
            failed(error)
        }
    }

    private static func findNext(_ state: inout State) {
        for file in state.series?.next() ?? [] {
            // It may be gone again.
            guard let tail = try? LogTail(file.path) else { continue }
            state.tails.append((file, tail))
        }
    }

    private static func isOver(_ file: LogSeries.File, of files: [LogSeries.File]) -> Bool {
        Set(files.filter { $0.log == file.log && $0.hour > file.hour }.map(\.hour)).count
            >= hoursAtOnce
    }

}
