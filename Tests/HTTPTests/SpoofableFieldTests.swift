import HTTP
import Testing

@Suite("Fields that only a proxy may set")
struct SpoofableFieldTests {
    private static let names: [(SpoofableField, [String])] = [
        (
            .identity,
            [
                "X-Remote-User", "REMOTE_USER", "Remote-User", "OAM_REMOTE_USER", "oam-remote-user",
                "SSL_CLIENT_S_DN", "SSL-Client-Verify", "X-SSL-Client-Cert", "X_SSL_CLIENT_DN",
                "X-Amzn-Oidc-Identity", "X-Forwarded-User", "X-Forwarded-Email",
                "x-forwarded-groups", "X-Original-User",
                "X-GEOAXIS-DN", "Client-Cert", "Client-Cert-Chain", "X-Client-Cert-Subject",
                "X-Forwarded-Client-Cert", "X-Credentials", "sec-username", "sec-roles",
                "X-Auth-Request-User", "X-WEBAUTH-USER", "Shib-Identity-Provider", "Auth_User",
            ]
        ),
        (
            .rewriting,
            [
                "X-Original-URL", "X-Original-Host", "X-Rewrite-URL", "X-HTTP-Method-Override",
                "X-HTTP-Method", "X-Method-Override", "x_http_method_override", "X-Host",
                "SCRIPT_NAME", "X-Script-Name", "X-Accel-Mapping", "X-Sendfile-Type", "Path_Info",
                "X-Envoy-Original-Path", "X-Envoy-Original-Host", "X-Override-URL",
                "X-Backend-Host", "Base-Url", "X-Rewrite-URI", "Request-Uri", "Proxy-Host",
                "X-Http-DestinationURL", "X-HTTP-Path-Override", "X-Server-Name", "Http-Url",
                "Proxy-Url",
            ]
        ),
        (
            .account,
            [
                "X-Forwarded-Host", "X-Forwarded-Scheme", "X-Forwarded-Port", "X-Forwarded-Prefix",
                "X-Forwarded-Server", "X_Forwarded_Proto", "X-Forwarded", "Forwarded", "X-Scheme",
                "Front-End-Https", "True-Client-IP", "X-Real-IP",
                "X-Envoy-External-Address", "X-Envoy-Retry-On", "X-Azure-ClientIP", "Real-IP",
                "Forwarded-For", "X-Forward-For", "X-ProxyUser-IP", "Fly-Client-IP",
                "CF-Connecting-IPv6", "X-AppEngine-User-IP",
            ]
        ),
        (.cloudFront, ["CloudFront-Forwarded-Proto", "CloudFront-Viewer-Country"]),
        (
            .underscore,
            ["CloudFront_Forwarded_Proto", "Content_Length", "Accept_", "_", "a_b", "X-Api_Key"]
        ),
        (.httpoxy, ["Proxy", "PROXY"]),
    ]

    @Test("are known in any case, and with _ for -")
    func kinds() {
        for (kind, names) in Self.names {
            for name in names {
                #expect(withSpan(name) { SpoofableField($0) } == kind, "\(name)")
                #expect(withSpan(name.lowercased()) { SpoofableField($0) } == kind, "\(name)")
            }
        }
    }

    @Test(
        "are none that viewers have for themselves",
        arguments: [
            "", "Host", "Accept", "Authorization", "Cookie", "User-Agent", "Referer", "Range",
            "Origin", "X-Requested-With", "X-CSRFToken", "Sec-Fetch-User", "Sec-CH-UA",
            "Sec-WebSocket-Key", "X-Custom", "X-Forwards", "Proxy-Features", "X-Originating",
            "Remote", "SSL", "X-Edge-Cache", "Upgrade-Insecure-Requests", "Content-Type", "DNT",
            "SOAPAction", "If-Match", "X-Amz-Date", "CloudFront",
        ])
    func others(_ name: String) {
        #expect(withSpan(name) { SpoofableField($0) } == nil)
    }

    @Test("each kind has its word")
    func words() {
        let words = SpoofableField.allCases.map { "\($0.word)" }
        #expect(Set(words).count == words.count)
    }
}
