import Caching
import Glibc
import LMDB

/// The invalidations on disk: a small environment of its own beside the cache, so that an
/// acknowledged one survives whatever happens to the cache (law 3).
///
///     rules    number << 24 | n   -> the n-th rule of that number, `LoggedRule`
///     meta     1, 2, 3, 4         -> the latest number, the one up to which all are retired, the
///                                    latest one that has rules, and how many appends there were
///     pending  id                 -> what a write under way may touch, `InvalidationRule.encoded`
///
/// Each is an `InvalidationRecord`; a rule that is missing is missed as well, and so are appends,
/// by `LogWitness`. Confined to whoever writes it. What a commit has returned from is on disk.
struct InvalidationLog: ~Copyable {
    private let environment: Environment
    private let rules: Database
    private let meta: Database
    private let pending: Database

    /// Room for some 350,000 rules; when it is full, all of them become one: everything is stale.
    static let mapBytes = 64 << 20
    /// Rules of one number; more are one rule, everything.
    static let batchLimit = 1 << 16

    private static let latestKey = Key(1)
    private static let retiredKey = Key(2)
    private static let lastKey = Key(3)
    /// Not there in logs of versions that did not count.
    private static let appendsKey = Key(4)
    /// The n of a rule that is alone.
    private static let alone: UInt64 = 0xff_ffff

    /// As it stands on disk.
    private var retired: UInt64
    /// The latest number with rules.
    private var last: UInt64
    private var appends: UInt64
    private var witness: LogWitness

    /// - Parameter isNew: there was none: one that says nothing of itself is damaged.
    init(
        directory: String, isNew: Bool, events: @escaping @Sendable (StoreEvent) -> Void = { _ in }
    ) throws(LMDBError) {
        witness = LogWitness(directory: directory, events)
        var settings = EnvironmentSettings(mapBytes: Self.mapBytes)
        settings.tables = 3
        let environment = try Environment(directory: directory, settings)
        let rules = try environment.table("rules", .integers)
        let meta = try environment.table("meta", .integers)
        let pending = try environment.table("pending", .integers)
        if isNew {
            var transaction = try WriteTransaction(environment)
            for key in [Self.latestKey, Self.retiredKey, Self.lastKey] {
                try Self.set(key, 0, in: meta, &transaction)
            }
            // It goes on behind one that is lost.
            try Self.set(Self.appendsKey, witness.read(), in: meta, &transaction)
            try transaction.commit()
        }
        let transaction = try ReadTransaction(environment)
        try transaction.renew()
        let retired = try Self.number(Self.retiredKey, meta, transaction)
        let last = try Self.number(Self.lastKey, meta, transaction)
        appends = unsafe try Self.appends(transaction.get(Self.appendsKey, in: meta))
        transaction.reset()
        (self.environment, self.rules, self.meta) = (environment, rules, meta)
        (self.pending, self.retired, self.last) = (pending, retired, last)
    }

    /// Whatever damage shows in it from now on is told from the store's.
    func beWatched(in directory: StoreDirectory) {
        FaultGuard.watch(log: environment, of: directory)
    }

