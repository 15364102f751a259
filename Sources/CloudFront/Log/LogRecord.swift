public import Caching
import HTTP

/// One line of a standard access log, read back for replay.
public struct LogRecord: Sendable, Equatable {
    /// As they stand in the line, by `LogField`; `-` for what is absent.
    private var values: [String]

    /// A record with `-` everywhere.
    public init() {
        values = [String](repeating: "-", count: LogField.allCases.count)
    }

    /// The value, decoded; nil for `-`.
    public func text(_ field: LogField) -> String? {
        let value = values[field.rawValue]
        return value == "-" ? nil : Self.decoded(value)
    }

    public func number(_ field: LogField) -> Int? { text(field).flatMap { Int($0) } }

    /// A duration in milliseconds.
    public func milliseconds(_ field: LogField) -> Milliseconds? {
        guard let text = text(field), let seconds = Double(text), seconds >= 0,
            seconds < 1e12
        else { return nil }
        return Milliseconds((seconds * 1_000).rounded())
    }

    /// When the response ended, in milliseconds since 1970; the log counts in seconds.
    public var moment: Milliseconds? {
        let date = values[LogField.date.rawValue].split(separator: "-")
        guard date.count == 3, let month = Int(date[1]), (1...12).contains(month) else {
            return nil
        }
        let names = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        // The day of the week is not checked by whoever reads the date.
        let text =
            "Sun, \(date[2]) \(names[month - 1]) \(date[0]) \(values[LogField.time.rawValue]) GMT"
        let bytes = Array(text.utf8)
        return HTTPDate.parse(unsafe bytes.span.bytes, now: 0).map { Milliseconds.seconds($0) }
    }

    /// What the viewer asked for: path and query.
    public var target: String {
        let path = text(.uriStem) ?? "/"
        return text(.uriQuery).map { "\(path)?\($0)" } ?? path
    }

    /// Sets a value as it stands in a line.
    mutating func set(_ field: LogField, raw: some StringProtocol) {
        values[field.rawValue] = String(raw)
    }

    /// The log encodes `%` itself, so that one decoding gives what was sent.
    private static func decoded(_ value: String) -> String {
        let bytes = Array(value.utf8)
        let plain = unsafe [UInt8](unsafeUninitializedCapacity: bytes.count) { memory, count in
            count =
                unsafe PercentCoding.decode(
                    bytes.span.bytes, plusIsSpace: false,
                    into: UnsafeMutableRawBufferPointer(memory)) ?? 0
        }
        return String(decoding: plain, as: UTF8.self)
    }
}

/// Reads the lines of a standard access log, whichever fields its `#Fields` line names.
public struct LogReader: Sendable {
    /// What a line is.
    public enum Line: Sendable, Equatable {
        case record(LogRecord)
        /// Empty, or a comment.
        case none
        /// It has another number of fields than announced.
        case malformed
    }

    /// nil for a column that is none of version 1's.
    private var columns: [LogField?] = LogField.allCases

    /// A reader that expects all fields in their order until a `#Fields` line says otherwise.
    public init() {}

    /// Takes the next line, without its end.
    public mutating func read(_ line: some StringProtocol) -> Line {
        let line = line.last == "\r" ? String(line.dropLast()) : String(line)
        if line.hasPrefix("#Fields:") {
            columns = line.dropFirst(8).split(separator: " ").map { LogField(name: String($0)) }
            return .none
        }
        if line.isEmpty || line.hasPrefix("#") { return .none }
        let values = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard values.count == columns.count else { return .malformed }
        var record = LogRecord()
        for (column, value) in zip(columns, values) {
            if let column { record.set(column, raw: value) }
        }
        return .record(record)
    }
}
