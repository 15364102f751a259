/// How many system calls a loop has made, by kind; for the operator and for the gate that holds a
/// hit to three.
public struct SystemCallCounts: Hashable, Sendable {
    /// epoll_wait
    public var wait: UInt64 = 0
    /// accept4
    public var accept: UInt64 = 0
    /// recv
    public var receive: UInt64 = 0
    /// sendmsg
    public var send: UInt64 = 0
    /// socket and connect, counted as one
    public var connect: UInt64 = 0
    /// epoll_ctl
    public var control: UInt64 = 0
    /// getsockopt and setsockopt
    public var option: UInt64 = 0
    /// shutdown
    public var shutdown: UInt64 = 0
    /// close
    public var close: UInt64 = 0

    public init() {}

    public var total: UInt64 {
        wait + accept + receive + send + connect + control + option + shutdown + close
    }
}
