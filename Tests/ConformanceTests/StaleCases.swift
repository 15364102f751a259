import WireTesting

private func stale(_ directives: String, age: Int = 20, _ fields: String...) -> Exchange {
    .asks(
        get(), .response(200, ["Cache-Control: max-age=10\(directives)", "Age: \(age)"] + fields))
}

/// The origin fails, and what is stored is served to this request.
private func insteadOf(_ reply: Reply, _ ask: Ask) -> Exchange {
    Exchange(ask: ask, reply: reply, source: .storedInstead, checks: [.age(20...9000)])
}

private let etag = "ETag: \"a\""

private let gone = Reply.raw("", .close)

extension Reply {
    /// Says nothing at all.
    var isGone: Bool {
        guard steps.count == 2, case .send(let bytes) = steps[0], case .close = steps[1] else {
            return false
        }
        return bytes.isEmpty
    }
}

let staleCases: [Case] =
    [
        Case(
            "swr", "stale-while-revalidate serves at once and refreshes", "RFC 5861 §3", .optimal,
            stale(", stale-while-revalidate=3600"),
            .staleAndRefreshes(.ok("Cache-Control: max-age=3600"), .age(20...600))),
        Case(
            "swr-conditional", "and refreshes by a conditional request", "RFC 9111 §4.3.1",
            .optimal,
            stale(", stale-while-revalidate=3600", "ETag: \"a\""),
            .staleAndRefreshes(.response(304, ["ETag: \"a\""]), .sent("If-None-Match", "\"a\""))),
        Case(
            "swr-over", "after that time it asks first", "RFC 5861 §3", .must,
            stale(", stale-while-revalidate=60", age: 7200), .asks(.ok())),
        Case(
            "swr-zero", "a time of nothing is no leave", "RFC 5861 §3", .must,
            stale(", stale-while-revalidate=0"), .asks(.ok())),
        Case(
            "swr-must-revalidate", "must-revalidate overrules it", "RFC 9111 §5.2.2.2", .must,
            stale(", stale-while-revalidate=3600, must-revalidate"), .asks(.ok())),
        Case(
            "swr-no-cache", "no-cache overrules it", "RFC 9111 §5.2.2.4", .must,
            stale(", stale-while-revalidate=3600, no-cache"), .asks(.ok())),
        Case(
            "swr-request", "a viewer that wants a fresh one is not served stale",
            "RFC 9111 §5.2.1.4", .must, stale(", stale-while-revalidate=3600"),
            .asks(get("Cache-Control: no-cache"), .ok())),
        Case(
            "sie-over", "after stale-if-error the error is passed on", "RFC 5861 §4", .must,
            stale(", stale-if-error=60", age: 7200), .asks(.response(500))),
        Case(
            "sie-zero", "stale-if-error=0 lets the error through", "RFC 5861 §4", .must,
            stale(", stale-if-error=0"), .asks(.response(500))),
        Case(
            "sie-404", "a 404 is no error in that sense", "RFC 5861 §4", .must,
            stale(", stale-if-error=3600"), .asks(.response(404))),
        Case(
            "sie-must-revalidate", "must-revalidate lets the error through", "RFC 9111 §5.2.2.2",
            .must, stale(", stale-if-error=3600, must-revalidate"), .asks(.response(500))),
        Case(
            "sie-closed", "stale-if-error covers an origin that is gone", "RFC 5861 §4", .optimal,
            stale(", stale-if-error=3600"), .any(get(), gone, .status(200), .age(20...600))),
        Case(
            "sie-storable", "a storable error does not take the place of what outlives it",
            "RFC 5861 §4", .must, stale(", stale-if-error=3600"),
            .staleAfterAsking(.response(500, ["Cache-Control: max-age=3600"]), .age(20...600)),
            .staleAfterAsking(.response(503, ["Cache-Control: max-age=3600"]), .age(20...600)),
            .asks(.ok("Cache-Control: max-age=3600", body: "well again")),
            .hits(get(), .body("well again"))),
        Case(
            "sie-storable-over", "once it does not, the error is stored", "RFC 5861 §4", .optimal,
            stale(", stale-if-error=60", age: 7200),
            .asks(.response(500, ["Cache-Control: max-age=3600"])), .hits()),
        Case(
            "sie-over-gone", "after it an origin that is gone is no gateway's time-out",
            "RFC 9111 §4.2.4", .must,
            stale(", stale-if-error=60", age: 7200, etag), .any(get(), gone, .status(502))),
        Case(
            "sie-private-gone", "likewise for who may not have what is stored", "RFC 9111 §3.5",
            .must, stale(""), .any(get("Authorization: a b"), gone, .status(502))),
        Case(
            "sie-request", "a request may take what is stale for longer", "RFC 5861 §4", .optimal,
            stale(", stale-if-error=60", age: 7200, etag),
            insteadOf(.response(500), get("Cache-Control: stale-if-error=10000")),
            .any(
                get("Cache-Control: stale-if-error=10000"), gone, .status(200),
                .age(7200...9000))),
        Case(
            "sie-request-over", "but no longer than that", "RFC 5861 §4", .must,
            stale(", stale-if-error=60", age: 7200, etag),
            .asks(get("Cache-Control: stale-if-error=600"), .response(500))),
        Case(
            "sie-request-less", "and asking for less takes nothing away", "RFC 5861 §4", .optimal,
            stale(", stale-if-error=3600"),
            insteadOf(.response(500), get("Cache-Control: stale-if-error=0"))),
        Case(
            "sie-request-must", "must-revalidate overrules it", "RFC 9111 §5.2.2.2", .must,
            stale(", must-revalidate"),
            .asks(get("Cache-Control: stale-if-error=3600"), .response(500))),
        Case(
            "disconnected", "without a word against it an origin that is gone is covered",
            "RFC 9111 §4.2.4", .optimal, stale(""), .any(get(), gone, .status(200), .age(20...600))),
    ]
    + [500, 502, 503, 504].map { status in
        Case(
            "sie-\(status)", "stale-if-error covers a \(status)", "RFC 5861 §4", .optimal,
            stale(", stale-if-error=3600"),
            .staleAfterAsking(.response(status), .age(20...600)))
    }
    + ["must-revalidate", "proxy-revalidate", "s-maxage=5", "no-cache"].map { directive in
        Case(
            "disconnected-\(directive.prefix { $0 != "=" })",
            "\(directive) forbids to cover an origin that is gone", "RFC 9111 §4.2.4", .must,
            .asks(.ok("Cache-Control: max-age=10, \(directive)", "Age: 20", "ETag: \"a\"")),
            .any(get(), gone, .status(504)))
    }

