import HTTP
import Testing

@testable import Edge

@Suite("Bodies on their way: decoded, counted, framed anew")
struct IntakeTests {
    private func take(_ intake: inout RequestIntake, _ text: String) -> Int {
        Array(text.utf8).withUnsafeBytes { intake.take($0) }
    }

    private func pending(_ intake: RequestIntake) -> String {
        intake.withPending { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `a length is counted, and what follows is not the body's`() {
        var intake = RequestIntake(.length(5))
        var taken = take(&intake, "hel")
        #expect(taken == 3)
        #expect(!intake.isComplete)
        taken = take(&intake, "loGET")
        #expect(taken == 2)
        #expect(intake.isComplete)
        #expect(pending(intake) == "hello")
        #expect(intake.received == 5)
    }

    @Test(arguments: Array(1..<27)) func `chunks cut anywhere are the same chunks`(cut: Int) {
        let text = "5\r\nhello\r\n0\r\nX-A: b\r\n\r\n"
        let bytes = Array(text.utf8)
        var intake = RequestIntake(.chunked)
        var kept: [UInt8] = []
        for part in [bytes.prefix(cut), bytes.dropFirst(cut)] {
            kept += part
            let taken = kept.withUnsafeBytes { intake.take($0) }
            kept.removeFirst(taken)
        }
        #expect(intake.isComplete && kept.isEmpty)
        #expect(intake.received == 5)
        #expect(pending(intake).hasSuffix("0\r\nX-A: b\r\n\r\n"))
        #expect(!intake.isMalformed)
    }

    @Test func `a broken chunk is malformed, and nothing after it is taken for good`() {
        var intake = RequestIntake(.chunked)
        _ = take(&intake, "zz\r\nhello\r\n0\r\n\r\n")
        #expect(intake.isMalformed)
        #expect(!intake.isComplete)
    }

    @Test func `what the origin took is gone, and the window opens again`() {
        var intake = RequestIntake(.length(200_000))
        let piece = [UInt8](repeating: 1, count: 65_536)
        let taken = piece.withUnsafeBytes { intake.take($0) }
        #expect(taken == 65_536)
        #expect(intake.isFull)
        intake.sentToOrigin(65_000)
        #expect(!intake.isFull && intake.hasLeft && intake.hasBytes)
        intake.sentToOrigin(536)
        #expect(!intake.hasBytes)
    }

    @Test(
        "what is sent is held for another member up to the window, and not beyond",
        arguments: [(65_536, true), (65_537, false)])
    func rewind(length: Int, isHeld: Bool) {
        var intake = RequestIntake(.length(UInt64(length)))
        let piece = [UInt8](repeating: 1, count: length)
        var at = 0
        while at < length {
            at += piece[at...].withUnsafeBytes { intake.take($0) }
            intake.sentToOrigin(intake.withPending { $0.count })
        }
        #expect(intake.isComplete && !intake.hasBytes && intake.isGone == !isHeld)
        intake.rewind()
        #expect(intake.withPending { $0.count } == (isHeld ? length : 0))
    }

    @Test func `a response ends at its length, its last chunk or the connection's end`() {
        var plain = ResponseIntake()
        plain.begin(.length(4))
        #expect(plain.expected == 4)
        var own = plain.took(3)
        #expect(own == 3)
        #expect(!plain.isComplete)
        own = plain.took(9)
        #expect(own == 1, "surplus is nobody's")
        #expect(plain.isComplete)
        var open = ResponseIntake()
        open.begin(.untilClose)
        own = open.took(9)
        #expect(own == 9)
        #expect(!open.isComplete)
        let isWhole = open.endOfStream()
        #expect(isWhole)
        var cut = ResponseIntake()
        cut.begin(.length(4))
        let isCutWhole = cut.endOfStream()
        #expect(!isCutWhole)
        var none = ResponseIntake()
        none.begin(.none)
        own = none.took(5)
        #expect(none.isComplete && own == 0)
    }

    @Test func `a chunked response yields its data and the trailers worth passing on`() {
        var intake = ResponseIntake()
        intake.begin(.chunked)
        let bytes = Array("3\r\nabc\r\n2\r\nde\r\n0\r\nETag: \"x\"\r\nHost: evil\r\n\r\n".utf8)
        var data: [UInt8] = []
        bytes.withUnsafeBytes { input in
            var consumed = 0
            while let range = intake.next(input, consumed: &consumed) { data += input[range] }
            #expect(consumed == input.count)
        }
        #expect(data == Array("abcde".utf8))
        #expect(intake.isComplete)
        #expect(intake.trailers == Array("ETag: \"x\"\r\n".utf8))
    }
}
