import Caching
import HTTP
import Testing

@Suite("RFC 9110 §14, RFC 9111 §3.3: parts")
struct PartialTests {
    @Test(
        "a single range is understood before the length is known",
        arguments: [
            ("bytes=0-0", .from(first: 0, last: 0)), ("bytes=5-", .from(first: 5, last: nil)),
            ("Bytes=5-9", .from(first: 5, last: 9)), ("bytes=-7", .suffix(7)),
            ("bytes=9-5", .none), ("bytes=0-1,3-4", .none), ("bytes=", .none), ("bytes=-", .none),
            ("items=0-1", .none), ("bytes=a-1", .none), ("bytes 0-1", .none), ("", .none),
            ("bytes=99999999999999999999-", .none), ("bytes=0-99999999999999999999", .none),
        ] as [(String, RequestedRange)])
    func parsing(_ value: String, _ wanted: RequestedRange) {
        let bytes = Array(value.utf8)
        #expect(RequestedRange(bytes.span.bytes) == wanted)
    }

    @Test(
        "what a stored part answers",
        arguments: [
            (.from(first: 10, last: 19), true), (.from(first: 12, last: 15), true),
            (.from(first: 9, last: 15), false), (.from(first: 12, last: 20), false),
            (.from(first: 12, last: nil), false), (.suffix(5), false), (.none, false),
        ] as [(RequestedRange, Bool)])
    func covered(_ range: RequestedRange, _ wanted: Bool) {
        #expect(range.isCovered(by: 10..<20, complete: 30) == wanted)
        #expect(range.isCovered(by: 10..<20, complete: nil) == wanted)
    }

    @Test(
        "what a part has some of",
        arguments: [
            (.from(first: 0, last: 9), false), (.from(first: 0, last: 10), true),
            (.from(first: 19, last: nil), true), (.from(first: 20, last: nil), false),
            (.from(first: 12, last: 13), true), (.suffix(10), false), (.suffix(11), true),
            (.suffix(.max), true), (.none, true),
        ] as [(RequestedRange, Bool)])
    func met(_ range: RequestedRange, _ wanted: Bool) {
        #expect(range.meets(ContentRange(range: 10..<20, completeLength: 30)) == wanted)
        if case .suffix = range {
            #expect(range.meets(ContentRange(range: 10..<20, completeLength: nil)))
        } else {
            #expect(range.meets(ContentRange(range: 10..<20, completeLength: nil)) == wanted)
        }
        #expect(range.meets(ContentRange(range: nil, completeLength: 30)))
    }

    @Test("a part that reaches the end answers open and suffix ranges")
    func coveredToTheEnd() {
        func isCovered(_ range: RequestedRange) -> Bool {
            range.isCovered(by: 10..<20, complete: 20)
        }
        #expect(isCovered(.from(first: 15, last: nil)))
        #expect(isCovered(.from(first: 15, last: 99)))
        #expect(isCovered(.suffix(10)))
        #expect(!isCovered(.suffix(11)))
        #expect(!isCovered(.suffix(0)))
        #expect(!isCovered(.from(first: 20, last: nil)))
    }

    private func decide(_ request: RequestFacts) throws -> Decision {
        var part = try #require(entry(answer(200, "Cache-Control: max-age=10")))
        (part.kind, part.rangeStart, part.bodyLength, part.completeLength) = (.partial, 0, 100, 200)
        return Caching.decide(
            .entry(part), request: request, policy: .letter, health: .up, now: epoch)
    }

    @Test("§3.3: a stored part answers a range within it and nothing else")
    func serving() throws {
        #expect(try decide(ask("Range: bytes=0-99")) == Decision(.serve, .fresh))
        let partial = Decision(.fetch, .partial)
        #expect(try decide(ask("Range: bytes=0-100")) == partial)
        #expect(try decide(ask()) == partial)
        #expect(try decide(ask("Range: bytes=0-9", "If-Range: \"a\"")) == partial)
        #expect(try decide(ask("Range: bytes=0-1,3-4")) == partial)
        #expect(try decide(ask("Range: bytes=0-9", "Range: bytes=0-9")) == partial)
        #expect(try decide(ask("Range: bytes=0-9", method: "HEAD")) == partial)
        #expect("\(partial.forwardParameter)" == "; fwd=partial")
    }

    // MARK: combining

    private func stored(_ tag: String?, _ range: Range<UInt64>, _ date: String? = nil)
        -> EntryHeader?
    {
        var fields = ["Cache-Control: max-age=10", "Date: \(epochDate)"]
        if let tag { fields.append("ETag: \(tag)") }
        if let date { fields.append("Last-Modified: \(date)") }
        let (bytes, head) = Heads.response(200, fields)
        var header = entry(ResponseFacts(head, bytes: bytes.span.bytes, now: epoch))
        header?.kind = .partial
        header?.rangeStart = range.lowerBound
        header?.bodyLength = UInt64(range.count)
        header?.completeLength = 100
        return header
    }

    private func together(
        _ entry: EntryHeader?, _ storedTag: String, _ fields: String..., tag: String = ""
    ) throws -> Range<UInt64>? {
        let (bytes, head) = Heads.response(206, fields + (tag.isEmpty ? [] : ["ETag: \(tag)"]))
        let response = ResponseFacts(head, bytes: bytes.span.bytes, now: epoch)
        let (old, new) = (Array(storedTag.utf8), Array(tag.utf8))
        return combined(
            try #require(entry), storedTag: old.span.bytes, with: response, etag: new.span.bytes)
    }

    @Test("§3.4: parts of the same strong tag that touch are combined")
    func combining() throws {
        let entry = stored("\"a\"", 0..<50)
        for (field, range) in [
            ("bytes 50-99/100", 0..<100), ("bytes 20-69/100", 0..<70), ("bytes 0-9/100", 0..<50),
        ] as [(String, Range<UInt64>)] {
            #expect(try together(entry, "\"a\"", "Content-Range: \(field)", tag: "\"a\"") == range)
        }
        #expect(
            try together(entry, "\"a\"", "Content-Range: bytes 50-99/*", tag: "\"a\"") == 0..<100)
    }

    @Test("§3.4: nothing else is combined")
    func notCombining() throws {
        let entry = stored("\"a\"", 0..<50)
        let next = "Content-Range: bytes 50-99/100"
        #expect(try together(entry, "\"a\"", "Content-Range: bytes 51-99/100", tag: "\"a\"") == nil)
        #expect(try together(entry, "\"a\"", "Content-Range: bytes 50-98/99", tag: "\"a\"") == nil)
        #expect(try together(entry, "\"a\"", next, tag: "\"b\"") == nil)
        #expect(try together(entry, "\"a\"", next, tag: "W/\"a\"") == nil)
        #expect(try together(entry, "\"a\"", next) == nil)
        #expect(try together(stored("W/\"a\"", 0..<50), "W/\"a\"", next, tag: "W/\"a\"") == nil)
        #expect(try together(stored(nil, 0..<50), "", next) == nil)
    }

    @Test("RFC 9110 §8.8.2.2: a date a minute before Date is strong enough to combine by")
    func combiningByDate() throws {
        let next = "Content-Range: bytes 50-99/100"
        let date = "Date: \(epochDate)"
        for (modified, wanted) in [
            ("Sun, 06 Nov 1994 08:48:37 GMT", 0..<100), ("Sun, 06 Nov 1994 08:48:38 GMT", nil),
        ] as [(String, Range<UInt64>?)] {
            let entry = stored(nil, 0..<50, modified)
            #expect(try together(entry, "", next, date, "Last-Modified: \(modified)") == wanted)
        }
    }
}
