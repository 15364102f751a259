import Caching
import Synchronization

// A pool is made anew when its members change. What runs at the old one goes on there, and what is
// known of members that stay goes over, so that a change of membership costs nobody anything.
extension OriginPool {
    /// The most members of a pool: a fetch notes whom it asked in the 64 bits of one number.
    public static var membersMax: Int { 64 }

    /// Who took a pool's place, and where its members are there.
    struct Successor {
        let pool: OriginPool
        /// By position here; nil: it is gone.
        let positions: [Int?]

        /// Members asked already, by their positions there.
        func translate(_ tried: UInt64) -> UInt64 {
            var result: UInt64 = 0
            for (index, position) in positions.enumerated() where PoolRoster.has(tried, index) {
                if let position { result |= 1 << UInt64(position & 63) }
            }
            return result
        }
    }

    /// Takes another pool's place: health, counters, turns and waiting fetches come over.
    ///
    /// Members that are new have to pass their checks before they get requests, if any of those
    /// that stay is well. To be called once, before anybody else knows of this pool.
    ///
    /// - Returns: places for fetches that waited there, and can be served now.
    func succeed(_ old: OriginPool, at now: Milliseconds) -> [HandedPlace] {
        let positions = old.settings.members.map { member in
            settings.members.firstIndex { $0.name == member.name }
        }
        let successor = Successor(pool: self, positions: positions)
        let former = old.roster.withLock { state in
            defer {
                state.successor = successor
                state.queue.removeAll()
            }
            return state
        }
        return roster.withLock { state in
            var isAnyWell = false
            for (position, member) in zip(positions, former.members) {
                guard let position else { continue }
                state.members[position] = member
                state.members[position].health.adopt(settings.health)
                isAnyWell = isAnyWell || member.health.standing(at: now) == .fit
            }
            let known = Set(positions.compactMap(\.self))
            if isAnyWell { holdBackNewcomers(&state, besides: known, now) }
            state.retryTokens = former.retryTokens
            state.misses = former.misses
            state.queue = former.queue.map {
                PoolRoster.Waiting(fetch: $0.fetch, tried: successor.translate($0.tried))
            }
            return serveWaiting(&state, at: now)
        }
    }

    private func holdBackNewcomers(
        _ state: inout PoolRoster, besides known: Set<Int>, _ now: Milliseconds
    ) {
        for index in state.members.indices where !known.contains(index) {
            state.members[index].health = .newcomer(settings.health, at: now)
        }
    }

    /// Gives free places to those who wait, in their order.
    private func serveWaiting(_ state: inout PoolRoster, at now: Milliseconds) -> [HandedPlace] {
        var handed: [HandedPlace] = []
        state.queue = state.queue.filter { waiting in
            let candidates = state.candidates(waiting.tried, mayTry: false, now)
            guard !candidates.isEmpty, case .member(let member) = state.take(candidates, now) else {
                return true
            }
            handed.append(HandedPlace(member: member, next: waiting.fetch))
            return false
        }
        return handed
    }

    /// Who took this pool's place; nil: nobody yet.
    var successor: Successor? { roster.withLock { $0.successor } }

    /// The pool that holds a member's place by now, and its position there.
    func holder(of member: Int) -> (pool: OriginPool, member: Int) {
        var (pool, member) = (self, member)
        while let next = pool.successor, let position = next.positions[member] {
            (pool, member) = (next.pool, position)
        }
        return (pool, member)
    }
}

extension Fetch {
    /// Goes over to the pool that took its pool's place, with the member that serves it, as long as
    /// that one is there too.
    func followWithMember() {
        while let next = pool.successor, let position = next.positions[member] {
            member = position
            followSuspects(next)
            tried = next.translate(tried)
            pool = next.pool
        }
    }

    /// Members that may be to blame are the same ones there; those that are gone are forgiven.
    private func followSuspects(_ next: OriginPool.Successor) {
        evidence.suspects = evidence.suspects.compactMap { member, suspicion in
            next.positions[member].map { ($0, suspicion) }
        }
    }

    /// Goes over to the pool that took its pool's place.
    ///
    /// - Parameter last: the pool to stop at; nil: the latest.
    func follow(until last: OriginPool? = nil) {
        while pool !== last, let next = pool.successor {
            if member >= 0 { member = next.positions[member] ?? -1 }
            followSuspects(next)
            tried = next.translate(tried)
            pool = next.pool
        }
    }
}
