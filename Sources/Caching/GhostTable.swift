/// Which keys were evicted young, not long ago: four bytes each, and now and then one too many.
///
/// Buckets of four; an entry is 16 bits of the key and the low 16 bits of the eviction count in
/// steps, so that it ages without being visited.
struct GhostTable {
    private static var ways: Int { 4 }

    private var marks: [UInt16]
    private var stamps: [UInt16]
    private var bucketMask: Int
    private var evictions: UInt64 = 0
    /// Evictions for each tick of the stamps.
    private let step: UInt64

    init(objects: Int) {
        var buckets = 16
        while buckets * Self.ways < objects { buckets <<= 1 }
        bucketMask = buckets - 1
        marks = Array(repeating: 0, count: buckets * Self.ways)
        stamps = Array(repeating: 0, count: buckets * Self.ways)
        step = max(1, UInt64(objects) / 256)
    }

    private var tick: UInt16 { UInt16(truncatingIfNeeded: evictions / step) }

    private func place(_ key: UInt64) -> (bucket: Int, mark: UInt16) {
        let mixed = key &* 0x9e37_79b9_7f4a_7c15
        return (
            Int(truncatingIfNeeded: mixed >> 20) & bucketMask,
            UInt16(truncatingIfNeeded: mixed >> 4) | 1
        )
    }

    /// Remembers an evicted key in place of the oldest of its bucket.
    mutating func insert(_ key: UInt64) {
        evictions += 1
        let (bucket, mark) = place(key)
        let first = bucket * Self.ways
        var oldest = first
        for index in first..<first + Self.ways {
            if marks[index] == 0 {
                oldest = index
                break
            }
            if tick &- stamps[index] > tick &- stamps[oldest] { oldest = index }
        }
        marks[oldest] = mark
        stamps[oldest] = tick
    }

    /// Whether the key was among the last `window` evicted; it is forgotten by that.
    mutating func take(_ key: UInt64, window: Int) -> Bool {
        let (bucket, mark) = place(key)
        let first = bucket * Self.ways
        for index in first..<first + Self.ways where marks[index] == mark {
            marks[index] = 0
            return UInt64(tick &- stamps[index]) * step <= UInt64(max(window, 0))
        }
        return false
    }
}
