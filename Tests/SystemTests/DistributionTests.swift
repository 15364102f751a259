import Glibc
import Testing
import WireTesting

@Suite("A distribution's export served by the built binary")
struct DistributionTests {
    private let maps: Origin
    private let pages: Origin
    private let directory: TemporaryDirectory

    init() throws {
        maps = try Origin()
        pages = try Origin()
        directory = try TemporaryDirectory()
    }

    /// Two origins whose names nobody resolves, and a behavior for each.
    private func export(_ pattern: String, comment: String = "", more: String = "") -> String {
        """
        { "ETag": "E2QWRUHAPOMQZL", "DistributionConfig": {
          "CallerReference": "maps", "Comment": "\(comment)", "Enabled": true,
          "Origins": { "Quantity": 2, "Items": [
            { "Id": "maps", "DomainName": "maps.invalid", "OriginPath": "/service",
              "CustomHeaders": { "Quantity": 1, "Items": [
                { "HeaderName": "X-Secret", "HeaderValue": "tile" } ] },
              "CustomOriginConfig": { "HTTPPort": 80, "HTTPSPort": 443,
                "OriginProtocolPolicy": "https-only" } },
            { "Id": "pages", "DomainName": "pages.invalid",
              "CustomOriginConfig": { "HTTPPort": 80, "HTTPSPort": 443,
                "OriginProtocolPolicy": "http-only" } } ] },
          "CacheBehaviors": { "Quantity": 1, "Items": [
            { "PathPattern": "\(pattern)", "TargetOriginId": "maps",
              "ViewerProtocolPolicy": "allow-all",
              "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6" } ] },
          "DefaultCacheBehavior": {
            "TargetOriginId": "pages", "ViewerProtocolPolicy": "allow-all",\(more)
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6" } } }
        """
    }

    private func edge(_ arguments: String...) throws -> Edge {
        try Edge(
            origin: nil, mode: "cloudfront",
            arguments: ["--distribution", directory.file("dist.json")] + arguments,
            directory: directory)
    }

    @Test("the path chooses the behavior; Host, path and fields of its origin are the export's")
    func served() throws {
        let tiles = maps.room(named: "service")
        tiles.always(.ok(body: "a tile"))
        let site = pages.room(named: "about")
        site.always(.ok(body: "a page"))
        _ = try directory.write("dist.json", export("/tiles/*"))
        let edge = try edge("--origin", "maps=\(maps.url)", "--origin", "pages=\(pages.url)")
        #expect(try edge.get("/tiles/1.png").text == "a tile")
        #expect(try edge.get("/about/us").text == "a page")
        let asked = try #require(tiles.requests.first)
        #expect(asked.target == "/service/tiles/1.png")
        #expect(asked["Host"] == "maps.invalid")
        #expect(asked["X-Secret"] == "tile")
        #expect(site.requests.first?["Host"] == "pages.invalid")
        #expect(site.requests.first?["X-Secret"] == nil)
        #expect(edge.child.line(with: "2 of 2 imported behaviors have no class") != nil)
    }

    @Test("an origin whose name has no address answers 502 and is warned of")
    func unresolved() throws {
        _ = try directory.write("dist.json", export("/tiles/*"))
        let log = directory.file("access.log")
        let edge = try edge("--origin", "pages=\(pages.url)", "--access-log", log)
        #expect(edge.child.line(with: "give it one with --origin maps=URL") != nil)
        let answer = try edge.get("/tiles/1.png")
        #expect(answer.status == 502 && answer["X-Cache"] == "Error from cloudfront")
        #expect(try edge.admin("/status").text.contains("\"unresolved\""))
        edge.child.signal(SIGTERM)
        #expect(edge.child.waitForExit() == 0)
        let line = try readFile(log)
        #expect(line.contains("\"x-edge-result-type\":\"Error\""), "\(line)")
        #expect(line.contains("\"x-edge-detailed-result-type\":\"OriginDnsError\""), "\(line)")
    }

