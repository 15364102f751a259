import Caching

/// An explanation as lines of a response's head, `X-Edge-Explain: STEP: what was found`.
///
/// Bounded, since proxies on the way take heads of 8 KiB or more; harmless, since a part of it is
/// what peers sent; and without secrets, since logs of proxies may hold heads.
struct ExplainedSteps {
    /// Bytes of all lines, names and ends included.
    static var bytesMax: Int { 6_144 }
    /// Bytes of one step's text.
    static var textMax: Int { 400 }

    /// Whole field lines, each with its CRLF; empty: there is nothing to tell.
    private(set) var bytes: [UInt8] = []
    private var leftOut = 0

    /// Kept free for the line that says how much is left out.
    private static var reserve: Int { 80 }

    init(_ told: Explanation) {
        addAlias(told)
        addBehavior(told)
        for change in told.rewritings { add("normal form", "\(change.what): \(change.result)") }
        if let refusal = told.refusal { add("refused", refusal.text) }
        addKey(told)
        addEntry(told)
        for miss in told.nearMisses { add("near miss", text(of: miss)) }
        if !told.isScanComplete {
            add("near miss", "only \(told.scanned) entries were looked at")
        }
        if let found = told.invalidation {
            let effect = found.effect(onStored: told.entry != nil)
            add("invalidation", "number \(found.number), \(found.rule): \(effect)")
        }
        addDecision(told)
        addOrigin(told)
        if let fallback = told.fallback { add("if it fails", fallback.text) }
        for page in told.errorPages { add("error page", page.text) }
        for note in told.warnings { add("warning", note.text) }
        for note in told.assumptions { add("assumed", "\(note.text) (\(note.word))") }
        if leftOut > 0 {
            bytes += Self.line("truncated", "\(leftOut) more; mapedge explain tells all")
        }
    }

    private mutating func add(_ step: String, _ text: String) {
        let line = Self.line(step, SecretText.hidden(in: text))
        guard leftOut == 0, bytes.count + line.count <= Self.bytesMax - Self.reserve else {
            leftOut += 1
            return
        }
        bytes += line
    }

    /// Printable ASCII, and no more than fits.
    private static func line(_ step: String, _ text: String) -> [UInt8] {
        var value: [UInt8] = []
        for scalar in text.unicodeScalars {
            let isPlain = (0x20...0x7e).contains(scalar.value)
            let piece = isPlain ? String(scalar) : scalar.escaped(asASCII: true)
            if value.count + piece.utf8.count > textMax {
                value += Array("...".utf8)
                break
            }
            value += Array(piece.utf8)
        }
        return Array("X-Edge-Explain: \(step): ".utf8) + value + [13, 10]
    }
}

extension ExplainedSteps {
    private mutating func addAlias(_ told: Explanation) {
        guard let alias = told.alias else { return }
        let name = alias.matched.map { "\($0) is a name of" } ?? "\(told.request.host) is none of"
        add("alias", "\(name) distribution \(alias.distribution)")
    }

    private mutating func addBehavior(_ told: Explanation) {
        let behavior = told.behavior
        add(
            "behavior",
            "\(behavior.pattern) (number \(behavior.index)), origin \(behavior.origin), class "
                + "\(behavior.mapClass), mode \(behavior.mode), TTL \(seconds(behavior.minTTL)) to "
                + "\(seconds(behavior.maxTTL)), default \(seconds(behavior.defaultTTL)); key by "
                + behavior.keyPolicy
                + (behavior.originRequestPolicy.isEmpty
                    ? "" : "; forwarded by \(behavior.originRequestPolicy)"))
        for pattern in told.patterns {
            switch pattern.outcome {
            case .matched: break
            case .nearly(let why): add("pattern", "not \(pattern.pattern): \(why)")
            case .shadowed: add("pattern", "not \(pattern.pattern): it matches too, but later")
            }
        }
    }

    private mutating func addKey(_ told: Explanation) {
        guard let key = told.key else { return }
        add("key", key.hash)
        for part in key.parts {
            let value =
                SecretText.isSecret(field: part.name) && part.value?.first != "("
                ? part.value.map { _ in "(hidden)" } : part.value
            add(
                "key part",
                "\(part.label) = \(value ?? "(absent)")"
                    + (part.source.isEmpty ? "" : " (\(part.source))"))
        }
        if !key.servedCoding.isEmpty { add("served by coding", key.servedCoding) }
        let omitted = key.leftOut.map { "\($0.kind) \($0.name)" }
        if !omitted.isEmpty { add("not in key", omitted.joined(separator: ", ")) }
    }

