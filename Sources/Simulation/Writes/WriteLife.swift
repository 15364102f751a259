import Caching
import Edge
import Reactor
import Tiles

/// One simulated life of an edge whose viewers look at maps while writers change them: the real
/// loops, exchanges, write observer, store and metatiles, before map servers that number each
/// change and draw that number into their pictures.
///
/// So an answer tells by itself how old it is, and the ledger knows whether a write that its writer
/// has been told of touched what it shows.
public final class WriteLife: SimulatedLife {
    private let seed: UInt64
    private let dice: Dice
    private let world: World
    private let fabric: Fabric
    private let site: MapSite
    private let settings: Settings
    private var edge: SimulatedEdge
    private var disk: SimulatedDisk
    private var viewers: [MapViewer] = []
    private var writers: [MapWriter] = []
    private let crashes: Bool
    private var isEnding = false
    private lazy var turns = EdgeTurns(world, ticksMax: 200_000) { [unowned self] in edge }

    /// Milliseconds after which what may go on behind its answer is made stale once more.
    private static let repeatDelay = 30_000

    public init(
        _ seed: UInt64, _ sabotage: WriteSabotage?, _ trace: ((String) -> Void)?
    ) throws {
        self.seed = seed
        let dice = Dice(seed: seed)
        self.dice = dice
        world = World(clock: SimulatedClock(), dice: dice)
        world.trace = trace
        let isCalm = sabotage != nil || dice.chance(35)
        let loops = dice.pick(1...3)
        fabric = Fabric(world, loops: loops)
        var habits = MapHabits()
        habits.isCalm = isCalm
        habits.saysLifetime = dice.chance(50)
        habits.thinking = 100...dice.pick([3_000, 100_000, 400_000])
        if !isCalm {
            habits.silences = dice.pick([0, 0, 3])
            habits.resets = dice.pick([0, 5, 20])
            habits.writeFaults = dice.pick([10, 30, 60])
        }
        crashes = !isCalm && dice.chance(40)
        let plan = WritePlan(dice, loops: loops, sabotage, repeatDelay: Self.repeatDelay)
        settings = plan.settings
        let spots = (0..<dice.pick(3...8)).map { _ in
            MapPlace.point(Double(dice.pick(-175...175)), Double(dice.pick(-75...75)))
        }
        let origin = settings.origins[0]
        site = MapSite(
            world, { WritePlan.views(dice, $0, spots) }, habits, sabotage,
            cluster: origin.cluster == nil
                ? nil : MapCluster(world, count: origin.members.count, sabotage),
            source: settings.writes.catalogue,
            repeatDelay: UInt64(Self.repeatDelay) * 1_000_000,
            collapseTimeout: UInt64(settings.cache.collapseTimeout) * 1_000_000)
        edge = try SimulatedEdge(settings, mapBytes: 8 << 20, fabric)
        disk = SimulatedDisk(edge.directory)
        populate(EditMaker(site, spots: spots), loops)
    }

    private func populate(_ maker: EditMaker, _ loops: Int) {
        for layer in site.model.layers {
            for _ in 0..<6 { site.model.put(maker.feature(in: layer), into: layer) }
        }
        let isSlow = site.sabotage == .forgetsRepeats || dice.chance(50)
        for number in 0..<dice.pick(3...6) {
            viewers.append(
                MapViewer(
                    number, site, fabric, loops: loops, requests: dice.pick(40...80),
                    thinking: isSlow ? 6_000_000 : dice.pick([200_000, 800_000])))
        }
        for number in 0..<dice.pick(1...3) {
            let writer = MapWriter(
                number, site, fabric, loops: loops, edits: dice.pick(3...10), maker,
                patience: 15_000_000_000)
            writer.heard = { [unowned self] in purge(behind: $0) }
            writers.append(writer)
        }
    }

    /// Where that is the sabotage, everything goes with a write.
    private func purge(behind edit: MapEdit) {
        let isMeant =
            site.sabotage == .purgesAll
            || site.sabotage == .purgesOnRefusal && edit.outcome == .refused
        if isMeant { edge.store.invalidate([InvalidationRule(scope: .everything)]) }
    }

