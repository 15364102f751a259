import Caching
import Tiles

/// A pool's members and who waits for them, as a value: whose turn it is, what an ending means.
///
/// Pure: the clock is the caller's, and ``OriginPool`` keeps it behind its mutex. The choice is one
/// function, ``choose(tried:mayTry:at:for:)``.
struct PoolRoster: Sendable {
    struct Member: Sendable {
        var health: MemberHealth
        // Smooth weighted round robin: grows by weight, falls by the total when chosen.
        var current = 0
        var inFlight = 0
        var inClass = PerClass(0)
        /// Until when it asked to be left alone with a class; monotonic milliseconds.
        var heldUntil = PerClass(Milliseconds.min)

        /// It is not to be asked for that yet. The millisecond that had begun when it said so was
        /// not over: it is asked one later rather than too early.
        func isHeld(_ requestClass: RequestClass, at now: Milliseconds) -> Bool {
            now <= heldUntil[requestClass]
        }
        var requests: UInt64 = 0
        var failures: UInt64 = 0
        var lastFailure: MemberFailure?
        var lastFailureAt: Milliseconds = 0
        /// By the place of the check that saw it.
        var capabilities: [Int: CapabilitiesSeen] = [:]
    }

    /// What decides which members somebody who waits may go to.
    struct WaitingGroup: Sendable, Hashable {
        /// Members it asked already, as bits.
        var tried: UInt64
        var wish: MemberWish
    }

    enum Choice: Equatable {
        case member(Int)
        /// The one request by which a member on probation is tried: it may not wait for long.
        case trial(Int)
        /// Queued: `release` will hand a member to this fetch.
        case queued
        /// Another pool took this one's place: it is to be asked.
        case moved
        /// Every member that could serve it asked to be left alone, until then at least.
        case held(until: Milliseconds)
        case failed(FetchFailure)
    }

    enum Ending: Equatable {
        case succeeded
        case failed(MemberFailure)
        case neutral
    }

    let settings: OriginSettings
    /// Members with an address; all of them where none has one.
    let reachable: [Bool]
    var members: [Member]
    var queue: FairQueue<WaitingGroup>
    var refusals: [QueueRefusal: UInt64] = [:]
    var holdTimes = HoldTimes()
    var hedging: HedgeBudget
    // Retries: each request adds a share of one, each retry takes one.
    var retryTokens = 3.0
    /// Who may be asked for what, where the members have one catalog.
    let admission: ClusterAdmission?
    /// Who took this pool's place: places are given and taken there.
    var successor: OriginPool.Successor?
    var misses = LatencyHistogram()
    var wanted = WantedLayers()

    init(_ settings: OriginSettings, _ admission: ClusterAdmission? = nil) {
        self.settings = settings
        self.admission = admission
        let isAny = settings.members.contains { !$0.endpoints.isEmpty }
        reachable = settings.members.map { !isAny || !$0.endpoints.isEmpty }
        members = settings.members.map { _ in Member(health: MemberHealth(settings.health)) }
        queue = FairQueue(
            .init(
                all: settings.queueLength, perClass: settings.queuePerClass,
                perViewer: settings.queuePerViewer))
        hedging = HedgeBudget(settings.hedge)
    }

    // MARK: the choice

