import Glibc
import Testing
import WireTesting

/// An edge that writes tile capabilities, and an origin that has WMS alone.
private struct WrittenSite {
    let origin: Origin
    let room: Room
    let edge: Edge
    let path: String

    /// - Parameter layers: that the origin's WMS lists.
    init(layers: Int, arguments: [String] = [], behaviors: String = "") throws {
        origin = try Origin()
        room = origin.room("written")
        path = room.path("geoserver")
        let list = (0..<layers).map { "<Layer><Name>ws:layer-\($0)</Name><Title>T</Title></Layer>" }
        let document = """
            <WMS_Capabilities version="1.3.0"><Capability><Layer><CRS>EPSG:3857</CRS>
            \(list.joined())</Layer></Capability></WMS_Capabilities>
            """
        room.answers { request in
            request.target.contains("GetCapabilities") && request.target.contains("/wms?")
                ? .ok("Content-Type: text/xml", body: document)
                : .ok("Content-Type: text/plain", body: "forwarded")
        }
        edge = try Edge(
            origin: nil, mode: "cloudfront", arguments: arguments,
            configuration: """
                origins:
                  default:
                    members: ["\(origin.url)"]
                    maps:
                      services: [\(path)]
                      layers: { services: [\(path)/wms] }
                      writesTileCapabilities: true
                \(behaviors)

                """)
        let isRead = try eventually { try edge.get(wmts).status == 200 ? true : nil }
        guard isRead == true else { throw WireError("no document: \(edge.child.log)") }
    }

    var wmts: String { "\(path)/gwc/service/wmts?REQUEST=GetCapabilities" }
}

@Suite("Tile capabilities that the edge writes: of whom, for whom, and in an outage")
struct WrittenDocumentTests {
    @Test("of a trusted proxy it is believed how viewers reach the edge")
    func forwarded() throws {
        let test = try WrittenSite(
            layers: 1, arguments: ["--trusted-proxy", "127.0.0.1"])
        let cases: [([String], String)] = [
            ([], "http://edge.test"),
            (["X-Forwarded-Proto: https"], "https://edge.test"),
            (["CloudFront-Forwarded-Proto: https"], "https://edge.test"),
            (
                ["X-Forwarded-Proto: https, http", "X-Forwarded-Host: m.org, b.test"],
                "https://m.org"
            ),
            (["X-Forwarded-Host: m.org", "X-Forwarded-Port: 8443"], "http://m.org:8443"),
            (["X-Forwarded-Proto: https", "X-Forwarded-Port: 443"], "https://edge.test"),
            (["X-Forwarded-Host: [::1]:8080", "X-Forwarded-Port: 1"], "http://[::1]:8080"),
            (["X-Forwarded-Host: a\"b"], "http://edge.test"),
            (["X-Forwarded-Proto: javascript"], "http://edge.test"),
        ]
        for (fields, base) in cases {
            let answer = try Viewer.ask(test.wmts, at: test.edge.port, fields)
            #expect(answer.text.contains("\"\(base)\(test.path)/gwc/service/wmts?\""), "\(fields)")
        }
    }

    @Test("nobody is asked for them: neither for a HEAD, nor while the pool is away")
    func outage() throws {
        let test = try WrittenSite(layers: 2)
        let whole = try test.edge.get(test.wmts)
        test.origin.stop()
        #expect(try test.edge.get(test.wmts).body == whole.body)
        let tms = try test.edge.get("\(test.path)/gwc/service/tms/1.0.0")
        #expect(tms.status == 200 && tms.text.contains("/ws:layer-1@EPSG:900913@png"))
        let head = try Viewer.ask(test.wmts, at: test.edge.port, method: "HEAD")
        #expect(head.status == 200 && head["Content-Length"] == "\(whole.body.count)")
        #expect(whole["Cache-Status"]?.contains("detail=\"tile-capabilities\"") == true)
        let asked = test.room.requests.map(\.target).filter { $0.contains("gwc") }
        #expect(asked.isEmpty)
    }

    @Test("they are written, too, where another behavior has their addresses")
    func otherClass() throws {
        let test = try WrittenSite(
            layers: 1,
            behaviors:
                "behaviors: [{ path: \"*Capabilities.xml\", class: capabilities }, "
                + "{ path: \"*/ws/*\", class: features }, { path: \"*\", class: tiles }]")
        for path in [
            "/gwc/service/wmts/rest/WMTSCapabilities.xml",
            "/ws/gwc/service/wmts?REQUEST=GetCapabilities",
        ] {
            let answer = try test.edge.get(test.path + path)
            #expect(answer.text.contains("layer-0</ows:Identifier>"), "\(path)")
        }
    }

    @Test("a long one arrives whole, on a connection that goes on")
    func long() throws {
        let test = try WrittenSite(layers: 3_000)
        var viewer = try test.edge.viewer()
        for _ in 0..<2 {
            let answer = try viewer.exchange(
                "GET \(test.wmts) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            #expect(answer.body.count > 1_000_000)
            #expect(answer.text.hasSuffix("</Capabilities>\n"))
            let names = answer.text.split(separator: "<ows:Identifier>ws:layer-").count - 1
            #expect(names == 3_000)
        }
        #expect(try test.edge.metric("mapedge_fill_bytes") == 0)
    }

    @Test("other requests of these services are forwarded, and other methods")
    func others() throws {
        let test = try WrittenSite(layers: 1)
        #expect(try test.edge.get("\(test.path)/gwc/service/wmts").text == "forwarded")
        #expect(
            try test.edge.get("\(test.path)/gwc/service/tms/1.0.0/ws:layer-0@EPSG:4326@png").status
                == 404)
        let answer = try Viewer.ask(test.wmts, at: test.edge.port, method: "POST", body: "")
        #expect(answer.text == "forwarded")
    }
}
