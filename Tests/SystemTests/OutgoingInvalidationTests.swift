import Glibc
import Testing
import Tiles
import WireTesting

/// Where `make test` puts what tests need from PyPI.
private let repository = String(
    #filePath.dropLast("Tests/SystemTests/OutgoingInvalidationTests.swift".count))
private let python = repository + ".build/python/bin/python3"
private let stand = repository + "Tests/StandIns/AWS/groups.py"
private let hasMoto =
    (try? TemporaryDirectory().run(python, ["-c", "import moto.server"]).exit) == 0

@Suite("Writes told to the CloudFront in front", .waits)
struct OutgoingInvalidationTests {
    private let origin: Origin
    private let room: Room
    private let directory: TemporaryDirectory

    init() throws {
        origin = try Origin()
        room = origin.room("told")
        directory = try TemporaryDirectory()
    }

    private static let keys = [
        "AWS_ACCESS_KEY_ID=AKIDEXAMPLEEXAMPLE", "AWS_SECRET_ACCESS_KEY=a-secret-of-some-length",
        "AWS_EC2_METADATA_DISABLED=true",
    ]

    /// The edge behind CloudFront.
    private func edge(
        _ invalidate: String, environment: [String] = OutgoingInvalidationTests.keys
    ) throws -> Edge {
        try Edge(
            origin: origin.url, mode: "cloudfront",
            configuration: """
                name: inner
                cloudfront:
                  invalidate: { gather: 0, \(invalidate) }

                """,
            directory: directory, environment: environment)
    }

    private func map(_ layer: String) -> String {
        room.path(
            "geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=\(layer)&STYLES="
                + "&SRS=EPSG:4326&BBOX=-80,40,-70,50&WIDTH=16&HEIGHT=16&FORMAT=image/png")
    }

    private var transaction: String {
        let body = """
            <wfs:Transaction xmlns:wfs="http://www.opengis.net/wfs" service="WFS" version="1.0.0">\
            <wfs:Delete typeName="geonode:X"/></wfs:Transaction>
            """
        return lastRequest(
            room.path("geoserver/wfs"), method: "POST", ["Content-Type: text/xml"], body: body)
    }

    private func answerAll() {
        let picture = BlankTile.png(width: 16, height: 16)
        room.answers { request in
            guard request.method == "GET" else {
                return .ok(
                    "Content-Type: text/xml",
                    body: """
                        <wfs:WFS_TransactionResponse xmlns:wfs="http://www.opengis.net/wfs">\
                        <wfs:TransactionResult><wfs:Status><wfs:SUCCESS/></wfs:Status>\
                        </wfs:TransactionResult></wfs:WFS_TransactionResponse>
                        """)
            }
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nCache-Control: max-age=3600\r\n"
                + "Content-Length: \(picture.count)\r\n\r\n"
            return Reply([.send(Array(head.utf8) + picture)], status: 200)
        }
    }

    private func hasTold(_ edge: Edge, _ batches: Int) throws -> Bool {
        try eventually {
            try edge.metric("mapedge_cloudfront_invalidations_total") >= batches ? true : nil
        } == true
    }

    /// What stands for CloudFront: an edge that serves a distribution, whose origin is the other.
    private func front(_ inner: String) -> String {
        """
        distribution: { file: "\(directory.file("front.json"))", id: E2FRONTFRONTFR }
        origins: { edge: { members: ["\(inner)"] } }

        """
    }

    private let export = """
        { "CallerReference": "front", "Comment": "", "Enabled": true,
          "Origins": { "Quantity": 1, "Items": [ { "Id": "edge", "DomainName": "edge.invalid",
            "CustomOriginConfig": { "HTTPPort": 80, "HTTPSPort": 443,
              "OriginProtocolPolicy": "http-only" } } ] },
          "CacheTagConfig": { "HeaderName": "Cache-Tag" },
          "DefaultCacheBehavior": {
            "TargetOriginId": "edge", "ViewerProtocolPolicy": "allow-all",
            "AllowedMethods": { "Quantity": 7, "Items": [
              "GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE" ] },
            "MinTTL": 0, "DefaultTTL": 86400, "MaxTTL": 31536000,
            "ForwardedValues": { "QueryString": true, "Cookies": { "Forward": "none" },
              "Headers": { "Quantity": 0 }, "QueryStringCacheKeys": { "Quantity": 0 } } } }
        """

    @Test("a write through both takes away the layer's copies in front, and no others")
    func loop() throws {
        answerAll()
        let outside = try TemporaryDirectory()
        _ = try directory.write("front.json", export)
        let front = try Edge(
            origin: nil, mode: "cloudfront", configuration: front("http://127.0.0.1:9"),
            directory: outside)
        let inner = try edge(
            "distribution: E2FRONTFRONTFR, tagHeader: Cache-Tag, "
                + "endpoint: \"http://127.0.0.1:\(front.adminPort)\"")
        _ = try outside.write(
            "mapedge.yaml", self.front("http://127.0.0.1:\(inner.port)"))
        #expect(try front.admin("/reload", method: "POST").status == 200)
        #expect(try hasTold(inner, 1), "nobody knows what was told before")

        let (touched, other) = (map("geonode:X"), map("geonode:Y"))
        for target in [touched, other] {
            let tags = try front.get(target)["Cache-Tag"]
            #expect(tags?.contains("layer:geonode:") == true, "\(tags ?? "none")")
            #expect(try front.get(target)["X-Cache"] == "Hit from cloudfront")
        }
        var viewer = try front.viewer()
        #expect(try viewer.exchange(transaction).status == 200)
        #expect(try hasTold(inner, 2))
        let asked = room.count
        #expect(try front.get(touched)["X-Cache"] == "Miss from cloudfront")
        #expect(try front.get(other)["X-Cache"] == "Hit from cloudfront")
        #expect(room.count == asked + 1)
        let told = try JSON(inner.admin("/status").text)["cloudfront"]
        #expect(told?["by"]?.text == "tags" && told?["waiting"]?.number == 0)
        #expect(told?["failure"]?.text == nil)
        #expect(inner.child.line(with: "it is told that everything is stale") != nil)
    }

    @Test("what could not be sent is sent by the next process, under one reference")
    func restart() throws {
        answerAll()
        let service = try Origin()
        let api = service.room(named: "2020-05-31")
        let bodies = Monitor<[String]>([])
        let isAway = Monitor(false)
        api.answersWhole { request in
            bodies.with { $0.append(request.text) }
            if isAway.with({ $0 }) {
                return .response(503, body: "<a/>")
            }
            return .response(
                201,
                body: "<Invalidation><Id>I\(bodies.with { $0.count })</Id>"
                    + "<Status>Completed</Status></Invalidation>")
        }
        let settings = "distribution: E1, endpoint: \"\(service.url)\""
        do {
            let edge = try edge(settings)
            #expect(try hasTold(edge, 1))
            isAway.with { $0 = true }
            var viewer = try edge.viewer()
            #expect(try viewer.exchange(transaction).status == 200, "it waits for nobody")
            #expect(bodies.wait { $0.count >= 2 ? true : nil } == true)
            let status = try eventually {
                try JSON(edge.admin("/status").text)["cloudfront"]?["failure"]?.text
            }
            #expect(status?.contains("sent again under the same reference") == true)
            edge.child.signal(SIGKILL)
            _ = edge.child.waitForExit(within: 60_000)
        }
        let failed = try #require(bodies.with { $0.last })
        #expect(failed.contains("<Path>/*</Path>"))
        isAway.with { $0 = false }
        let count = bodies.with { $0.count }
        let edge = try edge(settings)
        #expect(try hasTold(edge, 1))
        #expect(bodies.with { $0[count] } == failed)
        #expect(api.requests.last?["Authorization"]?.contains("/us-east-1/cloudfront/") == true)
    }

    @Test("what is confirmed keeps its tags, and those of its origin")
    func confirmed() throws {
        room.answers { request in
            request.head["If-None-Match"] == nil
                ? .ok("Cache-Control: max-age=3600", "ETag: \"a\"", "Cache-Tag: own", body: "page")
                : .response(304, ["Cache-Control: max-age=3600", "ETag: \"a\""])
        }
        let service = try Origin()
        service.room(named: "2020-05-31").answersWhole { _ in
            .response(
                201, body: "<Invalidation><Id>I</Id><Status>Completed</Status></Invalidation>")
        }
        let edge = try edge(
            "distribution: E1, tagHeader: Cache-Tag, endpoint: \"\(service.url)\"")
        let page = room.path("story/x")
        let tags = try #require(try edge.get(page)["Cache-Tag"])
        #expect(tags.contains("page:\(room.path("story/x"))") && tags.hasSuffix(", own"), "\(tags)")
        #expect(try edge.get(page)["Cache-Tag"] == tags)
        let (exit, _) = try directory.run(
            Edge.program, ["invalidate", "--admin", "127.0.0.1:\(edge.adminPort)", "--soft", "/*"])
        #expect(exit == 0)
        let asked = room.count
        for _ in 0..<2 { #expect(try edge.get(page)["Cache-Tag"] == tags) }
        #expect(room.count == asked + 1 && room.requests.last?["If-None-Match"] != nil)
    }

    @Test("what is confirmed with tags of its origin's own is found by whatever it may show")
    func confirmedAnew() throws {
        room.answers { request in
            let fields = ["Cache-Control: max-age=3600", "ETag: \"a\"", "Cache-Tag: own"]
            return request.head["If-None-Match"] == nil
                ? .response(200, fields + ["Surrogate-Key: layer:w:a style:s"], body: "page")
                : .response(304, fields)
        }
        let service = try Origin()
        service.room(named: "2020-05-31").answersWhole { _ in
            .response(
                201, body: "<Invalidation><Id>I</Id><Status>Completed</Status></Invalidation>")
        }
        let edge = try edge(
            "distribution: E1, tagHeader: Cache-Tag, endpoint: \"\(service.url)\"")
        let page = room.path("story/x")
        let tags = try #require(try edge.get(page)["Cache-Tag"])
        #expect(tags.contains("layer:w:a") && !tags.contains("unread"), "\(tags)")
        let (exit, _) = try directory.run(
            Edge.program, ["invalidate", "--admin", "127.0.0.1:\(edge.adminPort)", "--soft", "/*"])
        #expect(exit == 0)
        // A 304 need not tell again what the page shows.
        for _ in 0..<2 {
            let next = try #require(try edge.get(page)["Cache-Tag"])
            #expect(next.contains("unread") && !next.contains("layer:w:a"), "\(next)")
            #expect(next.hasSuffix(", own"), "\(next)")
        }
        #expect(room.requests.last?["If-None-Match"] != nil)
    }

    @Test(
        "moto's CloudFront takes them, signed by a user who may do no more than is documented",
        .enabled(if: hasMoto, "make test installs moto into .build/python"))
    func moto() throws {
        answerAll()
        let child = try Child(python, [stand, "serve"])
        let line = try #require(child.line(with: "{\"url\"", within: 60_000), "\(child.log)")
        let told = try JSON(line)
        let (url, id) = (told["url"]?.text ?? "", told["distribution"]?.text ?? "")
        let environment = [
            "AWS_ACCESS_KEY_ID=\(told["key"]?.text ?? "")",
            "AWS_SECRET_ACCESS_KEY=\(told["secret"]?.text ?? "")",
            "AWS_ENDPOINT_URL_CLOUDFRONT=\(url)",
        ]
        func invalidations() throws -> String {
            let result = try directory.run(
                "/usr/bin/env",
                [
                    "ADMIN_ID=\(told["admin"]?.text ?? "")",
                    "ADMIN_SECRET=\(told["adminSecret"]?.text ?? "")", python, stand,
                    "invalidations", url,
                ])
            try #require(result.exit == 0, "\(result.output)")
            return result.output
        }
        let edge = try edge(
            "distribution: \(id), tagHeader: Cache-Tag", environment: environment)
        #expect(try hasTold(edge, 1))
        #expect(try invalidations() == "/*\n")
        var viewer = try edge.viewer()
        #expect(try viewer.exchange(transaction).status == 200)
        #expect(try hasTold(edge, 2))
        let items = try invalidations().split(separator: "\n")
        #expect(items.contains("#layer:geonode:x"), "\(items)")
        let status = try JSON(edge.admin("/status").text)["cloudfront"]
        #expect(status?["distribution"]?.text == id)

        let stranger = try Edge(
            origin: origin.url,
            configuration: "cloudfront: { invalidate: { distribution: \(id), gather: 0 } }\n",
            environment: environment + ["AWS_SECRET_ACCESS_KEY=wrong"])
        let failure = try eventually {
            try JSON(stranger.admin("/status").text)["cloudfront"]?["failure"]?.text
        }
        #expect(failure?.contains("SignatureDoesNotMatch") == true, "\(failure ?? "none")")
        #expect(stranger.child.line(with: "nothing reaches CloudFront until that is mended") != nil)
    }
}