    // MARK: the course

    public func run() -> Report {
        fabric.route = { [self] endpoint, _ in
            let isRefused = site.hasFaults && dice.chance(site.habits.resets / 4)
            guard !isRefused, case .ip(let address) = endpoint else {
                return .refused(late: dice.chance(50))
            }
            return .server(MapServer(site, Int(address.port) - 8_001), style)
        }
        for viewer in viewers { viewer.start() }
        for writer in writers { writer.start() }
        planStore()
        planCrash()
        site.cluster?.keep { [unowned self] in edge }
        site.catalogue?.keep { [unowned self] in edge.shared }
        planOutsiders()
        world.after(60_000_000_000) { [self] in site.hasFaults = false }
        turns.turn(while: { [self] in !isDone }, seconds: 1_800)
        for viewer in viewers where !viewer.isDone { site.violate("left: \(viewer.state)") }
        for writer in writers where !writer.isDone { site.violate("left: \(writer.state)") }
        end()
        return report()
    }

    private var style: LinkStyle {
        var style = LinkStyle()
        style.segment = 500...1_460
        return style
    }

    private var isDone: Bool {
        viewers.allSatisfy(\.isDone) && writers.allSatisfy(\.isDone)
    }

    private func planStore() {
        world.after(dice.delay(500...30_000)) { [self] in
            guard !isEnding else { return }
            _ = edge.store.step()
            if crashes { disk.observe() }
            planStore()
        }
    }

    /// The power goes, in the middle of whatever is written, and another edge finds the rest.
    private func planCrash() {
        guard crashes else { return }
        world.after(dice.delay(1_000_000...25_000_000)) { [self] in
            guard !isEnding else { return }
            world.note("power cut", 13)
            do {
                let rest = try disk.copy(losesLastCommit: dice.chance(50))
                fabric.cutAll()
                edge.close()
                _ = edge.remove()
                edge = try SimulatedEdge(settings, mapBytes: 8 << 20, fabric, directory: rest)
                disk = SimulatedDisk(rest)
                site.restarted()
            } catch { site.violate("no edge goes on: \(error)") }
        }
    }

    /// Where nothing fails somebody writes to the leader past the edge; at times while another
    /// server reads the catalog, which may have read it then without that.
    private func planOutsiders() {
        guard let cluster = site.cluster, site.habits.isCalm, site.sabotage != .emptiesAll else {
            return
        }
        for _ in 0..<(site.sabotage == .passesUnseen ? 4 : dice.below(2)) {
            world.after(dice.delay(5_000_000...30_000_000)) { [self] in writePast() }
        }
        var left = dice.below(3)
        cluster.onLoad = { [self] in
            guard left > 0, dice.chance(20) else { return }
            left -= 1
            world.after(dice.delay(1_000...1_500_000)) { [self] in writePast() }
        }
    }

    private func writePast() {
        if !isEnding { site.writePast(dice.pick(site.model.styles)) }
    }

    private func end() {
        site.settle()
        isEnding = true
        site.cluster?.isEnding = true
        site.catalogue?.isEnding = true
        edge.stop(deadline: world.now + 5_000_000_000)
        turns.turn(while: { [self] in !edge.isStopped }, seconds: 30)
        edge.close()
        if let fault = edge.remove() { site.violate("the store is not sound: \(fault)") }
    }

    private func report() -> Report {
        world.end()
        fabric.route = nil
        func count(_ outcome: MapEdit.Outcome) -> Int {
            site.edits.count { $0.outcome == outcome }
        }
        return Report(
            seed: seed, violations: world.violations, judged: site.judged, hits: site.hits,
            done: count(.done), refused: count(.refused), unknown: count(.unknown),
            maps: site.maps, documents: site.documents, beside: site.beside, blocks: site.blocks,
            restarts: site.restarts, narrow: site.narrow, passed: site.passed,
            behind: site.behind, fingerprint: world.fingerprint)
    }
}
