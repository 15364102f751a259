import Glibc
import Reactor

// The edge's side: what its system calls do.
extension Link {
    func receive(into buffer: UnsafeMutableRawBufferPointer) -> IOResult {
        unsafe precondition(!buffer.isEmpty, "a receive without room")
        if toEdge.unread > 0 {
            let count = unsafe toEdge.take(into: buffer)
            pump()
            return .bytes(count)
        }
        if case .broken(let code) = state { return .failed(code) }
        return toEdge.hasEnded ? .endOfStream : .wouldBlock
    }

    func send(_ parts: UnsafeBufferPointer<iovec>) -> IOResult {
        if case .broken(let code) = state { return .failed(code) }
        if toPeer.isEnding { return .failed(EPIPE) }
        let total = unsafe parts.reduce(0) { unsafe $0 + $1.iov_len }
        guard total > 0 else { return .bytes(0) }
        unsafe checkOffer(parts, total)
        let room = toPeer.room
        var count = min(total, room)
        if count > 0, world.dice.chance(style.shortSends) { count = world.dice.below(count) }
        if count < total {
            wantsRoom = true
            if room > count { world.after(latency) { [self] in roomCame() } }
        }
        refused = unsafe Array(gather(parts, min(total, count + 64))[count...])
        if count == 0 { return .wouldBlock }
        unsafe transmit(gather(parts, count))
        return .bytes(count)
    }

    /// What was not taken comes first the next time: TLS has sealed some of it by then.
    private func checkOffer(_ parts: UnsafeBufferPointer<iovec>, _ total: Int) {
        let offer = unsafe gather(parts, min(total, refused.count))
        precondition(refused.starts(with: offer), "other bytes than those refused before")
    }

    private func gather(_ parts: UnsafeBufferPointer<iovec>, _ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            for index in parts.indices where filled < count {
                let part = unsafe parts[index]
                let length = unsafe min(part.iov_len, count - filled)
                guard length > 0, let base = buffer.baseAddress, let from = unsafe part.iov_base
                else { continue }
                unsafe memcpy(base + filled, from, length)
                filled += length
            }
        }
    }

    /// On its way to the peer, in one piece or two.
    private func transmit(_ bytes: [UInt8]) {
        toPeer.transit += bytes.count
        toPeer.accepted += bytes.count
        let cut = world.dice.chance(50) ? bytes.count : world.dice.pick(0...bytes.count)
        for piece in [Array(bytes[..<cut]), Array(bytes[cut...])] where !piece.isEmpty {
            world.at(arrival(in: &toPeer)) { [self] in arriveAtPeer(piece) }
        }
    }

    private func arriveAtPeer(_ bytes: [UInt8]) {
        toPeer.arrive(bytes)
        guard let peer, !isClosedByPeer else {
            toPeer.discard()
            // Nobody is there any more: the kernel over there answers with a reset.
            world.after(latency) { [self] in breakOff(ECONNRESET) }
            return
        }
        if style.bite == nil {
            let taken = toPeer.take(Int.max)
            roomCame()
            peer.received(self, taken)
        } else {
            readSlowly()
        }
    }

    private func readSlowly() {
        guard !isReading, let bite = style.bite else { return }
        isReading = true
        world.after(world.dice.delay(style.pause)) { [self] in
            isReading = false
            let taken = toPeer.take(world.dice.pick(bite))
            roomCame()
            if let peer, !isClosedByPeer, !taken.isEmpty { peer.received(self, taken) }
            if toPeer.unread > 0 {
                readSlowly()
            } else {
                tellEnd()
            }
        }
    }

    private func roomCame() {
        guard wantsRoom, toPeer.room >= style.leastRoom else { return }
        wantsRoom = false
        fabric.mark(self)
    }

    func shutdownWrite() {
        guard !toPeer.isEnding else { return }
        toPeer.isEnding = true
        world.at(arrival(in: &toPeer)) { [self] in
            toPeer.hasEnded = true
            if toPeer.unread == 0 { tellEnd() }
        }
    }

    private func tellEnd() {
        guard toPeer.hasEnded, toPeer.unread == 0, let peer, !isClosedByPeer else { return }
        peer.ended(self)
    }

    /// The descriptor is gone. Unread bytes make the kernel reset the connection.
    func closeByEdge(reset: Bool) {
        let isLost = reset || toEdge.unread > 0
        if !isLost { shutdownWrite() }
        isClosedByEdge = true
        toEdge.discard()
        if isLost { tellBroken() }
    }
}
