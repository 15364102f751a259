import Caching
import HTTP
import Testing

@testable import Edge

private struct NoMemory: Error {}

@Suite("Pages: the search for tokens, fields of private pages, windows of writers")
struct PageTests {
    private static let names = PageSecrets(names: PageSecrets.standardNames, secrets: [])

    /// A body as it is received, so many bytes at a time; what the search says after each.
    private func search(
        _ body: [UInt8], isGzip: Bool, pieces size: Int, isWhole: Bool = true
    ) -> (refusal: StoreRefusal?, isEarly: Bool) {
        let fetch = SharedFetch(
            key: nil, invalidation: 0, leader: nil, budget: FillBudget(limit: 1 << 24))
        let search = PageSearch(Self.names, isGzip: isGzip)
        var at = 0
        while at < body.count {
            let end = min(at + size, body.count)
            while at < end {
                let room = fetch.room(expecting: nil)
                let count = min(room.count, end - at)
                room.copyBytes(from: body[at..<at + count])
                fetch.publish(bytes: count)
                at += count
            }
            if search.settles(fetch, isComplete: false) { return (search.refusal, at < body.count) }
        }
        #expect(search.settles(fetch, isComplete: isWhole) == isWhole)
        return (search.refusal, false)
    }

    private func gzip(_ plain: [UInt8]) throws -> [UInt8] {
        guard var writer = GzipWriter(level: 6) else { throw NoMemory() }
        return [UInt8](unsafeUninitializedCapacity: plain.count + 1_024) { room, count in
            count =
                writer.write(
                    plain.span.bytes, .finished, into: UnsafeMutableRawBufferPointer(room)
                ).produced
        }
    }

    private static let filler = (0..<4_000).map { "<p>\($0 &* 2_654_435_761)</p>" }.joined()
    private static let clean = Array((filler + filler).utf8)
    private static let form = Array(
        (filler + "<input name=csrfmiddlewaretoken>" + filler).utf8)

    @Test("a token is found as soon as it has come, plain and in gzip", arguments: [100, 4_096])
    func found(_ size: Int) throws {
        #expect(search(Self.clean, isGzip: false, pieces: size) == (nil, false))
        #expect(search(Self.form, isGzip: false, pieces: size) == (.token, true))
        #expect(search(try gzip(Self.clean), isGzip: true, pieces: size) == (nil, false))
        #expect(search(try gzip(Self.form), isGzip: true, pieces: size) == (.token, true))
    }

    @Test("what cannot be searched is not shared")
    func unreadable() throws {
        let packed = try gzip(Self.clean)
        #expect(
            search(Array(packed.dropLast(9)), isGzip: true, pieces: 512) == (.notSearched, false))
        #expect(search(Self.clean, isGzip: true, pieces: 512) == (.notSearched, true))
        let large = [UInt8](repeating: 32, count: PageSearch.bytesMax + 1)
        #expect(search(large, isGzip: false, pieces: 65_536) == (.notSearched, false))
        #expect(search(Array(large.dropLast()), isGzip: false, pieces: 65_536) == (nil, false))
        // Nine times the limit once it is decompressed.
        let bomb = try gzip([UInt8](repeating: 32, count: 9 << 20))
        #expect(search(bomb, isGzip: true, pieces: 512).refusal == .notSearched)
        #expect(search([], isGzip: true, pieces: 512) == (nil, false))
    }

    @Test("a search that is given up leaves the page to its reader, whatever it found before")
    func givenUp() {
        let fetch = SharedFetch(
            key: nil, invalidation: 0, leader: nil, budget: FillBudget(limit: 1 << 24))
        let search = PageSearch(Self.names, isGzip: false)
        #expect(!search.settles(fetch, isComplete: false))
        search.giveUp()
        #expect(search.settles(fetch, isComplete: false) && search.refusal == .notSearched)
    }

    @Test(
        "what is text, and may hold a token",
        arguments: [
            ("text/html", true), ("Text/HTML; charset=utf-8", true),
            ("application/xhtml+xml", true),
            ("application/json", true), ("application/geo+json", true), ("text/javascript", true),
            ("image/png", false), ("text/css", false), ("text/csv", false),
            ("image/png; x=html", false), ("", true),
        ])
    func types(_ type: String, _ expected: Bool) {
        let blob = type.isEmpty ? "" : "Content-Type: \(type)\r\n"
        #expect(PageText.mayHoldTokens(Array(blob.utf8)) == expected)
    }

    @Test(
        "what is for one reader leaves so, and HTML is kept by nobody",
        arguments: [
            (
                "Content-Type: text/html\r\nCache-Control: max-age=60\r\nExpires: x\r\n"
                    + "ETag: \"a\"\r\n",
                "Content-Type: text/html\r\nETag: \"a\"\r\nCache-Control: private, no-store\r\n"
            ),
            (
                "Content-Type: text/javascript\r\nCache-Control: max-age=60\r\n",
                "Content-Type: text/javascript\r\nCache-Control: max-age=60\r\n"
                    + "Cache-Control: private\r\n"
            ),
            (
                "CDN-Cache-Control: max-age=9\r\nSurrogate-Control: max-age=9\r\n",
                "Cache-Control: private\r\n"
            ),
        ])
    func kept(_ given: String, _ expected: String) {
        let blob = HeaderBlob.keptPrivate(Array(given.utf8))
        #expect(String(decoding: blob, as: UTF8.self) == expected)
    }

    @Test("cookies are left out of what is stored, all lines of them")
    func cookies() {
        let blob = HeaderBlob.withoutCookies(
            Array("Set-Cookie: a=1\r\nVary: Cookie\r\nset-cookie: b\r\n".utf8))
        #expect(String(decoding: blob, as: UTF8.self) == "Vary: Cookie\r\n")
    }

    @Test("a window is open for all threads when it has been opened, and ends by itself")
    func windows() async {
        let book = OwnWriteBook(places: 1_024, seed: (1, 2))
        let parties = (0..<64).map { number in
            book.party(Array("csrftoken=\(number)".utf8).span.bytes)
        }
        #expect(Set(parties).count == 64)
        #expect(!book.isOpen(at: 0))
        await withTaskGroup(of: Bool.self) { group in
            for party in parties {
                group.addTask {
                    _ = book.open([party], until: 100, at: 0)
                    return book.isOpen(at: 99) && book.windowEnd(of: party, at: 99) == 100
                }
            }
            for await isOpen in group { #expect(isOpen) }
        }
        #expect(parties.allSatisfy { book.windowEnd(of: $0, at: 99) == 100 })
        #expect(!book.isOpen(at: 100))
        #expect(parties.allSatisfy { book.windowEnd(of: $0, at: 100) == nil })
        let other = OwnWriteBook(places: 8, seed: (3, 4))
        #expect(
            other.party(Array("a=1".utf8).span.bytes) != book.party(Array("a=1".utf8).span.bytes))
    }
}
