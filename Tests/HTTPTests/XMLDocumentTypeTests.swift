import HTTP
import Testing

@Suite("XML: a document type that is passed over")
struct XMLDocumentTypeTests {
    private func limits(_ documentTypeBytes: Int) -> XMLLimits {
        var limits = XMLLimits.document
        limits.documentTypeBytes = documentTypeBytes
        return limits
    }

    static let declarations = [
        "<!DOCTYPE a>", "<!DOCTYPE a SYSTEM \"http://h/a.dtd\">", "<!DOCTYPE a SYSTEM '>[\"]'>",
        "<!DOCTYPE a [ ]>", "<!DOCTYPE a []>", "<!DOCTYPE a [<!ELEMENT a EMPTY>] >",
        "<!DOCTYPE a [<!ENTITY b \"]>\"><!ATTLIST a b CDATA '<!--'>]>",
        "<!DOCTYPE a [<!-- it's ]> - -> --> <?b ]> ? ?><?c??> %d; <!--->--->]>",
    ]

    @Test("its end is found, whatever it hides", arguments: declarations)
    func found(_ declaration: String) {
        let document = "<?xml version='1.0'?>\n<!-- x -->\(declaration)\n<a>b</a>"
        let whole = XMLReading(document, limits: limits(1_000))
        #expect(whole.failure == nil)
        #expect(whole.line == "<a>b</a>")
        let bytes = Array(document.utf8)
        let split = XMLReading(bytes, limits: limits(1_000), ends: Array(0...bytes.count))
        #expect(split == whole)
        #expect(XMLReading(document).failure?.problem == .documentTypeForbidden)
    }

    @Test("one only, before the root, of a bounded length, and ended")
    func refused() {
        let table: [(String, XMLError.Problem)] = [
            ("<!DOCTYPE a><!DOCTYPE a><a/>", .documentTypeForbidden),
            ("<a/><!DOCTYPE a>", .documentTypeForbidden),
            ("<a><!DOCTYPE a></a>", .documentTypeForbidden),
            ("<!DOCTYPE a", .markupUnfinished), ("<!DOCTYPE a [<!-- ", .markupUnfinished),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", .entityUnknown("b")),
            ("<!DOCTYPE a \u{1}><a/>", .characterForbidden),
            (
                "<!DOCTYPE a SYSTEM 'abcdefghijklmnopqrstuvwxyz'><a/>",
                .documentTypeTooLong(limit: 30)
            ),
        ]
        for (document, problem) in table {
            let found = XMLReading(document, limits: limits(30)).failure?.problem

            #expect(found == problem, "\(document)")
        }
    }
}
