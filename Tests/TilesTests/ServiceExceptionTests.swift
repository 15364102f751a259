import HTTP
import Testing
import Tiles

/// The elements of a document as `name@attribute=value`, and its text.
private func read(_ bytes: [UInt8]) throws -> (elements: [String], text: String) {
    var scanner = XMLScanner(limits: .document)
    var elements: [String] = []
    var text = ""
    var at = 0
    while true {
        let step = try scanner.next(bytes.span.bytes.extracting(at...))
        at += step.consumed
        switch step.event {
        case .start(let element):
            let attributes = element.attributes.map { "@\($0.name.qualified)=\($0.value)" }
            elements.append(element.name.qualified + attributes.joined())
        case .text(let piece): text += piece
        case .end: break
        case .needMore:
            try scanner.finish()
            return (elements, text)
        }
    }
}

private func choose(_ target: String) -> ExceptionAnswer? {
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = Array(parts[0].utf8)
    let query = Array((parts.count > 1 ? parts[1] : "").utf8)
    return ExceptionAnswer.choose(path: path.span.bytes, query: query.span.bytes)
}

@Suite("Service exceptions")
struct ServiceExceptionTests {
    private static let nasty = "a < b & \"c\" > 'd' ]]> \u{1}\u{FFFE} é😀"

    @Test("a response field tells it in one line of bounded length and plain letters")
    func line() {
        func line(_ code: String?, _ text: String) -> String {
            String(decoding: ServiceException(code: code, text: text).line, as: UTF8.self)
        }
        #expect(line("LayerNotDefined", "no layer x") == "LayerNotDefined: no layer x")
        #expect(line(nil, "a\r\nSet-Cookie: b\u{7F}é") == "a??Set-Cookie: b??")
        let long = String(repeating: "x", count: ServiceException.lineBytesMax)
        #expect(line(nil, long) == long && line(nil, long + "y") == long)
    }

    @Test("each document is well-formed and says the text", arguments: ExceptionDialect.allCases)
    func wellFormed(dialect: ExceptionDialect) throws {
        for text in ["", "down", Self.nasty] {
            let exception = ServiceException(code: "a\"<&", locator: "b\n'>", text: text)
            let found = try read(exception.document(dialect))
            let expected = text.replacing("\u{1}", with: "\u{FFFD}")
                .replacing("\u{FFFE}", with: "\u{FFFD}")
            #expect(found.text.contains(expected))
            let names = found.elements.joined(separator: " ")
            let isOWS = names.contains("ows:")
            if dialect != .tms { #expect(names.contains(isOWS ? "Code=a\"<&" : "code=a\"<&")) }
            let hasLocator = dialect != .tms && dialect != .wms10 && dialect != .wms11
            #expect(names.contains("@locator=b\n'>") == hasLocator)
        }
    }

    @Test(
        "the root is the specification's",
        arguments: [
            (ExceptionDialect.wms10, "ServiceExceptionReport@version=1.0.0"),
            (.wms11, "ServiceExceptionReport@version=1.1.1"),
            (.wms13, "ServiceExceptionReport@version=1.3.0@xmlns=http://www.opengis.net/ogc"),
            (.wfs10, "ServiceExceptionReport@version=1.2.0@xmlns=http://www.opengis.net/ogc"),
            (.wfs11, "ows:ExceptionReport@xmlns:ows=http://www.opengis.net/ows@version=1.1.0"),
            (.wfs20, "ows:ExceptionReport@xmlns:ows=http://www.opengis.net/ows/1.1@version=2.0.0"),
            (.wmts10, "ows:ExceptionReport@xmlns:ows=http://www.opengis.net/ows/1.1@version=1.0.0"),
            (.wcs20, "ows:ExceptionReport@xmlns:ows=http://www.opengis.net/ows/2.0@version=2.0.0"),
            (.tms, "TileMapServerError"),
        ])
    func roots(dialect: ExceptionDialect, root: String) throws {
        let found = try read(ServiceException(text: "x").document(dialect))
        #expect(found.elements.first == root)
        #expect(found.text.split(separator: "\n").joined().filter { $0 != " " } == "x")
    }

    @Test("without a code OWS says NoApplicableCode and the older reports nothing")
    func noCode() throws {
        let exception = ServiceException(text: "x")
        #expect(
            try read(exception.document(.wmts10)).elements[1]
                == "ows:Exception@exceptionCode=NoApplicableCode")
        #expect(try read(exception.document(.wms11)).elements[1] == "ServiceException")
    }

