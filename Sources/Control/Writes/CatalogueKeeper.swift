import Caching
import Dispatch
import Edge
import Reactor
import Synchronization

/// Keeps what the edge knows of its servers' catalogue in step: reads it at an interval, and soon
/// after a write that may have changed it; beside that the default styles of its layers, and the
/// site's numbers for them.
final class CatalogueKeeper: Sendable {
    private let server: Server
    private let observer: any EventObserver
    private let queue = DispatchQueue(label: "control.catalogue")
    private struct State {
        /// When it is read again, in monotonic milliseconds.
        var next: Int64 = 0
        /// Why it could not be read; nil: it could, or was not tried.
        var failure: String?
        /// Where it was read last, or was to be.
        var settings: CatalogueSettings?
    }
    private let state = Mutex(State())
    private let styles: DefaultStyleKeeper
    private let numbers: LayerNumberKeeper

    init(_ server: Server, _ observer: any EventObserver) {
        self.server = server
        self.observer = observer
        styles = DefaultStyleKeeper(server, observer)
        numbers = LayerNumberKeeper(server, observer)
    }

    /// Reads from now on, until the timer is cancelled.
    func start() -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setEventHandler { [self] in look() }
        timer.schedule(deadline: .now(), repeating: .milliseconds(250))
        timer.activate()
        return timer
    }

    private func look() {
        guard !server.isStopping else { return }
        let settings = server.catalogueSettings
        if let settings { lookAtGroups(settings) }
        styles.look(settings)
        numbers.look(server.numberSettings)
    }

    private func lookAtGroups(_ settings: CatalogueSettings) {
        let now = Int64(monotonicMilliseconds())
        let isChanged = server.takeCatalogueChange()
        let isDue = state.withLock { state in
            defer { state.settings = settings }
            return state.next <= now || state.settings != settings
        }
        guard isChanged || isDue else { return }
        let failure = read(settings)
        state.withLock { state in
            // A server that is away is asked again soon.
            state.next = now + Int64(failure == nil ? settings.interval : 5_000)
            if failure != state.failure {
                observer.note(Self.event(failure, settings))
                state.failure = failure
            }
        }
    }

    private func read(_ settings: CatalogueSettings) -> String? {
        do throws(MemberClient.Failure) {
            let catalogue = try MemberClient.first(
                of: server.targets(of: settings.origin), settings, orElse: "no member is in step"
            ) { call throws(MemberClient.Failure) in
                var reader = CatalogueReader { path throws(MemberClient.Failure) in
                    try MemberClient.document(call, settings.restPath + path)
                }
                return try reader.read()
            }
            server.putInForce(catalogue, from: settings)
            return nil
        } catch { return error.text }
    }

    private static func event(_ failure: String?, _ settings: CatalogueSettings) -> EdgeEvent {
        guard let failure else {
            return EdgeEvent(
                .info, "writes", "the catalogue of origin \"\(settings.origin)\" is read")
        }
        return EdgeEvent(
            .warning, "writes",
            "the catalogue of origin \"\(settings.origin)\" cannot be read: \(failure); a write to "
                + "a layer touches whatever is drawn where it is, unless nothing has changed since "
                + "it was read; see writes.catalogue")
    }
}