    /// Whose turn it is, among members not in `tried`.
    ///
    /// 1. Fit members take turns by weight (smooth weighted round robin), those in slow start with
    ///    a part of theirs. Who has something to confirm has a few turns in advance. One on
    ///    probation is among them for a request that another could answer as well, as long as no
    ///    such trial is under way.
    /// 2. A fetch that all fit members have failed is the trial of one on probation.
    /// 3. Where no member at all is fit, one is asked all the same, before the fallbacks: one that
    ///    was alive when last seen, if there is any.
    /// 4. With all of these at their limits, of all requests or of the class, the fetch waits for
    ///    its turn; see ``FairQueue``. It does not where its turn would come too late.
    ///
    /// All this among those whom the cluster, if there is one, admits for the wish.
    ///
    /// - Parameter mayTry: the request may be repeated at another member without harm.
    mutating func choose(
        tried: UInt64, mayTry: Bool, at now: Milliseconds, for fetch: QueuedFetch,
        _ wish: MemberWish = .any, asking ask: PlaceAsk = PlaceAsk()
    ) -> Choice {
        guard successor == nil else { return .moved }
        guard !members.isEmpty else { return .failed(.noMember) }
        let admitted = admitted(wish, tried, now)
        let candidates = candidates(tried, mayTry: mayTry, ask.requestClass, now, admitted)
        let choice =
            candidates.isEmpty
            ? wait(tried, now, fetch, wish, ask)
            : take(candidates, ask.requestClass, now, admitted, wish, preferred: ask.preferred)
        switch choice {
        case .member, .trial, .queued: if !ask.isCounted { earnRetry() }
        case .moved, .held, .failed: break
        }
        return choice
    }

    /// Whether a fetch that has tried some would be given another, or told to wait for one.
    func hasOther(
        than tried: UInt64, mayTry: Bool, at now: Milliseconds, _ wish: MemberWish,
        for requestClass: RequestClass
    ) -> Bool {
        let admitted = admitted(wish, tried, now)
        return !candidates(tried, mayTry: mayTry, requestClass, now, admitted).isEmpty
            || mayWait(tried, requestClass, now, admitted)
            || heldUntil(tried, requestClass, now, admitted) != nil
    }

    /// Members that may be asked for what a fetch wishes, as bits; without a cluster any.
    func admitted(
        _ wish: MemberWish, _ tried: UInt64, _ now: Milliseconds, strict: Bool = false
    ) -> UInt64 {
        admission?.admitted(wish, fit: able(at: now), tried: tried, strict: strict) ?? .max
    }

    /// Members that are fit, or may prove to be, as bits: a leader on probation has nobody to take
    /// its place while others are out of step.
    func able(at now: Milliseconds) -> UInt64 {
        members.indices.reduce(0) { bits, index in
            reachable[index] && members[index].health.standing(at: now) != .out
                ? bits | 1 << UInt64(index & 63) : bits
        }
    }

    /// Members with a place for a fetch that has tried some and may ask those `admitted`: those of
    /// the best tier.
    private func candidates(
        _ tried: UInt64, mayTry: Bool, _ requestClass: RequestClass, _ now: Milliseconds,
        _ admitted: UInt64
    ) -> [Int] {
        bestTier(candidatesOfAnyTier(tried, mayTry: mayTry, requestClass, now, admitted))
    }

    private func candidatesOfAnyTier(
        _ tried: UInt64, mayTry: Bool, _ requestClass: RequestClass, _ now: Milliseconds,
        _ admitted: UInt64
    ) -> [Int] {
        let free = open(tried, requestClass, now, admitted).filter { hasPlace($0, requestClass) }
        if isAnyFit(at: now, admitted) {
            let asked = free.filter {
                isFit($0, now) || mayTry && members[$0].health.takesTrial(at: now)
            }
            // Whom all that are fit have failed has nothing to lose at one yet to prove itself.
            let isLeft = members.indices.contains {
                !Self.has(tried, $0) && Self.has(admitted, $0) && isFit($0, now)
            }
            guard asked.isEmpty, tried != 0, !isLeft else { return asked }
            return free.filter {
                members[$0].health.standing(at: now) == .probation && !members[$0].health.hasTrial
            }
        }
        let alive = free.filter { members[$0].health.liveness != .dead }
        return alive.isEmpty ? free : alive
    }

