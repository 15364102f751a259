import Edge
import Reactor
import Synchronization

/// Keeps what the edge knows of the site's numbers in step with the site's list, at an interval.
///
/// What was read stays in force while it cannot be read anew: a number never becomes another
/// layer's, and one that is not known yet may be any.
final class LayerNumberKeeper: Sendable {
    private struct State {
        var settings: CatalogueSettings?
        /// When it is read again, in monotonic milliseconds.
        var next: Int64 = 0
        /// Why it could not be read; nil: it could, or was not tried.
        var failure: String?
    }

    private let server: Server
    private let observer: any EventObserver
    private let state = Mutex(State())

    init(_ server: Server, _ observer: any EventObserver) {
        (self.server, self.observer) = (server, observer)
    }

    /// Reads the list, if it is time to; on one thread at a time. Blocking.
    ///
    /// - Parameter settings: where it is; nil: nowhere.
    func look(_ settings: CatalogueSettings?) {
        var now = state.withLock { $0 }
        defer { state.withLock { [now] in $0 = now } }
        if now.settings != settings { now = State(settings: settings) }
        guard let settings, now.next <= Int64(monotonicMilliseconds()) else { return }
        let failure = read(settings)
        // A server that is away is asked again soon.
        let pause = failure == nil ? settings.interval : 5_000
        now.next = Int64(monotonicMilliseconds()) + Int64(pause)
        let isNew = failure != now.failure
        now.failure = failure
        guard let failure, isNew else { return }
        observer.note(
            EdgeEvent(
                .warning, "writes",
                "the layers' numbers cannot be read of origin \"\(settings.origin)\": \(failure); "
                    + "a write that names a layer by a number which is not known touches all "
                    + "layers; see writes.numbers"))
    }

    private func read(_ settings: CatalogueSettings) -> String? {
        do throws(MemberClient.Failure) {
            let numbers = try MemberClient.first(
                of: server.targets(of: settings.origin), settings, orElse: "no member is in step"
            ) { call throws(MemberClient.Failure) in
                let reader = LayerNumberReader { path throws(MemberClient.Failure) in
                    try MemberClient.document(call, path)
                }
                return try reader.read(settings.restPath)
            }
            server.putInForce(numbers, from: settings)
            return nil
        } catch { return error.text }
    }
}