let requestCases: [Case] = [
    Case(
        "request-no-cache", "no-cache asks the origin", "RFC 9111 §5.2.1.4", .should,
        .asks(.ok("Cache-Control: max-age=3600", "ETag: \"a\"")),
        .revalidates(get("Cache-Control: no-cache"), .response(304, ["ETag: \"a\""]))),
    Case(
        "request-pragma", "Pragma: no-cache does where there is no Cache-Control",
        "RFC 9111 §5.4", .should, .asks(.ok("Cache-Control: max-age=3600")),
        .asks(get("Pragma: no-cache"), .ok())),
    Case(
        "request-pragma-both", "and does not where there is one", "RFC 9111 §5.4", .optimal,
        .asks(.ok("Cache-Control: max-age=3600")),
        .hits(get("Pragma: no-cache", "Cache-Control: max-age=100000"))),
    Case(
        "request-max-age-0", "max-age=0 asks the origin", "RFC 9111 §5.2.1.1", .should,
        .asks(.ok("Cache-Control: max-age=3600", "Age: 10")),
        .asks(get("Cache-Control: max-age=0"), .ok())),
    Case(
        "request-max-age-over", "max-age refuses what is older", "RFC 9111 §5.2.1.1", .should,
        .asks(.ok("Cache-Control: max-age=3600", "Age: 1800")),
        .asks(get("Cache-Control: max-age=600"), .ok())),
    Case(
        "request-max-age-under", "and takes what is younger", "RFC 9111 §5.2.1.1", .optimal,
        .asks(.ok("Cache-Control: max-age=3600", "Age: 600")),
        .hits(get("Cache-Control: max-age=1800"))),
    Case(
        "request-min-fresh", "min-fresh refuses what is soon stale", "RFC 9111 §5.2.1.3",
        .should, .asks(.ok("Cache-Control: max-age=3600", "Age: 3000")),
        .asks(get("Cache-Control: min-fresh=1200"), .ok())),
    Case(
        "request-min-fresh-enough", "and takes what is not", "RFC 9111 §5.2.1.3", .optimal,
        .asks(.ok("Cache-Control: max-age=7200", "Age: 600")),
        .hits(get("Cache-Control: min-fresh=1200"))),
    Case(
        "request-max-stale", "max-stale takes what is stale", "RFC 9111 §5.2.1.2", .optimal,
        stale("", age: 5000), .hits(get("Cache-Control: max-stale"), .age(5000...5600))),
    Case(
        "request-max-stale-within", "max-stale=N what is stale by less", "RFC 9111 §5.2.1.2",
        .optimal, stale("", age: 600), .hits(get("Cache-Control: max-stale=3600"))),
    Case(
        "request-max-stale-beyond", "and not by more", "RFC 9111 §5.2.1.2", .must,
        stale("", age: 7200), .asks(get("Cache-Control: max-stale=600"), .ok())),
    Case(
        "request-max-stale-must", "must-revalidate overrules it", "RFC 9111 §5.2.2.2", .must,
        stale(", must-revalidate"), .asks(get("Cache-Control: max-stale"), .ok())),
    Case(
        "request-max-stale-proxy", "proxy-revalidate too", "RFC 9111 §5.2.2.8", .must,
        stale(", proxy-revalidate"), .asks(get("Cache-Control: max-stale"), .ok())),
    Case(
        "request-max-stale-s-maxage", "s-maxage too", "RFC 9111 §5.2.2.10", .must,
        .asks(.ok("Cache-Control: s-maxage=10", "Age: 20")),
        .asks(get("Cache-Control: max-stale"), .ok())),
    Case(
        "only-if-cached", "only-if-cached takes what is stored", "RFC 9111 §5.2.1.7", .optimal,
        .asks(.ok("Cache-Control: max-age=3600")), .hits(get("Cache-Control: only-if-cached"))),
    Case(
        "only-if-cached-miss", "and gets 504 where nothing is", "RFC 9111 §5.2.1.7", .should,
        .answersItself(get("Cache-Control: only-if-cached"), .status(504))),
    Case(
        "only-if-cached-stale", "or where it is stale", "RFC 9111 §5.2.1.7", .should,
        stale(""), .answersItself(get("Cache-Control: only-if-cached"), .status(504))),
]
