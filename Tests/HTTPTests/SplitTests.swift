import HTTP
import Testing

@Suite("Heads and bodies that arrive in pieces")
struct SplitTests {
    @Test("a request head cut anywhere means what it means whole", arguments: SampleHeads.requests)
    func request(_ text: String) {
        let bytes = Array(text.utf8)
        let whole = parse(bytes)
        expectSame(parse(bytes, endingAt: 0..<bytes.count), whole)
        for cut in 0..<bytes.count { expectSame(parse(bytes, endingAt: [cut]), whole) }
    }

    @Test(
        "a response head cut anywhere means what it means whole", arguments: SampleHeads.responses)
    func response(_ text: String) {
        let bytes = Array(text.utf8)
        let whole = parseAnswer(bytes)
        for ends in [Array(0..<bytes.count)] + bytes.indices.map({ [$0] }) {
            let pieces = parseAnswer(bytes, endingAt: ends)
            #expect(pieces.result == whole.result)
            if whole.isComplete {
                #expect(pieces.head.length == whole.head.length)
                #expect(pieces.head.status == whole.head.status)
                #expect(pieces.head.framing == whole.head.framing)
            }
        }
    }

    @Test("limits hold wherever the head is cut")
    func limits() {
        let limits = HeadLimits(targetBytes: 10, headBytes: 60, fieldCount: 2)
        let heads = [
            get(target: "/123456789"), get(target: "/1234567890"),
            get(target: "/" + String(repeating: "x", count: 90)), get("A: b"), get("A: b", "C: d"),
            get("A: 1234567890"), get("A: 12345678901"), get("A: 123456789012"),
            String(repeating: "G", count: 90),
        ]
        for bytes in heads.map({ Array($0.utf8) }) {
            let whole = parse(bytes, limits: limits)
            for cut in 0..<bytes.count {
                expectSame(parse(bytes, endingAt: [cut], limits: limits), whole)
            }
            expectSame(parse(bytes, endingAt: 0..<bytes.count, limits: limits), whole)
        }
    }

    @Test(
        "what no head may contain is refused before the head is complete",
        arguments: [
            ("GET / HTTP/1.1\n", .bareLineFeed), ("\u{16}", .controlCharacter),
            ("GET / HTTP/1.1\r\nA\r ", .bareCarriageReturn), ("GET /\r\n", .versionUnsupported),
            ("GET / HTTP/1.1\r\nX: \u{0}", .controlCharacter), ("\r\n\r\n", .emptyLine),
            ("GET / HTTP/3.0\r\n", .versionUnsupported),
            ("CONNECT a:1 HTTP/1.1\r\n", .methodNotAllowed),
        ] as [(String, HeadRejection)])
    func early(_ start: String, _ rejection: HeadRejection) {
        #expect(parse(start).rejection == rejection)
    }

    @Test(
        "a chunked body cut anywhere means what it means whole",
        arguments: [
            "5\r\nhello\r\n0\r\n\r\n", "5;x=\"y;\\\"\"\r\nhello\r\n0\r\nX-A: b\r\nC:\r\n\r\nGET /",
            "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n", "0\r\n\r\n", "000\r\n\r\n", "5\r\nhello",
            "5\r\nhelloX", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\nbad trailer\r\n\r\n", "x",
            "0\r\nA: b\nC: d\r\n\r\n", "0\r\n: b\r\n\r\n", "0\r\nA: \u{1}\r\n\r\n",
            "5\r\nhello\r\n0\r\n\rX",
        ])
    func chunked(_ text: String) {
        let bytes = Array(text.utf8)
        let whole = decode(bytes, endingAt: [])
        #expect(decode(bytes, endingAt: 0..<bytes.count) == whole)
        for cut in 0..<bytes.count { #expect(decode(bytes, endingAt: [cut]) == whole) }
    }

    private func expectSame(_ pieces: ParsedRequest, _ whole: ParsedRequest) {
        #expect(pieces.result == whole.result)
        guard whole.isComplete else { return }
        #expect(pieces.head.length == whole.head.length)
        #expect(pieces.fields == whole.fields)
        #expect(pieces.text(pieces.head.target) == whole.text(whole.head.target))
        #expect(pieces.text(pieces.head.authority) == whole.text(whole.head.authority))
        #expect(pieces.head.framing == whole.head.framing)
        #expect(pieces.head.keepsAlive == whole.head.keepsAlive)
    }
}
