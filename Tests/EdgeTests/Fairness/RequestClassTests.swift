import Caching
import HTTP
import Testing

@testable import Edge

@Suite("A request's class: what it costs whom")
struct RequestClassTests {
    private func asked(
        _ target: String, _ method: HTTP.Method = .get, _ mapClass: MapClass = .tiles
    ) -> RequestClass {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = Array(parts[0].utf8)
        let query = Array((parts.count > 1 ? parts[1] : "").utf8)
        return RequestClass.of(
            method: method, path: path.span.bytes, query: query.span.bytes, mapClass: mapClass)
    }

    @Test(
        "what REQUEST says, in any case and coding, else what the path or SERVICE does",
        arguments: [
            ("/geoserver/wms?SERVICE=WMS&REQUEST=GetMap&LAYERS=a", RequestClass.tiles),
            ("/geoserver/wms?request=%67etmap&layers=a", .tiles),
            ("/geoserver/gwc/service/wmts?service=WMTS&request=GetTile", .tiles),
            ("/geoserver/gwc/service/tms/1.0.0/a@EPSG%3A900913@png/6/15/41.png", .tiles),
            ("/geoserver/wms/?request=GetLegendGraphic&layer=a", .tiles),
            ("/geoserver/ows?service=WMS&request=GetCapabilities", .capabilities),
            ("/geoserver/ows?service=WFS&request=getcapabilities", .capabilities),
            ("/geoserver/wfs?service=WFS&request=DescribeFeatureType", .capabilities),
            ("/geoserver/wms?request=GetFeatureInfo&query_layers=a", .features),
            ("/geoserver/a/b/wms?service=WFS&version=1.1.0&request=GetFeature", .features),
            ("/geoserver/a/b/wms?service=WFS&typename=a", .features),
            ("/geoserver/wfs", .features), ("/geoserver/a/wfs/WfsDispatcher", .features),
            ("/geoserver/wcs/?coverage=1", .features),
            ("/geoserver/wfs?request=Transaction", .writes),
            ("/layers/geonode:a?request=none", .other), ("/", .other), ("", .other),
            ("/wms?requestGetMap", .other),
        ])
    func reads(target: String, expected: RequestClass) {
        #expect(asked(target) == expected)
    }

    @Test(
        "a behavior's class decides where the request does not",
        arguments: [
            (MapClass.pages, RequestClass.pages), (.capabilities, .capabilities),
            (.features, .features), (.tiles, .other),
            (.none, .other),
        ])
    func byBehavior(mapClass: MapClass, expected: RequestClass) {
        #expect(asked("/story/a?page=2", .get, mapClass) == expected)
        #expect(asked("/wms?request=GetMap", .head, mapClass) == .tiles)
    }

    @Test("what is unsafe writes, unless a posted query says that it only asks")
    func writes() {
        for method in [HTTP.Method.post, .put, .delete, .patch, .other] {
            #expect(asked("/geoserver/rest/layers/a", method) == .writes)
        }
        #expect(asked("/geoserver/wfs", .post) == .writes)
        #expect(asked("/geoserver/wfs?request=Transaction", .post) == .writes)
        #expect(asked("/geoserver/wfs?request=GetFeature", .post) == .features)
        #expect(asked("/geoserver/wms?request=GetMap", .post) == .tiles)
        #expect(asked("/geoserver/wms?request=GetMap", .put) == .writes)
    }

    @Test("each class has its word, and a value of its own")
    func words() {
        let words = RequestClass.allCases.map(\.word.description)
        #expect(words == ["tiles", "capabilities", "features", "pages", "writes", "other"])
        var values = PerClass(0)
        for (index, kind) in RequestClass.allCases.enumerated() { values[kind] = index }
        #expect(RequestClass.allCases.map { values[$0] } == Array(0..<6))
    }
}

@Suite("Limits of each class")
struct ClassLimitTests {
    @Test("defaults come from a member's cores; what is given counts, 0 too")
    func defaults() {
        var limits = ClassLimits()
        #expect(RequestClass.allCases.map { limits.limit($0, cores: 4) } == [8, 2, 4, 0, 0, 0])
        #expect(limits.limit(.tiles, cores: 0) == 2)
        limits.given[.tiles] = 0
        limits.given[.writes] = 3
        #expect(RequestClass.allCases.map { limits.limit($0, cores: 4) } == [0, 2, 4, 0, 3, 0])
    }

    @Test(
        "a picture takes a turn for each 512 by 512 pixels begun",
        arguments: [
            (256, 256, 1), (512, 512, 1), (513, 512, 2), (1_024, 1_024, 4), (4_096, 4_096, 16),
            (0, 0, 1),
        ])
    func cost(width: Int, height: Int, turns: Int) {
        #expect(PlaceAsk.cost(width: width, height: height) == turns)
    }

    @Test("a mean is told after some samples, and follows what is new")
    func means() {
        var times = HoldTimes()
        for _ in 0..<7 { times.record(.tiles, milliseconds: 100) }
        #expect(times.mean(.tiles) == nil)
        times.record(.tiles, milliseconds: 100)
        #expect(times.mean(.tiles) == 100)
        #expect(times.mean(.pages) == nil)
        for _ in 0..<100 { times.record(.tiles, milliseconds: 500) }
        #expect(abs((times.mean(.tiles) ?? 0) - 500) < 5)
    }
}
