import HTTP
import Testing
import Tiles

private func read(_ text: String) throws(CapabilitiesError) -> Capabilities {
    let bytes = Array(text.utf8)
    return try CapabilitiesReader.read(bytes.span.bytes)
}

private func failure(_ text: String) -> CapabilitiesError? {
    do throws(CapabilitiesError) {
        _ = try read(text)
        return nil
    } catch {
        return error
    }
}

private let prologue = """
    <?xml version='1.0' encoding="UTF-8" standalone="no" ?>
    <!DOCTYPE WMT_MS_Capabilities SYSTEM "http://host/schemas/WMS_MS_Capabilities.dtd"
     [
     <!ELEMENT VendorSpecificCapabilities EMPTY>  <!-- it's > ] --> <?a > ]?>
     <!ATTLIST a b CDATA "]>">
     ]>  <!-- end of DOCTYPE declaration -->

    """

private func wms(
    host: String = "http://one:8080/geoserver", sequence: String = "12", layers: [String],
    styles: [String] = ["line"], written: String = "2014-06-01T12:00:00Z", extra: String = ""
) -> String {
    let list = layers.map { layer in
        let named = styles.map { "<Style><Name>\($0)</Name><Title>Name</Title></Style>" }
        return "<Layer queryable=\"1\" opaque=\"0\"><Name>\(layer)</Name><Title>T</Title>"
            + "<SRS>EPSG:4326</SRS><Dimension name=\"time\" units=\"ISO8601\"/>"
            + "<Extent name=\"time\">2005-08-23T00:00:00Z</Extent>\(named.joined())</Layer>"
    }
    return prologue + """
        <WMT_MS_Capabilities version="1.1.1" updateSequence="\(sequence)">
          <Service><Name>OGC:WMS</Name><Title>t</Title>
            <OnlineResource xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="\(host)/wms?"/>
            <Abstract>See \(host)/about for more.</Abstract>
            <Written>\(written)</Written>
          </Service>
          <Capability><Exception><Format>application/vnd.ogc.se_xml</Format></Exception>
          <Layer><Title>All</Title>\(list.joined(separator: "\n"))</Layer>\(extra)</Capability>
        </WMT_MS_Capabilities>
        """
}

private let names = ["ws:rivers", "ws:roads", "ws:a b"]

@Suite("Capabilities: complete, and a fingerprint that members in step share")
struct CapabilitiesTests {
    @Test("WMS 1.1.1 with its document type: layers, version, sequence")
    func wms111() throws {
        let found = try read(wms(layers: names))
        #expect(found.root == "WMT_MS_Capabilities")
        #expect(found.version == "1.1.1")
        #expect(found.updateSequence == "12")
        #expect(found.layers == Set(names))
    }

    @Test(
        "the names of other services' layers",
        arguments: [
            (
                "<WMS_Capabilities xmlns='http://www.opengis.net/wms' version='1.3.0'><Layer>"
                    + "<Name>g</Name><Layer><Name>a</Name><Style><Name>s</Name></Style></Layer>"
                    + "</Layer></WMS_Capabilities>", ["g", "a"]
            ),
            (
                "<Capabilities xmlns:ows='o'><Contents><Layer><ows:Identifier>a</ows:Identifier>"
                    + "<Style><ows:Identifier>s</ows:Identifier></Style></Layer><TileMatrixSet>"
                    + "<ows:Identifier>m</ows:Identifier></TileMatrixSet></Contents></Capabilities>",
                ["a"]
            ),
            (
                "<wfs:WFS_Capabilities xmlns:wfs='w'><FeatureTypeList><FeatureType>"
                    + "<Name>ws:a</Name></FeatureType></FeatureTypeList></wfs:WFS_Capabilities>",
                ["ws:a"]
            ),
            (
                "<wcs:Capabilities><wcs:Contents><wcs:CoverageSummary><wcs:CoverageId>c"
                    + "</wcs:CoverageId></wcs:CoverageSummary></wcs:Contents></wcs:Capabilities>",
                ["c"]
            ),
            (
                "<TileMapService><TileMaps><TileMap title='a' href='http://h/tms/1.0.0/a'/>"
                    + "</TileMaps></TileMapService>", ["http://h/tms/1.0.0/a"]
            ),
        ])
    func services(document: String, layers: [String]) throws {
        #expect(try read(document).layers == Set(layers))
    }

    @Test("a document cut anywhere is malformed, never capabilities")
    func truncated() {
        let whole = Array(wms(layers: names).utf8)
        for count in 0..<whole.count {
            guard case .malformed = failure(String(decoding: whole[..<count], as: UTF8.self)) else {
                Issue.record("\(count) bytes")
                continue
            }
        }
    }

    @Test("cut into pieces anywhere it says the same")
    func pieces() throws {
        let text = wms(layers: names)
        let whole = Array(text.utf8)
        let expected = try read(text)
        for size in [1, 2, 7, 100, 1_000] {
            var reader = CapabilitiesReader()
            for start in stride(from: 0, to: whole.count, by: size) {
                let piece = Array(whole[start..<min(start + size, whole.count)])
                try reader.take(piece.span.bytes)
            }
            #expect(try reader.finish() == expected)
        }
    }