    private mutating func take(
        _ candidates: [Int], _ requestClass: RequestClass, _ now: Milliseconds, _ admitted: UInt64,
        _ wish: MemberWish, preferred: Int? = nil
    ) -> Choice {
        var total = 0
        var best = candidates[0]
        for index in candidates {
            let weight = max(
                1, settings.members[index].weight * members[index].health.share(at: now))
            total += weight
            members[index].current += weight
            if members[index].current > members[best].current { best = index }
        }
        if let preferred, candidates.contains(preferred), isFit(preferred, now),
            members[best].current - members[preferred].current <= Self.advance * total
        {
            best = preferred
        }
        members[best].current -= total
        occupy(best, requestClass)
        admission?.took(best, wish, fit: able(at: now))
        guard isAnyFit(at: now, admitted), !isFit(best, now) else { return .member(best) }
        members[best].health.beginTrial()
        return .trial(best)
    }

    /// Turns that a member may be ahead of others, since it is the one that has drawn what is asked
    /// about: of a few tiles its answer is a word instead of a picture, and of very many it gets no
    /// more than its share.
    private static var advance: Int { 8 }

    /// Takes one of members that have a place to spare.
    mutating func takeSpare(
        _ candidates: [Int], _ requestClass: RequestClass, _ now: Milliseconds, _ wish: MemberWish
    ) -> Int? {
        guard !candidates.isEmpty,
            case .member(let member) = take(
                candidates, requestClass, now, admitted(wish, 0, now, strict: true), wish)
        else { return nil }
        return member
    }

    private mutating func occupy(_ member: Int, _ requestClass: RequestClass) {
        members[member].inFlight += 1
        members[member].inClass[requestClass] += 1
        if requestClass == .tiles { hedging.requested() }
        members[member].requests += 1
    }

    private mutating func earnRetry() {
        retryTokens = min(retryTokens + Double(settings.retryBudgetPercent) / 100, 100)
    }

    func isFit(_ member: Int, _ now: Milliseconds) -> Bool {
        reachable[member] && members[member].health.standing(at: now) == .fit
    }

    private func isAnyFit(at now: Milliseconds, _ admitted: UInt64) -> Bool {
        members.indices.contains { Self.has(admitted, $0) && isFit($0, now) }
    }

    /// Whether nobody else is fit.
    private func isLast(_ member: Int, _ now: Milliseconds) -> Bool {
        !members.indices.contains { $0 != member && isFit($0, now) }
    }

    static func has(_ tried: UInt64, _ member: Int) -> Bool {
        tried & (1 << UInt64(member & 63)) != 0
    }

    /// Whether anybody would be asked gladly, or at least tried.
    func health(at now: Milliseconds) -> OriginHealth {
        members.indices.contains {
            reachable[$0] && members[$0].health.standing(at: now) != .out
        } ? .up : .allDown
    }

    // MARK: retries

    /// Whether one more retry is within the budget; takes it when it is.
    mutating func takeRetry() -> Bool {
        guard retryTokens >= 1 else { return false }
        retryTokens -= 1
        return true
    }

    /// Another member for a fetch that has an answer already, and might get a better one: only if
    /// it can be asked at once and the budget has a retry, which is then taken.
    ///
    /// - Parameters:
    ///   - onlyFit: one that is as bad as the first would be no better.
    ///   - isFree: it comes out of no budget, since the first was the edge's own risk.
    ///   - strict: of a cluster only one that is in step is better.
    mutating func chooseRetry(
        tried: UInt64, onlyFit: Bool, isFree: Bool, at now: Milliseconds,
        _ wish: MemberWish = .any, strict: Bool = true, for requestClass: RequestClass = .other
    ) -> Int? {
        guard successor == nil, isFree || retryTokens >= 1 else { return nil }
        let admitted = admitted(wish, tried, now, strict: strict)
        var candidates = candidates(tried, mayTry: false, requestClass, now, admitted)
        if onlyFit || isAnyFit(at: now, admitted) { candidates.removeAll { !isFit($0, now) } }
        guard !candidates.isEmpty,
            case .member(let member) = take(candidates, requestClass, now, admitted, wish)
        else { return nil }
        if !isFree { retryTokens -= 1 }
        return member
    }

