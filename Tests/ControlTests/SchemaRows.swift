// The table itself. `fields.py` holds it against AWS's own model: no member may be missing.
extension SchemaTests {
    static let rows: [SchemaRow] = top + origins + groups + behaviors + legacy

    private static let tenant = "TenantConfig.ParameterDefinitions"
    private static let schema: [String: any Sendable] = [
        "Required": true, "Comment": "c", "DefaultValue": "d",
    ]
    private static let parameter: [String: any Sendable] = [
        "Name": "p", "Definition": ["StringSchema": schema] as [String: any Sendable],
    ]
    private static let mtls = "ViewerMtlsConfig"

    private static let top: [SchemaRow] =
        [
            SchemaRow("CallerReference", "other", .served),
            SchemaRow("Comment", "mine", .label),
            SchemaRow(
                listed: "Aliases.Items[]", .told("Aliases"), at: "Aliases.Items", ["a.example.org"]),
            SchemaRow("DefaultRootObject", "index.html", .served),
            SchemaRow("Enabled", false, .served),
            SchemaRow("CustomErrorResponses.Items[0].ErrorCode", 503, .served),
            SchemaRow("CustomErrorResponses.Items[0].ResponsePagePath", "/e.html", .served),
            SchemaRow("CustomErrorResponses.Items[0].ResponseCode", "403", .served),
            SchemaRow("CustomErrorResponses.Items[0].ErrorCachingMinTTL", 7, .served),
            SchemaRow(
                "Logging.Enabled", true, .told("Logging.Enabled"), also: [("Logging.Bucket", "b")]),
            SchemaRow("Logging.IncludeCookies", true, .told("Logging.IncludeCookies")),
            SchemaRow("Logging.Bucket", "c", .told("Logging.Enabled"), also: logging),
            SchemaRow("Logging.Prefix", "p", .told("Logging.Enabled"), also: logging),
            SchemaRow("PriceClass", "PriceClass_All", .told("PriceClass")),
            SchemaRow("HttpVersion", "http3", .told("HttpVersion")),
            SchemaRow("IsIPV6Enabled", true, .told("IsIPV6Enabled")),
            SchemaRow(
                "ViewerCertificate.CloudFrontDefaultCertificate", true, .told("ViewerCertificate")),
            SchemaRow("ViewerCertificate.ACMCertificateArn", "arn", .told("ViewerCertificate")),
            SchemaRow("ViewerCertificate.IAMCertificateId", "id", .told("ViewerCertificate")),
            SchemaRow("ViewerCertificate.SSLSupportMethod", "vip", .told("ViewerCertificate")),
            SchemaRow(
                "ViewerCertificate.MinimumProtocolVersion", "TLSv1.3_2025",
                .told("ViewerCertificate")),
            SchemaRow("ViewerCertificate.Certificate", "arn", .told("ViewerCertificate")),
            SchemaRow("ViewerCertificate.CertificateSource", "acm", .told("ViewerCertificate")),
            SchemaRow(
                "Restrictions.GeoRestriction.RestrictionType", "blacklist", .served, also: countries
            ),
            SchemaRow(
                listed: "Restrictions.GeoRestriction.Items[]", .served,
                at: "Restrictions.GeoRestriction.Items", ["FR"], also: countries),
            SchemaRow("WebACLId", "arn", .told("WebACLId")),
            SchemaRow("ContinuousDeploymentPolicyId", "c", .told("ContinuousDeploymentPolicyId")),
            SchemaRow("Staging", true, .told("Staging")),
            SchemaRow("AnycastIpListId", "a", .told("AnycastIpListId")),
            SchemaRow("ConnectionMode", "tenant-only", .told("ConnectionMode")),
            SchemaRow("\(mtls).Mode", "required", .told(mtls)),
            SchemaRow("\(mtls).TrustStoreConfig.TrustStoreId", "t", .told(mtls)),
            SchemaRow("\(mtls).TrustStoreConfig.AdvertiseTrustStoreCaNames", true, .told(mtls)),
            SchemaRow("\(mtls).TrustStoreConfig.IgnoreCertificateExpiry", true, .told(mtls)),
            SchemaRow(
                "ConnectionFunctionAssociation.Id", "f", .told("ConnectionFunctionAssociation")),
            SchemaRow("CacheTagConfig.HeaderName", "Cache-Tag", .served),
        ]
        + [
            "Name", "Definition.StringSchema.Comment", "Definition.StringSchema.DefaultValue",
            "Definition.StringSchema.Required",
        ].map { member in
            SchemaRow(
                listed: "\(tenant)[].\(member)", .told("TenantConfig"), at: tenant, [parameter])
        }

