import Tiles

@testable import Control

extension SeedPlan {
    /// So many tiles, called /0, /1 and so on.
    static func numbered(_ count: Int) -> SeedPlan {
        SeedPlan(
            (0..<count).map { SeedTarget(host: "h", target: "/\($0)") },
            levels: Array(repeating: 0, count: count))
    }
}
