import Edge
import Synchronization
import Yams

/// The distribution in force and what is known of it, as `GET /status` has it: what `check` says of
/// an export, of whatever was put in its place since.
struct DistributionStatus {
    var id: String
    var findings: [Finding]

    var json: JSON {
        .object([
            ("id", .text(id)),
            (
                "findings",
                .list(
                    findings.map { finding in
                        .object([
                            ("severity", .text(finding.severity.word)),
                            ("text", .text(finding.text)),
                        ])
                    })
            ),
        ])
    }

    /// The same for a person, without the notes.
    static func lines(_ node: Node) -> [String] {
        let warnings = (node["findings"]?.sequence ?? []).filter {
            $0["severity"]?.scalar?.string == Finding.Severity.warning.word
        }
        let title =
            "distribution \(node["id"]?.scalar?.string ?? "-"): \(warnings.count) warnings"
        return [title] + warnings.map { "  \($0["text"]?.scalar?.string ?? "-")" }
    }
}

extension DistributionStatus {
    /// - Returns: nil where no distribution is served.
    init?(_ configuration: Configuration) {
        guard let record = configuration.distribution?.record else { return nil }
        self.init(id: record.id, findings: configuration.distributionFindings)
    }
}

extension Finding.Severity {
    /// As metrics and the status name it.
    var word: String {
        switch self {
        case .error: "error"
        case .warning: "warning"
        case .note: "note"
        }
    }
}

extension Service {
    /// How much is known of the distribution in force; nothing where none is served.
    var distributionSamples: [CounterSample] {
        let configuration = state.withLock { $0.configuration }
        guard let status = DistributionStatus(configuration) else { return [] }
        return [Finding.Severity.warning, .note].map { severity in
            CounterSample(
                name: "mapedge_distribution_findings",
                help: "what check says of the distribution in force; the log and /status have it "
                    + "in words",
                kind: .gauge, labels: [("severity", severity.word)],
                value: Double(status.findings.count { $0.severity == severity }))
        }
    }
}
