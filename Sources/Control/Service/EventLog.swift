public import Edge
import Glibc
import Logging
public import Reactor

/// Writes the edge's events to standard error, one line each.
public struct EventLog: EventObserver {
    private let logger: Logger

    /// - Parameters:
    ///   - least: events below it are left out.
    ///   - clock: what the lines are dated by.
    public init(least: EdgeEvent.Level, clock: WallClock) {
        var logger = Logger(label: "mapedge") { _ in StandardErrorLines(clock: clock) }
        logger.logLevel = least.asLogLevel
        self.logger = logger
    }

    public func note(_ event: EdgeEvent) {
        logger.log(level: event.level.asLogLevel, "\(event.area): \(event.text)")
    }
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

/// One line on standard error: time, level, area, text.
private struct StandardErrorLines: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    let clock: WallClock
    /// systemd's journal notes the time itself.
    private let hasTime = unsafe getenv("JOURNAL_STREAM") == nil

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let time = hasTime ? "\(timestampText(clock.now)) " : ""
        writeErrorLine("\(time)\(event.level) \(event.message)")
    }
}

/// Writes one line to standard error in one call, so that lines of several threads stay whole.
///
/// Control characters are replaced: what a peer sent must not forge a second line.
public func writeErrorLine(_ text: String) {
    let bytes = text.utf8.map { $0 < 32 || $0 == 127 ? UInt8(ascii: " ") : $0 } + [10]
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = unsafe rest.withUnsafeBytes {
            unsafe write(STDERR_FILENO, $0.baseAddress, $0.count)
        }
        if count < 0, errno != EINTR { return }
        rest = rest.dropFirst(max(count, 0))
    }
}
