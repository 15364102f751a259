import HTTP
import Testing

@Suite("Limits of a head")
struct LimitTests {
    @Test("row 34: a target of 8,192 bytes passes, of 8,193 is 414")
    func target() {
        let most = "/" + String(repeating: "x", count: 8_191)
        #expect(parse(get(target: most)).isComplete)
        #expect(parse(get(target: most + "x")).rejection?.status == 414)
        #expect(parse("GET " + most + String(repeating: "x", count: 100)).rejection?.status == 414)
    }

    @Test("row 34: a head of 32,768 bytes passes, of 32,769 is 431")
    func head() {
        let most = 32_768 - get("X: ").utf8.count
        let fitting = parse(get("X: " + String(repeating: "x", count: most)))
        #expect(fitting.isComplete && fitting.head.length == 32_768)
        let larger = parse(get("X: " + String(repeating: "x", count: most + 1)))
        #expect(larger.rejection == .headTooLarge && larger.rejection?.status == 431)
    }

    @Test("row 34: 100 field lines pass, 101 are 431")
    func fields() {
        let lines = { (count: Int) in
            "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: count) + "\r\n"
        }
        #expect(parse(lines(99)).head.fields.count == 100)
        #expect(parse(lines(100)).rejection?.status == 431)
    }

    @Test("a field name of 256 bytes passes, a longer one does not")
    func name() {
        let most = String(repeating: "n", count: 256)
        #expect(parse(get("\(most): x")).isComplete)
        #expect(parse(get("\(most)n: x")).rejection == .fieldNameTooLong)
        let overflow = "Content-Length0" + String(repeating: "a", count: 255)
        #expect(parse(get("\(overflow):", "Content-Length: 31")).rejection == .fieldNameTooLong)
    }

    @Test("an endless X-Forwarded-For is refused once it passes the limit")
    func forwarded() {
        let hops = String(repeating: "10.0.0.1, ", count: 50_000)
        #expect(parse(get("X-Forwarded-For: \(hops)")).rejection?.status == 431)
    }

    @Test("a response head may take 65,535 bytes and 128 lines")
    func response() {
        let most = 65_535 - answer("X: ").utf8.count
        let fitting = answer("X: " + String(repeating: "x", count: most))
        #expect(parseAnswer(fitting).head.length == 65_535)
        let larger = answer("X: " + String(repeating: "x", count: most + 1))
        #expect(parseAnswer(larger).rejection == .headTooLarge)
        let lines = { (count: Int) in
            "HTTP/1.1 200 OK\r\n" + String(repeating: "X: y\r\n", count: count) + "\r\n"
        }
        #expect(parseAnswer(lines(128)).head.fields.count == 128)
        #expect(parseAnswer(lines(129)).rejection == .tooManyFields)
    }

    @Test("limits beyond what a table and its offsets can hold mean no more than that")
    func reachable() {
        let limits = HeadLimits(targetBytes: 1 << 20, headBytes: 1 << 20, fieldCount: 1_000)
        let frame = get("X: ").utf8.count
        let value = String(repeating: "x", count: 65_535 - frame)
        let most = parse(get("X: \(value)"), limits: limits)
        #expect(most.isComplete && most.text(most.head.fields[1].value) == value)
        #expect(parse(get("X: \(value)x"), limits: limits).rejection == .headTooLarge)
        let path = "/" + String(repeating: "x", count: 70_000)
        #expect(parse(get(target: path), limits: limits).rejection == .headTooLarge)
        let lines = String(repeating: "X: y\r\n", count: 128)
        let request = "GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n"
        #expect(parse(request, limits: limits).rejection == .tooManyFields)
        let none = HeadLimits(targetBytes: -1, headBytes: -1, fieldCount: -1)
        #expect(parse(get(), limits: none).rejection == .headTooLarge)
    }

    @Test("a head that arrives byte by byte costs no more than twice its length")
    func linear() {
        // Quadratic work would be 500 million steps here; the test would be seen to hang.
        let head = Array(get("X: " + String(repeating: "x", count: 32_000)).utf8)
        #expect(parse(head, endingAt: 0..<head.count).isComplete)
    }

    @Test("what a connection keeps between two pieces is small")
    func sizes() {
        #expect(MemoryLayout<HeadScan>.stride == 16)
        #expect(MemoryLayout<ChunkedDecoder>.stride <= 80)
        #expect(MemoryLayout<RequestHead>.stride <= 144)
    }

    @Test("each rejection has its own words, and a status that a viewer can be told")
    func words() {
        let all = HeadRejection.allCases
        #expect(Set(all.map { $0.reason.description }).count == all.count)
        #expect(Set(all.map { $0.counterName.description }).count == all.count)
        for rejection in all {
            #expect([400, 405, 414, 417, 431, 501, 502, 505].contains(rejection.status))
            #expect(!rejection.reason.description.hasSuffix("."))
        }
        let chunks = ChunkError.allCases
        #expect(Set(chunks.map { $0.reason.description }).count == chunks.count)
        #expect(Set(chunks.map { $0.counterName.description }).count == chunks.count)
    }
}
