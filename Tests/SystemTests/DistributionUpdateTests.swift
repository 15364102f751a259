import Glibc
import Testing
import WireTesting

@Suite("A distribution changed and invalidated through the API of the built binary")
struct DistributionUpdateTests {
    private let maps: Origin
    private let pages: Origin
    private let directory: TemporaryDirectory

    init() throws {
        maps = try Origin()
        pages = try Origin()
        directory = try TemporaryDirectory()
    }

    private func export() -> String {
        func origin(_ id: String) -> String {
            """
            { "Id": "\(id)", "DomainName": "\(id).invalid", "CustomOriginConfig": {
              "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only" } }
            """
        }
        func behavior(_ origin: String) -> String {
            """
            "TargetOriginId": "\(origin)", "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"
            """
        }
        return """
            { "CallerReference": "updates", "Comment": "", "Enabled": true,
              "CacheTagConfig": { "HeaderName": "Edge-Tags" },
              "Origins": { "Quantity": 2, "Items": [\(origin("maps")), \(origin("pages"))] },
              "CacheBehaviors": { "Quantity": 1, "Items": [
                { "PathPattern": "/tiles/*", \(behavior("maps")) } ] },
              "DefaultCacheBehavior": { \(behavior("pages")) } }
            """
    }

    private func edge() throws -> Edge {
        let path = try directory.write("dist.json", export())
        return try Edge(
            origin: nil, mode: "cloudfront",
            arguments: [
                "--distribution", path, "--origin", "maps=\(maps.url)", "--origin",
                "pages=\(pages.url)",
            ], directory: directory)
    }

    /// The unmodified command, as text.
    private func aws(_ edge: Edge, _ words: String...) throws -> (exit: Int?, output: String) {
        try awsCloudFront(edge, words, directory)
    }

    private func id(_ edge: Edge) throws -> String {
        let line = try #require(edge.child.line(with: "serving as distribution"))
        let rest = try #require(line.split(separator: " distribution ").last)
        return String(rest.prefix { $0.isLetter || $0.isNumber })
    }

    private func get(_ edge: Edge, _ query: String) throws -> String {
        let (exit, output) = try aws(
            edge, "get-distribution-config", "--id", try id(edge), "--query", query, "--output",
            query == "ETag" ? "text" : "json")
        #expect(exit == 0, "\(output)")
        return output
    }

    private func update(
        _ edge: Edge, _ config: String, ifMatch version: String
    ) throws -> (exit: Int?, output: String) {
        let file = try directory.write("config.json", config)
        return try aws(
            edge, "update-distribution", "--id", try id(edge), "--if-match", version,
            "--distribution-config", "file://\(file)")
    }

    private func get(_ target: String) -> String {
        "GET \(target) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
    }

