public import CloudFront
public import Reactor

/// A CloudFront distribution that the edge imitates or stands in for: what is no matter of a
/// single behavior. `Settings.behaviors` has one for each of its behaviors, in the same order.
public struct DistributionSettings: Sendable {
    public var distribution: Distribution
    /// `E` and 13 letters or digits.
    public var id: String
    /// Where viewers would find it; stands for the host in every key, so that aliases share
    /// objects.
    public var domainName: String
    /// PEM public keys of signers, by key id.
    public var publicKeys: [String: String] = [:]
    /// The key ids of each key group.
    public var keyGroups: [String: [String]] = [:]
    /// Whether a Host that is neither an alias nor the domain name is refused (403). Default: no,
    /// so that a developer may use any name.
    public var isStrictAboutAliases = false
    /// What CloudFront does not document.
    public var readings = DistributionReadings()
    /// What tells a viewer's country.
    public var countries = CountrySettings()
    /// The point of presence that `X-Amz-Cf-Pop` names.
    public var pointOfPresence = standardPOP

    public static var standardPOP: String { "SEA19-C1" }

    public init(_ distribution: Distribution, id: String, domainName: String) {
        self.distribution = distribution
        self.id = id
        self.domainName = domainName
    }

    /// The alias or domain name by which a host, without its port, is the distribution's.
    func name(of host: RawSpan) -> String? {
        (distribution.config.aliases + [domainName]).first { name in
            let bytes = Array(name.utf8)
            return unsafe HotScreening.isNamed(host, bytes.span.bytes)
        }
    }
}

extension Settings {
    /// The response field that has cache tags; empty: none.
    package var tagField: [UInt8] {
        (distribution?.distribution.config.cacheTagHeaderName).map { Array($0.utf8) } ?? []
    }
}

/// How a viewer's country is found: a trusted peer's word first, then the table, then the default.
public struct CountrySettings: Sendable, Equatable {
    /// A request field that holds two letters, believed of trusted proxies only; nil: none.
    public var field: String? = "CloudFront-Viewer-Country"
    /// Address blocks, the most specific of which counts.
    public var table: [CountryBlock] = []
    /// For everybody else; nil: unknown, and such a viewer is served.
    public var standard: String?

    public init() {}
}

/// Where the addresses of a block are.
public struct CountryBlock: Sendable, Equatable {
    public var block: AddressBlock
    /// ISO 3166-1, two capital letters.
    public var country: String
    /// What else is known.
    public var place: ViewerPlace

    public init(_ block: AddressBlock, country: String, place: ViewerPlace = ViewerPlace()) {
        self.block = block
        self.country = country
        self.place = place
    }
}

/// The second origin of a group, asked when the first fails.
///
/// Source: CloudFront, "Optimizing high availability with CloudFront origin failover".
public struct FailoverSettings: Sendable, Equatable {
    /// Index into `Settings.origins`.
    public var origin: Int
    /// Likewise, for viewers that speak TLS.
    public var secureOrigin: Int
    public var criteria: FailoverCriteria
    /// Whether it is an S3 bucket.
    public var isS3: Bool

    public init(
        origin: Int, secureOrigin: Int, criteria: FailoverCriteria, isS3: Bool = false
    ) {
        self.origin = origin
        self.secureOrigin = secureOrigin
        self.criteria = criteria
        self.isS3 = isS3
    }
}

/// What an imported behavior says beyond lifetimes.
public struct ImportedBehavior: Sendable, Equatable {
    public var behavior: CloudFront.Behavior
    /// Asked in place of `BehaviorSettings.origin` for viewers that speak TLS: an origin whose
    /// protocol policy is `match-viewer` is two. Index into `Settings.origins`.
    public var secureOrigin: Int
    /// nil: no group.
    public var failover: FailoverSettings?
    /// Whether the origin, of a group the first, is an S3 bucket, whose errors stay a second at
    /// least.
    public var isS3: Bool

    public init(
        _ behavior: CloudFront.Behavior, secureOrigin: Int, failover: FailoverSettings? = nil,
        isS3: Bool = false
    ) {
        self.behavior = behavior
        self.secureOrigin = secureOrigin
        self.failover = failover
        self.isS3 = isS3
    }
}
