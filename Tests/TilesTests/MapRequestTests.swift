import Testing
import Tiles

/// One tile as the clients of `dialects` spell it: names and values in any case and order,
/// escaped or not.
private let dialects = [
    "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=storms&STYLES=&SRS=EPSG:3857"
        + "&BBOX=-1,2,3,4&WIDTH=512&HEIGHT=300&FORMAT=image/png&TRANSPARENT=true",
    "/geoserver/geonode/storms/wms?LAYERS=a%2Cb&FORMAT=image%2Fpng&TRANSPARENT=TRUE&SERVICE=WMS"
        + "&VERSION=1.1.1&REQUEST=GetMap&STYLES=&SRS=EPSG%3A900913&WIDTH=512&HEIGHT=300",
    "/ows?height=300&width=512&request=getmap&format=image%2fPNG&transparent=True&layers=x",
    "/wms/?%52EQUEST=%47etMap&%57idth=%35%31%32&heiGHT=300&format=image/png&TRANSPARENT=true",
]

@Suite("Map requests: OGC 01-068r3, 06-042, 07-057r7")
struct MapRequestTests {
    @Test(
        "GetMap is recognised in any case, order and escaping of its parameters",
        arguments: dialects)
    func anyDialect(target: String) throws {
        var expected = MapRequest(service: .wms, kind: .map)
        expected.format = .png
        (expected.width, expected.height) = (512, 300)
        expected.isTransparent = true
        #expect(classify(target) == expected)
    }

    @Test(
        "BGCOLOR is the background, white where it is no colour",
        arguments: [
            ("0x00ff7F", RGBA(red: 0, green: 255, blue: 127)), ("0XAAAAAA", .grey),
            ("%23aaaaaa", .grey), ("0xaaaaa%61", .grey), ("aaaaaa", .grey), ("0xaaaaa", .white),
            ("0xaaaaaaa", .white), ("0xgaaaaa", .white), ("", .white), ("red", .white),
        ])
    func background(_ value: String, _ color: RGBA) {
        #expect(classify("/wms?request=GetMap&bgcolor=\(value)")?.background == color)
    }

    @Test(
        "the service follows REQUEST and SERVICE, else the path",
        arguments: [
            ("/wms?request=GetMap", MapRequest.Service.wms),
            ("/wms?request=map&wmtver=1.0.0", .wms),
            ("/wmts?service=WMTS&request=GetTile&tilematrix=6", .wmts),
            ("/any?request=GetTile", .wmts),
            (
                "/geoserver/gwc/service/wmts/rest/geonode:X/point/EPSG:900913/EPSG:900913:6/22/15",
                .wmts
            ),
            ("/geoserver/gwc/service/wmts/rest/geonode:X//EPSG:900913/EPSG:900913:6/22/15", .wmts),
            ("/mapcache/wmts/1.0.0/base/default/2005/g/6/22/15.png", .wmts),
            ("/mapproxy/wmts/base/webmercator/6/15/22.png", .wmts),
            ("/geoserver/gwc/service/tms/1.0.0/geonode%3AX@EPSG%3A900913@png/6/15/41.png", .tms),
            ("/mapproxy/tms/1.0.0/base/webmercator/6/15/41.jpeg?flipY=true", .tms),
            ("/gwc/service/gmaps?layers=geonode:X&zoom=6&x=15&y=22&format=image/png", .gmaps),
            ("/mapcache/gmaps/base@g/6/15/22.png", .gmaps),
        ])
    func services(target: String, service: MapRequest.Service) throws {
        let request = try #require(classify(target))
        #expect(request.service == service)
        #expect(request.kind == .map)
    }

    @Test(
        "capabilities are a kind of their own",
        arguments: [
            ("/wms?service=WMS&request=GetCapabilities", MapRequest.Service.wms),
            ("/ows?REQUEST=capabilities", .wms),
            ("/ows?service=wfs&version=1.1.0&request=getcapabilities", .other),
            ("/wmts?SERVICE=WMTS&REQUEST=GetCapabilities", .wmts),
            ("/gwc/service/wmts/rest/WMTSCapabilities.xml", .wmts),
            ("/gwc/service/tms/1.0.0", .tms),
            ("/gwc/service/tms/1.0.0/", .tms),
            ("/gwc/service/tms/1.0.0/geonode:X@EPSG:900913@png", .tms),
        ])
    func capabilities(target: String, service: MapRequest.Service) throws {
        let request = try #require(classify(target))
        #expect(request == MapRequest(service: service, kind: .capabilities))
    }

