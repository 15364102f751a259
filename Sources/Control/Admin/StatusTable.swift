import Edge
import Yams

/// The answer of `GET /status` as text for a person.
///
/// - Throws: `AdminClientError` if it is no such answer.
public func statusTable(_ json: [UInt8]) throws(AdminClientError) -> String {
    // YAML holds JSON, and the reader for it is here already.
    guard let node = try? Yams.compose(yaml: String(decoding: json, as: UTF8.self)),
        let version = node["version"]?.string, let origins = node["origins"]?.sequence
    else {
        throw AdminClientError(
            "the answer is no status of MapEdge; name the edge's admin port with --admin")
    }
    var lines = [
        "mapedge \(version), \(node.word("mode")), \(node.word("role")), up for "
            + durationText(Int64(node.word("uptimeSeconds")).map { $0 * 1_000 } ?? 0)
            + (node.word("stopping") == "true" ? ", stopping" : "")
    ]
    if node.word("degraded") != "null" { lines.append("degraded: \(node.word("degraded"))") }
    lines.append("\(node.word("connections")) connections on \(node.word("loops")) loops")
    if let store = node["store"] { lines.append(describe(store)) }
    if let writes = node["writes"] { lines.append(WriteStatus.line(writes)) }
    if let ahead = node["playback"] { lines.append(PlaybackStatus.line(ahead)) }
    if let told = node["cloudfront"] { lines.append(OutgoingStatus.line(told)) }
    if let served = node["distribution"] { lines += DistributionStatus.lines(served) }
    for origin in origins { lines += describe(origin: origin) }
    for cluster in node["clusters"]?.sequence ?? [] { lines += describe(cluster: cluster) }
    return lines.joined(separator: "\n")
}

private func describe(_ store: Node) -> String {
    let used = Double(store.word("usedBytes")) ?? 0
    let size = Double(store.word("sizeBytes")) ?? 0
    let percent = size > 0 ? Int(used * 100 / size) : 0
    return "store \(store.word("mode")): \(store.word("entries")) entries, \(percent) % of "
        + "\(bytesText(UInt64(size)))"
}

private func describe(origin: Node) -> [String] {
    let header = [
        "MEMBER", "STATE", "LIVENESS", "READINESS", "DRIFT", "WEIGHT", "IN FLIGHT", "REQUESTS",
        "FAILURES", "LAST",
    ]
    let rows = (origin["members"]?.sequence ?? []).map { member in
        [
            member.word("name"), member.word("state"), member.word("liveness"),
            member.word("readiness"), member.word("drift"), member.word("weight"),
            member.word("inFlight"), member.word("requests"), member.word("failures"),
            member.word("lastFailure") == "null" ? "-" : member.word("lastFailure"),
        ]
    }
    let since = Int64(origin.word("outageSince")) ?? 0
    let outage = since > 0 ? ", failing since \(timestampText(since))" : ""
    let queued = "\(origin.word("queued")) queued\(waiting(origin))"
    return ["", "origin \(origin.word("id")): \(queued)\(outage)"]
        + (origin["source"].map { ["  " + describe(source: $0)] } ?? [])
        + aligned([header] + rows, words: 5) + (origin["members"]?.sequence ?? []).flatMap(checks)
}

/// Of what classes those are who wait: ` (tiles 3, pages 1)`.
private func waiting(_ origin: Node) -> String {
    let parts = RequestClass.allCases.compactMap { kind -> String? in
        let count = origin["queues"]?[kind.word.description]?.scalar?.string ?? "0"
        return count == "0" ? nil : "\(kind.word) \(count)"
    }
    return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
}

private func describe(cluster: Node) -> [String] {
    let header = ["MEMBER", "CATALOG", "EDITION", "SEQUENCE", "ROLE", "WHY"]
    let rows = (cluster["members"]?.sequence ?? []).map { member in
        ["name", "state", "edition", "updateSequence", "role", "reason"].map { key in
            member.word(key) == "null" ? "-" : member.word(key)
        }
    }
    return [
        "",
        "cluster of \(cluster.word("origin")): edition \(cluster.word("edition")), "
            + "\(cluster.word("writes")) writes, sync \(cluster.word("sync"))",
    ] + aligned([header] + rows, words: 6)
}

/// What there is to say of a member's checks beyond that they pass.
private func checks(of member: Node) -> [String] {
    var lines: [String] = []
    for check in member["checks"]?.sequence ?? [] {
        let last = check.word("last")
        let name = "\(check.word("kind")) \(check.word("target"))"
        if check.word("up") == "false" || last != "null" && last != "passed" {
            let verdict = check.word("up") == "true" ? "up" : "down"
            lines.append("  \(member.word("name")): \(name) is \(verdict), last \(last)")
        }
        if check.word("fingerprint") != "null" {
            let sequence = check.word("updateSequence")
            lines.append(
                "  \(member.word("name")): \(check.word("layers")) layers, fingerprint "
                    + check.word("fingerprint")
                    + (sequence == "null" ? "" : ", updateSequence \(sequence)"))
        }
    }
    let lacks = (member["lacks"]?.sequence ?? []).compactMap(\.scalar?.string)
    if !lacks.isEmpty {
        lines.append("  \(member.word("name")) lacks \(lacks.joined(separator: ", "))")
    }
    return lines
}

private func describe(source: Node) -> String {
    func time(_ key: String) -> String {
        guard let time = Int64(source.word(key)), time > 0 else { return "never" }
        return "\(timestampText(time).prefix(19))Z"
    }
    var text =
        "from \(source.word("kind")): answered \(time("answeredAt")), asked next "
        + "\(time("nextAt")), \(source.word("warming")) warming, "
        + "\(source.word("draining")) draining"
    if source.word("failure") != "null" { text += "; last: \(source.word("failure"))" }
    return text
}

/// Columns of equal width: so many of words, to the left, then numbers, to the right.
func aligned(_ rows: [[String]], words: Int = 2) -> [String] {
    let widths = (0..<(rows.first?.count ?? 0)).map { column in
        rows.map { $0[column].count }.max() ?? 0
    }
    return rows.map { row in
        let cells = zip(row, widths).enumerated().map { column, cell in
            let padding = String(repeating: " ", count: cell.1 - cell.0.count)
            return column < words ? cell.0 + padding : padding + cell.0
        }
        return "  " + cells.joined(separator: "  ")
    }
}

extension Node {
    /// A field's scalar as it stands there; a dash if there is none.
    fileprivate func word(_ key: String) -> String { self[key]?.scalar?.string ?? "-" }
}
