import Caching
import Glibc
import HTTP
import Reactor

// Answers out of the map.
extension LoopState where N: ~Copyable {
    /// Serves a stored response: whole, a range, or 304.
    mutating func serve(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ entry: StoredEntry,
        _ facts: RequestFacts, _ decision: Decision, _ behavior: Int, result: ResultType? = nil,
        status: Int? = nil, detail: StaticString? = nil, since started: UInt64 = 0
    ) {
        var outcome = Outcome()
        outcome.startedAt = started
        outcome.result = result ?? decision.resultType
        if decision.reason == .staleWhileRevalidate, hot[behavior].policy.staleIsRefreshHit {
            outcome.result = .refreshHit
        }
        if entry.header.flags.contains(.tokensCut) {
            return unsafe serveFilled(slot, bytes, entry, facts, decision, behavior, outcome.result)
        }
        // What an exchange holds has been looked at for that already.
        if isNoticing, started == 0,
            unsafe serveNoticed(
                slot, bytes, entry, facts, decision, behavior, outcome.result)
        {
            return
        }
        outcome.detail = detail ?? decision.reason.word
        outcome.behavior = behavior
        outcome.requestID = requestID
        outcome.status = status ?? Int(entry.header.status)
        count(outcome.result)
        if decision.action != .serve { counters.add(.staleServed) }
        if facts.hasConditional, unsafe isUnchanged(bytes, entry) {
            outcome.status = 304
            counters.add(.notModified)
            var writer = unsafe beginStored(
                304, slot, bytes, entry, decision, outcome, isFull: false)
            endStored(entry, decision, outcome, &writer)
            unsafe sendWhole(slot, bytes, writer, entry, 0..<0, outcome)
            return
        }
        if facts.hasRange, head.method == .get,
            entry.header.status == 200 || entry.header.kind == .partial,
            unsafe serveRange(slot, bytes, entry, decision, outcome)
        {
            return
        }
        var writer = unsafe beginStored(
            outcome.status, slot, bytes, entry, decision, outcome, isFull: true)
        let hidesLength = entry.header.flags.contains(.compressedHere) && hidesLengths(behavior)
        if hidesLength {
            writer.append("Transfer-Encoding: chunked\r\n")
        } else if entry.header.status != 204 {
            writer.append("Content-Length: ")
            writer.appendDecimal(entry.header.bodyLength)
            writer.append("\r\n")
        }
        endStored(entry, decision, outcome, &writer)
        let end = head.method == .head ? 0 : Int(entry.header.bodyLength)
        if hidesLength, end > 0 {
            unsafe sendInChunk(slot, bytes, writer, entry, end, outcome)
            return
        }
        unsafe sendWhole(slot, bytes, writer, entry, 0..<end, outcome)
    }

    /// Status line, stored fields and our own; the caller adds the length, and `endStored`.
    mutating func beginStored(
        _ status: Int, _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ entry: StoredEntry,
        _ decision: Decision, _ outcome: Outcome, isFull: Bool
    ) -> HeadWriter {
        var writer = unsafe HeadWriter(scratch.head)
        writer.append(status: status)
        let start = writer.count
        if status == 416 {
            // What is stored is not what this describes.
            if hot.isTwin { writer.append("Server: CloudFront\r\n") }
            writer.append("Date: ")
            writer.appendDate(epochSeconds: network.wallNow / 1_000)
            writer.append("\r\n")
            if !hot.isTwin { writer.append("Cache-Control: no-store\r\n") }
        } else if hot[outcome.behavior].traits.contains(.editsResponses) {
            unsafe appendEdited(
                entry.headers, outcome.behavior, head, bytes, isMetadata: !isFull, &writer)
        } else if isFull {
            unsafe writer.append(bytes: entry.headers)
        } else {
            unsafe HeaderBlob.appendMetadata(of: entry.headers, to: &writer)
        }
        if hot[outcome.behavior].traits.contains(.tellsRemaining) {
            appendRemaining(
                entry.header.times, entry.header.flags, outcome, from: start, &writer)
        }
        let now = network.wallNow
        appendConnection(slot, &writer)
        // Most have neither.
        if !entry.header.flags.isDisjoint(with: [.classLifetime, .tellsTile]) {
            appendOfClass(entry, outcome, &writer)
        }
        unsafe writer.append(bytes: hot.cacheStatus)
        if let forward {
            append(forward.text, &writer)
            // The next response may be another request's, pipelined behind this one.
            self.forward = nil
        } else {
            writer.append(decision.reason.cacheStatusParameter)
        }
        if decision.reason == .metatile { writer.append("; fwd-status=200; stored") }
        writer.append("; ttl=")
        let ttl = entry.header.times.freshUntil.subtracting(now) / 1_000
        if ttl < 0 { writer.append("-") }
        writer.appendDecimal(UInt64(ttl.magnitude))
        if decision.reason != .fresh {
            writer.append("; detail=")
            writer.append(decision.reason.word)
        }
        writer.append("\r\n")
        if decision.reason == .staleIfError || decision.reason == .originDown {
            appendStale(outcome.behavior, &writer)
        }
        unsafe appendServerTiming(outcome.behavior, head, bytes, outcome, upstream: nil, &writer)
        if head.fields.contains(.xEdgeExplain) {
            unsafe appendExplanation(slot, bytes, entry, decision, outcome.behavior, &writer)
        }
        return writer
    }

