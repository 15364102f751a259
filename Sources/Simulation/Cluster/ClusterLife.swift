import Caching
import Edge
import Reactor

/// One simulated life of an edge in front of GeoServers with one catalog: the real loops, pools,
/// store and cluster, whose slow side is done by the dice.
public final class ClusterLife: SimulatedLife {
    private let seed: UInt64
    private let dice: Dice
    private let world: World
    private let fabric: Fabric
    private let site: ClusterSite
    private var settings = Settings()
    private var members: [Int]
    private var edge: SimulatedEdge
    /// Where members come and go as a group of instances tells.
    private let group: SimulatedGroup?
    private var viewers: [ClusterViewer] = []
    private let isCalm: Bool
    private var hasFaults = true
    private var isEnding = false
    private lazy var turns = EdgeTurns(world, ticksMax: 400_000) { [unowned self] in edge }
    private var rounds = 0

    public init(
        _ seed: UInt64, _ sabotage: ClusterSabotage?, _ trace: ((String) -> Void)?
    ) throws {
        self.seed = seed
        dice = Dice(seed: seed)
        isCalm = sabotage != nil || dice.chance(30)
        world = World(clock: SimulatedClock(), dice: dice)
        world.trace = trace
        let loops = dice.pick(1...2)
        fabric = Fabric(world, loops: loops)
        site = ClusterSite(world, nodes: dice.pick(2...4), sabotage)
        members = site.nodes.map(\.place)
        settings = Self.settings(members, loops, dice)
        let isElastic = !isCalm && dice.chance(50)
        group = isElastic ? SimulatedGroup(dice, settings.origins[0].members, world.now) : nil
        if isElastic {
            site.hasFixedLeader = false
            settings.origins[0].cluster?.leader = nil
            settings.origins[0].cluster?.choosesLeader = true
            settings.origins[0].cluster?.succession = 3_000
        }
        let longestWait = LongestWait(
            settings.origins[0], collapseTimeout: settings.cache.collapseTimeout,
            members: site.nodes.count, isAlone: isElastic)
        if sabotage == .waitsLonger { settings.origins[0].firstByteTimeout = 600_000 }
        edge = try SimulatedEdge(settings, mapBytes: 16 << 20, fabric)
        let (numbers, layers) = (ClusterViewer.NextWrite(), dice.pick(1...5))
        for number in 0..<dice.pick(3...8) {
            viewers.append(
                ClusterViewer(
                    number, site, fabric, loops: loops, layers: layers,
                    requests: dice.pick(20...60), numbers, longestWait,
                    members: { [unowned self] in
                        Set(members)
                    }))
        }
    }

    private static func settings(_ members: [Int], _ loops: Int, _ dice: Dice) -> Settings {
        var settings = Settings()
        var origin = OriginSettings()
        origin.members = members.map(member)
        origin.connectTimeout = 1_000
        origin.firstByteTimeout = 2_000
        origin.betweenBytesTimeout = 2_000
        origin.attempts = dice.pick(1...3)
        origin.memberConcurrency = dice.pick([0, 0, 2])
        // A request may have to ask everybody.
        origin.retryBudgetPercent = 1_000
        // Nobody checks members here: who comes back is asked at once.
        origin.health.interval = 0
        origin.health.slowStart = 0
        origin.health.ejectionMaximum = 10_000
        var cluster = ClusterSettings()
        cluster.leader = member(0).name
        cluster.timeout = 4_000
        cluster.driftInterval = 5_000
        origin.cluster = cluster
        settings.origins = [origin]
        var policy = BehaviorPolicy.standard(mode: .rfc9111)
        if dice.chance(30) { policy.staleWhileRevalidate = 10_000 }
        settings.behaviors = [BehaviorSettings(policy: policy)]
        settings.mode = .rfc9111
        settings.loops = loops
        settings.cache.collapseTimeout = 4_000
        settings.listeners = [ListenerSettings(endpoint: .ip(.loopback(port: 8_080)))]
        settings.limits.connectionsPerLoop = 256
        return settings
    }

    private static func member(_ place: Int) -> MemberSettings {
        MemberSettings(
            name: "http://node\(place).test",
            endpoints: [.ip(.loopback(port: UInt16(8_001 + place)))],
            authority: "node\(place).test")
    }

    // MARK: the course

    public func run() -> Report {
        fabric.route = { [self] endpoint, _ in route(endpoint) }
        site.invalidations = { [unowned self] in
            let known = edge.store.invalidations
            return (known.latest, known.latestWritten)
        }
        for viewer in viewers { viewer.start() }
        planStore()
        planKeeper()
        planGroup()
        if !isCalm || site.sabotage == .waitsLonger { planTrouble() }
        turns.turn(while: { [self] in !viewers.allSatisfy(\.isDone) }, seconds: 3_600)
        for viewer in viewers where !viewer.isDone {
            site.violate("never answered: \(viewer.state)")
        }
        settle()
        world.end()
        fabric.route = nil
        return Report(
            seed: seed, violations: world.violations, judged: site.judged, hits: site.hits,
            writes: site.writes, marked: site.marked, rounds: rounds,
            fingerprint: world.fingerprint)
    }

    private func route(_ endpoint: Endpoint) -> Fabric.Route {
        guard case .ip(let address) = endpoint else { return .refused(late: false) }
        let node = site.nodes[Int(address.port) - 8_001]
        guard node.isUp else { return .refused(late: dice.chance(30)) }
        return .server(SimulatedGeoServer(site, node), LinkStyle())
    }

