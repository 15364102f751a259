import HTTP

extension ResponseFacts {
    /// Its origin does not say that it is for one use only: CloudFront sends on by themselves those
    /// who waited for what is private, no-store, no-cache or fresh for no time.
    public func isForReuse(_ policy: BehaviorPolicy) -> Bool {
        let control = directives(policy)
        return !control.noStore && !control.isPrivate && !control.noCache
            && control.maxAgeSeconds != 0 && control.sMaxAgeSeconds != 0
    }

    /// The directives that bind us: the targeted ones when there are any and they are honoured.
    func directives(_ policy: BehaviorPolicy) -> CacheControl {
        var control = cacheControl
        if policy.honoursTargetedControl, let targeted {
            control = targeted
        } else if policy.honoursResponsePragma, hasPragmaNoCache, !hasCacheControl {
            control.flags.insert(.noCache)
        }
        if policy.ignoresPrivateNames, control.contains(.privateFields) {
            control.flags.insert(.private)
        }
        return control
    }

    func isTargeted(_ policy: BehaviorPolicy) -> Bool {
        policy.honoursTargetedControl && targeted != nil
    }

    /// What the origin says in so many words; nil when it says nothing.
    ///
    /// An argument that is no number makes the response stale, as RFC 9111 §4.2.1 encourages,
    /// unless the policy ignores it.
    func explicitLifetime(_ policy: BehaviorPolicy, now: Milliseconds) -> Lifetime? {
        let control = directives(policy)
        let targeted = isTargeted(policy)
        if let seconds = control.sMaxAgeSeconds,
            !(policy.ignoresInvalidMaxAge && control.contains(.invalidSMaxAge))
        {
            let isVoid = policy.repeatedMaxAgeIsStale && control.contains(.repeatedSMaxAge)
            return Lifetime(
                milliseconds: .seconds(isVoid ? 0 : seconds),
                source: targeted ? .targeted : .sMaxAge)
        }
        if let seconds = control.maxAgeSeconds,
            !(policy.ignoresInvalidMaxAge && control.contains(.invalidMaxAge))
        {
            let isVoid = policy.repeatedMaxAgeIsStale && control.contains(.repeatedMaxAge)
            return Lifetime(
                milliseconds: .seconds(isVoid ? 0 : seconds), source: targeted ? .targeted : .maxAge
            )
        }
        // RFC 9213 §2.2: a targeted field silences Expires as well.
        if targeted { return nil }
        switch expires {
        case .absent: return nil
        case .invalid:
            return policy.ignoresInvalidExpires ? nil : Lifetime(milliseconds: 0, source: .expires)
        case .at(let seconds):
            // CloudFront counts from its own clock, the RFC from the origin's Date.
            let from = policy.mode == .rfc9111 ? date.map(Milliseconds.seconds) ?? now : now
            return Lifetime(
                milliseconds: Milliseconds.seconds(seconds).subtracting(from), source: .expires)
        }
    }

    /// `no-store`, unqualified `no-cache` or unqualified `private`.
    func forbidsReuse(_ policy: BehaviorPolicy) -> Bool {
        let control = directives(policy)
        return control.noStore || control.noCache || control.isPrivate
    }
}
