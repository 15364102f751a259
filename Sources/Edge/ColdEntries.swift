import Caching
import Glibc
import HTTP
import Reactor

// Entries that were not served lately: their pages may be on disk, their bytes unchecked. They are
// read and checked beside the loop, so that one cold page stalls nobody (law 2).
extension LoopState where N: ~Copyable {
    /// Whether the record is the one that was written, bit for bit: looked at when it was not
    /// served lately, since a checksum at every hit would cost more than the rest of the lookup.
    mutating func isSound(_ key: CacheKey) -> Bool {
        guard let record = unsafe reader?.find(key) else { return true }
        if unsafe (try? EntryRecord.inspect(record.bytes)) != nil { return true }
        counters.add(.corruptRecords)
        store?.discardDamaged(key)
        return false
    }

    /// Whether the body can be sent without waiting for the disk, and was found to be sound.
    ///
    /// Of a long body only what is sent first: later parts are looked at before they are sent.
    mutating func isReady(_ entry: StoredEntry) -> Bool {
        let length = min(Int(entry.header.bodyLength), Ahead.window)
        guard let run = entry.body.run(0..<length) else { return true }
        return reader?.isVouched(run.objectID) == true
            && isResident(0..<run.bytes.upperBound, of: run.objectID)
    }

    /// Whether bytes of a stored body can be sent without waiting for the disk.
    mutating func isResident(_ range: Range<Int>, in body: StoredBody) -> Bool {
        body.run(range).map { isResident($0.bytes, of: $0.objectID) } ?? true
    }

    /// The same of an object's bytes. What is gone is no matter of the disk's.
    mutating func isResident(_ range: Range<Int>, of objectID: UInt64) -> Bool {
        guard let base = unsafe scratch.parts.baseAddress else { return true }
        var at = range.lowerBound
        while at < range.upperBound {
            guard
                let found = unsafe reader?.gather(
                    objectID: objectID, fromChunk: at / ObjectKeys.chunkBytes,
                    skip: at % ObjectKeys.chunkBytes, limit: range.upperBound - at, into: base),
                found.count > 0
            else { return true }
            if unsafe reader?.isResident(base, count: found.count) == false { return false }
            at += found.bytes
        }
        return true
    }

    /// Whether what a viewer is sent next is in memory; else it is read aside, and the viewer goes
    /// on when that is done. Too many wait for the disk: then it is waited for here.
    mutating func isAhead(_ slot: UInt32, _ copy: StoredCopy) -> Bool {
        if viewers[slot].stored.ahead.awaitsPages { return false }
        let (next, now) = (viewers[slot].stored.next, network.monotonicMilliseconds)
        if next < viewers[slot].stored.ahead.end, now < viewers[slot].stored.ahead.until {
            return true
        }
        let range = next..<min(viewers[slot].stored.end, next + Ahead.window)
        guard let run = copy.withEntry({ $0.body.run(range) }) else { return true }
        viewers[slot].stored.ahead = Ahead(end: range.upperBound, until: now + Ahead.lifetime)
        beginReading()
        let isResident = isResident(run.bytes, of: run.objectID)
        endReading()
        if isResident { return true }
        counters.add(.coldFaults)
        let token = Token(viewers.life(of: slot), kind: TokenKind.viewer)
        let (mailbox, bits) = (shared.mailboxes[index], token.bits)
        let isTaken = store?.faultIn(run.bytes, of: run.objectID) { _ in
            _ = mailbox.post(.pagesRead(viewer: bits))
        }
        guard isTaken == true else { return true }
        viewers[slot].stored.ahead.awaitsPages = true
        setDeadline(slot, milliseconds: limits.writeTimeout)
        return false
    }

    /// What was to be sent next is in memory, or gone.
    mutating func pagesRead(_ token: Token) {
        guard viewers.contains(token), viewers[token.slot].stored.ahead.awaitsPages else { return }
        let slot = token.slot
        viewers[slot].stored.ahead.awaitsPages = false
        viewers[slot].stored.ahead.until = network.monotonicMilliseconds + Ahead.lifetime
        setDeadline(slot, milliseconds: limits.writeTimeout)
        sendStored(slot)
    }

