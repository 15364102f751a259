public import Caching

/// What is known of one member's health: pure, the clock is the caller's.
///
/// That clock is a monotonic one: members are real, also where the edge's time is told by hand.
///
/// Three things are kept apart, each with its own word. *Liveness*: it answers at all. *Readiness*:
/// its catalogue is loaded, so that its checks pass and it knows the layers that others serve.
/// *Drift*: its layers are those of its peers; whoever compares them says so, and decides what
/// follows.
///
/// Two verdicts keep a member from requests. Checks say up or down after `rise` or `fall` results
/// in a row, and the oftener it went down lately, the more passes it takes to come back. Exchanges
/// eject after `consecutiveFailures`, for a time that doubles with each ejection until the member
/// has stayed for `ejectionMaximum`: one that flaps is out for longer. When that time is over it is
/// on *probation*: one request, and no more, is tried, by a check where there is a real one.
struct MemberHealth: Sendable {
    private var settings: HealthSettings
    /// By the place of the check in `HealthSettings.effectiveChecks`.
    private(set) var checks: [CheckVerdict]
    /// Until when exchanges keep it out; 0: not ejected.
    private(set) var ejectedUntil: Milliseconds = 0
    private(set) var consecutiveFailures = 0
    /// It was up once: what is down now went down.
    private(set) var isProved = true
    private(set) var ejectionCount: UInt64 = 0
    /// A viewer's request on probation is under way.
    private(set) var hasTrial = false
    private(set) var gaps = LayerGaps()
    var drift = MemberDrift.unknown
    /// In a row, without an answer between them; nil: nobody has asked it yet.
    private var unanswered: Int?
    private var ejections = 0
    private var downs = 0
    private var passesOnProbation = 0
    /// When it last came back; slow start counts from here.
    private var returnedAt: Milliseconds = .min / 2
    /// When it last read its catalog anew, and what it had ready was gone.
    private var loadedAt: Milliseconds = .min / 2

    init(_ settings: HealthSettings) {
        self.settings = settings
        checks = settings.effectiveChecks.map { _ in CheckVerdict() }
    }

    /// A member beside others that serve: it has to pass its checks first, where there are any, and
    /// its slow start begins then.
    static func newcomer(_ settings: HealthSettings, at now: Milliseconds) -> MemberHealth {
        var health = MemberHealth(settings)
        health.returnedAt = now
        guard settings.interval > 0 else { return health }
        health.isProved = false
        for index in health.checks.indices { health.checks[index].holdBack() }
        return health
    }

    /// Goes by other settings from now on; what was found stays, where it is of the same checks.
    mutating func adopt(_ settings: HealthSettings) {
        let isSame = settings.checksSame(as: self.settings)
        self.settings = settings
        guard !isSame else { return }
        checks = settings.effectiveChecks.map { _ in CheckVerdict() }
        // Whoever had still to pass has to pass the new ones.
        if !isProved, settings.interval > 0 {
            for index in checks.indices { checks[index].holdBack() }
        } else {
            isProved = true
        }
    }

    /// Each check passed when it was last made, or nobody makes any.
    var hasPassedChecks: Bool {
        settings.interval == 0 || checks.allSatisfy { $0.last?.hasPassed == true }
    }

    // MARK: what is known

    /// Whether a member may be asked.
    enum Standing: Sendable {
        case fit
        /// Its ejection is over, and it has not shown yet that it is well.
        case probation
        case out
    }

    func standing(at now: Milliseconds) -> Standing {
        guard isUp, !gaps.isLacking(at: now) else { return .out }
        if ejectedUntil == 0 { return .fit }
        return now >= ejectedUntil ? .probation : .out
    }

    /// Whether one viewer's request may find out if it is well again.
    func takesTrial(at now: Milliseconds) -> Bool {
        !hasTrial && !settings.hasRealChecks && standing(at: now) == .probation
    }

    /// When a check is to find out if it is well again, whenever the next one is due.
    func checkedEarlyAt() -> Milliseconds? {
        settings.hasRealChecks && ejectedUntil > 0 && isUp ? ejectedUntil : nil
    }

    /// All checks' verdict.
    var isUp: Bool { checks.allSatisfy(\.isUp) }

    var liveness: Liveness {
        guard let unanswered else { return .unknown }
        return unanswered >= settings.fall ? .dead : .alive
    }

    func readiness(at now: Milliseconds) -> CatalogReadiness {
        if gaps.isLacking(at: now) { return .lacksLayers }
        guard settings.hasRealChecks, checks.contains(where: { $0.last != nil }) else {
            return .unknown
        }
        return isUp ? .ready : .notReady
    }

    /// Percent of its weight that it may carry now: grows from 10 to 100 over the slow start, which
    /// begins when it has answered again and not when its ejection ends.
    func share(at now: Milliseconds) -> Int {
        guard settings.slowStart > 0 else { return 100 }
        if ejectedUntil > 0 { return 10 }
        let since = now - max(returnedAt, loadedAt)
        guard since < Milliseconds(settings.slowStart) else { return 100 }
        return max(10, Int(since * 100 / Milliseconds(settings.slowStart)))
    }

    // MARK: what happens

    enum Change: Sendable { case none, ejected, returned, wentDown, cameUp, lacksLayers }

    mutating func loaded(at now: Milliseconds) { loadedAt = now }

    mutating func beginTrial() { hasTrial = true }
    mutating func endTrial() { hasTrial = false }

