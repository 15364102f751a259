/// The cache policy of a behavior as the hit path reads it: plain numbers, copied like memory.
///
/// All durations are milliseconds. `standard(mode:)` gives the documented defaults.
public struct BehaviorPolicy: Sendable, Equatable {
    /// Which rule book decides.
    public var mode: Mode
    /// What the edge knows of the resources.
    public var mapClass: MapClass
    /// Lower bound of every lifetime; above 0 it overrides `no-store`, `no-cache` and `private`
    /// in cloudfront mode. Default 0.
    public var minTTL: Milliseconds
    /// Lifetime when the origin says nothing. Default 0: the origin's headers rule.
    public var defaultTTL: Milliseconds
    /// Upper bound of every lifetime and of every stale window. Default 365 days.
    public var maxTTL: Milliseconds
    /// Least lifetime of an error in cloudfront mode (its `ErrorCachingMinTTL`). Default 10 s
    /// there, 0 in rfc9111 mode, where only the origin's own words make an error cacheable.
    public var errorTTL: Milliseconds
    /// Lifetime here of a good answer of the class about whose freshness the origin says nothing;
    /// it wins over `usesHeuristics` and `defaultTTL`. 0: the class has none. Default: that of the
    /// class (see ``standardEdgeTTL(_:)``).
    public var edgeTTL: Milliseconds
    /// A map or a legend to which the origin gives a shorter lifetime than ``edgeTTL`` has that of
    /// the class here, too: writes make it stale, of which the origin's word knows nothing. Not one
    /// of which it says that it is not to be reused. Default: no.
    public var outlivesOrigin = false
    /// `s-maxage` told to the cache in front of us for such an answer, or what is left of its
    /// lifetime here if that is less. Default 60 s.
    public var sMaxage: Milliseconds
    /// Longest lifetime of a map whose TIME names the present (`current`, `present`): what it shows
    /// changes as time passes, and no write says so. Default 60 s, for which caches in front keep
    /// any map.
    public var presentTTL: Milliseconds = 60_000
    /// Longest lifetime of GetFeatureInfo's answers, whatever the origin says of them. Default: a
    /// year, so that the class's and the origin's own count.
    public var featureInfoTTL: Milliseconds = year
    /// Used when the response has no `stale-while-revalidate`. Default 0.
    public var staleWhileRevalidate: Milliseconds
    /// Used when the response has no `stale-if-error`. Default: that of the class in cloudfront
    /// mode (see ``standardStaleIfError(_:)``), 24 h in rfc9111 mode, and never more than that of
    /// the class.
    public var staleIfError: Milliseconds
    /// Obeys `Cache-Control` and `Pragma` of requests. Default: rfc9111 mode only.
    public var honoursRequestCacheControl: Bool
    /// Guesses a lifetime from Last-Modified (RFC 9111 §4.2.2). Default: rfc9111 mode only.
    public var usesHeuristics: Bool
    /// Keeps variants by `Vary` (RFC 9111 §4.1). Default: rfc9111 mode only.
    public var keysVary: Bool
    /// `CDN-Cache-Control` wins over `Cache-Control` (RFC 9213). Default: rfc9111 mode only.
    public var honoursTargetedControl: Bool
    /// Counts the `Age` and `Date` of the origin's response. Default: rfc9111 mode only.
    public var respectsOriginAge: Bool
    /// Requests of a session go to the origin and are not stored. Default: yes.
    public var sessionsBypass: Bool
    /// A response to a request with `Authorization` is shared only if it says so
    /// (RFC 9111 §3.5). Default: yes; CloudFront itself does not ask.
    public var judgesAuthorization: Bool
    /// A response with `Set-Cookie` is shared only if it says `public` or `s-maxage`.
    /// Default: yes; CloudFront itself does not ask.
    public var judgesCookies: Bool
    /// Takes a `max-age` or `s-maxage` that is no number for one that is not there; else the
    /// response is stale at once. CloudFront does not say. Default: no.
    public var ignoresInvalidMaxAge = false
    /// Shows the `Age` of what the origin has just confirmed. CloudFront does not say; in rfc9111
    /// mode it is always shown. Default: no.
    public var showsAgeOnRefresh = false
    /// Calls what is served within `stale-while-revalidate` a RefreshHit; else a Hit. CloudFront
    /// does not say. Default: no.
    public var staleIsRefreshHit = false
    /// Takes an `Expires` that is no date for one that is not there; else it is in the past.
    /// CloudFront does not say. Default: no.
    public var ignoresInvalidExpires = false
    /// Takes a response with two `max-age`, or two `s-maxage`, for stale; else the first counts.
    /// CloudFront does not say. Default: no.
    public var repeatedMaxAgeIsStale = false
    /// Takes `Pragma: no-cache` of a response without `Cache-Control` for `no-cache`. CloudFront
    /// does not say. Default: no.
    public var honoursResponsePragma = false
    /// Takes `private="names"` for `private`; else it is about those fields. CloudFront does not
    /// say. Default: no.
    public var ignoresPrivateNames = false
    /// A 304 that says nothing of freshness leaves the default lifetime; else what was said
    /// before. CloudFront does not say. Default: no.
    public var replacesLifetimeOn304 = false
    /// A stale window is as long as `maxTTL` lets it, whenever it begins; else it ends `maxTTL`
    /// after storing as well. CloudFront does not say. Default: no.
    public var staleOutlivesMaxTTL = false
    /// Which statuses are kept of which CloudFront does not say; cloudfront mode only.
    public var cachedStatuses = StatusSet.standard
    /// A HEAD that finds nothing is asked as GET, for the store. CloudFront does not say.
    /// Default: no.
    public var asksGetForHead = false
    /// What was under way when an invalidation came is stored all the same. CloudFront does not
    /// say; an edge whose invalidations must hold says no. Default: no.
    public var storesLateFetches = false
    /// A Miss passes the viewer's `If-None-Match` and its like on although no policy of a
    /// distribution names them. CloudFront does not say. Default: no.
    public var forwardsConditions = false
    /// `Range` and the fields of a body pass only where a policy of a distribution names them.
    /// CloudFront does not say. Default: no.
    public var forwardsOnlyNamed = false
    /// Parameters and cookies of signatures are in the key, and reach the origin, of a
    /// distribution's behavior that asks for none. CloudFront says that they are taken away, not
    /// whether there, too. Default: no.
    public var passesStraySignatures = false
    /// A distribution's error pages take the place of its own refusals, but for those of a
    /// country, which they always do. CloudFront does not say. Default: yes.
    public var pagesForRefusals = true
    /// Tells the length of what was compressed here where it is known; else it goes out in chunks.
    /// CloudFront does not say; of distributions in role twin only. Default: no.
    public var showsCompressedLength = false
    /// The key of a distribution's behavior has the path as patterns see it. CloudFront does not
    /// say. Default: no.
    public var keysNormalPath = false
    /// The key of a distribution's behavior has the selected parameters in a normal form.
    /// CloudFront does not say. Default: no.
    public var keysNormalQuery = false
    /// The key of a distribution's behavior does not tell which policy it was made by. CloudFront
    /// does not say. Default: no.
    public var sharesAcrossPolicies = false
    /// Keeps `no-store` and `private` responses for the time when the origin is down, as
    /// CloudFront does. Default: no.
    public var keepsFallback: Bool
    /// Responses to OPTIONS are stored, under keys of their own. Default: no.
    public var cachesOptions: Bool
    /// A stale response is confirmed by a conditional request; else it is asked for whole, as
    /// CloudFront does where cookies are forwarded. Default: yes.
    public var revalidates: Bool
    /// Responses of types that compress well are stored and sent as gzip to viewers who take it,
    /// where the origin sent them plain. Default: cloudfront mode only.
    public var compresses: Bool
    /// Requests for one key wait for one fetch. Default: yes.
    public var collapses: Bool
    /// A fetch whose viewers have all left is completed for the store. Default: no, as CloudFront.
    public var fetchOutlivesViewers: Bool
    /// A write that succeeded invalidates its target (RFC 9111 §4.4). Default: yes.
    public var invalidatesOnUnsafe: Bool

