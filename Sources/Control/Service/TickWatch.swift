import Synchronization

/// Notices a loop that stands still, from the number of its ticks.
///
/// Every loop ticks at least once a second, so that one whose number has not grown for some
/// seconds hangs. Looked at by whoever asks and by a timer; cheap.
final class TickWatch: Sendable {
    private struct Seen {
        var ticks: UInt64
        var since: ContinuousClock.Instant
    }

    /// How long a loop may stand still.
    let patience: Duration
    private let seen = Mutex<[Seen]>([])

    init(patience: Duration = .seconds(5)) { self.patience = patience }

    /// Whether each loop has ticked within the patience before `now`, as far as was looked at.
    func isTurning(_ ticks: [UInt64], at now: ContinuousClock.Instant) -> Bool {
        seen.withLock { seen in
            if seen.count != ticks.count { seen = ticks.map { Seen(ticks: $0, since: now) } }
            for (index, count) in ticks.enumerated() where seen[index].ticks != count {
                seen[index] = Seen(ticks: count, since: now)
            }
            return seen.allSatisfy { now - $0.since <= patience }
        }
    }
}
