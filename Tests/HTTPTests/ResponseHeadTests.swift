import HTTP
import Testing

@Suite("RFC 9112 §4: responses")
struct ResponseHeadTests {
    @Test("a status line gives version, status and reason")
    func statusLine() {
        let parsed = parseAnswer(answer("Content-Length: 3", status: "404 Not Found"))
        #expect(parsed.isComplete && parsed.head.status == 404 && parsed.head.minorVersion == 1)
        #expect(parsed.text(parsed.head.reason) == "Not Found")
        #expect(parsed.head.length == parsed.bytes.count && parsed.head.framing == .length(3))
    }

    @Test("a reason may be absent, long, or full of junk")
    func reason() {
        #expect(parseAnswer(answer(status: "200")).head.reason.isEmpty)
        #expect(parseAnswer(answer(status: "200 ")).head.reason.isEmpty)
        let junk = String(repeating: "\u{1}\t\u{7f}\u{1b}ä: ", count: 60)
        let parsed = parseAnswer(answer("A: b", status: "500 \(junk)"))
        #expect(parsed.isComplete && parsed.text(parsed.head.reason) == junk)
        #expect(parseAnswer(answer("A: \u{1}", status: "500 x")).rejection == .controlCharacter)
    }

    @Test(
        "what is no status line is refused",
        arguments: [
            "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 099 OK", "HTTP/1.1  200 OK", "HTTP/1.1",
            "HTTP/1.1 abc OK", "http/1.1 200 OK", "HTTP/2.0 200 OK", "HTTP/1.x 200 OK", "bogus",
            "HTTP/1.1\t200 OK", "HTTP/1.1 200OK", "ICY 200 OK", "HTTP/11 200 OK", "HTTP/1.1 -20 OK",
        ])
    func malformed(_ line: String) {
        #expect(parseAnswer("\(line)\r\n\r\n").rejection == .statusLineMalformed)
    }

    @Test("no empty line may precede a status line")
    func emptyLine() {
        #expect(parseAnswer("\r\n" + answer()).rejection == .emptyLine)
    }

    @Test("1xx but 101 announce another response")
    func interim() {
        for status in [100, 102, 103, 199] {
            let head = parseAnswer(answer(status: "\(status) x")).head
            #expect(head.isInterim && head.framing == .none)
        }
        let upgraded = parseAnswer(
            answer("Connection: Upgrade", "Upgrade: websocket", status: "101 x"))
        #expect(!upgraded.head.isInterim && upgraded.head.framing == .none)
        #expect(upgraded.text(upgraded.head.upgrade) == "websocket")
        #expect(!parseAnswer(answer()).head.isInterim)
    }

    @Test(
        "RFC 9112 §6.3: how a response's body is framed",
        arguments: [
            (answer("Content-Length: 0"), .length(0)),
            (answer("Transfer-Encoding: CHUNKED"), .chunked),
            (answer(), .untilClose), (answer("Transfer-Encoding: br"), .untilClose),
            (answer(status: "204 x"), .none), (answer(status: "304 x"), .none),
            (answer("Transfer-Encoding: chunked", status: "304 x"), .none),
        ] as [(String, BodyFraming)])
    func framing(_ response: String, _ framing: BodyFraming) {
        #expect(parseAnswer(response).head.framing == framing)
    }

    @Test(
        "codings that cannot be undone are refused or end with the connection",
        arguments: [
            ("gzip, chunked", .transferEncodingUnknown),
            ("chunked, gzip", .transferEncodingMalformed),
            ("chunked, chunked", .transferEncodingMalformed),
            (",chunked", .transferEncodingMalformed),
            ("", .transferEncodingMalformed), ("a b", .transferEncodingMalformed),
        ] as [(String, HeadRejection)])
    func codings(_ value: String, _ rejection: HeadRejection) {
        #expect(parseAnswer(answer("Transfer-Encoding: \(value)")).rejection == rejection)
    }

    @Test("two Transfer-Encoding lines are refused")
    func twoCodings() {
        let response = answer("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")
        #expect(parseAnswer(response).rejection == .transferEncodingMalformed)
    }

    @Test("Connection may not make an intermediary drop what the viewer must see")
    func connection() {
        for name in ["Transfer-Encoding", "Content-Length"] {
            #expect(
                parseAnswer(answer("Connection: \(name)")).rejection == .connectionNamesEndToEnd)
        }
        for name in ["Cache-Control", "Set-Cookie", "Vary", "X-Forwarded-Host", "Via"] {
            let parsed = parseAnswer(answer("Connection: X-Hop, \(name)", "\(name): a", "X-Hop: b"))
            let isHop = [1, 2].map { parsed.head.isHopByHop($0, bytes: parsed.bytes.span.bytes) }
            #expect(parsed.isComplete && isHop == [false, true], "\(name)")
        }
    }

    @Test("a folded line is refused, as RFC 9112 §5.2 allows")
    func folded() {
        #expect(parseAnswer(answer("A: b", " c")).rejection == .foldedLine)
    }

    @Test("a head is reused without a trace of the one before")
    func reuse() {
        var head = parseAnswer(
            answer("Transfer-Encoding: gzip", "Connection: upgrade", "Upgrade: x")
        ).head
        var scan = HeadScan()
        Array(answer("Content-Length: 1").utf8).withUnsafeBytes {
            let result = parseResponse(
                $0.bytes, &scan, limits: .response, toHead: false, into: &head)
            #expect(result == .complete)
        }
        #expect(!head.hasUnknownCoding && head.keepsAlive && head.upgrade.isEmpty)
        #expect(head.contentLength == 1 && head.fields.count == 1)
    }
}
