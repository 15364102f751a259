import Testing
import Tiles

@Suite("Documents of map services: law 5")
struct DocumentReadingTests {
    private func asked(_ target: String) -> AskedDocument {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = Array(parts[0].utf8)
        let query = parts.count > 1 ? Array(parts[1].utf8) : []
        return AskedDocument(path: path.span.bytes, query: query.span.bytes)
    }

    private func verdict(_ target: String, _ type: String, _ body: String) -> TileVerdict {
        let bytes = Array(body.utf8)
        var found: TileVerdict?
        for piece in [1, 3, max(1, bytes.count)] {
            var reading = DocumentReading(asked(target), type: Array(type.utf8).span.bytes)
            for start in stride(from: 0, to: bytes.count, by: piece) {
                let part = Array(bytes[start..<min(start + piece, bytes.count)])
                reading.take(part.span.bytes)
            }
            let now = reading.verdict(isComplete: true)
            if let found { #expect(now == found, "by \(piece)") }
            found = now
        }
        return found ?? .fits
    }

    @Test(
        "what is asked for, and in which form",
        arguments: [
            ("/wms?SERVICE=WMS&REQUEST=GetCapabilities", AskedDocument(.capabilities)),
            ("/ows?service=wfs&request=getcapabilities", AskedDocument(.capabilities)),
            ("/ows?service=WCS&request=GetCapabilities", AskedDocument(.capabilities)),
            ("/w?service=WMTS&request=GetCapabilities", AskedDocument(.capabilities)),
            ("/gwc/service/tms/1.0.0", AskedDocument(.capabilities)),
            ("/ows?request=GetCapabilities", AskedDocument(.capabilities)),
            (
                "/ows?service=WMS&service=WFS&request=GetCapabilities",
                AskedDocument(.capabilities)
            ),
            (
                "/ows?service=WMS&request=GetCapabilities&format=text/html",
                AskedDocument(.capabilities, .html)
            ),
            ("/wfs?REQUEST=GetFeature&TYPENAME=a", AskedDocument(.features)),
            (
                "/wfs?REQUEST=GetFeature&outputFormat=application%2Fjson",
                AskedDocument(.features, .json)
            ),
            ("/wfs?REQUEST=GetFeature&outputformat=GML2", AskedDocument(.features, .xml)),
            ("/wfs?REQUEST=GetFeature&outputformat=shape-zip", AskedDocument(.features, .data)),
            (
                "/wfs?REQUEST=GetFeature&outputformat=text/javascript",
                AskedDocument(.features, .other)
            ),
            (
                "/wms?REQUEST=GetFeatureInfo&INFO_FORMAT=text/html",
                AskedDocument(.featureInfo, .html)
            ),
            (
                "/wms?REQUEST=GetLegendGraphic&FORMAT=application/json",
                AskedDocument(.legend, .json)
            ),
            ("/wms?REQUEST=DescribeLayer&OUTPUTFORMAT=text/html", AskedDocument(.other)),
        ])
    func asks(_ target: String, _ expected: AskedDocument) { #expect(asked(target) == expected) }

    @Test(
        "capabilities are a document, whole, and no page",
        arguments: [
            ("WMS", "<WMS_Capabilities/>", TileVerdict.fits),
            ("WMS", "<!DOCTYPE WMT_MS_Capabilities><WMT_MS_Capabilities/>", .fits),
            ("WFS", "<wfs:WFS_Capabilities></wfs:WFS_Capabilities>", .fits),
            ("WCS", "<WCS_Capabilities/>", .fits), ("WCS", "<wcs:Capabilities/>", .fits),
            ("WMTS", "<Capabilities/>", .fits), ("WPS", "<wps:Capabilities/>", .fits),
            ("", "<WFS_Capabilities/>", .fits), ("CSW", "<csw:Capabilities/>", .fits),
            ("WMS", "<?xml version='1.0' encoding='ISO-8859-1'?><WMS_Capabilities/>", .fits),
            ("WMS", "<WMS_Capabilities><a>", .incomplete), ("WMS", "<a><b>", .incomplete),
            ("WMS", "<html/>", .wrongDocument), ("WMS", "<HTML></HTML>", .wrongDocument),
            ("WMS", "<html><body>GeoServer is starting", .wrongDocument),
            ("WFS", "busy", .wrongDocument), ("WMS", "{\"a\": [", .wrongDocument),
            ("WMS", "{}", .wrongDocument), ("WMS", "", .incomplete),
            ("WMS", "<WMS_Capabilities><Layer>", .incomplete),
            ("WMS", "<WMS_Capabilities/><more/>", .incomplete),
            ("WMS", "<WMS_Capabilities><ServiceExceptionReport/></WMS_Capabilities>", .exception),
            ("WMS", "<a><ows:ExceptionReport/></a>", .exception),
        ])
    func capabilities(_ service: String, _ body: String, _ expected: TileVerdict) {
        let target = "/ows?SERVICE=\(service)&REQUEST=GetCapabilities"
        for type in ["text/xml", "text/html", "application/vnd.ogc.wms_xml", ""] {
            #expect(verdict(target, type, body) == expected, "\(type)")
        }
    }

    @Test("Tile Map Service has three roots of its own")
    func tms() {
        for root in ["Services", "TileMapService", "TileMap"] {
            #expect(verdict("/gwc/service/tms/1.0.0", "text/xml", "<\(root)/>") == .fits)
        }
        let html = "<html></html>"
        #expect(verdict("/gwc/service/tms/1.0.0", "text/html", html) == .wrongDocument)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var query: String
        var type: String
        var body: String
        var verdict: TileVerdict
        var testDescription: String { "\(query) \(type) \(body)" }
        init(_ query: String, _ type: String, _ body: String, _ verdict: TileVerdict) {
            (self.query, self.type, self.body, self.verdict) = (query, type, body, verdict)
        }
    }

    private static let nested = "<w:FeatureCollection><ows:ExceptionReport/></w:FeatureCollection>"
    private static let collection = "{\"type\":\"FeatureCollection\",\"features\":["

    static let rows = [
        Row("GetFeature", "text/xml", "<w:FeatureCollection/>", .fits),
        Row("GetFeature", "text/xml; subtype=gml/3.1.1", "<w:FeatureCollection><a>", .incomplete),
        Row("GetFeature", "application/gml+xml", nested, .exception),
        Row("GetFeature", "", "<w:FeatureCollection><a>", .fits),
        Row("GetFeature&OUTPUTFORMAT=GML2", "", "<w:FeatureCollection><a>", .incomplete),
        Row("GetFeature", "text/html", "<html><body>busy<br>", .wrongDocument),
        Row("GetFeature", "text/xml", "<html><body>x</body></html>", .wrongDocument),
        Row("GetFeature", "text/plain", "busy", .fits),
        Row("GetFeature", "text/xml", "", .empty),
        // Not asked for by name, but what the service has.
        Row("GetFeature", "application/json", collection + "]}", .fits),
        Row("GetFeature&outputFormat=json", "application/json", collection + "]}", .fits),
        Row("GetFeature&outputFormat=json", "application/json", collection, .incomplete),
        Row("GetFeature&outputFormat=json", "text/plain", collection, .incomplete),
        Row("GetFeature&outputFormat=json", "text/html", "<html></html>", .wrongDocument),
        Row("GetFeature&outputFormat=json", "text/plain", "busy", .fits),
        Row("GetFeature&outputFormat=json", "text/html", "busy", .wrongDocument),
        Row("GetFeature&outputFormat=json", "application/json", "{}<a/>", .incomplete),
        Row("GetFeature&outputFormat=text/javascript", "text/javascript", "f({", .fits),
        Row("GetFeature&outputFormat=csv", "text/csv", "a,b", .fits),
        Row("GetFeature&outputFormat=shape-zip", "application/zip", "PK", .fits),
        Row("GetFeature&outputFormat=shape-zip", "text/html", "<html>", .wrongDocument),
        Row("GetFeature&outputFormat=mine", "text/html", "<p>x", .fits),
        Row("DescribeFeatureType", "text/xml", "<xsd:schema><a/>", .incomplete),
        Row("DescribeFeatureType", "text/xml", "<xsd:schema><a/></xsd:schema>", .fits),
        Row("GetCoverage", "image/tiff", "II*", .fits),
        Row("GetFeatureInfo&INFO_FORMAT=text/html", "text/html", "<p>x<br>", .fits),
        Row("GetFeatureInfo&INFO_FORMAT=text/html", "text/html", "", .fits),
        Row("GetFeatureInfo", "text/html", "<p>x<br>", .fits),
        Row("GetFeatureInfo&INFO_FORMAT=text/plain", "text/plain", "<none>", .fits),
        Row("GetFeatureInfo&INFO_FORMAT=text/plain", "text/html", "<p>", .wrongDocument),
        Row("GetFeatureInfo&INFO_FORMAT=application/json", "application/json", "{", .incomplete),
        Row("GetFeatureInfo&INFO_FORMAT=application/json", "application/json", "", .empty),
        Row("GetFeatureInfo&INFO_FORMAT=text/xml", "text/html", "<html>", .wrongDocument),
        Row("GetFeatureInfo&INFO_FORMAT=application/vnd.ogc.gml", "text/xml", "<a>", .incomplete),
        Row("GetLegendGraphic&FORMAT=application/json", "application/json", "{}", .fits),
        Row("GetLegendGraphic&FORMAT=application/json", "application/json", "{", .incomplete),
        Row("GetLegendGraphic&FORMAT=image/svg%2Bxml", "image/svg+xml", "<svg>", .incomplete),
        Row("GetLegendGraphic", "text/html", "<p>", .wrongDocument),
        Row("GetLegendGraphic", "text/plain", "busy", .wrongDocument),
        Row("DescribeLayer", "text/html", "<p>", .fits),
        Row("DescribeLayer", "text/xml", "", .fits),
        Row("DescribeLayer", "text/xml", "<a>", .incomplete),
    ]

    @Test("features, and whatever else is asked for, are whole, and no page", arguments: rows)
    func documents(_ row: Row) {
        #expect(verdict("/ows?REQUEST=\(row.query)", row.type, row.body) == row.verdict)
    }

    @Test("what is of two bytes for a character is not judged")
    func wide() {
        let target = "/ows?SERVICE=WMS&REQUEST=GetCapabilities"
        var reading = DocumentReading(asked(target), type: Array("text/xml".utf8).span.bytes)
        reading.take(([0xFE, 0xFF, 0, 0x3C] as [UInt8]).span.bytes)
        #expect(reading.verdict(isComplete: true) == .fits && reading.isSettled)
    }

    @Test("as long as it may go on, half of it is no fault, and what cannot mend is settled")
    func settled() {
        func reading(_ query: String, _ type: String, _ body: String) -> DocumentReading {
            var reading = DocumentReading(
                asked("/ows?REQUEST=\(query)"), type: Array(type.utf8).span.bytes)
            reading.take(Array(body.utf8).span.bytes)
            return reading
        }
        let half = reading("GetFeature", "text/xml", "<a><b>")
        #expect(half.verdict(isComplete: false) == .fits && !half.isSettled)
        #expect(reading("GetFeature", "text/xml", "<a></b></c>").isSettled)
        #expect(reading("GetCoverage", "image/tiff", "II*").isSettled)
        #expect(reading("GetFeatureInfo", "text/html", "<p>").isSettled)
        #expect(!reading("GetFeature", "text/plain", "<").isSettled)
    }
}
