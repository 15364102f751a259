import CloudFront
import Edge
import Reactor
import Synchronization

// How another configuration comes into force, with what the control API did to it.
extension Service {
    /// What UpdateDistribution does: puts another DistributionConfig in force on all loops, or
    /// leaves the old one there.
    ///
    /// Waits for the resolver.
    ///
    /// - Throws: what is wrong with it, as the API answers.
    func update(_ config: ConfigNode) throws(APIError) {
        let (server, current) = state.withLock { ($0.server, $0.configuration) }
        guard let server else {
            throw APIError(.illegalUpdate, "The edge is still starting; try again.")
        }
        try update(current, by: config, server)
    }

    private func update(
        _ current: Configuration, by config: ConfigNode, _ server: Server
    ) throws(APIError) {
        let next = try current.replacingDistribution(by: config, SystemNameResolver())
        do {
            try server.reload(next.settings)
        } catch {
            throw APIError(.invalidArgument, "\(error)")
        }
        state.withLock { $0.configuration = next }
    }

    /// At the start: what was updated before a restart is updated still.
    func followUpdate(
        of distribution: StoredDistribution, _ current: Configuration, _ server: Server
    ) {
        let record = distribution.distribution
        guard record.lastModified != current.record.lastModified else { return }
        do throws(APIError) {
            try update(current, by: record.config, server)
        } catch {
            observer.note(
                EdgeEvent(
                    .error, "api",
                    "the update that was made through the control API is not in force: "
                        + "\(error.message); update the distribution again"))
        }
    }

    /// What a reload does with a configuration that may be swapped in.
    func putInForce(_ configuration: Configuration, _ server: Server) throws {
        let distribution = state.withLock { $0.distribution }
        guard let distribution else { return try swap(to: configuration, server) }
        try distribution.renew(configuration.record, policies: configuration.policies) { update in
            guard let update else { return try swap(to: configuration, server) }
            try swap(
                to: try configuration.replacingDistribution(by: update, SystemNameResolver()),
                server)
        }
    }

    private func swap(to configuration: Configuration, _ server: Server) throws {
        try server.reload(configuration.settings)
        state.withLock { $0.configuration = configuration }
    }
}

extension Configuration {
    /// What the control API tells of it.
    var record: DistributionRecord {
        distribution?.record ?? OwnDistribution(settings: settings).record
    }

    /// Policies that it lists.
    var policies: [PolicyKind: [PolicyRecord]] {
        distribution?.policies ?? DistributionReferences().all
    }
}