    private static let logging: [(String, any Sendable)] = [
        ("Logging.Bucket", "b"), ("Logging.Enabled", true),
    ]
    private static let countries: [(String, any Sendable)] = [
        ("Restrictions.GeoRestriction.RestrictionType", "whitelist"),
        ("Restrictions.GeoRestriction.Items", ["US"]),
    ]

    private static let custom = "Origins.Items[0].CustomOriginConfig"
    private static let vpc = "Origins.Items[2].VpcOriginConfig"
    private static let shield = "Origins.Items[0].OriginShield"

    private static let origins: [SchemaRow] = [
        SchemaRow("Origins.Items[0].Id", "renamed", .refused("OriginGroups.Items[0].Members")),
        SchemaRow("Origins.Items[0].DomainName", "192.0.2.9", .served),
        SchemaRow("Origins.Items[0].OriginPath", "/live", .served),
        SchemaRow("Origins.Items[0].CustomHeaders.Items[0].HeaderName", "X-Other", .served),
        SchemaRow("Origins.Items[0].CustomHeaders.Items[0].HeaderValue", "t", .served),
        SchemaRow(
            "Origins.Items[1].S3OriginConfig.OriginAccessIdentity", "origin-access-identity/E1",
            .told("Origins.Items[1].S3OriginConfig.OriginAccessIdentity")),
        SchemaRow("Origins.Items[1].S3OriginConfig.OriginReadTimeout", 20, .served),
        SchemaRow("\(custom).HTTPPort", 8080, .served),
        SchemaRow("\(custom).HTTPSPort", 8443, .served),
        SchemaRow("\(custom).OriginProtocolPolicy", "https-only", .served),
        SchemaRow(
            listed: "\(custom).OriginSslProtocols.Items[]", .told("\(custom).OriginSslProtocols"),
            at: "\(custom).OriginSslProtocols.Items", ["TLSv1.1", "TLSv1.2"]),
        SchemaRow("\(custom).OriginReadTimeout", 20, .served),
        SchemaRow("\(custom).OriginKeepaliveTimeout", 20, .served),
        SchemaRow("\(custom).IpAddressType", "ipv6", .told("\(custom).IpAddressType")),
        SchemaRow("\(custom).OriginHttpVersion", "http2", .told("\(custom).OriginHttpVersion")),
        SchemaRow(
            "\(custom).OriginMtlsConfig.ClientCertificateArn", "arn",
            .told("\(custom).OriginMtlsConfig")),
        SchemaRow("\(vpc).VpcOriginId", "v", .told(vpc)),
        SchemaRow("\(vpc).OwnerAccountId", "1", .told(vpc)),
        SchemaRow("\(vpc).OriginReadTimeout", 20, .told(vpc)),
        SchemaRow("\(vpc).OriginKeepaliveTimeout", 20, .told(vpc)),
        SchemaRow("\(vpc).OriginHttpVersion", "http2", .told(vpc)),
        SchemaRow("Origins.Items[0].ConnectionAttempts", 1, .served),
        SchemaRow("Origins.Items[0].ConnectionTimeout", 3, .served),
        SchemaRow("Origins.Items[0].ResponseCompletionTimeout", 60, .served),
        SchemaRow("\(shield).Enabled", true, .told(shield)),
        SchemaRow(
            "\(shield).OriginShieldRegion", "us-east-1", .told(shield),
            also: [("\(shield).Enabled", true)]),
        SchemaRow(
            "Origins.Items[0].OriginAccessControlId", "E1",
            .told("Origins.Items[0].OriginAccessControlId")),
    ]

    private static let group = "OriginGroups.Items[0]"
    private static let groups: [SchemaRow] = [
        SchemaRow("\(group).Id", "renamed", .refused("DefaultCacheBehavior.TargetOriginId")),
        SchemaRow(
            listed: "\(group).FailoverCriteria.StatusCodes.Items[]", .served,
            at: "\(group).FailoverCriteria.StatusCodes.Items", [502]),
        SchemaRow("\(group).Members.Items[1].OriginId", "third", .served),
        SchemaRow(
            "\(group).SelectionCriteria", "media-quality-based",
            .told("\(group).SelectionCriteria")),
    ]

