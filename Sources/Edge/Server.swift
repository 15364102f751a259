import Caching
import Dispatch
import Glibc
public import Reactor
import Synchronization

/// The data plane: loops, listeners, pools, store. Made once; told to start, reload and stop.
public final class Server: Sendable {
    private struct State {
        var snapshot: SettingsSnapshot
        var listeners: [(settings: ListenerSettings, endpoint: Endpoint)]
        /// Descriptors that no loop has adopted yet, by loop.
        var waiting: [[(Int32, ListenerSettings)]]
        /// Of Unix sockets that are listened on.
        var files: [SocketFile]
        var threads: [LoopThread] = []
        var isStopping = false
    }

    private let ticketKeys: TLSTicketKeys
    let clock: WallClock
    let shared: EdgeShared
    private let state: Mutex<State>
    private let wakes: [WakeEvent]
    private let counted: [LoopCounters]
    private let measured: [LoopLatencies]
    private let log: AccessLogWriter?
    private let checks: HealthChecks
    private let isLogging: Bool

    /// Binds the listeners; nothing is accepted before `start`.
    ///
    /// - Parameter clock: what the loops take for the time; call ``readClocks(within:)`` after
    ///   moving it.
    /// - Throws: `SystemError` for an address that cannot be had, `TLSError` for a certificate that
    ///   cannot be used, with what to do.
    public init(
        settings: Settings, store: Store?, clock: WallClock, events: any EventObserver
    ) throws {
        self.clock = clock
        let loops = settings.loopCount
        var wakes: [WakeEvent] = []
        for _ in 0..<loops { wakes.append(try WakeEvent()) }
        self.wakes = wakes
        shared = EdgeShared(
            store: store, budget: FillBudget(limit: settings.cache.fillBytes), events: events,
            mailboxes: wakes.map { Mailbox(capacity: 1 << 20, wake: .event($0)) },
            ownWrites: settings.ownWrites,
            secret: (.random(in: 0...(.max)), .random(in: 0...(.max))),
            seederWord: SeederWord.make())
        if let written = store?.invalidations.lastWritten {
            shared.ownWrites.openForAll(until: written.adding(settings.ownWrites.window))
        }
        counted = (0..<loops).map { _ in LoopCounters() }
        measured = (0..<loops).map { _ in LoopLatencies() }
        log = try settings.accessLog.map {
            try AccessLogWriter($0, location: EdgeWords(settings).location, loops: loops)
        }
        isLogging = log != nil
        checks = try HealthChecks(events: events, loops: shared.mailboxes)
        ticketKeys = try TLSTicketKeys(
            interval: Int64(settings.ticketKeyInterval), now: WallClock.system.now)
        let contexts = try TLSContexts(settings, ticketKeys)
        var waiting: [[(Int32, ListenerSettings)]] = Array(repeating: [], count: loops)
        let listeners = try Self.bind(settings.listeners, loops: loops, into: &waiting)
        store?.follow(settings)
        state = Mutex(
            State(
                snapshot: SettingsSnapshot(
                    settings, previous: nil, contexts, seed: .random(in: 0...(.max))),
                listeners: listeners, waiting: waiting,
                files: listeners.compactMap { SocketFile(of: $0.1) }))
    }

    /// All of them, or none after a failure.
    private static func bind(
        _ listeners: [ListenerSettings], loops: Int,
        into waiting: inout [[(Int32, ListenerSettings)]]
    ) throws -> [(ListenerSettings, Endpoint)] {
        var bound: [(ListenerSettings, Endpoint)] = []
        do {
            for listener in listeners {
                bound.append((listener, try bind(listener, loops: loops, into: &waiting)))
            }
        } catch {
            for (_, endpoint) in bound { SocketFile(of: endpoint)?.remove() }
            for (fd, _) in waiting.joined() { close(fd) }
            throw error
        }
        return bound
    }

