import Caching
import Glibc
import HTTP
import Reactor

// Sending to viewers, and the end of responses and connections.
extension LoopState where N: ~Copyable {
    /// Sends the first `count` of the loop's parts. Part of it may be taken: more is tried until
    /// the kernel refuses, since only then it says when it takes bytes again.
    mutating func send(_ slot: UInt32, parts count: Int) -> IOResult {
        let result = unsafe network.send(
            viewers[slot].fd, UnsafeBufferPointer(start: scratch.parts.baseAddress, count: count))
        if case .bytes(let sent) = result {
            if isTaped { tapeViewer(slot, heard: sent) }
            counters.add(.responseBytes, sent)
            viewers[slot].rateBytes += sent
        } else if result == .wouldBlock {
            noteBlocked(slot)
        }
        return result
    }

    private mutating func noteBlocked(_ slot: UInt32) {
        viewers[slot].isBlocked = true
        viewers[slot].untaken = network.untaken(viewers[slot].fd)
        if viewers[slot].rateFrom == 0 { startRate(slot) }
        setDeadline(slot, milliseconds: limits.writeTimeout)
    }

    /// Its progress counts from now on.
    mutating func startRate(_ slot: UInt32) {
        viewers[slot].rateFrom = network.monotonicNow
        viewers[slot].rateBytes = 0
        viewers[slot].rateUntaken = viewers[slot].isBlocked ? viewers[slot].untaken : 0
    }

    /// A blocked viewer may have taken much of what the kernel has for it, which says so only when
    /// it has taken most: it is waited for anew.
    private mutating func seeProgress(_ slot: UInt32) {
        guard viewers[slot].isBlocked, viewers[slot].phase != .lingering else { return }
        let untaken = network.untaken(viewers[slot].fd)
        if untaken < viewers[slot].untaken {
            let patience = UInt64(limits.writeTimeout) * 1_000_000
            let later = min(network.monotonicNow + patience, viewers[slot].due)
            viewers[slot].deadline = max(viewers[slot].deadline, later)
        }
        viewers[slot].untaken = untaken
    }

    /// Sends what waits in `output`; true when nothing is left.
    mutating func flush(_ slot: UInt32) -> Bool {
        while !viewers[slot].output.isEmpty {
            let pending = unsafe viewers[slot].output.readable
            unsafe scratch.parts[0] = unsafe iovec(
                iov_base: UnsafeMutableRawPointer(mutating: pending.baseAddress),
                iov_len: pending.count)
            switch send(slot, parts: 1) {
            case .bytes(let sent): viewers[slot].output.consume(sent)
            case .wouldBlock: return false
            case .endOfStream, .failed:
                viewerFailed(slot)
                return false
            }
        }
        viewers[slot].output.releaseIfEmpty()
        return true
    }

    /// The socket takes bytes again, or there are new ones.
    mutating func writeViewer(_ slot: UInt32) {
        guard flush(slot) else { return }
        resumePatience(slot)
        switch viewers[slot].phase {
        case .proxyHeader, .reading, .lingering: endIfDone(slot)
        case .storedBody: sendStored(slot)
        case .exchange: pump(slot)
        case .tunnel: viewers[slot].exchange.map { viewerTakesMore($0) }
        }
    }

    /// The viewer takes bytes again: it is waited for as before.
    private mutating func resumePatience(_ slot: UInt32) {
        guard viewers[slot].phase == .exchange || viewers[slot].phase == .tunnel,
            viewers[slot].rateFrom != 0
        else { return }
        if viewers[slot].phase == .tunnel {
            viewers[slot].rateFrom = 0
            setDeadline(slot, milliseconds: limits.tunnelTimeout)
            return
        }
        let isWhole = viewers[slot].exchange.map { $0.intake.isComplete } ?? true
        setDeadline(slot, milliseconds: isWhole ? nil : limits.bodyTimeout)
    }

    private mutating func endIfDone(_ slot: UInt32) {
        if viewers[slot].phase == .reading, viewers[slot].closesAfterResponse { closeGently(slot) }
    }

    /// The last byte of a response is with the kernel or in `output`.
    mutating func endResponse(_ slot: UInt32) {
        viewers[slot].rateFrom = 0
        viewers[slot].due = .max
        viewers[slot].phase = .reading
        if viewers[slot].closesAfterResponse {
            if viewers[slot].output.isEmpty { closeGently(slot) }
            return
        }
        setDeadline(slot, milliseconds: limits.idleTimeout)
        if viewers[slot].hasUnread || !viewers[slot].input.isEmpty || viewers[slot].sawEndOfStream {
            queueReading(slot)
        }
    }

    private mutating func queueReading(_ slot: UInt32) {
        guard !viewers[slot].isQueued else { return }
        viewers[slot].isQueued = true
        ready.append(.read(Token(viewers.life(of: slot), kind: TokenKind.viewer)))
    }

    // MARK: closing

    /// Closes so that the viewer gets the answer although it is still sending: half-close, then
    /// discard up to 64 KiB or one second.
    mutating func closeGently(_ slot: UInt32) {
        guard viewers[slot].phase != .lingering else { return }
        if viewers[slot].sawEndOfStream, viewers[slot].input.isEmpty {
            closeViewer(slot)
            return
        }
        network.shutdownWrite(viewers[slot].fd)
        viewers[slot].phase = .lingering
        viewers[slot].lingerBytes = viewers[slot].input.count
        viewers[slot].input.consume(viewers[slot].input.count)
        viewers[slot].input.releaseIfEmpty()
        setDeadline(slot, milliseconds: 1_000)
        viewers[slot].hasUnread = true
        queueReading(slot)
    }

