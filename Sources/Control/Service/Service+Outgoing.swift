import Caching
import CloudFront
import Edge
import Reactor
import Synchronization

// What the CloudFront in front of the edge is told.
extension Service {
    /// The file beside the cache that remembers what was told.
    static let outgoingFile = "cloudfront-told"

    /// Before viewers are let in: what an earlier process could not tell is told first.
    ///
    /// - Parameter admin: where this process itself listens for such calls.
    func beginTelling(
        _ configuration: Configuration, _ directory: String, admin: [Endpoint]
    ) {
        let settings = configuration.outgoing
        let store = state.withLock { $0.store }
        guard let distribution = settings.distribution, let store else { return }
        var aws = configuration.aws
        aws.region = settings.region
        aws.endpoint = settings.endpoint ?? aws.endpoint
        let environment = processEnvironment()
        let endpoint = AWSService.cloudFront.endpoint(aws, environment, region: settings.region)
        guard ServiceURL(endpoint)?.isOne(of: admin) != true else {
            observer.note(
                EdgeEvent(
                    .error, "cloudfront",
                    "\(endpoint) is this edge's own admin port, which would be told of each "
                        + "invalidation without end, and is told nothing; take "
                        + "AWS_ENDPOINT_URL_CLOUDFRONT out of the environment"))
            return
        }
        let sender = OutgoingSender(
            settings, path: "\(directory)/\(Self.outgoingFile)",
            source: { store.invalidations.rules(after: $0) },
            calls: OutgoingCalls(
                AWSClient(aws, environment: environment, resolver: resolver),
                distribution: distribution),
            at: monotonicMilliseconds(), events: observer)
        // What was stored by an edge that wrote no tags would go out without them, and CloudFront
        // would keep it where no write finds it. Confirmed or fetched anew it has them.
        if sender.startsAnew, settings.items.hasTags {
            var rule = InvalidationRule.everything
            rule.isSoft = true
            store.invalidateDurably([rule])
        }
        state.withLock { $0.outgoing = sender }
    }

    /// Called each second.
    func tellSoon() { state.withLock { $0.outgoing }?.tick { monotonicMilliseconds() } }

    func endTelling() {
        state.withLock { $0.outgoing }?.close(at: monotonicMilliseconds())
    }

    var outgoingSamples: [CounterSample] {
        state.withLock { $0.outgoing }?.samples(at: monotonicMilliseconds()) ?? []
    }

    var outgoingStatus: OutgoingStatus? {
        state.withLock { $0.outgoing }?.status(at: monotonicMilliseconds())
    }
}
