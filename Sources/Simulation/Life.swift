import Caching
import Edge
import Glibc
import Reactor

/// One simulated life of the edge between seeded origins and viewers: sets up, turns whatever may
/// turn, stops the faults, looks whether everything comes to rest, and whether nothing is left.
public final class Life: SimulatedLife {
    private let seed: UInt64
    private let plan: Plan
    private let world: World
    private let fabric: Fabric
    private let ledger: Ledger
    private let site: OriginSite
    private let operators: SimulatedOperator
    private var edge: SimulatedEdge
    private var disk: SimulatedDisk
    /// The edge was asked to stop, and begins anew when it has.
    private var isRestarting = false
    private var viewers: [SimulatedViewer] = []
    private lazy var turns = EdgeTurns(world, ticksMax: 150_000) { [unowned self] in
        if isRestarting, edge.isStopped { reopen() }
        return edge
    }
    private var faultsStopped = false
    private var isEnding = false

    /// Seconds after the last fault within which every viewer has its answer.
    private static let patience: UInt64 = 900

    public init(_ seed: UInt64, _ sabotage: Sabotage?, _ trace: ((String) -> Void)?) throws {
        self.seed = seed
        let dice = Dice(seed: seed)
        plan = try Plan(dice, sabotage)
        world = World(clock: SimulatedClock(driftPartsPerMillion: plan.drift), dice: dice)
        world.trace = trace
        fabric = Fabric(world, loops: plan.loops)
        fabric.descriptorLimit = plan.descriptors
        ledger = Ledger(world)
        ledger.collapseTimeout =
            plan.countsFetches ? UInt64(plan.settings.cache.collapseTimeout) * 1_000_000 : 0
        ledger.distribution = plan.distribution
        ledger.mayFail = !plan.isCalm
        ledger.staleWhileRevalidate =
            Int(plan.settings.behaviors[0].policy.staleWhileRevalidate / 1_000)
        let (isLetter, isImported) = (plan.mode == .rfc9111, plan.distribution != nil)
        ledger.isLetter = isLetter
        let isHeavy = plan.isHeavy
        let resources = (0..<plan.resources).map {
            Resource($0, dice, isLetter: isLetter, isImported: isImported, isHeavy: isHeavy)
        }
        site = OriginSite(world, ledger, resources, plan.origin)
        operators = SimulatedOperator(world, ledger, resources, sabotage)
        edge = try SimulatedEdge(plan, fabric)
        disk = SimulatedDisk(edge.directory)
        let asks = AskMaker(world, resources, plan.distribution)
        for (number, habits) in plan.viewers.enumerated() {
            viewers.append(
                SimulatedViewer(
                    number, fabric: fabric, ledger: ledger, loops: plan.loops, habits: habits,
                    asks: asks, longestWait: plan.longestWait))
        }
    }

    public func run() -> Report {
        world.trace?("seed \(seed): \(plan)")
        fabric.route = { [self] _, _ in route() }
        for viewer in viewers { viewer.start() }
        planStore()
        planTrouble()
        planOrders()
        planRestarts()
        planMembers()
        turns.turn(while: { [self] in !viewers.allSatisfy(\.isDone) }, seconds: 3_600)
        let waiting = viewers.filter { !$0.isDone }
        for viewer in waiting { ledger.violate("never answered: \(viewer.state)") }
        settle()
        return report()
    }

    // MARK: what happens by itself

    private func route() -> Fabric.Route {
        let dice = world.dice
        if dice.chance(faultsStopped ? 0 : plan.refusals) { return .refused(late: dice.chance(60)) }
        if dice.chance(faultsStopped ? 0 : plan.silences) { return .silent }
        return .server(SimulatedOrigin(site), plan.originStyle)
    }

    /// The writer's turn comes when the dice say so.
    private func planStore() {
        let isBusy = edge.store.hasPending || edge.store.backlogBytes > 0
        let wait = isBusy ? world.dice.delay(10...60_000) : world.dice.delay(1_000...2_000_000)
        world.after(wait) { [self] in
            guard !isEnding else { return }
            world.note("store step", edge.store.step() ? 1 : 0)
            if plan.cuts > 0 { disk.observe() }
            if let excess = edge.excess(plan) { ledger.violate(excess) }
            planStore()
        }
    }

    /// Invalidations, and now and then a power cut right behind one.
    private func planOrders() {
        let dice = world.dice
        for _ in 0..<plan.orders {
            world.after(dice.delay(0...30_000_000)) { [self] in
                operators.invalidate { rule, receipt in
                    edge.store.invalidate([rule]) { if $0 { receipt.sign() } }
                }
                if plan.cuts > 0, dice.chance(30) {
                    world.after(dice.delay(0...200_000)) { [self] in cutPower() }
                }
            }
        }
    }

