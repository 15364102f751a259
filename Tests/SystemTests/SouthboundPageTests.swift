import Glibc
import Testing
import WireTesting

@Suite("A page that asks its map server while it is rendered, through the edge", .waits)
struct SouthboundPageTests {
    /// GeoServer, the edge in front of it, and Django behind the edge's southbound listener.
    private struct Site {
        let directory: TemporaryDirectory
        let maps: StandIn
        let edge: Edge
        let pages: StandIn
        /// What one call may take.
        static let deadline = Duration.seconds(2)

        init(python: String) throws {
            directory = try TemporaryDirectory()
            maps = try StandIn("GeoServer", ["--data", directory.file("data"), "--sample"])
            // Only the southbound times can end a wait.
            let text = """
                listen: ["127.0.0.1:0", { address: "127.0.0.1:0", southbound: true }]
                southbound: { deadline: 2s, breakerFailures: 3, breakerTime: 1h, breakerMaximum: 1h }
                origins:
                  maps:
                    members: ["http://127.0.0.1:\(maps.port)"]
                    firstByteTimeout: 1h
                    totalTimeout: 0
                    health: { interval: 1d }
                behaviors:
                  - { path: "*", origin: maps, defaultTTL: 1m }
                """
            edge = try Edge(
                origin: nil, mode: "cloudfront", arguments: ["--clock", "manual"],
                configuration: text, directory: directory, listen: nil)
            let line = try #require(edge.child.line(with: "southbound on http"))
            let port = try #require(UInt16(line.split(separator: ":").last ?? ""))
            pages = try StandIn(
                "Pages", ["--geoserver", "http://127.0.0.1:\(port)/geoserver"], python: python)
        }

        func page() throws -> String {
            var viewer = try Viewer(port: pages.port)
            let request = "GET /layers/geonode:roads HTTP/1.1\r\nHost: pages\r\n\r\n"
            return try viewer.exchange(request).text
        }

        /// The same within what its two calls may take, and the rendering.
        func pageInTime() throws -> String {
            let start = ContinuousClock.now
            let text = try page()
            let elapsed = start.duration(to: .now)
            #expect(elapsed < Self.deadline * 2 + .seconds(8), "\(elapsed)")
            return text
        }
    }

    @Test(
        "with a map server that hangs, it is rendered of what is stored and within the deadline",
        .enabled(if: packagedPython != nil, "conf/python-packages.txt is not installed"))
    func hung() throws {
        let site = try Site(python: try #require(packagedPython))
        let whole = try site.page()
        #expect(whole.contains("<h1>Roads</h1>"))
        #expect(whole.contains("<p id=\"style\">roads</p>"))
        #expect(!whole.contains("class=\"alert\""))
        // What is stored is stale, and the map server takes connections and says nothing.
        _ = try site.edge.admin("/clock/advance?by=1h", method: "POST")
        site.maps.child.signal(SIGSTOP)
        defer { site.maps.child.signal(SIGCONT) }
        // The title is of the stored capabilities; what needs a password is not stored for anybody.
        // The third call in vain opens the breaker, and a page makes two at the most.
        var answers: [Substring] = []
        while answers.count < 4, answers.last != "503" {
            let page = try site.pageInTime()
            #expect(page.contains("<h1>Roads</h1>"))
            let trouble = page.split(separator: "No word from the map server: ").last ?? ""
            answers.append(trouble.prefix { $0.isNumber })
        }
        #expect(answers.first == "504" && answers.last == "503", "\(answers)")
        #expect(try site.pageInTime().contains("No word from the map server: 503"))
        #expect(try site.edge.metric("mapedge_southbound_deadlines_total") == 3)
    }
    @Test(
        "with a map server that was killed, it is rendered of what is stored, at once",
        .enabled(if: packagedPython != nil, "conf/python-packages.txt is not installed"))
    func killed() throws {
        let site = try Site(python: try #require(packagedPython))
        #expect(try site.page().contains("<p id=\"style\">roads</p>"))
        _ = try site.edge.admin("/clock/advance?by=1h", method: "POST")
        site.maps.child.kill9()
        var answers: Set<Substring> = []
        for _ in 0..<4 {
            let page = try site.pageInTime()
            #expect(page.contains("<h1>Roads</h1>"))
            #expect(page.contains("<p id=\"style\">unknown</p>"))
            let trouble = page.split(separator: "No word from the map server: ").last ?? ""
            answers.insert(trouble.prefix { $0.isNumber })
        }
        // Nobody listens, which costs no wait; what is not stored cannot be had.
        #expect(answers == ["502"])
        #expect(try site.edge.metric("mapedge_southbound_deadlines_total") == 0)
    }
}
