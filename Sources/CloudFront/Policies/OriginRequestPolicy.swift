/// What the origin gets of a viewer's request beyond what is in the key.
///
/// Source: CloudFront, "Understand origin request policies".
public struct OriginRequestPolicy: Sendable, Equatable {
    public enum HeaderBehavior: String, Sendable, CaseIterable {
        case none, whitelist, allViewer, allViewerAndWhitelistCloudFront, allExcept
    }

    /// "" where the document has none.
    public var id: String
    public var name: String
    public var comment: String
    public var headerBehavior: HeaderBehavior
    /// Of the behaviors with a list; else empty.
    public var headers: [String]
    public var cookies: NameSelection
    public var queryStrings: NameSelection

    public init(
        id: String, name: String, comment: String = "", headerBehavior: HeaderBehavior,
        headers: [String] = [], cookies: NameSelection = .none, queryStrings: NameSelection = .none
    ) {
        self.id = id
        self.name = name
        self.comment = comment
        self.headerBehavior = headerBehavior
        self.headers = headers
        self.cookies = cookies
        self.queryStrings = queryStrings
    }

    /// Reads what `aws cloudfront get-origin-request-policy` or its `-config` variant prints, or
    /// an OriginRequestPolicyConfig alone.
    public static func read(_ document: ConfigNode) -> ConfigReading<OriginRequestPolicy> {
        let log = FindingLog()
        var envelope = Envelope(document, log)
        let node = envelope.open("OriginRequestPolicy", config: "OriginRequestPolicyConfig", log)
        var fields = ConfigFields(node, envelope.path, log)
        var policy = OriginRequestPolicy(
            id: envelope.id, name: fields.requiredText("Name"),
            comment: fields.optionalText("Comment", limit: 128), headerBehavior: .none)
        if var config = fields.requiredMap("HeadersConfig") {
            policy.readHeaders(&config)
            config.finish()
        }
        policy.cookies = PolicyRules.readSelection(
            &fields, "CookiesConfig", behavior: "CookieBehavior", list: "Cookies")
        policy.queryStrings = PolicyRules.readSelection(
            &fields, "QueryStringsConfig", behavior: "QueryStringBehavior", list: "QueryStrings")
        fields.finish()
        return ConfigReading(value: policy, findings: log.findings)
    }

    private mutating func readHeaders(_ fields: inout ConfigFields) {
        headerBehavior = fields.requiredWord("HeaderBehavior", else: .none)
        headers = fields.headerNames("Headers")
        let isNeeded = headerBehavior != .none && headerBehavior != .allViewer
        PolicyRules.judgeList(isNeeded, headers.count, "Headers", "HeaderBehavior", fields)
        if headerBehavior == .whitelist { PolicyRules.judgeQuota(headers, "Headers", fields) }
        for name in headers where !isAllowed(name) {
            fields.log.error(
                fields.place("Headers"), "\(name) cannot be listed in an origin request policy",
                isSameName(name, "Authorization")
                    ? "list it in the cache policy, or use allViewer" : "remove it")
        }
        if headerBehavior != .allExcept { PolicyRules.judgeOwnHeaders(headers, fields) }
        if headerBehavior == .allViewerAndWhitelistCloudFront {
            for name in headers where !name.lowercased().hasPrefix("cloudfront-") {
                fields.log.error(
                    fields.place("Headers"), "\(name) is none of CloudFront's own headers",
                    "list names that begin with CloudFront- only")
            }
        }
    }

    /// Authorization alone would be lost on requests that are answered from the store.
    private func isAllowed(_ name: String) -> Bool {
        guard headerBehavior == .whitelist else { return true }
        let names: Set = [
            "authorization", "connection", "cookie", "proxy-authorization", "te", "upgrade",
            "accept-encoding",
        ]
        return !names.contains(name.lowercased())
    }
}