    private static let standard = "DefaultCacheBehavior"
    private static let function: [String: any Sendable] = [
        "FunctionARN": "arn", "LambdaFunctionARN": "arn", "EventType": "viewer-request",
        "IncludeBody": true,
    ]

    /// A member that is not emulated, told at its own place or at the list around it.
    private static func told(_ member: String, _ value: any Sendable) -> SchemaRow {
        let outer = member.prefix { $0 != "." }
        return SchemaRow("\(standard).\(member)", value, .told("\(standard).\(outer)"))
    }

    private static func functions(_ list: String, _ members: [String]) -> [SchemaRow] {
        members.map { member in
            SchemaRow(
                listed: "\(standard).\(list).Items[].\(member)", .told("\(standard).\(list)"),
                at: "\(standard).\(list).Items", [function])
        }
    }

    /// Who may sign: nobody's key is known here, which is a mistake of the list.
    private static func signers(_ list: String) -> [SchemaRow] {
        let whole = "\(standard).\(list)"
        return [
            SchemaRow(
                "\(whole).Enabled", true, .refused(whole), also: [("\(whole).Items", ["self"])]),
            SchemaRow(
                listed: "\(whole).Items[]", .refused(whole), at: "\(whole).Items", ["self"],
                also: [("\(whole).Enabled", true)]),
        ]
    }

    private static let behaviors: [SchemaRow] =
        [
            SchemaRow("CacheBehaviors.Items[0].PathPattern", "/b/*", .served),
            SchemaRow("\(standard).TargetOriginId", "third", .served),
            SchemaRow("\(standard).ViewerProtocolPolicy", "https-only", .served),
            SchemaRow(
                listed: "\(standard).AllowedMethods.Items[]", .served,
                at: "\(standard).AllowedMethods.Items", ["GET", "HEAD"]),
            SchemaRow(
                listed: "\(standard).AllowedMethods.CachedMethods.Items[]", .served,
                at: "\(standard).AllowedMethods.CachedMethods.Items", ["GET", "HEAD", "OPTIONS"]),
            SchemaRow("\(standard).Compress", true, .served),
            SchemaRow(
                "\(standard).CachePolicyId", "2e54312d-136d-493c-8eb9-b001f22f67d2", .served),
            SchemaRow(
                "\(standard).OriginRequestPolicyId", "216adef6-5c7f-47e4-b989-5492eafa07d3",
                .served),
            SchemaRow(
                "\(standard).ResponseHeadersPolicyId", "60669652-455b-4ae9-85a4-c4c02393f86c",
                .served),
            told("SmoothStreaming", true), told("FieldLevelEncryptionId", "f"),
            told("RealtimeLogConfigArn", "arn"), told("GrpcConfig.Enabled", true),
        ] + signers("TrustedSigners") + signers("TrustedKeyGroups")
        + functions(
            "LambdaFunctionAssociations", ["LambdaFunctionARN", "EventType", "IncludeBody"])
        + functions("FunctionAssociations", ["FunctionARN", "EventType"])

    private static let old = "CacheBehaviors.Items[0]"
    private static let cookies = "\(old).ForwardedValues.Cookies"
    private static let legacy: [SchemaRow] = [
        SchemaRow("\(old).ForwardedValues.QueryString", true, .served),
        SchemaRow("\(cookies).Forward", "all", .served),
        SchemaRow(
            listed: "\(cookies).WhitelistedNames.Items[]", .served,
            at: "\(cookies).WhitelistedNames.Items", ["b"],
            also: [
                ("\(cookies).Forward", "whitelist"), ("\(cookies).WhitelistedNames.Items", ["a"]),
            ]),
        SchemaRow(
            listed: "\(old).ForwardedValues.Headers.Items[]", .served,
            at: "\(old).ForwardedValues.Headers.Items", ["Accept-Language"]),
        SchemaRow(
            listed: "\(old).ForwardedValues.QueryStringCacheKeys.Items[]", .served,
            at: "\(old).ForwardedValues.QueryStringCacheKeys.Items", ["v"],
            also: [("\(old).ForwardedValues.QueryString", true)]),
        SchemaRow("\(old).MinTTL", 1, .served), SchemaRow("\(old).DefaultTTL", 61, .served),
        SchemaRow("\(old).MaxTTL", 601, .served),
    ]
}
