import Caching
import Synchronization

/// Which keys were looked after for playback lately: what was fetched ahead and was not asked for
/// yet, and what was found stored.
///
/// One table for all loops, since a browser's connections are spread over them, of a size that
/// never changes. A slot is one atomic, without a lock. A key has two, of which it takes the one
/// that is free or was marked first: of three at a time a tile fetched ahead may not be counted as
/// ready, and never one that was not. (With one slot each, one play of eighty tiles in twenty lost
/// one or two of them.)
@safe  // indices are masked; freed with its only owner
struct PrefetchMarks: @unchecked Sendable {  // the memory is atomics
    static let count = 16_384
    /// Milliseconds of a stamp's unit, and units for which a mark is recent: about a minute.
    private static let unit: Int64 = 8_192
    private static let recent: UInt64 = 8
    private static let stampMask: UInt64 = 0x7FF
    private static let ownBit: UInt64 = 0x800

    private let slots: UnsafeMutablePointer<Atomic<UInt64>>

    init() {
        unsafe slots = .allocate(capacity: Self.count)
        for index in 0..<Self.count { unsafe (slots + index).initialize(to: Atomic(0)) }
    }

    func deallocate() {
        unsafe slots.deinitialize(count: Self.count)
        unsafe slots.deallocate()
    }

    /// One of the key's two slots, which lie beside each other.
    private func slot(_ key: CacheKey, _ way: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        unsafe slots + (Int(key.high & UInt64(Self.count - 1)) ^ way)
    }

    private func mark(in key: CacheKey, _ way: Int) -> UInt64 {
        unsafe slot(key, way).pointee.load(ordering: .relaxed)
    }

    /// The slot that has the key; nil: none.
    private func way(of key: CacheKey) -> Int? {
        if Self.isMark(mark(in: key, 0), of: key) { return 0 }
        return Self.isMark(mark(in: key, 1), of: key) ? 1 : nil
    }

    private static func isMark(_ mark: UInt64, of key: CacheKey) -> Bool {
        mark & ~(stampMask | ownBit) == name(key)
    }

    /// Never 0, which is an empty slot.
    private static func name(_ key: CacheKey) -> UInt64 {
        (key.low | 1 << 63) & ~(stampMask | ownBit)
    }

    private static func stamp(_ now: Milliseconds) -> UInt64 {
        UInt64(truncatingIfNeeded: now / unit) & stampMask
    }

    /// - Parameters:
    ///   - isOwn: it is being fetched ahead, and not merely stored already.
    ///   - now: monotonic milliseconds.
    func mark(_ key: CacheKey, isOwn: Bool, at now: Milliseconds) {
        let mark = Self.name(key) | Self.stamp(now) | (isOwn ? Self.ownBit : 0)
        let way = way(of: key) ?? (age(0, of: key, now) >= age(1, of: key, now) ? 0 : 1)
        unsafe slot(key, way).pointee.store(mark, ordering: .relaxed)
    }

    /// Units since a slot was marked; of a free one, more than of any.
    private func age(_ way: Int, of key: CacheKey, _ now: Milliseconds) -> UInt64 {
        let mark = mark(in: key, way)
        return mark == 0 ? .max : (Self.stamp(now) &- mark) & Self.stampMask
    }

    /// Whether the key was marked in the last minute, and has not been asked for since.
    func isRecent(_ key: CacheKey, at now: Milliseconds) -> Bool {
        guard let way = way(of: key) else { return false }
        return age(way, of: key, now) <= Self.recent
    }

    /// A viewer asks for the key. Two loads unless it is marked.
    ///
    /// - Returns: whether it was fetched ahead, which is said once.
    func take(_ key: CacheKey) -> Bool {
        guard let way = way(of: key) else { return false }
        let mark = mark(in: key, way)
        guard Self.isMark(mark, of: key) else { return false }
        let isTaken = unsafe slot(key, way).pointee.compareExchange(
            expected: mark, desired: 0, ordering: .relaxed
        ).exchanged
        return isTaken && mark & Self.ownBit != 0
    }
}
