import Caching
import Glibc
import HTTP

/// Where a stored body lies.
@safe  // its owner keeps what it points at: see `StoredEntry`
enum StoredBody {
    case none
    /// In memory that somebody keeps: an index record in the map, a copy.
    case memory(UnsafeRawBufferPointer)
    /// In an object's chunks, from this one on: a header block in chunks comes before it.
    case chunks(objectID: UInt64, first: Int)
    /// With the writer still.
    case pending(Unmanaged<PendingObject>)

    /// Where a run of the body lies among an object's bytes, counted from its first chunk; nil: in
    /// memory.
    func run(_ range: Range<Int>) -> (objectID: UInt64, bytes: Range<Int>)? {
        guard case .chunks(let objectID, let first) = self else { return nil }
        let start = first * ObjectKeys.chunkBytes
        return (objectID, (start + range.lowerBound)..<(start + range.upperBound))
    }
}

/// A stored response as it is served: plain pointers, valid as long as their owner keeps them (the
/// read transaction, a `StoredCopy`, the pending table).
@safe  // valid as long as its owner says
struct StoredEntry {
    let header: EntryHeader
    /// End-to-end fields in wire form; none yet while `headersInChunks` is above 0.
    private(set) var headers: UnsafeRawBufferPointer
    let body: StoredBody
    /// Bytes of a header block that lies in chunks and was not gathered (`withFields`).
    private(set) var headersInChunks = 0
    /// Bytes of the stored block behind those that are for viewers (`ContentTag`).
    private var hiddenBytes = 0

    @inline(__always)
    init(record: UnsafeRawBufferPointer, header: EntryHeader, layout: EntryRecord.Layout) {
        self.header = header
        let shown = header.shownBytes(of: layout.headers.count)
        hiddenBytes = layout.headers.count - shown
        let start = layout.headers.lowerBound
        unsafe headers = unsafe UnsafeRawBufferPointer(rebasing: record[start..<start + shown])
        if !layout.inlineBody.isEmpty {
            body = unsafe .memory(UnsafeRawBufferPointer(rebasing: record[layout.inlineBody]))
        } else if header.objectID != 0 {
            if header.flags.contains(.headersInChunks) { headersInChunks = layout.headersLength }
            body = .chunks(
                objectID: header.objectID, first: ObjectKeys.chunkCount(headersInChunks))
        } else {
            body = .none
        }
    }

    init(header: EntryHeader, headers: UnsafeRawBufferPointer, body: StoredBody) {
        self.header = header
        unsafe self.headers = unsafe headers
        self.body = body
    }

    /// What waits for the writer, under `header`, which says how it is to be judged now. Its body
    /// is in memory, or stored already where only the record is new.
    @inline(__always)
    init(pending object: PendingObject, header: EntryHeader, headers: UnsafeRawBufferPointer) {
        var header = header
        if let id = object.storedObject {
            header.objectID = id
            body = .chunks(objectID: id, first: 0)
        } else {
            body =
                unsafe object.length == 0 ? .none : .pending(Unmanaged.passUnretained(object))
        }
        self.header = header
        let shown = header.shownBytes(of: headers.count)
        hiddenBytes = headers.count - shown
        unsafe self.headers = unsafe UnsafeRawBufferPointer(rebasing: headers[..<shown])
    }

    /// The same entry with its header block, which was gathered from its chunks.
    func with(headers: UnsafeRawBufferPointer) -> StoredEntry {
        var entry = self
        let shown = header.shownBytes(of: headers.count)
        entry.hiddenBytes = headers.count - shown
        unsafe entry.headers = unsafe UnsafeRawBufferPointer(rebasing: headers[..<shown])
        entry.headersInChunks = 0
        return entry
    }

    /// All of the stored block, also what no viewer gets.
    var block: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(
            start: headers.baseAddress, count: headers.count + hiddenBytes)
    }
}

extension LoopState where N: ~Copyable {
    /// What is stored under a key, or waits for the writer; alive, but perhaps stale. As everywhere
    /// what waits counts for more than the file, also when it is a deletion; and a snapshot that is
    /// open is closed for it, being older than what has ceased to wait since.
    mutating func storedCopy(_ key: CacheKey, _ canonical: [UInt8]) -> StoredCopy? {
        let wasReading = isReading
        if wasReading { endReading() }
        defer { if wasReading { beginReading() } }
        switch store?.findPending(key) ?? .none {
        case .deleted: return nil
        case .object(let object):
            guard
                let header = unsafe canonical.withUnsafeBytes({
                    unsafe currentHeader(object, key, $0)
                })
            else { return nil }
            return unsafe object.headers.withUnsafeBytes { headers in
                unsafe StoredCopy(
                    StoredEntry(pending: object, header: header, headers: headers), store: store)
            }
        case .none: break
        }
        beginReading()
        defer { endReading() }
        return unsafe canonical.withUnsafeBytes { bytes -> StoredCopy? in
            guard case .entry(let found) = unsafe find(key, bytes), isSound(key),
                let entry = withFields(found)
            else { return nil }
            return StoredCopy(entry, store: store)
        }
    }

