import CloudFront
import Edge
import Reactor

/// What a distribution's configuration refers to by ids and does not hold.
struct DistributionReferences: Sendable {
    var catalog = PolicyCatalog()
    /// Policies that were read, as the control API tells them.
    var policies: [PolicyKind: [PolicyRecord]] = [:]
    var signers = SignerKeys()

    /// All policies, those of CloudFront first.
    var all: [PolicyKind: [PolicyRecord]] {
        var all = policies
        for kind in PolicyKind.allCases {
            all[kind] = PolicyRecord.managed(kind) + (policies[kind] ?? [])
        }
        return all
    }
}

extension DistributionReferences {
    /// Reads a directory with the outputs of `get-cache-policy`, `get-origin-request-policy`,
    /// `get-response-headers-policy`, `get-public-key` and `get-key-group`, a file each, or of
    /// `list-cache-policies` and its like, which hold many.
    mutating func read(_ directory: Given, _ findings: Findings) {
        for file in documents(in: directory, findings) {
            guard let node = readDocument(file, findings) else { continue }
            let name = String(
                file.split(separator: "/").last?.split(separator: ".").first ?? "")
            add(node, named: name, in: file, findings)
        }
    }

    /// Takes one such output.
    ///
    /// - Parameter name: stands for the id where the output has none.
    mutating func add(
        _ node: ConfigNode, named name: String, in file: String, _ findings: Findings
    ) {
        for kind in PolicyKind.allCases.map(\.rawValue) + SignerKind.allCases.map(\.rawValue) {
            if let list = node["\(kind)List"] { return add(list, of: kind, in: file, findings) }
        }
        if signers.add(node, named: name, in: file, findings) { return }
        let found = catalog.add(node, id: name)
        findings.note(found, in: file)
        if !found.contains(where: { $0.kind == .error }) { record(node, named: name) }
    }

    /// What `list-…` wrote: the same documents, one behind the other.
    private mutating func add(
        _ list: ConfigNode, of kind: String, in file: String, _ findings: Findings
    ) {
        for item in list["Items"]?.list ?? [] {
            // A key's summary is its configuration, with the id in it.
            let isSummary = kind == SignerKind.publicKey.rawValue
            let document = isSummary ? item.summarized : item
            add(document, named: "", in: file, findings)
        }
        guard let next = list.text("NextMarker"), !next.isEmpty else { return }
        findings.warning(
            at: .line(file: file, max(1, list.line)),
            "the \(kind)List is not whole: it goes on at \(printable(next))",
            "save the rest beside it, with --marker \(printable(next))")
    }

    private mutating func record(_ node: ConfigNode, named name: String) {
        let kind =
            PolicyKind.allCases.first {
                node[$0.rawValue] != nil || node["\($0.rawValue)Config"] != nil
            }
            ?? kind(ofBare: name)
        let outer = node[kind.rawValue]
        let config = (outer ?? node)["\(kind.rawValue)Config"] ?? node
        let id = outer?.text("Id") ?? name
        if PolicyRecord.managed(kind).contains(where: { $0.id == id }) { return }
        // The last of an id holds, as in the catalog.
        policies[kind]?.removeAll { $0.id == id }
        policies[kind, default: []].append(
            PolicyRecord(
                id: id, isManaged: false,
                lastModified: (outer?.text("LastModifiedTime")).flatMap {
                    milliseconds(ofPrinted: $0)
                } ?? 0, config: config))
    }

    /// Where the catalog put a configuration without an envelope.
    private func kind(ofBare name: String) -> PolicyKind {
        if catalog.cache[name] != nil { return .cache }
        return catalog.originRequest[name] != nil ? .originRequest : .responseHeaders
    }

    private func documents(in directory: Given, _ findings: Findings) -> [String] {
        do throws(SystemError) {
            return try fileNames(in: directory.text)
                .filter { isDocument($0, [".json", ".yaml", ".yml"]) }
                .map { "\(directory.text)/\($0)" }
        } catch {
            findings.error(
                at: directory.place,
                "\"\(printable(directory.text))\" cannot be read: \(error.reason)",
                "name a directory with the output of get-cache-policy, or list-cache-policies, and "
                    + "their like")
            return []
        }
    }
}

extension ConfigNode {
    /// A PublicKeySummary as a PublicKey.
    fileprivate var summarized: ConfigNode {
        .map(["PublicKey": .map(["Id": self["Id"], "PublicKeyConfig": self])])
    }
}

extension Distribution {
    /// Reads what `aws cloudfront get-distribution-config` or `get-distribution` wrote, or a bare
    /// DistributionConfig; nil after mistakes were noted.
    static func read(
        _ node: ConfigNode, in path: String, _ catalog: PolicyCatalog, _ findings: Findings,
        logging secrets: LoggedSecrets = LoggedSecrets()
    ) -> Distribution? {
        let reading = Distribution.read(node, catalog, isExport: true)
        findings.note(reading.findings.applying(secrets), in: path)
        return reading.value
    }
}

extension [ConfigFinding] {
    /// Those that hold for an access log with these secrets: with the values of cookies in it
    /// nothing is amiss with IncludeCookies.
    func applying(_ secrets: LoggedSecrets) -> [ConfigFinding] {
        guard secrets.showsCookies else { return self }
        return filter { $0.kind != .notEmulated || !$0.path.hasSuffix("Logging.IncludeCookies") }
    }
}

extension Finding {
    /// What the readers of CloudFront's documents say, as ``Findings`` takes it.
    static func all(_ found: [ConfigFinding], in file: String) -> [Finding] {
        let findings = Findings()
        findings.note(found, in: file)
        return findings.all
    }

    /// The same of a document that no file holds.
    var withoutPlace: Finding {
        var finding = self
        finding.place = .standard
        return finding
    }
}

extension Findings {
    /// Takes what the readers of CloudFront's documents say. Warnings of the same words, which
    /// many behaviors may get, are told once, at the first, and so are notes, and policies that
    /// are not there; what has no effect, at each place, since each has to be looked at.
    func note(_ found: [ConfigFinding], in file: String) {
        for finding in found {
            guard finding.isToldOnce else {
                note(finding, others: 0, in: file)
                continue
            }
            let alike = found.filter { $0.hasWords(of: finding) }
            if alike[0] == finding { note(finding, others: alike.count - 1, in: file) }
        }
    }

    private func note(_ finding: ConfigFinding, others: Int, in file: String) {
        let place = Finding.Place.line(file: file, max(finding.line, 1))
        let more = others == 0 ? "" : " and \(others) more"
        let path = finding.path.isEmpty ? "" : "\(finding.path)\(more): "
        switch finding.kind {
        case .error: error(at: place, path + finding.problem, finding.remedy)
        case .warning: warning(at: place, path + finding.problem, finding.remedy)
        case .notEmulated:
            warning(at: place, "\(path)not emulated: \(finding.problem)", finding.remedy)
        case .note: self.note(at: place, path + finding.problem, finding.remedy)
        }
    }
}

extension ConfigFinding {
    /// One remedy serves all places.
    fileprivate var isToldOnce: Bool {
        let isMissing = [
            .noSuchCachePolicy, .noSuchOriginRequestPolicy, .noSuchResponseHeadersPolicy,
        ].contains(code)
        return kind == .warning || kind == .note || kind == .error && isMissing
    }

    fileprivate func hasWords(of other: ConfigFinding) -> Bool {
        kind == other.kind && problem == other.problem && remedy == other.remedy
    }
}
