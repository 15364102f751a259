import HTTP
import Testing

@Suite("XML: a document costs no more than its limits")
struct XMLLimitTests {
    private let limits = XMLLimits(
        depth: 3, nameBytes: 5, attributeCount: 2, attributeBytes: 4, textBytes: 6, pieceBytes: 4,
        documentBytes: 60)

    @Test("what just fits is read")
    func within() {
        for document in [
            "<a><b><c/></b></a>", "<abcde/>", "<a b='1' c='2'/>", "<a b='1&#233;2'/>",
            "<a>123456</a>", "<a>123456<b/>123456</a>", "<a><!--\(filler(46))--></a>",
        ] {
            #expect(XMLReading(document, limits: limits).failure == nil, "\(document)")
        }
    }

    @Test("what is larger is refused as soon as that is certain")
    func beyond() {
        let table: [(String, XMLError.Problem)] = [
            ("<a><b><c><d", .tooDeep(limit: 3)),
            ("<abcdef", .nameTooLong(limit: 5)),
            ("<a abcdef", .nameTooLong(limit: 5)),
            ("<a></abcdef", .nameTooLong(limit: 5)),
            ("<a b='1' c='2' d", .tooManyAttributes(limit: 2)),
            ("<a b='12345", .attributeTooLong(limit: 4)),
            ("<a b='123&#233;", .attributeTooLong(limit: 4)),
            ("<a>1234567", .textTooLong(limit: 6)),
            ("<a>12345&#233;", .textTooLong(limit: 6)),
            ("<a>123<!-- -->4567", .textTooLong(limit: 6)),
            ("<a>123<![CDATA[4567", .textTooLong(limit: 6)),
            ("<a><!--\(filler(54))", .documentTooLong(limit: 60)),
            (filler(61), .documentTooLong(limit: 60)),
        ]
        for (document, problem) in table {
            let text = problem == .tooDeep(limit: 3) ? document + ">" : document
            #expect(XMLReading(text, limits: limits).failure?.problem == problem, "\(document)")
        }
    }

    private func filler(_ count: Int) -> String { String(repeating: " ", count: count) }

    @Test("bombs: nothing that is sent grows")
    func bombs() {
        var entities = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\">"
        for level in 1...9 {
            let inner = String(repeating: "&lol\(level - 1);", count: 10)
            entities += "<!ENTITY lol\(level) \"\(inner)\">"
        }
        entities += "]><lolz>&lol9;</lolz>"
        #expect(XMLReading(entities).failure?.problem == .documentTypeForbidden)

        let quadratic = "<a>" + String(repeating: "&amp;", count: 100_000) + "</a>"
        #expect(XMLReading(quadratic).failure?.problem == .textTooLong(limit: 65_536))

        let deep = String(repeating: "<a>", count: 100_000)
        #expect(XMLReading(deep).failure?.problem == .tooDeep(limit: 64))

        let wide = "<a" + (0..<100_000).map { " a\($0)=''" }.joined() + "/>"
        #expect(XMLReading(wide).failure?.problem == .tooManyAttributes(limit: 64))

        let declaration = "<?xml version='1.0'" + filler(300) + "?><a/>"
        #expect(XMLReading(declaration).failure?.problem == .declarationMalformed)
    }

    @Test("a stream's limits take a large geometry, piece by piece")
    func geometry() {
        let positions = String(repeating: "12.5 -7.25 ", count: 100_000)
        let document = "<gml:posList>\(positions)</gml:posList>"
        #expect(XMLReading(document, limits: .stream).failure == nil)
        #expect(XMLReading(document).failure?.problem == .textTooLong(limit: 65_536))
    }
}
