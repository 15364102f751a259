import WireTesting

private let hour = "Cache-Control: max-age=3600"

private func http10(_ fields: String...) -> Ask {
    Ask(method: "GET", version: "1.0", fields: fields)
}

let messageCases: [Case] = [
    Case(
        "interim-103", "a 103 is passed on", "RFC 9110 §15.2", .must,
        .asks(
            .raw(
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"
                    + "Content-Length: 2\r\n\r\nok"), .interim(103), .status(200), .body("ok"))),
    Case(
        "interim-two", "several are", "RFC 9110 §15.2", .must,
        .asks(
            .raw(
                "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"
                    + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
            .interim(102), .interim(103), .status(200), .body("ok"))),
    Case(
        "interim-unknown", "an unknown one is", "RFC 9110 §15.2", .must,
        .asks(
            .raw("HTTP/1.1 199 Odd\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
            .status(200), .body("ok"))),
    Case(
        "interim-1-0", "none goes to an HTTP/1.0 viewer", "RFC 9110 §15.2", .must,
        .asks(
            http10(),
            .raw("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
            .noInterim, .status(200), .body("ok"), .closes)),
    Case(
        "interim-not-stored", "none is stored", "RFC 9111 §3", .must,
        .asks(
            .raw(
                "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\(hour)\r\n"
                    + "Content-Length: 2\r\n\r\nok"), .status(200), .body("ok")),
        .hits(get(), .noInterim, .body("ok"))),
    Case(
        "via", "Via names us both ways", "RFC 9110 §7.6.3", .must,
        .asks(.ok(hour), .contains("Via", "1.1 "), .sentContains("Via", "1.1 ")),
        .hits(get(), .contains("Via", "1.1 "))),
    Case(
        "via-appended", "behind those who came before", "RFC 9110 §7.6.3", .must,
        .asks(
            get("Via: 1.0 fred"), .ok("Via: 1.1 barney"), .sentContains("Via", "1.0 fred, 1.1 "),
            .contains("Via", "1.1 barney, 1.1 "))),
    Case(
        "via-1-0", "with the version of the message that came", "RFC 9110 §7.6.3", .must,
        .asks(http10(), .ok(), .sentContains("Via", "1.0 "))),
    Case(
        "request-hop", "fields of the connection stay on it", "RFC 9110 §7.6.1", .must,
        .asks(
            get(
                "Connection: x-hop, keep-alive", "X-Hop: 1", "Keep-Alive: 5", "TE: trailers",
                "Proxy-Connection: close", "X-End: 2"),
            .ok(), .sentLacks("X-Hop"), .sentLacks("Keep-Alive"), .sentLacks("Proxy-Connection"),
            .sentLacks("TE"), .sent("X-End", "2"))),
    Case(
        "request-order", "several lines of one field arrive in order", "RFC 9110 §5.3", .must,
        .asks(get("X-A: 1", "X-B: 0", "X-A: 2"), .ok(), .sent("X-A", "1, 2"))),
    Case(
        "request-unknown", "unknown fields arrive", "RFC 9110 §5.1", .must,
        .asks(get("X-Odd: \"a\\\"b\" ; c"), .ok(), .sent("X-Odd", "\"a\\\"b\" ; c"))),
    Case(
        "request-host", "Host arrives", "RFC 9110 §7.2", .must,
        .asks(get(), .ok(), .sent("Host", "edge.test"))),
    Case(
        "request-method", "an unknown method arrives", "RFC 9110 §16.1.1", .must,
        .asks(ask("REPORT", body: "<a/>"), .ok(), .sentMethod("REPORT"), .sentBody("<a/>"))),
    Case(
        "request-body", "a body arrives", "RFC 9110 §6.4", .must,
        .asks(ask("PUT", body: "some bytes"), .response(201), .sentBody("some bytes"))),
    Case(
        "request-body-empty", "an empty body arrives as one", "RFC 9110 §8.6", .must,
        .asks(ask("POST", body: ""), .ok(), .sent("Content-Length", "0"))),
    Case(
        "max-forwards-0", "OPTIONS that may go no further is answered here",
        "RFC 9110 §7.6.2", .must,
        .answersItself(ask("OPTIONS", "Max-Forwards: 0"), .status(200))),
    Case(
        "max-forwards", "one that may goes on with one less", "RFC 9110 §7.6.2", .must,
        .asks(ask("OPTIONS", "Max-Forwards: 5"), .ok(), .sent("Max-Forwards", "4"))),
    Case(
        "max-forwards-least", "what is no number of hops ends nothing: the least integer",
        "RFC 9110 §7.6.2", .must,
        .any(ask("OPTIONS", "Max-Forwards: -9223372036854775808"), .ok(), .status(200)),
        .asks(.ok())),
    Case(
        "max-forwards-many", "nor do more hops than any integer counts", "RFC 9110 §7.6.2", .must,
        .asks(
            ask("OPTIONS", "Max-Forwards: 99999999999999999999"), .ok(),
            .sentHas("Max-Forwards")),
        .asks(.ok())),
    Case(
        "max-forwards-fraction", "nor a fraction", "RFC 9110 §7.6.2", .must,
        .any(ask("OPTIONS", "Max-Forwards: 1.5"), .ok(), .status(200)), .asks(.ok())),
    Case(
        "max-forwards-empty", "nor nothing at all", "RFC 9110 §7.6.2", .must,
        .any(ask("OPTIONS", "Max-Forwards:"), .ok(), .status(200)), .asks(.ok())),
    Case(
        "query-empty", "an empty query is one, for the origin as for the key", "RFC 3986 §6.2.3",
        .must, .asks(get(at: "it?"), .ok(hour, body: "with"), .sentTarget("it?")),
        .asks(get(at: "it"), .ok(hour, body: "without"), .sentTarget("it")),
        .hits(get(at: "it?"), .body("with")), .hits(get(at: "it"), .body("without")),
        .asks(post(at: "it?"), .ok(), .sentTarget("it?")),
        .hits(get(at: "it"), .body("without")), .asks(get(at: "it?"), .ok(), .sentTarget("it?"))),
    Case(
        "chunked", "a chunked body is passed on", "RFC 9112 §7.1", .must,
        .asks(
            .ok("Transfer-Encoding: chunked", body: "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"),
            .body("abcde"))),
    Case(
        "chunked-stored", "and stored as one", "RFC 9112 §7.1", .must,
        .asks(
            .ok(hour, "Transfer-Encoding: chunked", body: "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
            .body("abcde")),
        .hits(get(), .body("abcde"))),
    Case(
        "chunked-1-0", "an HTTP/1.0 viewer gets it without chunks", "RFC 9112 §6.1", .must,
        .asks(
            http10(),
            .ok("Transfer-Encoding: chunked", body: "3\r\nabc\r\n0\r\n\r\n"), .body("abc"),
            .lacks("Transfer-Encoding"), .closes)),
    Case(
        "trailers", "trailers are passed on with the chunks", "RFC 9110 §6.5", .optimal,
        .asks(
            get("TE: trailers", "Connection: TE"),
            .ok(
                "Transfer-Encoding: chunked", "Trailer: X-Sum",
                body: "3\r\nabc\r\n0\r\nX-Sum: 17\r\n\r\n"),
            .body("abc"), .trailer("X-Sum", "17"))),
    Case(
        "keep-alive-1-0", "an HTTP/1.0 viewer may keep its connection", "RFC 9112 §9.3",
        .optimal,
        .asks(http10("Connection: keep-alive"), .ok(hour), .contains("Connection", "alive")),
        .hits(http10("Connection: keep-alive"))),
    Case(
        "close-1-0", "it is closed where it does not ask for that", "RFC 9112 §9.3", .must,
        .asks(http10(), .ok(), .closes)),
    Case(
        "close-1-1", "Connection: close is answered and followed", "RFC 9112 §9.6", .must,
        .asks(get("Connection: close"), .ok(), .field("Connection", "close"), .closes)),
    Case(
        "close-case", "in any case and place", "RFC 9110 §7.6.1", .must,
        .asks(get("Connection: X-Foo, CLOSE"), .ok(), .closes)),
    Case(
        "origin-1-0", "an HTTP/1.0 response is passed on as HTTP/1.1", "RFC 9110 §2.5", .must,
        .asks(
            .raw("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", .close), .status(200),
            .body("ok"))),
    Case(
        "no-content", "a 204 has neither body nor length", "RFC 9110 §8.6", .must,
        .asks(get(), .response(204), .lacks("Content-Length"), .lacks("Transfer-Encoding"))),
    Case(
        "reason", "a reason phrase full of junk does no harm", "RFC 9112 §4", .must,
        .asks(
            .raw(
                "HTTP/1.1 200 \u{e9}\u{1F4A5} <b>\"\\';-- " + String(repeating: "x", count: 500)
                    + "\r\nContent-Length: 2\r\n\r\nok"), .status(200), .body("ok"))),
    Case(
        "reason-none", "nor does none", "RFC 9112 §4", .must,
        .asks(.raw("HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok"), .status(200), .body("ok"))),
    Case(
        "no-status", "what is no status is passed on and not stored", "RFC 9110 §15", .must,
        .asks(get(), .response(999, [hour]), .status(999)), .asks(.ok())),
    Case(
        "connection-end-to-end", "what the origin's Connection must not name has its effect",
        "RFC 9110 §7.6.1", .must,
        .asks(
            .ok("Connection: Cache-Control, X-Hop", "X-Hop: 1", hour),
            .field("Cache-Control", "max-age=3600"), .lacks("X-Hop")),
        .hits(get(), .field("Cache-Control", "max-age=3600"))),
    Case(
        "connection-end-to-end-private", "also what keeps it from others", "RFC 9110 §7.6.1",
        .must, .asks(.ok("Connection: Cache-Control", "Cache-Control: private, max-age=60")),
        .asks(.ok())),
    Case(
        "connection-framing", "one that names what frames is no answer", "RFC 9112 §6.3", .must,
        .asks(get(), .ok("Connection: Content-Length"), .status(502))),
    Case(
        "cache-status-chain", "other caches' words stand before the edge's", "RFC 9211 §2",
        .should,
        .asks(
            .ok(hour, "Cache-Status: far; hit, near; fwd=miss"),
            .contains("Cache-Status", "far; hit, near; fwd=miss, ")),
        .hits(get(), .contains("Cache-Status", "far; hit, near; fwd=miss, "))),
    Case(
        "cache-status-malformed", "unless nobody could read the edge's behind them",
        "RFC 9211 §2", .should,
        .asks(
            .ok(hour, "Cache-Status: far; hit", "Cache-Status: \"open; hit"),
            .contains("Cache-Status", "far; hit, ")),
        .hits(get(), .contains("Cache-Status", "far; hit, "))),
]

/// A Date that is none, on its way to the viewer.
private func undated(_ id: String, _ ask: Ask, _ reply: Reply) -> Case {
    Case(
        "undated-\(id)", "in place of a Date that is none stands the edge's own, once",
        "RFC 9110 §6.6.1", .must, .asks(ask, reply, .count("Date", 1), .contains("Date", " GMT")))
}

let dateCases: [Case] = [
    undated("get", get(), .ok("Date: foo")),
    undated("empty", get(), .ok("Date:")),
    undated("stored", get(), .ok(hour, "Date: foo")),
    undated("twice", get(), .ok("Date: foo", "Date: foo")),
    undated("head", head(), .raw("HTTP/1.1 200 OK\r\nDate: foo\r\nContent-Length: 2\r\n\r\n")),
    undated("post", post(), .ok("Date: foo")),
    undated("error", get(), .response(404, ["Date: foo"])),
    undated("hop", get(), .ok("Connection: Date", "Date: \(date(-600))")),
    Case(
        "undated-hit", "nor does one come from the store", "RFC 9110 §6.6.1", .must,
        .asks(.ok(hour, "Date: foo")),
        .hits(get(), .count("Date", 1), .contains("Date", " GMT"))),
    Case(
        "undated-304", "nor of what confirms what is stored", "RFC 9110 §6.6.1", .must,
        .asks(.ok("Cache-Control: max-age=10", "Age: 20", "ETag: \"a\"")),
        .revalidates(
            .response(304, ["ETag: \"a\"", "Date: foo"]), .count("Date", 1),
            .contains("Date", " GMT"))),
    Case(
        "date-case", "a Date in small letters is one", "RFC 9111 §4.2", .should,
        .asks(.ok("Expires: \(date(3600).lowercased())")), .hits()),
]

/// Fields that can stand once only, standing twice.
private func twice(_ id: String, _ first: String, _ second: String, _ checks: Check...) -> Case {
    let reply = Reply.ok(hour, first, second)
    let again = Exchange(ask: get(), reply: reply, source: .origin, checks: checks)
    return Case(
        "twice-\(id)",
        "two \(first.prefix { $0 != ":" }) that differ are told as one, and not stored",
        "RFC 9110 §5.3", .should, again, again)
}

let repeatedFieldCases: [Case] = [
    twice(
        "type", "Content-Type: text/plain", "Content-Type: text/html", .count("Content-Type", 1),
        .field("Content-Type", "text/plain")),
    twice("location", "Location: /a", "Location: //evil.test", .field("Location", "/a")),
    twice("tag", "ETag: \"a\"", "ETag: \"b\"", .lacks("ETag")),
    twice(
        "modified", "Last-Modified: \(date(-864_000))", "Last-Modified: \(date(-86_400))",
        .lacks("Last-Modified")),
    twice("date", "Date: \(date(0))", "Date: \(date(-600))", .count("Date", 1)),
    twice("date-then-none", "Date: \(date(-600))", "Date: foo", .count("Date", 1)),
    twice("none-then-date", "Date: foo", "Date: \(date(-600))", .count("Date", 1)),
    Case(
        "twice-same", "lines that agree are one", "RFC 9110 §5.3", .optimal,
        .asks(.ok(hour, "Content-Type: a/b", "Content-Type: a/b", "ETag: \"a\"", "ETag: \"a\"")),
        .hits(get(), .count("Content-Type", 1), .count("ETag", 1)),
        .hits(get("If-None-Match: \"a\""), .status(304))),
    Case(
        "twice-age", "of two Age the first counts", "RFC 9111 §5.1", .should,
        .asks(.ok("Cache-Control: max-age=100", "Age: 50", "Age: 0")),
        .hits(get(), .age(50...60))),
    Case(
        "twice-expires", "of two Expires the later gives no more", "RFC 9111 §4.2.1", .should,
        .asks(.ok("Expires: \(date(3600))", "Expires: 0")), .asks(.ok())),
    Case(
        "twice-range", "a 206 of two places is not stored", "RFC 9110 §15.3.7", .must,
        .any(
            get("Range: bytes=0-3"),
            .response(
                206,
                [hour, "ETag: \"a\"", "Content-Range: bytes 0-3/9", "Content-Range: bytes 5-8/9"],
                body: "0123"), .body("0123")),
        .asks(
            get("Range: bytes=0-3"),
            .response(206, [hour, "Content-Range: bytes 0-3/9"], body: "0123"),
            .status(206), .body("0123"))),
    Case(
        "twice-asked", "a request's second Content-Type goes no further", "RFC 9110 §5.3", .should,
        .asks(
            ask("POST", "Content-Type: text/xml", "Content-Type: text/plain", body: "a"), .ok(),
            .sent("Content-Type", "text/xml"))),
    Case(
        "none-match-two", "lines of If-None-Match are one list", "RFC 9110 §5.3", .must,
        .asks(.ok(hour, "ETag: \"a\"")),
        .hits(get("If-None-Match: \"b\"", "If-None-Match: \"a\""), .status(304))),
]

let cacheStatusCases: [Case] = [
    Case(
        "cs-miss", "a miss says that nothing was stored", "RFC 9211 §2.2", .must,
        .asks(.ok(hour), .cacheStatus("fwd=uri-miss"))),
    Case(
        "cs-hit", "a hit says so", "RFC 9211 §2.1", .must,
        .asks(.ok(hour)), .hits(get(), .cacheStatus("; hit"))),
    Case(
        "cs-stale", "a revalidation says that the entry was stale", "RFC 9211 §2.2", .must,
        .asks(.ok("Cache-Control: max-age=10", "Age: 20", "ETag: \"a\"")),
        .revalidates(.response(304, ["ETag: \"a\""]), .cacheStatus("fwd=stale"))),
    Case(
        "cs-method", "a POST says that its method forbids", "RFC 9211 §2.2", .must,
        .asks(post(), .ok(), .cacheStatus("fwd=method"))),
    Case(
        "cs-vary", "another variant is told from a miss", "RFC 9211 §2.2", .should,
        .asks(get("X-V: 1"), .ok(hour, "Vary: X-V")),
        .asks(get("X-V: 2"), .ok(hour, "Vary: X-V"), .cacheStatus("fwd=vary-miss"))),
    Case(
        "cs-request", "a request directive is named", "RFC 9211 §2.2", .should,
        .asks(.ok(hour)),
        .asks(get("Cache-Control: no-cache"), .ok(), .cacheStatus("fwd=request"))),
    Case(
        "cs-error", "a stale answer in place of an error says that it was asked for",
        "RFC 9211 §2.1", .must,
        .asks(.ok("Cache-Control: max-age=10, stale-if-error=3600", "Age: 20")),
        .staleAfterAsking(
            .response(503), .cacheStatus("fwd=stale; fwd-status=503; ttl=-"),
            .cacheStatus("detail=stale-if-error"))),
    Case(
        "cs-gone", "also where the origin said nothing", "RFC 9211 §2.1", .must,
        .asks(.ok("Cache-Control: max-age=10, stale-if-error=3600", "Age: 20")),
        .any(get(), .raw("", .close), .status(200), .cacheStatus("fwd=stale; ttl=-"))),
    Case(
        "cs-request-error", "and why it was asked", "RFC 9211 §2.2", .should,
        .asks(.ok("Cache-Control: max-age=3600, stale-if-error=3600")),
        Exchange(
            ask: get("Cache-Control: no-cache"), reply: .response(500), source: .storedInstead,
            checks: [.cacheStatus("fwd=request; fwd-status=500; ttl=3")])),
    Case(
        "cs-swr", "a stale answer before asking is a hit", "RFC 9211 §2.1", .must,
        .asks(.ok("Cache-Control: max-age=10, stale-while-revalidate=3600", "Age: 20")),
        .staleAndRefreshes(.ok(), .cacheStatus("hit; ttl=-"))),
    Case(
        "cs-appended", "ours stands behind the origin's", "RFC 9211 §2", .must,
        .asks(
            .ok("Cache-Status: OriginCache; hit"),
            .contains("Cache-Status", "OriginCache; hit, "))),
]
