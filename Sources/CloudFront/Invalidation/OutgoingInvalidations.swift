public import Caching

/// Decides what the CloudFront in front is told next, and when: gathers, subsumes, coarsens, keeps
/// within quotas, and repeats under one reference what was not answered. Pure: the clock, the dice
/// and the calls are the caller's.
///
/// Source: CloudFront API Reference, "CreateInvalidation"; Developer Guide, "Quotas on
/// invalidations".
public struct OutgoingInvalidations: Sendable {
    public struct Limits: Sendable, Equatable {
        /// From the first item that waits to the batch that has it.
        public var gather: Milliseconds = 5_000
        /// Items of a batch; more are coarsened.
        public var items = 100
        /// In progress at a time, of all batches of this edge.
        public var paths = InvalidationQuota.pathsMax
        public var wildcards = InvalidationQuota.wildcardsMax
        /// Between two questions whether a batch is completed.
        public var poll: Milliseconds = 20_000
        /// After that long a batch counts as completed, whatever is said of it.
        public var progress: Milliseconds = 1_800_000

        public init() {}
    }

    /// What is to be done now.
    public enum Step: Sendable, Equatable {
        /// Nothing before that time; nil: before something else happens.
        case wait(until: Milliseconds?)
        /// CreateInvalidation, once the record is on disk.
        case send(OutgoingBatch)
        /// GetInvalidation.
        case ask(id: String)
    }

    /// What CreateInvalidation was answered.
    public enum Answer: Sendable, Equatable {
        case accepted(id: String, isCompleted: Bool)
        /// No answer, or a server's error.
        case unavailable
        case throttled
        /// Too much is in progress, of others perhaps.
        case quotaExceeded
        /// There are too many items, or one that it does not take.
        case itemsRefused
        /// The reference was used for other items.
        case referenceUsed
        /// It will not have it from us: permissions, the distribution's id.
        case refused
    }

    /// What came of all so far, for metrics.
    public struct Counts: Sendable, Equatable {
        public var batches: UInt64 = 0
        public var items: UInt64 = 0
        public var failures: UInt64 = 0
        public var coarsened: UInt64 = 0
        /// Batches that became `/*`, since CloudFront would not have their items.
        public var replaced: UInt64 = 0
    }

    private struct Progress: Sendable {
        var id: String
        var paths: Int
        var wildcards: Int
        var began: Milliseconds
        var askAt: Milliseconds
    }

    public let limits: Limits
    /// What the next process has to know.
    public private(set) var record: OutgoingRecord
    public private(set) var counts = Counts()
    private var waiting = OutgoingSet()
    private var waitingUpTo: UInt64
    private var waitingSince: Milliseconds = 0
    /// Since when something is not told that should be; nil: all is told.
    public private(set) var behindSince: Milliseconds?
    private var progress: [Progress] = []
    /// Failures of the present batch in a row.
    private var failures = 0
    private var retryAt: Milliseconds = 0

    public init(_ limits: Limits, _ record: OutgoingRecord, at now: Milliseconds) {
        self.limits = limits
        self.record = record
        waitingUpTo = record.batch?.upTo ?? record.told
        if record.batch != nil { behindSince = now }
    }

    public var waitingItems: Int { waiting.items.count + (record.batch?.items.count ?? 0) }
    /// The number up to which all has been taken, if not told yet.
    public var taken: UInt64 { waitingUpTo }
    public var inProgress: (paths: Int, wildcards: Int) {
        progress.reduce((0, 0)) { ($0.0 + $1.paths, $0.1 + $1.wildcards) }
    }

    /// Takes what the invalidations up to a number come to, which may be nothing.
    public mutating func take(
        _ items: [InvalidationPath], upTo number: UInt64, at now: Milliseconds
    ) {
        waitingUpTo = max(waitingUpTo, number)
        if waiting.isEmpty { waitingSince = now }
        for item in items { waiting.insert(item) }
        if waiting.isEmpty {
            // Nothing of it concerns CloudFront.
            if record.batch == nil { record.told = waitingUpTo }
        } else {
            behindSince = behindSince ?? now
        }
        // However long CloudFront is away, what waits for it stays small.
        guard waiting.items.count > 2 * limits.items else { return }
        coarsen(paths: limits.items, wildcards: limits.wildcards)
    }

    /// - Returns: whether what waits fits now.
    @discardableResult
    private mutating func coarsen(paths: Int, wildcards: Int) -> Bool {
        guard
            let next = waiting.coarsened(paths: paths, wildcards: wildcards, items: limits.items)
        else { return false }
        if next != waiting { counts.coarsened += 1 }
        waiting = next
        return true
    }

