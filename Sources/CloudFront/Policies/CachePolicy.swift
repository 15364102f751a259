/// What a key consists of, and how long responses live.
///
/// Source: CloudFront, "Understand cache policies"; API Reference, "CachePolicyConfig".
public struct CachePolicy: Sendable, Equatable {
    /// "" where the document has none.
    public var id: String
    public var name: String
    public var comment: String
    public var ttl: TTLBounds
    /// Normalises Accept-Encoding and keeps gzip variants; likewise Brotli.
    public var acceptsGzip: Bool
    public var acceptsBrotli: Bool
    /// Header fields in the key, in the policy's order.
    public var headers: [String]
    public var cookies: NameSelection
    public var queryStrings: NameSelection

    public init(
        id: String, name: String, comment: String = "", ttl: TTLBounds, acceptsGzip: Bool,
        acceptsBrotli: Bool, headers: [String] = [], cookies: NameSelection = .none,
        queryStrings: NameSelection = .none
    ) {
        self.id = id
        self.name = name
        self.comment = comment
        self.ttl = ttl
        self.acceptsGzip = acceptsGzip
        self.acceptsBrotli = acceptsBrotli
        self.headers = headers
        self.cookies = cookies
        self.queryStrings = queryStrings
    }

    private enum HeaderBehavior: String, CaseIterable { case none, whitelist }

    /// Reads what `aws cloudfront get-cache-policy` or `get-cache-policy-config` prints, or a
    /// CachePolicyConfig alone.
    public static func read(_ document: ConfigNode) -> ConfigReading<CachePolicy> {
        let log = FindingLog()
        var envelope = Envelope(document, log)
        let node = envelope.open("CachePolicy", config: "CachePolicyConfig", log)
        var fields = ConfigFields(node, envelope.path, log)
        var policy = CachePolicy(
            id: envelope.id, name: fields.requiredText("Name"),
            comment: fields.optionalText("Comment", limit: 128),
            ttl: TTLBounds.read(&fields, isRequired: true), acceptsGzip: false,
            acceptsBrotli: false)
        if let parameters = fields.map("ParametersInCacheKeyAndForwardedToOrigin") {
            policy.readParameters(parameters)
        }
        fields.finish()
        return ConfigReading(value: policy, findings: log.findings)
    }

    private mutating func readParameters(_ given: ConfigFields) {
        var fields = given
        defer { fields.finish() }
        acceptsGzip = fields.requiredFlag("EnableAcceptEncodingGzip")
        acceptsBrotli = fields.flag("EnableAcceptEncodingBrotli", else: false)
        if var config = fields.requiredMap("HeadersConfig") {
            let behavior = config.requiredWord("HeaderBehavior", else: HeaderBehavior.none)
            headers = config.headerNames("Headers")
            PolicyRules.judgeList(
                behavior == .whitelist, headers.count, "Headers", "HeaderBehavior", config)
            PolicyRules.judgeKeyHeaders(headers, config)
            config.finish()
        }
        cookies = PolicyRules.readSelection(
            &fields, "CookiesConfig", behavior: "CookieBehavior", list: "Cookies")
        queryStrings = PolicyRules.readSelection(
            &fields, "QueryStringsConfig", behavior: "QueryStringBehavior", list: "QueryStrings")
        if ttl.disablesCaching { judgeDisabled(fields) }
    }

    /// A policy that disables caching may not say what a key would consist of.
    private func judgeDisabled(_ fields: ConfigFields) {
        let settings: [(String, Bool)] = [
            ("HeaderBehavior", !headers.isEmpty), ("CookieBehavior", cookies.mode != .none),
            ("QueryStringBehavior", queryStrings.mode != .none),
            ("EnableAcceptEncodingGzip", acceptsGzip),
            ("EnableAcceptEncodingBrotli", acceptsBrotli),
        ]
        for (name, isSet) in settings where isSet {
            fields.log.error(
                fields.place,
                "The parameter \(name) is invalid for policy with caching disabled.",
                "make MaxTTL greater than 0, or \(name) none or false")
        }
    }
}