    private mutating func addEntry(_ told: Explanation) {
        guard let entry = told.entry else {
            if told.key != nil { add("stored", "nothing") }
            return
        }
        add(
            "stored",
            "\(entry.status), \(entry.kind), \(entry.bodyLength) bytes"
                + (entry.isPending ? ", on its way to the disk" : "")
                + entry.flags.map { ", \($0)" }.joined()
                + (entry.variantHash.isEmpty ? "" : ", variant \(entry.variantHash)")
                + (entry.uncompressed.isEmpty ? "" : "; not compressed: \(entry.uncompressed)"))
        add(
            "lifetime",
            "age \(seconds(entry.age)) of \(seconds(entry.lifetime)), by \(entry.source)"
                + (entry.field.isEmpty ? "" : " (\(entry.field))")
                + (entry.bound.isEmpty ? "" : ", bound \(entry.bound)")
                + (entry.remaining > 0
                    ? "; fresh for \(seconds(entry.remaining))"
                    : "; stale for \(seconds(-entry.remaining))")
                + "; stale use \(seconds(entry.staleWhileRevalidate)) while refreshed, "
                + "\(seconds(entry.staleIfError)) on errors")
    }

    private func text(of miss: Explanation.NearMiss) -> String {
        let state = miss.isDead ? "invalidated" : miss.isFresh ? "fresh" : "stale"
        let differences = miss.differences.map { difference in
            let isSecret = difference.label.split(separator: " ").dropFirst().contains {
                SecretText.isSecret(field: String($0))
            }
            func shown(_ value: String?) -> String {
                value.map { isSecret ? "another" : "\"\($0)\"" } ?? "nothing"
            }
            return "\(difference.label) \(shown(difference.wanted)) here, "
                + "\(shown(difference.found)) there"
        }
        return "\(miss.status), \(seconds(miss.age)) old, \(state): "
            + differences.joined(separator: "; ")
    }

    private mutating func addOrigin(_ told: Explanation) {
        guard let origin = told.origin else { return }
        let verb = origin.isAsked ? "is asked" : "would be asked if nothing were stored"
        add("origin", "\(origin.id) \(verb): \(origin.requestLine)")
        if let group = origin.group { add("origin group", group.text) }
        for field in origin.fields + origin.stripped {
            let value =
                field.value.isEmpty
                ? "" : SecretText.isSecret(field: field.name) ? ": (hidden)" : ": \(field.value)"
            let why = field.why.isEmpty ? "" : " (\(field.why))"
            add(field.fate, field.name + value + why)
        }
    }

    private mutating func addDecision(_ told: Explanation) {
        let decision = told.decision
        add("decision", "\(decision.action) (\(decision.reason)): \(decision.sentence)")
        if let refusal = decision.storeRefusal { add("not stored", refusal) }
    }

    private func seconds(_ time: Milliseconds) -> String { "\(time / 1_000)s" }
}

/// Texts as a head may hold them, which others than the asker may read.
enum SecretText {
    /// Fields whose values are not shown, whatever they hold.
    static func isSecret(field name: String) -> Bool {
        let name = name.lowercased()
        return ["auth", "cookie", "token", "key", "secret", "session", "signature", "password"]
            .contains { name.contains($0) }
    }

    /// The same text without the values of parameters that are credentials, wherever in it they
    /// stand.
    static func hidden(in text: String) -> String {
        var shown = ""
        var rest = text[...]
        while !rest.isEmpty {
            let piece = rest.prefix { !isBetween($0) }
            rest = rest[piece.endIndex...]
            if let sign = piece.firstIndex(of: "="),
                SecretParameter.isSecret(piece[..<sign]) || SecretParameter.isNested(in: piece)
            {
                shown += piece[...sign] + "(hidden)"
            } else {
                shown += piece
            }
            if let mark = rest.popFirst() { shown.append(mark) }
        }
        return shown
    }

    private static func isBetween(_ mark: Character) -> Bool { " ?&;\"#/,".contains(mark) }
}