    /// What a CloudFront in front may keep of what its origin dated: it takes a lifetime for one
    /// that begins now, whatever the Age. Browsers, which subtract that, keep their `max-age`.
    ///
    /// Source: CloudFront, "Managing how long content stays in the cache", which knows no Age.
    func appendRemaining(
        _ times: EntryTimes, _ flags: EntryFlags, _ outcome: Outcome, from start: Int,
        _ writer: inout HeadWriter
    ) {
        guard outcome.status != 416, flags.isDisjoint(with: [.classLifetime, .noCache]) else {
            return
        }
        if flags.contains(.sMaxAge) {
            unsafe writer.shorten(from: start) { unsafe removeSharedLifetime($0) }
        }
        writer.append("Cache-Control: s-maxage=")
        let remaining = times.remaining(at: network.wallNow)
        writer.appendDecimal(UInt64(remaining / 1_000))
        writer.append("\r\n")
    }

    /// What the class adds.
    @inline(__always)
    private func appendOfClass(
        _ entry: StoredEntry, _ outcome: Outcome, _ writer: inout HeadWriter
    ) {
        if entry.header.flags.contains(.classLifetime), outcome.status != 416 {
            appendControl(
                hot[outcome.behavior].policy, entry.header.times.remaining(at: network.wallNow),
                &writer)
        }
        if entry.header.flags.contains(.tellsTile) { appendTileResult(outcome.result, &writer) }
    }

    /// The last fields, and the empty line.
    func endStored(
        _ entry: StoredEntry, _ decision: Decision, _ outcome: Outcome,
        _ writer: inout HeadWriter
    ) {
        let age = entry.header.times.ageSeconds(at: network.wallNow)
        appendResult(outcome, age: showsAge(outcome, decision) ? age : nil, &writer)
        writer.append("\r\n")
    }

    /// CloudFront says no Age of what the origin confirmed a moment ago, as of a Miss. What is
    /// shown is our reading: nothing is documented.
    private func showsAge(_ outcome: Outcome, _ decision: Decision) -> Bool {
        hot[outcome.behavior].policy.mode == .rfc9111 || outcome.result != .refreshHit
            || decision.reason == .staleIfError || decision.reason == .staleWhileRevalidate
            || hot[outcome.behavior].policy.showsAgeOnRefresh
    }

    /// Head and body in one call; what the viewer does not take goes on later by reference.
    mutating func sendWhole(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ writer: HeadWriter, _ entry: StoredEntry,
        _ range: Range<Int>,
        _ outcome: Outcome
    ) {
        var outcome = outcome
        outcome.sentBytes = range.count
        outcome.framingBytes = writer.count
        // Of a later part nobody has looked yet whether it is in memory.
        let first = range.prefix(16 * ObjectKeys.chunkBytes)
        let isAtHand = range.lowerBound == 0 || isResident(first, in: entry.body)
        unsafe scratch.parts[0] = unsafe iovec(
            iov_base: scratch.head.baseAddress, iov_len: writer.count)
        let count = 1 + (range.isEmpty || !isAtHand ? 0 : gather(entry.body, range, after: 1).parts)
        let sent: Int
        switch send(slot, parts: count) {
        case .bytes(let count): sent = count
        case .wouldBlock: sent = 0
        case .endOfStream, .failed:
            viewerFailed(slot)
            return
        }
        if sent == writer.count + range.count {
            unsafe finishStored(slot, bytes, outcome)
        } else {
            unsafe keepSending(slot, bytes, writer, entry, range, sent, outcome)
        }
    }

    /// CloudFront tells no length of what it has compressed, as far as that is known: nothing is
    /// documented. Behind the real one it is told, so that it can be kept.
    private func hidesLengths(_ behavior: Int) -> Bool {
        unsafe hot.isTwin && head.minorVersion >= 1 && hot[behavior].imported != nil
            && !hot[behavior].policy.showsCompressedLength
    }

