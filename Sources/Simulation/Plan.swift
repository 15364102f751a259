import Caching
import Edge
import Reactor

/// What a seed makes of a world before its first moment: how many of everything there are, how
/// they behave, and what fails.
struct Plan {
    var isCalm: Bool
    var mode: Mode
    var loops: Int
    var members: Int
    var resources: Int
    var viewers: [ViewerHabits]
    var origin = OriginHabits()
    /// Of a hundred connects: refused, and never answered.
    var refusals = 0
    var silences = 0
    var originStyle = LinkStyle()
    var descriptors = Int.max
    var wallSteps = 0
    var drift: Int64 = 0
    var storeFails = 0
    var settings = Settings()
    var mapBytes = 0
    var backlogBytes = 0
    /// Bytes that all fetches together may hold; the settings have what the edge is told.
    var fillBytes = 0
    /// Bodies have millions of bytes, may not be held, and somebody takes them slowly.
    var isHeavy = false
    /// Invalidations that are asked for, times the edge is restarted, and times the power is cut.
    var orders = 0
    var restarts = 0
    var cuts = 0
    /// Times the pool gets other members while its fetches run.
    var memberChanges = 0
    var sweeps: (interval: Milliseconds, retention: Milliseconds)?
    /// As it is; the settings have what the edge is told.
    var distribution: SimulatedDistribution?

    init(_ dice: Dice, _ sabotage: Sabotage?) throws {
        isHeavy = sabotage.map { $0 == .hoardsBodies } ?? dice.chance(4)
        isCalm = sabotage.map(\.needsCalm) ?? (dice.chance(30) && !isHeavy)
        mode = dice.chance(60) ? .rfc9111 : .cloudfront
        let isImported = dice.chance(30) && !isHeavy
        if sabotage?.needsDistribution ?? isImported {
            distribution = SimulatedDistribution(dice)
            mode = .cloudfront
        }
        loops = dice.pick(1...3)
        members = dice.pick(1...3)
        resources = dice.pick(2...8)
        viewers = []
        for _ in 0..<dice.pick(2...10) { viewers.append(Self.viewer(dice, isCalm)) }
        origin.sabotage = sabotage
        origin.thinking = 0...dice.pick([100, 20_000, 400_000])
        originStyle = Self.style(dice)
        drift = Int64(dice.pick(-300...300))
        mapBytes = dice.pick([4 << 20, 8 << 20])
        backlogBytes = dice.pick([64 << 20, 64 << 20, 40_000])
        if !isCalm, sabotage == nil { planFaults(dice) }
        planOrders(dice, sabotage)
        planSettings(dice, sabotage)
        if isHeavy { planHeavyBodies(dice, sabotage) }
        if let distribution {
            try distribution.told(sabotage).put(into: &settings)
            planQuickOrigin()
            if sabotage == .fetchesTwice {
                for index in settings.behaviors.indices {
                    settings.behaviors[index].policy.collapses = false
                }
            }
        }
        if sabotage == nil { planMembers(dice) }
    }

    private mutating func planMembers(_ dice: Dice) {
        memberChanges = dice.pick([0, 0, 2, 12])
        // Nobody checks members here: new ones are asked at once.
        if memberChanges > 0 { settings.origins[0].health.interval = 0 }
    }

    private static let membersMax = 6

    /// Some of six members, some of which leave; at least one stays.
    func someMembers(_ dice: Dice) -> [MemberSettings] {
        let known = settings.origins[0].members
        var members = (0..<Self.membersMax).filter { _ in dice.chance(50) }.map { number in
            var member = number < known.count ? known[number] : known[0]
            if number >= known.count { member.name = "late\(number)" }
            member.isDraining = dice.chance(30)
            member.tier = dice.pick([0, 0, 1])
            return member
        }
        if members.isEmpty { members = [known[0]] }
        members[0].isDraining = false
        return members
    }

    private static func style(_ dice: Dice) -> LinkStyle {
        var style = LinkStyle()
        style.latency = dice.pick([5...50, 100...3_000, 1_000...90_000])
        style.segment = dice.pick([1...3, 1...200, 500...1_460, 1_460...16_384])
        style.capacity = dice.pick([600, 5_000, 65_536, 262_144])
        style.shortSends = dice.pick([0, 0, 10, 50])
        return style
    }

    private static func viewer(_ dice: Dice, _ isCalm: Bool) -> ViewerHabits {
        var habits = ViewerHabits()
        habits.isCalm = isCalm
        habits.requests = dice.pick(3...12)
        habits.pipelines = dice.pick(1...4)
        habits.leaves = dice.pick([0, 0, 10, 30])
        habits.halfCloses = dice.pick([0, 0, 10])
        habits.thinking = 0...dice.pick([1_000, 300_000, 5_000_000])
        habits.style = style(dice)
        if dice.chance(15) {
            habits.style.bite = 1...(isCalm ? 4_000 : dice.pick([3, 300, 4_000]))
            // Few bytes with long pauses would take longer than anybody waits for a simulation.
            let isTiny = habits.style.bite.map { $0.upperBound < 300 } ?? false
            habits.style.pause =
                isCalm || isTiny ? 100...20_000 : 1_000...dice.pick([20_000, 300_000])
        }
        return habits
    }

