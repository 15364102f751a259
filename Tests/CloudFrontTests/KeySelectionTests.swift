import Caching
import HTTP
import Testing

@testable import CloudFront

@Suite("What of a request is in the key")
struct KeySelectionTests {
    private func selection(
        query: NameSelection = .none, headers: [String] = [], cookies: NameSelection = .none,
        codings: Codings = [], isSigned: Bool = false
    ) -> KeySelection {
        KeySelection(
            queryStrings: query, headers: headers, cookies: cookies, codings: codings,
            dropsSignature: isSigned)
    }

    private func key(_ selection: KeySelection, _ ask: Ask, generated: Ask = Ask("/")) -> String? {
        filled { memory in
            let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1_000, alignment: 1)
            defer { scratch.deallocate() }
            var key = CanonicalKey(memory)
            let isUsable = selection.append(
                to: &key, ask.head, query: ask.bytes.span.bytes.extracting(ask.head.query.range),
                bytes: ask.bytes.span.bytes, generated: generated.head.fields,
                generatedBytes: generated.bytes.span.bytes, scratch: scratch)
            return isUsable ? key.count : nil
        }
    }

    @Test(
        "query strings keep their order, duplicates and spelling",
        arguments: [
            (NameSelection.all, "b=1&a=2", "b=1&a=2"), (.none, "a=1", ""),
            (NameSelection(.list, ["a", "c"]), "c=3&b=2&a=1&a=0", "c=3&a=1&a=0"),
            (NameSelection(.allExcept, ["b"]), "c=3&b=2&A=1", "c=3&A=1"),
            (NameSelection(.list, ["a"]), "A=1&%61=2&a;b=3", ""),
            (NameSelection(.list, ["a"]), "a&a=&&b", "a&a="), (NameSelection.all, "", ""),
            (NameSelection(.list, ["*"]), "a=1&*=2", "*=2"),
            (NameSelection.all, "a=1&", "a=1&"), (NameSelection.all, "a=1&&", "a=1&&"),
            (NameSelection.all, "&", "&"), (NameSelection.all, "&&a", "&&a"),
            (NameSelection(.list, ["a"]), "a=1&", "a=1"),
            (NameSelection(.allExcept, ["b"]), "a=1&b&", "a=1"),
        ])
    func query(_ selection: NameSelection, _ query: String, _ expected: String) {
        let made = filled { memory in
            query.withBytes {
                selection.writeQuery($0, dropsSignature: false, into: memory)
            }
        }
        #expect(made == expected)
    }

    @Test("pictures are shared where documents alone have the host in their keys, and for no more")
    func pictures() throws {
        let tiles = selection(query: .all, headers: ["Authorization"], codings: [.gzip])
        let documents = selection(
            query: .all, headers: ["Host", "authorization"], codings: [.gzip, .brotli])
        let shared = try #require(documents.sharingPictures(with: tiles))
        func made(_ selection: KeySelection, _ ask: Ask, ofPicture: Bool) -> [UInt8] {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 2_000, alignment: 1)
            defer { memory.deallocate() }
            var key = CanonicalKey(UnsafeMutableRawBufferPointer(rebasing: memory[..<1_000]))
            let isUsable = selection.append(
                to: &key, ask.head, query: RawSpan(), bytes: ask.bytes.span.bytes,
                generated: HeaderTable(), generatedBytes: ask.bytes.span.bytes,
                scratch: UnsafeMutableRawBufferPointer(rebasing: memory[1_000...]),
                ofPicture: ofPicture)
            #expect(isUsable)
            return [UInt8](key.bytes)
        }
        let ask = Ask("/ows", "Accept-Encoding: br", "Authorization: Basic YTpi")
        #expect(made(shared, ask, ofPicture: true) == made(tiles, ask, ofPicture: true))
        #expect(made(documents, ask, ofPicture: true) != made(tiles, ask, ofPicture: true))
        #expect(made(shared, ask, ofPicture: false) == made(documents, ask, ofPicture: false))
        // Who has it for pictures, too, means it; what else tells answers apart goes on doing so.
        #expect(tiles.sharingPictures(with: documents) == nil)
        #expect(documents.sharingPictures(with: documents) == nil)
        #expect(selection(headers: ["Host"]).sharingPictures(with: tiles) == nil)
        #expect(
            selection(headers: ["Host", "Authorization", "Origin"]).sharingPictures(with: tiles)
                == nil)
        #expect(
            selection(headers: ["Host", "Authorization"], cookies: .all)
                .sharingPictures(with: tiles) == nil)
    }

    @Test("a query that does not fit is told, not cut")
    func bounds() {
        let text = "a=1&a=2"
        for capacity in 0...8 {
            let made = filled(capacity) { memory in
                text.withBytes {
                    NameSelection(.list, ["a"]).writeQuery(
                        $0, dropsSignature: false, into: memory)
                }
            }
            #expect(made == (capacity < 7 ? nil : text))
        }
    }

    @Test("parameters of a signature are no part of key or origin request")
    func signature() {
        let query =
            "a=1&Expires=2&Signature=x&Key-Pair-Id=K&Hash-Algorithm=SHA256&expires=3&Policy=p"
        for selection in [NameSelection.all, NameSelection(.allExcept, ["b"])] {
            let made = filled { memory in
                query.withBytes { selection.writeQuery($0, dropsSignature: true, into: memory) }
            }
            #expect(made == "a=1&expires=3")
        }
        let signed = selection(query: .all, cookies: .all, isSigned: true)
        #expect(
            key(signed, Ask("/a?x=1&Policy=p", "Cookie: CloudFront-Policy=1; b=2"))
                == key(signed, Ask("/a?x=1", "Cookie: b=2")))
    }

    @Test("/a? is /a, and what is not selected makes no difference")
    func emptyQuery() {
        let all = selection(query: .all)
        #expect(key(all, Ask("/a?")) == key(all, Ask("/a")))
        #expect(key(all, Ask("/a?b")) != key(all, Ask("/a")))
        let listed = selection(query: NameSelection(.list, ["b"]))
        #expect(key(listed, Ask("/a?utm=1")) == key(listed, Ask("/a")))
    }

    @Test("headers count by value, whatever their order or the case of their names")
    func headers() {
        let made = selection(headers: ["Accept-Language", "X-Custom"])
        let plain = key(made, Ask("/a", "Accept-Language: de", "X-Custom: 1"))
        #expect(
            plain == key(made, Ask("/a", "x-custom: 1", "User-Agent: x", "accept-language: de")))
        #expect(plain != key(made, Ask("/a", "Accept-Language: DE", "X-Custom: 1")))
        #expect(key(made, Ask("/a", "X-Custom:")) != key(made, Ask("/a")))
    }

    @Test("CloudFront's own fields come from the edge, never from the viewer")
    func generated() {
        let made = selection(headers: ["CloudFront-Viewer-Country"])
        let germany = Ask("/", "CloudFront-Viewer-Country: DE")
        #expect(key(made, Ask("/a"), generated: germany) != key(made, Ask("/a")))
        #expect(key(made, Ask("/a", "CloudFront-Viewer-Country: DE")) == key(made, Ask("/a")))
    }

    @Test(
        "cookies are sorted; malformed lines and names with $ are dropped",
        arguments: [
            (NameSelection.all, "b=2; a=1", "a=1; b=2"), (.all, "a=2;a=1", "a=2; a=1"),
            (NameSelection(.list, ["a"]), "A=1; a=2", "a=2"),
            (
                NameSelection(.list, ["sess*", "t?"], hasWildcards: true), "session=1; t1=2; t=3",
                "session=1; t1=2"
            ),
            (NameSelection(.allExcept, ["_ga"]), "_ga=1; x=2", "x=2"),
            (.all, "$Version=1; a=1", "a=1"),
            (.all, "a=1; b", ""), (.all, "=1", ""), (.all, " a = b=c ; ", "a=b=c"),
            (.none, "a=1", ""),
        ])
    func cookies(_ selection: NameSelection, _ line: String, _ expected: String) {
        let ask = Ask("/a", "Cookie: \(line)")
        let made = written { writer in
            let bytes = ask.bytes.span.bytes
            SelectedCookies(ask.head, bytes: bytes, selection, dropsSignature: false)
                .write(bytes, to: &writer)
        }
        #expect(made == expected)
    }

    @Test("more cookies than are kept make the key unusable")
    func tooManyCookies() {
        let all = selection(cookies: .all)
        func line(_ count: Int) -> String {
            "Cookie: " + (0..<count).map { "c\($0)=1" }.joined(separator: "; ")
        }
        #expect(key(all, Ask("/a", line(128))) != nil)
        #expect(key(all, Ask("/a", line(129))) == nil)
    }

    @Test(
        "Accept-Encoding is normalised by the table",
        arguments: [
            (
                [Codings.gzip, .brotli] as Codings, "gzip, deflate, br",
                AcceptEncoding.brotliAndGzip
            ),
            ([.gzip, .brotli], "gzip", .gzip), ([.gzip, .brotli], "br", .brotli),
            ([.gzip, .brotli], "deflate", .identity), ([.gzip], "br, GZIP;q=0.5", .gzip),
            ([.gzip], "br", .identity), ([.brotli], "gzip, br", .brotli), ([], "gzip", .absent),
            ([.gzip], "gzip;q=0", .identity), ([.gzip], "gzip; q=0.000, br", .identity),
            ([.gzip], "xgzip", .identity), ([.gzip], "", .identity),
        ] as [(Codings, String, AcceptEncoding)])
    func acceptEncoding(_ codings: Codings, _ value: String, _ expected: AcceptEncoding) {
        let ask = Ask("/a", "Accept-Encoding: \(value)")
        #expect(
            AcceptEncoding(ask.head, bytes: ask.bytes.span.bytes, codings: codings) == expected)
    }

    @Test("a viewer that speaks HTTP/1.0 is taken for one that sent no Accept-Encoding")
    func codingsOfOldViewers() {
        let ask = Ask("/a", "Accept-Encoding: gzip", version: 0)
        let made = AcceptEncoding(ask.head, bytes: ask.bytes.span.bytes, codings: .gzip)
        #expect(made == .absent)
    }

    @Test("without Accept-Encoding none is sent; identity is sent but not keyed")
    func codingValues() {
        let ask = Ask("/a")
        let absent = AcceptEncoding(ask.head, bytes: ask.bytes.span.bytes, codings: .gzip)
        #expect(absent == .absent)
        #expect(absent.value == nil)
        #expect(String(describing: AcceptEncoding.identity.value ?? "") == "identity")
        #expect(AcceptEncoding.identity.keyValue == nil)
        #expect(String(describing: AcceptEncoding.brotliAndGzip.value ?? "") == "br,gzip")
    }

    @Test("another policy is another key, so that a reload mixes nothing")
    func identity() {
        let made = [
            selection(), selection(query: .all), selection(headers: ["a"]),
            selection(cookies: .all), selection(codings: .gzip),
            selection(query: NameSelection(.list, ["a"])),
            selection(cookies: NameSelection(.list, ["a"])),
        ]
        #expect(Set(made.map { $0.identity }).count == made.count)
        #expect(selection(headers: ["A"]).identity == selection(headers: ["a"]).identity)
    }

    @Test("RFC 9110 §7.6.1: what Connection takes from the origin is not in the key either")
    func takenAway() {
        let made = selection(headers: ["Origin", "X-Custom"])
        let none = key(made, Ask("/a"))
        for field in ["Origin", "X-Custom"] {
            #expect(key(made, Ask("/a", "\(field): 1")) != none)
            #expect(key(made, Ask("/a", "\(field): 1", "Connection: close, \(field)")) == none)
            #expect(key(made, Ask("/a", "Connection: \(field)")) == none)
        }
        #expect(
            key(made, Ask("/a", "Origin: 1", "X-Custom: 2", "Connection: x-custom"))
                == key(made, Ask("/a", "Origin: 1")))
    }
}
