public import Edge
import Glibc
import Logging
public import Reactor

/// Writes the edge's events to standard error, one line each. Nobody waits for that.
public struct EventLog: EventObserver {
    private let logger: Logger
    private let lines: ErrorLines

    /// - Parameters:
    ///   - least: events below it are left out.
    ///   - clock: what the lines are dated by.
    public init(least: EdgeEvent.Level, clock: WallClock) {
        self.init(least: least, clock: clock, to: STDERR_FILENO)
    }

    init(least: EdgeEvent.Level, clock: WallClock, to descriptor: Int32) {
        let style = LineForm(clock: clock)
        let lines = ErrorLines(to: descriptor) { count in
            style.text(
                .warning, "events: \(count) lines were dropped here: nobody read standard error")
        }
        var logger = Logger(label: "mapedge") { _ in StandardErrorLines(lines: lines, form: style) }
        logger.logLevel = least.asLogLevel
        self.logger = logger
        self.lines = lines
    }

    public func note(_ event: EdgeEvent) {
        logger.log(level: event.level.asLogLevel, "\(event.area): \(event.text)")
    }

    public var droppedLines: UInt64 { lines.droppedLines }

    /// A line that is no event, such as an address listened on, in its turn among the events.
    public func say(_ text: String) { lines.add(text) }

    /// Before the process ends: what was said is written, unless nobody reads it for a second.
    public func flush() { lines.flush(within: .seconds(1)) }
}

extension EdgeEvent.Level {
    fileprivate var asLogLevel: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        }
    }
}

/// Time, level, area, text.
private struct LineForm {
    let clock: WallClock
    /// systemd's journal notes the time itself.
    private let hasTime = unsafe getenv("JOURNAL_STREAM") == nil

    init(clock: WallClock) { self.clock = clock }

    func text(_ level: Logger.Level, _ message: String) -> String {
        "\(hasTime ? "\(timestampText(clock.now)) " : "")\(level) \(message)"
    }
}

private struct StandardErrorLines: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    let lines: ErrorLines
    let form: LineForm

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.add(form.text(event.level, "\(event.message)")) }
}