    // MARK: endings

    /// The member's place is free again. Returns whose places are free now, if somebody waits: not
    /// this member's alone, since another may have become well meanwhile, with nobody to release
    /// anything there.
    ///
    /// The places are taken already: nobody who comes later can have them, and none is lost should
    /// a fetch be gone when it is told, since then its place is released in its turn.
    ///
    /// - Parameter heldFor: how long the place was used, in milliseconds; nil: it was not.
    mutating func release(
        _ member: Int, _ ending: Ending, wasTrial: Bool,
        _ requestClass: RequestClass = .other, heldFor: Milliseconds? = nil, at now: Milliseconds
    ) -> (handed: [HandedPlace], change: MemberHealth.Change) {
        members[member].inFlight -= 1
        members[member].inClass[requestClass] -= 1
        if let heldFor { holdTimes.record(requestClass, milliseconds: heldFor) }
        if wasTrial { members[member].health.endTrial() }
        let change = judge(member, ending, now)
        return (serveWaiting(at: now), change)
    }

    /// Gives a free place of a member to who is next.
    mutating func hand(_ member: Int, _ now: Milliseconds) -> HandedPlace? {
        guard !queue.isEmpty else { return nil }
        // Places are compared while the queue is changed: it is taken out, not copied.
        var queue = FairQueue<WaitingGroup>(self.queue.bounds)
        swap(&queue, &self.queue)
        defer { swap(&queue, &self.queue) }
        let places = self
        let next = queue.take(at: now) { requestClass in
            places.hasPlace(member, requestClass)
                && !places.members[member].isHeld(requestClass, at: now)
        } suits: { group in
            let admitted = places.admitted(group.wish, group.tried, now)
            guard !Self.has(group.tried, member), Self.has(admitted, member),
                places.mayServe(member, now, admitted)
            else { return false }
            // A member that is out is the last resort, for this fetch as for a new one.
            return places.isFit(member, now)
                || !places.members.indices.contains {
                    !Self.has(group.tried, $0) && Self.has(admitted, $0) && places.isFit($0, now)
                }
        }
        guard let next else { return nil }
        occupy(member, next.requestClass)
        admission?.took(member, next.group.wish, fit: able(at: now))
        return HandedPlace(member: member, next: next.fetch, requestClass: next.requestClass)
    }

    private mutating func judge(
        _ member: Int, _ ending: Ending, _ now: Milliseconds
    ) -> MemberHealth.Change {
        switch ending {
        case .neutral: .none
        case .succeeded: members[member].health.exchangeSucceeded(at: now)
        case .failed(let failure): blame(member, failure, at: now)
        }
    }

    /// The member failed a request, as it may have turned out only later.
    mutating func blame(
        _ member: Int, _ failure: MemberFailure, at now: Milliseconds
    ) -> MemberHealth.Change {
        note(failure, of: member, now)
        return members[member].health.exchangeFailed(
            at: now, hasAnswered: failure.hasAnswered, isLast: isLast(member, now))
    }

    /// It refused a layer that another member then served.
    mutating func missed(
        _ layer: String, by member: Int, at now: Milliseconds
    ) -> MemberHealth.Change {
        note(.layer, of: member, now)
        return members[member].health.missed(layer, at: now, isLast: isLast(member, now))
    }

    mutating func served(_ layers: String, by member: Int, at now: Milliseconds) {
        members[member].health.served(layers)
        wanted.served(layers, at: now)
    }

    private mutating func note(
        _ failure: MemberFailure, of member: Int, _ now: Milliseconds
    ) {
        members[member].failures += 1
        members[member].lastFailure = failure
        members[member].lastFailureAt = now
    }

    /// The fetch waits no longer: it timed out or its viewer left.
    mutating func leaveQueue(_ fetch: QueuedFetch, isLate: Bool) {
        queue.remove(fetch)
        if isLate { refuse(.timeout) }
    }

