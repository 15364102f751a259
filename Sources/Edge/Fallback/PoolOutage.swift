public import Caching

/// Whether a pool as a whole fails its requests, and since when: pure, the clock is the caller's.
///
/// Apart from the health of its members, because the last member is never ejected, and because one
/// failure among many successes is not what viewers are to be told of. Begins when no member is
/// eligible, or when requests fail in a row whoever was asked; ends when requests succeed in a row,
/// or when checks do that say more than that a connection can be made.
public struct PoolOutage: Sendable {
    /// In a row, at least 1.
    var begins: Int
    var ends: Int
    /// When the first of the failures came that began it, in the caller's milliseconds; nil: there
    /// is no outage.
    public private(set) var since: Milliseconds?
    private var failures = 0
    private var firstFailure: Milliseconds = 0
    private var successes = 0
    private var checks = 0
    /// Since the last request that succeeded none failed but for want of a connection.
    private var isUnreachable = true

    /// - Parameters:
    ///   - begins: failures in a row that begin an outage.
    ///   - ends: successes in a row that end it.
    public init(begins: Int = 3, ends: Int = 2) {
        (self.begins, self.ends) = (max(1, begins), max(1, ends))
    }

    /// A request failed. `isReached`: a member took the connection. `isAnyEligible`: somebody would
    /// be asked gladly now.
    public mutating func failed(at now: Milliseconds, isReached: Bool, isAnyEligible: Bool) {
        if failures == 0 { firstFailure = now }
        failures += 1
        (successes, checks) = (0, 0)
        if isReached { isUnreachable = false }
        if since == nil, failures >= begins || !isAnyEligible { since = firstFailure }
    }

    /// A request succeeded.
    public mutating func succeeded() {
        successes += 1
        failures = 0
        guard successes >= ends || since == nil else { return }
        since = nil
        isUnreachable = true
    }

    /// An active check ended. `isTelling`: it is a request with an answer, not a mere connection.
    public mutating func checked(
        _ passed: Bool, at now: Milliseconds, isTelling: Bool, isAnyEligible: Bool
    ) {
        guard passed else {
            checks = 0
            if since == nil, !isAnyEligible { since = failures == 0 ? now : firstFailure }
            return
        }
        guard since != nil, isAnyEligible, isTelling || isUnreachable else { return }
        checks += 1
        guard checks >= ends else { return }
        (since, failures, successes, checks) = (nil, 0, 0, 0)
        isUnreachable = true
    }
}
