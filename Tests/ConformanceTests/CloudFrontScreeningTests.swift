import Testing
import WireTesting

private let lanes = [
    Lane("open"), Lane("redirected") { $0.viewers = "redirect-to-https" },
    Lane("secured") { $0.viewers = "https-only" },
    Lane("writes") {
        $0.viewers = "redirect-to-https"
        $0.takesWrites = true
    },
    Lane("aware") { $0.headers = ["CloudFront-Viewer-Country", "CloudFront-Forwarded-Proto"] },
]

/// Trusts this host's word about TLS and countries.
private let stand = Result {
    try Stand.shared(
        lanes,
        Stand.Parts(
            more: ", \"DefaultRootObject\": \"home/index.html\", \"Aliases\": "
                + Lane.list(["edge.test", "*.wild.test"]) + """
                    , "Restrictions": { "GeoRestriction": { "RestrictionType": "blacklist",
                      "Quantity": 1, "Items": ["AQ"] } }
                    """,
            configuration: """
                trustedProxies: [127.0.0.1]
                distribution:
                  strictAliases: true
                """))
}

// Source: CloudFront's developer guide, as far as it tells an order of its checks.
@Suite("What CloudFront looks at before its cache")
struct CloudFrontScreeningTests {
    private let stand: Stand

    init() throws { stand = try ConformanceTests.stand.get() }

    private func ask(
        _ method: String, _ path: String, _ fields: [String] = [], version: String = "1.1",
        host: String = "edge.test", body: String? = nil
    ) throws -> Response {
        var lines = ["\(method) \(path) HTTP/\(version)", "Host: \(host)"] + fields
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        var viewer = try stand.edge.viewer()
        return try viewer.exchange(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
    }

    private func room() -> Room {
        let room = stand.origin.room("row")
        room.always(.ok())
        return room
    }

    private static let page301 =
        "<html>\r\n<head><title>301 Moved Permanently</title></head>\r\n<body>\r\n<center><h1>"
        + "301 Moved Permanently</h1></center>\r\n<hr><center>CloudFront</center>\r\n</body>\r\n"
        + "</html>\r\n"

    @Test("§5.1 plain text is redirected: GET and HEAD by 301, others by 307")
    func redirects() throws {
        let room = room()
        let path = room.path("redirected/a%20b?x=1&y")
        let answer = try ask("GET", path, host: "edge.test:80")
        #expect(answer.status == 301)
        #expect(answer.text == Self.page301)
        #expect(answer["Location"] == "https://edge.test\(path)")
        #expect(answer["Server"] == "CloudFront")
        #expect(answer["Content-Type"] == "text/html")
        #expect(answer["Content-Length"] == "167")
        #expect(answer["Connection"] == "keep-alive")
        #expect(answer["X-Cache"] == "Redirect from cloudfront")
        let toHead = try ask("HEAD", path)
        #expect(toHead.status == 301)
        #expect(toHead.text == "")
        #expect(try ask("POST", room.path("writes/a"), body: "a").status == 307)
        #expect(try ask("DELETE", room.path("writes/a")).status == 307)
        #expect(try ask("POST", room.path("writes/a"), version: "1.0", body: "a").status == 403)
        #expect(room.count == 0)
    }

    @Test("§5.1 viewers that speak TLS pass, as does who is said to by a trusted proxy")
    func secured() throws {
        let room = room()
        let tls = ["X-Forwarded-Proto: https"]
        #expect(try ask("GET", room.path("redirected/a"), tls).status == 200)
        #expect(try ask("GET", room.path("secured/a"), tls).status == 200)
        #expect(try ask("GET", room.path("secured/a")).status == 403)
        #expect(try ask("POST", room.path("writes/a"), tls, body: "a=1").status == 200)
    }

    @Test("§3.2 both protocols share an object unless CloudFront-Forwarded-Proto is listed")
    func protocols() throws {
        let room = room()
        let tls = ["X-Forwarded-Proto: https"]
        _ = try ask("GET", room.path("open/a"))
        #expect(try ask("GET", room.path("open/a"), tls)["X-Cache"] == "Hit from cloudfront")
        _ = try ask("GET", room.path("aware/a"))
        #expect(try ask("GET", room.path("aware/a"), tls)["X-Cache"] == "Miss from cloudfront")
        #expect(room.requests.last?["CloudFront-Forwarded-Proto"] == "https")
    }

    @Test("§5.1 the order: Host, country, protocol, method, body")
    func order() throws {
        let room = room()
        let blocked = ["CloudFront-Viewer-Country: AQ"]
        let path = room.path("redirected/a")
        let stranger = try ask("GET", path, blocked, host: "other.test")
        #expect(stranger.status == 403)
        #expect(stranger.text.contains("\nBad request.\n"))
        let country = try ask("POST", path, blocked, body: "a")
        #expect(country.status == 403)
        #expect(country.text.contains("is configured to block access from your country.\n"))
        #expect(try ask("POST", path, body: "a").status == 307)
        let method = try ask("POST", room.path("open/a"), body: "a")
        #expect(method.text.contains("The distribution supports only cachable requests.\n"))
        for name in ["BREW", "TRACE", "TRACK"] {
            let unknown = try ask(name, room.path("open/a"))
            #expect(unknown.status == 403)
            #expect(unknown.text.contains("The distribution supports only cachable requests.\n"))
        }
        let body = try ask("GET", room.path("open/a"), body: "a")
        #expect(body.status == 403)
        #expect(body.text.contains("\nBad request.\n"))
        #expect(room.count == 0)
    }

    @Test(
        "RFC 9110 §9.3.6: CONNECT is refused without the page of a 403, whose status is 200 here",
        arguments: ["edge.test:443", "/row/plain/it"])
    func connect(target: String) throws {
        let stand = try Stand(pageLanes, pageParts)
        stand.origin.room(named: "pages").always(.ok(body: "the page"))
        var viewer = try stand.edge.viewer()
        let refusal = try viewer.exchange("CONNECT \(target) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(refusal.status == 403 && refusal["X-Cache"] == "Error from cloudfront")
        #expect(try viewer.isClosed())
        var other = try stand.edge.viewer()
        #expect(
            try other.exchange("TRACE /row/plain/it HTTP/1.1\r\nHost: edge.test\r\n\r\n").status
                == 200)
    }

    @Test("§5.1 CloudFront's own page, byte for byte")
    func page() throws {
        let answer = try ask("POST", room().path("open/a"), body: "a")
        let id = try #require(answer["X-Amz-Cf-Id"])
        #expect(id.utf8.count == 56 && id.hasSuffix("=="))
        #expect(answer["Content-Type"] == "text/html")
        #expect(answer["X-Cache"] == "Error from cloudfront")
        #expect(answer.text.hasPrefix("<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01 Transitional"))
        #expect(answer.text.contains("<H1>403 ERROR</H1>\n"))
        #expect(
            answer.text.hasSuffix(
                "Request ID: \(id)\n</PRE>\n<ADDRESS>\n</ADDRESS>\n</BODY></HTML>"))
    }