    /// What to do now. A batch that is returned stays the present one until an answer settles it.
    public mutating func next(at now: Milliseconds) -> Step {
        progress.removeAll { now - $0.began >= limits.progress }
        if record.batch == nil, !waiting.isEmpty, now - waitingSince >= limits.gather {
            formBatch()
        }
        if let batch = record.batch, now >= retryAt { return .send(batch) }
        if let due = progress.first(where: { $0.askAt <= now }) { return .ask(id: due.id) }
        var times = progress.map(\.askAt)
        if record.batch != nil {
            times.append(retryAt)
        } else if !waiting.isEmpty, waitingSince + limits.gather > now {
            times.append(waitingSince + limits.gather)
        }
        return .wait(until: times.min())
    }

    /// Where the quota leaves no room, all waits on until something is completed.
    private mutating func formBatch() {
        let (paths, wildcards) = inProgress
        guard
            coarsen(
                paths: max(0, limits.paths - paths),
                wildcards: max(0, limits.wildcards - wildcards))
        else { return }
        record.batch = OutgoingBatch(
            reference: record.newReference(), items: waiting.texts, upTo: waitingUpTo)
        waiting = OutgoingSet()
        (failures, retryAt) = (0, 0)
    }

    /// Says what became of the present batch.
    ///
    /// - Parameter dice: 0 to 1, by which edges that failed together try again apart.
    public mutating func settle(_ answer: Answer, at now: Milliseconds, dice: Double) {
        guard var batch = record.batch else { return }
        if case .accepted(let id, let isCompleted) = answer {
            return accept(batch, id, isCompleted, now)
        }
        counts.failures += 1
        failures += 1
        retryAt = now + delay(after: answer, dice)
        switch answer {
        case .itemsRefused where batch.items != [InvalidationPath.everything.text]:
            // Wider than asked, and with a reference of its own.
            batch.items = [InvalidationPath.everything.text]
            batch.reference = record.newReference()
            counts.replaced += 1
        case .referenceUsed: batch.reference = record.newReference()
        case .quotaExceeded:
            guard failures > 1, let items = halved(batch) else { return }
            (batch.items, batch.reference) = (items, record.newReference())
            counts.coarsened += 1
        default: return
        }
        record.batch = batch
    }

    /// Others use the quota as well, perhaps for as long as they run: a batch that was refused
    /// twice for it asks for half as much of it, and is wider for that. nil: it asks for little.
    private func halved(_ batch: OutgoingBatch) -> [String]? {
        let items = batch.items.compactMap { try? InvalidationPath($0) }
        guard items.count == batch.items.count, batch.wildcards > 1 || batch.paths > Self.fewPaths
        else { return nil }
        let next = OutgoingSet(items).coarsened(
            paths: batch.paths > Self.fewPaths ? batch.paths / 2 : batch.paths,
            wildcards: max(1, batch.wildcards / 2), items: limits.items)
        return next?.texts
    }

    /// Of a quota of 3,000 nobody else leaves less.
    private static let fewPaths = 64

    private mutating func accept(
        _ batch: OutgoingBatch, _ id: String, _ isCompleted: Bool, _ now: Milliseconds
    ) {
        counts.batches += 1
        counts.items += UInt64(batch.items.count)
        failures = 0
        record.batch = nil
        record.told = waiting.isEmpty ? waitingUpTo : batch.upTo
        behindSince = waiting.isEmpty ? nil : waitingSince
        guard !isCompleted else { return }
        progress.append(
            Progress(
                id: id, paths: batch.paths, wildcards: batch.wildcards, began: now,
                askAt: now + limits.poll))
    }

    /// Says whether a batch in progress is completed; one that could not be asked about is not.
    public mutating func note(_ id: String, isCompleted: Bool, at now: Milliseconds) {
        guard let index = progress.firstIndex(where: { $0.id == id }) else { return }
        if isCompleted {
            progress.remove(at: index)
        } else {
            progress[index].askAt = now + limits.poll
        }
    }

    /// Exponential, the half of it by dice, five minutes at most.
    private func delay(after answer: Answer, _ dice: Double) -> Milliseconds {
        let first: Milliseconds =
            switch answer {
            case .throttled: 2_000
            case .quotaExceeded: limits.poll
            case .refused: 30_000
            default: 1_000
            }
        let whole = min(300_000, first << Milliseconds(min(failures - 1, 16)))
        return whole / 2 + Milliseconds(Double(whole / 2) * dice)
    }
}
