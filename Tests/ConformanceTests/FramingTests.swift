import Testing
import WireTesting

/// The rows of the framing table, over the wire. Rows 19 to 25 that need a dialogue are in
/// `DialogueTests` and `OriginFramingTests`.
@Suite("RFC 9112: what could smuggle")
struct FramingTests {
    @Test("row 1: Content-Length together with Transfer-Encoding", arguments: lengthAndCoding)
    func row1(_ attack: Attack) throws { try run(attack) }

    @Test("row 2: more than one Content-Length", arguments: severalLengths)
    func row2(_ attack: Attack) throws { try run(attack) }

    @Test("row 3: a Content-Length that is no number", arguments: badLengths)
    func row3(_ attack: Attack) throws { try run(attack) }

    @Test("row 4: a Transfer-Encoding that is not exactly chunked", arguments: badCodings)
    func row4(_ attack: Attack) throws { try run(attack) }

    @Test("row 5: Transfer-Encoding in HTTP/1.0", arguments: codingInOldVersion)
    func row5(_ attack: Attack) throws { try run(attack) }

    @Test("row 6: a chunk size that is no number", arguments: badChunkSizes)
    func row6(_ attack: Attack) throws { try run(attack) }

    @Test("row 7: chunk extensions", arguments: badChunkExtensions)
    func row7(_ attack: Attack) throws { try run(attack) }

    @Test("row 8: chunk data without CRLF behind it", arguments: badChunkEnds)
    func row8(_ attack: Attack) throws { try run(attack) }

    @Test("row 9: trailers that are no trailers", arguments: badTrailers)
    func row9(_ attack: Attack) throws { try run(attack) }

    @Test("row 10: line ends, controls and folding", arguments: badLines)
    func row10(_ attack: Attack) throws { try run(attack) }

    @Test("row 11: white space and colons of fields", arguments: badFields)
    func row11(_ attack: Attack) throws { try run(attack) }

    @Test("row 12: field names that are no tokens", arguments: badNames)
    func row12(_ attack: Attack) throws { try run(attack) }

    @Test("row 13: request lines", arguments: badRequestLines)
    func row13(_ attack: Attack) throws { try run(attack) }

    @Test("row 14: targets", arguments: badTargets)
    func row14(_ attack: Attack) throws { try run(attack) }

    @Test("row 15: targets in absolute form", arguments: absoluteTargets)
    func row15(_ attack: Attack) throws { try run(attack) }

    @Test("row 15: the target never chooses where we connect")
    func row15Upstream() throws {
        let decoy = try Origin()
        let room = decoy.room()
        var viewer = try SharedEdge.edge().viewer()
        try viewer.send(
            "GET \(decoy.url)\(room.path()) HTTP/1.1\r\n"
                + "Host: 127.0.0.1:\(decoy.port)\r\nConnection: close\r\n\r\n")
        _ = try viewer.response()
        #expect(decoy.connectionCount == 0)
    }

    @Test("row 15: an absolute target without a path means the root")
    func row15Root() throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url)
        var viewer = try edge.viewer()
        _ = try viewer.exchange("GET http://edge.test HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(origin.strays.map(\.target) == ["/"])
        #expect(origin.strays.first?["Host"] == "edge.test")
    }

    @Test("RFC 9112 §3.2.4: OPTIONS of such a target is about the server")
    func row15Options() throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url)
        for (target, asked) in [
            ("http://edge.test", "*"), ("http://edge.test/", "/"), ("http://edge.test?x", "/?x"),
            ("*", "*"),
        ] {
            var viewer = try edge.viewer()
            _ = try viewer.exchange("OPTIONS \(target) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            #expect(origin.strays.last?.target == asked, "\(target)")
        }
    }

    @Test("row 16: methods that no proxy passes on", arguments: badMethods)
    func row16(_ attack: Attack) throws { try run(attack) }

    @Test("row 16: an unknown method passes in rfc9111 mode and is 403 in cloudfront mode")
    func row16Unknown() throws {
        let text = message("FROB {path} HTTP/1.1")
        try run(.passed("FROB", text, Attack.Meaning(method: "FROB")))
        try run(.refused("FROB", [403], text), mode: "cloudfront")
    }

    @Test("row 17: Host", arguments: badHosts)
    func row17(_ attack: Attack) throws { try run(attack) }

    @Test("row 18: Connection names what is not the connection's", arguments: badConnections)
    func row18(_ attack: Attack) throws { try run(attack) }

    @Test("row 20: expectations that we cannot meet", arguments: badExpectations)
    func row20(_ attack: Attack) throws { try run(attack) }

    @Test("row 20: in cloudfront mode an unknown expectation is taken away")
    func row20CloudFront() throws {
        let text = message("POST {path} HTTP/1.1", "Expect: x", "Content-Length: 0")
        let meaning = Attack.Meaning(method: "POST", without: ["Expect"])
        try run(.passed("Expect: x", text, meaning), mode: "cloudfront")
    }

    @Test("row 22: GET and HEAD with a body", arguments: fatGets)
    func row22(_ attack: Attack) throws { try run(attack) }

    @Test("row 22: GET with a body is 403 in cloudfront mode")
    func row22CloudFront() throws {
        let text = message("GET {path} HTTP/1.1", "Content-Length: 5", body: "hello")
        try run(.refused("GET with a length", [403], text), mode: "cloudfront")
    }
}

@Suite("RFC 9112: limits")
struct LimitTests {
    private func long(_ count: Int) -> String { String(repeating: "a", count: count) }

    @Test("a target over 8,192 bytes is 414")
    func target() throws {
        try run(.refused("8,193 bytes", [414], message("GET /\(long(8192)) HTTP/1.1")))
        try run(.refused("60,000 bytes", [414], message("GET /\(long(60_000)) HTTP/1.1")))
    }

    @Test("a head over 32,768 bytes is 431 in rfc9111 mode and 494 in cloudfront mode")
    func head() throws {
        let text = get(with: "X: \(long(40_000))")
        try run(.refused("40,000 bytes", [431], text))
        try run(.refused("40,000 bytes", [494], text), mode: "cloudfront")
    }

    @Test("more than 100 fields are 431")
    func fields() throws {
        let lines = (0..<101).map { "X-\($0): 1" }.joined(separator: "\r\n")
        try run(.refused("102 fields", [431], get(with: lines)))
        try run(
            .passed(
                "100 fields",
                get(
                    with: (0..<99).map { "X-\($0): 1" }
                        .joined(separator: "\r\n"))))
    }

    @Test("a head near the limit passes")
    func nearLimit() throws {
        try run(.passed("30,000 bytes", get(with: "X: \(long(30_000))")))
        try run(
            .passed(
                "a target of 8,000 bytes",
                message("GET {path}?\(long(8000)) HTTP/1.1")))
    }
}
