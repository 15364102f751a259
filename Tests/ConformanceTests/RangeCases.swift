import WireTesting

private let hour = "Cache-Control: max-age=3600"
private let etag = "ETag: \"a\""
private let full = Reply.ok(hour, etag, "Content-Type: text/frob", body: "0123456789")

private func part(_ range: ClosedRange<Int>, _ fields: String...) -> Reply {
    let digits = Array("0123456789")
    return .response(
        206, [hour, "Content-Range: bytes \(range.lowerBound)-\(range.upperBound)/10"] + fields,
        body: String(digits[range]))
}

private func stored(
    _ id: String, _ prose: String, _ range: String, _ kind: Case.Kind, _ checks: Check...
) -> Case {
    var hit = Exchange.hits(get("Range: \(range)"))
    hit.checks = checks
    return Case(id, prose, "RFC 9110 §14.2", kind, .asks(full), hit)
}

private func satisfied(_ id: String, _ prose: String, _ range: String, _ body: String, _ from: Int)
    -> Case
{
    stored(
        id, prose, range, .optimal, .status(206), .body(body),
        .field("Content-Range", "bytes \(from)-\(from + body.count - 1)/10"),
        .field("Content-Length", "\(body.count)"), .field("ETag", "\"a\""))
}

private func ignored(_ id: String, _ prose: String, _ range: String, _ kind: Case.Kind = .must)
    -> Case
{
    stored(id, prose, range, kind, .status(200), .body("0123456789"), .lacks("Content-Range"))
}

let storedRangeCases: [Case] = [
    satisfied("range-first", "the first bytes", "bytes=0-3", "0123", 0),
    satisfied("range-middle", "bytes in the middle", "bytes=4-6", "456", 4),
    satisfied("range-one", "one byte", "bytes=5-5", "5", 5),
    satisfied("range-from", "from a byte on", "bytes=7-", "789", 7),
    satisfied("range-suffix", "the last bytes", "bytes=-4", "6789", 6),
    satisfied("range-past", "an end past the last byte is the last byte", "bytes=8-99", "89", 8),
    satisfied(
        "range-suffix-long", "a suffix longer than the body is the body", "bytes=-99",
        "0123456789", 0),
    satisfied(
        "range-overflow", "an end beyond all numbers is the last byte",
        "bytes=8-99999999999999999999999", "89", 8),
    satisfied("range-unit-case", "units compare in any case", "BYTES=0-1", "01", 0),
    stored(
        "range-unsatisfiable", "a start past the end is 416", "bytes=10-", .must, .status(416),
        .field("Content-Range", "bytes */10")),
    stored("range-suffix-0", "a suffix of nothing is 416", "bytes=-0", .must, .status(416)),
    stored(
        "range-start-overflow", "a start beyond all numbers is 416",
        "bytes=99999999999999999999-", .must, .status(416)),
    ignored("range-unit", "an unknown unit is ignored", "frobs=0-3"),
    ignored("range-reversed", "an end before the start is invalid", "bytes=5-2"),
    ignored("range-junk", "letters are invalid", "bytes=a-b"),
    ignored("range-empty", "no range is invalid", "bytes="),
    ignored("range-dash", "a dash alone is invalid", "bytes=-"),
    ignored("range-negative", "two dashes are invalid", "bytes=-1-"),
    ignored(
        "range-many", "more than sixteen ranges are not worth the work",
        "bytes=" + (0..<40).map { "\($0 % 10)-\($0 % 10)" }.joined(separator: ","), .should),
    stored(
        "range-two", "two ranges are a multipart body", "bytes=0-1,5-6", .optimal,
        .status(206), .contains("Content-Type", "multipart/byteranges; boundary="),
        .lacks("Content-Range")),
    stored(
        "range-partly", "of several the satisfiable ones are served", "bytes=0-1,50-60", .must,
        .status(206)),
    stored(
        "range-overlap", "what overlaps is not sent twice", "bytes=0-5,3-9", .should,
        .status(206), .body("0123456789"), .field("Content-Range", "bytes 0-9/10")),
    Case(
        "range-head", "a range on HEAD is ignored", "RFC 9110 §14.2", .must, .asks(full),
        .hits(head("Range: bytes=0-3"), .status(200), .field("Content-Length", "10"))),
    Case(
        "range-304", "a met condition comes before the range", "RFC 9110 §13.2.2", .must,
        .asks(full), .hits(get("Range: bytes=0-3", "If-None-Match: \"a\""), .status(304))),
    Case(
        "range-404", "a stored 404 has no ranges", "RFC 9110 §14.2", .must,
        .asks(.response(404, [hour], body: "nothing")),
        .hits(get("Range: bytes=0-3"), .status(404), .body("nothing"))),
    Case(
        "range-status", "a 206 has the fields that a 200 has", "RFC 9110 §15.3.7", .must,
        .asks(full),
        .hits(
            get("Range: bytes=0-3"), .status(206), .field("ETag", "\"a\""), .has("Date"),
            .field("Cache-Control", "max-age=3600"), .field("Content-Type", "text/frob"))),
]

