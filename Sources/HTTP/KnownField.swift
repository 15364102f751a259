/// The header fields that some part of the edge looks at, by name.
///
/// Few enough that a set of them is one 64-bit word. Everything else is `other` and is only ever
/// passed on.
public enum KnownField: UInt8, CaseIterable, Sendable {
    case other = 0
    // The connection and the framing of the message.
    case host, connection, contentLength, transferEncoding, expect, upgrade, te, trailer
    case keepAlive, proxyConnection, proxyAuthenticate, proxyAuthorization
    case proxyAuthenticationInfo, http2Settings
    // Preconditions and ranges.
    case range, ifRange, ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince
    // Caching and what decides whether a response may be shared.
    case cacheControl, cdnCacheControl, pragma, authorization, cookie, setCookie
    case age, date, expires, etag, lastModified, vary, warning, cacheStatus, xCache
    case surrogateControl, surrogateKey
    // Negotiation and description of the content.
    case accept, acceptEncoding, acceptLanguage, acceptRanges
    case contentType, contentEncoding, contentLanguage, contentLocation, contentRange, location
    // Who asks, by which way, and who answers.
    case via, forwarded, xForwardedFor, xForwardedProto, xForwardedHost, xForwardedPort, xRealIP
    case server, userAgent, referer, origin, xRequestedWith, retryAfter, xEdgeExplain, xEdgeCache

    /// The name in lower case; empty for `other`.
    public var name: StaticString {
        switch self {
        case .host: "host"
        case .connection: "connection"
        case .contentLength: "content-length"
        case .transferEncoding: "transfer-encoding"
        case .expect: "expect"
        case .upgrade: "upgrade"
        case .te: "te"
        case .trailer: "trailer"
        case .keepAlive: "keep-alive"
        case .proxyConnection: "proxy-connection"
        case .proxyAuthenticate: "proxy-authenticate"
        case .proxyAuthorization: "proxy-authorization"
        case .proxyAuthenticationInfo: "proxy-authentication-info"
        case .http2Settings: "http2-settings"
        case .range: "range"
        case .ifRange: "if-range"
        case .ifMatch: "if-match"
        case .ifNoneMatch: "if-none-match"
        case .ifModifiedSince: "if-modified-since"
        case .ifUnmodifiedSince: "if-unmodified-since"
        case .cacheControl: "cache-control"
        case .cdnCacheControl: "cdn-cache-control"
        case .pragma: "pragma"
        case .authorization: "authorization"
        case .cookie: "cookie"
        case .setCookie: "set-cookie"
        case .age: "age"
        case .date: "date"
        case .expires: "expires"
        case .etag: "etag"
        case .lastModified: "last-modified"
        case .vary: "vary"
        case .warning: "warning"
        case .cacheStatus: "cache-status"
        case .xCache: "x-cache"
        case .surrogateControl: "surrogate-control"
        case .surrogateKey: "surrogate-key"
        default: contentName
        }
    }

    /// The names of what describes the content and those who exchange it.
    private var contentName: StaticString {
        switch self {
        case .accept: "accept"
        case .acceptEncoding: "accept-encoding"
        case .acceptLanguage: "accept-language"
        case .acceptRanges: "accept-ranges"
        case .contentType: "content-type"
        case .contentEncoding: "content-encoding"
        case .contentLanguage: "content-language"
        case .contentLocation: "content-location"
        case .contentRange: "content-range"
        case .location: "location"
        case .via: "via"
        case .forwarded: "forwarded"
        case .xForwardedFor: "x-forwarded-for"
        case .xForwardedProto: "x-forwarded-proto"
        case .xForwardedHost: "x-forwarded-host"
        case .xForwardedPort: "x-forwarded-port"
        case .xRealIP: "x-real-ip"
        case .server: "server"
        case .userAgent: "user-agent"
        case .referer: "referer"
        case .origin: "origin"
        case .xRequestedWith: "x-requested-with"
        case .retryAfter: "retry-after"
        case .xEdgeExplain: "x-edge-explain"
        case .xEdgeCache: "x-edge-cache"
        default: ""
        }
    }

    /// This field alone as a set, for tests of several fields in one step.
    @inlinable
    public var bit: UInt64 { 1 &<< UInt64(rawValue) }
}
