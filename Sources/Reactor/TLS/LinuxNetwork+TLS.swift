import Glibc

/// Secured connections of a ``LinuxNetwork``: the same calls, the same meaning.
///
/// A loop that follows the kernel's edges needs to know nothing of TLS. What differs is dealt with
/// here: bytes decrypted and not yet taken, an end found behind them, a receive that waits until it
/// can send, are told by the next ``wait(until:into:)`` as if the kernel had said so.
extension LinuxNetwork {
    public mutating func secure(
        _ fd: Int32, _ context: TLSContext, token: Token, host: String?, or other: String?,
        early: UnsafeRawBufferPointer
    ) -> Bool {
        guard
            let session = TLSSession(
                context, fd: fd, host: host, or: other, token: token,
                early: unsafe [UInt8](early))
        else { return false }
        secured.begin(fd, session)
        return true
    }

    public func describeTLS(_ fd: Int32) -> TLSDescription? {
        secured.holds(fd) ? secured.description(fd) : nil
    }

    public func namesOfTLS(_ fd: Int32) -> TLSNames? {
        secured.holds(fd) ? secured.names(fd) : nil
    }

    public func failureOfTLS(_ fd: Int32) -> TLSFailure? {
        secured.holds(fd) ? secured.failure(fd) : nil
    }

    public mutating func readMap(_ map: MappedFile?) { secured.map = map }

    /// How many secured connections are open.
    public var securedCount: Int { secured.count }

    // MARK: called by the plain functions

    @inline(never)
    mutating func receiveSecured(
        _ fd: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) -> IOResult {
        let result = unsafe secured.receive(fd, into: buffer)
        count(fd)
        return result
    }

    @inline(never)
    mutating func sendSecured(_ fd: Int32, _ parts: UnsafeBufferPointer<iovec>) -> IOResult {
        let result = unsafe secured.send(fd, parts)
        count(fd)
        return result
    }

    @inline(never)
    mutating func endSendingSecured(_ fd: Int32) {
        secured.sendEnd(fd)
        count(fd)
    }

    @inline(never)
    mutating func endSecured(_ fd: Int32, withGoodbye: Bool) {
        count(fd)
        secured.end(fd, withGoodbye: withGoodbye)
    }

    @inline(never)
    mutating func waitSecured(
        until deadline: UInt64?, into events: UnsafeMutableBufferPointer<ReadyEvent>
    ) -> Int {
        let told = unsafe secured.announce(into: events)
        let room = unsafe UnsafeMutableBufferPointer(rebasing: events[told...])
        guard !room.isEmpty else { return told }
        // Whatever was told must not wait for the kernel.
        let found = unsafe waitForKernel(told > 0 ? 0 : deadline, room)
        unsafe secured.translate(UnsafeMutableBufferPointer(rebasing: room[..<found]))
        return told + found
    }

    private mutating func count(_ fd: Int32) {
        let made = secured.takeCounts(fd)
        calls.receive &+= made.receives
        calls.send &+= made.sends
    }
}
