import CloudFront
import Edge
import Reactor
import Synchronization

// How another configuration comes into force, with what the control API did to it.
extension Service {
    /// What UpdateDistribution does: puts another distribution in force on all loops, or leaves the
    /// old one there.
    ///
    /// Waits for the resolver, for two seconds at most. Called by ``StoredDistribution``, which
    /// lets one change happen at a time.
    ///
    /// - Throws: what is wrong with it, as the API answers.
    func update(_ distribution: Distribution) throws(APIError) {
        let (server, current) = state.withLock { ($0.server, $0.configuration) }
        guard let server else {
            throw APIError(.serviceUnavailable, "The edge is still starting; try again.")
        }
        let next = try current.replacingDistribution(by: distribution, boundedResolver)
        do {
            try swap(to: next, server)
        } catch {
            throw APIError(.invalidArgument, "\(error)")
        }
        tell(next.distributionFindings, "the update")
    }

    /// What nobody asked `check` about: its client gets CloudFront's answer, which has no room for
    /// warnings.
    private func tell(_ findings: [Finding], _ what: String) {
        for finding in findings where finding.severity == .warning {
            observer.note(EdgeEvent(.warning, "api", "\(what): \(finding.text)"))
        }
    }

    /// At the start: what was updated before a restart is updated still.
    func followUpdate(
        of distribution: StoredDistribution, _ current: Configuration, _ server: Server
    ) {
        do throws(APIError) {
            try distribution.resume(else: current.record) { config throws(APIError) in
                let next = try current.replacingDistribution(by: config, boundedResolver)
                do {
                    try swap(to: next, server)
                } catch {
                    throw APIError(.invalidArgument, "\(error)")
                }
                tell(next.distributionFindings, "the update made before the start")
                let time = timestampText(distribution.distribution.lastModified)
                note(
                    "viewers get the distribution as an update through the control API left it at "
                        + "\(time), not as \(name(of: current)) has it; change the file to end "
                        + "that")
            }
            if distribution.hasForgottenUpdate { noteForgotten(current) }
        } catch {
            observer.note(
                EdgeEvent(
                    .error, "api",
                    "the update that was made through the control API is not in force: "
                        + "\(error.message); update the distribution again"))
        }
    }

    private func name(of configuration: Configuration) -> String {
        configuration.distribution.map { "\"\(printable($0.file))\"" } ?? "the configuration"
    }

    private func noteForgotten(_ configuration: Configuration) {
        note(
            "\(name(of: configuration)) has changed, so that an update made through the control "
                + "API is no longer in force; make it again if it is still wanted")
    }

    private func note(_ text: String) { observer.note(EdgeEvent(.notice, "api", text)) }

    /// What a reload does with a configuration that may be swapped in.
    ///
    /// - Returns: the warnings about what is in force then, of which some may be about an update
    ///   that stays.
    func putInForce(
        _ configuration: Configuration, _ warnings: [Finding], _ server: Server
    ) throws -> [Finding] {
        let (api, distribution) = state.withLock { ($0.api, $0.distribution) }
        guard let distribution else {
            try swap(to: configuration, server)
            return warnings
        }
        var told = warnings
        let isForgotten = try distribution.renew(
            configuration.record, policies: configuration.policies,
            catalog: configuration.catalog, signers: configuration.signers, now: clock.now
        ) { update in
            guard let update else { return try swap(to: configuration, server) }
            let next = try configuration.replacingDistribution(by: update, boundedResolver)
            try swap(to: next, server)
            // The file's distribution is not what viewers get.
            let ofFile = Set(configuration.distributionFindings)
            told.removeAll { ofFile.contains($0) }
            for var finding in next.distributionFindings where finding.severity == .warning {
                finding.problem = "the update, which stays in force: \(finding.problem)"
                told.append(finding)
            }
        }
        if isForgotten { noteForgotten(configuration) }
        api?.adopt(configuration.api)
        return told
    }

    /// Nobody waits for long: whoever is not found in time is looked up in the background.
    private var boundedResolver: any NameResolver { bounded(resolver) }

    private func bounded(_ base: some NameResolver) -> any NameResolver { BoundedResolver(base) }

    private func swap(to configuration: Configuration, _ server: Server) throws {
        var configuration = configuration
        let former = state.withLock { $0.configuration }
        let old = former.settings
        configuration.settings.keepAddresses(of: old)
        discovery.fill(&configuration.settings, configuration.discoveries, from: old)
        try server.reload(configuration.settings)
        if RecordedStage(configuration).text != RecordedStage(former).text {
            recorder.tape?.noteChange(at: clock.now)
            server.noteChange(at: clock.now)
        }
        state.withLock { $0.configuration = configuration }
        follow(configuration)
    }
}

extension Configuration {
    /// What the control API tells of it.
    var record: DistributionRecord {
        distribution?.record ?? OwnDistribution(settings: settings).record
    }

    /// The same as old as its file, where that does not say how old it is.
    ///
    /// - Parameter now: what is of no file comes into force at that time.
    func record(now: Int64) -> DistributionRecord {
        var record = record
        if record.lastModified == 0 {
            record.lastModified = distribution.flatMap { fileTime($0.file) } ?? now
        }
        return record
    }

    /// Policies that it lists.
    var policies: [PolicyKind: [PolicyRecord]] {
        distribution?.policies ?? DistributionReferences().all
    }
    /// The same as behaviors find them.
    var catalog: PolicyCatalog { distribution?.references.catalog ?? PolicyCatalog() }
    /// Public keys and key groups that it lists.
    var signers: [SignerKind: [SignerRecord]] { distribution?.references.signers.records ?? [:] }
}