    /// An exchange ended well: the response came whole and was no failure.
    mutating func exchangeSucceeded(at now: Milliseconds) -> Change {
        (consecutiveFailures, unanswered) = (0, 0)
        // An answer says more than a check that could only connect.
        if !settings.hasRealChecks, !isUp {
            for index in checks.indices { checks[index].bringUp() }
            comeBack(at: now)
            return .cameUp
        }
        guard ejectedUntil > 0, now >= ejectedUntil else { return .none }
        comeBack(at: now)
        return .returned
    }

    /// An exchange failed by the member's fault.
    ///
    /// - Parameters:
    ///   - hasAnswered: it gave an answer, if not a good one.
    ///   - isLast: nobody else is fit, so it stays.
    mutating func exchangeFailed(
        at now: Milliseconds, hasAnswered: Bool = false, isLast: Bool
    ) -> Change {
        consecutiveFailures += 1
        unanswered = hasAnswered ? 0 : (unanswered ?? 0) + 1
        guard !isLast, now >= ejectedUntil else { return .none }
        // A member on probation (it was ejected and has not yet succeeded) goes at once.
        guard ejectedUntil > 0 || consecutiveFailures >= settings.consecutiveFailures else {
            return .none
        }
        return eject(at: now)
    }

    /// An active check ended.
    mutating func checked(
        _ check: Int, _ finding: ProbeFinding, at now: Milliseconds, isLast: Bool = false
    ) -> Change {
        guard checks.indices.contains(check) else { return .none }
        unanswered = finding.hasAnswered ? 0 : (unanswered ?? 0) + 1
        let wasUp = isUp
        if downs > 0, wasUp, now - returnedAt >= Milliseconds(settings.ejectionMaximum) {
            downs = 0
        }
        let rise = settings.rise << min(max(downs - 1, 0), 3)
        checks[check].take(finding, at: now, rise: rise, fall: settings.fall)
        if wasUp, !isUp {
            downs += 1
            return .wentDown
        }
        if !wasUp, isUp {
            if now >= ejectedUntil { ejectedUntil = 0 }
            comeBack(at: now)
            return .cameUp
        }
        guard isUp, settings.isReal(check), ejectedUntil > 0, now >= ejectedUntil else {
            return .none
        }
        return probed(finding.hasPassed, at: now, isLast)
    }

    /// It does not know a layer that another member serves.
    mutating func missed(_ layer: String, at now: Milliseconds, isLast: Bool) -> Change {
        // An answer, if not a good one.
        unanswered = 0
        let wasLacking = gaps.isLacking(at: now)
        // The last one that is fit is better than nobody, whatever it lacks.
        gaps.missed(
            layer, at: now, needed: isLast ? .max : settings.fall, span: settings.ejectionMaximum)
        return !wasLacking && gaps.isLacking(at: now) ? .lacksLayers : .none
    }

    mutating func served(_ layer: String) { gaps.served(layer) }

    mutating func listed(_ layers: Set<String>) { gaps.listed(layers) }

    /// A check was the trial of a member on probation.
    private mutating func probed(
        _ hasPassed: Bool, at now: Milliseconds, _ isLast: Bool
    ) -> Change {
        passesOnProbation = hasPassed ? passesOnProbation + 1 : 0
        if !hasPassed { return isLast ? .none : eject(at: now) }
        guard passesOnProbation >= settings.rise else { return .none }
        comeBack(at: now)
        return .returned
    }

    private mutating func eject(at now: Milliseconds) -> Change {
        // Those of long ago, before it returned and stayed, are forgiven.
        let stayed = now - returnedAt
        if ejectedUntil == 0, stayed >= Milliseconds(settings.ejectionMaximum) { ejections = 0 }
        let span = min(settings.ejection << min(ejections, 16), settings.ejectionMaximum)
        ejections += 1
        ejectionCount += 1
        passesOnProbation = 0
        ejectedUntil = now + Milliseconds(span)
        return .ejected
    }

    private mutating func comeBack(at now: Milliseconds) {
        if now >= ejectedUntil { ejectedUntil = 0 }
        (passesOnProbation, consecutiveFailures) = (0, 0)
        isProved = true
        returnedAt = now
    }
}

/// Whether a member answers at all.
enum Liveness: String, Sendable {
    /// Nobody has asked it yet.
    case unknown
    case alive
    /// Connections or answers failed to come, `fall` times in a row.
    case dead
}

/// Whether a member's catalogue is loaded.
enum CatalogReadiness: String, Sendable {
    /// Nothing that is configured would tell.
    case unknown
    case ready
    /// A check of its answers fails.
    case notReady = "not-ready"
    /// It refuses layers that other members serve.
    case lacksLayers = "lacks-layers"
}

/// Whether a member says the same of its layers as its peers: written by whoever compares them.
public enum MemberDrift: String, Sendable {
    /// Nobody has compared yet.
    case unknown
    case inStep = "in-step"
    case drifted
}

/// What a member said of its layers when a check last asked.
public struct CapabilitiesSeen: Sendable, Equatable {
    /// Equal for members that say the same of the same layers.
    public var fingerprint: UInt64
    /// The document's own number, where it has one: a hint, each member counts for itself.
    public var updateSequence: String?
    /// How many layers it lists.
    public var layers: Int
    /// When, in monotonic milliseconds.
    public var at: Milliseconds
}
