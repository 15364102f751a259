import Edge
import Yams

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
    /// New viewers wait: there are no descriptors for them.
    var lacksDescriptors = false
    var store: StoreStatus
    var pools: [PoolStatus]
    var clusters: [ClusterStatus] = []
    var writes = WriteStatus()
    /// nil: nothing is fetched ahead of viewers.
    var playback: PlaybackStatus?
    /// Of those whose members are found.
    var sources: [DiscoveryStatus] = []
    /// nil: no CloudFront is told anything.
    var outgoing: OutgoingStatus?
    /// nil: no distribution is served.
    var distribution: DistributionStatus?

    struct StoreStatus {
        /// `normal`, `serve-only` or `off`.
        var mode: String
        var entries: Int
        /// In bytes.
        var used: Int
        var size: Int
        var backlog: Int
        /// In bytes: above it something is evicted for what comes.
        var evictsFrom = 0
        /// When the youngest entry was stored that was evicted while it was good, in milliseconds
        /// since 1970; 0: none was.
        var evictedUntil = 0
    }

    /// Why viewers are served worse than they could be; nil when they are not.
    var weakness: String? {
        var reasons: [String] = []
        if lacksDescriptors {
            reasons.append("new viewers wait, as no descriptors are left: raise LimitNOFILE")
        }
        if store.mode != "normal" { reasons.append("the store is \(store.mode)") }
        for pool in pools {
            // Members that come and go are no weakness, as long as others serve.
            let isServed = pool.members.contains(where: \.takesTraffic)
            let passing = ["unresolved"] + (isServed ? ["warming", "draining"] : [])
            let out = pool.members.filter { !$0.takesTraffic && !passing.contains($0.state) }
            guard !out.isEmpty else { continue }
            let named = out.map { "\($0.name) \($0.trouble)" }.joined(separator: ", ")
            reasons.append(
                out.count == pool.members.count
                    ? "no member of origin \"\(pool.id)\" is up: \(named)"
                    : "origin \"\(pool.id)\" is without \(named)")
        }
        for pool in pools {
            let drifted = pool.members.filter { $0.drift == "drifted" }.map(\.name)
            guard !drifted.isEmpty else { continue }
            reasons.append(
                "origin \"\(pool.id)\" has drifted: \(drifted.joined(separator: ", "))")
        }
        for pool in pools where pool.outageSince > 0 {
            reasons.append(
                "origin \"\(pool.id)\" fails its requests since "
                    + timestampText(pool.outageSince))
        }
        reasons += clusters.compactMap(\.weakness) + [outgoing?.weakness].compactMap(\.self)
        return reasons.isEmpty ? nil : reasons.joined(separator: ", ")
    }

    var json: JSON {
        // Most edges have no cluster, and their status no word of it.
        let clusters: [(String, JSON)] =
            clusters.isEmpty ? [] : [("clusters", .list(clusters.map(\.json)))]
        let writes: [(String, JSON)] = writes.json.map { [("writes", $0)] } ?? []
        let ahead: [(String, JSON)] = playback.map { [("playback", $0.json)] } ?? []
        let told: [(String, JSON)] = outgoing.map { [("cloudfront", $0.json)] } ?? []
        let served: [(String, JSON)] = distribution.map { [("distribution", $0.json)] } ?? []
        return .object(
            [
                ("version", .text(version)), ("uptimeSeconds", .number(uptime)),
                ("mode", .text(mode)), ("role", .text(role)), ("stopping", .flag(isStopping)),
                ("degraded", weakness.map(JSON.text) ?? .null),
                ("loops", .number(Int64(loops))), ("connections", .number(Int64(connections))),
                ("store", store.json), ("origins", .list(pools.map(json))),
            ] + clusters + writes + ahead + told + served)
    }

    /// A pool, with where its members come from if they are found.
    private func json(_ pool: PoolStatus) -> JSON {
        let source = sources.first { $0.origin == pool.id }
        return .object(pool.fields + (source.map { [("source", $0.json)] } ?? []))
    }
}

