public import Caching

/// The times by which members come and go, in milliseconds.
public struct MembershipRules: Sendable, Equatable {
    /// How long the running fetches of a leaving member may take. Default 40 s.
    public var drainTime: Milliseconds = 40_000
    /// How long a new member may take until its checks pass; then its group is told that it will
    /// not do. Default 5 min.
    public var warmTime: Milliseconds = 300_000
    /// How long a leaving member is held at least, so that other edges hear of it before it ends:
    /// two questions of theirs. Default 37.5 s. Binds only where there is a hook to hold it by.
    public var noticeTime: Milliseconds = 37_500
    /// Between two signs of life to a group that waits. Default 30 s.
    public var heartbeat: Milliseconds = 30_000

    public init() {}
}
