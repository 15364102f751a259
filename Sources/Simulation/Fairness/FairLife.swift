import Caching
import Edge
import Reactor

/// One simulated life of a pool under more load than it takes: members that refuse what is too
/// much, as GeoServer's control-flow does, one viewer who plays a time series, and others who want
/// one picture now and then.
///
/// Everybody asks all the time, and what is true of members and waits is looked at as it happens.
public final class FairLife: SimulatedLife {
    private let seed: UInt64
    private let world: World
    private let fabric: Fabric
    private let edge: SimulatedEdge
    private let members: [FairMember]
    private var violations: [String] = []
    private var (asked, answered) = (0, 0)
    private var longestWait: UInt64 = 0
    private var nextTime = 0
    private var isEnding = false
    private let others: Int
    private lazy var start = world.now

    private static let second: UInt64 = 1_000_000_000
    /// Seconds without refusals, with them, and without again.
    private static let calm: UInt64 = 10
    private static let trouble: UInt64 = 14
    /// How long a request may wait for a place, and for its first byte then, in seconds.
    private static let patience: UInt64 = 4
    private static let firstByte: UInt64 = 2

    public init(
        _ seed: UInt64, _ sabotage: FairSabotage?, _ trace: ((String) -> Void)?
    ) throws {
        self.seed = seed
        let dice = Dice(seed: seed)
        world = World(clock: SimulatedClock(), dice: dice)
        world.trace = trace
        fabric = Fabric(world, loops: 1)
        others = dice.pick(5...12)
        members = (0..<dice.pick(2...3)).map { [world] number in
            FairMember(number, limit: 2 * dice.pick(1...2), world)
        }
        edge = try SimulatedEdge(
            Self.settings(members, sabotage), mapBytes: 4 << 20, fabric)
    }

    private static func settings(_ members: [FairMember], _ sabotage: FairSabotage?) -> Settings {
        var origin = OriginSettings()
        origin.members = members.map {
            var member = MemberSettings(
                name: "member\($0.number)",
                endpoints: [endpoint(of: $0)],
                authority: "member\($0.number).test")
            member.cores = sabotage == .hasNoLimits ? 100 : $0.limit / 2
            return member
        }
        (origin.connectTimeout, origin.firstByteTimeout) = (1_000, Int(firstByte) * 1_000)
        origin.queueTimeout = Int(patience) * 1_000
        origin.health.interval = 0
        if sabotage == .disobeys { origin.retryAfterMaximum = 0 }
        var settings = Settings()
        settings.origins = [origin]
        settings.behaviors = [BehaviorSettings(policy: .standard(mode: .rfc9111))]
        (settings.mode, settings.loops) = (.rfc9111, 1)
        settings.listeners = [ListenerSettings(endpoint: .ip(.loopback(port: 8_080)))]
        settings.limits.connectionsPerLoop = 1_024
        // Simulated viewers come from there.
        if sabotage != .seesOneViewer {
            settings.trustedProxies = [AddressBlock("192.0.2.0/24")].compactMap(\.self)
        }
        return settings
    }

    private static func endpoint(of member: FairMember) -> Endpoint {
        .ip(.loopback(port: UInt16(8_001 + member.number)))
    }

    public func run() -> Report {
        _ = start
        fabric.route = { [self] endpoint, _ in route(endpoint) }
        planPlayback()
        for viewer in 0..<others { planOther(viewer) }
        planTrouble()
        turn(seconds: 2 * Self.calm + Self.trouble)
        isEnding = true
        turn(seconds: Self.patience + Self.firstByte + 2)
        if answered != asked { violate("\(asked - answered) requests were never answered") }
        for member in members {
            if member.most > member.limit {
                violate("member \(member.number) drew \(member.most), its limit is \(member.limit)")
            }
            if member.disturbances > 0 {
                violate(
                    "member \(member.number) wanted quiet, and was asked \(member.disturbances) "
                        + "times")
            }
        }
        end()
        return Report(
            seed: seed, violations: violations, answered: answered,
            refusals: members.reduce(0) { $0 + $1.refusals },
            longestWait: longestWait / 1_000_000, fingerprint: world.fingerprint)
    }

