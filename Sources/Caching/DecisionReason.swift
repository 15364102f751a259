/// Why a decision was taken. Its word is used in `explain`, log, metric and `Cache-Status`.
public enum DecisionReason: UInt8, Sendable, CaseIterable {
    /// The entry is fresh.
    case fresh
    /// A stored error is still within its lifetime.
    case cachedError
    /// Stale, but the response or the behavior allows it while it is being refreshed.
    case staleWhileRevalidate
    /// Stale, but the request takes it (`max-stale`).
    case maxStale
    /// Stale, and every member of the origin is down.
    case originDown
    /// Nothing is stored for this target.
    case absent
    /// Nothing was stored; the tile was cut out of a picture of many that the origin drew.
    case metatile
    /// Responses are stored, but none for these selecting fields.
    case variantAbsent
    /// The entry's lifetime is over.
    case stale
    /// The response said `no-cache`.
    case noCache
    /// The entry is kept only for when the origin is down.
    case fallbackOnly
    /// The response varies by everything.
    case varyStar
    /// Only a part is stored, and not the one asked for.
    case partial
    /// The request said `no-cache`.
    case requestNoCache
    /// Older than the request's `max-age`.
    case requestMaxAge
    /// Not fresh for as long as the request's `min-fresh`.
    case requestMinFresh
    /// The request is authenticated and the entry is not for everybody.
    case authorization
    /// The request's method is not answered from the store.
    case method
    /// The request asks to switch to a protocol that is tunnelled: what answers it, be it an
    /// error, is no answer to a plain GET.
    case upgrade
    /// The request has a body.
    case requestBody
    /// The request belongs to a session.
    case session
    /// A message waits for the reader, which is told once.
    case messages
    /// The request has a cookie that no list of the behavior names.
    case unlistedCookie
    /// The reader has just written something, and is to see it.
    case ownWrite
    /// The request asks for a part of the page, by a field that is in no key.
    case partOfPage
    /// The page comes with a csrf cookie, which the reader has not got yet.
    case csrfCookie
    /// `If-Match` or `If-Unmodified-Since`, which only the origin can judge.
    case precondition
    /// The behavior's bounds are all 0.
    case cachingDisabled
    /// The key cannot be formed: more cookies are selected than are told apart.
    case keyNotFormed
    /// An operator asked for the origin's answer, and for the store to have no part in it.
    case bypassAsked
    /// An operator asked for what is stored to be fetched anew.
    case refreshAsked
    /// What is stored is older than the request's cache-buster asks for.
    case cacheBuster
    /// The request brings a style of its own (SLD, SLD_BODY).
    case styleDocument
    /// A request for a map has more unknown parameters than can be put in order.
    case manyParameters
    /// `only-if-cached`, and nothing usable is stored.
    case onlyIfCached
    /// The origin failed, and the stale response is within its budget.
    case staleIfError
    /// The origin failed, and there is nothing stored to fall back on.
    case nothingStored
    /// The origin failed, and a directive forbids stale use.
    case staleForbidden
    /// The origin failed, and the stale response is beyond its budget.
    case staleBudgetSpent
    /// The origin's answer is not one that a stale response may replace.
    case notAFailure
    /// The viewer asks more often than it may.
    case viewerRate

    public var word: StaticString {
        switch self {
        case .fresh: "fresh"
        case .cachedError: "cached-error"
        case .staleWhileRevalidate: "stale-while-revalidate"
        case .maxStale: "max-stale"
        case .originDown: "origin-down"
        case .absent: "absent"
        case .metatile: "metatile"
        case .variantAbsent: "variant-absent"
        case .stale: "stale"
        case .noCache: "no-cache"
        case .fallbackOnly: "fallback-only"
        case .varyStar: "vary-star"
        case .partial: "partial"
        case .requestNoCache: "request-no-cache"
        case .requestMaxAge: "request-max-age"
        case .requestMinFresh: "request-min-fresh"
        case .authorization: "authorization"
        case .method: "method"
        case .upgrade: "upgrade"
        case .requestBody: "request-body"
        case .session: "session"
        case .messages: "messages"
        case .unlistedCookie: "unlisted-cookie"
        case .ownWrite: "own-write"
        case .partOfPage: "part-of-page"
        case .csrfCookie: "csrf-cookie"
        case .precondition: "precondition"
        case .cachingDisabled: "caching-disabled"
        case .keyNotFormed: "key-not-formed"
        case .bypassAsked: "bypass-asked"
        case .refreshAsked: "refresh-asked"
        case .cacheBuster: "cache-buster"
        case .styleDocument: "style-document"
        case .manyParameters: "many-parameters"
        case .onlyIfCached: "only-if-cached"
        case .staleIfError: "stale-if-error"
        case .nothingStored: "nothing-stored"
        case .staleForbidden: "stale-forbidden"
        case .staleBudgetSpent: "stale-budget-spent"
        case .notAFailure: "not-a-failure"
        case .viewerRate: "viewer-rate"
        }
    }

    /// The parameter of `Cache-Status` (RFC 9211 §2.1, §2.2), with the `; ` before it.
    public var cacheStatusParameter: StaticString {
        switch self {
        case .fresh, .cachedError, .staleWhileRevalidate, .maxStale, .originDown, .staleIfError:
            "; hit"
        case .absent, .metatile: "; fwd=uri-miss"
        case .variantAbsent: "; fwd=vary-miss"
        case .stale, .noCache, .nothingStored, .staleForbidden, .staleBudgetSpent, .notAFailure:
            "; fwd=stale"
        case .partial: "; fwd=partial"
        case .requestNoCache, .requestMaxAge, .requestMinFresh, .refreshAsked, .cacheBuster:
            "; fwd=request"
        case .method: "; fwd=method"
        case .fallbackOnly, .varyStar, .csrfCookie: "; fwd=miss"
        case .authorization, .requestBody, .session, .messages, .unlistedCookie, .ownWrite,
            .partOfPage, .precondition, .cachingDisabled, .keyNotFormed, .bypassAsked,
            .styleDocument, .manyParameters, .upgrade:
            "; fwd=bypass"
        // RFC 9211 has no value for a request that was not forwarded and not answered either.
        case .onlyIfCached: "; detail=only-if-cached"
        case .viewerRate: "; detail=viewer-rate"
        }
    }
}
