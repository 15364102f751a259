public import Caching

/// What is known of the catalogs of one pool's GeoServers: pure, the clock is the caller's.
///
/// Each successful configuration write makes a new *edition* of the catalog, counted from 1 when
/// the edge starts. A member is *in step* while it is known to have the present edition; only such
/// a one answers what a write could change, and only what it answered is stored, if it stayed in
/// step from the first byte of the question to the moment of storing. The leader is always in
/// step: its catalog is the catalog. Nothing survives the process: whoever begins anew knows
/// nothing of the followers, and compares.
///
/// Members are named by places that stay theirs while they are members (`Set` of them as bits).
public struct ClusterState: Sendable {
    /// Most members that can be told apart.
    public static let placesMax = 64

    /// How far a follower has come on its way back into step.
    public enum Step: Sendable, Equatable {
        /// No new fetches; until those it has are over, or this moment.
        case draining(until: Milliseconds)
        case loading
        case comparing
    }

    struct Member: Sendable {
        var name: String
        var isPresent = true
        var isFollower = false
        /// Its catalog was seen to be another's, although it should be the same.
        var isDrifted = false
        /// It must be brought up to date whatever it has been seen to be.
        var needsLoad = false
        /// The latest edition it was known to have; 0: none.
        var reached: UInt64 = 0
        /// Whether that is known still.
        var isProven = false
        /// How often it has come into step: what it said before may not be stored after.
        var spell: UInt64 = 0
        /// The edition that was in force when its last successful load began.
        var loaded: UInt64 = 0
        var print: Print?
        /// The leader's update sequence when the two were last found equal.
        var provenWith: String?
        var wantsCheck = false
        var isChecking = false
        var isLoading = false
        /// Loads that were begun: what was asked before one says nothing of the time after it.
        var loads: UInt64 = 0
        var failures = 0
        var notBefore: Milliseconds = 0
        var wasFit = false
        /// Why it is out of step, in words, for `/status`; empty: it is not, or nobody knows.
        var reason = ""
    }

    /// What a member said of its catalog, and when it was asked.
    struct Print: Sendable, Equatable {
        var fingerprint: UInt64
        var sequence: String?
        var edition: UInt64
        /// Counts the beginnings and ends of writes.
        var turn: UInt64
        /// Writes were under way when it was asked.
        var isUnsettled: Bool
    }

    struct Round: Sendable {
        var place: Int
        var step: Step
        /// The edition that was in force when the load began.
        var edition: UInt64 = 0
        /// Something may have passed by since, which the load may not have read.
        var isOvertaken = false
    }

    public let settings: ClusterSettings
    /// The present edition of the catalog.
    public internal(set) var edition: UInt64 = 1
    var members: [Member] = []
    /// nil also while the member of that name is none, or none is chosen yet.
    var leader: Int?
    /// Since when a chosen leader is unfit.
    var unfitSince: Milliseconds?
    /// The leader cannot be had, and nobody else is in step.
    var isLost = false
    /// Who took the latest write; the leader where there is one.
    var author: Int?
    var round: Round?
    var turn: UInt64 = 0
    var openWrites = 0
    /// When a round may begin: it has been quiet for a while, or not for too long.
    var quietAt: Milliseconds = 0
    var quietBy: Milliseconds = 0
    var nextSurvey: Milliseconds = 0
    /// Until then a member that nobody loads may not have heard of the latest write yet.
    var graceUntil: Milliseconds = .min / 2
    /// The catalog as it was last seen, and what may have changed it since.
    var sight: Sight?
    /// It has changed by what did not pass through here, and nobody has taken note of that yet.
    var hasPassedBy = false
    private(set) var events: [ClusterEvent] = []
    /// For metrics: rounds that ended well, loads and comparisons that failed.
    public internal(set) var rounds: UInt64 = 0
    public internal(set) var failures: UInt64 = 0

    public init(_ settings: ClusterSettings, members names: [String] = []) {
        self.settings = settings
        _ = follow(names)
    }

    /// The same members' cluster under other settings, before it knows them: whoever is no leader
    /// has to be compared, and loaded, once more.
    init(_ settings: ClusterSettings, after previous: ClusterState) {
        self.settings = settings
        edition = previous.edition + 1
        (turn, openWrites) = (previous.turn, previous.openWrites)
        (quietAt, quietBy) = (previous.quietAt, previous.quietBy)
        graceUntil = previous.graceUntil
        hasPassedBy = previous.hasPassedBy
        guard settings.hasLeader, settings.leader == previous.settings.leader else { return }
        sight = previous.sight
    }

    // MARK: members

    /// These are the members from now on, in the caller's order. Whoever stays keeps what is known
    /// of it; who is new is unknown; who is gone takes no part any more, nor does its round go on.
    ///
    /// - Returns: each one's place.
    public mutating func follow(_ names: [String]) -> [Int] {
        var places: [Int] = []
        for name in names {
            if let known = members.firstIndex(where: { $0.name == name && $0.isPresent }) {
                places.append(known)
                continue
            }
            var fresh = Member(name: name)
            fresh.wantsCheck = true
            fresh.isFollower =
                settings.sync != .none && name != settings.leader
                && settings.followers?.contains(name) ?? true
            // A place that somebody left may still be meant by a fetch that began there: its spell
            // goes on, so that what was fetched before is not taken for the new one's.
            let free = members.indices.first { !members[$0].isPresent && !members[$0].isLoading }
            if let free, members.count >= Self.placesMax {
                (fresh.spell, fresh.loads) = (members[free].spell + 1, members[free].loads + 1)
                members[free] = fresh
                places.append(free)
            } else {
                members.append(fresh)
                places.append(members.count - 1)
            }
        }
        for place in members.indices where !places.contains(place) { members[place].leave() }
        if let round, !members[round.place].isPresent { self.round = nil }
        if settings.choosesLeader {
            leader = leader.flatMap { members[$0].isPresent ? $0 : nil }
        } else {
            leader = settings.leader.flatMap { name in
                members.firstIndex { $0.name == name && $0.isPresent }
            }
        }
        if let author, !members[author].isPresent { self.author = nil }
        return places
    }

