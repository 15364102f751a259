import Caching

/// Writes that were noted before they were forwarded, and of which nobody knows yet what became;
/// and those whose server may go on behind its answer.
struct PendingWrites {
    /// What each may touch.
    private(set) var rules: [UInt64: InvalidationRule] = [:]
    /// Those that are over, but to be invalidated once more, and when.
    var due: [UInt64: Milliseconds] = [:]
    var repeatDelay: Milliseconds = 60_000
    /// Jobs of which it is asked at a server whether they are done, for those that they do.
    private(set) var jobs: [UInt64: AwaitedJob] = [:]
    /// Of those that may take long: how long the latest wait is.
    private var waits: [UInt64: Milliseconds] = [:]
    private var next: UInt64 = 1
    private var bytes = 0

    /// Bytes of scopes that are kept at once; beyond them a write counts as touching everything.
    static let byteLimit = 8 << 20
    /// The longest wait for a write that may take long; with those before it about two of it.
    static let waitMax: Milliseconds = 3_600_000

    init() {}

    /// Those that a process left behind.
    init(_ left: [(id: UInt64, rule: InvalidationRule)]) {
        for (id, rule) in left {
            set(id, rule)
            next = max(next, id + 1)
        }
    }

    private mutating func set(_ id: UInt64, _ rule: InvalidationRule) {
        bytes -= rules[id]?.bytes.count ?? 0
        let fits = bytes + rule.bytes.count <= Self.byteLimit
        rules[id] = fits ? rule : .everything
        bytes += rules[id]?.bytes.count ?? 0
    }

    mutating func begin(_ rule: InvalidationRule) -> UInt64 {
        defer { next += 1 }
        set(next, rule)
        return next
    }

    /// It is over; `rule` is to be put in force once more.
    ///
    /// - Parameter job: that does it; nil: none, or the same as before.
    /// - Returns: writes that are over since that job was started anew, which does the same.
    mutating func keep(
        _ id: UInt64, _ rule: InvalidationRule, job: AwaitedJob? = nil
    ) -> [UInt64] {
        set(id, rule)
        guard let job else { return [] }
        let former = jobs.filter { $0.value == job && $0.key != id }.map(\.key)
        for id in former { end(id) }
        jobs[id] = job
        return former
    }

    /// The write that waits for a job.
    func awaiting(_ job: String) -> [(id: UInt64, job: AwaitedJob, rule: InvalidationRule)] {
        jobs.filter { $0.value.name == job }.sorted { $0.key < $1.key }.compactMap { id, job in
            rules[id].map { (id, job, $0) }
        }
    }

    mutating func end(_ id: UInt64) {
        jobs[id] = nil
        bytes -= rules.removeValue(forKey: id)?.bytes.count ?? 0
        due[id] = nil
        waits[id] = nil
    }

    /// The next wait of a write begins.
    mutating func wait(
        for id: UInt64, mayTakeLong: Bool, from now: Milliseconds
    ) -> Milliseconds {
        let wait = mayTakeLong ? waits[id].map { $0 * 2 } ?? repeatDelay : repeatDelay
        waits[id] = mayTakeLong ? wait : nil
        due[id] = now + wait
        return wait
    }

    /// Whether a write whose wait is over has another one before it.
    func mayGoOn(_ id: UInt64) -> Bool { waits[id].map { $0 * 2 <= Self.waitMax } ?? false }

    /// Those to be repeated by now, in the order in which they came.
    func dueIDs(at now: Milliseconds) -> [UInt64] {
        due.filter { $0.value <= now }.map(\.key).sorted()
    }
}

/// A job that a server does behind its answer, for as long as a write is pending for it.
struct AwaitedJob: Sendable, Equatable {
    /// Of the job at its pool.
    var name: String
    /// The member that does it. Others may have another job of that number.
    var member: String
}
