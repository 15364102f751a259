import Testing
import WireTesting

/// A group of both origins, of which the first is given.
private func makeStand(
    _ statuses: [Int], first: String = "", hasOrigins: Bool = true,
    more: String = ""
) throws -> Stand {
    let codes = statuses.map { "\($0)" }.joined(separator: ", ")
    let group = """
        { "Id": "both", "FailoverCriteria": { "StatusCodes": {
            "Quantity": \(statuses.count), "Items": [\(codes)] } },
          "Members": { "Quantity": 2, "Items": [
            { "OriginId": "one" }, { "OriginId": "two" } ] } }
        """
    return try Stand(
        [
            Lane("group") {
                $0.target = "both"
                $0.takesWrites = true
                $0.ttl = (0, 0, 1_000)
            },
            Lane("single") {
                $0.takesWrites = true
                $0.ttl = (0, 0, 1_000)
            },
            Lane("options") {
                $0.target = "both"
                $0.cachesOptions = true
            },
        ],
        Stand.Parts(
            origin: first, groups: [group], more: more, hasOrigins: hasOrigins))
}

@Suite("CloudFront and origins that fail")
struct CloudFrontOriginTests {
    private func get(
        _ stand: Stand, _ path: String, _ method: String = "GET", body: String? = nil
    ) throws -> Response {
        var viewer = try stand.edge.viewer()
        return try viewer.exchange(
            "\(method) \(path) HTTP/1.1\r\nHost: edge.test\r\n"
                + (body.map { "Content-Length: \($0.utf8.count)\r\n\r\n\($0)" } ?? "\r\n"))
    }

    @Test("§2.5 a group fails over on its statuses, primary first each time")
    func statuses() throws {
        let stand = try makeStand([404, 500, 503])
        let first = stand.origin.room("row")
        let second = stand.second.room(named: first.name)
        let path = first.path("group/it")
        for status in [404, 500, 503] {
            first.reply(.response(status, body: "first"))
            second.reply(.ok("Cache-Control: max-age=0", body: "second \(status)"))
            let answer = try get(stand, path)
            #expect(answer.text == "second \(status)")
            #expect(answer["X-Cache"] == "Miss from cloudfront")
        }
        #expect(first.count == 3)
        #expect(second.count == 3)
        #expect(second.requests.first?["Host"] == "two.invalid")
        first.reply(.ok("Cache-Control: max-age=0", body: "first"))
        #expect(try get(stand, path).text == "first")
        #expect(second.count == 3)
    }

    @Test("§2.5 other statuses stand, and the secondary's error is final")
    func errors() throws {
        let stand = try makeStand([500])
        let first = stand.origin.room("row")
        let second = stand.second.room(named: first.name)
        first.reply(.response(502, body: "first"))
        #expect(try get(stand, first.path("group/a")).text == "first")
        first.reply(.response(500, body: "first"))
        second.reply(.response(500, body: "second"))
        let answer = try get(stand, first.path("group/b"))
        #expect(answer.status == 500)
        #expect(answer.text == "second")
        #expect(answer["X-Cache"] == "Error from cloudfront")
        #expect(second.count == 1)
    }

