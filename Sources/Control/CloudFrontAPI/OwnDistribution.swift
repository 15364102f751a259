import Caching
import CloudFront
import Edge

/// An edge that no distribution was imported into, told as one: so that the unmodified `aws`
/// invalidates there, and sees what it invalidates.
///
/// What CloudFront has no word for (classes, pools of several members) is left out.
struct OwnDistribution {
    let settings: Settings

    /// The same for as long as the edge's name is: `E` and 13 letters and digits.
    var record: DistributionRecord {
        let own = Self.identity(of: settings.name)
        return DistributionRecord(
            id: own.id, domainName: own.domainName, lastModified: 0, config: config)
    }

    /// What an edge of that name is called as a distribution.
    static func identity(of name: String) -> (id: String, domainName: String) {
        let id = identifier("E", from: name)
        return (id, Control.domainName(ofDistribution: id))
    }

    private var config: ConfigNode {
        let last = settings.behaviors.count - 1
        return .map([
            "CallerReference": .text(settings.name), "Aliases": .quantity(),
            "DefaultRootObject": .text(""),
            "Origins": .quantity(settings.origins.map(origin)),
            "OriginGroups": .quantity(),
            "DefaultCacheBehavior": behavior(settings.behaviors[last], isDefault: true),
            "CacheBehaviors": .quantity(
                settings.behaviors[..<last].map { behavior($0, isDefault: false) }),
            "CustomErrorResponses": .quantity(),
            "Comment": .text("made of this edge's own configuration"),
            "PriceClass": .text("PriceClass_All"), "Enabled": .text(true),
            "ViewerCertificate": .map([
                "CloudFrontDefaultCertificate": .text(true),
                "MinimumProtocolVersion": .text("TLSv1"),
            ]),
            "Restrictions": .map([
                "GeoRestriction": .map([
                    "RestrictionType": .text("none"), "Quantity": .text(0),
                ])
            ]),
            "WebACLId": .text(""), "HttpVersion": .text("http1.1"),
            "IsIPV6Enabled": .text(true), "Staging": .text(false),
        ])
    }

    private func origin(_ origin: OriginSettings) -> ConfigNode {
        let host =
            origin.members.first.map { String($0.authority.prefix { $0 != ":" }) } ?? origin.id
        return .map([
            "Id": .text(origin.id), "DomainName": .text(host), "OriginPath": .text(origin.path),
            "CustomHeaders": .quantity(
                origin.customHeaders.map {
                    .map(["HeaderName": .text($0.name), "HeaderValue": .text($0.value)])
                }),
            "CustomOriginConfig": .map([
                "HTTPPort": .text(80), "HTTPSPort": .text(443),
                "OriginProtocolPolicy": .text("match-viewer"),
                "OriginSslProtocols": .quantity([.text("TLSv1.2")]),
                "OriginReadTimeout": .text(origin.firstByteTimeout / 1_000),
                "OriginKeepaliveTimeout": .text(origin.idleTimeout / 1_000),
            ]),
            "ConnectionAttempts": .text(origin.attempts),
            "ConnectionTimeout": .text(origin.connectTimeout / 1_000),
        ])
    }

    private func behavior(_ behavior: BehaviorSettings, isDefault: Bool) -> ConfigNode {
        let all = ["HEAD", "DELETE", "POST", "GET", "OPTIONS", "PUT", "PATCH"]
        let policy = behavior.policy
        return .map([
            "PathPattern": isDefault ? nil : .text(behavior.pattern),
            "TargetOriginId": .text(settings.origins[behavior.origin].id),
            "TrustedSigners": .map(["Enabled": .text(false), "Quantity": .text(0)]),
            "TrustedKeyGroups": .map(["Enabled": .text(false), "Quantity": .text(0)]),
            "ViewerProtocolPolicy": .text("allow-all"),
            "AllowedMethods": .map([
                "Quantity": .text(all.count), "Items": ConfigNode(.list(all.map { .text($0) })),
                "CachedMethods": .quantity([.text("HEAD"), .text("GET")]),
            ]),
            "SmoothStreaming": .text(false), "Compress": .text(false),
            "LambdaFunctionAssociations": .quantity(), "FunctionAssociations": .quantity(),
            "FieldLevelEncryptionId": .text(""),
            "ForwardedValues": .map([
                "QueryString": .text(true), "Cookies": .map(["Forward": .text("all")]),
                "Headers": .quantity(), "QueryStringCacheKeys": .quantity(),
            ]),
            "MinTTL": .text(policy.minTTL / 1_000), "DefaultTTL": .text(policy.defaultTTL / 1_000),
            "MaxTTL": .text(policy.maxTTL / 1_000),
        ])
    }
}
