import Caching
import Synchronization

/// Keeps the site's own calls from waiting for an origin that does not answer: pure, the clock is
/// the caller's and monotonic.
///
/// After so many failures in a row it opens. When its time is over one call, the trial, goes
/// through: an answer closes it, a failure opens it for twice as long, up to a maximum. A trial of
/// which nothing is heard is followed by another after the time the breaker was open.
struct CircuitBreaker: Sendable, Equatable {
    enum Change: Sendable, Equatable { case none, opened, closed }

    enum State: Sendable, Equatable {
        case closed
        /// Calls fail at once until then.
        case open(until: Milliseconds)
        /// One call is under way and decides; until then the others fail at once.
        case trial(until: Milliseconds)
    }

    private(set) var state = State.closed
    /// Failures since the last answer.
    private(set) var failures = 0
    private var span: Milliseconds = 0

    init() {}

    /// The word in `/status`.
    var word: String {
        switch state {
        case .closed: "closed"
        case .open: "open"
        case .trial: "trial"
        }
    }

    /// Whether a call may go through now.
    mutating func admits(at now: Milliseconds) -> Bool {
        switch state {
        case .closed: return true
        case .open(let until), .trial(let until):
            guard now >= until else { return false }
            state = .trial(until: now + span)
            return true
        }
    }

    /// Somebody else is there to answer from now on: the next call is the trial.
    mutating func hasten(at now: Milliseconds) {
        if case .open(let until) = state { state = .open(until: min(until, now)) }
    }

    /// The origin answered.
    mutating func answered() -> Change {
        let change: Change = state == .closed ? .none : .closed
        self = CircuitBreaker()
        return change
    }

    /// A call failed, or was given up for its deadline.
    mutating func failed(at now: Milliseconds, _ settings: SouthboundSettings) -> Change {
        failures += 1
        switch state {
        case .closed:
            guard failures >= settings.breakerFailures else { return .none }
            span = Milliseconds(settings.breakerTime)
            state = .open(until: now + span)
            return .opened
        // It was under way when the breaker opened, and says nothing new.
        case .open: return .none
        case .trial:
            span = min(span * 2, Milliseconds(settings.breakerMaximum))
            state = .open(until: now + span)
            return .none
        }
    }
}

/// The breaker of one origin, whatever pool it has at the time: a call that began at one pool may
/// end when another has taken its place.
final class SharedBreaker: Sendable {
    private let state = Mutex(CircuitBreaker())

    func withLock<Result: Sendable>(_ body: (inout CircuitBreaker) -> Result) -> Result {
        state.withLock { body(&$0) }
    }

    /// The one there was, unless no member is left of those whom it was about.
    static func of(_ settings: OriginSettings, after previous: OriginPool?) -> SharedBreaker {
        guard let previous,
            settings.members.contains(where: { member in
                previous.settings.members.contains { $0.name == member.name }
            })
        else { return SharedBreaker() }
        return previous.breaker
    }
}

/// How listeners serve that are for the site's own calls to its map server.
public struct SouthboundSettings: Sendable, Hashable {
    /// From a request's head to the first byte of its answer, with queue, connections and retries,
    /// and then without a byte of the answer, in milliseconds. Methods that may change something
    /// have the origin's own time-outs. Default 3 s.
    public var deadline = 3_000
    /// Failures in a row that open the breaker. Default 3.
    public var breakerFailures = 3
    /// How long it is open, and at most after doubling, in milliseconds. Defaults 5 s and 60 s.
    public var breakerTime = 5_000
    public var breakerMaximum = 60_000
    /// Requests to GeoWebCache's interface for tiles are answered here, below paths whose server
    /// has no such cache in use. Default: yes.
    public var isTileCache = true

    public init() {}
}
