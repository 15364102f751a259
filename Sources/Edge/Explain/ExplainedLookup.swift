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
        selected.variant = canonical + values
        if selected.copy == nil { selected.lookup = .variantAbsent }
        return selected
    }

    /// What is alive under one key: what waits for the writer counts for more than the file.
    private mutating func record(
        _ canonical: [UInt8], _ target: [UInt8], _ told: inout Explanation
    ) -> ExplainedLookup {
        let key = CacheKey.hash(canonical.span.bytes, seed: seed)
        switch store?.findPending(key) ?? .none {
        case .deleted: return .absent
        case .object(let object) where object.canonicalKey == canonical:
            guard isAlive(object.header, target, &told) else { return .absent }
            let copy = object.headers.withUnsafeBytes { headers in
                StoredCopy(
                    StoredEntry(
                        header: object.header, headers: headers,
                        body: .pending(Unmanaged.passUnretained(object))), store: store)
            }
            return ExplainedLookup(lookup: .entry(copy.header), copy: copy, isPending: true)
        case .object: return .absent
        case .none: break
        }
        beginReading()
        defer { endReading() }
        guard let record = reader?.find(key),
            case .entry(let header, let layout) = EntryRecord.decode(
                record.bytes, expecting: canonical.span.bytes, seed: seed, verifying: true),
            isAlive(header, target, &told),
            let entry = withFields(
                StoredEntry(record: record, header: header, layout: layout))
        else {
            noteInvalidation(target, &told)
            return .absent
        }
        return ExplainedLookup(
            lookup: .entry(header), copy: StoredCopy(entry, store: store))
    }

    /// Whether no invalidation has killed it; the one that did is told.
    private mutating func isAlive(
        _ header: EntryHeader, _ canonical: [UInt8], _ told: inout Explanation
    ) -> Bool {
        noteInvalidation(canonical, &told)
        guard let invalidation = told.invalidation, invalidation.number > header.invalidation
        else { return true }
        told.invalidation?.kills = true
        return false
    }

    /// The latest invalidation in force that names the target, if any does.
    private func noteInvalidation(_ canonical: [UInt8], _ told: inout Explanation) {
        guard told.invalidation == nil, let latest = store?.invalidations.latest(naming: canonical)
        else { return }
        told.invalidation = Explanation.Invalidation(
            number: latest.number, rule: latest.rule.words, kills: false)
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
        case .tag: "tag \(text)"
        }
    }
}
