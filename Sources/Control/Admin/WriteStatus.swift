import Edge
import Yams

/// What writes made stale lately, as `GET /status` tells it.
struct WriteStatus: Equatable {
    /// Writes of which is not known yet what became of them.
    var open = 0
    /// Those whose scope will be put in force once more.
    var repeating = 0
    /// What the latest ones touched, the last one first.
    var latest: [String] = []

    init() {}

    init(_ invalidations: Invalidations) {
        (open, repeating) = invalidations.pendingWrites
        latest = invalidations.latestScopes(5).map(\.words)
    }

    /// nil where there is nothing to tell.
    var json: JSON? {
        if self == WriteStatus() { return nil }
        return .object([
            ("open", .number(Int64(open))), ("repeating", .number(Int64(repeating))),
            ("latest", .list(latest.map { JSON.text($0) })),
        ])
    }

    /// The same as a line for a person.
    static func line(_ node: Node) -> String {
        let latest = node["latest"]?.sequence?.first?.scalar?.string
        let counts =
            "writes: \(node["open"]?.scalar?.string ?? "0") open, "
            + "\(node["repeating"]?.scalar?.string ?? "0") to be repeated"
        return counts + (latest.map { "; the latest touched \($0)" } ?? "")
    }
}
