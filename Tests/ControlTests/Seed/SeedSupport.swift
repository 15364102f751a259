import Tiles

@testable import Control

/// The same numbers in every run.
struct SeedRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension SeedPlan {
    /// So many tiles, called /0, /1 and so on.
    static func numbered(_ count: Int) -> SeedPlan {
        SeedPlan(
            (0..<count).map { SeedTarget(host: "h", target: "/\($0)") },
            levels: Array(repeating: 0, count: count))
    }
}
