public import Caching

/// Something slow that a cluster needs done; whoever does it reports what came of it.
public enum ClusterTask: Sendable, Hashable {
    /// Ask the member for its capabilities, and report by `checked`.
    case check(Int, asked: CheckStamp)
    /// Send the member `/rest/reload` or `/rest/reset`, and report by `loaded`.
    case load(Int)
}

/// What was so when a member was asked for its capabilities.
public struct CheckStamp: Sendable, Hashable {
    var edition: UInt64
    var turn: UInt64
    var isUnsettled: Bool
    var loads: UInt64
}

/// What a member said of its catalog.
public struct CatalogPrint: Sendable, Equatable {
    public var fingerprint: UInt64
    public var sequence: String?

    public init(fingerprint: UInt64, sequence: String?) {
        self.fingerprint = fingerprint
        self.sequence = sequence
    }
}

// What is to be done next, and what came of it.
extension ClusterState {
    /// What has to be begun now; each task is given out once.
    ///
    /// - Parameters:
    ///   - fit: members that health lets be asked, as bits of their places.
    ///   - inFlight: requests that a member has.
    public mutating func work(
        at now: Milliseconds, fit: UInt64, inFlight: (Int) -> Int
    ) -> [ClusterTask] {
        watchFitness(fit, at: now)
        if settings.choosesLeader { choose(at: now, fit) }
        if now >= nextSurvey {
            nextSurvey = now + Milliseconds(settings.driftInterval)
            for place in members.indices where members[place].isPresent { ask(place) }
        }
        var tasks: [ClusterTask] = []
        if let load = advance(at: now, fit, inFlight) { tasks.append(load) }
        for place in members.indices
        where members[place].wantsCheck && !members[place].isChecking && isFit(place, fit) {
            members[place].wantsCheck = false
            members[place].isChecking = true
            let stamp = CheckStamp(
                edition: edition, turn: turn, isUnsettled: openWrites > 0,
                loads: members[place].loads)
            tasks.append(.check(place, asked: stamp))
        }
        return tasks
    }

    /// What it has said of its catalog counts no more.
    private mutating func ask(_ place: Int) {
        members[place].wantsCheck = true
        members[place].print = nil
    }

    /// The member and whoever it is compared with.
    private mutating func compare(_ place: Int, at now: Milliseconds) {
        ask(place)
        if let leader { ask(leader) } else { nextSurvey = now }
    }

    func isFit(_ place: Int, _ fit: UInt64) -> Bool {
        members[place].isPresent && fit & 1 << UInt64(place) != 0
    }

    /// Who comes back may be another than who went: it is known again when it has been compared.
    private mutating func watchFitness(_ fit: UInt64, at now: Milliseconds) {
        for place in members.indices {
            let isFit = isFit(place, fit)
            if isFit, !members[place].wasFit {
                if place != leader { members[place].isProven = false }
                compare(place, at: now)
            }
            members[place].wasFit = isFit
        }
        let isLost = settings.hasLeader && inStep & fit == 0
        guard isLost != self.isLost else { return }
        self.isLost = isLost
        let name = settings.leader ?? leader.map { members[$0].name } ?? "none chosen"
        note(isLost ? .leaderless(name) : .leaderBack(name))
    }

    // MARK: rounds

    /// Goes on with the round, or begins the next one; returns a load that is to be sent.
    private mutating func advance(
        at now: Milliseconds, _ fit: UInt64, _ inFlight: (Int) -> Int
    ) -> ClusterTask? {
        if let round, !isFit(round.place, fit) || !mayGoOn(fit, round) { self.round = nil }
        // Written meanwhile: the next round brings that, too.
        if let round, round.step == .comparing, round.edition != edition { self.round = nil }
        guard let round else {
            guard let place = nextFollower(at: now, fit) else { return nil }
            let until = now + Milliseconds(settings.timeout)
            self.round = Round(place: place, step: .draining(until: until))
            return advance(at: now, fit, inFlight)
        }
        guard case .draining(let until) = round.step, inFlight(round.place) == 0 || now >= until
        else { return nil }
        self.round = Round(place: round.place, step: .loading, edition: edition)
        members[round.place].isLoading = true
        members[round.place].loads += 1
        members[round.place].print = nil
        return .load(round.place)
    }

