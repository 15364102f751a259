import Caching
import HTTP
import Reactor
import Tiles

// What shows the present, or what features there are, is old soon, whatever its server says of it,
// and not only here.
extension LoopState where N: ~Copyable {
    /// The head of a map whose TIME names the present, or of feature info, with no lifetime over
    /// the behavior's `presentTTL` or `featureInfoTTL`, read anew into `originHead`; any other head
    /// as it is. Viewers and caches in front get the same word as the store.
    mutating func shortened(_ raw: [UInt8], _ exchange: Exchange) -> [UInt8] {
        let isPresent = exchange.map?.tile?.movesWithClock == true
        let isInfo = !isPresent && exchange.isFeatureInfo
        guard isPresent || isInfo, originHead.status >= 200, originHead.fields.count > 0 else {
            return raw
        }
        let policy = exchange.policy
        let limit = (isInfo ? policy.featureInfoTTL : policy.presentTTL) / 1_000
        var facts = unsafe ResponseFacts(originHead, bytes: raw.span.bytes, now: network.wallNow)
        (facts.movesWithClock, facts.isFeatureInfo) = (isPresent, isInfo)
        let lifetime = freshnessLifetime(facts, policy, now: network.wallNow)
        let isCut = lifetime.bound == .presentTTL || lifetime.bound == .featureInfoTTL
        let expires = lifetime.source == .expires && isCut
        var next = [UInt8](raw[..<Int(originHead.fields[0].name.start)])
        var isChanged = expires
        for index in 0..<originHead.fields.count {
            let field = originHead.fields[index]
            var value = [UInt8](raw[field.value.range])
            if field.known == .expires, expires { continue }
            if isControl(raw, field), let shorter = shortenedControl(value, to: limit) {
                (value, isChanged) = (shorter, true)
            }
            next += raw[field.name.range] + [58, 32] + value + [13, 10]
        }
        guard isChanged else { return raw }
        if expires { next += Array("Cache-Control: max-age=\(limit)\r\n".utf8) }
        next += [13, 10]
        return reread(next, exchange) ? next : raw
    }

    private func isControl(_ raw: [UInt8], _ field: HeaderField) -> Bool {
        if field.known == .cacheControl || field.known == .cdnCacheControl { return true }
        return equalsIgnoringCase(
            unsafe raw.span.bytes.extracting(field.name.range), "surrogate-control")
    }
}
