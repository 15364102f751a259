/// How a member is judged: by checks, which ask it, and by what viewers' requests meet.
public struct HealthSettings: Sendable {
    /// What is asked of it, each on its own interval. None: that a connection can be made.
    public var checks: [CheckSettings] = []
    /// Milliseconds between two rounds of a check that says nothing of its own (default 5 s), and
    /// for the whole of one, from the connection to the last byte (2 s). Interval 0: no checks.
    public var interval = 5_000
    public var timeout = 2_000
    /// The longest answer to a check that is read, in bytes; a longer one fails it. Default 64 MiB.
    public var bodyBytes = 64 << 20
    /// Checks in a row that change the verdict. Defaults 2 and 3.
    public var rise = 2
    public var fall = 3
    /// Requests in a row that fail before a member is ejected (passive). Default 5.
    public var consecutiveFailures = 5
    /// First ejection in milliseconds, doubled each time up to the maximum. Defaults 1 s and 60 s.
    public var ejection = 1_000
    public var ejectionMaximum = 60_000
    /// How long the one request by which an ejected member may come back waits for its first byte,
    /// in milliseconds, before it goes to another member. Default 5 s.
    public var trialTimeout = 5_000
    /// A member that returns grows to its full share over this time, in milliseconds. Default 10 s.
    public var slowStart = 10_000
    /// What counts as a failure beside 502, 503, 504, no answer and half of one.
    public var passive = PassiveSettings()

    public init() {}

    /// The checks in force: where none is configured a connection is.
    var effectiveChecks: [CheckSettings] {
        guard interval > 0 else { return [] }
        return checks.isEmpty ? [CheckSettings(kind: .connect)] : checks
    }

    /// Whether checks see more than a connection: then they, and no viewer, try out who was
    /// ejected.
    var hasRealChecks: Bool { interval > 0 && checks.contains { $0.kind != .connect } }

    /// Whether the check at this place sees more than a connection.
    func isReal(_ check: Int) -> Bool {
        let checks = effectiveChecks
        return checks.indices.contains(check) && checks[check].kind != .connect
    }

    /// Whether a result of these checks means the same by others' rules.
    func checksSame(as other: HealthSettings) -> Bool { effectiveChecks == other.effectiveChecks }

    func interval(of check: CheckSettings) -> Int { check.interval ?? interval }

    /// Never longer than the interval, so that checks do not overlap.
    func timeout(of check: CheckSettings) -> Int {
        min(check.timeout ?? timeout, interval(of: check))
    }
}

/// One thing that is asked of every member of a pool.
public struct CheckSettings: Sendable, Hashable {
    /// What a good answer is.
    public enum Kind: Sendable, Hashable {
        /// The connection, with TLS where the member speaks it.
        case connect
        /// A status in range, and these bytes somewhere in the body; empty: whatever it is.
        case http(status: ClosedRange<Int>, body: [UInt8])
        /// The picture that the target asks for: format, size, and there to its end.
        case map
        /// A service's description to its end, with so many layers, and these among them.
        case capabilities(minimum: Int, layers: [String])
    }

    public var kind: Kind
    /// What is asked for, in origin form; empty for a connection.
    public var target: String
    /// Of its own, in milliseconds; nil: the pool's.
    public var interval: Int?
    public var timeout: Int?

    public init(kind: Kind, target: String = "", interval: Int? = nil, timeout: Int? = nil) {
        self.kind = kind
        self.target = target
        self.interval = interval
        self.timeout = timeout
    }

    /// The word for status, metrics and log.
    public var word: String {
        switch kind {
        case .connect: "connect"
        case .http: "http"
        case .map: "map"
        case .capabilities: "capabilities"
        }
    }
}

/// Which of the answers to viewers are held against a member.
///
/// What a request itself may have caused is only held against it once another member has answered
/// the same request well: see ``Suspicion``.
public struct PassiveSettings: Sendable, Hashable {
    /// An OGC exception with status 200 where a picture was asked for. Default: yes.
    public var exceptions = true
    /// Another type, another signature or nothing where a picture was asked for. Default: yes.
    public var wrongContent = true
    /// A picture that lacks its end, although its framing is in order. Default: yes.
    public var truncated = true
    /// Milliseconds from the last byte of the request to the answer's head; 0 (default): as long as
    /// the origin's firstByteTimeout allows.
    public var slowHead = 0
    /// Milliseconds from the head of a map's answer to the first byte of the picture; 0: as long as
    /// betweenBytesTimeout allows. Default 10 s.
    public var slowBody = 10_000

    public init() {}
}
