extension KnownField {
    /// RFC 9110 §7.6.1: a field about this connection only, never passed on.
    ///
    /// Beyond the list in the RFC: HTTP2-Settings, because h2c is never tunnelled, and Trailer,
    /// because it announces what this message's framing carries.
    public var isHopByHop: Bool { Self.hopByHop & bit != 0 }

    /// Whether Connection may name the field. Naming one that routes, frames, authenticates, says
    /// what a body is or when a write may happen, or decides about caching, would make an
    /// intermediary remove it (CVE-2022-31813 and its kin); such a request is refused, and of such
    /// a response nothing is removed.
    public var mayBeConnectionOption: Bool { Self.endToEnd & bit == 0 }

    /// RFC 9110 §6.5.1: whether a trailer field of this name is passed on. Fields that frame,
    /// route, authenticate, or say how content is to be cached or read are dropped.
    public var mayBeTrailer: Bool { self == .other || self == .etag || self == .cacheStatus }

    /// Whether a trailer field of this name is passed on; knows families of names as well.
    public static func mayBeTrailer(name: RawSpan) -> Bool {
        guard named(name).mayBeTrailer else { return false }
        for prefix in ["content-", "if-", "proxy-", "x-forwarded-", "x-http-method", "x-accel-"]
            as [StaticString]
        where name.byteCount >= prefix.utf8CodeUnitCount {
            let head = name.extracting(0..<prefix.utf8CodeUnitCount)
            if equalsIgnoringCase(head, prefix) { return false }
        }
        return !equalsIgnoringCase(name, "www-authenticate")
            && !equalsIgnoringCase(name, "authentication-info")
    }

    private static var hopByHop: UInt64 {
        KnownField.connection.bit | KnownField.keepAlive.bit | KnownField.proxyConnection.bit
            | KnownField.te.bit | KnownField.trailer.bit | KnownField.transferEncoding.bit
            | KnownField.upgrade.bit | KnownField.http2Settings.bit
            | KnownField.proxyAuthenticate.bit | KnownField.proxyAuthorization.bit
            | KnownField.proxyAuthenticationInfo.bit
    }

    private static var endToEnd: UInt64 {
        KnownField.host.bit | KnownField.contentLength.bit | KnownField.transferEncoding.bit
            | KnownField.cacheControl.bit | KnownField.cdnCacheControl.bit
            | KnownField.surrogateControl.bit | KnownField.cookie.bit | KnownField.setCookie.bit
            | KnownField.authorization.bit | KnownField.vary.bit | KnownField.via.bit
            | KnownField.forwarded.bit | KnownField.xForwardedFor.bit
            | KnownField.xForwardedProto.bit | KnownField.xForwardedHost.bit
            | KnownField.xForwardedPort.bit | KnownField.xRealIP.bit
            | KnownField.contentType.bit | KnownField.contentEncoding.bit
            | KnownField.contentRange.bit | KnownField.location.bit
            | KnownField.ifMatch.bit | KnownField.ifUnmodifiedSince.bit
    }
}
