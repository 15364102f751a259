import WireTesting

private func sent(_ lane: String, _ rule: String, _ ask: Ask, _ checks: Check...) -> Row {
    Row(
        "§5.2", rule, lane,
        Step(
            ask: ask, replies: [.ok()], word: "Miss", content: .reply, checks: checks))
}

private let none = "\"QueryString\": false, \"Cookies\": { \"Forward\": \"none\" }"

/// §3.4 and §5.2: what the origin gets.
let forwardingLanes = [
    Lane("policies") { $0.takesWrites = true },
    Lane("legacy") {
        $0.takesWrites = true
        $0.forwarded = none
    },
    Lane("all") {
        $0.takesWrites = true
        $0.sends = Lane.Sends(headers: ("allViewer", []), cookies: .all, queries: .all)
    },
    Lane("uncached") {
        $0.takesWrites = true
        $0.ttl = (0, 0, 0)
        $0.sends = Lane.Sends(headers: ("allViewer", []), cookies: .all, queries: .all)
    },
    Lane("most") {
        $0.sends = Lane.Sends(headers: ("allExcept", ["Host", "X-Secret"]), cookies: .none)
    },
    Lane("listed") {
        $0.headers = ["Authorization", "Accept-Language"]
        $0.sends = Lane.Sends(
            headers: ("whitelist", ["Referer", "User-Agent", "Origin", "X-Own", "If-None-Match"]))
    },
    Lane("options") { $0.cachesOptions = true },
    Lane("clouds") {
        $0.headers = ["CloudFront-Viewer-Country"]
        $0.sends = Lane.Sends(
            headers: (
                "whitelist",
                [
                    "CloudFront-Forwarded-Proto", "CloudFront-Is-Mobile-Viewer",
                    "CloudFront-Is-Desktop-Viewer", "CloudFront-Viewer-Address",
                    "CloudFront-Viewer-Http-Version",
                ]
            ))
    },
    Lane("all-clouds") {
        $0.sends = Lane.Sends(
            headers: ("allViewerAndWhitelistCloudFront", ["CloudFront-Viewer-Country"]))
    },
    Lane("hosted") { $0.headers = ["Host"] },
    Lane("wide") {
        $0.queries = .list(["a"])
        $0.cookies = .list(["a"])
        $0.sends = Lane.Sends(cookies: .all, queries: .all)
    },
    Lane("joined") {
        $0.queries = .list(["a"])
        $0.cookies = .list(["a"])
        $0.sends = Lane.Sends(cookies: .list(["b"]), queries: .list(["b"]))
    },
    Lane("blocked") {
        $0.queries = .list(["a"])
        $0.cookies = .list(["a"])
        $0.sends = Lane.Sends(cookies: .allExcept(["a", "b"]), queries: .allExcept(["a", "b"]))
    },
    Lane("custom") { $0.target = "two" },
]

private let removed = [
    "Accept: a/b", "Accept-Charset: a", "Accept-Language: de", "Referer: http://a.test/",
    "TE: trailers", "Proxy-Authorization: Basic a", "Proxy-Anything: a",
    "X-Forwarded-Proto: https", "X-HTTP-Method-Override: PUT", "X-Real-IP: 192.0.2.1",
    "X-Edge-Anything: a", "Cookie: a=b", "Authorization: Basic a",
    "CloudFront-Viewer-Country: XX",
]
private let passedOn = [
    "Cache-Control: no-cache", "Pragma: no-cache", "Date: Tue, 03 Jun 2025 10:00:00 GMT",
    "From: a@b.test", "Max-Forwards: 5", "Origin: http://a.test", "Warning: 199 a",
    "X-Custom: yes", "If-Modified-Since: Tue, 03 Jun 2025 10:00:00 GMT",
]

private func name(_ field: String) -> String { String(field.prefix { $0 != ":" }) }
private func value(_ field: String) -> String {
    String(field.drop { $0 != ":" }.dropFirst(2))
}

let tabledFieldRows: [Row] = {
    var rows: [Row] = []
    func get(_ field: String) -> Ask { Ask(method: "GET", path: "it", fields: [field]) }
    for field in removed {
        for lane in ["policies", "legacy"] {
            rows.append(
                sent(
                    lane, "\(name(field)) on GET is removed (\(lane))", get(field),
                    .sentLacks(name(field))))
        }
    }
    for field in passedOn {
        let passes: Check = .sent(name(field), value(field))
        rows.append(sent("legacy", "\(name(field)) passes the older way", get(field), passes))
        rows.append(
            sent(
                "policies", "\(name(field)) is removed unless a policy lists it", get(field),
                .sentLacks(name(field))))
        rows.append(
            sent("uncached", "\(name(field)) passes with allViewer", get(field), passes))
    }
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        rows.append(
            sent(
                "policies", "Authorization on \(method) is kept",
                ask(method, "Authorization: Basic a", body: "a=1"),
                .sent("Authorization", "Basic a")))
    }
    return rows
}()

