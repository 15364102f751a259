/// What a behavior without a cache policy keys by and forwards, the older way.
///
/// Source: CloudFront API Reference, "ForwardedValues".
public struct ForwardedValues: Sendable, Equatable {
    public enum CookieForwarding: String, Sendable, CaseIterable {
        case none, whitelist, all
    }

    /// Forwards all query strings.
    public var forwardsQueryString: Bool
    /// If any, the key has only these of the forwarded query strings.
    public var queryStringCacheKeys: [String]
    public var cookieForwarding: CookieForwarding
    /// May contain `*` and `?`.
    public var cookieNames: [String]
    public var headers: [String]

    /// The list is `*`: all viewer headers are forwarded and nothing is stored.
    public var forwardsAllHeaders: Bool { headers == ["*"] }

    static func read(_ given: ConfigFields) -> ForwardedValues {
        var fields = given
        defer { fields.finish() }
        var values = ForwardedValues(
            forwardsQueryString: fields.requiredFlag("QueryString"),
            queryStringCacheKeys: fields.texts("QueryStringCacheKeys"),
            cookieForwarding: .none, cookieNames: [], headers: [])
        if var cookies = fields.requiredMap("Cookies") {
            values.cookieForwarding = cookies.requiredWord("Forward", else: .none)
            values.cookieNames = cookies.texts("WhitelistedNames")
            cookies.finish()
        }
        values.readHeaders(&fields)
        values.judge(fields)
        return values
    }

    private mutating func readHeaders(_ fields: inout ConfigFields) {
        headers = fields.headerNames("Headers")
        if headers.contains("*"), headers.count > 1 {
            fields.log.error(
                fields.place("Headers"), "\"*\" stands beside other names",
                "name \"*\" alone, or only the headers that the origin needs")
        }
        for name in headers where KeyFieldRules.isForbidden(name) {
            fields.log.error(
                fields.place("Headers"), "\(name) cannot be part of the key", "remove it")
        }
        PolicyRules.judgeOwnHeaders(headers.filter { !KeyFieldRules.isForbidden($0) }, fields)
    }

    private func judge(_ fields: ConfigFields) {
        if !forwardsQueryString, !queryStringCacheKeys.isEmpty, queryStringCacheKeys != ["*"] {
            fields.log.error(
                fields.place("QueryStringCacheKeys"),
                "query strings are in the key but not forwarded", "make QueryString true")
        }
        if cookieForwarding == .whitelist, cookieNames.isEmpty {
            fields.log.error(
                fields.place("Cookies"), "Forward is whitelist and no cookie is named",
                "name cookies in WhitelistedNames, or make Forward none")
        }
    }
}
