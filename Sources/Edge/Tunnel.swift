import Caching
import Glibc
import HTTP
import Reactor

// WebSocket and its like: after 101 the bytes go both ways unread, with back-pressure.
extension LoopState where N: ~Copyable {
    /// Bytes that may wait in either direction before the sender is read no further.
    private static var window: Int { 131_072 }

    /// The member agreed to switch. What it sent behind its head goes first.
    mutating func beginTunnel(_ slot: UInt32, _ fetch: Fetch, _ raw: [UInt8]) {
        let exchange = fetch.exchange
        let viewer = exchange.id.slot
        guard viewers.contains(Slot(index: viewer, generation: exchange.id.generation)),
            viewers[viewer].exchange === exchange
        else {
            fail(fetch, .abandoned)
            return
        }
        guard switches(to: fetch.request.upgrade, raw), acceptsKey(fetch, raw) else {
            fail(fetch, .malformed)
            return
        }
        counters.add(.tunnels)
        exchange.hasResponded = true
        exchange.outcome.status = 101
        exchange.outcome.result = .miss
        exchange.fetch = nil
        exchange.tunnel = Token(origins.life(of: slot), kind: TokenKind.origin)
        origins[slot].phase = .tunnel
        fetch.connection = nil
        release(fetch, .succeeded)
        // What is said in a tunnel nobody reads.
        loseWatched(fetch)
        conclude(fetch)
        viewers[viewer].phase = .tunnel
        viewers[viewer].closesAfterResponse = true
        setDeadline(viewer, milliseconds: limits.tunnelTimeout)
        exchange.outcome.framingBytes = unsafe raw.withUnsafeBytes {
            unsafe putSwitching(exchange, $0)
        }
        exchange.outcome.firstByteAt = network.monotonicNow
        origins[slot].fetch = exchange.fetch
        tunnels[exchange.tunnel?.bits ?? 0] = exchange.id
        // What the viewer sent behind its request waits since; what the member sent goes out.
        takeKept(viewer)
        let life = Slot(index: viewer, generation: exchange.id.generation)
        if viewers.contains(life), exchange.tunnel != nil { moveToViewer(exchange, slot) }
        if viewers.contains(life), exchange.tunnel != nil { readViewer(viewer) }
    }

    /// The member's head as the viewer gets it: in our version, with what concerns our connection
    /// to the viewer in place of what concerned the member's. Returns its length.
    private mutating func putSwitching(_ exchange: Exchange, _ raw: UnsafeRawBufferPointer) -> Int {
        let words = exchange.snapshot.hot
        var writer = unsafe HeadWriter(scratch.head)
        writer.append(status: 101)
        for index in 0..<originHead.fields.count {
            let field = originHead.fields[index]
            if field.known == .via, words.isTwin { continue }
            if unsafe originHead.isHopByHop(index, bytes: raw.bytes) { continue }
            unsafe writer.append(bytes: UnsafeRawBufferPointer(rebasing: raw[field.name.range]))
            writer.append(": ")
            unsafe writer.append(bytes: UnsafeRawBufferPointer(rebasing: raw[field.value.range]))
            writer.append("\r\n")
        }
        writer.append("Connection: Upgrade\r\nUpgrade: ")
        unsafe writer.append(
            bytes: UnsafeRawBufferPointer(rebasing: raw[originHead.upgrade.range]))
        writer.append("\r\n")
        unsafe writer.append(bytes: originHead.minorVersion == 0 ? words.via10 : words.via11)
        writer.append("\r\n")
        put(exchange.id.slot, writer)
        return writer.count
    }

    /// The server names the protocol that was asked for, and no other (RFC 6455 §4.1): what it
    /// speaks from here on nobody reads, and an h2c among it would be requests that nobody judged.
    private func switches(to asked: [UInt8], _ raw: [UInt8]) -> Bool {
        let named = unsafe raw.span.bytes.extracting(originHead.upgrade.range)
        return unsafe !originHead.fields.isRepeated(.upgrade)
            && equalsIgnoringCase(named, asked.span.bytes)
    }

    /// A WebSocket server that does not answer the viewer's key has not understood what was asked
    /// of it.
    private func acceptsKey(_ fetch: Fetch, _ raw: [UInt8]) -> Bool {
        guard fetch.request.upgrade == Array("websocket".utf8) else { return true }
        let exchange = fetch.exchange
        let key = FieldSearch.onlyValue("sec-websocket-key", exchange.head.fields, exchange.bytes)
        let accept = FieldSearch.onlyValue("sec-websocket-accept", originHead.fields, raw)
        guard let key, let accept else { return false }
        return unsafe WebSocketAccept.matches(accept.span.bytes, key: key.span.bytes)
    }

    func canForwardFromViewer(_ exchange: Exchange) -> Bool {
        guard let token = exchange.tunnel, origins.contains(token) else { return false }
        return origins[token.slot].output.count < Self.window
    }

