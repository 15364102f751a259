import Testing
import WireTesting

@Suite("Pages of a Django site whose tokens are put in at delivery")
struct TokenTests {
    private static let places = """
        , tokenPlaces: [
            { cookie: csrftoken, \
        before: ['name="csrfmiddlewaretoken" value="', 'csrfToken: "', "token: '"] },
            { value: random, before: ['access_token='] } ]
        """

    @Test(
        "everybody gets a page of his own, and nobody another's token",
        .enabled(if: packagedPython != nil, "conf/python-packages.txt is not installed"),
        arguments: forms + doubts + others)
    func attempt(_ attempt: Attempt) throws {
        try attempt.run(try StorySite(behavior: Self.places))
    }

    /// The tokens of a page of the stand-in: of its form, its script, its links.
    private static func tokens(_ page: Response) -> [String] {
        ["csrfmiddlewaretoken\" value=\"", "csrfToken: \"", "wms?access_token="].map { text in
            let rest = page.text.split(separator: text).dropFirst().first ?? ""
            return String(rest.prefix { $0.isLetter || $0.isNumber })
        }
    }

    private static let forms = [
        Attempt("a form is shared, and each reader's token fits his cookie alone") { site in
            let (one, other, third) = (site.browser, site.browser, site.browser)
            #expect(try one.get("/write").isHit == false)
            let page = try other.get("/write")
            #expect(page.isHit && page["Cache-Control"] == "private, no-store")
            #expect(page["Cache-Status"]?.contains("detail=tokens") == true)
            #expect(page["ETag"] == nil && page["Content-Length"] == "\(page.body.count)")
            let cookie = try #require(page["Set-Cookie"])
            #expect(cookie.contains("; Max-Age=") && cookie.contains("; Path=/"))
            #expect(cookie.contains("; SameSite=Lax"))
            #expect(one.cookies["csrftoken"] != other.cookies["csrftoken"])
            let given = try #require(other.cookies["csrftoken"])
            #expect(given.count == 32)
            // Whoever has a cookie keeps it, and no two pages have the same bytes in its place.
            let (again, later) = (try other.get("/write"), try other.get("/write"))
            #expect(again.isHit && again["Set-Cookie"] == nil)
            #expect(tokens(again)[0].count == 64 && tokens(again)[0] != tokens(later)[0])
            // Another's token is refused, one's own taken.
            let stolen = tokens(again)[0]
            _ = try third.get("/write")
            let form = "csrfmiddlewaretoken=\(stolen)&text=stolen"
            #expect(try third.post("/comment", form).status == 403)
            #expect(try one.post("/comment", form).status == 403)
            #expect(try other.post("/comment", form).status == 302)
            for reader in [one, third] {
                #expect(try reader.submit("/write", to: "/comment", "own").status == 302)
            }
        },
        Attempt("all tokens of a page are the reader's, in scripts and links too") { site in
            let (one, other) = (site.browser, site.browser)
            let (first, second) = (try one.get("/front"), try other.get("/front"))
            #expect(!first.isHit && second.isHit)
            #expect(Set(tokens(second)).count == 3)
            #expect(Set(tokens(first)).isDisjoint(with: tokens(second)))
            let link = tokens(second)[2]
            #expect(link.count == 32 && second.text.contains("legend?access_token=\(link)'"))
            for token in tokens(second).prefix(2) {
                let answer = try other.post("/note", "text=x", "X-CSRFToken: \(token)")
                #expect(answer.status == 204)
                #expect(try one.post("/note", "text=x", "X-CSRFToken: \(token)").status == 403)
            }
        },
        Attempt("who is signed in gets his own page, and leaves none") { site in
            let nobody = site.browser
            _ = try nobody.get("/front")
            let ann = try site.browser(of: "ann")
            let page = try ann.get("/front")
            #expect(!page.isHit && page.text.contains("front for ann"))
            let next = try site.browser.get("/front")
            #expect(next.isHit && next.text.contains("front for nobody"))
            #expect(tokens(next).allSatisfy { !tokens(page).contains($0) })
            #expect(try ann.submit("/write", to: "/comment", "by-ann").status == 302)
        },
        Attempt("no token is in the store, although the page is") { site in
            let readers = (0..<4).map { _ in site.browser }
            var seen: [String] = []
            for path in ["/front", "/write", "/echoed", "/layer", "/script"] {
                for reader in readers { seen += tokens(try reader.get(path)).filter { $0 != "" } }
            }
            seen += readers.flatMap { $0.cookies.values }
            #expect(seen.count > 30)
            #expect(try site.storeHolds("front for nobody"))
            for secret in Set(seen) { #expect(try site.storeHolds(secret) == false) }
        },
        Attempt("a cookie that a reader brings stays his, and others are given their own") { site in
            let (one, other) = (site.browser, site.browser)
            let own = String(repeating: "k7", count: 16)
            one.cookies = ["csrftoken": own]
            for _ in 0..<2 {
                #expect(try one.get("/write").isHit == false && one.cookies["csrftoken"] == own)
                #expect(try one.get("/write").isHit && one.cookies["csrftoken"] == own)
                #expect(try other.get("/write").isHit)
                try site.advance(61)
            }
            #expect(other.cookies["csrftoken"] != own)
            for reader in [one, other] {
                #expect(try reader.submit("/write", to: "/comment", "mine").status == 302)
            }
        },
    ]

    private static let doubts = [
        Attempt("a secret that stands elsewhere too leaves the page to its reader") { site in
            for _ in 0..<3 {
                let reader = site.browser
                let page = try reader.get("/echoed")
                #expect(!page.isHit && page["Cache-Status"]?.contains("detail=token") == true)
                let secret = try #require(reader.cookies["csrftoken"])
                #expect(page.text.contains(secret))
            }
        },
        Attempt("so does a session") { (site: StorySite) throws in
            for _ in 0..<3 {
                let reader = site.browser
                #expect(try reader.get("/layer").isHit == false)
                #expect(reader.cookies["sessionid"] != nil)
            }
        },
        Attempt("a cookie that is no secret never gets into a page") { site in
            _ = try site.browser.get("/front")
            let bad = [
                "x", "\"><script>", String(repeating: "a", count: 33),
                String(repeating: "<", count: 32), String(repeating: "a", count: 31) + "-", "",
            ]
            for value in bad {
                let reader = site.browser
                reader.cookies = ["csrftoken": value]
                let page = try reader.get("/front")
                #expect(page.isHit && (value.count < 2 || !page.text.contains(value)))
                #expect(reader.cookies["csrftoken"] != value)
                #expect(try reader.submit("/write", to: "/comment", "good").status == 302)
            }
        },
    ]

    private static let others = [
        Attempt("conditions and ranges get the whole page, HEAD what GET says") { site in
            let reader = site.browser
            _ = try reader.get("/front")
            let whole = try reader.get("/front", "Range: bytes=0-9", "If-None-Match: *")
            #expect(whole.status == 200 && whole.isHit && whole.body.count > 2_000)
            let since = "If-Modified-Since: Sun, 06 Nov 2050 08:49:37 GMT"
            #expect(try reader.get("/front", since).status == 200)
            let head = try reader.head("/front")
            #expect(head.isHit && head.body.isEmpty)
            #expect(head["Content-Length"] == "\(whole.body.count)")
            #expect(head["Cache-Control"] == "private, no-store" && head["ETag"] == nil)
        },
        Attempt("a page in gzip is stored plain, and nobody's token is compressed") { site in
            let (one, other) = (site.browser, site.browser)
            let packed = try one.get("/front", "Accept-Encoding: gzip")
            #expect(packed["Content-Encoding"] == "gzip")
            let page = try other.get("/front", "Accept-Encoding: gzip")
            #expect(page.isHit && page["Content-Encoding"] == nil)
            #expect(tokens(page).map(\.count) == [64, 64, 32])
        },
        Attempt("a page whose script reads the cookie is shared by those who have one") {
            (site: StorySite) throws in
            let (one, other) = (site.browser, site.browser)
            #expect(try one.get("/player").isHit == false)
            #expect(try other.get("/player").isHit == false)
            #expect(try one.get("/player").isHit)
        },
        Attempt("what was filled is counted") { site in
            for _ in 0..<5 { _ = try site.browser.get("/write") }
            #expect(try site.edge.metric("mapedge_pages_filled_total") == 4)
            #expect(try site.edge.metric("mapedge_pages_with_tokens_total") == 0)
        },
    ]
}
