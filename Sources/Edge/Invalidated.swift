import Caching
import Glibc
import HTTP
import Synchronization

/// What a loop knows of invalidations: its own index, and which entries it has looked at since the
/// latest one, so that a hit pays for a look once and not each time.
struct InvalidationView: ~Copyable {
    private let invalidations: Invalidations?
    /// The latest number; loaded at every hit, so it is held without its owner.
    private let latest: UnsafePointer<Atomic<UInt64>>?
    private var index: InvalidationIndex
    private let memo: UnsafeMutablePointer<Line>

    /// What matches what is stored under a key, as of `latest`.
    private struct Line: BitwiseCopyable {
        var key: UInt64
        var latest: UInt64
        var numbers: InvalidationIndex.Numbers
    }

    private static var lines: Int { 1 << 14 }

    init(_ invalidations: Invalidations?) {
        self.invalidations = invalidations
        latest = invalidations?.latestNumber
        index = invalidations?.makeIndex() ?? InvalidationIndex()
        let none = InvalidationIndex.Numbers(dead: 0, stale: 0)
        memo = .allocate(capacity: Self.lines)
        memo.initialize(repeating: Line(key: 0, latest: 0, numbers: none), count: Self.lines)
    }

    deinit { memo.deallocate() }

    /// Whether no invalidation since an entry's fetch kills it. One that is soft ends the lifetime
    /// that `header` tells: the entry is stale then, and all else follows.
    @inline(__always)
    mutating func isAlive(
        _ header: inout EntryHeader, _ key: CacheKey, _ canonical: UnsafeRawBufferPointer,
        now: Milliseconds
    ) -> Bool {
        guard let latest, header.invalidation < latest.pointee.load(ordering: .acquiring) else {
            return true
        }
        let numbers = numbers(of: key, canonical)
        if header.invalidation < numbers.stale { header.times.end(at: now) }
        return header.invalidation >= numbers.dead
    }

    /// The latest that match what is stored under a key.
    @inline(never)
    private mutating func numbers(
        of key: CacheKey, _ canonical: UnsafeRawBufferPointer
    ) -> InvalidationIndex.Numbers {
        refresh()
        let line = memo + (Int(truncatingIfNeeded: key.low) & (Self.lines - 1))
        if line.pointee.key == key.high, line.pointee.latest == index.latest {
            return line.pointee.numbers
        }
        let numbers = index.numbers(of: canonical.bytes)
        line.pointee = Line(key: key.high, latest: index.latest, numbers: numbers)
        return numbers
    }

    /// The latest invalidation that a fetch must not have begun before to answer for a key; 0 when
    /// there is none.
    mutating func latest(of key: CacheKey, _ canonical: UnsafeRawBufferPointer) -> UInt64 {
        guard let latest, latest.pointee.load(ordering: .acquiring) > 0 else { return 0 }
        return numbers(of: key, canonical).highest
    }

    /// Whether what was fetched at `number` may be stored under a key, if only as stale.
    mutating func mayStore(_ number: UInt64, _ key: CacheKey, _ canonical: [UInt8]) -> Bool {
        guard let latest, number < latest.pointee.load(ordering: .acquiring) else { return true }
        return canonical.withUnsafeBytes { number >= self.numbers(of: key, $0).dead }
            && number >= index.horizon
    }

    /// The number up to which this loop knows all rules.
    var known: UInt64 { index.latest }

    mutating func refresh() {
        if let invalidations, invalidations.latest != index.latest { invalidations.update(&index) }
    }
}
