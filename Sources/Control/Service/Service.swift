import Dispatch
public import Edge
import Glibc
public import Reactor
import Synchronization

/// A running edge with its admin port: what `mapedge serve` starts and signals steer.
///
/// The admin port listens before the viewers' ports do, so that whoever waits for the edge can be
/// told that it is still starting.
public final class Service: Sendable {
    /// How the configuration is read again.
    public typealias Rereading = @Sendable () -> ConfigurationReading

    struct State {
        /// What is in force now.
        var configuration: Configuration
        var server: Server?
        var store: Store?
        var api: CloudFrontAPI?
        /// What `api` tells and changes.
        var distribution: StoredDistribution?
        var isStopping = false
        /// Only this machine reaches the admin port.
        var isAdminLocal = false
        /// When names without an address are asked for again.
        var nextLookup = ContinuousClock.now
        /// Whose answer is awaited.
        var hostsAskedFor: Set<HostName> = []
        /// nil until it serves.
        var seeds: SeedTasks?
        /// nil: nothing is told to CloudWatch.
        var signals: SignalPublisher?
        /// nil: no CloudFront is told what writes made stale.
        var outgoing: OutgoingSender?
    }

    let began = ContinuousClock.now
    let watch = TickWatch()
    let recorder = Recorder()
    let state: Mutex<State>
    let observer: any EventObserver
    let clock: WallClock
    private let reread: Rereading
    // Reloads come from a signal and from the admin port; one at a time. An update through the API
    // never waits here: a reload waits for it, in `distribution`.
    private let reloads = DispatchQueue(label: "control.reload")
    let lookupQueue = DispatchQueue(label: "control.lookup")
    /// Asked in the background, for as long as it takes.
    let resolver: any NameResolver
    let surroundings = SurroundingEdge()
    let discovery: Discovery
    private let signalQueue = DispatchQueue(label: "control.reload.signal")

    /// - Parameters:
    ///   - configuration: checked, and without errors.
    ///   - clock: as the configuration has it.
    ///   - resolver: asked for names that had no address when the configuration was read, and for
    ///     those of an update.
    ///   - reread: reads it again, for a reload.
    public init(
        _ configuration: Configuration, clock: WallClock, events observer: any EventObserver,
        resolver: any NameResolver = SystemNameResolver(), reread: @escaping Rereading
    ) {
        self.resolver = resolver
        self.observer = observer
        self.clock = clock
        self.reread = reread
        state = Mutex(State(configuration: configuration))
        discovery = Discovery(surroundings.world(observer), resolver: resolver)
    }

    /// Opens the store, listens, serves, and returns when a signal has stopped it.
    ///
    /// Takes the calling thread. SIGTERM and SIGINT stop gracefully, at once when repeated; SIGHUP
    /// reloads; SIGUSR1 opens the access log anew; SIGPIPE and SIGXFSZ are ignored.
    ///
    /// - Parameter announce: told each address listened on, one line each.
    /// - Throws: `SystemError`, `StoreError`, `LogError` or `TooFewDescriptors`; each text ends
    ///   with what to do.
    public func run(announce: (String) -> Void) throws {
        Signals.ignoreFailedWrites()
        let configuration = state.withLock { $0.configuration }
        try requireDescriptors(loops: configuration.settings.loopCount)
        let directory = try CacheDirectory(configuration.settings.cache.directory)
        defer { directory.removeIfTemporary() }
        let admin = try AdminServer(on: configuration.admin, subject: self, events: observer)
        state.withLock { $0.isAdminLocal = admin.boundEndpoints.allSatisfy(\.isLocal) }
        admin.start()
        defer { admin.stop() }
        for endpoint in admin.boundEndpoints { announce("admin on \(url(of: endpoint, false))") }

        let server = try makeServer(configuration, directory.path)
        try makeAPI(server, directory.path)
        server.answerTileCache { [weak self] ask in
            guard let self else { return TileCacheAnswer(503, .text, []) }
            return AdminRoutes(subject: self).answer(ask)
        }
        beginDiscovery(server)
        defer { discovery.stop() }
        beginTelling(configuration, directory.path, admin: admin.boundEndpoints)
        defer { endTelling() }
        server.start()
        let timer = watchTicks(of: server)
        defer { timer.cancel() }
        let looks = ClusterKeeper(server, observer).start()
        defer { looks.cancel() }
        let readings = CatalogueKeeper(server, observer).start()
        defer { readings.cancel() }
        let layers = makeLayerKeeper(server, directory.path).start()
        defer { layers.cancel() }
        let seeds = admin.boundEndpoints.first.map { makeSeedTasks(admin: $0, directory.path) }
        defer { seeds?.stop(within: 2_000) }
        state.withLock { ($0.server, $0.seeds) = (server, seeds) }
        resumeSeeds()
        let signals = steer(server)
        defer { signals.cancel() }
        for (endpoint, settings) in server.boundListeners {
            let purpose = settings.isSouthbound ? "southbound" : "listening"
            announce("\(purpose) on \(url(of: endpoint, settings.speaksTLS))")
        }
        if clock.isManual {
            observer.note(
                EdgeEvent(
                    .notice, "clock",
                    "the clock is manual and stands at \(timestampText(clock.now)) until "
                        + "\"mapedge clock\" moves it"))
        }
        notifySupervisor("READY=1")
        server.waitUntilStopped()
    }

