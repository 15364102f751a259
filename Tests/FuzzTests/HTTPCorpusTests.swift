import Foundation
import HTTP
import Testing

// Foundation reads the corpus directories; nothing below it can.
@Suite("Corpus: heads and chunked bodies")
struct HTTPCorpusTests {
    static let heads = corpus("head")
    static let bodies = corpus("chunked")

    @Test("the corpora are there")
    func present() {
        #expect(Self.heads.count >= 20 && Self.bodies.count >= 20)
    }

    @Test("as a request, whole and byte by byte, a file means the same", arguments: heads)
    func request(_ file: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: file))
        var whole = RequestHead()
        let result = parseRequest(bytes, [bytes.count], &whole)
        var pieces = RequestHead()
        #expect(parseRequest(bytes, Array(0...bytes.count), &pieces) == result)
        guard result == .complete else { return }
        #expect(whole.length <= bytes.count && whole.length == pieces.length)
        #expect(whole.target == pieces.target && whole.framing == pieces.framing)
        for index in 0..<whole.fields.count {
            #expect(whole.fields[index].value.end <= whole.length)
            #expect(whole.fields[index].value == pieces.fields[index].value)
        }
    }

    private func parseRequest(
        _ bytes: [UInt8], _ ends: [Int], _ head: inout RequestHead
    ) -> HeadResult {
        var scan = HeadScan()
        for end in ends {
            let result = HTTP.parseRequest(
                bytes.span.bytes.extracting(0..<end), &scan, limits: .request, into: &head)
            if result != .needMore { return result }
        }
        return .needMore
    }

    @Test("as a response, whole and byte by byte, a file means the same", arguments: heads)
    func response(_ file: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: file))
        for toHead in [false, true] {
            var whole = ResponseHead()
            let result = parseResponse(bytes, [bytes.count], toHead, &whole)
            var pieces = ResponseHead()
            #expect(parseResponse(bytes, Array(0...bytes.count), toHead, &pieces) == result)
            guard result == .complete else { continue }
            #expect(whole.length <= bytes.count && whole.length == pieces.length)
            #expect(whole.status == pieces.status && whole.framing == pieces.framing)
        }
    }

    private func parseResponse(
        _ bytes: [UInt8], _ ends: [Int], _ toHead: Bool, _ head: inout ResponseHead
    ) -> HeadResult {
        var scan = HeadScan()
        for end in ends {
            let result = HTTP.parseResponse(
                bytes.span.bytes.extracting(0..<end), &scan, limits: .response, toHead: toHead,
                into: &head)
            if result != .needMore { return result }
        }
        return .needMore
    }

    @Test("as a chunked body, whole and byte by byte, a file means the same", arguments: bodies)
    func body(_ file: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: file))
        let whole = decode(bytes, pieceBytes: max(bytes.count, 1))
        #expect(decode(bytes, pieceBytes: 1) == whole)
        #expect(decode(bytes, pieceBytes: 3) == whole)
    }

    /// The content and what the decoding ended with.
    private func decode(_ bytes: [UInt8], pieceBytes: Int) -> [String] {
        var decoder = ChunkedDecoder()
        var content: [UInt8] = []
        var consumed = 0
        var end = 0
        while end < bytes.count {
            end = min(end + pieceBytes, bytes.count)
            var step = ChunkedStep(consumed: 0, event: .end)
            repeat {
                let input = bytes[consumed..<end]
                step = decoder.next(input.span.bytes)
                #expect(step.consumed <= input.count)
                if case .data(let range) = step.event {
                    content += input[(consumed + range.lowerBound)..<(consumed + range.upperBound)]
                }
                consumed += step.consumed
                if case .malformed(let error) = step.event { return ["\(content)", "\(error)"] }
                if step.event == .end { return ["\(content)", "end at \(consumed)"] }
            } while step.event != .needMore
        }
        return ["\(content)", "unfinished"]
    }
}