    /// Without a leader that can be compared with, nobody is drained; a load that was sent is
    /// waited for all the same.
    private func mayGoOn(_ fit: UInt64, _ round: Round) -> Bool {
        if round.step == .loading { return true }
        if let leader { return isFit(leader, fit) }
        // There is nobody to be compared with; who only has to read may lead when it has.
        return settings.choosesLeader && round.step != .comparing
    }

    /// A follower that is out of step and whose turn it is.
    private func nextFollower(at now: Milliseconds, _ fit: UInt64) -> Int? {
        guard settings.sync != .none, now >= quietAt else { return nil }
        guard let leader else { return settings.choosesLeader ? heir(at: now, fit) : nil }
        guard isFit(leader, fit) else { return nil }
        return members.indices.first { place in
            let member = members[place]
            guard member.isFollower, isFit(place, fit), !member.isLoading,
                now >= member.notBefore
            else { return false }
            return member.needsLoad || member.loaded < edition && edition > 1 && !isInStep(place)
        }
    }

    /// The member has answered a reload, or has not.
    ///
    /// - Parameter failure: why it failed; nil: it did not.
    public mutating func loaded(_ place: Int, failure: String?, at now: Milliseconds) {
        guard members.indices.contains(place) else { return }
        members[place].isLoading = false
        guard let round, round.place == place, round.step == .loading else { return }
        if let failure { return fail(place, failure, at: now) }
        members[place].loaded = round.edition
        members[place].needsLoad = false
        if leader == nil, settings.choosesLeader {
            self.round = nil
            if round.edition == edition { lead(place, at: now) }
            return
        }
        self.round?.step = .comparing
        compare(place, at: now)
    }

    /// An attempt was in vain: the next one later, and meanwhile somebody else's turn.
    private mutating func fail(_ place: Int, _ reason: String, at now: Milliseconds) {
        if round?.place == place { round = nil }
        failures += 1
        members[place].failures += 1
        members[place].needsLoad = true
        members[place].isProven = false
        members[place].reason = reason
        let count = members[place].failures
        let pause =
            count > settings.retries
            ? settings.driftInterval : ClusterSettings.backoff << min(count - 1, 10)
        members[place].notBefore = now + Milliseconds(min(pause, settings.driftInterval))
        note(.failed(members[place].name, reason, attempt: count))
    }

    // MARK: comparisons

    /// The member has been asked for its capabilities.
    ///
    /// - Parameter failure: why they are not to be had; then `print` is nil.
    public mutating func checked(
        _ place: Int, _ print: CatalogPrint?, failure: String?, asked: CheckStamp,
        at now: Milliseconds
    ) {
        guard members.indices.contains(place), members[place].isPresent else { return }
        members[place].isChecking = false
        guard asked.loads == members[place].loads else {
            if !members[place].isLoading { ask(place) }
            return
        }
        guard let print else {
            members[place].print = nil
            if place == leader || !isInStep(place) { members[place].reason = failure ?? "" }
            if let round, round.step == .comparing {
                if round.place == place { fail(place, failure ?? "no capabilities", at: now) }
                if place == leader { giveUpRound(at: now) }
            }
            return
        }
        if place == leader { members[place].reason = "" }
        members[place].print = Print(
            fingerprint: print.fingerprint, sequence: print.sequence, edition: asked.edition,
            turn: asked.turn, isUnsettled: asked.isUnsettled || openWrites > 0)
        judge(at: now)
    }

    /// The leader cannot be compared with: nobody is to blame for that.
    private mutating func giveUpRound(at now: Milliseconds) {
        guard let round else { return }
        members[round.place].needsLoad = true
        members[round.place].notBefore = now + Milliseconds(ClusterSettings.backoff)
        self.round = nil
    }

    private mutating func judge(at now: Milliseconds) {
        guard let author = settings.hasLeader ? leader : majority,
            let reference = members[author].print
        else { return }
        watch(author, reference, at: now)
        for place in members.indices where place != leader && members[place].isPresent {
            guard let print = members[place].print else { continue }
            judge(place, print, by: reference, at: now)
        }
    }

