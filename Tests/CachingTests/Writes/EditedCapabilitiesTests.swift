import Caching
import HTTP
import Testing
import Tiles

@Suite("Writes: an edit and capabilities")
struct EditedCapabilitiesTests {
    private typealias Key = EntrySubjectTests

    private static func isTouched(
        _ target: String, by layer: String, _ kinds: EntryKinds = .edited
    ) -> Bool {
        Key.isDead(Key.sent(target), by: Key.scope(.layer(LayerName(layer)), kinds))
    }

    @Test(
        "an edit of features touches capabilities that may tell their extent, and no others",
        arguments: [
            ("/geoserver/wms?service=WMS&request=GetCapabilities", true),
            ("/geoserver/ows?service=WMS&version=1.3.0&request=GetCapabilities", true),
            ("/geoserver/wfs?request=GetCapabilities", true),
            ("/geoserver/ows?service=WFS&request=GetCapabilities", true),
            ("/geoserver/ows?request=GetCapabilities", true),
            ("/geoserver/wfs/WfsDispatcher?request=GetCapabilities", true),
            ("/geoserver/ows?service=WCS&request=GetCapabilities", false),
            ("/geoserver/wcs?request=GetCapabilities", false),
            ("/geoserver/wcs?service=WCS&request=GetCapabilities", false),
            ("/geoserver/ows?service=WPS&request=GetCapabilities", false),
            ("/geoserver/gwc/service/wmts?REQUEST=GetCapabilities", false),
            ("/geoserver/gwc/service/wmts?service=WMTS&request=GetCapabilities", false),
            ("/geoserver/a/gwc/service/wmts?service=WMTS&request=GetCapabilities", false),
            ("/geoserver/gwc/service/wms?service=WMS&request=GetCapabilities", true),
            ("/geoserver/gwc/service/wms?request=GetCapabilities&tiled=true", true),
            ("/geoserver/gwc/service/tms/1.0.0", false),
            ("/geoserver/gwc/service/wmts/rest/WMTSCapabilities.xml", false),
            // What disagrees may be either.
            ("/geoserver/wcs?service=WMS&request=GetCapabilities", true),
            ("/geoserver/wms?service=WCS&request=GetCapabilities", true),
            ("/geoserver/ows?service=WCS&service=WMS&request=GetCapabilities", true),
            ("/geoserver/gwc/service/../../wms?request=GetCapabilities", true),
        ])
    func services(_ target: String, _ isTouched: Bool) {
        #expect(Self.isTouched(target, by: "a:x") == isTouched)
        // A change of what there is reaches all.
        #expect(Self.isTouched(target, by: "a:x", .layer))
    }

    @Test(
        "a second segment may be a group's as well as a layer's: any layer reaches what it tells",
        arguments: ["a:x", "x", "a:y"])
    func virtual(_ layer: String) {
        let target = "/geoserver/a/x/wms?service=WMS&request=GetCapabilities"
        #expect(Self.isTouched(target, by: layer))
    }

    @Test("what writes features is an edit, and what writes the catalogue is none")
    func kinds() {
        let edits = [
            Writes.read(Writes.transaction("<wfs:Delete typeName='topp:x'/>")),
            Writes.recognised(.post, "/geoserver/geogig/repos/X/merge"),
            Writes.recognised(.put, "/geoserver/ogc/features/v1/collections/a:x/items/1"),
        ]
        for case let edit in edits {
            guard case .write(let write) = edit else {
                Issue.record("no write")
                continue
            }
            #expect(write.scope.parts.map(\.kinds) == [.edited])
        }
        guard case .write(let write) = Writes.recognised(.put, "/geoserver/rest/layers/a:x") else {
            Issue.record("no write")
            return
        }
        #expect(write.scope.parts.map(\.kinds) == [.all])
    }

    @Test("beside all capabilities those of features need no second word")
    func reach() {
        var scope = WriteScope(.everything, .layer)
        scope.formUnion(WriteScope(.layer(LayerName("a:x")), .edited))
        #expect(scope == WriteScope(.everything, .layer))
    }
}
