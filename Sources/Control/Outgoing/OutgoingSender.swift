import Caching
import CloudFront
import Dispatch
import Edge
import Glibc
import Reactor
import Synchronization

/// Tells the CloudFront in front of each invalidation of the edge, in the background: a write's
/// answer does not wait for it.
///
/// What it decides by is `OutgoingInvalidations`; what is told lies in a file, so that the next
/// process goes on where this one ended.
final class OutgoingSender: Sendable {
    /// What invalidations there are: `Invalidations.rules(after:)`.
    typealias Source =
        @Sendable (_ after: UInt64) -> (
            rules: [InvalidationRule]?, retired: UInt64, upTo: UInt64
        )

    private struct State {
        var core: OutgoingInvalidations
        /// As it is in the file.
        var kept: OutgoingRecord?
        /// Everything is to be told, and in no batch yet.
        var owesAll: Bool
        var keptAt: Milliseconds = 0
        var isTurning = false
        var failure: String?
    }

    let settings: OutgoingSettings
    /// Nothing is known of what this CloudFront was told before: it holds responses without tags.
    let startsAnew: Bool
    private let path: String
    private let source: Source
    private let calls: OutgoingCalls
    private let observer: any EventObserver
    private let dice: @Sendable () -> Double
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "control.outgoing")

    /// How long a record may be behind, if nothing was sent: far less than the log keeps rules for.
    static let recordAge: Milliseconds = 60_000

    /// - Parameters:
    ///   - path: of the file that remembers; read here.
    ///   - now: monotonic, as everywhere below.
    init(
        _ settings: OutgoingSettings, path: String, source: @escaping Source, calls: OutgoingCalls,
        at now: Milliseconds, events observer: any EventObserver,
        dice: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        (self.settings, self.path, self.source) = (settings, path, source)
        (self.calls, self.observer, self.dice) = (calls, observer, dice)
        let text = try? readTextFile(path)
        let known = text.flatMap { OutgoingRecord($0) }
        let (_, retired, latest) = source(.max)
        let (record, startsAnew) = OutgoingRecord.resuming(
            known, target: settings.target, latest: latest, retired: retired,
            instance: hexadecimal((0..<8).map { _ in UInt8.random(in: 0...255) }))
        self.startsAnew = startsAnew
        var core = OutgoingInvalidations(settings.limits, record, at: now)
        if startsAnew { core.take([.everything], upTo: latest, at: now) }
        state = Mutex(State(core: core, kept: known, owesAll: startsAnew))
        if startsAnew {
            note(
                .notice,
                text == nil
                    ? "nobody has told distribution \(settings.distribution ?? "") anything yet: "
                        + "it is told that everything is stale"
                    : "what distribution \(settings.distribution ?? "") was told last is not "
                        + "known, or too long ago: it is told that everything is stale")
        }
    }

    private func note(_ level: EdgeEvent.Level, _ text: String) {
        observer.note(EdgeEvent(level, "cloudfront", text))
    }

    /// To be called about once in a second; never waits.
    func tick(at now: @escaping @Sendable () -> Milliseconds) {
        let begins = state.withLock { state in
            defer { state.isTurning = true }
            return !state.isTurning
        }
        guard begins else { return }
        queue.async {
            self.turn(at: now)
            self.state.withLock { $0.isTurning = false }
        }
    }

    /// For status and metrics.
    var shown: (core: OutgoingInvalidations, failure: String?) {
        state.withLock { ($0.core, $0.failure) }
    }

    /// Waits until nothing is under way; for tests.
    func drain() { queue.sync {} }

    /// What is waiting is the next process's.
    func close(at now: Milliseconds) {
        let isIdle = state.withLock { state in
            defer { state.isTurning = true }
            return !state.isTurning
        }
        // Not behind a call that takes long: what it sends was on disk before it.
        guard isIdle else { return }
        queue.sync {
            gather(at: now)
            keep(at: now, evenUnsent: true)
        }
    }

    private func turn(at now: () -> Milliseconds) {
        gather(at: now())
        while true {
            let step = state.withLock { $0.core.next(at: now()) }
            switch step {
            case .wait:
                keep(at: now(), evenUnsent: false)
                return
            case .send(let batch):
                keep(at: now(), evenUnsent: true)
                send(batch, now)
                keep(at: now(), evenUnsent: true)
            case .ask(let id): ask(id, now)
            }
        }
    }

    /// Takes what was invalidated since.
    private func gather(at now: Milliseconds) {
        state.withLock { state in
            let (rules, _, latest) = source(state.core.taken)
            guard latest != state.core.taken else { return }
            let items = rules.map { $0.flatMap { settings.items.items(for: $0) } }
            state.core.take(items ?? [.everything], upTo: latest, at: now)
        }
    }

    private func send(_ batch: OutgoingBatch, _ now: () -> Milliseconds) {
        let answer: OutgoingInvalidations.Answer
        var failure: AWSError?
        do throws(AWSError) {
            let (id, isCompleted) = try calls.create(batch)
            answer = .accepted(id: id, isCompleted: isCompleted)
        } catch {
            answer = OutgoingInvalidations.Answer(error)
            failure = error
        }
        let text = failure.map { told($0, answer, batch) }
        let isNew = state.withLock { state in
            defer { state.failure = text }
            state.core.settle(answer, at: now(), dice: dice())
            return state.failure != text
        }
        guard isNew else { return }
        if let text {
            note(.warning, text)
        } else {
            note(.notice, "CloudFront takes invalidations again")
        }
    }

    /// What is wrong, what becomes of the batch, and what to do.
    private func told(
        _ error: AWSError, _ answer: OutgoingInvalidations.Answer, _ batch: OutgoingBatch
    ) -> String {
        let end =
            switch answer {
            case .itemsRefused:
                "everything is invalidated in place of \(batch.items.count) items, the first of "
                    + "which is \(printable(batch.items.first ?? ""))"
            case .quotaExceeded:
                "they wait until others are completed; lower cloudfront.invalidate.wildcards and "
                    + "paths if more than this edge uses the quota"
            case .refused:
                "nothing reaches CloudFront until that is mended (Operating, \"In front of the "
                    + "edge: CloudFront\"); until then it shows old copies for their s-maxage"
            default: "the invalidations wait and are sent again under the same reference"
            }
        return "\(error); \(end)"
    }

    private func ask(_ id: String, _ now: () -> Milliseconds) {
        var isCompleted = false
        do throws(AWSError) { isCompleted = try calls.isCompleted(id) } catch {
            // It counts as in progress until `Limits.progress`; one that is unknown never was.
            isCompleted = error.code == "NoSuchInvalidation"
        }
        state.withLock { $0.core.note(id, isCompleted: isCompleted, at: now()) }
    }

    /// Writes what the next process has to know, if that has changed.
    ///
    /// - Parameter evenUnsent: also where only numbers passed that do not concern CloudFront.
    private func keep(at now: Milliseconds, evenUnsent: Bool) {
        let record = state.withLock { state -> OutgoingRecord? in
            let isDue = evenUnsent || now - state.keptAt >= Self.recordAge
            // Before all is in a batch, the next process has to begin anew as this one did.
            if state.core.record.batch != nil { state.owesAll = false }
            guard isDue, !state.owesAll, state.kept != state.core.record else { return nil }
            (state.kept, state.keptAt) = (state.core.record, now)
            return state.core.record
        }
        guard let record else { return }
        do throws(SystemError) {
            Glibc.close(try replaceFile(path, by: Array(record.text.utf8)))
        } catch {
            state.withLock { $0.kept = nil }
            note(
                .error,
                "\(error); what CloudFront was told may be told again after a restart: free space "
                    + "on the disk")
        }
    }
}
