import Caching
import HTTP
import Reactor

/// Fields that no known name stands for, found by name; on the slow way only.
enum FieldSearch {
    /// The value, where there is one line and no more.
    static func onlyValue(
        _ name: StaticString, _ fields: HeaderTable, _ bytes: [UInt8]
    ) -> [UInt8]? {
        let first = value(name, fields, bytes)
        return value(name, fields, bytes, fromEnd: true) == first ? first : nil
    }

    static func value(
        _ name: StaticString, _ fields: HeaderTable, _ bytes: [UInt8], fromEnd: Bool = false
    ) -> [UInt8]? {
        for place in 0..<fields.count {
            let index = fromEnd ? fields.count - 1 - place : place
            let field = fields[index]
            guard field.known == .other, Int(field.name.count) == name.utf8CodeUnitCount else {
                continue
            }
            let isSame = field.name.range.enumerated().allSatisfy {
                unsafe bytes[$1] | 0x20 == name.utf8Start[$0]
            }
            if isSame { return Array(bytes[field.value.range]) }
        }
        return nil
    }
}

// OPTIONS that counts its way (RFC 9110 §7.6.2).
extension Exchange {
    /// How many more hops the request may take; nil when it does not say, or is no OPTIONS.
    var maxForwards: Int? {
        guard head.method == .options,
            let value = FieldSearch.value("max-forwards", head.fields, bytes)
        else { return nil }
        guard !value.isEmpty, value.allSatisfy({ (48...57).contains($0) }) else { return nil }
        // More hops than any chain has are not told apart.
        return value.reduce(0) { min($0 * 10 + Int($1 - 48), 1_000_000) }
    }
}

extension LoopState where N: ~Copyable {
    /// An OPTIONS request that may go no further is answered here, as its final recipient.
    mutating func answersHere(_ exchange: Exchange) -> Bool {
        // CloudFront knows nothing of it.
        guard exchange.imported == nil, exchange.maxForwards == 0 else { return false }
        exchange.hasResponded = true
        exchange.outcome.status = 200
        exchange.outcome.result = .miss
        exchange.outcome.detail = "max-forwards"
        counters.add(.misses)
        var writer = unsafe HeadWriter(scratch.head)
        writer.append(status: 200)
        writer.appendAllow()
        writer.append("Content-Length: 0\r\nDate: ")
        writer.appendDate(epochSeconds: network.wallNow / 1_000)
        writer.append("\r\n")
        unsafe writer.append(bytes: hot.cacheStatus)
        writer.append("; detail=max-forwards\r\n")
        if !exchange.intake.isComplete { viewers[exchange.id.slot].closesAfterResponse = true }
        appendConnection(exchange.id.slot, &writer)
        appendResult(exchange.outcome, age: nil, &writer)
        writer.append("\r\n")
        put(exchange.id.slot, writer)
        noteHead(exchange, writer.count)
        exchange.delivery = .head
        if flush(exchange.id.slot) { finish(exchange.id.slot) }
        return true
    }
}
