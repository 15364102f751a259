import Caching
import Glibc
import HTTP

/// Where a stored body lies.
enum StoredBody {
    case none
    /// In memory that somebody keeps: an index record in the map, a copy.
    case memory(UnsafeRawBufferPointer)
    /// In an object's chunks, behind so many bytes of header block.
    case chunks(objectID: UInt64, offset: Int)
    /// With the writer still.
    case pending(Unmanaged<PendingObject>)
}

/// A stored response as it is served: plain pointers, valid as long as their owner keeps them (the
/// read transaction, a `StoredCopy`, the pending table).
struct StoredEntry {
    let header: EntryHeader
    /// End-to-end fields in wire form.
    let headers: UnsafeRawBufferPointer
    let body: StoredBody

    @inline(__always)
    init(record: UnsafeRawBufferPointer, header: EntryHeader, layout: EntryRecord.Layout) {
        self.header = header
        headers = UnsafeRawBufferPointer(rebasing: record[layout.headers])
        if !layout.inlineBody.isEmpty {
            body = .memory(UnsafeRawBufferPointer(rebasing: record[layout.inlineBody]))
        } else if header.objectID != 0 {
            let offset = header.flags.contains(.headersInChunks) ? layout.headersLength : 0
            body = .chunks(objectID: header.objectID, offset: offset)
        } else {
            body = .none
        }
    }

    init(header: EntryHeader, headers: UnsafeRawBufferPointer, body: StoredBody) {
        self.header = header
        self.headers = headers
        self.body = body
    }
}

/// A stored response taken out of its transaction: served later, confirmed, or sent on slowly.
///
/// Holds a reference on the object whose chunks it needs, so that the writer leaves them alone.
final class StoredCopy: Sendable {
    let header: EntryHeader
    let headers: [UInt8]
    private let inline: [UInt8]
    private let chunkOffset: Int
    private let pending: PendingObject?
    private let store: Store?

    init(_ entry: StoredEntry, store: Store?) {
        header = entry.header
        headers = [UInt8](entry.headers)
        self.store = store
        switch entry.body {
        case .none: (inline, chunkOffset, pending) = ([], 0, nil)
        case .memory(let bytes): (inline, chunkOffset, pending) = ([UInt8](bytes), 0, nil)
        case .chunks(let id, let offset):
            (inline, chunkOffset, pending) = ([], offset, nil)
            store?.retain(id)
        case .pending(let object):
            (inline, chunkOffset, pending) = ([], 0, object.takeUnretainedValue())
        }
    }

    /// The same body under other fields: what a 304 leaves of the stored response.
    init(_ copy: StoredCopy, header: EntryHeader, headers: [UInt8]) {
        self.header = header
        self.headers = headers
        inline = copy.inline
        chunkOffset = copy.chunkOffset
        pending = copy.pending
        store = copy.store
        if isInChunks { store?.retain(header.objectID) }
    }

    deinit { if isInChunks { store?.release(header.objectID) } }

    private var isInChunks: Bool { inline.isEmpty && pending == nil && header.objectID != 0 }

    func withEntry<R>(_ body: (StoredEntry) -> R) -> R {
        headers.withUnsafeBytes { headers in
            inline.withUnsafeBytes { inline in
                body(StoredEntry(header: header, headers: headers, body: source(inline)))
            }
        }
    }

    private func source(_ inline: UnsafeRawBufferPointer) -> StoredBody {
        if let pending { return .pending(Unmanaged.passUnretained(pending)) }
        if !inline.isEmpty { return .memory(inline) }
        return header.objectID == 0
            ? .none : .chunks(objectID: header.objectID, offset: chunkOffset)
    }

    /// For the writer: the body as it is, under a new record.
    var storeBody: StoreBody? {
        if let pending { return pending.put.body }
        if !inline.isEmpty { return .segments([StoreSegment(copying: inline)]) }
        if header.objectID == 0 { return .segments([]) }
        guard chunkOffset == 0 else { return nil }
        return .stored(objectID: header.objectID, length: Int(header.bodyLength))
    }
}
