/// A cluster as `/status` shows it.
public struct ClusterStatus: Sendable {
    /// The origin's id.
    public var id: String
    public var sync: String
    public var leader: String?
    public var edition: UInt64
    public var members: [Member]
    /// The leader cannot be had and nobody is in step: answers may be older than the latest write,
    /// and are not stored.
    public var isLost: Bool
    public var writes: UInt64
    public var behind: UInt64
    public var fenced: UInt64
    public var sessionsMoved: UInt64
    public var passedBy: UInt64
    public var rounds: UInt64
    public var failures: UInt64
    public var sessions: Int

    public struct Member: Sendable {
        public var name: String
        /// `leader`, `follower` or `peer`, which nobody brings up to date.
        public var role: String
        /// `in-step`, `unknown`, `behind`, `drifted`, `draining`, `loading` or `comparing`.
        public var state: String
        /// The latest edition it was known to have; 0: none.
        public var edition: UInt64
        /// Its capabilities' fingerprint and update sequence when it was last asked.
        public var fingerprint: String?
        public var sequence: String?
        /// Attempts in a row to bring it into step that failed.
        public var failures: Int
        /// Why it is out of step; nil: it is not, or nobody knows.
        public var reason: String?

        package init(
            name: String, role: String, state: String, edition: UInt64, reason: String? = nil
        ) {
            (self.name, self.role, self.state, self.edition) = (name, role, state, edition)
            (failures, self.reason) = (0, reason)
        }

        public var isInStep: Bool { state == "in-step" }
        public var isDrifted: Bool { state == "drifted" }
    }

    package init(
        id: String, edition: UInt64, isLost: Bool, writes: UInt64, members: [Member]
    ) {
        (self.id, sync, leader, self.edition) = (id, "reload", members.first?.name, edition)
        (self.members, self.isLost, self.writes) = (members, isLost, writes)
        (behind, fenced, sessionsMoved, passedBy) = (0, 0, 0, 0)
        (rounds, failures, sessions) = (0, 0, 0)
    }

    init(
        id: String, _ cluster: ClusterState, _ counts: ClusterCounts, sessions: Int, fit: UInt64
    ) {
        self.id = id
        self.sessions = sessions
        sync = "\(cluster.settings.sync)"
        leader = cluster.settings.leader ?? cluster.leader.map { cluster.members[$0].name }
        edition = cluster.edition
        members = cluster.members.indices.filter { cluster.members[$0].isPresent }.map {
            Member(cluster, $0)
        }
        isLost = cluster.settings.hasLeader && cluster.inStep & fit == 0
        (writes, behind, fenced) = (counts.writes, counts.behind, counts.fenced)
        (sessionsMoved, passedBy) = (counts.sessionsMoved, counts.passedBy)
        (rounds, failures) = (cluster.rounds, cluster.failures)
    }

    /// For `/metrics`, by origin.
    var samples: [CounterSample] {
        func sample(_ name: String, _ help: String, _ value: UInt64) -> CounterSample {
            CounterSample(
                name: "mapedge_cluster_\(name)_total", help: help, kind: .counter,
                labels: [("origin", id)], value: Double(value))
        }
        let totals = [
            sample("writes", "configuration writes that may have changed the catalog", writes),
            sample(
                "behind", "requests asked of a member out of step, as nobody in step was fit",
                behind),
            sample("fenced", "answers not stored: their member was or came out of step", fenced),
            sample("sessions_moved", "sessions begun anew: their member was down", sessionsMoved),
            sample(
                "passed_by", "changes of the catalog that did not pass through here; all went",
                passedBy),
            sample("rounds", "followers brought into step by a reload or reset", rounds),
            sample(
                "sync_failures", "reloads or comparisons that failed; /status says why", failures),
        ]
        let edition = CounterSample(
            name: "mapedge_cluster_edition", help: "the catalog's present edition, by this edge",
            kind: .gauge, labels: [("origin", id)], value: Double(edition))
        return totals + [edition] + members.flatMap { $0.samples(id) }
    }
}

extension ClusterStatus.Member {
    init(_ cluster: ClusterState, _ place: Int) {
        let member = cluster.members[place]
        name = member.name
        role = place == cluster.leader ? "leader" : member.isFollower ? "follower" : "peer"
        state = Self.state(cluster, place)
        edition = place == cluster.leader ? cluster.edition : member.reached
        fingerprint = member.print.map { String($0.fingerprint, radix: 16) }
        sequence = member.print?.sequence
        failures = member.failures
        reason = member.reason.isEmpty ? nil : member.reason
    }

    private static func state(_ cluster: ClusterState, _ place: Int) -> String {
        let member = cluster.members[place]
        if cluster.isInStep(place) { return "in-step" }
        if let round = cluster.round, round.place == place {
            switch round.step {
            case .draining: return "draining"
            case .loading: return "loading"
            case .comparing: return "comparing"
            }
        }
        if member.isDrifted { return "drifted" }
        return member.reached == 0 || member.isProven == false && member.reached == cluster.edition
            ? "unknown" : "behind"
    }

    fileprivate func samples(_ origin: String) -> [CounterSample] {
        func gauge(_ name: String, _ help: String, _ value: Bool) -> CounterSample {
            CounterSample(
                name: "mapedge_cluster_member_\(name)", help: help, kind: .gauge,
                labels: [("origin", origin), ("member", self.name)], value: value ? 1 : 0)
        }
        return [
            gauge(
                "in_step", "1: the member has the present catalog, and fills the cache", isInStep),
            gauge(
                "drifted", "1: the member's catalog differs from what it should be; see /status",
                isDrifted),
        ]
    }
}