    @Test("in another encoding it says the same")
    func encodings() throws {
        let text = wms(layers: names + ["ws:grün"])
        let expected = try read(text)
        func said(_ bytes: [UInt8]) throws -> Capabilities {
            try CapabilitiesReader.read(bytes.span.bytes)
        }
        func declared(_ name: String) -> String {
            let parts = text.split(separator: "\"UTF-8\"", maxSplits: 1)
            return "\(parts[0])\"\(name)\"\(parts[1])"
        }
        let wide = "\u{FEFF}\(declared("utf-16"))".utf16
        #expect(try said(wide.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }) == expected)
        #expect(try said(wide.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }) == expected)
        let latin = declared("ISO-8859-1").unicodeScalars.map { UInt8($0.value) }
        #expect(try said(latin) == expected)
        #expect(throws: CapabilitiesError.self) { try said(Array(latin.dropLast(4))) }
        let cut = wide.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }.dropLast()
        #expect(throws: CapabilitiesError.self) { try said(Array(cut)) }
    }

    @Test("what members in step differ in leaves the fingerprint")
    func same() throws {
        let print = try read(wms(layers: names)).fingerprint
        let others = [
            wms(host: "https://two/geoserver", layers: names),
            wms(host: "http://[::1]:81/geoserver", layers: names),
            wms(sequence: "99", layers: names), wms(layers: names.reversed()),
            wms(layers: names, written: "2020-01-01T00:00:00.123+02:00"),
            wms(layers: names).replacing("\n", with: "\r\n   "),
            wms(layers: names).replacing("<Service>", with: "<Service><!-- x -->"),
            wms(layers: names).replacing(
                "queryable=\"1\" opaque=\"0\"", with: "opaque='0' queryable='1'"),
            wms(layers: names).replacing(prologue, with: ""),
            wms(layers: names).replacing(
                "<WMT_MS_Capabilities v", with: "<WMT_MS_Capabilities timeStamp='x' xmlns='n' v"),
        ]
        for (index, other) in others.enumerated() {
            #expect(try read(other).fingerprint == print, "\(index)")
        }
    }

    @Test("what a request could notice changes the fingerprint")
    func different() throws {
        let base = wms(layers: names, styles: ["a", "b"])
        let others = [
            wms(layers: Array(names.dropLast()), styles: ["a", "b"]),
            wms(layers: names + ["more"], styles: ["a", "b"]),
            wms(layers: names + [names[0]], styles: ["a", "b"]),
            wms(layers: ["ws:Rivers"] + names.dropFirst(), styles: ["a", "b"]),
            wms(layers: names, styles: ["b", "a"]), wms(layers: names, styles: ["a"]),
            base.replacing("2005-08-23T", with: "2005-08-24T"),
            base.replacing("queryable=\"1\"", with: "queryable=\"0\""),
            base.replacing("/geoserver/wms", with: "/geoserver/ows"),
            base.replacing("<Title>t<", with: "<Title>u<"),
            base.replacing("<Title>t</Title>", with: "<Title/>t"),
            base.replacing("<Title>All</Title>", with: "<Title>A ll</Title>"),
            wms(layers: names, styles: ["a", "b"], extra: "<X/>"),
        ]
        let prints = try ([base] + others).map { text throws in try read(text).fingerprint }
        #expect(Set(prints).count == prints.count)
    }

    @Test("an exception, in place of capabilities or inside of them")
    func exceptions() {
        let report = "<ServiceExceptionReport version='1.1.1'/>"
        #expect(failure(report) == .exception)
        #expect(failure("<ows:ExceptionReport xmlns:ows='o'/>") == .exception)
        #expect(failure(wms(layers: names, extra: report)) == .exception)
        guard case .malformed = failure(wms(layers: names, extra: "<?xml version='1.0'?>\(report)"))
        else {
            Issue.record("a document within the document")
            return
        }
    }

    @Test("another root, and none")
    func roots() {
        #expect(failure("<html/>") == .notCapabilities(root: "html"))
        #expect(failure("<kml xmlns='k'/>") == .notCapabilities(root: "kml"))
        guard case .malformed = failure("") else {
            Issue.record("an empty document")
            return
        }
        guard case .malformed = failure("{}") else {
            Issue.record("JSON")
            return
        }
    }

    @Test("an entity that the document type declares is not known")
    func entities() {
        let bomb = "<!DOCTYPE WMS_Capabilities [<!ENTITY a \"aaaa\"> <!ENTITY b \"&a;&a;\">]>"
        guard
            case .malformed(let error) = failure("\(bomb)<WMS_Capabilities>&b;</WMS_Capabilities>")
        else {
            Issue.record("no error")
            return
        }
        #expect(error.problem == .entityUnknown("b"))
        let long = "<!DOCTYPE a [" + String(repeating: " ", count: 20_000)
        guard case .malformed(let tooLong) = failure(long) else {
            Issue.record("no error")
            return
        }
        #expect(tooLong.problem == .documentTypeTooLong(limit: 16_384))
    }

    @Test("a document longer than the limit ends there")
    func limits() {
        var reader = CapabilitiesReader(documentBytes: 100)
        let document = Array(wms(layers: names).utf8)
        #expect(throws: CapabilitiesError.self) {
            try reader.take(document.span.bytes)
        }
    }

    @Test("each refusal is a sentence of its own")
    func words() {
        let errors: [CapabilitiesError] = [
            .exception, .notCapabilities(root: "a"), .tooManyLayers(limit: 3),
            .malformed(XMLError(.rootMissing, at: XMLPosition(line: 1, column: 1))),
        ]
        #expect(Set(errors.map { $0.description }).count == errors.count)
    }
}
