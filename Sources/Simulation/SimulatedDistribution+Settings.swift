import Caching
import CloudFront
import Edge

// As the edge is told: a document in the form of an export, read and resolved like any other.
extension SimulatedDistribution {
    /// Puts the distribution into the settings, whose one origin it has.
    ///
    /// - Throws: `DistributionFault` when the document is refused.
    func put(into settings: inout Settings) throws(DistributionFault) {
        let reading = DistributionConfig.read(document)
        guard let config = reading.value else { throw DistributionFault(findings: reading.errors) }
        var catalog = PolicyCatalog()
        for (index, rules) in behaviors.enumerated() where !rules.isLegacy {
            catalog.add(rules.policy(id: "policy\(index)"))
        }
        let resolved = Distribution.resolve(config, catalog)
        guard let distribution = resolved.value else {
            throw DistributionFault(findings: resolved.errors)
        }
        settings.behaviors = distribution.behaviors.map { behavior in
            var own = BehaviorSettings(policy: behavior.policy)
            own.pattern = behavior.pathPattern
            own.sessionCookies = []
            own.imported = ImportedBehavior(behavior, secureOrigin: 0)
            return own
        }
        settings.distribution = DistributionSettings(
            distribution, id: "E2QWRUHAPOMQZL", domainName: "d111111abcdef8.cloudfront.net")
    }

    private var document: ConfigNode {
        let origin = map([
            "Id": text("origin"), "DomainName": text("origin.test"),
            "CustomOriginConfig": map([
                "HTTPPort": text("80"), "HTTPSPort": text("443"),
                "OriginProtocolPolicy": text("http-only"),
            ]),
        ])
        let nodes = behaviors.enumerated().map { $1.node(policy: "policy\($0)") }
        let errors = errorTTLs.sorted { $0.key < $1.key }.map {
            map(["ErrorCode": text("\($0)"), "ErrorCachingMinTTL": text("\($1)")])
        }
        return map([
            "CallerReference": text("simulated"), "Comment": text(""), "Enabled": text("true"),
            "Origins": items([origin]), "DefaultCacheBehavior": nodes[nodes.count - 1],
            "CacheBehaviors": items(nodes.dropLast()), "CustomErrorResponses": items(errors),
            "CacheTagConfig": map(["HeaderName": text(Resource.tagField)]),
        ])
    }
}

/// Why a simulated distribution cannot be followed.
struct DistributionFault: Error { var findings: [ConfigFinding] }

extension SimulatedDistribution.Rules {
    fileprivate func policy(id: String) -> CachePolicy {
        CachePolicy(
            id: id, name: id,
            ttl: TTLBounds(
                minTTL: Int64(least), defaultTTL: Int64(usual), maxTTL: Int64(most)),
            acceptsGzip: gzip, acceptsBrotli: brotli, headers: keysLanguage ? ["X-Lang"] : [],
            cookies: cookies.selection, queryStrings: query.selection)
    }

    /// A member of CacheBehaviors; of the default behavior its pattern is left out.
    fileprivate func node(policy id: String) -> ConfigNode {
        var members: [ConfigNode.Member] = [
            .init("TargetOriginId", text("origin")), .init("Compress", text("true")),
            .init("ViewerProtocolPolicy", text("allow-all")),
        ]
        if pattern != "*" { members.append(.init("PathPattern", text(pattern))) }
        guard isLegacy else {
            return ConfigNode(.map(members + [.init("CachePolicyId", text(id))]))
        }
        for (name, value) in [("MinTTL", least), ("DefaultTTL", usual), ("MaxTTL", most)] {
            members.append(.init(name, text("\(value)")))
        }
        return ConfigNode(.map(members + [.init("ForwardedValues", forwardedValues)]))
    }

    private var forwardedValues: ConfigNode {
        map([
            "QueryString": text(query == .none ? "false" : "true"),
            "QueryStringCacheKeys": items(query.names.map(text)),
            "Headers": items(keysLanguage ? [text("X-Lang")] : []),
            "Cookies": map([
                "Forward": text(cookies.word), "WhitelistedNames": items(cookies.names.map(text)),
            ]),
        ])
    }
}

extension SimulatedDistribution.Kept {
    fileprivate var names: [String] {
        switch self {
        case .none, .all: []
        case .only(let names), .but(let names): names
        }
    }

    fileprivate var selection: NameSelection {
        switch self {
        case .none: .none
        case .all: .all
        case .only(let names): NameSelection(.list, names)
        case .but(let names): NameSelection(.allExcept, names)
        }
    }

    /// Of ForwardedValues, which know no exceptions.
    fileprivate var word: String {
        switch self {
        case .none: "none"
        case .all, .but: "all"
        case .only: "whitelist"
        }
    }
}

private func text(_ text: String) -> ConfigNode { ConfigNode(.scalar(text)) }

private func map(_ members: KeyValuePairs<String, ConfigNode>) -> ConfigNode {
    ConfigNode(.map(members.map { ConfigNode.Member($0.key, $0.value) }))
}

private func items(_ nodes: [ConfigNode]) -> ConfigNode {
    map(["Quantity": text("\(nodes.count)"), "Items": ConfigNode(.list(nodes))])
}
