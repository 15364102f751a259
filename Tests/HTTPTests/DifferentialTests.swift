import HTTP
import Testing

/// Numbers from a seed, the same on every machine (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

@Suite("The parser against a slow and obvious one")
struct DifferentialTests {
    @Test("both accept the same heads and read the same out of them", arguments: 1...20)
    func agree(_ seed: UInt64) {
        var random = SeededGenerator(state: seed)
        for _ in 0..<150 {
            let bytes = Self.mutated(&random)
            let parsed = parse(bytes)
            let reference = ReferenceRequest(bytes)
            #expect(
                parsed.isComplete == (reference != nil),
                "\(String(reflecting: String(decoding: bytes, as: UTF8.self)))")
            if let reference, parsed.isComplete { expectSame(parsed, reference) }
            let pieces = parse(bytes, endingAt: [Int.random(in: 0...bytes.count, using: &random)])
            #expect(pieces.result == parsed.result)
        }
    }

    private func expectSame(_ parsed: ParsedRequest, _ reference: ReferenceRequest) {
        let head = parsed.head
        #expect(head.length == reference.length)
        #expect(parsed.latin1(head.methodName) == reference.method)
        #expect(parsed.latin1(head.target) == reference.target)
        #expect(parsed.latin1(head.path) == reference.path)
        #expect((head.hasQuery ? parsed.latin1(head.query) : nil) == reference.query)
        #expect(parsed.latin1(head.authority) == reference.authority)
        #expect(head.keepsAlive == reference.keepsAlive)
        let fields = (0..<head.fields.count).map {
            "\(parsed.latin1(head.fields[$0].name))=\(parsed.latin1(head.fields[$0].value))"
        }
        #expect(fields == reference.fields)
        let body =
            switch head.framing {
            case .none: "none"
            case .length(let count): "\(count)"
            case .chunked: "chunked"
            case .untilClose: "until close"
            }
        #expect(body == reference.body)
    }

    /// What is put where a byte was, or between two: bytes that mean something to some parser.
    static let pieces: [[UInt8]] =
        [[13], [10], [13, 10], [0], [9], [32], [58], [44], [127], [128], [255], [13, 10, 32]]
        + [
            "/", "?", "#", "%", "%2e", "..", "/../", "%00", ";", "[", "]", "::", "\\", "*", "@",
            "\"",
            "HTTP/1.1", "HTTP/1.0", "0", "9", "A", "chunked", "close", "keep-alive", "%c0%ae", ",",
            "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Host: b\r\n",
            "http://a.example",
            "Connection: x, close\r\n", "Expect: 100-continue\r\n", ":80", "x\u{b}", " \r\n",
        ].map { Array($0.utf8) }

    /// A sample head with a few random changes.
    static func mutated(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes = Array(SampleHeads.requests.randomElement(using: &random)!.utf8)
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let at = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes.insert(contentsOf: pieces.randomElement(using: &random)!, at: at)
            case 1 where at < bytes.count: bytes.remove(at: at)
            case 2 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &random)
            default:
                let end = Int.random(in: at...bytes.count, using: &random)
                bytes.insert(contentsOf: Array(bytes[at..<end]), at: at)
            }
        }
        return bytes
    }
}

extension ParsedRequest {
    /// Each byte as one character, as the reference reads them.
    func latin1(_ slice: ByteSlice) -> String {
        String(String.UnicodeScalarView(bytes[slice.range].map { Unicode.Scalar($0) }))
    }
}
