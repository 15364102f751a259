import WireTesting

private let stale = "Cache-Control: max-age=10"
private let old = "Age: 20"
private let hour = "Cache-Control: max-age=3600"
private let then = date(-864_000)

/// How the edge asks the origin whether what it has is still good.
let revalidationCases: [Case] = [
    Case(
        "etag", "an entity tag is sent back to ask", "RFC 9111 §4.3.1", .must,
        .asks(.ok(stale, old, "ETag: \"abc\"")),
        .revalidates(.response(304, ["ETag: \"abc\""]), .sent("If-None-Match", "\"abc\""))),
    Case(
        "etag-weak", "a weak entity tag as well", "RFC 9111 §4.3.1", .must,
        .asks(.ok(stale, old, "ETag: W/\"abc\"")),
        .revalidates(.response(304, ["ETag: W/\"abc\""]), .sent("If-None-Match", "W/\"abc\""))),
    Case(
        "etag-unquoted", "an unquoted one goes back as it came", "RFC 9110 §8.8.3", .optimal,
        .asks(.ok(stale, old, "ETag: 542d2318a74e1b01")),
        .revalidates(
            .response(304, ["ETag: 542d2318a74e1b01"]),
            .sent("If-None-Match", "542d2318a74e1b01"))),
    Case(
        "last-modified", "Last-Modified is sent back to ask", "RFC 9111 §4.3.1", .must,
        .asks(.ok(stale, old, "Last-Modified: \(then)")),
        .revalidates(.response(304), .sent("If-Modified-Since", then))),
    Case(
        "both", "both are sent where both are stored", "RFC 9111 §4.3.1", .should,
        .asks(.ok(stale, old, "ETag: \"a\"", "Last-Modified: \(then)")),
        .revalidates(
            .response(304, ["ETag: \"a\""]), .sent("If-None-Match", "\"a\""),
            .sent("If-Modified-Since", then))),
    Case(
        "no-validator", "without a validator the question is a plain one", "RFC 9111 §4.3.1",
        .must, .asks(.ok(stale, old)),
        .asks(.ok(), .sentLacks("If-None-Match"), .sentLacks("If-Modified-Since"))),
    Case(
        "restart", "a 304 makes the response fresh again", "RFC 9111 §4.3.4", .optimal,
        .asks(.ok(hour, "Age: 7200", "ETag: \"a\"")),
        .revalidates(.response(304, ["ETag: \"a\""])), .hits(get(), .age(0...600))),
    Case(
        "new-lifetime", "a 304 brings its own lifetime", "RFC 9111 §4.3.4", .must,
        .asks(.ok(stale, old, "ETag: \"a\"")),
        .revalidates(.response(304, [hour, "ETag: \"a\"", "Age: 600"])),
        .hits(get(), .field("Cache-Control", "max-age=3600"), .age(600...1200))),
    Case(
        "shorter-lifetime", "also one that is over", "RFC 9111 §4.3.4", .must,
        .asks(.ok(hour, "Age: 7200", "ETag: \"a\"")),
        .revalidates(.response(304, ["Cache-Control: max-age=0", "ETag: \"a\""])),
        .revalidates(.response(304, ["ETag: \"a\""]))),
    Case(
        "merge", "a 304's fields replace the stored ones", "RFC 9111 §3.2", .must,
        .asks(.ok(stale, old, "ETag: \"a\"", "X-A: 1", "X-A: 2", "X-B: 1")),
        .revalidates(
            .response(304, [hour, "ETag: \"a\"", "X-A: 3", "X-C: 4"]),
            .field("X-A", "3"), .field("X-B", "1"), .field("X-C", "4")),
        .hits(get(), .field("X-A", "3"), .field("X-B", "1"), .field("X-C", "4"))),
    Case(
        "merge-not-body", "a 304 does not change what describes the body", "RFC 9111 §3.2",
        .must, .asks(.ok(stale, old, "ETag: \"a\"", body: "12345")),
        .revalidates(
            .raw(
                "HTTP/1.1 304 Not Modified\r\n\(hour)\r\nETag: \"a\"\r\nContent-Length: 99\r\n\r\n"),
            .field("Content-Length", "5")),
        .hits(get(), .field("Content-Length", "5"))),
    Case(
        "merge-hop", "a 304's fields of the connection are left out", "RFC 9111 §3.2", .must,
        .asks(.ok(stale, old, "ETag: \"a\"")),
        .revalidates(
            .response(304, [hour, "ETag: \"a\"", "Connection: X-Hop", "X-Hop: 1"]),
            .lacks("X-Hop")),
        .hits(get(), .lacks("X-Hop"))),
    Case(
        "replace", "a 200 to the question replaces what is stored", "RFC 9111 §4.3.3", .must,
        .asks(.ok(stale, old, "ETag: \"a\"")),
        .asks(.ok(hour, "ETag: \"b\""), .sent("If-None-Match", "\"a\"")),
        .hits(get(), .field("ETag", "\"b\""))),
    Case(
        "gone", "a 404 to the question is passed on", "RFC 9111 §4.3.3", .must,
        .asks(.ok(stale, old, "ETag: \"a\"")), .asks(.response(404))),
    Case(
        "no-304-stored", "a 304 is no response to store", "RFC 9111 §4.3.4", .must,
        .asks(get("If-None-Match: \"z\""), .response(304, [hour, "ETag: \"z\""]), .status(304)),
        .asks(.ok())),
    Case(
        "must-revalidate-asks", "must-revalidate asks once it is stale", "RFC 9111 §5.2.2.2",
        .must, .asks(.ok("Cache-Control: max-age=10, must-revalidate", old, "ETag: \"a\"")),
        .revalidates(.response(304, ["ETag: \"a\""]))),
    Case(
        "must-revalidate-fresh", "and not before", "RFC 9111 §5.2.2.2", .optimal,
        .asks(.ok("Cache-Control: max-age=3600, must-revalidate")), .hits()),
]

