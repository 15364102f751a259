import HTTP

/// Whose the answer to a request for a page is, as far as the request tells.
public enum PageStanding: UInt8, Sendable, CaseIterable {
    /// The behavior does not judge: it is no page, or its rules are switched off.
    case unjudged
    /// Nobody's in particular. The origin is asked without all that could tell one reader from
    /// another, but for the csrf cookie.
    case anonymous
    /// It belongs to a session, or carries a token.
    case session
    /// A message waits for this reader.
    case messages
    /// It has a cookie of which nothing is known, or one for a language that is in no key.
    case unlistedCookie
    /// Its reader has just written something, and is to see it.
    case ownWrite
    /// It asks for a part of the page, by a field that is in no key.
    case part

    /// Whether the answer is for nobody else: the store has no part in it.
    @inlinable public var isPrivate: Bool { rawValue > PageStanding.anonymous.rawValue }

    /// The rules in order; the first that applies counts.
    ///
    /// - Parameter keysLanguage: the language is in the key, so that the cookie that chose it does
    ///   not make the page private.
    public static func of(
        _ seen: CookiesSeen, hasToken: Bool, hasWritten: Bool, keysLanguage: Bool
    ) -> PageStanding {
        if seen.contains(.session) || hasToken { return .session }
        if seen.contains(.messages) { return .messages }
        if hasWritten { return .ownWrite }
        if seen.contains(.unlisted) { return .unlistedCookie }
        if seen.contains(.locale), !keysLanguage { return .unlistedCookie }
        return .anonymous
    }

    /// Why the store has no part in it; nil: it may have one.
    var reasonToPass: DecisionReason? {
        switch self {
        case .unjudged, .anonymous: nil
        case .session: .session
        case .messages: .messages
        case .unlistedCookie: .unlistedCookie
        case .ownWrite: .ownWrite
        case .part: .partOfPage
        }
    }
}

/// What makes the answer to an anonymous request somebody's own, or of no use to others.
///
/// The fields alone: a token in the body is found by ``PageSecrets``.
func refusalOfPage(_ question: StoreQuestion) -> StoreRefusal? {
    let (request, response) = (question.request, question.response)
    if response.isOwnByCookie { return .setCookie }
    if response.carriesSecret { return .token }
    switch response.status {
    case 301, 302, 303, 307, 308:
        // http answered by https, or the reverse: whoever is there already would go in circles.
        if response.leadsToItself { return .redirect }
        // To a login page, say: true for this moment, and nothing says for how long.
        let isLasting = response.status == 301 || response.status == 308
        let lifetime = response.explicitLifetime(question.policy, now: question.responseTime)
        if !isLasting, lifetime == nil { return .redirect }
    default: break
    }
    if response.varyLanguage, !request.keysLanguage, !question.policy.keysVary {
        return .varyLanguage
    }
    return nil
}
