public import CloudFront
public import Edge

/// What the control API shows and changes: one distribution, its policies, its invalidations.
///
/// Called from the admin port's own threads, several at a time; reads must not wait for a loop.
public protocol DistributionState: Sendable {
    /// What is in force now.
    var distribution: DistributionRecord { get }
    /// All policies of that kind, managed ones included, in the order to list them.
    func policies(_ kind: PolicyKind) -> [PolicyRecord]
    /// All public keys, or all groups of them, in the order to list them.
    func signers(_ kind: SignerKind) -> [SignerRecord]
    /// Puts another DistributionConfig in force, and returns when it is and would survive a crash.
    ///
    /// - Parameter now: in milliseconds since 1970; the record's `lastModified` from then on.
    /// - Throws: the first thing that is wrong with it; the old one stays in force then.
    func apply(_ config: ConfigNode, now: Int64) throws(APIError)

    /// Makes stale what is named, and returns when that is durable and in effect on all loops.
    ///
    /// - Parameter isSoft: it may still be confirmed, and served where something stale may; else it
    ///   is as good as not there.
    /// - Returns: the number by which the store knows it; nil: it can match nothing.
    func invalidate(_ targets: [InvalidationPath], isSoft: Bool) throws(APIError) -> UInt64?
    /// How much is stored of what is named.
    func count(_ targets: [InvalidationPath]) throws(APIError) -> StoreCount
    /// Why an item clears less than it seems to say; nil: nothing stands out.
    func advice(on target: InvalidationPath) -> String?
    /// Invalidations that were recorded, newest first.
    var invalidations: [InvalidationRecord] { get }
    /// Adds one to the list, and returns when it would survive a crash.
    func record(_ invalidation: InvalidationRecord) throws(APIError)

    /// The distribution's tags, in the order they were given.
    var tags: [ResourceTag] { get }
    /// Replaces the tags, and returns when they would survive a crash.
    func replaceTags(_ tags: [ResourceTag]) throws(APIError)
}

/// The distribution that an edge serves, as the API tells it.
public struct DistributionRecord: Sendable, Equatable {
    /// `E` and 13 upper-case letters and digits.
    public var id: String
    /// `d111111abcdef8.cloudfront.net`
    public var domainName: String
    /// When the configuration came into force, in milliseconds since 1970.
    public var lastModified: Int64
    /// The DistributionConfig, with as many members as its author wrote.
    public var config: ConfigNode
    /// Partition, service and account of its ARN. The account is the one of Amazon's own examples
    /// unless an export names one: an edge has none.
    var arnPlace = "arn:aws:cloudfront::123456789012"

    public init(id: String, domainName: String, lastModified: Int64, config: ConfigNode) {
        self.id = id
        self.domainName = domainName
        self.lastModified = lastModified
        self.config = config
    }

    var arn: String { "\(arnPlace):distribution/\(id)" }

    /// What of an ARN stands before the distribution; nil: it is no distribution's.
    static func place(ofARN arn: String) -> String? {
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[2] == "cloudfront", parts[3].isEmpty,
            parts[4].count == 12, parts[4].utf8.allSatisfy({ (48...57).contains($0) }),
            parts[5].hasPrefix("distribution/")
        else { return nil }
        return parts[..<5].joined(separator: ":")
    }

    /// Other than before whenever the configuration or its time is.
    var version: String {
        versionText(APIDocument(root: "DistributionConfig", config), lastModified)
    }
}

/// One of the three kinds of policies that behaviors refer to.
public enum PolicyKind: String, Sendable, CaseIterable {
    case cache = "CachePolicy"
    case originRequest = "OriginRequestPolicy"
    case responseHeaders = "ResponseHeadersPolicy"

    /// The word of the path: `cache-policy`.
    var pathWord: String {
        switch self {
        case .cache: "cache-policy"
        case .originRequest: "origin-request-policy"
        case .responseHeaders: "response-headers-policy"
        }
    }

    var missing: APIError {
        switch self {
        case .cache: APIError(.noSuchCachePolicy, "The cache policy does not exist.")
        case .originRequest:
            APIError(.noSuchOriginRequestPolicy, "The origin request policy does not exist.")
        case .responseHeaders:
            APIError(.noSuchResponseHeadersPolicy, "The response headers policy does not exist.")
        }
    }
}

/// A policy as the API tells it.
public struct PolicyRecord: Sendable, Equatable {
    public var id: String
    /// One that every account has, not one of the deployment's own.
    public var isManaged: Bool
    /// In milliseconds since 1970.
    public var lastModified: Int64
    /// The CachePolicyConfig, OriginRequestPolicyConfig or ResponseHeadersPolicyConfig.
    public var config: ConfigNode

    public init(id: String, isManaged: Bool, lastModified: Int64, config: ConfigNode) {
        self.id = id
        self.isManaged = isManaged
        self.lastModified = lastModified
        self.config = config
    }

    var version: String { versionText(APIDocument(root: id, config), lastModified) }
}

/// An invalidation that took effect.
public struct InvalidationRecord: Sendable, Equatable {
    /// `I` and 13 upper-case letters and digits.
    public var id: String
    /// In milliseconds since 1970.
    public var created: Int64
    /// Paths and tags in the order they were given.
    public var items: [String]
    public var callerReference: String
    /// What it names may still be confirmed; CloudFront has no such invalidations.
    public var isSoft: Bool
    /// By which the store knows it; nil: it matched nothing, or was recorded before numbers were.
    public var number: UInt64?

    public init(
        id: String, created: Int64, items: [String], callerReference: String,
        isSoft: Bool = false, number: UInt64? = nil
    ) {
        self.isSoft = isSoft
        self.number = number
        self.id = id
        self.created = created
        self.items = items
        self.callerReference = callerReference
    }
}

/// A tag of a resource, in the sense of AWS's tagging: nothing that invalidates.
public struct ResourceTag: Sendable, Equatable {
    public var key: String
    public var value: String

    public init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}