    /// One socket for each loop on the same address; a Unix socket has one, on the first loop.
    private static func bind(
        _ listener: ListenerSettings, loops: Int, into waiting: inout [[(Int32, ListenerSettings)]]
    ) throws -> Endpoint {
        let first = try listen(
            on: listener.endpoint, backlog: 4_096, reusePort: loops > 1, mode: listener.mode)
        waiting[0].append((first, listener))
        let bound = boundAddress(first)
        if case .unix = bound { return bound }
        for loop in 1..<max(loops, 1) where loops > 1 {
            waiting[loop].append((try listen(on: bound, backlog: 4_096, reusePort: true), listener))
        }
        return bound
    }

    /// Starts the loops, each on a queue of its own.
    public func start() {
        let (snapshot, waiting) = state.withLock { state in
            defer { state.waiting = state.waiting.map { _ in [] } }
            return (state.snapshot, state.waiting)
        }
        checks.watch(snapshot.pools)
        keepLookBack(snapshot.settings.lookBackBytes)
        for index in wakes.indices {
            for (fd, settings) in waiting[index] {
                _ = shared.mailboxes[index].post(.adopt(listener: fd, settings: settings))
            }
            let thread = runLoop(named: "edge.loop.\(index)", on: nil) { [self] in
                run(index, snapshot)
            }
            state.withLock { $0.threads.append(thread) }
        }
    }

    /// One loop, from its first tick to its last; the state is born here.
    private func run(_ index: Int, _ snapshot: SettingsSnapshot) {
        let network: LinuxNetwork
        do { network = try LinuxNetwork(batchSize: 512, wall: clock, keepsReserve: true) } catch {
            shared.events.note(EdgeEvent(.error, "loop", "loop \(index) cannot start: \(error)"))
            return
        }
        var loop = LoopState(
            network: network, index: index, shared: shared, snapshot: snapshot,
            counters: counted[index],
            latencies: measured[index], log: log?.rings[index])
        let mailbox = Token(slot: 0, generation: 0, kind: TokenKind.mailbox)
        _ = loop.network.watch(wakes[index].descriptor, mailbox)
        let events = UnsafeMutableBufferPointer<ReadyEvent>.allocate(capacity: 512)
        unsafe events[0] = ReadyEvent(token: mailbox, readiness: .readable)
        unsafe loop.tick(UnsafeBufferPointer(rebasing: events[..<1]))
        defer { unsafe events.deallocate() }
        while !loop.isStopped {
            // A loop that waits for longer would look as if it hung.
            let limit = loop.network.monotonicNow + 1_000_000_000
            let deadline = min(loop.nextDeadline ?? limit, limit)
            let count = unsafe loop.network.wait(until: deadline, into: events)
            unsafe loop.tick(UnsafeBufferPointer(start: events.baseAddress, count: count))
            loop.counters.set(.systemCalls, loop.network.calls.total)
        }
        loop.closeAll()
    }

    /// Where viewers connect, with the ports the kernel chose.
    public var boundEndpoints: [Endpoint] { state.withLock { $0.listeners.map(\.endpoint) } }

    /// The same, with what each is for.
    public var boundListeners: [(endpoint: Endpoint, settings: ListenerSettings)] {
        state.withLock { $0.listeners.map { ($0.endpoint, $0.settings) } }
    }

    /// What a reload does to the addresses.
    private struct ListenerChanges {
        var kept: [(settings: ListenerSettings, endpoint: Endpoint)] = []
        /// The same address used otherwise: its socket stays, since it cannot be bound twice.
        var amended: [(from: ListenerSettings, to: ListenerSettings)] = []
        var added: [ListenerSettings] = []
        var removed: [ListenerSettings] = []

        init(
            from old: [(settings: ListenerSettings, endpoint: Endpoint)],
            to new: [ListenerSettings]
        ) {
            var rest = old
            for listener in new {
                let same =
                    rest.firstIndex { $0.settings == listener }
                    ?? rest.firstIndex { $0.settings.endpoint == listener.endpoint }
                guard let same else {
                    added.append(listener)
                    continue
                }
                let former = rest.remove(at: same)
                kept.append((listener, former.endpoint))
                if former.settings != listener { amended.append((former.settings, listener)) }
            }
            removed = rest.map(\.settings)
        }
    }

