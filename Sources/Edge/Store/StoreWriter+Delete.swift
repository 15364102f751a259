import Caching
import LMDB

extension StoreWriter {
    /// Deletes an entry; its body goes when no other record shares it and nobody reads it.
    ///
    /// Returns whether there was one.
    mutating func delete(
        _ key: CacheKey, _ file: StoreFile, _ transaction: inout WriteTransaction,
        _ changes: inout Changes
    ) throws(LMDBError) -> Bool {
        let former = try former(key, file, transaction)
        guard try transaction.delete(key.indexKey, in: file.index) else { return false }
        changes.isEmpty = false
        changes.freed += 1
        changes.taken += 1
        if let former, former.hasChunks {
            try drop(former.header.objectID, file, &transaction, &changes)
        }
        return true
    }

    /// One record less names the object; after the last one its chunks are doomed.
    mutating func drop(
        _ objectID: UInt64, _ file: StoreFile, _ transaction: inout WriteTransaction,
        _ changes: inout Changes
    ) throws(LMDBError) {
        guard var head = try head(objectID, file, transaction) else { return }
        if head.references > 1 {
            head.references -= 1
            try put(head, objectID, file, &transaction, &changes)
            return
        }
        if head.isRegistered {
            let key = ObjectKeys.body(
                checksum: head.checksum, length: Int(head.length), seed: core.seed)
            try transaction.delete(key, in: file.bodies)
        }
        // Should the process end before the chunks are gone, the next one finds them by this.
        _ = unsafe try transaction.reserve(Key(objectID), 0, in: file.pending)
        changes.freed += 1
        changes.taken += 1
        changes.orphans.append(
            Orphan(objectID: objectID, pages: ObjectKeys.chunkCount(Int(head.length))))
    }

    /// Deletes chunks of objects that nobody can read any more, as many as one transaction should.
    mutating func reclaim(
        _ file: StoreFile, _ transaction: inout WriteTransaction, _ changes: inout Changes
    ) throws(LMDBError) {
        var budget = isSingle ? min(64, freedPagesMax) : freedPagesMax * 7 / 10
        while budget > 0, changes.reclaimed < ready.count {
            let orphan = ready[changes.reclaimed]
            try reach(.put, .delete)
            let deleted = try transaction.delete(
                ObjectKeys.all(orphan.objectID), limit: budget, in: file.chunks)
            changes.isEmpty = false
            // One more than its chunks: the page that named them.
            changes.freed += deleted + 1
            changes.taken += 1
            changes.reclaimedPages += deleted
            if deleted < budget {
                try transaction.delete(Key(orphan.objectID), in: file.pending)
                changes.reclaimed += 1
            }
            budget -= deleted + 1
            if isSingle { return }
        }
    }

    /// Sorts orphans into those that may be deleted now and those somebody still reads.
    mutating func promote() {
        for index in held.indices.reversed()
        where !core.references.isReferenced(held[index].objectID) {
            doomedPages += held[index].pages
            ready.append(held.remove(at: index))
        }
        while let group = groups.first,
            !group.sightings.contains(where: { core.readers.isStillReading($0) })
        {
            groups.removeFirst()
            for orphan in group.orphans {
                // From here on nobody new can find it: whoever could has ended that snapshot.
                if core.references.isReferenced(orphan.objectID) {
                    held.append(orphan)
                    doomedPages -= orphan.pages
                    core.counters.add(.deferred)
                } else {
                    ready.append(orphan)
                }
            }
        }
        core.counters.set(.heldObjects, held.count)
        core.hasHeld = !held.isEmpty
    }
}
