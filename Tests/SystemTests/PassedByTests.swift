import Testing
import WireTesting

@Suite(
    "Capabilities that have changed past the edge, by a stand-in for GeoServer", .waits,
    .enabled(if: GeoServer.python != nil, "no python3"))
struct PassedByTests {
    private let data: TemporaryDirectory
    private let server: GeoServer
    private let edge: Edge

    init() throws {
        data = try TemporaryDirectory()
        server = try GeoServer("one", data: data)
        edge = try server.edge(
            maps: "layers: { services: [/geoserver/wms], interval: 1s }", in: data)
        #expect(edge.child.line(with: "the layers of origin \"maps\" are read") != nil)
    }

    private static let documents = [
        "/geoserver/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities",
        "/geoserver/geonode/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetCapabilities",
        "/geoserver/wfs?SERVICE=WFS&VERSION=1.1.0&REQUEST=GetCapabilities",
    ]
    private static let map =
        "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=geonode:roads&STYLES="
        + "&SRS=EPSG:4326&BBOX=-90,0,0,90&WIDTH=256&HEIGHT=256&FORMAT=image/png"

    /// Waits for two readings that began after this was called.
    private func awaitReadings() throws {
        let question = "GET /geoserver/wms.*VERSION=1.3.0&REQUEST=GetCapabilities"
        let count = try server.requests(question).count
        _ = try server.requests(question, atLeast: count + 2)
    }

    @Test("readings that say the same change nothing; a new title shows at the next; tiles stay")
    func title() throws {
        for target in Self.documents + [Self.map] { _ = try edge.get(target) }
        try awaitReadings()
        for target in Self.documents + [Self.map] { #expect(try edge.get(target).isHit) }
        let body = "<featureType><name>roads</name><title>Ways</title></featureType>"
        let path = "/rest/workspaces/geonode/datastores/postgis/featuretypes/roads"
        #expect(try GeoServer.write("PUT", path, body, at: server.port).status == 200)
        #expect(edge.child.line(with: "and what is stored of any is stale") != nil)
        for target in Self.documents {
            let answer = try edge.get(target)
            // The stand-in's WFS tells no titles, and is asked anew all the same.
            let isNew = target.contains("WFS") || answer.text.contains("Ways")
            #expect(!answer.isHit && isNew, "\(target)")
        }
        #expect(try edge.get(Self.map).isHit)
        try awaitReadings()
        for target in Self.documents { #expect(try edge.get(target).isHit) }
    }
}
