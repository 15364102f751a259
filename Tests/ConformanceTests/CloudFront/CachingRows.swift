import WireTesting

private let legacy = "\"QueryString\": true, \"Cookies\": { \"Forward\": \"none\" }"

/// §1.3 to §1.6: what is stored, confirmed and served stale.
let cachingLanes = [
    Lane("plain") { $0.ttl = (0, 100, 1_000) },
    Lane("least") { $0.ttl = (60, 100, 1_000) },
    Lane("capped") { $0.ttl = (0, 100, 200) },
    Lane("methods") {
        $0.takesWrites = true
        $0.sends = Lane.Sends(headers: ("allViewer", []), cookies: .all, queries: .all)
    },
    Lane("options") {
        $0.cachesOptions = true
        $0.ttl = (0, 100, 1_000)
        $0.headers = ["Origin", "Access-Control-Request-Method"]
    },
    Lane("cookies") {
        $0.ttl = (0, 100, 1_000)
        $0.cookies = .list(["session"])
    },
    Lane("legacy") {
        $0.ttl = (0, 100, 1_000)
        $0.forwarded = legacy
    },
]

private let then = date(-864_000)

private func write(_ method: String) -> Step {
    .passes(
        ask(method, body: "a=1"), .ok("Cache-Control: max-age=60"), .sentMethod(method),
        .sentBody("a=1"))
}

