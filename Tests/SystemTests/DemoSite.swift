import Glibc
import WireTesting

/// `mapedge demo` on free ports, with the map data that `make run` uses too.
struct DemoSite {
    static let isPossible =
        ["/usr/sbin/lighttpd", "/usr/bin/mapserv", "/usr/bin/ogr2ogr"].allSatisfy(isExecutable)

    let child: Child
    /// Of the edge, without a slash at its end.
    let url: String
    let adminPort: UInt16

    init() throws {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        child = try Child(
            "/bin/sh",
            [
                "-c", "exec \"$0\" \"$@\" 1>&2", Edge.program, "demo", "--listen",
                "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data", "\(root)/demo-data",
                "--recipes", "\(root)/conf/demo",
            ])
        guard child.line(with: "Ctrl-C ends everything", within: 300_000) != nil,
            let open = child.line(with: "open  http"), let status = child.line(with: "/status"),
            let url = Self.url(in: open), let admin = Self.url(in: status)?.dropLast(7),
            let port = admin.split(separator: ":").last.flatMap({ UInt16($0) })
        else { throw WireError("the demo did not start: \(child.log)") }
        self.url = String(url.last == "/" ? url.dropLast() : url[...])
        adminPort = port
    }

    private static func url(in line: String) -> String? {
        line.firstRange(of: "http://").map {
            String(line[$0.lowerBound...].prefix { $0 != " " })
        }
    }

    /// The port that viewers connect to.
    var port: UInt16? { url.split(separator: ":").last.flatMap { UInt16($0) } }

    /// A number of the edge's `/metrics` that has no labels.
    func metric(_ name: String) throws -> Int {
        try Viewer.ask("/metrics", at: adminPort, host: "localhost").metric(name)
    }

    /// One of the tile servers' own ports.
    func memberPort() throws -> UInt16 {
        let text = try Viewer.ask("/status", at: adminPort, host: "localhost").text
        let maps = try JSON(text)["origins"]?.elements.first { $0["id"]?.text == "maps" }
        guard let name = maps?["members"]?.elements.first?["name"]?.text,
            let port = name.split(separator: ":").last.flatMap({ UInt16($0) })
        else { throw WireError("no member of maps in \(text)") }
        return port
    }
}
