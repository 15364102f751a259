import Testing
import Tiles

@Suite("Documents are followed to their end by their tags or brackets")
struct DocumentOutlineTests {
    private func outline(_ text: String, piece: Int) -> DocumentOutline {
        let bytes = Array(text.utf8)
        var outline = DocumentOutline()
        for start in stride(from: 0, to: bytes.count, by: piece) {
            outline.take(Array(bytes[start..<min(start + piece, bytes.count)]).span.bytes)
        }
        return outline
    }

    @Test(
        "what is whole is known to be, wherever its bytes are cut",
        arguments: [
            "<a/>", "<a></a>", "\u{FEFF}<?xml version='1.0'?>\n<a>x</a>\n<!-- > - -- -->\n<?b?>",
            "<!DOCTYPE a SYSTEM \"x>y\" [<!ELEMENT b EMPTY> <!-- don't --> ]><a b='/>' c=\"]]\"/>",
            "<w:a xmlns:w='u'><w:b><![CDATA[</w:a> ]] ]>]]></w:b><c/></w:a>",
            "<?xml-stylesheet href='a'?><a><?xml-more?></a>", "<a>&lt; ' \" > ] - ?</a>",
            "{}", " [{\"a\": \"]}\\\"\\\\\", \"b\": [1, [], {}]}]\n",
            String(repeating: "[", count: 70) + String(repeating: "]", count: 70),
        ])
    func whole(_ text: String) {
        for piece in [1, 2, 7, 4_096] {
            let found = outline(text, piece: piece)
            #expect(found.isWhole && !found.isBroken && !found.holdsException, "\(piece)")
        }
        // No beginning of it is, nor is any of them broken.
        for count in 0..<text.utf8.count {
            let half = String(decoding: text.utf8.prefix(count), as: UTF8.self)
            #expect(!outline(half, piece: 4_096).isBroken, "\(count)")
        }
    }

    @Test(
        "what breaks off is not whole, and what goes on as another document is broken",
        arguments: [
            ("<a><b></b>", false), ("<a", false), ("<a b='", false), ("<a><!-- </a>", false),
            ("", false), ("  ", false), ("<?xml version='1.0'?>", false), ("{\"a\": [1", false),
            ("{\"a\": \"}", false),
            ("<a><b><?xml version='1.0'?><c/>", true), ("<a/><b/>", true), ("<a/>x", true),
            ("<a><b</a>", true), ("<a b='<c>'/>", true), ("</a>", true), ("<a></a></a>", true),
            ("<a><!DOCTYPE html>", true), ("< a/>", true), ("{} {}", true), ("{}<a/>", true),
            ("{\"a\": ]", true), ("[1}", true), ("<a/ b>", true),
        ])
    func broken(_ text: String, isBroken: Bool) {
        for piece in [1, 3, 4_096] {
            let found = outline(text, piece: piece)
            #expect(!found.isWhole && found.isBroken == isBroken, "\(piece)")
        }
    }

    @Test(
        "an exception is found at any depth, and by its local name alone",
        arguments: [
            ("<ServiceExceptionReport/>", true), ("<a><ows:ExceptionReport xmlns:ows='o'>", true),
            ("<a><b/><c><ServiceException code='x'>", true), ("<WMTException>", true),
            ("<a><ExceptionReports/></a>", false), ("<a ExceptionReport='1'/>", false),
            ("<a>ExceptionReport</a>", false), ("<a><!-- <ExceptionReport/> --></a>", false),
            ("<a><![CDATA[<ExceptionReport/>]]></a>", false),
        ])
    func exceptions(_ text: String, holds: Bool) {
        for piece in [1, 5, 4_096] {
            #expect(outline(text, piece: piece).holdsException == holds)
        }
    }

    @Test("the root is known by its local name, and other text by its first byte")
    func root() {
        let wfs = outline("<wfs:WFS_Capabilities ", piece: 2)
        #expect(wfs.root?.spells("WFS_Capabilities") == true)
        #expect(outline("<!DOCTYPE html><html>", piece: 3).root?.spells("html") == true)
        let long = String(repeating: "x", count: 30)
        #expect(outline("<\(long)>", piece: 9).root?.spells("x") == false)
        #expect(outline("busy", piece: 9).form == .other)
        #expect(outline("\u{FEFF}x", piece: 1).form == .other)
        var wide = DocumentOutline()
        wide.take(([0xFF, 0xFE, 0x3C, 0] as [UInt8]).span.bytes)
        #expect(wide.form == .wide)
    }
}
