/// One behavior of a distribution made for tests, for paths with its name as their second segment.
struct Lane: Sendable {
    /// Which names of a kind a policy selects.
    enum Names: Sendable {
        case none, all
        case list([String])
        case allExcept([String])
    }

    /// What an origin request policy adds.
    struct Sends: Sendable {
        /// CloudFront's word for the behavior, and its names.
        var headers = ("none", [String]())
        var cookies = Names.none
        var queries = Names.none
    }

    var name: String
    /// nil: all paths with the name as their second segment.
    var pattern: String?
    /// MinTTL, DefaultTTL, MaxTTL in seconds.
    var ttl = (0, 86_400, 31_536_000)
    var gzip = false
    var brotli = false
    var headers: [String] = []
    var cookies = Names.none
    var queries = Names.none
    var sends: Sends?
    /// ForwardedValues in place of policies: the members of the object.
    var forwarded: String?
    /// Members of a ResponseHeadersPolicyConfig.
    var responseHeaders: String?
    var compresses = false
    /// All seven where true, GET and HEAD where false.
    var takesWrites = false
    var cachesOptions = false
    var viewers = "allow-all"
    var target = "one"
    var keyGroups: [String] = []

    init(_ name: String, _ change: (inout Lane) -> Void = { _ in }) {
        self.name = name
        change(&self)
    }
}

extension Lane {
    /// The behavior as a DistributionConfig has it; nil as pattern for the default one.
    func behavior(_ pattern: String?) -> String {
        var members = ["\"TargetOriginId\": \"\(target)\""]
        if let pattern { members.append("\"PathPattern\": \"\(pattern)\"") }
        members.append("\"ViewerProtocolPolicy\": \"\(viewers)\"")
        members.append("\"Compress\": \(compresses)")
        let allowed =
            takesWrites
            ? ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
            : cachesOptions ? ["GET", "HEAD", "OPTIONS"] : ["GET", "HEAD"]
        let cached = cachesOptions ? ["GET", "HEAD", "OPTIONS"] : ["GET", "HEAD"]
        let cachedList = "\"CachedMethods\": \(Self.list(cached))"
        members.append(
            "\"AllowedMethods\": {" + Self.list(allowed).dropFirst().dropLast()
                + ", \(cachedList) }")
        if let forwarded {
            members.append("\"ForwardedValues\": { \(forwarded) }")
            members.append("\"MinTTL\": \(ttl.0), \"DefaultTTL\": \(ttl.1), \"MaxTTL\": \(ttl.2)")
        } else {
            members.append("\"CachePolicyId\": \"cache-\(name)\"")
        }
        if sends != nil { members.append("\"OriginRequestPolicyId\": \"sends-\(name)\"") }
        if responseHeaders != nil {
            members.append("\"ResponseHeadersPolicyId\": \"answers-\(name)\"")
        }
        if !keyGroups.isEmpty {
            members.append(
                "\"TrustedKeyGroups\": { \"Enabled\": true, "
                    + Self.list(keyGroups).dropFirst())
        }
        return "{ " + members.joined(separator: ",\n  ") + " }"
    }

    /// The policies it names, by the names of their files.
    var policies: [(file: String, text: String)] {
        var files: [(String, String)] = []
        if forwarded == nil { files.append(("cache-\(name).json", cachePolicy)) }
        if let sends {
            let parts =
                Self.headers(sends.headers.0, sends.headers.1) + ", "
                + Self.names("Cookie", sends.cookies) + ", "
                + Self.names("QueryString", sends.queries)
            files.append(
                (
                    "sends-\(name).json",
                    Self.envelope("OriginRequestPolicy", "sends-\(name)", parts)
                ))
        }
        if let responseHeaders {
            files.append(
                (
                    "answers-\(name).json",
                    Self.envelope("ResponseHeadersPolicy", "answers-\(name)", responseHeaders)
                ))
        }
        return files
    }

    private var cachePolicy: String {
        let parameters =
            "\"EnableAcceptEncodingGzip\": \(gzip), \"EnableAcceptEncodingBrotli\": \(brotli), "
            + Self.headers(headers.isEmpty ? "none" : "whitelist", headers) + ", "
            + Self.names("Cookie", cookies) + ", " + Self.names("QueryString", queries)
        return Self.envelope(
            "CachePolicy", "cache-\(name)",
            "\"MinTTL\": \(ttl.0), \"DefaultTTL\": \(ttl.1), \"MaxTTL\": \(ttl.2), "
                + "\"ParametersInCacheKeyAndForwardedToOrigin\": { \(parameters) }")
    }

    private static func envelope(_ kind: String, _ id: String, _ members: String) -> String {
        """
        { "ETag": "E2QWRUHAPOMQZL", "\(kind)": { "Id": "\(id)",
          "LastModifiedTime": "2026-01-01T00:00:00+00:00",
          "\(kind)Config": { "Name": "\(id)", \(members) } } }
        """
    }

    private static func headers(_ behavior: String, _ names: [String]) -> String {
        let items = names.isEmpty ? "" : ", \"Headers\": \(list(names))"
        return "\"HeadersConfig\": { \"HeaderBehavior\": \"\(behavior)\"\(items) }"
    }

    private static func names(_ kind: String, _ names: Names) -> String {
        let (behavior, items) =
            switch names {
            case .none: ("none", [String]())
            case .all: ("all", [])
            case .list(let names): ("whitelist", names)
            case .allExcept(let names): ("allExcept", names)
            }
        let listed = items.isEmpty ? "" : ", \"\(kind)s\": \(list(items))"
        return "\"\(kind)sConfig\": { \"\(kind)Behavior\": \"\(behavior)\"\(listed) }"
    }

    static func list(_ items: [String]) -> String {
        "{ \"Quantity\": \(items.count), \"Items\": ["
            + items.map { "\"\($0)\"" }.joined(separator: ", ") + "] }"
    }
}
