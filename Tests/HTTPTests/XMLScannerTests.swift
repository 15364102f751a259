import HTTP
import Testing

@Suite("XML: what a document says")
struct XMLScannerTests {
    @Test(
        "elements, attributes and text come as they stand, references decoded",
        arguments: [
            ("<a/>", "<a></a>"),
            ("<a></a >", "<a></a>"),
            ("\u{feff}<a/>", "<a></a>"),
            (" \n<!-- c --><?p i?><a/><!----> <?q?>", "<a></a>"),
            ("<?xml version=\"1.0\"?><a/>", "<a></a>"),
            ("<?xml version='1.0' encoding='utf-8' standalone=\"yes\" ?>\n<a/>", "<a></a>"),
            ("\u{feff}<?xml version=\"1.1\" encoding=\"UTF-8\"?><a/>", "<a></a>"),
            ("<?xml-stylesheet href='x'?><a/>", "<a></a>"),
            ("<a x='1' y = \"2\"\n/>", "<a x=1 y=2></a>"),
            ("<a x=\"a&lt;b&#10;c\td\n'\"/>", "<a x=a<b\nc d '></a>"),
            ("<a>&amp;&lt;&gt;&quot;&apos;</a>", "<a>&<>\"'</a>"),
            ("<a>&#65;&#x42;&#x1F5fA;&#00067;</a>", "<a>AB🗺C</a>"),
            ("<a>&#13;</a>", "<a>\r</a>"),
            ("<a>&amp;lt;</a>", "<a>&lt;</a>"),
            ("<a>1\r\n2\r3\n\r4</a>", "<a>1\n2\n3\n\n4</a>"),
            ("<a>x<![CDATA[<b>&amp;]]]]><![CDATA[>]]>y</a>", "<a>x<b>&amp;]]>y</a>"),
            ("<a><![CDATA[]]]]]></a>", "<a>]]]</a>"),
            ("<a><![CDATA[]]></a>", "<a></a>"),
            ("<a>x<!-- - -->y<?p ??>z<?p?></a>", "<a>xyz</a>"),
            ("<a>] ]] ]]] ]&gt; ></a>", "<a>] ]] ]]] ]> ></a>"),
            ("<w:a xmlns:w='u'><w:b-1._é/></w:a>", "<w:a xmlns:w=u><w:b-1._é></w:b-1._é></w:a>"),
            ("<a>\u{7f}\u{85}\u{fffd}\u{10ffff}</a>", "<a>\u{7f}\u{85}\u{fffd}\u{10ffff}</a>"),
        ])
    func documents(_ document: String, _ events: String) {
        let reading = XMLReading(document)
        #expect(reading.failure == nil)
        #expect(reading.line == events)
    }

    @Test("a prefix is split off, and attributes are found without it")
    func names() throws {
        var scanner = XMLScanner(limits: .document)
        let bytes = Array("<wfs:Insert xlink:href='u' handle='h'/>".utf8)
        let step = try scanner.next(bytes.span.bytes)
        guard case .start(let element) = step.event else {
            Issue.record("\(step)")
            return
        }
        #expect(element.name.prefix == "wfs" && element.name.local == "Insert")
        #expect(element["href"] == "u" && element["handle"] == "h" && element["x"] == nil)
        #expect(step.consumed == bytes.count)
        let end = try scanner.next(bytes.span.bytes.extracting(0..<0))
        #expect(end.event == .end(element.name) && end.consumed == 0)
    }

    @Test("each step says where it began, in lines and characters")
    func places() throws {
        var scanner = XMLScanner(limits: .document)
        let bytes = Array("\u{feff}<a>\r\n é<b/>\rx</a>".utf8)
        var places: [String] = []
        var at = 0
        while true {
            let step = try scanner.next(bytes.span.bytes.extracting(at..<bytes.count))
            if step.event == .needMore { break }
            at += step.consumed
            places.append("\(step.position.line):\(step.position.column)")
        }
        #expect(places == ["1:1", "1:4", "2:3", "2:3", "2:7", "3:2"])
    }

    @Test("long text comes in pieces, none of which cuts a character")
    func pieces() throws {
        var limits = XMLLimits.document
        limits.pieceBytes = 10
        var scanner = XMLScanner(limits: limits)
        let text = String(repeating: "aé&#x1F5FA;<![CDATA[🗺]]>", count: 40)
        let bytes = Array("<a>\(text)</a>".utf8)
        var whole = ""
        var at = 0
        loop: while true {
            let step = try scanner.next(bytes.span.bytes.extracting(at..<bytes.count))
            at += step.consumed
            switch step.event {
            case .text(let piece):
                #expect(piece.utf8.count <= 13)
                whole += piece
            case .needMore: break loop
            default: break
            }
        }
        #expect(whole == String(repeating: "aé🗺🗺", count: 40))
    }

    @Test("cut in two anywhere, or into bytes, a document means the same", arguments: samples)
    func splits(_ document: String) {
        let bytes = Array(document.utf8)
        let whole = XMLReading(bytes)
        for cut in 0...bytes.count {
            #expect(XMLReading(bytes, ends: [cut, bytes.count]) == whole, "cut at \(cut)")
        }
        #expect(XMLReading(bytes, ends: Array(0...bytes.count)) == whole)
    }

    static let samples = [
        "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<a:b c='&lt;é'>x\r\n<!--y-->&#x1F5FA;"
            + "]]&gt;<d/><![CDATA[]]x]]]></a:b>\r\n<?p q?>",
        "<a>\r\n\u{fffe}</a>", "<a>text]]></a>", "<a></b>", "<a>&bomb;</a>", "<a b='1' b='2'/>",
        "<!DOCTYPE a []><a/>", "<a><b></a></b>", "\u{feff}\u{feff}<a/>", "<a", "",
    ]
}
