import Caching
import HTTP
import Reactor

// Maps that are kept longer than their origin says.
extension LoopState where N: ~Copyable {
    /// The head without the lifetime that the class's takes the place of, read anew into
    /// `originHead`, as if the origin had said nothing; any other head as it is.
    mutating func outlived(_ raw: [UInt8], _ exchange: Exchange) -> [UInt8] {
        let policy = exchange.policy
        guard policy.outlivesOrigin, originHead.fields.count > 0 else { return raw }
        var facts = unsafe ResponseFacts(originHead, bytes: raw.span.bytes, now: network.wallNow)
        facts.lifetimeClass = exchange.lifetimeClass
        guard isOutlived(facts, policy, now: network.wallNow) else { return raw }
        let start = Int(originHead.fields[0].name.start)
        let fields = HeaderBlob.withoutLifetime(Array(raw[start...].dropLast(2)))
        let next = Array(raw[..<start] + fields + [13, 10])
        return reread(next, exchange) ? next : raw
    }
}
