/// How long a response may be used without asking, and whose word that is.
public struct Lifetime: Sendable, Equatable {
    /// Who said so.
    public enum Source: UInt8, Sendable, CaseIterable {
        /// `s-maxage` of `Cache-Control`.
        case sMaxAge
        /// `max-age` of `Cache-Control`.
        case maxAge
        /// `Expires` less `Date`.
        case expires
        /// `CDN-Cache-Control` (RFC 9213).
        case targeted
        /// A guess from `Last-Modified` (RFC 9111 §4.2.2).
        case heuristic
        /// The behavior's class: a good answer about which the origin says nothing.
        case mapClass
        /// The behavior's default.
        case defaultTTL
        /// `no-store`, `no-cache` or `private`, under a minimum of 0.
        case directive
        /// The error's own lifetime (CloudFront's `ErrorCachingMinTTL`).
        case errorTTL

        /// The word in `explain` and logs.
        public var word: StaticString {
            switch self {
            case .sMaxAge: "s-maxage"
            case .maxAge: "max-age"
            case .expires: "expires"
            case .targeted: "cdn-cache-control"
            case .heuristic: "heuristic"
            case .mapClass: "class"
            case .defaultTTL: "default-ttl"
            case .directive: "directive"
            case .errorTTL: "error-ttl"
            }
        }
    }

    /// Which bound of the behavior changed it.
    public enum Bound: UInt8, Sendable, CaseIterable {
        case none, minTTL, maxTTL, presentTTL, featureInfoTTL
    }

    /// Never negative.
    public var milliseconds: Milliseconds
    public var source: Source
    public var bound: Bound

    public init(milliseconds: Milliseconds, source: Source, bound: Bound = .none) {
        self.milliseconds = max(0, milliseconds)
        self.source = source
        self.bound = bound
    }

    /// Held within the behavior's minimum and maximum.
    func bounded(_ policy: BehaviorPolicy) -> Lifetime {
        var bounded = self
        if milliseconds < policy.minTTL {
            bounded.milliseconds = policy.minTTL
            bounded.bound = .minTTL
        } else if milliseconds > policy.maxTTL {
            bounded.milliseconds = policy.maxTTL
            bounded.bound = .maxTTL
        }
        return bounded
    }

    /// Held below the longest lifetime of what was asked for.
    fileprivate func bounded(_ bound: Bound, at limit: Milliseconds) -> Lifetime {
        milliseconds > limit ? Lifetime(milliseconds: limit, source: source, bound: bound) : self
    }
}

/// How long a shared cache may use the response without asking, counted from the origin's sending.
///
/// `s-maxage`, else `max-age`, else `Expires`, else the class, the heuristic or the default; then
/// held within the behavior's bounds, and `presentTTL` where it moves with the clock, or
/// `featureInfoTTL` where it is feature info. Source: RFC 9111 §4.2.1, §4.2.2; RFC 9213 §2.2;
/// CloudFront, "Managing how long content stays in the cache".
public func freshnessLifetime(
    _ response: ResponseFacts, _ policy: BehaviorPolicy, now: Milliseconds
) -> Lifetime {
    let lifetime =
        switch policy.mode {
        case .rfc9111: lifetimeByLetter(response, policy, now: now).bounded(policy)
        case .cloudfront:
            response.status >= 400
                ? errorLifetime(response, policy, now: now)
                : cloudFrontLifetime(response, policy, now: now)
        }
    if response.isFeatureInfo {
        return lifetime.bounded(.featureInfoTTL, at: policy.featureInfoTTL)
    }
    return response.movesWithClock
        ? lifetime.bounded(.presentTTL, at: policy.presentTTL) : lifetime
}