    /// Swaps the configuration whole. Listeners that stay are kept, with their connections.
    ///
    /// Certificates are read anew; connections that are open keep theirs.
    /// - Throws: `SystemError` for a new address that cannot be had, `TLSError` for a certificate
    ///   that cannot be used; then nothing has changed.
    public func reload(_ settings: Settings) throws {
        let loops = wakes.count
        let kept = state.withLock { $0.snapshot.settings.lookBackBytes }
        let contexts = try TLSContexts(settings, ticketKeys)
        let changes = ListenerChanges(
            from: state.withLock { $0.listeners }, to: settings.listeners)
        var waiting: [[(Int32, ListenerSettings)]] = Array(repeating: [], count: loops)
        let bound = try Self.bind(changes.added, loops: loops, into: &waiting)
        // Before the loops close the sockets: until then nobody else's file can be taken for ours.
        removeSocketFiles { file in
            changes.removed.contains { $0.endpoint == .unix(path: file.path) }
        }
        for (_, to) in changes.amended {
            if case .unix(let path) = to.endpoint, let mode = to.mode { unsafe chmod(path, mode) }
        }
        let (snapshot, places) = state.withLock { state in
            state.listeners = changes.kept + bound
            state.files += bound.compactMap { SocketFile(of: $0.1) }
            let next = SettingsSnapshot(
                settings, previous: state.snapshot, contexts, seed: .random(in: 0...(.max)))
            return Self.swap(next, &state)
        }
        shared.store?.follow(settings)
        putInForce(snapshot, places)
        if settings.lookBackBytes != kept { keepLookBack(settings.lookBackBytes) }
        for index in 0..<loops {
            for (from, to) in changes.amended {
                _ = shared.mailboxes[index].post(.amend(listener: from, to: to))
            }
            for (fd, settings) in waiting[index] {
                _ = shared.mailboxes[index].post(.adopt(listener: fd, settings: settings))
            }
            for listener in changes.removed {
                _ = shared.mailboxes[index].post(.retire(listener: listener))
            }
        }
    }

    private func removeSocketFiles(where isOver: (SocketFile) -> Bool) {
        let files = state.withLock { state in
            let over = state.files.filter(isOver)
            state.files.removeAll(where: isOver)
            return over
        }
        for file in files { file.remove() }
    }

    /// Other members for one origin; all else stays, certificates and trust too.
    ///
    /// What is known of members that stay is kept; running fetches go on where they are. An origin
    /// of that name that is not there (a reload took it) changes nothing.
    public func replaceMembers(of origin: String, by members: [MemberSettings]) {
        amend { settings in
            guard let index = settings.origins.firstIndex(where: { $0.id == origin }),
                settings.origins[index].members != members
            else { return false }
            settings.origins[index].members = members
            return true
        }
    }

    /// Changes a part of the configuration that needs neither listeners nor certificates anew.
    ///
    /// - Parameter change: whether there was anything to change.
    func amend(_ change: (inout Settings) -> Bool) {
        let changed = state.withLock { state -> (SettingsSnapshot, [WaitingPlace])? in
            let former = state.snapshot
            var settings = former.settings
            guard change(&settings) else { return nil }
            let next = SettingsSnapshot(
                settings, previous: former, former.contexts, seed: .random(in: 0...(.max)))
            return Self.swap(next, &state)
        }
        guard let (snapshot, places) = changed else { return }
        putInForce(snapshot, places)
    }

    private typealias WaitingPlace = (place: HandedPlace, pool: OriginPool)

    /// One at a time, so that each pool has one successor, which knows all that it knew.
    private static func swap(
        _ next: SettingsSnapshot, _ state: inout State
    ) -> (SettingsSnapshot, [WaitingPlace]) {
        defer { state.snapshot = next }
        return (next, next.succeed(state.snapshot, at: monotonicMilliseconds()))
    }

    /// From here on loops and checks go by the next snapshot.
    private func putInForce(_ snapshot: SettingsSnapshot, _ places: [WaitingPlace]) {
        checks.watch(snapshot.pools)
        shared.adopt(snapshot, places, at: monotonicMilliseconds())
    }

