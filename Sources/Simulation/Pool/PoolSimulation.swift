import Edge
import Reactor

/// One simulated life of a pool, decided by its seed: the real loop, pool and checks between
/// viewers and members that hang, flap, refuse and answer nonsense.
public struct PoolSimulation {
    public let seed: UInt64
    /// An invariant to be broken on purpose.
    public let sabotage: PoolSabotage?
    private let trace: ((String) -> Void)?

    /// - Parameter trace: told line by line of what happens.
    public init(seed: UInt64, sabotage: PoolSabotage? = nil, trace: ((String) -> Void)? = nil) {
        self.seed = seed
        self.sabotage = sabotage
        self.trace = trace
    }

    /// What came of it.
    public struct Report: Sendable {
        public var seed: UInt64
        /// Broken invariants, in words; empty when all held.
        public var violations: [String]
        /// Requests that were answered, and times a member was taken out.
        public var answered: Int
        public var outs: Int
        /// Times that one which flaps came back, the most of any.
        public var returns: Int
        /// Differs between two runs in which not quite the same things happened.
        public var fingerprint: UInt64
    }

    /// Lives it through.
    ///
    /// - Throws: when the cache directory cannot be made.
    public func run() throws -> Report { try PoolLife(seed, sabotage, trace).run() }
}

/// A rule of the pool broken on purpose, to see that it is noticed.
public enum PoolSabotage: String, CaseIterable, Sendable {
    /// Neither checks nor failures take a member out.
    case neverTakesOut
    /// A member that was taken out once stays away.
    case neverReturns
    /// A member that flaps is out at once and back at once each time.
    case forgivesFlapping
    /// The trial of a member on probation may take as long as any request.
    case waitsForTrials
    /// A member may take as long for an answer as it likes.
    case waitsForever
}

/// How a member behaves, for a while.
enum Mood: String, CaseIterable {
    case well
    /// Takes connections and says nothing.
    case hung
    /// Refuses connections.
    case gone
    /// An exception with status 200, whatever is asked.
    case exceptions
    /// The picture, called something else.
    case wrongType
    /// Breaks off in the middle of a body.
    case cut
    case unavailable
}
