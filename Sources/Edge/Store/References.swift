import Synchronization

/// Objects whose chunks somebody in this process still needs: viewers who could not take a body at
/// once, and operations that will share it. The writer leaves such chunks in place.
package final class References: Sendable {
    private final class Shard: Sendable {
        let counts = Mutex<[UInt64: Int]>([:])
    }

    private let shards = (0..<16).map { _ in Shard() }

    private func shard(_ objectID: UInt64) -> Shard { shards[Int(objectID & 15)] }

    func retain(_ objectID: UInt64) {
        shard(objectID).counts.withLock { $0[objectID, default: 0] += 1 }
    }

    /// Returns true if nobody needs the object any more.
    func release(_ objectID: UInt64) -> Bool {
        shard(objectID).counts.withLock { counts in
            guard let count = counts[objectID] else {
                preconditionFailure("object \(objectID) was released once too often")
            }
            counts[objectID] = count > 1 ? count - 1 : nil
            return count == 1
        }
    }

    func isReferenced(_ objectID: UInt64) -> Bool {
        shard(objectID).counts.withLock { $0[objectID] != nil }
    }

    /// How many objects are referenced.
    package var count: Int { shards.reduce(0) { $0 + $1.counts.withLock { $0.count } } }
}