    @Test("§3.1 aliases, with wildcards and ports")
    func aliases() throws {
        let path = room().path("open/a")
        for host in ["EDGE.test", "edge.test:8080", "a.wild.test", "a.b.wild.test"] {
            #expect(try ask("GET", path, host: host).status == 200, "\(host)")
        }
        for host in ["wild.test", "edge.tes", "xedge.test"] {
            #expect(try ask("GET", path, host: host).status == 403, "\(host)")
        }
    }

    @Test("§3.1 the default root object stands for / alone, with any query")
    func rootObject() throws {
        let home = stand.origin.room(named: "home")
        home.answers { .ok(body: $0.target) }
        #expect(try ask("GET", "/").text == "/home/index.html")
        #expect(try ask("GET", "/?a=1").text == "/home/index.html")
        #expect(try ask("GET", "/home/index.html")["X-Cache"] == "Hit from cloudfront")
        #expect(try ask("HEAD", "/").status == 200)
        #expect(try ask("GET", "/home/").text == "/home/")
        #expect(try ask("GET", "///").status == 404)
        #expect(home.requests.allSatisfy { $0.target != "/" })
    }

    @Test("§3.1 a default root object that begins with a slash: / is 403, and / alone")
    func slashedRoot() throws {
        let stand = try Stand(lanes, Stand.Parts(more: ", \"DefaultRootObject\": \"/index.html\""))
        stand.origin.room(named: "index.html").always(.ok())
        let room = stand.origin.room("row")
        room.always(.ok())
        for (ask, status) in [
            ("GET /", 403), ("GET /?a=1", 403), ("HEAD /", 403), ("GET http://edge.test", 403),
            ("GET /index.html", 200), ("GET \(room.path("open/a"))", 200),
        ] {
            var viewer = try stand.edge.viewer()
            let response = try viewer.exchange("\(ask) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            #expect(response.status == status, "\(ask)")
            if status == 403 {
                #expect(response["X-Cache"] == "Error from cloudfront")
                #expect(
                    response["Cache-Status"]?.contains("root-object-begins-with-slash") == true)
            }
        }
    }

