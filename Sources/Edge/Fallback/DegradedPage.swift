import Caching
import HTTP

// Pages that their origin made although it lacked something, and says so: shown, not kept.
extension DegradedMarker {
    /// Whether a response's field says so.
    func isIn(_ head: borrowing ResponseHead, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let header, !header.isEmpty else { return false }
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            guard
                unsafe isEqual(
                    header, UnsafeRawBufferPointer(rebasing: bytes[field.name.range]))
            else { continue }
            guard let value else { return true }
            if unsafe isEqual(value, UnsafeRawBufferPointer(rebasing: bytes[field.value.range])) {
                return true
            }
        }
        return false
    }

    private func isEqual(_ text: String, _ bytes: UnsafeRawBufferPointer) -> Bool {
        unsafe text.utf8.count == bytes.count
            && zip(text.utf8, bytes).allSatisfy { lowered($0) == lowered($1) }
    }

    private func lowered(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    /// Whether the text stands within the first `within` bytes of a body, or of the plain form of
    /// one in gzip.
    func isIn(body prefix: [UInt8], isGzip: Bool) -> Bool {
        guard !body.isEmpty else { return false }
        let plain =
            isGzip
            ? NoticeInjection.decompressed(prefix, limit: within, isPart: true) ?? [] : prefix
        let text = plain.prefix(within)
        guard text.count >= body.count else { return false }
        var at = text.startIndex
        while at <= text.endIndex - body.count {
            if text[at] == body[0], text[at..<(at + body.count)].elementsEqual(body) {
                return true
            }
            at += 1
        }
        return false
    }
}

extension LoopState where N: ~Copyable {
    /// Whether the body must be searched before it is known whether it may be stored.
    func searchesBody(_ head: FetchedHead, _ exchange: Exchange) -> Bool {
        guard let marker = exchange.degradedMarker, !marker.body.isEmpty else { return false }
        return exchange.head.method == .get && head.status == 200 && !head.isDegraded
            && !head.confirmsStored && !head.deniesStored
    }

    /// The same head, marked if its body says that the page lacks something.
    func search(_ judged: JudgedBody, _ fetch: Fetch) -> FetchedHead {
        guard let marker = fetch.exchange.degradedMarker else { return judged.head }
        let facts = unsafe judged.head.blob.withUnsafeBytes { unsafe NoticedFields.facts($0) }
        let isFound = marker.isIn(
            body: fetch.shared.prefix(marker.within), isGzip: facts.coding == .gzip)
        return isFound ? FetchedHead(judged.head, degraded: true) : judged.head
    }

    /// A page that says itself that it lacks something: a good one that is stored, where that is
    /// wanted. False: it goes out as it is.
    mutating func betters(_ exchange: Exchange, _ head: FetchedHead) -> Bool {
        guard head.isDegraded, exchange.degradedMarker?.servesStored == true,
            let entry = exchange.entry, mayServeStale(exchange, entry, .unreachable)
        else { return false }
        counters.add(.degradedPages)
        serveStale(exchange, entry, answer: head.status)
        return true
    }
}