    /// The same as one chunk of the transfer coding, which tells no length before the body.
    private mutating func sendInChunk(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ writer: HeadWriter, _ entry: StoredEntry,
        _ count: Int, _ outcome: Outcome
    ) {
        let end: StaticString = "\r\n0\r\n\r\n"
        var (writer, outcome) = (writer, outcome)
        outcome.framingBytes = writer.count
        writer.appendHex(UInt64(count))
        writer.append("\r\n")
        outcome.sentBytes =
            count + writer.count - outcome.framingBytes + end.utf8CodeUnitCount
        unsafe scratch.parts[0] = unsafe iovec(
            iov_base: scratch.head.baseAddress, iov_len: writer.count)
        let body = gather(entry.body, 0..<count, after: 1)
        var parts = 1 + body.parts
        if body.bytes == count {
            unsafe scratch.parts[parts] = unsafe iovec(
                iov_base: UnsafeMutableRawPointer(mutating: end.utf8Start),
                iov_len: end.utf8CodeUnitCount)
            parts += 1
        }
        let sent: Int
        switch send(slot, parts: parts) {
        case .bytes(let count): sent = count
        case .wouldBlock: sent = 0
        case .endOfStream, .failed:
            viewerFailed(slot)
            return
        }
        let beyond = max(0, sent - writer.count - count)
        if beyond == end.utf8CodeUnitCount {
            unsafe finishStored(slot, bytes, outcome)
            return
        }
        unsafe keepSending(slot, bytes, writer, entry, 0..<count, sent - beyond, outcome)
        guard let record = viewers[slot].stored.record else { return }
        record.sentHead = [UInt8](record.sentHead.prefix(outcome.framingBytes))
        let rest = Array("\(end)".utf8.dropFirst(beyond))
        record.pending = [MultipartStep(prefix: rest, range: count..<count)]
    }

