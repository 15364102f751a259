import Edge

extension Comparison {
    /// For people: whether one stored response answers both, and if not, why.
    var text: String {
        var lines = [
            "first   \(first.request.method) \(first.request.host) \(first.request.target)",
            "second  \(second.request.method) \(second.request.host) \(second.request.target)", "",
        ]
        if isShared { return (lines + ["They share one object."]).joined(separator: "\n") }
        lines.append("They share no object:")
        lines += obstacles.map { "  the \($0.word) request: \($0.text)" }
        lines += differenceRows(differences, "in the first", "in the second").map { "  " + $0 }
        let reasons = differences.compactMap { difference in
            (first.key?.parts ?? []).first { $0.label == difference.label }
                ?? (second.key?.parts ?? []).first { $0.label == difference.label }
        }.filter { !$0.source.isEmpty }
        lines += columns(reasons.map { ["\($0.label) is in the key:", $0.source] }).map {
            "  " + $0
        }
        if first.behavior != second.behavior {
            lines.append(
                "  the first is for behavior \(first.behavior.pattern), the second for "
                    + second.behavior.pattern)
        }
        return lines.map(harmless).joined(separator: "\n")
    }

    var json: JSON {
        .object([
            ("shared", .flag(isShared)),
            ("differences", .list(differences.map(\.json))),
            ("obstacles", .list(obstacles.map(\.json))),
            ("requests", .list([first.json, second.json])),
        ])
    }
}
