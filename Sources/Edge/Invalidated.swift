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

    /// The highest number that kills what is stored under a key, as of `latest`.
    private struct Line: BitwiseCopyable {
        var key: UInt64
        var latest: UInt64
        var number: UInt64
    }

    private static var lines: Int { 1 << 14 }

    init(_ invalidations: Invalidations?) {
        self.invalidations = invalidations
        latest = invalidations?.latestNumber
        index = invalidations?.makeIndex() ?? InvalidationIndex()
        memo = .allocate(capacity: Self.lines)
        memo.initialize(repeating: Line(key: 0, latest: 0, number: 0), count: Self.lines)
    }

    deinit { memo.deallocate() }

    /// Whether no invalidation since `number` matches what is stored under a key.
    @inline(__always)
    mutating func isAlive(
        _ number: UInt64, _ key: CacheKey, _ canonical: UnsafeRawBufferPointer
    ) -> Bool {
        guard let latest, number < latest.pointee.load(ordering: .acquiring) else { return true }
        return number >= self.number(of: key, canonical)
    }

    /// The highest number that kills what is stored under a key.
    @inline(never)
    mutating func number(of key: CacheKey, _ canonical: UnsafeRawBufferPointer) -> UInt64 {
        refresh()
        let line = memo + (Int(truncatingIfNeeded: key.low) & (Self.lines - 1))
        if line.pointee.key == key.high, line.pointee.latest == index.latest {
            return line.pointee.number
        }
        let number = index.number(of: canonical.bytes)
        line.pointee = Line(key: key.high, latest: index.latest, number: number)
        return number
    }

    /// The latest invalidation that a fetch must not have begun before to answer for a key; 0 when
    /// there is none.
    mutating func latest(of key: CacheKey, _ canonical: UnsafeRawBufferPointer) -> UInt64 {
        guard let latest, latest.pointee.load(ordering: .acquiring) > 0 else { return 0 }
        return number(of: key, canonical)
    }

    /// Whether what was fetched at `number` may be stored under a key.
    mutating func mayStore(_ number: UInt64, _ key: CacheKey, _ canonical: [UInt8]) -> Bool {
        guard let latest, number < latest.pointee.load(ordering: .acquiring) else { return true }
        return canonical.withUnsafeBytes { number >= self.number(of: key, $0) }
            && number >= index.horizon
    }

    /// The number up to which this loop knows all rules.
    var known: UInt64 { index.latest }

    mutating func refresh() {
        if let invalidations, invalidations.latest != index.latest { invalidations.update(&index) }
    }
}