    /// Everything that is in force, in the order of numbers.
    ///
    /// - Throws: also where anything of it is not as it was written, or is not there.
    func load() throws(LMDBError) -> (
        latest: UInt64, retired: UInt64, rules: [(number: UInt64, rule: InvalidationRule)]
    ) {
        let transaction = try ReadTransaction(environment)
        try transaction.renew()
        defer { transaction.reset() }
        var chain = RuleChain(retired: retired)
        let cursor = try transaction.cursor(rules)
        var entry = unsafe try cursor.first()
        while let (key, value) = unsafe entry {
            guard let logged = unsafe LoggedRule(key, value), chain.take(logged, key) else {
                throw LMDBError(.get, LMDBError.corrupted)
            }
            unsafe entry = unsafe try cursor.next()
        }
        let latest = try Self.number(Self.latestKey, meta, transaction)
        guard chain.isWhole(last: last), latest >= last,
            try transaction.count(of: rules) == chain.taken, appends >= witness.read()
        else { throw LMDBError(.get, LMDBError.corrupted) }
        return (latest, retired, chain.rules)
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
            let rule = unsafe InvalidationRecord.content(.pending, key, value).flatMap {
                unsafe InvalidationRule(encoded: $0.span.bytes)
            }
            found.append((key.number, rule ?? .everything))
            unsafe entry = unsafe try cursor.next()
        }
        guard try transaction.count(of: pending) == found.count else {
            throw LMDBError(.get, LMDBError.corrupted)
        }
        return found
    }

    private static func number(
        _ key: Key, _ meta: Database, _ transaction: borrowing ReadTransaction
    ) throws(LMDBError) -> UInt64 {
        guard let bytes = unsafe try transaction.get(key, in: meta) else {
            throw LMDBError(.get, LMDBError.corrupted)
        }
        return unsafe try number(key, bytes)
    }

    private static func number(
        _ key: Key, _ record: UnsafeRawBufferPointer
    ) throws(LMDBError) -> UInt64 {
        guard let content = unsafe InvalidationRecord.content(.meta, key, record),
            content.count == 8
        else { throw LMDBError(.get, LMDBError.corrupted) }
        return InvalidationRecord.number(content)
    }

    private static func appends(_ record: UnsafeRawBufferPointer?) throws(LMDBError) -> UInt64 {
        guard let record = unsafe record else { return 0 }
        return unsafe try number(appendsKey, record)
    }

    /// Appends rules and waits until they are on disk.
    mutating func append(_ batches: [Invalidations.Batch]) throws(LMDBError) {
        FaultGuard.enterLog()
        defer { FaultGuard.leaveLog() }
        guard let latest = batches.last?.number else { return }
        var transaction = try WriteTransaction(environment)
        // What it would be put behind may have come back from an earlier time.
        guard unsafe try Self.appends(transaction.get(Self.appendsKey, in: meta)) == appends else {
            throw LMDBError(.get, LMDBError.corrupted)
        }
        var last = last
        for batch in batches {
            try note(batch, &transaction)
            for (index, rule) in batch.rules.enumerated() {
                let logged = LoggedRule(rule, of: batch.rules.count, after: last)
                let key = Key(batch.number << 24 | UInt64(index))
                try Self.put(logged.encoded(key), key, in: rules, &transaction)
            }
            if !batch.rules.isEmpty { last = batch.number }
        }
        try Self.set(Self.latestKey, latest, in: meta, &transaction)
        try Self.set(Self.lastKey, last, in: meta, &transaction)
        try Self.set(Self.appendsKey, appends + 1, in: meta, &transaction)
        try transaction.commit()
        (self.last, appends) = (last, appends + 1)
        try environment.synchronize()
        witness.write(appends)
    }

    /// Writes that begin, and those of which is known what became.
    private func note(
        _ batch: Invalidations.Batch, _ transaction: inout WriteTransaction
    ) throws(LMDBError) {
        for write in batch.begun {
            let key = Key(write.id)
            let record = InvalidationRecord.sealed(.pending, key, write.rule.encoded)
            try Self.put(record, key, in: pending, &transaction)
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
        let place = number << 24 | Self.alone
        var isThere = false
        while true {
            var transaction = try WriteTransaction(environment)
            let deleted = try transaction.delete(0...(place - 1), limit: 4_096, in: rules)
            if !isThere {
                // What is still there of the others counts as forgotten.
                let logged = LoggedRule(.everything, of: 1, after: number - 1)
                let record = logged.encoded(Key(place))
                try Self.put(record, Key(place), in: rules, &transaction)
                try Self.set(Self.latestKey, number, in: meta, &transaction)
                try Self.set(Self.lastKey, number, in: meta, &transaction)
                try Self.set(Self.retiredKey, number - 1, in: meta, &transaction)
                try Self.set(Self.appendsKey, appends + 1, in: meta, &transaction)
            }
            try transaction.commit()
            if !isThere { appends += 1 }
            (isThere, last, retired) = (true, number, number - 1)
            if deleted < 4_096 { break }
        }
        try environment.synchronize()
        witness.write(appends)
    }

    /// Forgets rules up to a number: from the first commit on, whatever is left of them then.
    mutating func retire(upTo number: UInt64) throws(LMDBError) {
        FaultGuard.enterLog()
        defer { FaultGuard.leaveLog() }
        guard number > retired else { return }
        var deleted: Int
        repeat {
            var transaction = try WriteTransaction(environment)
            deleted = try transaction.delete(
                0...(number << 24 | Self.alone), limit: 4_096, in: rules)
            try Self.set(Self.retiredKey, number, in: meta, &transaction)
            try transaction.commit()
            retired = number
        } while deleted == 4_096
    }

    private static func set(
        _ key: Key, _ value: UInt64, in meta: Database, _ transaction: inout WriteTransaction
    ) throws(LMDBError) {
        let content = InvalidationRecord.littleEndian(value)
        try put(InvalidationRecord.sealed(.meta, key, content), key, in: meta, &transaction)
    }

    private static func put(
        _ record: [UInt8], _ key: Key, in table: Database, _ transaction: inout WriteTransaction
    ) throws(LMDBError) {
        let space = unsafe try transaction.reserve(key, record.count, in: table)
        unsafe space.copyBytes(from: record)
    }
}

/// Walks the rules of a log: each number names the one before it and how many it has.
private struct RuleChain {
    /// Rules up to it are forgotten, be they still there or not.
    let retired: UInt64
    private(set) var rules: [(number: UInt64, rule: InvalidationRule)] = []
    /// Records seen.
    private(set) var taken = 0
    /// The number at which the walk is, and how many of its rules are still to come.
    private var number: UInt64 = 0
    private var left = 0

    init(retired: UInt64) { self.retired = retired }

    /// False: something before it is missing.
    mutating func take(_ logged: LoggedRule, _ key: Key) -> Bool {
        taken += 1
        let number = key.number >> 24
        guard number > retired else { return true }
        if number != self.number {
            let isNext =
                self.number == 0
                ? logged.previous <= retired : logged.previous == self.number
            guard left == 0, isNext else { return false }
            (self.number, left) = (number, logged.count)
        }
        left -= 1
        rules.append((number, logged.rule))
        return left >= 0
    }

    /// Nothing behind the last one is missing either.
    func isWhole(last: UInt64) -> Bool {
        left == 0 && (last == number || number == 0 && last <= retired)
    }
}
