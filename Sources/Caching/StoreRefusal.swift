/// Why a response is not stored. Its word is used in log, metric and `Cache-Status`.
public enum StoreRefusal: UInt8, Sendable, CaseIterable {
    /// The method's responses are not cacheable (RFC 9111 §3).
    case methodNotCacheable
    /// A transfer coding that is not known here: where the body ends is not known either.
    case unknownCoding
    /// The request has no key: it is told from others by more than a key has.
    case keyless
    /// A part was asked for, and what came is neither one nor the whole.
    case partAsked
    /// A response to HEAD has no body to store; it may update a stored one.
    case head
    /// The request had a body, which is not in the key.
    case requestBody
    /// An interim response, or a 304 that is no response of its own.
    case notFinal
    /// The status is not one that this mode stores.
    case statusNotCacheable
    /// `must-understand`, or 206, with a status whose meaning for caches is not known here.
    case statusNotUnderstood
    /// The behavior's three bounds are 0.
    case cachingDisabled
    /// The request said `no-store`.
    case requestNoStore
    /// The response says `no-store`.
    case noStore
    /// The response says `private`.
    case isPrivate
    /// The request was authenticated and the response does not allow to share it.
    case authorization
    /// The request belongs to a session.
    case session
    /// The response sets a cookie and does not say that it is for everybody.
    case setCookie
    /// The page starts a session, and is not proved yet to be the same for all but for that.
    case unprovedSession
    /// The same, and it was another one for somebody else.
    case differingSession
    /// The response varies by `Cookie` or `Authorization`, which the key does not have.
    case varyCookie
    /// `Vary: *`: no other request can match.
    case varyStar
    /// More names in `Vary` than are kept.
    case varyTooLong
    /// It varies by what tells no requests apart here: a field that each proxy writes anew, too
    /// long a value, or no name of a field.
    case varyUntellable
    /// Neither fresh for any time nor anything to revalidate it with.
    case noFreshness
    /// The page, or where it leads, has a token in it: it is its reader's own.
    case token
    /// The page could not be searched for tokens: a part of it, too much, or an unknown coding.
    case notSearched
    /// The response varies by language, which the key does not have.
    case varyLanguage
    /// A redirect that is true for the moment, or leads to where it comes from.
    case redirect
    /// A 206 without a single usable `Content-Range`.
    case partialUnusable
    /// A field that can stand once only stands twice, and differs.
    case contradictory
    /// A tile cache behind the edge had it, from before a write that touched it.
    case olderThanWrite
    /// The page has no letter in it: something went wrong where it was made.
    case emptyPage

    public var word: StaticString {
        switch self {
        case .methodNotCacheable: "method"
        case .unknownCoding: "unknown-coding"
        case .keyless: "no-key"
        case .partAsked: "part-asked"
        case .head: "head"
        case .requestBody: "request-body"
        case .notFinal: "not-final"
        case .statusNotCacheable: "status"
        case .statusNotUnderstood: "status-not-understood"
        case .cachingDisabled: "caching-disabled"
        case .requestNoStore: "request-no-store"
        case .noStore: "no-store"
        case .isPrivate: "private"
        case .authorization: "authorization"
        case .session: "session"
        case .setCookie: "set-cookie"
        case .unprovedSession: "session-unproved"
        case .differingSession: "session-differs"
        case .varyCookie: "vary-cookie"
        case .varyStar: "vary-star"
        case .varyTooLong: "vary-too-long"
        case .varyUntellable: "vary-untellable"
        case .noFreshness: "no-freshness"
        case .token: "token"
        case .notSearched: "not-searched"
        case .varyLanguage: "vary-language"
        case .redirect: "redirect"
        case .partialUnusable: "partial-unusable"
        case .contradictory: "contradictory"
        case .olderThanWrite: "older-than-write"
        case .emptyPage: "empty-page"
        }
    }
}
