import Caching
import LMDB
import Reactor

/// One generation of the database: the open environment and its tables.
///
///     index    128-bit key          -> record: header, canonical key, fields, small body
///     chunk    object << 24 | n     -> n = 0: `ObjectHead`; else chunk n - 1 of the body
///     body     hash of a body       -> object with that body
///     pend     object               -> nothing; its chunks are to be deleted unless it is finished
///     meta     `MetaKey`            -> a number
///
/// No allocation in the file is larger than one page, so free space never fragments.
final class StoreFile: Sendable {
    let environment: Environment
    let index: Database
    let chunks: Database
    let bodies: Database
    let pending: Database
    let meta: Database
    /// Counts the files of this process: readers notice a new one by it.
    let generation: UInt64

    /// The layout of tables and heads; another one is set aside, not read.
    static let schema = 1

    enum MetaKey {
        /// Object ids below this may have been given.
        static let nextObject = Key(1)
        /// The highest invalidation number that an entry bears.
        static let invalidation = Key(2)
        /// Rules up to this number may be forgotten: nothing here is what they match. Not there in
        /// files of versions that did not note it.
        static let swept = Key(3)
    }

    init(
        directory: String, mapBytes: Int, readers: Int, generation: UInt64, isReadOnly: Bool = false
    ) throws(LMDBError) {
        var settings = EnvironmentSettings(mapBytes: mapBytes)
        settings.readers = readers
        settings.isReadOnly = isReadOnly
        environment = try Environment(directory: directory, settings)
        index = try environment.table("index", .bytes)
        chunks = try environment.table("chunk", .integers)
        bodies = try environment.table("body", .bytes)
        pending = try environment.table("pend", .integers)
        meta = try environment.table("meta", .integers)
        self.generation = generation
    }

    /// Where the file lies in memory, for those who must read it from the disk instead.
    var map: MappedFile? {
        environment.mapAddresses.map {
            MappedFile(addresses: $0, descriptor: environment.descriptor)
        }
    }

    /// A number from the meta table; nil if it was never written.
    func number(_ key: Key, _ transaction: borrowing ReadTransaction) throws(LMDBError) -> UInt64? {
        guard let bytes = unsafe try transaction.get(key, in: meta) else { return nil }
        guard bytes.count == 8 else { throw LMDBError(.get, LMDBError.corrupted) }
        return unsafe UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    }

    /// Writes a number to the meta table.
    func setNumber(
        _ key: Key, _ value: UInt64, _ transaction: inout WriteTransaction
    ) throws(LMDBError) {
        let bytes = unsafe try transaction.reserve(key, 8, in: meta)
        unsafe bytes.storeBytes(of: value.littleEndian, as: UInt64.self)
    }
}

extension StoreFile {
    /// Shows all records of the index to `body`, in slices, so that no transaction is long (law 2).
    ///
    /// False when `deadline` came before the end; nil: there is none.
    func readIndex(
        slice: Int, until deadline: ContinuousClock.Instant? = nil,
        _ transaction: borrowing ReadTransaction, _ body: (Key, UnsafeRawBufferPointer) -> Void
    ) throws(LMDBError) -> Bool {
        var start: Key? = Key(high: 0, low: 0)
        while let from = start {
            try transaction.renew()
            defer { transaction.reset() }
            let cursor = try transaction.cursor(index)
            var entry = unsafe try cursor.seekFrom(from)
            var order = KeyOrder(from: from)
            for _ in 0..<slice {
                guard let (key, record) = unsafe entry else { break }
                try order.check(key)
                unsafe body(key, record)
                unsafe entry = unsafe try cursor.next()
            }
            start = unsafe entry?.key
            if start != nil, let deadline, ContinuousClock.now >= deadline { return false }
        }
        return true
    }
}

/// Looks that the index goes up: one that does not would be read for ever, a slice after another.
struct KeyOrder {
    private var last: (UInt64, UInt64)
    private var isFirst = true

    /// - Parameter from: what the first key must not be less than.
    init(from key: Key) { last = Self.rank(key) }

    mutating func check(_ key: Key) throws(LMDBError) {
        let next = Self.rank(key)
        guard isFirst ? last <= next : last < next else {
            throw LMDBError(.cursor, LMDBError.corrupted)
        }
        (last, isFirst) = (next, false)
    }

    /// LMDB compares byte after byte.
    private static func rank(_ key: Key) -> (UInt64, UInt64) {
        (UInt64(bigEndian: key.halves.high), UInt64(bigEndian: key.halves.low))
    }
}

extension CacheKey {
    /// The key in the index table.
    @inline(__always)
    var indexKey: Key { Key(high: high, low: low) }

    init(_ key: Key) {
        let halves = key.halves
        self.init(high: halves.high, low: halves.low)
    }
}
