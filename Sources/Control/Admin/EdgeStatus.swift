import Edge

/// How the edge is, as `GET /status` tells it.
struct EdgeStatus {
    var version: String
    /// Seconds since the process began to serve.
    var uptime: Int64
    var mode: String
    var role: String
    var isStopping: Bool
    var loops: Int
    /// Viewer connections open now.
    var connections: Int
    var store: StoreStatus
    var pools: [PoolStatus]
    /// Of those whose members are found.
    var sources: [DiscoveryStatus] = []

    struct StoreStatus {
        /// `normal`, `serve-only` or `off`.
        var mode: String
        var entries: Int
        /// In bytes.
        var used: Int
        var size: Int
        var backlog: Int
    }

    /// Why viewers are served worse than they could be; nil when they are not.
    var weakness: String? {
        var reasons: [String] = []
        if store.mode != "normal" { reasons.append("the store is \(store.mode)") }
        for pool in pools
        where pool.members.allSatisfy({ ["down", "ejected", "warming"].contains($0.state) }) {
            reasons.append("no member of origin \"\(pool.id)\" is up")
        }
        return reasons.isEmpty ? nil : reasons.joined(separator: ", ")
    }

    var json: JSON {
        .object([
            ("version", .text(version)), ("uptimeSeconds", .number(uptime)),
            ("mode", .text(mode)), ("role", .text(role)), ("stopping", .flag(isStopping)),
            ("degraded", weakness.map(JSON.text) ?? .null),
            ("loops", .number(Int64(loops))), ("connections", .number(Int64(connections))),
            ("store", store.json),
            (
                "origins",
                .list(
                    pools.map { pool in
                        let source = sources.first { $0.origin == pool.id }
                        return .object(pool.fields + (source.map { [("source", $0.json)] } ?? []))
                    })
            ),
        ])
    }
}

extension DiscoveryStatus {
    fileprivate var json: JSON {
        .object([
            ("kind", .text(source)), ("answeredAt", .number(answeredAt)),
            ("nextAt", .number(nextAt)), ("failure", failure.map(JSON.text) ?? .null),
            ("warming", .number(Int64(warming))), ("draining", .number(Int64(draining))),
        ])
    }
}

extension EdgeStatus.StoreStatus {
    fileprivate var json: JSON {
        .object([
            ("mode", .text(mode)), ("entries", .number(Int64(entries))),
            ("usedBytes", .number(Int64(used))), ("sizeBytes", .number(Int64(size))),
            ("backlogBytes", .number(Int64(backlog))),
        ])
    }
}

extension PoolStatus {
    fileprivate var fields: [(name: String, value: JSON)] {
        [
            ("id", .text(id)), ("queued", .number(Int64(queued))),
            ("members", .list(members.map(\.json))),
        ]
    }
}

extension MemberStatus {
    fileprivate var json: JSON {
        .object([
            ("name", .text(name)), ("state", .text(state)), ("weight", .number(Int64(weight))),
            ("inFlight", .number(Int64(inFlight))),
            ("requests", .number(Int64(clamping: requests))),
            ("failures", .number(Int64(clamping: failures))),
            ("consecutiveFailures", .number(Int64(consecutiveFailures))),
            ("ejectedUntil", .number(ejectedUntil)),
            ("lastFailure", lastFailure.map(JSON.text) ?? .null),
            ("lastFailureAt", .number(lastFailureAt)),
        ])
    }
}
