// What one member of a distribution says of another.
extension DistributionConfig {
    func judge(_ log: FindingLog) {
        judgeTargets(log)
        judgeGroups(log)
        judgeBuckets(log)
        judgePatterns(log)
        judgeRepetition(log)
        if cacheBehaviors.count > 75 {
            log.warning(
                place("CacheBehaviors"),
                "\(cacheBehaviors.count) behaviors exceed CloudFront's quota", "keep to 75")
        }
        if origins.count > 100 {
            log.warning(
                place("Origins"), "\(origins.count) origins exceed CloudFront's quota",
                "keep to 100")
        }
    }

    private func judgeTargets(_ log: FindingLog) {
        let names = origins.map { $0.id } + originGroups.map { $0.id }
        for behavior in cacheBehaviors + [defaultCacheBehavior]
        where !behavior.targetOriginId.isEmpty && !names.contains(behavior.targetOriginId) {
            log.error(
                behavior.place.member("TargetOriginId"),
                "no origin is named \"\(behavior.targetOriginId)\"", Self.oneOf(names),
                code: .noSuchOrigin)
        }
    }

    private func judgeGroups(_ log: FindingLog) {
        let names = origins.map { $0.id }
        for group in originGroups {
            let place = group.place.member("Members")
            for id in [group.primary, group.secondary] where !id.isEmpty && !names.contains(id) {
                log.error(
                    place, "no origin is named \"\(id)\"", Self.oneOf(names), code: .noSuchOrigin)
            }
            if group.primary == group.secondary, !group.primary.isEmpty {
                log.error(place, "both members are \"\(group.primary)\"", "name two origins")
            }
        }
    }

    /// A bucket is asked by its own name, so that a behavior may not list Host for one. A cache
    /// policy may have it, since it knows no origin: that is a trap, and no error.
    ///
    /// Source: CloudFront, "Selecting the headers to base caching on".
    private func judgeBuckets(_ log: FindingLog) {
        let buckets = origins.filter { $0.isS3 }.map { $0.id }
        for behavior in cacheBehaviors + [defaultCacheBehavior] {
            let group = originGroups.first { $0.id == behavior.targetOriginId }
            guard case .forwardedValues(let values, _) = behavior.caching,
                values.headers.contains(where: { isSameName($0, "Host") }),
                buckets.contains(group?.primary ?? behavior.targetOriginId)
            else { continue }
            log.error(
                behavior.place.member("ForwardedValues.Headers"),
                "Host cannot be part of the key of an S3 origin", "remove it",
                code: .invalidHeadersForS3Origin)
        }
    }

    private static func oneOf(_ names: [String]) -> String {
        names.isEmpty ? "add an origin" : "name one of \(names.joined(separator: ", "))"
    }

    /// The leading slash is optional, so `/a` and `a` are one pattern.
    private func judgePatterns(_ log: FindingLog) {
        var seen: [String: Int] = [:]
        for (index, behavior) in cacheBehaviors.enumerated() {
            let pattern = behavior.pathPattern
            let bare = pattern.hasPrefix("/") ? String(pattern.dropFirst()) : pattern
            if let earlier = seen[bare] {
                log.error(
                    behavior.place.member("PathPattern"),
                    "\"\(pattern)\" is also the pattern of CacheBehaviors.Items[\(earlier)]",
                    "keep one of the two behaviors")
            } else {
                seen[bare] = index
            }
            if bare == "*", index < cacheBehaviors.count - 1 {
                log.warning(
                    behavior.place.member("PathPattern"),
                    "\"\(pattern)\" matches every path, so that no later behavior is ever used",
                    "move it to the end")
            }
        }
    }

    private func judgeRepetition(_ log: FindingLog) {
        func judge(_ names: [String], _ member: String, _ what: String) {
            var seen: Set<String> = []
            for name in names where !name.isEmpty && !seen.insert(name).inserted {
                log.error(
                    place(member), "\(what) \"\(name)\" stands twice", "keep one of them")
            }
        }
        judge(origins.map { $0.id } + originGroups.map { $0.id }, "Origins", "the id")
        judge(aliases, "Aliases", "the alias")
        for alias in aliases where !Self.isAlias(alias) {
            log.error(
                place("Aliases"), "the alias \"\(alias)\" is no host's name",
                "write it as www.example.org or *.example.org")
        }
        judge(
            customErrorResponses.map { String($0.errorCode) }, "CustomErrorResponses",
            "the error code")
    }

    /// A host's name, whose first label may be a star (RFC 1123, section 2.1; RFC 1035, section
    /// 2.3.4 for the lengths).
    private static func isAlias(_ name: String) -> Bool {
        let labels = name.utf8.split(separator: 46, omittingEmptySubsequences: false)
        return name.utf8.count <= 253
            && labels.enumerated().allSatisfy { index, label in
                index == 0 && label.elementsEqual([42]) && labels.count > 1
                    || (1...63).contains(label.count) && label.first != 45 && label.last != 45
                        && label.allSatisfy {
                            (48...57).contains($0) || (65...90).contains($0)
                                || (97...122).contains($0) || $0 == 45 || $0 == 95
                        }
            }
    }
}
