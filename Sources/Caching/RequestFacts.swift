public import HTTP

/// What an operator may ask of the cache, for one request.
public enum CacheWish: UInt8, Sendable {
    case none
    /// The origin's answer, with no part for the store.
    case bypass
    /// The origin's answer, in place of what is stored.
    case refresh

    /// `bypass` or `refresh`, in any case; else none.
    public init(_ value: RawSpan) {
        self =
            equalsIgnoringCase(value, "bypass")
            ? .bypass : equalsIgnoringCase(value, "refresh") ? .refresh : .none
    }
}

/// What the policy needs of a request; no references, copied like memory.
public struct RequestFacts: Sendable {
    public var method: Method
    public var cacheControl: CacheControl
    /// `Pragma: no-cache` and no `Cache-Control` at all (RFC 9111 §5.4).
    public var hasPragmaNoCache: Bool
    public var hasAuthorization: Bool
    /// Carries a session, as the behavior's cookie names define it. Set by the caller.
    public var hasSession: Bool
    /// What of both was set aside, so that neither counts. Set by the caller, for maps.
    public var aside: CredentialsAside = []
    public var hasRange: Bool
    /// The only range asked for, when there is exactly one and it is well-formed.
    public var range: RequestedRange
    /// `If-None-Match` or `If-Modified-Since`.
    public var hasConditional: Bool
    /// `If-Match` or `If-Unmodified-Since`: for the origin to judge (RFC 9110 §13.1).
    public var hasOriginPrecondition: Bool
    public var hasIfRange: Bool
    /// What an operator asks of the cache for this request. Set by the caller, who knows whom to
    /// believe.
    public var wish = CacheWish.none
    /// What is stored must have been received or confirmed since then, in milliseconds since 1970:
    /// a cache-buster asks for that. Set by the caller, never later than now.
    public var notOlderThan = Milliseconds.min
    /// It asks for a map while nobody knows which styles are default ones: no name is left out of
    /// its key, nor of what the origin is asked. Set by the caller, once for all that comes of it.
    public var doubtsStyles = false
    /// Why the store has no part in it, whatever it holds. Set by the caller, who knows what of the
    /// request is not in the key.
    public var apart: DecisionReason?
    /// Has a body: its meaning is not in the key.
    public var hasBody: Bool
    /// Whose page it is for. Set by the caller, who knows the behavior's cookies.
    public var standing = PageStanding.unjudged
    /// Shows a csrf cookie: it needs none from the origin. Set by the caller.
    public var hasCSRFCookie = false
    /// Which of the site's languages is in the key; ``PageLanguages/none``: none is. Set by the
    /// caller.
    public var language = PageLanguages.none
    /// The key tells languages apart, by that or by what a distribution's policy names. Set by the
    /// caller.
    public var keysLanguage = false

    /// Reads the facts from a parsed head and the bytes its offsets point into.
    public init(_ head: borrowing RequestHead, bytes: RawSpan) {
        method = head.method
        cacheControl = CacheControl()
        hasPragmaNoCache = false
        hasSession = false
        hasAuthorization = head.fields.contains(.authorization)
        hasRange = head.fields.contains(.range)
        range = .none
        hasConditional = head.fields.contains(.ifNoneMatch)
        if head.fields.contains(.ifModifiedSince) { hasConditional = true }
        hasOriginPrecondition = head.fields.contains(.ifMatch)
        if head.fields.contains(.ifUnmodifiedSince) { hasOriginPrecondition = true }
        hasIfRange = head.fields.contains(.ifRange)
        hasBody = Self.isBody(head.framing)
        if head.fields.contains(.cacheControl) {
            var index = head.fields.first(.cacheControl)
            while let at = index {
                cacheControl.add(bytes.extracting(head.fields[at].value.range))
                index = head.fields.next(after: at, .cacheControl)
            }
        } else if let at = head.fields.first(.pragma) {
            hasPragmaNoCache = bytes.extracting(head.fields[at].value.range).listHas("no-cache")
        }
        if hasRange, let at = head.fields.first(.range), head.fields.next(after: at, .range) == nil
        {
            range = RequestedRange(bytes.extracting(head.fields[at].value.range))
        }
        // Under two conditions of which nobody can say which is meant, the whole is the answer.
        if hasIfRange, head.fields.isRepeated(.ifRange) {
            (hasRange, range, hasIfRange) = (false, .none, false)
        }
    }

    private static func isBody(_ framing: BodyFraming) -> Bool {
        framing != .none && framing != .length(0)
    }
}
