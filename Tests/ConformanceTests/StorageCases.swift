import WireTesting

private let hour = "Cache-Control: max-age=3600"

let storageCases: [Case] = [
    Case(
        "no-store", "no-store is not stored", "RFC 9111 §5.2.2.5", .must,
        .asks(.ok("Cache-Control: no-store, max-age=3600")), .asks(.ok())),
    Case(
        "no-store-case", "NO-STORE is not stored", "RFC 9111 §5.2", .must,
        .asks(.ok("Cache-Control: max-age=3600, NO-STORE")), .asks(.ok())),
    Case(
        "no-store-argument", "no-store with an argument still forbids", "RFC 9111 §5.2", .should,
        .asks(.ok("Cache-Control: no-store=1, max-age=3600")), .asks(.ok())),
    Case(
        "private", "private is not stored in a shared cache", "RFC 9111 §5.2.2.7", .must,
        .asks(.ok("Cache-Control: private, max-age=3600")), .asks(.ok())),
    Case(
        "private-s-maxage", "private forbids in spite of s-maxage", "RFC 9111 §5.2.2.7", .must,
        .asks(.ok("Cache-Control: private, s-maxage=3600")), .asks(.ok())),
    Case(
        "private-field", "private with a field name keeps back that field only",
        "RFC 9111 §5.2.2.7", .must,
        .asks(.ok("Cache-Control: max-age=3600, private=\"X-Mine\"", "X-Mine: 1", "X-All: 2")),
        .hits(get(), .lacks("X-Mine"), .field("X-All", "2"))),
    Case(
        "no-cache", "no-cache is not reused unasked", "RFC 9111 §5.2.2.4", .must,
        .asks(.ok("Cache-Control: no-cache, max-age=3600")), .asks(.ok())),
    Case(
        "no-cache-open", "no-cache with a string that does not end is about all",
        "RFC 9111 §5.2.2.4", .should,
        .asks(.ok("Cache-Control: max-age=3600, no-cache=\"x-p", "X-P: 1")), .asks(.ok())),
    Case(
        "private-open", "so is private", "RFC 9111 §5.2.2.7", .should,
        .asks(.ok("Cache-Control: private=\"x-p, max-age=3600", "Expires: \(date(3600))")),
        .asks(.ok())),
    Case(
        "private-spaces", "and private with what are no names", "RFC 9111 §5.2.2.7", .should,
        .asks(.ok("Cache-Control: max-age=3600, private=\"x-p x-q\"", "X-P: 1")), .asks(.ok())),
    Case(
        "no-store-semicolon", "no-store behind a semicolon forbids", "RFC 9111 §5.2.2.5", .should,
        .asks(.ok("Cache-Control: max-age=3600; no-store", "Expires: \(date(3600))")),
        .asks(.ok())),
    Case(
        "max-age-open", "a lifetime that cannot be read is none", "RFC 9111 §4.2.1", .should,
        .asks(.ok("Cache-Control: max-age=\"3600", "Expires: \(date(3600))")), .asks(.ok())),
    Case(
        "no-cache-validates", "no-cache is stored and revalidated", "RFC 9111 §5.2.2.4",
        .optimal, .asks(.ok("Cache-Control: no-cache, max-age=3600", "ETag: \"a\"")),
        .revalidates(.response(304, ["ETag: \"a\""]), .sent("If-None-Match", "\"a\""))),
    Case(
        "no-cache-field", "no-cache with a field name keeps back that field only",
        "RFC 9111 §5.2.2.4", .must,
        .asks(
            .ok(
                "Cache-Control: max-age=3600, no-cache=\"Set-Cookie, x-b\"", "Set-Cookie: a=1",
                "X-B: 1", "X-C: 2"), .has("Set-Cookie")),
        .hits(get(), .lacks("Set-Cookie"), .lacks("X-B"), .field("X-C", "2"))),
    Case(
        "request-no-store", "no-store in the request forbids storing", "RFC 9111 §5.2.1.5", .must,
        .asks(get("Cache-Control: no-store"), .ok(hour)), .asks(.ok())),
    Case(
        "authorization", "an answer to Authorization is not shared", "RFC 9111 §3.5", .must,
        .asks(get("Authorization: Basic eDp5"), .ok(hour), .sent("Authorization", "Basic eDp5")),
        .asks(.ok())),
    Case(
        "authorization-public", "unless it is public", "RFC 9111 §3.5", .optimal,
        .asks(get("Authorization: Basic eDp5"), .ok("Cache-Control: public, max-age=3600")),
        .hits()),
    Case(
        "authorization-s-maxage", "or has s-maxage", "RFC 9111 §3.5", .optimal,
        .asks(get("Authorization: Basic eDp5"), .ok("Cache-Control: s-maxage=3600")), .hits()),
    Case(
        "authorization-must", "or has must-revalidate", "RFC 9111 §3.5", .optimal,
        .asks(
            get("Authorization: Basic eDp5"), .ok("Cache-Control: must-revalidate, max-age=3600")),
        .hits()),
    Case(
        "authorization-proxy", "proxy-revalidate does not permit it", "RFC 9111 §3.5", .must,
        .asks(
            get("Authorization: Basic eDp5"), .ok("Cache-Control: proxy-revalidate, max-age=3600")),
        .asks(.ok())),
    Case(
        "set-cookie", "a Set-Cookie is not shared unless the origin says so",
        "RFC 9111 §7.3", .should, .asks(.ok(hour, "Set-Cookie: a=1"), .field("Set-Cookie", "a=1")),
        .asks(.ok())),
    Case(
        "set-cookie-public", "a public response with Set-Cookie is", "RFC 9111 §3", .optimal,
        .asks(.ok("Cache-Control: public, max-age=3600", "Set-Cookie: a=1")), .hits()),
    Case(
        "session", "a request with a session is not answered from the store", "RFC 9111 §7.3",
        .should, .asks(get("Cookie: sessionid=1"), .ok(hour)),
        .asks(get("Cookie: x=1; sessionid=1"), .ok(hour)), .asks(.ok())),
    Case(
        "cookie", "another cookie is no session", "RFC 9111 §3", .optimal,
        .asks(get("Cookie: theme=dark"), .ok(hour), .sent("Cookie", "theme=dark")),
        .hits(get("Cookie: theme=dark"))),
    Case(
        "must-understand", "must-understand with a known status overrides no-store",
        "RFC 9111 §5.2.2.3", .optimal,
        .asks(.ok("Cache-Control: must-understand, no-store, max-age=3600")), .hits()),
    Case(
        "must-understand-unknown", "must-understand with an unknown status is not stored",
        "RFC 9111 §5.2.2.3", .must,
        .asks(.response(299, ["Cache-Control: must-understand, no-store, max-age=3600"])),
        .asks(.ok())),
    Case(
        "method-post", "the answer to a POST is no answer to a GET", "RFC 9111 §3", .must,
        .asks(post(), .ok(hour)), .asks(.ok())),
    Case(
        "method-post-location", "unless Content-Location says it is", "RFC 9110 §9.3.3",
        .optimal,
        .asks(
            post(), .ok(hour, "Content-Location: /{room}/it", body: "posted"),
            .cacheStatus("fwd=method; fwd-status=200; stored")),
        .hits(get(), .body("posted"))),
    Case(
        "method-post-other", "and not if it names another resource", "RFC 9110 §9.3.3", .must,
        .asks(post(), .ok(hour, "Content-Location: /{room}/other")), .asks(.ok())),
    Case(
        "method-post-twice", "a POST is never answered from the store", "RFC 9111 §4", .must,
        .asks(post(), .ok(hour)), .asks(post(), .ok(hour))),
    Case(
        "method-put", "the answer to a PUT is not stored", "RFC 9110 §9.3.4", .must,
        .asks(ask("PUT", body: "x"), .ok(hour)), .asks(.ok())),
    Case(
        "method-options", "the answer to OPTIONS is not stored", "RFC 9110 §9.3.7", .must,
        .asks(ask("OPTIONS"), .ok(hour)), .asks(ask("OPTIONS"), .ok(hour))),
    Case(
        "method-head-get", "the answer to a HEAD is none to a GET", "RFC 9111 §4", .must,
        .asks(
            head(), .raw("HTTP/1.1 200 OK\r\n\(hour)\r\nContent-Length: 5\r\n\r\n"), .status(200)),
        .asks(.ok())),
    Case(
        "query", "another query is another resource", "RFC 9111 §2", .must,
        .asks(get(at: "it?a=1"), .ok(hour)), .asks(get(at: "it?a=2"), .ok(hour)),
        .hits(get(at: "it?a=2"))),
    Case(
        "host", "another host is another resource", "RFC 9111 §2", .must,
        .asks(.ok(hour)),
        .asks(Ask(method: "GET", path: "it", fields: ["X: 1"]).to("other.test"), .ok(hour))),
    Case(
        "host-case", "a host compares in any case", "RFC 9110 §4.2.3", .optimal,
        .asks(.ok(hour)), .hits(get().to("EDGE.test"))),
    Case(
        "cut-length", "a body shorter than its Content-Length is not stored",
        "RFC 9111 §3.3", .must,
        .asks(.ok(hour, "Content-Length: 100", body: "short").then(.close), .cut), .asks(.ok())),
    Case(
        "cut-chunks", "a chunked body without its last chunk is not stored",
        "RFC 9111 §3.3", .must,
        .asks(.ok(hour, "Transfer-Encoding: chunked", body: "5\r\nshort\r\n").then(.close), .cut),
        .asks(.ok())),
    Case(
        "cut-reset", "a body that ends in a reset is not stored", "RFC 9111 §3.3", .must,
        .asks(
            .raw("HTTP/1.1 200 OK\r\n\(hour)\r\nConnection: close\r\n\r\nhalf", .reset), .cut),
        .asks(.ok())),
    Case(
        "fields-kept", "unknown fields are stored and sent", "RFC 9111 §3.1", .must,
        .asks(.ok(hour, "X-Unknown: a b  c", "Content-Type: text/frob; q=\"1\"")),
        .hits(
            get(), .field("X-Unknown", "a b  c"),
            .field("Content-Type", "text/frob; q=\"1\""))),
    Case(
        "fields-hop", "fields of the connection are neither stored nor sent",
        "RFC 9111 §3.1", .must,
        .asks(
            .ok(hour, "Connection: x-hop", "X-Hop: 1", "Keep-Alive: timeout=9", "X-End: 2"),
            .lacks("X-Hop"), .lacks("Keep-Alive"), .field("X-End", "2")),
        .hits(get(), .lacks("X-Hop"), .lacks("Keep-Alive"))),
    Case(
        "fields-order", "several lines of one field stay several and in order",
        "RFC 9110 §5.3", .must,
        .asks(.ok(hour, "X-A: 1", "X-A: 2", "X-A: 3")), .hits(get(), .field("X-A", "1, 2, 3"))),
    Case(
        "empty-body", "an empty body is stored as well", "RFC 9111 §3", .optimal,
        .asks(.ok(hour, body: "")), .hits()),
    Case(
        "until-close", "a body that ends with the connection is passed on", "RFC 9112 §6.3",
        .must,
        .asks(
            .raw("HTTP/1.0 200 OK\r\nDate: \(date())\r\n\r\nto the end", .close), .status(200),
            .body("to the end"))),
]

