import Edge
import Reactor

/// One simulated life of a pool under more load than it takes, decided by its seed: members that
/// refuse what is too much, as GeoServer's control-flow does, one viewer who plays a time series,
/// and others who want one picture now and then.
public struct FairSimulation {
    public let seed: UInt64
    /// An invariant to be broken on purpose.
    public let sabotage: FairSabotage?
    private let trace: ((String) -> Void)?

    /// - Parameter trace: told line by line of what happens.
    public init(seed: UInt64, sabotage: FairSabotage? = nil, trace: ((String) -> Void)? = nil) {
        self.seed = seed
        self.sabotage = sabotage
        self.trace = trace
    }

    /// What came of it.
    public struct Report: Sendable {
        public var seed: UInt64
        /// Broken invariants, in words; empty when all held.
        public var violations: [String]
        /// Requests of viewers that were answered, and refusals of members.
        public var answered: Int
        public var refusals: Int
        /// The longest that one of the others waited while no member refused, in milliseconds.
        public var longestWait: UInt64
        /// Differs between two runs in which not quite the same things happened.
        public var fingerprint: UInt64
    }

    /// Lives it through.
    ///
    /// - Throws: when the cache directory cannot be made.
    public func run() throws -> Report { try FairLife(seed, sabotage, trace).run() }
}

/// A rule broken on purpose, to see that it is noticed.
public enum FairSabotage: String, CaseIterable, Sendable {
    /// Tiles have no limit at a member.
    case hasNoLimits
    /// All viewers are one, so that whoever asks most gets most.
    case seesOneViewer
    /// Whoever asks to be left alone is asked all the same.
    case disobeys
}
