import Glibc
import Testing
import WireTesting

/// OWSLib of the tests' own packages, or the system's.
private let python =
    packagedPython
    ?? (try? readFile("/usr/lib/python3/dist-packages/owslib/__init__.py")).map { _ in
        "/usr/bin/python3"
    }

@Suite(
    "Capabilities of WMTS, WMS-C and TMS before a real MapServer, which has neither", .waits,
    .enabled(if: DemoSite.isPossible, "no lighttpd, MapServer or GDAL"))
struct TileCapabilityTests {
    private let demo: DemoSite

    init() throws {
        demo = try DemoSite()
        // Each loop learns of the layers by itself, and which one answers is chance.
        let document = try eventually { () -> Bool? in
            try (0..<16).allSatisfy { _ in try get(Self.wmts).status == 200 } ? true : nil
        }
        #expect(document == true)
    }

    private static let service = "/geoserver/gwc/service"
    private static let wmts = "\(service)/wmts?SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetCapabilities"

    /// - Parameter host: nil: the one by which clients ask; an entry is one host's.
    private func get(
        _ target: String, _ fields: String..., host: String? = nil
    ) throws -> Response {
        let port = try #require(demo.port)
        return try Viewer.ask(target, at: port, host: host ?? "127.0.0.1:\(port)", fields)
    }

    private func end() {
        demo.child.signal(SIGINT)
        #expect(demo.child.waitForExit(within: 60_000) == 0)
    }

    private func map(_ box: String, _ more: String) -> String {
        "/geoserver/base/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=countries&STYLES="
            + "&SRS=EPSG:3857&BBOX=\(box)&WIDTH=256&HEIGHT=256\(more)"
    }

    @Test("OWSLib reads WMTS by both encodings and both TMS documents, and gets their tiles")
    func owsLib() throws {
        guard let python else { return }
        let found = try TemporaryDirectory().run(python, ["-c", Self.script, demo.url])
        #expect(found.exit == 0 && found.output.contains("all is well"), "\(found.output)")
        // Each of the tiles is an entry that a plain GetMap finds.
        let quarter = "-20037508.34,0,0,20037508.34"
        for more in ["&FORMAT=image/png&TRANSPARENT=TRUE", "&FORMAT=image/jpeg"] {
            let answer = try get(map(quarter, more))
            #expect(answer.isHit, "\(more)")
        }
        end()
    }

    private static let script = """
        import sys
        import urllib.request
        from xml.etree import ElementTree
        from owslib.tms import TileMapService
        from owslib.wms import WebMapService
        from owslib.wmts import WebMapTileService
        service = sys.argv[1] + "/geoserver/gwc/service"
        rest = WebMapTileService(service + "/wmts/rest/WMTSCapabilities.xml")
        wmts = WebMapTileService(service + "/wmts")
        for found in (wmts, rest):
            assert {"base:countries", "geonode:hurricanes"} <= set(found.contents), found.contents
            layer = found.contents["base:countries"]
            assert layer.styles["default"]["isDefault"], layer.styles
            assert layer.formats == ["image/png", "image/jpeg"], layer.formats
            assert set(layer.tilematrixsetlinks) == {"EPSG:900913", "EPSG:4326"}
            west, south, east, north = layer.boundingBoxWGS84
            assert -180.1 < west < east < 180.1 and -90.1 < south < north < 90.1, west
            matrices = found.tilematrixsets["EPSG:900913"].tilematrix
            assert len(matrices) == 31, len(matrices)
            first = matrices["EPSG:900913:0"]
            assert abs(first.scaledenominator - 559082264.0287178) < 1e-3, first.scaledenominator
            assert abs(first.topleftcorner[1] - 20037508.3427892) < 1e-6, first.topleftcorner
            assert matrices["EPSG:900913:30"].matrixwidth == 1 << 30
            degrees = found.tilematrixsets["EPSG:4326"].tilematrix["EPSG:4326:0"]
            assert abs(degrees.scaledenominator - 279541132.0143589) < 1e-3
            assert degrees.topleftcorner == (90.0, -180.0), degrees.topleftcorner
            assert (degrees.matrixwidth, degrees.matrixheight) == (2, 1)
            assert [op.name for op in found.operations] == ["GetCapabilities", "GetTile"]
            # Old ones read no dimensions.
            times = getattr(found.contents["geonode:hurricanes"], "dimensions", None)
            if times is not None:
                assert times["TIME"]["default"] == "2005-08-28T12:00:00Z/2005-08-29T12:00:00Z"
                assert times["TIME"]["values"] == ["1975-01-01/2020-12-31/PT6H"], times
        png = bytes([137, 80, 78, 71])
        for format, start in (("image/png", png), ("image/jpeg", bytes([255, 216]))):
            tile = wmts.gettile(
                layer="base:countries", style="default", format=format, row=0, column=0,
                tilematrixset="EPSG:900913", tilematrix="EPSG:900913:1").read()
            assert tile.startswith(start), tile[:100]
        tile = wmts.gettile(
            layer="geonode:hurricanes", tilematrixset="EPSG:4326", tilematrix="EPSG:4326:2",
            row=1, column=2, format="image/png", TIME="2005-06-01/2005-12-31").read()
        assert tile.startswith(png), tile[:100]
        tms = TileMapService(service + "/tms/1.0.0", "1.0.0")
        place = service + "/tms/1.0.0/base:countries@EPSG:900913@png"
        assert place in tms.contents, list(tms.contents)
        known = tms.contents[place]
        assert (known.srs, known.profile) == ("EPSG:3857", "global-mercator"), known.srs
        root = ElementTree.parse(urllib.request.urlopen(place)).getroot()
        sets = root.find("TileSets").findall("TileSet")
        assert root.find("SRS").text == "EPSG:3857" and len(sets) == 31
        assert float(sets[1].get("units-per-pixel")) == 78271.51696402048
        tile = urllib.request.urlopen(sets[1].get("href") + "/0/1.png")
        assert tile.headers["X-Cache"].startswith("Hit"), tile.headers["X-Cache"]
        root = ElementTree.parse(urllib.request.urlopen(service + "/tms")).getroot()
        assert root.find("TileMapService").get("href") == service + "/tms/1.0.0"
        wms = WebMapService(service + "/wms", version="1.1.1")
        layer = wms.contents["base:countries"]
        assert "EPSG:3857" in layer.crsOptions and layer.boundingBoxWGS84, layer.crsOptions
        assert wms.getOperationByName("GetMap").formatOptions == ["image/png", "image/jpeg"]
        assert wms.contents["geonode:hurricanes"].timepositions
        edge = 20037508.342789244
        tile = wms.getmap(
            layers=["base:countries"], srs="EPSG:3857", bbox=(-edge, 0, 0, edge), size=(256, 256),
            format="image/png")
        assert tile.info()["X-Cache"].startswith("Hit"), tile.info()["X-Cache"]
        print("all is well")
        """

