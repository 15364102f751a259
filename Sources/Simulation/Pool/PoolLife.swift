import Caching
import Edge
import Reactor

/// One simulated life of a pool: the real loop, pool and checks between viewers and members that
/// hang, flap, refuse and answer nonsense.
///
/// Moods come and go, viewers ask all the time, and what is true of the pool is looked at all the
/// time too.
public final class PoolLife: SimulatedLife {
    private let seed: UInt64
    private let world: World
    private let fabric: Fabric
    private let edge: SimulatedEdge
    private let probes: SimulatedProbes
    private let members: [PoolMember]
    private let observer = CountingObserver()
    private let hasMapCheck: Bool
    /// The first member is always well.
    private let isSafe: Bool
    private var violations: [String] = []
    private var (asked, answered) = (0, 0)
    /// When any member last changed its mood.
    private var lastTurn: UInt64 = 0
    private var isEnding = false

    private static let second: UInt64 = 1_000_000_000
    /// Seconds of trouble, and of peace after it.
    private static let trouble: UInt64 = 120
    private static let peace: UInt64 = 60
    /// How soon a member that hangs is out, and one that is well again is back, in seconds.
    private static let outWithin: UInt64 = 8
    private static let backWithin: UInt64 = 45

    /// How often a member that flaps may come back in a life: after 1, 2, 4 and then each 8 s.
    private static let returnsMax = 18

    public init(
        _ seed: UInt64, _ sabotage: PoolSabotage?, _ trace: ((String) -> Void)?
    ) throws {
        self.seed = seed
        let dice = Dice(seed: seed)
        world = World(clock: SimulatedClock(), dice: dice)
        world.trace = trace
        fabric = Fabric(world, loops: 2)
        let count = dice.pick(2...4)
        members = (0..<count).map { [world] in PoolMember($0, world) }
        let checksMaps = sabotage.map { $0 == .neverReturns } ?? dice.chance(60)
        hasMapCheck = checksMaps
        isSafe = sabotage != nil || dice.chance(70)
        let settings = Self.settings(members: count, checksMaps: checksMaps, sabotage)
        edge = try SimulatedEdge(settings, mapBytes: 4 << 20, fabric, events: observer)
        probes = SimulatedProbes(fabric, loop: 1, edge.mailboxes, observer)
    }

    private static func settings(
        members: Int, checksMaps: Bool, _ sabotage: PoolSabotage?
    ) -> Settings {
        var origin = OriginSettings()
        origin.members = (0..<members).map {
            MemberSettings(
                name: "member\($0)", endpoints: [.ip(.loopback(port: UInt16(8_001 + $0)))],
                authority: "member\($0).test")
        }
        (origin.connectTimeout, origin.firstByteTimeout) = (1_000, 2_000)
        (origin.betweenBytesTimeout, origin.retryBudgetPercent) = (2_000, 100)
        var health = HealthSettings()
        if checksMaps { health.checks = [CheckSettings(kind: .map, target: SimulatedMap.target)] }
        (health.interval, health.timeout, health.fall) = (1_000, 500, 2)
        (health.consecutiveFailures, health.ejection, health.ejectionMaximum) = (3, 1_000, 8_000)
        (health.trialTimeout, health.slowStart) = (400, 4_000)
        switch sabotage {
        case nil: break
        case .neverTakesOut: (health.consecutiveFailures, health.interval) = (1_000_000, 0)
        case .neverReturns: (health.ejection, health.ejectionMaximum) = (86_400_000, 86_400_000)
        case .forgivesFlapping:
            (health.ejection, health.ejectionMaximum) = (100, 100)
            (health.consecutiveFailures, health.fall, health.rise) = (1, 1, 1)
            health.interval = 200
        case .waitsForever:
            (origin.firstByteTimeout, origin.betweenBytesTimeout) = (600_000, 600_000)
            (health.consecutiveFailures, health.interval) = (1_000_000, 0)
        case .waitsForTrials: (health.trialTimeout, health.ejectionMaximum) = (2_000, 1_000)
        }
        origin.health = health
        var settings = Settings()
        settings.origins = [origin]
        settings.behaviors = [BehaviorSettings(policy: .standard(mode: .rfc9111))]
        (settings.mode, settings.loops) = (.rfc9111, 1)
        settings.listeners = [ListenerSettings(endpoint: .ip(.loopback(port: 8_080)))]
        settings.limits.connectionsPerLoop = 1_024
        return settings
    }

    public func run() -> Report {
        fabric.route = { [self] endpoint, loop in route(endpoint) }
        probes.watch(edge.pools)
        planMoods()
        planViewers()
        planLooks()
        turn(seconds: Self.trouble + Self.peace)
        isEnding = true
        turn(seconds: 30)
        if answered != asked { violate("\(asked - answered) viewers were never answered") }
        var mostReturns = 0
        for member in members where member.isFlapping {
            let times =
                observer.count(of: "member\(member.number) answers again")
                + observer.count(of: "member\(member.number) passes")
            mostReturns = max(mostReturns, times)
            if times > Self.returnsMax {
                violate("member \(member.number), which flaps, came back \(times) times")
            }
        }
        end()
        return Report(
            seed: seed, violations: violations, answered: answered, outs: observer.outs,
            returns: mostReturns, fingerprint: world.fingerprint)
    }

    private func end() {
        probes.end()
        world.end()
        fabric.route = nil
        edge.close()
        _ = edge.remove()
    }

