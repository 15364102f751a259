import Testing

@testable import CloudFront

/// Behaviors made from parts of documents.
enum Behaviors {
    /// The default behavior of a distribution with these members, and the warnings it gets.
    static func resolved(
        _ members: String, _ catalog: PolicyCatalog = PolicyCatalog(), more: String = "",
        origin: String = Documents.origin
    ) -> (Behavior?, [ConfigFinding]) {
        let text = Documents.distribution(more, behavior: members, origin: origin)
        let reading = DistributionConfig.read(json(text))
        #expect(reading.errors == [])
        guard let config = reading.value else { return (nil, reading.findings) }
        let result = Distribution.resolve(config, catalog)
        return (result.value?.behaviors.last, result.findings)
    }

    static let head = #""TargetOriginId": "maps", "ViewerProtocolPolicy": "allow-all""#

    static func legacy(
        _ values: String = #""QueryString": true, "Cookies": {"Forward": "none"}"#,
        more: String = ""
    ) -> Behavior? {
        resolved(#"\#(head), "ForwardedValues": {\#(values)}\#(more)"#).0
    }

    /// A behavior with one cache policy and perhaps an origin request policy.
    static func policies(
        _ policy: CachePolicy, _ added: OriginRequestPolicy? = nil, more: String = "",
        origin: String = Documents.origin
    ) -> (Behavior?, [ConfigFinding]) {
        var catalog = PolicyCatalog()
        catalog.add(policy)
        var members = #"\#(head), "CachePolicyId": "\#(policy.id)"\#(more)"#
        if let added {
            catalog.add(added)
            members += #", "OriginRequestPolicyId": "\#(added.id)""#
        }
        return resolved(members, catalog, origin: origin)
    }

    static func cachePolicy(
        ttl: TTLBounds = TTLBounds(minTTL: 0), codings: Codings = [], headers: [String] = [],
        cookies: NameSelection = .none, query: NameSelection = .none
    ) -> CachePolicy {
        CachePolicy(
            id: "c", name: "c", ttl: ttl, acceptsGzip: codings.contains(.gzip),
            acceptsBrotli: codings.contains(.brotli), headers: headers, cookies: cookies,
            queryStrings: query)
    }
}