    private func makeServer(_ configuration: Configuration, _ directory: String) throws -> Server {
        var settings = StoreSettings(
            directory: directory, mapBytes: Int(clamping: configuration.settings.cache.bytes))
        settings.expiryClock = { [clock] in clock.now }
        settings.backlogBytes = configuration.settings.cache.backlogBytes
        settings.repeatDelay = configuration.settings.writes.repeatDelay
        // One reader for each loop, and some for the writer and for tools beside it.
        settings.readers = max(settings.readers, configuration.settings.loops + 16)
        let store = try Store.open(settings) { [observer] event in
            observer.note(EdgeEvent(event.level.asEventLevel, "store", event.text))
        }
        do {
            let server = try Server(
                settings: configuration.settings, store: store, clock: clock, events: observer)
            state.withLock { $0.store = store }
            return server
        } catch {
            store.close()
            throw error
        }
    }

    private func url(of endpoint: Endpoint, _ speaksTLS: Bool) -> String {
        switch endpoint {
        case .ip: "\(speaksTLS ? "https" : "http")://\(endpoint)"
        case .unix: "\(endpoint)"
        }
    }

    // A loop's hang must be noticed also when nobody asked for a while.
    private func watchTicks(of server: Server) -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "control.ticks"))
        let isWatched = isWatchedBySupervisor
        timer.setEventHandler { [weak self, watch] in
            if watch.isTurning(server.ticks, at: .now), isWatched {
                notifySupervisor("WATCHDOG=1")
            }
            self?.expireRecording(server)
            self?.lookUpSoon(at: .now)
            self?.discoverSoon(server)
            self?.tellSoon()
            server.rotateTicketKeys()
        }
        timer.schedule(deadline: .now(), repeating: 1, leeway: .milliseconds(100))
        timer.activate()
        return timer
    }

    private func steer(_ server: Server) -> Signals {
        Signals([SIGTERM, SIGINT, SIGHUP, SIGUSR1]) { [weak self] number in
            switch number {
            case SIGHUP: self?.reloadSoon()
            case SIGUSR1: server.reopenAccessLog()
            default: self?.stop()
            }
        }
    }

    /// What SIGTERM does: gracefully, and at once when it is called again.
    func stop() {
        let (server, isRepeated, deadline) = state.withLock { state in
            defer { state.isStopping = true }
            let deadline = state.configuration.settings.limits.stopDeadline
            return (state.server, state.isStopping, deadline)
        }
        if !isRepeated { notifySupervisor("STOPPING=1") }
        state.withLock { $0.seeds }?.stop(within: 0)
        let text =
            isRepeated
            ? "stopping at once"
            : "stopping: running exchanges have \(durationText(Int64(deadline)))"
        observer.note(EdgeEvent(.notice, "service", text))
        server?.stop(deadline: isRepeated ? 0 : deadline)
    }

    /// Waits for a reload or an update that is under way, and for the resolver.
    public func reload() -> ReloadOutcome { reloads.sync { reloadNow() } }

    private func reloadSoon() { signalQueue.async { _ = self.reload() } }

    private func reloadNow() -> ReloadOutcome {
        let outcome = swap(reread())
        switch outcome {
        case .swapped(let warnings):
            for warning in warnings { note(.warning, "\(warning.place)\(warning.text)") }
            note(.notice, "the new configuration is in force")
        case .refused(let reasons):
            for reason in reasons { note(.error, reason) }
            note(.error, "the new configuration is refused; the old one stays in force")
        }
        return outcome
    }

    private func swap(_ reading: ConfigurationReading) -> ReloadOutcome {
        let (server, current) = state.withLock { ($0.server, $0.configuration) }
        guard reading.isUsable else { return .refused(reading.findings.map(\.description)) }
        guard let server else { return .refused(["the edge is still starting; try again"]) }
        let fixed = unchangeable(from: current, to: reading.configuration, reading.places)
        guard fixed.isEmpty else { return .refused(fixed) }
        do {
            return .swapped(try putInForce(reading.configuration, reading.warnings, server))
        } catch {
            return .refused(["\(error)"])
        }
    }

    private func note(_ level: EdgeEvent.Level, _ text: String) {
        observer.note(EdgeEvent(level, "reload", text))
    }
}

extension StoreEvent.Level {
    fileprivate var asEventLevel: EdgeEvent.Level {
        switch self {
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        }
    }
}
