import WireTesting

private let noCookies = "\"Cookies\": { \"Forward\": \"none\" }"

/// §3: which behavior, and which object.
let keyLanes = [
    Lane("none") { $0.ttl = (0, 100, 1_000) },
    Lane("all") {
        $0.queries = .all
        $0.cookies = .all
    },
    Lane("list") {
        $0.queries = .list(["a", "b", "*"])
        $0.cookies = .list(["a", "b"])
        $0.headers = ["Accept-Language", "CloudFront-Forwarded-Proto"]
    },
    Lane("except") {
        $0.queries = .allExcept(["x"])
        $0.cookies = .allExcept(["x"])
    },
    Lane("legacy-query") { $0.forwarded = "\"QueryString\": true, \(noCookies)" },
    Lane("legacy-keys") {
        $0.forwarded =
            "\"QueryString\": true, \(noCookies), \"QueryStringCacheKeys\": \(Lane.list(["a"]))"
    },
    Lane("legacy-wild") {
        $0.forwarded =
            "\"QueryString\": false, \"Cookies\": { \"Forward\": \"whitelist\", "
            + "\"WhitelistedNames\": \(Lane.list(["sess*", "u?"])) }"
    },
    Lane("legacy-fields") {
        $0.forwarded =
            "\"QueryString\": false, \(noCookies), \"Headers\": \(Lane.list(["X-Key"]))"
    },
    Lane("both") {
        $0.gzip = true
        $0.brotli = true
    },
    Lane("gzip") { $0.gzip = true },
    Lane("brotli") { $0.brotli = true },
    Lane("coding-listed") {
        $0.gzip = true
        $0.headers = ["Accept-Encoding"]
    },
    Lane("legacy-gzip") {
        $0.compresses = true
        $0.forwarded = "\"QueryString\": false, \(noCookies)"
    },
    Lane("legacy-plain") { $0.forwarded = "\"QueryString\": false, \(noCookies)" },
]

private func same(_ rule: String, _ lane: String, _ asks: Ask...) -> Row {
    var steps = [Step.miss(asks[0], .ok())]
    for ask in asks.dropFirst() { steps.append(.hit(ask)) }
    return Row("§3.2", rule, lane, steps)
}

private func other(_ rule: String, _ lane: String, _ asks: Ask...) -> Row {
    var steps: [Step] = []
    for ask in asks { steps.append(.miss(ask, .ok())) }
    for ask in asks { steps.append(.any(ask, [], "Hit")) }
    return Row("§3.2", rule, lane, steps)
}

let keyRows: [Row] = [
    same("queries are no part of it by default", "none", get(), get(at: "it?a=1")),
    same(
        "cookies and fields are none by default", "none", get(),
        get("Cookie: a=b", "Accept-Language: de", "Origin: http://a.test")),
    same("an empty query is none", "all", get(), get(at: "it?")),
    same(
        "the host is no part", "none", get(),
        Ask(method: "GET", path: "it", host: "other.test:81")),
    same("GET and HEAD share one", "none", get(), head()),
    other(
        "the path is, byte for byte", "none", get(at: "a"), get(at: "A"), get(at: "%61"),
        get(at: "./a"), get(at: "a/")),
    other(
        "all queries, in their order", "all", get(at: "it?a=1&b=2"), get(at: "it?b=2&a=1"),
        get(at: "it?a=1"), get(at: "it?A=1"), get(at: "it?a=1;b=2"), get(at: "it?a=1&a=1")),
    Row(
        "§3.2", "an & at the end of all queries is in the key, and sent", "all",
        .miss(get(at: "it?a=1"), .ok(), .sentTarget("it?a=1")),
        .miss(get(at: "it?a=1&"), .ok(), .sentTarget("it?a=1&")),
        .miss(get(at: "it?a=1&&"), .ok(), .sentTarget("it?a=1&&")),
        .miss(get(at: "it?&"), .ok(), .sentTarget("it?&")),
        .any(get(at: "it?a=1&"), [], "Hit"), .any(get(at: "it?&"), [], "Hit")),
    Row(
        "§3.2", "behind listed queries it is neither", "list",
        .miss(get(at: "it?a=1&c=2&"), .ok(), .sentTarget("it?a=1")), .hit(get(at: "it?a=1&"))),
    other(
        "listed queries, in the request's order, as they are", "list", get(at: "it?a=1&b=2"),
        get(at: "it?b=2&a=1"), get(at: "it?a=%31&b=2"), get(at: "it?a=1&a=2"), get(at: "it?*=1")),
    same(
        "queries that are not listed are none", "list", get(at: "it?a=1"),
        get(at: "it?a=1&c=2"), get(at: "it?c=2&a=1"), get(at: "it?A=2&a=1")),
    same("queries but those excepted", "except", get(at: "it?a=1"), get(at: "it?x=2&a=1")),
    other("queries but those excepted differ", "except", get(at: "it?a=1"), get(at: "it?b=1")),
    same(
        "cookies in any order", "all", get("Cookie: a=1; b=2"), get("Cookie: b=2; a=1"),
        get("Cookie: b=2;a=1")),
    other(
        "cookies by name and value, in their case", "all", get("Cookie: a=1"),
        get("Cookie: A=1"), get("Cookie: a=2"), get()),
    same(
        "cookies that are not listed are none", "list", get("Cookie: a=1"),
        get("Cookie: c=3; a=1"), get("Cookie: a=1; AA=2")),
    same("cookies but those excepted", "except", get("Cookie: a=1"), get("Cookie: x=3; a=1")),
    same("a malformed Cookie is dropped", "all", get(), get("Cookie: rubbish")),
    same(
        "names of fields in any case", "list", get("Accept-Language: de"),
        get("ACCEPT-LANGUAGE: de")),
    other(
        "values of fields in their case", "list", get("Accept-Language: de"),
        get("Accept-Language: DE"), get()),
    other("the older way: all queries", "legacy-query", get(at: "it?a=1"), get(at: "it?b=1")),
    Row(
        "§3.2", "the older way: all queries are sent, the listed ones are in the key",
        "legacy-keys", .miss(get(at: "it?a=1&b=2"), .ok(), .sentTarget("it?a=1&b=2")),
        .hit(get(at: "it?a=1&b=3")), .miss(get(at: "it?a=2"), .ok())),
    Row(
        "§3.2", "the older way: cookies by wildcards", "legacy-wild",
        .miss(get("Cookie: session=1; other=2; us=3"), .ok(), .sent("Cookie", "session=1; us=3")),
        .hit(get("Cookie: session=1; us=3; other=9")),
        .miss(get("Cookie: session=2; us=3"), .ok())),
    Row(
        "§3.2", "the older way: fields", "legacy-fields",
        .miss(get("X-Key: a"), .ok(), .sent("X-Key", "a")), .miss(get("X-Key: b"), .ok()),
        .any(get("X-Key: a", "X-Other: c"), [], "Hit")),
    same(
        "Authorization is no part unless listed", "none", get("Authorization: a"),
        get("Authorization: b")),
]

