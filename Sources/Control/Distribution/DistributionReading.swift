public import CloudFront
import Glibc

/// A distribution's export with its policies, as far as it could be read, and all that is to be
/// said about it: mistakes, what is not emulated, and what is known to surprise.
public struct DistributionReading: Sendable {
    public var distribution: Distribution?
    public var findings: [Finding]

    /// Reads what `aws cloudfront get-distribution-config` wrote, and the policies beside it.
    ///
    /// - Parameters:
    ///   - path: the export, unmodified; `get-distribution` and a bare DistributionConfig will do.
    ///   - policies: a directory with the output of `get-cache-policy`, `get-origin-request-policy`
    ///     and `get-response-headers-policy`, a file each; nil where only managed ones are named.
    public static func read(_ path: String, policies: String?) -> DistributionReading {
        let findings = Findings()
        var catalog = PolicyCatalog()
        for file in policyFiles(policies, findings) {
            guard let node = readDocument(file, findings) else { continue }
            let name = file.split(separator: "/").last?.split(separator: ".").first ?? ""
            note(catalog.add(node, id: String(name)), in: file, findings)
        }
        guard let node = readDocument(path, findings) else {
            return DistributionReading(distribution: nil, findings: findings.all)
        }
        let config = DistributionConfig.read(node)
        note(config.findings, in: path, findings)
        guard let value = config.value else {
            return DistributionReading(distribution: nil, findings: findings.all)
        }
        let resolved = Distribution.resolve(value, catalog)
        note(resolved.findings, in: path, findings)
        return DistributionReading(
            distribution: findings.hasErrors ? nil : resolved.value, findings: findings.all)
    }

    private static func policyFiles(_ directory: String?, _ findings: Findings) -> [String] {
        guard let directory else { return [] }
        guard let stream = opendir(directory) else {
            findings.error(
                at: .flag("--policies"),
                "\"\(directory)\" cannot be read: \(String(cString: strerror(errno)))",
                "name a directory with the output of get-cache-policy and its like")
            return []
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let isDocument = [".json", ".yaml", ".yml"].contains { name.hasSuffix($0) }
            if isDocument, !name.hasPrefix(".") { names.append("\(directory)/\(name)") }
        }
        return names.sorted()
    }

    /// Warnings of the same words, which many behaviors may get, are told once, at the first.
    private static func note(_ found: [ConfigFinding], in file: String, _ findings: Findings) {
        for finding in found {
            guard finding.kind != .error else {
                note(finding, others: 0, in: file, findings)
                continue
            }
            let alike = found.filter { $0.hasWords(of: finding) }
            if alike[0] == finding { note(finding, others: alike.count - 1, in: file, findings) }
        }
    }

    private static func note(
        _ finding: ConfigFinding, others: Int, in file: String, _ findings: Findings
    ) {
        let place = Finding.Place.line(file: file, max(finding.line, 1))
        let more = others == 0 ? "" : " and \(others) more"
        let path = finding.path.isEmpty ? "" : "\(finding.path)\(more): "
        switch finding.kind {
        case .error: findings.error(at: place, path + finding.problem, finding.remedy)
        case .warning: findings.warning(at: place, path + finding.problem, finding.remedy)
        case .notEmulated:
            findings.warning(
                at: place, "\(path)not emulated: \(finding.problem)", finding.remedy)
        }
    }

    /// What it comes to, for a person.
    public var summary: String {
        guard let distribution else { return "the distribution is not usable" }
        let config = distribution.config
        return "the distribution is well formed: behaviors \(distribution.behaviors.count), "
            + "origins \(config.origins.count); warnings \(findings.count)"
    }
}

extension ConfigFinding {
    fileprivate func hasWords(of other: ConfigFinding) -> Bool {
        kind == other.kind && problem == other.problem && remedy == other.remedy
    }
}
