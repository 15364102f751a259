import Caching
public import CloudFront
import Edge

/// A distribution that the edge serves, with all that its DistributionConfig does not hold: what is
/// needed to put another one in its place.
public struct DistributionImport: Sendable {
    /// The distribution as the control API tells it: the export unchanged.
    public internal(set) var record: DistributionRecord
    /// Names the export in findings.
    let file: String
    let references: DistributionReferences
    /// What the file and the flags say of its origins and behaviors.
    let origins: [OriginDraft]
    let additions: [BehaviorAddition]
    let countries: CountrySettings
    let isStrictAboutAliases: Bool
    let pointOfPresence: String?
    let readings: DistributionReadings

    /// Policies as the control API lists them.
    public var policies: [PolicyKind: [PolicyRecord]] { references.all }

    /// Puts a distribution into the settings: origins, behaviors and what is common to them.
    ///
    /// Waits for the resolver. Notes what cannot be followed; the settings are of no use after an
    /// error.
    func put(
        _ distribution: Distribution, into settings: inout Settings,
        _ resolver: some NameResolver, _ findings: Findings
    ) {
        var origins = ImportedOrigins(
            file: file, drafts: origins, own: settings.ownAddresses, resolver, findings)
        let nodes = distribution.config.source["Origins"]?["Items"]?.list ?? []
        for (index, origin) in distribution.config.origins.enumerated() {
            origins.add(origin, line: index < nodes.count ? nodes[index].line : 1)
        }
        settings.mode = .cloudfront
        settings.origins = origins.pools
        settings.behaviors = distribution.behaviors.map {
            behavior($0, origins.places, distribution.config.origins, settings.role)
        }
        findings.note(references.signers.findings(about: distribution.config), in: file)
        findings.note(
            ViewerSide(distribution.config, settings, isStrictAboutAliases: isStrictAboutAliases)
                .findings, in: file)
        settings.distribution = settled(distribution)
        settings.settleMaps(
            Dictionary(
                self.origins.compactMap { origin in
                    origin.maps.map { (origin.settings.id, $0.services) }
                }, uniquingKeysWith: { first, _ in first }))
        if settings.role == .tier { settings.sharePictures() }
    }

    /// What the file and the flags say of an origin that is not there any more. Of an export that
    /// is a mistake; a client who renames an origin knows nothing of them.
    fileprivate func noteStrayOrigins(_ config: DistributionConfig, _ findings: Findings) {
        for draft in origins where !config.origins.contains(where: { $0.id == draft.settings.id }) {
            let id = printable(draft.settings.id)
            findings.warning(
                at: .standard,
                "the distribution has no origin \"\(id)\" any more, so that its addresses and what "
                    + "else --origin and origins say of it are idle, and an origin that took its "
                    + "place is asked at its DomainName",
                "name it \"\(id)\" again, or change the export with --origin or origins, and "
                    + "restart")
        }
    }

    private func settled(_ distribution: Distribution) -> DistributionSettings {
        var settings = DistributionSettings(
            distribution, id: record.id, domainName: record.domainName)
        settings.publicKeys = references.signers.publicKeys
        settings.keyGroups = references.signers.groups
        settings.isStrictAboutAliases = isStrictAboutAliases
        settings.countries = countries
        settings.readings = readings
        settings.pointOfPresence = pointOfPresence ?? settings.pointOfPresence
        return settings
    }

    private func behavior(
        _ behavior: CloudFront.Behavior, _ places: [(plain: Int, secure: Int)],
        _ origins: [Origin], _ role: Role
    ) -> BehaviorSettings {
        var settings = BehaviorSettings(policy: behavior.policy)
        settings.pattern = behavior.pathPattern
        settings.sessionCookies = []
        let first: Int
        var failover: FailoverSettings?
        switch behavior.target {
        case .origin(let index): first = index
        case .group(let primary, let secondary, let criteria):
            first = primary
            failover = FailoverSettings(
                origin: places[secondary].plain, secureOrigin: places[secondary].secure,
                criteria: criteria, isS3: origins[secondary].isS3)
        }
        settings.origin = places[first].plain
        settings.imported = ImportedBehavior(
            behavior, secureOrigin: places[first].secure, failover: failover,
            isS3: origins[first].isS3)
        for addition in additions where addition.concerns(behavior.pathPattern) {
            addition.apply(to: &settings)
        }
        var adopted = behavior.adopting(settings.policy)
        let isTold = role == .tier || behavior.forwarding.forwardsHost
        adopted.key.keysHost =
            isTold && settings.policy.mapClass.isMapServers
            && !adopted.key.namesHost
        adopted.key.keysHostOfPictures = role == .twin
        settings.imported?.behavior = adopted
        return settings
    }
}