let storableRows: [Row] = [
    Row(
        "§1.3", "HEAD is answered from a stored GET", "plain", .miss(.ok("X-A: b")),
        .hit(head(), .field("X-A", "b"))),
    Row(
        "§1.3", "a HEAD that misses goes to the origin as HEAD, and never serves a GET", "plain",
        .passes(head(), .response(200, ["Content-Length: 5"], body: ""), .sentMethod("HEAD")),
        .miss(.ok(), .sentMethod("GET")), .hit(head())),
    Row(
        "§1.3", "POST, PUT, PATCH and DELETE are never stored", "methods",
        write("POST"), write("POST"), write("PUT"), write("PUT"), write("PATCH"), write("DELETE")),
    Row(
        "§1.3", "OPTIONS is not stored unless it is a cached method", "methods",
        .passes(ask("OPTIONS"), .ok("Cache-Control: max-age=60")),
        .passes(ask("OPTIONS"), .ok("Cache-Control: max-age=60"))),
    Row(
        "§1.3", "a cached method OPTIONS is stored, under a key of its own", "options",
        .miss(ask("OPTIONS"), .ok("Cache-Control: max-age=60")), .hit(ask("OPTIONS")),
        .miss(.ok("Cache-Control: max-age=60")), .hit()),
    Row(
        "§1.3", "OPTIONS by the fields in the key", "options",
        .miss(ask("OPTIONS", "Origin: http://a.test"), .ok("Cache-Control: max-age=60")),
        .miss(ask("OPTIONS", "Origin: http://b.test"), .ok("Cache-Control: max-age=60")),
        .hit(ask("OPTIONS", "Origin: http://b.test"))),
    Row(
        "§1.3", "an expired OPTIONS is asked for again, and stands in for failures", "options",
        .miss(ask("OPTIONS"), .ok("Cache-Control: max-age=0")),
        .miss(ask("OPTIONS"), .ok("Cache-Control: max-age=0")),
        .stale(ask("OPTIONS"), .response(503))),
    Row(
        "§5.2", "If-Match and If-Unmodified-Since that no policy names are no reason to ask",
        "plain", .miss(get("If-Match: \"b\""), .ok("ETag: \"a\""), .sentLacks("If-Match")),
        .hit(get("If-Match: \"b\"")), .hit(get("If-Unmodified-Since: \(then)")), .hit()),
    Row(
        "§5.2", "the same, where they get to the origin, are the origin's to judge", "legacy",
        .miss(.ok("ETag: \"a\"")),
        .error(
            get("If-Match: \"b\""), .response(412), .sent("If-Match", "\"b\""),
            .sentLacks("If-None-Match")),
        .error(
            get("If-Unmodified-Since: \(then)"), .response(412, ["Cache-Control: max-age=60"]),
            .sentHas("If-Unmodified-Since")),
        .any(get(), [], "Hit", .status(200))),
    Row(
        "§5.2", "the same with allViewer", "methods", .miss(.ok("ETag: \"a\"")),
        .error(get("If-Match: \"b\""), .response(412), .sent("If-Match", "\"b\"")),
        .any(get(), [], "Hit", .status(200))),
    Row(
        "§5.2", "a write's If-Match gets to the origin where a policy lets it", "methods",
        .error(
            ask("PUT", "If-Match: \"b\"", body: "a=1"), .response(412),
            .sent("If-Match", "\"b\""))),
    Row(
        "§1.3", "GET with a body is 403", "plain",
        .refused(ask("GET", body: "a=1"), 403, .field("Server", "CloudFront"))),
    Row(
        "§1.3", "Vary: * with MinTTL 0: asked each time, without conditions", "plain",
        .miss(.ok("Vary: *", "ETag: \"a\"")), .miss(.ok("Vary: *", "ETag: \"a\""))),
    Row(
        "§1.3", "Vary: * with a minimum is a Vary like others", "least", .miss(.ok("Vary: *")),
        .hit()),
    Row(
        "§1.3", "Vary adds nothing to the key, and is dropped where the key knows no such field",
        "plain",
        .miss(get("Accept-Language: de"), .ok("Vary: Accept-Language"), .lacks("Vary")),
        .hit(get("Accept-Language: fr"), .lacks("Vary"))),
    Row(
        "§1.3", "Authorization forwarded but not in the key: one answer for all", "methods",
        .miss(get("Authorization: Basic a"), .ok(), .sent("Authorization", "Basic a")),
        .hit(get("Authorization: Basic b"))),
    Row(
        "§1.3", "Set-Cookie is stripped where no cookies are forwarded", "plain",
        .miss(.ok("Set-Cookie: a=b"), .lacks("Set-Cookie")), .hit(get(), .lacks("Set-Cookie"))),
    Row(
        "§1.3", "Set-Cookie is replayed where cookies are forwarded", "cookies",
        .miss(.ok("Set-Cookie: a=b"), .field("Set-Cookie", "a=b")),
        .hit(get(), .field("Set-Cookie", "a=b"))),
    Row(
        "§1.3", "unless no-cache=\"Set-Cookie\" says otherwise", "cookies",
        .miss(
            .ok("Set-Cookie: a=b", "Cache-Control: no-cache=\"Set-Cookie\""),
            .field("Set-Cookie", "a=b")), .hit(get(), .lacks("Set-Cookie"))),
    Row(
        "§1.3", "the viewer's Cache-Control and Pragma force nothing", "plain",
        .miss(.ok()), .hit(get("Cache-Control: no-cache", "Pragma: no-cache")),
        .hit(get("Cache-Control: max-age=0"))),
    Row(
        "§1.3", "without a length and chunks, what came is stored", "plain",
        .any(get(), [.raw("HTTP/1.1 200 OK\r\n\r\nwhole?", .close)], "Miss", .body("whole?")),
        .any(get(), [], "Hit", .body("whole?"))),
]

private let there = "Location: /there"

private func stored(_ status: Int, _ fields: [String], ttl: Int) -> Row {
    Row(
        "§1.3", "\(status) with \(fields) is stored", "plain",
        .miss(.response(status, [there] + fields)), .hit(get(), .ttl(ttl)))
}

private func notStored(_ status: Int, _ fields: [String]) -> Row {
    Row(
        "§1.3", "\(status) with \(fields) is not stored", "plain",
        .miss(.response(status, [there] + fields)), .miss(.response(status, [there] + fields)))
}

let statusRows: [Row] = {
    var rows: [Row] = []
    for status in [200, 203, 204, 300, 301, 302] { rows.append(stored(status, [], ttl: 100)) }
    for status in [307, 308] {
        rows.append(notStored(status, ["Expires: \(date(60))"]))
        rows.append(stored(status, ["Cache-Control: max-age=60"], ttl: 60))
        rows.append(stored(status, ["Cache-Control: public"], ttl: 100))
    }
    for status in [303, 305] {
        rows.append(notStored(status, ["Cache-Control: max-age=60"]))
    }
    rows.append(
        Row(
            "§1.3", "a 304 that nobody asked for is no response", "plain",
            .error(.response(304, ["Cache-Control: max-age=60"]), .status(502))))
    return rows
}()

