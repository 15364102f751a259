extension DecisionReason {
    /// The reason as a sentence for people, without a full stop.
    public var sentence: StaticString {
        switch self {
        case .fresh: "the stored response is fresh"
        case .cachedError: "a stored error is within its lifetime"
        case .staleWhileRevalidate:
            "the stored response is stale, and may be served while it is being refreshed"
        case .maxStale: "the stored response is stale, and the request's max-stale takes it"
        case .originDown: "every member of the origin is down, and a stale response may be served"
        case .absent: "nothing is stored under this key"
        case .metatile:
            "nothing was stored; the tile was cut out of a picture of many, drawn as one"
        case .variantAbsent: "responses are stored, but none for these values of the Vary fields"
        case .stale: "the lifetime of the stored response is over"
        case .noCache: "the response said no-cache: the origin is asked before each use"
        case .fallbackOnly:
            "the response said no-store or private: it is kept for when the origin is down"
        case .varyStar: "the response varies by everything (Vary: *)"
        case .partial: "only a part is stored, and not the one asked for"
        case .requestNoCache: "the request said no-cache"
        case .requestMaxAge: "the stored response is older than the request's max-age"
        case .requestMinFresh: "the stored response is not fresh for the request's min-fresh"
        case .authorization:
            "the request has Authorization, and the stored response is not for everybody"
        default: sentenceOfRest
        }
    }

    private var sentenceOfRest: StaticString {
        switch self {
        case .method: "the method is not answered from the store"
        case .requestBody: "the request has a body, which is in no key"
        case .session: "the request belongs to a session: nobody else may get its answer"
        case .messages: "a message waits for the reader, which is told once"
        case .unlistedCookie:
            "the request has a cookie that no list of the behavior names, or a language's"
        case .ownWrite: "the reader has just written something, and is to see it"
        case .partOfPage: "the request asks for a part of the page, by a field that is in no key"
        case .csrfCookie: "the page comes with a csrf cookie, which the request has not got"
        case .precondition: "If-Match and If-Unmodified-Since are for the origin to judge"
        case .cachingDisabled: "the behavior's three TTLs are 0: caching is disabled"
        case .bypassAsked: "an operator asked for the origin's answer, past the store"
        case .refreshAsked: "an operator asked for what is stored to be fetched anew"
        case .cacheBuster: "the request's cache-buster wants something newer than what is stored"
        case .styleDocument: "the request brings a style of its own, from somewhere else"
        case .upgrade: "asks to switch protocols, which no stored response answers"
        case .manyParameters: "more unknown parameters than can be put in one order"
        case .keyNotFormed: "the key cannot be formed: it is too long, or has too many cookies"
        case .onlyIfCached: "the request said only-if-cached, and nothing usable is stored"
        case .staleIfError: "the origin failed, and the stale response is within its budget"
        case .nothingStored: "the origin failed, and nothing is stored"
        case .staleForbidden: "the origin failed, and a directive forbids stale use"
        case .staleBudgetSpent: "the origin failed, and the stale response is too old"
        case .viewerRate: "the viewer asks for this class more often than it may"
        default: "the origin's answer is not one that a stale response may replace"
        }
    }
}

extension Decision.Action {
    /// The word in `explain`.
    public var word: StaticString {
        switch self {
        case .serve: "serve"
        case .serveStaleRefreshing: "serve-stale-and-refresh"
        case .serveStale: "serve-stale"
        case .revalidate: "revalidate"
        case .fetch: "fetch"
        case .pass: "pass"
        case .gatewayTimeout: "gateway-timeout"
        }
    }
}
