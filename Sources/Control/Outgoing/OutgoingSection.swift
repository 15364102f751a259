import Caching
import CloudFront
import Edge
import Reactor

extension ConfigurationReader {
    /// The keys of `cloudfront`.
    mutating func readCloudFront(_ section: Section) {
        var section = section
        if let invalidate = section.section("invalidate") { readOutgoing(invalidate) }
        section.finish()
    }

    private mutating func readOutgoing(_ section: Section) {
        var section = section
        var outgoing = OutgoingSettings()
        section.read("distribution", &outgoing.distribution, .outgoingDistribution)
        section.read("tagHeader", &outgoing.tagHeader, .fieldName)
        outgoing.items.hasTags = outgoing.tagHeader != nil
        if let paths = section.list("maps") {
            outgoing.items.maps = paths.compactMap { $0.read(.outgoingPath, findings) }
        }
        if let paths = section.list("pages") {
            outgoing.items.pages = paths.compactMap { $0.read(.outgoingPath, findings) }
        }
        section.read("targets", &outgoing.items.includesTargets, .flag)
        section.read("gather", &outgoing.limits.gather, .duration(0...3_600_000))
        section.read("items", &outgoing.limits.items, .count(10...InvalidationBatch.itemsMax))
        section.read("paths", &outgoing.limits.paths, .count(10...1_000_000))
        section.read("wildcards", &outgoing.limits.wildcards, .count(1...10_000))
        section.read("poll", &outgoing.limits.poll, .duration(100...3_600_000))
        section.read("region", &outgoing.region, .region)
        section.read("endpoint", &outgoing.endpoint, .serviceURL)
        section.finish()
        if !section.has("distribution"), outgoing != OutgoingSettings() {
            findings.error(
                at: section.place, "cloudfront.invalidate does not say which distribution is told",
                "write its id: distribution: E1234567890ABC")
        }
        configuration.outgoing = outgoing
        configuration.settings.outgoingTagField =
            outgoing.distribution == nil ? [] : Array((outgoing.tagHeader ?? "").utf8)
    }

    /// Notes what is each possible but not together.
    func checkOutgoing() {
        let outgoing = configuration.outgoing
        guard outgoing.distribution != nil else { return }
        let name = "cloudfront.invalidate"
        for key in ["maps", "pages"]
        where outgoing.items.hasTags && findings.isGiven("\(name).\(key)") {
            findings.warning(
                at: findings.place(of: "\(name).\(key)"),
                "\(name).\(key) is for a distribution without cache tags, and tagHeader names some",
                "remove one of the two")
        }
        if outgoing.limits.wildcards > InvalidationQuota.wildcardsMax
            || outgoing.limits.paths > InvalidationQuota.pathsMax
        {
            findings.warning(
                at: findings.place(of: name),
                "\(name) goes beyond CloudFront's quotas of \(InvalidationQuota.pathsMax) paths "
                    + "and \(InvalidationQuota.wildcardsMax) wildcards in progress",
                "keep it only if AWS has raised them for this account")
        }
        if !configuration.settings.writes.isOn {
            findings.warning(
                at: findings.place(of: name),
                "CloudFront is told of writes, but they are not observed",
                "write enabled: true under writes, or remove \(name)")
        }
        checkNotOwn(outgoing, name)
    }

    /// An edge that tells itself would never come to an end.
    private func checkNotOwn(_ outgoing: OutgoingSettings, _ name: String) {
        guard let text = outgoing.endpoint ?? configuration.aws.endpoint,
            let url = ServiceURL(text)
        else { return }
        guard url.isOne(of: configuration.admin) else { return }
        findings.error(
            at: findings.place(of: "\(name).endpoint"),
            "the edge would tell its own admin port of each invalidation, without end",
            "name another endpoint, or none for CloudFront itself")
    }
}

extension ServiceURL {
    /// Whether it names an address on which this process listens.
    func isOne(of endpoints: [Endpoint]) -> Bool {
        let isHere = ["localhost", "127.0.0.1", "::1"].contains(host)
        return endpoints.contains { endpoint in
            guard case .ip(let address) = endpoint, address.port == port else { return false }
            return "\(address)" == authority || address.isLoopback && isHere
        }
    }
}

extension ValueForm where Value == String {
    /// CloudFront's begin with E; those of what stands for it begin with anything.
    fileprivate static var outgoingDistribution: Self {
        Self { text throws(Complaint) in
            let isID =
                (1...64).contains(text.utf8.count)
                && text.utf8.allSatisfy { ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 }
            guard isID else {
                throw Complaint(
                    "is no distribution's id", "write letters and digits: E1234567890ABC")
            }
            return text
        }
    }
}

extension ValueForm where Value == InvalidationPath {
    /// A path as CreateInvalidation takes it.
    fileprivate static var outgoingPath: Self {
        Self { text throws(Complaint) in
            guard text.hasPrefix("/"), let path = try? InvalidationPath(text) else {
                throw Complaint(
                    "is no path that CloudFront invalidates",
                    "begin it with /, and end it with * for all that begins so: /geoserver/*")
            }
            return path
        }
    }
}
