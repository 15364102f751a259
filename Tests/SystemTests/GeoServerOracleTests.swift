import Glibc
import Testing
import WireTesting

/// Random edits, styles, permissions, refusals, lost answers and crashes on two loops in front of
/// the stand-in, and what viewers get in between.
@Suite(
    "A differential oracle for writes, by a stand-in for GeoServer",
    .enabled(if: GeoServer.python != nil, "no python3"))
struct GeoServerOracleTests {
    static let layers = ["geonode:roads", "geonode:cities"]

    /// What happens in one run.
    struct Course {
        let server: GeoServer
        let data: TemporaryDirectory
        let configuration: String
        var edge: Edge
        var viewers: [Viewer]
        var random: SeededRandom
        var oracle: StandInOracle
        /// Where each feature is, by layer and id.
        var places: [String: [String: (Double, Double)]] = [:]
        /// Layers' default styles.
        var styles = ["geonode:roads": "roads", "geonode:cities": "point"]
        var faults: [String] = []

        /// - Parameter setting: a further key of `writes`.
        init(_ seed: UInt64, _ setting: String = "enabled: true") throws {
            random = SeededRandom(seed: seed)
            data = try TemporaryDirectory()
            server = try GeoServer("one", data: data)
            let secret = try data.write("credentials", "admin:geoserver\n")
            chmod(secret, 0o600)
            configuration = """
                origins: { maps: { members: ["\(server.url)"], firstByteTimeout: 2s } }
                behaviors: [{ path: "*", class: tiles }]
                writes:
                  repeatAfter: 1s
                  \(setting)
                  catalogue: { origin: maps, credentials: \(secret) }
                """
            edge = try Edge(
                origin: nil, loops: 2, configuration: configuration, directory: data)
            viewers = try (0..<4).map { [edge] _ in try edge.viewer() }
            for layer in GeoServerOracleTests.layers {
                let name = layer.split(separator: ":")[1]
                places[layer] = ["\(name).1": (-74.8, 40.5)]
            }
            var views: [StandInView] = []
            for layers in GeoServerOracleTests.layers + ["geonode:roads,geonode:cities"] {
                for west in stride(from: -80, to: 0, by: 20) {
                    for south in [0, 40] {
                        views.append(StandInView(layers: layers, west: west, south: south))
                    }
                }
            }
            for west in [-80, -40] {
                views.append(
                    StandInView(layers: "geonode:cities", style: "roads", west: west, south: 40))
            }
            oracle = try StandInOracle(server, views)
        }
    }

    @Test(
        "nobody gets anything older than an answered write where it touched; elsewhere all stays",
        arguments: [11, 12, 13] as [UInt64])
    func oracle(_ seed: UInt64) throws {
        var course = try Course(seed)
        // The catalogue is read before layers are told from groups.
        _ = try course.server.requests("^GET /geoserver/rest/layergroups", atLeast: 1)
        for step in 0..<60 {
            try course.write(step)
            for _ in 0..<10 { try course.look() }
        }
        for fault in course.faults { Issue.record("seed \(seed): \(fault)") }
        let oracle = course.oracle
        #expect(oracle.hits > 100 && oracle.expected > 60, "\(oracle.hits), \(oracle.expected)")
        #expect(
            oracle.kept * 100 >= oracle.expected * 95,
            "\(oracle.kept) of \(oracle.expected) entries survived")
    }

    @Test("an edge that is told too little is noticed", arguments: ["enabled: false", "margin: 0"])
    func canary(_ setting: String) throws {
        var course = try Course(7, setting)
        for _ in 0..<40 where course.faults.isEmpty {
            try course.insert(count: 2)
            for _ in 0..<8 { try course.look() }
        }
        #expect(!course.faults.isEmpty)
    }
}

