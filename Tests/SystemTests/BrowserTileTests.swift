import Testing
import WireTesting

/// A page with six layers of one map in one view, each of which asks for its tiles in another way,
/// and which tells what became of their pictures.
private enum MapPage: String {
    case openLayers = "ol.html"
    case leaflet = "leaflet.html"

    static let layers = 6

    func html(_ layer: DemoLayer) -> String {
        let files =
            self == .openLayers
            ? "<script src=\"OpenLayers.js\"></script>"
            : "<script src=\"leaflet.js\"></script><link rel=\"stylesheet\" href=\"leaflet.css\">"
        return """
            <!DOCTYPE html><html><head><meta charset="utf-8"><link rel="icon" href="data:,">
            \(files)</head><body style="margin:0"><div id="map" style="width:900px;height:500px">
            </div><div id="log"></div><script>
            var maps = "/geoserver/", cache = maps + "gwc/service/", set = "EPSG:900913";
            var name = "\(layer.workspace):\(layer.name)", time = "\(layer.time)";
            var timed = time ? {time: time} : {}, query = time ? "time=" + time : "";
            var good = 0, bad = 0;
            \(self == .openLayers ? Self.openLayers2 : Self.leaflet1)
            \(Self.telling)
            // A browser without a screen says nowhere that it has shown all.
            for (var at = 1; at < 10; at++) { setTimeout(tell, at * 1000); }
            </script></body></html>
            """
    }

    /// `images()` gives the pictures of all layers, each with its place in the map.
    private static let openLayers2 = """
        var half = 20037508.342789244, ids = [];
        for (var level = 0; level < 19; level++) { ids.push(set + ":" + level); }
        var map = new OpenLayers.Map("map", {projection: "EPSG:3857", units: "m",
          maxExtent: new OpenLayers.Bounds(-half, -half, half, half),
          maxResolution: half / 128, numZoomLevels: 19, theme: null, controls: []});
        var own = maps + name.split(":")[0], known = {layers: name.split(":")[1]};
        function wms(more) {
          return OpenLayers.Util.extend(OpenLayers.Util.extend(OpenLayers.Util.extend(
            {format: "image/png", transparent: true}, known), timed), more);
        }
        function over(more) {
          return OpenLayers.Util.extend({isBaseLayer: false, buffer: 0}, more);
        }
        function wmts(more) {
          return new OpenLayers.Layer.WMTS(over(OpenLayers.Util.extend({layer: name, style: "",
            matrixSet: set, matrixIds: ids, format: "image/png", params: timed}, more)));
        }
        var layers = [
          new OpenLayers.Layer.WMS("a", own + "/wms", wms({}), {isBaseLayer: true, buffer: 0}),
          new OpenLayers.Layer.WMS("b", own + "/ows", wms({version: "1.3.0"}), over({})),
          new OpenLayers.Layer.TMS("c", cache + "tms/", over({
            layername: name + "@" + set + "@png", type: "png", getURL: function (bounds) {
              return OpenLayers.Layer.TMS.prototype.getURL.call(this, bounds)
                + (query && "?" + query);
            }})),
          wmts({name: "d", url: cache + "wmts"}),
          wmts({name: "e", requestEncoding: "REST", url: cache + "wmts/rest/" + name
            + "/{style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}?format=image/png&"
            + query}),
          new OpenLayers.Layer.XYZ("f", cache + "gmaps?format=image/png&layers=" + name
            + "&zoom=${z}&x=${x}&y=${y}&" + query, over({}))
        ];
        layers.forEach(function (layer) {
          // What failed has loaded as well, it says.
          layer.events.on({tileloaded: function () { good++; },
            tileerror: function () { bad++; good--; }});
        });
        map.addLayers(layers);
        map.setCenter(new OpenLayers.LonLat(-7000000, 3000000), 4);
        function images() {
          var all = [];
          layers.forEach(function (layer) {
            layer.grid.forEach(function (row) {
              row.forEach(function (tile) {
                var center = tile.bounds.getCenterLonLat();
                var place = [Math.round(center.lon), Math.round(center.lat)];
                all.push({image: tile.imgDiv, place: place.join()});
              });
            });
          });
          return all;
        }
        """

