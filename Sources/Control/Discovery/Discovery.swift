import Caching
import Dispatch
import Edge
import Reactor
import Synchronization

/// All origins whose members are found while the edge runs.
final class Discovery: Sendable {
    private struct State {
        var pools: [DiscoveredPool] = []
        var settings: [DiscoverySettings] = []
        var aws = AWSSettings()
    }

    private let world: DiscoveryWorld
    private let state = Mutex(State())
    private let firstAnswers = DispatchSemaphore(value: 0)
    private let resolver: any NameResolver

    init(_ world: DiscoveryWorld, resolver: any NameResolver) {
        var world = world
        let firstAnswers = firstAnswers
        world.answered = { firstAnswers.signal() }
        self.world = world
        self.resolver = resolver
    }

    /// Asks these sources from now on, and no others. One that is asked already goes on as it is.
    ///
    /// - Parameter known: members in force by origin, for one whose source is new.
    func follow(_ settings: [DiscoverySettings], _ aws: AWSSettings, known: [OriginSettings]) {
        let client = AWSClient(aws, resolver: resolver)
        let left = state.withLock { state -> [DiscoveredPool] in
            let isSameAWS = state.aws == aws
            var left = state.pools
            state.pools = settings.map { wanted in
                let usesAWS = if case .autoScalingGroup = wanted.source { true } else { false }
                let same = left.firstIndex { $0.settings == wanted }
                if let same, isSameAWS || !usesAWS { return left.remove(at: same) }
                return DiscoveredPool(
                    wanted, source(wanted, client), world,
                    known: known.first { $0.id == wanted.origin }?.members ?? [])
            }
            state.settings = settings
            state.aws = aws
            return left
        }
        for pool in left { pool.stop() }
    }

    private func source(_ settings: DiscoverySettings, _ client: AWSClient) -> any MemberSource {
        switch settings.source {
        case .dns(let name, let type):
            DNSSource(settings: settings, name: name, type: type, client: DNSClient())
        case .autoScalingGroup(let group): AutoScalingSource(settings, group, client)
        }
    }

    /// To be called about once in a second, by one thread.
    func tick() { for pool in state.withLock({ $0.pools }) { pool.tick() } }

    /// Asks all sources, and waits until each has answered, or has not in time.
    func waitForFirst(within limit: DispatchTimeInterval) {
        let deadline = DispatchTime.now() + limit
        tick()
        while !state.withLock({ $0.pools.allSatisfy(\.hasAnswered) }) {
            guard firstAnswers.wait(timeout: deadline) == .success else { return }
        }
    }

    func stop() { for pool in state.withLock({ $0.pools }) { pool.stop() } }

    var status: [DiscoveryStatus] { state.withLock { $0.pools }.map(\.status) }

    /// Gives discovered origins the members that are in force, in a configuration that is about to
    /// be. To be called by who lets one change happen at a time.
    func fill(_ settings: inout Settings, _ wanted: [DiscoverySettings], from old: Settings) {
        let pools = state.withLock { $0.pools }
        for index in settings.origins.indices {
            let id = settings.origins[index].id
            guard wanted.contains(where: { $0.origin == id }) else { continue }
            let found = pools.first { $0.settings.origin == id }?.members
            settings.origins[index].members =
                found ?? old.origins.first { $0.id == id }?.members ?? []
        }
    }
}
