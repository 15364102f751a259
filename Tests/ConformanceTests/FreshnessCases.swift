import WireTesting

private let hour = "max-age=3600"

/// A response that must make the edge reuse it.
private func reused(
    _ id: String, _ prose: String, _ anchor: String, _ kind: Case.Kind, _ fields: String...
) -> Case {
    Case(id, prose, anchor, kind, .asks(get(), .response(200, fields)), .hits())
}

/// A response that must make the edge ask again.
private func askedAgain(
    _ id: String, _ prose: String, _ anchor: String, _ kind: Case.Kind, _ fields: String...
) -> Case {
    Case(id, prose, anchor, kind, .asks(get(), .response(200, fields)), .asks(get(), .ok()))
}

let lifetimeCases: [Case] = [
    reused(
        "max-age", "max-age gives a lifetime", "RFC 9111 §5.2.2.1", .optimal,
        "Cache-Control: \(hour)"),
    reused(
        "s-maxage", "s-maxage gives a lifetime", "RFC 9111 §5.2.2.10", .optimal,
        "Cache-Control: s-maxage=3600"),
    reused(
        "s-maxage-over-max-age", "s-maxage overrides max-age", "RFC 9111 §5.2.2.10", .must,
        "Cache-Control: max-age=0, s-maxage=3600"),
    askedAgain(
        "s-maxage-0", "s-maxage=0 overrides max-age", "RFC 9111 §5.2.2.10", .must,
        "Cache-Control: max-age=3600, s-maxage=0"),
    reused(
        "s-maxage-over-expires", "s-maxage overrides Expires", "RFC 9111 §5.3", .must,
        "Cache-Control: s-maxage=3600", "Expires: \(date(-10))"),
    reused(
        "max-age-over-expires", "max-age overrides a past Expires", "RFC 9111 §5.3", .must,
        "Cache-Control: \(hour)", "Expires: \(date(-10))"),
    askedAgain(
        "max-age-0", "max-age=0 overrides a future Expires", "RFC 9111 §5.3", .must,
        "Cache-Control: max-age=0", "Expires: \(date(3600))"),
    reused(
        "expires", "Expires gives a lifetime", "RFC 9111 §5.3", .optimal,
        "Expires: \(date(3600))"),
    askedAgain(
        "expires-past", "an Expires in the past is stale", "RFC 9111 §5.3", .must,
        "Expires: \(date(-3600))"),
    askedAgain(
        "expires-now", "Expires equal to Date is stale", "RFC 9111 §4.2.1", .must,
        "Expires: \(date(0))", "Date: \(date(0))"),
    askedAgain(
        "expires-0", "Expires: 0 means already expired", "RFC 9111 §5.3", .must,
        "Expires: 0"),
    askedAgain(
        "expires-minus", "Expires: -1 means already expired", "RFC 9111 §5.3", .must,
        "Expires: -1"),
    askedAgain(
        "expires-junk", "an Expires that is no date means already expired",
        "RFC 9111 §5.3", .must, "Expires: next tuesday", "Last-Modified: \(date(-864_000))"),
    askedAgain(
        "expires-zone", "an Expires with another zone than GMT is no date",
        "RFC 9110 §5.6.7", .must, "Expires: Wed, 01 Jan 2098 00:00:00 +0200"),
    reused(
        "expires-850", "Expires in RFC 850's form is read", "RFC 9110 §5.6.7", .must,
        "Expires: Wednesday, 01-Jan-40 00:00:00 GMT"),
    reused(
        "expires-asctime", "Expires in asctime's form is read", "RFC 9110 §5.6.7", .must,
        "Expires: Wed Jan  1 00:00:00 2098"),
    askedAgain(
        "expires-before-date", "lifetime is Expires less Date, not less now",
        "RFC 9111 §4.2.1", .must, "Expires: \(date(1800))", "Date: \(date(3600))"),
    reused(
        "max-age-case", "directive names compare in any case", "RFC 9111 §5.2", .must,
        "Cache-Control: MaX-aGe=3600"),
    reused(
        "cc-lines", "several Cache-Control lines are one list", "RFC 9110 §5.3", .must,
        "Cache-Control: public", "Cache-Control: \(hour)"),
    reused(
        "cc-empty", "empty list members are ignored", "RFC 9110 §5.6.1.2", .must,
        "Cache-Control: , ,\(hour),,"),
    reused(
        "cc-unknown", "unknown directives are ignored", "RFC 9111 §5.2.3", .must,
        "Cache-Control: frob=1, \(hour), community=\"UCI\""),
    reused(
        "cc-quoted-comma", "a comma in a quoted string ends nothing", "RFC 9111 §5.2", .must,
        "Cache-Control: frob=\"a, no-store, max-age=0\", \(hour)"),
    reused(
        "cc-quoted-escape", "an escaped quote does not end a string", "RFC 9110 §5.6.4", .must,
        "Cache-Control: frob=\"\\\", no-store\", \(hour)"),
    askedAgain(
        "cc-inside-string", "a directive inside a string is none", "RFC 9111 §5.2", .must,
        "Cache-Control: frob=\"max-age=3600\""),
    reused(
        "max-age-quoted", "a quoted number is accepted", "RFC 9111 §5.2", .should,
        "Cache-Control: max-age=\"3600\""),
    reused(
        "max-age-overflow", "a number too large is taken for a very large one",
        "RFC 9111 §1.2.2", .must, "Cache-Control: max-age=99999999999999999999"),
    reused(
        "max-age-2-31", "2147483648 is a lifetime", "RFC 9111 §1.2.2", .must,
        "Cache-Control: max-age=2147483648"),
    askedAgain(
        "max-age-negative", "a negative max-age is invalid and stale",
        "RFC 9111 §4.2.1", .should, "Cache-Control: max-age=-1"),
    askedAgain(
        "max-age-word", "a max-age that is no number is stale", "RFC 9111 §4.2.1", .should,
        "Cache-Control: max-age=abc"),
    askedAgain(
        "max-age-empty", "a max-age without a number is stale", "RFC 9111 §4.2.1", .should,
        "Cache-Control: max-age="),
    askedAgain(
        "max-age-float", "a fraction is no delta-seconds", "RFC 9111 §4.2.1", .should,
        "Cache-Control: max-age=3600.5"),
    askedAgain(
        "max-age-twice", "of two max-age the later does not extend the first",
        "RFC 9111 §4.2.1", .should, "Cache-Control: max-age=0, \(hour)"),
    askedAgain(
        "max-age-colon", "max-age with a colon is an unknown directive", "RFC 9111 §5.2",
        .must, "Cache-Control: max-age: 3600"),
    askedAgain(
        "max-age-space", "white space before = makes no max-age", "RFC 9111 §5.2", .must,
        "Cache-Control: max-age =3600"),
    askedAgain(
        "immutable", "immutable gives no lifetime", "RFC 8246 §2", .must,
        "Cache-Control: immutable"),
    askedAgain(
        "public", "public alone gives no lifetime", "RFC 9111 §5.2.2.9", .optimal,
        "Cache-Control: public"),
    askedAgain(
        "nothing", "without lifetime and Last-Modified nothing is reused",
        "RFC 9111 §4.2.2", .must),
    askedAgain(
        "surrogate", "Surrogate-Control is not ours to read", "RFC 9111 §3", .must,
        "Surrogate-Control: max-age=3600"),
    reused(
        "pragma", "Pragma in a response means nothing", "RFC 9111 §5.4", .should,
        "Cache-Control: \(hour)", "Pragma: no-cache"),
    reused(
        "heuristic", "an old Last-Modified makes a heuristic lifetime", "RFC 9111 §4.2.2",
        .optimal, "Last-Modified: \(date(-8_640_000))"),
    askedAgain(
        "heuristic-future", "a Last-Modified in the future makes none",
        "RFC 9111 §4.2.2", .should, "Last-Modified: \(date(86_400))"),
    askedAgain(
        "heuristic-expires", "a past Expires rules the heuristic out",
        "RFC 9111 §4.2.2", .must, "Last-Modified: \(date(-8_640_000))", "Expires: \(date(-1))"),
]

