import Testing
import Tiles

@Suite("Exception reports: what is wrong, and whose fault it is")
struct ExceptionReportTests {
    private func report(_ text: String) -> ExceptionReport {
        let bytes = Array(text.utf8)
        return ExceptionReport(bytes.span.bytes)
    }

    @Test(
        "code and locator are read in every dialect, also of a document that breaks off",
        arguments: [
            (
                "<?xml version=\"1.0\"?><!DOCTYPE ServiceExceptionReport SYSTEM \"http://a/b.dtd\">"
                    + "<ServiceExceptionReport version=\"1.1.1\"><ServiceException "
                    + "code=\"LayerNotDefined\" locator=\"layers\">Could not",
                "LayerNotDefined", "layers"
            ),
            (
                "<ows:ExceptionReport xmlns:ows=\"x\"><ows:Exception "
                    + "exceptionCode=\"TileOutOfRange\" locator=\"TILEROW\"><ows:Exc",
                "TileOutOfRange", "TILEROW"
            ),
            ("<ServiceExceptionReport><ServiceException>none</ServiceException>", nil, nil),
            (
                " {\"version\":\"1.1.1\",\"exceptions\":[{\"code\":\"LayerNotDefined\","
                    + "\"locator\" : \"noLocator\",\"text\":\"",
                "LayerNotDefined", nil
            ),
            ("{\"exceptions\":[{\"code\":\"noCode\",\"locator\":\"layers\"}]}", nil, "layers"),
            ("{\"exceptions\":[{\"code\":null,\"locator\":\"layers\"}]}", nil, "layers"),
            ("{\"exceptions\":[{\"code\":\"Lay", nil, nil),
            ("<ServiceExceptionReport><ServiceException code=", nil, nil),
            ("<html><Exception/>", nil, nil), ("no document", nil, nil), ("", nil, nil),
            ("   ", nil, nil), ("{", nil, nil),
        ] as [(String, String?, String?)])
    func reads(_ text: String, _ code: String?, _ locator: String?) {
        #expect(report(text) == ExceptionReport(code: code, locator: locator))
    }

    @Test(
        "a code says whose fault it is, as far as servers agree on it",
        arguments: [
            ("LayerNotDefined", nil, .layer), ("StyleNotDefined", nil, .layer),
            ("InvalidParameterValue", "LAYER", .layer),
            ("InvalidParameterValue", "typeName", .layer),
            ("InvalidParameterValue", nil, .request), ("InvalidSRS", nil, .request),
            ("NoApplicableCode", nil, .open), (nil, "layers", .open), ("internal", nil, .open),
        ] as [(String?, String?, ExceptionReport.Fault)])
    func faults(_ code: String?, _ locator: String?, _ fault: ExceptionReport.Fault) {
        #expect(ExceptionReport(code: code, locator: locator).fault == fault)
    }

    @Test(
        "the layers of a request are read decoded, and no more than is worth keeping",
        arguments: [
            ("LAYERS=ne%3Acountries,b&x=1", "ne:countries,b"), ("layer=a&TILEROW=1", "a"),
            ("LAYERS=", nil), ("STYLES=a", nil), ("", nil),
            ("LAYERS=" + String(repeating: "a", count: 257), nil),
        ] as [(String, String?)])
    func layers(_ query: String, _ expected: String?) {
        let bytes = Array(query.utf8)
        #expect(MapRequest.layers(in: bytes.span.bytes) == expected)
    }

    @Test(
        "what it says to people, as far as it goes",
        arguments: [
            (
                "<ServiceExceptionReport><ServiceException code=\"a\">\n  Could not\n find &lt;x&gt; "
                    + "</ServiceException></ServiceExceptionReport>", "Could not find <x>"
            ),
            (
                "<ows:ExceptionReport xmlns:ows=\"x\"><ows:Exception><ows:ExceptionText>no such tile"
                    + "</ows:ExceptionText></ows:Exception><ows:Exception>other", "no such tile"
            ),
            ("<ServiceExceptionReport>not this<ServiceException>", nil),
            ("{\"exceptions\":[]}", nil), ("", nil),
        ])
    func text(document: String, text: String?) {
        #expect(ExceptionReport.text(in: Array(document.utf8).span.bytes) == text)
    }
}
