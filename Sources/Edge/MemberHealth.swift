public import Caching

/// What is known of one member's health: pure, the clock is the caller's.
///
/// That clock is a monotonic one: members are real, also where the edge's time is told by hand.
/// Two verdicts are kept apart: active checks say up or down after `rise` or `fall` results in a
/// row; exchanges eject after `consecutiveFailures`, for a time that doubles with each ejection
/// until the member has stayed for `ejectionMaximum`, so that one that flaps is out for longer.
public struct MemberHealth: Sendable {
    private var settings: HealthSettings
    /// Active checks' verdict. A member counts as up until a check says otherwise.
    public private(set) var isUp = true
    /// Until when exchanges keep it out; 0: not ejected.
    public private(set) var ejectedUntil: Milliseconds = 0
    public private(set) var consecutiveFailures = 0
    /// It was up once: what is down now went down.
    public private(set) var isProved = true
    private var checksInRow = 0
    private var ejections = 0
    /// When it last came back; slow start counts from here.
    private var returnedAt: Milliseconds = .min / 2

    public init(_ settings: HealthSettings) { self.settings = settings }

    /// A member beside others that do: it has to pass its checks first, where there are any, and its
    /// slow start begins then.
    public static func newcomer(_ settings: HealthSettings, at now: Milliseconds) -> MemberHealth {
        var health = MemberHealth(settings)
        health.isUp = settings.interval == 0
        health.isProved = health.isUp
        health.returnedAt = now
        return health
    }

    /// Goes by other settings from now on; what was found stays.
    public mutating func adopt(_ settings: HealthSettings) { self.settings = settings }

    /// Whether it may be chosen before others are tried.
    public func isEligible(at now: Milliseconds) -> Bool { isUp && now >= ejectedUntil }

    public enum Change: Sendable { case none, ejected, returned, wentDown, cameUp }

    /// An exchange ended well: the response came whole and was no failure.
    public mutating func exchangeSucceeded(at now: Milliseconds) -> Change {
        consecutiveFailures = 0
        // An answer says more than a check that could only connect.
        if settings.path == nil, !isUp {
            isUp = true
            isProved = true
            checksInRow = 0
            returnedAt = now
        }
        guard ejectedUntil > 0, now >= ejectedUntil else { return .none }
        ejectedUntil = 0
        returnedAt = now
        return .returned
    }

    /// An exchange failed by the member's fault. `isLast`: nobody else is eligible, so it stays.
    public mutating func exchangeFailed(at now: Milliseconds, isLast: Bool) -> Change {
        consecutiveFailures += 1
        guard !isLast, now >= ejectedUntil else { return .none }
        // A member on probation (it was ejected and has not yet succeeded) goes at once.
        guard ejectedUntil > 0 || consecutiveFailures >= settings.consecutiveFailures else {
            return .none
        }
        // Those of long ago, before it returned and stayed, are forgiven.
        let stayed = now - returnedAt
        if ejectedUntil == 0, stayed >= Milliseconds(settings.ejectionMaximum) { ejections = 0 }
        let span = min(settings.ejection << min(ejections, 16), settings.ejectionMaximum)
        ejections += 1
        ejectedUntil = now + Milliseconds(span)
        return .ejected
    }

    /// An active check ended.
    public mutating func checked(_ passed: Bool, at now: Milliseconds) -> Change {
        checksInRow = passed == isUp ? 0 : checksInRow + 1
        guard checksInRow >= (passed ? settings.rise : settings.fall) else { return .none }
        checksInRow = 0
        isUp = passed
        isProved = isProved || passed
        if passed { returnedAt = now }
        return passed ? .cameUp : .wentDown
    }

    /// Percent of its weight that it may carry now: grows from 10 to 100 over the slow start, which
    /// begins when it has answered again and not when its ejection ends.
    public func share(at now: Milliseconds) -> Int {
        guard settings.slowStart > 0 else { return 100 }
        if ejectedUntil > 0 { return 10 }
        let since = now - returnedAt
        guard since < Milliseconds(settings.slowStart) else { return 100 }
        return max(10, Int(since * 100 / Milliseconds(settings.slowStart)))
    }
}