    // MARK: checks

    /// An active check's result.
    mutating func checked(
        _ member: Int, _ check: Int, _ result: ProbeResult, at now: Milliseconds
    ) -> MemberHealth.Change {
        var result = result
        if result.finding.hasPassed, let layers = result.capabilities?.layers {
            if members[member].health.isProved {
                wanted.listed(layers, by: check)
            } else if members.contains(where: \.health.isProved),
                let name = wanted.missing(in: layers, by: check)
            {
                result.finding = .layerMissing(name)
            }
        }
        if !result.finding.hasPassed {
            members[member].lastFailure = .check(result.finding)
            members[member].lastFailureAt = now
        }
        if let told = result.capabilities {
            members[member].capabilities[check] = CapabilitiesSeen(
                fingerprint: told.fingerprint, updateSequence: told.updateSequence,
                layers: told.layers.count, at: now)
            members[member].health.listed(told.layers)
        }
        return members[member].health.checked(
            check, result.finding, at: now, isLast: isLast(member, now))
    }

    mutating func setDrift(_ drift: MemberDrift, of member: Int) {
        members[member].health.drift = drift
    }

    // MARK: status

    func status(at now: Milliseconds, wall: Milliseconds) -> PoolStatus {
        func shown(_ time: Milliseconds) -> Milliseconds { time == 0 ? 0 : wall - now + time }
        return PoolStatus(
            id: settings.id, queued: queue.count, queues: queueStatus,
            members: zip(settings.members, members).map { given, member in
                var status = MemberStatus(
                    name: given.name, weight: given.weight,
                    state: Self.state(of: member, given, now),
                    ejectedUntil: shown(member.health.ejectedUntil), inFlight: member.inFlight,
                    requests: member.requests, failures: member.failures,
                    consecutiveFailures: member.health.consecutiveFailures,
                    lastFailure: member.lastFailure?.word,
                    lastFailureAt: shown(member.lastFailureAt))
                for kind in RequestClass.allCases where member.inClass[kind] > 0 {
                    status.inClass[kind.word.description] = member.inClass[kind]
                }
                status.held = RequestClass.allCases.filter { member.isHeld($0, at: now) }
                    .map(\.word.description)
                status.liveness = member.health.liveness.rawValue
                status.readiness = member.health.readiness(at: now).rawValue
                status.drift = member.health.drift.rawValue
                status.ejections = member.health.ejectionCount
                status.lacks = member.health.gaps.names(at: now)
                status.checks = checks(of: member, shown)
                return status
            })
    }

    private static func state(
        of member: Member, _ given: MemberSettings, _ now: Milliseconds
    ) -> String {
        if given.unresolved != nil, given.endpoints.isEmpty { return "unresolved" }
        if given.isDraining { return "draining" }
        if !member.health.isUp { return member.health.isProved ? "down" : "warming" }
        switch member.health.standing(at: now) {
        case .out: return now < member.health.ejectedUntil ? "ejected" : "lacks-layers"
        case .probation: return "probation"
        case .fit: return member.health.share(at: now) < 100 ? "slow-start" : "up"
        }
    }

    private func checks(
        of member: Member, _ shown: (Milliseconds) -> Milliseconds
    ) -> [CheckStatus] {
        let checks = zip(settings.health.effectiveChecks, member.health.checks)
        return checks.enumerated().map { index, check in
            var status = CheckStatus(
                kind: check.0.word, target: check.0.target, isUp: check.1.isUp,
                last: check.1.last?.word, lastAt: shown(check.1.lastAt))
            if let seen = member.capabilities[index] {
                let digits = String(seen.fingerprint, radix: 16)
                status.fingerprint = String(repeating: "0", count: 16 - digits.count) + digits
                status.updateSequence = seen.updateSequence
                status.layers = seen.layers
            }
            return status
        }
    }
}
