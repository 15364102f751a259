import COpenSSL
import Glibc

extension TLSSession {
    /// Encrypts and sends the parts; drives the handshake first.
    ///
    /// A record that the socket takes only in part keeps its bytes unsent in the caller's eyes, so
    /// that the caller waits, and offers them again, as it would with a plain socket; they are then
    /// passed over without being looked at.
    mutating func send(
        _ parts: UnsafeBufferPointer<iovec>, _ stage: borrowing RecordStage, _ map: MappedFile?
    ) -> IOResult {
        crossing.remove(.sendWaitsToReceive)
        unsafe link.pointee.beginCall()
        if let failure = failure ?? sendFailure { return .failed(failure.errno) }
        let wasWaiting = crossing.contains(.receiveWaitsToSend)
        let wasEstablished = isEstablished
        let result =
            if hasSentEnd || crossing.contains(.owesEnd) {
                IOResult.failed(EPIPE)
            } else if let stop = settle() {
                self.result(ofSend: stop)
            } else {
                unsafe sendRecords(PartWalk(parts), stage, map)
            }
        // The handshake may have read along what the kernel will not tell of again.
        let readAlong = unsafe !wasEstablished && SSL_has_pending(ssl) == 1
        if wasWaiting || readAlong { announced.insert(.readable) }
        return result
    }

    private mutating func sendRecords(
        _ walk: PartWalk, _ stage: borrowing RecordStage, _ map: MappedFile?
    ) -> IOResult {
        var walk = walk
        var sent = 0
        if isPending {
            // The record is OpenSSL's already: of this it takes the length only.
            if let stop = unsafe write(stage.placeholder(sealed)) { return result(ofSend: stop) }
            isPending = false
        }
        if sealed > 0 {
            sent = min(sealed, walk.remaining)
            walk.advance(sent)
            sealed -= sent
        }
        while !walk.isAtEnd, sealed == 0 {
            guard let bytes = unsafe stage.next(walk, map) else {
                return sent > 0 ? .bytes(sent) : .failed(EIO)
            }
            if let stop = unsafe write(bytes) {
                if case .waits(toSend: true) = stop {
                    sealed = bytes.count
                    isPending = true
                }
                let end = result(ofSend: stop)
                return sent > 0 ? .bytes(sent) : end
            }
            sent += bytes.count
            walk.advance(bytes.count)
        }
        return .bytes(sent)
    }

    /// Sends one record; nil: the socket has all of it.
    private mutating func write(_ bytes: UnsafeRawBufferPointer) -> Stop? {
        var count = 0
        OpenSSLErrors.clear()
        let outcome = unsafe SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &count)
        if outcome == 1 {
            precondition(count == bytes.count, "a record that was sent in part")
            return nil
        }
        return stop(outcome)
    }

    private mutating func result(ofSend stop: Stop) -> IOResult {
        switch stop {
        case .waits(let toSend):
            if !toSend { crossing.insert(.sendWaitsToReceive) }
            return .wouldBlock
        case .ended: return .failed(EPIPE)
        case .failed:
            let errno = failure?.errno ?? EPROTO
            if case .socket? = failure, isEstablished {
                // The peer may have answered before it closed: a receive still says so.
                swap(&failure, &sendFailure)
                isBroken = false
                unsafe link.pointee.failure = 0
            }
            return .failed(errno)
        }
    }
}