let ifRangeCases: [Case] = [
    Case(
        "if-range-etag", "an equal strong tag gets the range", "RFC 9110 §13.1.5", .optimal,
        .asks(full), .hits(get("Range: bytes=0-3", "If-Range: \"a\""), .status(206), .body("0123"))),
    Case(
        "if-range-other", "another tag gets the whole", "RFC 9110 §13.1.5", .must, .asks(full),
        .hits(get("Range: bytes=0-3", "If-Range: \"b\""), .status(200), .body("0123456789"))),
    Case(
        "if-range-weak", "a weak tag never matches", "RFC 9110 §13.1.5", .must,
        .asks(.ok(hour, "ETag: W/\"a\"", body: "0123456789")),
        .hits(get("Range: bytes=0-3", "If-Range: W/\"a\""), .status(200), .body("0123456789"))),
    Case(
        "if-range-date", "an equal date gets the range", "RFC 9110 §13.1.5", .optimal,
        .asks(.ok(hour, "Last-Modified: \(date(-864_000))", body: "0123456789")),
        .hits(get("Range: bytes=0-3", "If-Range: \(date(-864_000))"), .status(206), .body("0123"))),
    Case(
        "if-range-later", "a later date does not", "RFC 9110 §13.1.5", .must,
        .asks(.ok(hour, "Last-Modified: \(date(-864_000))", body: "0123456789")),
        .hits(
            get("Range: bytes=0-3", "If-Range: \(date(-86_400))"), .status(200),
            .body("0123456789"))),
    Case(
        "if-range-two", "under two conditions the whole is the answer", "RFC 9110 §13.1.5", .must,
        .asks(full),
        .hits(
            get("Range: bytes=0-3", "If-Range: \"a\"", "If-Range: \"b\""), .status(200),
            .body("0123456789")),
        .hits(
            get("Range: bytes=0-3", "If-Range: \"a\"", "If-Range: \"a\""), .status(200),
            .body("0123456789"))),
    Case(
        "if-range-two-part", "also where a part is stored", "RFC 9110 §13.1.5", .must,
        .asks(get("Range: bytes=0-3"), part(0...3, etag), .status(206), .body("0123")),
        .any(
            get("Range: bytes=0-3", "If-Range: \"a\"", "If-Range: \"b\""), full, .status(200),
            .body("0123456789"))),
    Case(
        "if-range-alone", "If-Range without Range is ignored", "RFC 9110 §13.1.5", .must,
        .asks(full), .hits(get("If-Range: \"b\""), .status(200))),
]

