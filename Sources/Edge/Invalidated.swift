import Caching
import Glibc
import HTTP
import Synchronization

/// What a loop knows of invalidations: its own index, and which entries it has looked at since the
/// latest one, so that a hit pays for a look once and not each time.
@safe  // every index is masked; owns the memory
struct InvalidationView: ~Copyable {
    private let invalidations: Invalidations?
    /// The latest number; loaded at every hit, so it is held without its owner.
    private let latest: UnsafePointer<Atomic<UInt64>>?
    private var index: InvalidationIndex
    private let memo: UnsafeMutablePointer<Line>
    /// The latest rule that reaches a tag; 0: none. What was fetched since need not be asked for
    /// its tags.
    private var latestTag: UInt64
    /// The latest rule for which the fields of an entry have to be looked at; 0: there is none.
    private var latestShown: UInt64

    /// What matches what is stored under a key, as of `latest`.
    private struct Line: BitwiseCopyable {
        var key: UInt64 = 0
        var latest: UInt64 = 0
        /// The entry whose tags count in `numbers`; 0: those of none.
        var entry: UInt64 = 0
        var numbers = InvalidationIndex.Numbers(dead: 0, stale: 0)
    }

    private static var lines: Int { 1 << 14 }

    init(_ invalidations: Invalidations?) {
        self.invalidations = invalidations
        unsafe latest = unsafe invalidations?.latestNumber
        index = invalidations?.makeIndex() ?? InvalidationIndex()
        latestTag = index.latestTag
        latestShown = index.latestShown
        unsafe memo = .allocate(capacity: Self.lines)
        unsafe memo.initialize(repeating: Line(), count: Self.lines)
    }

    deinit { unsafe memo.deallocate() }

    /// Whether no invalidation since an entry's fetch kills it. One that is soft ends the lifetime
    /// that `header` tells: the entry is stale then, and all else follows. Where it is a write's,
    /// the entry is not served while it is revalidated either.
    ///
    /// - Parameter fields: the entry's header block; nil where it is not at hand.
    @inline(__always)
    mutating func isAlive(
        _ header: inout EntryHeader, _ key: CacheKey, _ canonical: UnsafeRawBufferPointer,
        fields: UnsafeRawBufferPointer?, now: Milliseconds
    ) -> Bool {
        guard let latest = unsafe latest,
            unsafe header.invalidation < latest.pointee.load(ordering: .acquiring)
        else {
            return true
        }
        let numbers = unsafe numbers(of: key, canonical, header, fields)
        if header.invalidation < numbers.stale { header.times.end(at: now) }
        if header.invalidation < numbers.doubtful { header.times.doubt(at: now) }
        return header.invalidation >= numbers.dead
    }

    /// Whether the fields of an entry have to be looked at: a rule may reach what they tell, and
    /// what it comes to is not known yet.
    mutating func looksAtFields(of header: EntryHeader, _ key: CacheKey) -> Bool {
        guard let latest = unsafe latest,
            unsafe header.invalidation < latest.pointee.load(ordering: .acquiring)
        else { return false }
        refresh()
        return header.mayTellMore(to: index) && known(of: header, key) == nil
    }

    /// What this loop has found to match the entry, as of the latest rule.
    private func known(of header: EntryHeader, _ key: CacheKey) -> InvalidationIndex.Numbers? {
        let line = unsafe memo + (Int(truncatingIfNeeded: key.low) & (Self.lines - 1))
        let entry = header.memoName
        guard unsafe line.pointee.key == key.high, unsafe line.pointee.latest == index.latest,
            entry != 0,
            unsafe line.pointee.entry == entry
        else { return nil }
        return unsafe line.pointee.numbers
    }

