import Glibc
import HTTP
import Testing
import Tiles
import WireTesting

private let sets = GridSets([
    GridSet(
        name: "EPSG:900913", code: 3857, isNorthingFirst: false,
        extent: BoundingBox(west: -20, south: -20, east: 20, north: 20),
        resolutions: [0.125, 0.0625]),
    GridSet(
        name: "EPSG:4326", code: 4326, isNorthingFirst: true,
        extent: BoundingBox(west: -180, south: -90, east: 180, north: 90), resolutions: [0.703125]),
    GridSet.globalPixel,
    GridSet(
        name: "N&Z", code: 2193, isNorthingFirst: true,
        extent: BoundingBox(west: 0, south: 0, east: 300, north: 100), origin: .topLeft,
        tileSize: (128, 64), levels: [GridSet.Level(resolution: 1, name: "a")]),
    // Its rows end at another latitude at each level.
    GridSet(
        name: "Top", code: 2193, isNorthingFirst: true,
        extent: BoundingBox(west: 0, south: 0, east: 300, north: 100), origin: .topLeft,
        resolutions: [1, 0.3]),
])

private func facts() -> [LayerFacts] {
    var storms = ServiceLayer(name: "geonode:storms")
    storms.title = "Storms & <winds>"
    storms.styles = [
        ServiceLayer.Style(name: "point", title: "Points"), ServiceLayer.Style(name: "a\"b"),
    ]
    storms.box = BoundingBox(west: -110, south: 5, east: 0, north: 75)
    storms.times = ServiceLayer.Times(extent: ["2004", "1975/2020/P1D"])
    storms.systems = [.webMercator, .degrees]
    var ground = ServiceLayer(name: "base:ground plan")
    ground.systems = [.epsg(2193)]
    var other = ServiceLayer(name: "world")
    other.title = "World"
    other.systems = []
    return [
        LayerFacts(name: "geonode:storms", description: storms),
        LayerFacts(name: "base:ground plan", description: ground),
        LayerFacts(name: "world", description: other), LayerFacts(name: "geonode:unread"),
    ]
}

private func request(_ target: String) -> TileDocumentRequest? {
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = Array(parts[0].utf8)
    let query = parts.count > 1 ? Array(parts[1].utf8) : []
    return TileDocumentRequest(
        path: path.span.bytes, query: query.span.bytes, services: .standard)
}

@Suite("Capabilities of WMTS and TMS that the edge writes")
struct TileDocumentTests {
    private let documents = TileDocuments(facts(), gridSets: sets, context: "/geoserver")

    private func document(
        _ target: String, base: String = "https://m.test"
    ) -> String? {
        request(target).flatMap { documents.document($0, base: base) }.map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test("moments that are many by what layers inherit are not repeated for each")
    func extents() throws {
        let moments = (0..<400).map { "2001-01-01T00:00:00.\($0 + 100)Z" }
        let bytes = moments.reduce(0) { $0 + $1.utf8.count + 1 }
        for (count, isTold) in [
            (TileDocuments.extentBytesMax / bytes, true),
            (TileDocuments.extentBytesMax / bytes + 1, false),
        ] {
            let facts = (0..<count).map { number in
                var layer = ServiceLayer(name: "a\(number)")
                (layer.box, layer.systems) = (nil, [.webMercator])
                layer.times = ServiceLayer.Times(extent: moments, standard: "2002-02-02")
                return LayerFacts(name: layer.name, description: layer)
            }
            let documents = TileDocuments(facts, gridSets: sets, context: "")
            let asked = try #require(
                request("/geoserver/gwc/service/wmts?REQUEST=GetCapabilities"))
            let text = try #require(documents.document(asked, base: ""))
            #expect(text.count < 4 * TileDocuments.extentBytesMax)
            let whole = String(decoding: text, as: UTF8.self)
            #expect(whole.contains(moments[7]) == isTold && whole.contains("2002-02-02"))
        }
    }