let forwardedFieldRows: [Row] = [
    sent(
        "policies", "Authorization on HEAD is removed", head("Authorization: Basic a"),
        .sentLacks("Authorization")),
    sent(
        "policies", "Authorization on OPTIONS is kept where OPTIONS is not cached",
        ask("OPTIONS", "Authorization: Basic a"), .sent("Authorization", "Basic a")),
    sent(
        "options", "Authorization on OPTIONS is removed where OPTIONS is cached",
        ask("OPTIONS", "Authorization: Basic a"), .sentLacks("Authorization")),
    sent(
        "listed", "Authorization in the key is kept", get("Authorization: Basic a"),
        .sent("Authorization", "Basic a")),
    sent(
        "all", "Authorization is kept with allViewer", get("Authorization: Basic a"),
        .sent("Authorization", "Basic a")),
    sent(
        "policies", "Host is the origin's domain name", get(), .sent("Host", "one.invalid")),
    sent("all", "Host is the viewer's with allViewer", get(), .sent("Host", "edge.test")),
    sent("hosted", "Host is the viewer's when in the key", get(), .sent("Host", "edge.test")),
    sent(
        "most", "allExcept Host: the origin's", get("X-Secret: a", "X-Other: b"),
        .sent("Host", "one.invalid"), .sentLacks("X-Secret"), .sent("X-Other", "b"),
        .sentHas("CloudFront-Forwarded-Proto")),
    sent(
        "policies", "User-Agent is replaced", get("User-Agent: curl/8"),
        .sent("User-Agent", "Amazon CloudFront")),
    sent(
        "legacy", "User-Agent is replaced the older way", get("User-Agent: curl/8"),
        .sent("User-Agent", "Amazon CloudFront")),
    sent(
        "listed", "User-Agent is the viewer's when listed", get("User-Agent: curl/8"),
        .sent("User-Agent", "curl/8")),
    sent("all", "no User-Agent of the viewer, none sent", get(), .sentLacks("User-Agent")),
    sent(
        "policies", "Via is appended", get("Via: 1.0 fred"),
        .sentContains("Via", "1.0 fred, 1.1 "),
        .sentContains("Via", ".cloudfront.net (CloudFront)")),
    sent(
        "policies", "X-Forwarded-For is the viewer's address", get(),
        .sent("X-Forwarded-For", "127.0.0.1")),
    sent(
        "policies", "X-Forwarded-For is appended", get("X-Forwarded-For: 192.0.2.4,192.0.2.3"),
        .sent("X-Forwarded-For", "192.0.2.4,192.0.2.3,127.0.0.1")),
    sent(
        "policies", "Connection is Keep-Alive", get("Connection: close, X-Hop", "X-Hop: a"),
        .sent("Connection", "Keep-Alive"), .sentLacks("X-Hop")),
    sent(
        "policies", "X-Amz-Cf-Id is added", get("X-Amz-Cf-Id: fake"), .count("X-Amz-Cf-Id", 1),
        .sentHas("X-Amz-Cf-Id")),
    sent(
        "all", "the rest of what a viewer sends, with allViewer",
        get(
            "Accept: a/b", "Accept-Language: de", "Referer: http://a.test/",
            "Cookie: b=c; a=b"),
        .sent("Accept", "a/b"), .sent("Accept-Language", "de"),
        .sent("Referer", "http://a.test/"), .sent("Cookie", "a=b; b=c")),
    sent(
        "uncached", "what is never passed on, even with allViewer",
        get("X-Edge-A: a", "Proxy-Authorization: a", "TE: trailers"), .sentLacks("X-Edge-A"),
        .sentLacks("Proxy-Authorization"), .sentLacks("TE")),
    sent(
        "policies", "fields of a body pass always",
        ask("POST", "Content-Type: a/b", "Content-MD5: x", "Content-Language: de", body: "a=1"),
        .sent("Content-Type", "a/b"), .sent("Content-MD5", "x"), .sent("Content-Length", "3")),
    sent(
        "policies", "CloudFront- fields are not there unasked", get(),
        .sentLacks("CloudFront-Viewer-Country"), .sentLacks("CloudFront-Forwarded-Proto")),
    sent(
        "clouds", "CloudFront- fields that are listed",
        get("CloudFront-Forwarded-Proto: https", "User-Agent: a Mobile phone"),
        .sent("CloudFront-Forwarded-Proto", "http"),
        .sent("CloudFront-Is-Mobile-Viewer", "true"),
        .sent("CloudFront-Is-Desktop-Viewer", "false"),
        .sent("CloudFront-Viewer-Http-Version", "1.1"),
        .sentContains("CloudFront-Viewer-Address", "127.0.0.1:")),
    sent(
        "all-clouds", "allViewer and CloudFront- fields", get("Accept: a/b"),
        .sent("Accept", "a/b"), .sentLacks("CloudFront-Forwarded-Proto")),
    sent(
        "policies", "HTTP/1.1 to the origin", Ask(method: "GET", path: "it", version: "1.0"),
        .sentContains("Via", "1.0 ")),
    sent("policies", "no query by default", get(at: "it?a=1"), .sentTarget("it")),
    sent(
        "policies", "the path goes out as it came",
        get(at: "x/../it//%41%2f?a"), .sentTarget("policies/x/../it//%41%2f")),
    sent(
        "wide", "key list and ORP all: all", get("Cookie: c=1; a=2", at: "it?c=1&a=2"),
        .sentTarget("it?c=1&a=2"), .sent("Cookie", "a=2; c=1")),
    sent(
        "joined", "key list and ORP list: both",
        get("Cookie: c=1; b=3; a=2", at: "it?c=1&b=3&a=2"),
        .sentTarget("it?b=3&a=2"), .sent("Cookie", "a=2; b=3")),
    sent(
        "blocked", "key list and ORP block: all minus the block, plus the key's",
        get("Cookie: c=1; b=3; a=2", at: "it?c=1&b=3&a=2"),
        .sentTarget("it?c=1&a=2"), .sent("Cookie", "a=2; c=1")),
    sent(
        "all", "a malformed Cookie is dropped, names with $ are taken out",
        get("Cookie: novalue"), .sentLacks("Cookie")),
    sent(
        "all", "names that begin with $", get("Cookie: $Version=1; a=b"),
        .sent("Cookie", "a=b")),
]