extension GeoServerOracleTests.Course {
    /// One viewer looks at something.
    mutating func look() throws {
        let view = oracle.views[random.below(oracle.views.count)]
        let index = random.below(viewers.count)
        let response = try viewers[index].exchange(
            "GET \(view.target(&random)) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        if let fault = oracle.judge(response, view) { faults.append(fault) }
    }

    private func send(
        _ method: String, _ path: String, _ body: String, type: String = "application/xml"
    ) throws -> Response {
        try GeoServer.write(method, path, body, type: type, at: edge.port)
    }

    private mutating func place() -> (Double, Double) {
        (Double(random.below(800)) / 10 - 80, Double(random.below(500)) / 10)
    }

    private mutating func layer() -> String {
        GeoServerOracleTests.layers[random.below(GeoServerOracleTests.layers.count)]
    }

    // MARK: what is written

    mutating func write(_ step: Int) throws {
        switch random.below(20) {
        case 0..<6: try insert(count: 1 + random.below(3))
        case 6, 7: try insert(count: 2, inBoth: true)
        case 8: try change(layer())
        case 9: try remove(layer())
        case 10, 11: try restyle(step)
        case 12: if random.below(2) == 0 { try retitle(step) } else { try redress(step) }
        case 13, 14: try refuse()
        case 15, 16: try spoil()
        case 17: try overtake()
        case 18: try permit(step)
        default: try crash()
        }
    }

    private typealias Touch = StandInOracle.Touch

    /// Operations of one transaction that inserts, and what it touches.
    private mutating func insertion(
        count: Int, inBoth: Bool
    ) -> (text: String, touches: [Touch]) {
        var (text, touches) = ("", [Touch]())
        let first = layer()
        for index in 0..<count {
            let layer =
                inBoth ? GeoServerOracleTests.layers[index % 2] : first
            let (place, name) = (self.place(), layer.split(separator: ":")[1])
            let number =
                (places[layer] ?? [:]).keys.compactMap {
                    Int($0.split(separator: ".")[1])
                }.max() ?? 0
            places[layer]?["\(name).\(number + 1)"] = place
            touches.append(Touch(layer: layer, place: place))
            text += """
                <wfs:Insert><f:\(name)><f:the_geom><gml:Point srsName="EPSG:4326">\
                <gml:coordinates>\(place.0),\(place.1)</gml:coordinates></gml:Point></f:the_geom>\
                </f:\(name)></wfs:Insert>
                """
        }
        return (text, touches)
    }

    private func transaction(_ operations: String, version: String = "1.1.0") -> String {
        """
        <wfs:Transaction xmlns:wfs="http://www.opengis.net/wfs" service="WFS" \
        xmlns:ogc="http://www.opengis.net/ogc" xmlns:gml="http://www.opengis.net/gml" \
        xmlns:f="http://www.geonode.org/" version="\(version)">\(operations)</wfs:Transaction>
        """
    }

    private mutating func transact(_ operations: String) throws -> Response {
        let path = ["/wfs", "/geonode/wfs", "/geonode/ows"][random.below(3)]
        let version = ["1.0.0", "1.1.0"][random.below(2)]
        return try send("POST", path, transaction(operations, version: version), type: "text/xml")
    }

    mutating func insert(count: Int, inBoth: Bool = false) throws {
        let made = insertion(count: count, inBoth: inBoth)
        #expect(try transact(made.text).status == 200)
        try oracle.step(truth: made.touches, told: made.touches)
    }

    private mutating func change(_ layer: String) throws {
        guard let chosen = places[layer]?.sorted(by: { $0.key < $1.key }).first else { return }
        let response = try transact(
            """
            <wfs:Update typeName="\(layer)"><wfs:Property><wfs:Name>name</wfs:Name><wfs:Value>\
            \(random.below(1_000))</wfs:Value></wfs:Property><ogc:Filter><ogc:FeatureId \
            fid="\(chosen.key)"/></ogc:Filter></wfs:Update>
            """)
        #expect(response.status == 200)
        let touch = Touch(layer: layer, place: chosen.value)
        try oracle.step(truth: [touch], told: [Touch(layer: layer)])
    }

    private mutating func remove(_ layer: String) throws {
        let known = places[layer]?.sorted(by: { $0.key < $1.key }) ?? []
        guard known.count > 1 else { return }
        // Its number is not given again while there is a later one.
        let chosen = known[random.below(known.count - 1)]
        places[layer]?[chosen.key] = nil
        let response = try transact(
            """
            <wfs:Delete typeName="\(layer)"><ogc:Filter><ogc:FeatureId fid="\(chosen.key)"/>\
            </ogc:Filter></wfs:Delete>
            """)
        #expect(response.status == 200)
        let touch = Touch(layer: layer, place: chosen.value)
        try oracle.step(truth: [touch], told: [Touch(layer: layer)])
    }

    private mutating func restyle(_ step: Int) throws {
        let style = "<StyledLayerDescriptor>\(step)</StyledLayerDescriptor>"
        let type = "application/vnd.ogc.sld+xml"
        #expect(try send("PUT", "/rest/styles/roads", style, type: type).status == 200)
        let drawn = styles.filter { $0.value == "roads" }.keys
        let touch = Touch(style: "roads", drawn: Set(drawn))
        try oracle.step(truth: [touch], told: [touch])
    }

    /// Another default style; then at once, mostly before the edge has read that, that style.
    private mutating func redress(_ step: Int) throws {
        let layer = layer()
        let style = styles[layer] == "roads" ? "point" : "roads"
        styles[layer] = style
        let body = "<layer><defaultStyle><name>\(style)</name></defaultStyle></layer>"
        try awaitCatalogue { try put("/rest/layers/\(layer).xml", body) }
        let touch = Touch(layer: layer)
        try oracle.step(truth: [touch], told: [touch])
        for _ in 0..<8 { try look() }
        try restyle(step)
    }

    private func put(_ path: String, _ body: String) throws {
        let response = try send("PUT", path, body)
        #expect(response.status == 200)
    }

    /// Done, once the edge has read the catalogue anew: until then any group may show any layer.
    private func awaitCatalogue(_ change: () throws -> Void) throws {
        let match = "^GET /geoserver/rest/layergroups"
        let count = try server.requests(match).count
        try change()
        _ = try server.requests(match, atLeast: count + 1)
    }

    private mutating func retitle(_ step: Int) throws {
        let path = "/rest/workspaces/geonode/datastores/postgis/featuretypes/cities"
        let body = "<featureType><name>cities</name><title>\(step)</title></featureType>"
        try awaitCatalogue { try put(path, body) }
        let touch = Touch(layer: "geonode:cities")
        try oracle.step(truth: [touch], told: [touch])
    }

    private mutating func permit(_ step: Int) throws {
        let role = ["ROLE_AUTHENTICATED", "*"][step % 2]
        for role in [role, "*"] {
            let body = "<rules><rule resource=\"geonode.cities.r\">\(role)</rule></rules>"
            let path = "/rest/security/acl/layers"
            try awaitCatalogue { try put(path, body) }
            if role != "*" {
                // Whoever may not see it does not, whatever is stored.
                for view in oracle.views where view.layers.contains("cities") {
                    let response = try edge.get(view.target(&random))
                    if response.status == 200 { faults.append("\(view) is shown to nobody") }
                }
            }
        }
        try oracle.step(truth: [Touch(layer: "geonode:cities")], told: [Touch()])
    }

    // MARK: what goes wrong

    private mutating func refuse() throws {
        let switches = ["readOnly", "failed"]
        let name = switches[random.below(2)]
        let saved = places
        try server.control("/switches", "{\"\(name)\": true}")
        let response = try transact(insertion(count: 1 + random.below(2), inBoth: false).text)
        try server.control("/switches", "{\"\(name)\": false}")
        // Had it been done, every picture of it would be too old for what is taken to be true.
        let isRefused =
            (400..<500).contains(response.status)
            || ["Exception", "FAILED"].contains { response.text.contains($0) }
        #expect(isRefused, "\(name): \(response.status), \(response.text)")
        places = saved
        try oracle.step(truth: [], told: [])
    }

    /// It is done, and its answer does not say so.
    private mutating func spoil() throws {
        let kind = ["truncate", "splice", "wrongType"][random.below(3)]
        let match = "^POST /geoserver.*(wfs|ows)"
        let fault = "{\"kind\": \"\(kind)\", \"match\": \"\(match)\", \"count\": 1}"
        try server.control("/faults", fault)
        let made = insertion(count: 1, inBoth: false)
        _ = try? transact(made.text)
        try server.control("/faults", method: "DELETE")
        try oracle.step(truth: made.touches, told: made.touches)
    }

    /// A picture is begun before a write and ends behind its answer.
    private mutating func overtake() throws {
        try server.control(
            "/faults", "{\"kind\": \"render\", \"match\": \"GetMap\", \"count\": 1}")
        let view = oracle.views[random.below(oracle.views.count)]
        var early = try edge.viewer()
        // Nothing stored is new enough for who says so.
        try early.send(
            "GET \(view.target(&random)) HTTP/1.1\r\nHost: edge.test\r\n"
                + "Cache-Control: no-cache\r\n\r\n")
        _ = try server.control("/faults?met=1")
        let made = insertion(count: 2, inBoth: true)
        #expect(try transact(made.text).status == 200)
        try oracle.step(truth: made.touches, told: made.touches)
        try server.control("/faults", method: "DELETE")
        _ = try early.response()
        let response = try edge.get(view.target(&random))
        if let fault = oracle.judge(response, view) { faults.append("overtaken: \(fault)") }
    }

    /// The edge is killed while a write is under way, which is done behind its back.
    private mutating func crash() throws {
        try server.control(
            "/faults", "{\"kind\": \"hold\", \"match\": \"^POST .*wfs\", \"count\": 1}")
        let made = insertion(count: 1, inBoth: false)
        let writer = try edge.viewer()
        try writer.send(
            lastRequest(
                "/geoserver/wfs", method: "POST", [GeoServerPair.admin, "Content-Type: text/xml"],
                body: transaction(made.text)))
        _ = try server.control("/faults?met=1")
        edge.child.kill9()
        let kind = made.touches.first?.layer ?? ""
        let before = try server.state(of: kind)
        try server.control("/faults", method: "DELETE")
        let isDone = try eventually { try server.state(of: kind) != before ? true : nil }
        #expect(isDone == true)
        let match = "^GET /geoserver/rest/layergroups"
        let count = try server.requests(match).count
        edge = try Edge(origin: nil, loops: 2, configuration: configuration, directory: data)
        _ = try server.requests(match, atLeast: count + 1)
        viewers = try (0..<4).map { [edge] _ in try edge.viewer() }
        oracle.forget()
        try oracle.step(truth: made.touches, told: [Touch()])
    }
}
