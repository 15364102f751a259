import Testing
import WireTesting

@Suite(
    "Groups of which only capabilities tell, by a stand-in for GeoServer",
    .enabled(if: GeoServer.python != nil, "no python3"))
struct GroupWriteTests {
    private let data: TemporaryDirectory
    private let server: GeoServer
    private let edge: Edge

    init() throws {
        data = try TemporaryDirectory()
        server = try GeoServer("one", data: data)
        let group = """
            <layerGroup><name>base</name><publishables><published type="layer">\
            <name>geonode:roads</name></published></publishables><styles><style/></styles>\
            </layerGroup>
            """
        #expect(
            try GeoServer.write("POST", "/rest/layergroups", group, at: server.port).status == 201)
        edge = try server.edge(
            maps: "layers: { services: [/geoserver/wms], interval: 1h }", in: data)
    }

    private func map(_ layer: String, _ box: String = "-90,0,0,90") -> String {
        "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=\(layer)&STYLES="
            + "&SRS=EPSG:4326&BBOX=\(box)&WIDTH=256&HEIGHT=256&FORMAT=image/png"
    }

    @Test("where nothing tells of groups, the first edit of a layer says that they stay")
    func untold() throws {
        let edge = try Edge(
            origin: nil,
            configuration: """
                origins: { maps: { members: ["\(server.url)"] } }
                behaviors: [{ path: "*", class: tiles }]
                """)
        _ = try edge.get(map("base"))
        let answer = try GeoServer.write(
            "PUT", "/rest/layers/geonode:roads", "<layer/>", at: edge.port)
        #expect(answer.status == 200)
        #expect(edge.child.line(with: "nobody tells which layer groups show it") != nil)
    }

    /// Which of these are still fresh behind an edit of roads at one place.
    private func keptBehindEdit(_ views: [String]) throws -> [Bool] {
        for view in views { _ = try edge.get(view) }
        for view in views { #expect(try edge.get(view).isHit, "\(view)") }
        let body = """
            <wfs:Transaction xmlns:wfs="http://www.opengis.net/wfs" service="WFS" version="1.0.0" \
            xmlns:gml="http://www.opengis.net/gml" xmlns:f="http://www.geonode.org/"><wfs:Insert>\
            <f:roads><f:the_geom><gml:Point srsName="EPSG:4326"><gml:coordinates>-74.8,40.5\
            </gml:coordinates></gml:Point></f:the_geom></f:roads></wfs:Insert></wfs:Transaction>
            """
        let answer = try GeoServer.write(
            "POST", "/geonode/wfs", body, type: "text/xml", at: edge.port)
        #expect(answer.text.contains("SUCCESS"))
        return try views.map { try edge.get($0).isHit }
    }

    @Test("an edit of a member takes what the group drew there, and of other layers nothing")
    func members() throws {
        let views = [
            map("geonode:roads"), map("base"), map("geonode:cities"),
            map("geonode:roads", "90,0,180,90"), map("base", "90,0,180,90"),
        ]
        // Until capabilities are read any name may be a group's.
        let isNarrow = try eventually { () -> Bool? in
            try keptBehindEdit(views) == [false, false, true, true, true] ? true : nil
        }
        #expect(isNarrow == true)
        #expect(try keptBehindEdit(views) == [false, false, true, true, true])
    }
}
