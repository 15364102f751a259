public import Caching
import Reactor
import Synchronization

/// How busy a pool is at one moment, and how long its fetches took until then.
public struct PoolLoad: Sendable {
    public var id: String
    /// Requests that wait for a member at its limit.
    public var queued: Int
    /// Requests in flight, at all members together.
    public var inFlight: Int
    /// Of these, at members that leave.
    public var leaving = 0
    /// Members that are asked gladly: well, and not leaving.
    public var members: Int
    /// Members by what is done with them, of those that are not simply in service.
    public var warming: Int
    public var draining: Int
    /// Requests that one member takes at once; 0: no limit, so that nobody can say how full it is.
    public var memberCapacity: Int
    /// From a fetch's beginning to its last byte, since the edge began.
    public var misses: LatencyHistogram
    /// Of each class that has a limit: what runs and waits, and what all members together take.
    var classes: [(busy: Int, capacity: Int)] = []

    /// In flight and waiting, of what the members could take, all classes together or of the
    /// fullest class: 0 to 1; nil where they have no limit.
    ///
    /// 1 where somebody waits and nobody serves. It falls as the pool grows under the same load,
    /// which target tracking needs; so members that leave count neither with what they could take
    /// nor with what they finish, unless there are no others.
    public var saturation: Double? {
        let all = (busy: running + queued, capacity: memberCapacity * members)
        let limited = memberCapacity > 0 ? classes + [all] : classes
        return limited.map { busy, capacity in
            capacity > 0 ? min(1, Double(busy) / Double(capacity)) : busy > 0 ? 1 : 0
        }.max()
    }

    /// In flight at those that stay, for each that is asked gladly.
    public var inFlightPerMember: Double {
        members > 0 ? Double(running) / Double(members) : Double(running)
    }

    /// In flight, without what leaving members finish unless there are no others.
    private var running: Int { members > 0 ? inFlight - leaving : inFlight }
}

extension PoolRoster {
    /// What each class with a limit has running and waiting, and may have at members in service.
    fileprivate func classLoads(at now: Milliseconds) -> [(busy: Int, capacity: Int)] {
        RequestClass.allCases.compactMap { kind in
            let limits = settings.members.map { settings.limits.limit(kind, cores: $0.cores) }
            guard !limits.isEmpty, limits.allSatisfy({ $0 > 0 }) else { return nil }
            let capacity = members.indices.reduce(0) { sum, index in
                let serves =
                    !settings.members[index].isDraining && members[index].health.isProved
                    && members[index].health.standing(at: now) == .fit
                return sum + (serves ? limits[index] : 0)
            }
            let running = members.indices.reduce(0) { sum, index in
                // What those that leave finish says nothing of the others.
                let counts = capacity == 0 || !settings.members[index].isDraining
                return sum + (counts ? members[index].inClass[kind] : 0)
            }
            return (running + queue.count(of: kind), capacity)
        }
    }
}

extension OriginPool {
    /// - Parameter now: monotonic milliseconds.
    public func load(at now: Milliseconds) -> PoolLoad {
        roster.withLock { state in
            var load = PoolLoad(
                id: settings.id, queued: state.queue.count, inFlight: 0, members: 0, warming: 0,
                draining: 0, memberCapacity: settings.memberConcurrency, misses: state.misses)
            for (given, member) in zip(settings.members, state.members) {
                load.inFlight += member.inFlight
                if given.isDraining {
                    load.draining += 1
                    load.leaving += member.inFlight
                } else if !member.health.isProved {
                    load.warming += 1
                } else if member.health.standing(at: now) == .fit {
                    load.members += 1
                }
            }
            load.classes = state.classLoads(at: now)
            return load
        }
    }

    /// What a membership goes by: who is ready, and what runs where.
    public func sights(at now: Milliseconds) -> [String: Membership.Sight] {
        roster.withLock { state in
            Dictionary(
                zip(settings.members, state.members).map { given, member in
                    let isReady =
                        member.health.isProved && member.health.standing(at: now) == .fit
                    return (
                        given.name,
                        Membership.Sight(
                            isReady: isReady, inFlight: member.inFlight,
                            isChecked: member.health.hasPassedChecks)
                    )
                }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// A fetch has come to its last byte.
    func served(after nanoseconds: UInt64) {
        let next = roster.withLock { state in
            if state.successor == nil {
                state.misses.record(milliseconds: Double(nanoseconds) / 1e6)
            }
            return state.successor?.pool
        }
        next?.served(after: nanoseconds)
    }
}

extension Server {
    /// How busy each pool is.
    public func loads() -> [PoolLoad] {
        let now = monotonicMilliseconds()
        return snapshot.pools.map { $0.load(at: now) }
    }

    /// What is known of an origin's members; nil: there is no such origin.
    public func sights(of origin: String) -> [String: Membership.Sight]? {
        snapshot.pools.first { $0.settings.id == origin }?.sights(at: monotonicMilliseconds())
    }
}
