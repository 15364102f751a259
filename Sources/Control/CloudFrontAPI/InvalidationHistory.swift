import CloudFront
import Glibc
public import Reactor
import Synchronization

/// The list of past invalidations, in a file that a crash does not harm.
///
/// One document of the API a line, the oldest first. A line that was cut short by a crash was never
/// acknowledged, and goes. Only the newest are kept: CloudFront forgets none, but an edge that is
/// asked every minute for years must not grow. What is forgotten is listed no more, and its
/// CallerReference may be used again: it makes a new invalidation, which does no harm but work.
public final class InvalidationHistory: Sendable {
    /// How many are kept at least; twice as many at most, then the older half goes. A week at one
    /// a minute; at 200 bytes each, 4 MB.
    public static var recordsMin: Int { 10_000 }

    private struct State {
        var descriptor: Int32
        /// The oldest first.
        var records: [InvalidationRecord]
        /// Length of the file's sound part.
        var length: off_t
    }

    private let path: String
    private let recordsMin: Int
    private let state: Mutex<State>

    /// Opens the file, or makes it.
    ///
    /// - Parameter recordsMin: how many are kept at least.
    /// - Throws: if it cannot be opened, read or cut.
    public init(
        path: String, recordsMin: Int = InvalidationHistory.recordsMin
    ) throws(SystemError) {
        self.path = path
        self.recordsMin = recordsMin
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw lastError("open", path) }
        do throws(SystemError) {
            let bytes = try readAll(descriptor, path)
            let (records, length) = Self.read(bytes)
            guard ftruncate(descriptor, off_t(length)) == 0 else {
                throw lastError("truncate", path)
            }
            state = Mutex(
                State(descriptor: descriptor, records: records, length: off_t(length)))
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(state.withLock { $0.descriptor }) }

    /// The newest first.
    public var records: [InvalidationRecord] { state.withLock { $0.records.reversed() } }

    /// How many paths and tags were invalidated since the month began, UTC, a wildcard counting
    /// one: of these CloudFront bills none up to 1,000. Soft invalidations, which it does not have,
    /// are left out, and what was forgotten is too.
    ///
    /// Source: CloudFront, "Pay for file invalidation".
    func pathsOfMonth(_ now: Int64) -> Int {
        let dayLength: Int64 = 86_400_000
        let day = Int64(timestampText(now).dropFirst(8).prefix(2)) ?? 1
        let start = (now / dayLength - (day - 1)) * dayLength
        // Times need not rise: the clock may be a developer's.
        return state.withLock { state in
            state.records.reduce(0) { sum, record in
                let isCounted = !record.isSoft && record.created >= start && record.created <= now
                return sum + (isCounted ? record.items.count : 0)
            }
        }
    }

    /// Adds one, and returns when it is on the disk.
    public func append(_ record: InvalidationRecord) throws(SystemError) {
        try state.withLock { state throws(SystemError) in
            if state.records.count >= recordsMin * 2 { try compact(&state) }
            let line = Self.line(record)
            try write(line, state.descriptor, at: state.length, path)
            state.length += off_t(line.count)
            state.records.append(record)
        }
    }

    /// Replaces the file by one with the newest records.
    private func compact(_ state: inout State) throws(SystemError) {
        let kept = Array(state.records.suffix(recordsMin))
        let bytes = kept.flatMap(Self.line)
        let descriptor = try replaceFile(path, by: bytes)
        close(state.descriptor)
        state = State(descriptor: descriptor, records: kept, length: off_t(bytes.count))
    }

    private static func line(_ record: InvalidationRecord) -> [UInt8] {
        let document = APIDocument(
            root: "Invalidation",
            .map([
                "Id": .text(record.id), "Created": .text(record.created),
                "CallerReference": .text(record.callerReference),
                "Soft": record.isSoft ? .text(true) : nil,
                "Number": record.number.map { .text("\($0)") },
                "Paths": .quantity(record.items.map { .text($0) }),
            ]))
        // What ends a line within a text is a reference there, so that lines stay lines.
        let text = document.xml.split(separator: "\n", maxSplits: 1).last ?? ""
        return text.utf8.flatMap { $0 == 0x0a ? Array("&#10;".utf8) : [$0] } + [0x0a]
    }

    /// The records of a file, and how long its sound part is.
    private static func read(_ bytes: [UInt8]) -> (records: [InvalidationRecord], length: Int) {
        var records: [InvalidationRecord] = []
        var start = 0
        while let end = bytes[start...].firstIndex(of: 0x0a) {
            let line = unsafe bytes.span.bytes.extracting(start..<end)
            guard let document = try? APIDocument(parsing: line, limits: APIDocument.limits),
                let record = InvalidationRecord(document.node)
            else { break }
            records.append(record)
            start = end + 1
        }
        return (records, start)
    }
}

extension InvalidationRecord {
    fileprivate init?(_ node: ConfigNode) {
        guard let id = node.text("Id"), let created = node.text("Created").flatMap({ Int64($0) }),
            let reference = node.text("CallerReference"), let items = node["Paths"]?.items
        else { return nil }
        self.init(
            id: id, created: created, items: items.compactMap(\.scalar),
            callerReference: reference, isSoft: node.text("Soft") == "true",
            number: node.text("Number").flatMap { UInt64($0) })
    }
}
