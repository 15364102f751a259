import Caching
import Reactor
import Synchronization

/// When loops last left new viewers waiting for want of descriptors; any thread may ask.
final class AcceptPauses: Sendable {
    /// A loop that cannot accept tries again every tenth of a second.
    private static let lasting: Milliseconds = 1_000
    /// Whoever has none left may have some for a moment again and again: that is said once.
    private static let telling: Milliseconds = 60_000

    private let last = Atomic<Milliseconds>(.min)

    /// A loop has no descriptor for one more viewer. Tells so when none had for a minute.
    func note(at now: Milliseconds, _ events: any EventObserver) {
        let before = last.exchange(now, ordering: .relaxed)
        guard before == .min || now - before > Self.telling else { return }
        events.note(
            EdgeEvent(
                .error, "listener",
                "new viewers wait: no descriptors are left; raise LimitNOFILE (ulimit -n)"))
    }

    /// Whether viewers wait for one.
    func last(at now: Milliseconds) -> Bool {
        let before = last.load(ordering: .relaxed)
        return before != .min && now - before <= Self.lasting
    }
}

extension Server {
    /// Whether new viewers wait, as the process has no descriptors for them.
    public var lacksDescriptors: Bool {
        shared.acceptPauses.last(at: monotonicMilliseconds())
    }
}
