import Testing

@testable import CloudFront

/// The tables of "Use managed cache policies", "Use managed origin request policies" and "Use
/// managed response headers policies", written out.
@Suite("Managed policies, member by member")
struct ManagedPolicyTests {
    private let catalog = PolicyCatalog()

    struct CacheRow: Sendable {
        let name: String
        let id: String
        let ttl: [Int64]
        var gzip = true
        var brotli = true
        var headers: Set<String> = []
        var cookies = "none"
        var query = "none"
        var queryNames: Set<String> = []
    }

    private static let overridden: Set = [
        "Host", "Origin", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
    ]

    static let cacheRows = [
        CacheRow(
            name: "CachingOptimized", id: "658327ea-f89d-4fab-a63d-7e88639e58f6",
            ttl: [1, 86_400, 31_536_000]),
        CacheRow(
            name: "CachingDisabled", id: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", ttl: [0, 0, 0],
            gzip: false, brotli: false),
        CacheRow(
            name: "CachingOptimizedForUncompressedObjects",
            id: "b2884449-e4de-46a7-ac36-70bc7f1ddd6d", ttl: [1, 86_400, 31_536_000],
            gzip: false, brotli: false),
        CacheRow(
            name: "UseOriginCacheControlHeaders", id: "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
            ttl: [0, 0, 31_536_000], headers: overridden, cookies: "all"),
        CacheRow(
            name: "UseOriginCacheControlHeaders-QueryStrings",
            id: "4cc15a8a-d715-48a4-82b8-cc0b614638fe", ttl: [0, 0, 31_536_000],
            headers: overridden, cookies: "all", query: "all"),
        CacheRow(
            name: "Elemental-MediaPackage", id: "08627262-05a9-4f76-9ded-b50ca2e3a84f",
            ttl: [0, 86_400, 31_536_000], brotli: false, headers: ["Origin"], query: "whitelist",
            queryNames: ["aws.manifestfilter", "start", "end", "m"]),
        CacheRow(
            name: "Amplify", id: "2e54312d-136d-493c-8eb9-b001f22f67d2", ttl: [2, 2, 600],
            headers: ["Authorization", "CloudFront-Viewer-Country", "Host"], cookies: "all",
            query: "all"),
    ]

    @Test("cache policies", arguments: cacheRows)
    func cache(_ row: CacheRow) throws {
        let policy = try #require(catalog.cache[row.id])
        #expect(policy.id == row.id && policy.name == "Managed-\(row.name)")
        #expect([policy.ttl.minTTL, policy.ttl.defaultTTL, policy.ttl.maxTTL] == row.ttl)
        #expect(policy.acceptsGzip == row.gzip && policy.acceptsBrotli == row.brotli)
        #expect(Set(policy.headers) == row.headers && policy.headers.count == row.headers.count)
        expect(policy.cookies, row.cookies, [])
        expect(policy.queryStrings, row.query, row.queryNames)
    }

    private func expect(_ selection: NameSelection, _ mode: String, _ names: Set<String>) {
        #expect(selection.mode.rawValue == mode)
        #expect(Set(selection.names.texts) == names && selection.names.count == names.count)
    }

    struct RequestRow: Sendable {
        let name: String
        let id: String
        let behavior: String
        var headers: Set<String> = []
        var cookies = "none"
        var query = "none"
    }

    private static let preflight: Set = [
        "Origin", "Access-Control-Request-Headers", "Access-Control-Request-Method",
    ]