    /// Viewer to member. Returns how many bytes were taken.
    mutating func forwardFromViewer(_ exchange: Exchange, _ bytes: UnsafeRawBufferPointer) -> Int {
        guard let token = exchange.tunnel, origins.contains(token) else { return bytes.count }
        let count = min(bytes.count, max(0, Self.window - origins[token.slot].output.count))
        if count > 0 { noteTunnelled(exchange.id.slot) }
        _ = unsafe origins[token.slot].output.append(
            UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        flushTunnel(exchange, token.slot)
        passEnd(exchange, token, taken: count)
        return count
    }

    private mutating func flushTunnel(_ exchange: Exchange, _ slot: UInt32) {
        while !origins[slot].output.isEmpty {
            let waiting = unsafe origins[slot].output.readable
            unsafe scratch.parts[0] = unsafe iovec(
                iov_base: UnsafeMutableRawPointer(mutating: waiting.baseAddress),
                iov_len: waiting.count)
            switch unsafe network.send(
                origins[slot].fd, UnsafeBufferPointer(start: scratch.parts.baseAddress, count: 1))
            {
            case .bytes(let sent): origins[slot].output.consume(sent)
            case .wouldBlock:
                origins[slot].isBlocked = true
                return
            case .endOfStream, .failed:
                closeTunnel(exchange)
                return
            }
        }
    }

    /// The member's socket has something to say.
    mutating func tunnelReady(_ slot: UInt32, _ readiness: Readiness) {
        let token = Token(origins.life(of: slot), kind: TokenKind.origin)
        guard let id = tunnels[token.bits],
            viewers.contains(Slot(index: id.slot, generation: id.generation)),
            let exchange = viewers[id.slot].exchange
        else {
            tunnels[token.bits] = nil
            discardOrigin(slot, reset: true)
            return
        }
        if readiness.contains(.writable), origins[slot].isBlocked {
            origins[slot].isBlocked = false
            flushTunnel(exchange, slot)
            passEnd(exchange, token)
            guard origins.contains(token) else { return }
            let hasMore = viewers[id.slot].hasUnread || !viewers[id.slot].input.isEmpty
            if hasMore, !viewers[id.slot].isQueued {
                viewers[id.slot].isQueued = true
                ready.append(
                    .read(Token(slot: id.slot, generation: id.generation, kind: TokenKind.viewer)))
            }
        }
        if !readiness.isDisjoint(with: [.readable, .hangup, .error]) {
            moveToViewer(exchange, slot)
        }
    }

    /// Member to viewer, until the member has no more or the viewer takes no more.
    private mutating func moveToViewer(_ exchange: Exchange, _ slot: UInt32) {
        let token = Token(origins.life(of: slot), kind: TokenKind.origin)
        let viewer = exchange.id.slot
        if !origins[slot].input.isEmpty {
            _ = unsafe viewers[viewer].output.append(origins[slot].input.readable)
            origins[slot].input.consume(origins[slot].input.count)
        }
        while origins.contains(token), viewers[viewer].exchange === exchange {
            guard viewers[viewer].output.count < Self.window else {
                origins[slot].hasUnread = true
                return
            }
            switch unsafe network.receive(origins[slot].fd, into: scratch.input) {
            case .bytes(let count):
                exchange.outcome.sentBytes += count
                noteTunnelled(viewer)
                _ = unsafe viewers[viewer].output.append(
                    UnsafeRawBufferPointer(start: scratch.input.baseAddress, count: count))
                _ = flush(viewer)
            case .wouldBlock:
                _ = flush(viewer)
                return
            case .endOfStream, .failed:
                if flush(viewer)
                    || viewers.contains(Slot(index: viewer, generation: exchange.id.generation))
                {
                    closeTunnel(exchange)
                }
                return
            }
        }
    }

    /// The viewer took what waited: the member may be read again.
    mutating func viewerTakesMore(_ exchange: Exchange) {
        guard let token = exchange.tunnel, origins.contains(token), origins[token.slot].hasUnread
        else { return }
        origins[token.slot].hasUnread = false
        moveToViewer(exchange, token.slot)
    }

    mutating func viewerEndedTunnel(_ exchange: Exchange) {
        guard let token = exchange.tunnel, origins.contains(token) else { return }
        passEnd(exchange, token)
    }

    /// The viewer's end goes behind its last byte, not before: what is outstanding from the side
    /// that has ended is delivered (RFC 9110 §9.3.6). `taken`: of what is kept of its bytes, these
    /// are on their way already.
    private mutating func passEnd(_ exchange: Exchange, _ token: Token, taken: Int = 0) {
        let viewer = exchange.id.slot
        guard origins.contains(token), exchange.tunnel == token, viewers[viewer].sawEndOfStream,
            origins[token.slot].output.isEmpty, viewers[viewer].input.count <= taken,
            !origins[token.slot].isEndSent
        else { return }
        origins[token.slot].isEndSent = true
        network.shutdownWrite(origins[token.slot].fd)
    }

    /// Bytes pass, in whichever direction.
    private mutating func noteTunnelled(_ viewer: UInt32) {
        // Who takes nothing has less time than that.
        if !viewers[viewer].isBlocked { setDeadline(viewer, milliseconds: limits.tunnelTimeout) }
    }

    /// Nothing has passed for as long as it may.
    mutating func tunnelIdled(_ exchange: Exchange) {
        counters.add(.timeoutsIdle)
        closeTunnel(exchange)
    }

    /// Ends both sides; what the viewer was promised is delivered first. What it sends meanwhile
    /// is no request: see `takeHeads`.
    private mutating func closeTunnel(_ exchange: Exchange) {
        endTunnel(exchange)
        let viewer = exchange.id.slot
        guard viewers.contains(Slot(index: viewer, generation: exchange.id.generation)) else {
            return
        }
        viewers[viewer].exchange = nil
        viewers[viewer].phase = .reading
        if viewers[viewer].output.isEmpty { closeGently(viewer) }
    }

    /// Ends the member's side and the record.
    mutating func endTunnel(_ exchange: Exchange) {
        guard let token = exchange.tunnel else { return }
        exchange.tunnel = nil
        tunnels[token.bits] = nil
        if origins.contains(token) { discardOrigin(token.slot) }
        account(exchange)
    }
}
