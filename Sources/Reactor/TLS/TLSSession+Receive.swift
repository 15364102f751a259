import COpenSSL
import Glibc

extension TLSSession {
    /// Decrypts into the caller's memory; drives the handshake first.
    ///
    /// As with a plain socket, fewer bytes than there is room for mean that the socket was emptied:
    /// what arrives from then on is reported. An end or failure found behind bytes is announced,
    /// since the kernel has told of it already.
    mutating func receive(into buffer: UnsafeMutableRawBufferPointer) -> IOResult {
        crossing.remove(.receiveWaitsToSend)
        unsafe link.pointee.beginCall()
        if let failure { return .failed(failure.errno) }
        let wasWaiting = crossing.contains(.sendWaitsToReceive)
        var filled = 0
        let end: IOResult
        if crossing.contains(.owesEnd) { sendEnd() }
        if !isEstablished, let stop = settle() {
            end = result(of: stop)
        } else {
            end = unsafe decrypt(into: buffer, &filled)
        }
        // What a send waited for may have come by with this.
        if wasWaiting { announced.insert(.writable) }
        guard filled > 0 else { return end }
        if end == .endOfStream || failure != nil { announced.insert(.readable) }
        return .bytes(filled)
    }

    /// Fills the buffer as far as records have come; returns what stopped it.
    private mutating func decrypt(
        into buffer: UnsafeMutableRawBufferPointer, _ filled: inout Int
    ) -> IOResult {
        guard let base = buffer.baseAddress else { return .wouldBlock }
        while filled < buffer.count {
            var count = 0
            OpenSSLErrors.clear()
            let outcome = unsafe SSL_read_ex(ssl, base + filled, buffer.count - filled, &count)
            if outcome == 1 {
                filled += count
                unsafe link.pointee.mayRest = true
            } else {
                return result(of: stop(outcome))
            }
        }
        return .wouldBlock
    }

    private mutating func result(of stop: Stop) -> IOResult {
        switch stop {
        case .waits(let toSend):
            if toSend { crossing.insert(.receiveWaitsToSend) }
            return .wouldBlock
        case .ended: return .endOfStream
        case .failed: return .failed(failure?.errno ?? EPROTO)
        }
    }

    /// Sends the closing message, and ends the socket's stream behind it.
    ///
    /// Not after half of a record, which says by itself that something is missing. Where the socket
    /// is full it is owed, and sent when the loop hears that there is room.
    mutating func sendEnd() {
        guard !hasSentEnd else { return }
        guard isEstablished, !isBroken, !isPending, sendFailure == nil else {
            endStream()
            return
        }
        OpenSSLErrors.clear()
        let result = unsafe SSL_shutdown(ssl)
        if result < 0, case .waits(let toSend) = stop(result), toSend {
            crossing.insert(.owesEnd)
            return
        }
        endStream()
    }

    private mutating func endStream() {
        hasSentEnd = true
        crossing.remove(.owesEnd)
        // A peer that is gone already (ENOTCONN) needs no end of stream.
        if unsafe shutdown(link.pointee.fd, Int32(SHUT_WR)) != 0, errno != ENOTCONN {
            trap("shutdown", errno)
        }
    }

    /// One try at the closing message, before the descriptor is closed.
    mutating func sendLastWords() {
        guard !hasSentEnd, isEstablished, !isBroken, !isPending, sendFailure == nil else { return }
        OpenSSLErrors.clear()
        _ = unsafe SSL_shutdown(ssl)
    }
}
