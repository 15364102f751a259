import Testing
import WireTesting

private let lifetimeStand = Result { try Stand.shared(lifetimeLanes) }
private let cachingStand = Result { try Stand.shared(cachingLanes) }
private let errorStand = Result { try Stand.shared(errorLanes, errorTimes) }
private let pageStand = Result { try Stand.shared(pageLanes, pageParts) }
private let forwardingStand = Result {
    try Stand.shared(
        forwardingLanes,
        Stand.Parts(
            second: """
                "CustomHeaders": { "Quantity": 2, "Items": [
                  { "HeaderName": "X-Secret", "HeaderValue": "ours" },
                  { "HeaderName": "User-Agent", "HeaderValue": "edge" } ] }
                """))
}
private let keyStand = Result { try Stand.shared(keyLanes) }
private let contentStand = Result { try Stand.shared(contentLanes) }
private let answerStand = Result { try Stand.shared(answerLanes) }

@Suite("CloudFront over the wire, row by row")
struct CloudFrontRowTests {
    @Test("how long a response is fresh", arguments: lifetimeRows + overriddenRows)
    func lifetimes(_ row: Row) throws { try play(row, on: lifetimeStand.get()) }

    @Test("what is not to be reused", arguments: disabledRows + restrictedRows)
    func restrictions(_ row: Row) throws { try play(row, on: lifetimeStand.get()) }

    @Test("what is stored", arguments: storableRows + statusRows)
    func storable(_ row: Row) throws { try play(row, on: cachingStand.get()) }

    @Test("what is confirmed, and served stale", arguments: confirmationRows + staleRows)
    func confirmed(_ row: Row) throws { try play(row, on: cachingStand.get()) }

    @Test("which errors are stored", arguments: errorRows)
    func errors(_ row: Row) throws { try play(row, on: errorStand.get()) }

    @Test("what the origin gets", arguments: tabledFieldRows + forwardedFieldRows)
    func forwarded(_ row: Row) throws { try play(row, on: forwardingStand.get()) }

    @Test("what viewers get", arguments: responseFieldRows)
    func passed(_ row: Row) throws { try play(row, on: forwardingStand.get()) }

    @Test("§5.4 the last fields, in their order; Via names the edge by 32 digits, to both sides")
    func lastFields() throws {
        let stand = try forwardingStand.get()
        let room = stand.origin.room("row")
        room.always(.ok("Cache-Control: max-age=60", "Server: nginx"))
        let path = room.path("policies/last")
        let last = ["X-Cache", "Via", "X-Amz-Cf-Pop", "X-Amz-Cf-Id"]
        let miss = try stand.edge.get(path)
        #expect(miss.head.fields.suffix(4).map(\.name) == last)
        let hit = try stand.edge.get(path)
        #expect(hit.head.fields.suffix(5).map(\.name) == last + ["Age"])
        let form = /1\.1 [0-9a-f]{32}\.cloudfront\.net \(CloudFront\)/
        for via in [miss["Via"], hit["Via"], room.requests.first?["Via"]] {
            #expect(try form.wholeMatch(in: via ?? "") != nil, "\(via ?? "none")")
        }
    }

    @Test("§5.2 an origin's custom headers replace the viewer's, and what the edge writes")
    func customHeaders() throws {
        let stand = try forwardingStand.get()
        let room = stand.second.room("row")
        room.always(.ok())
        _ = try stand.edge.get(room.path("custom/it"), "X-Secret: theirs", "User-Agent: curl/8")
        let asked = try #require(room.requests.first)
        #expect(asked.head.values("X-Secret") == ["ours"])
        #expect(asked.head.values("User-Agent") == ["edge"])
        #expect(asked["Host"] == "two.invalid")
    }

    @Test("what is in the key", arguments: keyRows)
    func keys(_ row: Row) throws { try play(row, on: keyStand.get()) }

    @Test("what becomes of Accept-Encoding", arguments: codingRows)
    func codings(_ row: Row) throws { try play(row, on: keyStand.get()) }

    @Test("what is compressed", arguments: compressionRows)
    func compression(_ row: Row) throws { try play(row, on: contentStand.get()) }

