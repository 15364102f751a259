import Caching
import Glibc
import LMDB

/// The invalidations on disk: a small environment of its own beside the cache, so that an
/// acknowledged one survives whatever happens to the cache (law 3).
///
///     rules    number << 24 | n   -> the n-th rule of that number, `InvalidationRule.encoded`
///     meta     1, 2               -> the latest number, and the number up to which all are retired
///     pending  id                 -> what a write under way may touch, `InvalidationRule.encoded`
///
/// Confined to whoever writes it. What a commit has returned from is on disk.
struct InvalidationLog: ~Copyable {
    private let environment: Environment
    private let rules: Database
    private let meta: Database
    private let pending: Database

    /// Room for some 400,000 rules; when it is full, all of them become one: everything is stale.
    static let mapBytes = 64 << 20
    /// Rules of one number; more are one rule, everything.
    static let batchLimit = 1 << 16

    private static let latestKey = Key(1)
    private static let retiredKey = Key(2)

    init(directory: String) throws(LMDBError) {
        var settings = EnvironmentSettings(mapBytes: Self.mapBytes)
        settings.tables = 3
        let environment = try Environment(directory: directory, settings)
        let rules = try environment.table("rules", .integers)
        let meta = try environment.table("meta", .integers)
        let pending = try environment.table("pending", .integers)
        (self.environment, self.rules, self.meta) = (environment, rules, meta)
        self.pending = pending
    }

    /// Whatever damage shows in it from now on is told from the store's.
    func beWatched(in directory: StoreDirectory) {
        FaultGuard.watch(log: environment, of: directory)
    }

    /// Everything that is in force, in the order of numbers.
    func load() throws(LMDBError) -> (
        latest: UInt64, retired: UInt64, rules: [(number: UInt64, rule: InvalidationRule)]
    ) {
        let transaction = try ReadTransaction(environment)
        try transaction.renew()
        defer { transaction.reset() }
        var found: [(number: UInt64, rule: InvalidationRule)] = []
        let cursor = try transaction.cursor(rules)
        var entry = unsafe try cursor.first()
        while let (key, value) = unsafe entry {
            guard let rule = unsafe InvalidationRule(encoded: value.bytes) else {
                throw LMDBError(.get, LMDBError.corrupted)
            }
            found.append((key.number >> 24, rule))
            unsafe entry = unsafe try cursor.next()
        }
        return (
            try number(Self.latestKey, transaction), try number(Self.retiredKey, transaction), found
        )
    }

    /// Writes that were under way when the log was left: nobody knows what became of them. One that
    /// cannot be read may have touched everything.
    func loadPending() throws(LMDBError) -> [(id: UInt64, rule: InvalidationRule)] {
        let transaction = try ReadTransaction(environment)
        try transaction.renew()
        defer { transaction.reset() }
        var found: [(id: UInt64, rule: InvalidationRule)] = []
        let cursor = try transaction.cursor(pending)
        var entry = unsafe try cursor.first()
        while let (key, value) = unsafe entry {
            found.append(
                (key.number, unsafe InvalidationRule(encoded: value.bytes) ?? .everything))
            unsafe entry = unsafe try cursor.next()
        }
        return found
    }

    private func number(_ key: Key, _ transaction: borrowing ReadTransaction) throws(LMDBError)
        -> UInt64
    {
        guard let bytes = unsafe try transaction.get(key, in: meta) else { return 0 }
        guard bytes.count == 8 else { throw LMDBError(.get, LMDBError.corrupted) }
        return unsafe UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    }

    /// Appends rules and waits until they are on disk.
    mutating func append(_ batches: [Invalidations.Batch]) throws(LMDBError) {
        FaultGuard.enterLog()
        defer { FaultGuard.leaveLog() }
        guard let last = batches.last else { return }
        var transaction = try WriteTransaction(environment)
        for batch in batches {
            try note(batch, &transaction)
            for (index, rule) in batch.rules.enumerated() {
                let encoded = rule.encoded
                let key = Key(batch.number << 24 | UInt64(index))
                let space = unsafe try transaction.reserve(key, encoded.count, in: rules)
                unsafe space.copyBytes(from: encoded)
            }
        }
        try set(Self.latestKey, last.number, &transaction)
        try transaction.commit()
        try environment.synchronize()
    }

    /// Writes that begin, and those of which is known what became.
    private func note(
        _ batch: Invalidations.Batch, _ transaction: inout WriteTransaction
    ) throws(LMDBError) {
        for write in batch.begun {
            let encoded = write.rule.encoded
            let space = unsafe try transaction.reserve(Key(write.id), encoded.count, in: pending)
            unsafe space.copyBytes(from: encoded)
        }
        for id in batch.ended { _ = try transaction.delete(Key(id), in: pending) }
    }

    /// Puts one rule, everything, in place of all others: what does not fit is not lost.
    ///
    /// It is there from the first commit on, which takes its room from those that go: a crash in
    /// between leaves more in force than was asked for, never less.
    mutating func collapse(_ number: UInt64) throws(LMDBError) {
        FaultGuard.enterLog()
        defer { FaultGuard.leaveLog() }
        let place = number << 24 | 0xff_ffff
        var isThere = false
        while true {
            var transaction = try WriteTransaction(environment)
            let deleted = try transaction.delete(0...(place - 1), limit: 4_096, in: rules)
            if !isThere {
                let encoded = InvalidationRule.everything.encoded
                let space = unsafe try transaction.reserve(Key(place), encoded.count, in: rules)
                unsafe space.copyBytes(from: encoded)
                try set(Self.latestKey, number, &transaction)
            }
            try transaction.commit()
            isThere = true
            if deleted < 4_096 { break }
        }
        try environment.synchronize()
    }

    /// Forgets rules up to a number. A crash in between forgets less.
    mutating func retire(upTo number: UInt64) throws(LMDBError) {
        FaultGuard.enterLog()
        defer { FaultGuard.leaveLog() }
        try drop(upTo: number << 24 | 0xff_ffff, keeping: number)
    }

    private mutating func drop(upTo last: UInt64, keeping retired: UInt64?) throws(LMDBError) {
        while true {
            var transaction = try WriteTransaction(environment)
            let deleted = try transaction.delete(0...last, limit: 4_096, in: rules)
            if deleted < 4_096, let retired { try set(Self.retiredKey, retired, &transaction) }
            try transaction.commit()
            if deleted < 4_096 { return }
        }
    }

    private func set(
        _ key: Key, _ value: UInt64, _ transaction: inout WriteTransaction
    ) throws(LMDBError) {
        let bytes = unsafe try transaction.reserve(key, 8, in: meta)
        unsafe bytes.storeBytes(of: value.littleEndian, as: UInt64.self)
    }
}
