import Dispatch
import Edge
import HTTP
import Reactor
import Synchronization
import Tiles

/// Does what clusters need done: compares members, reloads followers, tells the operator.
///
/// What is to be done when is decided by ``ClusterState``; here is only what may take long, each
/// task on a thread of its own.
final class ClusterKeeper: Sendable {
    private let server: Server
    private let observer: any EventObserver
    private let queue = DispatchQueue(label: "control.cluster", attributes: .concurrent)
    /// Looks for work so often, in milliseconds; a look costs some microseconds.
    static let interval = 100

    init(_ server: Server, _ observer: any EventObserver) {
        self.server = server
        self.observer = observer
    }

    /// Looks for work from now on, until the timer is cancelled.
    func start() -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(
            queue: DispatchQueue(label: "control.cluster.timer"))
        timer.setEventHandler { [self] in look() }
        timer.schedule(deadline: .now(), repeating: .milliseconds(Self.interval))
        timer.activate()
        return timer
    }

    private func look() {
        if !server.isStopping {
            for work in server.clusterWork() { queue.async { [self] in run(work) } }
        }
        for (origin, event) in server.clusterEvents() { observer.note(event.words(of: origin)) }
    }

    private func run(_ work: ClusterWork) {
        switch work.task {
        case .load(let place):
            let failure = Self.load(work) ?? Self.probe(work)
            if failure == nil { server.loaded(work) }
            work.cluster.loaded(place, failure: failure, at: monotonicMilliseconds())
        case .check(let place, let asked):
            let (print, failure) = Self.check(work)
            work.cluster.checked(
                place, print, failure: failure, asked: asked, at: monotonicMilliseconds())
        }
    }

    /// Why the member could not be brought up to date; nil: it was.
    private static func load(_ work: ClusterWork) -> String? {
        let settings = work.cluster.settings
        let verb = settings.sync == .reset ? "reset" : "reload"
        do throws(MemberClient.Failure) {
            try MemberClient.ask(work, "POST", "\(settings.restPath)/\(verb)") { _ in }
            return nil
        } catch {
            return "\(verb): \(error.text)"
        }
    }

    /// Why it is not well after it was brought up to date; nil: all its checks pass.
    private static func probe(_ work: ClusterWork) -> String? {
        for check in work.origin.health.checks {
            do throws(MemberClient.Failure) {
                try MemberClient.probe(work.target, check)
            } catch {
                return "check after its reload: \(error.text)"
            }
        }
        return nil
    }

    private static func check(_ work: ClusterWork) -> (CatalogPrint?, failure: String?) {
        do throws(MemberClient.Failure) {
            let found = try MemberClient.capabilities(
                work.target, work.cluster.settings.capabilities, into: CapabilitiesReader())
            // Who has just started says so before it has read its catalog: that is no other one.
            if found.layers.isEmpty { return (nil, "its capabilities list no layer yet") }
            let print = CatalogPrint(
                fingerprint: found.fingerprint, sequence: found.updateSequence)
            return (print, nil)
        } catch {
            return (nil, "capabilities: \(error.text)")
        }
    }
}

extension ClusterEvent {
    /// What the operator is told.
    func words(of origin: String) -> EdgeEvent {
        let start = "origin \"\(origin)\" "
        switch self {
        case .inStep(let member, let edition):
            return EdgeEvent(
                .notice, "cluster", start + "member \(member) is in step at edition \(edition)")
        case .drifted(let member, let reason):
            return EdgeEvent(
                .warning, "cluster",
                start + "member \(member) has drifted: \(reason); it fills the cache no more until "
                    + "it is in step; see /status")
        case .passedBy(let member):
            return EdgeEvent(
                .notice, "cluster",
                start + "the catalog, as \(member) shows it, has changed past the edge: all that "
                    + "this could change is stale")
        case .failed(let member, let reason, let attempt):
            return EdgeEvent(
                .warning, "cluster",
                start + "member \(member) could not be brought in step (attempt \(attempt)): "
                    + "\(reason); it is tried again")
        case .leaderless(let member):
            return EdgeEvent(
                .error, "cluster",
                start + "leader \(member) cannot be had and nobody is in step: what others answer "
                    + "may be older than the latest write, and is not stored; bring it back")
        case .chosen(let member):
            return EdgeEvent(
                .notice, "cluster", start + "member \(member) is the leader from now on")
        case .leaderBack(let member):
            return EdgeEvent(
                .notice, "cluster", start + "members are in step again, or leader \(member) is back"
            )
        case .sessionsLost(let member):
            return EdgeEvent(
                .warning, "cluster",
                start + "member \(member) is down, and its sessions begin anew at others")
        }
    }
}
