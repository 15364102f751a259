/// One simulated life of a kind, decided by its seed: the real loops, exchanges, pools and store
/// between seeded origins and viewers, on a network and clocks that are made up.
///
/// Two lives of one seed are the same to the last byte.
public protocol SimulatedLife {
    /// What tells the tests that they would notice.
    associatedtype Rule: BrokenRule
    associatedtype Report: LifeReport

    /// - Parameters:
    ///   - sabotage: an invariant to be broken on purpose.
    ///   - trace: told line by line of what happens.
    /// - Throws: when the cache directory cannot be made.
    init(_ seed: UInt64, _ sabotage: Rule?, _ trace: ((String) -> Void)?) throws

    /// Lives it through, once.
    func run() -> Report
}

extension SimulatedLife {
    /// A whole life.
    ///
    /// - Throws: when the cache directory cannot be made.
    public static func live(
        _ seed: UInt64, _ sabotage: Rule? = nil, trace: ((String) -> Void)? = Simulation.trace
    ) throws -> Report {
        try Self(seed, sabotage, trace).run()
    }
}

/// What came of a life.
public protocol LifeReport: Equatable, Sendable {
    var seed: UInt64 { get }
    /// Broken invariants, in words; empty when all held.
    var violations: [String] { get }
    /// Differs between two runs in which not quite the same things happened.
    var fingerprint: UInt64 { get }
}

extension LifeReport {
    /// What to type to see it again.
    public var command: String { "make simulate SEED=\(seed)" }
}

/// An invariant broken on purpose, to see that it is noticed.
public protocol BrokenRule: CaseIterable, Sendable {
    /// What is said of it, among other things; nil: it may be anything.
    var sign: String? { get }
}

extension BrokenRule {
    public var sign: String? { nil }
}