    @Test(
        "the data plane follows an update, without dropping who is there, also after a restart",
        .enabled(if: awsCommand != nil, "make test installs awscli into .build/python"))
    func update() throws {
        let tiles = maps.room(named: "about")
        tiles.always(.ok(body: "a tile"))
        let site = pages.room(named: "about")
        let gate = Gate()
        site.answers { request in
            let page = Reply.ok(body: "a page")
            return request.target == "/about/slow" ? page.held(by: gate) : page
        }
        do {
            let edge = try edge()
            var viewer = try edge.viewer()
            #expect(try viewer.exchange(get("/about/us")).text == "a page")
            try viewer.send(get("/about/slow"))
            #expect(gate.awaitArrival())
            let config = try get(edge, "DistributionConfig")
            let version = try get(edge, "ETag")
            let next = config.split(separator: "/tiles/*").joined(separator: "/about/*")
            #expect(next != config)
            let (exit, output) = try update(edge, next, ifMatch: version)
            #expect(exit == 0, "\(output)")
            gate.open()
            #expect(try viewer.response().text == "a page")
            // On the same connection, which was in use meanwhile.
            #expect(try viewer.exchange(get("/about/moved")).text == "a tile")
            #expect(try aws(edge, "wait", "distribution-deployed", "--id", id(edge)).exit == 0)

            let stale = try update(edge, config, ifMatch: version)
            #expect(stale.output.contains("(PreconditionFailed)"), "\(stale.output)")
            let wrong = try update(edge, config, ifMatch: "*")
            #expect(wrong.output.contains("(InvalidIfMatchVersion)"), "\(wrong.output)")
            let now = try get(edge, "ETag")
            #expect(now != version)
            for (mistake, code) in [
                ("658327ea-f89d-4fab-a63d-7e88639e58f6", "NoSuchCachePolicy"),
                ("\"TargetOriginId\": \"maps\"", "NoSuchOrigin"),
            ] {
                let bad = next.split(separator: mistake).joined(
                    separator: code == "NoSuchOrigin"
                        ? "\"TargetOriginId\": \"none\"" : "00000000-0000-0000-0000-000000000000")
                let refused = try update(edge, bad, ifMatch: now)
                #expect(refused.exit != 0)
                #expect(refused.output.contains("(\(code))"), "\(refused.output)")
            }
            #expect(try get(edge, "ETag") == now)
            #expect(try viewer.exchange(get("/about/still")).text == "a tile")
        }
        let edge = try edge()
        #expect(try edge.get("/about/again").text == "a tile")
        #expect(try get(edge, "DistributionConfig").contains("/about/*"))
    }

    private func invalidate(_ edge: Edge, _ words: String...) throws -> String {
        let (exit, output) = try directory.run(
            Edge.program, ["invalidate", "--admin", "127.0.0.1:\(edge.adminPort)"] + words)
        #expect(exit == 0, "\(output)")
        return output
    }

    @Test("a tag invalidates all that bear it, in any case and line, and nothing else")
    func tags() throws {
        let edge = try edge()
        let room = pages.room()
        let long = "X-Long: " + String(repeating: "x", count: 3_000)
        room.answers { request in
            let fields: [String] =
                switch request.target.split(separator: "/").last {
                case "a": ["Edge-Tags: roads, Rivers"]
                case "b": ["Edge-Tags: other", "edge-tags: x,RIVERS"]
                case "c": ["Edge-Tags: rivers-of-africa", "Tags: rivers"]
                case "long": ["Edge-Tags: rivers", long]
                default: []
                }
            return .response(200, ["Cache-Control: max-age=3600"] + fields, body: "x")
        }
        let names = ["a", "b", "c", "d", "long"].map { room.path($0) }
        for isWritten in [false, true] {
            for name in names { _ = try edge.get(name) }
            // Judged while they wait for the writer, and from the file.
            if isWritten {
                #expect(try edge.hasWrittenAll)
                let counted = try invalidate(edge, "--dry-run", "#rivers")
                #expect(counted.hasPrefix("3 stored entries"), "\(counted)")
            }
            for name in names { #expect(try edge.get(name).isHit, "\(name)") }
            #expect(try invalidate(edge, "#rivErs").contains("1 path"))
            for (name, isHit) in zip(names, [false, false, true, true, false]) {
                for _ in 0..<2 where isHit { #expect(try edge.get(name).isHit, "\(name)") }
                if !isHit { #expect(!(try edge.get(name).isHit), "\(name)") }
                #expect(try edge.get(name).isHit, "\(name)")
            }
        }
    }

    @Test("what was asked for before a tag's invalidation is neither stored nor joined after it")
    func late() throws {
        let edge = try edge()
        let room = pages.room()
        let gate = Gate()
        room.reply(
            .ok("Cache-Control: max-age=3600", "Edge-Tags: t", body: "old").held(by: gate),
            .ok("Cache-Control: max-age=3600", "Edge-Tags: t", body: "new"))
        var early = try edge.viewer()
        try early.send(get(room.path("x")))
        #expect(gate.awaitArrival())
        _ = try invalidate(edge, "#t")
        #expect(try edge.get(room.path("x")).text == "new")
        gate.open()
        #expect(try early.response().text == "old")
        #expect(try edge.get(room.path("x")).text == "new")
        #expect(room.count == 2)
    }
}
