import Glibc
import Testing
import WireTesting

@Suite(
    "Writes observed, by a stand-in for GeoServer",
    .enabled(if: GeoServer.python != nil, "no python3"))
struct GeoServerWriteTests {
    private let data: TemporaryDirectory
    private let server: GeoServer
    private let edge: Edge

    init() throws {
        data = try TemporaryDirectory()
        server = try GeoServer("one", data: data)
        let secret = try data.write("credentials", "admin:geoserver\n")
        chmod(secret, 0o600)
        edge = try Edge(
            origin: nil,
            configuration: """
                origins: { maps: { members: ["\(server.url)"] } }
                behaviors: [{ path: "*", class: tiles }]
                writes:
                  catalogue: { origin: maps, credentials: \(secret) }
                """, directory: data)
    }

    private func send(
        _ method: String, _ path: String, _ body: String, type: String = "application/xml"
    ) throws -> Response {
        try GeoServer.write(method, path, body, type: type, at: edge.port)
    }

    private func transact(_ body: String, version: String = "1.0.0") throws -> Response {
        try send(
            "POST", "/geonode/wfs",
            """
            <wfs:Transaction xmlns:wfs="http://www.opengis.net/wfs" service="WFS" \
            xmlns:ogc="http://www.opengis.net/ogc" xmlns:gml="http://www.opengis.net/gml" \
            xmlns:f="http://www.geonode.org/" version="\(version)">\(body)</wfs:Transaction>
            """, type: "text/xml")
    }

    private func insert(_ layer: String) -> String {
        """
        <wfs:Insert><f:\(layer)><f:the_geom><gml:Point srsName="EPSG:4326"><gml:coordinates>\
        -74.8,40.5</gml:coordinates></gml:Point></f:the_geom></f:\(layer)></wfs:Insert>
        """
    }

    private func map(_ layer: String, _ box: String = "-90,0,0,90") -> String {
        "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=\(layer)&STYLES="
            + "&SRS=EPSG:4326&BBOX=\(box)&WIDTH=256&HEIGHT=256&FORMAT=image/png"
    }

