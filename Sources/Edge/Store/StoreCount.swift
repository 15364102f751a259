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
    /// Counts the entries that rules would make stale, as far as they are alive, on disk or waiting
    /// for the writer.
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
            wanted: wanted, inForce: invalidations.makeIndex(),
            pending: core.pending.all)
        return try? count.run(file, until: .now + limit)
    }
}

/// One count, and what is known so far.
private struct Counting {
    private static let sliceLength = 1_000

    let wanted: InvalidationIndex
    let inForce: InvalidationIndex
    /// What waited before the first snapshot was begun: what was gone from the queue by then is in
    /// the file.
    let pending: [CacheKey: PendingLookup]
    private var found = StoreCount(isComplete: false)

    init(
        wanted: InvalidationIndex, inForce: InvalidationIndex,
        pending: [CacheKey: PendingLookup]
    ) {
        self.pending = pending
        self.wanted = wanted
        self.inForce = inForce
    }

    mutating func run(
        _ file: StoreFile, until deadline: ContinuousClock.Instant
    ) throws(LMDBError) -> StoreCount {
        let transaction = try ReadTransaction(file.environment)
        found.isComplete = unsafe try file.readIndex(
            slice: Self.sliceLength, until: deadline, transaction
        ) { unsafe note($0, $1, file, transaction) }
        for case .object(let object) in pending.values { note(object) }
        return found
    }

    private mutating func note(_ object: PendingObject) {
        if object.header.kind == .variants { return }
        let counts = unsafe object.headers.withUnsafeBytes {
            unsafe isMeant(object.header, object.canonicalKey.span.bytes, $0)
        }
        if counts { add(UInt64(object.length)) }
    }

    private mutating func note(
        _ key: Key, _ record: UnsafeRawBufferPointer, _ file: StoreFile,
        _ transaction: borrowing ReadTransaction
    ) {
        // What waits counts for more than what is in the file.
        if pending[CacheKey(key)] != nil { return }
        guard let (header, layout) = unsafe try? EntryRecord.inspect(record.bytes),
            header.kind != .variants
        else { return }
        let canonical = unsafe record.bytes.extracting(layout.key)
        let isLong = header.mayTellMore(to: wanted) || header.mayTellMore(to: inForce)
        if isLong, let fields = try? transaction.longFields(header, layout, in: file) {
            let counts = unsafe fields.withUnsafeBytes { unsafe isMeant(header, canonical, $0) }
            if counts { add(header.bodyLength) }
            return
        }
        let fields = unsafe fieldsAtHand(record, header, layout)
        if unsafe isMeant(header, canonical, fields) { add(header.bodyLength) }
    }

    /// Whether it is alive, and would not be any more.
    private func isMeant(
        _ header: EntryHeader, _ canonical: RawSpan, _ fields: UnsafeRawBufferPointer?
    ) -> Bool {
        unsafe header.numbers(in: wanted, canonical, fields).highest > 0
            && header.invalidation
                >= header.numbers(in: inForce, canonical, fields).dead
    }

    private mutating func add(_ bytes: UInt64) {
        found.entries += 1
        found.bytes += bytes
    }
}