    private mutating func planFaults(_ dice: Dice) {
        origin.fails = dice.pick([0, 5, 20, 60])
        refusals = dice.pick([0, 0, 10, 40])
        silences = dice.pick([0, 0, 5, 20])
        wallSteps = dice.pick([0, 0, 1, 4])
        storeFails = dice.pick([0, 0, 1, 3])
        if dice.chance(15) { descriptors = dice.pick(2...12) }
    }

    private mutating func planOrders(_ dice: Dice, _ sabotage: Sabotage?) {
        orders = dice.pick([0, 1, 3, 8])
        sweeps = (dice.pick([500, 60_000]), dice.pick([3_000, 600_000]))
        if !isCalm {
            restarts = dice.pick([0, 0, 1])
            cuts = dice.pick([0, 0, 1, 2])
        }
        switch sabotage {
        case nil: break
        case .forgetsOrders, .forgetsSoftOrders, .forgetsTags: orders = 8
        case .acknowledgesEarly: (orders, cuts) = (8, 2)
        default: (orders, cuts, restarts) = (0, 0, 0)
        }
    }

    /// So that lifetimes can be told from times under way; and nothing lacks room.
    private mutating func planQuickOrigin() {
        originStyle.latency = 5...3_000
        originStyle.capacity = 65_536
        originStyle.segment = 500...1_460
        origin.thinking = 0...min(origin.thinking.upperBound, 20_000)
        guard isCalm else { return }
        mapBytes = 64 << 20
        backlogBytes = 64 << 20
        settings.cache.backlogBytes = backlogBytes
        settings.origins[0].memberConcurrency = 0
    }

    private mutating func planSettings(_ dice: Dice, _ sabotage: Sabotage?) {
        var origin = OriginSettings()
        origin.members = (0..<members).map {
            MemberSettings(
                name: "member\($0)", endpoints: [.ip(.loopback(port: UInt16(8_001 + $0)))],
                authority: "member\($0).test")
        }
        origin.connectTimeout = 2_000
        origin.firstByteTimeout = Self.firstByteTimeout
        if sabotage == .neverAnswers { origin.firstByteTimeout = 0 }
        if sabotage == .waitsLonger { origin.firstByteTimeout = 600_000 }
        origin.betweenBytesTimeout = 4_000
        origin.totalTimeout = sabotage != .neverAnswers && dice.chance(30) ? 20_000 : 0
        origin.memberConcurrency = isCalm ? dice.pick([0, 3]) : dice.pick([0, 0, 1, 3])
        origin.queueLength = isCalm ? 1_024 : dice.pick([2, 1_024])
        origin.idleTimeout = dice.pick([0, 300, 5_000])
        settings.origins = [origin]
        var policy = BehaviorPolicy.standard(mode: mode)
        policy.fetchOutlivesViewers = dice.chance(50)
        policy.collapses = sabotage != .fetchesTwice
        if dice.chance(30) { policy.staleWhileRevalidate = 10_000 }
        settings.behaviors = [BehaviorSettings(policy: policy)]
        settings.mode = mode
        settings.loops = loops
        settings.listeners = [ListenerSettings(endpoint: .ip(.loopback(port: 8_080)))]
        settings.limits.connectionsPerLoop = 256
        settings.limits.tickBudget = dice.pick([700, 262_144])
        settings.cache.objectBytes = isCalm ? 1 << 20 : dice.pick([30_000, 1 << 20])
        fillBytes = isCalm ? 64 << 20 : dice.pick([20_000, 64 << 20])
        settings.cache.fillBytes = fillBytes
        settings.cache.backlogBytes = backlogBytes
        settings.cache.collapseTimeout = 15_000
    }

    /// More comes for everybody than may be held, faster than it is taken.
    private mutating func planHeavyBodies(_ dice: Dice, _ sabotage: Sabotage?) {
        var style = LinkStyle()
        style.latency = 5...50
        style.segment = 4_096...16_384
        style.capacity = 65_536
        originStyle = style
        for index in viewers.indices {
            viewers[index].style = style
            viewers[index].style.bite = 8_192...32_768
            viewers[index].style.pause = 1_000...dice.pick([2_000, 20_000])
        }
        mapBytes = 64 << 20
        fillBytes = dice.pick([20_000, 200_000])
        settings.limits.tickBudget = 262_144
        settings.cache.objectBytes = 16 << 20
        settings.cache.fillBytes = sabotage == .hoardsBodies ? 1 << 30 : fillBytes
    }

    /// Everything may be shared and stored, so that one fetch for a resource at a time is the rule.
    var countsFetches: Bool {
        settings.cache.objectBytes > 100_000 && settings.cache.fillBytes > 1 << 20
    }

    private static let firstByteTimeout = 4_000

    /// What viewers are told; the edge may be told something else.
    var longestWait: LongestWait {
        var origin = settings.origins[0]
        origin.firstByteTimeout = Self.firstByteTimeout
        let most = memberChanges > 0 ? Self.membersMax : members
        return LongestWait(
            origin, collapseTimeout: settings.cache.collapseTimeout, members: most,
            isAlone: memberChanges > 0 || members == 1)
    }
}
