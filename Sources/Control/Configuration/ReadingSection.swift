import Caching
import Edge

// What CloudFront does not document, as the file says that it is to be read.
extension ConfigurationReader {
    /// The readings of a behavior of the file's own.
    func readReadings(_ section: inout Section, _ policy: inout BehaviorPolicy, _ mode: Mode) {
        for reading in Reading.all {
            var value = policy[keyPath: reading.flag]
            section.read(reading.key, &value, .flag)
            if value != policy[keyPath: reading.flag],
                isOfUse(reading.key, reading.scope, section, mode)
            {
                policy[keyPath: reading.flag] = value
            }
        }
        var statuses = policy.cachedStatuses
        section.readStatuses(&statuses, findings)
        if statuses != policy.cachedStatuses, isOfUse("cachedStatuses", .cloudFront, section, mode)
        {
            policy.cachedStatuses = statuses
        }
    }

    /// Whether a reading other than the default does anything; it is noted where it does not.
    private func isOfUse(
        _ key: String, _ scope: Reading.Scope, _ section: Section, _ mode: Mode
    ) -> Bool {
        let reason: (problem: String, remedy: String)? =
            switch scope {
            case .any: nil
            case .cloudFront:
                mode == .cloudfront
                    ? nil
                    : ("does nothing in mode rfc9111", "remove it, or choose mode: cloudfront")
            case .distribution:
                (
                    "is about behaviors of a distribution, and there is none",
                    "remove it, or add distribution.file"
                )
            }
        guard let reason else { return true }
        findings.error(
            at: findings.place(of: section.name + key), "\(section.name)\(key) \(reason.problem)",
            reason.remedy)
        return false
    }

    /// What lets an invalidation be undone is for those who look at CloudFront, not for an edge
    /// that others rely on.
    func checkLateFetches() {
        guard configuration.settings.role == .tier else { return }
        let count = max(behaviors.count, distribution.additions.count)
        let isLate = configuration.settings.behaviors.contains { $0.policy.storesLateFetches }
        for index in 0..<count where isLate {
            let name = "behaviors[\(index)].storesLateFetches"
            guard findings.isGiven(name) else { continue }
            findings.error(
                at: findings.place(of: name),
                "\(name) lets what an invalidation has cleared come back, in role tier",
                "remove it, or choose role: twin")
        }
    }
}

extension Section {
    /// The key `cachedStatuses`: a list.
    mutating func readStatuses(_ statuses: inout StatusSet, _ findings: Findings) {
        guard let list = list("cachedStatuses") else { return }
        statuses = StatusSet(list.compactMap { $0.read(.undocumentedStatus, findings) })
    }
}

extension ValueForm where Value == Int {
    /// A status of which CloudFront does not say whether it is kept.
    fileprivate static var undocumentedStatus: Self {
        Self { text throws(Complaint) in
            guard let status = Int(text), StatusSet.all.contains(status) else {
                let all = StatusSet.all.map(String.init).joined(separator: ", ")
                throw Complaint(
                    "is no status that CloudFront says nothing about", "use some of \(all)")
            }
            return status
        }
    }
}
