public import Edge
import Glibc
import Logging

/// Writes the edge's events to standard error, one line each.
public struct EventLog: EventObserver {
    private let logger: Logger

    /// - Parameter least: events below it are left out.
    public init(least: EdgeEvent.Level) {
        var logger = Logger(label: "mapedge") { _ in StandardErrorLines() }
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
    /// systemd's journal notes the time itself.
    private let hasTime = getenv("JOURNAL_STREAM") == nil

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let time = hasTime ? "\(timestamp()) " : ""
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
        let count = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if count < 0, errno != EINTR { return }
        rest = rest.dropFirst(max(count, 0))
    }
}

/// Now in UTC to the millisecond (RFC 3339).
private func timestamp() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return timestampText(Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000)
}
