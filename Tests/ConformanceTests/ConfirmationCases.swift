import WireTesting

private let stale = "Cache-Control: max-age=10"
private let old = "Age: 20"
private let hour = "Cache-Control: max-age=3600"
private let then = date(-864_000)

/// A 304 that is not about what is stored: the origin is asked again, and its answer stored.
private func denied(
    _ id: String, _ prose: String, stored: String, by other: String
) -> Case {
    Case(
        id, prose, "RFC 9111 §4.3.4", .must, .asks(.ok(stale, old, stored, body: "the old one")),
        .asksTwice(
            .response(304, [hour, other, "X-A: 2"]), .ok(hour, other, body: "the new one"),
            .body("the new one"), .lacks("X-A")),
        .hits(get(), .body("the new one"), .lacks("X-A")))
}

/// Whether a 304 is about the stored response, and what of it is for whom.
let confirmationCases: [Case] = [
    Case(
        "304-private-stored", "a stored field that a 304 makes private is stored no longer",
        "RFC 9111 §5.2.2.7", .must,
        .asks(.ok(stale, old, "ETag: \"a\"", "X-Mine: 1", "X-All: 1"), .field("X-Mine", "1")),
        .revalidates(
            .response(304, ["\(hour), private=\"x-mine\"", "ETag: \"a\""]), .lacks("X-Mine"),
            .field("X-All", "1")),
        .hits(get(), .lacks("X-Mine"), .field("X-All", "1"))),
    Case(
        "304-private-new", "nor is the new one, which is for who asked", "RFC 9111 §5.2.2.7", .must,
        .asks(.ok(stale, old, "ETag: \"a\"", "X-Mine: 1")),
        .revalidates(
            .response(304, ["\(hour), private=\"X-Mine\"", "ETag: \"a\"", "X-Mine: 2"]),
            .field("X-Mine", "2")),
        .hits(get(), .lacks("X-Mine"))),
    Case(
        "304-no-cache-stored", "no-cache with names does the same", "RFC 9111 §5.2.2.4", .must,
        .asks(.ok(stale, old, "ETag: \"a\"", "X-Mine: 1", "X-All: 1")),
        .revalidates(.response(304, ["\(hour), no-cache=\"X-Mine\"", "ETag: \"a\""])),
        .hits(get(), .lacks("X-Mine"), .field("X-All", "1"))),
    Case(
        "304-private-kept", "a 304 without directives leaves the stored ones in force",
        "RFC 9111 §5.2.2.7", .must,
        .asks(
            .ok("Cache-Control: max-age=10, private=\"X-Mine\"", old, "ETag: \"a\"", "X-Mine: 1")),
        .revalidates(
            .response(304, ["ETag: \"a\"", "X-Mine: 2", "Age: 0"]), .field("X-Mine", "2")),
        .hits(get(), .lacks("X-Mine"))),
    Case(
        "304-private-age", "one that only the asker may have is as old as the confirmation",
        "RFC 9111 §5.1", .must,
        .asks(.ok(stale, old, "ETag: \"a\"")),
        .revalidates(
            .response(304, ["Cache-Control: private, max-age=60", "ETag: \"a\""]), .age(0...2))),
    Case(
        "304-no-store-age", "so is one that was asked for not to be stored", "RFC 9111 §5.1", .must,
        .asks(.ok(stale, old, "ETag: \"a\"")),
        .revalidates(
            get("Cache-Control: no-store"), .response(304, [hour, "ETag: \"a\"", "Age: 7"]),
            .age(7...9))),
    Case(
        "304-two-tags", "a 304 with two tags confirms nothing", "RFC 9111 §4.3.4", .must,
        .asks(.ok(stale, old, "ETag: \"a\"", body: "old")),
        .asksTwice(
            .response(304, [hour, "ETag: \"a\"", "ETag: \"b\""]), .ok(hour, body: "new"),
            .body("new"))),
    denied(
        "304-other-strong", "a 304 with another strong tag confirms nothing",
        stored: "ETag: \"a\"", by: "ETag: \"b\""),
    denied(
        "304-other-weak", "nor one with another weak tag", stored: "ETag: W/\"a\"",
        by: "ETag: W/\"b\""),
    denied(
        "304-strong-for-weak", "a strong tag does not confirm a weak one",
        stored: "ETag: W/\"a\"", by: "ETag: \"a\""),
    denied(
        "304-other-date", "nor does another Last-Modified", stored: "Last-Modified: \(then)",
        by: "Last-Modified: \(date(-86_400))"),
    Case(
        "304-weak-for-strong", "a weak tag confirms the strong one of the same text",
        "RFC 9111 §4.3.4", .optimal, .asks(.ok(stale, old, "ETag: \"a\"")),
        .revalidates(.response(304, [hour, "ETag: W/\"a\""])), .hits()),
    Case(
        "304-other-leaves", "a 304 about another response does not update the stored one",
        "RFC 9111 §4.3.4", .must,
        .asks(.ok("Cache-Control: no-cache", "ETag: \"a\"", "X-A: 1", body: "old")),
        .asksTwice(
            .response(304, ["ETag: \"b\"", "X-A: 2"]), .response(404, ["X-A: 3"]), .status(404)),
        .revalidates(
            .response(304, ["ETag: \"a\""]), .sent("If-None-Match", "\"a\""), .status(200),
            .body("old"), .field("X-A", "1"))),
    Case(
        "304-other-unstored", "not even where its successor may not be stored",
        "RFC 9111 §4.3.4", .must, .asks(.ok(stale, old, "ETag: \"a\"", body: "old")),
        .asksTwice(
            .response(304, [hour, "ETag: \"b\""]),
            .ok("Cache-Control: no-store", "ETag: \"b\"", body: "new"), .body("new")),
        .asks(.ok(hour, body: "third")), .hits(get(), .body("third"))),
    Case(
        "304-cookie", "a cookie that comes with a 304 is for who asked", "RFC 9111 §7.3", .must,
        .asks(.ok(stale, old, "ETag: \"a\"")),
        .revalidates(
            .response(304, [hour, "ETag: \"a\"", "Set-Cookie: s=1"]), .field("Set-Cookie", "s=1")),
        .any(get(), .response(304, [hour, "ETag: \"a\""]), .status(200), .lacks("Set-Cookie")),
        .hits(get(), .lacks("Set-Cookie"))),
    Case(
        "304-cookie-private", "a field that a 304 calls private does not come back",
        "RFC 9111 §5.2.2.7", .must, .asks(.ok(stale, old, "ETag: \"a\"")),
        .revalidates(
            .response(
                304,
                [
                    "Cache-Control: max-age=3600, private=\"Set-Cookie\"", "ETag: \"a\"",
                    "Set-Cookie: s=1",
                ]), .field("Set-Cookie", "s=1"), .status(200)),
        .any(get(), .response(304, [hour, "ETag: \"a\""]), .status(200), .lacks("Set-Cookie"))),
    Case(
        "private-cookie", "a field that is private is for who asked", "RFC 9111 §5.2.2.7", .must,
        .any(
            get(),
            .ok(
                "Cache-Control: max-age=3600, private=\"Set-Cookie\"", "Set-Cookie: s=1",
                "X-A: 1"), .status(200), .field("Set-Cookie", "s=1")),
        .any(
            get(), .ok("Cache-Control: max-age=3600", "X-A: 1"), .status(200),
            .lacks("Set-Cookie"), .field("X-A", "1"))),
    Case(
        "304-no-date", "a 304 without Date makes the response fresh again", "RFC 9110 §6.6.1",
        .must, .asks(.ok(hour, "Date: \(date(-7200))", "ETag: \"a\"")),
        .revalidates(.response(304, ["-Date", "ETag: \"a\""])),
        .hits(get(), .age(0...600)), .hits(get(), .age(0...600))),
    Case(
        "304-old-date", "one whose Date is old as well leaves it stale", "RFC 9111 §4.2.3", .must,
        .asks(.ok(hour, "Date: \(date(-7200))", "ETag: \"a\"")),
        .revalidates(.response(304, ["Date: \(date(-7200))", "ETag: \"a\""])),
        .revalidates(.response(304, ["ETag: \"a\""]))),
    Case(
        "head-no-date", "an answer to HEAD without Date makes it fresh again too",
        "RFC 9111 §4.3.5", .optimal,
        .asks(.ok(hour, "Date: \(date(-7200))", "ETag: \"a\"", body: "12345")),
        .asks(
            head("Cache-Control: no-cache"),
            .raw("HTTP/1.1 200 OK\r\n\(hour)\r\nETag: \"a\"\r\nContent-Length: 5\r\n\r\n"),
            .status(200)),
        .hits(get(), .age(0...600), .body("12345"))),
]

