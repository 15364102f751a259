/// One simulated life of an edge in front of GeoServers with one catalog: the real loops, pools,
/// store and cluster, whose slow side is done by the dice.
public struct ClusterSimulation {
    public let seed: UInt64
    public let sabotage: ClusterSabotage?
    private let trace: ((String) -> Void)?

    public init(
        seed: UInt64, sabotage: ClusterSabotage? = nil, trace: ((String) -> Void)? = nil
    ) {
        self.seed = seed
        self.sabotage = sabotage
        self.trace = trace
    }

    /// What came of it.
    public struct Report: Sendable {
        public var seed: UInt64
        /// Broken invariants, in words; empty when all held.
        public var violations: [String]
        public var judged: Int
        public var hits: Int
        public var writes: Int
        /// Answers of members out of step.
        public var marked: Int
        /// Followers that were brought into step.
        public var rounds: Int
        public var fingerprint: UInt64
    }

    /// Lives it through.
    ///
    /// - Throws: when the cache directory cannot be made.
    public func run() throws -> Report { try ClusterLife(seed, sabotage, trace).run() }
}
