import Testing
import WireTesting

@Suite("Pages of a Django site that gives everybody a session", .waits)
struct SessionStartTests {
    private static let proofs = ", sessionStartProofs: 2"

    @Test(
        "only what is the same for all is shared, and nobody gets another's session",
        .enabled(if: packagedPython != nil, "conf/python-packages.txt is not installed"),
        arguments: shared + owned)
    func attempt(_ attempt: Attempt) throws { try attempt.run(try StorySite(behavior: proofs)) }

    private var proofs: String { Self.proofs }

    /// Three readers ask for a page one after the other: each is answered by the site itself, and
    /// each is given a session of his own.
    @discardableResult
    private static func isNeverShared(
        _ site: StorySite, _ path: String, detail: String
    ) throws -> [Response] {
        let readers = (0..<4).map { _ in site.browser }
        let pages = try readers.map { try $0.get(path) }
        for page in pages {
            #expect(!page.isHit && page["Cache-Control"] == "private, no-store")
        }
        #expect(pages.last?["Cache-Status"]?.contains("detail=\(detail)") == true)
        let sessions = Set(readers.compactMap { $0.cookies["sessionid"] })
        #expect(sessions.count == readers.count)
        return pages
    }

    private static let shared = [
        Attempt("a page that shows nothing of the session is shared without it") { site in
            let readers = (0..<5).map { _ in site.browser }
            let pages = try readers.map { try $0.get("/visited") }
            #expect(pages.map(\.isHit) == [false, false, true, true, true])
            #expect(Set(pages.map(\.text)).count == 1)
            let sessions = readers.map { $0.cookies["sessionid"] }
            #expect(sessions[0] != nil && sessions[1] != nil && sessions[0] != sessions[1])
            #expect(sessions[2...].allSatisfy { $0 == nil })
            for page in pages[..<2] { #expect(page["Cache-Control"] == "private, no-store") }
            #expect(pages[4]["Set-Cookie"] == nil)
            #expect(pages[4]["Cache-Control"]?.hasPrefix("max-age=60") == true)
            // Who has a session gets his own page, from the site.
            #expect(try readers[0].get("/visited").isHit == false)
            #expect(try site.edge.metric("mapedge_session_starts_shared_total") == 1)
            for session in sessions.compactMap({ $0 }).prefix(1) {
                #expect(try !site.storeHolds(session))
            }
        },
        Attempt("compressed by the site, of which no two answers are the same bytes") { site in
            let readers = (0..<3).map { _ in site.browser }
            let pages = try readers.map { try $0.get("/visited", "Accept-Encoding: gzip") }
            #expect(pages[0]["Content-Encoding"] == "gzip" && pages[0].body != pages[1].body)
            #expect(pages.map(\.isHit) == [false, false, true])
            #expect(pages[2].body == pages[1].body && pages[2]["Set-Cookie"] == nil)
        },
        Attempt("confirmed by its entity tag, together with somebody's session") { site in
            let readers = (0..<5).map { _ in site.browser }
            for reader in readers[..<2] { #expect(try !reader.get("/visited/tag").isHit) }
            #expect(try readers[2].get("/visited/tag").isHit)
            try site.advance(61)
            let page = try readers[3].get("/visited/tag")
            #expect(page["Cache-Status"]?.contains("fwd-status=304") == true)
            #expect(page["Cache-Control"] == "private, no-store")
            #expect(readers[3].cookies["sessionid"] != nil)
            let later = try readers[4].get("/visited/tag")
            #expect(later.isHit && later["Set-Cookie"] == nil && later.text == page.text)
            #expect(later["Cache-Control"]?.hasPrefix("max-age=60") == true)
        },
        Attempt("somebody signs in between the two answers") { site in
            let (one, other, third) = (site.browser, site.browser, site.browser)
            #expect(try one.get("/visited").text.contains("of nobody"))
            #expect(try one.submit("/login", to: "/login", "ann").status == 302)
            let own = try one.get("/visited")
            #expect(!own.isHit && own.text.contains("of ann"))
            #expect(try other.get("/visited").text.contains("of nobody"))
            let page = try third.get("/visited")
            #expect(page.isHit && page.text.contains("of nobody") && !page.text.contains("ann"))
            #expect(third.cookies["sessionid"] == nil)
            #expect(other.cookies["sessionid"] != one.cookies["sessionid"])
            try site.advance(120)
            #expect(try one.get("/visited").text.contains("of ann"))
            #expect(try third.get("/visited").text.contains("of nobody"))
        },
        Attempt("who is served from the store is given a session where he needs one") { site in
            let readers = (0..<3).map { _ in site.browser }
            for reader in readers { _ = try reader.get("/visited") }
            #expect(readers[2].cookies["sessionid"] == nil)
            #expect(try readers[2].get("/mine").status == 302)
            #expect(try readers[2].submit("/login", to: "/login", "bob").status == 302)
            #expect(try readers[2].get("/visited").text.contains("of bob"))
        },
    ]

    private static let owned = [
        Attempt("a greeting by a name of the session's") { site in
            let pages = try isNeverShared(site, "/greeted", detail: "session-differs")
            #expect(Set(pages.map(\.text)).count == pages.count)
        },
        Attempt("a number that is used once") { site in
            try isNeverShared(site, "/nonce", detail: "session-differs")
        },
        Attempt("a message that is told at once") { site in
            let pages = try isNeverShared(site, "/told", detail: "session-differs")
            #expect(pages.allSatisfy { $0.text.contains("told welcome") })
        },
        Attempt("a message that the next page tells") { site in
            try isNeverShared(site, "/warned", detail: "set-cookie")
        },
        Attempt("the session's key in a link") { site in
            let pages = try isNeverShared(site, "/keyed", detail: "token")
            #expect(Set(pages.map(\.text)).count == pages.count)
        },
        Attempt("a form") { site in
            try isNeverShared(site, "/visited/form", detail: "token")
        },
        Attempt("one of two pages by chance, the same twice in a row") { site in
            let readers = (0..<7).map { _ in site.browser }
            let first = try readers[..<3].map { try $0.get("/coin") }
            #expect(first.map(\.isHit) == [false, false, true])
            try site.advance(61)
            let rest = try readers[3...].map { try $0.get("/coin") }
            #expect(rest.map(\.isHit) == [false, false, false, false])
            #expect(rest[0].text.contains("side B") && rest[1].text.contains("side A"))
            #expect(Set(readers.compactMap { $0.cookies["sessionid"] }).count == 6)
            try site.advance(1_800)
            #expect(try site.browser.get("/coin").isHit == false)
            #expect(try site.browser.get("/coin").isHit == false)
            #expect(try site.edge.metric("mapedge_session_starts_differing_total") >= 2)
        },
    ]

    @Test(
        "a form is filled for each reader, who is given its cookie and no session",
        .enabled(if: packagedPython != nil, "conf/python-packages.txt is not installed"))
    func filled() throws {
        let site = try StorySite(
            behavior: proofs + """
                , tokenPlaces: [{ cookie: csrftoken, \
                before: ['name="csrfmiddlewaretoken" value="'] }]
                """)
        let readers = (0..<4).map { _ in site.browser }
        let pages = try readers.map { try $0.get("/visited/form") }
        #expect(pages.map(\.isHit) == [false, false, true, true])
        #expect(readers.map { $0.cookies["sessionid"] != nil } == [true, true, false, false])
        #expect(Set(readers.compactMap { $0.cookies["csrftoken"] }).count == 4)
        for (index, reader) in readers.enumerated() {
            let text = "started-\(index)"
            #expect(try reader.submit("/visited/form", to: "/comment", text).status == 302)
        }
    }

    @Test(
        "unless it is asked for nothing that starts a session is shared",
        .enabled(if: packagedPython != nil, "conf/python-packages.txt is not installed"))
    func standard() throws {
        try Self.isNeverShared(try StorySite(), "/visited", detail: "set-cookie")
    }
}