    /// Points the loop's parts at a run of a stored body; none when it is gone.
    mutating func gather(_ body: StoredBody, _ range: Range<Int>, after first: Int) -> (
        parts: Int, bytes: Int
    ) {
        guard let base = unsafe scratch.parts.baseAddress else { return (0, 0) }
        switch body {
        case .none: return (0, 0)
        case .memory(let bytes):
            unsafe scratch.parts[first] = unsafe iovec(
                iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress)?.advanced(
                    by: range.lowerBound), iov_len: range.count)
            return (1, range.count)
        case .pending(let object):
            let found = unsafe object._withUnsafeGuaranteedRef {
                unsafe $0.gather(
                    from: range.lowerBound, limit: range.count, into: base + first, capacity: 16)
            }
            return (found.count, found.bytes)
        case .chunks(let objectID, let firstChunk):
            let start = range.lowerBound
            let found = unsafe reader?.gather(
                objectID: objectID, fromChunk: firstChunk + start / ObjectKeys.chunkBytes,
                skip: start % ObjectKeys.chunkBytes, limit: range.count,
                into: base + first, capacity: 16)
            return found.map { ($0.count, $0.bytes) } ?? (0, 0)
        }
    }

    private mutating func finishStored(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ outcome: Outcome
    ) {
        latencies.record(nanoseconds: 0)
        if log != nil {
            let sent = unsafe UnsafeRawBufferPointer(
                rebasing: scratch.head[..<outcome.framingBytes])
            unsafe writeLine(slot, head, bytes, outcome, started(outcome), sent)
        }
        endResponse(slot)
    }

    /// The viewer could not take everything: it holds a reference on the object, not the map.
    private mutating func keepSending(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ writer: HeadWriter, _ entry: StoredEntry,
        _ range: Range<Int>,
        _ sent: Int, _ outcome: Outcome
    ) {
        let record = unsafe DeferredRecord(
            bytes: [UInt8](bytes), head: head, outcome: outcome, started: started(outcome))
        keepHead(record, writer.count)
        if sent < writer.count {
            let rest = unsafe UnsafeRawBufferPointer(
                rebasing: UnsafeRawBufferPointer(scratch.head)[sent..<writer.count])
            _ = unsafe viewers[slot].output.append(rest)
        }
        viewers[slot].phase = .storedBody
        viewers[slot].stored.record = record
        viewers[slot].stored.next = range.lowerBound + max(0, sent - writer.count)
        viewers[slot].stored.end = range.upperBound
        viewers[slot].stored.copy = StoredCopy(entry, store: store)
        if !viewers[slot].isBlocked {
            ready.append(.write(Token(viewers.life(of: slot), kind: TokenKind.viewer)))
        }
    }

    /// The next slice of a stored body, in a read transaction of its own.
    mutating func sendStored(_ slot: UInt32) {
        let token = Token(viewers.life(of: slot), kind: TokenKind.viewer)
        var budget = limits.tickBudget
        while viewers.contains(token), viewers[slot].phase == .storedBody, !viewers[slot].isBlocked
        {
            guard let copy = viewers[slot].stored.copy else { return }
            if viewers[slot].stored.next >= viewers[slot].stored.end {
                guard flush(slot), viewers.contains(token) else { return }
                if beginNextPart(slot) { continue }
                finishDeferred(slot)
                return
            }
            guard budget > 0 else {
                ready.append(.write(token))
                return
            }
            guard let sent = sendSlice(slot, copy) else { return }
            budget -= sent
        }
    }

    private mutating func sendSlice(_ slot: UInt32, _ copy: StoredCopy) -> Int? {
        guard flush(slot), isAhead(slot, copy) else { return nil }
        let range = viewers[slot].stored.next..<viewers[slot].stored.end
        let result: IOResult
        beginReading()
        result = copy.withEntry { entry in
            let gathered = gather(entry.body, range, after: 0)
            if gathered.bytes > 0 {
                return send(slot, parts: gathered.parts)
            }
            // The object is gone although it was held: the viewer must see that this is not all.
            store?.noteMissingChunk()
            return .failed(0)
        }
        endReading()
        switch result {
        case .bytes(let sent):
            viewers[slot].stored.next += sent
            return sent
        case .wouldBlock: return nil
        case .endOfStream, .failed:
            viewerFailed(slot)
            return nil
        }
    }

    private mutating func finishDeferred(_ slot: UInt32) {
        if let record = viewers[slot].stored.record { account(slot, record) }
        viewers[slot].stored.record = nil
        releaseStored(slot)
        endResponse(slot)
    }

    /// Lets go of the object; a response cut off here is logged as such.
    mutating func releaseStored(_ slot: UInt32) {
        if let record = viewers[slot].stored.record {
            record.outcome.detail = "ClientCommError"
            let unsent = viewers[slot].stored.end - viewers[slot].stored.next
            record.outcome.sentBytes -= min(record.outcome.sentBytes, max(0, unsent))
            account(slot, record)
        }
        viewers[slot].stored = StoredSend()
    }

    /// Serves what an exchange holds a copy of. False when it is gone from the store.
    mutating func serveCopy(_ exchange: Exchange, _ copy: StoredCopy, reason: DecisionReason)
        -> Bool
    {
        // A reload may have replaced the table meanwhile: behaviors go by the exchange's own, also
        // those of an error page that takes its place.
        let current = (hot, snapshot)
        (hot, snapshot) = (exchange.snapshot.hot, exchange.snapshot)
        defer { (hot, snapshot) = current }
        if copy.isCut { return serveFilled(exchange, copy, reason, reason.resultOfCopy) }
        let slot = exchange.id.slot
        exchange.shared.map { _ = $0.leave(exchange.id) }
        exchange.hasResponded = true
        viewers[slot].exchange = nil
        viewers[slot].phase = .reading
        requestID = exchange.outcome.requestID
        if isNoticing, serveNoticed(exchange, copy, reason, reason.resultOfCopy) { return true }
        // A page in place of an error is logged under what was asked for, and as the error.
        let reason = exchange.page == nil ? reason : .cachedError
        let asked = exchange.page?.original ?? exchange
        forward = exchange.forward
        unsafe asked.bytes.withUnsafeBytes { bytes in
            head = asked.head
            copy.withEntry { entry in
                let isError = entry.header.flags.contains(.negative) || exchange.page != nil
                let result = isError ? ResultType.error : reason.resultOfCopy
                beginReading()
                unsafe serve(
                    slot, bytes, entry, exchange.facts, Decision(.serve, reason), exchange.behavior,
                    result: result,
                    status: exchange.page.map { _ in
                        exchange.statusToShow(Int(entry.header.status))
                    }, detail: exchange.page?.detail, since: exchange.started)
                endReading()
            }
        }
        return true
    }
}

extension DecisionReason {
    /// Of what was stored: a Hit where nobody had to ask the origin first, on the way from a cold
    /// disk as on any other.
    fileprivate var resultOfCopy: ResultType {
        switch self {
        case .fresh, .staleWhileRevalidate, .maxStale, .originDown: .hit
        case .metatile: .miss
        default: .refreshHit
        }
    }
}
