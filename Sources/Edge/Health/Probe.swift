import Reactor

/// One check of one member under way. Confined to the loop that runs it.
final class Probe {
    enum Phase { case connecting, sending, receiving }

    private(set) var pool: OriginPool
    private(set) var member: Int
    /// Its place among the pool's checks.
    let number: Int
    let check: CheckSettings
    /// When it has failed if it has not ended, monotonic nanoseconds.
    let deadline: UInt64
    var phase = Phase.connecting
    var fd: Int32 = -1
    /// Addresses tried so far.
    var attempts = 0
    var output: [UInt8]
    var sent = 0
    var judge: ProbeJudge

    init(_ pool: OriginPool, _ member: Int, _ number: Int, startingAt now: UInt64) {
        let health = pool.settings.health
        self.pool = pool
        self.member = member
        self.number = number
        check = health.effectiveChecks[number]
        deadline = now + UInt64(health.timeout(of: check)) * 1_000_000
        output = Self.request(check, pool.settings, pool.settings.members[member])
        judge = ProbeJudge(check, limit: health.bodyBytes)
    }

    var settings: MemberSettings { pool.settings.members[member] }

    /// Goes on for the pool that took its pool's place.
    ///
    /// - Returns: false if what it finds would say nothing there: the member is gone or elsewhere,
    ///   or other things are asked.
    func follow() -> Bool {
        let holder = pool.holder(of: member)
        guard holder.pool !== pool else { return true }
        guard holder.pool.settings.members[holder.member].endpoints == settings.endpoints,
            holder.pool.settings.health.checksSame(as: pool.settings.health)
        else { return false }
        (pool, member) = holder
        return true
    }

    /// What is sent; nothing where the connection is all that is looked at.
    ///
    /// The origin's own fields go with it, since members may refuse whoever comes without.
    static func request(
        _ check: CheckSettings, _ origin: OriginSettings, _ member: MemberSettings
    ) -> [UInt8] {
        guard check.kind != .connect else { return [] }
        var text = "GET \(check.target) HTTP/1.1\r\n"
        text += "Host: \(origin.hostHeader ?? member.authority)\r\n"
        text += "User-Agent: mapedge-health\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
        for field in origin.customHeaders
        where !["user-agent", "accept", "accept-encoding"].contains(field.name.lowercased()) {
            text += "\(field.name): \(field.value)\r\n"
        }
        return Array((text + "Connection: close\r\n\r\n").utf8)
    }
}

/// When one check of one member is due.
struct ProbeTurn {
    let pool: OriginPool
    let member: Int
    let number: Int
    /// Whether it may find out early if an ejected member is well.
    let isReal: Bool
    let interval: UInt64
    /// Monotonic nanoseconds.
    var next: UInt64
    var startedAt: UInt64 = 0
    var isRunning = false

    /// Between two looks at a member whose ejection has ended.
    private static let shortest: UInt64 = 200_000_000

    /// When to begin; asks the pool, whose member may have been ejected meanwhile.
    var due: UInt64 {
        guard isReal, let early = pool.checkedEarlyAt(member) else { return next }
        return min(next, max(UInt64(max(0, early)) * 1_000_000, startedAt + Self.shortest))
    }

    /// Every check of every member, spread over its interval and not all at the same moment.
    static func all(of pools: [OriginPool], at now: UInt64) -> [ProbeTurn] {
        var turns: [ProbeTurn] = []
        for pool in pools {
            let health = pool.settings.health
            let checks = health.effectiveChecks
            let members = pool.settings.members.count
            for member in 0..<members {
                for (number, check) in checks.enumerated() {
                    let interval = UInt64(health.interval(of: check)) * 1_000_000
                    let place = UInt64(member * checks.count + number + 1)
                    let offset = interval / UInt64(members * checks.count + 1) * place
                    turns.append(
                        ProbeTurn(
                            pool: pool, member: member, number: number,
                            isReal: check.kind != .connect, interval: interval,
                            next: now + offset))
                }
            }
        }
        return turns
    }

    /// The turns of these pools from now on. Whoever was checked already keeps its time, so that no
    /// number of changes keeps it from being checked; who is new is checked at once.
    static func all(
        of pools: [OriginPool], after former: [ProbeTurn], at now: UInt64
    ) -> [ProbeTurn] {
        var known: [Key: ProbeTurn] = [:]
        for turn in former {
            let holder = turn.pool.holder(of: turn.member)
            let isSame = holder.pool.settings.health.checksSame(as: turn.pool.settings.health)
            if isSame { known[Key(holder.pool, holder.member, turn.number)] = turn }
        }
        let origins = Set(former.map(\.pool.settings.id))
        return all(of: pools, at: now).map { turn in
            var turn = turn
            if let old = known[Key(turn.pool, turn.member, turn.number)] {
                turn.next = min(old.next, now + turn.interval)
                turn.startedAt = old.startedAt
            } else if origins.contains(turn.pool.settings.id) {
                turn.next = now
            }
            return turn
        }
    }

    private struct Key: Hashable {
        var pool: ObjectIdentifier
        var member: Int
        var number: Int

        init(_ pool: OriginPool, _ member: Int, _ number: Int) {
            self.pool = ObjectIdentifier(pool)
            (self.member, self.number) = (member, number)
        }
    }
}