extension Settings {
    /// One tile, one entry: a map that is asked for where a server's documents are, whose policy
    /// names Host, is the picture of the first behavior of that server whose policy does not, under
    /// its key and with its bounds of lifetimes.
    fileprivate mutating func sharePictures() {
        for index in behaviors.indices where behaviors[index].maps != nil {
            guard let own = behaviors[index].imported else { continue }
            for other in behaviors where other.maps != nil {
                guard let shown = other.imported, other.origin == behaviors[index].origin,
                    shown.secureOrigin == own.secureOrigin, shown.failover == own.failover,
                    let key = own.behavior.key.sharingPictures(with: shown.behavior.key)
                else { continue }
                behaviors[index].imported?.behavior.key = key
                behaviors[index].pictureTTL = PictureTTL(other.policy)
                break
            }
        }
    }
}

extension DistributionRecord {
    /// What the API tells of an export: its own id, domain name, account and time of change where
    /// it has them; else an id and a name such as its CallerReference always gives.
    init(_ config: DistributionConfig, id: String?) {
        let code = identifier("E", from: config.callerReference)
        self.init(
            id: id ?? (config.id.isEmpty ? code : config.id),
            domainName: config.domainName.isEmpty
                ? Control.domainName(ofDistribution: code) : config.domainName,
            lastModified: milliseconds(ofPrinted: config.lastModifiedTime) ?? 0,
            config: config.source)
        if let place = Self.place(ofARN: config.arn) { arnPlace = place }
    }
}

extension Configuration {
    /// The same with another DistributionConfig in place of the export's: what UpdateDistribution
    /// asks for. Everything else stays: id, domain name, policies, addresses and classes.
    ///
    /// Waits for the resolver.
    ///
    /// - Parameter config: a DistributionConfig without an envelope.
    /// - Throws: the first thing that is wrong with it; `IllegalUpdate` where no distribution is
    ///   served.
    public func replacingDistribution(
        by config: ConfigNode, _ resolver: some NameResolver
    ) throws(APIError) -> Configuration {
        let reading = Distribution.read(config, catalog)
        guard let next = reading.value else { throw Self.refusal(reading.findings) }
        return try replacingDistribution(by: next, resolver)
    }

    /// The same with a distribution whose policies were found already.
    func replacingDistribution(
        by distribution: Distribution, _ resolver: some NameResolver
    ) throws(APIError) -> Configuration {
        guard var imported = self.distribution else {
            throw APIError(
                .illegalUpdate,
                "This edge is configured by its own file; change that, and reload it.")
        }
        if let refusal = APIError(
            imported.references.signers.findings(about: distribution.config))
        {
            throw refusal
        }
        var next = self
        let findings = Findings()
        let secrets = settings.accessLog?.archive?.secrets ?? LoggedSecrets()
        findings.note(distribution.findings.applying(secrets), in: imported.file)
        imported.record.config = distribution.config.source
        imported.put(distribution, into: &next.settings, resolver, findings)
        imported.noteStrayOrigins(distribution.config, findings)
        if let error = findings.all.first(where: { $0.severity == .error }) {
            throw APIError(.invalidArgument, error.text)
        }
        next.distribution = imported
        // The client's document is none of the operator's files, and has no lines.
        next.distributionFindings = findings.all.map(\.withoutPlace)
        return next
    }

    private static func refusal(_ findings: [ConfigFinding]) -> APIError {
        APIError(findings) ?? APIError(.invalidArgument, "The distribution cannot be followed.")
    }
}
