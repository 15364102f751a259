import CloudFront

// CloudFront's own policies as its API tells them; those of a deployment come as documents.
extension PolicyRecord {
    /// The managed policies of that kind, in the order of CloudFront's documentation.
    public static func managed(_ kind: PolicyKind) -> [PolicyRecord] {
        switch kind {
        case .cache: ManagedPolicies.cache.map { PolicyRecord(managed: $0.id, $0.node) }
        case .originRequest:
            ManagedPolicies.originRequest.map { PolicyRecord(managed: $0.id, $0.node) }
        case .responseHeaders:
            ManagedPolicies.responseHeaders.map { PolicyRecord(managed: $0.id, $0.node) }
        }
    }

    // When CloudFront changed them last is not told anywhere.
    private init(managed id: String, _ config: ConfigNode) {
        self.init(id: id, isManaged: true, lastModified: 0, config: config)
    }
}

extension CachePolicy {
    /// The CachePolicyConfig.
    fileprivate var node: ConfigNode {
        .map([
            "Comment": .text(comment), "Name": .text(name),
            "DefaultTTL": .text(ttl.defaultTTL), "MaxTTL": .text(ttl.maxTTL),
            "MinTTL": .text(ttl.minTTL),
            "ParametersInCacheKeyAndForwardedToOrigin": .map([
                "EnableAcceptEncodingGzip": .text(acceptsGzip),
                "EnableAcceptEncodingBrotli": .text(acceptsBrotli),
                "HeadersConfig": .map([
                    "HeaderBehavior": .text(headers.isEmpty ? "none" : "whitelist"),
                    "Headers": headers.isEmpty ? nil : .names(headers),
                ]),
                "CookiesConfig": cookies.node("CookieBehavior", "Cookies"),
                "QueryStringsConfig": queryStrings.node("QueryStringBehavior", "QueryStrings"),
            ]),
        ])
    }
}

extension OriginRequestPolicy {
    /// The OriginRequestPolicyConfig.
    fileprivate var node: ConfigNode {
        .map([
            "Comment": .text(comment), "Name": .text(name),
            "HeadersConfig": .map([
                "HeaderBehavior": .text(headerBehavior.rawValue),
                "Headers": headers.isEmpty ? nil : .names(headers),
            ]),
            "CookiesConfig": cookies.node("CookieBehavior", "Cookies"),
            "QueryStringsConfig": queryStrings.node("QueryStringBehavior", "QueryStrings"),
        ])
    }
}

extension ResponseHeadersPolicy {
    /// The ResponseHeadersPolicyConfig, with those members that managed policies have.
    fileprivate var node: ConfigNode {
        .map([
            "Comment": .text(comment), "Name": .text(name), "CorsConfig": cors?.node,
            "SecurityHeadersConfig": securityHeaders.isEmpty ? nil : Self.managedSecurity,
        ])
    }

    /// All managed policies with security headers have the same.
    private static var managedSecurity: ConfigNode {
        .map([
            "XSSProtection": .map([
                "Override": .text(false), "Protection": .text(true), "ModeBlock": .text(true),
            ]),
            "FrameOptions": .map(["Override": .text(false), "FrameOption": .text("SAMEORIGIN")]),
            "ReferrerPolicy": .map([
                "Override": .text(false),
                "ReferrerPolicy": .text("strict-origin-when-cross-origin"),
            ]),
            "ContentTypeOptions": .map(["Override": .text(true)]),
            "StrictTransportSecurity": .map([
                "Override": .text(false), "IncludeSubdomains": .text(false),
                "Preload": .text(false), "AccessControlMaxAgeSec": .text(31_536_000),
            ]),
        ])
    }
}

extension ResponseHeadersPolicy.CORS {
    fileprivate var node: ConfigNode {
        .map([
            "AccessControlAllowOrigins": .names(allowOrigins),
            // Required by the model, even where a policy adds none.
            "AccessControlAllowHeaders": .names(allowHeaders),
            "AccessControlAllowMethods": .names(allowMethods),
            "AccessControlAllowCredentials": .text(allowsCredentials),
            "AccessControlExposeHeaders": exposeHeaders.isEmpty ? nil : .names(exposeHeaders),
            "AccessControlMaxAgeSec": maxAgeSeconds.map { .text($0) },
            "OriginOverride": .text(overridesOrigin),
        ])
    }
}

extension NameSelection {
    fileprivate func node(_ behavior: String, _ list: String) -> ConfigNode {
        let names = names.texts
        return .map([
            behavior: .text(mode.rawValue), list: names.isEmpty ? nil : .names(names),
        ])
    }
}

extension ConfigNode {
    fileprivate static func names(_ names: [String]) -> ConfigNode {
        .quantity(names.map { .text($0) })
    }
}