    /// Has the entry read aside; the exchange goes on when that is done. A refresh begins at once.
    mutating func wait(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ decision: Decision,
        _ entry: StoredEntry, _ key: CacheKey, _ canonical: CanonicalKey
    ) {
        counters.add(.coldFaults)
        if decision.action == .serveStaleRefreshing, let entry = withFields(entry) {
            unsafe refresh(slot, bytes, behavior, facts, decision, entry, key, canonical)
        }
        let exchange = unsafe makeExchange(slot, bytes, behavior, facts, decision)
        exchange.key = key
        exchange.canonical = unsafe [UInt8](canonical.bytes)
        exchange.primary = unsafe primaryKey(slot, bytes, behavior, facts)
        exchange.awaitsPages = true
        viewers[slot].exchange = exchange
        viewers[slot].phase = .exchange
        setDeadline(slot, milliseconds: nil)
        if !readAside(exchange, key) {
            // Too many wait for the disk: the origin is quicker.
            exchange.awaitsPages = false
            obtain(exchange)
        }
    }

    private func readAside(_ exchange: Exchange, _ key: CacheKey) -> Bool {
        let (mailbox, id) = (shared.mailboxes[index], exchange.id)
        return store?.faultIn(key) { result in
            let isReady = if case .ready = result { true } else { false }
            _ = mailbox.post(isReady ? .progress(id) : .unavailable(id))
        } ?? false
    }

    /// A copy that the exchange holds, once its body was found to be sound and is in memory. False
    /// when it cannot be had.
    mutating func serveWhenReady(
        _ exchange: Exchange, _ copy: StoredCopy, reason: DecisionReason
    ) -> Bool {
        beginReading()
        let isAtHand = copy.withEntry { entry -> Bool in isReady(entry) }
        endReading()
        if isAtHand { return serveCopy(exchange, copy, reason: reason) }
        guard !exchange.hasReadAside, let key = exchange.key else { return false }
        counters.add(.coldFaults)
        exchange.hasReadAside = true
        exchange.awaited = (copy, reason)
        exchange.awaitsPages = true
        setDeadline(exchange.id.slot, milliseconds: nil)
        if readAside(exchange, key) { return true }
        (exchange.awaited, exchange.awaitsPages) = (nil, false)
        return false
    }

    /// Whether an object's bytes may be used: written or checked by this process.
    func isVouched(_ copy: StoredCopy) -> Bool {
        copy.chunkedObject.map { reader?.isVouched($0) == true } ?? true
    }

    /// It cannot be had from the store: from the origin, then.
    mutating func unavailable(_ exchange: Exchange) {
        guard exchange.awaitsPages else { return }
        exchange.awaitsPages = false
        exchange.awaited = nil
        exchange.entry = nil
        exchange.decision = Decision(.fetch, .absent)
        if let fetch = exchange.shared { leave(fetch, exchange) }
        // It asks as if it had never asked: it may become one who waits for another.
        (exchange.shared, exchange.fetch, exchange.leads) = (nil, nil, false)
        exchange.forward = nil
        obtain(exchange)
    }

    /// The entry is in memory, and its body is the one that was stored.
    mutating func resume(_ exchange: Exchange) {
        guard let key = exchange.key else { return }
        exchange.awaitsPages = false
        if let (copy, reason) = exchange.awaited {
            exchange.awaited = nil
            if isVouched(copy), serveCopy(exchange, copy, reason: reason) { return }
            exchange.awaitsPages = true
            unavailable(exchange)
            return
        }
        beginReading()
        let copy = unsafe exchange.canonical.withUnsafeBytes { canonical -> StoredCopy? in
            guard case .entry(let found) = unsafe find(key, canonical),
                let entry = withFields(found)
            else { return nil }
            return StoredCopy(entry, store: store)
        }
        endReading()
        if let copy, serveCopy(exchange, copy, reason: exchange.decision.reason) { return }
        exchange.awaitsPages = true
        unavailable(exchange)
    }
}
