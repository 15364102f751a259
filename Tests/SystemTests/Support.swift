import Testing
import WireTesting

/// An edge with an origin of its own and a configuration file.
struct Configured {
    let origin: Origin
    let edge: Edge
    let directory: TemporaryDirectory

    /// - Parameters:
    ///   - pool: lines of the origin's section, such as `firstByteTimeout: 300ms`.
    ///   - sections: further lines of the file.
    init(
        pool: String..., sections: [String] = [], arguments: [String] = [], loops: Int = 1
    ) throws {
        origin = try Origin()
        directory = try TemporaryDirectory()
        let text = Configured.text(members: [origin.url], pool: pool, sections: sections)
        edge = try Edge(
            origin: nil, loops: loops, arguments: arguments, configuration: text,
            directory: directory)
    }

    static func text(members: [String], pool: [String] = [], sections: [String] = []) -> String {
        let lines = ["members: [\(members.map { "\"\($0)\"" }.joined(separator: ", "))]"] + pool
        return (["origins:", "  default:"] + lines.map { "    " + $0 } + sections)
            .joined(separator: "\n") + "\n"
    }
}

/// A body that tells which key it belongs to, in every part, and how long it is.
func keyedBody(_ key: Int) -> String {
    let line = "this is the body of key \(key), and of no other one.\n"
    return String(repeating: line, count: 1 + key * key * 37 % 2000)
}

extension Response {
    /// It came from the store, by its own word.
    var isHit: Bool { self["Cache-Status"]?.contains("; hit") == true }
}

extension TemporaryDirectory {
    /// Runs a program to its end: its exit status, and all that it said.
    func run(_ program: String, _ words: [String]) throws -> (exit: Int?, output: String) {
        let file = file("output-\(Serial.next())")
        let child = try Child(program, words, output: file)
        let exit = child.waitForExit(within: 60_000)
        return (exit, try readFile(file) + child.wholeLog)
    }
}

/// The unmodified `aws` command of `conf/python-packages.txt`; nil where it was not installed.
let awsCommand = firstExecutable("\(projectRoot)/.build/python/bin/aws")

/// Has the `aws` command ask an edge's control API.
///
/// - Parameter byVariable: tells it where that is by the environment alone.
func awsCloudFront(
    _ edge: Edge, _ words: [String], _ directory: TemporaryDirectory, byVariable: Bool = false
) throws -> (exit: Int?, output: String) {
    let url = "http://127.0.0.1:\(edge.adminPort)"
    let program = try #require(awsCommand)
    let (exit, output) = try directory.run(
        "/usr/bin/env",
        [
            // Nothing of this machine's own settings.
            "-i", "HOME=/nonexistent", "PATH=/usr/bin:/bin",
            "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b",
            "AWS_DEFAULT_REGION=us-east-1", "AWS_PAGER=",
            "AWS_EC2_METADATA_DISABLED=true",
        ]
            + (byVariable
                ? ["AWS_ENDPOINT_URL_CLOUDFRONT=\(url)", program]
                : [program, "--endpoint-url", url])
            + ["cloudfront"] + words)
    return (exit, output.split(separator: "\n").joined(separator: "\n"))
}

extension Edge {
    /// Whether all that waits for the store's writer gets written.
    var hasWrittenAll: Bool {
        get throws {
            try eventually { try metric("mapedge_store_backlog_bytes") == 0 ? true : nil } == true
        }
    }

    /// So many viewers who have all asked the same.
    func crowd(_ count: Int, _ request: String) throws -> [Viewer] {
        try (0..<count).map { _ in
            let viewer = try viewer()
            try viewer.send(request)
            return viewer
        }
    }
}
