import Caching
import HTTP
import Reactor

/// What an explanation found under a key.
struct ExplainedLookup {
    var lookup: Lookup
    var copy: StoredCopy?
    var isPending = false
    /// The key with the values of the Vary fields; empty where the target does not vary.
    var variant: [UInt8] = []

    static var absent: ExplainedLookup { ExplainedLookup(lookup: .absent) }
}

// Looks as `serveFound` does, and remembers why something is not there.
extension LoopState where N: ~Copyable {
    mutating func lookUp(
        _ canonical: [UInt8], for exchange: Exchange, _ told: inout Explanation
    ) -> ExplainedLookup {
        told.invalidation = nil
        let found = record(canonical, canonical, &told)
        guard let names = found.copy, names.header.kind == .variants else { return found }
        guard let values = exchange.variantValues(names.headers) else {
            return ExplainedLookup(lookup: .variantAbsent)
        }
        var selected = record(canonical + values, canonical, &told)
        // One from before the names is dead.
        if selected.copy?.header.varyEpoch != names.header.varyEpoch { selected = .absent }
        selected.variant = canonical + values
        if selected.copy == nil { selected.lookup = .variantAbsent }
        return selected
    }

    /// What is served in the stead of what is not there, or has only expired; see
    /// `answersInOtherCoding`. The exchange is that key's then.
    mutating func inOtherCoding(
        _ exchange: Exchange, _ found: ExplainedLookup, _ told: inout Explanation
    ) -> ExplainedLookup? {
        switch found.lookup {
        case .variantAbsent: return nil
        case .absent: break
        case .entry:
            guard found.variant.isEmpty, !exchange.decision.isAnsweredFromStore,
                exchange.decision.reason == .stale
            else { return nil }
        }
        let invalidation = told.invalidation
        for (canonical, coding) in exchange.keysInOtherCodings {
            told.invalidation = nil
            let other = record(canonical, canonical, &told)
            let decision = decide(
                other.lookup, request: exchange.facts, policy: exchange.policy, health: .up,
                now: network.wallNow)
            guard decision.action == .serve, let copy = other.copy,
                unsafe copy.headers.withUnsafeBytes({ unsafe FieldLines.isCoded($0.bytes, coding) })
            else { continue }
            exchange.canonical = canonical
            exchange.key = unsafe CacheKey.hash(canonical.span.bytes, seed: seed)
            exchange.decision = decision
            told.key?.servedCoding = keyParts(canonical, exchange.imported).last?.value ?? ""
            return other
        }
        told.invalidation = invalidation
        return nil
    }

    /// What is alive under one key: what waits for the writer counts for more than the file.
    private mutating func record(
        _ canonical: [UInt8], _ target: [UInt8], _ told: inout Explanation
    ) -> ExplainedLookup {
        let key = unsafe CacheKey.hash(canonical.span.bytes, seed: seed)
        switch store?.findPending(key) ?? .none {
        case .deleted: return .absent
        case .object(let object) where object.canonicalKey == canonical:
            var header = object.header
            guard isAlive(&header, key, canonical, target, fields: object.headers, &told) else {
                return .absent
            }
            let copy = unsafe object.headers.withUnsafeBytes { headers in
                unsafe StoredCopy(
                    StoredEntry(pending: object, header: header, headers: headers),
                    store: store)
            }
            return ExplainedLookup(lookup: .entry(copy.header), copy: copy, isPending: true)
        case .object: return .absent
        case .none: break
        }
        beginReading()
        defer { endReading() }
        guard let record = unsafe reader?.find(key),
            case .entry(var header, let layout) = unsafe EntryRecord.decode(
                record.bytes, expecting: canonical.span.bytes, seed: seed, verifying: true),
            let entry = unsafe withFields(
                StoredEntry(record: record, header: header, layout: layout))
        else {
            noteInvalidation(target, [], orSoft: false, &told)
            noteTagInForce(&told)
            return .absent
        }
        let fields = unsafe [UInt8](entry.block)
        guard isAlive(&header, key, canonical, target, fields: fields, &told) else {
            return .absent
        }
        let judged = unsafe StoredEntry(record: record, header: header, layout: layout)
            .with(headers: entry.block)
        return ExplainedLookup(
            lookup: .entry(header), copy: StoredCopy(judged, store: store))
    }