    @Test("JSON is GeoServer's, its strings quoted")
    func json() {
        let exception = ServiceException(code: "A", text: "a\"\\\n\u{1}é")
        #expect(
            String(decoding: exception.json(.wms13), as: UTF8.self)
                == "{\"version\":\"1.3.0\",\"exceptions\":[{\"code\":\"A\",\"locator\":\"noLocator\","
                + "\"text\":\"a\\\"\\\\\\u000a\\u0001é\"}]}\n")
    }

    @Test(
        "the dialect follows service, version and request",
        arguments: [
            ("/wms?service=WMS&version=1.1.1&request=GetCapabilities", ExceptionDialect.wms11),
            ("/wms?SERVICE=wms&VERSION=1.1.0&REQUEST=GetFeatureInfo", .wms11),
            ("/wms?service=WMS&version=1.0.0&request=x", .wms10),
            ("/wms?WMTVER=1.0.0&request=capabilities", .wms10),
            ("/wms?service=WMS&version=1.3.0&request=x", .wms13),
            ("/wms?service=WMS&version=9&request=x", .wms13),
            ("/wms?service=WMS&request=x", .wms13), ("/wms?service=W%4dS&version=1%2e1.1", .wms11),
            ("/x?request=DescribeLayer&version=1.1.1", .wms11),
            ("/x?service=WFS&version=1.0.0&request=GetFeature", .wfs10),
            ("/x?service=WFS&version=1.1.0&request=GetFeature", .wfs11),
            ("/x?service=WFS&version=2.0.2&request=GetFeature", .wfs20),
            ("/x?service=WFS&request=GetFeature", .wfs20), ("/x?request=GetFeature", .wfs20),
            ("/x?service=WCS&version=1.0.0", .wcs10), ("/x?service=WCS&version=1.1.1", .wcs11),
            ("/x?service=WCS&version=2.0.1", .wcs20), ("/x?service=CSW&version=2.0.2", .csw20),
            ("/x?service=WPS&version=1.0.0", .wps10), ("/x?service=WMTS&version=1.0.0", .wmts10),
            ("/gwc/service/wmts/rest/WMTSCapabilities.xml", .wmts10),
            ("/gwc/service/tms/1.0.0", .tms), ("/geoserver/ws/wms", .wms13),
            ("/geoserver/wfs/", .wfs20), ("/geoserver/ows", .wfs20), ("/geoserver/wcs", .wcs20),
            ("/geoserver/wfs?version=1.1.0", .wfs11),
        ])
    func dialects(target: String, dialect: ExceptionDialect) {
        #expect(choose(target) == .document(dialect))
    }

    @Test(
        "a map gets a picture unless a document was asked for",
        arguments: [
            ("", "picture"), ("&exceptions=", "picture"),
            ("&EXCEPTIONS=application/vnd.ogc.se_inimage", "picture"),
            ("&exceptions=INIMAGE", "picture"), ("&exceptions=BLANK", "picture"),
            ("&exceptions=application/vnd.ogc.se_blank", "picture"),
            ("&exceptions=XML", "document"),
            ("&exceptions=application/vnd.ogc.se_xml", "document"),
            ("&exceptions=application/vnd.gs.wms_partial", "document"),
            ("&exceptions=application/json", "json"), ("&format=application/pdf", "document"),
        ])
    func forms(more: String, form: String) {
        let answer = choose(
            "/wms?service=WMS&version=1.1.1&request=GetMap&format=image/gif&width=7&height=8"
                + "&transparent=true" + more)
        switch answer {
        case .picture(let request):
            #expect(form == "picture")
            #expect((request.width, request.height, request.format) == (7, 8, .gif))
            #expect(request.isTransparent)
        case .document(let dialect):
            #expect(form == "document")
            #expect(dialect == .wms11)
        case .json(let dialect):
            #expect(form == "json")
            #expect(dialect == .wms11)
        case nil: Issue.record("no answer")
        }
    }

    @Test("tiles by path get a picture; JSON goes also to who asked for features")
    func others() {
        for target in ["/tms/1.0.0/a@b/3/1/2.png", "/gwc/service/gmaps?layers=a&x=1&y=2&zoom=3"] {
            guard case .picture = choose(target) else {
                Issue.record("\(target)")
                continue
            }
        }
        #expect(
            choose("/x?service=WFS&version=1.1.0&request=GetFeature&exceptions=json")
                == .json(.wfs11))
    }

    @Test("what is no OGC service gets no such answer")
    func none() {
        for target in ["/", "/maps/12", "/x?service=other&request=GetFeature", "/wms.html"] {
            #expect(choose(target) == nil)
        }
    }

    @Test("each dialect has one of the types that its clients know")
    func types() {
        let types = Set(ExceptionDialect.allCases.map { "\($0.contentType)" })
        #expect(types == ["application/vnd.ogc.se_xml", "text/xml", "application/xml"])
        #expect("\(ExceptionDialect.wms11.contentType)" == "application/vnd.ogc.se_xml")
        #expect("\(ExceptionDialect.wms13.contentType)" == "text/xml")
    }
}