    @Test("GDAL's WMTS driver draws a map of tiles that are entries of plain GetMaps")
    func gdal() throws {
        let address = "WMTS:\(demo.url)\(Self.service)/wmts/rest/WMTSCapabilities.xml"
        let choice = ",layer=base:countries,tilematrixset=EPSG:900913"
        let directory = try TemporaryDirectory()
        let cache = ["--config", "GDAL_DEFAULT_WMS_CACHE_PATH", directory.file("tiles")]
        let level = address + choice + ",tilematrix=EPSG:900913:1"
        let info = try directory.run("/usr/bin/gdalinfo", cache + [level])
        #expect(info.exit == 0, "\(info.output)")
        #expect(info.output.contains("ID[\"EPSG\",3857]"), "\(info.output)")
        // From the square world's southern edge to the coast of Greenland.
        #expect(info.output.contains("Size is 512, 492"), "\(info.output)")
        let first = "-20037508.342789244,0,0,20037508.342789244"
        #expect(try !get(map(first, "&FORMAT=image/png&TRANSPARENT=TRUE")).isHit)
        let picture = directory.file("world.png")
        let drawn = try directory.run(
            "/usr/bin/gdal_translate", cache + ["-q", "-of", "PNG", level, picture])
        #expect(drawn.exit == 0 && !drawn.output.contains("ERROR"), "\(drawn.output)")
        let told = try directory.run("/usr/bin/gdalinfo", ["-stats", picture])
        #expect(told.exit == 0 && told.output.contains("StdDev="), "\(told.output)")
        // Land and sea: no picture of one colour.
        #expect(!told.output.contains("StdDev=0.000"), "\(told.output)")
        for box in [
            first, "0,0,20037508.342789244,20037508.342789244",
            "-20037508.342789244,-20037508.342789244,0,0",
            "0,-20037508.342789244,20037508.342789244,0",
        ] {
            #expect(try get(map(box, "&FORMAT=image/png&TRANSPARENT=TRUE")).isHit, "\(box)")
        }
        end()
    }

    @Test("GDAL's WMS driver finds the grids of WMS-C, and draws by them")
    func gdalByWMS() throws {
        let directory = try TemporaryDirectory()
        let cache = ["--config", "GDAL_DEFAULT_WMS_CACHE_PATH", directory.file("tiles")]
        let address =
            "\(demo.url)\(Self.service)/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetCapabilities"
        let info = try directory.run("/usr/bin/gdalinfo", cache + ["\(address)&TILED=true"])
        let grids = info.output.split(separator: "\n").filter {
            $0.contains("TILESIZE=256&OVERVIEWCOUNT=30") && $0.contains("_NAME=")
        }
        let grid = try #require(
            grids.first { $0.contains("LAYERS=base:countries&SRS=EPSG:3857") }, "\(info.output)")
        let picture = directory.file("world.png")
        let drawn = try directory.run(
            "/usr/bin/gdal_translate",
            cache + [
                "-q", "-of", "PNG", "-outsize", "512", "512",
                String(grid.split(separator: "_NAME=", maxSplits: 1)[1]), picture,
            ])
        #expect(drawn.exit == 0 && !drawn.output.contains("ERROR"), "\(drawn.output)")
        let told = try directory.run("/usr/bin/gdalinfo", ["-stats", picture])
        #expect(told.output.contains("StdDev=") && !told.output.contains("StdDev=0.000"))
        let quarter = "-20037508.342789244,0,0,20037508.342789244"
        #expect(try get(map(quarter, "&FORMAT=image/png&TRANSPARENT=TRUE")).isHit)
        end()
    }

    @Test("addresses are those by which the viewer came, and a stranger's word changes nothing")
    func addresses() throws {
        let plain = try get(Self.wmts, host: "maps.test:8080")
        #expect(plain["Content-Type"] == "application/xml")
        #expect(plain["Cache-Control"] == "private, max-age=60")
        #expect(plain.text.contains("\"http://maps.test:8080\(Self.service)/wmts?\""))
        let forged = try get(
            Self.wmts, "X-Forwarded-Host: evil.test", "X-Forwarded-Proto: https",
            host: "maps.test:8080")
        #expect(forged.body == plain.body)
        let virtual = try get("/geoserver/base/gwc/service/wmts?REQUEST=GetCapabilities")
        #expect(virtual.text.contains("<ows:Identifier>countries</ows:Identifier>"))
        #expect(!virtual.text.contains("hurricanes"))
        #expect(try get("\(Self.service)/tms/1.0.0/nothing@EPSG:4326@png").status == 404)
        end()
    }
}
