import Testing
import Tiles

@Suite("The targets of tiles further up")
struct AncestorTargetTests {
    private func candidates(_ target: String, _ levels: Int = 1) -> [AncestorTarget] {
        let parts = target.split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false
        ).map { Array($0.utf8) }
        let path = parts[0]
        let query = parts.count > 1 ? parts[1] : []
        guard
            let request = unsafe MapRequest.classify(
                path: path.span.bytes, query: query.span.bytes)
        else { return [] }
        return AncestorTarget.candidates(
            request, path: path, query: query, levels: levels)
    }

    private func text(_ target: AncestorTarget) -> String {
        String(decoding: target.path, as: UTF8.self)
            + (target.query.isEmpty ? "" : "?" + String(decoding: target.query, as: UTF8.self))
    }

    @Test(
        "tiles that are counted: every spelling keeps its words",
        arguments: [
            (
                "/gwc/service/wmts?REQUEST=GetTile&TILEMATRIXSET=EPSG:900913"
                    + "&TILEMATRIX=EPSG:900913:5&TILEROW=11&TileCol=9&FORMAT=image/png", 1,
                "/gwc/service/wmts?REQUEST=GetTile&TILEMATRIXSET=EPSG:900913"
                    + "&TILEMATRIX=EPSG:900913:4&TILEROW=5&TileCol=4&FORMAT=image/png", 1, 1
            ),
            (
                "/wmts?request=GetTile&tilematrixset=EPSG%3A900913&tilematrix=EPSG%3A900913%3A5"
                    + "&tilerow=10&tilecol=9", 2,
                "/wmts?request=GetTile&tilematrixset=EPSG%3A900913&tilematrix=EPSG%3A900913%3A3"
                    + "&tilerow=2&tilecol=2", 1, 2
            ),
            (
                "/gwc/service/wmts/rest/x/style/EPSG:900913/EPSG:900913:5/11/9?format=image/png",
                1,
                "/gwc/service/wmts/rest/x/style/EPSG:900913/EPSG:900913:4/5/4?format=image/png",
                1, 1
            ),
            (
                "/wmts/1.0.0/x/default/GoogleMapsCompatible/10/512/100.png", 3,
                "/wmts/1.0.0/x/default/GoogleMapsCompatible/7/64/12.png", 4, 0
            ),
            // Rows from the south: row 21 of level 5 is in the upper half of row 10 of level 4.
            (
                "/tms/1.0.0/x@EPSG:4326@png/5/9/21.png", 1,
                "/tms/1.0.0/x@EPSG:4326@png/4/4/10.png", 1, 0
            ),
            (
                "/tms/1.0.0/x@EPSG%3A900913@png/5/8/20.png", 1,
                "/tms/1.0.0/x@EPSG%3A900913@png/4/4/10.png", 0, 1
            ),
            // GeoWebCache counts them from the north where it is asked to.
            (
                "/tms/1.0.0/x@EPSG:3857@png/5/9/21.png?flipY=true", 1,
                "/tms/1.0.0/x@EPSG:3857@png/4/4/10.png?flipY=true", 1, 1
            ),
            ("/gmaps?layers=x&zoom=10&x=1000&y=999", 1, "/gmaps?layers=x&zoom=9&x=500&y=499", 0, 1),
        ])
    func counted(_ tile: String, _ levels: Int, _ wanted: String, _ column: Int, _ row: Int) {
        let found = candidates(tile, levels)
        #expect(found.map(text) == [wanted])
        #expect(found.first?.part == TilePart(levels: levels, column: column, row: row))
    }

    private func map(_ box: String, _ system: String = "SRS=EPSG:3857") -> String {
        "/wms?REQUEST=GetMap&VERSION=1.1.1&LAYERS=x&\(system)&BBOX=\(box)&WIDTH=256&HEIGHT=256"
            + "&FORMAT=image/png"
    }

    @Test(
        "boxes: in the numbers' own style",
        arguments: [
            // OpenLayers 2: as few decimals as there are, at most six.
            (
                "-7514065.6275,2504688.5425,-5009377.085,5009377.085", "SRS=EPSG:3857",
                "-10018754.17,0,-5009377.085,5009377.085", 1, 0
            ),
            (
                "-7514065.6275,2504688.5425,-5009377.085,5009377.085", "SRS=EPSG%3A900913",
                "-10018754.17,0,-5009377.085,5009377.085", 1, 0
            ),
            // Percent-encoded commas stay.
            (
                "0%2C0%2C2504688.5425%2C2504688.5425", "SRS=EPSG:3857",
                "0%2C0%2C5009377.085%2C5009377.085", 0, 1
            ),
            // GDAL: eight decimals each.
            (
                "5009377.08500000,0.00000000,7514065.62750000,2504688.54250000", "srs=EPSG:3857",
                "5009377.08500000,0.00000000,10018754.17000000,5009377.08500000", 0, 1
            ),
            // Degrees, from the west and the south.
            ("-90,45,-45,90", "SRS=EPSG:4326", "-90,0,0,90", 0, 0),
            ("22.5,-22.5,45,0", "CRS=CRS:84", "0,-45,45,0", 1, 0),
        ])
    func boxes(_ box: String, _ system: String, _ wanted: String, _ column: Int, _ row: Int) {
        let found = candidates(map(box, system))
        #expect(found.map(text).contains(map(wanted, system)), "\(found.map(text))")
        #expect(found.first?.part == TilePart(levels: 1, column: column, row: row))
    }

    @Test("1.3.0 with EPSG:4326 names the latitude first")
    func northing() {
        let target = "/wms?REQUEST=GetMap&VERSION=1.3.0&LAYERS=x&CRS=EPSG:4326&BBOX=45,-90,90,-45"
        let found = candidates(target)
        #expect(
            found.map(text) == [
                "/wms?REQUEST=GetMap&VERSION=1.3.0&LAYERS=x&CRS=EPSG:4326&BBOX=0,-90,90,0"
            ])
        #expect(found.first?.part == TilePart(levels: 1, column: 0, row: 0))
    }

    @Test("every tile's parent holds it, at every level and in every spelling")
    func pyramid() {
        var tried = 0
        for level in 2..<16 {
            let count = 1 << level
            for (column, row) in [(0, 0), (count - 1, count - 1), (count / 3, count * 2 / 3)] {
                let child = box(level, column, row), parent = box(level - 1, column / 2, row / 2)
                let found = candidates(map(child))
                #expect(found.map(text).contains(map(parent)), "\(child) in \(parent)")
                let part = TilePart(
                    levels: 1, column: column & 1, row: 1 - (row & 1))
                #expect(found.first?.part == part)
                tried += 1
            }
        }
        #expect(tried == 42)
    }

    /// As OpenLayers 2 writes it: rounded to six decimals, no zeros at the end.
    private func box(_ level: Int, _ column: Int, _ row: Int) -> String {
        let side = 40_075_016.68 / Double(1 << level)
        return [column, row, column + 1, row + 1].map { index in
            let value = ((-20_037_508.34 + Double(index) * side) * 1e6).rounded() / 1e6
            let text = "\(value)"
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        }.joined(separator: ",")
    }

    @Test(
        "what is no tile of such a pyramid has no ancestor",
        arguments: [
            "/wms?REQUEST=GetMap&SRS=EPSG:3857&BBOX=0,0,10,10",
            "/wms?REQUEST=GetMap&SRS=EPSG:3857&BBOX=0,0,5009377.085,2504688.5425",
            "/wms?REQUEST=GetMap&SRS=EPSG:2154&BBOX=0,0,5009377.085,5009377.085",
            "/wms?REQUEST=GetMap&BBOX=0,0,5009377.085,5009377.085",
            "/wms?REQUEST=GetMap&SRS=EPSG:3857&BBOX=0,0,5009377.085",
            "/wms?REQUEST=GetMap&SRS=EPSG:3857&BBOX=0,0,1e7,1e7",
            "/wms?REQUEST=GetMap&SRS=EPSG:3857&BBOX=5009377.085,0,0,5009377.085",
            "/wms?REQUEST=GetMap&SRS=EPSG:3857&BBOX=",
            "/wms?REQUEST=GetMap&SRS=EPSG:3857",
            // Level 0 is the top.
            "/wms?REQUEST=GetMap&SRS=EPSG:4326&BBOX=-180,-180,180,180",
            "/wmts?REQUEST=GetTile&TILEMATRIX=0&TILEROW=0&TILECOL=0",
            "/wmts?REQUEST=GetTile&TILEMATRIX=a5&TILEROW=0&TILECOL=0",
            "/wmts?REQUEST=GetTile&TILEROW=0&TILECOL=0",
            "/tms/1.0.0/x/0/0/0.png", "/index.html",
            // Grid sets that are anybody's, some of GeoWebCache's own that do not halve, and none.
            "/tms/1.0.0/x@own@png/5/9/21.png", "/tms/1.0.0/x/5/9/21.png",
            "/wmts/1.0.0/x/default/EPSG:2154/10/512/100.png",
            "/gwc/service/wmts/rest/x/style/GlobalCRS84Pixel/GlobalCRS84Pixel:5/11/9",
            "/wmts?REQUEST=GetTile&TILEMATRIXSET=GlobalCRS84Scale&TILEMATRIX=5&TILEROW=1&TILECOL=1",
            "/wmts?REQUEST=GetTile&TILEMATRIXSET=EPSG:21781&TILEMATRIX=EPSG:21781:5&TILEROW=1"
                + "&TILECOL=1",
            "/wmts?REQUEST=GetTile&TILEMATRIX=5&TILEROW=1&TILECOL=1",
            "/wms?REQUEST=GetCapabilities",
        ])
    func none(_ target: String) { #expect(candidates(target).isEmpty) }

    @Test("levels outside of what a part can name are none")
    func levels() {
        let tile = "/gmaps?layers=x&zoom=20&x=1000&y=999"
        #expect(candidates(tile, 0).isEmpty && candidates(tile, 9).isEmpty)
        #expect(candidates(tile, 8).count == 1)
    }
}
