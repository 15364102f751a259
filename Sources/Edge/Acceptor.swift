import Reactor

// New viewers, and the end of all: accepting, listeners that come and go, graceful stop.
extension LoopState where N: ~Copyable {
    mutating func acceptAll() {
        for index in listeners.indices { acceptViewers(index) }
    }

    /// Takes at most 64 connections, so that those that are served already are not starved.
    mutating func acceptViewers(_ index: Int) {
        guard index < listeners.count, listeners[index].fd >= 0, !isStopping else { return }
        for _ in 0..<64 {
            var peer = SocketAddress.unspecified
            switch network.accept(listeners[index].fd, peer: &peer) {
            case .connection(let fd): admit(fd, peer, listeners[index].settings)
            case .wouldBlock: return
            case .failed: continue
            case .outOfDescriptors:
                if closeLongestIdle() { continue }
                pauseAccepting()
                return
            }
        }
        if !ready.contains(where: { if case .accept = $0 { true } else { false } }) {
            ready.append(.accept)
        }
    }

    /// The backlog keeps them. A connection of this loop that closes resumes accepting; so does
    /// time, since whoever lets go of the next descriptor may be another loop or a tool.
    private mutating func pauseAccepting() {
        counters.add(.acceptPauses)
        shared.acceptPauses.note(at: network.monotonicMilliseconds, shared.events)
        isAcceptPaused = true
        guard acceptTimer == .none else { return }
        let token = Token(slot: 0, generation: 0, kind: TokenKind.listener)
        acceptTimer = timers.arm(token, kind: 0, deadline: network.monotonicNow + 100_000_000)
    }

    mutating func acceptTimerFired() {
        acceptTimer = .none
        resumeAccepting()
    }

    /// A descriptor may be free again.
    mutating func resumeAccepting() {
        guard isAcceptPaused else { return }
        isAcceptPaused = false
        ready.append(.accept)
    }

    private mutating func admit(_ fd: Int32, _ peer: SocketAddress, _ listener: ListenerSettings) {
        let isTrusted = trusts(peer, listener)
        let expectsHeader = listener.expectsProxyHeader && isTrusted
        // Who speaks through a proxy is known when its header has come.
        let isWelcome = expectsHeader || hasRoom(for: peer)
        if isWelcome, viewers.isFull { closeLongestIdle() }
        guard isWelcome, !viewers.isFull else {
            counters.add(.connectionsRefused)
            network.closeWithReset(fd)
            return
        }
        guard
            let slot = viewers.insert(
                ViewerConnection(
                    fd: fd, address: peer, isTrusted: isTrusted,
                    phase: expectsHeader ? .proxyHeader : .reading))
        else { return }
        if !expectsHeader { countAddress(slot.index) }
        counters.add(.connectionsAccepted)
        guard network.watch(fd, Token(slot, kind: TokenKind.viewer)) else {
            closeViewer(slot.index)
            return
        }
        viewers[slot.index].speaksTLS = listener.speaksTLS
        viewers[slot.index].isSouthbound = listener.isSouthbound
        let nothing = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        if listener.speaksTLS, !expectsHeader, unsafe !secureViewer(slot.index, early: nothing) {
            closeViewer(slot.index, reset: true)
            return
        }
        // The first request has as long to begin as a head has to end, as with nginx's
        // client_header_timeout: a silent connection is not an idle one.
        setDeadline(slot.index, milliseconds: max(limits.headerTimeout, 1))
    }

    /// Whether one more connection from there may be open. A Unix socket's peers have no address.
    private func hasRoom(for peer: SocketAddress) -> Bool {
        let limit = limits.connectionsPerAddress
        return limit == 0 || peer.with(port: 0) == .unspecified
            || perAddress[peer.with(port: 0), default: 0] < limit
    }

    private mutating func countAddress(_ slot: UInt32) {
        let address = viewers[slot].address.with(port: 0)
        guard limits.connectionsPerAddress > 0, address != .unspecified else { return }
        perAddress[address, default: 0] += 1
        viewers[slot].counted = address
    }

    /// Judges a connection by the address that its PROXY header names, its peer's if it names none;
    /// false when it had to be closed.
    mutating func admitProxied(_ slot: UInt32) -> Bool {
        guard hasRoom(for: viewers[slot].address) else {
            counters.add(.connectionsRefused)
            closeViewer(slot, reset: true)
            return false
        }
        countAddress(slot)
        return true
    }

