import Glibc
import Testing
import WireTesting

@Suite(
    "Default styles that the pool says, by a stand-in for GeoServer",
    .enabled(if: GeoServer.python != nil, "no python3"))
struct DefaultStyleTests {
    private let data: TemporaryDirectory
    private let server: GeoServer

    init() throws {
        data = try TemporaryDirectory()
        server = try GeoServer("one", data: data)
    }

    /// An edge that knows that roads are drawn as roads.
    ///
    /// - Parameter interval: between two readings; of an hour only a write leads to one.
    private func start(interval: String, default style: String = "roads") throws -> Edge {
        let edge = try server.edge(
            maps: """
                layers: { services: [/geoserver/wms, /geoserver/geonode/wms], \
                interval: \(interval) }
                """, in: data)
        try awaitOne(style, edge)
        return edge
    }

    private func map(
        _ style: String, _ path: String = "wms", _ layer: String = "geonode:roads",
        box: String = "-90,0,0,90"
    ) -> String {
        "/geoserver/\(path)?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=\(layer)"
            + "&STYLES=\(style)&SRS=EPSG:4326&BBOX=\(box)&WIDTH=256&HEIGHT=256"
            + "&FORMAT=image/png"
    }

    /// Waits until a style's name is one with no name, seen where nobody has looked before.
    private func awaitOne(_ style: String, _ edge: Edge) throws {
        let isOne = try eventually { () -> Bool? in
            // Of a resolution that no grid has.
            let west = Int.random(in: -170_000...100_000)
            let box = "\(west)e-3,0,\(west + 37_000)e-3,37"
            let plain = try edge.get(map("", box: box))
            let named = try edge.get(map(style, box: box))
            return plain.status == 200 && named.isHit && named.body == plain.body ? true : nil
        }
        #expect(isOne == true, "\(style) is not the default style: \(edge.child.log)")
    }

    private func setDefault(_ style: String, at port: UInt16) throws {
        let body = "<layer><defaultStyle><name>\(style)</name></defaultStyle></layer>"
        let answer = try GeoServer.write("PUT", "/rest/layers/geonode:roads", body, at: port)
        #expect(answer.status == 200, "\(answer.text)")
    }

    /// What GeoServer itself draws.
    private func own(_ style: String) throws -> [UInt8] {
        try Viewer.ask(map(style), at: server.port).body
    }

    @Test("empty, by name, by either service: one entry; another style is its own")
    func one() throws {
        let edge = try start(interval: "1h")
        let first = try edge.get(map(""))
        #expect(first.status == 200 && !first.isHit)
        for spelling in [
            map("roads"), map("", "geonode/wms", "roads"), map("roads", "geonode/wms", "roads"),
        ] {
            let answer = try edge.get(spelling)
            #expect(answer.isHit && answer.body == first.body, "\(spelling)")
        }
        let other = try edge.get(map("point"))
        #expect(other.status == 200 && !other.isHit)
        #expect(try other.body == own("point"))
    }

    @Test("a change behind the edge's back: each name shows its own style, and no old one is left")
    func drift() throws {
        let edge = try start(interval: "1s")
        for style in ["", "roads", "point"] { _ = try edge.get(map(style)) }
        try setDefault("point", at: server.port)
        #expect(edge.child.line(with: "layers have another default style than before") != nil)
        try awaitOne("point", edge)
        #expect(try edge.get(map("")).body == own(""))
        #expect(try edge.get(map("point")).body == own("point"))
        let former = try edge.get(map("roads"))
        #expect(try former.body == own("roads") && former.body != own(""))
    }

    @Test("a change through the edge: nobody gets the old default, and the old name is the old one")
    func write() throws {
        let edge = try start(interval: "1h")
        for style in ["point", "roads", "point"] {
            let old = style == "point" ? "roads" : "point"
            for spelling in ["", old, style] { _ = try edge.get(map(spelling)) }
            // Nobody can tell the edge yet which style is the default one.
            try server.control("/faults", #"{"kind": "hold", "match": "GetCapabilities"}"#)
            try setDefault(style, at: edge.port)
            // At once for who names none.
            #expect(try edge.get(map("")).body == own(""), "the default is \(style)")
            #expect(try edge.get(map(style)).body == own(style))
            #expect(try edge.get(map(old)).body == own(old))
            try server.control("/faults", method: "DELETE")
            try awaitOne(style, edge)
            #expect(try edge.get(map(old)).body == own(old))
        }
    }

    @Test("a change that is done and not told yet: the old name is the old style, by itself")
    func underWay() throws {
        let edge = try start(interval: "1h")
        let first = try edge.get(map("roads"))
        #expect(try first.body == own("roads") && edge.get(map("roads")).isHit)
        try server.control("/faults", #"{"kind": "late", "match": "^PUT .*/layers/", "count": 1}"#)
        var writer = try edge.viewer()
        try writer.send(
            lastRequest(
                "/geoserver/rest/layers/geonode:roads", method: "PUT",
                [GeoServerPair.admin, "Content-Type: application/xml"],
                body: "<layer><defaultStyle><name>point</name></defaultStyle></layer>"))
        _ = try server.control("/faults?met=1")
        // A place where nobody has looked before.
        let box = "0,0,45,45"
        let plain = try Viewer.ask(map("", box: box), at: server.port).body
        let old = try Viewer.ask(map("roads", box: box), at: server.port).body
        #expect(plain != old)
        for isHit in [false, true] {
            let named = try edge.get(map("roads", box: box))
            #expect(named.body == old && named.isHit == isHit)
        }
        #expect(try edge.get(map("", box: box)).body == plain)
        #expect(try edge.get(map("roads", box: box)).body == old)
        try server.control("/faults", method: "DELETE")
        #expect(try writer.response().status == 200)
        #expect(try edge.get(map("roads", box: box)).body == old)
        try awaitOne("point", edge)
        #expect(try edge.get(map("roads", box: box)).body == old)
    }

    @Test("a change that is refused: the name is the default style's again, without a reading")
    func refused() throws {
        let edge = try start(interval: "1h")
        _ = try edge.get(map("roads"))
        let readings = try server.requests("GetCapabilities").count
        let answer = try Viewer.ask(
            "/geoserver/rest/layers/geonode:roads", at: edge.port, method: "PUT",
            ["Content-Type: application/xml"],
            body: "<layer><defaultStyle><name>point</name></defaultStyle></layer>")
        #expect(answer.status == 401 || answer.status == 403)
        #expect(try edge.get(map("roads")).isHit)
        #expect(try server.requests("GetCapabilities").count == readings)
    }

    private func stop(_ edge: Edge) {
        edge.child.signal(SIGTERM)
        #expect(edge.child.waitForExit(within: 20_000) == 0)
    }

    @Test("a change while no edge runs is found by the next one before anybody is told the name")
    func restart() throws {
        let edge = try start(interval: "1h")
        _ = try edge.get(map(""))
        stop(edge)
        // Nothing has changed: what was stored is there still.
        let second = try start(interval: "1h")
        #expect(try second.get(map("")).isHit)
        stop(second)
        try setDefault("point", at: server.port)
        let third = try start(interval: "1h", default: "point")
        #expect(try third.get(map("point")).body == own("point"))
        #expect(try third.get(map("")).body == own(""))
        stop(third)
    }
}