    /// The latest that match an entry under a key. Its fields are looked at only while a rule that
    /// may reach what they tell is younger than the entry.
    @inline(never)
    private mutating func numbers(
        of key: CacheKey, _ canonical: UnsafeRawBufferPointer, _ header: EntryHeader,
        _ fields: UnsafeRawBufferPointer?
    ) -> InvalidationIndex.Numbers {
        refresh()
        guard header.invalidation < max(latestTag, latestShown) else {
            return unsafe numbers(of: key, canonical)
        }
        if let numbers = known(of: header, key) { return numbers }
        let entry = header.memoName
        let numbers = unsafe header.numbers(in: index, canonical.bytes, fields)
        if entry != 0 {
            let line = unsafe memo + (Int(truncatingIfNeeded: key.low) & (Self.lines - 1))
            unsafe line.pointee = Line(
                key: key.high, latest: index.latest, entry: entry, numbers: numbers)
        }
        return numbers
    }

    /// The latest that match what is stored under a key, whatever it tells. What an entry tells of
    /// itself counts for that entry alone: another answer may tell more.
    @inline(never)
    private mutating func numbers(
        of key: CacheKey, _ canonical: UnsafeRawBufferPointer
    ) -> InvalidationIndex.Numbers {
        refresh()
        let line = unsafe memo + (Int(truncatingIfNeeded: key.low) & (Self.lines - 1))
        if unsafe line.pointee.key == key.high, unsafe line.pointee.latest == index.latest,
            unsafe line.pointee.entry == 0
        {
            return unsafe line.pointee.numbers
        }
        let numbers = unsafe index.numbers(of: canonical.bytes)
        unsafe line.pointee = Line(key: key.high, latest: index.latest, numbers: numbers)
        return numbers
    }

    /// The latest invalidation that a fetch must not have begun before to answer for a key; 0 when
    /// there is none. What tags an answer under way will have is not known: it has them all.
    mutating func latest(of key: CacheKey, _ canonical: UnsafeRawBufferPointer) -> UInt64 {
        guard let latest = unsafe latest, unsafe latest.pointee.load(ordering: .acquiring) > 0
        else { return 0 }
        let highest = unsafe numbers(of: key, canonical).highest
        return max(highest, latestTag)
    }

    /// The same, for a key that is kept.
    mutating func latest(of key: CacheKey, _ canonical: [UInt8]) -> UInt64 {
        unsafe canonical.withUnsafeBytes { unsafe latest(of: key, $0) }
    }

    /// Whether what was fetched at `number` may be stored under a key, if only as stale.
    mutating func mayStore(_ number: UInt64, _ key: CacheKey, _ canonical: [UInt8]) -> Bool {
        guard let latest = unsafe latest, unsafe number < latest.pointee.load(ordering: .acquiring)
        else { return true }
        return unsafe canonical.withUnsafeBytes { unsafe number >= self.numbers(of: key, $0).dead }
            && number >= index.horizon
    }

    /// Whether no rule since its fetch reaches a tag of a response that is to be stored.
    mutating func mayStore(_ put: StorePut) -> Bool {
        guard let latest = unsafe latest,
            unsafe put.header.invalidation < latest.pointee.load(ordering: .acquiring)
        else {
            return true
        }
        refresh()
        return unsafe put.headers.withUnsafeBytes {
            unsafe put.header.invalidation >= put.header.tagNumbers(in: index, $0).dead
        }
    }

    /// Whether a rule that reaches a tag came since.
    mutating func hasTagRule(since number: UInt64) -> Bool {
        refresh()
        return number < latestTag
    }

    /// The number up to which this loop knows all rules.
    var known: UInt64 { index.latest }

    mutating func refresh() {
        guard let latest = unsafe latest,
            unsafe latest.pointee.load(ordering: .acquiring) != index.latest
        else { return }
        catchUp()
    }

    /// Apart, since it takes hold of the owner, which a hit must not.
    @inline(never)
    private mutating func catchUp() {
        guard let invalidations else { return }
        invalidations.update(&index)
        latestTag = index.latestTag
        latestShown = index.latestShown
    }
}