/// How the edge answers a viewer who asks whether what it has is still good.
let conditionalCases: [Case] = [
    condition("inm", "If-None-Match", "\"a\"", isMet: true, "an equal entity tag is a 304"),
    condition("inm-other", "If-None-Match", "\"b\"", isMet: false, "another one is a 200"),
    condition("inm-weak", "If-None-Match", "W/\"a\"", isMet: true, "comparison is weak"),
    condition(
        "inm-list", "If-None-Match", "\"x\", W/\"y\", \"a\"", isMet: true,
        "any of a list matches"),
    condition(
        "inm-comma", "If-None-Match", "\"x,\\\"a\", \"a\"", isMet: true,
        "a comma inside a tag ends nothing"),
    condition(
        "inm-in-tag", "If-None-Match", "\"x \"a\"\"", isMet: false,
        "a tag inside junk is no tag", .should),
    condition("inm-star", "If-None-Match", "*", isMet: true, "* matches what exists"),
    condition(
        "inm-unquoted", "If-None-Match", "a", isMet: false, "an unquoted tag is none",
        .should),
    condition("inm-case", "If-None-Match", "\"A\"", isMet: false, "tags differ by case"),
    condition("ims-equal", "If-Modified-Since", then, isMet: true, "an equal date is a 304"),
    condition("ims-later", "If-Modified-Since", date(-86_400), isMet: true, "a later one is"),
    condition(
        "ims-earlier", "If-Modified-Since", date(-8_640_000), isMet: false,
        "an earlier one is a 200"),
    condition(
        "ims-junk", "If-Modified-Since", "yesterday", isMet: false, "no date is no condition"),
    condition(
        "ims-850", "If-Modified-Since", "Wednesday, 01-Jan-40 00:00:00 GMT", isMet: true,
        "RFC 850's form is a date"),
    condition(
        "ims-asctime", "If-Modified-Since", "Wed Jan  1 00:00:00 2098", isMet: true,
        "asctime's form is a date"),
    Case(
        "inm-over-ims", "If-None-Match overrules If-Modified-Since", "RFC 9110 §13.1.3", .must,
        .asks(.ok(hour, "ETag: \"a\"", "Last-Modified: \(then)")),
        .hits(get("If-None-Match: \"b\"", "If-Modified-Since: \(date())"), .status(200))),
    Case(
        "ims-date", "without Last-Modified the date of the response counts",
        "RFC 9111 §4.3.2", .must, .asks(.ok(hour, "Date: \(date(-3_000))")),
        .hits(get("If-Modified-Since: \(date(-60))"), .status(304))),
    Case(
        "304-fields", "a 304 carries what a 200 would say of the entry", "RFC 9110 §15.4.5",
        .must,
        .asks(
            .ok(
                hour, "ETag: \"a\"", "Content-Location: /x", "Expires: \(date(7200))", "Vary: X-V")),
        .hits(
            get("If-None-Match: \"a\""), .status(304), .field("ETag", "\"a\""),
            .field("Cache-Control", "max-age=3600"), .field("Content-Location", "/x"),
            .has("Expires"), .field("Vary", "X-V"), .body(""))),
    Case(
        "304-head", "HEAD is answered 304 too", "RFC 9110 §13.2.1", .must,
        .asks(.ok(hour, "ETag: \"a\"")), .hits(head("If-None-Match: \"a\""), .status(304))),
    Case(
        "post-condition", "a condition on a POST is the origin's to judge", "RFC 9111 §4.3.2",
        .must, .asks(.ok(hour, "ETag: \"a\"")),
        .asks(post("If-None-Match: \"a\""), .ok(), .sent("If-None-Match", "\"a\""))),
    Case(
        "if-match", "If-Match is the origin's to judge", "RFC 9111 §4.3.2", .must,
        .asks(.ok(hour, "ETag: \"a\"")),
        .asks(get("If-Match: \"b\""), .response(412), .sent("If-Match", "\"b\""))),
    Case(
        "if-unmodified", "If-Unmodified-Since too", "RFC 9111 §4.3.2", .must,
        .asks(.ok(hour, "Last-Modified: \(then)")),
        .asks(get("If-Unmodified-Since: \(then)"), .response(412), .sentHas("If-Unmodified-Since"))),
    Case(
        "404-condition", "a stored 404 is no 304", "RFC 9110 §13.2.1", .must,
        .asks(.response(404, [hour, "ETag: \"a\""])),
        .hits(get("If-None-Match: \"a\""), .status(404))),
    Case(
        "miss-condition", "a 304 to the viewer's own question is passed on", "RFC 9111 §4.3.3",
        .must, .any(get("If-None-Match: \"a\""), .response(304, ["ETag: \"a\""]), .status(304))),
    Case(
        "stale-condition", "a viewer's condition is judged after the revalidation",
        "RFC 9111 §4.3.2", .must, .asks(.ok(stale, old, "ETag: \"a\"")),
        .any(get("If-None-Match: \"a\""), .response(304, [hour, "ETag: \"a\""]), .status(304)),
        .hits(get(), .status(200))),
]