let targetedCases: [Case] = [
    reused(
        "cdn-over-cc", "CDN-Cache-Control wins over no-store", "RFC 9213 §2.2", .must,
        "CDN-Cache-Control: \(hour)", "Cache-Control: no-store"),
    askedAgain(
        "cdn-no-store", "CDN-Cache-Control: no-store wins over max-age", "RFC 9213 §2.2",
        .must, "CDN-Cache-Control: no-store", "Cache-Control: \(hour)"),
    askedAgain(
        "cdn-max-age-0", "CDN-Cache-Control: max-age=0 wins over max-age",
        "RFC 9213 §2.2", .must, "CDN-Cache-Control: max-age=0", "Cache-Control: \(hour)"),
    askedAgain(
        "cdn-private", "CDN-Cache-Control: private wins", "RFC 9213 §2.2", .must,
        "CDN-Cache-Control: private", "Cache-Control: \(hour)"),
    reused(
        "cdn-invalid", "an invalid CDN-Cache-Control is as good as none", "RFC 9213 §2.1",
        .must, "CDN-Cache-Control: max-age=0,,", "Cache-Control: \(hour)"),
    reused(
        "cdn-empty", "an empty CDN-Cache-Control is as good as none", "RFC 9213 §2.2", .must,
        "CDN-Cache-Control: ", "Cache-Control: \(hour)"),
    reused(
        "cdn-case", "a key in capitals makes the field invalid", "RFC 8941 §3.2", .must,
        "CDN-Cache-Control: Max-Age=0", "Cache-Control: \(hour)"),
    askedAgain(
        "cdn-no-lifetime", "a valid one without lifetime hides Cache-Control",
        "RFC 9213 §2.2", .must, "CDN-Cache-Control: must-revalidate", "Cache-Control: \(hour)"),
    askedAgain(
        "cdn-hides-expires", "a valid one hides Expires too", "RFC 9213 §2.2", .must,
        "CDN-Cache-Control: max-age=0", "Expires: \(date(3600))"),
    reused(
        "cdn-lines", "several lines are one dictionary", "RFC 8941 §4.2", .must,
        "CDN-Cache-Control: public", "CDN-Cache-Control: \(hour)", "Cache-Control: no-store"),
    reused(
        "cdn-last", "of two equal keys the last one counts", "RFC 8941 §4.2.2", .must,
        "CDN-Cache-Control: max-age=0, \(hour)"),
    Case(
        "cdn-no-cache-fields", "no-cache with names keeps those fields, and no others, out",
        "RFC 9213 §2.1", .must,
        .asks(
            .ok(
                "CDN-Cache-Control: \(hour), no-cache=\"X-Own, Set-Cookie\"", "X-Own: 1",
                "Set-Cookie: a=1", "X-All: 1"), .has("X-Own")),
        .hits(get(), .lacks("X-Own"), .lacks("Set-Cookie"), .has("X-All"))),
    Case(
        "cdn-private-fields", "private with names keeps those fields, and no others, out",
        "RFC 9213 §2.1", .must,
        .asks(.ok("CDN-Cache-Control: private=\"X-Own\", \(hour)", "X-Own: 1"), .has("X-Own")),
        .hits(get(), .lacks("X-Own"))),
    askedAgain(
        "cdn-private-empty", "private with an empty list is about the whole response",
        "RFC 9213 §2.1", .must, "CDN-Cache-Control: \(hour), private=\"\"",
        "Cache-Control: \(hour)"),
]

