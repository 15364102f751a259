import Caching
import Edge

/// When the next tile may be asked for: rate, requests under way, and how long a pool that is busy
/// is left alone. The clock is in the caller's hand, monotonic, in milliseconds.
struct SeedPace: Sendable {
    struct Limits: Equatable, Sendable {
        /// Tiles per second for each healthy member; nil: as fast as they come.
        var rate: Double?
        /// Requests under way for each healthy member.
        var concurrency = 2
        /// Failures in a row after which there is no point in going on.
        var failures = 20
    }

    enum Step: Equatable {
        case ask
        /// Nothing may be asked for so many milliseconds, as far as can be seen.
        case wait(Milliseconds)
    }

    /// A pool is asked again after 1, 2, 4 seconds and so on, or when it says if that is later.
    private static let pauseMin: Milliseconds = 1_000
    private static let pauseMax: Milliseconds = 60_000
    /// What a pool may say at the most.
    private static let retryAfterMax: Milliseconds = 600_000
    /// For a place to become free, which nobody can tell.
    static let look: Milliseconds = 100

    let limits: Limits
    /// Healthy members.
    var members: Int
    private(set) var inFlight = 0
    /// Failures since the pool answered something well.
    private(set) var failuresInRow = 0
    private(set) var pausedUntil = Milliseconds.min
    private var pauseBegan = Milliseconds.min
    private var pauses = 0
    private var bucket = TokenBucket()

    init(_ limits: Limits, members: Int) { (self.limits, self.members) = (limits, members) }

    /// Requests that may be under way. After a pause one finds out whether it is over.
    var places: Int { pauses > 0 ? 1 : max(1, members * limits.concurrency) }

    var hasGivenUp: Bool { failuresInRow >= limits.failures }

    /// Takes a place, where there is one.
    mutating func ask(at now: Milliseconds) -> Step {
        if now < pausedUntil { return .wait(pausedUntil - now) }
        guard inFlight < places else { return .wait(Self.look) }
        if let rate = limits.rate {
            let whole = rate * Double(max(1, members))
            // A tenth of a second may be made up for, which a busy machine needs.
            let limit = RateLimit(
                requests: Int((whole * 100).rounded()), per: 100_000, burst: max(1, Int(whole / 10))
            )
            let left = bucket.take(limit, at: now)
            if left > 0 { return .wait(left) }
        }
        inFlight += 1
        return .ask
    }

    /// The tile is stored, by the pool's answer.
    ///
    /// - Parameter asked: when the request began. What was under way when a pause began says
    ///   nothing of how the pool is now.
    mutating func succeed(asked: Milliseconds) {
        inFlight -= 1
        guard asked > pauseBegan else { return }
        (failuresInRow, pauses) = (0, 0)
    }

    /// This one tile cannot be had; the pool answers.
    mutating func failTile(asked: Milliseconds) {
        inFlight -= 1
        failuresInRow += 1
        if asked > pauseBegan { pauses = 0 }
    }

    /// Nobody has time, or nobody is there.
    ///
    /// - Parameters:
    ///   - asked: when the request began. What was under way when the pause began is no new
    ///     failure.
    ///   - retryAfter: what was said, in milliseconds.
    mutating func pause(asked: Milliseconds, retryAfter: Milliseconds?, at now: Milliseconds) {
        inFlight -= 1
        let isNew = asked > pauseBegan || pauses == 0
        if isNew {
            pauses += 1
            failuresInRow += 1
            pauseBegan = now
        }
        let doubled = Self.pauseMin << Milliseconds(min(pauses, 10) - 1)
        // What an edge says by itself is a few seconds, and a server's restart takes minutes.
        let wait = max(min(retryAfter ?? 0, Self.retryAfterMax), min(doubled, Self.pauseMax))
        pausedUntil = max(pausedUntil, now + wait)
    }

    /// The answer was the edge's own, which says nothing of the pool.
    mutating func leave() { inFlight -= 1 }
}
