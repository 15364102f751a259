import HTTP
import Testing
import Tiles

private let systems: Set<ReferenceSystem> = [.webMercator, .degrees]

private func read(_ text: String, piece: Int = .max) throws(CapabilitiesError) -> [ServiceLayer] {
    var reader = ServiceLayersReader(systems: systems)
    try inPieces(of: piece, text) { (bytes) throws(CapabilitiesError) in try reader.take(bytes) }
    return try reader.finish()
}

private func newer(_ layers: String) -> String {
    """
    <?xml version="1.0"?><WMS_Capabilities version="1.3.0" xmlns="http://www.opengis.net/wms">
    <Service><Name>WMS</Name><Title>Service</Title></Service>
    <Capability><Layer><Title>All</Title><CRS>EPSG:900913</CRS><CRS>EPSG:2193</CRS>
    <EX_GeographicBoundingBox><westBoundLongitude>-180</westBoundLongitude>
    <eastBoundLongitude>180</eastBoundLongitude><southBoundLatitude>-90</southBoundLatitude>
    <northBoundLatitude>90</northBoundLatitude></EX_GeographicBoundingBox>
    <Style><Name>of-all</Name></Style>\(layers)</Layer></Capability></WMS_Capabilities>
    """
}

private func layer(_ name: String, _ rest: String) -> String {
    "<Layer queryable=\"1\"><Name>\(name)</Name><Title>T</Title>\(rest)</Layer>"
}

private func style(_ name: String) -> String {
    "<Style><Name>\(name)</Name><Title>\(name) title</Title><LegendURL><Format>image/png</Format>"
        + "</LegendURL></Style>"
}

@Suite("Layers of a WMS, read from its capabilities")
struct ServiceLayerTests {
    @Test("the first style of its own is the default one; those around a layer say nothing")
    func styles() throws {
        let found = try read(
            newer(
                layer("a", style("one") + style("two")) + layer("b", "")
                    + layer("group", style("whole") + layer("c", style("own")) + layer("d", ""))
                    + layer("e", "<Style><Title>nameless</Title></Style>" + style("two"))))
        #expect(found.map(\.name) == ["a", "b", "group", "c", "d", "e"])
        #expect(found.map(\.defaultStyle) == ["one", "", "whole", "own", "", ""])
        #expect(
            found[0].styles == [
                ServiceLayer.Style(name: "one", title: "one title"),
                ServiceLayer.Style(name: "two", title: "two title"),
            ])
    }

    @Test("what GeoServer lists with a style of its own is no group")
    func groups() throws {
        let found = try read(
            newer(
                layer("a", style("line")) + layer("plain", "")
                    + layer("new", style("default-style-new") + style("night"))
                    + layer("tree", style("x") + layer("b", style("point")))))
        #expect(found.filter(\.mayBeGroup).map(\.name) == ["plain", "new", "tree"])
    }

    @Test("a layer that is listed twice has a default style if both say the same")
    func twice() throws {
        for (second, expected) in [("one", "one"), ("two", "")] {
            let found = try read(
                newer(
                    layer("a", style("one")) + layer("tree", layer("a", style(second)))))
            #expect(found.map(\.name) == ["a", "tree"])
            #expect(found[0].defaultStyle == expected)
        }
    }

    @Test("box, systems and times are inherited where a layer has none")
    func inherited() throws {
        let times = "<Dimension name=\"TIME\" default=\"2005\">2004, 2005</Dimension>"
        let found = try read(
            newer(
                layer("group", times + "<CRS>CRS:84</CRS>" + layer("a", ""))
                    + layer(
                        "b",
                        "<EX_GeographicBoundingBox><westBoundLongitude>1</westBoundLongitude>"
                            + "<eastBoundLongitude>3</eastBoundLongitude><southBoundLatitude>2"
                            + "</southBoundLatitude><northBoundLatitude>4</northBoundLatitude>"
                            + "</EX_GeographicBoundingBox>"
                            + "<Dimension name=\"elevation\" default=\"0\">0,1</Dimension>")))
        #expect(found.map(\.name) == ["group", "a", "b"])
        let expected = ServiceLayer.Times(extent: ["2004", "2005"], standard: "2005")
        #expect(found.map(\.times) == [expected, expected, nil])
        #expect(found.map(\.systems) == [systems, systems, [.webMercator]])
        let world = BoundingBox(west: -180, south: -90, east: 180, north: 90)
        #expect(
            found.map(\.box) == [world, world, BoundingBox(west: 1, south: 2, east: 3, north: 4)])
    }

    @Test("WMS 1.1.1: a document type, LatLonBoundingBox, SRS lists and Extent")
    func older() throws {
        let text = """
            <?xml version='1.0'?><!DOCTYPE WMT_MS_Capabilities SYSTEM "x.dtd" [ <!ELEMENT a EMPTY> ]>
            <WMT_MS_Capabilities version="1.1.0"><Capability><Layer><SRS>EPSG:4326 EPSG:3857</SRS>
            <Layer><Name>ws:storms</Name><Title>Storms &amp; winds</Title>
            <LatLonBoundingBox minx="-110" miny="5" maxx="0" maxy="75" />
            <Dimension name="time" units="ISO8601"/>
            <Extent name="time" default="2005-08-28/2005-08-29" nearestValue="0">1975/2020/P1D</Extent>
            <Style><Name>default</Name></Style></Layer></Layer></Capability></WMT_MS_Capabilities>
            """
        for piece in [Int.max, 1, 7] {
            let found = try read(text, piece: piece)
            #expect(found.count == 1)
            #expect(found[0].title == "Storms & winds")
            #expect(found[0].box == BoundingBox(west: -110, south: 5, east: 0, north: 75))
            #expect(found[0].systems == systems)
            #expect(found[0].times?.extent == ["1975/2020/P1D"])
            #expect(found[0].times?.standard == "2005-08-28/2005-08-29")
            #expect(found[0].defaultStyle == "default")
        }
    }

    @Test("an exception, another document and one that breaks off are none")
    func failures() {
        let whole = newer(layer("a", style("one")))
        let broken = whole.replacing(
            "<CRS>EPSG:2193", with: "<ServiceException/><CRS>EPSG:2193")
        let cases: [(String, CapabilitiesError)] = [
            ("<ServiceExceptionReport/>", .exception),
            (broken, .exception),
            ("<html/>", .notCapabilities(root: "html")),
            ("<WFS_Capabilities/>", .notCapabilities(root: "WFS_Capabilities")),
        ]
        for (text, expected) in cases {
            #expect(throws: expected) { try read(text) }
        }
        for end in stride(from: 1, to: whole.utf8.count, by: 17) {
            #expect(throws: CapabilitiesError.self) {
                try read(String(decoding: Array(whole.utf8)[..<end], as: UTF8.self))
            }
        }
    }

    @Test("what is too long to be kept is left out")
    func bounds() throws {
        let extent = (0..<4_000).map { "\($0)" }.joined(separator: ",")
        let styles = (0..<300).map { style("s\($0)") }.joined()
        let found = try read(
            newer(
                "<Layer><Name>a</Name><Title>\(String(repeating: "é", count: 600))</Title>"
                    + "<Dimension name=\"time\" default=\"7\">\(extent)</Dimension>\(styles)</Layer>"
            ))
        #expect(found[0].times == ServiceLayer.Times(extent: [], standard: "7"))
        #expect(found[0].title.count == 129 && found[0].title.hasSuffix("…"))
        #expect(found[0].styles.count == 256 && found[0].defaultStyle == "s0")
    }
}

extension String {
    fileprivate func replacing(_ part: String, with other: String) -> String {
        split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
    }
}