    @Test(
        "everything else is no map request",
        arguments: [
            "/", "", "/wms", "/wms?", "/wms?service=WMS", "/wms?LAYERS=x&WIDTH=256",
            "/wms?request=GetFeatureInfo&service=WMS", "/wms?request=GetLegendGraphic",
            "/wms?service=WFS&request=GetMap", "/ows?service=WCS&request=GetTile",
            "/wms?request=GetMapx", "/wms?request=GetMa", "/wms?xrequest=GetMap",
            "/wms?request%3DGetMap", "/wms?request=", "/wms?re%00quest=GetMap",
            "/gwc/service/wmts/rest/X/point/g/g:6/22/15/100/88", "/wmts/a/b", "/tms/1.0.0/x/6/15",
            "/gmaps?x=1&y=2", "/gmaps/1/2", "/maps/6/15/22.png", "/static/tms.js",
        ])
    func nothing(target: String) {
        #expect(classify(target) == nil)
    }

    @Test(
        "the format is read from FORMAT, else from the extension",
        arguments: [
            ("/wms?request=GetMap", MapFormat.unstated),
            ("/wms?request=GetMap&format=", .unstated),
            ("/wms?request=GetMap&format=image/png8", .png8),
            ("/wms?request=GetMap&format=image/png;%20mode=8bit", .png8),
            ("/wms?request=GetMap&format=image/png;+mode=24bit", .png),
            ("/wms?request=GetMap&format=image/png24", .png),
            ("/wms?request=GetMap&format=IMAGE/JPEG", .jpeg),
            ("/wms?request=GetMap&format=image/jpg", .jpeg),
            ("/wms?request=GetMap&format=image/gif", .gif),
            ("/wms?request=GetMap&format=image/webp", .webp),
            ("/wms?request=GetMap&format=image/vnd.jpeg-png", .jpegOrPNG),
            ("/wms?request=GetMap&format=image/vnd.jpeg-png8", .jpegOrPNG),
            ("/wms?request=GetMap&format=image/svg%2Bxml", .otherImage),
            ("/wms?request=GetMap&format=image/tiff", .otherImage),
            ("/wms?request=GetMap&format=application/vnd.google-earth.kml%2Bxml", .notImage),
            ("/wms?request=GetMap&format=pngx", .notImage),
            ("/gmaps?x=1&y=2&zoom=3&format=jpeg", .jpeg),
            ("/tms/1.0.0/x/6/15/41.jpg", .jpeg),
            ("/tms/1.0.0/x/6/15/41.pbf", .notImage),
            ("/tms/1.0.0/x/6/15/41", .unstated),
            ("/tms/1.0.0/x/6/15/41.jpg?format=image/png", .png),
        ])
    func formats(target: String, format: MapFormat) throws {
        let request = try #require(classify(target))
        #expect(request.format == format)
        #expect(request.format.isImage == (format != .notImage))
    }

    @Test(
        "a side is 1...4096 pixels and 256 where it is not a number",
        arguments: [
            ("1", 1), ("4096", 4096), ("4097", 4096), ("0", 1), ("", 256), ("abc", 256),
            ("-5", 256),
            ("99999999999999999999999999", 4096), ("300.7", 300), ("%33%30%30", 300), ("+300", 300),
            ("3+00", 3),
        ] as [(String, UInt16)])
    func sides(text: String, pixels: UInt16) throws {
        let request = try #require(classify("/wms?request=GetMap&width=\(text)&height=\(text)"))
        #expect(request.width == pixels)
        #expect(request.height == pixels)
    }

