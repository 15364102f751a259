import Caching
import Synchronization

/// Which keys were looked after for playback lately: what was fetched ahead and was not asked for
/// yet, and what was found stored.
///
/// One table for all loops, since a browser's connections are spread over them, of a size that
/// never changes. A slot is one atomic, without a lock: a key that finds its slot taken takes it,
/// so that a tile fetched ahead may not be counted as ready, and never one that was not.
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

    private func slot(_ key: CacheKey) -> UnsafeMutablePointer<Atomic<UInt64>> {
        unsafe slots + Int(key.high & UInt64(Self.count - 1))
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
        unsafe slot(key).pointee.store(mark, ordering: .relaxed)
    }

    /// Whether the key was marked in the last minute, and has not been asked for since.
    func isRecent(_ key: CacheKey, at now: Milliseconds) -> Bool {
        let mark = unsafe slot(key).pointee.load(ordering: .relaxed)
        guard mark & ~(Self.stampMask | Self.ownBit) == Self.name(key) else { return false }
        return (Self.stamp(now) &- mark) & Self.stampMask <= Self.recent
    }

    /// A viewer asks for the key. One load unless it is marked.
    ///
    /// - Returns: whether it was fetched ahead, which is said once.
    func take(_ key: CacheKey) -> Bool {
        let slot = unsafe slot(key)
        let mark = unsafe slot.pointee.load(ordering: .relaxed)
        guard mark & ~(Self.stampMask | Self.ownBit) == Self.name(key) else { return false }
        let isTaken = unsafe slot.pointee.compareExchange(
            expected: mark, desired: 0, ordering: .relaxed
        ).exchanged
        return isTaken && mark & Self.ownBit != 0
    }
}
