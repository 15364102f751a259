import Glibc

/// What the environment asks of simulations.
public enum Simulation {
    /// Writes what happens to standard output when `MAPEDGE_TRACE` is set.
    public static var trace: ((String) -> Void)? {
        unsafe getenv("MAPEDGE_TRACE") == nil ? nil : { print($0) }
    }

    /// The seeds that the environment asks for: `MAPEDGE_SEED` alone, or the first `MAPEDGE_SEEDS`.
    ///
    /// - Parameter count: how many when it asks for none.
    public static func seeds(orFirst count: Int) -> [UInt64] {
        func number(_ name: String) -> UInt64? {
            unsafe getenv(name).flatMap { unsafe UInt64(String(cString: $0)) }
        }
        if let seed = number("MAPEDGE_SEED") { return [seed] }
        return (0..<max(1, number("MAPEDGE_SEEDS") ?? UInt64(count))).map { $0 + 1 }
    }
}