    /// Trusted by address; a Unix socket's peers are trusted when any proxy is.
    private func trusts(_ peer: SocketAddress, _ listener: ListenerSettings) -> Bool {
        if case .unix = listener.endpoint {
            return !snapshot.settings.trustedProxies.isEmpty || listener.expectsProxyHeader
        }
        return trusts(peer)
    }

    func trusts(_ peer: SocketAddress) -> Bool {
        hot.trusts(peer)
    }

    /// Who is trusted may have changed, of connections that are open too. Of one by a Unix socket
    /// it stands until it ends, unless nobody is trusted any more.
    mutating func renewTrust() {
        let trustsNobody = snapshot.settings.trustedProxies.isEmpty
        var next = viewers.firstOccupied(from: 0)
        while let slot = next {
            if viewers[slot].address != .unspecified, !viewers[slot].isUnknown {
                viewers[slot].isTrusted = trusts(viewers[slot].address)
            } else if trustsNobody {
                viewers[slot].isTrusted = false
            }
            next = viewers.firstOccupied(from: slot + 1)
        }
    }

    mutating func forget(_ counted: SocketAddress?) {
        guard let address = counted, let count = perAddress[address] else { return }
        perAddress[address] = count > 1 ? count - 1 : nil
    }

    mutating func adopt(_ fd: Int32, _ settings: ListenerSettings) {
        let index = listeners.firstIndex { $0.fd < 0 } ?? listeners.count
        let state = ListenerState(fd: fd, settings: settings)
        if index < listeners.count { listeners[index] = state } else { listeners.append(state) }
        _ = network.watch(fd, Token(slot: UInt32(index), generation: 0, kind: TokenKind.listener))
        acceptViewers(index)
    }

    /// What the kernel accepted before is still served by the settings it came under.
    mutating func amend(_ former: ListenerSettings, _ settings: ListenerSettings) {
        guard let index = listeners.firstIndex(where: { $0.fd >= 0 && $0.settings == former })
        else { return }
        acceptViewers(index)
        listeners[index].settings = settings
    }

    mutating func retire(_ settings: ListenerSettings) {
        guard let index = listeners.firstIndex(where: { $0.fd >= 0 && $0.settings == settings })
        else { return }
        acceptViewers(index)
        network.close(listeners[index].fd)
        listeners[index].fd = -1
    }

    // MARK: stop

    /// No new connections; idle ones close now, running exchanges finish, until the deadline.
    mutating func beginStop(_ deadline: UInt64) {
        stopDeadline = min(stopDeadline, deadline)
        guard !isStopping else { return }
        // What the backlog holds was accepted by the kernel in our name: it is served once more.
        for index in listeners.indices where listeners[index].fd >= 0 {
            acceptViewers(index)
            network.close(listeners[index].fd)
            listeners[index].fd = -1
        }
        isStopping = true
        var next = viewers.firstOccupied(from: 0)
        while let slot = next {
            next = viewers.firstOccupied(from: slot + 1)
            viewers[slot].closesAfterResponse = true
            guard viewers[slot].isIdle else { continue }
            // A request that is already in the socket is still answered.
            let token = Token(viewers.life(of: slot), kind: TokenKind.viewer)
            readViewer(slot)
            if viewers.contains(token), viewers[slot].isIdle { closeViewer(slot) }
        }
    }

    mutating func continueStop() {
        if viewers.count == 0 || network.monotonicNow >= stopDeadline { isStopped = true }
    }
}

extension LoopState where N: ~Copyable {
    /// The deadline has passed or nobody is left: whatever is open is closed.
    package mutating func closeAll() {
        while let slot = viewers.firstOccupied(from: 0) {
            if let exchange = viewers[slot].exchange {
                viewers[slot].exchange = nil
                if exchange.tunnel != nil { endTunnel(exchange) } else { abandon(exchange) }
            }
            closeViewer(slot, reset: true)
        }
        while let slot = origins.firstOccupied(from: 0) { discardOrigin(slot) }
        for listener in listeners where listener.fd >= 0 { network.close(listener.fd) }
    }
}