    @Test(
        "§5.5 up to 10,000,000 bytes are compressed",
        arguments: [(10_000_000, true), (10_000_001, false)])
    func largest(count: Int, isCompressed: Bool) throws {
        let stand = try contentStand.get()
        let room = stand.origin.room("row")
        room.always(.pattern(count, "Content-Type: text/plain"))
        var viewer = try stand.edge.viewer()
        try viewer.send(
            "GET \(room.path("gzip/it")) HTTP/1.1\r\nHost: edge.test\r\n"
                + "Accept-Encoding: gzip\r\n\r\n")
        let head = try viewer.headOnly()
        #expect(head["Content-Encoding"] == (isCompressed ? "gzip" : nil))
    }

    @Test(
        "§1.3 a body that breaks off is passed on as far as it came, and not stored",
        arguments: [
            ("Content-Length: 10", "half"), ("Transfer-Encoding: chunked", "4\r\nhalf\r\n"),
        ])
    func truncated(field: String, body: String) throws {
        let stand = try cachingStand.get()
        let room = stand.origin.room("row")
        let path = room.path("plain/it")
        let gate = Gate()
        defer { gate.open() }
        room.reply(.raw("HTTP/1.1 200 OK\r\n\(field)\r\n\r\n\(body)", .pass(gate), .close))
        var viewer = try stand.edge.viewer()
        try viewer.send("GET \(path) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(try viewer.headOnly()["X-Cache"] == "Miss from cloudfront")
        #expect(try viewer.bytes(body.utf8.count) == Array(body.utf8))
        gate.open()
        #expect(try viewer.isClosed())
        room.always(.ok(body: "whole"))
        let answer = try stand.edge.get(path)
        #expect(answer["X-Cache"] == "Miss from cloudfront")
        #expect(answer.text == "whole")
    }

    @Test("§1.3 so is one that breaks off at once")
    func brokenOff() throws {
        let stand = try cachingStand.get()
        let room = stand.origin.room("row")
        let path = room.path("plain/it")
        room.reply(.raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", .close))
        let first = try stand.edge.get(path)
        #expect(first.status == 200 && first.isCut)
        #expect(first.text == "half")
        room.always(.ok(body: "whole"))
        #expect(try stand.edge.get(path).text == "whole")
    }

    @Test("§1.3 what a viewer left before its end is not stored")
    func abandoned() throws {
        let stand = try cachingStand.get()
        let room = stand.origin.room("row")
        let path = room.path("plain/it")
        let gate = Gate()
        defer { gate.open() }
        room.reply(
            .raw(
                "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst", .pass(gate),
                .send(Array("after".utf8))))
        var viewer = try stand.edge.viewer()
        try viewer.send("GET \(path) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(try viewer.headOnly()["Content-Length"] == "10")
        let before = try stand.edge.metric("mapedge_viewer_aborts_total")
        viewer.socket.reset()
        let hasLeft = try eventually {
            try stand.edge.metric("mapedge_viewer_aborts_total") > before ? true : nil
        }
        #expect(hasLeft == true)
        gate.open()
        room.always(.ok(body: "whole"))
        let answer = try stand.edge.get(path)
        #expect(answer["X-Cache"] == "Miss from cloudfront")
        #expect(answer.text == "whole")
    }

    @Test("parts of a response", arguments: rangeRows)
    func ranges(_ row: Row) throws { try play(row, on: contentStand.get()) }

    @Test("what response headers policies do", arguments: answerRows)
    func answers(_ row: Row) throws { try play(row, on: answerStand.get()) }
}

@Suite("CloudFront's error pages over the wire")
struct CloudFrontPageTests {
    init() throws {
        let pages = try pageStand.get().origin.room(named: "pages")
        pages.answers { request in
            switch request.target {
            case "/pages/well":
                let body = request.method == "HEAD" ? "" : "the page"
                return .response(
                    200, ["X-Page: yes", "Cache-Control: max-age=0", "Content-Length: 8"],
                    body: body)
            case "/pages/broken": return .response(500, body: "no page either")
            default: return .response(404, body: "no page")
            }
        }
    }

    @Test("what stands in for errors", arguments: shownRows + pageRows)
    func pages(_ row: Row) throws { try play(row, on: pageStand.get()) }
}
