import Caching
import CloudFront
import HTTP
import Reactor

// Which readings of what CloudFront does not document had a part in what is explained. Where
// nothing hangs on a reading it is not told.
extension LoopState where N: ~Copyable {
    func assumptions(_ exchange: Exchange, _ told: Explanation) -> [Explanation.Note] {
        guard exchange.policy.mode == .cloudfront else { return [] }
        var keys = exchange.readingsOfRequest
        if let copy = exchange.entry, copy.header.kind != .variants {
            keys += readings(of: copy, exchange)
        }
        if told.invalidation != nil { keys.append("storesLateFetches") }
        var notes = keys.compactMap { Reading.named($0) }.map {
            Explanation.Note($0.key, $0.sentence(exchange.policy))
        }
        if let status = exchange.entry.map({ Int($0.header.status) }),
            StatusSet.all.contains(status)
        {
            notes.append(Explanation.Note("cachedStatuses", "\(status) is kept"))
        }
        return notes + ofDistribution(exchange, told)
    }

    private func readings(of copy: StoredCopy, _ exchange: Exchange) -> [String] {
        let (header, block, now) = (copy.header, copy.headers, network.wallNow)
        let facts = unsafe ResponseFacts(
            status: Int(header.status), block: block.span.bytes, now: now)
        let control = facts.cacheControl
        let action = exchange.decision.action
        let saysAge = !control.flags.isDisjoint(with: [.hasMaxAge, .hasSMaxAge])
        let window = max(control.staleWhileRevalidate, control.staleIfError)
        let end = header.times.freshUntil.adding(.seconds(window))
        let bound = header.times.storedAt.adding(exchange.policy.maxTTL)
        let cases: [(String, Bool)] = [
            (
                "ignoresInvalidMaxAge",
                !control.flags.isDisjoint(with: [.invalidMaxAge, .invalidSMaxAge])
            ),
            ("ignoresInvalidExpires", facts.expires == .invalid && !saysAge),
            (
                "repeatedMaxAgeIsStale",
                !control.flags.isDisjoint(with: [.repeatedMaxAge, .repeatedSMaxAge])
            ),
            ("honoursResponsePragma", facts.hasPragmaNoCache && !facts.hasCacheControl),
            ("ignoresPrivateNames", control.contains(.privateFields)),
            ("replacesLifetimeOn304", action == .revalidate && facts.hasCacheControl),
            ("staleOutlivesMaxTTL", window > 0 && end > bound),
            ("respectsOriginAge", header.times.initialAge > 0),
            ("showsAgeOnRefresh", action == .revalidate),
            ("showsCompressedLength", header.flags.contains(.compressedHere)),
            ("staleIsRefreshHit", exchange.decision.reason == .staleWhileRevalidate),
        ]
        return cases.filter(\.1).map(\.0)
    }

    private func ofDistribution(
        _ exchange: Exchange, _ told: Explanation
    ) -> [Explanation.Note] {
        guard let readings = snapshot.settings.distribution?.readings else { return [] }
        var notes: [Explanation.Note] = []
        func note(_ key: String, _ text: String) {
            notes.append(Explanation.Note("distribution.\(key)", text))
        }
        if exchange.bytes[exchange.head.path.range].contains(UInt8(ascii: "%")), hot.count > 1 {
            note(
                "pathDecoding",
                "patterns see the path with these escapes decoded: "
                    + readings.pathDecoding.rawValue)
        }
        if told.rewritings.contains(where: { $0.what == "root object" }) {
            note(
                "rootMatch",
                readings.matchesRootAsSlash
                    ? "the behavior is that of /" : "the behavior is that of the root object")
            note(
                "rootInvalidation",
                readings.separatesRoot
                    ? "an invalidation of / leaves the root object"
                    : "an invalidation of / is one of the root object")
        }
        if told.invalidation != nil, !exchange.head.query.isEmpty {
            note(
                "invalidationQuery",
                readings.narrowsInvalidations
                    ? "an invalidation's query is cut to what the key has"
                    : "an invalidation's query must be what the key has")
        }
        return notes
    }

    /// Of a request that is refused.
    func assumptionsOfRefusal(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts
    ) -> [Explanation.Note] {
        guard let readings = snapshot.settings.distribution?.readings,
            let found = unsafe refusal(slot, bytes, behavior, facts)
        else { return [] }
        var notes: [Explanation.Note] = []
        let refusing = readings.checks.count {
            unsafe refusal(by: $0, slot, bytes, behavior, facts) != nil
        }
        if refusing > 1 {
            let order = readings.checks.map(\.word).joined(separator: ", ")
            notes.append(
                Explanation.Note("distribution.checkOrder", "checks come in this order: \(order)"))
        }
        switch found {
        case .signature(.missingSignature):
            notes.append(
                Explanation.Note("distribution.missingSignature", readings.missingSignature))
        case .signature(.missingPolicy):
            notes.append(Explanation.Note("distribution.missingPolicy", readings.missingPolicy))
        default: break
        }
        if case .countryBlocked = found { return notes }
        if found.isOfDistribution, hot[behavior].traits.contains(.hasErrorPages),
            let errors = snapshot.settings.distribution?.distribution.errors,
            found.status.map({ errors.page(for: $0) != nil }) == true,
            let reading = Reading.named("pagesForRefusals")
        {
            notes.append(
                Explanation.Note(reading.key, reading.sentence(hot[behavior].policy)))
        }
        return notes
    }
}

extension Exchange {
    /// Keys of the readings that the request alone brings into play.
    fileprivate var readingsOfRequest: [String] {
        var keys: [String] = []
        let isMiss = decision.action == .fetch && key != nil
        if head.method == .head, isMiss { keys.append("asksGetForHead") }
        guard let behavior = imported?.behavior else { return keys }
        let path = [UInt8](bytes[head.path.range])
        if unsafe MatchPath.needsNormalizing(path.span.bytes) { keys.append("keysNormalPath") }
        if behavior.key.queryStrings.mode != .none, isQueryReadTwoWays {
            keys.append("keysNormalQuery")
        }
        if behavior.signers == .none, hasSignature { keys.append("passesStraySignatures") }
        guard !behavior.forwarding.isLegacy else { return keys }
        if facts.hasConditional, isMiss { keys.append("forwardsConditions") }
        let parts: [KnownField] = [.range, .ifRange, .contentType, .contentEncoding]
        if parts.contains(where: { head.fields.contains($0) }) { keys.append("forwardsOnlyNamed") }
        return keys
    }

    /// Whether the query or a cookie is a part of a signature.
    private var hasSignature: Bool {
        let bytes = bytes
        return unsafe !SignatureParameters(head, bytes: bytes.span.bytes).isEmpty
    }

    /// Whether the query has more than one parameter, an empty one or an escape.
    private var isQueryReadTwoWays: Bool {
        bytes[head.query.range].contains { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: "%") }
    }
}
