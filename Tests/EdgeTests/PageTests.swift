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

    private static let cutter = TokenCutter(
        [TokenRule(before: ["csrf-token\" value=\""], value: .cookie("c"))],
        names: PageSecrets.standardNames, secret: Array(String(repeating: "s3", count: 16).utf8),
        attributes: nil)

    /// What a search finds that cuts: whether tokens were cut, else its refusal.
    private func cut(_ body: [UInt8], isGzip: Bool, pieces size: Int) -> String {
        let fetch = SharedFetch(
            key: nil, invalidation: 0, leader: nil, budget: FillBudget(limit: 1 << 24))
        let search = PageSearch(Self.names, isGzip: isGzip, cutter: Self.cutter)
        var at = 0
        while at < body.count {
            let room = fetch.room(expecting: nil)
            let count = min(room.count, min(size, body.count - at))
            room.copyBytes(from: body[at..<at + count])
            fetch.publish(bytes: count)
            at += count
            if search.settles(fetch, isComplete: false) { break }
        }
        #expect(search.settles(fetch, isComplete: true))
        if let cut = search.cut { return "\(cut.text.count) \(cut.tokens.places.count)" }
        return search.refusal.map { "\($0)" } ?? "whole"
    }

    @Test("tokens are cut out of whole pages, however they come; long ones are searched only")
    func cuts() throws {
        let token = String(repeating: "s3", count: 16)
        let place = "<input name=\"csrf-token\" value=\"\(token)\">"
        let (page, length) = (Array((Self.filler + place).utf8), Self.filler.utf8.count + 34)
        let long = Array((String(repeating: Self.filler, count: 8) + place).utf8)
        let (clean, packed) = (Array(long.dropLast(place.utf8.count)), try gzip(page))
        #expect(long.count > NoticeSettings.pageBytesMax)
        for size in [333, 65_536] {
            #expect(cut(page, isGzip: false, pieces: size) == "\(length) 1")
            #expect(cut(packed, isGzip: true, pieces: size) == "\(length) 1")
            #expect(cut(Self.clean, isGzip: false, pieces: size) == "whole")
            #expect(cut(Self.form, isGzip: false, pieces: size) == "token")
            #expect(cut(long, isGzip: false, pieces: size) == "token")
            #expect(cut(try gzip(long), isGzip: true, pieces: size) == "token")
            #expect(cut(clean, isGzip: false, pieces: size) == "whole")
            #expect(cut(try gzip(clean), isGzip: true, pieces: size) == "whole")
            let short = Array(try gzip(Self.clean).dropLast(9))
            #expect(cut(short, isGzip: true, pieces: size) == "notSearched")
        }
    }

    /// The hash of an answer as it would be stored; nil: there is none.
    private func fingerprint(
        _ fields: String, _ body: [UInt8], isGzip: Bool = false, cuts: Bool = false,
        pieces size: Int = 4_096, isWhole: Bool = true, seed: UInt64 = 1
    ) -> CacheKey? {
        let bytes = Array("HTTP/1.1 200 OK\r\n\(fields)\r\n".utf8)
        var (parsed, scan) = (ResponseHead(), HeadScan())
        _ = parseResponse(
            bytes.span.bytes, &scan, limits: .response, toHead: false, into: &parsed)
        let head = FetchedHead(
            bytes: bytes, head: parsed,
            facts: ResponseFacts(parsed, bytes: bytes.span.bytes, now: 0),
            blob: [], receivedAt: 0, requestedAt: 0, storability: .refused(.setCookie),
            variant: nil)
        let fetch = SharedFetch(
            key: nil, invalidation: 0, leader: nil, budget: FillBudget(limit: 1 << 24))
        let search = PageSearch(
            Self.names, isGzip: isGzip, cutter: cuts ? Self.cutter : nil,
            print: PagePrint(head, seed: (seed, 2)))
        var at = 0
        while at < body.count {
            let room = fetch.room(expecting: nil)
            let count = min(room.count, min(size, body.count - at))
            room.copyBytes(from: body[at..<at + count])
            fetch.publish(bytes: count)
            at += count
            if search.settles(fetch, isComplete: false) { break }
        }
        _ = search.settles(fetch, isComplete: isWhole)
        return search.fingerprint
    }

    @Test("two answers are alike by what would be stored of them, however they come")
    func fingerprints() throws {
        let fields = "Content-Type: text/html\r\nVary: Cookie\r\n"
        let print = try #require(fingerprint(fields, Self.clean))
        for size in [100, 65_536] {
            #expect(fingerprint(fields, Self.clean, pieces: size) == print)
            // What is compressed twice is not the same bytes, and the same page.
            let packed = try gzip(Self.clean)
            #expect(fingerprint(fields, packed, isGzip: true, pieces: size) == print)
        }
        #expect(fingerprint(fields, Self.clean, cuts: true) == print)
        // The time, the length and what is for who asked are not the page's.
        for own in [
            "Date: Mon, 30 Nov 2026 00:00:00 GMT", "Expires: Mon, 30 Nov 2026 00:00:00 GMT",
            "Set-Cookie: sessionid=0123456789", "Content-Length: 9", "Age: 3",
        ] {
            #expect(fingerprint(own + "\r\n" + fields, Self.clean) == print, "\(own)")
        }
        for other in ["ETag: \"a\"", "X-Guest: 1", "Cache-Control: max-age=9"] {
            #expect(fingerprint(fields + other + "\r\n", Self.clean) != print, "\(other)")
        }
        #expect(fingerprint(fields, Self.clean + [32]) != print)
        #expect(fingerprint(fields, Self.clean, seed: 3) != print)
        // What ends a field does not begin a page.
        #expect(fingerprint("A: b\r\n", Array("c".utf8)) != fingerprint("A: bc\r\n", []))
        #expect(fingerprint(fields, Self.clean, isWhole: false) == nil)
        #expect(fingerprint(fields, Self.form) == nil)
        #expect(fingerprint(fields, Array(try gzip(Self.clean).dropLast(9)), isGzip: true) == nil)
    }

    @Test("of a page whose tokens are cut out the rest counts")
    func fingerprintsOfCut() {
        let token = String(repeating: "s3", count: 16)
        func page(_ text: String) -> [UInt8] {
            Array("<input name=\"csrf-token\" value=\"\(token)\">\(text)".utf8)
        }
        let print = fingerprint("ETag: \"a\"\r\n", page("x"), cuts: true)
        #expect(print != nil)
        #expect(fingerprint("ETag: \"b\"\r\n", page("x"), cuts: true) == print)
        #expect(fingerprint("ETag: \"b\"\r\n", page("y"), cuts: true) != print)
        #expect(fingerprint("", page("\(token)"), cuts: true) == nil)
    }

    @Test(
        "how a cookie is set for others, without its value",
        arguments: [
            ("c=v", "c", "v", ""), ("c=v; Path=/", "c", "v", "; Path=/"),
            (" c = v ;Secure;;  httponly ", "c", "v", "; Secure; httponly"),
            (
                "c=v; expires=Fri, 26 Nov 2027 03:00:00 GMT; Max-Age=31449600; SameSite=Lax", "c",
                "v", "; Max-Age=31449600; SameSite=Lax"
            ),
            (
                "c=v; Expires=Fri, 26 Nov 2027 03:00:00 GMT", "c", "v",
                "; Expires=Fri, 26 Nov 2027 03:00:00 GMT"
            ),
            ("c=v; Path=/; x=secret", "c", "v", nil), ("c", "c", "", ""), ("", "", "", ""),
            ("=v", "", "v", ""),
        ])
    func settings(_ line: String, _ name: String, _ value: String, _ attributes: String?) {
        let parts = FormCookie.parts(Array(line.utf8))
        #expect(parts.name == Array(name.utf8) && parts.value == Array(value.utf8))
        #expect(parts.attributes == attributes.map { Array($0.utf8) })
    }

    @Test("fields of a page that is filled: nothing to know it by, nothing of the origin's places")
    func filledFields() {
        let page = CutPage(text: Array("<p>".utf8), tokens: CutTokens())
        let block = page.fields(
            Array(
                ("Content-Type: text/html\r\nx-edge-cut-tokens: 1p\r\nSet-Cookie: a=b\r\n"
                    + "Content-Encoding: gzip\r\nCache-Control: max-age=60\r\nETag: \"a\"\r\n"
                    + "Last-Modified: x\r\nX-Edge-Cut-Cookie: c=\r\nVary: Cookie\r\n").utf8))
        #expect(
            String(decoding: block, as: UTF8.self)
                == "Content-Type: text/html\r\nCache-Control: max-age=60\r\nETag: \"a\"\r\n"
                + "Last-Modified: x\r\nVary: Cookie\r\nX-Edge-Cut-Tokens: \r\n")
        #expect(
            String(decoding: TokenFields.delivered(block), as: UTF8.self)
                == "Content-Type: text/html\r\nVary: Cookie\r\n"
                + "Cache-Control: private, no-store\r\n")
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