/// What became of tiles fetched ahead of viewers that play, since the edge began to serve.
struct PlaybackStatus: Equatable {
    /// Asked for by viewers who played.
    var tiles: Int64
    /// Asked for ahead.
    var prefetches: Int64
    var ready: Int64
    var late: Int64
    var lost: Int64
    var refused: Int64

    fileprivate var json: JSON {
        .object([
            ("tiles", .number(tiles)), ("prefetches", .number(prefetches)),
            ("ready", .number(ready)), ("late", .number(late)), ("lost", .number(lost)),
            ("refused", .number(refused)),
        ])
    }
}

extension PlaybackStatus {
    /// The same as a line for a person.
    static func line(_ node: Node) -> String {
        func count(_ name: String) -> String { node[name]?.scalar?.string ?? "0" }
        return "playback: of \(count("prefetches")) tiles fetched ahead \(count("ready")) were "
            + "ready, \(count("late")) late, \(count("lost")) lost"
    }

    /// - Returns: nil where no behavior has it.
    init?(_ server: Server, _ settings: Settings) {
        guard settings.behaviors.contains(where: \.playback.isOn) else { return nil }
        func value(_ counter: Counter) -> Int64 { Int64(clamping: server.total(counter)) }
        self.init(
            tiles: value(.playbackTiles), prefetches: value(.prefetches),
            ready: value(.prefetchesReady), late: value(.prefetchesLate),
            lost: value(.prefetchesLost), refused: value(.prefetchesRefused))
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
            ("evictsFromBytes", .number(Int64(evictsFrom))),
            ("evictedUntil", .number(Int64(evictedUntil))),
        ])
    }
}

extension PoolStatus {
    fileprivate var fields: [(name: String, value: JSON)] {
        [
            ("id", .text(id)), ("queued", .number(Int64(queued))),
            ("southboundBreaker", .text(breaker)),
            ("outageSince", .number(outageSince)),
            (
                "queues",
                .object(queues.map { ($0.requestClass, .number(Int64($0.queued))) })
            ),
            ("members", .list(members.map(\.json))),
        ]
    }
}

extension MemberStatus {
    fileprivate var json: JSON {
        .object([
            ("name", .text(name)), ("state", .text(state)), ("weight", .number(Int64(weight))),
            ("inFlight", .number(Int64(inFlight))),
            (
                "inFlightByClass",
                .object(inClass.sorted { $0.key < $1.key }.map { ($0, .number(Int64($1))) })
            ),
            ("leftAlone", .list(held.map(JSON.text))),
            ("requests", .number(Int64(clamping: requests))),
            ("failures", .number(Int64(clamping: failures))),
            ("consecutiveFailures", .number(Int64(consecutiveFailures))),
            ("ejectedUntil", .number(ejectedUntil)),
            ("lastFailure", lastFailure.map(JSON.text) ?? .null),
            ("lastFailureAt", .number(lastFailureAt)),
            ("liveness", .text(liveness)), ("readiness", .text(readiness)),
            ("drift", .text(drift)), ("ejections", .number(Int64(clamping: ejections))),
            ("lacks", .list(lacks.map(JSON.text))), ("checks", .list(checks.map(\.json))),
        ])
    }

    /// Its state, and why it is in it.
    fileprivate var trouble: String {
        let why = [lastFailure, lacks.isEmpty ? nil : "lacks \(lacks.joined(separator: " "))"]
        let reasons = why.compactMap { $0 }.joined(separator: ", ")
        return reasons.isEmpty ? "(\(state))" : "(\(state): \(reasons))"
    }
}

extension CheckStatus {
    fileprivate var json: JSON {
        .object([
            ("kind", .text(kind)), ("target", .text(target)), ("up", .flag(isUp)),
            ("last", last.map(JSON.text) ?? .null), ("lastAt", .number(lastAt)),
            ("fingerprint", fingerprint.map(JSON.text) ?? .null),
            ("updateSequence", updateSequence.map(JSON.text) ?? .null),
            ("layers", layers.map { .number(Int64($0)) } ?? .null),
        ])
    }
}
