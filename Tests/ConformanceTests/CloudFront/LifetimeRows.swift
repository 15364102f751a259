import WireTesting

private func fresh(
    _ rule: String, _ lane: String, _ fields: [String], ttl: Int
) -> Row {
    Row(
        "§1.2", "\(rule), in \(lane)", lane, .miss(.response(200, fields)),
        .hit(get(), .ttl(ttl)))
}

private func unshared(
    _ rule: String, _ lane: String, _ fields: [String]
) -> Row {
    Row(
        "§1.2", "\(rule), in \(lane)", lane, .miss(.response(200, fields)),
        .miss(.response(200, fields)))
}

/// MinTTL, DefaultTTL and MaxTTL are in the name of each lane.
let lifetimeLanes = [
    Lane("0-100-1000") { $0.ttl = (0, 100, 1_000) },
    Lane("60-100-1000") { $0.ttl = (60, 100, 1_000) },
    Lane("0-0-1000") { $0.ttl = (0, 0, 1_000) },
    Lane("60-60-60") { $0.ttl = (60, 60, 60) },
    Lane("0-0-0") { $0.ttl = (0, 0, 0) },
    Lane("legacy") {
        $0.ttl = (0, 100, 1_000)
        $0.forwarded = "\"QueryString\": false, \"Cookies\": { \"Forward\": \"none\" }"
    },
    Lane("legacy-min") {
        $0.ttl = (60, 100, 1_000)
        $0.forwarded = "\"QueryString\": false, \"Cookies\": { \"Forward\": \"none\" }"
    },
    Lane("legacy-all") {
        $0.ttl = (0, 100, 1_000)
        $0.forwarded =
            "\"QueryString\": false, \"Cookies\": { \"Forward\": \"none\" }, "
            + "\"Headers\": { \"Quantity\": 1, \"Items\": [\"*\"] }"
    },
    Lane("managed-minimum") { $0.ttl = (1, 86_400, 31_536_000) },
]

private let lifetimes: [(String, [String], Int, Int)] = [
    ("T1 max-age=N", ["Cache-Control: max-age=500"], 500, 500),
    ("T1 max-age over MaxTTL", ["Cache-Control: max-age=5000"], 1_000, 1_000),
    ("T1 max-age under MinTTL", ["Cache-Control: max-age=30"], 30, 60),
    ("T2 s-maxage alone", ["Cache-Control: s-maxage=500"], 500, 500),
    ("T2 s-maxage beside max-age", ["Cache-Control: max-age=5, s-maxage=500"], 500, 500),
    ("T2 s-maxage over MaxTTL", ["Cache-Control: s-maxage=5000, max-age=5"], 1_000, 1_000),
    ("T3 Expires alone", ["Expires: \(date(990))"], 990, 990),
    ("T3 Expires over MaxTTL", ["Expires: \(date(5_000))"], 1_000, 1_000),
    ("T4 max-age and Expires", ["Cache-Control: max-age=500", "Expires: \(date(20))"], 500, 500),
    ("T5 nothing", [], 100, 100),
    ("T5 Last-Modified is no lifetime", ["Last-Modified: \(date(-100_000))"], 100, 100),
    ("T7 public alone", ["Cache-Control: public"], 100, 100),
    ("T7 immutable, no-transform", ["Cache-Control: immutable, no-transform"], 100, 100),
    ("T7 must-revalidate alone", ["Cache-Control: must-revalidate"], 100, 100),
    ("T7 max-age: 500 with a colon", ["Cache-Control: max-age: 500"], 100, 100),
    ("T12 two max-age: the first", ["Cache-Control: max-age=500, max-age=5"], 500, 500),
    ("T13 Pragma: no-cache", ["Pragma: no-cache"], 100, 100),
    ("directives in any case", ["Cache-Control: MAX-AGE=500"], 500, 500),
    ("no-cache of a field alone", ["Cache-Control: no-cache=\"Set-Cookie\""], 100, 100),
    ("private of a field alone", ["Cache-Control: private=\"X-User\""], 100, 100),
    ("Age of the origin's is not subtracted", ["Age: 90"], 100, 100),
]

let lifetimeRows: [Row] = {
    var rows: [Row] = []
    for (rule, fields, free, bounded) in lifetimes {
        rows.append(fresh(rule, "0-100-1000", fields, ttl: free))
        rows.append(fresh(rule, "legacy", fields, ttl: free))
        rows.append(fresh(rule, "60-100-1000", fields, ttl: bounded))
    }
    return rows
}()

