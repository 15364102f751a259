import Testing
import Tiles

/// A tile, its key, and spellings of it that real clients send.
struct OneTile: Sendable, CustomTestStringConvertible {
    var key: String
    var target: String
    var spellings: [String]

    var testDescription: String { key }
}

private let box = "-15028131.255,5009377.085,-12523442.7125,7514065.6275"
private let exact =
    "BBOX=-15028131.25709193,5009377.08569731,-12523442.71424328,7514065.62854597"

let oneTiles = [
    OneTile(
        key: "/geoserver/wms?LAYERS=geonode:storms&STYLES=&FORMAT=image/png&TRANSPARENT=TRUE"
            + "&TILE#EPSG:900913/4/2/5&TIME=2002-01-01T00:00:00.000Z",
        target: "/geoserver/geonode/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=storms"
            + "&STYLES=&FORMAT=image/png&TRANSPARENT=TRUE&SRS=EPSG:3857&\(exact)&WIDTH=256"
            + "&HEIGHT=256&TIME=2002-01-01T00:00:00.000Z",
        spellings: [
            // T1 and T2 of the workload: a layer's virtual service, and the global one.
            "/geoserver/geonode/storms/wms?SERVICE=WMS&LAYERS=storms&FORMAT=image%2Fpng"
                + "&TRANSPARENT=TRUE&VERSION=1.1.1&REQUEST=GetMap&STYLES=&TILED=true"
                + "&SRS=EPSG%3A900913&TIME=2002-01-01T00%3A00%3A00.000Z&BBOX=\(box)"
                + "&WIDTH=256&HEIGHT=256",
            "/geoserver/wms?LAYERS=storms&FORMAT=image%2Fpng&TRANSPARENT=TRUE&SERVICE=WMS"
                + "&VERSION=1.1.1&REQUEST=GetMap&STYLES=&TILED=true&SRS=EPSG%3A900913"
                + "&TIME=2002-01-01T00:00:00.000Z&BBOX=\(box)&WIDTH=256&HEIGHT=256",
            // A prefix where none is needed, the default style by name, other names of the CRS.
            "/geoserver/geonode/wms/?service=WMS&version=1.3.0&request=getmap&styles=point"
                + "&layers=geonode%3astorms&format=IMAGE/PNG&transparent=True&crs=EPSG:3785"
                + "&bbox=-15028131.26,5009377.09,-12523442.71,7514065.63&width=256&height=0256"
                + "&time=2002-01-01T02:00:00.0%2B02:00&exceptions=XML&tilesOrigin=-180,-90",
            "/geoserver/ows?WMTVER=1.0.0&REQUEST=map&LAYERS=geonode:storms&STYLES=point"
                + "&FORMAT=PNG&TRANSPARENT=TRUE&BGCOLOR=0xFF0000&SRS=epsg:102100&WIDTH=256"
                + "&BBOX=-15028131,5009377,-12523443,7514066&HEIGHT=256"
                + "&TIME=2002-01-01T00:00:00.000&_dc=1531234567890&_olSalt=0.7312",
            "/geoserver/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=geonode:storms"
                + "&CRS=urn%3Aogc%3Adef%3Acrs%3AEPSG%3A%3A3857&BBOX=\(box)&WIDTH=256&HEIGHT=256"
                + "&FORMAT=image/png&TRANSPARENT=TRUE&TIME=2002-01-01T00:00:00.000Z",
            "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=geonode:storms"
                + "&SRS=urn:x-ogc:def:crs:EPSG:900913&BBOX=\(box)&WIDTH=256&HEIGHT=256"
                + "&FORMAT=image/png&TRANSPARENT=TRUE&TIME=2002-01-01T00:00:00.000Z",
            "/%67eoserver/geonode/wms;jsessionid=AB12?%53RS=EPSG:102113&CRS=EPSG:3857"
                + "&VERSION=1.1.0&REQUEST=GetMap&LAYERS=storms&FORMAT=image/png&SERVICE=WMS"
                + "&TRANSPARENT=true&BBOX=-1.5028131255e7,5009377.085000,-12523442.7125,"
                + "7514065.6275&WIDTH=256&HEIGHT=256&TIME=2002-01-01t00:00:00.0z&access_token=x",
            // GeoWebCache's own.
            "/geoserver/gwc/service/wms?LAYERS=geonode:storms&FORMAT=image/png&SERVICE=WMS"
                + "&VERSION=1.1.1&REQUEST=GetMap&STYLES=&SRS=EPSG:900913&BBOX=\(box)&WIDTH=256"
                + "&HEIGHT=256&TIME=2002-01-01T00:00:00.000Z",
            "/geoserver/gwc/service/wmts?service=WMTS&request=GetTile&version=1.0.0"
                + "&layer=geonode:storms&style=&tilematrixset=EPSG:900913"
                + "&tilematrix=EPSG:900913:4&tilerow=5&tilecol=2&format=image/png"
                + "&time=2002-01-01T00:00:00.000Z",
            "/geoserver/gwc/service/wmts?layer=geonode%3Astorms&TileMatrixSet=GoogleMapsCompatible"
                + "&TileMatrix=4&TileRow=5&TileCol=2&FORMAT=image%2Fpng&REQUEST=GetTile"
                + "&TIME=2002-01-01T00:00:00.000Z",
            "/geoserver/gwc/service/wmts/rest/geonode:storms/point/EPSG:900913/EPSG:900913:4/5/2"
                + "?format=image/png&time=2002-01-01T00:00:00.000Z",
            "/geoserver/gwc/service/wmts/rest/geonode:storms//EPSG%3A900913/EPSG%3A900913%3A4/5/2"
                + "?format=image/png&time=2002-01-01T00:00:00.000Z",
            "/geoserver/gwc/service/tms/1.0.0/geonode%3Astorms@EPSG%3A900913@png/4/2/10.png"
                + "?time=2002-01-01T00:00:00.000Z",
            "/geoserver/geonode/gwc/service/tms/1.0.0/storms@EPSG:3857@png/4/2/5.png?flipY=true"
                + "&time=2002-01-01T00:00:00.000Z",
            "/geoserver/gwc/service/gmaps?layers=geonode:storms&zoom=4&x=2&y=5&format=image/png"
                + "&time=2002-01-01T00:00:00.000Z",
            "/geoserver/gwc/service/ve?layers=geonode:storms&quadkey=0212"
                + "&time=2002-01-01T00:00:00.000Z",
        ]),
    OneTile(
        key: "/geoserver/wms?LAYERS=base:countries,base:cities&STYLES=&FORMAT=image/jpeg"
            + "&TRANSPARENT=FALSE&TILE#EPSG:4326/1/1/0",
        target: "/geoserver/base/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap"
            + "&LAYERS=countries,cities&STYLES=&FORMAT=image/jpeg&TRANSPARENT=FALSE&SRS=EPSG:4326"
            + "&BBOX=-90,0,0,90&WIDTH=256&HEIGHT=256",
        spellings: [
            "/geoserver/base/wms?REQUEST=GetMap&VERSION=1.1.1&SRS=EPSG:4326&BBOX=-90,0,0,90"
                + "&LAYERS=countries%2ccities&FORMAT=image/jpeg&WIDTH=256&HEIGHT=256&STYLES=,",
            "/geoserver/wms?REQUEST=GetMap&VERSION=1.3.0&CRS=EPSG:4326&BBOX=0,-90,90,0"
                + "&LAYERS=base:countries,base:cities&FORMAT=image/jpg&WIDTH=256&HEIGHT=256"
                + "&STYLES=polygon,&transparent=true&bgcolor=0xffffff",
            "/geoserver/base/ows?REQUEST=GetMap&VERSION=1.3.0&CRS=CRS:84&BBOX=-90,0,0,90"
                + "&LAYERS=countries,base:cities&FORMAT=image/jpeg&WIDTH=256&HEIGHT=256"
                + "&STYLES=polygon,&TIME=&CQL_FILTER=",
            "/geoserver/gwc/service/tms/1.0.0/base:countries,base:cities@GlobalCRS84Geometric@jpg"
                + "/1/1/1.jpeg",
            "/geoserver/gwc/service/wmts/rest/base:countries,base:cities/WorldCRS84Quad/1/0/1"
                + "?format=image/jpeg",
            "/geoserver/gwc/service/wmts/rest/base:countries,base:cities/GoogleCRS84Quad"
                + "/GoogleCRS84Quad:2/1/1?format=image/jpeg",
        ]),
]

