/// The policies that every account has.
///
/// Source: CloudFront, "Use managed cache policies", "Use managed origin request policies", "Use
/// managed response headers policies".
public enum ManagedPolicies {
    /// How the API names them.
    static func apiName(_ name: String) -> String { "Managed-\(name)" }

    private static let day: Int64 = 86_400
    private static let year: Int64 = 31_536_000
    /// The usual one keeps everything for a second, even what says `no-store`.
    private static let usual = TTLBounds(minTTL: 1, defaultTTL: day, maxTTL: year)
    private static let byOrigin = TTLBounds(minTTL: 0, defaultTTL: 0, maxTTL: year)
    private static let originHeaders = [
        "Host", "Origin", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
    ]

    public static let cache: [CachePolicy] = [
        CachePolicy(
            id: "658327ea-f89d-4fab-a63d-7e88639e58f6", name: apiName("CachingOptimized"),
            ttl: usual, acceptsGzip: true, acceptsBrotli: true),
        CachePolicy(
            id: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", name: apiName("CachingDisabled"),
            ttl: TTLBounds(minTTL: 0, defaultTTL: 0, maxTTL: 0), acceptsGzip: false,
            acceptsBrotli: false),
        CachePolicy(
            id: "b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
            name: apiName("CachingOptimizedForUncompressedObjects"), ttl: usual,
            acceptsGzip: false, acceptsBrotli: false),
        CachePolicy(
            id: "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
            name: apiName("UseOriginCacheControlHeaders"), ttl: byOrigin, acceptsGzip: true,
            acceptsBrotli: true, headers: originHeaders, cookies: .all),
        CachePolicy(
            id: "4cc15a8a-d715-48a4-82b8-cc0b614638fe",
            name: apiName("UseOriginCacheControlHeaders-QueryStrings"), ttl: byOrigin,
            acceptsGzip: true, acceptsBrotli: true, headers: originHeaders, cookies: .all,
            queryStrings: .all),
        CachePolicy(
            id: "08627262-05a9-4f76-9ded-b50ca2e3a84f", name: apiName("Elemental-MediaPackage"),
            ttl: TTLBounds(minTTL: 0, defaultTTL: day, maxTTL: year), acceptsGzip: true,
            acceptsBrotli: false, headers: ["Origin"],
            queryStrings: NameSelection(.list, ["aws.manifestfilter", "start", "end", "m"])),
        CachePolicy(
            id: "2e54312d-136d-493c-8eb9-b001f22f67d2", name: apiName("Amplify"),
            ttl: TTLBounds(minTTL: 2, defaultTTL: 2, maxTTL: 600), acceptsGzip: true,
            acceptsBrotli: true, headers: ["Authorization", "CloudFront-Viewer-Country", "Host"],
            cookies: .all, queryStrings: .all),
    ]

    private static let cloudFrontHeaders = [
        "Forwarded-Proto", "Is-Android-Viewer", "Is-Desktop-Viewer", "Is-IOS-Viewer",
        "Is-Mobile-Viewer", "Is-SmartTV-Viewer", "Is-Tablet-Viewer", "Viewer-Address",
        "Viewer-ASN", "Viewer-City", "Viewer-Country", "Viewer-Country-Name",
        "Viewer-Country-Region", "Viewer-Country-Region-Name", "Viewer-Http-Version",
        "Viewer-Latitude", "Viewer-Longitude", "Viewer-Metro-Code", "Viewer-Postal-Code",
        "Viewer-Time-Zone", "Viewer-TLS",
    ].map { "CloudFront-\($0)" }

    private static let preflight = [
        "Origin", "Access-Control-Request-Headers", "Access-Control-Request-Method",
    ]

    public static let originRequest: [OriginRequestPolicy] = [
        OriginRequestPolicy(
            id: "216adef6-5c7f-47e4-b989-5492eafa07d3", name: apiName("AllViewer"),
            headerBehavior: .allViewer, cookies: .all, queryStrings: .all),
        OriginRequestPolicy(
            id: "b689b0a8-53d0-40ab-baf2-68738e2966ac", name: apiName("AllViewerExceptHostHeader"),
            headerBehavior: .allExcept, headers: ["Host"], cookies: .all, queryStrings: .all),
        OriginRequestPolicy(
            id: "33f36d7e-f396-46d9-90e0-52428a34d9dc",
            name: apiName("AllViewerAndCloudFrontHeaders-2022-06"),
            headerBehavior: .allViewerAndWhitelistCloudFront, headers: cloudFrontHeaders,
            cookies: .all, queryStrings: .all),
        OriginRequestPolicy(
            id: "59781a5b-3903-41f3-afcb-af62929ccde1", name: apiName("CORS-CustomOrigin"),
            headerBehavior: .whitelist, headers: ["Origin"]),
        OriginRequestPolicy(
            id: "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf", name: apiName("CORS-S3Origin"),
            headerBehavior: .whitelist, headers: preflight),
        OriginRequestPolicy(
            id: "775133bc-15f2-49f9-abea-afb2e0bf67d2",
            name: apiName("Elemental-MediaTailor-PersonalizedManifests"),
            headerBehavior: .whitelist, headers: preflight + ["User-Agent", "X-Forwarded-For"],
            queryStrings: .all),
        OriginRequestPolicy(
            id: "bf0718e1-ba1e-49d1-88b1-f726733018ae", name: apiName("HostHeaderOnly"),
            headerBehavior: .whitelist, headers: ["Host"]),
        OriginRequestPolicy(
            id: "acba4595-bd28-49b8-b9fe-13317c0390fa", name: apiName("UserAgentRefererHeaders"),
            headerBehavior: .whitelist, headers: ["User-Agent", "Referer"]),
    ]
}
