import Caching
import Synchronization

/// What waits for the writer, by key, for all loops to find: read after store.
///
/// Sharded; an atomic total lets a lookup skip all of it while nothing waits.
final class PendingTable: Sendable {
    private struct Slot {
        var lookup: PendingLookup
        /// The number of the operation, so that only the latest one of a key takes it away.
        var number: UInt64
    }

    private final class Shard: Sendable {
        let slots = Mutex<[CacheKey: Slot]>([:])
    }

    private let shards = (0..<64).map { _ in Shard() }
    private let total = Atomic<Int>(0)

    /// How many keys have something waiting. One relaxed load.
    var count: Int {
        @inline(__always) get { total.load(ordering: .relaxed) }
    }

    private func shard(_ key: CacheKey) -> Shard { shards[Int(key.high & 63)] }

    /// What waits under the key.
    func find(_ key: CacheKey) -> PendingLookup {
        shard(key).slots.withLock { $0[key]?.lookup ?? .none }
    }

    /// All that waits; for the cold side.
    var all: [CacheKey: PendingLookup] {
        shards.reduce(into: [:]) { all, shard in
            shard.slots.withLock { slots in
                for (key, slot) in slots { all[key] = slot.lookup }
            }
        }
    }

    /// Responses that wait and that `body` takes; for the cold side.
    func objects(where body: (PendingObject) -> Bool) -> [PendingObject] {
        shards.flatMap { shard in
            shard.slots.withLock { slots in
                slots.values.compactMap { slot in
                    guard case .object(let object) = slot.lookup, body(object) else { return nil }
                    return object
                }
            }
        }
    }

    /// Enters what waits now; `append` queues it, in the same order as it is entered here.
    func enter(_ key: CacheKey, _ lookup: PendingLookup, append: () -> UInt64?) -> Bool {
        shard(key).slots.withLock { slots in
            guard let number = append() else { return false }
            if slots.updateValue(Slot(lookup: lookup, number: number), forKey: key) == nil {
                total.add(1, ordering: .sequentiallyConsistent)
            }
            return true
        }
    }

    /// The operation is done: the file says it all from now on, unless a later one waits.
    func remove(_ key: CacheKey, number: UInt64) {
        shard(key).slots.withLock { slots in
            guard let slot = slots[key], slot.number == number else { return }
            slots[key] = nil
            total.subtract(1, ordering: .sequentiallyConsistent)
        }
    }
}
