import Testing
import WireTesting

/// One way to get what is somebody else's, or to lose what is one's own.
struct Attempt: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let run: @Sendable (StorySite) throws -> Void

    init(_ name: String, _ run: @escaping @Sendable (StorySite) throws -> Void) {
        (testDescription, self.run) = (name, run)
    }
}

@Suite("Pages of a Django site that forgets to say what is personal", .waits)
struct PageLeakTests {
    @Test(
        "nobody gets another's page, and everybody gets his own",
        .enabled(if: packagedPython != nil, "conf/python-packages.txt is not installed"),
        arguments: sessions + forms + others)
    func attempt(_ attempt: Attempt) throws { try attempt.run(try StorySite()) }

    private static let sessions = [
        Attempt("a session's page is not shared") { site in
            let (ann, bob, nobody) = (
                try site.browser(of: "ann"), try site.browser(of: "bob"), site.browser
            )
            let page = try ann.get("/")
            #expect(page.text.contains("for ann") && !page.isHit)
            #expect(page["Cache-Control"] == "private, no-store")
            #expect(try nobody.get("/").text.contains("for nobody"))
            #expect(try nobody.get("/").isHit)
            #expect(try bob.get("/").text.contains("for bob"))
            #expect(try ann.get("/").text.contains("for ann"))
        },
        Attempt("cookies of no account share a page") { (site: StorySite) throws in
            let (one, other) = (site.browser, site.browser)
            (one.cookies, other.cookies) = (["_ga": "1", "seen": "2"], ["_ga": "3"])
            #expect(try one.get("/").isHit == false)
            #expect(try other.get("/").isHit)
            #expect(try one.get("/").isHit)
        },
        Attempt("the way to the login is not for those who are signed in") { site in
            let (ann, nobody) = (try site.browser(of: "ann"), site.browser)
            #expect(try nobody.get("/mine")["Location"] == "/login?next=/mine")
            #expect(try nobody.get("/mine").isHit)
            #expect(try ann.get("/mine").text.contains("of ann"))
            let again = try nobody.get("/mine")
            #expect(again.status == 302 && !again.text.contains("ann"))
        },
        Attempt("a session that everybody is given stays whose it is") { site in
            let (one, other) = (site.browser, site.browser)
            let (first, second) = (try one.get("/layer"), try other.get("/layer"))
            #expect(!first.isHit && !second.isHit && first.text != second.text)
            let ids = (one.cookies["sessionid"], other.cookies["sessionid"])
            #expect(ids.0 != nil && ids.1 != nil && ids.0 != ids.1)
            let third = site.browser
            third.cookies = ["csrftoken": String(repeating: "k", count: 32)]
            let page = try third.get("/layer")
            #expect(!page.isHit && page.text != second.text)
            #expect(third.cookies["sessionid"] != ids.1)
        },
        Attempt("who signs out is nobody again, at once") { site in
            let nobody = site.browser
            #expect(try nobody.get("/").text.contains("for nobody"))
            let ann = try site.browser(of: "ann")
            #expect(try ann.submit("/write", to: "/logout", "").status == 302)
            #expect(ann.cookies["sessionid"] == nil)
            let page = try ann.get("/")
            #expect(page.text.contains("for nobody"))
            #expect(page["Cache-Status"]?.contains("detail=own-write") == true)
        },
    ]

    private static let forms = [
        Attempt("each form has a token of its own, which fits") { site in
            let (one, other) = (site.browser, site.browser)
            let (first, second) = (try one.get("/write"), try other.get("/write"))
            #expect(!first.isHit && !second.isHit && first.text != second.text)
            #expect(one.cookies["csrftoken"] != other.cookies["csrftoken"])
            #expect(first["Cache-Control"] == "private, no-store")
            #expect(try one.submit("/write", to: "/comment", "a-form").status == 302)
            #expect(try other.submit("/write", to: "/comment", "another").status == 302)
        },
        Attempt("a token in a script is its reader's own") { site in
            let (one, other) = (site.browser, site.browser)
            let (first, second) = (try one.get("/script"), try other.get("/script"))
            #expect(!first.isHit && !second.isHit && first.text != second.text)
            let again = try one.get("/script")
            #expect(!again.isHit && again.text != second.text)
        },
        Attempt("a page whose script reads the csrf cookie is shared by those who have one") {
            site in
            let (one, other, third) = (site.browser, site.browser, site.browser)
            #expect(try one.get("/player").isHit == false)
            #expect(try other.get("/player").isHit == false)
            let tokens = (one.cookies["csrftoken"], other.cookies["csrftoken"])
            #expect(tokens.0 != nil && tokens.1 != nil && tokens.0 != tokens.1)
            let page = try one.get("/player")
            #expect(page.isHit && page["Set-Cookie"] == nil)
            #expect(one.cookies["csrftoken"] == tokens.0)
            #expect(try third.get("/player").isHit == false)
            let token = try #require(tokens.0)
            #expect(try one.post("/note", "text=by-script", "X-CSRFToken: \(token)").status == 204)
        },
    ]