    /// Opens the access log anew, after a rotation; a failure keeps the old file and is told.
    public func reopenAccessLog() {
        do { try log?.reopen() } catch {
            shared.events.note(EdgeEvent(.error, "access-log", "\(error)"))
        }
    }

    /// Makes the next key for session tickets, when it is time; to be called now and then.
    public func rotateTicketKeys() {
        do { try ticketKeys.rotate(at: WallClock.system.now) } catch {
            shared.events.note(EdgeEvent(.error, "tls", "\(error)"))
        }
    }

    /// Has every loop go by the clock as it stands now; to be called after it was moved. Waits.
    ///
    /// - Returns: false if a loop did not answer within the time: it hangs, or has ended.
    public func readClocks(within milliseconds: Int) -> Bool {
        let deadline = DispatchTime.now() + .milliseconds(milliseconds)
        let done = DispatchSemaphore(value: 0)
        for mailbox in shared.mailboxes { _ = mailbox.post(.readClocks(done)) }
        return shared.mailboxes.allSatisfy { _ in done.wait(timeout: deadline) == .success }
    }

    /// Has every loop write down what passes from now on; nil: no more. Waits.
    ///
    /// - Returns: false if a loop did not answer within the time: it hangs, or has ended.
    public func record(on tape: Tape?, within milliseconds: Int) -> Bool {
        let deadline = DispatchTime.now() + .milliseconds(milliseconds)
        let done = DispatchSemaphore(value: 0)
        for mailbox in shared.mailboxes { _ = mailbox.post(.record(tape, done)) }
        return shared.mailboxes.allSatisfy { _ in done.wait(timeout: deadline) == .success }
    }

    /// Has every loop keep so many bytes of what passes from now on, in place of what it has kept.
    private func keepLookBack(_ bytes: Int) {
        for mailbox in shared.mailboxes { _ = mailbox.post(.lookBack(bytes: bytes)) }
    }

    /// What passed in the last milliseconds, as far as it was kept. Waits.
    ///
    /// - Returns: nil if a loop did not answer within the time: it hangs, or has ended.
    public func lookBack(last: Int64, within milliseconds: Int) -> Tape? {
        let deadline = DispatchTime.now() + .milliseconds(milliseconds)
        let now = Self.monotonicNow
        let since = now - min(now, UInt64(max(0, last)) * 1_000_000)
        let asked = LookedBack(since: since, shared.rareNotes.entries(since: since))
        for mailbox in shared.mailboxes { _ = mailbox.post(.tell(asked)) }
        guard
            shared.mailboxes.allSatisfy({ _ in asked.done.wait(timeout: deadline) == .success })
        else { return nil }
        return Tape(copying: asked.entries)
    }

    /// Keeps an invalidation that is in force now for who looks back.
    public func noteInvalidation(_ items: [String], isSoft: Bool, at time: Int64) {
        // Each has its own size, too.
        let bytes = items.reduce(64) { $0 + $1.utf8.count }
        note(.invalidated(items, isSoft: isSoft), at: time, bytes: bytes)
    }

    /// The same of another configuration.
    public func noteChange(at time: Int64) { note(.changed, at: time, bytes: 64) }

    private func note(_ event: Tape.Event, at time: Int64, bytes: Int) {
        guard state.withLock({ $0.snapshot.settings.lookBackBytes }) > 0 else { return }
        shared.rareNotes.note(
            event, at: time, bytes: bytes, shared.notes.next(), Self.monotonicNow)
    }

    private static var monotonicNow: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// No new connections; running exchanges finish, for so long at most. Returns at once.
    public func stop(deadline milliseconds: Int) {
        let deadline = Self.monotonicNow + UInt64(max(0, milliseconds)) * 1_000_000
        state.withLock { $0.isStopping = true }
        // Before the loops close the sockets; who connects meanwhile is told that nobody is here.
        removeSocketFiles { _ in true }
        checks.stop()
        for mailbox in shared.mailboxes { _ = mailbox.post(.stop(deadline: deadline)) }
    }

