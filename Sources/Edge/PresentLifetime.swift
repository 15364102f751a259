import Caching
import HTTP
import Reactor
import Tiles

// What shows the present is old soon, whatever its server says of it, and not only here.
extension LoopState where N: ~Copyable {
    /// The head of a map whose TIME names the present, with no lifetime over the behavior's
    /// `presentTTL`, read anew into `originHead`; any other head as it is. Viewers and caches in
    /// front get the same word as the store.
    mutating func shortened(_ raw: [UInt8], _ exchange: Exchange) -> [UInt8] {
        guard exchange.map?.tile?.movesWithClock == true, originHead.status >= 200,
            originHead.fields.count > 0
        else { return raw }
        let limit = exchange.policy.presentTTL / 1_000
        var facts = unsafe ResponseFacts(originHead, bytes: raw.span.bytes, now: network.wallNow)
        facts.movesWithClock = true
        let lifetime = freshnessLifetime(facts, exchange.policy, now: network.wallNow)
        let expires = lifetime.source == .expires && lifetime.bound == .presentTTL
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