let confirmationRows: [Row] = [
    Row(
        "§1.5", "both validators are sent; 304 restarts freshness by its own fields", "plain",
        .miss(.ok("Cache-Control: max-age=0", "ETag: \"a\"", "Last-Modified: \(date(-9_000))")),
        .refreshed(
            .response(304, ["Cache-Control: max-age=60", "X-New: yes"]),
            .sent("If-None-Match", "\"a\""), .sentHas("If-Modified-Since"),
            .field("X-New", "yes")), .hit(get(), .ttl(60), .field("X-New", "yes"))),
    Row(
        "§1.5", "what the 304 does not say stays", "plain",
        .miss(.ok("Cache-Control: max-age=0", "ETag: \"a\"", "Server: nginx", "X-Old: yes")),
        .refreshed(.response(304), .field("X-Old", "yes"), .field("Server", "nginx")),
        .refreshed(.response(304), .field("Server", "nginx"))),
    Row(
        "§1.5", "200 replaces: Miss", "plain",
        .miss(.ok("Cache-Control: max-age=0", "ETag: \"a\"")),
        .passes(get(), .ok("Cache-Control: max-age=60", "ETag: \"b\"")), .hit()),
    Row(
        "§1.5", "Last-Modified alone is a condition", "plain",
        .miss(.ok("Cache-Control: max-age=0", "Last-Modified: \(date(-9_000))")),
        .refreshed(.response(304), .sentLacks("If-None-Match"), .sentHas("If-Modified-Since"))),
    Row(
        "§1.5", "with cookies forwarded: a plain GET, Miss", "cookies",
        .miss(.ok("Cache-Control: max-age=0", "ETag: \"a\"")),
        .miss(.ok("Cache-Control: max-age=60", "ETag: \"a\"")), .hit()),
    Row(
        "§1.5", "4xx goes to the viewer, stale is not used", "plain",
        .miss(.ok("Cache-Control: max-age=0", "ETag: \"a\"")), .error(.response(403)),
        .error(.response(404)), .storedError()),
    Row(
        "§1.5", "the viewer's condition is judged by what is stored: 304, Hit", "plain",
        .miss(.ok("ETag: \"a\"", "Last-Modified: \(date(-9_000))")),
        .hit(get("If-None-Match: \"a\""), .status(304), .field("ETag", "\"a\"")),
        .hit(get("If-None-Match: W/\"a\""), .status(304)),
        .hit(get("If-None-Match: \"b\""), .status(200)),
        .hit(get("If-Modified-Since: \(date(-60))"), .status(304)),
        .hit(get("If-Modified-Since: \(date(-90_000))"), .status(200))),
    Row(
        "§1.5", "on a miss the viewer's condition goes to the origin the older way", "legacy",
        .passes(get("If-None-Match: \"a\""), .response(304), .sent("If-None-Match", "\"a\"")),
        .miss(.ok("ETag: \"a\""))),
    Row(
        "§1.5", "with policies it stays here unless it is listed", "plain",
        .miss(get("If-None-Match: \"b\""), .ok("ETag: \"a\"")),
        .hit(get("If-None-Match: \"a\""), .status(304))),
]

let staleRows: [Row] = [
    Row(
        "§1.6", "stale-if-error: the origin is asked first; then for the error's time not",
        "plain", .miss(.ok("Cache-Control: max-age=0, stale-if-error=60")),
        .stale(get(), .response(503)), .stale()),
    Row(
        "§1.6", "stale-if-error=0: the error goes through", "plain",
        .miss(.ok("Cache-Control: max-age=0, stale-if-error=0")), .error(.response(503)),
        .storedError()),
    Row(
        "§1.6", "neither: stale all the same", "plain", .miss(.ok("Cache-Control: max-age=0")),
        .stale(get(), .response(500))),
    Row(
        "§1.6", "must-revalidate does not stop stale on errors", "plain",
        .miss(.ok("Cache-Control: public, must-revalidate, max-age=0")),
        .stale(get(), .response(500))),
    Row(
        "§1.6", "nor where cookies are forwarded, and the origin is left alone as well", "cookies",
        .miss(.ok("Cache-Control: max-age=0")), .stale(get(), .response(500)), .stale()),
]
