import Caching
import HTTP
import Testing

@Suite("RFC 9111 §4.1: Vary")
struct VaryTests {
    private func names(_ lines: String...) -> String? {
        let (bytes, head) = Heads.response(200, lines.map { "Vary: \($0)" })
        return Vary.names(head, bytes: bytes.span.bytes).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("names are sorted, in small letters, without repetition, from all lines")
    func nameLists() {
        #expect(names("Accept-Language, Accept") == "accept\naccept-language\n")
        #expect(names("ACCEPT", "accept-language, Accept,") == "accept\naccept-language\n")
        #expect(names("") == "")
        #expect(names() == "")
    }

    @Test(
        "what no request can be shown to match has no list",
        arguments: [
            "*", "Accept, *", "a b", "\"x\"", "(x)", "X-Forwarded-Proto", "Accept, x-forwarded-for",
            "forwarded", "X-Real-IP", "X-Forwarded-Host", "X-Forwarded-Port",
        ])
    func noList(_ value: String) {
        #expect(names(value) == nil)
    }

    @Test("sixteen names are kept, seventeen are not")
    func limit() {
        let sixteen = (1...16).map { "x-\($0)" }.joined(separator: ",")
        #expect(names(sixteen)?.split(separator: "\n").count == 16)
        #expect(names(sixteen + ",x-17") == nil)
        #expect(names(String(repeating: "x", count: 1_023)) != nil)
        #expect(names(String(repeating: "x", count: 1_024)) == nil)
    }

    @Test("lists are told apart by a number; the empty one has 0")
    func hashes() {
        func hash(_ text: String) -> UInt64 {
            let bytes = Array(text.utf8)
            return Vary.hash(bytes.span.bytes)
        }
        #expect(hash("") == 0)
        #expect(hash("accept\n") == hash("accept\n"))
        #expect(hash("accept\n") != hash("accept-language\n"))
    }

    /// The variant's part of the key.
    private func variant(_ names: String, _ fields: String...) -> [UInt8]? {
        let (bytes, head) = Heads.request(fields)
        let list = Array(names.utf8)
        return Heads.key {
            Vary.append(names: list.span.bytes, of: head, bytes: bytes.span.bytes, to: &$0)
        }
    }

    @Test(
        "requests that mean the same share a variant",
        arguments: [
            ("accept-language\n", "Accept-Language: en, de", "Accept-Language: EN,DE"),
            ("accept-language\n", "Accept-Language: en, de", "Accept-Language: de, en"),
            (
                "accept-language\n", "Accept-Language: en;q=0.8, de",
                "Accept-Language: de,en;q=0.800"
            ),
            ("accept-language\n", "Accept-Language: en; q=0.5", "Accept-Language: en ;Q=0.5"),
            ("accept-language\n", "Accept-Language: en;q=1.0", "Accept-Language: en"),
            ("accept-encoding\n", "Accept-Encoding: gzip, br", "Accept-Encoding: br ,\tgzip"),
            ("accept-encoding\n", "Accept-Encoding: x-gzip", "Accept-Encoding: gzip"),
            ("x-a\n", "X-A: 1, 2", "x-a: 1 ,2"),
            ("accept\n", "Accept: a/b,c/d", "Accept:  a/b , c/d "),
        ])
    func same(_ names: String, _ first: String, _ second: String) {
        #expect(variant(names, first) == variant(names, second))
    }

    @Test("several lines of a field are one list")
    func lines() {
        #expect(
            variant("x-a\n", "X-A: 1", "Other: 9", "X-A: 2") == variant("x-a\n", "X-A: 1,2"))
        #expect(
            variant("accept-language\n", "Accept-Language: en", "Accept-Language: de")
                == variant("accept-language\n", "Accept-Language: de, en"))
    }

    @Test(
        "requests that differ have variants of their own",
        arguments: [
            ("accept-language\n", "Accept-Language: en", "Accept-Language: de"),
            ("accept-language\n", "Accept-Language: en;q=0.8, de", "Accept-Language: en, de;q=0.8"),
            ("accept-language\n", "Accept-Language: en;q=0", "Accept-Language: en"),
            ("accept-language\n", "Accept-Language: en;q=x", "Accept-Language: en"),
            ("accept-language\n", "Accept-Language: en;q=0.8", "Accept-Language: en;q=0.81"),
            ("x-a\n", "X-A: a", "X-A: A"), ("x-a\n", "X-A: 1, 2", "X-A: 2, 1"),
            ("x-a\n", "X-A: 1 2", "X-A: 12"), ("x-a\n", "X-A: \"a,b\"", "X-A: \"a, b\""),
            ("cookie\n", "Cookie: a=1, b=2", "Cookie: a=1,b=2"),
            ("x-a\n", "X-A:", "X-B: 1"), ("cookie\n", "Cookie:", "X-B: 1"),
        ])
    func different(_ names: String, _ first: String, _ second: String) {
        #expect(variant(names, first) != variant(names, second))
    }

    @Test("an absent field differs from an empty one and matches an absent one")
    func absent() {
        #expect(variant("x-a\n") == variant("x-a\n", "X-B: 1"))
        #expect(variant("accept\n") != variant("accept\n", "Accept:"))
    }

    @Test("a field that the request's Connection takes away counts as absent")
    func hopByHop() {
        #expect(variant("origin\n", "Origin: a", "Connection: Origin") == variant("origin\n"))
        #expect(variant("x-a\n", "X-A: 1", "Connection: close, x-a") == variant("x-a\n"))
        #expect(variant("x-a\n", "X-A: 1", "Connection: close") != variant("x-a\n"))
    }

    @Test("values cannot slip from one field into another")
    func noInjection() {
        #expect(variant("x-a\nx-b\n", "X-A: 1") != variant("x-a\nx-b\n", "X-B: 1"))
        #expect(
            variant("x-a\nx-b\n", "X-A: 1,2", "X-B: 3")
                != variant("x-a\nx-b\n", "X-A: 1", "X-B: 2,3"))
    }

    @Test("a list of too many members spoils the key instead of being cut")
    func tooMany() {
        let many = (1...33).map { "l\($0)" }.joined(separator: ",")
        #expect(variant("accept-language\n", "Accept-Language: \(many)") == nil)
        let enough = (1...32).map { "l\($0)" }.joined(separator: ",")
        #expect(variant("accept-language\n", "Accept-Language: \(enough)") != nil)
    }
}
