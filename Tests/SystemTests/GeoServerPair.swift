import Glibc
import Testing
import WireTesting

/// A running stand-in for GeoServer; see its README.
struct GeoServer {
    let child: Child
    let port: UInt16
    let name: String

    static let folder = "\(projectRoot)/Tests/StandIns/GeoServer"
    /// Python with what tests need from PyPI, where it is; else any Python 3.
    static let clients = packagedPython
    static let python = clients ?? executable(named: "python3")

    /// - Parameter data: the directory that all instances of one cluster share.
    init(_ name: String, data: TemporaryDirectory) throws {
        self.name = name
        let standIn = try StandIn(
            "GeoServer", ["--data", data.file("data"), "--name", name, "--sample"],
            python: try #require(GeoServer.python))
        (child, port) = (standIn.child, standIn.port)
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// The tests' own door, which meets no fault.
    @discardableResult
    func control(_ path: String, _ body: String? = nil, method: String? = nil) throws -> JSON {
        let response = try Viewer.ask(
            "/stand-in\(path)", at: port, method: method ?? (body == nil ? "GET" : "POST"),
            host: "stand-in", body: body ?? "")
        guard response.status == 200 else { throw WireError("\(path): \(response.text)") }
        return try JSON(response.text)
    }

    /// Requests so far whose `METHOD TARGET` matches, once there are so many.
    func requests(_ match: String, atLeast count: Int = 0) throws -> [String] {
        let escaped = match.split(separator: " ", omittingEmptySubsequences: false)
            .joined(separator: "%20")
        let found = try control("/requests?match=\(escaped)&count=\(count)&timeout=20000")
        return found.elements.compactMap { entry in
            guard let method = entry["method"]?.text, let target = entry["target"]?.text else {
                return nil
            }
            return "\(method) \(target)"
        }
    }

    /// What a map of this layer looks like now, in words.
    func state(of layer: String) throws -> String {
        try control("/colour?layers=\(layer)&styles=")["state"]?.text ?? ""
    }

    /// Writes as the administrator, through an edge or past it.
    @discardableResult
    static func write(
        _ method: String, _ path: String, _ body: String, type: String = "application/xml",
        at port: UInt16
    ) throws -> Response {
        try Viewer.ask(
            "/geoserver\(path)", at: port, method: method,
            [GeoServerPair.admin, "Content-Type: \(type)"], body: body)
    }
}

extension GeoServer {
    /// An edge in front of it alone, whose requests are for tiles.
    ///
    /// - Parameter maps: the origin's section `maps`, as a flow mapping has it within its braces.
    func edge(maps: String, in data: TemporaryDirectory) throws -> Edge {
        try Edge(
            origin: nil, loops: 2,
            configuration: """
                origins: { maps: { members: ["\(url)"], maps: { \(maps) } } }
                behaviors: [{ path: "*", class: tiles }]
                seeding: { host: edge.test }
                """, directory: data)
    }
}

/// Two GeoServers with one data directory behind an edge: `leader` takes the writes.
struct GeoServerPair {
    let data: TemporaryDirectory
    let leader: GeoServer
    let follower: GeoServer
    let edge: Edge

    static let admin = "Authorization: Basic YWRtaW46Z2Vvc2VydmVy"

    /// - Parameters:
    ///   - cluster: lines of the section `cluster`, beside leader and credentials.
    ///   - choosesLeader: `leader: auto`.
    ///   - pool: lines of the origin's section.
    init(
        _ cluster: String..., sync: String = "reload", choosesLeader: Bool = false,
        pool: [String] = []
    ) throws {
        data = try TemporaryDirectory()
        leader = try GeoServer("leader", data: data)
        follower = try GeoServer("follower", data: data)
        let secret = try data.write("credentials", "admin:geoserver\n")
        chmod(secret, 0o600)
        var lines = ["cluster:", "  sync: \(sync)"]
        if sync != "none" {
            let name = choosesLeader ? "auto" : leader.url
            lines += ["  leader: \"\(name)\"", "  credentials: \(secret)"]
        }
        lines += cluster.map { "  " + $0 }
        let text = Configured.text(members: [leader.url, follower.url], pool: pool + lines)
        edge = try Edge(origin: nil, loops: 2, configuration: text, directory: data)
    }

    /// Sends a write through the edge, as an administrator.
    @discardableResult
    func write(
        _ method: String, _ path: String, _ body: String, type: String = "application/xml"
    ) throws -> Response {
        try GeoServer.write(method, path, body, type: type, at: edge.port)
    }

    /// Another body for the style of a layer, which capabilities do not show.
    func restyle(_ number: Int) throws -> Response {
        try write(
            "PUT", "/rest/styles/roads", "<StyledLayerDescriptor>\(number)</StyledLayerDescriptor>",
            type: "application/vnd.ogc.sld+xml")
    }

    /// Another title for a layer, which capabilities do show.
    func retitle(_ title: String) throws -> Response {
        try write(
            "PUT", "/rest/workspaces/geonode/datastores/postgis/featuretypes/roads",
            "<featureType><name>roads</name><title>\(title)</title></featureType>")
    }

    func map(_ layer: String = "geonode:roads", _ more: String = "") -> String {
        "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=\(layer)&STYLES="
            + "&SRS=EPSG:4326&BBOX=-90,0,0,90&WIDTH=256&HEIGHT=256&FORMAT=image/png\(more)"
    }

    /// The members of the cluster as `/status` shows them: leader, then follower.
    func members() throws -> [JSON] {
        let status = try JSON(edge.admin("/status").text)
        return status["clusters"]?.elements.first?["members"]?.elements ?? []
    }

    /// Waits until the members are in these states.
    func become(_ states: String...) throws -> Bool {
        try eventually {
            try members().compactMap { $0["state"]?.text } == states ? true : nil
        } ?? false
    }
}
