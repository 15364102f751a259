import Caching
import CloudFront
import HTTP
import Reactor

// A viewer who takes two codings gets whichever was stored first, and what was stored for such a
// viewer serves those who take the one that it has. Source: CloudFront, "Compressed objects" under
// "Understand cache policies".
extension LoopState where N: ~Copyable {
    /// Asks about what is stored and is not to be served as it is. For what has only expired
    /// nobody is asked while the same is fresh in another coding.
    @inline(never)
    mutating func askAbout(
        _ entry: StoredEntry, _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int,
        _ facts: RequestFacts, _ decision: Decision, _ key: CacheKey, _ canonical: CanonicalKey
    ) {
        guard isSound(key) else {
            unsafe miss(slot, bytes, behavior, facts, .absent)
            return
        }
        // The entry lies in the snapshot, which ends when another one is looked for.
        let copy = withFields(entry).map { StoredCopy($0, store: store) }
        if decision.reason == .stale,
            unsafe answersInOtherCoding(slot, bytes, behavior, facts, canonical)
        {
            return
        }
        unsafe start(
            slot, bytes, behavior, facts, decision, keyed: decision.action != .pass, key: key,
            canonical: canonical, entry: copy)
    }

    /// Nothing waits under the request's own key but what says that nothing is stored there.
    mutating func missOwn(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ canonical: CanonicalKey, _ isVariant: Bool
    ) {
        if !isVariant {
            beginReading()
            let isAnswered = unsafe answersInOtherCoding(slot, bytes, behavior, facts, canonical)
            endReading()
            if isAnswered { return }
        }
        unsafe miss(slot, bytes, behavior, facts, isVariant ? .variantAbsent : .absent)
    }

    /// Answers from an entry that another Accept-Encoding was stored under. Looked at only when
    /// nothing fresh is stored under the request's own key; what was found there is gone then,
    /// since another snapshot is begun.
    mutating func answersInOtherCoding(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ canonical: CanonicalKey
    ) -> Bool {
        guard let imported = unsafe hot[behavior].imported else { return false }
        let codings = unsafe imported._withUnsafeGuaranteedRef { $0.key.codings }
        guard codings.contains([.gzip, .brotli]) else { return false }
        let own = unsafe AcceptEncoding(head, bytes: bytes.bytes, codings: codings)
        guard let ownValue = own.keyValue else { return false }
        // The coding is the last part of the key; a picture's has none.
        var key = canonical
        guard let start = key.startOfCoding(ownValue) else { return false }
        for other in own.others {
            guard let otherValue = other.key.keyValue else { continue }
            key.truncate(to: start)
            key.append(coding: otherValue)
            if unsafe answers(slot, bytes, behavior, facts, key, as: other.coding) { return true }
        }
        // The memory is the loop's: whoever goes on needs the key as it was.
        key.truncate(to: start)
        key.append(coding: ownValue)
        return false
    }

    /// Answers from the fresh entry of a key, if it has that coding. What waits for the writer
    /// counts for more than what is in the file, and what is gone from the queue is in every
    /// snapshot begun later.
    private mutating func answers(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ canonical: CanonicalKey, as coding: StaticString
    ) -> Bool {
        let key = unsafe CacheKey.hash(canonical.bytes.bytes, seed: seed)
        endReading()
        let pending = store?.findPending(key) ?? .none
        if case .object(let object) = pending,
            let header = unsafe currentHeader(object, key, canonical.bytes),
            isServed(header, facts, behavior),
            unsafe FieldLines.isCoded(object.headers.span.bytes, coding)
        {
            unsafe serve(pending: object, header, slot, bytes, behavior, facts, key, canonical)
            beginReading()
            return true
        }
        beginReading()
        guard case .none = pending, case .entry(let found) = unsafe find(key, canonical.bytes),
            isServed(found.header, facts, behavior), let entry = withFields(found),
            unsafe FieldLines.isCoded(entry.headers.bytes, coding)
        else { return false }
        unsafe answerFound(slot, bytes, behavior, facts, key, canonical, entry)
        return true
    }

    /// Whether an entry is fresh, and one for this request.
    private func isServed(
        _ header: EntryHeader, _ facts: RequestFacts, _ behavior: Int
    ) -> Bool {
        decide(
            .entry(header), request: facts, policy: hot[behavior].policy, health: .up,
            now: network.wallNow
        ).action == .serve
    }
}

extension AcceptEncoding {
    /// Under which keys an answer to this one may be as well, and which coding it must have.
    fileprivate var others: [(key: AcceptEncoding, coding: StaticString)] {
        switch self {
        case .brotliAndGzip: [(.brotli, "br"), (.gzip, "gzip")]
        case .gzip: [(.brotliAndGzip, "gzip")]
        case .brotli: [(.brotliAndGzip, "br")]
        case .absent, .identity: []
        }
    }
}

extension CanonicalKey {
    /// Where a last part that is this coding begins; nil: the last part is something else.
    fileprivate func startOfCoding(_ coding: StaticString) -> Int? {
        let length = coding.utf8CodeUnitCount
        let start = count - length - Self.partHead
        guard start >= 0, unsafe bytes[start] == Part.coding.rawValue else { return nil }
        let value = start + Self.partHead
        for offset in 0..<length
        where unsafe bytes[value + offset] != coding.utf8Start[offset] { return nil }
        return start
    }

    fileprivate static func part(ofCoding coding: StaticString) -> [UInt8] {
        unsafe withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { memory in
            var key = unsafe CanonicalKey(memory)
            key.append(coding: coding)
            return unsafe [UInt8](key.bytes)
        }
    }

    fileprivate mutating func append(coding: StaticString) {
        unsafe append(
            .coding,
            UnsafeRawBufferPointer(start: coding.utf8Start, count: coding.utf8CodeUnitCount).bytes)
    }
}

extension Exchange {
    /// Under which keys an answer may be as well, and which coding it must have: what the hit path
    /// goes through without a copy.
    var keysInOtherCodings: [(canonical: [UInt8], coding: StaticString)] {
        guard let codings = imported?.behavior.key.codings, codings.contains([.gzip, .brotli])
        else { return [] }
        let own = unsafe bytes.withUnsafeBytes {
            unsafe AcceptEncoding(head, bytes: $0.bytes, codings: codings)
        }
        guard let part = own.keyValue.map({ CanonicalKey.part(ofCoding: $0) }),
            canonical.suffix(part.count) == part[...]
        else { return [] }
        let start = [UInt8](canonical.dropLast(part.count))
        return own.others.compactMap { other in
            other.key.keyValue.map { (start + CanonicalKey.part(ofCoding: $0), other.coding) }
        }
    }
}

extension FieldLines {
    /// Whether Content-Encoding is that one.
    static func isCoded(_ fields: RawSpan, _ coding: StaticString) -> Bool {
        guard let range = value(of: "content-encoding", in: fields) else { return false }
        return equalsIgnoringCase(fields.extracting(range), coding)
    }
}
