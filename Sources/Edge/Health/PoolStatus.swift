public import Caching

/// A pool as `/status` shows it.
public struct PoolStatus: Sendable, Codable {
    public var id: String
    public var queued: Int
    /// The same by class.
    public var queues: [QueueStatus] = []
    /// Of the site's own calls: `closed`, `open` or `trial`.
    public var breaker = "closed"
    /// When its requests began to fail in a row, in milliseconds since the epoch; 0: they do not.
    public var outageSince: Milliseconds = 0
    public var members: [MemberStatus]
}

/// A member as `/status` shows it; times in milliseconds since the epoch by the machine's clock,
/// whatever clock the edge goes by.
public struct MemberStatus: Sendable, Codable {
    public var name: String
    public var weight: Int
    /// `up`, `slow-start`, `probation`, `ejected`, `down`, `lacks-layers` or `unresolved`.
    public var state: String
    public var ejectedUntil: Milliseconds
    public var inFlight: Int
    public var requests: UInt64
    public var failures: UInt64
    public var consecutiveFailures: Int
    /// What it did wrong last, and so why it is ejected or down; nil: nothing yet.
    public var lastFailure: String?
    /// 0 while there is none.
    public var lastFailureAt: Milliseconds
    /// Whether it answers at all: `alive`, `dead` or `unknown`.
    public var liveness = "unknown"
    /// Whether its catalogue is loaded: `ready`, `not-ready`, `lacks-layers` or `unknown`.
    public var readiness = "unknown"
    /// Whether its layers are those of its peers: `in-step`, `drifted` or `unknown`.
    public var drift = "unknown"
    public var ejections: UInt64 = 0
    /// Of those in flight, by class.
    public var inClass: [String: Int] = [:]
    /// Classes with which it asked to be left alone for now.
    public var held: [String] = []
    /// Layers that it refuses and another member serves.
    public var lacks: [String] = []
    public var checks: [CheckStatus] = []

    public init(
        name: String, weight: Int, state: String, ejectedUntil: Milliseconds, inFlight: Int,
        requests: UInt64, failures: UInt64, consecutiveFailures: Int, lastFailure: String?,
        lastFailureAt: Milliseconds
    ) {
        self.name = name
        self.weight = weight
        self.state = state
        self.ejectedUntil = ejectedUntil
        self.inFlight = inFlight
        self.requests = requests
        self.failures = failures
        self.consecutiveFailures = consecutiveFailures
        self.lastFailure = lastFailure
        self.lastFailureAt = lastFailureAt
    }

    /// Whether viewers' requests go to it.
    public var takesTraffic: Bool { state == "up" || state == "slow-start" }
}

/// One check of a member, as `/status` shows it.
public struct CheckStatus: Sendable, Codable, Equatable {
    /// `connect`, `http`, `map` or `capabilities`.
    public var kind: String
    /// What is asked for; empty for a connection.
    public var target: String
    /// Its verdict: `rise` passes or `fall` failures in a row change it.
    public var isUp: Bool
    /// The last result, in a word; nil: it has not run yet.
    public var last: String?
    public var lastAt: Milliseconds = 0
    /// Of capabilities, in sixteen hexadecimal digits.
    public var fingerprint: String?
    public var updateSequence: String?
    public var layers: Int?
}