    // MARK: who is in step

    /// Whether a member is known to have the present edition.
    public func isInStep(_ place: Int) -> Bool {
        guard members.indices.contains(place), members[place].isPresent else { return false }
        if place == leader { return true }
        let member = members[place]
        return member.isProven && member.reached == edition && !member.isDrifted
            && !member.needsLoad
    }

    var present: UInt64 { bits { members[$0].isPresent } }
    var inStep: UInt64 { bits(isInStep) }

    private func bits(_ test: (Int) -> Bool) -> UInt64 {
        members.indices.reduce(0) { test($1) ? $0 | 1 << UInt64($1) : $0 }
    }

    /// What a fetch may rely on that is about to ask this member.
    public func ticket(_ place: Int, _ ask: ClusterAsk) -> ClusterTicket {
        guard ask != .unaffected else { return .unaffected }
        let isKnown = members.indices.contains(place)
        return ClusterTicket(
            place: place, edition: edition, spell: isKnown ? members[place].spell : 0,
            mayStore: isInStep(place))
    }

    /// Whether what was fetched by a ticket may be stored now.
    public func mayStore(_ ticket: ClusterTicket) -> Bool {
        guard ticket.place >= 0 else { return true }
        return ticket.mayStore && ticket.edition == edition && isInStep(ticket.place)
            && members[ticket.place].spell == ticket.spell
    }

    // MARK: writes

    /// A configuration write is being sent.
    public mutating func writeBegan() {
        turn += 1
        openWrites += 1
    }

    /// It is over: the present edition is the next one if it may have changed something. To be
    /// called before the writer has its answer.
    ///
    /// - Parameters:
    ///   - place: who took it; nil: nobody of whom this edge knows.
    ///   - saves: by how much it has raised the catalog's update sequence, at least.
    public mutating func writeEnded(
        by place: Int?, changed: Bool, saves: Int = 0, at now: Milliseconds
    ) {
        turn += 1
        openWrites -= 1
        sight?.counted += saves
        if changed { wrote(by: place, at: now) }
        guard openWrites == 0 else { return }
        nextSurvey = min(nextSurvey, max(quietAt, now + Milliseconds(ClusterSettings.quiet)))
    }

    private mutating func wrote(by place: Int?, at now: Milliseconds) {
        // Several writes that nobody has caught up with are one burst.
        if now >= quietBy { quietBy = now + Milliseconds(ClusterSettings.quietMaximum) }
        quietAt = min(now + Milliseconds(ClusterSettings.quiet), quietBy)
        nextSurvey = min(nextSurvey, quietAt)
        graceUntil = now + Milliseconds(settings.propagation)
        let knew = place.map(isInStep) ?? false
        edition += 1
        // One that had begun before it was the leader knows nothing of what another one was told.
        if settings.choosesLeader, let leader, let place, place != leader { depose(leader) }
        author = leader ?? place
        guard let author, members[author].isPresent else { return }
        // A chosen leader's successor took writes that one who led before has not read.
        let isCurrent = knew || !settings.choosesLeader
        if author != leader, !members[author].isDrifted, isCurrent { prove(author) }
    }

    // MARK: verdicts

    /// The member has the present edition.
    mutating func prove(_ place: Int) {
        let wasInStep = isInStep(place)
        members[place].reached = edition
        members[place].isProven = true
        members[place].isDrifted = false
        members[place].needsLoad = false
        members[place].failures = 0
        members[place].reason = ""
        guard !wasInStep else { return }
        members[place].spell += 1
        note(.inStep(members[place].name, edition: edition))
    }

    /// The member has another catalog than it should.
    mutating func drift(_ place: Int, _ reason: String) {
        members[place].isProven = false
        members[place].reason = reason
        if members[place].isFollower { members[place].needsLoad = true }
        guard !members[place].isDrifted else { return }
        members[place].isDrifted = true
        note(.drifted(members[place].name, reason))
    }

    mutating func note(_ event: ClusterEvent) {
        // Whoever does not listen is not owed everything.
        if events.count < 256 { events.append(event) }
    }

    /// What has happened since the last call, for the log.
    public mutating func takeEvents() -> [ClusterEvent] {
        defer { events = [] }
        return events
    }
}

extension ClusterState.Member {
    fileprivate mutating func leave() {
        isPresent = false
        isProven = false
        print = nil
        wantsCheck = false
    }
}

/// What a fetch relied on when it asked its member.
public struct ClusterTicket: Sendable, Equatable {
    /// -1: of no member in particular.
    public var place: Int
    public var edition: UInt64
    public var spell: UInt64
    /// The member was in step when it was asked.
    public var mayStore: Bool

    /// No write could change the answer.
    public static let unaffected = ClusterTicket(place: -1, edition: 0, spell: 0, mayStore: true)
}

/// What an operator is told of a cluster.
public enum ClusterEvent: Sendable, Equatable {
    case inStep(String, edition: UInt64)
    case drifted(String, String)
    /// The catalog has changed, as this member shows, by what did not pass through the edge.
    case passedBy(String)
    case failed(String, String, attempt: Int)
    /// The leader cannot be had, and nobody else is in step.
    case leaderless(String)
    /// It is the leader from now on.
    case chosen(String)
    case leaderBack(String)
    /// The member is down, and with it its sessions: they begin anew at others.
    case sessionsLost(String)
}
