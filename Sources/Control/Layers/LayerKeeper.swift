import Caching
import Dispatch
import Edge
import Reactor
import Synchronization
import Tiles

/// Keeps what the edge knows of its pools' layers in step: reads their capabilities at an interval,
/// and soon after a write that may have changed which style of a layer is its default one.
///
/// A default style that changes without the edge is found here, and is drift: what shows the layer
/// is made stale, on disk, before anybody gets it for the new name. While a write is under way
/// that may change it, and until the pool was asked anew, the loops take no name for the default
/// style's: what is asked for by a name is then asked for, and kept, by that name.
///
/// Capabilities that say something else than before make stale what is stored of any: their
/// services have one catalog. A cluster's are compared by itself.
///
/// The grid sets of their WMTS are read beside that, at the interval alone: a set whose tiles lie
/// elsewhere than before is another set to keys. ``LayerSchedule`` says when which is due.
final class LayerKeeper: Sendable {
    /// Puts rules in force, on disk; false: it could not be kept there.
    typealias Invalidate = @Sendable ([InvalidationRule]) -> Bool

    private struct Known {
        /// What was read: nothing yet, and where.
        var facts: [LayerFacts]?
        /// The pool's grid sets, at first those of an earlier process.
        var sets: [GridSet]?
        var settings: LayerSettings?
        var schedule = LayerSchedule()
        var hasReadSets = false
        /// Grid sets that were found wanting, as it was told last.
        var refusedSets: [String] = []
        var sight = CapabilitiesSight()
        /// Why it could not be read, as it was told last.
        var toldFailure: String?
        var isReading = false
        /// What is in force.
        var maps: MapServices?
        var hasToldSuccess = false
    }

    /// Looks for work so often, in milliseconds; a look costs some microseconds.
    static let interval = 100
    /// Most layers that one rule names; of more each has several.
    private static let layersInRule = 32

    private let server: Server
    private let observer: any EventObserver
    private let invalidate: Invalidate
    private let memory: Mutex<LayerMemory>
    private let gridMemory: Mutex<GridSetMemory>
    private let known = Mutex<[String: Known]>([:])
    private let queue = DispatchQueue(label: "control.layers", attributes: .concurrent)

    init(
        _ server: Server, _ observer: any EventObserver, _ memory: LayerMemory,
        _ gridMemory: GridSetMemory, invalidate: @escaping Invalidate
    ) {
        (self.server, self.observer, self.invalidate) = (server, observer, invalidate)
        self.memory = Mutex(memory)
        self.gridMemory = Mutex(gridMemory)
    }

    /// Reads from now on, until the timer is cancelled. What an earlier process has known of grid
    /// sets is in force when it returns.
    func start() -> any DispatchSourceTimer {
        look()
        let timer = DispatchSource.makeTimerSource(
            queue: DispatchQueue(label: "control.layers.timer"))
        timer.setEventHandler { [self] in look() }
        let interval = DispatchTimeInterval.milliseconds(Self.interval)
        timer.schedule(deadline: .now() + interval, repeating: interval)
        timer.activate()
        return timer
    }

    private func look() {
        guard !server.isStopping else { return }
        let sources = server.layerSources
        memory.withLock { $0.begin(sources.map(\.origin)) }
        for source in sources {
            let work = begin(source)
            hold(source)
            guard !work.isEmpty else { continue }
            queue.async { [self] in read(source, work) }
        }
    }

    /// What it is time to read; that begins now.
    private func begin(_ source: LayerSource) -> LayerSchedule.Work {
        let change = server.styleChanges
        let now = Int64(monotonicMilliseconds())
        let remembered =
            source.settings.tileServices.isEmpty
            ? nil : gridMemory.withLock { $0.sets[source.origin] }
        return known.withLock { known in
            var entry = known[source.origin] ?? Known()
            defer { known[source.origin] = entry }
            guard !entry.isReading else { return [] }
            if entry.settings != source.settings {
                (entry.facts, entry.settings, entry.maps) = (nil, source.settings, nil)
                (entry.sets, entry.hasReadSets) = (remembered, false)
                entry.sight = CapabilitiesSight()
                entry.schedule.restart()
            }
            let work = entry.schedule.due(at: now, after: change)
            entry.isReading = !work.isEmpty
            return work
        }
    }

    // MARK: what is in force

