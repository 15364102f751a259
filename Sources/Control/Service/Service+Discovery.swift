import Dispatch
import Edge
import Reactor
import Synchronization

// Members that are found while the edge runs, and what is told of the pools.
extension Service {
    /// How long the start waits for the first answers of sources.
    static let firstAnswerLimit = DispatchTimeInterval.seconds(2)

    /// Before viewers are let in: asks the sources, so that the first request finds members.
    func beginDiscovery(_ server: Server) {
        surroundings.put(self, server)
        follow(state.withLock { $0.configuration })
        discovery.waitForFirst(within: Self.firstAnswerLimit)
    }

    /// Asks the sources of this configuration from now on, and tells what it says of the pools.
    func follow(_ configuration: Configuration) {
        discovery.follow(
            configuration.discoveries, configuration.aws, known: configuration.settings.origins)
        let settings = configuration.signals
        state.withLock { state in
            guard settings.isEnabled else {
                state.signals = nil
                return
            }
            if let signals = state.signals, signals.settings == settings,
                signals.aws == configuration.aws
            {
                return
            }
            state.signals = SignalPublisher(settings, configuration.aws, resolver, observer)
        }
    }

    /// Called each second.
    func discoverSoon(_ server: Server) {
        discovery.tick()
        let signals = state.withLock { $0.signals }
        signals?.tick(server.loads(), at: monotonicMilliseconds(), wall: WallClock.system.now)
    }

    var signalSamples: [CounterSample] { state.withLock { $0.signals }?.samples ?? [] }

    /// Puts an origin's members in force.
    ///
    /// - Parameter isWanted: whether they are still, when it comes to it.
    fileprivate func put(
        _ members: [MemberSettings], of origin: String, if isWanted: @escaping () -> Bool
    ) {
        guard let server = surroundings.server else { return }
        let distribution = state.withLock { $0.distribution }
        let change = { [self] in
            guard isWanted() else { return }
            server.replaceMembers(of: origin, by: members)
            state.withLock { state in
                guard
                    let index = state.configuration.settings.origins
                        .firstIndex(where: { $0.id == origin })
                else { return }
                state.configuration.settings.origins[index].members = members
            }
        }
        // Neither a reload nor an update may come in between.
        if let distribution { distribution.alone(change) } else { change() }
    }
}

/// The service and its server as discovery sees them, which is made before they are.
final class SurroundingEdge: Sendable {
    private struct State {
        weak var service: Service?
        weak var server: Server?
    }

    private let state = Mutex(State())

    var server: Server? { state.withLock { $0.server } }

    func put(_ service: Service, _ server: Server) {
        state.withLock { state in
            state.service = service
            state.server = server
        }
    }

    func world(_ observer: any EventObserver) -> DiscoveryWorld {
        DiscoveryWorld(
            sights: { origin in self.server?.sights(of: origin) ?? [:] },
            apply: { origin, members, isWanted in
                self.state.withLock { $0.service }?.put(members, of: origin, if: isWanted)
            },
            note: { observer.note($0) })
    }
}