    /// Whether no invalidation has killed it; `header` is stale where one asked for that. The one
    /// that did either is told.
    private mutating func isAlive(
        _ header: inout EntryHeader, _ key: CacheKey, _ canonical: [UInt8], _ target: [UInt8],
        fields: [UInt8], _ told: inout Explanation
    ) -> Bool {
        let (now, end) = (network.wallNow, header.times.freshUntil)
        let isAlive = unsafe canonical.withUnsafeBytes { canonical in
            unsafe fields.withUnsafeBytes {
                unsafe invalidated.isAlive(&header, key, canonical, fields: $0, now: now)
            }
        }
        // A later one that is soft did not kill it.
        noteTagRule(in: fields, of: header, orSoft: isAlive, &told)
        noteInvalidation(target, fields, orSoft: isAlive, &told)
        if !isAlive, told.invalidation == nil, let store {
            told.invalidation = Explanation.Invalidation(
                number: store.invalidations.latest, rule: "a tag of what is stored", kills: true,
                mayBeOfAPI: false)
        }
        if !isAlive { told.invalidation?.kills = true }
        if isAlive, header.times.freshUntil != end { told.invalidation?.endsLifetime = true }
        return isAlive
    }

    /// The latest invalidation since an entry's fetch that names a tag of it, unless one that
    /// names its path is later.
    private func noteTagRule(
        in fields: [UInt8], of header: EntryHeader, orSoft: Bool, _ told: inout Explanation
    ) {
        guard told.invalidation == nil, header.invalidation < invalidated.known,
            let latest = store?.invalidations.latest(
                namingTagIn: fields, orSoft: orSoft),
            latest.number > header.invalidation
        else { return }
        told.invalidation = Explanation.Invalidation(latest.number, latest.rule)
    }

    /// The latest one in force that names a tag, where none names the path: it may have killed what
    /// the sweeper has taken since.
    private func noteTagInForce(_ told: inout Explanation) {
        guard told.invalidation == nil,
            let latest = store?.invalidations.inForce.journal.last(where: {
                $0.rule.reach == .tag && !$0.rule.isSoft
            })
        else { return }
        told.invalidation = Explanation.Invalidation(latest.number, latest.rule)
    }

    /// The latest invalidation in force that names the target, if any does.
    private func noteInvalidation(
        _ canonical: [UInt8], _ fields: [UInt8], orSoft: Bool, _ told: inout Explanation
    ) {
        guard
            let latest = store?.invalidations.latest(
                naming: canonical, showing: fields, orSoft: orSoft),
            latest.number > told.invalidation?.number ?? 0
        else { return }
        told.invalidation = Explanation.Invalidation(latest.number, latest.rule)
    }
}

extension Explanation.Invalidation {
    fileprivate init(_ number: UInt64, _ rule: InvalidationRule) {
        self.init(
            number: number, rule: rule.words, kills: false,
            mayBeOfAPI: rule.reach != .scope && rule.reach != .everything && rule.host == nil)
        isOfTag = rule.reach == .tag
    }
}

extension InvalidationRule {
    /// As people would write it.
    fileprivate var words: String {
        let place = host.map { " on \(String(decoding: $0, as: UTF8.self))" } ?? ""
        let text = String(decoding: bytes, as: UTF8.self)
        return switch reach {
        case .everything: "everything"
        case .target: text + place
        case .prefix: "\(text)*" + place
        case .tag: "tag \(String(decoding: tag?.name ?? bytes[...], as: UTF8.self))"
        case .scope: "a write to \(scope?.words() ?? "everything")"
        }
    }
}
