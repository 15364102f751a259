import Caching
import Glibc

/// Reads logs of both forms and prints the records that are wanted.
public struct LogPrinter {
    private let filter: LogFilter
    private let isJSON: Bool
    private let print: (String) -> Void
    private var reader = LogLineReader()
    private var hasHeader = false
    /// Lines that are no records, and where the first of them stands.
    private var malformed: (count: Int, first: String) = (0, "")

    /// `print` gets one line at a time, without its end.
    public init(filter: LogFilter, isJSON: Bool, print: @escaping (String) -> Void) {
        self.filter = filter
        self.isJSON = isJSON
        self.print = print
    }

    /// Reads a file, or standard input for `-`, to its end; of a directory the files of standard
    /// logs.
    public mutating func read(_ path: String) throws(CommandMistake) {
        for file in try LogSeries.files(at: path) { try readFile(file) }
    }

    private mutating func readFile(_ path: String) throws(CommandMistake) {
        let fd = try openLog(path)
        defer { closeLog(fd) }
        reader = LogLineReader()
        let name = path == "-" ? "standard input" : path
        var source = LogSource(name: name)
        try source.read(fd) { line, number throws(CommandMistake) in take(line, name, number) }
    }

    /// What a person should know of lines that were left out; nil when none were.
    public var warning: String? {
        guard malformed.count > 0 else { return nil }
        return malformed.count == 1
            ? "\(malformed.first): the line is no log record and was left out"
            : "\(malformed.first): \(malformed.count) lines from here on are no log records and "
                + "were left out"
    }

    mutating func take(_ line: String, _ name: String, _ number: Int) {
        switch reader.read(line) {
        case .none: break
        case .entry(let entry): show(entry)
        case .record(let record): show(LogEntry(record))
        case .malformed:
            if malformed.count == 0 { malformed.first = "\(name):\(number)" }
            malformed.count += 1
        }
    }

    private mutating func show(_ entry: LogEntry) {
        guard filter.accepts(entry) else { return }
        if isJSON { return print(entry.json) }
        if !hasHeader { print(LogTable.header) }
        hasHeader = true
        print(LogTable.line(entry))
    }
}