    @Test("§5.1 what is too long: 414 and 494, and the connection ends")
    func tooLong() throws {
        let path = room().path("open/")
        let long = try ask("GET", path + String(repeating: "a", count: 8_193))
        #expect(long.status == 414)
        #expect(long["Connection"] == "close")
        let fits = try ask("GET", path + String(repeating: "a", count: 8_192 - path.utf8.count))
        #expect(fits.status == 200)
        let head = try ask("GET", path, ["X-Long: " + String(repeating: "a", count: 32_768)])
        #expect(head.status == 494)
        #expect(head["Connection"] == "close")
    }

    @Test("§5.3 more than two distributions one behind the other are 403")
    func stacked() throws {
        let path = room().path("open/a")
        let via = "1.1 0123456789abcdef0123456789abcdef.cloudfront.net (CloudFront)"
        #expect(try ask("GET", path, ["Via: \(via)"]).status == 200)
        #expect(try ask("GET", path, ["Via: \(via), \(via)"]).status == 403)
    }

    private static func restriction(_ type: String, _ countries: String) -> String {
        """
        , "Restrictions": { "GeoRestriction": { "RestrictionType": "\(type)",
          "Quantity": 1, "Items": ["\(countries)"] } }
        """
    }

    @Test(
        "§6.4 countries by a table, for the whole distribution; who is from nowhere is served",
        arguments: [
            ("blacklist", "DE", "127.0.0.0/8,DE", 403), ("blacklist", "DE", "127.0.0.0/8,FR", 200),
            ("whitelist", "DE", "127.0.0.0/8,DE", 200), ("whitelist", "DE", "127.0.0.0/8,FR", 403),
            ("whitelist", "DE", "192.0.2.0/24,DE", 200), ("none", "DE", "127.0.0.0/8,DE", 200),
        ])
    func countries(type: String, country: String, line: String, status: Int) throws {
        let directory = try TemporaryDirectory()
        let table = try directory.write("countries.csv", line + "\n")
        let stand = try Stand(
            [Lane("open")],
            Stand.Parts(
                more: type == "none" ? "" : Self.restriction(type, country),
                configuration: "distribution:\n  country: { table: \"\(table)\" }\n"))
        let room = stand.origin.room("row")
        room.always(.ok())
        let answer = try stand.edge.get(
            room.path("open/a"), "CloudFront-Viewer-Country: \(country)")
        #expect(answer.status == status)
        #expect(answer["X-Cache"] == (status == 200 ? "Miss" : "Error") + " from cloudfront")
        #expect(room.count == (status == 200 ? 1 : 0))
    }

    @Test("§5.1 a distribution that is disabled refuses")
    func disabled() throws {
        let stand = try Stand([Lane("open")], Stand.Parts(isEnabled: false))
        #expect(try stand.edge.get("/a/open/b").status == 403)
    }

    @Test("§3.1 patterns: order, case, slashes, dot segments, wildcards")
    func patterns() throws {
        let patterns = [
            "/a/b*", "/a*", "*.jpg", "images/*.gif", "/q/a??.txt", "*.doc?", "/Case", "/~user/*",
        ]
        let lanes = patterns.enumerated().map { number, pattern in
            Lane("lane\(number)") {
                $0.pattern = pattern
                $0.responseHeaders = """
                    "CustomHeadersConfig": { "Quantity": 1, "Items": [
                      { "Header": "X-Lane", "Value": "\(number)", "Override": true } ] }
                    """
            }
        }
        let stand = try Stand(lanes)
        let table: [(String, Int?)] = [
            ("/a/b/c", 0), ("/a/c", 1), ("/a/b/..?c=1", 1), ("/a//b", 0), ("/a/./b", 0),
            ("/%61/b", 0), ("/x/y.jpg", 2), ("/LOGO.JPG", nil), ("/images/x/y.gif", 3),
            ("/q/a12.txt", 4), ("/q/a1.txt", nil), ("/a.doc", 1), ("/x.doc", nil), ("/x.docx", 5),
            ("/Case", 6), ("/case", nil), ("/Case/", nil), ("/~user/a", 7), ("/%7euser/a", 7),
            ("/x?y.jpg", nil),
        ]
        for (path, lane) in table {
            let answer = try stand.edge.get(path)
            #expect(answer["X-Lane"] == lane.map { "\($0)" }, "\(path)")
        }
    }
}
