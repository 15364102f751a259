public import Caching
public import Edge
import Reactor
import Synchronization
public import Tiles

// What the admin port shows of a service.
extension Service: AdminSubject {
    private var server: Server? { state.withLock { $0.server } }

    public func counters() -> [CounterSample] {
        let (server, store) = state.withLock { ($0.server, $0.store) }
        return processSamples() + [eventSample] + (server?.counters() ?? [])
            + (store.map(storeSamples) ?? [])
            + poolSamples(server?.loads() ?? [], discovery.status) + signalSamples
            + outgoingSamples + distributionSamples + invalidationSamples
    }

    private var eventSample: CounterSample {
        CounterSample(
            name: "mapedge_events_dropped_total",
            help: "lines of events dropped: nobody read standard error", kind: .counter,
            value: Double(observer.droppedLines))
    }

    public func histograms() -> [HistogramSample] { server.map { [$0.latencies()] } ?? [] }

    /// While it starts there is no loop yet that could be stuck.
    public var isTurning: Bool { server.map { watch.isTurning($0.ticks, at: .now) } ?? true }

    public var fitness: Fitness {
        guard let status else { return .unfit("starting") }
        if status.isStopping { return .unfit("stopping") }
        guard isTurning else { return .unfit("a loop has not turned for some seconds") }
        return status.weakness.map(Fitness.degraded) ?? .ready
    }

    public var isStarting: Bool {
        state.withLock { $0.configuration.api.isEnabled && $0.api == nil && $0.server == nil }
    }

    /// Whoever signs is believed by whatever name.
    public var adminHosts: [String]? {
        state.withLock {
            $0.configuration.api.credentials.isEmpty ? $0.configuration.adminHosts : nil
        }
    }

    public func statusJSON() -> [UInt8] {
        Array((status?.json ?? .object([])).encoded.utf8)
    }

    public func explain(
        _ request: [UInt8], usesTLS: Bool
    ) throws(ExplainError) -> Explanation {
        guard let server else { throw ExplainError("the edge is still starting; try again") }
        guard state.withLock({ $0.isAdminLocal }) else {
            throw ExplainError(
                "the admin port can be reached from other machines, which are not told what is "
                    + "stored; bind admin to 127.0.0.1")
        }
        return try server.explain(request, usesTLS: usesTLS)
    }

    public func truncate(_ scope: WriteScope, bySite: Bool) throws(TruncationRefusal) {
        let (store, isLocal, server) = state.withLock {
            ($0.store, $0.isAdminLocal, $0.server)
        }
        guard isLocal || bySite else {
            throw TruncationRefusal(
                403,
                "the admin port can be reached from other machines, which may not truncate; bind "
                    + "admin to 127.0.0.1, or write to the tile server through the edge")
        }
        guard let store, let server else {
            throw TruncationRefusal(503, "nothing is stored, or the edge is still starting")
        }
        let rule = InvalidationRule(scope: server.expanded(scope))
        guard store.invalidateDurably([rule]).isKept else {
            throw TruncationRefusal(
                503, "it is in force but not on disk; the edge's own log says why; try again")
        }
    }

    public func tileLayers(below context: String) -> [LayerFacts]? {
        server?.mapServices(below: context)?.facts
    }

    public func gridSets(below context: String) -> GridSets? {
        server?.mapServices(below: context)?.gridSets
    }

    public var storeSpace: StoreSpace? {
        state.withLock { $0.store }.map { store in
            let status = EdgeStatus.StoreStatus(store)
            return StoreSpace(used: Int(status.used), size: Int(status.size))
        }
    }

    public var writeContext: WriteContext { server?.writeContext ?? WriteContext() }

    public var api: CloudFrontAPI? {
        state.withLock { $0.configuration.api.isEnabled ? $0.api : nil }
    }

    public var clockControl: ClockControl {
        let (server, isLocal) = state.withLock { ($0.server, $0.isAdminLocal) }
        return ClockControl(clock, isLocal: isLocal) { [clock, observer] in
            let text = "the clock stands at \(timestampText(clock.now)) now"
            observer.note(EdgeEvent(.notice, "clock", text))
            return server?.readClocks(within: 5_000) ?? false
        }
    }

    /// The control API, which is there also while the configuration turns it off: a reload may turn
    /// it on.
    func makeAPI(_ server: Server, _ directory: String) throws {
        let (store, configuration) = state.withLock { ($0.store, $0.configuration) }
        guard let store else { return }
        let effects = EdgeEffects(
            store: store,
            noting: { [recorder, clock] items, isSoft in
                recorder.tape?.noteInvalidation(items, isSoft: isSoft, at: clock.now)
                server.noteInvalidation(items, isSoft: isSoft, at: clock.now)
            },
            settings: { [weak self] in self?.state.withLock { $0.configuration.settings } },
            updating: { [weak self] in try self?.update($0) })
        let distribution = try StoredDistribution(
            configuration.record(now: clock.now), policies: configuration.policies,
            catalog: configuration.catalog, signers: configuration.signers,
            directory: directory, effects: effects)
        followUpdate(of: distribution, configuration, server)
        state.withLock {
            $0.distribution = distribution
            $0.api = CloudFrontAPI(distribution, settings: configuration.api)
        }
        noteAPI()
    }

    private func noteAPI() {
        guard let api else { return }
        let access = api.settings.credentials.isEmpty ? "unsigned" : "signed"
        observer.note(
            EdgeEvent(
                .info, "api",
                "serving as distribution \(api.state.distribution.id), for \(access) requests"))
    }

    // nil while it starts.
    private var status: EdgeStatus? {
        let (server, store, current) = state.withLock { ($0.server, $0.store, $0.configuration) }
        guard let server, let store else { return nil }
        return EdgeStatus(
            version: mapEdgeVersion, uptime: Int64((ContinuousClock.now - began) / .seconds(1)),
            mode: "\(current.settings.mode)", role: "\(current.settings.role)",
            isStopping: server.isStopping, loops: server.loopCount,
            connections: server.openConnections,
            lacksDescriptors: server.lacksDescriptors, store: EdgeStatus.StoreStatus(store),
            pools: server.pools(), clusters: server.clusters(),
            writes: WriteStatus(store.invalidations),
            playback: PlaybackStatus(server, current.settings), sources: discovery.status,
            outgoing: outgoingStatus, distribution: DistributionStatus(current))
    }
}

extension Endpoint {
    /// Only from this machine.
    var isLocal: Bool {
        switch self {
        case .unix: true
        case .ip(let address): address.isLoopback
        }
    }
}

extension EdgeStatus.StoreStatus {
    init(_ store: Store) {
        mode = store.mode.word
        entries = store.counters.value(.entries)
        used = store.counters.value(.usedPages) * 4_096
        size = store.counters.value(.mapPages) * 4_096
        backlog = store.counters.value(.backlogBytes)
        evictsFrom = size / 100 * store.evictionStart
        evictedUntil = store.counters.value(.evictedUntil)
    }
}

private func storeSamples(_ store: Store) -> [CounterSample] {
    StoreCounter.allCases.map { counter in
        CounterSample(
            name: "mapedge_\(counter.name)\(counter.isGauge ? "" : "_total")", help: counter.help,
            kind: counter.isGauge ? .gauge : .counter,
            value: Double(store.counters.value(counter)))
    }
}
