public import Caching
import Glibc

/// A response to be stored: everything but the place, which the writer finds.
public struct StorePut: Sendable {
    public var key: CacheKey
    /// With object id and body checksum 0: the writer sets them.
    public var header: EntryHeader
    /// The bytes that `key` is the hash of; kept in the record against mistaken identity.
    public var canonicalKey: [UInt8]
    /// The stored fields in wire form, `Name: value` and CR LF each.
    public var headers: [UInt8]
    public var body: StoreBody

    /// `header.bodyLength` is set from the body.
    public init(
        key: CacheKey, header: EntryHeader, canonicalKey: [UInt8], headers: [UInt8], body: StoreBody
    ) {
        self.key = key
        self.header = header
        self.canonicalKey = canonicalKey
        self.headers = headers
        self.body = body
        self.header.bodyLength = UInt64(body.length)
        self.header.objectID = 0
    }

    /// What it weighs in the backlog: the memory it takes, in bytes.
    var cost: Int {
        let body =
            if case .segments(let segments) = body { segments.reduce(0) { $0 + $1.held } } else {
                0
            }
        return body + canonicalKey.count + headers.count + 512
    }
}

/// Where a stored body comes from.
public enum StoreBody: Sendable {
    /// New bytes, in order.
    case segments([StoreSegment])
    /// The chunks of an object that is stored already: a 304 changed only its record.
    ///
    /// Only for bodies in chunks (`EntryHeader.objectID` not 0) without `.headersInChunks`. If the
    /// object is gone by then, nothing is stored.
    case stored(objectID: UInt64, length: Int)

    /// Bytes of body.
    public var length: Int {
        switch self {
        case .segments(let segments): segments.reduce(0) { $0 + $1.count }
        case .stored(_, let length): length
        }
    }
}

/// A run of bytes that never change, and who keeps them in memory.
@safe  // `owner` keeps the bytes
public struct StoreSegment: @unchecked Sendable {  // read-only from here on
    private let owner: AnyObject
    public let bytes: UnsafeRawBufferPointer
    /// Memory that `owner` takes, in bytes.
    let held: Int

    /// - Parameters:
    ///   - bytes: valid and unchanged as long as `owner` lives.
    ///   - held: memory that `owner` takes.
    public init(owner: any AnyObject & Sendable, bytes: UnsafeRawBufferPointer, held: Int) {
        self.owner = owner
        self.held = held
        unsafe self.bytes = unsafe bytes
    }

    /// Copies the bytes.
    public init(copying bytes: [UInt8]) {
        let copy = OwnedBytes(bytes)
        owner = copy
        held = bytes.count
        unsafe self.bytes = unsafe UnsafeRawBufferPointer(copy.memory)
    }

    public var count: Int { unsafe bytes.count }
}

/// Bytes on the heap for a segment that has no other owner.
@safe  // owns what it points at
private final class OwnedBytes: @unchecked Sendable {  // written once, in init
    let memory: UnsafeMutableRawBufferPointer

    init(_ bytes: [UInt8]) {
        unsafe memory = .allocate(byteCount: bytes.count, alignment: 1)
        unsafe memory.copyBytes(from: bytes)
    }

    deinit { unsafe memory.deallocate() }
}
