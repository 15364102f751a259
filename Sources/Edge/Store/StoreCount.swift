public import Caching
import LMDB

/// How many stored entries something concerns.
public struct StoreCount: Sendable, Equatable {
    public var entries: Int
    /// Bytes of their bodies; one that several share counts for each.
    public var bytes: UInt64
    /// The whole index was read; else there may be more.
    public var isComplete: Bool

    public init(entries: Int = 0, bytes: UInt64 = 0, isComplete: Bool = true) {
        self.entries = entries
        self.bytes = bytes
        self.isComplete = isComplete
    }
}

extension Store {
    /// Counts the entries that rules would make stale, as far as they are on disk and alive.
    ///
    /// Reads the index, a slice in each snapshot, for as long as allowed; about a million records a
    /// second when they are in memory. Takes the calling thread, which must be no loop's.
    ///
    /// - Returns: what was counted; nil while there is no file, or when it cannot be read.
    public func count(_ rules: [InvalidationRule], within limit: Duration) -> StoreCount? {
        guard let file = core.currentFile.0 else { return nil }
        var wanted = InvalidationIndex()
        // As if they came after all that is stored.
        for rule in rules { wanted.insert(rule, number: .max) }
        var count = Counting(
            wanted: wanted, inForce: invalidations.makeIndex(), tagField: core.tagField)
        return try? count.run(file, until: .now + limit)
    }
}

/// One count, and what is known so far.
private struct Counting {
    private static let sliceLength = 1_000

    let wanted: InvalidationIndex
    let inForce: InvalidationIndex
    let tagField: [UInt8]
    private var found = StoreCount(isComplete: false)

    init(wanted: InvalidationIndex, inForce: InvalidationIndex, tagField: [UInt8]) {
        self.wanted = wanted
        self.inForce = inForce
        self.tagField = tagField
    }

    mutating func run(
        _ file: StoreFile, until deadline: ContinuousClock.Instant
    ) throws(LMDBError) -> StoreCount {
        let transaction = try ReadTransaction(file.environment)
        found.isComplete = unsafe try file.readIndex(
            slice: Self.sliceLength, until: deadline, transaction
        ) { unsafe note($0) }
        return found
    }

    private mutating func note(_ record: UnsafeRawBufferPointer) {
        guard let (header, layout) = unsafe try? EntryRecord.inspect(record.bytes),
            header.kind != .variants
        else { return }
        let canonical = unsafe record.bytes.extracting(layout.key)
        let fields = unsafe fieldsAtHand(record, header, layout)
        guard unsafe header.numbers(in: wanted, canonical, fields, tagField).highest > 0,
            unsafe header.invalidation
                >= header.numbers(in: inForce, canonical, fields, tagField).dead
        else { return }
        found.entries += 1
        found.bytes += header.bodyLength
    }
}
