import Edge

/// An explanation for people: a section for each step, its name in the first column.
struct ExplanationText {
    private static let indent = 14
    private(set) var lines: [String] = []

    init(_ told: Explanation) {
        request(told)
        behavior(told)
        section("normal form", columns(told.rewritings.map { [$0.what, $0.result] }))
        key(told)
        entry(told)
        nearMisses(told)
        invalidation(told)
        origin(told)
        decision(told)
        if let fallback = told.fallback { section("if it fails", [fallback.text]) }
        section("error page", told.errorPages.map(\.text))
        for warning in told.warnings {
            section("warning", [warning.text + (warning.remedy.isEmpty ? "" : ";")])
            if !warning.remedy.isEmpty { section("", [warning.remedy]) }
        }
        section("assumed", told.assumptions.map { "\($0.text) (\($0.word))" })
    }

    var text: String { lines.joined(separator: "\n") }

    private mutating func section(_ name: String, _ body: [String]) {
        for (index, line) in body.enumerated() {
            let head = index == 0 ? name : ""
            let padding = String(repeating: " ", count: max(1, Self.indent - head.count))
            lines.append(head + padding + harmless(line))
        }
    }

    private mutating func request(_ told: Explanation) {
        let request = told.request
        section(
            "request",
            [
                "\(request.method) \(request.target)",
                "Host \(request.host), over \(request.usesTLS ? "https" : "http") "
                    + "from \(request.viewer)",
            ])
        guard let alias = told.alias else { return }
        let name = alias.matched.map { "\($0) is a name of" } ?? "\(request.host) is no name of"
        let rest =
            alias.matched != nil || alias.isStrict
            ? "" : "; any host is served without strictAliases"
        section("alias", ["\(name) distribution \(alias.distribution)\(rest)"])
    }

    private mutating func behavior(_ told: Explanation) {
        let behavior = told.behavior
        var body = [
            "\(behavior.pattern) (number \(behavior.index)), origin \(behavior.origin), "
                + "class \(behavior.mapClass), mode \(behavior.mode)",
            "TTL: min \(durationText(behavior.minTTL)), "
                + "default \(durationText(behavior.defaultTTL)), "
                + "max \(durationText(behavior.maxTTL))",
            "key by \(behavior.keyPolicy)"
                + (behavior.originRequestPolicy.isEmpty
                    ? "" : "; forwarded by \(behavior.originRequestPolicy)"),
        ]
        for pattern in told.patterns {
            switch pattern.outcome {
            case .matched: break
            case .nearly(let why): body.append("not \(pattern.pattern): \(why)")
            case .shadowed: body.append("not \(pattern.pattern): it matches too, and comes later")
            }
        }
        section("behavior", body)
    }

    private mutating func key(_ told: Explanation) {
        guard let key = told.key else { return }
        section("key", [key.hash])
        section(
            "", columns(key.parts.map { [$0.label, $0.value ?? "(absent)", $0.source] }))
        if !key.servedCoding.isEmpty {
            section("", ["answered by what is stored for coding \(key.servedCoding)"])
        }
        let omitted = key.leftOut.map { "\($0.kind) \($0.name)" }
        if !omitted.isEmpty { section("", ["not in it: " + omitted.joined(separator: ", ")]) }
    }

    private mutating func entry(_ told: Explanation) {
        guard let entry = told.entry else {
            if told.key != nil { section("stored", ["nothing"]) }
            return
        }
        var body = [
            "\(entry.status), \(entry.kind), \(entry.bodyLength) bytes"
                + (entry.isPending ? ", on its way to the disk" : "")
                + (entry.flags.isEmpty ? "" : "; " + entry.flags.joined(separator: ", ")),
            "age \(seconds(entry.age)) of a lifetime of \(seconds(entry.lifetime)): "
                + (entry.remaining > 0
                    ? "fresh for \(seconds(entry.remaining))"
                    : "stale for \(seconds(-entry.remaining))"),
            "lifetime by \(entry.source)"
                + (entry.field.isEmpty ? "" : " (\(entry.field))") + bound(entry.bound),
        ]
        if entry.hasOldLifetime { body.append("stored under other settings than those in force") }
        body.append(
            "stale use: \(seconds(entry.staleWhileRevalidate)) while it is refreshed, "
                + "\(seconds(entry.staleIfError)) if the origin fails")
        if !entry.uncompressed.isEmpty { body.append("not compressed: \(entry.uncompressed)") }
        if !entry.variantHash.isEmpty { body.append("variant \(entry.variantHash)") }
        section("stored", body)
    }

