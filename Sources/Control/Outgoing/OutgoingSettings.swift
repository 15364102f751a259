public import CloudFront

/// How the CloudFront in front of the edge is told what writes made stale.
public struct OutgoingSettings: Sendable, Equatable {
    /// The id of the distribution; nil: nobody is told.
    public var distribution: String?
    /// `CacheTagConfig.HeaderName` of the distribution; nil: it has none, and is told by paths.
    public var tagHeader: String?
    /// What a rule comes to.
    public var items = OutgoingItems()
    public var limits = OutgoingInvalidations.Limits()
    /// In signatures; CloudFront itself is in no region.
    public var region = "us-east-1"
    /// A URL that is asked in place of CloudFront; nil: as `aws.endpoint` has it.
    public var endpoint: String?

    public init() {}

    /// By what the record of another distribution, or of another way to tell it, is known.
    var target: String { "\(distribution ?? "") \(tagHeader ?? "by paths")" }
}