    @Test(
        "EXCEPTIONS is read in the spelling of any version",
        arguments: [
            ("", ExceptionForm.absent, false), ("&EXCEPTIONS=", .absent, true),
            ("&EXCEPTIONS", .absent, true), ("&exceptions=XML", .xml, true),
            ("&EXCEPTIONS=application%2Fvnd.ogc.se_xml", .xml, true),
            ("&EXCEPTIONS=application/json", .json, true), ("&EXCEPTIONS=JSON", .json, true),
            ("&EXCEPTIONS=application/vnd.ogc.se_inimage", .inImage, true),
            ("&EXCEPTIONS=INIMAGE", .inImage, true), ("&EXCEPTIONS=blank", .blank, true),
            ("&EXCEPTIONS=application/vnd.ogc.se_blank", .blank, true),
            ("&EXCEPTIONS=PARTIALMAP", .other, true), ("&EXCEPTIONS=xmlx", .other, true),
        ])
    func exceptions(suffix: String, form: ExceptionForm, isNamed: Bool) throws {
        let request = try #require(classify("/wms?request=GetMap" + suffix))
        #expect(request.exceptions == form)
        #expect(request.namesExceptions == isNamed)
    }

    @Test(
        "a second occurrence of a deciding parameter is flagged and the last one is read",
        arguments: [
            "srs=EPSG:3857&SRS=EPSG:9", "FORMAT=image/png&format=image/jpeg", "time=1&time=2",
            "width=1&%77idth=2", "request=GetFeature&request=GetMap", "layers=a&layers=a",
            "exceptions=XML&EXCEPTIONS=BLANK", "sld_body=&SLD_BODY=",
        ])
    func duplicates(query: String) throws {
        let request = try #require(
            classify(
                "/wms?\(query)&x="
                    + (query.contains("request")
                        ? "" : "&request=GetMap")))
        #expect(request.hasDuplicates)
        if query.contains("jpeg") { #expect(request.format == .jpeg) }
    }

    @Test("names that decide nothing may repeat")
    func harmlessRepeats() throws {
        let request = try #require(classify("/wms?request=GetMap&_dc=1&_dc=2&&&a&a"))
        #expect(!request.hasDuplicates)
    }

    @Test(
        "rewriting takes out EXCEPTIONS and leaves every other byte",
        arguments: [
            ("", ""), ("a=1", "a=1"), ("EXCEPTIONS=INIMAGE", ""),
            ("a=1&EXCEPTIONS=INIMAGE&b=2", "a=1&b=2"), ("exceptions=XML&a=1", "a=1"),
            ("a=1&%45xceptions=BLANK", "a=1"), ("a=1&&b&EXCEPTIONS&c=", "a=1&&b&c="),
            ("EXCEPTIONS=x&a&exceptions=y", "a"),
            ("a==1&b=%26EXCEPTIONS=1", "a==1&b=%26EXCEPTIONS=1"),
        ])
    func rewriting(query: String, expected: String) {
        #expect(rewritten(query) == expected)
    }

    @Test("rewriting writes nothing past the room it is given")
    func rewritingIsBounded() {
        let query = Array("aaaa=1&bbbb=2".utf8)
        for size in 0..<query.count {
            var room = [UInt8](repeating: 0xEE, count: size + 1)
            let count = room.withUnsafeMutableBytes {
                MapRequest.rewriteExceptions(
                    query.span.bytes, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<size]))
            }
            #expect(count == nil)
            #expect(room[size] == 0xEE)
        }
    }

    @Test("no bytes make it trap")
    func junk() {
        var state: UInt64 = 7
        let alphabet = Array("requestGtMapwmsTILE/%%2&==.+0129@:\u{0}é".utf8)
        for _ in 0..<20_000 {
            var bytes: [UInt8] = []
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let count = Int(state >> 33) % 40
            for _ in 0..<count {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.append(alphabet[Int(state >> 33) % alphabet.count])
            }
            let query = Array("request=GetMap&".utf8) + bytes
            _ = MapRequest.classify(path: bytes.span.bytes, query: bytes.span.bytes)
            _ = MapRequest.classify(path: bytes.span.bytes, query: query.span.bytes)
            _ = TileBody.judge(
                status: 200, contentType: bytes.span.bytes, prefix: bytes.span.bytes, length: nil,
                format: .png)
        }
    }
}

extension RGBA {
    fileprivate static let grey = RGBA(red: 0xAA, green: 0xAA, blue: 0xAA)
}