    private mutating func judge(
        _ place: Int, _ print: Print, by reference: Print, at now: Milliseconds
    ) {
        // What was seen before the latest write says nothing of the time after it.
        guard print.edition == edition, reference.edition == edition else {
            return retry(at: now)
        }
        if print.fingerprint == reference.fingerprint {
            accept(place, print, reference, at: now)
        } else if isSettled(print), isSettled(reference) {
            refuse(place, at: now)
        } else {
            // A write was under way: one may have seen it and the other not.
            retry(at: now)
        }
    }

    /// Equal capabilities. Not all that a write changes shows in them (a style's body does not), so
    /// that after a write a follower must have loaded as well; and one whose update sequence is not
    /// the leader's, while that has moved on, may have missed what did not pass through here. So
    /// may a load that was under way then; any other has read what there is, whatever it says.
    private mutating func accept(
        _ place: Int, _ print: Print, _ reference: Print, at now: Milliseconds
    ) {
        let member = members[place]
        let isLoaded = round?.place == place && round?.step == .comparing
        if member.isFollower, leader != nil {
            if member.needsLoad { return }
            let isSuspect =
                print.sequence != nil && reference.sequence != nil
                && print.sequence != reference.sequence
                && reference.sequence != member.provenWith
            if isSuspect {
                guard isSettled(print), isSettled(reference) else { return retry(at: now) }
                if !isLoaded || round?.isOvertaken == true { return suspect(place) }
            }
            guard member.loaded >= edition || edition == 1 || isInStep(place) else { return }
        } else if !isInStep(place), now < graceUntil {
            // Nobody says when others have brought it the latest write, and equal capabilities may
            // be those of the time before.
            members[place].reason = "it may not have heard of the latest write yet"
            nextSurvey = min(nextSurvey, graceUntil)
            return
        }
        if isLoaded {
            round = nil
            rounds += 1
        }
        members[place].provenWith = reference.sequence
        prove(place)
    }

    private mutating func suspect(_ place: Int) {
        if round?.place == place { round = nil }
        members[place].needsLoad = true
        members[place].isProven = false
        members[place].reason = "its update sequence is not the leader's"
    }

    /// No write was under way when it was said, nor has been since.
    func isSettled(_ print: Print) -> Bool { print.turn == turn && !print.isUnsettled }

    private mutating func refuse(_ place: Int, at now: Milliseconds) {
        let member = members[place]
        let reason =
            leader == nil
            ? "its capabilities are not those of the others"
            : "its capabilities are not the leader's"
        if let round, round.place == place {
            guard round.step == .comparing else { return }
            drift(place, reason)
            return fail(place, reason, at: now)
        }
        // Who is behind and knows it has not drifted.
        if member.isFollower, member.loaded < edition, edition > 1, !isInStep(place) { return }
        // Who is told of writes by others hears of them a little later; who took the latest one
        // differs from them until then.
        if !member.isFollower, now < graceUntil {
            nextSurvey = min(nextSurvey, graceUntil)
            guard !isInStep(place) else { return }
            members[place].isProven = false
            members[place].reason = reason
            return
        }
        drift(place, reason)
    }

    /// Asks once more after a while.
    private mutating func retry(at now: Milliseconds) {
        // While a write is under way, which may be for minutes, nothing can be settled.
        let pause = openWrites == 0 ? ClusterSettings.quiet : settings.driftInterval
        nextSurvey = min(nextSurvey, max(quietAt, now + Milliseconds(pause)))
    }

    /// What most members say; of equally many, who took the latest write, then who has the higher
    /// update sequence, then who comes first. nil before all fit ones have been asked since the
    /// latest write.
    private var majority: Int? {
        let said = members.indices.filter { members[$0].isPresent && members[$0].wasFit }
        guard said.allSatisfy({ members[$0].print?.edition == edition }) else { return nil }
        var groups: [UInt64: [Int]] = [:]
        for place in said {
            guard let print = members[place].print else { continue }
            groups[print.fingerprint, default: []].append(place)
        }
        func rank(_ places: [Int]) -> (Int, Int, Int, Int) {
            let sequences = places.compactMap { members[$0].print?.sequence.flatMap { Int($0) } }
            return (
                places.count, author.map(places.contains) == true ? 1 : 0, sequences.max() ?? 0,
                -(places.first ?? 0)
            )
        }
        return groups.values.max { rank($0) < rank($1) }.flatMap { $0.first }
    }
}
