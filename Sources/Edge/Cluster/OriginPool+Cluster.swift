package import Caching
public import Reactor
import Synchronization

// A pool's members by their places in its cluster, as bits.
extension OriginPool {
    /// The cluster and each member's place in it; what was known before is known still where the
    /// cluster's own settings are the same.
    static func cluster(
        of settings: OriginSettings, after previous: OriginPool?
    ) -> (Cluster?, [Int]) {
        guard let wanted = settings.cluster else { return (nil, []) }
        let known = previous?.cluster
        let cluster =
            known.flatMap { $0.settings == wanted ? $0 : nil } ?? Cluster(wanted, after: known)
        return (cluster, cluster.follow(settings.members.map(\.name)))
    }

    func ticket(_ member: Int, _ ask: ClusterAsk) -> ClusterTicket {
        guard let cluster, places.indices.contains(member) else { return .unaffected }
        return cluster.ticket(places[member], ask)
    }

    // MARK: the slow side

    /// The member of this name has read its catalog anew: its full share comes little by little.
    func loaded(_ name: String, at now: Milliseconds) {
        roster.withLock { state in
            for (index, member) in settings.members.enumerated() where member.name == name {
                state.members[index].health.loaded(at: now)
            }
        }
    }

    func clusterStatus(at now: Milliseconds) -> ClusterStatus? {
        cluster?.status(
            id: settings.id,
            fit: ClusterAdmission.bits(of: standing(at: now).fit, places))
    }

    /// What has become stale by what did not pass through here, as comparisons have shown since
    /// the last call.
    package func passedByRules() -> [InvalidationRule] {
        guard let cluster, cluster.takePassedBy() else { return [] }
        return cluster.settings.rules(isScopeKnown: false)
    }

    /// What the cluster needs done now.
    package func clusterWork(at now: Milliseconds) -> [ClusterWork] {
        guard let cluster else { return [] }
        let (fit, inFlight) = standing(at: now)
        let tasks = cluster.work(
            at: now, fit: ClusterAdmission.bits(of: fit, places)
        ) { place in
            places.firstIndex(of: place).map { inFlight[$0] } ?? 0
        }
        for (member, place) in places.enumerated() {
            setDrift(cluster.drift(of: place), of: member)
        }
        return tasks.compactMap { task in
            guard let member = places.firstIndex(of: task.place) else { return nil }
            return ClusterWork(
                cluster: cluster, task: task, origin: settings,
                member: settings.members[member], tls: tls)
        }
    }
}

/// A cluster's rules for a pool's members, by their positions there, as bits.
struct ClusterAdmission: Sendable {
    let cluster: Cluster
    let places: [Int]

    /// Members that a fetch may ask, given those that are fit and those it has tried.
    func admitted(_ wish: MemberWish, fit: UInt64, tried: UInt64, strict: Bool) -> UInt64 {
        let bits = cluster.admitted(
            wish, fit: Self.bits(of: fit, places), tried: Self.bits(of: tried, places),
            strict: strict)
        return places.indices.reduce(0) {
            bits & 1 << UInt64(places[$1]) == 0 ? $0 : $0 | 1 << UInt64($1 & 63)
        }
    }

    /// A member, by its position, takes a fetch.
    func took(_ member: Int, _ wish: MemberWish, fit: UInt64) {
        guard wish.session != nil else { return }
        cluster.took(places[member], wish, fit: Self.bits(of: fit, places))
    }

    /// Members by their places in the cluster.
    static func bits(of indices: UInt64, _ places: [Int]) -> UInt64 {
        places.indices.reduce(0) {
            indices & 1 << UInt64($1 & 63) == 0 ? $0 : $0 | 1 << UInt64(places[$1])
        }
    }
}

/// A task with all that is needed to do it.
public struct ClusterWork: Sendable {
    public let cluster: Cluster
    public let task: ClusterTask
    public let origin: OriginSettings
    public let member: MemberSettings
    public let tls: TLSContext?
}

extension ClusterTask {
    public var place: Int {
        switch self {
        case .check(let place, _), .load(let place): place
        }
    }
}

extension Server {
    /// What the clusters of all origins need done now; to be called several times a second, and the
    /// outcome of each to be reported to its cluster.
    public func clusterWork() -> [ClusterWork] {
        let now = monotonicMilliseconds()
        let stale = snapshot.pools.flatMap { $0.passedByRules() }
        if !stale.isEmpty {
            shared.store?.invalidate(stale)
            shared.catalogue.noteChange()
            shared.catalogue.noteStyleChange(.any)
        }
        return snapshot.pools.flatMap { $0.clusterWork(at: now) }
    }

    /// The member of a load has taken it.
    public func loaded(_ work: ClusterWork) {
        let now = monotonicMilliseconds()
        for pool in snapshot.pools where pool.settings.id == work.origin.id {
            pool.loaded(work.member.name, at: now)
        }
    }

    /// What is to be told of the clusters, with the origin's id, since the last call.
    public func clusterEvents() -> [(origin: String, event: ClusterEvent)] {
        snapshot.pools.flatMap { pool in
            (pool.cluster?.takeEvents() ?? []).map { (pool.settings.id, $0) }
        }
    }

    /// The clusters as `/status` shows them.
    public func clusters() -> [ClusterStatus] {
        let now = monotonicMilliseconds()
        return snapshot.pools.compactMap { $0.clusterStatus(at: now) }
    }
}
