import Caching
import Synchronization

// A pool is made anew when its members or settings change. What runs at the old one goes on there,
// and what is known of it and of members that stay goes over, so that a change of membership costs
// nobody anything.
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

        /// The way by this pool to one further on.
        fileprivate func then(_ next: Successor) -> Successor {
            Successor(
                pool: next.pool, positions: positions.map { $0.flatMap { next.positions[$0] } })
        }
    }

    /// Takes another pool's place: health, counters, turns, waiting fetches and what is known of
    /// the pool as a whole come over. Its cluster and its breaker are the old pool's own already.
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
        let former = old.roster.withLock { roster in
            defer { roster.retire(successor) }
            return roster
        }
        inheritOutage(of: old)
        let listener = old.observer.withLock { $0 }
        if let listener { observeCapabilities(listener) }
        let (handed, isRelieved) = roster.withLock { roster in
            let isRelieved = roster.inherit(from: former, successor, at: now)
            return (roster.serveWaiting(at: now), isRelieved)
        }
        // Whoever is new has nothing to do with the failures of those before it.
        if isRelieved { breaker.withLock { $0.hasten(at: now) } }
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

    /// Makes the way to the latest pool one step long, so that whoever stays here for long does not
    /// keep every pool between the two.
    func shortenSuccession() {
        guard var way = successor, way.pool.successor != nil else { return }
        while let next = way.pool.successor { way = way.then(next) }
        roster.withLock { $0.successor = way }
    }
}

extension PoolRoster {
    /// Another pool takes this one's place: nobody waits or is given a place here any more.
    fileprivate mutating func retire(_ successor: OriginPool.Successor) {
        self.successor = successor
        queue = FairQueue(queue.bounds)
    }

    /// Goes on where another roster, of the pool whose place this one's takes, has stopped.
    ///
    /// - Parameter way: where its members are here.
    /// - Returns: whether somebody is new and can be asked at once, since nobody else is well.
    fileprivate mutating func inherit(
        from former: PoolRoster, _ way: OriginPool.Successor, at now: Milliseconds
    ) -> Bool {
        var strangers = Set(members.indices)
        for (position, member) in zip(way.positions, former.members) {
            guard let position else { continue }
            let health = members[position].health
            members[position] = member
            // The same name at other addresses is another machine.
            if former.isElsewhere(settings.members[position]) {
                members[position].health = health
                members[position].current = 0
            } else {
                members[position].health.adopt(settings.health)
                strangers.remove(position)
            }
        }
        let isAnyWell = members.indices.contains {
            !strangers.contains($0) && reachable[$0] && members[$0].health.standing(at: now) == .fit
        }
        if isAnyWell {
            for index in strangers {
                members[index].health = .newcomer(settings.health, at: now)
            }
        }
        retryTokens = former.retryTokens
        misses = former.misses
        if former.settings.health.checksSame(as: settings.health) { wanted = former.wanted }
        (refusals, holdTimes) = (former.refusals, former.holdTimes)
        hedging = former.hedging.adopting(settings.hedge)
        // Where fewer may wait now, that is for those who come: none of these is dropped.
        for var entry in former.queue.entries {
            entry.group.tried = way.translate(entry.group.tried)
            queue.insert(entry)
        }
        return !isAnyWell && !strangers.isEmpty
    }

    private func isElsewhere(_ member: MemberSettings) -> Bool {
        guard let known = settings.members.first(where: { $0.name == member.name }),
            !known.endpoints.isEmpty, !member.endpoints.isEmpty
        else { return false }
        return !known.endpoints.contains { member.endpoints.contains($0) }
    }

    /// Gives free places to those who wait, in the order of the queue.
    mutating func serveWaiting(at now: Milliseconds) -> [HandedPlace] {
        var handed: [HandedPlace] = []
        guard !queue.isEmpty else { return handed }
        var open = members.indices.filter { reachable[$0] }
        while !open.isEmpty {
            // The least busy of the best tier first, as if they had come one by one.
            let next = open.indices.min { order(open[$0]) < order(open[$1]) } ?? 0
            if let place = hand(open[next], now) {
                handed.append(place)
            } else {
                open.remove(at: next)
            }
        }
        return handed
    }

    private func order(_ member: Int) -> (tier: Int, inFlight: Int) {
        (settings.members[member].tier, members[member].inFlight)
    }

    // MARK: who is asked gladly

    /// Whether a member may be given anything: one that leaves stands in for others only.
    ///
    /// - Parameter admitted: among whom the choice is, as bits.
    func mayServe(_ member: Int, _ now: Milliseconds, _ admitted: UInt64) -> Bool {
        !settings.members[member].isDraining
            || !members.indices.contains {
                Self.has(admitted, $0) && !settings.members[$0].isDraining && isFit($0, now)
            }
    }

    /// Those of the best tier.
    func bestTier(_ candidates: [Int]) -> [Int] {
        let best = candidates.map { settings.members[$0].tier }.min()
        return candidates.filter { settings.members[$0].tier == best }
    }
}

extension Fetch {
    /// Goes over to the pool that took its pool's place, with the member that serves it, as long as
    /// that one is there too.
    func followWithMember() {
        while member >= 0, let next = pool.successor, let position = next.positions[member] {
            member = position
            move(to: next)
        }
    }

    /// Goes over to the pool that took its pool's place; its member may be gone there.
    ///
    /// - Parameter last: the pool to stop at; nil: the latest.
    func follow(until last: OriginPool? = nil) {
        while pool !== last, let next = pool.successor {
            if member >= 0 { member = next.positions[member] ?? -1 }
            move(to: next)
        }
    }

    private func move(to next: OriginPool.Successor) {
        // Members that may be to blame are the same ones there; those that are gone are forgiven.
        evidence.suspects = evidence.suspects.compactMap { member, suspicion in
            next.positions[member].map { ($0, suspicion) }
        }
        tried = next.translate(tried)
        // What it asks of a cluster it asks of that cluster only.
        if next.pool.cluster !== pool.cluster { wish = nil }
        pool = next.pool
    }
}
