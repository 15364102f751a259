import Caching
import CloudFront
import HTTP
import LMDB

// Tags are not in a record: they are looked up in the stored fields, and only of entries that are
// older than the latest rule that reaches a tag, or than the latest write.
extension EntryHeader {
    /// The latest rules that match one of the entry's tags.
    ///
    /// - Parameter fields: its header block; nil where that cannot be read: it counts as having
    ///   every tag then, which costs a fetch at the most.
    func tagNumbers(
        in index: InvalidationIndex, _ fields: UnsafeRawBufferPointer?
    ) -> InvalidationIndex.Numbers {
        guard invalidation < index.latestTag, kind != .variants else {
            return InvalidationIndex.Numbers(dead: 0, stale: 0)
        }
        guard let fields = unsafe fields else { return index.anyTag }
        return unsafe index.numbers(ofTagsIn: fields.bytes)
    }

    /// The latest rules that match the entry, by its key or by its tags.
    func numbers(
        in index: InvalidationIndex, _ canonical: RawSpan, _ fields: UnsafeRawBufferPointer?
    ) -> InvalidationIndex.Numbers {
        if kind == .variants { return index.numbers(ofVariants: canonical) }
        var numbers = InvalidationIndex.Numbers(dead: 0, stale: 0)
        if let fields = unsafe fields {
            numbers = unsafe index.numbers(of: canonical, fields: fields.bytes)
        } else {
            numbers = index.numbers(of: canonical)
        }
        unsafe numbers.formMaximum(tagNumbers(in: index, fields))
        return numbers
    }

    /// Its header block lies in chunks, and has to be gathered: a rule may reach what it tells.
    func mayTellMore(to index: InvalidationIndex) -> Bool {
        flags.contains(.headersInChunks) && kind != .variants
            && invalidation < max(index.latestTag, index.latestShown)
    }

    /// Names the entry and its fields, as long as it is stored: a confirmation gives the same
    /// object other fields, and another time. 0: it has no name yet.
    var memoName: UInt64 {
        objectID == 0 ? 0 : (objectID ^ UInt64(bitPattern: times.storedAt) << 20) | 1 << 63
    }
}

extension ReadTransaction {
    /// The header block of an entry that lies in chunks; nil: they are gone.
    func longFields(
        _ header: EntryHeader, _ layout: EntryRecord.Layout, in file: StoreFile
    ) throws(LMDBError) -> [UInt8]? {
        var fields: [UInt8] = []
        fields.reserveCapacity(layout.headersLength)
        var chunk = 0
        while fields.count < layout.headersLength {
            let key = Key(ObjectKeys.chunk(header.objectID, chunk))
            guard let bytes = unsafe try get(key, in: file.chunks), unsafe !bytes.isEmpty
            else { return nil }
            unsafe fields += bytes.prefix(layout.headersLength - fields.count)
            chunk += 1
        }
        return fields
    }
}

/// The fields of a record; nil where they lie in chunks.
func fieldsAtHand(
    _ record: UnsafeRawBufferPointer, _ header: EntryHeader, _ layout: EntryRecord.Layout
) -> UnsafeRawBufferPointer? {
    unsafe header.flags.contains(.headersInChunks) ? nil : fieldsAtHand(record, layout)
}

/// The same where they do not.
@inline(__always)
func fieldsAtHand(
    _ record: UnsafeRawBufferPointer, _ layout: EntryRecord.Layout
) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: record[layout.headers])
}
