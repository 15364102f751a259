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
