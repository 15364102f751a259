import Glibc
import Testing
import WireTesting

/// Source: CloudFront, "Standard log file fields", for what the words mean.
@Suite("What the access log in CloudFront's format says of results", .waits)
struct StandardLogResultTests {
    private let directory: TemporaryDirectory
    private let sections: [String]

    init() throws {
        directory = try TemporaryDirectory()
        #expect(mkdir(directory.file("logs"), 0o700) == 0)
        sections = StandardLogTests.settings(
            directory.file("logs"), ", prefix: edge, distribution: E2TEST")
    }

    private func configured(_ pool: String = "attempts: 1") throws -> Configured {
        try Configured(pool: pool, sections: sections, arguments: ["--mode", "cloudfront"])
    }

    /// Status, both result types and the detailed one.
    private func results(_ record: [String: String]) -> String {
        [
            "sc-status", "x-edge-result-type", "x-edge-response-result-type",
            "x-edge-detailed-result-type",
        ].map { record[$0] ?? "none" }.joined(separator: " ")
    }

    /// Bytes of a response as it was sent.
    private func size(_ response: Response) -> String {
        "\(response.head.raw.count + response.body.count)"
    }

    private static let failures: [(what: String, reply: Reply, logged: String)] = [
        ("a reset", .raw("", .reset), "502 Error Error OriginCommError"),
        ("an end", .raw("", .close), "502 Error Error OriginCommError"),
        (
            "half a head", .raw("HTTP/1.1 200 OK\r\nA: b\r\n", .close),
            "502 Error Error OriginCommError"
        ),
        (
            "no HTTP", .raw("SSH-2.0-OpenSSH\r\n\r\n", .close),
            "502 Error Error OriginInvalidResponseError"
        ),
        (
            "two lengths",
            .raw("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", .close),
            "502 Error Error OriginInvalidResponseError"
        ),
        (
            "a head that is too large",
            .raw("HTTP/1.1 200 OK\r\nA: \(String(repeating: "a", count: 66_000))\r\n\r\n", .close),
            "502 Error Error OriginHeaderTooBigError"
        ),
        (
            "too many fields",
            .raw(
                "HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 129) + "\r\n", .close),
            "502 Error Error OriginHeaderTooBigError"
        ),
        ("its own 404", .response(404, body: "none"), "404 Error Error Error"),
        ("its own 503", .response(503, body: "broken"), "503 Error Error Error"),
    ]

    @Test("what an origin does wrong", arguments: failures)
    func failed(_ what: String, _ reply: Reply, _ logged: String) throws {
        let test = try configured()
        let room = test.origin.room()
        room.always(reply)
        var viewer = try test.edge.viewer()
        try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        let answer = try viewer.response()
        let found = try StandardLogTests.records(directory, count: 1)
        #expect(found.map(results) == [logged], "\(what)")
        #expect(found[0]["sc-bytes"] == size(answer), "\(what)")
    }

    @Test("a body that ends early: the viewer had a Miss, and it was an Error in the end")
    func cutShort() throws {
        let test = try configured()
        let room = test.origin.room()
        let gate = Gate()
        room.always(
            .raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", .pass(gate), .close))
        var viewer = try test.edge.viewer()
        try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        let head = try viewer.headOnly()
        #expect(try viewer.bytes(3) == Array("abc".utf8))
        gate.open()
        let found = try StandardLogTests.records(directory, count: 1)
        #expect(found.map(results) == ["200 Error Miss OriginCommError"])
        #expect(found[0]["sc-bytes"] == "\(head.raw.count + 3)")
    }

    @Test("an origin that ends before it has taken the request")
    func notTaken() throws {
        let test = try configured()
        let room = test.origin.room()
        room.always(Reply.raw("", .reset).early())
        var viewer = try test.edge.viewer()
        // It reads the head, and no more than the socket holds of what the viewer goes on sending.
        try viewer.send(
            "PUT \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 100000000\r\n\r\n")
        #expect(try viewer.response().status == 502)
        viewer.close()
        let found = try StandardLogTests.records(directory, count: 1)
        #expect(found.map(results) == ["502 Error Error OriginWriteError"])
    }

    @Test("an origin that does not answer in time")
    func unanswered() throws {
        let test = try configured("firstByteTimeout: 200ms")
        let room = test.origin.room()
        let gate = Gate()
        room.always(Reply.ok().held(by: gate))
        #expect(try test.edge.get(room.path()).status == 504)
        gate.open()
        let found = try StandardLogTests.records(directory, count: 1)
        #expect(found.map(results) == ["504 Error Error OriginReadError"])
    }

    @Test("nobody listens where the origin should be")
    func refused() throws {
        let text = Configured.text(members: ["http://127.0.0.1:1"], sections: sections)
        let edge = try Edge(origin: nil, mode: "cloudfront", configuration: text)
        #expect(try edge.get("/a").status == 502)
        let found = try StandardLogTests.records(directory, count: 1)
        #expect(found.map(results) == ["502 Error Error OriginConnectError"])
    }

    @Test("what a viewer does wrong, and one that leaves before the answer")
    func viewers() throws {
        let test = try configured()
        let room = test.origin.room()
        for request in [
            "GET / HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 1\r\n\r\na",
            "BREW / HTTP/1.1\r\nHost: edge.test\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        ] {
            var viewer = try test.edge.viewer()
            try viewer.send(request)
            _ = try viewer.response()
        }
        let gate = Gate()
        defer { gate.open() }
        room.always(Reply.ok().held(by: gate))
        let viewer = try test.edge.viewer()
        try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(gate.awaitArrival())
        viewer.socket.reset()
        let found = try StandardLogTests.records(directory, count: 4)
        #expect(
            found.map(results) == [
                "403 Error Error InvalidRequest", "403 Error Error InvalidRequestMethod",
                "400 Error Error InvalidRequestHeader", "000 Error Error ClientCommError",
            ])
        #expect(found[3]["cs-uri-stem"] == room.path() && found[3]["sc-bytes"] == "0")
    }

    @Test("of those that wait for one fetch, the first is a Miss and the others are Hits")
    func collapsed() throws {
        let test = try configured()
        let room = test.origin.room()
        let gate = Gate()
        room.reply(Reply.ok("Cache-Control: max-age=60", body: "one").held(by: gate))
        room.always(.ok(body: "another"))
        let request = "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
        let leader = try test.edge.viewer()
        try leader.send(request)
        #expect(gate.awaitArrival())
        let waiters = try test.edge.crowd(3, request)
        let areThere = try eventually {
            try test.edge.metric("mapedge_collapsed_total") == 3 ? true : nil
        }
        #expect(areThere == true)
        gate.open()
        var sizes: [String] = []
        for var viewer in [leader] + waiters {
            let answer = try viewer.response()
            #expect(answer.text == "one")
            sizes.append(size(answer))
        }
        let found = try StandardLogTests.records(directory, count: 4)
        #expect(
            found.map(results).sorted() == Array(repeating: "200 Hit Hit Hit", count: 3) + [
                "200 Miss Miss Miss"
            ])
        #expect(found.compactMap { $0["sc-bytes"] }.sorted() == sizes.sorted())
        #expect(found.allSatisfy { $0["cs-uri-stem"] == room.path() })
        #expect(room.count == 1)
    }

