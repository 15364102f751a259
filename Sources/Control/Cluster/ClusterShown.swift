import Edge

extension ClusterStatus {
    /// For `GET /status`.
    var json: JSON {
        .object([
            ("origin", .text(id)), ("sync", .text(sync)),
            ("leader", leader.map(JSON.text) ?? .null),
            ("edition", .number(Int64(clamping: edition))), ("outOfStep", .flag(isLost)),
            ("writes", .number(Int64(clamping: writes))),
            ("rounds", .number(Int64(clamping: rounds))),
            ("failures", .number(Int64(clamping: failures))),
            ("sessions", .number(Int64(sessions))),
            ("members", .list(members.map(\.json))),
        ])
    }

    /// Why viewers are served worse than they could be; nil when they are not.
    var weakness: String? {
        let drifted = members.filter(\.isDrifted).map(\.name)
        if isLost {
            return "nobody in step with origin \"\(id)\" can be had, so that answers may be older "
                + "than the latest write"
        }
        guard !drifted.isEmpty else { return nil }
        return "origin \"\(id)\" has drifted members: \(drifted.joined(separator: " "))"
    }
}

extension ClusterStatus.Member {
    fileprivate var json: JSON {
        .object([
            ("name", .text(name)), ("role", .text(role)), ("state", .text(state)),
            ("edition", .number(Int64(clamping: edition))),
            ("fingerprint", fingerprint.map(JSON.text) ?? .null),
            ("updateSequence", sequence.map(JSON.text) ?? .null),
            ("failures", .number(Int64(failures))),
            ("reason", reason.map(JSON.text) ?? .null),
        ])
    }
}
