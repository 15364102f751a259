import Caching
import CloudFront
import HTTP
import Reactor

// A viewer who takes two codings gets whichever was stored first, and what was stored for such a
// viewer serves those who take the one that it has. Source: CloudFront, "Compressed objects" under
// "Understand cache policies".
extension LoopState where N: ~Copyable {
    /// Answers from an entry that another Accept-Encoding was stored under. Looked at only when
    /// nothing is stored under the request's own key.
    mutating func answersInOtherCoding(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ canonical: CanonicalKey
    ) -> Bool {
        guard let imported = unsafe hot[behavior].imported else { return false }
        let codings = unsafe imported._withUnsafeGuaranteedRef { $0.key.codings }
        guard codings.contains([.gzip, .brotli]) else { return false }
        let own = unsafe AcceptEncoding(head, bytes: bytes.bytes, codings: codings)
        for other in own.others {
            guard
                let (key, canonical, entry) = findCoded(
                    canonical, own, other.key, as: other.coding)
            else { continue }
            unsafe answerFound(slot, bytes, behavior, facts, key, canonical, entry)
            return true
        }
        return false
    }

    /// The fresh entry of the same request with another Accept-Encoding, if it has that coding.
    private mutating func findCoded(
        _ canonical: CanonicalKey, _ own: AcceptEncoding, _ other: AcceptEncoding,
        as coding: StaticString
    ) -> (CacheKey, CanonicalKey, StoredEntry)? {
        guard let ownValue = own.keyValue, let otherValue = other.keyValue else { return nil }
        // The coding is the last part of the key; a picture's has none.
        var key = canonical
        guard let start = key.startOfCoding(ownValue) else { return nil }
        key.truncate(to: start)
        key.append(coding: otherValue)
        let hash = unsafe CacheKey.hash(key.bytes.bytes, seed: seed)
        if case .entry(let found) = unsafe find(hash, key.bytes), let entry = withFields(found),
            entry.header.times.isFresh(at: network.wallNow), entry.has(coding)
        {
            return (hash, key, entry)
        }
        // The memory is the loop's: whoever goes on needs the key as it was.
        key.truncate(to: start)
        key.append(coding: ownValue)
        return nil
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

    fileprivate mutating func append(coding: StaticString) {
        unsafe append(
            .coding,
            UnsafeRawBufferPointer(start: coding.utf8Start, count: coding.utf8CodeUnitCount).bytes)
    }
}

extension StoredEntry {
    /// Whether its Content-Encoding is that one.
    fileprivate func has(_ coding: StaticString) -> Bool {
        guard let range = unsafe FieldLines.value(of: "content-encoding", in: headers.bytes) else {
            return false
        }
        return unsafe equalsIgnoringCase(headers.bytes.extracting(range), coding)
    }
}
