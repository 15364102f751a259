import HTTP
import Testing

@testable import Tiles

@Suite("Cache-busters of a map server's documents")
struct CacheBusterTests {
    /// What stays of a target's query, and the time; nil: all of it.
    private func written(_ target: String) -> (query: String, newest: UInt64)? {
        let parts = target.split(separator: "?", maxSplits: 1).map { Array($0.utf8) }
        let (path, query) = (parts[0], parts[1])
        var memory = [UInt8](repeating: 0, count: query.count)
        let found = unsafe memory.withUnsafeMutableBytes {
            unsafe CacheBuster.writeQuery(
                path: path.span.bytes, query: query.span.bytes, into: $0)
        }
        return found.map { (String(decoding: memory[..<$0.length], as: UTF8.self), $0.newest) }
    }

    @Test(
        "they are cut out, and their latest time is told",
        arguments: [
            (
                "/geoserver/wfs?request=GetFeature&typename=a&t=1531234567890",
                "request=GetFeature&typename=a", 1_531_234_567_890 as UInt64
            ),
            (
                "/geoserver/wfs?t=1531234567&request=GetFeature&typename=a",
                "request=GetFeature&typename=a", 1_531_234_567_000
            ),
            (
                "/geoserver/wms/?request=GetLegendGraphic&_=1&layer=a%20b&_dc=1531234567890&x",
                "request=GetLegendGraphic&layer=a%20b&x", 0
            ),
            (
                "/geoserver/wms?request=GetLegendGraphic&_=1531234567891&layer=a&_dc=1531234567890",
                "request=GetLegendGraphic&layer=a", 1_531_234_567_891
            ),
            (
                "/geoserver/wms?REQUEST=GetFeatureInfo&QUERY_LAYERS=a&_olSalt=0.7312",
                "REQUEST=GetFeatureInfo&QUERY_LAYERS=a", 0
            ),
            ("/geoserver/ows?request=GetCapabilities&&%5Fdc=5", "request=GetCapabilities&", 0),
            ("/geoserver/wfs?_dc=1531234567890", "", 1_531_234_567_890),
        ])
    func cut(target: String, query: String, newest: UInt64) throws {
        let found = try #require(written(target))
        #expect(found.query == query)
        #expect(found.newest == newest)
    }

    @Test(
        "all else stays as it is: without one, with a word of a server's own, of another server",
        arguments: [
            "/geoserver/wfs?request=GetFeature&typename=a",
            "/geoserver/wfs?request=GetFeature&typename=a&t=7",
            "/geoserver/wfs?request=GetFeature&typename=a&timestamp=2014-01-01",
            "/geoserver/wfs?request=GetFeature&typename=a&tt=1531234567890",
            "/maps/1?t=1531234567890", "/api/layers/?_=1531234567890",
        ])
    func whole(target: String) { #expect(written(target) == nil) }
}