    private func violate(_ text: String) {
        if violations.count < 20 {
            violations.append("at \((world.now - start) / 1_000_000) ms: \(text)")
        }
    }

    private lazy var start = world.now

    private func route(_ endpoint: Endpoint) -> Fabric.Route {
        let index = edge.pools[0].settings.members.firstIndex { $0.endpoints.contains(endpoint) }
        guard let index, members[index].mood != .gone else { return .refused(late: false) }
        var style = LinkStyle()
        style.latency = 50...2_000
        return .server(PoolMemberPeer(members[index], world), style)
    }

    // MARK: what happens by itself

    /// The members are what the dice say, in most lives but for the first one, until the peace.
    private func planMoods() {
        let dice = world.dice
        _ = start
        for member in members.dropFirst(isSafe ? 1 : 0) {
            member.isFlapping = dice.chance(30)
            planMood(member)
        }
        world.after(Self.trouble * Self.second) { [self] in
            for member in members { turn(member, .well) }
        }
    }

    private func planMood(_ member: PoolMember) {
        let dice = world.dice
        let wait = member.isFlapping ? dice.pick(200...1_500) : dice.pick(3_000...30_000)
        world.after(UInt64(wait) * 1_000_000) { [self] in
            guard world.now < start + Self.trouble * Self.second else { return }
            let bad = member.isFlapping ? [Mood.gone, .unavailable] : Mood.allCases
            turn(member, member.mood != .well && dice.chance(70) ? .well : dice.pick(bad))
            planMood(member)
        }
    }

    private func turn(_ member: PoolMember, _ mood: Mood) {
        if member.mood != mood { lastTurn = world.now }
        member.turn(mood)
    }

    private func planViewers() {
        world.after(world.dice.delay(50_000...800_000)) { [self] in
            guard !isEnding else { return }
            ask()
            planViewers()
        }
    }

    private func ask() {
        asked += 1
        let number = asked
        // Where nobody is well one is asked all the same.
        let isAnyWell = members.contains { $0.mood == .well }
        let allBadAreOut =
            isAnyWell
            && zip(members, states()).allSatisfy { $0.mood == .well || !$1.takesTraffic }
        let viewer = OneTimeViewer(world, SimulatedMap.target + "&n=\(number)") {
            [self] status, body, time in
            answered += 1
            let began = world.now - time
            if hasFit(since: began), status != 200 || body != SimulatedMap.picture {
                violate("viewer \(number) got status \(status) although one member is well")
            }
            if time > longestWait {
                violate("viewer \(number) waited \(time / 1_000_000) ms, longer than any time-out")
            }
            // The longest that a request may wait for a trial, and then some way to go.
            let patience = Self.second * (hasMapCheck ? 3 : 9) / 10
            if allBadAreOut, lastTurn < began, time > patience {
                violate(
                    "viewer \(number) waited \(time / 1_000_000) ms for a member known to be bad")
            }
        }
        var style = LinkStyle()
        style.latency = 50...2_000
        _ = fabric.dial(0, style, viewer)
    }

    /// Each member's connection and answer, one after the other, the queue before it, and some way.
    private var longestWait: UInt64 {
        UInt64(members.count) * (1 + 2 + 2) * Self.second + 11 * Self.second
    }

    /// Whether some member is well, and has been for so long before that moment that it has to be
    /// known.
    private func hasFit(since moment: UInt64) -> Bool {
        members.contains {
            $0.mood == .well
                && ($0.since <= start || $0.since + Self.backWithin * Self.second <= moment)
        }
    }

    private func states() -> [MemberStatus] {
        edge.pools[0].snapshot(at: Int64(world.now / 1_000_000), wall: 0).members
    }

    /// What must be true at any moment.
    private func planLooks() {
        world.after(100_000_000) { [self] in
            guard !isEnding else { return }
            look()
            planLooks()
        }
    }

    private func look() {
        let states = states()
        if isSafe, !states[0].takesTraffic {
            violate("the member that is always well is \(states[0].state)")
        }
        // With all bad the last one stays.
        let hasFit = hasFit(since: world.now)
        if hasFit, !states.contains(where: \.takesTraffic) { violate("no member takes traffic") }
        for (member, state) in zip(members, states) {
            let lasted = world.now - member.since
            if hasFit, member.mood == .hung, state.takesTraffic,
                lasted > Self.outWithin * Self.second
            {
                violate("member \(member.number) hangs and is \(state.state)")
            }
            if member.mood == .well, !state.takesTraffic, lasted > Self.backWithin * Self.second {
                violate("member \(member.number) is well and \(state.state)")
            }
        }
    }

    // MARK: turning

    private func turn(seconds: UInt64) {
        let end = world.now + seconds * Self.second
        while world.now < end {
            let (loops, isDue, probesRun) = (edge.runnable, world.isDue, probes.isRunnable)
            guard isDue || !loops.isEmpty || probesRun else {
                if edge.store.step() { continue }
                guard world.pass(to: edge.nextDeadline, probes.nextDeadline) else { return }
                continue
            }
            let choice = world.dice.below(3)
            if choice == 0, isDue {
                world.happen()
            } else if choice == 1, probesRun {
                probes.tick()
                world.clock.advance(to: world.now + UInt64(world.dice.pick(20_000...200_000)))
            } else if choice == 2, let loop = loops.first {
                edge.tick(loop)
                world.clock.advance(to: world.now + UInt64(world.dice.pick(20_000...200_000)))
            }
        }
    }
}
