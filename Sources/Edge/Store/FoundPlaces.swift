import Caching
import Glibc
import LMDB

/// Where one loop found records and their chunks in the snapshot it used last.
///
/// Between two commits every snapshot is the same one: what a search of the trees found is there
/// still, page for page, so popular entries are searched for once for each commit and not for each
/// hit. A place holds what was found last among the keys that share it. Owned by a reader, which
/// says by `stamp` which commit its snapshot shows. Costs no allocation after `init`.
@safe  // every index is masked; owns the memory
struct FoundPlaces: ~Copyable {
    /// Entries remembered, a power of two: half a megabyte for each loop.
    static var capacity: Int { 4_096 }
    /// Chunks remembered of an entry: 16 KiB, which nine of ten tiles do not exceed.
    static var chunksMax: Int { 4 }
    /// Bytes of each chunk that are called for: the processor sees by then that there will be more.
    private static var calledFor: Int { 512 }
    /// Two lines of a processor's cache: one for the record, one for the chunks.
    private static var stride: Int { 128 }

    @safe  // asked only under its stamp
    private struct Place {
        var key = CacheKey(high: 0, low: 0)
        var stamp: UInt64 = 0
        var objectID: UInt64 = 0
        var record = unsafe UnsafeRawPointer(bitPattern: 0)
        var recordBytes: UInt32 = 0
        var chunks: UInt32 = 0
    }

    private let memory: UnsafeMutableRawPointer
    private let capacity: Int
    private var isEmpty = false
    /// The place of the key that was asked for last.
    private var current: Int = 0

    /// - Parameter capacity: entries remembered, a power of two.
    init(capacity: Int) {
        self.capacity = capacity
        unsafe memory = .allocate(byteCount: capacity * Self.stride, alignment: Self.stride)
        forget()
    }

    deinit { unsafe memory.deallocate() }

    /// All is forgotten: the file is another.
    mutating func forget() {
        if isEmpty { return }
        for index in 0..<capacity { unsafe place(index).initialize(to: Place()) }
        isEmpty = true
    }

    /// The record of a key, if it was found in the same commit's snapshot. It is called for as a
    /// whole, and so are the beginnings of its chunks: they arrive while the head is being written.
    @inline(__always)
    mutating func record(_ key: CacheKey, _ stamp: UInt64) -> UnsafeRawBufferPointer? {
        current = Int(truncatingIfNeeded: key.low) & (capacity - 1)
        let found = unsafe place(current)
        guard unsafe found.pointee.key == key, unsafe found.pointee.stamp == stamp, stamp != 0
        else {
            return nil
        }
        let record = unsafe UnsafeRawBufferPointer(
            start: found.pointee.record, count: Int(found.pointee.recordBytes))
        unsafe prefetch(record)
        var index = 0
        while unsafe index < Int(found.pointee.chunks) {
            let chunk = unsafe chunks(current)[index]
            let count = unsafe min(chunk.iov_len, Self.calledFor)
            unsafe prefetch(UnsafeRawBufferPointer(start: chunk.iov_base, count: count))
            index += 1
        }
        return unsafe record
    }

    /// Notes the record of the key that was asked for.
    @inline(__always)
    mutating func note(_ bytes: UnsafeRawBufferPointer, of key: CacheKey, _ stamp: UInt64) {
        isEmpty = false
        unsafe place(current).pointee = unsafe Place(
            key: key, stamp: stamp, record: bytes.baseAddress,
            recordBytes: UInt32(truncatingIfNeeded: bytes.count))
    }

    /// The first chunks of an object, if they were found together with the record that was asked
    /// for last; valid until the next `note`.
    @inline(__always)
    func chunks(of objectID: UInt64, _ stamp: UInt64) -> UnsafeBufferPointer<iovec> {
        let found = unsafe place(current)
        guard unsafe found.pointee.objectID == objectID, unsafe found.pointee.stamp == stamp,
            stamp != 0
        else {
            return unsafe UnsafeBufferPointer(start: nil, count: 0)
        }
        return unsafe UnsafeBufferPointer(start: chunks(current), count: Int(found.pointee.chunks))
    }

    /// Notes the next chunk of the object that belongs to the record asked for; chunk 0 begins
    /// anew. Those from `chunksMax` on are not kept.
    @inline(__always)
    func note(
        chunk index: Int, _ bytes: UnsafeRawBufferPointer, of objectID: UInt64, _ stamp: UInt64
    ) {
        let found = unsafe place(current)
        guard index < Self.chunksMax, unsafe found.pointee.stamp == stamp else { return }
        unsafe (chunks(current) + index).initialize(
            to: iovec(
                iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress),
                iov_len: bytes.count))
        unsafe found.pointee.objectID = objectID
        unsafe found.pointee.chunks = UInt32(index + 1)
    }

    @inline(__always)
    private func place(_ index: Int) -> UnsafeMutablePointer<Place> {
        unsafe (memory + index * Self.stride).assumingMemoryBound(to: Place.self)
    }

    @inline(__always)
    private func chunks(_ index: Int) -> UnsafeMutablePointer<iovec> {
        unsafe (memory + (index * Self.stride + Self.stride / 2)).assumingMemoryBound(
            to: iovec.self)
    }
}