    private static let others = [
        Attempt("a message is told once, and to one") { site in
            let (one, nobody) = (site.browser, site.browser)
            _ = try nobody.get("/")
            #expect(try one.submit("/write", to: "/comment", "message-1").status == 302)
            try site.advance(61)
            let told = try one.get("/")
            #expect(told.text.contains("told kept message-1") && !told.isHit)
            #expect(try nobody.get("/").text.contains("told kept message-1") == false)
            #expect(try one.get("/").text.contains("told kept message-1") == false)
            #expect(try nobody.get("/").text.contains("told kept message-1") == false)
        },
        Attempt("each reads in a language of his own") { site in
            let (english, german, chooser) = (site.browser, site.browser, site.browser)
            german.language = "de-AT,de;q=0.9"
            #expect(try english.get("/").text.contains("on Monday"))
            #expect(try german.get("/").text.contains("on Montag"))
            #expect(try english.get("/").isHit)
            #expect(try german.get("/").isHit)
            chooser.cookies = ["django_language": "de"]
            let page = try chooser.get("/")
            #expect(page.isHit && page.text.contains("on Montag"))
        },
        Attempt("who asks for a part, or by an old browser, shapes nobody else's page") { site in
            let (script, old, reader) = (site.browser, site.browser, site.browser)
            #expect(try script.get("/sniffed", "HX-Request: true").text == "<li>a part</li>")
            let page = try old.get("/sniffed", "User-Agent: Mozilla/4.0 (MSIE 6.0)")
            #expect(page.text.contains("the whole") && !page.text.contains("old") && !page.isHit)
            let same = try reader.get("/sniffed")
            #expect(same.isHit && same.text == page.text)
            let part = try script.get("/sniffed", "HX-Request: true")
            #expect(part.text == "<li>a part</li>" && part["Cache-Control"] == "private, no-store")
        },
        Attempt("a language that is chosen is seen at once") { site in
            let reader = site.browser
            #expect(try reader.get("/").text.contains("on Monday"))
            _ = try reader.get("/write")
            let token = try #require(reader.cookies["csrftoken"])
            let answer = try reader.post(
                "/i18n/setlang/", "language=de&next=/done", "X-CSRFToken: \(token)")
            #expect(answer.status == 302 && reader.cookies["django_language"] == "de")
            #expect(try reader.get("/").text.contains("on Montag"))
        },
        Attempt("what one site's script may read another's may not") { (site: StorySite) throws in
            let (one, other, none) = (site.browser, site.browser, site.browser)
            let field = "Access-Control-Allow-Origin"
            #expect(try none.get("/api")[field] == nil)
            #expect(try one.get("/api", "Origin: https://a.test")[field] == "https://a.test")
            #expect(try other.get("/api", "Origin: https://b.test")[field] == "https://b.test")
            #expect(try other.get("/api", "Origin: https://a.test").isHit)
            #expect(try none.get("/api")[field] == nil)
        },
    ]
}

@Suite("Who writes on a Django site sees it", .waits)
struct OwnWriteTests {
    /// Keeps a comment, known by nothing but the csrf cookie.
    private func note(_ browser: Browser, _ text: String) throws {
        if browser.cookies["csrftoken"] == nil { _ = try browser.get("/write") }
        let token = try #require(browser.cookies["csrftoken"])
        let answer = try browser.post("/note", "text=\(text)", "X-CSRFToken: \(token)")
        #expect(answer.status == 204)
    }

    @Test(
        "the writer on every loop from the first page on, others when theirs is over",
        .enabled(if: packagedPython != nil, "conf/python-packages.txt is not installed"))
    func window() throws {
        let site = try StorySite()
        let (writer, reader) = (site.browser, site.browser)
        for round in 1...4 {
            let text = "window-\(round)"
            #expect(try reader.get("/read").text.contains(text) == false)
            try note(writer, text)
            for _ in 0..<8 {
                let page = try writer.get("/read")
                #expect(page.text.contains(text) && !page.isHit)
            }
            let page = try reader.get("/read")
            #expect(page.isHit && !page.text.contains(text))
            try site.advance(61)
            #expect(try reader.get("/read").text.contains(text))
            #expect(try writer.get("/read").isHit)
        }
        #expect(try site.edge.metric("mapedge_own_writes_total") == 4)
        #expect(try site.edge.metric("mapedge_own_write_pages_total") >= 32)
    }

    @Test(
        "nothing stale, although others get it while it is refreshed",
        .enabled(if: packagedPython != nil, "conf/python-packages.txt is not installed"))
    func stale() throws {
        let site = try StorySite(behavior: ", staleWhileRevalidate: 1h")
        let (writer, reader) = (site.browser, site.browser)
        _ = try writer.get("/write")
        _ = try reader.get("/read")
        try site.advance(120)
        try note(writer, "stale-1")
        #expect(try writer.get("/read").text.contains("stale-1"))
        let page = try reader.get("/read")
        #expect(page.isHit && !page.text.contains("stale-1"))
    }

    @Test(
        "a reload of the configuration leaves the window open",
        .enabled(if: packagedPython != nil, "conf/python-packages.txt is not installed"))
    func reload() throws {
        let site = try StorySite()
        let (writer, reader) = (site.browser, site.browser)
        _ = try reader.get("/read")
        try note(writer, "reload-1")
        #expect(try site.edge.admin("/reload", method: "POST").status == 200)
        #expect(try reader.get("/read").isHit)
        #expect(try writer.get("/read").text.contains("reload-1"))
    }

    @Test(
        "in a table that is full nobody is forgotten: all who might be writers are taken for one",
        .enabled(if: packagedPython != nil, "conf/python-packages.txt is not installed"))
    func full() throws {
        let site = try StorySite(sections: ["ownWrites: { places: 8 }"])
        let (reader, other) = (site.browser, site.browser)
        _ = try reader.get("/read")
        _ = try other.get("/write")
        let writers = (1...10).map { _ in site.browser }
        for index in writers.indices {
            try note(writers[index], "full-\(index)")
            #expect(try reader.get("/read").isHit)
        }
        for index in writers.indices {
            #expect(try writers[index].get("/read").text.contains("full-\(index)"))
        }
        #expect(try other.get("/read").text.contains("full-9"))
        #expect(try site.edge.metric("mapedge_own_writes_displaced_total") > 0)
    }
}