private let etag = "ETag: \"a\""

private func part(_ range: ClosedRange<Int>, _ fields: String...) -> Reply {
    let digits = Array("0123456789")
    return .response(
        206, [hour, "Content-Range: bytes \(range.lowerBound)-\(range.upperBound)/10"] + fields,
        body: String(digits[range]))
}

private let described: [Check] = [
    .status(200), .body("0123456789"), .field("Content-Type", "text/frob"), .field("X-A", "1"),
    .field("Content-Length", "10"), .lacks("Content-Range"), .field("ETag", "\"a\""),
]

private func with(_ exchange: Exchange, _ checks: [Check]) -> Exchange {
    var copy = exchange
    copy.checks += checks
    return copy
}

/// A 206 to If-Range may leave out what the part says already (RFC 9110 §15.3.7).
let combinedFieldCases: [Case] = [
    Case(
        "partial-fields", "what completes a part may leave out the part's fields",
        "RFC 9111 §3.4", .must,
        .asks(
            get("Range: bytes=0-4"), part(0...4, etag, "Content-Type: text/frob", "X-A: 1"),
            .status(206), .body("01234")),
        with(.asks(get(), part(5...9, etag), .sent("If-Range", "\"a\"")), described),
        with(.hits(), described)),
    Case(
        "partial-fields-new", "what it does say takes the place of the part's", "RFC 9111 §3.4",
        .must,
        .asks(
            get("Range: bytes=0-4"), part(0...4, etag, "Content-Type: text/frob", "X-A: 0"),
            .status(206), .body("01234")),
        with(.asks(get(), part(5...9, etag, "X-A: 1")), described), with(.hits(), described)),
    Case(
        "partial-fields-ranges", "also where viewers asked for both parts", "RFC 9111 §3.4",
        .must,
        .asks(
            get("Range: bytes=0-4"), part(0...4, etag, "Content-Type: text/frob", "X-A: 1"),
            .status(206), .body("01234")),
        .asks(get("Range: bytes=5-9"), part(5...9, etag), .status(206), .body("56789")),
        with(.hits(), described)),
    Case(
        "partial-fields-lower", "and where the later part is the first", "RFC 9111 §3.4",
        .must,
        .asks(
            get("Range: bytes=5-9"), part(5...9, etag, "Content-Type: text/frob", "X-A: 1"),
            .status(206), .body("56789")),
        .asks(get("Range: bytes=0-4"), part(0...4, etag), .status(206), .body("01234")),
        with(.hits(), described)),
    Case(
        "partial-variant", "a completed variant stays a variant", "RFC 9111 §3.4", .must,
        .asks(
            get("X-V: 1", "Range: bytes=0-4"),
            part(0...4, etag, "Vary: X-V", "Content-Type: text/frob", "X-A: 1"), .status(206),
            .body("01234")),
        with(.asks(get("X-V: 1"), part(5...9, etag)), described + [.field("Vary", "X-V")]),
        .asks(get("X-V: 2"), .ok(hour, "Vary: X-V", body: "another")),
        with(.hits(get("X-V: 1")), described + [.field("Vary", "X-V")]),
        .hits(get("X-V: 2"), .body("another"))),
    Case(
        "partial-variant-ranges", "so does one put together by ranges", "RFC 9111 §3.4", .must,
        .asks(
            get("X-V: 1", "Range: bytes=0-4"),
            part(0...4, etag, "Vary: X-V", "Content-Type: text/frob", "X-A: 1"), .status(206),
            .body("01234")),
        .asks(get("X-V: 1", "Range: bytes=5-9"), part(5...9, etag), .status(206), .body("56789")),
        .asks(get("X-V: 2"), .ok(hour, "Vary: X-V", body: "another")),
        with(.hits(get("X-V: 1")), described)),
    Case(
        "partial-cookie", "a cookie that completes a part is for who asked", "RFC 9111 §7.3",
        .must,
        .asks(
            get("Range: bytes=0-4"), part(0...4, etag, "Content-Type: text/frob", "X-A: 1"),
            .status(206), .body("01234")),
        .asks(
            get(), part(5...9, etag, "Set-Cookie: s=1"), .status(200), .body("0123456789"),
            .field("Set-Cookie", "s=1")),
        .any(get(), part(5...9, etag), .status(200), .body("0123456789"), .lacks("Set-Cookie"))),
]
