import Caching
import Glibc
import HTTP
import Reactor

// Parts of a representation: completed and put together (RFC 9111 §3.3, §3.4).
extension LoopState where N: ~Copyable {
    /// Asks only for what is missing behind a stored part, when the whole is wanted.
    mutating func completion(
        _ exchange: Exchange, _ conditions: inout OriginRequest.Conditions
    ) -> Bool {
        guard exchange.head.method == .get, !exchange.facts.hasRange, !exchange.tagsContent,
            let entry = exchange.entry,
            entry.header.kind == .partial, entry.header.rangeStart == 0,
            entry.header.bodyLength > 0, entry.header.bodyLength <= Self.joinedBytesMax,
            entry.header.completeLength != EntryHeader.unknownLength,
            entry.header.bodyLength < entry.header.completeLength,
            entry.header.flags.contains(.hasETag), !entry.header.flags.contains(.weakETag),
            isVouched(entry), isAtHand(entry, 0..<Int(entry.header.bodyLength))
        else { return false }
        conditions.range = Array(
            "bytes=\(entry.header.bodyLength)-\(entry.header.completeLength - 1)".utf8)
        conditions.ifRange = entry.askedTag
        exchange.asksRest = true
        return true
    }

    /// The length of the whole, where a 206 is just the rest that was asked for: from where the
    /// part ends to the last byte, of the same version, and in a body of that many bytes, which is
    /// known before any of it has gone to a viewer.
    func completes(_ exchange: Exchange, _ facts: ResponseFacts, _ bytes: [UInt8]) -> UInt64? {
        guard let entry = exchange.entry, union(exchange, originHead, facts, bytes) != nil
        else { return nil }
        let (held, whole) = (entry.header.bodyLength, entry.header.completeLength)
        guard facts.contentRange?.range == held..<whole,
            facts.contentRange?.completeLength == whole,
            originHead.framing == .length(whole - held)
        else { return nil }
        return whole
    }

    /// The bytes that a 206 and the stored part make up together; nil when they do not fit.
    ///
    /// - Parameter head: the 206's.
    func union(
        _ exchange: Exchange, _ head: borrowing ResponseHead, _ facts: ResponseFacts,
        _ bytes: [UInt8]
    ) -> Range<UInt64>? {
        guard let entry = exchange.entry, facts.status == 206 else { return nil }
        if head.fields.contains(.vary),
            exchange.losesPlace(exchange.variant(head, bytes), isTagged: facts.hasETag)
        {
            return nil
        }
        return unsafe entry.headers.withUnsafeBytes { stored in
            unsafe bytes.withUnsafeBytes { new in
                unsafe combined(
                    entry.header,
                    storedTag: UnsafeRawBufferPointer(rebasing: stored[entry.header.etag.range])
                        .bytes,
                    with: facts, etag: UnsafeRawBufferPointer(rebasing: new[facts.etag.range]).bytes
                )
            }
        }
    }