    static let requestRows = [
        RequestRow(
            name: "AllViewer", id: "216adef6-5c7f-47e4-b989-5492eafa07d3", behavior: "allViewer",
            cookies: "all", query: "all"),
        RequestRow(
            name: "AllViewerExceptHostHeader", id: "b689b0a8-53d0-40ab-baf2-68738e2966ac",
            behavior: "allExcept", headers: ["Host"], cookies: "all", query: "all"),
        RequestRow(
            name: "AllViewerAndCloudFrontHeaders-2022-06",
            id: "33f36d7e-f396-46d9-90e0-52428a34d9dc",
            behavior: "allViewerAndWhitelistCloudFront",
            headers: [
                "CloudFront-Forwarded-Proto", "CloudFront-Is-Android-Viewer",
                "CloudFront-Is-Desktop-Viewer", "CloudFront-Is-IOS-Viewer",
                "CloudFront-Is-Mobile-Viewer", "CloudFront-Is-SmartTV-Viewer",
                "CloudFront-Is-Tablet-Viewer", "CloudFront-Viewer-Address",
                "CloudFront-Viewer-ASN", "CloudFront-Viewer-City", "CloudFront-Viewer-Country",
                "CloudFront-Viewer-Country-Name", "CloudFront-Viewer-Country-Region",
                "CloudFront-Viewer-Country-Region-Name", "CloudFront-Viewer-Http-Version",
                "CloudFront-Viewer-Latitude", "CloudFront-Viewer-Longitude",
                "CloudFront-Viewer-Metro-Code", "CloudFront-Viewer-Postal-Code",
                "CloudFront-Viewer-Time-Zone", "CloudFront-Viewer-TLS",
            ], cookies: "all", query: "all"),
        RequestRow(
            name: "CORS-CustomOrigin", id: "59781a5b-3903-41f3-afcb-af62929ccde1",
            behavior: "whitelist", headers: ["Origin"]),
        RequestRow(
            name: "CORS-S3Origin", id: "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
            behavior: "whitelist", headers: preflight),
        RequestRow(
            name: "Elemental-MediaTailor-PersonalizedManifests",
            id: "775133bc-15f2-49f9-abea-afb2e0bf67d2", behavior: "whitelist",
            headers: preflight.union(["User-Agent", "X-Forwarded-For"]), query: "all"),
        RequestRow(
            name: "HostHeaderOnly", id: "bf0718e1-ba1e-49d1-88b1-f726733018ae",
            behavior: "whitelist", headers: ["Host"]),
        RequestRow(
            name: "UserAgentRefererHeaders", id: "acba4595-bd28-49b8-b9fe-13317c0390fa",
            behavior: "whitelist", headers: ["User-Agent", "Referer"]),
    ]

    @Test("origin request policies", arguments: requestRows)
    func originRequest(_ row: RequestRow) throws {
        let policy = try #require(catalog.originRequest[row.id])
        #expect(policy.id == row.id && policy.name == "Managed-\(row.name)")
        #expect(policy.headerBehavior.rawValue == row.behavior)
        #expect(Set(policy.headers) == row.headers && policy.headers.count == row.headers.count)
        expect(policy.cookies, row.cookies, [])
        expect(policy.queryStrings, row.query, [])
    }

    struct ResponseRow: Sendable {
        let name: String
        let id: String
        var hasCORS = true
        var isForPreflight = false
        var hasSecurity = true
    }

    static let responseRows = [
        ResponseRow(
            name: "SimpleCORS", id: "60669652-455b-4ae9-85a4-c4c02393f86c", hasSecurity: false),
        ResponseRow(
            name: "CORS-With-Preflight", id: "5cc3b908-e619-4b99-88e5-2cf7f45965bd",
            isForPreflight: true, hasSecurity: false),
        ResponseRow(
            name: "SecurityHeadersPolicy", id: "67f7725c-6f97-4210-82d7-5512b31e9d03",
            hasCORS: false),
        ResponseRow(
            name: "CORS-and-SecurityHeadersPolicy", id: "e61eb60c-9c35-4d20-a928-2b84e02af89c"),
        ResponseRow(
            name: "CORS-with-preflight-and-SecurityHeadersPolicy",
            id: "eaab4381-ed33-4a86-88ca-d9558dc6cd63", isForPreflight: true),
    ]

    /// Name, value, and whether it replaces the origin's.
    private static let security = [
        "Referrer-Policy: strict-origin-when-cross-origin false",
        "Strict-Transport-Security: max-age=31536000 false",
        "X-Content-Type-Options: nosniff true", "X-Frame-Options: SAMEORIGIN false",
        "X-XSS-Protection: 1; mode=block false",
    ]

    @Test("response headers policies", arguments: responseRows)
    func responseHeaders(_ row: ResponseRow) throws {
        let policy = try #require(catalog.responseHeaders[row.id])
        #expect(policy.id == row.id && policy.name == "Managed-\(row.name)")
        let security = policy.securityHeaders.map {
            "\($0.name): \($0.value) \($0.overridesOrigin)"
        }
        #expect(security.sorted() == (row.hasSecurity ? Self.security : []))
        #expect(policy.customHeaders.isEmpty && policy.removedHeaders.isEmpty)
        #expect(policy.serverTimingPerMillion == nil)
        #expect((policy.cors != nil) == row.hasCORS)
        guard let cors = policy.cors else { return }
        #expect(cors.allowOrigins == ["*"] && cors.allowHeaders == [])
        let methods = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
        #expect(cors.allowMethods.sorted() == (row.isForPreflight ? methods : []))
        #expect(cors.exposeHeaders == (row.isForPreflight ? ["*"] : []))
        #expect(!cors.allowsCredentials && cors.maxAgeSeconds == nil && !cors.overridesOrigin)
    }

    @Test("there are no others")
    func complete() {
        #expect(Set(catalog.cache.keys) == Set(Self.cacheRows.map(\.id)))
        #expect(Set(catalog.originRequest.keys) == Set(Self.requestRows.map(\.id)))
        #expect(Set(catalog.responseHeaders.keys) == Set(Self.responseRows.map(\.id)))
    }
}