    /// Has the loops go by what is known, after a reload and after a write too.
    private func hold(_ source: LayerSource) {
        let maps: MapServices? = known.withLock { known in
            guard var entry = known[source.origin], entry.facts != nil || entry.sets != nil,
                entry.settings == source.settings
            else { return nil }
            let isSame =
                entry.maps === source.maps && entry.maps?.styleChange == entry.schedule.styleChange
            guard !isSame else { return nil }
            entry.maps = Self.services(source, entry)
            known[source.origin] = entry
            return entry.maps
        }
        if let maps { server.putInForce(maps) }
    }

    private static func services(_ source: LayerSource, _ entry: Known) -> MapServices {
        var documents: TileDocuments?
        if source.configured.writesTileCapabilities, let facts = entry.facts {
            // Of the same facts, unless a reading or a reload has brought others.
            let isSame = entry.maps?.configured === source.configured
            documents =
                (isSame ? entry.maps?.documents : nil)
                ?? TileDocuments(
                    facts, gridSets: source.configured.gridSets,
                    context: source.configured.contextPath)
        }
        return source.configured.knowing(
            entry.facts ?? [], documents: documents, poolSets: entry.sets ?? [],
            styleChange: entry.schedule.styleChange)
    }

    // MARK: reading

    private func read(_ source: LayerSource, _ work: LayerSchedule.Work) {
        let began = Int64(monotonicMilliseconds())
        let targets = server.layerTargets(of: source.origin)
        var news: [EdgeEvent] = []
        let layers = work.contains(.layers) ? readLayers(source, targets) : nil
        let gridSets =
            work.contains(.gridSets) ? readSets(source, targets, telling: &news) : nil
        let (isNews, failure) = known.withLock { known -> (Bool, String?) in
            guard var entry = known[source.origin] else { return (false, nil) }
            entry.schedule.end(
                work, layers: layers, gridSets: gridSets, began: began,
                interval: source.settings.interval)
            let failure = entry.schedule.failure
            let isNews =
                failure != entry.toldFailure || failure == nil && !entry.hasToldSuccess
            (entry.isReading, entry.toldFailure, entry.hasToldSuccess) = (false, failure, true)
            known[source.origin] = entry
            return (isNews, failure)
        }
        hold(source)
        for event in news { observer.note(event) }
        if isNews { observer.note(Self.event(failure, source)) }
    }

    /// - Returns: why it could not be done.
    private func readLayers(_ source: LayerSource, _ targets: [MemberTarget]) -> String? {
        let before = server.styleChanges
        // What may change still is read once more when it has.
        let change = before.isSettled ? before.number : .max
        guard !source.settings.services.isEmpty else { return learn([], source, before.number) }
        let services = source.settings.services
        do throws(MemberClient.Failure) {
            let (found, member) = try MemberClient.capabilities(
                at: services, "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities", of: targets,
                into: WatchedLayersReader(systems: source.configured.systems)
            ) { read in
                // Who has just started says so before it has read its catalog.
                read.layers.isEmpty ? "it lists no layer yet" : nil
            }
            let listings = zip(services, found).map {
                MapServices.Listing(path: $0, layers: $1.layers)
            }
            let failure = learn(source.configured.facts(from: listings), source, change)
            if failure != nil || targets.contains(where: { $0.origin.cluster != nil }) {
                return failure
            }
            let writes = before.isSettled ? before.number : nil
            return watch(found.map(\.said), of: member, source, writes: writes)
        } catch {
            return error.text
        }
    }

    /// - Parameter news: what is to be told when it is in force.
    /// - Returns: why it could not be done.
    private func readSets(
        _ source: LayerSource, _ targets: [MemberTarget], telling news: inout [EdgeEvent]
    ) -> String? {
        guard !source.settings.tileServices.isEmpty else { return nil }
        var all = PoolGridSets()
        do throws(MemberClient.Failure) {
            let (found, _) = try MemberClient.capabilities(
                at: source.settings.tileServices,
                "SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetCapabilities", of: targets,
                into: PoolGridSetsReader(known: source.configured.gridSets)
            ) { own in
                own.sets.isEmpty && own.refused.isEmpty ? "it lists no tile matrix set yet" : nil
            }
            for own in found {
                all.sets += own.sets
                all.refused += own.refused
            }
        } catch {
            return error.text
        }
        news = learn(all.sets, source.configured.judged(all), source)
        return nil
    }