    /// Puts the stored beginning before what the origin sends. False when it is gone meanwhile.
    mutating func prefill(_ fetch: Fetch) -> Bool {
        guard let entry = fetch.exchange.entry,
            let stored = copyBytes(entry, 0..<Int(entry.header.bodyLength))
        else { return false }
        var rest = stored[...]
        while !rest.isEmpty {
            let room = unsafe fetch.shared.room(expecting: rest.count)
            let count = min(room.count, rest.count)
            unsafe room.copyBytes(from: rest.prefix(count))
            fetch.shared.publish(bytes: count)
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// What becomes of a part and what is stored already.
    enum Joining {
        /// There is nothing to put it together with.
        case alone
        /// Both as one run.
        case joined(Range<UInt64>, [StoreSegment])
        /// They belong together and cannot be had so; the stored one is the longer, and fresh.
        case keepsStored
    }

    /// Stored bytes around new ones, as one run, unless together they were larger than anything
    /// that is stored, or too many of them were to be copied.
    mutating func joining(
        _ fetch: Fetch, _ head: FetchedHead, _ segments: [StoreSegment]
    ) -> Joining {
        guard let whole = union(fetch.exchange, head.head, head.facts, head.bytes),
            let entry = fetch.exchange.entry, let new = head.facts.contentRange?.range
        else { return .alone }
        if whole.count <= snapshot.settings.cache.objectBytes,
            let parts = parts(entry, around: new, segments)
        {
            return .joined(whole, parts)
        }
        // One that is stale would have each range asked for anew.
        let isFresh = entry.header.times.isFresh(at: network.wallNow)
        return isFresh && entry.header.held.count > new.count ? .keepsStored : .alone
    }

    private mutating func parts(
        _ entry: StoredCopy, around new: Range<UInt64>, _ segments: [StoreSegment]
    ) -> [StoreSegment]? {
        let held = entry.header.held
        let copied =
            held.clamped(to: 0..<new.lowerBound).count
            + held.clamped(to: new.upperBound..<UInt64.max).count
        guard copied <= Self.joinedBytesMax, isAtHand(entry, 0..<held.count) else { return nil }
        var parts: [StoreSegment] = []
        if held.lowerBound < new.lowerBound {
            guard let before = copyBytes(entry, 0..<Int(new.lowerBound - held.lowerBound)) else {
                return nil
            }
            parts.append(StoreSegment(copying: before))
        }
        parts += segments
        if held.upperBound > new.upperBound {
            guard
                let after = copyBytes(
                    entry,
                    Int(new.upperBound - held.lowerBound)..<Int(held.upperBound - held.lowerBound))
            else { return nil }
            parts.append(StoreSegment(copying: after))
        }
        return parts
    }

    /// Whether bytes of a stored body can be read without waiting for the disk.
    private mutating func isAtHand(_ copy: StoredCopy, _ range: Range<Int>) -> Bool {
        guard let run = copy.withEntry({ $0.body.run(range) }) else { return true }
        let wasReading = isReading
        if !wasReading { beginReading() }
        defer { if !wasReading { endReading() } }
        return isResident(run.bytes, of: run.objectID)
    }

    /// The body of what is stored, for a record of its own.
    mutating func storeBody(_ copy: StoredCopy) -> StoreBody? {
        if let body = copy.storeBody { return body }
        return copyBytes(copy, 0..<Int(copy.header.bodyLength)).map {
            .segments([StoreSegment(copying: $0)])
        }
    }

    /// The same in memory of its own, for another key's.
    mutating func copiedBody(_ copy: StoredCopy) -> [StoreSegment]? {
        if case .segments(let segments) = copy.storeBody { return segments }
        let all = 0..<Int(copy.header.bodyLength)
        guard all.count <= Self.joinedBytesMax, isAtHand(copy, all) else { return nil }
        return copyBytes(copy, all).map { [StoreSegment(copying: $0)] }
    }

    /// Most bytes of what is stored that are put together with others: they are copied on the
    /// loop, where 4 MiB take about a millisecond. With a longer part the whole is asked for.
    static var joinedBytesMax: Int { 4 << 20 }

    /// Copies a run of a stored body out of the store; nil when it is not there any more.
    private mutating func copyBytes(_ copy: StoredCopy, _ range: Range<Int>) -> [UInt8]? {
        guard range.count <= snapshot.settings.cache.objectBytes, isVouched(copy) else {
            return nil
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        while bytes.count < range.count {
            beginReading()
            let next = (range.lowerBound + bytes.count)..<range.upperBound
            let found = copy.withEntry { gather($0.body, next, after: 0).parts }
            for index in 0..<found {
                unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(scratch.parts[index]))
            }
            endReading()
            if found == 0 { return nil }
        }
        return bytes
    }
}

extension Exchange {
    /// A status that speaks of the rest of a part, or of its condition: no viewer asked for these.
    func isAboutRest(_ status: Int) -> Bool {
        status == 206 || status == 304 || status == 412 || status == 416
    }
}
