import Caching
import Glibc
import HTTP
import Reactor

// Receiving from viewers: bytes into the loop's scratch memory, heads parsed where they lie.
extension LoopState where N: ~Copyable {
    mutating func viewerReady(_ slot: UInt32, _ readiness: Readiness) {
        let token = Token(viewers.life(of: slot), kind: TokenKind.viewer)
        if readiness.contains(.hangup) { viewers[slot].sawHangup = true }
        if readiness.contains(.error) {
            viewerFailed(slot)
            return
        }
        if !readiness.isDisjoint(with: [.readable, .hangup]) { readViewer(slot) }
        guard readiness.contains(.writable), viewers.contains(token), viewers[slot].isBlocked else {
            return
        }
        viewers[slot].isBlocked = false
        writeViewer(slot)
    }

    /// Whether bytes from this viewer could be dealt with now.
    private func wantsBytes(_ slot: UInt32) -> Bool {
        switch viewers[slot].phase {
        case .proxyHeader, .reading, .lingering: true
        case .exchange:
            viewers[slot].exchange.map { !$0.intake.isComplete && !$0.intake.isFull } ?? false
        case .storedBody: false
        case .tunnel: viewers[slot].exchange.map { canForwardFromViewer($0) } ?? false
        }
    }

    /// Reads until nothing is left, nothing is wanted, or the tick's budget is used up.
    mutating func readViewer(_ slot: UInt32) {
        let token = Token(viewers.life(of: slot), kind: TokenKind.viewer)
        var budget = limits.tickBudget
        while viewers.contains(token) {
            guard wantsBytes(slot) else {
                viewers[slot].hasUnread = true
                if viewers[slot].sawHangup, let exchange = viewers[slot].exchange {
                    leaveQueue(exchange)
                }
                return
            }
            switch receive(slot) {
            case .bytes(let count, let filled):
                counters.add(.requestBytes, count)
                guard viewers.contains(token) else { return }
                // A short read has emptied the socket; a hangup's end of stream is still to come.
                if !filled, !viewers[slot].sawHangup { return }
                budget -= count
                if budget <= 0 {
                    // The kernel will not say again that there is more.
                    viewers[slot].hasUnread = true
                    ready.append(.read(token))
                    return
                }
            case .wouldBlock: return
            case .ended:
                if viewers.contains(token) { viewerEnded(slot) }
                return
            case .failed:
                if viewers.contains(token) { viewerFailed(slot) }
                return
            }
        }
    }

    private enum Received { case bytes(Int, filled: Bool), wouldBlock, ended, failed }