    private func export(_ more: String, behavior: String = "") -> String {
        """
        { "CallerReference": "maps", "Comment": "", "Enabled": true,
          "Origins": { "Quantity": 1, "Items": [
            { "Id": "pages", "DomainName": "pages.invalid",
              "CustomOriginConfig": { "HTTPPort": 80, "HTTPSPort": 443,
                "OriginProtocolPolicy": "http-only" } } ] },
          \(more)
          "DefaultCacheBehavior": {
            "TargetOriginId": "pages", "ViewerProtocolPolicy": "allow-all",\(behavior)
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6" } }
        """
    }

    @Test("behind a custom page the log still says what went wrong")
    func detailOfPage() throws {
        let origin = try Origin()
        let room = origin.room()
        room.answers { request in
            request.target.hasSuffix("/sorry") ? .ok(body: "sorry") : .raw("", .reset)
        }
        let pages = [403, 502].map {
            "{ \"ErrorCode\": \($0), \"ResponsePagePath\": \"\(room.path("sorry"))\", "
                + "\"ResponseCode\": \"200\", \"ErrorCachingMinTTL\": 60 }"
        }
        let text = export(
            "\"CustomErrorResponses\": { \"Quantity\": 2, \"Items\": ["
                + pages.joined(separator: ", ") + "] },")
        let edge = try Edge(
            origin: nil, mode: "cloudfront",
            arguments: [
                "--distribution", try directory.write("dist.json", text),
                "--origin", "pages=\(origin.url)",
            ], configuration: sections.joined(separator: "\n") + "\n")
        for _ in 0..<2 {
            #expect(try edge.get(room.path("a")).text == "sorry")
            var viewer = try edge.viewer()
            try viewer.send(
                "POST \(room.path("b")) HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            #expect(try viewer.response().text == "sorry")
        }
        let found = try StandardLogTests.records(directory, count: 4)
        #expect(
            found.map(results).sorted()
                == Array(repeating: "200 Error Error InvalidRequestMethod", count: 2)
                + Array(repeating: "200 Error Error OriginCommError", count: 2))
    }