/// §5.4: what viewers get.
let responseFieldRows: [Row] = [
    Row(
        "§5.4", "the last fields, beside the origin's own", "policies",
        .miss(
            .ok("Server: nginx"), .field("Server", "nginx"), .has("X-Amz-Cf-Id"),
            .field("X-Amz-Cf-Pop", "SEA19-C1"), .lacks("Age")),
        .hit(get(), .field("Server", "nginx"), .age(0...5))),
    Row(
        "§5.4", "Server is CloudFront where the origin has none", "policies",
        .miss(.ok(), .field("Server", "CloudFront")), .hit(get(), .field("Server", "CloudFront"))),
    Row(
        "§5.4", "Vary: Accept-Encoding and Cookie pass, others do not", "policies",
        .miss(
            .ok("Vary: Accept-Encoding, Accept-Language, Cookie, User-Agent"),
            .field("Vary", "Accept-Encoding, Cookie"))),
    Row(
        "§5.4", "Vary: names that are forwarded pass", "listed",
        .miss(
            .ok("Vary: Accept-Language, X-Other, Origin"),
            .field("Vary", "Accept-Language, Origin"))),
    Row(
        "§5.4", "Vary: User-Agent passes with a device field", "clouds",
        .miss(.ok("Vary: User-Agent, Accept"), .field("Vary", "User-Agent"))),
    Row(
        "§5.4", "Trailer, Upgrade and what concerns the hop are removed", "policies",
        .miss(
            .ok(
                "Upgrade: h2c", "Trailer: X-A", "Connection: X-Hop", "X-Hop: a",
                "Keep-Alive: timeout=5"), .lacks("Upgrade"), .lacks("Trailer"), .lacks("X-Hop"),
            .lacks("Keep-Alive"))),
    Row(
        "§5.4", "Via is CloudFront's own, once", "policies",
        .miss(
            .ok("Via: 1.0 squid"), .count("Via", 1),
            .contains("Via", ".cloudfront.net (CloudFront)")),
        .hit(get(), .count("Via", 1))),
    Row(
        "§5.4", "fields of another CloudFront at the origin are not told", "policies",
        .miss(
            .ok("X-Cache: Hit from cloudfront", "X-Amz-Cf-Id: a", "X-Amz-Cf-Pop: b"),
            .count("X-Cache", 1), .count("X-Amz-Cf-Id", 1), .count("X-Amz-Cf-Pop", 1)),
        .hit(get(), .count("X-Cache", 1), .count("X-Amz-Cf-Id", 1), .count("X-Amz-Cf-Pop", 1))),
    Row(
        "§5.4", "Age on a miss is absent, whatever the origin says", "policies",
        .miss(.ok("Age: 100"), .lacks("Age")), .hit(get(), .age(0...5))),
    Row(
        "§5.4", "Date is the origin's", "policies",
        .miss(
            .ok("Date: Tue, 03 Jun 2025 10:00:00 GMT"),
            .field("Date", "Tue, 03 Jun 2025 10:00:00 GMT")),
        .hit(get(), .field("Date", "Tue, 03 Jun 2025 10:00:00 GMT"))),
    Row(
        "§5.4", "no Date from the origin: one of the edge's", "policies",
        .miss(.ok("-Date"), .count("Date", 1)), .hit(get(), .count("Date", 1))),
    Row(
        "§5.4", "4xx and 5xx are Error, first and stored", "policies",
        .error(.response(404)), .storedError()),
    Row(
        "§5.4", "POST is Miss, and caching disabled is", "uncached",
        .passes(ask("POST", body: "a"), .ok()), .passes(get(), .ok()), .passes(get(), .ok())),
]
