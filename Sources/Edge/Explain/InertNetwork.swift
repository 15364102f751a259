import Glibc
import Reactor

/// A network that reaches nobody, at a moment that stands still: with it a loop's state can be
/// asked what it would do, and can do none of it.
struct InertNetwork: Network, ~Copyable {
    let monotonicNow: UInt64
    let wallNow: Int64

    init(wallNow: Int64, monotonicNow: UInt64) {
        self.wallNow = wallNow
        self.monotonicNow = monotonicNow
    }

    mutating func readClocks() {}
    func namesOfTLS(_ fd: Int32) -> TLSNames? { nil }
    mutating func wait(
        until deadline: UInt64?, into events: UnsafeMutableBufferPointer<ReadyEvent>
    ) -> Int { 0 }
    mutating func receive(_ fd: Int32, into buffer: UnsafeMutableRawBufferPointer) -> IOResult {
        .endOfStream
    }
    mutating func send(_ fd: Int32, _ parts: UnsafeBufferPointer<iovec>) -> IOResult {
        .failed(EPIPE)
    }
    func untaken(_ fd: Int32) -> Int { 0 }
    mutating func accept(_ listener: Int32, peer: inout SocketAddress) -> AcceptResult {
        .failed(EINVAL)
    }
    mutating func secure(
        _ fd: Int32, _ context: TLSContext, token: Token, host: String?, or other: String?,
        early: UnsafeRawBufferPointer
    ) -> Bool { false }
    mutating func readMap(_ map: MappedFile?) {}
    func describeTLS(_ fd: Int32) -> TLSDescription? { nil }
    func failureOfTLS(_ fd: Int32) -> TLSFailure? { nil }
    mutating func connect(to endpoint: Endpoint) -> ConnectResult { .failed(ENETDOWN) }
    mutating func connectError(_ fd: Int32) -> Int32 { ENETDOWN }
    mutating func watch(_ fd: Int32, _ token: Token) -> Bool { false }
    mutating func rewatch(_ fd: Int32, _ token: Token) {}
    mutating func unwatch(_ fd: Int32) {}
    mutating func close(_ fd: Int32) {}
    mutating func closeWithReset(_ fd: Int32) {}
    mutating func shutdownWrite(_ fd: Int32) {}
}
