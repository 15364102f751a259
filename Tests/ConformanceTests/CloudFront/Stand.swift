import Glibc
import WireTesting

/// An edge that serves a distribution made for tests, and the origins behind it.
final class Stand: Sendable {
    let edge: Edge
    /// Behind the origin `one` of the distribution, and behind `two`.
    let origin: Origin
    let second: Origin
    let directory: TemporaryDirectory

    /// What a distribution has beside its lanes.
    struct Parts: Sendable {
        /// Members of origins `one` and `two`.
        var origin = ""
        var second = ""
        /// Items of OriginGroups.
        var groups: [String] = []
        /// Members of the DistributionConfig, each with a comma before it.
        var more = ""
        /// Text of a configuration file.
        var configuration: String?
        /// Further documents beside the policies.
        var documents: [(file: String, text: String)] = []
        var arguments: [String] = []
        var isEnabled = true
        /// Whether `one` and `two` get the addresses of the origins; else nobody listens there.
        var hasOrigins = true
    }

    init(_ lanes: [Lane], _ parts: Parts = Parts()) throws {
        origin = try Origin()
        second = try Origin()
        directory = try TemporaryDirectory()
        mkdir(directory.file("policies"), 0o700)
        let standard = Lane("standard")
        for (file, text) in (lanes + [standard]).flatMap({ $0.policies }) + parts.documents {
            _ = try directory.write("policies/\(file)", text)
        }
        let behaviors = lanes.map { $0.behavior($0.pattern ?? "/*/\($0.name)/*") }
        let text = """
            { "ETag": "E2QWRUHAPOMQZL", "DistributionConfig": {
              "CallerReference": "rows", "Comment": "", "Enabled": \(parts.isEnabled),
              "Origins": { "Quantity": 2, "Items": [
                \(Self.origin("one", parts.origin)),
                \(Self.origin("two", parts.second)) ] },
              "OriginGroups": { "Quantity": \(parts.groups.count),
                "Items": [\(parts.groups.joined(separator: ", "))] },
              "CacheBehaviors": { "Quantity": \(behaviors.count),
                "Items": [\(behaviors.joined(separator: ",\n"))] },
              "DefaultCacheBehavior": \(standard.behavior(nil))\(parts.more) } }
            """
        var arguments = [
            "--distribution", try directory.write("dist.json", text),
            "--policies", directory.file("policies"),
        ]
        let gone = "http://127.0.0.1:1"
        arguments += ["--origin", "one=\(parts.hasOrigins ? origin.url : gone)"]
        arguments += ["--origin", "two=\(parts.hasOrigins ? second.url : gone)"]
        edge = try Edge(
            origin: nil, mode: "cloudfront", arguments: arguments + parts.arguments,
            configuration: parts.configuration, directory: directory)
    }

    /// One that tests share: it is ended with the process.
    static func shared(_ lanes: [Lane], _ parts: Parts = Parts()) throws -> Stand {
        let stand = try Stand(lanes, parts)
        Stands.keep(stand)
        return stand
    }

    private static func origin(_ id: String, _ more: String) -> String {
        let members =
            more.contains("OriginConfig\"")
            ? more
            : "\"CustomOriginConfig\": { \"HTTPPort\": 80, \"HTTPSPort\": 443, "
                + "\"OriginProtocolPolicy\": \"http-only\" }" + (more.isEmpty ? "" : ", \(more)")
        return "{ \"Id\": \"\(id)\", \"DomainName\": \"\(id).invalid\", \(members) }"
    }
}

/// Those that tests share live until the process ends, and end with it.
private enum Stands {
    private struct State {
        var all: [Stand] = []
        var isRegistered = false
    }
    private static let state = Monitor(State())

    static func keep(_ stand: Stand) {
        state.with { state in
            state.all.append(stand)
            guard !state.isRegistered else { return }
            state.isRegistered = true
            atexit { Stands.endAll() }
        }
    }

    /// In order, as only so a process leaves its coverage behind.
    private static func endAll() { state.with { $0.all = [] } }
}