private func condition(
    _ id: String, _ field: String, _ value: String, isMet: Bool, _ prose: String,
    _ kind: Case.Kind = .must
) -> Case {
    let anchor = field == "If-None-Match" ? "RFC 9110 §13.1.2" : "RFC 9110 §13.1.3"
    let ask = get("\(field): \(value)")
    return Case(
        id, prose, anchor, kind,
        .asks(.ok(hour, "ETag: \"a\"", "Last-Modified: \(then)")),
        isMet ? .hits(ask, .status(304), .body("")) : .hits(ask))
}

let headCases: [Case] = [
    Case(
        "head-from-get", "HEAD is answered from a stored GET", "RFC 9111 §4", .optimal,
        .asks(.ok(hour, "X-A: 1", body: "12345")),
        .hits(head(), .field("Content-Length", "5"), .field("X-A", "1"))),
    Case(
        "head-miss", "a HEAD goes on as HEAD", "RFC 9110 §9.3.2", .optimal,
        .asks(
            head(), .raw("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"), .status(200),
            .sentMethod("HEAD"), .field("Content-Length", "7"))),
    Case(
        "head-keeps-connection", "a HEAD with a length leaves the connection usable",
        "RFC 9112 §6.3", .must,
        .asks(head(), .raw("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"), .status(200)),
        .asks(.ok(hour)), .hits()),
    Case(
        "head-updates", "a HEAD with the same validators updates what is stored",
        "RFC 9111 §4.3.5", .optimal, .asks(.ok(hour, "ETag: \"a\"", "X-A: 1", body: "12345")),
        .asks(
            head("Cache-Control: no-cache"),
            .raw(
                "HTTP/1.1 200 OK\r\n\(hour)\r\nETag: \"a\"\r\nX-A: 2\r\nContent-Length: 5\r\n\r\n"),
            .status(200)),
        .hits(get(), .field("X-A", "2"), .body("12345"))),
    Case(
        "head-other-etag", "a HEAD with another entity tag makes it stale",
        "RFC 9111 §4.3.5", .should, .asks(.ok(hour, "ETag: \"a\"", body: "12345")),
        .asks(
            head("Cache-Control: no-cache"),
            .raw("HTTP/1.1 200 OK\r\n\(hour)\r\nETag: \"b\"\r\nContent-Length: 5\r\n\r\n"),
            .status(200)),
        .asks(.ok())),
    Case(
        "head-other-length", "a HEAD with another length makes it stale", "RFC 9111 §4.3.5",
        .should, .asks(.ok(hour, "ETag: \"a\"", body: "12345")),
        .asks(
            head("Cache-Control: no-cache"),
            .raw("HTTP/1.1 200 OK\r\n\(hour)\r\nETag: \"a\"\r\nContent-Length: 6\r\n\r\n"),
            .status(200)),
        .asks(.ok())),
]
