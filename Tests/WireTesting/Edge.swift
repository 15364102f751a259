import Glibc

/// A running `mapedge serve`, with its cache in a directory of its own.
public final class Edge: Sendable {
    public let child: Child
    public let port: UInt16
    public let adminPort: UInt16
    private let directory: TemporaryDirectory

    /// Starts the edge on free ports and returns once it listens.
    ///
    /// - Parameters:
    ///   - origin: a URL, or several with commas between; nil when the configuration names them.
    ///   - configuration: text of a configuration file; none by default.
    ///   - directory: holds the cache; give the same again to start on what it kept.
    ///   - listen: where it listens; nil when the configuration says so.
    ///   - environment: variables of its own, such as `AWS_REGION=us-east-1`.
    ///   - openFiles: a limit on descriptors, set before the edge starts.
    public init(
        origin: String?, mode: String = "rfc9111", loops: Int = 1, cacheSize: String = "64MiB",
        arguments: [String] = [],
        configuration: String? = nil, directory: TemporaryDirectory? = nil,
        listen: String? = "127.0.0.1:0", environment: [String] = [], openFiles: Int? = nil,
        output: String = "/dev/null"
    ) throws {
        self.directory = try directory ?? TemporaryDirectory()
        var words = ["serve"]
        if let configuration {
            words += ["--config", try self.directory.write("mapedge.yaml", configuration)]
        }
        if let origin { words += ["--origin", origin] }
        if let listen { words += ["--listen", listen] }
        words += [
            "--admin", "127.0.0.1:0", "--cache",
            self.directory.file("cache"), "--cache-size", cacheSize, "--mode", mode, "--loops",
            "\(loops)",
        ]
        words += arguments
        if let openFiles {
            let command = "ulimit -n \(openFiles); exec \"$0\" \"$@\""
            child = try Child("/bin/sh", ["-c", command, Edge.program] + words, output: output)
        } else if !environment.isEmpty {
            child = try Child(
                "/usr/bin/env", environment + [Edge.program] + words, output: output)
        } else {
            child = try Child(Edge.program, words, output: output)
        }
        port = try Edge.port("listening on http", of: child)
        adminPort = try Edge.port("admin on http://", of: child)
    }

    /// The built executable, beside the test bundle.
    public static var program: String {
        if let path = getenv("MAPEDGE_PROGRAM") { return String(cString: path) }
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let path = String(
            decoding: buffer[..<max(0, count)].map(UInt8.init(bitPattern:)), as: UTF8.self)
        return path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/") + "/mapedge"
    }

    private static func port(_ mark: String, of child: Child) throws -> UInt16 {
        guard let line = child.line(with: mark) else {
            throw WireError("the edge did not say \"\(mark)\": \(child.log)")
        }
        let digits = line.split(separator: ":").last?.prefix { $0.isNumber } ?? ""
        guard let port = UInt16(digits) else { throw WireError("no port in \"\(line)\"") }
        return port
    }

    public func viewer() throws -> Viewer { try Viewer(port: port) }

    /// One request on a connection of its own.
    public func get(
        _ path: String, host: String = "edge.test", _ fields: String...
    ) throws -> Response {
        try Viewer.ask(path, at: port, host: host, fields)
    }

    /// One request to the admin port.
    public func admin(
        _ path: String, method: String = "GET", _ fields: String..., body: String? = nil
    ) throws -> Response {
        let body = body ?? (method == "POST" ? "" : nil)
        return try Viewer.ask(
            path, at: adminPort, method: method, host: "localhost", fields, body: body)
    }
}

extension Edge {
    /// A number of `/metrics` that has no labels.
    public func metric(_ name: String) throws -> Int {
        try admin("/metrics").metric(name)
    }
}

/// One edge and one origin for all tests that need nothing special of them.
///
/// An edge that a test brought down is replaced, so that the others still tell something.
public enum SharedEdge {
    private struct State {
        var edges: [String: Edge] = [:]
        var isRegistered = false
    }
    private static let state = Monitor(State())
    private static let sharedOrigin = Result { try Origin() }

    public static func origin() throws -> Origin { try sharedOrigin.get() }

    public static func edge(mode: String = "rfc9111") throws -> Edge {
        let origin = try origin()
        return try state.with { state in
            if !state.isRegistered {
                state.isRegistered = true
                // Statics are never deinitialised: the processes and directories are ended here.
                atexit { SharedEdge.endAll() }
            }
            if let edge = state.edges[mode], edge.child.isRunning { return edge }
            // Large enough that what one test stores leaves room for the others.
            let edge = try Edge(origin: origin.url, mode: mode, cacheSize: "512MiB")
            state.edges[mode] = edge
            return edge
        }
    }

    private static func endAll() { state.with { $0.edges = [:] } }
}
