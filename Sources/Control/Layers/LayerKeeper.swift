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
/// is made stale, on disk, before anybody gets it for the new name. From a write that may change it
/// until the pool was asked anew nobody is told that a name means the default style: what is asked
/// for by a name is then asked for, and kept, by that name.
final class LayerKeeper: Sendable {
    /// Puts rules in force, on disk; false: it could not be kept there.
    typealias Invalidate = @Sendable ([InvalidationRule]) -> Bool

    private struct Known {
        /// What was read: nothing yet, and where.
        var facts: [LayerFacts]?
        var settings: LayerSettings?
        /// Of the latest write that the reading knows of.
        var styleChange: UInt64 = 0
        /// When it is read again, in monotonic milliseconds.
        var next: Int64 = 0
        /// Why it could not be read.
        var failure: String?
        var isReading = false
        /// What is in force.
        var maps: MapServices?
        var isHeld = false
        var hasToldSuccess = false
    }

    /// Looks for work so often, in milliseconds; a look costs some microseconds.
    static let interval = 100
    /// After so many milliseconds a server that could not tell is asked again.
    private static let patience: Int64 = 2_000
    /// Most layers that one rule names; of more each has several.
    private static let layersInRule = 32

    private let server: Server
    private let observer: any EventObserver
    private let invalidate: Invalidate
    private let memory: Mutex<LayerMemory>
    private let known = Mutex<[String: Known]>([:])
    private let queue = DispatchQueue(label: "control.layers", attributes: .concurrent)

    init(
        _ server: Server, _ observer: any EventObserver, _ memory: LayerMemory,
        invalidate: @escaping Invalidate
    ) {
        (self.server, self.observer, self.invalidate) = (server, observer, invalidate)
        self.memory = Mutex(memory)
    }

    /// Reads from now on, until the timer is cancelled.
    func start() -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(
            queue: DispatchQueue(label: "control.layers.timer"))
        timer.setEventHandler { [self] in look() }
        timer.schedule(deadline: .now(), repeating: .milliseconds(Self.interval))
        timer.activate()
        return timer
    }

    private func look() {
        guard !server.isStopping else { return }
        let sources = server.layerSources
        memory.withLock { $0.begin(sources.map(\.origin)) }
        for source in sources {
            hold(source)
            guard begins(source) else { continue }
            queue.async { [self] in read(source) }
        }
    }

    /// Whether it is time to read, which begins now.
    private func begins(_ source: LayerSource) -> Bool {
        let (number, isSettled) = server.styleChanges
        let now = Int64(monotonicMilliseconds())
        return known.withLock { known in
            var entry = known[source.origin] ?? Known()
            defer { known[source.origin] = entry }
            let isNews = entry.settings != source.settings
            let isDue = isNews || entry.next <= now || isSettled && entry.styleChange != number
            guard isDue, !entry.isReading, isNews || entry.failure == nil || entry.next <= now
            else { return false }
            if isNews { (entry.facts, entry.settings) = (nil, source.settings) }
            entry.isReading = true
            return true
        }
    }

    // MARK: what is in force

    /// Has the loops go by what is known, after a reload and after a write too.
    private func hold(_ source: LayerSource) {
        let (number, isSettled) = server.styleChanges
        let maps: MapServices? = known.withLock { known in
            guard var entry = known[source.origin], let facts = entry.facts,
                entry.settings == source.settings
            else { return nil }
            let isHeld = !isSettled || entry.styleChange != number
            let isSame = entry.maps === source.maps && entry.isHeld == isHeld
            guard !isSame else { return nil }
            entry.isHeld = isHeld
            entry.maps = Self.services(source, facts, isHeld, former: entry.maps)
            known[source.origin] = entry
            return entry.maps
        }
        if let maps { server.putInForce(maps) }
    }

    private static func services(
        _ source: LayerSource, _ facts: [LayerFacts], _ isHeld: Bool, former: MapServices?
    ) -> MapServices {
        var documents: TileDocuments?
        if source.configured.writesTileCapabilities {
            let isSame = former?.configured === source.configured
            documents =
                isSame
                ? former?.documents
                : TileDocuments(
                    facts, gridSets: source.configured.gridSets,
                    context: source.configured.contextPath)
        }
        return source.configured.knowing(
            isHeld ? facts.map(\.withoutStyles) : facts, documents: documents)
    }

    // MARK: reading

    private func read(_ source: LayerSource) {
        let before = server.styleChanges
        let began = Int64(monotonicMilliseconds())
        let failure: String?
        switch LayerReader.read(source, server.layerTargets(of: source.origin)) {
        case .failed(let text): failure = text
        case .listings(let listings):
            // What may change still is read once more when it has.
            let change = before.isSettled ? before.number : .max
            failure = learn(source.configured.facts(from: listings), source, change)
        }
        let isNews = known.withLock { known -> Bool in
            guard var entry = known[source.origin] else { return false }
            let isNews = failure != entry.failure || failure == nil && !entry.hasToldSuccess
            (entry.isReading, entry.failure, entry.hasToldSuccess) = (false, failure, true)
            entry.next =
                began + (failure == nil ? Int64(source.settings.interval) : Self.patience)
            known[source.origin] = entry
            return isNews
        }
        hold(source)
        if isNews { observer.note(Self.event(failure, source)) }
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
            entry.styleChange = change
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