    private func end() {
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

    private func route(_ endpoint: Endpoint) -> Fabric.Route {
        let index = members.firstIndex { Self.endpoint(of: $0) == endpoint }
        guard let index else { return .refused(late: false) }
        var style = LinkStyle()
        style.latency = 50...2_000
        let peer = FairMemberPeer(members[index], world) { [self] target in
            // Whoever else wants the same picture waits for this one.
            let all = members.reduce(0) { $0 + ($1.inFlight[target] ?? 0) }
            if all > 1 { violate("\(target.suffix(12)) is drawn \(all) times at once") }
        }
        return .server(peer, style)
    }

    // MARK: what happens by itself

    private func planTrouble() {
        let dice = world.dice
        world.after(Self.calm * Self.second) { [self] in
            for member in members { member.refusing = dice.pick(2...10) }
        }
        world.after((Self.calm + Self.trouble) * Self.second) { [self] in
            for member in members { member.refusing = 0 }
        }
    }

    private var isTroubled: Bool {
        let now = world.now - start
        // Who asked for quiet at the end gets it for three seconds more.
        return now >= Self.calm * Self.second
            && now < (Self.calm + Self.trouble + 4) * Self.second
    }

    /// One viewer wants every frame of a series at once, again and again.
    private func planPlayback() {
        world.after(world.dice.delay(200_000...400_000)) { [self] in
            guard !isEnding else { return }
            // Half as many again as the members can draw.
            let places = members.reduce(0) { $0 + $1.limit }
            for _ in 0..<world.dice.pick(places...3 * places) {
                nextTime += 1
                ask(nextTime, from: "198.51.100.1", isOther: false)
            }
            planPlayback()
        }
    }

    /// The others want one picture now and then, some of them the same one.
    private func planOther(_ viewer: Int) {
        world.after(world.dice.delay(500_000...2_500_000)) { [self] in
            guard !isEnding else { return }
            nextTime += 1
            let time = world.dice.chance(20) ? 1_000_000 + Int(world.now / Self.second) : nextTime
            ask(time, from: "203.0.113.\(viewer + 1)", isOther: true)
            planOther(viewer)
        }
    }

    private func ask(_ time: Int, from address: String, isOther: Bool) {
        asked += 1
        let wasTroubled = isTroubled
        let viewer = OneTimeViewer(
            world, SimulatedMap.target + "&TIME=\(time)", fields: "X-Forwarded-For: \(address)\r\n"
        ) { [self] status, _, taken in
            answered += 1
            let isCalm = !wasTroubled && !isTroubled
            if isOther, isCalm { judge(status, taken, address) }
            if taken > (Self.patience + Self.firstByte + 1) * Self.second {
                violate("\(address) waited \(taken / 1_000_000) ms")
            }
            if ![200, 503].contains(status) { violate("\(address) got status \(status)") }
        }
        var style = LinkStyle()
        style.latency = 50...2_000
        _ = fabric.dial(0, style, viewer)
    }

    /// Nobody refuses: each of the others has its turn in a round, whatever is played.
    private func judge(_ status: Int, _ taken: UInt64, _ address: String) {
        longestWait = max(longestWait, taken)
        if status != 200 { violate("\(address) got \(status) although nobody refused") }
        let places = members.reduce(0) { $0 + $1.limit }
        // Each has a few under way at most; a picture takes 400 ms at most.
        let turns = UInt64((2 * others + 2) / places + 3)
        if taken > turns * 410_000_000 {
            violate("\(address) waited \(taken / 1_000_000) ms for its turn")
        }
    }

    // MARK: turning

    private func turn(seconds: UInt64) {
        let end = world.now + seconds * Self.second
        while world.now < end {
            let (loops, isDue) = (edge.runnable, world.isDue)
            guard isDue || !loops.isEmpty else {
                if edge.store.step() { continue }
                guard world.pass(to: edge.nextDeadline) else { return }
                continue
            }
            if world.dice.below(2) == 0, isDue {
                world.happen()
            } else if let loop = loops.first {
                edge.tick(loop)
                world.clock.advance(to: world.now + 2_000)
            }
        }
    }
}