    /// A year: CloudFront's default MaxTTL.
    public static var year: Milliseconds { 31_536_000_000 }
    public static var day: Milliseconds { 86_400_000 }

    /// How long something stale of that class is better than nothing: the picture of a map for as
    /// long as it is kept, what describes services or features for as long as programs may rely
    /// on it, a page for as long as people take it for today's.
    public static func standardStaleIfError(_ mapClass: MapClass) -> Milliseconds {
        switch mapClass {
        case .none, .tiles: .max
        case .capabilities: 7 * day
        case .pages: 3 * day
        case .features: day / 24
        }
    }

    /// How long what nobody gave a lifetime is good here. Writes that pass through the edge make
    /// pictures and documents stale, so that this bounds only what changes past it: a picture is
    /// seconds of work, and drawn from data that few change otherwise; the rest is for a minute or
    /// a few what GeoNode's own caches keep it for.
    public static func standardEdgeTTL(_ mapClass: MapClass) -> Milliseconds {
        switch mapClass {
        case .none, .tiles: day
        case .capabilities: 300_000
        case .features, .pages: 60_000
        }
    }

    /// What `--origin URL` alone gives: the origin's headers rule, class tiles.
    public static func standard(mode: Mode, _ mapClass: MapClass = .tiles) -> BehaviorPolicy {
        let isLetter = mode == .rfc9111
        let staleIfError = min(isLetter ? day : .max, standardStaleIfError(mapClass))
        return BehaviorPolicy(
            mode: mode, mapClass: mapClass, minTTL: 0, defaultTTL: 0, maxTTL: year,
            errorTTL: isLetter ? 0 : 10_000, edgeTTL: standardEdgeTTL(mapClass), sMaxage: 60_000,
            staleWhileRevalidate: 0, staleIfError: staleIfError,
            honoursRequestCacheControl: isLetter, usesHeuristics: isLetter, keysVary: isLetter,
            honoursTargetedControl: isLetter, respectsOriginAge: isLetter, sessionsBypass: true,
            judgesAuthorization: true, judgesCookies: true, keepsFallback: false,
            cachesOptions: false, revalidates: true, compresses: !isLetter,
            collapses: true, fetchOutlivesViewers: false,
            invalidatesOnUnsafe: true)
    }

    /// CloudFront and nothing else, traps included: a behavior without a class.
    public static var cloudFrontPure: BehaviorPolicy {
        var policy = standard(mode: .cloudfront)
        policy.mapClass = .none
        policy.sessionsBypass = false
        policy.judgesAuthorization = false
        policy.judgesCookies = false
        policy.keepsFallback = true
        policy.invalidatesOnUnsafe = false
        return policy
    }

    /// All three bounds are 0: CloudFront's "caching disabled", in cloudfront mode.
    @inlinable
    public var disablesCaching: Bool {
        mode == .cloudfront && minTTL == 0 && defaultTTL == 0 && maxTTL == 0
    }
}