    @Test("the root is logged as it was asked for")
    func root() throws {
        let origin = try Origin()
        origin.room(named: "index.html").always(.ok(body: "home"))
        let edge = try Edge(
            origin: nil, mode: "cloudfront",
            arguments: [
                "--distribution",
                try directory.write("dist.json", export("\"DefaultRootObject\": \"index.html\",")),
                "--origin", "pages=\(origin.url)",
            ], configuration: sections.joined(separator: "\n") + "\n")
        for target in ["/", "/", "/index.html"] {
            #expect(try edge.get(target).text == "home")
        }
        let found = try StandardLogTests.records(directory, count: 3)
        #expect(found.map { $0["cs-uri-stem"] } == ["/", "/", "/index.html"])
    }

    @Test("a custom error page has the viewer's status and length, and is an Error each time")
    func errorPage() throws {
        let origin = try Origin()
        let room = origin.room()
        room.answers { request in
            request.target.hasSuffix("/sorry")
                ? .ok("Content-Type: text/html", body: "<p>sorry</p>")
                : .response(404, ["Content-Type: text/plain"], body: "no such thing as this")
        }
        let export = """
            { "CallerReference": "maps", "Comment": "", "Enabled": true,
              "Origins": { "Quantity": 1, "Items": [
                { "Id": "pages", "DomainName": "pages.invalid",
                  "CustomOriginConfig": { "HTTPPort": 80, "HTTPSPort": 443,
                    "OriginProtocolPolicy": "http-only" } } ] },
              "CustomErrorResponses": { "Quantity": 1, "Items": [
                { "ErrorCode": 404, "ResponsePagePath": "\(room.path("sorry"))",
                  "ResponseCode": "200", "ErrorCachingMinTTL": 60 } ] },
              "DefaultCacheBehavior": {
                "TargetOriginId": "pages", "ViewerProtocolPolicy": "allow-all",
                "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6" } }
            """
        let edge = try Edge(
            origin: nil, mode: "cloudfront",
            arguments: [
                "--distribution", try directory.write("dist.json", export),
                "--origin", "pages=\(origin.url)",
            ], configuration: sections.joined(separator: "\n") + "\n")
        var sizes: [String] = []
        for _ in 0..<2 {
            let answer = try edge.get(room.path("gone") + "?a=1")
            #expect(answer.status == 200 && answer.text == "<p>sorry</p>")
            sizes.append(size(answer))
        }
        #expect(room.count == 2)
        let found = try StandardLogTests.records(directory, count: 2)
        #expect(found.map(results) == Array(repeating: "200 Error Error Error", count: 2))
        #expect(found.map { $0["sc-bytes"] } == sizes)
        for record in found {
            #expect(record["cs-uri-stem"] == room.path("gone") && record["cs-uri-query"] == "a=1")
            #expect(record["sc-content-type"] == "text/html" && record["sc-content-len"] == "12")
        }
    }
}
