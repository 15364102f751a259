import Caching
import Edge
import Glibc
import Reactor

/// One simulated life of the edge, decided by its seed: the real loops, exchanges, pools and store
/// between seeded origins and viewers, on a network and clocks that are made up.
///
/// Two runs of one seed are the same to the last byte.
public struct Simulation {
    public let seed: UInt64
    /// An invariant to be broken on purpose.
    public let sabotage: Sabotage?
    private let trace: ((String) -> Void)?

    /// - Parameter trace: told line by line of what happens.
    public init(seed: UInt64, sabotage: Sabotage? = nil, trace: ((String) -> Void)? = nil) {
        self.seed = seed
        self.sabotage = sabotage
        self.trace = trace
    }

    /// What came of it.
    public struct Report: Sendable {
        public var seed: UInt64
        /// Broken invariants, in words; empty when all held.
        public var violations: [String]
        /// Responses that viewers judged, how many came out of the cache, how many were cut off.
        public var judged: Int
        public var hits: Int
        public var cuts: Int
        /// Differs between two runs in which not quite the same things happened.
        public var fingerprint: UInt64
        /// Simulated seconds and turns of the loops that it took.
        public var seconds: Int
        public var ticks: Int

        /// What to type to see it again.
        public var command: String { "make simulate SEED=\(seed)" }
    }

    /// Lives it through.
    ///
    /// - Throws: when the cache directory cannot be made.
    public func run() throws -> Report {
        let life = try Life(seed, sabotage, trace)
        return life.run()
    }

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