    /// Takes in a pool's grid sets. A disk that does not keep them costs what they would have found
    /// while the pool is away.
    private func learn(
        _ sets: [GridSet], _ found: (new: [String], refused: [String]), _ source: LayerSource
    ) -> [EdgeEvent] {
        var problem: SystemError?
        gridMemory.withLock { memory in
            do throws(SystemError) {
                try memory.learn(sets, of: source.origin)
            } catch { problem = error }
        }
        let (isChange, isRefusal) = known.withLock { known -> (Bool, Bool) in
            guard var entry = known[source.origin], entry.settings == source.settings else {
                return (false, false)
            }
            let isChange = !entry.hasReadSets || entry.sets != sets
            let isRefusal = entry.refusedSets != found.refused
            if entry.sets != sets { (entry.sets, entry.maps) = (sets, nil) }
            (entry.hasReadSets, entry.refusedSets) = (true, found.refused)
            known[source.origin] = entry
            return (isChange, isRefusal)
        }
        var news: [EdgeEvent] = []
        func note(_ level: EdgeEvent.Level, _ text: String) {
            news.append(EdgeEvent(level, "layers", text))
        }
        let name = "of origin \"\(source.origin)\""
        if isChange {
            let new = found.new.isEmpty ? "none" : found.new.map(printable).joined(separator: ", ")
            note(.info, "the grid sets \(name) are read; beside those known: \(new)")
        }
        if isRefusal, !found.refused.isEmpty {
            note(
                .warning,
                "\(found.refused.count) grid sets \(name) are not gone by, and what names them is "
                    + "asked for as it came: "
                    + found.refused.prefix(5).joined(separator: "; ")
                    + "; describe such a set in a file of maps.gridSets")
        }
        if let problem { note(.warning, "the grid sets \(name) cannot be kept: \(problem)") }
        return news
    }

    /// Makes stale what may show another style than it would be found for, and takes in the facts.
    ///
    /// - Returns: why that could not be done.
    private func learn(_ facts: [LayerFacts], _ source: LayerSource, _ change: UInt64) -> String? {
        let (changed, isFirst) = memory.withLock {
            ($0.changed(facts, of: source.origin), !$0.knows(source.origin))
        }
        var rules: [InvalidationRule] = []
        for start in stride(from: 0, to: changed.count, by: Self.layersInRule) {
            var scope = WriteScope()
            for name in changed[start..<min(start + Self.layersInRule, changed.count)] {
                scope.insert(WriteScope.Part(.layer(LayerName(name)), .drawn))
            }
            rules.append(InvalidationRule(scope: server.expanded(scope)))
        }
        if !rules.isEmpty {
            guard invalidate(rules) else {
                return "layers with another default style could not be made stale on disk"
            }
        }
        let problem = memory.withLock { memory -> String? in
            do throws(SystemError) { try memory.learn(facts, of: source.origin) } catch {
                return "the default styles cannot be kept: \(error)"
            }
            return nil
        }
        if let problem { return problem }
        known.withLock { known in
            guard var entry = known[source.origin], entry.settings == source.settings else {
                return
            }
            if entry.facts != facts { (entry.facts, entry.maps) = (facts, nil) }
            entry.schedule.styleChange = change
            known[source.origin] = entry
        }
        if !changed.isEmpty, !isFirst {
            observer.note(
                EdgeEvent(
                    .notice, "layers",
                    "of origin \"\(source.origin)\" \(changed.count) layers have another default "
                        + "style than before, and what shows them is stale: "
                        + changed.prefix(5).map(printable).joined(separator: ", ")))
        }
        return nil
    }

    /// Makes stale what is stored of capabilities that say something else now.
    ///
    /// - Returns: why that could not be done.
    private func watch(
        _ said: [Capabilities], of member: String, _ source: LayerSource, writes: UInt64?
    ) -> String? {
        guard var sight = known.withLock({ $0[source.origin]?.sight }) else { return nil }
        if sight.takes(said, of: member, writes: writes) {
            let scope = WriteScope(.everything, .capabilities)
            guard invalidate([InvalidationRule(scope: scope)]) else {
                return "capabilities that have changed could not be made stale on disk"
            }
            observer.note(
                EdgeEvent(
                    .info, "layers",
                    "the capabilities of origin \"\(source.origin)\" have changed, and what is "
                        + "stored of any is stale"))
        }
        known.withLock { known in
            if known[source.origin]?.settings == source.settings {
                known[source.origin]?.sight = sight
            }
        }
        return nil
    }

    private static func event(_ failure: String?, _ source: LayerSource) -> EdgeEvent {
        guard let failure else {
            return EdgeEvent(
                .info, "layers", "the layers of origin \"\(source.origin)\" are read")
        }
        return EdgeEvent(
            .warning, "layers",
            "the layers of origin \"\(source.origin)\" cannot be read: \(failure); what was known "
                + "of them before stays in force; see maps.layers")
    }
}
