import Testing
import WireTesting

/// A write that is none of REST's, as its client sends it.
struct OtherWrite: CustomTestStringConvertible, Sendable {
    var name: String
    var path: String
    var type = "text/xml"
    var body: String

    var testDescription: String { name }

    static let all = [
        OtherWrite(
            name: "GeoWebCache's REST", path: "/gwc/rest/masstruncate",
            body: "<truncateLayer><layerName>geonode:roads</layerName></truncateLayer>"),
        OtherWrite(
            name: "a form of the web pages", path: "/web/?wicket:interface=:1:form::IFormSubmit::",
            type: "application/x-www-form-urlencoded", body: "id1_hf_0=&name=roads&save=x"),
        OtherWrite(
            name: "a transaction", path: "/wfs",
            body: "<wfs:Transaction xmlns:wfs=\"http://www.opengis.net/wfs\" service=\"WFS\" "
                + "version=\"1.1.0\" xmlns:ogc=\"http://www.opengis.net/ogc\">"
                + "<wfs:Delete typeName=\"geonode:roads\">"
                + "<ogc:Filter><ogc:FeatureId fid=\"roads.1\"/></ogc:Filter></wfs:Delete>"
                + "</wfs:Transaction>"),
    ]
}

@Suite(
    "A cluster of GeoServers: writes that are none of REST's",
    .enabled(if: GeoServer.python != nil, "no python3"))
struct ClusterWriteTests {
    @Test(
        "goes to the leader, once, and begins a round; also with its body behind its head",
        arguments: OtherWrite.all)
    func write(_ write: OtherWrite) throws {
        let pair = try GeoServerPair("sharedStore: false")
        #expect(try pair.become("in-step", "in-step"))
        for (count, isSplit) in [(1, false), (2, true)] {
            var viewer = try pair.edge.viewer()
            try viewer.send(
                "POST /geoserver\(write.path) HTTP/1.1\r\nHost: edge.test\r\n"
                    + "\(GeoServerPair.admin)\r\nContent-Type: \(write.type)\r\n"
                    + "Content-Length: \(write.body.utf8.count)\r\nConnection: close\r\n\r\n"
                    + (isSplit ? "" : write.body))
            if isSplit {
                // The edge answers another one meanwhile: the body is in a packet of its own.
                _ = try pair.members()
                try viewer.send(write.body)
            }
            #expect(try viewer.response().status == 200)
            let asked = "^POST /geoserver/(gwc|web|wfs)"
            #expect(try pair.leader.requests(asked).count == count)
            #expect(try pair.follower.requests(asked).isEmpty)
            // A round: the follower reads the catalog anew, and is in step again.
            let reloads = try pair.follower.requests(
                "^POST /geoserver/rest/reload", atLeast: count)
            #expect(reloads.count == count)
            #expect(try pair.become("in-step", "in-step"))
        }
    }

    @Test("sync: reset sends /rest/reset in place of a reload, and that brings styles in step")
    func reset() throws {
        let pair = try GeoServerPair(sync: "reset")
        #expect(try pair.become("in-step", "in-step"))
        #expect(try pair.restyle(1).status == 200)
        let sent = try pair.follower.requests("^POST /geoserver/rest/reset", atLeast: 1)
        #expect(sent == ["POST /geoserver/rest/reset"])
        #expect(try pair.become("in-step", "in-step"))
        #expect(try pair.follower.requests("^POST ") == sent)
        #expect(
            try pair.leader.state(of: "geonode:roads") == pair.follower.state(of: "geonode:roads"))
    }
}
