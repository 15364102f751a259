import Caching
import CloudFront

/// One request, as a log of either form tells it; nil or empty where it does not.
struct LogEntry {
    /// When the response ended, in milliseconds since 1970.
    var moment: Milliseconds?
    /// To the millisecond; else to the second.
    var isExact = false
    var viewer = ""
    var method = ""
    var host = ""
    /// As it was asked for.
    var path = ""
    /// nil: there is no `?`, or none that the log tells.
    var query: String?
    /// 0 for a viewer who left before the answer.
    var status: Int?
    var result = ""
    var detail = ""
    /// User-Agent, decoded.
    var agent = ""
    var sentBytes: Int?
    var taken: Milliseconds?
    /// The record on one line, for programs.
    var json = ""

    var target: String { query.map { "\(path)?\($0)" } ?? path }

    init(_ record: LogRecord) {
        moment = record.moment
        viewer = record.text(.viewerAddress) ?? ""
        method = record.text(.method) ?? ""
        host = record.text(.hostHeader) ?? record.text(.distributionDomain) ?? ""
        path = record.text(.uriStem) ?? ""
        query = record.text(.uriQuery)
        status = record.number(.status)
        result = record.text(.resultType) ?? ""
        detail = record.text(.detailedResultType) ?? ""
        agent = record.text(.userAgent) ?? ""
        sentBytes = record.number(.bytesSent)
        taken = record.milliseconds(.timeTaken)
        json = Self.json(record)
    }

    /// nil for a line that is no record of the edge's own log.
    init?(line: String) {
        guard let object = FlatJSON(line), let time = object["time"].flatMap({ Double($0) }),
            time >= 0, time < 1e12
        else { return nil }
        moment = Milliseconds((time * 1_000).rounded())
        isExact = true
        viewer = object["c-ip"] ?? ""
        method = object["cs-method"] ?? ""
        host = object["x-host-header"] ?? ""
        path = object["cs-uri-stem"] ?? ""
        query = object["cs-uri-query"]
        status = object["sc-status"].flatMap { Int($0) }
        result = object["x-edge-result-type"] ?? ""
        detail = object["x-edge-detailed-result-type"] ?? ""
        agent = object["cs(User-Agent)"] ?? ""
        sentBytes = object["sc-bytes"].flatMap { Int($0) }
        taken = object["time-taken"].flatMap { Double($0) }.flatMap {
            $0 >= 0 && $0 < 1e12 ? Milliseconds(($0 * 1_000).rounded()) : nil
        }
        json = line
    }

    private static let numbers: Set<LogField> = [
        .bytesSent, .bytesReceived, .timeTaken, .viewerPort, .timeToFirstByte, .contentLength,
        .rangeStart, .rangeEnd,
    ]

    /// The fields that have a value, decoded, by their own names.
    private static func json(_ record: LogRecord) -> String {
        let members = LogField.allCases.compactMap { field -> String? in
            guard let text = record.text(field) else { return nil }
            let isNumber =
                numbers.contains(field) && Double(text) != nil
                && text.utf8.allSatisfy { (48...57).contains($0) || $0 == 46 }
            return "\(JSON.text(field.name).encoded):\(isNumber ? text : JSON.text(text).encoded)"
        }
        return "{\(members.joined(separator: ","))}"
    }
}

/// Tells the forms of log lines apart; a file may change from one to the other.
struct LogLineReader {
    enum Line {
        case entry(LogEntry)
        case record(LogRecord)
        /// Empty, or a comment.
        case none
        case malformed
    }

    private var standard = LogReader()

    mutating func read(_ line: String) -> Line {
        if line.first == "{" { return LogEntry(line: line).map { .entry($0) } ?? .malformed }
        switch standard.read(line) {
        case .record(let record): return record.moment == nil ? .malformed : .record(record)
        case .none: return .none
        case .malformed: return .malformed
        }
    }
}
