public import Caching
public import Edge
public import Reactor

/// A caching case as a short file tells it: one edge, what its origins answer, what viewers ask,
/// and what must come of it, step by step.
public struct Scenario: Sendable {
    /// Where something stands in the file; lines are counted from 1.
    public struct Place: Sendable, Hashable, CustomStringConvertible {
        public var file: String
        public var line: Int

        public init(file: String, line: Int) {
            self.file = file
            self.line = line
        }

        public var description: String { "\(file):\(line)" }
    }

    /// How much time may pass in one, all steps together: ten years. The edge's timers reach 18
    /// years from its start, and one beyond that would be due for ever.
    public static let longest: Milliseconds = BehaviorPolicy.year * 10

    public var name: String
    /// One sentence.
    public var about: String
    /// Links to where the case was seen or is documented.
    public var reports: [String]
    /// Why it is known to fail; nil where it has to hold.
    public var pending: String?
    public var place: Place
    /// The wall clock's time when the first step begins; nil: some time in 2026.
    public var start: Milliseconds?
    /// The wall clock moves only by steps, as that of an edge with a manual one.
    public var hasManualClock = false
    /// Of the edge that the steps are played on.
    public var settings: Settings
    public var steps: [Step]

    public init(name: String, place: Place, settings: Settings, steps: [Step]) {
        self.name = name
        about = ""
        reports = []
        self.place = place
        self.settings = settings
        self.steps = steps
    }
}

/// One thing that happens in a scenario, and what must come of it.
public struct Step: Sendable {
    public indirect enum Action: Sendable {
        /// From now on an origin answers so.
        case script(OriginScript)
        /// From now on connections to an origin go so; nil: to all of them.
        case connect(origin: String?, ConnectManner)
        case request(ViewerRequest)
        /// Begun one after the other, a few milliseconds apart, none waiting for another's end.
        case concurrently([Step])
        /// Time passes, for clocks and timers alike.
        case advance(Milliseconds)
        /// Time passes until so long after the beginning; none where that is over already.
        case wait(until: Milliseconds)
        case invalidate(Invalidation)
        /// The edge stops and starts again on what it stored.
        case restart
    }

    public var action: Action
    /// In the order of the file.
    public var checks: [Check]
    public var line: Int

    public init(_ action: Action, checks: [Check] = [], line: Int) {
        self.action = action
        self.checks = checks
        self.line = line
    }
}

/// What is to be made stale, as it was written and as it is understood.
public struct Invalidation: Sendable {
    public var paths: [String]
    public var rules: [InvalidationRule]
    /// The API's word against one of the paths; nothing is invalidated then.
    public var refusal: String?

    public init(paths: [String], rules: [InvalidationRule], refusal: String? = nil) {
        self.paths = paths
        self.rules = rules
        self.refusal = refusal
    }
}

/// How an origin's machine treats connections.
public enum ConnectManner: String, Sendable, CaseIterable {
    case works, refused, silent
}

/// What a viewer asks.
public struct ViewerRequest: Sendable {
    public var method: String
    /// Path and query.
    public var target: String
    public var host = "edge.test"
    public var fields: [(name: String, value: ScenarioText)] = []
    public var body: String?
    /// Over TLS, which is not simulated: the edge is told so, and the bytes are plain.
    public var isSecured = false
    /// Where it is; nil: somewhere in 192.0.2.0/24 (RFC 5737).
    public var address: SocketAddress?
    /// It goes away so long after it asked, answered or not; nil: it waits.
    public var leavesAfter: Milliseconds?

    public init(method: String, target: String) {
        self.method = method
        self.target = target
    }
}
