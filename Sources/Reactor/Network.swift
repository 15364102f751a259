public import Glibc

/// All that a loop needs of the outside: descriptors, readiness and time.
///
/// ``LinuxNetwork`` is the real one; a simulator implements it too, with descriptors that are mere
/// numbers, so that a loop cannot tell which it runs on. Loops are generic over it: no existential.
///
/// Nothing here blocks but ``wait(until:into:)``. A descriptor belongs to the loop that accepted or
/// connected it until `close` or `closeWithReset`; using it afterwards is our own bug and traps.
public protocol Network: ~Copyable {
    /// Monotonic nanoseconds, read once per tick, by ``wait(until:into:)``.
    var monotonicNow: UInt64 { get }

    /// Wall clock, milliseconds since the epoch, read once per tick: the edge's own time, which
    /// may be a manual one (``WallClock``).
    var wallNow: Int64 { get }

    /// Reads both clocks anew within a tick, for a wall clock that was moved meanwhile.
    mutating func readClocks()

    /// Begins a tick: waits for events and reads both clocks.
    ///
    /// - Parameters:
    ///   - deadline: monotonic nanoseconds at which to return even if nothing happened; a past one
    ///     polls, nil waits for as long as it takes. May return up to a millisecond late.
    ///   - events: caller's memory; its first elements are overwritten.
    /// - Returns: how many events were written; 0 at the deadline.
    mutating func wait(
        until deadline: UInt64?,
        into events: UnsafeMutableBufferPointer<ReadyEvent>
    ) -> Int

    /// Receives what is there, up to the size of `buffer`, which must not be empty.
    mutating func receive(_ fd: Int32, into buffer: UnsafeMutableRawBufferPointer) -> IOResult

    /// Sends the parts in order, as one gathered write; a short count may end within any part.
    ///
    /// The memory is read before the call returns. At most 1,024 parts. Never raises SIGPIPE.
    /// After ``IOResult/wouldBlock`` the next send begins with the same bytes, however they are cut
    /// into parts: a secured connection has sealed some of them already.
    mutating func send(_ fd: Int32, _ parts: UnsafeBufferPointer<iovec>) -> IOResult

    /// Bytes that were sent and that the peer's system has not acknowledged: more go on being taken
    /// while the kernel, which waits until there is room for many, says nothing. One system call.
    func untaken(_ fd: Int32) -> Int

    /// Takes the next waiting connection.
    ///
    /// - Parameter peer: set to the peer's address; to ``SocketAddress/unspecified`` for a Unix
    ///   socket.
    mutating func accept(_ listener: Int32, peer: inout SocketAddress) -> AcceptResult

    /// From now on the descriptor's bytes go through TLS, by the same calls.
    ///
    /// The handshake goes on within `receive` and `send`, which answer ``IOResult/wouldBlock``
    /// until it is done; a viewer's loop receives, an origin's sends first. It takes as long as the
    /// peer likes: the owner's timers bound it. An end of stream is one only if the peer has said
    /// so: where the socket just ends, a receive fails with ECONNRESET.
    ///
    /// - Parameters:
    ///   - token: under which it is, or is about to be, watched.
    ///   - host: of an origin: the name or address that its certificate must be for. A name is
    ///     asked for, too (SNI).
    ///   - other: a name that the certificate may be for as well; `host` is a name then.
    ///   - early: bytes received already, which belong to the handshake; copied.
    /// - Returns: false without memory: close the descriptor.
    mutating func secure(
        _ fd: Int32, _ context: TLSContext, token: Token, host: String?, or other: String?,
        early: UnsafeRawBufferPointer
    ) -> Bool

    /// Has secured connections read what lies at these addresses from the file, not from memory.
    ///
    /// For a mapping from the file's beginning, of which bytes are sent: read in memory, a failing
    /// disk would raise SIGBUS. Plain connections let the kernel read. One mapping at a time; nil
    /// ends it, which it has to before the file is closed or unmapped.
    mutating func readMap(_ map: MappedFile?)

    /// What is known of a secured connection; nil for a plain one. Allocates.
    func describeTLS(_ fd: Int32) -> TLSDescription?

    /// The protocol and the cipher of a secured connection, as OpenSSL spells them; nil until its
    /// handshake is done, and for a plain one. Allocates nothing.
    func namesOfTLS(_ fd: Int32) -> TLSNames?

    /// Why a secured connection failed; nil if it did not, or is a plain one.
    func failureOfTLS(_ fd: Int32) -> TLSFailure?

    /// Begins a connection; does not resolve names.
    mutating func connect(to endpoint: Endpoint) -> ConnectResult

    /// How a pending connect went: 0, or its errno. To be asked once, when it turns writable.
    mutating func connectError(_ fd: Int32) -> Int32

    /// Reports every later edge (readable, writable, hangup, error) of `fd` under `token`.
    ///
    /// What is ready already is reported by the next wait. Not twice for one descriptor.
    /// - Returns: false if the kernel has no room for one more watch
    ///   (`fs.epoll.max_user_watches`, memory): close the descriptor.
    mutating func watch(_ fd: Int32, _ token: Token) -> Bool

    /// Changes the token of a watched descriptor; what is ready now is reported again.
    mutating func rewatch(_ fd: Int32, _ token: Token)

    /// Reports no more of `fd`. Closing does this by itself.
    mutating func unwatch(_ fd: Int32)

    /// Closes: what was sent is still delivered, unless bytes were received and never read.
    mutating func close(_ fd: Int32)

    /// Closes with a reset: the peer learns at once, and what it has not yet got is lost.
    mutating func closeWithReset(_ fd: Int32)

    /// Sends an end of stream after what was sent; receiving goes on.
    mutating func shutdownWrite(_ fd: Int32)
}

extension Network where Self: ~Copyable {
    /// Monotonic milliseconds, for what concerns peers and not the edge's own time.
    public var monotonicMilliseconds: Int64 { Int64(monotonicNow / 1_000_000) }
}

/// The same for threads that have no network. Answered without a system call.
public func monotonicMilliseconds() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) &* 1_000 &+ Int64(time.tv_nsec) / 1_000_000
}

extension Network where Self: ~Copyable {
    /// The same for a certificate that must be for one name or address.
    public mutating func secure(
        _ fd: Int32, _ context: TLSContext, token: Token, host: String?,
        early: UnsafeRawBufferPointer
    ) -> Bool {
        unsafe secure(fd, context, token: token, host: host, or: nil, early: early)
    }
}
