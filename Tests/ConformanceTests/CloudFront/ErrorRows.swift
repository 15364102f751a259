import WireTesting

/// §2.1 and §2.2, with CustomErrorResponses that only set times.
let errorLanes = [
    Lane("plain") { $0.ttl = (0, 100, 1_000) },
    Lane("least") { $0.ttl = (60, 100, 1_000) },
    Lane("off") { $0.ttl = (0, 0, 0) },
    Lane("writes") { $0.takesWrites = true },
]

let errorTimes = Stand.Parts(
    more: """
        , "CustomErrorResponses": { "Quantity": 3, "Items": [
          { "ErrorCode": 404, "ResponsePagePath": "", "ResponseCode": "",
            "ErrorCachingMinTTL": 30 },
          { "ErrorCode": 500, "ErrorCachingMinTTL": 0 },
          { "ErrorCode": 403, "ErrorCachingMinTTL": 40 } ] }
        """)

private func kept(_ status: Int, _ fields: [String], ttl: Int) -> Row {
    Row(
        "§2.1", "\(status) with \(fields) is stored for \(ttl) s", "plain",
        .error(.response(status, fields)), .storedError(get(), .ttl(ttl)), .storedError(head()))
}

private func passed(_ status: Int, _ fields: [String], in lane: String = "plain") -> Row {
    Row(
        "§2.1", "\(status) with \(fields) is not stored in \(lane)", lane,
        .error(.response(status, fields)), .error(.response(status, fields)))
}

let errorRows: [Row] = {
    var rows: [Row] = []
    for status in [410, 414, 501, 502, 503, 504] { rows.append(kept(status, [], ttl: 10)) }
    for (status, least) in [(404, 30), (503, 10)] {
        rows.append(kept(status, ["Cache-Control: max-age=2"], ttl: least))
        rows.append(kept(status, ["Cache-Control: max-age=300"], ttl: 300))
        rows.append(kept(status, ["Cache-Control: s-maxage=300, max-age=1"], ttl: 300))
        rows.append(kept(status, ["Cache-Control: public"], ttl: least))
        rows.append(kept(status, ["Expires: \(date(5_000))"], ttl: 1_000))
        rows.append(passed(status, ["Cache-Control: max-age=300"], in: "off"))
    }
    for status in [400, 403, 405, 412, 415] {
        rows.append(passed(status, ["Expires: \(date(60))"]))
        rows.append(kept(status, ["Cache-Control: s-maxage=60"], ttl: 60))
        let least = status == 403 ? 40 : 10
        rows.append(kept(status, ["Cache-Control: max-age=1"], ttl: least))
    }
    let never = [
        401, 402, 406, 408, 409, 411, 413, 416, 417, 422, 425, 429, 431, 451, 505, 507, 511,
    ]
    for status in never { rows.append(passed(status, ["Cache-Control: max-age=60"])) }
    for directive in ["no-store", "no-cache", "private"] {
        let fields = ["Cache-Control: \(directive)"]
        for status in [404, 410, 414, 501] { rows.append(passed(status, fields)) }
        rows.append(kept(503, fields, ttl: 10))
    }
    // Its E is 0.
    rows.append(passed(500, []))
    rows.append(
        Row(
            "§2.1", "errors of writes are passed on, and not stored", "writes",
            .error(ask("POST", body: "a"), .response(502)),
            .error(ask("POST", body: "a"), .response(404)), .miss(.ok())))
    return rows
}()

private let pages: [(Int, String, Int)] = [
    (400, "well", 400), (403, "well", 200), (404, "well", 200), (405, "well", 405),
    (414, "well", 414), (416, "well", 416), (500, "missing", 500), (501, "well", 501),
    (502, "well", 502), (503, "broken", 503), (504, "well", 504),
]

/// Pages for errors: all are at `/pages/`, of which only some are there.
let pageParts: Stand.Parts = {
    let items = pages.map { page -> String in
        "{ \"ErrorCode\": \(page.0), \"ResponsePagePath\": \"/pages/\(page.1)\", "
            + "\"ResponseCode\": \"\(page.2)\", \"ErrorCachingMinTTL\": 30 }"
    }
    let list = items.joined(separator: ", ")
    return Stand.Parts(
        more: ", \"CustomErrorResponses\": { \"Quantity\": \(items.count), "
            + "\"Items\": [\(list)] }")
}()

let pageLanes = [
    Lane("plain") { $0.ttl = (0, 100, 1_000) },
    Lane("off") { $0.ttl = (0, 0, 0) },
    Lane("writes") { $0.takesWrites = true },
]

private let page: Check = .body("the page")

private func shown(_ status: Int, as answer: Int, closes: Bool) -> Row {
    Row(
        "§2.2",
        "a page of status \(answer) stands in for \(status); the connection "
            + (closes ? "closes" : "stays"), "plain",
        .any(
            get(), [.response(status)], "Error", page, .status(answer),
            .field("Connection", closes ? "close" : "keep-alive"), .field("X-Page", "yes")))
}

let shownRows: [Row] = [
    shown(400, as: 400, closes: true), shown(403, as: 200, closes: false),
    shown(404, as: 200, closes: false), shown(405, as: 405, closes: true),
    shown(414, as: 414, closes: true), shown(416, as: 416, closes: true),
    shown(501, as: 501, closes: true), shown(502, as: 502, closes: false),
    shown(504, as: 504, closes: false),
]

let pageRows: [Row] = [
    Row(
        "§2.2", "the mapping is stored for E, whatever the page's own lifetime", "plain",
        .any(get(), [.response(404)], "Error", page, .status(200)),
        .any(get(), [], "Error", page, .status(200)),
        .any(head(), [], "Error", .status(200), .field("X-Page", "yes"))),
    Row(
        "§2.2", "HEAD gets the page's head", "plain",
        .any(head(), [.response(404, body: "")], "Error", .status(200), .field("X-Page", "yes"))
    ),
    Row(
        "§2.2", "a page that is not there: the status of fetching it", "plain",
        .any(get(), [.response(500)], "Error", .status(404), .body("no page"))),
    Row(
        "§2.2", "a page whose origin fails: that failure", "plain",
        .any(get(), [.response(503)], "Error", .status(500), .body("no page either"))),
    Row(
        "§2.2", "stale wins over the page", "plain",
        .miss(.ok("Cache-Control: max-age=0")), .stale(get(), .response(502))),
    Row(
        "§2.2", "the page where nothing stale is to be used", "plain",
        .miss(.ok("Cache-Control: max-age=0, stale-if-error=0")),
        .any(get(), [.response(502)], "Error", page, .status(502))),
    Row(
        "§2.2", "writes get pages, too", "writes",
        .any(
            ask("POST", body: "a=1"), [.response(404)], "Error", page, .status(200),
            .sentMethod("POST"))),
    Row(
        "§2.2", "a method that is not allowed gets the page of 403", "plain",
        .any(ask("POST", body: "a=1"), [], "Error", page, .status(200))),
    Row(
        "§2.2", "where caching is disabled the page is shown, and nothing stored", "off",
        .any(get(), [.response(404)], "Error", page, .status(200)),
        .any(get(), [.response(404)], "Error", page, .status(200))),
    Row(
        "§2.2", "other errors are their own", "plain",
        .error(.response(401)), .error(.response(410))),
]
