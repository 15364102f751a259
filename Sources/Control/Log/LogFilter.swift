import Caching

/// Which records are wanted: each kind of condition that was given must be met.
public struct LogFilter: Sendable {
    private var statuses: [ClosedRange<Int>] = []
    private var paths: [String] = []
    private var results: [String] = []
    private var methods: [String] = []
    private var since: Milliseconds?
    private var until: Milliseconds?

    /// Everything.
    public init() {}

    /// Statuses are written `404`, `5xx` or `500-503`.
    public mutating func add(status text: String) throws(CommandMistake) {
        do throws(Complaint) { statuses.append(try Self.statuses(text)) } catch {
            throw CommandMistake("--status", text, error)
        }
    }

    /// A pattern as a cache behavior has it: `*` is any run of characters, `?` is one.
    public mutating func add(path pattern: String) { paths.append(pattern) }

    /// `Hit`, `Miss`, `RefreshHit`, `Error` and so on; case does not matter.
    public mutating func add(result word: String) { results.append(word.lowercased()) }

    public mutating func add(method: String) { methods.append(method) }

    /// Records that ended at that time or later, and before `until`.
    ///
    /// A time is `2026-11-23`, `2026-11-23T18:44` or `2026-11-23T18:44:37`, in UTC, or how long
    /// before `now`, in milliseconds since 1970, it was: `90s`, `15m`, `2h`, `1d`.
    public mutating func bound(
        since: String?, until: String?, now: Int64
    ) throws(CommandMistake) {
        self.since = try Self.time("--since", since, now)
        self.until = try Self.time("--until", until, now)
    }

    func accepts(_ entry: LogEntry) -> Bool {
        if !statuses.isEmpty {
            guard let status = entry.status, statuses.contains(where: { $0.contains(status) })
            else { return false }
        }
        if !paths.isEmpty, !paths.contains(where: { Self.matches($0, entry.path) }) {
            return false
        }
        if !results.isEmpty, !results.contains(entry.result.lowercased()) { return false }
        if !methods.isEmpty, !methods.contains(entry.method) { return false }
        if let since, entry.moment.map({ $0 < since }) ?? true { return false }
        if let until, entry.moment.map({ $0 >= until }) ?? true { return false }
        return true
    }

    private static func matches(_ pattern: String, _ path: String) -> Bool {
        let (pattern, path) = (Array(pattern.utf8), Array(path.utf8))
        return unsafe PathPattern.matches(pattern.span.bytes, path: path.span.bytes)
    }

    // MARK: forms

    private static func statuses(_ text: String) throws(Complaint) -> ClosedRange<Int> {
        let complaint = Complaint("is no status", "write 404, 5xx or 500-503")
        if text.count == 3, text.lowercased().hasSuffix("xx") {
            guard let hundred = text.first?.wholeNumberValue, (1...9).contains(hundred) else {
                throw complaint
            }
            return (hundred * 100)...(hundred * 100 + 99)
        }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard let first = ends[0], let last = ends.count == 2 ? ends[1] : first,
            ends.count <= 2, (0...999).contains(first), (first...999).contains(last)
        else { throw complaint }
        return first...last
    }

    private static func time(
        _ flag: String, _ text: String?, _ now: Milliseconds
    ) throws(CommandMistake) -> Milliseconds? {
        guard let text else { return nil }
        if let ago: Int64 = scaled(text, by: durationUnits, plain: 0), text.last?.isLetter == true {
            return now - ago
        }
        guard let moment = moment(text) else {
            throw CommandMistake(
                flag, text,
                Complaint(
                    "is no time",
                    "write 2026-11-23, 2026-11-23T18:44:37 (UTC), or how long ago: 15m, 2h, 1d"))
        }
        return moment
    }

    private static func moment(_ text: String) -> Milliseconds? {
        let text = text.hasSuffix("Z") ? String(text.dropLast()) : text
        let rest =
            switch text.utf8.count {
            case 10: "T00:00:00Z"
            case 16: ":00Z"
            default: "Z"
            }
        return milliseconds(ofTimestamp: text + rest)
    }
}
