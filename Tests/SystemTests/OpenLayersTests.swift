import Testing
import Tiles
import WireTesting

private let library = packagedFile("openlayers/js/openlayers.standalone.js")

@Suite(
    "OpenLayers 10 during an outage of the maps: no tile is an error", .waits,
    .enabled(
        if: Chromium.program != nil && (try? readBytes(library)) != nil,
        "no Chromium, or no OpenLayers of PyPI"), .serialized)
struct OpenLayersTests {
    /// The ways in which it asks for tiles.
    enum Source: String, CaseIterable {
        /// An image element for each, by a template (`ol/source/XYZ`).
        case template
        /// The loader that came with OpenLayers 10 (`ol/source/ImageTile`).
        case loader
        /// A function makes URLs, as in `ol/source/TileWMS`.
        case function

        var type: String { self == .loader ? "ImageTileSource" : "OSM" }
    }

    /// A place on the map.
    struct View {
        var center: String
        var zoom: Int

        static let first = View(center: "[-63, 26]", zoom: 4)
        static let deeper = View(center: "[-63, 26]", zoom: 6)
        static let elsewhere = View(center: "[100, -30]", zoom: 4)
    }

    private let site: OutageSite
    /// What the map server paints.
    private static let paint = RGBA(red: 0x10, green: 0x80, blue: 0x40)

    init() throws {
        site = try OutageSite()
        let pixel = [Self.paint.red, Self.paint.green, Self.paint.blue, Self.paint.alpha]
        let pixels = (0..<256 * 256).flatMap { _ in pixel }
        let tile = try #require(PNG.encode(PixelBuffer(width: 256, height: 256, rgba: pixels)))
        site.maps.room(named: site.room.name).answers { _ in OutageSite.reply("image/png", tile) }
    }

    /// A page with a map that says how many tiles came and failed, and how much of it is painted.
    private func page(_ source: Source, _ view: View, _ maps: String) -> String {
        let tiles = "\(maps)/gwc/service/gmaps?layers=x&format=image/png&zoom={z}&x={x}&y={y}"
        let map = """
            service=WMS&version=1.3.0&request=GetMap&layers=x&styles=&crs=EPSG:3857&width=256\
            &height=256&format=image/png&transparent=true
            """
        let ask = """
            source.setTileUrlFunction(function (tile) {
              var side = 40075016.68557849 / Math.pow(2, tile[0]), half = 20037508.342789244;
              var west = tile[1] * side - half, north = half - tile[2] * side;
              return "\(maps)/wms?\(map)&bbox=" + [west, north - side, west + side, north];
            });
            """
        return """
            <!DOCTYPE html><html><head><meta charset="utf-8"></head><body style="margin:0">
            <div id="map" style="width:900px;height:500px"></div><div id="log"></div>
            <script src="openlayers.js"></script><script>
            renderOLMapWidget({view: {"@@type": "View", center: \(view.center), zoom: \(view.zoom)},
              layers: [{"@@type": "TileLayer", id: "x", source:
                {"@@type": "\(source.type)", url: "\(tiles)", crossOrigin: null}}]});
            var source = olMapWidget.getLayer("x").getSource(), good = 0, bad = 0;
            \(source == .function ? ask : "")
            function tell() {
              olMapWidget.getMap().renderSync();
              var canvas = document.querySelector(".ol-layer canvas"), painted = 0;
              var data = canvas ? canvas.getContext("2d").getImageData(
                0, 0, canvas.width, canvas.height).data : [];
              for (var at = 0; at < data.length; at += 4) {
                if (data[at] == \(Self.paint.red) && data[at + 1] == \(Self.paint.green)) painted++;
              }
              document.getElementById("log").textContent =
                good + " good, " + bad + " bad, " + painted + " painted.";
            }
            source.on("tileloadend", function () { good++; });
            source.on("tileloaderror", function () { bad++; });
            // Once tiles have come and are faded in; a browser without a screen need not paint.
            for (var at = 1; at < 10; at++) { setTimeout(tell, at * 1000); }
            </script></body></html>
            """
    }

    /// What became of the tiles of a page.
    private struct Seen {
        var (good, bad, painted) = (0, 0, 0)
        var hasNotice: Bool

        init(_ document: String) throws {
            let log = try Chromium.log(in: document)
            let numbers = log.split(whereSeparator: { $0 == " " || $0 == "," }).compactMap {
                Int($0)
            }
            try #require(numbers.count == 3, "the page's log: \(log)")
            (good, bad, painted) = (numbers[0], numbers[1], numbers[2])
            hasNotice = document.contains("The map service is not responding")
        }
    }

    /// - Parameter host: whose page it is; the edge's by default.
    private func see(
        _ source: Source, _ view: View, maps: String = "geoserver", host: String? = nil
    ) throws -> Seen {
        let page = page(source, view, maps)
        site.room.answers { request in
            if request.target.hasSuffix("openlayers.js"), let bytes = try? readBytes(library) {
                return OutageSite.reply("text/javascript", bytes, "Cache-Control: max-age=600")
            }
            return OutageSite.reply(
                "text/html; charset=utf-8", Array(page.utf8), "Cache-Control: no-store")
        }
        let host = host ?? "http://127.0.0.1:\(site.edge.port)"
        return try Seen(Chromium.document("\(host)\(site.room.path("map.html"))"))
    }

    @Test(
        "stored tiles go on being shown, deeper ones are made of them, others are clear",
        arguments: Source.allCases)
    func outage(_ source: Source) throws {
        let before = try see(source, .first)
        #expect(before.good >= 12 && before.bad == 0 && before.painted > 440_000, "\(before)")
        #expect(!before.hasNotice)
        #expect(try site.takeMapsAway().status == 503)
        let asked = try site.edge.metric("mapedge_fallback_blanks_total")

        let kept = try see(source, .first)
        #expect(kept.good == before.good && kept.bad == 0 && kept.painted > 440_000, "\(kept)")
        #expect(kept.hasNotice)
        #expect(try site.edge.metric("mapedge_fallback_ancestors_total") == 0)

        let deeper = try see(source, .deeper)
        #expect(deeper.good >= 12 && deeper.bad == 0 && deeper.painted > 440_000, "\(deeper)")
        #expect(try site.edge.metric("mapedge_fallback_ancestors_total") == deeper.good)
        #expect(try site.edge.metric("mapedge_fallback_blanks_total") == asked)

        let other = try see(source, .elsewhere)
        #expect(other.good >= 12 && other.bad == 0 && other.painted == 0, "\(other)")
        // The browser may ask for a tile twice.
        let blanks = try site.edge.metric("mapedge_fallback_blanks_total") - asked
        #expect(blanks >= other.good, "\(other)")
        #expect(try site.edge.metric("mapedge_fallback_ancestors_total") == deeper.good)
    }

    @Test("without the edge every tile is an error", arguments: Source.allCases)
    func control(_ source: Source) throws {
        site.maps.stop()
        let direct = "\(site.maps.url)\(site.room.path("geoserver"))"
        let seen = try see(source, .first, maps: direct, host: site.origin.url)
        #expect(seen.good == 0 && seen.bad >= 12 && seen.painted == 0, "\(seen)")
    }
}
