import WireTesting

private let crossOrigin = """
    "CorsConfig": { "AccessControlAllowOrigins": { "Quantity": 2,
      "Items": ["https://a.test", "https://*.b.test"] },
      "AccessControlAllowHeaders": { "Quantity": 1, "Items": ["X-Own"] },
      "AccessControlAllowMethods": { "Quantity": 2, "Items": ["GET", "PUT"] },
      "AccessControlExposeHeaders": { "Quantity": 1, "Items": ["X-Shown"] },
      "AccessControlAllowCredentials": true, "AccessControlMaxAgeSec": 600,
      "OriginOverride": \u{25} }
    """

private func cors(_ overrides: Bool) -> String {
    crossOrigin.split(separator: "\u{25}").joined(separator: "\(overrides)")
}

private let custom = """
    "CustomHeadersConfig": { "Quantity": 2, "Items": [
      { "Header": "X-Ours", "Value": "ours", "Override": true },
      { "Header": "Cache-Control", "Value": "max-age=7", "Override": false } ] },
    "RemoveHeadersConfig": { "Quantity": 3, "Items": [ { "Header": "X-Secret" },
      { "Header": "Server" }, { "Header": "Date" } ] }
    """

private let security = """
    "SecurityHeadersConfig": {
      "StrictTransportSecurity": { "Override": false, "AccessControlMaxAgeSec": 60,
        "IncludeSubdomains": true, "Preload": true },
      "ContentTypeOptions": { "Override": true },
      "FrameOptions": { "Override": false, "FrameOption": "DENY" },
      "ReferrerPolicy": { "Override": true, "ReferrerPolicy": "no-referrer" },
      "XSSProtection": { "Override": false, "Protection": true, "ModeBlock": true },
      "ContentSecurityPolicy": { "Override": true,
        "ContentSecurityPolicy": "default-src 'none'" } }
    """

/// §3.7: what response headers policies do.
let answerLanes = [
    Lane("soft") {
        $0.responseHeaders = cors(false)
        $0.cachesOptions = true
        $0.takesWrites = true
    },
    Lane("hard") { $0.responseHeaders = cors(true) },
    Lane("custom") { $0.responseHeaders = custom },
    Lane("secure") { $0.responseHeaders = security },
    Lane("redirected") {
        $0.responseHeaders = security
        $0.viewers = "redirect-to-https"
    },
    Lane("refused") {
        $0.responseHeaders = custom
        $0.viewers = "https-only"
    },
]

private let allowed = "Access-Control-Allow-Origin"

let answerRows: [Row] = [
    Row(
        "§3.7", "CORS: none without Origin", "soft", .miss(.ok(), .lacks(allowed)),
        .hit(get(), .lacks(allowed))),
    Row(
        "§3.7", "CORS: a listed origin is echoed, from the store as well", "soft",
        .miss(
            get("Origin: https://a.test"), .ok(), .field(allowed, "https://a.test"),
            .field("Access-Control-Allow-Credentials", "true"),
            .field("Access-Control-Expose-Headers", "X-Shown"),
            .lacks("Access-Control-Allow-Methods")),
        .hit(get("Origin: https://x.b.test"), .field(allowed, "https://x.b.test")),
        .hit(get("Origin: https://c.test"), .lacks(allowed))),
    Row(
        "§3.7", "CORS: a preflight", "soft",
        .miss(
            ask("OPTIONS", "Origin: https://a.test", "Access-Control-Request-Method: PUT"), .ok(),
            .field(allowed, "https://a.test"), .field("Access-Control-Allow-Methods", "GET, PUT"),
            .field("Access-Control-Allow-Headers", "X-Own"),
            .field("Access-Control-Max-Age", "600"),
            .field("Access-Control-Expose-Headers", "X-Shown")),
        .hit(
            ask("OPTIONS", "Origin: https://a.test", "Access-Control-Request-Method: PUT"),
            .field("Access-Control-Allow-Methods", "GET, PUT"))),
    Row(
        "§3.7", "CORS without override: one of the origin's keeps the policy's away", "soft",
        .miss(
            get("Origin: https://a.test"), .ok("Access-Control-Max-Age: 5"), .lacks(allowed),
            .field("Access-Control-Max-Age", "5"))),
    Row(
        "§3.7", "CORS with override replaces the origin's", "hard",
        .miss(
            get("Origin: https://a.test"), .ok("Access-Control-Allow-Origin: *"),
            .field(allowed, "https://a.test"), .count(allowed, 1))),
    Row(
        "§3.7", "own fields: with and without override", "custom",
        .miss(
            .ok("X-Ours: theirs"), .field("X-Ours", "ours"), .count("X-Ours", 1),
            .field("Cache-Control", "max-age=7")),
        .hit(get(), .field("X-Ours", "ours"), .field("Cache-Control", "max-age=7"), .ttl(86_400))),
    Row(
        "§3.7", "own fields: the origin's stays without override", "custom",
        .miss(
            .ok("Cache-Control: max-age=60"), .field("Cache-Control", "max-age=60"),
            .count("Cache-Control", 1)), .hit(get(), .ttl(60))),
    Row(
        "§3.7", "removed fields; Server and Date become CloudFront's own", "custom",
        .miss(
            .ok("X-Secret: a", "Server: nginx", "Date: Tue, 03 Jun 2025 10:00:00 GMT"),
            .lacks("X-Secret"), .field("Server", "CloudFront"), .count("Date", 1),
            .count("Server", 1)),
        .hit(get(), .lacks("X-Secret"), .field("Server", "CloudFront"), .count("Date", 1))),
    Row(
        "§3.7", "removed and not there: one Server and one Date all the same", "custom",
        .miss(.ok("-Date"), .count("Server", 1), .count("Date", 1)),
        .hit(get(), .count("Server", 1), .count("Date", 1))),
    Row(
        "§3.7", "errors have the policy's fields, too", "custom",
        .error(.response(404), .field("X-Ours", "ours")),
        .storedError(get(), .field("X-Ours", "ours"))),
    Row(
        "§3.7", "and a 304", "custom", .miss(.ok("ETag: \"a\"")),
        .hit(get("If-None-Match: \"a\""), .status(304), .field("X-Ours", "ours"))),
    Row(
        "§3.7", "and what the edge refuses, once each", "custom",
        .refused(
            ask("POST", body: "a"), 403, .field("X-Ours", "ours"), .count("Server", 1),
            .count("Date", 1))),
    Row(
        "§3.7", "security fields", "secure",
        .miss(
            .ok("X-Frame-Options: SAMEORIGIN", "Referrer-Policy: origin"),
            .field("Strict-Transport-Security", "max-age=60; includeSubDomains; preload"),
            .field("X-Content-Type-Options", "nosniff"), .field("X-Frame-Options", "SAMEORIGIN"),
            .field("Referrer-Policy", "no-referrer"),
            .field("X-XSS-Protection", "1; mode=block"),
            .field("Content-Security-Policy", "default-src 'none'"))),
    Row(
        "§5.1", "a redirect has them, too", "redirected",
        .any(get(), [], "Redirect", .status(301), .field("X-Content-Type-Options", "nosniff"))),
    Row(
        "§5.1", "https-only is 403 for plain text", "refused",
        .refused(get(), 403, .field("X-Ours", "ours"), .field("Content-Type", "text/html"))),
]
