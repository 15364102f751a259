import Caching
import CloudFront
import Edge
import Reactor

// The distribution, when the file and the flags were read.
extension ConfigurationReader {
    /// Reads the export with what it refers to, and makes its origins and behaviors the edge's.
    mutating func settleDistribution(_ file: Given) {
        checkMode(beside: file)
        var references = DistributionReferences()
        if let directory = distribution.policies { references.read(directory, findings) }
        for node in distribution.policyDocuments {
            references.add(node, named: "", in: file.text, findings)
        }
        for (id, file) in distribution.keys { references.signers.add(id, file: file, findings) }
        let id = distribution.id?.read(.distributionID, findings)
        guard let node = distribution.document ?? readDocument(file, findings) else { return }
        guard
            let export = Distribution.read(
                node, in: file.text, references.catalog, findings, logging: accessLog.secrets)
        else {
            // A policy that is missing hides nothing of who may sign.
            if let config = DistributionConfig.read(node, isExport: true).value {
                findings.note(references.signers.findings(about: config), in: file.text)
            }
            return
        }
        takeAddresses(export.config)
        checkNames(export)
        for draft in origins {
            let domain = export.config.origins.first { $0.id == draft.settings.id }?.domainName
            _ = discover(draft, tlsName: domain)
        }
        let imported = DistributionImport(
            record: DistributionRecord(export.config, id: id), file: file.text,
            references: references, origins: origins, additions: distribution.additions,
            countries: distribution.countries,
            isStrictAboutAliases: distribution.isStrictAboutAliases,
            pointOfPresence: distribution.pointOfPresence, readings: distribution.readings)
        let before = findings.all.count
        imported.put(export, into: &configuration.settings, resolver, findings)
        configuration.distribution = imported
        warnOfPureBehaviors(export, file)
        noteObjectSize()
        configuration.distributionFindings =
            Finding.all(export.findings.applying(accessLog.secrets), in: file.text)
            + findings.all[before...]
    }

    /// CloudFront, "Quotas": 50 GB, and the connection is closed at what is larger.
    private func noteObjectSize() {
        let size = UInt64(configuration.settings.cache.objectBytes)
        guard size < 50_000_000_000 else { return }
        findings.note(
            at: findings.place(of: "cache.objectSize"),
            "cache.objectSize is \(bytesText(size)): what is larger passes unstored, where "
                + "CloudFront stores up to 50 GB and breaks off beyond",
            "raise it, and cache.size, if a case depends on it")
    }

    private func checkMode(beside file: Given) {
        guard configuration.settings.mode == .rfc9111 else { return }
        findings.error(
            at: findings.place(of: "mode"),
            "mode is rfc9111, and a distribution is served, which is CloudFront's by nature",
            "remove the mode, or \(file.name)")
    }

    /// `--origin ID=URL[,URL…]`: the addresses of one origin of the export.
    private mutating func takeAddresses(_ config: DistributionConfig) {
        let names = config.origins.map(\.id)
        var seen: Set<String> = []
        for given in distribution.addresses {
            guard let (id, list) = split(given, among: names) else { continue }
            if !seen.insert(id).inserted {
                findings.error(
                    at: given.place, "the origin \"\(printable(id))\" is given twice",
                    "write its members in one --origin, with commas between")
                continue
            }
            let members = list.split(separator: ",", omittingEmptySubsequences: false).map {
                MemberDraft(url: Given(name: given.name, text: String($0), place: given.place))
            }
            if let index = origins.firstIndex(where: { $0.settings.id == id }) {
                origins[index].members = members
                (origins[index].discovery, origins[index].isDiscovered) = (nil, false)
            } else {
                var draft = OriginDraft(members: members, place: given.place)
                draft.settings.id = id
                origins.append(draft)
            }
        }
    }

    // An id may hold any character, so that the longest known one that fits is taken.
    private func split(_ given: Given, among names: [String]) -> (id: String, list: Substring)? {
        let known = names.filter { given.text.hasPrefix("\($0)=") }.max { $0.count < $1.count }
        if let known { return (known, given.text.dropFirst(known.count + 1)) }
        let equals = given.text.firstIndex(of: "=")
        guard let equals, !given.text[..<equals].contains("://") else {
            if names.count == 1 { return (names[0], given.text[...]) }
            findings.error(
                at: given.place, "\(given.name) names no origin of the distribution",
                "write ID=URL with one of \(names.map(printable).joined(separator: ", "))")
            return nil
        }
        return (String(given.text[..<equals]), given.text[given.text.index(after: equals)...])
    }

    /// What is said of origins and behaviors that the distribution does not have.
    private func checkNames(_ export: Distribution) {
        let names = export.config.origins.map(\.id)
        for draft in origins {
            if !names.contains(draft.settings.id) {
                findings.error(
                    at: draft.place,
                    "the distribution has no origin \"\(printable(draft.settings.id))\"",
                    remedy(for: draft.settings.id, among: names))
            }
            checkCount(draft)
        }
        let patterns = export.behaviors.map(\.pathPattern)
        for (index, addition) in distribution.additions.enumerated() {
            let text = addition.pattern.text
            if !patterns.contains(where: addition.concerns) {
                findings.error(
                    at: addition.pattern.place,
                    "the distribution has no behavior \"\(printable(text))\"",
                    remedy(for: text, among: patterns))
            } else if distribution.additions[..<index].contains(where: { $0.concerns(text) }) {
                findings.error(
                    at: addition.pattern.place,
                    "the behavior \"\(printable(text))\" is given twice", "keep one of them")
            }
        }
    }

    private func warnOfPureBehaviors(_ export: Distribution, _ file: Given) {
        let patterns = export.behaviors.map(\.pathPattern)
        let pure = patterns.filter { pattern in
            !distribution.additions.contains { $0.mapClass != nil && $0.concerns(pattern) }
        }
        guard let first = pure.first else { return }
        findings.warning(
            at: file.place,
            "\(pure.count) of \(patterns.count) imported behaviors have no class: they cache as "
                + "CloudFront does, sessions, Set-Cookie and Authorization included",
            "give them one in behaviors, such as - { path: \"\(first)\", class: pages }, or none "
                + "to be content")
    }
}