    /// The entry with its header block at hand, valid until the next call. A long one lies in
    /// chunks and is copied together; nil when they are gone.
    @inline(__always)
    mutating func withFields(_ entry: StoredEntry) -> StoredEntry? {
        entry.headersInChunks == 0 ? entry : gatherFields(entry)
    }

    @inline(never)
    private mutating func gatherFields(_ entry: StoredEntry) -> StoredEntry? {
        let length = entry.headersInChunks
        guard unsafe length <= scratch.fields.count else { return nil }
        var at = 0
        while at < length {
            guard let base = unsafe scratch.parts.baseAddress,
                let found = unsafe reader?.gather(
                    objectID: entry.header.objectID, fromChunk: at / ObjectKeys.chunkBytes, skip: 0,
                    limit: length - at, into: base),
                found.count > 0
            else {
                store?.noteMissingChunk()
                return nil
            }
            for index in 0..<found.count {
                unsafe UnsafeMutableRawBufferPointer(rebasing: scratch.fields[at...])
                    .copyMemory(from: UnsafeRawBufferPointer(scratch.parts[index]))
                unsafe at += scratch.parts[index].iov_len
            }
        }
        return unsafe entry.with(
            headers: UnsafeRawBufferPointer(
                rebasing: UnsafeRawBufferPointer(scratch.fields)[..<length]))
    }
}

/// A stored response taken out of its transaction: served later, confirmed, or sent on slowly.
///
/// Holds a reference on the object whose chunks it needs, so that the writer leaves them alone.
final class StoredCopy: Sendable {
    let header: EntryHeader
    let headers: [UInt8]
    /// What is stored behind them (`ContentTag`).
    let hidden: [UInt8]
    private let inline: [UInt8]
    private let firstChunk: Int
    private let pending: PendingObject?
    private let store: Store?

    init(_ entry: StoredEntry, store: Store?) {
        header = entry.header
        headers = unsafe [UInt8](entry.headers)
        hidden = unsafe [UInt8](entry.block[entry.headers.count...])
        self.store = store
        switch entry.body {
        case .none: (inline, firstChunk, pending) = ([], 0, nil)
        case .memory(let bytes): (inline, firstChunk, pending) = unsafe ([UInt8](bytes), 0, nil)
        case .chunks(let id, let first):
            (inline, firstChunk, pending) = ([], first, nil)
            store?.retain(id)
        case .pending(let object):
            (inline, firstChunk, pending) = unsafe ([], 0, object.takeUnretainedValue())
        }
    }

    /// The entity tag's bytes, in `headers` as they lie in memory.
    func tag(in headers: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: headers[header.etag.range])
    }

    /// The same body under other fields: what a 304 leaves of the stored response.
    init(_ copy: StoredCopy, header: EntryHeader, headers: [UInt8], hidden: [UInt8] = []) {
        self.header = header
        self.hidden = hidden
        self.headers = headers
        inline = copy.inline
        firstChunk = copy.firstChunk
        pending = copy.pending
        store = copy.store
        if isInChunks { store?.retain(header.objectID) }
    }

    deinit { if isInChunks { store?.release(header.objectID) } }

    private var isInChunks: Bool { inline.isEmpty && pending == nil && header.objectID != 0 }

    /// The object whose chunks are the body.
    var chunkedObject: UInt64? { isInChunks ? header.objectID : nil }

    func withEntry<R>(_ body: (StoredEntry) -> R) -> R {
        unsafe headers.withUnsafeBytes { headers in
            unsafe inline.withUnsafeBytes { inline in
                unsafe body(StoredEntry(header: header, headers: headers, body: source(inline)))
            }
        }
    }

    private func source(_ inline: UnsafeRawBufferPointer) -> StoredBody {
        if let pending { return unsafe .pending(Unmanaged.passUnretained(pending)) }
        if unsafe !inline.isEmpty { return unsafe .memory(inline) }
        return header.objectID == 0
            ? .none : .chunks(objectID: header.objectID, first: firstChunk)
    }

    /// For the writer: the body as it is, under a new record. Nil when it must be copied, since
    /// fields and body lie in the same chunks.
    var storeBody: StoreBody? {
        if let pending { return pending.put.body }
        if !inline.isEmpty { return .segments([StoreSegment(copying: inline)]) }
        if header.objectID == 0 { return .segments([]) }
        guard firstChunk == 0 else { return nil }
        return .stored(objectID: header.objectID, length: Int(header.bodyLength))
    }
}