private func coding(
    _ lane: String, _ sent: String?, _ normal: String?, _ rule: String = ""
) -> Row {
    var ask = Ask(method: "GET")
    if let sent { ask.fields = ["Accept-Encoding: \(sent)"] }
    return Row(
        "§3.3", "\(lane): \(sent ?? "none") becomes \(normal ?? "none")\(rule)", lane,
        .miss(
            ask, .ok(),
            normal.map { Check.sent("Accept-Encoding", $0) }
                ?? Check.sentLacks("Accept-Encoding")), .hit(ask))
}

let codingRows: [Row] = [
    coding("both", "gzip, deflate, br", "br,gzip"), coding("both", "br, gzip", "br,gzip"),
    coding("both", "gzip", "gzip"), coding("both", "br", "br"),
    coding("both", "deflate", "identity"), coding("both", "identity", "identity"),
    coding("both", nil, nil), coding("both", "gzip;q=0, br", "br"),
    coding("gzip", "gzip, br", "gzip"), coding("gzip", "GZIP", "gzip"),
    coding("gzip", "br", "identity"), coding("brotli", "gzip, br", "br"),
    coding("brotli", "gzip", "identity"), coding("none", "gzip, br", nil),
    coding("coding-listed", "gzip;q=0.5", "gzip;q=0.5"),
    coding("legacy-gzip", "br, gzip", "gzip"), coding("legacy-gzip", nil, nil),
    coding("legacy-plain", "gzip", nil),
    Row(
        "§3.3", "who takes both gets a gzip that was stored for one, at once", "both",
        .miss(get("Accept-Encoding: gzip"), .ok("Content-Encoding: gzip")),
        .hit(get("Accept-Encoding: gzip, br"), .field("Content-Encoding", "gzip")),
        .hit(get("Accept-Encoding: gzip"))),
    Row(
        "§3.3", "a br likewise", "both",
        .miss(get("Accept-Encoding: br"), .ok("Content-Encoding: br")),
        .hit(get("Accept-Encoding: gzip, br"), .field("Content-Encoding", "br"))),
    Row(
        "§3.3", "and who takes one that was stored for who takes both", "both",
        .miss(get("Accept-Encoding: br, gzip"), .ok("Content-Encoding: gzip")),
        .hit(get("Accept-Encoding: gzip"), .field("Content-Encoding", "gzip")),
        .miss(get("Accept-Encoding: br"), .ok("Content-Encoding: br"))),
    Row(
        "§3.3", "what has no coding is for nobody else", "both",
        .miss(get("Accept-Encoding: gzip"), .ok()),
        .miss(get("Accept-Encoding: gzip, br"), .ok())),
    Row(
        "§3.3", "identity and none share an object", "both", .miss(get(), .ok()),
        .hit(get("Accept-Encoding: deflate"))),
    Row(
        "§3.3", "an HTTP/1.0 viewer has no codings", "coding-listed",
        .miss(
            Ask(method: "GET", path: "it", version: "1.0", fields: ["Accept-Encoding: gzip"]),
            .ok(), .sentLacks("Accept-Encoding")), .hit(get())),
    Row(
        "§3.3", "without the flags, one object for all", "none",
        .miss(get("Accept-Encoding: gzip"), .ok()), .hit(get("Accept-Encoding: br"))),
]
