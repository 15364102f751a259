import Caching
import HTTP
import Reactor

// A fetched response that the viewer turns out to have already.
extension LoopState where N: ~Copyable {
    /// 304 in place of the whole: the viewer's own condition, judged by what the origin sent.
    mutating func writeNotModified(_ exchange: Exchange, _ fetched: FetchedHead) {
        exchange.hasResponded = true
        exchange.outcome.status = 304
        exchange.outcome.result = exchange.outcome.isKnownHead ? .hit : .miss
        counters.add(.notModified)
        count(exchange.outcome.result)
        var writer = unsafe HeadWriter(scratch.head)
        writer.append(status: 304)
        unsafe fetched.blob.withUnsafeBytes {
            unsafe appendFields($0, exchange, isMetadata: true, &writer)
        }
        appendConnection(exchange.id.slot, &writer)
        let collapsed = exchange.fetch == nil
        appendOwnFields(exchange, fetched, collapsed, &writer)
        appendResult(
            exchange.outcome, minor: fetched.head.minorVersion,
            age: ageToShow(exchange, fetched, collapsed), &writer)
        writer.append("\r\n")
        put(exchange.id.slot, writer)
        noteHead(exchange, writer.count)
        exchange.delivery = .head
        pump(exchange.id.slot)
    }
}

extension FetchedHead {
    /// Whether this response, fetched whole for the store, is one the viewer has.
    func isHeld(by exchange: Exchange, now: Milliseconds) -> Bool {
        guard exchange.key != nil || exchange.tagsContent, exchange.facts.hasConditional,
            status == 200,
            exchange.head.method == .get || exchange.confirmsByHead
                || exchange.outcome.isKnownHead,
            !exchange.facts.hasRange
        else { return false }
        let isTagged = exchange.tagsContent
        let tag = isTagged ? contentTag : [UInt8](bytes[facts.etag.range])
        return unsafe exchange.bytes.withUnsafeBytes { request in
            unsafe tag.withUnsafeBytes { tag in
                unsafe evaluatePreconditions(
                    exchange.head.fields, request.bytes, etag: tag.bytes,
                    lastModified: isTagged ? nil : facts.lastModified,
                    date: facts.date ?? receivedAt / 1_000, now: now / 1_000) == .notModified
            }
        }
    }
}
