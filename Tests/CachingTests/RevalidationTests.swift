import Caching
import HTTP
import Testing

@Suite("RFC 9111 §4.3.4, §4.3.5: freshening")
struct RevalidationTests {
    private func stored(_ fields: String...) -> EntryHeader? {
        let (bytes, head) = Heads.response(200, ["Cache-Control: max-age=10"] + fields)
        return entry(ResponseFacts(head, bytes: bytes.span.bytes, now: epoch))
    }

    private func notModified(
        _ entry: EntryHeader?, _ tag: String, _ fields: String..., newTag: String = ""
    ) throws -> StoredUpdate {
        let lines = fields + (newTag.isEmpty ? [] : ["ETag: \(newTag)"])
        let (bytes, head) = Heads.response(304, lines)
        let update = ResponseFacts(head, bytes: bytes.span.bytes, now: epoch)
        let (old, new) = (Array(tag.utf8), Array(newTag.utf8))
        return updateByNotModified(
            try #require(entry), storedTag: old.span.bytes, by: update, etag: new.span.bytes)
    }

    private func head(
        _ entry: EntryHeader?, _ tag: String, _ fields: String..., status: Int = 200,
        newTag: String = ""
    ) throws -> StoredUpdate {
        let lines = fields + (newTag.isEmpty ? [] : ["ETag: \(newTag)"])
        let (bytes, head) = Heads.response(status, lines)
        let update = ResponseFacts(head, bytes: bytes.span.bytes, now: epoch)
        let (old, new) = (Array(tag.utf8), Array(newTag.utf8))
        return updateByHead(
            try #require(entry), storedTag: old.span.bytes, by: update, etag: new.span.bytes)
    }

    @Test("a strong tag in the 304 must be the stored one")
    func strong() throws {
        let entry = stored("ETag: \"a\"")
        #expect(try notModified(entry, "\"a\"", newTag: "\"a\"") == .freshen)
        #expect(try notModified(entry, "\"a\"", newTag: "\"b\"") == .leave)
        #expect(try notModified(stored("ETag: W/\"a\""), "W/\"a\"", newTag: "\"a\"") == .leave)
    }

    @Test("a weak tag in the 304 compares weakly")
    func weak() throws {
        #expect(try notModified(stored("ETag: \"a\""), "\"a\"", newTag: "W/\"a\"") == .freshen)
        #expect(try notModified(stored("ETag: W/\"a\""), "W/\"a\"", newTag: "W/\"a\"") == .freshen)
        #expect(try notModified(stored("ETag: W/\"a\""), "W/\"a\"", newTag: "W/\"b\"") == .leave)
    }

    @Test("a tag without quotes confirms itself")
    func unquoted() throws {
        #expect(try notModified(stored("ETag: abc"), "abc", newTag: "abc") == .freshen)
        #expect(stored("ETag: abc")?.flags.contains(.weakETag) == true)
    }

    @Test("without a tag the dates must agree, and without either it is the one asked about")
    func others() throws {
        let entry = stored("Last-Modified: \(epochDate)")
        #expect(try notModified(entry, "", "Last-Modified: \(epochDate)") == .freshen)
        let later = "Last-Modified: Sun, 06 Nov 1994 08:49:38 GMT"
        #expect(try notModified(entry, "", later) == .leave)
        #expect(try notModified(entry, "") == .freshen)
    }

    @Test("§4.3.5: an answer to HEAD that agrees freshens, one that differs invalidates")
    func headAnswers() throws {
        let entry = stored("ETag: \"a\"", "Last-Modified: \(epochDate)")
        #expect(try head(entry, "\"a\"", "Content-Length: 1000", newTag: "\"a\"") == .freshen)
        #expect(try head(entry, "\"a\"", newTag: "\"b\"") == .invalidate)
        #expect(try head(entry, "\"a\"", "Content-Length: 999") == .invalidate)
        let later = "Last-Modified: Sun, 06 Nov 1994 08:49:38 GMT"
        #expect(try head(entry, "\"a\"", later) == .invalidate)
        #expect(try head(entry, "\"a\"", status: 404) == .leave)
    }

    @Test("§4.3.5: an answer to HEAD with nothing to compare says nothing")
    func headWithoutEvidence() throws {
        #expect(try head(stored(), "") == .leave)
        #expect(try head(stored("ETag: \"a\""), "\"a\"") == .leave)
        #expect(try head(stored("ETag: \"a\""), "\"a\"", newTag: "\"a\"") == .freshen)
        var whole = try #require(stored())
        whole.bodyLength = 9
        #expect(try head(whole, "", "Content-Length: 9") == .freshen)
        #expect(try head(whole, "", "Content-Length: 8") == .invalidate)
    }

    @Test("§4.3.5: a validator that what is stored lacks is another response's")
    func headWithMore() throws {
        var whole = try #require(stored())
        whole.bodyLength = 9
        let date = "Last-Modified: \(epochDate)"
        #expect(try head(whole, "", "Content-Length: 9", newTag: "\"a\"") == .invalidate)
        #expect(try head(whole, "", "Content-Length: 9", date) == .invalidate)
        #expect(try head(stored(date), "", date, newTag: "\"a\"") == .invalidate)
        #expect(try head(stored("ETag: \"a\""), "\"a\"", date) == .invalidate)
        #expect(try head(stored("ETag: \"a\"", date), "\"a\"", date) == .freshen)
    }

    private func refreshed(
        _ block: String, _ fields: String..., request: RequestFacts = ask()
    ) -> EntryHeader? {
        let old = Array(block.utf8)
        let first = ResponseFacts(status: 200, block: old.span.bytes, now: epoch)
        guard case .storable(let times, let flags) = verdict(first) else { return nil }
        let entry = EntryHeader(first, times: times, flags: flags, block: old.span.bytes)
        let (bytes, head) = Heads.response(304, fields)
        let update = ResponseFacts(head, bytes: bytes.span.bytes, now: epoch)
        let merged = Heads.written {
            StoredHeaders.merge(old.span.bytes, with: head, bytes: bytes.span.bytes, into: &$0)
        }
        return entry.refreshed(
            block: merged.span.bytes, update: update, request: request, policy: .letter,
            requestTime: epoch + 50_000, responseTime: epoch + 50_000)
    }

    private let block = "X-A: 1\r\nETag: \"a\"\r\nCache-Control: max-age=10\r\n"

    @Test("§4.3.4: a 304 restarts freshness with what it says, else with what is stored")
    func restarts() {
        #expect(refreshed(block)?.times.freshUntil == epoch + 60_000)
        #expect(refreshed(block, "Cache-Control: max-age=99")?.times.freshUntil == epoch + 149_000)
        #expect(refreshed(block, "Age: 4")?.times.ageSeconds(at: epoch + 50_000) == 4)
        #expect(refreshed(block)?.times.storedAt == epoch + 50_000)
    }

    @Test("§4.3.4: an old stored Date does not age what was just confirmed")
    func oldDate() {
        let dated = block + "Date: Sat, 05 Nov 1994 08:49:37 GMT\r\n"
        #expect(refreshed(dated)?.times.freshUntil == epoch + 60_000)
    }

    @Test("the tag is found again where the merged block has it")
    func tagMoves() {
        // The line of X-A leaves the front, so that the tag's line is the first.
        #expect(refreshed(block, "X-A: longer")?.etag == ByteSlice(6..<9))
    }

    @Test("a confirmation may say that the response is not to be stored any longer")
    func noLongerStored() {
        #expect(refreshed(block, "Cache-Control: no-store") == nil)
        #expect(refreshed(block, "Cache-Control: private") == nil)
    }

    private func storedPart() throws -> (block: [UInt8], entry: EntryHeader) {
        let part = answer(
            206, "Cache-Control: max-age=10", "ETag: \"a\"", "Content-Range: bytes 5-8/20")
        let block = Array("ETag: \"a\"\r\nCache-Control: max-age=10\r\n".utf8)
        guard case .storable(let times, let flags) = verdict(part) else {
            throw Unstorable()
        }
        var entry = EntryHeader(part, times: times, flags: flags, block: block.span.bytes)
        entry.bodyLength = 4
        return (block, entry)
    }

    private struct Unstorable: Error {}

    @Test("a confirmed part stays the part it is")
    func part() throws {
        let (block, stored) = try storedPart()
        var entry = stored
        for complete in [20, EntryHeader.unknownLength] {
            entry.completeLength = complete
            let again = entry.refreshed(
                block: block.span.bytes, update: answer(304), request: ask("Range: bytes=5-8"),
                policy: .letter, requestTime: epoch + 5, responseTime: epoch + 5)
            #expect(again?.kind == .partial && again?.held == 5..<9)
            #expect(again?.completeLength == complete)
            #expect(again?.times.freshUntil == epoch + 10_005)
        }
    }

    @Test("§4.3.5: an answer to HEAD that differs invalidates a part, too, and none freshens it")
    func partByHead() throws {
        var entry = try storedPart().entry
        entry.completeLength = 20
        #expect(try head(entry, "\"a\"", "Content-Length: 20", newTag: "\"a\"") == .leave)
        #expect(try head(entry, "\"a\"", "Content-Length: 4", newTag: "\"a\"") == .invalidate)
        #expect(try head(entry, "\"a\"", "Content-Length: 20", newTag: "\"b\"") == .invalidate)
        #expect(try head(entry, "\"a\"", status: 404, newTag: "\"b\"") == .leave)
        entry.completeLength = EntryHeader.unknownLength
        #expect(try head(entry, "\"a\"", "Content-Length: 4", newTag: "\"a\"") == .leave)
    }

    @Test("whose lifetime it has is the request's to tell, not the record's")
    func classes() {
        let block = Array("ETag: \"a\"\r\n".utf8)
        let policy = BehaviorPolicy.standard(mode: .cloudfront)
        let times = EntryTimes(
            storedAt: epoch, initialAge: 0, freshUntil: epoch, swrUntil: epoch, sieUntil: epoch)
        // Older records have the flag for maps alone, and documents have none.
        for flags in [[.hasETag], [.hasETag, .classLifetime]] as [EntryFlags] {
            for (mapClass, lifetime) in [
                (.none, 0), (.tiles, policy.edgeTTL), (.features, 60_000),
            ] as [(MapClass, Milliseconds)] {
                var update = answer(304)
                update.lifetimeClass = mapClass
                let again = EntryHeader(status: 200, flags: flags, times: times).refreshed(
                    block: block.span.bytes, update: update, request: ask(), policy: policy,
                    requestTime: epoch, responseTime: epoch)
                #expect(again?.flags.contains(.classLifetime) == (mapClass != .none))
                #expect(again?.times.lifetime == lifetime)
            }
        }
    }

    @Test("an answer to HEAD confirms like a 304")
    func byHead() {
        let entry = refreshed(block, request: ask(method: "HEAD"))
        #expect(entry?.times.freshUntil == epoch + 60_000)
    }
}
