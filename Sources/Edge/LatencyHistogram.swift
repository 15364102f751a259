/// How long things took: counts by buckets, each a quarter wider than the one before it.
///
/// A quantile is the upper bound of its bucket, and so at most a quarter too long.
public struct LatencyHistogram: Sendable, Equatable {
    /// Upper bounds in milliseconds, from 1 ms to about 46 s; what takes longer is in one more.
    public static let bounds: [Double] = (0..<49).map { index in
        (0..<index).reduce(1.0) { bound, _ in bound * 1.25 }
    }

    /// By bucket; the last one is "longer".
    public private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
    /// In milliseconds.
    public private(set) var sum = 0.0

    public init() {}

    public var total: UInt64 { counts.reduce(0, +) }

    public mutating func record(milliseconds: Double) {
        counts[Self.bounds.firstIndex { milliseconds <= $0 } ?? Self.bounds.count] += 1
        sum += milliseconds
    }

    /// What was recorded since an earlier state of the same histogram; all of it, where it is not
    /// the same: a pool that went and came back begins anew.
    public func since(_ earlier: LatencyHistogram) -> LatencyHistogram {
        guard zip(counts, earlier.counts).allSatisfy({ $0 >= $1 }) else { return self }
        var difference = self
        for index in counts.indices { difference.counts[index] &-= earlier.counts[index] }
        difference.sum -= earlier.sum
        return difference
    }

    /// The time in milliseconds that this share of all did not exceed; nil: nothing was recorded.
    ///
    /// - Parameter share: above 0, at most 1.
    public func quantile(_ share: Double) -> Double? {
        let total = total
        guard total > 0 else { return nil }
        let rank = UInt64((Double(total) * share).rounded(.up))
        var sum: UInt64 = 0
        for (index, count) in counts.enumerated() {
            sum += count
            if sum >= rank { return Self.bounds[min(index, Self.bounds.count - 1)] }
        }
        return Self.bounds.last
    }
}
