import Caching

/// What a job has brought, over all its runs.
public struct SeedTally: Equatable, Sendable {
    /// Tiles that the edge fetched for it.
    public internal(set) var stored = 0
    /// Tiles that were there.
    public internal(set) var present = 0
    /// Of bodies.
    public internal(set) var bytes = 0

    init(stored: Int = 0, present: Int = 0, bytes: Int = 0) {
        (self.stored, self.present, self.bytes) = (stored, present, bytes)
    }
}

/// How far a job is, and when it will be done.
public struct SeedProgress: Equatable, Sendable {
    /// Over how many milliseconds the rate is averaged, about.
    private static let window = 30_000.0
    /// More kinds of failures are not told apart.
    private static let causesMax = 10

    public let total: Int
    public private(set) var done: Int
    public private(set) var failed = 0
    public private(set) var tally: SeedTally
    /// Requests that failed in this run, by why; with one that did.
    public private(set) var causes: [String: (count: Int, example: String)] = [:]
    /// Requests that failed in this run.
    public private(set) var errors = 0
    /// Tiles per second; 0 before there is one.
    public private(set) var rate = 0.0
    private let began: Milliseconds
    private var sampled: (time: Milliseconds, settled: Int)
    private var waitsFor: String?
    private var pauseLeft: Milliseconds = 0
    private var members = 0

    init(total: Int, done: Int, tally: SeedTally, at now: Milliseconds) {
        (self.total, self.done, self.tally, began) = (total, done, tally, now)
        sampled = (now, done)
    }

    public static func == (left: SeedProgress, right: SeedProgress) -> Bool {
        left.total == right.total && left.line == right.line
    }

    // MARK: What happens

    mutating func note(bytes: Int) { tally.bytes += bytes }

    mutating func note(isStored: Bool) {
        if isStored { tally.stored += 1 } else { tally.present += 1 }
        waitsFor = nil
    }

    mutating func noteError() { errors += 1 }

    mutating func note(wait why: String) { waitsFor = why }

    mutating func note(failure why: String, of target: String) {
        errors += 1
        guard causes[why] != nil || causes.count < Self.causesMax else { return }
        causes[why, default: (0, target)].count += 1
    }

    mutating func update(done: Int, failed: Int) { (self.done, self.failed) = (done, failed) }

    /// Takes part in the average what was done since the last sample.
    mutating func sample(at now: Milliseconds, pausedUntil: Milliseconds, members: Int) {
        self.members = members
        pauseLeft = pausedUntil > now ? pausedUntil - now : 0
        let (span, settled) = (Double(now - sampled.time), done + failed)
        guard span >= 500 else { return }
        let current = Double(max(0, settled - sampled.settled)) * 1_000 / span
        // Until the window is full all that was counts the same.
        let share = span / min(max(Double(now - began), span), Self.window)
        rate += (current - rate) * min(1, share)
        sampled = (now, settled)
    }

    // MARK: What is shown

    /// Milliseconds that the rest will take at this rate; nil: nobody knows.
    var left: Milliseconds? {
        let rest = Double(total - done - failed)
        guard rest > 0 else { return 0 }
        guard rate > 0, rest / rate < 1e9 else { return nil }
        return Milliseconds(rest / rate * 1_000)
    }

    /// From 0 to 1.
    public var share: Double { total == 0 ? 1 : Double(done + failed) / Double(total) }

    /// `12/341 tiles, 3.5 %, 4.2/s, 120 KB, ETA 1m20s, 2 members`, and what is amiss.
    public var line: String {
        var parts = [
            "\(done)/\(total) tiles", "\(tenths(share * 100)) %", "\(tenths(rate))/s",
            sizeText(tally.bytes), "ETA \(left.map(spanText) ?? "unknown")",
            members == 1 ? "1 member" : "\(members) members",
        ]
        if failed > 0 { parts.append("\(failed) failed") }
        if errors > 0 { parts.append(errors == 1 ? "1 error" : "\(errors) errors") }
        if let waitsFor, pauseLeft > 0 {
            parts.append("waiting \((pauseLeft + 999) / 1_000)s: \(waitsFor)")
        }
        return parts.joined(separator: ", ")
    }

    /// Of so many characters.
    public func bar(_ width: Int) -> String {
        let filled = min(width, Int(share * Double(width)))
        return "[" + String(repeating: "#", count: filled)
            + String(repeating: ".", count: width - filled) + "]"
    }

    /// Bar and line on one row of a terminal of so many columns: what goes beyond is cut off, since
    /// a longer one would wrap, and could not be written over.
    public func row(_ columns: Int) -> String {
        String("\(bar(20)) \(line)".prefix(max(0, columns - 1)))
    }

    /// What came of it, line by line.
    ///
    /// - Parameter time: milliseconds that this run took.
    func report(_ layer: String, time: Milliseconds) -> [String] {
        var lines = [
            "\(printable(layer)): \(done) of \(total) tiles, \(tally.stored) stored, "
                + "\(tally.present) there already, \(failed) failed; \(sizeText(tally.bytes)) "
                + "in \(spanText(time))"
        ]
        for (why, item) in causes.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        ) {
            lines.append("  \(item.count) x \(why), such as \(printable(item.example))")
        }
        return lines
    }
}

/// One decimal.
private func tenths(_ number: Double) -> String {
    let tenths = Int(min(max(number * 10, 0), 1e15))
    return tenths >= 1_000 && tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
}

/// `950 B`, `12.3 MB`: powers of a thousand.
func sizeText(_ bytes: Int) -> String {
    var (size, unit) = (Double(bytes), 0)
    let units = ["B", "KB", "MB", "GB", "TB", "PB"]
    while size >= 1_000, unit < units.count - 1 { (size, unit) = (size / 1_000, unit + 1) }
    return unit == 0 ? "\(bytes) B" : "\(tenths(size)) \(units[unit])"
}

/// The two largest units: `45s`, `3m20s`, `2h05m`, `4d03h`.
func spanText(_ milliseconds: Milliseconds) -> String {
    let seconds = Int(max(0, milliseconds)) / 1_000
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return switch seconds {
    case ..<60: "\(seconds)s"
    case ..<3_600: "\(seconds / 60)m\(two(seconds % 60))s"
    case ..<86_400: "\(seconds / 3_600)h\(two(seconds / 60 % 60))m"
    default: "\(seconds / 86_400)d\(two(seconds / 3_600 % 24))h"
    }
}
