import Caching
import Reactor
import Synchronization

/// The outages of all pools, for the loops to see at each tick at the cost of one comparison.
///
/// Shared by the pools, which write, and the loops, which read; handed on from one configuration
/// to the next.
package final class OutageBoard: Sendable {
    private struct State {
        /// By origin, in monotonic milliseconds.
        var since: [String: Milliseconds] = [:]
        var untold: [OutageChange] = []
    }

    private let state = Mutex(State())
    private let current = Atomic<UInt64>(0)

    package init() {}

    /// Another number whenever an outage has begun or ended.
    var version: UInt64 { current.load(ordering: .acquiring) }

    /// When the outage of an origin began, in monotonic milliseconds; nil: there is none.
    func since(_ origin: String) -> Milliseconds? { state.withLock { $0.since[origin] } }

    /// To be called when something may have changed; cheap when nothing did.
    func note(_ origin: String, since: Milliseconds?) {
        state.withLock { state in
            guard state.since[origin] != since else { return }
            // That an older failure was found to belong to it is not worth telling.
            if (state.since[origin] == nil) != (since == nil) {
                state.untold.append(
                    OutageChange(origin: origin, since: since, before: state.since[origin]))
            }
            state.since[origin] = since
            current.add(1, ordering: .releasing)
        }
    }

    /// Only these origins are there any more.
    func keep(_ origins: [String]) {
        for gone in state.withLock({ $0.since.keys.filter { !origins.contains($0) } }) {
            note(gone, since: nil)
        }
    }

    /// Changes that nobody was told of yet.
    func takeUntold() -> [OutageChange] {
        state.withLock { state in
            defer { state.untold = [] }
            return state.untold
        }
    }
}

/// An outage began, or ended.
struct OutageChange: Sendable, Equatable {
    var origin: String
    /// In monotonic milliseconds; nil: it ended.
    var since: Milliseconds?
    /// When the one that ended had begun.
    var before: Milliseconds?

    /// What the operator is told at `now`.
    func event(at now: Milliseconds) -> EdgeEvent {
        if since != nil {
            return EdgeEvent(
                .warning, "outage",
                "origin \"\(origin)\" fails its requests: viewers get what is stored, or a "
                    + "fallback; see /status for its members")
        }
        let seconds = max(0, now - (before ?? now)) / 1_000
        return EdgeEvent(
            .notice, "outage", "origin \"\(origin)\" answers again, after \(seconds)s")
    }
}
