/// Request fields by which a server is told what only a proxy in front of it may say.
///
/// Nothing in a message shows who wrote it. A server that takes its proxy's word for who asks, or
/// for what is asked for, takes a viewer's as well unless the proxy removes it. Names compare as
/// CGI, WSGI and servlets compare them: in any case, and `_` is `-`.
public enum SpoofableField: UInt8, Sendable, CaseIterable {
    /// Who asks: a user, groups, a client's certificate (RFC 9440 §4).
    case identity
    /// What is asked for: another method, URL or host than the request's own. No cache keys these,
    /// so that one viewer's answer would be everybody's.
    case rewriting
    /// Whence and how it came here: the rest of `X-Forwarded-` and its kin.
    case account
    /// What CloudFront says of its viewer. It takes these from viewers, so that they are its own
    /// word behind it, and nobody's elsewhere.
    case cloudFront
    /// Any other name with an underscore: CGI and WSGI cannot tell it from the one with a hyphen.
    case underscore
    /// `Proxy`, which CGI hands to programs as HTTP_PROXY (CVE-2016-5385).
    case httpoxy

    /// What a field of that name tells; nil for a field that is the viewer's own.
    public init?(_ name: RawSpan) {
        let hasUnderscore = Self.hasUnderscore(name)
        if Self.isIn(Self.identities, name) || Self.begins(Self.identityPrefixes, name) {
            self = .identity
        } else if Self.isIn(Self.rewriters, name) || Self.begins(Self.rewriterPrefixes, name) {
            self = .rewriting
        } else if Self.isIn(Self.accounts, name) || Self.begins(Self.accountPrefixes, name) {
            self = .account
        } else if Self.begins(Self.cloudFrontPrefixes, name) {
            self = hasUnderscore ? .underscore : .cloudFront
        } else if hasUnderscore {
            self = .underscore
        } else if Self.equals(name, "proxy") {
            self = .httpoxy
        } else {
            return nil
        }
    }

    /// The word in `explain`.
    public var word: StaticString {
        switch self {
        case .identity: "identity"
        case .rewriting: "rewriting"
        case .account: "account"
        case .cloudFront: "cloudfront"
        case .underscore: "underscore"
        case .httpoxy: "httpoxy"
        }
    }

    // Headers of Oracle Access Manager, mod_ssl, oauth2-proxy, Envoy, Shibboleth, GeoServer's
    // header authentication and geOrchestra's proxy.
    private static let identities: InlineArray<21, StaticString> = [
        "remote-user", "auth-user", "auth-type", "logon-user", "x-auth-user",
        "x-authenticated-user", "x-proxy-user", "x-user-dn", "x-credentials",
        "x-forwarded-user", "x-forwarded-email", "x-forwarded-groups",
        "x-forwarded-preferred-username", "x-forwarded-access-token", "x-forwarded-client-cert",
        "client-cert", "client-cert-chain", "x-edge-user", "x-geoaxis", "x-arr-clientcert",
        "x-ssl-cert",
    ]
    private static let cloudFrontPrefixes: InlineArray<1, StaticString> = ["cloudfront-"]
    private static let identityPrefixes: InlineArray<18, StaticString> = [
        "x-amzn-oidc-", "x-amzn-mtls-",
        "oam-", "x-oam-", "x-geoaxis-", "ssl-", "x-ssl-", "x-client-cert", "x-client-dn",
        "x-client-verify", "x-remote-", "x-auth-request-", "x-webauth-", "shib-", "sec-user",
        "sec-role", "sec-org", "x-original-user",
    ]
    // Of IIS, Symfony, Zend, Envoy and what else reads the URL, host or method from a field.
    private static let rewriters: InlineArray<20, StaticString> = [
        "x-http-method", "x-method-override", "x-http-host-override", "x-host",
        "x-script-name", "script-name", "path-info", "request-uri", "base-url", "http-url",
        "x-sendfile-type", "x-proxy-url", "x-forwarded-method", "x-override-url",
        "x-backend-host", "x-server-name", "x-http-destinationurl", "x-http-path-override",
        "proxy-host", "proxy-url",
    ]
    private static let rewriterPrefixes: InlineArray<5, StaticString> = [
        "x-original-", "x-accel-", "x-http-method-", "x-rewrite-", "x-envoy-original-",
    ]
    // Of nginx, Cloudflare, Fastly, Akamai, Azure, Google, Fly and others in front of a server.
    private static let accounts: InlineArray<20, StaticString> = [
        "forwarded", "x-forwarded", "x-scheme", "x-url-scheme", "front-end-https", "x-real-ip",
        "client-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "fastly-client-ip",
        "x-cluster-client-ip", "x-originating-ip", "real-ip", "x-forward-for", "forwarded-for",
        "x-proxyuser-ip", "cf-connecting-ipv6", "x-appengine-user-ip", "fly-client-ip",
    ]
    // Envoy removes all of its own from strangers; beside its account they say how to retry.
    private static let accountPrefixes: InlineArray<3, StaticString> = [
        "x-forwarded-", "x-envoy-", "x-azure-",
    ]

    private static func isIn<let count: Int>(
        _ names: InlineArray<count, StaticString>, _ name: RawSpan
    ) -> Bool {
        for index in names.indices where equals(name, names[index]) { return true }
        return false
    }

    private static func begins<let count: Int>(
        _ prefixes: InlineArray<count, StaticString>, _ name: RawSpan
    ) -> Bool {
        for index in prefixes.indices {
            let length = prefixes[index].utf8CodeUnitCount
            guard name.byteCount >= length else { continue }
            if equals(name.extracting(0..<length), prefixes[index]) { return true }
        }
        return false
    }

    private static func hasUnderscore(_ name: RawSpan) -> Bool {
        for index in 0..<name.byteCount where name.byte(index) == UInt8(ascii: "_") { return true }
        return false
    }

    private static func equals(_ name: RawSpan, _ word: StaticString) -> Bool {
        guard name.byteCount == word.utf8CodeUnitCount else { return false }
        for index in 0..<name.byteCount {
            let byte = name.byte(index)
            let folded = byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : lowercased(byte)
            guard folded == word.byte(index) else { return false }
        }
        return true
    }
}
