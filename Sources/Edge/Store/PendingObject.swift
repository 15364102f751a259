public import Caching
public import Glibc

/// A response that waits for the writer, or is being written; served from memory meanwhile.
public final class PendingObject: Sendable {
    public let put: StorePut
    /// Bytes of body.
    public let length: Int
    let cost: Int

    init(_ put: StorePut) {
        self.put = put
        length = put.body.length
        cost = put.cost
    }

    public var key: CacheKey { put.key }
    public var header: EntryHeader { put.header }
    public var canonicalKey: [UInt8] { put.canonicalKey }
    /// The stored fields in wire form.
    public var headers: [UInt8] { put.headers }

    /// The object whose chunks are the body, when it is not in memory: a refreshed record.
    public var storedObject: UInt64? {
        if case .stored(let objectID, _) = put.body { objectID } else { nil }
    }

    /// Points `parts` at body bytes from `offset` on; valid as long as this object is kept.
    ///
    /// - Returns: how many parts were set, and their bytes; nothing when the body is stored.
    public func gather(
        from offset: Int, limit: Int, into parts: UnsafeMutablePointer<iovec>, capacity: Int
    ) -> (count: Int, bytes: Int) {
        guard case .segments(let segments) = put.body else { return (0, 0) }
        var skip = offset
        var count = 0
        var bytes = 0
        for segment in segments where count < capacity && bytes < limit {
            guard skip < segment.count, let base = unsafe segment.bytes.baseAddress else {
                skip -= segment.count
                continue
            }
            let taken = min(segment.count - skip, limit - bytes)
            unsafe parts[count] = unsafe iovec(
                iov_base: UnsafeMutableRawPointer(mutating: base + skip), iov_len: taken)
            count += 1
            bytes += taken
            skip = 0
        }
        return (count, bytes)
    }
}

/// What waits for the writer under a key.
public enum PendingLookup: Sendable {
    /// Nothing: what the file says holds.
    case none
    /// This response, newer than what the file says.
    case object(PendingObject)
    /// The entry is being deleted: treat it as absent whatever the file says.
    case deleted
}
