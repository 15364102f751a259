import Edge
import Reactor
import Synchronization

extension Service {
    /// What CloudFront would bill of what the control API was asked for; nothing while the edge
    /// starts.
    var invalidationSamples: [CounterSample] {
        guard let distribution = state.withLock({ $0.distribution }) else { return [] }
        return [
            CounterSample(
                name: "mapedge_api_invalidation_paths_month",
                help: "paths and tags invalidated through the API since the month began, UTC; "
                    + "CloudFront bills what exceeds 1,000",
                kind: .gauge, value: Double(distribution.pathsOfMonth(clock.now)))
        ]
    }
}