    private func planStore() {
        world.after(dice.delay(1_000...40_000)) { [self] in
            guard !isEnding else { return }
            _ = edge.store.step()
            planStore()
        }
    }

    /// Looks for work ten times a second, as the keeper does, and does it in its own time.
    private func planKeeper() {
        world.after(100_000_000) { [self] in
            guard !isEnding else { return }
            let now = Milliseconds(world.now / 1_000_000)
            for work in edge.clusterWork(at: now) { perform(work) }
            for pool in edge.pools {
                for case .inStep in pool.cluster?.takeEvents() ?? [] { rounds += 1 }
            }
            planKeeper()
        }
    }

    /// Asks who belongs to the group twice in a second, and puts it in force.
    private func planGroup() {
        guard let group else { return }
        world.after(500_000_000) { [self] in
            guard !isEnding else { return }
            let now = Milliseconds(world.now / 1_000_000)
            let sights = edge.pools[0].sights(at: now)
            if let next = group.ask(sights, at: now, hasFaults: hasFaults) { putInForce(next) }
            planGroup()
        }
    }

    private func putInForce(_ next: [MemberSettings]) {
        settings.origins[0].members = next
        members = site.nodes.map(\.place).filter { place in
            next.contains { $0.name == Self.member(place).name }
        }
        world.note("members \(members)", 25)
        if members.isEmpty { site.violate("nobody is a member any more") }
        do { try edge.replace(settings) } catch { site.violate("\(error)") }
    }

    private func perform(_ work: ClusterWork) {
        guard let node = site.nodes.first(where: { Self.member($0.place).name == work.member.name })
        else { return }
        let (life, catalog) = (node.life, site.disk)
        let isAble = node.isUp && !node.isHung
        // A load may have read the disk when it began or when it ended.
        let readsEarly = dice.chance(50)
        let fails = hasFaults && !isCalm && dice.chance(10)
        world.after(dice.delay(1_000...2_500_000)) { [self] in
            let isWell = isAble && node.life == life && !node.isHung && !fails
            let now = Milliseconds(world.now / 1_000_000)
            switch work.task {
            case .load(let place):
                if isWell, site.sabotage != .liesOfLoads {
                    node.memory = readsEarly ? catalog : site.disk
                }
                world.note("node \(node.place) loaded \(node.memory), \(isWell)", 24)
                work.cluster.loaded(place, failure: isWell ? nil : "no answer", at: now)
            case .check(let place, let asked):
                let print = CatalogPrint(
                    fingerprint: site.fingerprint(node), sequence: "\(node.memory)")
                work.cluster.checked(
                    place, isWell ? print : nil, failure: isWell ? nil : "no answer",
                    asked: asked, at: now)
            }
        }
    }

    // MARK: trouble

    private func planTrouble() {
        for _ in 0..<dice.pick(1...8) {
            let node = dice.pick(site.nodes)
            world.after(dice.delay(0...40_000_000)) { [self] in
                guard hasFaults else { return }
                if dice.chance(70) { site.kill(node) } else { site.hang(node) }
                world.after(dice.delay(100_000...15_000_000)) { [self] in site.revive(node) }
            }
        }
        for _ in 0..<dice.below(3) {
            world.after(dice.delay(0...40_000_000)) { [self] in changeMembers() }
        }
        for _ in 0..<dice.below(2) {
            world.after(dice.delay(0...40_000_000)) { [self] in restart() }
        }
        world.after(60_000_000_000) { [self] in
            hasFaults = false
            group?.settle()
            for node in site.nodes where !node.isUp || node.isHung { site.revive(node) }
            world.note("faults stop", 0)
        }
    }

    /// A follower leaves, or one comes back.
    private func changeMembers() {
        guard hasFaults, !isEnding else { return }
        if let group { return group.change() }
        let away = site.nodes.map(\.place).filter { !members.contains($0) }
        if let back = away.first {
            members.append(back)
        } else if members.count > 2 {
            members.remove(at: dice.pick(1...members.count - 1))
        }
        putInForce(members.map(Self.member))
    }

    /// The edge is gone, and another one knows nothing of what it was at.
    private func restart() {
        guard hasFaults, !isEnding else { return }
        world.note("restart", 12)
        fabric.cutAll()
        edge.close()
        edge.store.close()
        do {
            edge = try SimulatedEdge(
                settings, mapBytes: 16 << 20, fabric, directory: edge.directory)
        } catch { site.violate("no edge goes on: \(error)") }
    }

    // MARK: the end

    /// Nothing more happens: all members are in step in the end, and the edge holds nothing.
    private func settle() {
        hasFaults = false
        group?.settle()
        for node in site.nodes where !node.isUp || node.isHung { site.revive(node) }
        turns.turn(while: { [self] in !isSettled }, seconds: 120)
        if !isSettled { site.violate("members never came in step: \(edge.stepless)") }
        for place in members where site.nodes[place].memory != site.disk {
            let memory = site.nodes[place].memory
            site.violate("\(place) is in step with \(memory), \(site.disk) is on disk")
        }
        turns.turn(while: { true }, seconds: 60)
        isEnding = true
        edge.stop(deadline: world.now + 5_000_000_000)
        turns.turn(while: { [self] in !edge.isStopped }, seconds: 30)
        edge.close()
        if let fault = edge.remove() { site.violate("the store is not sound: \(fault)") }
    }

    private var isSettled: Bool { edge.stepless.isEmpty }
}

extension SimulatedEdge {
    /// Members that are not in step.
    fileprivate var stepless: [String] {
        pools.compactMap { $0.cluster?.stepless }.joined().map { $0 }
    }
}
