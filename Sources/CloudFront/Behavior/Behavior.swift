public import Caching

/// A behavior with its policies, or its ForwardedValues, brought into one form.
public struct Behavior: Sendable, Equatable {
    /// Where requests go.
    public enum Target: Sendable, Equatable {
        /// Index in the distribution's origins.
        case origin(Int)
        /// The second is asked when the first fails by the criteria.
        case group(primary: Int, secondary: Int, FailoverCriteria)
    }

    public var pathPattern: String
    /// Where it stands in the document.
    public var place: ConfigPlace
    public var target: Target
    /// Lifetimes, as the storing and freshness rules take them: CloudFront without additions.
    /// Its `errorTTL` is for statuses of which `ErrorCaching` knows nothing better.
    public var policy: BehaviorPolicy
    public var key: KeySelection
    public var forwarding: Forwarding
    public var responseHeaders: ResponseHeadersPolicy?
    public var allowedMethods: MethodSet
    public var cachedMethods: MethodSet
    public var viewerProtocolPolicy: CacheBehavior.ViewerProtocolPolicy
    /// Compresses what the key's codings allow.
    public var isCompressing: Bool
    public var signers: CacheBehavior.Signers

    /// The same as a policy's readings of what is not documented have it.
    public func adopting(_ policy: BehaviorPolicy) -> Behavior {
        var behavior = self
        behavior.key = key.adopting(policy)
        behavior.forwarding = forwarding.adopting(policy)
        return behavior
    }

    /// The same towards one origin of a group, which may be a bucket although the other is none.
    public func towards(isS3: Bool) -> Behavior {
        var behavior = self
        behavior.forwarding.isS3 = isS3
        return behavior
    }

    /// Nothing is stored: all lifetimes are 0, or all headers are forwarded the older way.
    public var disablesCaching: Bool { policy.disablesCaching }

    /// Whether requests must be signed.
    public var requiresSignature: Bool { signers != .none }

    /// Whether the key names fields that the edge makes of the connection.
    public var keysGeneratedFields: Bool {
        key.headers.texts.contains { $0.lowercased().hasPrefix("cloudfront-") }
    }

    /// What is stored, the lifetimes aside, depends on this and on nothing else of the behavior:
    /// two behaviors of equal key policy may share their entries.
    public var identity: [UInt8] { key.identity }
}