    private mutating func receive(_ slot: UInt32) -> Received {
        guard viewers[slot].input.isEmpty else { return receiveMore(slot) }
        switch unsafe network.receive(viewers[slot].fd, into: scratch.input) {
        case .bytes(let count):
            let token = Token(viewers.life(of: slot), kind: TokenKind.viewer)
            let bytes = unsafe UnsafeRawBufferPointer(
                start: scratch.input.baseAddress, count: count)
            if isTaped { unsafe tapeViewer(slot, said: bytes) }
            var taken = 0
            while taken < count, viewers.contains(token) {
                // A head may be followed by its body: what one phase leaves, the next may take.
                let step = unsafe take(slot, UnsafeRawBufferPointer(rebasing: bytes[taken...]))
                if step == 0 { break }
                taken += step
            }
            if taken < count, viewers.contains(token) {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[taken...])
                if unsafe !viewers[slot].input.append(rest) { viewerFailed(slot) }
            }
            return unsafe .bytes(count, filled: count == scratch.input.count)
        case .wouldBlock: return .wouldBlock
        case .endOfStream: return .ended
        case .failed: return .failed
        }
    }

    /// Behind bytes that are kept: into the connection's own buffer.
    private mutating func receiveMore(_ slot: UInt32) -> Received {
        guard viewers[slot].input.reserve(4_096) else { return .wouldBlock }
        let room = unsafe viewers[slot].input.writable
        switch unsafe network.receive(viewers[slot].fd, into: room) {
        case .bytes(let count):
            if isTaped {
                unsafe tapeViewer(slot, said: UnsafeRawBufferPointer(rebasing: room[..<count]))
            }
            viewers[slot].input.commit(count)
            takeKept(slot)
            return .bytes(count, filled: count == room.count)
        case .wouldBlock: return .wouldBlock
        case .endOfStream: return .ended
        case .failed: return .failed
        }
    }

    /// Deals with bytes that were kept for later.
    mutating func takeKept(_ slot: UInt32) {
        let token = Token(viewers.life(of: slot), kind: TokenKind.viewer)
        while viewers.contains(token), !viewers[slot].input.isEmpty {
            let taken = unsafe take(slot, viewers[slot].input.readable)
            guard viewers.contains(token) else { return }
            if taken == 0 { return }
            // A refusal has discarded all of it already.
            viewers[slot].input.consume(min(taken, viewers[slot].input.count))
            viewers[slot].input.releaseIfEmpty()
        }
    }

    /// After a response: what was received meanwhile, then what the socket holds.
    mutating func continueReading(_ slot: UInt32) {
        let token = Token(viewers.life(of: slot), kind: TokenKind.viewer)
        viewers[slot].isQueued = false
        takeKept(slot)
        guard viewers.contains(token) else { return }
        if viewers[slot].hasUnread || viewers[slot].sawHangup {
            viewers[slot].hasUnread = false
            readViewer(slot)
        } else if viewers[slot].sawEndOfStream {
            viewerEnded(slot)
        }
    }

    /// Takes what the connection's phase can use; returns how many bytes that was.
    private mutating func take(_ slot: UInt32, _ bytes: UnsafeRawBufferPointer) -> Int {
        switch viewers[slot].phase {
        case .reading: return unsafe takeHeads(slot, bytes)
        case .exchange: return unsafe takeRequestBody(slot, bytes)
        case .proxyHeader: return unsafe takeProxyHeader(slot, bytes)
        case .tunnel:
            return viewers[slot].exchange.map { unsafe forwardFromViewer($0, bytes) } ?? bytes.count
        case .lingering:
            viewers[slot].lingerBytes += bytes.count
            if viewers[slot].lingerBytes > 65_536 { closeViewer(slot) }
            return bytes.count
        case .storedBody: return 0
        }
    }

    /// Parses and answers one head after the other, as long as each is answered at once.
    private mutating func takeHeads(_ slot: UInt32, _ bytes: UnsafeRawBufferPointer) -> Int {
        let token = Token(viewers.life(of: slot), kind: TokenKind.viewer)
        var offset = 0
        while offset < bytes.count, viewers.contains(token), viewers[slot].phase == .reading {
            // Behind the last answer, or a tunnel's end, comes no request (RFC 9112 §9.6).
            if viewers[slot].closesAfterResponse, !viewers[slot].output.isEmpty {
                return bytes.count
            }
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset...])
            switch unsafe parseRequest(
                rest.bytes, &viewers[slot].scan, limits: limits.head, into: &head)
            {
            case .needMore:
                if offset == 0 || bytes.count > offset { startHeadTimer(slot) }
                return offset
            case .rejected(let rejection):
                if rejection == .methodNotAllowed, let length = unsafe takesRefusedMethod(rest) {
                    viewers[slot].scan = HeadScan()
                    viewers[slot].closesAfterResponse = true
                    offset += length
                    counters.add(.requests)
                    unsafe handle(slot, UnsafeRawBufferPointer(rebasing: rest[..<length]))
                    continue
                }
                refuse(slot, rejection, isHead: unsafe Self.startsAsHead(rest.bytes))
                return bytes.count
            case .complete:
                viewers[slot].scan = HeadScan()
                offset += head.length
                counters.add(.requests)
                unsafe handle(slot, UnsafeRawBufferPointer(rebasing: rest[..<head.length]))
            }
        }
        return offset
    }

    /// Its answer has no content, also when the rest of it is not understood. Behind the empty line
    /// that may come before a request (RFC 9112 §2.2).
    private static func startsAsHead(_ bytes: RawSpan) -> Bool {
        var start = 0
        while start < bytes.byteCount, bytes.byte(start) == 13 || bytes.byte(start) == 10 {
            start += 1
        }
        return bytes.byteCount > start + 5
            && equalsExactly(bytes.extracting(start..<start + 5), "HEAD ")
    }

    private mutating func takeRequestBody(_ slot: UInt32, _ bytes: UnsafeRawBufferPointer) -> Int {
        guard let exchange = viewers[slot].exchange, !exchange.intake.isComplete else { return 0 }
        if viewers[slot].rateFrom == 0 { startRate(slot) }
        let taken = unsafe exchange.intake.take(bytes)
        viewers[slot].rateBytes += taken
        // While the origin is waited for, the viewer is not.
        if exchange.intake.isComplete || exchange.intake.isFull { viewers[slot].rateFrom = 0 }
        if let malformation = exchange.intake.malformation {
            counters.reject(.chunk(malformation))
            malformedBody(exchange)
            return bytes.count
        }
        let bound = limits.bodyBytes
        if bound > 0, exchange.intake.received > bound {
            answerTooLarge(exchange)
            return bytes.count
        }
        // With the window full it is the member who keeps the viewer waiting.
        let waits = !exchange.intake.isComplete && !exchange.intake.isFull
        setDeadline(slot, milliseconds: waits ? limits.bodyTimeout : nil)
        if let fetch = exchange.fetch { sendRequestBody(fetch) }
        if exchange.intake.isAwaitedHere, exchange.intake.isComplete { placeCall(exchange) }
        return taken
    }

    private mutating func takeProxyHeader(_ slot: UInt32, _ bytes: UnsafeRawBufferPointer) -> Int {
        switch unsafe ProxyHeader.parse(bytes.bytes, lengthMax: 4_096) {
        case .needMore: return 0
        case .malformed:
            counters.reject(.proxyHeader)
            closeViewer(slot, reset: true)
            return bytes.count
        case .header(let length, let source):
            if let source {
                viewers[slot].address = source
                // The balancer passes on what the viewer says of itself: that is the viewer's word.
                viewers[slot].isTrusted = trusts(source)
            }
            return unsafe endProxyHeader(slot, bytes, length)
        case .unknown(let length):
            viewers[slot].isTrusted = false
            viewers[slot].isUnknown = true
            return unsafe endProxyHeader(slot, bytes, length)
        }
    }

    private mutating func endProxyHeader(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ length: Int
    ) -> Int {
        guard admitProxied(slot) else { return bytes.count }
        viewers[slot].phase = .reading
        guard viewers[slot].speaksTLS else { return length }
        let early = unsafe UnsafeRawBufferPointer(rebasing: bytes[length...])
        if unsafe !secureViewer(slot, early: early) { closeViewer(slot, reset: true) }
        return bytes.count
    }

    // MARK: endings

    /// The peer sends no more. A request that is complete is still answered: it may have
    /// half-closed; one that is not is lost.
    private mutating func viewerEnded(_ slot: UInt32) {
        viewers[slot].sawEndOfStream = true
        viewers[slot].sawHangup = false
        viewers[slot].closesAfterResponse = true
        switch viewers[slot].phase {
        case .proxyHeader, .lingering: closeViewer(slot)
        case .reading:
            if viewers[slot].output.isEmpty { closeViewer(slot) }
        case .exchange:
            guard let exchange = viewers[slot].exchange, !exchange.intake.isComplete else { return }
            // Half of a request: the origin must not take it for a whole one.
            counters.add(.viewerAborts)
            abortRequestBody(exchange)
        case .tunnel: viewers[slot].exchange.map { viewerEndedTunnel($0) }
        case .storedBody: return
        }
    }

    mutating func viewerFailed(_ slot: UInt32) {
        if viewers[slot].phase == .exchange || viewers[slot].phase == .storedBody {
            counters.add(.viewerAborts)
        }
        if let exchange = viewers[slot].exchange {
            viewers[slot].exchange = nil
            if exchange.tunnel != nil { endTunnel(exchange) } else { abandon(exchange) }
        }
        noteViewerTLS(slot)
        closeViewer(slot, reset: true)
    }
}