let partialCases: [Case] = [
    Case(
        "partial-304", "a condition that is met comes before a stored part's range",
        "RFC 9110 §13.2.2", .must,
        .asks(get("Range: bytes=2-7"), part(2...7, etag), .status(206), .body("234567")),
        .hits(
            get("Range: bytes=3-5", "If-None-Match: \"a\""), .status(304), .field("ETag", "\"a\""),
            .lacks("Content-Range")),
        .hits(
            get("Range: bytes=3-5", "If-None-Match: \"b\", W/\"a\""), .status(304)),
        .hits(get("Range: bytes=3-5", "If-None-Match: *"), .status(304)),
        .hits(get("Range: bytes=3-5", "If-None-Match: \"b\""), .status(206), .body("345"))),
    Case(
        "partial-304-date", "by its date as well", "RFC 9110 §13.2.2", .must,
        .asks(
            get("Range: bytes=2-7"), part(2...7, "Last-Modified: \(date(-864_000))"), .status(206),
            .body("234567")),
        .hits(
            get("Range: bytes=3-5", "If-Modified-Since: \(date(-864_000))"), .status(304)),
        .hits(
            get("Range: bytes=3-5", "If-Modified-Since: \(date(-964_000))"), .status(206),
            .body("345"))),
    Case(
        "partial-miss", "a range that is not stored is asked for", "RFC 9110 §14.2", .optimal,
        .asks(
            get("Range: bytes=0-3"), part(0...3, etag), .status(206), .body("0123"),
            .sent("Range", "bytes=0-3"))),
    Case(
        "partial-hit", "a stored part serves what lies in it", "RFC 9111 §3.3", .optimal,
        .asks(get("Range: bytes=2-7"), part(2...7, etag), .status(206), .body("234567")),
        .hits(
            get("Range: bytes=3-5"), .status(206), .body("345"),
            .field("Content-Range", "bytes 3-5/10"))),
    Case(
        "partial-not-whole", "a stored part is no answer to a whole request", "RFC 9111 §3.3",
        .must, .asks(get("Range: bytes=0-3"), part(0...3, etag), .status(206), .body("0123")),
        .any(get(), full, .status(200), .body("0123456789"))),
    Case(
        "partial-outside", "a range outside the part is asked for", "RFC 9111 §3.3", .must,
        .asks(get("Range: bytes=0-3"), part(0...3, etag), .status(206), .body("0123")),
        .any(get("Range: bytes=6-7"), part(6...7, etag), .status(206), .body("67"))),
    Case(
        "partial-combined", "two parts with one strong tag make the whole", "RFC 9111 §3.4",
        .optimal,
        .asks(get("Range: bytes=0-4"), part(0...4, etag), .status(206), .body("01234")),
        .asks(get("Range: bytes=5-9"), part(5...9, etag), .status(206), .body("56789")),
        .hits(get(), .status(200), .body("0123456789"))),
    Case(
        "partial-overlap", "parts that overlap are combined too", "RFC 9111 §3.4", .optimal,
        .asks(get("Range: bytes=0-6"), part(0...6, etag), .status(206), .body("0123456")),
        .asks(get("Range: bytes=4-9"), part(4...9, etag), .status(206), .body("456789")),
        .hits(get("Range: bytes=2-8"), .status(206), .body("2345678"))),
    Case(
        "partial-other-tag", "parts of different versions are not combined", "RFC 9111 §3.4",
        .must, .asks(get("Range: bytes=0-4"), part(0...4, etag), .status(206), .body("01234")),
        .asks(get("Range: bytes=5-9"), part(5...9, "ETag: \"b\""), .status(206), .body("56789")),
        .asks(get(), .ok(etag, body: "whole again"))),
    Case(
        "partial-weak", "parts with a weak tag are not combined", "RFC 9111 §3.4", .must,
        .asks(get("Range: bytes=0-4"), part(0...4, "ETag: W/\"a\""), .status(206), .body("01234")),
        .asks(get("Range: bytes=5-9"), part(5...9, "ETag: W/\"a\""), .status(206), .body("56789")),
        .asks(get(), .ok(body: "whole again"))),
    Case(
        "partial-completed", "the missing rest of a part is asked for", "RFC 9111 §3.4",
        .optimal, .asks(get("Range: bytes=0-4"), part(0...4, etag), .status(206), .body("01234")),
        .asks(
            get(), part(5...9, etag), .status(200), .body("0123456789"),
            .sent("Range", "bytes=5-9"), .sent("If-Range", "\"a\"")),
        .hits(get(), .status(200), .body("0123456789"))),
    Case(
        "partial-changed", "a rest of another version replaces the part", "RFC 9111 §3.4",
        .must, .asks(get("Range: bytes=0-4"), part(0...4, etag), .status(206), .body("01234")),
        .asks(get(), .ok(hour, "ETag: \"b\"", body: "the new one"), .body("the new one")),
        .hits(get(), .status(200), .body("the new one"))),
    Case(
        "partial-whole", "a 200 to a range is stored whole", "RFC 9110 §14.2", .optimal,
        .any(get("Range: bytes=0-3"), full),
        .hits(get(), .status(200), .body("0123456789"))),
    Case(
        "partial-unasked", "a 206 to a request without Range is no answer",
        "RFC 9110 §15.3.7", .must, .asks(get(), part(0...3, etag), .status(502)),
        .asks(.ok(body: "the whole"))),
    Case(
        "unchanged-unasked", "nor is a 304 to a request without conditions",
        "RFC 9110 §15.4.5", .must, .asks(get(), .response(304, [hour, etag]), .status(502)),
        .asks(.ok(hour, body: "the whole")), .hits(get(), .body("the whole"))),
    Case(
        "partial-elsewhere", "a part that has nothing of what was asked for is not stored",
        "RFC 9110 §15.3.7", .must,
        .asks(
            get("Range: bytes=0-3"), part(5...9, etag), .status(206),
            .cacheStatus("detail=partial-unusable")),
        .asks(get("Range: bytes=5-9"), part(5...9, etag), .status(206), .body("56789"))),
    Case(
        "partial-of-other-length", "parts of wholes that differ in length are not put together",
        "RFC 9111 §3.4", .must,
        .asks(get("Range: bytes=0-4"), part(0...4, etag), .status(206), .body("01234")),
        .asks(
            get("Range: bytes=5-9"),
            .response(206, [hour, etag, "Content-Range: bytes 5-9/11"], body: "56789"),
            .status(206)),
        .asks(get("Range: bytes=0-9"), part(0...9, etag), .status(206), .body("0123456789"))),
    Case(
        "partial-no-range", "a 206 without Content-Range is not stored", "RFC 9110 §15.3.7",
        .must,
        .any(get("Range: bytes=0-3"), .response(206, [hour, etag], body: "0123")),
        .asks(get("Range: bytes=0-3"), part(0...3, etag), .status(206), .body("0123"))),
    Case(
        "partial-length", "a 206 of another length than its range is not stored, nor said to be",
        "RFC 9110 §14.4", .must,
        .any(
            get("Range: bytes=0-8"),
            .response(206, [hour, etag, "Content-Range: bytes 0-8/9"], body: "0123"),
            .cacheStatus("detail=partial-unusable")),
        .asks(.ok(body: "the whole"))),
    Case(
        "range-of-200", "Content-Range says nothing with a 200, and is not passed on",
        "RFC 9110 §14.4", .should,
        .asks(
            get(), .ok(hour, "Content-Range: bytes 0-3/4", body: "0123"), .lacks("Content-Range")),
        .hits(get(), .lacks("Content-Range"))),
    Case(
        "range-answered-404", "a 404 in answer to a Range is the whole's", "RFC 9110 §14.2",
        .optimal,
        .asks(get("Range: bytes=0-3"), .response(404, [hour]), .cacheStatus("; stored")),
        .hits(get(), .status(404)), .hits(get("Range: bytes=0-3"), .status(404))),
    Case(
        "range-answered-410", "so is a 410", "RFC 9110 §14.2", .optimal,
        .asks(get("Range: bytes=0-3"), .response(410, [hour]), .status(410)),
        .hits(get(), .status(410))),
    Case(
        "range-answered-301", "and a redirect", "RFC 9110 §14.2", .optimal,
        .asks(get("Range: bytes=0-3"), .response(301, [hour, "Location: /a"]), .status(301)),
        .hits(get(), .field("Location", "/a"))),
    Case(
        "range-answered-400", "what may be about the Range is not stored: it says so",
        "RFC 9110 §14.2", .must,
        .asks(
            get("Range: bytes=0-3"), .response(400, [hour]), .cacheStatus("detail=part-asked")),
        .asks(get(), .ok(hour, body: "whole"))),
    Case(
        "range-answered-500", "nor is an error of the server's", "RFC 9110 §14.2", .must,
        .asks(get("Range: bytes=0-3"), .response(500, [hour]), .status(500)),
        .asks(get(), .ok(hour, body: "whole"))),
    Case(
        "partial-416", "a 416 is passed on and not stored", "RFC 9110 §15.5.17", .must,
        .any(
            get("Range: bytes=50-"), .response(416, [hour, "Content-Range: bytes */10"]),
            .status(416)),
        .asks(full)),
    Case(
        "partial-stale", "a stale response is asked about before its ranges are served",
        "RFC 9111 §4.3.1", .must,
        .asks(.ok("Cache-Control: no-cache", etag, body: "0123456789")),
        .any(get("Range: bytes=0-3"), .response(304, [etag]), .status(206), .body("0123"))),
]
