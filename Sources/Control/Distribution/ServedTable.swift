import Caching
import CloudFront
import Edge

extension Configuration {
    /// What of a distribution would be served, for a person: its origins, and its behaviors in the
    /// order in which they are tried; empty where none is.
    public var servedLines: [String] {
        guard let imported = settings.distribution else { return [] }
        let config = imported.distribution.config
        let title =
            "distribution \(imported.id) (\(imported.domainName)): origins "
            + "\(config.origins.count), behaviors \(settings.behaviors.count)"
        let origins = settings.origins.map { origin in
            [
                origin.id, origin.members.map(\.name).joined(separator: ", "),
                origin.hostHeader ?? "", origin.path.isEmpty ? "/" : origin.path,
            ]
        }
        let behaviors = settings.behaviors.compactMap { settings -> [String]? in
            settings.imported.map { row(settings, $0.behavior, config.origins) }
        }
        return [title] + columns([["ORIGIN", "ASKED AT", "HOST", "PATH"]] + origins)
            + columns([["PATTERN", "TARGET", "MIN/DEFAULT/MAX", "CLASS", "KEY"]] + behaviors)
    }

    private func row(
        _ settings: BehaviorSettings, _ behavior: Behavior, _ origins: [Origin]
    ) -> [String] {
        let target =
            switch behavior.target {
            case .origin(let index): origins[index].id
            case .group(let first, let second, _):
                "\(origins[first].id), else \(origins[second].id)"
            }
        let policy = settings.policy
        let times = [policy.minTTL, policy.defaultTTL, policy.maxTTL].map { durationText($0) }
        return [
            behavior.pathPattern, target, times.joined(separator: "/"), "\(policy.mapClass)",
            policy.disablesCaching ? "nothing is stored" : behavior.key.words,
        ]
    }

    private func columns(_ rows: [[String]]) -> [String] {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { index, text in
                index == count - 1
                    ? text : text + String(repeating: " ", count: widths[index] - text.count)
            }
            return "  " + cells.map(printable).joined(separator: "  ")
        }
    }
}

extension KeySelection {
    /// What of a request is in the key beside host and path, for a person.
    fileprivate var words: String {
        var parts: [String] = []
        if queryStrings.mode != .none { parts.append("query \(queryStrings.words)") }
        if !headers.isEmpty { parts.append("headers \(headers.texts.joined(separator: " "))") }
        if cookies.mode != .none { parts.append("cookies \(cookies.words)") }
        if codings.contains(.gzip) { parts.append("gzip") }
        if codings.contains(.brotli) { parts.append("br") }
        return parts.isEmpty ? "path" : "path, " + parts.joined(separator: ", ")
    }
}

extension NameSelection {
    fileprivate var words: String {
        let list = names.texts.joined(separator: " ")
        return switch mode {
        case .none: "none"
        case .all: "all"
        case .list: list
        case .allExcept: "all but \(list)"
        }
    }
}