    /// `REWRITE_GOLDENS=1` writes what is written now; the difference is then for the reviewer.
    @Test(
        "the whole documents",
        arguments: [
            ("wmts.xml", "wmts?request=GetCapabilities"),
            ("wmts.xml", "wmts/rest/WMTSCapabilities.xml"), ("tms.xml", "tms/1.0.0"),
            ("tilemap.xml", "tms/1.0.0/geonode%3Astorms@EPSG:900913@jpeg"),
            ("tms-root.xml", "tms"), ("wms.xml", "wms?request=GetCapabilities"),
            ("wms-c.xml", "wms?request=GetCapabilities&tiled=true"),
        ])
    func golden(_ name: String, _ target: String) throws {
        let text = try #require(document("/geoserver/gwc/service/\(target)"))
        let folder = String(#filePath.dropLast("TileDocumentTests.swift".count))
        let path = folder + "Goldens/\(name)"
        if getenv("REWRITE_GOLDENS") != nil {
            let file = try #require(fopen(path, "w"))
            fputs(text, file)
            fclose(file)
        }
        #expect(try readFile(path) == text)
    }

    @Test("a map that TMS has not, by its name")
    func unknown() {
        for name in [
            "geonode:storms@EPSG:900913@gif", "geonode:storms@N&Z@png", "x@EPSG:4326@png",
            "geonode:storms@EPSG:4326", "base:ground plan@Top@png", "world@EPSG:900913@png", "@@",
        ] {
            let segment = name.split(separator: " ").joined(separator: "%20")
            #expect(document("/geoserver/gwc/service/tms/1.0.0/\(segment)") == nil, "\(name)")
        }
        #expect(
            document("/geoserver/gwc/service/tms/1.0.0/base:ground%20plan@N&Z@png") != nil)
    }

    @Test("a layer's box is told as far as it is on the Earth, and within the square world")
    func boxes() throws {
        let edge = 20_037_508.342789244
        let cases: [(BoundingBox, [Double]?)] = [
            (
                BoundingBox(west: -180, south: -90, east: 180, north: 90),
                [-edge, -edge, edge, edge]
            ),
            (BoundingBox(west: -200, south: 0, east: 90, north: 95), [-edge, 0, edge / 2, edge]),
            // EPSG guidance note 7-2 §1.3.3.2: latitude 24°22'54.433"N.
            (
                BoundingBox(
                    west: 0, south: -24.381786944444446, east: 45, north: 24.381786944444446),
                [0, -2_800_000, edge / 4, 2_800_000]
            ),
            (BoundingBox(west: 181, south: 0, east: 190, north: 1), nil),
        ]
        for (box, expected) in cases {
            var layer = ServiceLayer(name: "a")
            (layer.box, layer.systems) = (box, [.webMercator])
            let documents = TileDocuments(
                [LayerFacts(name: "a", description: layer)], gridSets: sets, context: "")
            let asked = try #require(
                request("/geoserver/gwc/service/wmts?REQUEST=GetCapabilities"))
            let text = String(
                decoding: try #require(documents.document(asked, base: "")), as: UTF8.self)
            let parts = text.split(separator: "EPSG::3857\"><ows:LowerCorner>")
            guard let expected else {
                #expect(parts.count == 1 && !text.contains("WGS84BoundingBox"))
                continue
            }
            let numbers = try #require(parts.last).split(separator: "</ows:BoundingBox>")[0]
                .split { !"-.0123456789e".contains($0) }.compactMap { Double($0) }
            #expect(numbers.count == 4)
            for (number, wanted) in zip(numbers, expected) {
                #expect((number - wanted).magnitude < 2, "\(box)")
            }
        }
    }

