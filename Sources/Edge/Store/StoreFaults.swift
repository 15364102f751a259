import LMDB
import Synchronization

/// Failures on purpose, for tests and the simulator: the n-th write or commit fails with a code.
///
/// Consulted by the writer and on cold paths only.
public final class StoreFaults: Sendable {
    /// A step that can be made to fail.
    public enum Step: Int, CaseIterable, Sendable {
        /// A change within a transaction.
        case put
        /// The end of a transaction.
        case commit
        /// A file is made where there is none, or none of any worth.
        case create
        /// The check of a body read from disk: it finds a damaged one.
        case verify
        /// The wait until all that was committed is on disk.
        case synchronize
        /// The look whether pages are in memory: they are not.
        case residency
    }

    private struct Plan {
        var seen = 0
        /// Steps still to pass before failing; nil: does not fail.
        var passes: Int?
        var failures = 0
        var code: Int32 = 0
    }

    private let plans = Mutex([Plan](repeating: Plan(), count: Step.allCases.count))

    public init() {}

    /// Lets `passes` more steps succeed, then makes `failures` of them fail with `code` (an `errno`
    /// or an `MDB_` code).
    public func fail(_ step: Step, after passes: Int, times failures: Int = 1, code: Int32) {
        plans.withLock { plans in
            plans[step.rawValue].passes = passes
            plans[step.rawValue].failures = failures
            plans[step.rawValue].code = code
        }
    }

    /// How many times the step was reached.
    public func count(of step: Step) -> Int { plans.withLock { $0[step.rawValue].seen } }

    /// The code with which this step fails now; nil if it does not.
    func reach(_ step: Step) -> Int32? {
        plans.withLock { plans in
            plans[step.rawValue].seen += 1
            guard let passes = plans[step.rawValue].passes else { return nil }
            if passes > 0 {
                plans[step.rawValue].passes = passes - 1
                return nil
            }
            plans[step.rawValue].failures -= 1
            if plans[step.rawValue].failures <= 0 { plans[step.rawValue].passes = nil }
            return plans[step.rawValue].code
        }
    }
}
