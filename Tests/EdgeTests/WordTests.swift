import Caching
import Foundation
import HTTP
import Reactor
import Testing

@testable import Edge

@Suite("What is read out of requests and written about them")
struct RequestWordTests {
    private func bytes<R>(_ text: String, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        Array(text.utf8).withUnsafeBytes(body)
    }

    @Test(arguments: [
        ("sessionid=1", true), ("a=1; sessionid=2", true), ("a=sessionid", false),
        ("xsessionid=1", false), ("SESSIONID=1", false), ("sessionid", true), ("", false),
        ("a=1;JSESSIONID=3", true), ("a=b;\tsessionid=1", true), ("a=b sessionid=1", true),
        ("a=1,JSESSIONID=3", true), ("JSESSIONID =3", true), ("a=b, xsessionid=1", false),
    ])
    func `session cookies are found by their whole name`(cookie: String, isSession: Bool) {
        let names = "sessionid\0JSESSIONID\0"
        #expect(
            bytes(names) { names in
                bytes(cookie) { SessionCookies.match(names.bytes, $0.bytes) }
            } == isSession
        )
    }

    @Test(arguments: [
        ("access_token=1", true), ("a=b&ACCESS_TOKEN=1", true), ("authkey=x&z=1", true),
        ("jsessionid=1", true), ("xaccess_token=1", false), ("access_tokens=1", false),
        ("layers=access_token", false), ("access_token", false),
    ])
    func `credentials in a query are found by name, in any case`(query: String, has: Bool) {
        #expect(bytes(query) { Credentials.areIn($0) } == has)
    }

    @Test(arguments: [
        ("gzip", true), ("br, gzip", true), ("GZIP;q=0.5", true), ("gzip;q=0", false),
        ("gzip; q=0.000", false), ("br", false), ("x-gzip", false), ("gzip;q=0.001", true),
        ("identity, gzip ", true), ("", false),
    ])
    func `gzip is accepted where it is named and not refused`(value: String, accepts: Bool) {
        #expect(bytes(value) { unsafe GzipOffer.accepts($0.bytes) } == accepts)
    }

    @Test func `a log line is JSON, without credentials and control bytes`() {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 16_384, alignment: 16)
        defer { memory.deallocate() }
        var line = LineWriter(memory, at: 1_700_000_000_042)
        line.address(.loopback(port: 9))
        bytes("a\"b\\c\n\u{7f}é") { line.member(",\"cs-uri-stem\":\"", $0) }
        bytes("layers=x&access_token=geheim&Key=1&b=2;pwd=1;c") { line.query($0) }
        line.outcome(Outcome(), seconds: 1_002_003_000)
        line.end()
        let text = String(decoding: line.bytes, as: UTF8.self)
        #expect(text.hasPrefix("{\"time\":1700000000.042,\"c-ip\":\"127.0.0.1\""))
        #expect(text.contains(#""cs-uri-stem":"a\u0022b\u005cc\u000a\u007f\u00c3\u00a9""#))
        #expect(text.contains(#""cs-uri-query":"layers=x&access_token=-&Key=-&b=2;pwd=-;c""#))
        #expect(text.contains(#""time-taken":1.002003"#))
        #expect(text.hasSuffix("}\n"))
    }

    @Test(arguments: [nil, ""])
    func `a query without content is told from none`(query: String?) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 16_384, alignment: 16)
        defer { memory.deallocate() }
        var line = LineWriter(memory, at: 1_700_000_000_042)
        line.address(.loopback(port: 9))
        if let query { bytes(query) { line.query($0) } } else { line.query(nil) }
        line.end()
        let text = String(decoding: line.bytes, as: UTF8.self)
        #expect(text.contains(#""cs-uri-query":"""#) == (query != nil), "\(text)")
    }

    @Test(arguments: [
        ("h", "&"), ("\"", "&"), ("\u{1}", "\""), ("h", "key=1&"), ("\"", "a=\"&"), ("\"", "x"),
        ("h", "x&"),
    ])
    func `a line is whole, whatever fills it`(unit: String, query: String) throws {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 16_384, alignment: 16)
        defer { memory.deallocate() }
        // Every length of the host moves the end of the query by a little.
        for length in stride(from: 0, through: 4_000, by: 37) {
            var line = LineWriter(memory, at: 1_700_000_000_042)
            line.address(.loopback(port: 9))
            bytes("GET") { line.member(",\"cs-method\":\"", $0) }
            bytes(String(repeating: unit, count: length)) {
                line.member(",\"x-host-header\":\"", $0)
            }
            bytes(String(repeating: "/", count: 4_000)) { line.member(",\"cs-uri-stem\":\"", $0) }
            bytes(String(repeating: query, count: 8_192 / query.utf8.count)) { line.query($0) }
            bytes(String(repeating: unit, count: 4_000)) { line.member(",\"cs(Referer)\":\"", $0) }
            bytes(String(repeating: unit, count: 4_000)) {
                line.member(",\"cs(User-Agent)\":\"", $0)
            }
            var outcome = Outcome()
            outcome.sentBytes = .max
            outcome.detail = "the path contains a percent sign that encodes no valid text"
            line.outcome(outcome, seconds: .max)
            line.end()
            let text = String(decoding: line.bytes, as: UTF8.self)
            #expect(text.hasSuffix("\"}\n"), "host of \(length)")
            let object = try JSONSerialization.jsonObject(with: Data(line.bytes))
            #expect((object as? [String: Any])?["sc-bytes"] as? Int == .max)
        }
    }

    @Test func `lines of one millisecond share their beginning, others do not`() {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 16)
        defer { memory.deallocate() }
        var start = LineWriter.Start()
        for (time, text) in [
            (Int64(1_700_000_000_042), "1700000000.042"), (1_700_000_000_042, "1700000000.042"),
            (1_700_000_000_043, "1700000000.043"), (999, "0.999"), (10_000, "10.000"),
            (-5, "0.000"),
        ] {
            var line = LineWriter(memory, begun: start, at: time)
            start = line.start
            line.end()
            #expect(String(decoding: line.bytes, as: UTF8.self) == "{\"time\":\(text)}\n")
        }
    }

    @Test func `plain text is told by words as it is by bytes`() {
        for length in 0..<20 {
            for place in 0..<length {
                for byte in UInt8.min...UInt8.max {
                    var text = [UInt8](repeating: 0x20, count: length)
                    text[place] = byte
                    #expect(text.withUnsafeBytes(PlainText.isAll) == PlainText.isPlain(byte))
                }
            }
        }
    }

    @Test func `latencies fall into their buckets, and their sum is kept`() {
        let latencies = LoopLatencies()
        latencies.record(nanoseconds: 0)
        latencies.record(nanoseconds: 125_000)
        latencies.record(nanoseconds: 1 << 50)
        let (counts, sum) = latencies.snapshot()
        #expect(counts[0] == 1 && counts[1] == 1 && counts[LoopLatencies.bucketCount] == 1)
        #expect(sum == 125_000 + 1 << 50)
    }

    @Test func `every counter has a name of its own and a help text`() {
        #expect(Set(Counter.allCases.map(\.name)).count == Counter.allCases.count)
        #expect(Counter.allCases.allSatisfy { !$0.help.isEmpty })
        let counters = LoopCounters()
        counters.add(.hits)
        counters.add(.hits, 4)
        #expect(counters.value(Counter.hits) == 5)
    }

    @Test func `every reason to refuse a request has a count and a name of its own`() {
        let rules = RejectionRule.all
        #expect(Set(rules.map(\.slot)).count == rules.count)
        #expect(Set(rules.map { $0.name.description }).count == rules.count)
        let counters = LoopCounters()
        for rule in rules { counters.reject(rule) }
        #expect(rules.allSatisfy { counters.value($0) == 1 })
        #expect(Counter.allCases.allSatisfy { counters.value($0) == 0 })
        let samples = Server.rejections([counters, counters])
        #expect(samples.count == rules.count && samples.allSatisfy { $0.value == 2 })
    }

    @Test(arguments: FetchFailure.allCases)
    func `every failure has a status, a word and CloudFront's word`(failure: FetchFailure) {
        #expect([502, 503, 504].contains(failure.status))
        #expect(failure.word.utf8CodeUnitCount > 0 && failure.detailedResult.utf8CodeUnitCount > 0)
        #expect(failure.mayTryAnother == failure.blamesMember)
    }
}