    private static let leaflet1 = """
        var map = L.map("map", {fadeAnimation: false}).setView([26, -63], 4);
        var wms = L.extend({layers: name, format: "image/png", transparent: true}, timed);
        var newer = L.extend({version: "1.3.0", uppercase: true}, wms);
        var layers = [
          L.tileLayer.wms(maps + "wms", wms),
          L.tileLayer.wms(cache + "wms", newer),
          L.tileLayer(cache + "tms/1.0.0/" + name + "@" + set + "@png/{z}/{x}/{y}.png?" + query,
            {tms: true}),
          L.tileLayer(cache + "gmaps?layers=" + name + "&zoom={z}&x={x}&y={y}&format=image/png&"
            + query),
          L.tileLayer(cache + "wmts?Service=WMTS&Request=GetTile&Version=1.0.0&Style=&Layer="
            + name + "&TileMatrixSet=" + set + "&TileMatrix=" + set
            + ":{z}&TileRow={y}&TileCol={x}&Format=image%2Fpng&" + query),
          L.tileLayer(cache + "wmts/rest/" + name + "//" + set + "/" + set
            + ":{z}/{y}/{x}?format=image/png&" + query)
        ];
        layers.forEach(function (layer) {
          layer.on({tileload: function () { good++; }, tileerror: function () { bad++; }});
          layer.addTo(map);
        });
        function images() {
          var all = [];
          layers.forEach(function (layer) {
            Object.keys(layer._tiles).forEach(function (place) {
              all.push({image: layer._tiles[place].el, place: place});
            });
          });
          return all;
        }
        """

    private static let telling = """
        function tell() {
          var places = {}, pictures = {}, broken = 0;
          images().forEach(function (one) {
            if (!one.image || !one.image.complete || one.image.naturalWidth != 256) {
              broken++;
              return;
            }
            var canvas = document.createElement("canvas");
            canvas.width = canvas.height = 256;
            canvas.getContext("2d").drawImage(one.image, 0, 0);
            var picture = canvas.toDataURL();
            pictures[picture] = true;
            (places[one.place] = places[one.place] || {})[picture] = true;
          });
          var unlike = Object.keys(places).filter(function (place) {
            return Object.keys(places[place]).length > 1;
          });
          document.getElementById("log").textContent = good + " good, " + bad + " bad, "
            + broken + " broken, " + Object.keys(places).length + " places, "
            + Object.keys(pictures).length + " pictures, " + unlike.length + " unlike.";
        }
        """
}

/// What a page tells of its pictures, and the edge's log of their requests.
private struct Shown {
    var good: Int
    var bad: Int
    /// Those that are no picture of a tile's size.
    var broken: Int
    /// Where tiles lie, whatever the layer.
    var places: Int
    /// Those that differ.
    var pictures: Int
    /// Places where not all layers show the same.
    var unlike: Int
    /// CloudFront's word for each request for a tile.
    var results: [String]

    init(_ log: String, results: [String]) throws {
        let numbers = log.split(whereSeparator: { $0 == " " || $0 == "," }).compactMap { Int($0) }
        guard numbers.count == 6 else { throw WireError("the page's log: \(log)") }
        (good, bad, broken) = (numbers[0], numbers[1], numbers[2])
        (places, pictures, unlike) = (numbers[3], numbers[4], numbers[5])
        self.results = results
    }
}

/// A browser before an edge before a real MapServer, and in between an origin that counts what
/// MapServer is asked.
private struct BrowsedSite {
    let edge: Edge
    private let demo: DemoSite
    private let origin: Origin
    private let maps: Room
    private let pages: Room
    private let log: String
    private let directory: TemporaryDirectory

    /// - Parameter knowsMaps: whether the edge is told that the origin has maps.
    init(_ layer: DemoLayer, knowsMaps: Bool = true) throws {
        demo = try DemoSite()
        let member = try demo.memberPort()
        origin = try Origin()
        maps = origin.room(named: "geoserver")
        maps.answers { request in
            guard let answer = try? Viewer.ask(request.target, at: member), answer.status == 200
            else { return .response(502) }
            return OutageSite.reply(answer["Content-Type"] ?? "text/plain", answer.body)
        }
        pages = origin.room()
        pages.answers { request in
            if let page = MapPage(rawValue: request.fileName)?.html(layer) {
                return OutageSite.reply(
                    "text/html; charset=utf-8", Array(page.utf8), "Cache-Control: no-store")
            }
            let field = "Cache-Control: no-store"
            return MapLibrary.reply(request.fileName, field) ?? .response(404)
        }
        directory = try TemporaryDirectory()
        log = directory.file("access.log")
        let services = "services: [/geoserver/base/wms, /geoserver/geonode/wms], interval: 1h"
        let text = """
            role: tier
            accessLog: { path: "\(log)" }
            origins:
              pages: { members: ["\(origin.url)"] }
              maps:
                members: ["\(origin.url)"]
                \(knowsMaps ? "maps: { layers: { \(services) } }" : "")
            behaviors:
              - { path: "/geoserver/*", origin: maps, class: \(knowsMaps ? "tiles" : "none") }
              - { path: "*", origin: pages }

            """
        edge = try Edge(
            origin: nil, mode: "cloudfront", configuration: text, directory: directory)
        if knowsMaps {
            _ = try #require(edge.child.line(with: "the layers of origin \"maps\" are read"))
        }
    }