    private func bound(_ word: String) -> String {
        switch word {
        case "min-ttl": ", held up by the minimum TTL"
        case "max-ttl": ", cut to the maximum TTL"
        case "invalidation": ", ended by an invalidation"
        case "present-ttl": ", cut to presentTTL, since TIME names the present"
        case "feature-info-ttl": ", cut to featureInfoTTL"
        default: ""
        }
    }

    private mutating func nearMisses(_ told: Explanation) {
        var body: [String] = []
        for miss in told.nearMisses {
            body.append(
                "\(miss.status), \(seconds(miss.age)) old, "
                    + (miss.isDead ? "invalidated" : miss.isFresh ? "fresh" : "stale"))
            body += differenceRows(miss.differences, "here", "there").map { "  " + $0 }
        }
        if !told.isScanComplete {
            body.append("(only \(told.scanned) entries were looked at)")
        }
        section("near misses", body)
    }

    private mutating func invalidation(_ told: Explanation) {
        guard let invalidation = told.invalidation else { return }
        let effect = invalidation.effect(onStored: told.entry != nil)
        let name = invalidation.id ?? "number \(invalidation.number)"
        let time = invalidation.time.map { " of \(timestampText($0))" } ?? ""
        section("invalidation", ["\(name)\(time), \(invalidation.rule): \(effect)"])
    }

    private mutating func origin(_ told: Explanation) {
        guard let origin = told.origin else { return }
        let verb = origin.isAsked ? "is asked" : "would be asked if nothing were stored"
        section("origin", ["\(origin.id) \(verb): \(origin.requestLine)"])
        if let group = origin.group { section("", [group.text]) }
        section("", origin.members.map { "\($0.word) is \($0.text)" })
        section("", columns((origin.fields + origin.stripped).map(row)))
    }

    private func row(_ field: Explanation.Field) -> [String] {
        let mark = field.fate == "stripped" ? "-" : field.fate == "forwarded" ? " " : "+"
        let value = field.value.isEmpty ? field.name : "\(field.name): \(field.value)"
        return ["\(mark) \(value)", field.why]
    }

    private mutating func decision(_ told: Explanation) {
        let decision = told.decision
        section("decision", ["\(decision.action) (\(decision.reason)): \(decision.sentence)"])
        if let refusal = decision.storeRefusal {
            section("", ["its answer will not be stored: \(refusal)"])
        }
    }

    private func seconds(_ milliseconds: Int64) -> String {
        durationText(milliseconds / 1_000 * 1_000)
    }
}

/// The rows of differences: part, both values, and what is peculiar.
func differenceRows(
    _ differences: [Explanation.KeyDifference], _ first: String, _ second: String
) -> [String] {
    func shown(_ value: String?) -> String { value.map { "\"\($0)\"" } ?? "nothing" }
    return columns(
        differences.map {
            [
                $0.label, "\(shown($0.wanted)) \(first),", "\(shown($0.found)) \(second)",
                $0.note.isEmpty ? "" : "(\($0.note))",
            ]
        })
}

/// Columns to the left, as wide as they need; one very wide cell widens nothing.
func columns(_ rows: [[String]]) -> [String] {
    let limit = 44
    var widths: [Int] = []
    for row in rows {
        for (column, cell) in row.enumerated() {
            if column == widths.count { widths.append(0) }
            if cell.count <= limit { widths[column] = max(widths[column], cell.count) }
        }
    }
    return rows.map { row in
        let cells = zip(row, widths).map { cell, width in
            cell + String(repeating: " ", count: max(0, width - cell.count))
        }
        var line = cells.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        return line
    }
}

/// What a peer sent, without what a terminal would obey.
private func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value >= 32 && !(127..<160).contains(scalar.value)
}

func harmless(_ text: String) -> String {
    text.unicodeScalars.map { isHarmless($0) ? String($0) : $0.escaped(asASCII: true) }.joined()
}