    @Test("what was asked for before a reload is answered by the rules of that time")
    func before() throws {
        let site = pages.room(named: "about")
        let gate = Gate()
        site.reply(
            .ok("Cache-Control: max-age=1", "ETag: \"a\"", body: "a page"),
            .response(304, ["ETag: \"a\""]).held(by: gate))
        _ = try directory.write("dist.json", export("/tiles/*"))
        let edge = try edge(
            "--origin", "maps=\(maps.url)", "--origin", "pages=\(pages.url)", "--clock", "manual")
        #expect(try edge.get("/about/us").text == "a page")
        #expect(try edge.admin("/clock/advance?by=10s", method: "POST").status == 200)
        var viewer = try edge.viewer()
        try viewer.send("GET /about/us HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(gate.awaitArrival())
        let secured = "\"ResponseHeadersPolicyId\": \"67f7725c-6f97-4210-82d7-5512b31e9d03\","
        _ = try directory.write("dist.json", export("/tiles/*", more: secured))
        #expect(try edge.admin("/reload", method: "POST").status == 200)
        let isInForce = try eventually {
            try edge.get("/about/none")["X-Frame-Options"] != nil ? true : nil
        }
        #expect(isInForce == true)
        gate.open()
        let answer = try viewer.response()
        #expect(answer["X-Cache"] == "RefreshHit from cloudfront" && answer.text == "a page")
        #expect(answer["X-Frame-Options"] == nil)
        #expect(try edge.get("/about/us")["X-Frame-Options"] == "SAMEORIGIN")
    }

    @Test(
        "what another policy stored is met by the new one only where sharesAcrossPolicies says so",
        arguments: [false, true])
    func policies(_ shares: Bool) throws {
        let site = pages.room(named: "about")
        site.answers { _ in .ok("Cache-Control: max-age=3600", body: "a page") }
        let path = try directory.write("dist.json", export("/tiles/*"))
        let edge = try Edge(
            origin: nil, mode: "cloudfront",
            arguments: [
                "--distribution", path, "--origin", "maps=\(maps.url)", "--origin",
                "pages=\(pages.url)",
            ],
            configuration: "behaviors: [{ path: \"*\", sharesAcrossPolicies: \(shares) }]\n",
            directory: directory)
        _ = try edge.get("/about/us")
        #expect(try edge.get("/about/us").isHit)
        // Managed-CachingOptimizedForUncompressedObjects: the same TTLs, and no codings.
        let secured = "\"ResponseHeadersPolicyId\": \"67f7725c-6f97-4210-82d7-5512b31e9d03\","
        _ = try directory.write(
            "dist.json",
            export("/tiles/*", more: secured)
                .replacing(
                    "658327ea-f89d-4fab-a63d-7e88639e58f6",
                    with: "b2884449-e4de-46a7-ac36-70bc7f1ddd6d"))
        #expect(try edge.admin("/reload", method: "POST").status == 200)
        let isInForce = try eventually {
            try edge.get("/about/none")["X-Frame-Options"] != nil ? true : nil
        }
        #expect(isInForce == true)
        let word = shares ? "Hit" : "Miss"
        #expect(try edge.get("/about/us")["X-Cache"] == "\(word) from cloudfront")
        #expect(try edge.get("/about/us").isHit)
    }

    @Test("a reload takes a changed export, and refuses one with mistakes")
    func reload() throws {
        let site = pages.room(named: "about")
        site.always(.ok(body: "a page"))
        let tiles = maps.room(named: "service")
        tiles.always(.ok(body: "a tile"))
        _ = try directory.write("dist.json", export("/tiles/*"))
        let edge = try edge("--origin", "maps=\(maps.url)", "--origin", "pages=\(pages.url)")
        #expect(try edge.get("/about/us").text == "a page")
        _ = try directory.write("dist.json", "{ \"DistributionConfig\": {} }")
        #expect(try edge.admin("/reload", method: "POST").status != 200)
        #expect(try edge.get("/about/them").text == "a page")
        _ = try directory.write("dist.json", export("/about/*", comment: "changed"))
        #expect(try edge.admin("/reload", method: "POST").status == 200)
        let moved = try eventually {
            try edge.get("/about/\(Serial.next())").text == "a tile" ? true : nil
        }
        #expect(moved == true)
        let id = try #require(edge.child.line(with: "serving as distribution"))
            .split(separator: " distribution ").last?.prefix { $0.isLetter || $0.isNumber }
        let told = try edge.admin("/2020-05-31/distribution/\(id ?? "")/config")
        #expect(told.text.contains("<Comment>changed</Comment>"), "\(told.text)")
        #expect(told.text.contains("<DomainName>maps.invalid</DomainName>"))
    }

    @Test("check says what would be served, with exit status 0; a mistake is status 2")
    func check() throws {
        let path = try directory.write("dist.json", export("/tiles/*"))
        let output = directory.file("output")
        let good = try Child(Edge.program, ["check", "--distribution", path], output: output)
        #expect(good.waitForExit(within: 60_000) == 0)
        let text = try readFile(output)
        #expect(text.contains("/tiles/*  maps "), "\(text)")
        let bad = try Child(
            Edge.program,
            ["check", "--distribution", path, "--origin", "mops=http://127.0.0.1:1"],
            output: output)
        #expect(bad.waitForExit(within: 60_000) == 2)
        #expect(bad.wholeLog.contains("did you mean \"maps\"?"))
    }
}
