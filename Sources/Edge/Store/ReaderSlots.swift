import Synchronization

/// Who reads at this moment: the writer deletes chunks only after everybody who may have found
/// them has ended that transaction.
///
/// One counter for each reader, on a cache line of its own: odd while a snapshot is open.
@safe  // indexed by slots it gave out; owns the memory
final class ReaderSlots: @unchecked Sendable {  // the memory is atomics
    /// A reader that was seen in the middle of a snapshot.
    struct Sighting {
        var slot: Int
        var count: UInt64
    }

    // Two lines apart, since processors fetch lines in pairs.
    private static let stride = 16

    private let cells: UnsafeMutablePointer<Atomic<UInt64>>
    private let capacity: Int
    private let free: Mutex<[Int]>

    init(capacity: Int) {
        self.capacity = capacity
        unsafe cells = .allocate(capacity: capacity * Self.stride)
        for index in 0..<capacity * Self.stride { unsafe (cells + index).initialize(to: Atomic(0)) }
        free = Mutex(Array((0..<capacity).reversed()))
    }

    deinit { unsafe cells.deallocate() }

    /// Takes a slot; nil if there are more readers than were announced.
    func take() -> (slot: Int, counter: UnsafeMutablePointer<Atomic<UInt64>>)? {
        guard let slot = free.withLock({ $0.popLast() }) else { return nil }
        return unsafe (slot, cells + slot * Self.stride)
    }

    /// Gives a slot back; its reader has no snapshot open.
    func give(_ slot: Int) { free.withLock { $0.append(slot) } }

    /// All who have a snapshot open now.
    func sightings() -> [Sighting] {
        (0..<capacity).compactMap { slot in
            let count = unsafe cells[slot * Self.stride].load(ordering: .sequentiallyConsistent)
            return count & 1 == 1 ? Sighting(slot: slot, count: count) : nil
        }
    }

    /// Whether a reader still has the snapshot open in which it was seen.
    func isStillReading(_ sighting: Sighting) -> Bool {
        unsafe cells[sighting.slot * Self.stride].load(ordering: .sequentiallyConsistent)
            == sighting.count
    }
}
