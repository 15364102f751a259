import Edge
import Synchronization

/// The recording that runs on an edge, if one does.
///
/// It ends when it is taken, when another one begins, when it is full, or after an hour, lest a
/// forgotten one keeps its memory. What was taken is kept until it has been handed over.
final class Recorder: Sendable {
    /// How long one may run.
    static let longest: Duration = .seconds(3_600)

    /// Has every loop write on a tape, or on none; false if one did not follow.
    typealias Telling = (Tape?) -> Bool

    private struct Recording {
        var tape: Tape
        var began: ContinuousClock.Instant
        /// Loops write on it.
        var isRunning = true
        /// It was asked for, and is no longer anybody's but of who asks again.
        var isTaken = false
    }

    /// Why one is over that nobody has ended.
    enum Expiry { case full, old }

    let limits: RecordingLimits
    /// Held while the loops are told, so that what they were told last is what is so here.
    private let changing = Mutex(())
    private let current = Mutex<Recording?>(nil)

    init(limits: RecordingLimits = RecordingLimits()) { self.limits = limits }

    /// Where the edge writes; nil: nobody records.
    var tape: Tape? {
        current.withLock { recording in recording?.isRunning == true ? recording?.tape : nil }
    }

    /// A new tape in place of any other; nil when not every loop took it: then none has it.
    func begin(at now: ContinuousClock.Instant, _ tell: Telling) -> Tape? {
        changing.withLock { _ in
            let tape = Tape(limits: limits.tape)
            current.withLock { $0 = Recording(tape: tape, began: now) }
            if tell(tape) { return tape }
            current.withLock { $0 = nil }
            // Who took it stops; who hangs finds both orders, this one the last.
            _ = tell(nil)
            return nil
        }
    }

    /// Ends the recording; nil: there is none. It is there again until ``forget()``.
    func end(_ tell: Telling) -> Tape? {
        changing.withLock { _ in
            let (tape, wasRunning) = current.withLock { recording in
                let wasRunning = recording?.isRunning == true
                recording?.isRunning = false
                recording?.isTaken = true
                return (recording?.tape, wasRunning)
            }
            if wasRunning { _ = tell(nil) }
            return tape
        }
    }

    /// Whoever asked for it has it.
    func forget() {
        current.withLock { recording in
            if recording?.isTaken == true { recording = nil }
        }
    }

    /// Ends one that is full, which is kept, or too old, which is not; nil: there is none.
    ///
    /// Does not wait for a change that is under way: it is called again.
    func expire(at now: ContinuousClock.Instant, _ tell: Telling) -> Expiry? {
        let expiry: Expiry?? = changing.withLockIfAvailable { _ in
            let (expiry, wasRunning) = current.withLock { recording -> (Expiry?, Bool) in
                guard let old = recording else { return (nil, false) }
                if now - old.began >= Self.longest {
                    recording = nil
                    return (.old, old.isRunning)
                }
                guard old.isRunning, old.tape.isFull else { return (nil, false) }
                recording?.isRunning = false
                return (.full, true)
            }
            if wasRunning { _ = tell(nil) }
            return expiry
        }
        return expiry ?? nil
    }
}
