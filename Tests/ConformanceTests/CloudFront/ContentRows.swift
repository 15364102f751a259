import WireTesting

private let none = "\"QueryString\": false, \"Cookies\": { \"Forward\": \"none\" }"

/// §5.5 and §5.6: compression and ranges.
let contentLanes = [
    Lane("plain") { $0.ttl = (0, 100, 1_000) },
    Lane("gzip") {
        $0.gzip = true
        $0.compresses = true
    },
    Lane("both") {
        $0.gzip = true
        $0.brotli = true
        $0.compresses = true
    },
    Lane("no-flag") { $0.compresses = true },
    Lane("no-compress") { $0.gzip = true },
    Lane("off") {
        $0.ttl = (0, 0, 0)
        $0.compresses = true
    },
    Lane("legacy") {
        $0.compresses = true
        $0.forwarded = none
    },
]

private let accepts = "Accept-Encoding: gzip"
private let text = "Content-Type: text/html; charset=utf-8"

private func bytes(_ count: Int, _ fields: String...) -> Reply {
    .response(
        200, fields,
        body: String(repeating: "compress me ", count: count / 12 + 1)
            .prefix(count).description)
}

private func compressed(_ rule: String, _ lane: String, _ reply: Reply, _ status: Int = 200) -> Row
{
    let word = status == 200 ? "Miss" : "Error"
    return Row(
        "§5.5", "\(rule): compressed", lane,
        .any(
            get(accepts), [reply], word, .status(status), .field("Content-Encoding", "gzip"),
            .contains("Vary", "Accept-Encoding")),
        .any(
            get(accepts), [], status == 200 ? "Hit" : "Error",
            .field("Content-Encoding", "gzip")))
}

private func plain(
    _ rule: String, _ lane: String, _ reply: Reply, _ ask: Ask = get(accepts)
) -> Row {
    Row(
        "§5.5", "\(rule): as it is", lane,
        .passes(ask, reply, .lacks("Content-Encoding")))
}

let compressionRows: [Row] = [
    compressed("a page", "gzip", bytes(2_000, text)),
    compressed("the older way", "legacy", bytes(2_000, text)),
    compressed("both codings", "both", bytes(2_000, text)),
    compressed("1,000 bytes", "gzip", bytes(1_000, text)),
    plain("999 bytes", "gzip", bytes(999, text)),
    compressed("application/json", "gzip", bytes(2_000, "Content-Type: application/json")),
    compressed("image/svg+xml in capitals", "gzip", bytes(2_000, "Content-Type: IMAGE/SVG+XML")),
    compressed(
        "404", "gzip", .response(404, [text], body: String(repeating: "a", count: 2_000)),
        404),
    compressed(
        "403 that is stored", "gzip",
        .response(
            403, [text, "Cache-Control: max-age=60"],
            body: String(repeating: "a", count: 2_000)), 403),
    Row(
        "§5.5", "403 that is not stored: compressed", "gzip",
        .any(
            get(accepts), [.response(403, [text], body: String(repeating: "a", count: 2_000))],
            "Error", .status(403), .field("Content-Encoding", "gzip"))),
    plain("no such flag", "no-flag", bytes(2_000, text)),
    plain("Compress false", "no-compress", bytes(2_000, text)),
    plain("caching disabled", "off", bytes(2_000, text)),
    plain("a viewer that takes none", "gzip", bytes(2_000, text), get()),
    plain(
        "a viewer that takes br alone", "gzip", bytes(2_000, text),
        get("Accept-Encoding: br")),
    plain(
        "an HTTP/1.0 viewer", "gzip", bytes(2_000, text),
        Ask(method: "GET", path: "it", version: "1.0", fields: [accepts])),
    plain("image/png", "gzip", bytes(2_000, "Content-Type: image/png")),
    plain("no type", "gzip", bytes(2_000)),
    plain("lifetime 0", "gzip", bytes(2_000, text, "Cache-Control: max-age=0")),
    plain(
        "status 203", "gzip",
        .response(203, [text], body: String(repeating: "a", count: 2_000))),
    Row(
        "§5.5", "the origin's own coding is left alone", "gzip",
        .any(
            get(accepts), [bytes(2_000, text, "Content-Encoding: deflate")], "Miss",
            .field("Content-Encoding", "deflate"))),
    Row(
        "§5.5", "no length, no compression", "gzip",
        .any(
            get(accepts),
            [
                .raw(
                    "HTTP/1.1 200 OK\r\n\(text)\r\nTransfer-Encoding: chunked\r\n\r\n7D0\r\n"
                        + String(repeating: "a", count: 2_000) + "\r\n0\r\n\r\n")
            ], "Miss",
            .lacks("Content-Encoding"))),
    Row(
        "§5.5", "a strong tag turns weak", "gzip",
        .any(get(accepts), [bytes(2_000, text, "ETag: \"a\"")], "Miss", .field("ETag", "W/\"a\"")),
        .any(get(accepts, "If-None-Match: \"a\""), [], "Hit", .status(304))),
    Row(
        "§5.5", "a weak one stays, and one that is none is removed", "gzip",
        .any(
            get(accepts, at: "weak"), [bytes(2_000, text, "ETag: W/\"a\"")], "Miss",
            .field("ETag", "W/\"a\"")),
        .any(get(accepts, at: "bad"), [bytes(2_000, text, "ETag: a")], "Miss", .lacks("ETag"))),
    Row(
        "§5.5", "a 304 does not compress what is stored as it is", "gzip",
        .any(
            get(accepts), [bytes(2_000, text, "Cache-Control: max-age=0", "ETag: \"a\"")], "Miss",
            .lacks("Content-Encoding")),
        .any(
            get(accepts), [.response(304, ["Cache-Control: max-age=60"])], "RefreshHit",
            .lacks("Content-Encoding")),
        .any(get(accepts), [], "Hit", .lacks("Content-Encoding"))),
    Row(
        "§5.5", "a range of what is compressed counts compressed bytes", "gzip",
        .any(get(accepts), [bytes(2_000, text)], "Miss", .field("Content-Encoding", "gzip")),
        .any(get(accepts, "Range: bytes=0-1"), [], "Hit", .status(206), .body("\u{1F}\u{FFFD}"))),
    Row(
        "§5.5", "with and without are two objects", "gzip",
        .any(get(accepts), [bytes(2_000, text)], "Miss", .field("Content-Encoding", "gzip")),
        .miss(bytes(2_000, text), .lacks("Content-Encoding"))),
]

