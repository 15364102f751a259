import Caching
import Glibc
import HTTP
import Reactor

// Conditions and ranges answered from a stored response (RFC 9110 §13, §14; RFC 9111 §4.3.2).
extension LoopState where N: ~Copyable {
    /// Whether the viewer has this response already.
    func isUnchanged(_ bytes: UnsafeRawBufferPointer, _ entry: StoredEntry) -> Bool {
        // A part answers none but a range within it, and comes after the conditions (RFC 9110
        // §13.2.2), which are about the whole that it is a part of.
        guard (200..<300).contains(entry.header.status) else { return false }
        return unsafe evaluatePreconditions(
            head.fields, bytes.bytes, etag: tag(entry).bytes, lastModified: lastModified(entry),
            date: date(entry),
            now: network.wallNow / 1_000) == .notModified
    }

    private func tag(_ entry: StoredEntry) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: entry.headers[entry.header.etag.range])
    }

    private func lastModified(_ entry: StoredEntry) -> Int64? {
        entry.header.lastModified == EntryHeader.noDate ? nil : entry.header.lastModified
    }

    /// The origin's Date, for responses without Last-Modified.
    private func date(_ entry: StoredEntry) -> Int64 {
        let now = network.wallNow / 1_000
        guard let range = unsafe HeaderBlob.value("date", in: entry.headers) else {
            return entry.header.times.storedAt / 1_000
        }
        return unsafe HTTPDate.parse(
            UnsafeRawBufferPointer(rebasing: entry.headers[range]).bytes, now: now) ?? now
    }

    /// 206, or 416, for a Range that applies. False: the whole response is the answer.
    mutating func serveRange(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ entry: StoredEntry, _ decision: Decision,
        _ given: Outcome
    ) -> Bool {
        guard let index = head.fields.first(.range), head.fields.next(after: index, .range) == nil
        else { return false }
        if let condition = head.fields.first(.ifRange) {
            // Of two nobody can say which is meant: neither holds.
            if head.fields.isRepeated(.ifRange) { return false }
            let value = unsafe UnsafeRawBufferPointer(
                rebasing: bytes[head.fields[condition].value.range])
            guard
                unsafe ifRangeHolds(
                    value.bytes, etag: tag(entry).bytes, lastModified: lastModified(entry),
                    date: date(entry),
                    now: network.wallNow / 1_000)
            else { return false }
        }
        let isPart = entry.header.kind == .partial
        let complete = isPart ? entry.header.completeLength : entry.header.bodyLength
        let length = complete == EntryHeader.unknownLength ? entry.header.held.upperBound : complete
        let value = unsafe UnsafeRawBufferPointer(rebasing: bytes[head.fields[index].value.range])
        var outcome = given
        switch unsafe ByteRanges.parse(value.bytes, length: length) {
        case .ignored: return false
        case .unsatisfiable:
            if unsafe showsPage(insteadOf: 416, slot, bytes, decision, outcome) { return true }
            outcome.status = 416
            outcome.result = .error
            var writer = unsafe beginStored(
                416, slot, bytes, entry, decision, outcome, isFull: false)
            writer.append("Content-Range: bytes */")
            writer.appendDecimal(length)
            writer.append("\r\nContent-Length: 0\r\n")
            endStored(entry, decision, outcome, &writer)
            unsafe sendWhole(slot, bytes, writer, entry, 0..<0, outcome)
        // That a range counted from the end meets another shows only where the length is known.
        case .ranges(let ranges)
        where ranges.hasOverlap && hot[outcome.behavior].policy.mode == .cloudfront:
            return false
        case .ranges(let ranges) where ranges.count == 1:
            outcome.status = 206
            unsafe serveOne(slot, bytes, entry, decision, outcome, ranges[0], complete)
        case .ranges(let ranges):
            outcome.status = 206
            unsafe serveMany(slot, bytes, entry, decision, outcome, ranges, complete)
        }
        return true
    }

    private mutating func serveOne(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ entry: StoredEntry, _ decision: Decision,
        _ outcome: Outcome,
        _ range: Range<UInt64>, _ complete: UInt64
    ) {
        var writer = unsafe beginStored(206, slot, bytes, entry, decision, outcome, isFull: true)
        writer.append("Content-Range: bytes ")
        append(range, complete, &writer)
        writer.append("\r\nContent-Length: ")
        writer.appendDecimal(range.upperBound - range.lowerBound)
        writer.append("\r\n")
        endStored(entry, decision, outcome, &writer)
        let start = Int(range.lowerBound - entry.header.rangeStart)
        unsafe sendWhole(slot, bytes, writer, entry, start..<(start + range.count), outcome)
    }

    private func append(_ range: Range<UInt64>, _ complete: UInt64, _ writer: inout HeadWriter) {
        writer.appendDecimal(range.lowerBound)
        writer.append("-")
        writer.appendDecimal(range.upperBound - 1)
        if complete == EntryHeader.unknownLength {
            writer.append("/*")
        } else {
            writer.append("/")
            writer.appendDecimal(complete)
        }
    }

    /// multipart/byteranges (RFC 9110 §14.6); rare, so it may allocate.
    private mutating func serveMany(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ entry: StoredEntry, _ decision: Decision,
        _ outcome: Outcome,
        _ ranges: ByteRanges, _ complete: UInt64
    ) {
        let boundary = makeBoundary()
        let type = contentType(entry)
        var steps: [MultipartStep] = []
        var total = 0
        for index in 0..<ranges.count {
            let range = ranges[index]
            var prefix = Array("\(index == 0 ? "" : "\r\n")--\(boundary)\r\n".utf8)
            if !type.isEmpty { prefix += Array("Content-Type: ".utf8) + type + [13, 10] }
            let whole = complete == EntryHeader.unknownLength ? "*" : String(complete)
            prefix += Array(
                "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(whole)\r\n\r\n"
                    .utf8)
            let start = Int(range.lowerBound - entry.header.rangeStart)
            steps.append(MultipartStep(prefix: prefix, range: start..<(start + range.count)))
            total += prefix.count + range.count
        }
        let end = Array("\r\n--\(boundary)--\r\n".utf8)
        steps.append(MultipartStep(prefix: end, range: 0..<0))
        var writer = unsafe beginStored(206, slot, bytes, entry, decision, outcome, isFull: false)
        append(
            "Content-Type: multipart/byteranges; boundary=\(boundary)\r\n"
                + "Content-Length: \(total + end.count)\r\n",
            &writer)
        endStored(entry, decision, outcome, &writer)
        unsafe sendParts(slot, bytes, writer, entry, steps, total + end.count, outcome)
    }

    /// What stands between the parts, and in none of them: 128 bits that nobody can foresee, not
    /// even who wrote the body (RFC 2046 §5.1.1). In the simulator they follow from its seed.
    private mutating func makeBoundary() -> String {
        let number = requestIDs.make().text
        return unsafe hex(CacheKey.hash(number.span.bytes, seed: seed))
    }

    private func contentType(_ entry: StoredEntry) -> [UInt8] {
        let facts = unsafe HeaderBlob.value("content-type", in: entry.headers)
        return facts.map { unsafe [UInt8](entry.headers[$0]) } ?? []
    }

    private mutating func sendParts(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ writer: HeadWriter, _ entry: StoredEntry,
        _ steps: [MultipartStep], _ total: Int, _ outcome: Outcome
    ) {
        var outcome = outcome
        outcome.sentBytes = total
        outcome.framingBytes = writer.count
        let record = unsafe DeferredRecord(
            bytes: [UInt8](bytes), head: head, outcome: outcome, started: started(outcome))
        keepHead(record, writer.count)
        record.pending = steps.reversed()
        put(slot, writer)
        viewers[slot].phase = .storedBody
        viewers[slot].stored.record = record
        viewers[slot].stored.copy = StoredCopy(entry, store: store)
        viewers[slot].stored.next = 0
        viewers[slot].stored.end = 0
        ready.append(.write(Token(viewers.life(of: slot), kind: TokenKind.viewer)))
    }

    /// The next part of a multipart answer; false when there is none.
    mutating func beginNextPart(_ slot: UInt32) -> Bool {
        guard let record = viewers[slot].stored.record, let step = record.pending.popLast() else {
            return false
        }
        unsafe step.prefix.withUnsafeBytes { _ = unsafe viewers[slot].output.append($0) }
        viewers[slot].stored.ahead = Ahead()
        viewers[slot].stored.next = step.range.lowerBound
        viewers[slot].stored.end = step.range.upperBound
        return true
    }

    // MARK: what waits for the writer

    /// Serves from the writer's queue when the key has something there (read after store).
    /// False: the file has the say.
    mutating func servePending(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ key: CacheKey,
        _ canonical: CanonicalKey
    ) -> Bool {
        guard let store else { return false }
        var (key, canonical) = (key, canonical)
        // That of the names, once the key is a variant's.
        var epoch: UInt64?
        while true {
            switch store.findPending(key) {
            case .none:
                guard let epoch else { return false }
                beginReading()
                unsafe answerWritten(slot, bytes, behavior, facts, key, canonical, epoch)
                endReading()
                return true
            case .deleted:
                unsafe missOwn(slot, bytes, behavior, facts, canonical, epoch != nil)
                return true
            case .object(let object):
                guard let header = unsafe currentHeader(object, key, canonical.bytes),
                    epoch == nil || header.varyEpoch == epoch
                else {
                    unsafe missOwn(slot, bytes, behavior, facts, canonical, epoch != nil)
                    return true
                }
                guard header.kind == .variants, epoch == nil else {
                    unsafe serve(
                        pending: object, header, slot, bytes, behavior, facts, key, canonical)
                    return true
                }
                unsafe Vary.append(
                    names: object.headers.span.bytes, of: head, bytes: bytes.bytes, to: &canonical)
                if canonical.overflowed {
                    unsafe miss(slot, bytes, behavior, facts, .variantAbsent)
                    return true
                }
                key = unsafe CacheKey.hash(canonical.bytes.bytes, seed: seed)
                epoch = header.varyEpoch
            }
        }
    }

    mutating func serve(
        pending object: PendingObject, _ header: EntryHeader, _ slot: UInt32,
        _ bytes: UnsafeRawBufferPointer, _ behavior: Int,
        _ facts: RequestFacts, _ key: CacheKey, _ canonical: CanonicalKey
    ) {
        unsafe object.headers.withUnsafeBytes { headers in
            let entry = unsafe StoredEntry(pending: object, header: header, headers: headers)
            beginReading()
            unsafe answerFound(slot, bytes, behavior, facts, key, canonical, entry)
            endReading()
        }
    }
}