/// Every final status is stored when the origin gives it a lifetime.
let statusCases: [Case] =
    [
        200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 403, 404, 405, 410, 414, 418, 422, 451,
        500,
        501, 503, 299, 499,
    ].map { status in
        Case(
            "status-\(status)", "a \(status) with a lifetime is reused", "RFC 9111 §3", .optimal,
            .asks(get(), .response(status, ["Cache-Control: max-age=3600", "Location: /x"])),
            .hits())
    }
    + [404, 410, 301, 308, 203, 300].map { status in
        Case(
            "heuristic-\(status)", "a \(status) may be reused by heuristic", "RFC 9110 §15.1",
            .optimal,
            .asks(
                get(), .response(status, ["Last-Modified: \(date(-8_640_000))", "Location: /x"])),
            .hits())
    }
    // 405, 413, 414, 431 and 501 among them: whoever sends one odd request, with a method in an
    // override field or a field too large, would show the error to everybody for a day (CPDoS).
    + [201, 302, 303, 307, 400, 403, 405, 413, 414, 431, 500, 501, 502, 503, 299].map { status in
        Case(
            "no-heuristic-\(status)", "a \(status) is not reused by heuristic", "RFC 9110 §15.1",
            .must,
            .asks(
                get(), .response(status, ["Last-Modified: \(date(-8_640_000))", "Location: /x"])),
            .asks(.ok()))
    }

extension Ask {
    /// The same request for another host.
    func to(_ host: String) -> Ask {
        var copy = self
        copy.host = host
        return copy
    }
}
