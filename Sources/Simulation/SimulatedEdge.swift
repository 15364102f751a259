import Caching
import Edge
import Reactor

/// The real edge, its loops turned by hand: loops, store, pools and mailboxes, on a network of
/// numbers and a disk in memory.
final class SimulatedEdge {
    let shared: EdgeShared
    let store: Store
    let faults = StoreFaults()
    let directory: String
    private let loops: [SimulatedLoop]
    let mailboxes: [Mailbox<LoopMessage>]
    private var settings: Settings
    private let fabric: Fabric
    private var snapshot: SettingsSnapshot
    /// The origins' pools as they are configured now.
    var pools: [OriginPool] { snapshot.pools }
    /// What clusters need done now; what passed by them is stale from here on.
    func clusterWork(at now: Milliseconds) -> [ClusterWork] {
        let stale = pools.flatMap { $0.passedByRules() }
        if !stale.isEmpty {
            store.invalidate(stale)
            shared.catalogue.noteChange()
            shared.catalogue.noteStyleChange(.any)
        }
        return pools.flatMap { $0.clusterWork(at: now) }
    }
    /// A counter, summed over the loops.
    func total(_ counter: Counter) -> UInt64 {
        loops.reduce(0) { $0 + $1.counters.value(counter) }
    }

    convenience init(_ plan: Plan, _ fabric: Fabric, directory: String? = nil) throws {
        try self.init(
            plan.settings, mapBytes: plan.mapBytes, fabric, directory: directory,
            sweeps: plan.sweeps)
    }

    /// - Parameters:
    ///   - directory: with what an edge before this one has stored; nil: an empty one.
    ///   - sweeps: times between searches for what is dead, and until rules are retired after one.
    init(
        _ settings: Settings, mapBytes: Int, _ fabric: Fabric, directory: String? = nil,
        sweeps: (interval: Milliseconds, retention: Milliseconds)? = nil,
        events: any EventObserver = SilentObserver()
    ) throws {
        self.fabric = fabric
        self.directory = try directory ?? SimulatedDisk.makeDirectory()
        let clock = fabric.world.clock
        var disk = StoreSettings(
            directory: self.directory, mapBytes: mapBytes, clock: { clock.wall })
        disk.preallocates = false
        disk.backlogBytes = settings.cache.backlogBytes
        disk.repeatDelay = settings.writes.repeatDelay
        disk.faults = faults
        disk.sweepInterval = sweeps?.interval ?? disk.sweepInterval
        disk.invalidationRetention = sweeps?.retention ?? disk.invalidationRetention
        store = try Store.open(disk, stepping: true)
        store.follow(settings)
        let wakes = (0..<settings.loops).map { _ in WakeFlag() }
        mailboxes = wakes.map { wake in Mailbox(capacity: 4_096, wake: .call { wake.signal() }) }
        shared = EdgeShared(
            store: store, budget: FillBudget(limit: settings.cache.fillBytes),
            events: events, mailboxes: mailboxes, ownWrites: settings.ownWrites)
        self.settings = settings
        snapshot = SettingsSnapshot(settings, previous: nil, try Self.contexts(settings))
        var loops: [SimulatedLoop] = []
        for (index, wake) in wakes.enumerated() {
            loops.append(SimulatedLoop(index, shared, snapshot, fabric, wake))
            for listener in settings.listeners {
                let adopt = LoopMessage.adopt(listener: fabric.listen(index), settings: listener)
                _ = mailboxes[index].post(adopt)
            }
        }
        self.loops = loops
    }

    /// The simulated network seals nothing: any context will do for whoever speaks TLS.
    private static func contexts(_ settings: Settings) throws -> TLSContexts {
        var contexts = TLSContexts()
        let origins = settings.origins.map { $0.members.contains { $0.tlsHost != nil } }
        guard settings.listeners.contains(where: \.speaksTLS) || origins.contains(true) else {
            return contexts
        }
        var rules = TLSClientSettings()
        rules.trust = .anyone
        let context = try TLSContext(client: rules)
        contexts.viewers = context
        contexts.origins = origins.map { $0 ? context : nil }
        return contexts
    }

    /// Puts other settings in force, as a reload does.
    func replace(_ settings: Settings) throws {
        self.settings = settings
        adopt(
            SettingsSnapshot(settings, previous: snapshot, try Self.contexts(settings)))
    }

    /// Other members for the first origin, in the middle of whatever it does.
    func change(members: [MemberSettings]) {
        settings.origins[0].members = members
        adopt(SettingsSnapshot(settings, previous: snapshot, snapshot.contexts))
    }

    private func adopt(_ next: SettingsSnapshot) {
        let now = Milliseconds(fabric.world.now / 1_000_000)
        let places = next.succeed(snapshot, at: now)
        snapshot = next
        shared.adopt(next, places, at: now)
    }

    // MARK: turning

    /// Loops that have something to do now.
    var runnable: [Int] { loops.indices.filter { loops[$0].isRunnable } }

    /// When the first loop has something to do, if nothing else happens.
    var nextDeadline: UInt64? { loops.compactMap(\.nextDeadline).min() }

    func tick(_ loop: Int) { loops[loop].tick() }

    /// What a turn of the world was.
    enum Turn { case loop, event, pause }

