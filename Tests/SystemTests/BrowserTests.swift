import Testing
import Tiles
import WireTesting

/// A page with a map of each library; the tiles come from `wms`.
private func openLayers(_ wms: String) -> String {
    """
    <!DOCTYPE html><html><head><meta charset="utf-8"><script src="OpenLayers.js"></script>
    <link rel="stylesheet" href="style.css"></head><body style="margin:0">
    <div id="map" style="width:900px;height:500px"></div><div id="log"></div><script>
    var n = 0, map = new OpenLayers.Map("map", {projection: "EPSG:3857", units: "m",
      maxExtent: new OpenLayers.Bounds(-20037508.34, -20037508.34, 20037508.34, 20037508.34),
      maxResolution: 156543.03390625, numZoomLevels: 19, theme: null, controls: []});
    var layer = new OpenLayers.Layer.WMS("base", "\(wms)", {layers: "x", format: "image/png"},
      {isBaseLayer: true, buffer: 0});
    map.addLayer(layer); map.setCenter(new OpenLayers.LonLat(-7000000, 3000000), 4);
    </script></body></html>
    """
}

private func leaflet(_ wms: String) -> String {
    """
    <!DOCTYPE html><html><head><meta charset="utf-8"><script src="leaflet.js"></script>
    <link rel="stylesheet" href="leaflet.css"></head><body style="margin:0">
    <div id="map" style="width:900px;height:500px"></div><div id="log"></div><script>
    var good = 0, bad = 0, map = L.map("map").setView([26, -63], 4);
    var layer = L.tileLayer.wms("\(wms)", {layers: "x", format: "image/png"});
    function tell() {
      document.getElementById("log").textContent = good + " good, " + bad + " bad.";
    }
    layer.on("tileload", function () { good++; tell(); });
    layer.on("tileerror", function () { bad++; tell(); });
    layer.addTo(map);
    </script></body></html>
    """
}

@Suite(
    "A browser's maps during an outage: never pink, and told so", .waits,
    .enabled(
        if: Chromium.program != nil && MapLibrary.isInstalled,
        "no Chromium, OpenLayers or Leaflet"), .serialized)
struct BrowserTests {
    private let site: OutageSite

    init() throws {
        site = try OutageSite()
        let direct = "http://127.0.0.1:\(site.maps.port)/geoserver/wms"
        let pages = [
            "ol.html": openLayers("geoserver/wms"), "leaflet.html": leaflet("geoserver/wms"),
            "direct.html": openLayers(direct), "leaflet-direct.html": leaflet(direct),
        ]
        site.room.answers { request in
            if let page = pages[request.fileName] {
                return OutageSite.reply(
                    "text/html; charset=utf-8", Array(page.utf8), "Cache-Control: max-age=600")
            }
            return MapLibrary.reply(request.fileName) ?? .response(404)
        }
    }

    /// How many pixels of a screenshot are pink, at its full strength or half of it on white, and
    /// how many are the notice's ground.
    private func pixels(_ url: String) throws -> (pink: Int, notice: Int) {
        let picture = try Chromium.screenshot(url)
        var (pink, notice) = (0, 0)
        for y in 0..<picture.height {
            for x in 0..<picture.width {
                let color = picture[x, y]
                let isPink =
                    color.red > 250 && 188...230 ~= color.green && 198...234 ~= color.blue
                    && color.blue > color.green
                if isPink { pink += 1 }
                if color == RGBA(red: 0x8A, green: 0x4B, blue: 0) { notice += 1 }
            }
        }
        return (pink, notice)
    }

    private func url(_ name: String) -> String {
        "http://127.0.0.1:\(site.edge.port)\(site.room.path(name))"
    }

    @Test("OpenLayers 2: no pink pixel and a visible notice, on a page that was stored before")
    func openLayers2() throws {
        #expect(try site.edge.get(site.room.path("ol.html")).status == 200)
        #expect(try site.edge.get(site.room.path("ol.html")).isHit)
        #expect(try site.takeMapsAway().status == 503)
        let seen = try pixels(url("ol.html"))
        #expect(seen.pink == 0)
        #expect(seen.notice > 5_000)
        #expect(try site.edge.metric("mapedge_fallback_blanks_total") > 10)
    }

    @Test("a page that loads the script shows the notice without another delivery, and none before")
    func script() throws {
        let site = try OutageSite(notices: "delivery: script, script: /.mapedge")
        let page =
            "<!DOCTYPE html><html><body style=\"margin:0\"><p>maps</p>"
            + "<script src=\"/.mapedge/notice.js\"></script></body></html>"
        site.room.answers { _ in
            OutageSite.reply(
                "text/html; charset=utf-8", Array(page.utf8), "Cache-Control: max-age=600")
        }
        let url = "http://127.0.0.1:\(site.edge.port)\(site.room.path("script.html"))"
        #expect(try site.edge.get(site.room.path("script.html")).text == page)
        #expect(try pixels(url).notice == 0)
        #expect(try site.takeMapsAway().status == 503)
        #expect(try pixels(url).notice > 5_000)
        let stored = try site.edge.get(site.room.path("script.html"))
        #expect(stored.isHit && stored.text == page)
    }

    @Test("the same page without the edge turns pink and tells nobody")
    func control() throws {
        site.maps.stop()
        let seen = try pixels("\(site.origin.url)\(site.room.path("direct.html"))")
        #expect(seen.pink > 100_000)
        #expect(seen.notice == 0)
    }

    @Test("Leaflet: every tile is a picture, and without the edge none is")
    func leafletMap() throws {
        #expect(try site.takeMapsAway().status == 503)
        let seen = try pixels(url("leaflet.html"))
        #expect(seen.pink == 0 && seen.notice > 5_000)
        let good = try Chromium.log(url("leaflet.html"))
        #expect(good.hasSuffix(" good, 0 bad") && !good.hasPrefix("0 "), "\(good)")
        let bad = try Chromium.log("\(site.origin.url)\(site.room.path("leaflet-direct.html"))")
        #expect(bad.hasPrefix("0 good, ") && !bad.hasSuffix(" 0 bad"), "\(bad)")
    }
}
