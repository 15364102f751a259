import HTTP
import Testing

@Suite("RFC 9112 §7.1: chunked bodies")
struct ChunkedDecoderTests {
    @Test("data, extensions and trailers are told apart, and the end is exact")
    func whole() {
        let text =
            "4\r\nWiki\r\n6;a=b;c=\"d;\"\r\npedia \r\n0\r\nX-A: 1 \r\nX-B:\r\n\r\n"
        let body = decode(text + "GET")
        #expect(body.content == "Wikipedia " && body.hasEnded)
        #expect(body.trailers == ["X-A=1", "X-B="])
        #expect(body.consumed == text.utf8.count)
    }

    @Test("sizes are hexadecimal in both cases, with leading zeros within sixteen digits")
    func sizes() {
        #expect(decode("00a\r\n0123456789\r\n0\r\n\r\n").content == "0123456789")
        #expect(decode("A\r\n0123456789\r\n0\r\n\r\n").content == "0123456789")
        #expect(decode("0000000000000005\r\nhello\r\n0000\r\n\r\n").content == "hello")
        #expect(decode("7FFFFFFFFFFFFFFF\r\nx").error == nil)
    }

    @Test("an incomplete body is neither ended nor wrong")
    func incomplete() {
        for text in [
            "", "5", "5\r\n", "5\r\nhel", "5\r\nhello\r\n", "0\r\n", "0\r\n\r", "0\r\nA: b",
        ] {
            let body = decode(text)
            #expect(!body.hasEnded && body.error == nil)
        }
    }

    @Test("after the end or an error, the decoder says the same again")
    func absorbing() {
        var decoder = ChunkedDecoder()
        let step = withSpan("0\r\n\r\nrest") { decoder.next($0) }
        #expect(step == ChunkedStep(consumed: 5, event: .end) && decoder.hasEnded)
        #expect(withSpan("rest") { decoder.next($0) } == ChunkedStep(consumed: 0, event: .end))
        #expect(withSpan("") { decoder.next($0) }.event == .end)
        var broken = ChunkedDecoder()
        #expect(withSpan("x") { broken.next($0) }.event == .malformed(.sizeMalformed))
        #expect(withSpan("5\r\n") { broken.next($0) }.event == .malformed(.sizeMalformed))
        #expect(withSpan("") { broken.next($0) }.event == .malformed(.sizeMalformed))
        #expect(!broken.hasEnded)
    }

    @Test(
        "trailer lines are field lines",
        arguments: [
            "bad\r\n", ": x\r\n", " X: y\r\n", "X : y\r\n", "X: \u{1}\r\n", "X: y\n", "X(: y\r\n",
        ])
    func trailers(_ line: String) {
        #expect(decode("0\r\n\(line)\r\n").error == .trailerMalformed)
    }

    @Test("a million one-byte chunks are read in time linear in their number")
    func manyChunks() {
        var decoder = ChunkedDecoder()
        let chunk = Array("1\r\nx\r\n".utf8)
        var bytes = 0
        for _ in 0..<1_000_000 {
            var at = 0
            while at < chunk.count {
                let step = chunk[at...].withUnsafeBytes { decoder.next($0.bytes) }
                if case .data(let range) = step.event { bytes += range.count }
                at += step.consumed
            }
        }
        #expect(bytes == 1_000_000)
    }

    @Test("extensions cannot outweigh the data for long")
    func overhead() {
        let chunk = "1;" + String(repeating: "e", count: 250) + "\r\nx\r\n"
        let body = decode(String(repeating: chunk, count: 200) + "0\r\n\r\n")
        #expect(body.error == .overheadTooLarge)
        let rich =
            "200;" + String(repeating: "e", count: 250) + "\r\n"
            + String(repeating: "x", count: 512) + "\r\n"
        #expect(decode(String(repeating: rich, count: 200) + "0\r\n\r\n").hasEnded)
    }

    @Test("the framing may be 16,384 bytes more than what is excused, and no byte longer")
    func overheadMax() {
        // Each is 128 bytes over the 18 that a chunk of one byte is excused.
        let chunk = "1;" + String(repeating: "e", count: 140) + "\r\nx\r\n"
        let most = String(repeating: chunk, count: 128)
        #expect(decode(most + "0\r\n\r\n").hasEnded)
        #expect(decode(most + "1;eeeeeeeeeeee\r\nx\r\n0\r\n\r\n").hasEnded)
        let over = decode(most + "1;eeeeeeeeeeeee\r\nx\r\n0\r\n\r\n")
        #expect(over.error == .overheadTooLarge)
    }

    @Test("a trailer line that arrives byte by byte is not read again and again")
    func slowTrailer() {
        let bytes = Array(("0\r\nX: " + String(repeating: "y", count: 8_000) + "\r\n\r\n").utf8)
        let body = decode(bytes, endingAt: 0..<bytes.count)
        #expect(body.hasEnded && body.trailers.count == 1)
    }
}