    @Test("§2.5 only GET, HEAD and cached OPTIONS go to the secondary")
    func methods() throws {
        let stand = try makeStand([500])
        let first = stand.origin.room("row")
        let second = stand.second.room(named: first.name)
        first.always(.response(500, ["Content-Length: 0"], body: ""))
        second.always(.response(200, ["Content-Length: 0"], body: ""))
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            #expect(try get(stand, first.path("group/a"), method).status == 500, "\(method)")
        }
        #expect(second.count == 0)
        #expect(try get(stand, first.path("group/b"), "HEAD").status == 200)
        #expect(try get(stand, first.path("options/b"), "OPTIONS").status == 200)
        #expect(second.requests.map(\.method) == ["HEAD", "OPTIONS"])
    }

    @Test("§2.5 no connection fails over where 503 is listed", arguments: [true, false])
    func refused(isListed: Bool) throws {
        let stand = try makeStand(isListed ? [503] : [502, 504])
        let first = stand.origin.room("row")
        let second = stand.second.room(named: first.name)
        second.always(.ok(body: "second"))
        stand.origin.stop()
        let answer = try get(stand, first.path("group/a"))
        #expect(answer.status == (isListed ? 200 : 502))
        #expect(second.count == (isListed ? 1 : 0))
    }

    @Test("§2.5 a response that breaks off is not gone on with from elsewhere")
    func brokenOff() throws {
        let stand = try makeStand([502, 503, 504])
        let first = stand.origin.room("row")
        let second = stand.second.room(named: first.name)
        second.always(.ok(body: "second"))
        let gate = Gate()
        defer { gate.open() }
        first.reply(
            .raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", .pass(gate), .close))
        var viewer = try stand.edge.viewer()
        try viewer.send("GET \(first.path("group/a")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(try viewer.headOnly()["Content-Length"] == "10")
        #expect(try viewer.bytes(4) == Array("half".utf8))
        gate.open()
        #expect(try viewer.isClosed())
        #expect(second.count == 0)
    }

    private static let quick =
        "\"ConnectionAttempts\": 2, \"CustomOriginConfig\": { "
        + "\"HTTPPort\": 80, \"HTTPSPort\": 443, \"OriginProtocolPolicy\": \"http-only\", "
        + "\"OriginReadTimeout\": 1 }"

    @Test("§2.3 a read time-out: as many tries as ConnectionAttempts, then 504; never for POST")
    func readTimeout() throws {
        let stand = try makeStand([504], first: Self.quick)
        let first = stand.origin.room("row")
        let second = stand.second.room(named: first.name)
        let gate = Gate()
        defer { gate.open() }
        first.always(.ok().held(by: gate))
        let answer = try get(stand, first.path("single/a"))
        #expect(answer.status == 504)
        #expect(answer["X-Cache"] == "Error from cloudfront")
        #expect(first.count == 2)
        // Stored as the origin's own error would be.
        #expect(try get(stand, first.path("single/a")).status == 504)
        #expect(first.count == 2)
        #expect(try get(stand, first.path("single/a"), "POST", body: "a").status == 504)
        #expect(first.count == 3)
        second.always(.ok(body: "second"))
        #expect(try get(stand, first.path("group/a")).text == "second")
    }

    @Test("§2.3 the whole exchange may take ResponseCompletionTimeout, retries included")
    func completion() throws {
        let stand = try makeStand(
            [404],
            first: "\"ResponseCompletionTimeout\": 1, \"CustomOriginConfig\": { \"HTTPPort\": 80, "
                + "\"HTTPSPort\": 443, \"OriginProtocolPolicy\": \"http-only\", "
                + "\"OriginReadTimeout\": 1 }")
        let first = stand.origin.room("row")
        let gate = Gate()
        defer { gate.open() }
        first.always(.ok().held(by: gate))
        #expect(try get(stand, first.path("single/a")).status == 504)
        #expect(first.count == 1)
    }

    @Test("§2.3 nobody listens: 502, Error, stored for a while")
    func nobody() throws {
        let stand = try makeStand([404], hasOrigins: false)
        for _ in 0..<2 {
            let answer = try get(stand, "/a/single/b")
            #expect(answer.status == 502)
            #expect(answer["X-Cache"] == "Error from cloudfront")
            #expect(answer.text.contains("<H1>502 ERROR</H1>"))
        }
    }

    @Test("§2.3 one 100 (Continue) is taken, a second is an error")
    func continues() throws {
        let stand = try makeStand([404])
        let first = stand.origin.room("row")
        let once = "HTTP/1.1 100 Continue\r\n\r\n"
        let rest = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        first.reply(.raw(once + rest))
        #expect(try get(stand, first.path("single/a"), "POST", body: "a").text == "ok")
        first.reply(.raw(once + once + rest))
        #expect(try get(stand, first.path("single/a"), "POST", body: "a").status == 502)
    }

    @Test("§2.2 the page for an error comes after the secondary's answer")
    func pageBehindGroup() throws {
        let stand = try makeStand(
            [500],
            more: """
                , "CustomErrorResponses": { "Quantity": 1, "Items": [
                  { "ErrorCode": 500, "ResponsePagePath": "/pages/500", "ResponseCode": "200",
                    "ErrorCachingMinTTL": 0 } ] }
                """)
        let first = stand.origin.room("row")
        let second = stand.second.room(named: first.name)
        stand.origin.room(named: "pages").always(.ok(body: "the page"))
        first.always(.response(500, body: "first"))
        second.reply(.ok("Cache-Control: max-age=0", body: "second"))
        #expect(try get(stand, first.path("group/a")).text == "second")
        second.reply(.response(500, body: "second"))
        #expect(try get(stand, first.path("group/b")).text == "the page")
    }

    @Test("a part that fails takes the whole from nobody")
    func partFails() throws {
        let stand = try makeStand([500])
        let room = stand.origin.room("row")
        let path = room.path("single/it")
        room.reply(.response(206, ["Content-Range: bytes 0-8/9"], body: "0123"))
        room.always(.ok(body: "the whole"))
        #expect(try stand.edge.get(path, "Range: bytes=0-8").status == 502)
        #expect(try stand.edge.get(path).text == "the whole")
    }
}
