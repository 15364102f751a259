import Synchronization

/// Objects whose bytes this process has checked against their checksum, or has written itself.
///
/// A table of fixed size that may forget, never one that may say yes wrongly: a forgotten object
/// is checked once more.
@safe  // every index is masked; owns the memory
final class VouchedObjects: @unchecked Sendable {  // the memory is atomics
    private let cells: UnsafeMutablePointer<Atomic<UInt64>>
    private let mask: Int
    /// Ids from here on were written by this process.
    private let ownFrom: UInt64

    init(ownFrom: UInt64, capacity: Int = 1 << 16) {
        precondition(capacity & (capacity - 1) == 0, "a power of two")
        self.ownFrom = ownFrom
        mask = capacity - 1
        unsafe cells = .allocate(capacity: capacity)
        for index in 0..<capacity { unsafe (cells + index).initialize(to: Atomic(0)) }
    }

    deinit { unsafe cells.deallocate() }

    /// Whether this process wrote the object.
    @inline(__always)
    func isOwn(_ objectID: UInt64) -> Bool { objectID >= ownFrom }

    @inline(__always)
    func contains(_ objectID: UInt64) -> Bool {
        unsafe isOwn(objectID)
            || cells[Int(truncatingIfNeeded: objectID) & mask].load(ordering: .relaxed) == objectID
    }

    func insert(_ objectID: UInt64) {
        unsafe cells[Int(truncatingIfNeeded: objectID) & mask].store(objectID, ordering: .relaxed)
    }
}
