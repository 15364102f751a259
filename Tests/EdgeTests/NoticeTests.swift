import HTTP
import Testing

@testable import Edge

private struct ZlibLacksMemory: Error {}

@Suite("Notices: templates, pages, fields, languages")
struct NoticeTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test("places are filled in")
    func filled() throws {
        let template = try NoticeTemplate(
            "{{ name }}: {{since}} = {{seconds}}, {{retry}}s {{notice}}{", isPage: true)
        let filling = NoticeTemplate.Filling(
            since: 1_796_000_000, retry: 5, name: "edge", notice: Array("<b>".utf8))
        #expect(
            text(template.filled(filling)) == "edge: 30 Nov 2026 00:53 GMT = 1796000000, 5s <b>{")
        #expect(try NoticeTemplate("", isPage: false).filled(filling).isEmpty)
    }

    @Test(
        "what cannot be filled in is named with its line",
        arguments: [
            ("a\nb {{sinse}}", false, 2, "\"{{sinse}}\" is nothing that can be filled in"),
            ("{{since}}\n\n\n{{", true, 4, "\"{{\" is not closed"),
            ("{{notice}}", false, 1, "\"{{notice}}\" is nothing that can be filled in"),
        ])
    func mistakes(_ given: String, _ isPage: Bool, _ line: Int, _ problem: String) {
        #expect {
            try NoticeTemplate(given, isPage: isPage)
        } throws: { error in
            let mistake = error as? NoticeTemplate.Mistake
            return mistake?.line == line && mistake?.problem == problem
                && mistake?.remedy.isEmpty == false
        }
    }

    @Test("the edge's own texts are sound, and the page holds the notice")
    func standard() {
        let filling = NoticeTemplate.Filling(since: 0, retry: 5, name: "edge", notice: [])
        let notice = NoticeTexts.standard.notice.filled(filling)
        var rest = filling
        rest.notice = notice
        let page = text(NoticeTexts.standard.page.filled(rest))
        #expect(text(notice).contains("role=\"alert\"") && page.contains(text(notice)))
        #expect(page.hasPrefix("<!DOCTYPE html>"))
    }

    @Test(
        "a notice goes before the last marker, whatever its case, else to the end",
        arguments: [
            ("<body>a</body>", "<body>aN</body>"),
            ("<BODY>a</BODY></html>", "<BODY>aN</BODY></html>"),
            ("<script>'</body>'</script></body>", "<script>'</body>'</script>N</body>"),
            ("<p>a", "<p>aN"), ("", "N"), ("</bod", "</bodN"), ("</body", "N</body"),
        ])
    func places(_ page: String, _ wanted: String) {
        let injected = NoticeInjection.injected(
            Array(page.utf8), [UInt8(ascii: "N")], marker: Array("</body".utf8))
        #expect(text(injected) == wanted)
    }

    private func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
        guard var writer = GzipWriter(level: 6) else { throw ZlibLacksMemory() }
        return unsafe [UInt8](unsafeUninitializedCapacity: bytes.count + 1_024) { room, count in
            count = unsafe writer.write(
                bytes.span.bytes, .finished, into: UnsafeMutableRawBufferPointer(room)
            ).produced
        }
    }

    private func marked(_ page: [UInt8], limit: Int = 1 << 20) -> [UInt8]? {
        NoticeInjection.injectedGzip(
            page, Array("<i>N</i>".utf8), marker: Array("</body".utf8), limit: limit)
    }

    @Test(
        "a page in gzip stays one, and says the same with the notice", arguments: [0, 90, 200_000])
    func compressed(_ size: Int) throws {
        let inner = (0..<size).map { UInt8(truncatingIfNeeded: 97 + $0 % 23 * ($0 % 7)) | 0x20 }
        let page = Array("<body>".utf8) + inner + Array("</body>".utf8)
        let result = try #require(marked(try gzip(page)))
        let plain = try #require(NoticeInjection.decompressed(result, limit: 1 << 20))
        #expect(plain == Array("<body>".utf8) + inner + Array("<i>N</i></body>".utf8))
    }

    @Test("what is no gzip, half of one, or larger than the limit gets none")
    func unsound() throws {
        let page = try gzip(Array(repeating: 65, count: 100_000))
        #expect(marked(Array("<body></body>".utf8)) == nil)
        #expect(marked(Array(page.dropLast(9))) == nil)
        #expect(marked(page, limit: 99_999) == nil)
        #expect(marked(page, limit: 100_000) != nil)
        #expect(marked([]) == nil)
    }

    private func facts(_ block: String) -> NoticedFields.Facts {
        let bytes = Array(block.utf8)
        return unsafe bytes.withUnsafeBytes { unsafe NoticedFields.facts($0) }
    }

    @Test("which answers are pages, and in which coding")
    func recognised() {
        #expect(facts("content-TYPE: Text/HTML; charset=utf-8\r\n").isHTML)
        #expect(facts("Content-Type: text/html\r\n").isHTML)
        #expect(!facts("Content-Type: text/html-like\r\n").isHTML)
        #expect(!facts("Content-Type: application/json\r\nX: text/html\r\n").isHTML)
        #expect(facts("X: y\r\n").coding == .identity)
        #expect(facts("Content-Encoding: gzip\r\n").coding == .gzip)
        #expect(facts("Content-Encoding:  X-GZIP \r\n").coding == .gzip)
        #expect(facts("Content-Encoding: identity\r\n").coding == .identity)
        #expect(facts("Content-Encoding: br\r\n").coding == nil)
        #expect(facts("Content-Encoding: gzip, gzip\r\n").coding == nil)
        #expect(text(facts("Content-Language: fr\r\n").language) == "fr")
    }

    private func shortened(
        _ block: String, isShared: Bool = true, keepsValidators: Bool = false
    ) -> String {
        text(
            NoticedFields.shortened(
                Array(block.utf8), sMaxage: 10_000, isShared: isShared,
                keepsValidators: keepsValidators))
    }

    @Test("lengths, digests and validators go; a lifetime that ends soon comes")
    func fields() {
        let block = """
            Content-Type: text/html\r\nETag: "a"\r\nLast-Modified: x\r\nContent-MD5: y\r\n\
            Digest: sha-256=z\r\nContent-Digest: z\r\nRepr-Digest: z\r\nAccept-Ranges: bytes\r\n\
            Cache-Control: public, max-age=3600\r\nExpires: x\r\nCDN-Cache-Control: max-age=9\r\n\
            Vary: Cookie\r\nX-Digest-Of: y\r\n
            """
        #expect(
            shortened(block) == "Content-Type: text/html\r\nVary: Cookie\r\nX-Digest-Of: y\r\n"
                + "Cache-Control: max-age=0, s-maxage=10\r\n")
        #expect(
            shortened("ETag: \"a\"\r\nLast-Modified: x\r\n", keepsValidators: true)
                == "ETag: \"a\"\r\nLast-Modified: x\r\nCache-Control: max-age=0, s-maxage=10\r\n")
    }

    @Test(
        "what may not be kept stays so, in the origin's words or ours",
        arguments: [
            (
                "Cache-Control: private, max-age=60\r\n", true,
                "Cache-Control: private, max-age=60\r\n"
            ),
            ("Cache-Control: No-Store\r\n", true, "Cache-Control: No-Store\r\n"),
            (
                "Cache-Control: max-age=5, no-cache=\"Set-Cookie\"\r\n", true,
                "Cache-Control: max-age=5, no-cache=\"Set-Cookie\"\r\n"
            ),
            ("Set-Cookie: a=b\r\n", false, "Set-Cookie: a=b\r\nCache-Control: no-store\r\n"),
            ("Cache-Control: max-age=60\r\n", false, "Cache-Control: no-store\r\n"),
        ])
    func forbidden(_ block: String, _ isShared: Bool, _ wanted: String) {
        #expect(shortened(block, isShared: isShared) == wanted)
    }

    @Test(
        "the language that is read best",
        arguments: [
            ("", 0), ("fr", 1), ("FR-ca", 1), ("de, fr;q=0.5", 1), ("de", 0), ("*", 0),
            ("fr;q=0.2, pt-BR;q=0.9", 2), ("pt", 2), ("fr;q=0, pt;q=0.001", 2), ("fr;q=x, en", 0),
            ("en;q=0.8, fr;q=0.9", 1), (",,;q=1,fr", 1),
        ])
    func languages(_ accepted: String, _ wanted: Int) {
        #expect(LanguageChoice.best(Array(accepted.utf8), of: ["en", "fr", "pt-br"]) == wanted)
    }

    @Test("what scripts are told is JSON, whatever the texts hold")
    func status() {
        #expect(
            text(NoticeScript.status(since: nil, languages: ["en"], texts: []))
                == "{\"degraded\":false}\n")
        let status = NoticeScript.status(
            since: 7, languages: ["en", "fr"], texts: [Array("<p \"x\">\n\\".utf8), [0xC3, 0xA9]])
        #expect(
            text(status) == #"{"degraded":true,"since":7,"notices":{"en":"<p \"x\">\u000a\\","#
                + #""fr":"é"}}"# + "\n")
    }

    @Test("a page is known by a field, by its value, or by its text")
    func markers() throws {
        var marker = DegradedMarker()
        func says(_ fields: String) -> Bool {
            let bytes = Array("HTTP/1.1 200 OK\r\n\(fields)\r\n".utf8)
            var head = ResponseHead()
            var scan = HeadScan()
            return unsafe bytes.withUnsafeBytes { bytes in
                _ = unsafe parseResponse(
                    bytes.bytes, &scan, limits: .response, toHead: false, into: &head)
                return unsafe marker.isIn(head, bytes)
            }
        }
        #expect(!says("X-Degraded: map\r\n"))
        marker.header = "X-Degraded"
        #expect(says("x-degraded: map\r\n") && !says("X-Degrade: map\r\n"))
        marker.value = "Map"
        #expect(says("X-Degraded: map\r\n") && !says("X-Degraded: maps\r\n"))
        #expect(says("X-Degraded: a\r\nX-Degraded: MAP\r\n"))
        marker.body = Array("not responding".utf8)
        marker.within = 20
        let page = Array("The map is not responding".utf8)
        #expect(!marker.isIn(body: page, isGzip: false))
        marker.within = 25
        #expect(marker.isIn(body: page, isGzip: false))
        #expect(marker.isIn(body: try gzip(page), isGzip: true))
        #expect(marker.isIn(body: Array(try gzip(page).dropLast(8)), isGzip: true))
        #expect(!marker.isIn(body: page, isGzip: true))
        #expect(!marker.isIn(body: [], isGzip: false))
    }
}