    /// Blocks until every loop has ended, then closes log and store.
    public func waitUntilStopped() {
        for thread in state.withLock({ $0.threads }) { thread.join() }
        checks.join()
        if let rest = log?.stop(), rest > 0 {
            let text = "\(rest) bytes of lines are lost at the end: nobody took them"
            shared.events.note(EdgeEvent(.warning, "access-log", text))
        }
        shared.store?.close()
    }

    /// The configuration in force, for who explains it.
    var snapshot: SettingsSnapshot { state.withLock { $0.snapshot } }

    public var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Ticks by loop: one that stands still hangs. Every loop ticks once a second at least.
    public var ticks: [UInt64] { counted.map { $0.value(.ticks) } }

    // MARK: numbers

    /// One counter, summed over the loops.
    public func total(_ counter: Counter) -> UInt64 {
        counted.reduce(0) { $0 + $1.value(counter) }
    }

    /// Every counter of the data plane, summed over the loops.
    public func counters() -> [CounterSample] {
        var samples = Counter.allCases.map { counter in
            CounterSample(
                name: counter.name, help: counter.help, kind: .counter,
                value: Double(counted.reduce(0) { $0 + $1.value(counter) }))
        }
        samples += Self.rejections(counted) + Self.traps(counted)
        samples += memberSamples(pools())
        samples.append(
            CounterSample(
                name: "mapedge_fetches_in_flight", help: "fetches that others may join",
                kind: .gauge,
                value: Double(shared.collapsed.inFlight)))
        samples += outages()
        samples.append(
            CounterSample(
                name: "mapedge_fill_bytes", help: "memory held by fetches in progress",
                kind: .gauge,
                value: Double(shared.budget.usedBytes)))
        samples.append(
            CounterSample(
                name: "mapedge_access_log_lost_bytes_total",
                help: "access log bytes that the disk or the reader refused", kind: .counter,
                value: Double(log?.lostBytes ?? 0)))
        return samples + fairnessSamples() + clusters().flatMap(\.samples)
    }

    /// How long each pool as a whole has failed.
    private func outages() -> [CounterSample] {
        let now = monotonicMilliseconds()
        let snapshot = state.withLock { $0.snapshot }
        return snapshot.pools.map { pool in
            let id = pool.settings.id
            return CounterSample(
                name: "mapedge_outage_seconds",
                help: "how long an origin's requests have failed in a row; 0: they do not",
                kind: .gauge, labels: [("origin", id)],
                value: snapshot.outages.since(id).map { Double(max(1, now - $0)) / 1_000 } ?? 0)
        }
    }

    /// Time from request head to last byte.
    public func latencies() -> HistogramSample {
        var counts = [UInt64](repeating: 0, count: LoopLatencies.bucketCount + 1)
        var sum: UInt64 = 0
        for loop in measured {
            let snapshot = loop.snapshot()
            for (index, count) in snapshot.counts.enumerated() { counts[index] += count }
            sum += snapshot.sum
        }
        var total: UInt64 = 0
        let buckets = counts.enumerated().map { index, count in
            total += count
            let bound =
                index < LoopLatencies.bucketCount
                ? Double(LoopLatencies.upperBound(index)) / 1e9 : .infinity
            return (bound: bound, count: total)
        }
        return HistogramSample(
            name: "mapedge_request_seconds", help: "time from request head to last byte",
            buckets: buckets,
            sum: Double(sum) / 1e9)
    }

    /// The pools with their members.
    public func pools() -> [PoolStatus] {
        let snapshot = state.withLock { $0.snapshot }
        let (now, wall) = (monotonicMilliseconds(), WallClock.system.now)
        return snapshot.pools.map { $0.snapshot(at: now, wall: wall) }
    }

    /// Viewer connections open now.
    public var openConnections: Int {
        counted.reduce(0) {
            $0 + Int($1.value(.connectionsAccepted)) - Int($1.value(.connectionsClosed))
        }
    }
    public var loopCount: Int { wakes.count }
}
