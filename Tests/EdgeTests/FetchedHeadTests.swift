import Caching
import HTTP
import Testing
import Tiles

@testable import Edge

@Suite("What policy made of a head stays with it")
struct FetchedHeadTests {
    /// A head with a fact of each kind: the rest of a stored part, for the asker alone in a field.
    private func head() -> FetchedHead {
        let bytes = Array("HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\n\r\n".utf8)
        var (parsed, scan) = (ResponseHead(), HeadScan())
        _ = unsafe parseResponse(
            bytes.span.bytes, &scan, limits: .response, toHead: false, into: &parsed)
        let facts = unsafe ResponseFacts(parsed, bytes: bytes.span.bytes, now: 0)
        let plain = FetchedHead(
            bytes: bytes, head: parsed, facts: facts, blob: Array("A: 1\r\n".utf8),
            sharedBlob: Array("B: 1\r\n".utf8), receivedAt: 2, requestedAt: 1,
            storability: .refused(.notFinal), variant: nil, isDegraded: true, completesTo: 10)
        return plain.withoutCaching()
    }

    @Test("a tile that turns out to be none is what it was otherwise")
    func rejected() {
        let before = head()
        let after = FetchedHead(before, rejected: .exception)
        #expect(after.rejectedContent == .exception)
        #expect(!after.isStorable && !after.mayBeShared)
        // Its member was out of step: nobody keeps what it said, a refusal neither.
        #expect(after.isOutOfStep)
        // It stands behind stored bytes: as long as both, and no 206.
        #expect(after.completes && after.status == 200 && after.declaredLength == 10)
        #expect(after.sharedBlob == before.sharedBlob && after.sharedBlob != nil)
        #expect(after.blob == before.blob)
        #expect(after.isDegraded)
    }

    @Test("a page that starts a session is shared where that is proved, and never once refused")
    func alike() {
        let times = EntryTimes(
            storedAt: 0, initialAge: 0, freshUntil: 9, swrUntil: 9, sieUntil: 9)
        let start = SessionStart(value: [1], ifAlike: .storable(times, []))
        let plain = head()
        let before = FetchedHead(
            bytes: plain.bytes, head: plain.head, facts: plain.facts, blob: plain.blob,
            sharedBlob: plain.sharedBlob, receivedAt: 2, requestedAt: 1,
            storability: .refused(.setCookie), variant: nil, start: start)
        #expect(!before.mayBeShared && before.start != nil)
        let after = FetchedHead(before, isAlike: true)
        #expect(after.isStorable && after.facts.isProvedAlike)
        #expect(FetchedHead(after, isPrivate: true).isStorable)
        // A refusal for another reason, before or after, is not taken back.
        let refused = FetchedHead(before, refused: .olderThanWrite)
        #expect(refused.start == nil && !refused.mayBeShared)
        #expect(!FetchedHead(refused, isAlike: true).mayBeShared)
        #expect(!FetchedHead(after, refused: .emptyPage).mayBeShared)
        #expect(FetchedHead(before, rejected: .exception).start == nil)
        #expect(before.withoutCaching().start == nil)
    }

    @Test("a page that turns out to lack something is what it was otherwise")
    func degraded() {
        let before = FetchedHead(head(), degraded: false)
        #expect(!before.isDegraded)
        let after = FetchedHead(before, degraded: true)
        #expect(after.isDegraded && after.isOutOfStep && after.completes)
        #expect(after.rejectedContent == nil)
    }
}