let ageCases: [Case] = [
    Case(
        "age-hit", "a stored response carries its age", "RFC 9111 §4", .must,
        .asks(.ok("Cache-Control: \(hour)"), .lacks("Age")), .hits(get(), .age(0...600))),
    Case(
        "age-received", "a received Age counts", "RFC 9111 §4.2.3", .must,
        .asks(.ok("Cache-Control: \(hour)", "Age: 1800")), .hits(get(), .age(1800...2400))),
    Case(
        "age-stale", "an Age past the lifetime is stale", "RFC 9111 §4.2", .must,
        .asks(.ok("Cache-Control: \(hour)", "Age: 7200")), .asks(.ok())),
    Case(
        "age-date", "an old Date makes an age", "RFC 9111 §4.2.3", .must,
        .asks(.ok("Cache-Control: \(hour)", "Date: \(date(-1800))")),
        .hits(get(), .age(1800...2400))),
    Case(
        "age-date-stale", "a Date older than the lifetime is stale", "RFC 9111 §4.2.3", .must,
        .asks(.ok("Cache-Control: \(hour)", "Date: \(date(-7200))")), .asks(.ok())),
    Case(
        "age-larger", "of Date and Age the larger age counts", "RFC 9111 §4.2.3", .must,
        .asks(.ok("Cache-Control: \(hour)", "Date: \(date(-7200))", "Age: 10")), .asks(.ok())),
    Case(
        "age-future-date", "a Date in the future makes no negative age", "RFC 9111 §4.2.3", .must,
        .asks(.ok("Cache-Control: \(hour)", "Date: \(date(600))")), .hits(get(), .age(0...600))),
    Case(
        "age-junk", "an Age that is no number is ignored", "RFC 9111 §5.1", .should,
        .asks(.ok("Cache-Control: \(hour)", "Age: abc")), .hits(get(), .age(0...600))),
    Case(
        "age-negative", "a negative Age is ignored", "RFC 9111 §5.1", .should,
        .asks(.ok("Cache-Control: \(hour)", "Age: -7200")), .hits(get(), .age(0...600))),
    Case(
        "age-list", "of a list of ages the first counts", "RFC 9111 §5.1", .should,
        .asks(.ok("Cache-Control: \(hour)", "Age: 0, 7200")), .hits(get(), .age(0...600))),
    Case(
        "age-lines", "of several Age lines the first counts", "RFC 9111 §5.1", .should,
        .asks(.ok("Cache-Control: \(hour)", "Age: 7200", "Age: 0")), .asks(.ok())),
    Case(
        "age-overflow", "an Age too large is stale, not an error", "RFC 9111 §1.2.2", .must,
        .asks(.ok("Cache-Control: \(hour)", "Age: 99999999999999999999")), .asks(.ok())),
    Case(
        "age-s-maxage", "Age counts against s-maxage", "RFC 9111 §4.2", .must,
        .asks(.ok("Cache-Control: s-maxage=60, max-age=7200", "Age: 600")), .asks(.ok())),
    Case(
        "age-expires", "Age counts against Expires", "RFC 9111 §4.2", .must,
        .asks(.ok("Expires: \(date(3600))", "Age: 7200")), .asks(.ok())),
    Case(
        "date-kept", "a stored response keeps its Date", "RFC 9110 §6.6.1", .must,
        .asks(.ok("Cache-Control: \(hour)", "Date: \(date(-600))")),
        .hits(get(), .has("Date"), .age(600...1200))),
    Case(
        "date-added", "a response without Date gets one", "RFC 9110 §6.6.1", .must,
        .asks(.ok("Cache-Control: \(hour)", "-Date"), .has("Date")), .hits(get(), .has("Date"))),
]
