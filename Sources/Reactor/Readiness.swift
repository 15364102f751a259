/// What the kernel says a descriptor may be ready for.
///
/// A hint, edge-triggered: it is said once, and only a call that returns `wouldBlock` makes the
/// kernel say it again.
public struct Readiness: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable public static var readable: Readiness { Readiness(rawValue: 1) }
    @inlinable public static var writable: Readiness { Readiness(rawValue: 2) }
    /// The peer has closed its half, or both halves are closed; bytes may still wait to be read.
    @inlinable public static var hangup: Readiness { Readiness(rawValue: 4) }
    /// The socket failed; the next receive or send says how.
    @inlinable public static var error: Readiness { Readiness(rawValue: 8) }
}

/// One wake-up for one descriptor.
public struct ReadyEvent: Hashable, Sendable {
    public var token: Token
    public var readiness: Readiness

    @inlinable
    public init(token: Token, readiness: Readiness) {
        self.token = token
        self.readiness = readiness
    }
}

/// How a receive or a send ended.
public enum IOResult: Equatable, Sendable {
    /// So many bytes moved; fewer than asked for is usual.
    case bytes(Int)
    /// Nothing moved; the kernel reports when it is worth another try.
    case wouldBlock
    /// The peer sends no more. Only a receive ends so.
    case endOfStream
    /// The connection is of no more use; the value is an errno such as ECONNRESET or EPIPE.
    case failed(Int32)
}

/// How one accept ended.
public enum AcceptResult: Equatable, Sendable {
    /// A connected descriptor: non-blocking, closed on exec, without Nagle's delay. The caller
    /// owns it and gives it back with `close`.
    case connection(Int32)
    /// Nobody waits.
    case wouldBlock
    /// The process or the system has no descriptor or socket memory left. Stop accepting and
    /// resume when a connection has closed: the waiting ones keep their place in the backlog.
    case outOfDescriptors
    /// That connection died before it was taken (ECONNABORTED and the like); accept the next.
    case failed(Int32)
}

/// How a connect began.
public enum ConnectResult: Equatable, Sendable {
    /// Under way; when the descriptor turns writable, `connectError` says how it went.
    case pending(Int32)
    case connected(Int32)
    /// No descriptor was kept; the value is an errno.
    case failed(Int32)
}