    mutating func closeViewer(_ slot: UInt32, reset: Bool = false) {
        releaseStored(slot)
        if isTaped { tapeViewerLeft(slot, isCut: reset) }
        timers.cancel(viewers[slot].timer)
        forget(viewers[slot].counted)
        let fd = viewers[slot].fd
        _ = viewers.remove(slot)
        if reset { network.closeWithReset(fd) } else { network.close(fd) }
        counters.add(.connectionsClosed)
        resumeAccepting()
    }

    // MARK: patience

    /// From now on the viewer has so long; nil: as long as the fetch takes.
    mutating func setDeadline(_ slot: UInt32, milliseconds: Int?) {
        let asked = milliseconds.map { network.monotonicNow + UInt64($0) * 1_000_000 } ?? .max
        let deadline = min(asked, viewers[slot].due)
        viewers[slot].deadline = deadline
        if deadline == .max { return }
        let next = min(deadline, isTooSlowAt(slot))
        // A later deadline is found when the armed timer fires; an earlier one must be armed.
        if viewers[slot].timer == .none {
            let token = Token(viewers.life(of: slot), kind: TokenKind.viewer)
            viewers[slot].timer = timers.arm(token, kind: 0, deadline: next)
            viewers[slot].timerAt = next
        } else if next < viewers[slot].timerAt {
            _ = timers.rearm(viewers[slot].timer, deadline: next)
            viewers[slot].timerAt = next
        }
    }

    /// A head has begun and is not complete: its time runs from its first byte, however it drips.
    mutating func startHeadTimer(_ slot: UInt32) {
        guard viewers[slot].rateFrom == 0 else { return }
        viewers[slot].rateFrom = network.monotonicNow
        setDeadline(slot, milliseconds: limits.headerTimeout)
    }

    mutating func viewerTimer(_ slot: UInt32) {
        viewers[slot].timer = .none
        seeProgress(slot)
        let now = network.monotonicNow
        let deadline = viewers[slot].deadline
        if now < deadline {
            guard deadline != .max else { return }
            let token = Token(viewers.life(of: slot), kind: TokenKind.viewer)
            let next = min(deadline, isTooSlowAt(slot))
            if next <= now {
                giveUpSlow(slot)
                return
            }
            viewers[slot].timer = timers.arm(token, kind: 0, deadline: next)
            viewers[slot].timerAt = next
            return
        }
        expireViewer(slot)
    }

    /// Who has to take bytes can be told nothing; who has to send a body can (RFC 9110 §15.5.9).
    private mutating func giveUpSlow(_ slot: UInt32) {
        counters.add(.slowPeers)
        guard !viewers[slot].isBlocked, let exchange = viewers[slot].exchange,
            !exchange.hasResponded
        else { return viewerFailed(slot) }
        answer(exchange, 408, detail: "body-timeout")
    }

    /// When the minimum rate will be broken if nothing moves: `.max` where it does not bind. It
    /// binds who has to take bytes, and who has to send a body.
    private func isTooSlowAt(_ slot: UInt32) -> UInt64 {
        guard viewers[slot].rateFrom > 0, limits.minimumRate > 0 else { return .max }
        let isSending =
            viewers[slot].phase == .exchange
            && viewers[slot].exchange.map { !$0.intake.isComplete } ?? false
        guard viewers[slot].isBlocked || isSending else { return .max }
        let drained = max(0, viewers[slot].rateUntaken - viewers[slot].untaken)
        let taken = viewers[slot].rateBytes + drained
        let earned = UInt64(taken) * 1_000_000_000 / UInt64(limits.minimumRate)
        return viewers[slot].rateFrom + max(UInt64(limits.rateGrace) * 1_000_000, earned)
    }

    private mutating func expireViewer(_ slot: UInt32) {
        switch viewers[slot].phase {
        case .reading where viewers[slot].isIdle:
            counters.add(.timeoutsIdle)
            closeViewer(slot)
        case .proxyHeader:
            // Nothing of HTTP was said that could be answered.
            counters.add(viewers[slot].input.isEmpty ? .timeoutsIdle : .timeoutsHeader)
            closeViewer(slot)
        case .reading:
            counters.add(viewers[slot].output.isEmpty ? .timeoutsHeader : .timeoutsWrite)
            if isShakingHands(slot) {
                closeViewer(slot, reset: true)
            } else if viewers[slot].output.isEmpty {
                unsafe refuse(slot, status: 408, detail: "header-timeout")
            } else {
                closeViewer(slot, reset: true)
            }
        case .lingering: closeViewer(slot)
        case .storedBody:
            counters.add(.timeoutsWrite)
            viewerFailed(slot)
        case .exchange, .tunnel: expireExchange(slot)
        }
    }

    private mutating func expireExchange(_ slot: UInt32) {
        guard let exchange = viewers[slot].exchange else { return }
        if network.monotonicNow >= viewers[slot].due {
            missDeadline(exchange)
        } else if viewers[slot].isBlocked {
            counters.add(.timeoutsWrite)
            viewerFailed(slot)
        } else if exchange.making != nil {
            made(exchange, nil)
        } else if !exchange.intake.isComplete, !exchange.hasResponded {
            counters.add(.timeoutsBody)
            answer(exchange, 408, detail: "body-timeout")
        } else if exchange.fetch == nil, !exchange.hasResponded {
            // It waited long enough for somebody else's fetch: bounded, then on its own.
            waitedTooLong(exchange)
        } else if exchange.tunnel != nil {
            tunnelIdled(exchange)
        }
    }
}