    @Test(
        "random edits, styles and refusals: nobody gets a picture older than the writer's answer",
        arguments: [1, 2, 3] as [UInt64])
    func oracle(_ seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let layers = ["geonode:roads", "geonode:cities", "geonode:rivers"]
        var (kept, looks) = (0, 0)
        for step in 0..<40 {
            let layer = ["roads", "cities"][random.below(2)]
            switch random.below(6) {
            case 0: #expect(try transact(insert(layer)).text.contains("SUCCESS"))
            case 1:
                let update = """
                    <wfs:Update typeName="geonode:\(layer)"><wfs:Property><wfs:Name>name</wfs:Name>\
                    <wfs:Value>\(step)</wfs:Value></wfs:Property></wfs:Update>
                    """
                #expect(try transact(update, version: "1.1.0").text.contains("totalUpdated"))
            case 2:
                let delete = """
                    <wfs:Delete typeName="geonode:\(layer)"><ogc:Filter><ogc:FeatureId \
                    fid="garbage_id"/></ogc:Filter></wfs:Delete>
                    """
                #expect(try transact(delete, version: "1.1.0").status == 200)
            case 3:
                try server.control("/switches", #"{"readOnly": true}"#)
                #expect(try transact(insert(layer)).text.contains("Exception"))
                try server.control("/switches", #"{"readOnly": false}"#)
            case 4:
                let style = "<StyledLayerDescriptor>\(step)</StyledLayerDescriptor>"
                let type = "application/vnd.ogc.sld+xml"
                #expect(try send("PUT", "/rest/styles/roads", style, type: type).status == 200)
            default: #expect(try send("PUT", "/rest/styles/nobody", "<x/>").status == 404)
            }
            for layer in layers {
                let response = try edge.get(map(layer))
                let state = try server.state(of: layer)
                #expect(response["X-Stand-In-State"] == state, "\(layer) behind step \(step)")
                (kept, looks) = (kept + (response.isHit ? 1 : 0), looks + 1)
            }
        }
        // Half of the steps change nothing, and a transaction one layer of three.
        #expect(kept > looks / 2, "\(kept) of \(looks) from the cache")
    }

    @Test("what an edit touched goes, and what it did not stays")
    func places() throws {
        let elsewhere = "90,0,180,90"
        for box in ["-90,0,0,90", elsewhere] { _ = try edge.get(map("geonode:roads", box)) }
        #expect(try transact(insert("roads")).text.contains("SUCCESS"))
        #expect(try !edge.get(map("geonode:roads")).isHit)
        #expect(try edge.get(map("geonode:roads", elsewhere)).isHit)
    }

    private func draw(_ style: String, _ number: Int) throws {
        let body = "<StyledLayerDescriptor>\(number)</StyledLayerDescriptor>"
        let type = "application/vnd.ogc.sld+xml"
        #expect(try send("PUT", "/rest/styles/\(style)", body, type: type).status == 200)
    }

    @Test("a style goes with the layers whose default one it is, once all of these are known")
    func styles() throws {
        let group = """
            <layerGroup><name>base</name><publishables><published type="layer">\
            <name>geonode:roads</name></published></publishables><styles><style/></styles>\
            </layerGroup>
            """
        #expect(try send("POST", "/rest/layergroups", group).status == 201)
        let names = ["geonode:roads", "geonode:rivers", "geonode:cities", "base"]
        func kept() throws -> [String] { try names.filter { try edge.get(map($0)).isHit } }
        // Until the catalogue is read every style may draw anything.
        var number = 0
        func isNarrow() throws -> Bool? {
            _ = try kept()
            number += 1
            try draw("roads", number)
            return try kept() == ["geonode:rivers", "geonode:cities"] ? true : nil
        }
        #expect(try eventually { try isNarrow() } == true)
        // Of a layer that it draws by default what names another style is none of its business.
        let other = map("geonode:roads").replacing("STYLES=", with: "STYLES=line")
        let named = map("geonode:cities").replacing("STYLES=", with: "STYLES=roads")
        for view in [other, named] { _ = try edge.get(view) }
        try draw("roads", 999)
        #expect(try edge.get(other).isHit && !edge.get(named).isHit)
        // Another default style is seen at once by the next write to that style, before it is read.
        try server.control(
            "/faults", #"{"kind": "hold", "match": "^GET /geoserver/rest/layers[./]", "count": 9}"#)
        let body = "<layer><defaultStyle><name>roads</name></defaultStyle></layer>"
        #expect(try send("PUT", "/rest/layers/geonode:rivers", body).status == 200)
        _ = try kept()
        try draw("roads", 1_000)
        #expect(try kept() == [], "what is under way tells nothing")
        try server.control("/faults", method: "DELETE")
        let isRead = try eventually { () -> Bool? in
            _ = try kept()
            number += 1
            try draw("roads", number)
            return try kept() == ["geonode:cities"] ? true : nil
        }
        #expect(isRead == true)
        let state = try server.state(of: "geonode:rivers")
        #expect(try edge.get(map("geonode:rivers"))["X-Stand-In-State"] == state)
    }

    @Test("a layer that has got a style before its writer was told goes with that style")
    func underWay() throws {
        // Narrow, so that what follows is not for want of a catalogue.
        var number = 0
        let isNarrow = try eventually { () -> Bool? in
            _ = try edge.get(map("geonode:cities"))
            number += 1
            try draw("roads", number)
            return try edge.get(map("geonode:cities")).isHit ? true : nil
        }
        #expect(isNarrow == true)
        let (layer, box) = ("geonode:rivers", "-90,0,-45,45")
        try server.control("/faults", #"{"kind": "late", "match": "^PUT .*/layers/", "count": 1}"#)
        var writer = try edge.viewer()
        try writer.send(
            lastRequest(
                "/geoserver/rest/layers/\(layer)", method: "PUT",
                [GeoServerPair.admin, "Content-Type: application/xml"],
                body: "<layer><defaultStyle><name>roads</name></defaultStyle></layer>"))
        _ = try server.control("/faults?met=1")
        let before = try server.state(of: layer)
        #expect(try edge.get(map(layer, box))["X-Stand-In-State"] == before)
        #expect(try edge.get(map(layer, box)).isHit)
        try draw("roads", 1_000)
        let state = try server.state(of: layer)
        #expect(state != before)
        #expect(try edge.get(map(layer, box))["X-Stand-In-State"] == state)
        try server.control("/faults", method: "DELETE")
        #expect(try writer.response().status == 200)
        #expect(try !edge.get(map(layer, box)).isHit, "the write takes its layer itself")
    }

    @Test("a group that is made behind the edge's back or through it goes with its members")
    func groups() throws {
        let group = """
            <layerGroup><name>base</name><publishables><published type="layer">\
            <name>geonode:roads</name></published></publishables><styles><style/></styles>\
            </layerGroup>
            """
        #expect(try send("POST", "/rest/layergroups", group).status == 201)
        // The edge reads the catalogue behind the write.
        let count = try server.requests("^GET /geoserver/rest/layergroups/base", atLeast: 1).count
        #expect(count >= 1)
        let isGone = try eventually { () -> Bool? in
            _ = try edge.get(map("base"))
            guard try transact(insert("roads")).text.contains("SUCCESS") else { return false }
            return try edge.get(map("base")).isHit ? nil : true
        }
        #expect(isGone == true)
    }
}
