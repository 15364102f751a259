import Caching
import Testing

@Suite("Texts that can be searched for tokens")
struct PageCharsetTests {
    @Test(
        "by what their Content-Type names",
        arguments: [
            ("", true), ("text/html", true), ("text/html; charset=utf-8", true),
            ("text/html;charset=\"UTF-8\"", true), ("text/html; charset = 'Latin1'", true),
            ("text/html; charset=ISO-8859-15", true), ("text/html; charset=Shift_JIS", true),
            ("text/html; charset=windows-1252", true), ("text/html; utf-16", true),
            ("text/html; charset=utf-16", false), ("text/html; charset=UTF-16LE", false),
            ("text/html; charset=\"utf-16be\"", false), ("text/html; CHARSET=unicode", false),
            ("text/html; charset=iso-2022-jp", false), ("text/html; charset=utf-7", false),
            ("text/html; charset=utf-8; charset=utf-16", false),
            ("text/html; charset=utf-32", false), ("text/html; charset=ibm037", false),
        ])
    func types(_ type: String, _ isSearchable: Bool) {
        let bytes = Array(type.utf8)
        #expect(PageCharset.isSearchable(type: bytes.span.bytes) == isSearchable)
    }

    @Test("by how they begin")
    func starts() {
        for text in ["", "<", "<h>", "<html>", "\u{FEFF}<html>", "{\"a\":1}"] {
            #expect(!PageCharset.isWide(Array(text.utf8)), "\(text)")
            // Behind the first bytes a zero is a letter of no encoding.
            #expect(!PageCharset.isWide(Array("<h1>".utf8) + [0]))
        }
        for bytes: [UInt8] in [
            [0xFE, 0xFF, 0, 0x3C], [0xFF, 0xFE, 0x3C, 0], [0, 0x3C, 0, 0x68], [0x3C, 0, 0x68, 0],
            [0, 0, 0xFE, 0xFF], [0x3C, 0], [0xFF, 0xFE],
        ] {
            #expect(PageCharset.isWide(bytes), "\(bytes)")
        }
    }
}
