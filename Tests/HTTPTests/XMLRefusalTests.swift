import HTTP
import Testing

@Suite("XML: what is refused, where and why")
struct XMLRefusalTests {
    @Test("a document that is not well-formed is refused at its first mistake", arguments: table)
    func refusals(_ document: String, _ message: String) {
        #expect(XMLReading(document).failure?.description == message)
    }

    static let table: [(String, String)] =
        structure + markup + characters + [
            (
                "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
                "line 1, column 1: a document type declaration is not allowed"
            ),
            (
                "<?xml version=\"1.0\"?>\n <!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
                "line 2, column 2: a document type declaration is not allowed"
            ),
            (
                "<a>&lol9;</a>",
                "line 1, column 9: the entity \"lol9\" is unknown; there are amp, lt, gt, quot and "
                    + "apos"
            ),
        ]

    private static let structure = [
        ("", "line 1, column 1: the document has no element"),
        (" <!-- -->", "line 1, column 10: the document has no element"),
        ("x<a/>", "line 1, column 1: text stands outside the root element"),
        ("<a/>\nx", "line 2, column 1: text stands outside the root element"),
        ("<a/>&amp;", "line 1, column 5: text stands outside the root element"),
        ("<a/><![CDATA[]]>", "line 1, column 5: text stands outside the root element"),
        ("<a/><b/>", "line 1, column 5: there is a second root element"),
        (
            "<a>\n<b></a></b>",
            "line 2, column 4: the end tag of \"a\" stands where \"b\" should end"
        ),
        ("<a></A>", "line 1, column 4: the end tag of \"A\" stands where \"a\" should end"),
        ("<x:a></y:a>", "line 1, column 6: the end tag of \"y:a\" stands where \"x:a\" should end"),
        ("</a>", "line 1, column 1: an end tag has no start tag"),
        ("<a/></a>", "line 1, column 5: an end tag has no start tag"),
        ("<a><b/>", "line 1, column 8: the document ends before \"a\" does"),
        ("<a", "line 1, column 3: the document ends within markup"),
        ("<a/><!--", "line 1, column 9: the document ends within markup"),
    ]

    private static let markup = [
        ("<a>< b/></a>", "line 1, column 5: \"<\" is not followed by a name; write \"&lt;\""),
        ("<1/>", "line 1, column 2: \"<\" is not followed by a name; write \"&lt;\""),
        ("<a></>", "line 1, column 6: \"<\" is not followed by a name; write \"&lt;\""),
        ("<:a/>", "line 1, column 4: the name \":a\" has a colon out of place"),
        ("<a:/>", "line 1, column 4: the name \"a:\" has a colon out of place"),
        ("<a:b:c/>", "line 1, column 7: the name \"a:b:c\" has a colon out of place"),
        ("<a:1/>", "line 1, column 5: the name \"a:1\" has a colon out of place"),
        ("<a b:='1'/>", "line 1, column 6: the name \"b:\" has a colon out of place"),
        ("<a b/>", "line 1, column 5: an attribute has no value in quotes"),
        ("<a b=1/>", "line 1, column 6: an attribute has no value in quotes"),
        ("<a b='1'c='2'/>", "line 1, column 9: an attribute is not preceded by a space"),
        ("<a b='1' b='2'/>", "line 1, column 11: the attribute \"b\" is repeated"),
        (
            "<a b='<'/>",
            "line 1, column 7: \"<\" may not stand in an attribute value; write \"&lt;\""
        ),
        ("<a =''/>", "line 1, column 4: a character may not stand in a tag here"),
        ("<a / >", "line 1, column 5: a character may not stand in a tag here"),
        ("<a></a b>", "line 1, column 8: a character may not stand in a tag here"),
        (
            "<a>& b</a>",
            "line 1, column 5: \"&\" is not followed by a name and \";\"; write \"&amp;\""
        ),
        (
            "<a>&;</a>",
            "line 1, column 5: \"&\" is not followed by a name and \";\"; write \"&amp;\""
        ),
        (
            "<a>&#x;</a>",
            "line 1, column 7: \"&\" is not followed by a name and \";\"; write \"&amp;\""
        ),
        (
            "<a>&#1a;</a>",
            "line 1, column 8: \"&\" is not followed by a name and \";\"; write \"&amp;\""
        ),
        ("<a>]]></a>", "line 1, column 6: \"]]>\" may not stand in text; write \"]]&gt;\""),
        ("<a><!-- -- --></a>", "line 1, column 11: \"--\" may not stand in a comment"),
        (
            "<a><?p??></a>",
            "line 1, column 8: \"<!\" or \"<?\" begins nothing that may stand here"
        ),
        ("<a><!-x></a>", "line 1, column 4: \"<!\" or \"<?\" begins nothing that may stand here"),
        (
            "<a><!ENTITY b 'c'></a>",
            "line 1, column 4: \"<!\" or \"<?\" begins nothing that may stand here"
        ),
        (
            " <?xml version='1.0'?><a/>",
            "line 1, column 2: an XML declaration may only stand at the very start"
        ),
        (
            "<?XML version='1.0'?><a/>",
            "line 1, column 1: an XML declaration may only stand at the very start"
        ),
        ("<?xml?><a/>", "line 1, column 1: the XML declaration is malformed"),
        ("<?xml version='2.0'?><a/>", "line 1, column 1: the XML declaration is malformed"),
        (
            "<?xml version='1.0<'?><a/>", "line 1, column 1: the XML declaration is malformed"
        ),
        ("<?xml encoding='UTF-8'?><a/>", "line 1, column 1: the XML declaration is malformed"),
        (
            "<?xml version='1.0'encoding='UTF-8'?><a/>",
            "line 1, column 1: the XML declaration is malformed"
        ),
    ]