private let part = "HTTP/1.1 206 Partial Content\r\n"

let rangeRows: [Row] = [
    Row(
        "§5.6", "a range of what is stored", "plain", .miss(.ok(body: "0123456789")),
        .hit(
            get("Range: bytes=2-4"), .status(206), .body("234"),
            .field("Content-Range", "bytes 2-4/10")),
        .hit(get("Range: bytes=-3"), .status(206), .body("789")),
        .hit(get("Range: bytes=8-"), .status(206), .body("89"))),
    Row(
        "§5.6", "two ranges of what is stored", "plain", .miss(.ok(body: "0123456789")),
        .hit(
            get("Range: bytes=0-1,4-5"), .status(206),
            .contains("Content-Type", "multipart/byteranges"))),
    Row(
        "§5.6", "ranges that overlap, fall or are none: the whole", "plain",
        .miss(.ok(body: "0123456789")), .hit(get("Range: bytes=0-4,3-6")),
        .hit(get("Range: bytes=4-5,0-1")), .hit(get("Range: bytes=a-b")),
        .hit(get("Range: bytes=0-1,x")), .hit(get("Range: items=0-1"))),
    Row(
        "§5.6", "what cannot be satisfied is 416", "plain", .miss(.ok(body: "0123456789")),
        .any(
            get("Range: bytes=20-30"), [], "Error", .status(416),
            .field("Content-Range", "bytes */10"))),
    Row(
        "§5.6", "If-Range", "plain", .miss(.ok("ETag: \"a\"", body: "0123456789")),
        .hit(get("Range: bytes=0-1", "If-Range: \"a\""), .status(206), .body("01")),
        .hit(get("Range: bytes=0-1", "If-Range: \"b\""))),
    Row(
        "§5.6", "a miss: Range goes out, the part is stored and served", "plain",
        .any(
            get("Range: bytes=2-4"),
            [.response(206, ["Content-Range: bytes 2-4/10", "ETag: \"a\""], body: "234")], "Miss",
            .status(206), .body("234"), .sent("Range", "bytes=2-4")),
        .any(get("Range: bytes=2-4"), [], "Hit", .status(206), .body("234")),
        .any(get("Range: bytes=3-4"), [], "Hit", .status(206), .body("34"))),
    Row(
        "§5.6", "a miss that gets the whole: 200, stored", "plain",
        .passes(
            get("Range: bytes=2-4"), .ok(body: "0123456789"), .status(200),
            .body("0123456789")),
        .any(get("Range: bytes=2-4"), [], "Hit", .status(206), .body("234"))),
    Row(
        "§5.6", "416 from the origin is not stored", "plain",
        .error(get("Range: bytes=20-30"), .response(416)),
        .error(get("Range: bytes=20-30"), .response(416))),
    Row(
        "§5.6", "ranges that overlap or fall on a miss: the whole is asked for and sent", "plain",
        .passes(
            get("Range: bytes=4-5,0-1"), .ok(body: "0123456789"), .status(200),
            .body("0123456789"), .sentLacks("Range")),
        .any(get("Range: bytes=0-1"), [], "Hit", .status(206), .body("01"))),
]
