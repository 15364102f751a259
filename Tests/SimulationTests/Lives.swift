import Simulation
import Testing

/// The lives of one kind that the tests live through, in as many rows as the machine may work on
/// at a time; each row has its own seeds.
struct Lives<Kind: SimulatedLife> {
    let rows: Range<Int>
    let seeds: [UInt64]

    /// - Parameter count: of seeds, where the environment asks for none.
    init(_: Kind.Type, rows: Int, orFirst count: Int) {
        self.rows = 0..<rows
        seeds = Simulation.seeds(orFirst: count)
    }

    /// Lives through a row; whatever invariant is broken is told, with what to type to see it
    /// again.
    func live(row: Int, at place: SourceLocation = #_sourceLocation) throws -> [Kind.Report] {
        try stride(from: row, to: seeds.count, by: rows.count).map { index in
            let report = try Kind.live(seeds[index])
            for violation in report.violations {
                Issue.record(
                    "seed \(report.seed): \(violation); again: \(report.command)",
                    sourceLocation: place)
            }
            return report
        }
    }

    /// Whoever lives through a seed again lives the same.
    func expectSame(_ seed: UInt64, at place: SourceLocation = #_sourceLocation) throws {
        let (first, second) = (try Kind.live(seed), try Kind.live(seed))
        #expect(first == second, "\(first.command)", sourceLocation: place)
    }

    /// Some life of the first `seeds` tells of a broken rule.
    func expectNoticed(
        _ rule: Kind.Rule, within seeds: UInt64, at place: SourceLocation = #_sourceLocation
    ) throws {
        let isNoticed = try (1...seeds).contains { seed in
            try Kind.live(seed, rule).violations.contains { violation in
                rule.sign.map { violation.contains($0) } ?? true
            }
        }
        #expect(isNoticed, "nobody noticed a world that \(rule)", sourceLocation: place)
    }
}

extension Sequence {
    /// What all of them have of something.
    func sum(_ count: (Element) -> Int) -> Int { reduce(0) { $0 + count($1) } }
}