    private static let characters = [
        ("<a>\u{0}</a>", "line 1, column 4: a control character may not stand in XML"),
        ("<a>\u{1b}</a>", "line 1, column 4: a control character may not stand in XML"),
        ("<a>\u{ffff}</a>", "line 1, column 4: a control character may not stand in XML"),
        ("<a>&#0;</a>", "line 1, column 7: a character reference names no character of XML"),
        ("<a>&#xD800;</a>", "line 1, column 11: a character reference names no character of XML"),
        ("<a>&#x110000;</a>", "line 1, column 13: a character reference names no character of XML"),
        ("<a>&#xFFFE;</a>", "line 1, column 11: a character reference names no character of XML"),
        (
            "<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
            "line 1, column 1: the declared encoding is \"ISO-8859-1\"; only UTF-8 is read"
        ),
    ]

    @Test(
        "what is not UTF-8 is refused at its first wrong byte",
        arguments: [
            [0xff, 0xfe], [0x80], [0xc0, 0xaf], [0xc1, 0x81], [0xe0, 0x9f, 0xbf],
            [0xed, 0xa0, 0x80], [0xf0, 0x8f, 0x80, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf5],
            [0xe9, 0x74], [0xc3],
        ] as [[UInt8]])
    func encodings(_ bytes: [UInt8]) {
        let reading = XMLReading(Array("<a>".utf8) + bytes + Array("</a>".utf8))
        #expect(reading.failure?.problem == .notUTF8)
        #expect(reading.events == ["<a>"])
    }

    @Test("UTF-16 is refused with its first byte")
    func wideCharacters() {
        #expect(XMLReading([0xff, 0xfe, 0x3c, 0]).failure?.problem == .notUTF8)
        #expect(XMLReading([0xfe, 0xff, 0, 0x3c]).failure?.problem == .notUTF8)
        #expect(XMLReading([0x3c, 0, 0x61, 0]).failure?.problem == .characterForbidden)
    }

    @Test("after a mistake nothing more is read")
    func afterwards() {
        var scanner = XMLScanner(limits: .document)
        let failures = ["<a>", "</b>", "</a>"].map { part in
            let bytes = Array(part.utf8)
            do throws(XMLError) {
                _ = try scanner.next(bytes.span.bytes)
                return nil as XMLError?
            } catch {
                return error
            }
        }
        let mistake = XMLError.Problem.endTagMismatched(expected: "a", found: "b")
        #expect(failures.map(\.?.problem) == [nil, mistake, mistake])
        #expect(throws: XMLError.self) { try scanner.finish() }
    }
}