    /// The maps that MapServer was asked for, in order.
    var asked: [String] {
        maps.requests.map(\.target).filter { $0.contains("REQUEST=GetMap") }
    }

    /// CloudFront's words for requests of tiles, as the log has them.
    private var results: [String] {
        get throws {
            let text = (try? readFile(log)) ?? ""
            // Its last line may be under way.
            let written = text[..<(text.lastIndex(of: "\n") ?? text.startIndex)]
            return try written.split(separator: "\n").map { try JSON(String($0)) }.filter {
                $0["cs-uri-stem"]?.text?.hasPrefix("/geoserver/") == true
            }.compactMap { $0["x-edge-result-type"]?.text }
        }
    }

    func show(_ page: MapPage) throws -> Shown {
        let before = try results.count
        let told = try Chromium.log("http://127.0.0.1:\(edge.port)\(pages.path(page.rawValue))")
        var shown = try Shown(told, results: [])
        let count = before + shown.good + shown.bad
        let all = try #require(
            try eventually { () -> [String]? in
                let found = try results
                return found.count >= count ? found : nil
            })
        shown.results = Array(all[before...])
        return shown
    }
}

private let hasAll = Chromium.program != nil && MapLibrary.isInstalled && DemoSite.isPossible

@Suite(
    "One tile, one entry: OpenLayers 2 and Leaflet in a browser before a real MapServer", .waits,
    .enabled(if: hasAll, "no Chromium, OpenLayers, Leaflet, lighttpd, MapServer or GDAL"),
    .serialized)
struct BrowserTileTests {
    /// Every layer shows every tile of the view, and the same picture as the others.
    private func expectWhole(_ shown: Shown, atLeast places: Int) {
        #expect(shown.places >= places && shown.good == shown.places * MapPage.layers, "\(shown)")
        #expect(shown.bad == 0 && shown.broken == 0 && shown.unlike == 0, "\(shown)")
        // Had all been empty, nothing would have been told apart.
        #expect(shown.pictures > 5, "\(shown)")
        #expect(shown.results.count == shown.good, "\(shown)")
    }

    @Test("six layers each, in WMS, TMS, WMTS and gmaps: one request for each tile, then only hits")
    func openLayersFirst() throws {
        let site = try BrowsedSite(.countries)
        let stored = try site.edge.metric("mapedge_stored_total")
        let first = try site.show(.openLayers)
        expectWhole(first, atLeast: 12)
        #expect(site.asked.count == first.places && Set(site.asked).count == first.places)
        #expect(try site.edge.hasWrittenAll)
        #expect(try site.edge.metric("mapedge_stored_total") == stored + first.places)
        for page in [MapPage.leaflet, .openLayers] {
            let later = try site.show(page)
            expectWhole(later, atLeast: 8)
            #expect(Set(later.results) == ["Hit"], "\(later)")
        }
        #expect(site.asked.count == first.places)
    }

    @Test("the same of tiles of a time, Leaflet first")
    func leafletFirst() throws {
        let site = try BrowsedSite(.hurricanes)
        let first = try site.show(.leaflet)
        expectWhole(first, atLeast: 8)
        #expect(site.asked.count == first.places && Set(site.asked).count == first.places)
        // It loads a row or a column more than the view has.
        let second = try site.show(.openLayers)
        expectWhole(second, atLeast: first.places)
        #expect(site.asked.count == second.places && Set(site.asked).count == second.places)
        let misses = second.results.count { $0 != "Hit" }
        #expect(misses == second.places - first.places, "\(second)")
        let third = try site.show(.leaflet)
        expectWhole(third, atLeast: first.places)
        #expect(Set(third.results) == ["Hit"], "\(third)")
        #expect(site.asked.count == second.places)
    }

    @Test("where the edge knows of no maps, MapServer is asked twice for each tile of WMS")
    func control() throws {
        let site = try BrowsedSite(.countries, knowsMaps: false)
        let shown = try site.show(.openLayers)
        #expect(shown.places >= 12 && shown.good == 2 * shown.places, "\(shown)")
        #expect(site.asked.count == 2 * shown.places && Set(site.asked).count == site.asked.count)
        // MapServer has no TMS, WMTS or gmaps.
        #expect(shown.bad == 4 * shown.places, "\(shown)")
    }
}