    @Test("a virtual service names its own layers, without their workspace")
    func virtual() throws {
        let workspace = try #require(
            document("/geoserver/geonode/gwc/service/wmts?REQUEST=GetCapabilities"))
        #expect(workspace.contains("<ows:Identifier>storms</ows:Identifier>"))
        #expect(!workspace.contains("ground"))
        #expect(workspace.contains("\"https://m.test/geoserver/geonode/gwc/service/wmts?\""))
        let layer = try #require(
            document("/geoserver/geonode/storms/gwc/service/tms/1.0.0/storms@EPSG:4326@png"))
        #expect(
            layer.contains("/geonode/storms/gwc/service/tms/1.0.0/storms@EPSG:4326@png/0\""))
        #expect(
            document("/geoserver/geonode/gwc/service/tms")?
                .contains("\"https://m.test/geoserver/geonode/gwc/service/tms/1.0.0\"") == true)
        #expect(
            document("/geoserver/base/gwc/service/wms?REQUEST=GetCapabilities")?
                .contains("<Name>ground plan</Name>") == true)
        for path in ["nobody", "geonode/nothing"] {
            #expect(document("/geoserver/\(path)/gwc/service/tms") == nil)
            #expect(document("/geoserver/\(path)/gwc/service/tms/1.0.0") == nil)
        }
    }

    @Test("every document is well-formed whatever names and hosts are like")
    func wellFormed() throws {
        for target in [
            "wmts?REQUEST=GetCapabilities", "wms?REQUEST=GetCapabilities&TILED=TRUE", "tms/",
            "tms/1.0.0/", "tms/1.0.0/base:ground%20plan@N&Z@png",
        ] {
            let text = try #require(
                document("/geoserver/gwc/service/\(target)", base: "http://\"<&>'\u{0}"))
            var stream = XMLStream(limits: .stream)
            stream.append(Array(text.utf8).span.bytes)
            stream.close()
            while try stream.next() != nil {}
            try stream.finish()
        }
    }

    @Test(
        "which requests are for a document",
        arguments: [
            ("/geoserver/gwc/service/wmts?REQUEST=GetCapabilities&SERVICE=wmts", ".wmts"),
            ("/geoserver/gwc/service/wmts?request=getcapabilities", ".wmts"),
            ("/geoserver/gwc/service/wmts?SERVICE=WMS&REQUEST=GetCapabilities", ""),
            ("/geoserver/gwc/service/wmts?REQUEST=GetTile", ""),
            ("/geoserver/gwc/service/wmts", ""),
            ("/geoserver/gwc/service/wmts/rest/wmtscapabilities.xml", ".wmts"),
            ("/geoserver/gwc/service/wmts/rest/WMTSCapabilities.xml/a", ""),
            ("/geoserver/gwc/service/wmts/rest/a", ""),
            ("/geoserver/gwc/service/tms/1.0.0", ".tms"),
            ("/geoserver/gwc/service/tms/1.0.0/", ".tms"),
            ("/geoserver/gwc/service/tms/1.0.0/a@b@png", ".tileMap(\"a@b@png\")"),
            ("/geoserver/gwc/service/tms/1.0.0/a%40b@png/", ".tileMap(\"a@b@png\")"),
            ("/geoserver/gwc/service/tms/1.0.0/a@b@png/0/0/0.png", ""),
            ("/geoserver/gwc/service/tms/2.0.0", ""),
            ("/geoserver/gwc/service/tms", ".tmsRoot"),
            ("/geoserver/geonode/gwc/service/tms/;jsessionid=A", ""),
            ("/geoserver/geonode/gwc/service/TMS/", ".tmsRoot"),
            ("/geoserver/gwc/service/tm", ""), ("/geoserver/gwc/service/", ""),
            ("/geoserver/gwc/service/wms?REQUEST=GetCapabilities", ".wms(isTiled: false)"),
            (
                "/geoserver/gwc/service/wms?service=wms&request=getCapabilities&TILED=TRUE",
                ".wms(isTiled: true)"
            ),
            ("/geoserver/gwc/service/wms?REQUEST=GetCapabilities&SERVICE=WMTS", ""),
            ("/geoserver/gwc/service/wms?REQUEST=GetMap", ""),
            ("/geoserver/wms?REQUEST=GetCapabilities", ""),
            ("/elsewhere/gwc/service/tms/1.0.0", ""),
        ])
    func requests(_ target: String, _ kind: String) {
        let text = request(target).map { ".\("\($0.kind)".split(separator: ".").last ?? "")" } ?? ""
        #expect(text == kind)
    }

    @Test("tiles are where the documents say: by every template and address")
    func addresses() throws {
        let base = MapServices(gridSets: sets)
        let services = base.knowing(
            base.facts(from: [
                MapServices.Listing(
                    path: "/geoserver/wms", layers: facts().compactMap(\.description))
            ]), documents: nil)
        let plain = ask(
            "/geoserver/wms?REQUEST=GetMap&VERSION=1.1.1&LAYERS=geonode:storms&STYLES="
                + "&FORMAT=image/png&TRANSPARENT=TRUE&SRS=EPSG:3857&BBOX=-20,12,-4,28&WIDTH=256"
                + "&HEIGHT=256&TIME=2004", services)
        #expect(plain.request?.address != nil)
        let fields = [
            "{style}": "point", "{TileMatrixSet}": "EPSG:900913", "{TileMatrix}": "EPSG:900913:1",
            "{TileRow}": "0", "{TileCol}": "0", "{TIME}": "2004", "&amp;": "&",
        ]
        var template =
            "/geoserver/gwc/service/wmts/rest/geonode:storms/{style}/{TileMatrixSet}/{TileMatrix}/"
            + "{TileRow}/{TileCol}?format=image/png&amp;time={TIME}"
        let wmts = try #require(document("/geoserver/gwc/service/wmts?REQUEST=GetCapabilities"))
        #expect(wmts.contains("\"https://m.test\(template)\""))
        for (field, value) in fields {
            template = template.split(separator: field, omittingEmptySubsequences: false)
                .joined(separator: value)
        }
        #expect(ask(template, services).key == plain.key)
        let address = "/geoserver/gwc/service/tms/1.0.0/geonode:storms@EPSG:900913@png"
        let tms = try #require(document("/geoserver/gwc/service/tms/1.0.0"))
        #expect(tms.contains("\"https://m.test\(address)\""))
        #expect(ask("\(address)/1/0/2.png?time=2004", services).key == plain.key)
    }
}