/// What is not to be reused is overridden by a minimum.
private let restrictions: [(String, [String])] = [
    ("T6 no-cache", ["Cache-Control: no-cache"]), ("T6 no-store", ["Cache-Control: no-store"]),
    ("T6 private", ["Cache-Control: private"]),
    ("T6 private with max-age", ["Cache-Control: private, max-age=500"]),
    ("T6 no-store with s-maxage", ["Cache-Control: no-store, s-maxage=500"]),
    ("T8 Expires in the past", ["Expires: \(date(-10))"]), ("T9 Expires: 0", ["Expires: 0"]),
    ("T9 Expires: -1", ["Expires: -1"]), ("T10 max-age=0", ["Cache-Control: max-age=0"]),
    ("T10 s-maxage=0", ["Cache-Control: s-maxage=0, max-age=500"]),
    ("T11 max-age=abc", ["Cache-Control: max-age=abc"]),
    ("T11 max-age=", ["Cache-Control: max-age="]),
]

let overriddenRows: [Row] = {
    var rows: [Row] = []
    for (rule, fields) in restrictions {
        for lane in ["0-100-1000", "legacy", "0-0-1000"] {
            rows.append(unshared(rule, lane, fields))
        }
        for lane in ["60-100-1000", "legacy-min", "60-60-60"] {
            rows.append(fresh(rule, lane, fields, ttl: 60))
        }
    }
    return rows
}()

let disabledRows: [Row] = [
    Row(
        "§1.1", "all three 0: nothing is stored", "0-0-0",
        .miss(.ok("Cache-Control: max-age=500")), .miss(.ok("Cache-Control: max-age=500"))),
    Row(
        "§1.1", "all three 0: no error is stored", "0-0-0",
        .error(.response(404, ["Cache-Control: max-age=500"])),
        .error(.response(503)), .error(.response(503))),
    Row(
        "§1.1", "legacy Headers=*: nothing is stored", "legacy-all",
        .miss(.ok("Cache-Control: max-age=500")), .miss(.ok("Cache-Control: max-age=500")),
        .error(.response(404)), .error(.response(404))),
    Row(
        "§1.2", "DefaultTTL 0 and silence: stored stale, confirmed each time", "0-0-1000",
        .miss(.ok("ETag: \"a\"")), .refreshed(.response(304, ["ETag: \"a\""])),
        .refreshed(.response(304, ["ETag: \"a\""]))),
    Row(
        "§1.2", "a minimum of a second holds no-store for that second", "managed-minimum",
        .miss(.ok("Cache-Control: no-store")), .hit(get(), .ttl(1))),
    Row(
        "§1.2", "fields go to the viewer unchanged", "60-60-60",
        .miss(
            .ok("Cache-Control: no-store, max-age=7", "Expires: 0"),
            .field("Cache-Control", "no-store, max-age=7"), .field("Expires", "0")),
        .hit(get(), .field("Cache-Control", "no-store, max-age=7"), .field("Expires", "0"))),
]

/// §1.4: with MinTTL 0.
let restrictedRows: [Row] = [
    Row(
        "§1.4", "no-cache: confirmed each time, RefreshHit", "0-100-1000",
        .miss(.ok("Cache-Control: no-cache", "ETag: \"a\"")),
        .refreshed(.response(304, ["Cache-Control: no-cache"]), .sent("If-None-Match", "\"a\"")),
        .refreshed(.response(304, ["Cache-Control: no-cache"])),
        .passes(get(), .ok("Cache-Control: no-cache"))),
    Row(
        "§1.4", "max-age=0 with a tag is as no-cache", "0-100-1000",
        .miss(.ok("Cache-Control: max-age=0", "ETag: \"a\"")),
        .refreshed(.response(304, ["Cache-Control: max-age=0"])),
        .refreshed(.response(304, ["Cache-Control: max-age=0"]))),
    Row(
        "§1.4", "no-store: a Miss each time", "0-100-1000",
        .miss(.ok("Cache-Control: no-store", "ETag: \"a\"")),
        .miss(.ok("Cache-Control: no-store", "ETag: \"a\""))),
    Row(
        "§1.4", "private: a Miss each time", "0-100-1000",
        .miss(.ok("Cache-Control: private", "ETag: \"a\"")),
        .miss(.ok("Cache-Control: private", "ETag: \"a\""))),
    Row(
        "§1.4", "even no-store stands in for an origin that fails", "0-100-1000",
        .miss(.ok("Cache-Control: no-store")), .stale(get(), .response(503)), .stale()),
    Row(
        "§1.4", "private stands in for an origin that fails", "0-100-1000",
        .miss(.ok("Cache-Control: private, max-age=60")), .stale(get(), .response(500))),
    Row(
        "§1.4", "stale-if-error=0 on it avoids that", "0-100-1000",
        .miss(.ok("Cache-Control: no-store, stale-if-error=0")), .error(.response(503))),
]
