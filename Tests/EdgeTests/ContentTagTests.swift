import Caching
import HTTP
import Testing

@testable import Edge

@Suite("What a member says of a map image, and what viewers are told")
struct ContentTagTests {
    private static let date = "Wed, 18 Feb 2015 22:20:21 GMT"
    private let tag = Array("\"0123\"".utf8)

    private func stored(_ lines: [String]) -> (header: EntryHeader, block: [UInt8]) {
        let block = Array(lines.map { "\($0)\r\n" }.joined().utf8)
        let facts = HeaderBlob.facts(block, status: 200, now: 1_700_000_000_000)
        var flags: EntryFlags = []
        if facts.hasETag { flags.insert(.hasETag) }
        if facts.hasWeakETag { flags.insert(.weakETag) }
        if facts.hasStrongDate { flags.insert(.strongDate) }
        let times = EntryTimes(
            storedAt: 0, initialAge: 0, freshUntil: 0, swrUntil: 0, sieUntil: 0)
        var header = EntryHeader(status: 200, flags: flags, times: times)
        header.etag = facts.etag
        header.lastModified = facts.lastModified ?? EntryHeader.noDate
        return (header, block)
    }

    private func copy(_ header: EntryHeader, _ shown: [UInt8], _ hidden: [UInt8]) -> StoredCopy {
        unsafe (shown + hidden).withUnsafeBytes { block in
            let entry = unsafe StoredEntry(
                header: header, headers: UnsafeRawBufferPointer(rebasing: block[..<0]), body: .none)
            return unsafe StoredCopy(entry.with(headers: block), store: nil)
        }
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Lines of the origin's; what its member is asked with.
    static let cases: [([String], [String])] = [
        (
            ["ETag: 542d2318a74e", "Last-Modified: \(date)"],
            ["If-None-Match: 542d2318a74e", "If-Modified-Since: \(date)"]
        ),
        (["ETag: gwc-blank-tile"], ["If-None-Match: gwc-blank-tile"]),
        (["ETag: \"quoted\""], ["If-None-Match: \"quoted\""]),
        (["ETag: W/\"weak\""], ["If-None-Match: W/\"weak\""]),
        (["Last-Modified: \(date)"], ["If-Modified-Since: \(date)"]),
        // Of two nobody can say which is meant, and a date that is none is no validator.
        (["ETag: a", "ETag: b"], []),
        (["Last-Modified: yesterday"], []),
        ([], []),
    ]

    @Test("viewers get the tag alone, the member its own words", arguments: cases)
    func replaced(_ said: [String], _ asked: [String]) {
        var (header, block) = stored(["Content-Type: image/png"] + said + ["X-Last: 1"])
        let given = header
        let parts = ContentTag.replace(&header, block, tag: tag, member: Array("one".utf8))
        #expect(text(parts.shown) == "Content-Type: image/png\r\nX-Last: 1\r\nETag: \"0123\"\r\n")
        #expect(Array(parts.shown[header.etag.range]) == tag)
        #expect(header.lastModified == EntryHeader.noDate)
        #expect(header.flags.isSuperset(of: [.hasETag, .contentTag]))
        #expect(header.flags.isDisjoint(with: [.weakETag, .strongDate]))
        #expect(header.hasValidator == !asked.isEmpty)

        let copy = copy(header, parts.shown, parts.hidden)
        #expect(copy.headers == parts.shown && copy.hidden == parts.hidden)
        let validators = ContentTag.validators(of: copy)
        #expect(text(validators?.lines ?? []) == asked.map { "\($0)\r\n" }.joined())
        #expect(validators.map { text($0.member) } == (asked.isEmpty ? nil : "one"))

        let original = ContentTag.original(copy, now: 1_700_000_000_000)
        #expect(original.header.flags == given.flags.subtracting(.strongDate))
        #expect(original.header.lastModified == given.lastModified)
        #expect(original.headers[original.header.etag.range] == block[given.etag.range])
        block = original.headers
        #expect(!text(block).contains("0123") && !text(block).contains("x-edge-member"))
    }

    @Test("a record gives back what is shown, and what is not, in the record and in chunks")
    func record() throws {
        var (header, block) = stored(["Content-Type: image/png", "ETag: raw"])
        let parts = ContentTag.replace(&header, block, tag: tag, member: Array("one".utf8))
        block = parts.shown + parts.hidden
        let key = Array("key".utf8)
        var room = [UInt8](repeating: 0, count: EntryRecord.byteLimit)
        let length = unsafe try #require(
            room.withUnsafeMutableBytes { room in
                unsafe EntryRecord.encode(
                    header, key: key.span.bytes, seed: (1, 2), headers: block.span.bytes,
                    body: RawSpan(), into: room)
            })
        let copy = unsafe room[..<length].withUnsafeBytes { record -> StoredCopy? in
            guard
                case .entry(let header, let layout) = unsafe EntryRecord.decode(
                    record.bytes, expecting: key.span.bytes, seed: (1, 2), verifying: true)
            else { return nil }
            let entry = unsafe StoredEntry(record: record, header: header, layout: layout)
            return StoredCopy(entry, store: nil)
        }
        #expect(copy?.headers == parts.shown && copy?.hidden == parts.hidden)
    }

    @Test("without a member's name its validators are of no use")
    func memberless() {
        var (header, block) = stored(["ETag: raw", "Last-Modified: \(Self.date)"])
        let parts = ContentTag.replace(&header, block, tag: tag, member: [])
        #expect(text(parts.shown) == "ETag: \"0123\"\r\n" && parts.hidden.isEmpty)
        #expect(!header.hasValidator)
        block = parts.shown
        #expect(ContentTag.validators(of: copy(header, block, [])) == nil)
    }
}
