/// A distribution's configuration, as the API gives and takes it.
///
/// Source: CloudFront API Reference, "DistributionConfig".
public struct DistributionConfig: Sendable, Equatable {
    public enum PriceClass: String, Sendable, CaseIterable {
        case class100 = "PriceClass_100"
        case class200 = "PriceClass_200"
        case all = "PriceClass_All"
        case none = "None"
    }

    public enum HTTPVersion: String, Sendable, CaseIterable {
        case http11 = "http1.1"
        case http2
        case http3
        case http2and3
    }

    /// The DistributionConfig itself as it was read, for whoever has to give it back unchanged.
    public var source: ConfigNode
    /// Where that stands in its document.
    public var place = ConfigPlace("")
    /// "" where the document has none; likewise the four that follow.
    public var etag: String
    public var id: String
    public var domainName: String
    public var arn = ""
    /// As it was printed.
    public var lastModifiedTime = ""

    public var callerReference: String
    public var aliases: [String]
    /// What a request for `/` means; "" for none.
    public var defaultRootObject: String
    public var origins: [Origin]
    public var originGroups: [OriginGroup]
    public var defaultCacheBehavior: CacheBehavior
    /// In the order in which they are tried.
    public var cacheBehaviors: [CacheBehavior]
    public var customErrorResponses: [CustomErrorResponse]
    public var comment: String
    public var logging: LoggingConfig
    public var priceClass: PriceClass
    public var isEnabled: Bool
    public var viewerCertificate: ViewerCertificate
    public var geoRestriction: GeoRestriction
    public var webACLId: String
    public var httpVersion: HTTPVersion
    public var isIPV6Enabled: Bool
    public var isStaging: Bool
    /// The response header that carries cache tags; "" for none.
    public var cacheTagHeaderName: String

    /// Where a member stands, or the configuration where there is no such member.
    public func place(_ key: String) -> ConfigPlace {
        ConfigPlace(source[key] ?? source, place.path.isEmpty ? key : "\(place.path).\(key)")
    }

    /// The path that a request's path stands for: `/` alone is the root object.
    ///
    /// nil when the path stands for itself. Source: CloudFront, "Specifying a default root object".
    public func rootObjectPath(forRoot path: String) -> String? {
        path == "/" && !defaultRootObject.isEmpty && !refusesRoot ? "/\(defaultRootObject)" : nil
    }

    /// A request for `/` is answered 403: the root object begins with a slash, as CloudFront takes
    /// none any more, and as there are some all the same.
    public var refusesRoot: Bool { defaultRootObject.hasPrefix("/") }
}
