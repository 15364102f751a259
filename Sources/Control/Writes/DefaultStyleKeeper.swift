import Edge
import Reactor
import Synchronization

/// Keeps what the edge knows of default styles in step with its servers' catalogue.
///
/// What was read narrows writes to styles from when all of it is known until a write passes that
/// may have changed it, or it can be read no more. Reading it once more at the interval, for what
/// changes without the edge, leaves it in force meanwhile: no write has made it older than it was.
final class DefaultStyleKeeper: Sendable {
    private struct State {
        var settings: CatalogueSettings?
        var course = DefaultStyleCourse()
        /// What was told last: why they cannot be read, or nothing of that.
        var failure: String?
        var isTold = false
    }

    private let server: Server
    private let observer: any EventObserver
    private let state = Mutex(State())

    init(_ server: Server, _ observer: any EventObserver) {
        (self.server, self.observer) = (server, observer)
    }

    /// Reads some more, if there is something to read; on one thread at a time. Blocking.
    ///
    /// - Parameter settings: where; nil: nowhere.
    func look(_ settings: CatalogueSettings?) {
        var now = state.withLock { $0 }
        defer { state.withLock { [now] in $0 = now } }
        if now.settings != settings {
            now = State(settings: settings)
            // Writes may pass meanwhile that are not observed, or at another server.
            server.putInForce(nil, from: settings)
        }
        guard let settings else { return }
        // First what was written: a member that is in step then has it.
        let restyled = server.takeRestyledLayers()
        let targets = server.layerTargets(of: settings.origin)
        let news = now.course.look(
            at: Int64(monotonicMilliseconds()), restyled, interval: settings.interval
        ) { path throws(MemberClient.Failure) in
            try MemberClient.first(of: targets, settings, orElse: "no member is fit") {
                call throws(MemberClient.Failure) in
                do throws(MemberClient.Failure) {
                    return try MemberClient.document(call, settings.restPath + path)
                } catch { throw MemberClient.Failure("\(error.text) (\(path))") }
            }
        }
        switch news {
        case nil: return
        case .whole(let styles):
            server.putInForce(styles, from: settings)
            tell(nil, &now) {
                EdgeEvent(
                    .info, "writes",
                    "the default styles of \(styles.count) layers of origin "
                        + "\"\(settings.origin)\" are known")
            }
        case .failed(let failure):
            server.putInForce(nil, from: settings)
            tell(failure, &now) {
                EdgeEvent(
                    .warning, "writes",
                    "the default styles of origin \"\(settings.origin)\" cannot be read: "
                        + "\(failure); a write to a style that writes.styles does not name "
                        + "touches whatever does not tell its style; see writes.catalogue")
            }
        }
    }

    private func tell(_ failure: String?, _ state: inout State, _ event: () -> EdgeEvent) {
        guard !state.isTold || state.failure != failure else { return }
        (state.isTold, state.failure) = (true, failure)
        observer.note(event())
    }
}
