import WireTesting

private let hour = "Cache-Control: max-age=3600"

/// Two requests of which the second must find, or must not find, the variant of the first.
private func same(
    _ id: String, _ prose: String, _ vary: String, _ first: [String], _ second: [String],
    _ kind: Case.Kind = .must
) -> Case {
    Case(id, prose, "RFC 9111 §4.1", kind, .asks(get(first), .ok(hour, vary)), .hits(get(second)))
}

private func other(
    _ id: String, _ prose: String, _ vary: String, _ first: [String], _ second: [String]
) -> Case {
    Case(
        id, prose, "RFC 9111 §4.1", .must,
        .asks(get(first), .ok(hour, vary)), .asks(get(second), .ok(hour, vary)),
        .hits(get(second)))
}

private func get(_ fields: [String]) -> Ask { Ask(method: "GET", fields: fields) }

let varyCases: [Case] = [
    same(
        "vary-equal", "equal selecting fields find the variant", "Vary: X-V", ["X-V: 1"],
        ["X-V: 1"], .optimal),
    other("vary-different", "different ones do not", "Vary: X-V", ["X-V: 1"], ["X-V: 2"]),
    other(
        "vary-absent", "an absent field differs from a present one", "Vary: X-V", [],
        ["X-V: 1"]),
    other(
        "vary-present", "a present field differs from an absent one", "Vary: X-V", ["X-V: 1"],
        []),
    other("vary-empty", "an absent field differs from an empty one", "Vary: X-V", [], ["X-V:"]),
    other("vary-value-case", "values differ by case", "Vary: X-V", ["X-V: a"], ["X-V: A"]),
    same("vary-name-case", "names do not", "Vary: x-V", ["X-v: 1"], ["x-V: 1"]),
    Case(
        "vary-scheme", "the scheme that the origin is told is in the key", "RFC 9111 §4.1",
        .optimal,
        .asks(.ok(hour, "Vary: X-Forwarded-Proto", body: "http")),
        .hits(get(), .body("http"))),
    Case(
        "vary-told-host", "the host that it is told is, too, whatever the viewer says",
        "RFC 9111 §4.1", .optimal,
        .asks(
            get("X-Forwarded-Host: a.test"),
            .ok(hour, "Vary: X-Forwarded-Proto, X-Forwarded-Host", body: "one"),
            .sent("X-Forwarded-Host", "edge.test")),
        .hits(get("X-Forwarded-Host: b.test"), .body("one"))),
    Case(
        "vary-host", "so is the host, which selects whatever the letters' case", "RFC 9111 §4.1",
        .must,
        .asks(
            Ask(method: "GET", host: "vary.test"), .ok(hour, "Vary: Host, X-V", body: "one")),
        .hits(Ask(method: "GET", host: "VARY.test"), .body("one")),
        .asks(
            Ask(method: "GET", host: "vary2.test"), .ok(hour, "Vary: Host, X-V", body: "two")),
        .asks(
            Ask(method: "GET", host: "vary.test", fields: ["X-V: 1"]),
            .ok(hour, "Vary: X-V, Host", body: "three")),
        .hits(Ask(method: "GET", host: "vary.test", fields: ["X-V: 1"]), .body("three")),
        .hits(Ask(method: "GET", host: "vary2.test"), .body("two"))),
    same(
        "vary-lines", "several lines equal one list", "Vary: X-V", ["X-V: 1", "X-V: 2"],
        ["X-V: 1, 2"], .optimal),
    same(
        "vary-space", "white space around commas is no difference", "Vary: X-V", ["X-V: 1,2"],
        ["X-V: 1 ,  2"], .optimal),
    other(
        "vary-order", "the order of unknown lists is", "Vary: X-V", ["X-V: 1, 2"],
        ["X-V: 2, 1"]),
    other(
        "vary-two-first", "each named field selects: the first", "Vary: X-V, X-W",
        ["X-V: 1", "X-W: 1"], ["X-V: 2", "X-W: 1"]),
    other(
        "vary-two-second", "each named field selects: the second", "Vary: X-V, X-W",
        ["X-V: 1", "X-W: 1"], ["X-V: 1", "X-W: 2"]),
    same(
        "vary-unnamed", "other fields do not select", "Vary: X-V", ["X-V: 1", "X-W: 1"],
        ["X-V: 1", "X-W: 2"], .optimal),
    same(
        "vary-language-case", "languages compare in any case", "Vary: Accept-Language",
        ["Accept-Language: en-GB"], ["Accept-Language: EN-gb"], .optimal),
    same(
        "vary-language-order", "languages of one weight in any order", "Vary: Accept-Language",
        ["Accept-Language: en, fr"], ["Accept-Language: fr, en"], .optimal),
    same(
        "vary-language-weight", "languages by weight, not by place", "Vary: Accept-Language",
        ["Accept-Language: en;q=0.5, fr"], ["Accept-Language: fr;q=1.0, en;q=0.5"], .optimal),
    other(
        "vary-language", "another language is another variant", "Vary: Accept-Language",
        ["Accept-Language: en"], ["Accept-Language: fr"]),
    other(
        "vary-language-preference", "another preference too", "Vary: Accept-Language",
        ["Accept-Language: en;q=0.5, fr"], ["Accept-Language: en, fr;q=0.5"]),
    other(
        "vary-cookie", "Vary: Cookie tells cookies apart", "Vary: Cookie", ["Cookie: a=1"],
        ["Cookie: a=2"]),
    other(
        "vary-agent", "Vary: User-Agent tells agents apart", "Vary: User-Agent",
        ["User-Agent: a"], ["User-Agent: b"]),
    Case(
        "vary-star", "Vary: * is never reused", "RFC 9111 §4.1", .must,
        .asks(.ok(hour, "Vary: *"), .cacheStatus("detail=vary-star")), .asks(.ok())),
    Case(
        "vary-star-list", "nor with * in a list", "RFC 9111 §4.1", .must,
        .asks(.ok(hour, "Vary: X-V, *")), .asks(.ok())),
    Case(
        "vary-star-line", "nor on a line of its own", "RFC 9111 §4.1", .must,
        .asks(.ok(hour, "Vary: X-V", "Vary: *")), .asks(.ok())),
    Case(
        "vary-two-lines", "two Vary lines name two fields", "RFC 9110 §12.5.5", .must,
        .asks(get("X-V: 1", "X-W: 1"), .ok(hour, "Vary: X-V", "Vary: X-W")),
        .asks(get("X-V: 1", "X-W: 2"), .ok(hour, "Vary: X-V", "Vary: X-W"))),
    Case(
        "vary-keeps-all", "variants do not push each other out", "RFC 9111 §4.1", .optimal,
        .asks(get("X-V: 1"), .ok(hour, "Vary: X-V", body: "one")),
        .asks(get("X-V: 2"), .ok(hour, "Vary: X-V", body: "two")),
        .asks(get("X-V: 3"), .ok(hour, "Vary: X-V", body: "three")),
        .hits(get("X-V: 1"), .body("one")), .hits(get("X-V: 2"), .body("two")),
        .hits(get("X-V: 3"), .body("three"))),
    Case(
        "vary-revalidates", "a stale variant is asked for by its own tag", "RFC 9111 §4.3.1",
        .must,
        .asks(get("X-V: 1"), .ok("Cache-Control: no-cache", "Vary: X-V", "ETag: \"1\"")),
        .revalidates(
            get("X-V: 1"), .response(304, ["ETag: \"1\"", "Vary: X-V"]),
            .sent("If-None-Match", "\"1\""), .sent("X-V", "1"))),
    Case(
        "vary-head", "HEAD finds the variant as GET does", "RFC 9111 §4.1", .must,
        .asks(get("X-V: 1"), .ok(hour, "Vary: X-V")),
        .hits(head("X-V: 1")),
        .asks(head("X-V: 2"), .raw("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"), .status(200))),
    Case(
        "vary-sent", "Vary reaches the viewer", "RFC 9110 §12.5.5", .must,
        .asks(.ok(hour, "Vary: X-V"), .field("Vary", "X-V")), .hits(get(), .field("Vary", "X-V"))),
    Case(
        "vary-encoding", "a coded variant is not for those who do not take it",
        "RFC 9110 §12.5.3", .must,
        .asks(
            get("Accept-Encoding: gzip"),
            .ok(hour, "Vary: Accept-Encoding", "Content-Encoding: gzip")),
        .asks(get(), .ok(hour, "Vary: Accept-Encoding")),
        .hits(get())),
]
