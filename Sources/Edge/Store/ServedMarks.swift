import Caching
import Glibc
import Synchronization

/// Which entries were served lately: one 32-bit cell for each hash of a key.
///
/// A hit costs one relaxed load, and a relaxed store once a minute. Two keys may share a cell; the
/// later one then takes it over, and the other counts as not served lately, which is safe.
///
///     bits 31-10  tag: part of the key's hash, so that a cell speaks for one entry
///     bits 9-0    turn: the wall clock in units of 65.5 s, modulo 1,024
@safe  // every index is masked
struct ServedMarks: @unchecked Sendable {  // the memory is atomics; freed by its one owner
    private let cells: UnsafeMutablePointer<Atomic<UInt32>>
    private let mask: Int
    private let byteCount: Int

    private static let turnShift: Milliseconds = 16
    private static var tagMask: UInt32 { ~0x3ff }

    /// One cell for each page of the map, rounded up to a power of two; memory is taken as used.
    init(mapPages: Int) {
        var count = 4_096
        while count < mapPages, count < 1 << 26 { count *= 2 }
        byteCount = count * MemoryLayout<UInt32>.stride
        mask = count - 1
        let memory = unsafe mmap(
            nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            fatalError("no memory for \(byteCount) bytes of marks; give a smaller --cache-size")
        }
        // Zeroed pages are cells of nobody.
        unsafe cells = unsafe memory.bindMemory(to: Atomic<UInt32>.self, capacity: count)
    }

    func deallocate() { unsafe munmap(cells, byteCount) }

    /// Notes that the entry is served now.
    ///
    /// - Returns: whether it was served within the last one to two minutes.
    @inline(__always)
    func touch(_ key: CacheKey, now: Milliseconds) -> Bool {
        let turn = UInt32(truncatingIfNeeded: now >> Self.turnShift) & ~Self.tagMask
        let new = UInt32(truncatingIfNeeded: key.high) & Self.tagMask | turn
        let cell = unsafe cells + (Int(truncatingIfNeeded: key.low) & mask)
        let old = unsafe cell.pointee.load(ordering: .relaxed)
        if new == old { return true }
        unsafe cell.pointee.store(new, ordering: .relaxed)
        let age = (turn &- old) & ~Self.tagMask
        return (new ^ old) & Self.tagMask == 0 && age <= 1
    }

    /// Where a key's mark is.
    @inline(__always)
    func cell(_ key: CacheKey) -> UnsafeRawPointer {
        unsafe UnsafeRawPointer(cells + (Int(truncatingIfNeeded: key.low) & mask))
    }

    /// It was not served after all: the next request has to look as well.
    func clear(_ key: CacheKey) {
        unsafe (cells + (Int(truncatingIfNeeded: key.low) & mask)).pointee.store(
            0, ordering: .relaxed)
    }
}