@Suite("One tile, one key")
struct TileRequestTests {
    @Test("all spellings of a tile have its key and its target", arguments: oneTiles)
    func spellings(_ tile: OneTile) {
        for spelling in tile.spellings {
            let answer = ask(spelling)
            #expect(answer.key == tile.key, "\(spelling)")
            #expect(answer.target == tile.target, "\(spelling)")
            #expect(answer.request?.bypass == nil)
        }
        // The target is its own normal form.
        #expect(ask(tile.target).key == tile.key)
        #expect(ask(tile.target).target == tile.target)
    }

    @Test("T10: of two sets in degrees, the one that fits")
    func pixelSet() {
        let answer = ask(
            "/geoserver/gwc/service/wms?LAYERS=sde%3Abmworld&FORMAT=image%2Fpng&SERVICE=WMS"
                + "&VERSION=1.1.1&REQUEST=GetMap&STYLES=&SRS=EPSG%3A4326&BBOX=-180,-38,-52,90"
                + "&WIDTH=256&HEIGHT=256&tiled=true")
        #expect(answer.key.hasSuffix("&TILE#GlobalCRS84Pixel/2/0/0"))
        #expect(answer.target?.contains("&BBOX=-180,-38,-52,90&") == true)
    }

    @Test("T5: a box that is a metre off is the tile's")
    func tolerated() {
        let answer = ask(
            "/restricted/geoserver/wms?SERVICE=WMS&REQUEST=GetMap&VERSION=1.1.1&STYLES="
                + "&LAYERS=druid%3Acg357zz0321&FORMAT=image%2Fpng&TRANSPARENT=true&HEIGHT=256"
                + "&WIDTH=256&TILED=true&CRS=EPSG%3A900913&SRS=EPSG%3A3857&BBOX="
                + "-13736651.227185594,4696291.017841227,-13697515.468703583,4735426.776323241")
        // GeoWebCache counts [161, 632, 10], from the south.
        #expect(
            answer.request?.address == TileAddress(gridSet: 0, level: 10, column: 161, row: 391))
        #expect(answer.key.hasPrefix("/restricted/geoserver/wms?LAYERS=druid:cg357zz0321&"))
    }

    @Test(
        "what pixels depend on parts keys",
        arguments: parting)
    func parted(_ parameter: String) {
        let styles = parameter.contains("STYLES") ? "" : "&STYLES="
        let plain = tile("&STYLES=")
        let changed = tile(styles + "&" + parameter)
        #expect(changed.key != plain.key)
        #expect(changed.request?.address == plain.request?.address)
        #expect(changed.target != plain.target)
        let others = Self.partedKeys.filter { $0.key == changed.key }.map(\.parameter)
        #expect(others == [parameter])
    }

    private static let parting = [
        "CQL_FILTER=a%3D1", "CQL_FILTER=a%3D2", "FEATUREID=x.1", "ENV=a:1", "FILTER=(x)",
        "VIEWPARAMS=a:1", "FORMAT_OPTIONS=dpi:100", "FORMAT_OPTIONS=dpi:180", "DPI=100",
        "MAP_RESOLUTION=100", "ANGLE=45", "PALETTE=safe", "ELEVATION=10", "DIM_RUN=1",
        "DIM_RUN=2", "TIME=current", "TIME=2002", "TIME=2002-01", "TIME=2002-01-01",
        "TIME=2002-01-01T00Z", "TIME=2002-01-01T00:00Z", "TIME=2002-01-01T00:00:00Z",
        "TIME=2002-01-01T00:00:00.001Z", "BUFFER=5",
        "INTERPOLATIONS=bicubic", "MAP=/x.map",
        "BGCOLOR=0x000000", "BGCOLOR=red", "STYLES=big", "X=1", "TILE=EPSG:900913/0/0/0",
        "A=1", "A=2", "A=1%26B=2", "A=1&B=2", "B=2&A=1%26", "A=", "%26A=1", "A%3D1",
        "WORKSPACE=w", "TIME=a", "TRANSPARENT=1", "TRANSPARENT=TRUE", "REMOTE_OWS_TYPE=WFS",
        "SORTBY=a", "MAXFEATURES=5", "STARTINDEX=5", "SCALEMETHOD=OGC",
        "A=%25", "A=%2525", "A=%C3%A4", "A=%2B", "A=a+b", "A=%C2%A0",
    ]

    private static let partedKeys: [(parameter: String, key: String)] = {
        parting.map {
            ($0, tile(($0.contains("STYLES") ? "" : "&STYLES=") + "&" + $0).key)
        }
    }()

    @Test(
        "what pixels do not depend on parts none",
        arguments: [
            "tiled=true", "TILED=false", "tilesOrigin=-180,-90", "EXCEPTIONS=BLANK", "_dc=1",
            "_olSalt=0.73", "t=1531234567", "_=1", "access_token=abc", "AUTHKEY=x",
            "jsessionid=1", "TIME=", "ANGLE=0.0", "BGCOLOR=%23FFFFFF", "TRANSPARENT=false",
            "WIDTH=256", "&&", "SLD=", "ELEVATION=", "service=WMS",
        ])
    func ignored(_ parameter: String) {
        #expect(tile("&STYLES=&" + parameter).key == tile("&STYLES=").key)
        #expect(tile("&STYLES=&" + parameter).target == tile("&STYLES=").target)
    }

    @Test(
        "what only some servers take for the same has two keys",
        arguments: [
            ("TIME=2002", "TIME=2002-01-01/2002-12-31T23:59:59.999Z"),
            ("TIME=20020101", "TIME=2002-01-01"),
            ("TIME=2002-01-01T24:00Z", "TIME=2002-01-02T00:00Z"),
            ("TIME=present", "TIME=current"), ("TIME=now", "TIME=current"),
            ("TIME=2002-01-01/2002-01-02/P1D", "TIME=2002-01-01,2002-01-02"),
            ("FORMAT_OPTIONS=dpi:90", "FORMAT_OPTIONS="),
            ("FORMAT_OPTIONS=dpi:91", "FORMAT_OPTIONS="),
        ])
    func differing(_ one: String, _ other: String) {
        #expect(tile("&STYLES=&" + one).key != tile("&STYLES=&" + other).key)
    }

    @Test("a layer's name in a list keeps its blanks, and a URN its order of axes")
    func kept() {
        func key(_ layers: String, _ system: String) -> String {
            ask(
                "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=\(layers)&STYLES="
                    + "&SRS=\(system)&BBOX=0,0,45,45&WIDTH=256&HEIGHT=256&FORMAT=image/png"
            ).key
        }
        #expect(key("geonode:a%20,%20b", "EPSG:4326") != key("geonode:a,b", "EPSG:4326"))
        #expect(key("geonode:a", "urn:ogc:def:crs:EPSG::4326") != key("geonode:a", "EPSG:4326"))
        #expect(key("geonode:a", "urn:ogc:def:crs:EPSG::32633") != key("geonode:a", "EPSG:32633"))
    }

    @Test("names in any case and values in any encoding are one key")
    func unknownParameters() {
        #expect(tile("&zeta=%41%2fb&alpha=1").key == tile("&ALPHA=%31&Zeta=A/b").key)
        #expect(tile("&zeta=1&alpha=1").key.hasSuffix("&ALPHA=1&ZETA=1"))
    }
}

/// A tile of level 2, and more parameters.
func tile(_ more: String) -> TileAnswer {
    ask(
        "/geoserver/geonode/wms?REQUEST=GetMap&VERSION=1.1.1&LAYERS=x&FORMAT=image/png"
            + "&SRS=EPSG:3857&BBOX=0,0,10018754.17,10018754.17&WIDTH=256&HEIGHT=256" + more)
}
