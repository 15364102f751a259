import Edge
import Synchronization

/// The recording that runs on an edge, if one does.
///
/// It ends when it is taken, when another one begins, when it is full, or after an hour, lest a
/// forgotten one keeps its memory.
final class Recorder: Sendable {
    /// How long one may run.
    static let longest: Duration = .seconds(3_600)

    private struct Running {
        var tape: Tape
        var began: ContinuousClock.Instant
    }

    let limits: RecordingLimits
    private let running = Mutex<Running?>(nil)

    init(limits: RecordingLimits = RecordingLimits()) { self.limits = limits }

    /// Where the edge writes; nil: nobody records.
    var tape: Tape? { running.withLock { $0?.tape } }

    /// A new tape in place of any other.
    func begin(at now: ContinuousClock.Instant) -> Tape {
        let tape = Tape(limits: limits.tape)
        running.withLock { $0 = Running(tape: tape, began: now) }
        return tape
    }

    /// Ends the recording; nil: none runs.
    func take() -> Tape? {
        running.withLock { running in
            defer { running = nil }
            return running?.tape
        }
    }

    /// Whether one has run for too long; it is over then.
    func expire(at now: ContinuousClock.Instant) -> Bool {
        running.withLock { state in
            guard let began = state?.began, now - began >= Self.longest else { return false }
            state = nil
            return true
        }
    }
}
