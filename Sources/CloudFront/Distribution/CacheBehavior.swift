/// One behavior as the document has it. `Behavior` is what it comes to.
///
/// Source: CloudFront, "Cache behavior settings".
public struct CacheBehavior: Sendable, Equatable {
    public enum ViewerProtocolPolicy: String, Sendable, CaseIterable {
        case allowAll = "allow-all"
        case httpsOnly = "https-only"
        case redirectToHTTPS = "redirect-to-https"
    }

    /// Who may sign URLs and cookies; with any, every request must be signed.
    public enum Signers: Sendable, Equatable {
        case none
        /// Account numbers, or `self`.
        case accounts([String])
        /// Ids of key groups.
        case keyGroups([String])
    }

    /// Where the key and the lifetimes come from.
    public enum Caching: Sendable, Equatable {
        case policy(id: String)
        case forwardedValues(ForwardedValues, TTLBounds)
    }

    /// `*` for the default behavior.
    public var pathPattern: String
    public var place: ConfigPlace
    public var targetOriginId: String
    public var signers: Signers
    public var viewerProtocolPolicy: ViewerProtocolPolicy
    public var allowedMethods: MethodSet
    public var cachedMethods: MethodSet
    public var isCompressing: Bool
    public var caching: Caching
    /// "" where there is none; likewise below.
    public var originRequestPolicyId: String
    public var responseHeadersPolicyId: String

    public var cachePolicyId: String {
        if case .policy(let id) = caching { return id }
        return ""
    }
}
