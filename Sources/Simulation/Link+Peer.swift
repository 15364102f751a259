import Glibc

// The peer's side: sending never blocks, what has no room waits in the outbox.
extension Link {
    func peerSend(_ bytes: [UInt8]) {
        guard !isClosedByPeer, !toEdge.isEnding else { return }
        outbox += bytes
        pump()
    }

    /// What the peer has sent so far, arrived or not.
    var peerSent: Int { toEdge.accepted + outbox.count - outboxStart }

    /// Sends an end of stream behind everything else; the peer still reads.
    func peerEnd() {
        guard !toEdge.isEnding else { return }
        toEdge.isEnding = true
        endIfSent()
    }

    /// Closes: what was sent is delivered, what comes from now on is answered with a reset.
    func peerClose() {
        peerEnd()
        isClosedByPeer = true
        peer = nil
    }

    /// Breaks the connection; what has not arrived is lost.
    func peerReset() {
        isClosedByPeer = true
        peer = nil
        outbox = []
        outboxStart = 0
        world.after(latency) { [self] in breakOff(ECONNRESET) }
    }

    /// Moves bytes from the outbox into the pipe, a segment at a time.
    func pump() {
        guard case .open = state else { return }
        while outboxStart < outbox.count, toEdge.room > 0 {
            var size = world.dice.pick(style.segment)
            // Very small segments are for heads and ends; a long body would never come through.
            if outbox.count - outboxStart > 4_096 { size = max(size, 1_460) }
            let count = min(size, toEdge.room, outbox.count - outboxStart)
            let piece = Array(outbox[outboxStart..<outboxStart + count])
            outboxStart += count
            toEdge.transit += count
            toEdge.accepted += count
            world.at(arrival(in: &toEdge)) { [self] in arriveAtEdge(piece) }
        }
        if outboxStart == outbox.count {
            outbox.removeAll(keepingCapacity: true)
            outboxStart = 0
        }
        endIfSent()
    }

    private func endIfSent() {
        guard toEdge.isEnding, outbox.isEmpty, case .open = state, !toEdge.hasEnded else { return }
        world.at(arrival(in: &toEdge)) { [self] in
            guard !toEdge.hasEnded, !isClosedByEdge else { return }
            toEdge.hasEnded = true
            fabric.mark(self)
        }
    }

    private func arriveAtEdge(_ bytes: [UInt8]) {
        if case .broken = state { return }
        toEdge.arrive(bytes)
        guard !isClosedByEdge else {
            toEdge.discard()
            tellBroken()
            return
        }
        fabric.mark(self)
    }
}
