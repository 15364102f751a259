/// Of entries that were asked for again behind writes elsewhere, those that were still there.
public struct Survival: Equatable, Sendable {
    public private(set) var (expected, kept) = (0, 0)

    public init() {}

    mutating func note(isKept: Bool) {
        expected += 1
        if isKept { kept += 1 }
    }

    public static func + (one: Survival, other: Survival) -> Survival {
        var sum = one
        sum.expected += other.expected
        sum.kept += other.kept
        return sum
    }

    /// Hundredths of what was expected; of nothing, all.
    public var percent: Double {
        expected == 0 ? 100 : Double(kept) * 100 / Double(expected)
    }
}
