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
    /// Entries remembered, a power of two: four megabytes for each loop. Of requests for a million
    /// tiles by Zipf's law three of four are for so many.
    static var capacity: Int { 32_768 }
    /// Whole pages remembered of an entry's chunks, and one chunk behind them: 53,040 bytes, which
    /// one tile in a hundred exceeds.
    static var pagesMax: Int { 12 }
    /// Bytes of each of the first chunks that are called for, and of each other one: the processor
    /// sees by then that there will be more.
    private static var calledFor: (first: Int, other: Int) { (512, 128) }
    private static var calledFirst: Int { 4 }
    /// Two lines of a processor's cache: one for the record, one for the chunks.
    private static var stride: Int { 128 }

    @safe  // asked only under its stamp
    private struct Place {
        var key = CacheKey(high: 0, low: 0)
        var stamp: UInt64 = 0
        var objectID: UInt64 = 0
        var record = unsafe UnsafeRawPointer(bitPattern: 0)
        var recordBytes: UInt32 = 0
        /// Chunks that fill a page, known by its number.
        var pages: UInt16 = 0
        /// Whether the chunk behind them is known, too.
        var hasTail = false

        var chunks: Int { Int(pages) + (hasTail ? 1 : 0) }
    }

    /// The second line of a place. A chunk of 4,080 bytes lies in a page of its own, so that the
    /// page's number says all; the last one may lie anywhere.
    @safe  // as `Place`
    private struct Chunks {
        var tail: iovec
        /// In pages, counted from the record's.
        var pages: InlineArray<12, Int32>
    }

    private let memory: UnsafeMutableRawPointer
    private let capacity: Int
    private var isEmpty = false
    /// The place of the key that was asked for last.
    private var current: Int = 0

    /// - Parameter capacity: entries remembered, a power of two.
    init(capacity: Int) {
        self.capacity = capacity
        // In huge pages where the kernel has some: a place is anywhere in the table.
        let bytes = capacity * Self.stride
        let isLarge = bytes >= PageSize.huge
        unsafe memory = .allocate(
            byteCount: bytes, alignment: isLarge ? PageSize.huge : Self.stride)
        if isLarge { _ = unsafe madvise(memory, bytes, MADV_HUGEPAGE) }
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
        while unsafe index < found.pointee.chunks {
            let wanted = index < Self.calledFirst ? Self.calledFor.first : Self.calledFor.other
            let chunk = unsafe chunk(index)
            unsafe prefetch(
                UnsafeRawBufferPointer(start: chunk.iov_base, count: min(chunk.iov_len, wanted)))
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

    /// How many of the first chunks of an object are known, having been found together with the
    /// record that was asked for last.
    @inline(__always)
    func count(of objectID: UInt64, _ stamp: UInt64) -> Int {
        let found = unsafe place(current)
        guard unsafe found.pointee.objectID == objectID, unsafe found.pointee.stamp == stamp,
            stamp != 0
        else { return 0 }
        return unsafe found.pointee.chunks
    }

    /// One of them.
    @inline(__always)
    func chunk(_ index: Int) -> iovec {
        guard unsafe index < Int(place(current).pointee.pages) else {
            return unsafe chunks(current).pointee.tail
        }
        let page = unsafe Int(chunks(current).pointee.pages[index]) << PageSize.shift
        return unsafe iovec(
            iov_base: UnsafeMutableRawPointer(
                bitPattern: recordPage + page + PageSize.headerBytes),
            iov_len: ObjectKeys.chunkBytes)
    }

    /// Notes the next chunk of the object that belongs to the record asked for; chunk 0 begins
    /// anew. Those behind the first that does not fill a page are not kept.
    @inline(__always)
    func note(
        chunk index: Int, _ bytes: UnsafeRawBufferPointer, of objectID: UInt64, _ stamp: UInt64
    ) {
        let found = unsafe place(current)
        guard unsafe found.pointee.stamp == stamp, index <= Self.pagesMax else { return }
        if index == 0 { unsafe (found.pointee.pages, found.pointee.hasTail) = (0, false) }
        guard unsafe Int(found.pointee.pages) == index else { return }
        unsafe found.pointee.objectID = objectID
        let address = Int(bitPattern: bytes.baseAddress)
        let offset = address - PageSize.headerBytes - recordPage
        if bytes.count == ObjectKeys.chunkBytes, index < Self.pagesMax,
            offset & (PageSize.bytes - 1) == 0, let page = Int32(exactly: offset >> PageSize.shift)
        {
            unsafe chunks(current).pointee.pages[index] = page
            unsafe found.pointee.pages += 1
        } else {
            unsafe chunks(current).pointee.tail = unsafe iovec(
                iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress),
                iov_len: bytes.count)
            unsafe found.pointee.hasTail = true
        }
    }

    /// The address of the page that the record asked for lies in.
    @inline(__always)
    private var recordPage: Int {
        unsafe Int(bitPattern: place(current).pointee.record) & ~(PageSize.bytes - 1)
    }

    @inline(__always)
    private func place(_ index: Int) -> UnsafeMutablePointer<Place> {
        unsafe (memory + index * Self.stride).assumingMemoryBound(to: Place.self)
    }

    @inline(__always)
    private func chunks(_ index: Int) -> UnsafeMutablePointer<Chunks> {
        unsafe (memory + (index * Self.stride + Self.stride / 2)).assumingMemoryBound(
            to: Chunks.self)
    }
}

/// How LMDB cuts its file here, and the kernel its memory.
enum PageSize {
    static var shift: Int { 12 }
    static var bytes: Int { 1 << shift }
    /// For tables of which any place may be asked for next.
    static var huge: Int { 2 << 20 }
    /// What a page begins with, before a chunk that fills the rest.
    static var headerBytes: Int { bytes - ObjectKeys.chunkBytes }
}
