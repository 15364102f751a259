import Glibc
package import Reactor

/// Runs the checks of some pools side by side on one network. Nothing here waits: a member that
/// accepts and says nothing, or a byte a second, costs its check and nobody else's.
///
/// Generic over the network, as the loops of viewers are, so that the simulator runs it too.
@safe  // owns its buffer
package struct ProbeLoop<N: Network & ~Copyable>: ~Copyable {
    package var network: N
    private let events: any EventObserver
    private let mailboxes: [Mailbox<LoopMessage>]
    private var turns: [ProbeTurn] = []
    private var probes: [UInt32: Probe] = [:]
    private var serial: UInt32 = 0
    /// Have more to read than one turn allows.
    private var unread: [UInt32] = []
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 64)

    /// Bytes that are read of one answer before others have their turn.
    private static var budget: Int { 262_144 }
    static var tokenKind: UInt8 { 7 }

    /// - Parameter mailboxes: of the loops whose requests may wait for a member that is found dead.
    package init(
        network: consuming N, events: any EventObserver, mailboxes: [Mailbox<LoopMessage>]
    ) {
        self.network = network
        self.events = events
        self.mailboxes = mailboxes
    }

    deinit { unsafe buffer.deallocate() }

    /// Checks these pools from now on, and no others.
    ///
    /// - Parameter atOnce: begins with all of them now, not spread over their intervals.
    package mutating func watch(_ pools: [OriginPool], atOnce: Bool = false) {
        turns = ProbeTurn.all(of: pools, after: turns, at: network.monotonicNow)
        for id in probes.keys.sorted() {
            guard let probe = probes[id] else { continue }
            let turn = probe.follow() ? turn(of: probe) : nil
            if let turn { turns[turn].isRunning = true } else { abandon(id, probe) }
        }
        guard atOnce else { return }
        for index in turns.indices { turns[index].next = network.monotonicNow }
    }

    package mutating func abandonAll() {
        for id in probes.keys.sorted() { if let probe = probes[id] { abandon(id, probe) } }
        turns.removeAll()
    }

    private mutating func abandon(_ id: UInt32, _ probe: Probe) {
        if probe.fd >= 0 { network.closeWithReset(probe.fd) }
        probes[id] = nil
        unread.removeAll { $0 == id }
    }

    private func turn(of probe: Probe) -> Int? {
        turns.firstIndex {
            $0.pool === probe.pool && $0.member == probe.member && $0.number == probe.number
        }
    }

    /// When ``tick(_:)`` has something to do although nothing happens; nil: never.
    package var nextDeadline: UInt64? {
        if !unread.isEmpty { return 0 }
        let due = turns.lazy.filter { !$0.isRunning }.map(\.due).min()
        return [due, probes.values.lazy.map(\.deadline).min()].compactMap { $0 }.min()
    }

    package mutating func tick(_ ready: UnsafeBufferPointer<ReadyEvent>) {
        for index in ready.indices {
            let event = unsafe ready[index]
            guard event.token.kind == Self.tokenKind, let probe = probes[event.token.slot] else {
                continue
            }
            advance(event.token.slot, probe, event.readiness)
        }
        let more = unread
        unread.removeAll(keepingCapacity: true)
        for id in more { if let probe = probes[id] { receive(id, probe) } }
        expire()
        begin()
    }

    // MARK: turns

    private mutating func begin() {
        let now = network.monotonicNow
        for index in turns.indices where !turns[index].isRunning && turns[index].due <= now {
            turns[index].isRunning = true
            turns[index].startedAt = now
            turns[index].next = now + turns[index].interval
            serial &+= 1
            let turn = turns[index]
            let probe = Probe(turn.pool, turn.member, turn.number, startingAt: now)
            probes[serial] = probe
            connect(serial, probe)
        }
    }

    private mutating func expire() {
        let now = network.monotonicNow
        for id in probes.keys.sorted() {
            guard let probe = probes[id], now >= probe.deadline else { continue }
            let isConnected = probe.phase != .connecting
            let isSecured = probe.settings.tlsHost == nil || probe.sent > 0
            end(
                id, probe,
                !isConnected
                    ? ProbeResult(.notConnected)
                    : isSecured ? probe.judge.timedOut() : ProbeResult(.notSecured))
        }
    }

    private mutating func end(_ id: UInt32, _ probe: Probe, _ result: ProbeResult) {
        // Whoever answered well gets an end in order.
        if probe.fd >= 0, result.finding.hasPassed {
            network.close(probe.fd)
        } else if probe.fd >= 0 {
            network.closeWithReset(probe.fd)
        }
        probe.fd = -1
        probes[id] = nil
        if let index = turn(of: probe) { turns[index].isRunning = false }
        let change = probe.pool.checked(
            probe.member, probe.number, result, at: network.monotonicMilliseconds)
        MemberEvents.note(change, probe.pool, probe.member, result.finding, to: events)
        MemberEvents.tellLoops(change, probe.pool, probe.member, mailboxes)
    }

    // MARK: one check

    private mutating func connect(_ id: UInt32, _ probe: Probe) {
        let endpoints = probe.settings.endpoints
        while probe.attempts < endpoints.count {
            probe.attempts += 1
            let result = network.connect(to: endpoints[probe.attempts - 1])
            switch result {
            case .failed: continue
            case .connected(let fd), .pending(let fd):
                probe.fd = fd
                guard network.watch(fd, token(id)), secure(id, probe) else {
                    network.close(fd)
                    probe.fd = -1
                    continue
                }
                probe.phase = .connecting
                if result == .connected(fd) {
                    probe.phase = .sending
                    send(id, probe)
                }
                return
            }
        }
        end(id, probe, ProbeResult(.notConnected))
    }

    private func token(_ id: UInt32) -> Token {
        Token(slot: id, generation: 0, kind: Self.tokenKind)
    }

    private mutating func secure(_ id: UInt32, _ probe: Probe) -> Bool {
        guard let host = probe.settings.tlsHost else { return true }
        guard let tls = probe.pool.tls else { return false }
        return unsafe network.secure(
            probe.fd, tls, token: token(id), host: host,
            early: UnsafeRawBufferPointer(start: nil, count: 0))
    }

    private mutating func advance(_ id: UInt32, _ probe: Probe, _ readiness: Readiness) {
        switch probe.phase {
        case .connecting:
            guard !readiness.isDisjoint(with: [.writable, .error, .hangup]) else { return }
            guard network.connectError(probe.fd) == 0, !readiness.contains(.error) else {
                network.close(probe.fd)
                probe.fd = -1
                connect(id, probe)
                return
            }
            probe.phase = .sending
            send(id, probe)
        case .sending: send(id, probe)
        case .receiving: receive(id, probe)
        }
    }

    /// Sends what is left. Nothing at all waits for TLS to be agreed on.
    private mutating func send(_ id: UInt32, _ probe: Probe) {
        while true {
            let result = unsafe probe.output[probe.sent...].withUnsafeBytes { rest in
                var part = unsafe iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: rest.baseAddress),
                    iov_len: rest.count)
                return unsafe withUnsafePointer(to: &part) {
                    unsafe network.send(probe.fd, UnsafeBufferPointer(start: $0, count: 1))
                }
            }
            switch result {
            case .bytes(let count):
                probe.sent += count
                guard probe.sent == probe.output.count else { continue }
                guard probe.check.kind != .connect else {
                    end(id, probe, ProbeResult(.passed))
                    return
                }
                probe.phase = .receiving
                // What came meanwhile the kernel has told already.
                receive(id, probe)
                return
            case .wouldBlock: return
            case .endOfStream, .failed:
                let isTLS = network.failureOfTLS(probe.fd) != nil
                end(id, probe, isTLS ? ProbeResult(.notSecured) : probe.judge.broke())
                return
            }
        }
    }

    private mutating func receive(_ id: UInt32, _ probe: Probe) {
        var budget = Self.budget
        while true {
            switch unsafe network.receive(probe.fd, into: buffer) {
            case .bytes(let count):
                let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
                if let result = unsafe probe.judge.take(bytes) { return end(id, probe, result) }
                budget -= count
                guard budget > 0 else {
                    if !unread.contains(id) { unread.append(id) }
                    return
                }
            case .wouldBlock: return
            case .endOfStream: return end(id, probe, probe.judge.endOfStream())
            case .failed: return end(id, probe, probe.judge.broke())
            }
        }
    }
}
