import Caching
import Testing

@Suite("The language of a page")
struct PageLanguageTests {
    private static let table = PageLanguages.table(["en", "de", "pt-BR", "zh-hans"])

    private func tag(_ chosen: String, _ accepted: String) -> String {
        let index = PageLanguages.choose(
            Array(chosen.utf8).span.bytes, accepted: Array(accepted.utf8).span.bytes,
            in: Self.table.span.bytes)
        return String(
            decoding: Self.table[PageLanguages.tag(index, in: Self.table.span.bytes)],
            as: UTF8.self)
    }

    @Test(
        "the cookie counts, then Accept-Language, then the site's own",
        arguments: [
            ("", "", "en"), ("de", "", "de"), ("de", "en", "de"), ("DE", "", "de"),
            ("xx", "de", "de"), ("", "de", "de"), ("", "fr, de;q=0.5", "de"),
            ("", "en;q=0.1, de;q=0.2", "de"), ("", "en;q=0.2, de;q=0.1", "en"),
            ("", "de;q=0", "en"), ("", "de;q=x", "en"), ("", "de;q=0.001, en;q=0", "de"),
            ("", "de-AT", "de"), ("", "de-AT-1996", "de"), ("", "pt", "pt-br"),
            ("", "pt-PT", "pt-br"), ("", "zh-Hans-CN", "zh-hans"), ("", "*", "en"),
            ("", "fr, *;q=0.5", "en"), ("", ",,;", "en"), ("", "de ; q=1.0", "de"),
            ("", "dex", "en"), ("-", "-", "en"),
        ])
    func choice(_ chosen: String, _ accepted: String, _ expected: String) {
        #expect(tag(chosen, accepted) == expected)
    }

    @Test("a site that names none has none, and the index of none has no tag")
    func none() {
        let nothing = [UInt8]()
        let index = PageLanguages.choose(
            nothing.span.bytes, accepted: nothing.span.bytes, in: nothing.span.bytes)
        #expect(index == PageLanguages.none)
        #expect(PageLanguages.tag(index, in: Self.table.span.bytes).isEmpty)
    }
}