    /// Members that come and go while their fetches run.
    private func planMembers() {
        let dice = world.dice
        for _ in 0..<plan.memberChanges {
            world.after(dice.delay(0...30_000_000)) { [self] in
                guard !isEnding, !isRestarting, !edge.isStopped else { return }
                world.note("other members", 14)
                edge.change(members: plan.someMembers(dice))
            }
        }
    }

    // MARK: restarts

    private func planRestarts() {
        let dice = world.dice
        for _ in 0..<plan.restarts {
            world.after(dice.delay(500_000...30_000_000)) { [self] in
                guard !isRestarting, !isEnding else { return }
                world.note("restart", 12)
                isRestarting = true
                edge.stop(deadline: world.now + UInt64(dice.pick([0, 1, 20])) * 1_000_000_000)
            }
        }
        for _ in 0..<plan.cuts {
            world.after(dice.delay(500_000...30_000_000)) { [self] in cutPower() }
        }
    }

    /// The edge has stopped as it was asked to: another one goes on with its directory.
    private func reopen() {
        isRestarting = false
        edge.close()
        edge.store.close()
        begin(edge.directory)
    }

    /// What was under way is lost, and so is what was not on disk; another edge finds the rest.
    private func cutPower() {
        guard !isEnding, !edge.isStopped else { return }
        isRestarting = false
        let losesCommit = world.dice.chance(50)
        world.note("power cut\(losesCommit ? ", and a commit with it" : "")", 13)
        do {
            let rest = try disk.copy(losesLastCommit: losesCommit)
            ledger.forgetUnsigned()
            fabric.cutAll()
            edge.close()
            _ = edge.remove()
            begin(rest)
        } catch { ledger.violate("the disk cannot be copied: \(error)") }
    }

    private func begin(_ directory: String) {
        do {
            edge = try SimulatedEdge(plan, fabric, directory: directory)
            disk = SimulatedDisk(directory)
            if plan.cuts > 0 { disk.observe() }
        } catch { ledger.violate("no edge goes on in \(directory): \(error)") }
    }

    // MARK: faults

    /// Clocks that are set, content that changes, a store that fails; and the end of all faults.
    private func planTrouble() {
        let dice = world.dice
        for _ in 0..<plan.wallSteps {
            world.after(dice.delay(0...40_000_000)) { [self] in
                world.clock.setWall(by: Milliseconds(dice.pick(-20_000...90_000)))
            }
        }
        for _ in 0..<dice.below(6) {
            world.after(dice.delay(0...30_000_000)) { [self] in
                _ = dice.pick(site.resources).change()
            }
        }
        for _ in 0..<plan.storeFails {
            let step = dice.pick(StoreFaults.Step.allCases)
            let code = dice.pick([ENOSPC, EIO, -30_792])
            edge.faults.fail(step, after: dice.below(20), times: dice.pick(1...4), code: code)
        }
        world.after(UInt64(dice.pick(20...60)) * 1_000_000_000) { [self] in
            faultsStopped = true
            site.habits.fails = 0
            fabric.descriptorLimit = Int.max
            world.note("faults stop", 0)
        }
    }

    // MARK: the end

    /// Nobody asks any more: all that was held is let go, first while the edge runs, then with it.
    private func settle() {
        turns.turn(while: { true }, seconds: 200)
        for leftover in edge.leftovers() { ledger.violate("after the last viewer: \(leftover)") }
        edge.stop(deadline: world.now + 5_000_000_000)
        turns.turn(while: { [self] in !edge.isStopped }, seconds: 30)
        if !edge.isStopped { ledger.violate("the edge does not stop") }
        isEnding = true
        edge.close()
        if world.violations.isEmpty {
            for leftover in edge.leftovers() where !leftover.contains("timers") {
                ledger.violate("after the edge: \(leftover)")
            }
        }
        if let fault = edge.remove() { ledger.violate("the store is not sound: \(fault)") }
    }

    private func report() -> Report {
        world.end()
        fabric.route = nil
        return Report(
            seed: seed, violations: world.violations, judged: ledger.judged, hits: ledger.hits,
            cuts: ledger.cuts, fingerprint: world.fingerprint,
            seconds: Int((world.now - 5_000_000_000_000) / 1_000_000_000), ticks: turns.ticks)
    }
}
