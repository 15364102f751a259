import Caching
import LMDB

/// The first entry of an object in the chunk table: who shares the body, and what it must be.
///
///     0  UInt32  layout version in the low byte, flags above it
///     4  UInt32  index records that name this object
///     8  UInt64  bytes in all chunks
///    16  UInt32  CRC-32C of the body
///    20  UInt32  zero
///
/// Little-endian. Chunk n of the body lies under number n + 1 behind it.
struct ObjectHead: Equatable {
    /// Index records that name this object.
    var references: UInt32
    /// Bytes in all chunks, header block included.
    var length: UInt64
    /// CRC-32C of the body.
    var checksum: UInt32
    /// The body table leads here, so that equal bodies find it.
    var isRegistered: Bool

    static let byteCount = 24
    private static let version: UInt32 = 1
    private static let registered: UInt32 = 1 << 8

    init(references: UInt32, length: UInt64, checksum: UInt32, isRegistered: Bool) {
        self.references = references
        self.length = length
        self.checksum = checksum
        self.isRegistered = isRegistered
    }

    /// Nil if these are no head's bytes.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount else { return nil }
        let word = unsafe UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
        guard word & 0xff == Self.version else { return nil }
        isRegistered = word & Self.registered != 0
        references = unsafe UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        length = unsafe UInt64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        guard length <= UInt64(ObjectKeys.chunkBytes) << 24 else { return nil }
        checksum = unsafe UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
    }

    func write(to bytes: UnsafeMutableRawBufferPointer) {
        let word = Self.version | (isRegistered ? Self.registered : 0)
        unsafe bytes.storeBytes(of: word.littleEndian, as: UInt32.self)
        unsafe bytes.storeBytes(of: references.littleEndian, toByteOffset: 4, as: UInt32.self)
        unsafe bytes.storeBytes(of: length.littleEndian, toByteOffset: 8, as: UInt64.self)
        unsafe bytes.storeBytes(of: checksum.littleEndian, toByteOffset: 16, as: UInt32.self)
        unsafe bytes.storeBytes(of: 0, toByteOffset: 20, as: UInt32.self)
    }
}

/// How objects are numbered in the chunk table.
enum ObjectKeys {
    /// Bytes of a chunk: with LMDB's page header exactly one page.
    static let chunkBytes = Environment.pagePayload
    /// Numbers below this; 2^40 objects are a thousand a second for 34 years.
    static let limit: UInt64 = 1 << 40

    @inline(__always)
    static func head(_ objectID: UInt64) -> Key { Key(objectID << 24) }

    @inline(__always)
    static func chunk(_ objectID: UInt64, _ index: Int) -> UInt64 {
        objectID << 24 | UInt64(truncatingIfNeeded: index &+ 1)
    }

    /// Head and chunks.
    static func all(_ objectID: UInt64) -> ClosedRange<UInt64> {
        objectID << 24...(objectID << 24 | 0xff_ffff)
    }

    static func chunkCount(_ bytes: Int) -> Int { (bytes + chunkBytes - 1) / chunkBytes }

    /// The body table's key. Equal bodies have equal keys; the bytes are compared all the same.
    static func body(checksum: UInt32, length: Int, seed: (UInt64, UInt64)) -> Key {
        var words = (UInt64(checksum).littleEndian, UInt64(length).littleEndian)
        let hash = unsafe withUnsafeBytes(of: &words) { unsafe CacheKey.hash($0.bytes, seed: seed) }
        return Key(high: hash.high, low: hash.low)
    }
}
