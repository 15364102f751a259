import Caching
import HTTP

/// A HEAD request as a GET: what is stored is to be replaced whole, whoever found it stale.
struct AskedByGet {
    let bytes: [UInt8]
    let head: RequestHead
    let facts: RequestFacts

    /// - Parameters:
    ///   - bytes: of a whole head that was accepted; any other method stays what it is.
    init(
        _ bytes: UnsafeRawBufferPointer, _ head: RequestHead, _ facts: RequestFacts,
        limits: HeadLimits
    ) {
        var asked = RequestHead()
        var scan = HeadScan()
        let rest = unsafe UnsafeRawBufferPointer(
            rebasing: bytes[min(head.methodName.end, bytes.count)...])
        let text = unsafe [UInt8]("GET".utf8) + rest
        let result = unsafe text.withUnsafeBytes {
            unsafe parseRequest($0.bytes, &scan, limits: limits, into: &asked)
        }
        guard head.method == .head, result == .complete else {
            (self.bytes, self.head, self.facts) = unsafe ([UInt8](bytes), head, facts)
            return
        }
        var facts = facts
        facts.method = .get
        (self.bytes, self.head, self.facts) = (text, asked, facts)
    }
}

extension Exchange {
    /// A HEAD that found nothing, and is to be stored as a GET is.
    var asksByGet: Bool {
        policy.asksGetForHead && head.method == .head && decision.action == .fetch && key != nil
    }
}

extension LoopState where N: ~Copyable {
    /// Who asks the origin: the exchange itself, or, where a HEAD that found nothing is to be
    /// stored, one that asks by GET and whose answer the exchange waits for.
    func asker(_ exchange: Exchange) -> Exchange {
        guard exchange.asksByGet else { return exchange }
        return byGet(exchange, id: exchange.id, exchange.decision)
    }

    /// The same exchange, if it asked by GET and for the whole.
    func byGet(_ exchange: Exchange, id: ExchangeID, _ decision: Decision) -> Exchange {
        let asked = unsafe exchange.bytes.withUnsafeBytes {
            unsafe AskedByGet($0, exchange.head, exchange.facts, limits: .ownRequest)
        }
        var facts = asked.facts
        (facts.hasRange, facts.range, facts.hasIfRange) = (false, .none, false)
        let asker = Exchange(
            id: id, bytes: asked.bytes, head: asked.head, facts: facts,
            snapshot: exchange.snapshot, behavior: exchange.behavior, decision: decision,
            started: exchange.started)
        asker.outcome.requestID = exchange.outcome.requestID
        asker.ask(peer: exchange.peer)
        (asker.key, asker.canonical) = (exchange.key, exchange.canonical)
        (asker.primary, asker.entry, asker.page) = (exchange.primary, exchange.entry, exchange.page)
        return asker
    }
}