    /// Turns a loop that has something to do, or lets happen what is due, as the dice decide; where
    /// there is neither, time passes until there is.
    ///
    /// - Returns: nil when nothing will ever be.
    func turn() -> Turn? {
        let world = fabric.world
        let (loops, isDue) = (runnable, world.isDue)
        guard isDue || !loops.isEmpty else {
            return world.pass(to: nextDeadline) ? .pause : nil
        }
        let choice = world.dice.below(loops.count + (isDue ? 1 : 0))
        guard choice < loops.count else {
            world.happen()
            return .event
        }
        tick(loops[choice])
        world.clock.advance(to: world.now + UInt64(world.dice.pick(1_000...30_000)))
        return .loop
    }

    /// What passes is written down from the next tick on.
    func record(on tape: Tape) {
        for mailbox in mailboxes { _ = mailbox.post(.record(tape, nil)) }
    }

    /// The edge is asked to stop; its loops end when their viewers are gone.
    func stop(deadline: UInt64) {
        for mailbox in mailboxes { _ = mailbox.post(.stop(deadline: deadline)) }
    }

    var isStopped: Bool { loops.allSatisfy { $0.state.isStopped } }

    /// Ends what the loops still hold and closes the store.
    func close() {
        for loop in loops where !loop.isClosed { loop.close() }
        var rounds = 0
        while store.step(), rounds < 10_000 { rounds += 1 }
    }

    /// Closes the store and removes its directory.
    ///
    /// - Returns: what a verification of all that was stored found wrong; nil: nothing.
    func remove() -> String? {
        store.close()
        defer { SimulatedDisk.removeTree(directory) }
        do {
            let check = try StoreTools.verify(directory: directory)
            return check.isSound ? nil : "\(check)"
        } catch { return "\(error)" }
    }

    // MARK: what is held

    /// What is not as it should be once nobody asks for anything any more; empty: all is well.
    func leftovers() -> [String] {
        var found: [String] = []
        func expect(_ count: Int, _ what: String) {
            if count != 0 { found.append("\(count) \(what)") }
        }
        for (index, loop) in loops.enumerated() {
            expect(loop.state.viewers.count, "viewers left on loop \(index)")
            expect(loop.state.fetches.count, "fetches left on loop \(index)")
            expect(loop.state.origins.count, "origin connections left on loop \(index)")
            expect(loop.state.timers.count, "timers left on loop \(index)")
        }
        for pool in snapshot.pools {
            let load = pool.load(at: Milliseconds(fabric.world.now / 1_000_000))
            expect(load.inFlight, "places taken at members")
            expect(load.queued, "fetches waiting for a member")
        }
        expect(shared.budget.usedBytes, "bytes of fill budget left")
        expect(shared.collapsed.inFlight, "fetches left for others to join")
        expect(store.core.references.count, "references on stored objects left")
        expect(store.backlogBytes, "bytes left for the writer")
        expect(fabric.openDescriptors, "descriptors left open")
        return found
    }

    /// What is held at any moment must stay within these bounds.
    func excess(_ plan: Plan) -> String? {
        let fetches = loops.reduce(0) { $0 + $1.state.fetches.count }
        // A fetch that has begun may go on, and its segment is no longer than this.
        let fill = plan.fillBytes + (fetches + plan.viewers.count) * (1 << 20)
        if shared.budget.usedBytes > fill { return "fill budget at \(shared.budget.usedBytes)" }
        if store.backlogBytes > plan.backlogBytes + (16 << 20) {
            return "the writer's backlog is at \(store.backlogBytes)"
        }
        return nil
    }
}

/// One loop and its state, which a thread's stack holds elsewhere.
@safe  // owns its events
final class SimulatedLoop {
    var state: LoopState<SimulatedNetwork>
    let counters = LoopCounters()
    private(set) var isClosed = false
    private let fabric: Fabric
    private let wake: WakeFlag
    private let index: Int
    private let events = UnsafeMutableBufferPointer<ReadyEvent>.allocate(capacity: 64)

    init(
        _ index: Int, _ shared: EdgeShared, _ snapshot: SettingsSnapshot, _ fabric: Fabric,
        _ wake: WakeFlag
    ) {
        let mailbox = Token(slot: 0, generation: 0, kind: TokenKind.mailbox)
        state = LoopState(
            network: SimulatedNetwork(fabric, loop: index, wake: wake, mailbox: mailbox),
            index: index, shared: shared, snapshot: snapshot, counters: counters,
            latencies: LoopLatencies(), log: nil)
        self.fabric = fabric
        self.wake = wake
        self.index = index
    }

    deinit { unsafe events.deallocate() }

    var nextDeadline: UInt64? { state.isStopped ? nil : state.nextDeadline }

    var isRunnable: Bool {
        guard !state.isStopped else { return false }
        if wake.hasMail || fabric.hasReady(index) { return true }
        return state.nextDeadline.map { $0 <= fabric.world.now } ?? false
    }

    func tick() {
        let count = unsafe state.network.wait(until: 0, into: events)
        unsafe state.tick(UnsafeBufferPointer(start: events.baseAddress, count: count))
    }

    func close() {
        isClosed = true
        state.closeAll()
    }
}
