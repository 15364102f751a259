import Caching
import Glibc
import HTTP
import Reactor

/// One connection to a member: connecting, serving a fetch, tunnelling, or kept for the next one.
package struct OriginConnection: ~Copyable {
    enum Phase { case connecting, active, idle, tunnel }

    let fd: Int32
    var phase: Phase
    private(set) var pool: OriginPool
    private(set) var member: Int
    /// The Host that its TLS is for beside the member's name: requests with another, or with none,
    /// do not go here.
    let forwardedHost: String?
    var fetch: Token?
    /// It has served a request before: a member may have closed it just now without fault.
    var isReused = false
    /// Received and not yet dealt with: a head in parts, or what follows it.
    var input = ByteBuffer(maximum: 131_072)
    /// The request head, then tunnelled bytes.
    var output = ByteBuffer(maximum: 262_144)
    var hasReceived = false
    var isBlocked = false
    /// Of a tunnel: the viewer has to take bytes before more are read.
    var hasUnread = false
    /// Of a tunnel: the member was told that the viewer sends no more.
    var isEndSent = false
    /// The member sends no more, or the connection broke. The kernel says so once.
    var sawHangup = false
    /// It broke, and a send was told so: the kernel says it once, and then that it ended.
    var wasReset = false
    /// The last receive took all it had room for: there may be more, which the kernel has told.
    var mayHoldMore = false
    var timer = TimerHandle.none

    init(
        fd: Int32, phase: Phase, pool: OriginPool, member: Int, forwardedHost: String? = nil
    ) {
        self.fd = fd
        self.phase = phase
        self.pool = pool
        self.member = member
        self.forwardedHost = forwardedHost
    }

    /// Belongs to the pool that took its pool's place from now on, if it would be opened there just
    /// as it was here.
    mutating func follow() {
        pool.shortenSuccession()
        let (next, position) = pool.holder(of: member)
        guard next !== pool else { return }
        let (former, present) = (pool.settings.members[member], next.settings.members[position])
        guard former.endpoints == present.endpoints, former.tlsHost == present.tlsHost,
            former.tlsHost == nil || pool.tls === next.tls
        else { return }
        (pool, member) = (next, position)
    }
}

/// Connections kept for reuse, by pool and member: the one used last is taken first, of those whose
/// TLS is for the same Host.
struct IdleConnections {
    private var lists: [Key: [(slot: Slot, host: String?)]] = [:]

    private struct Key: Hashable {
        var pool: ObjectIdentifier
        var member: Int
    }

    mutating func take(_ pool: OriginPool, _ member: Int, host: String?) -> Slot? {
        let key = Key(pool: ObjectIdentifier(pool), member: member)
        guard let last = lists[key]?.lastIndex(where: { $0.host == host }) else { return nil }
        return lists[key]?.remove(at: last).slot
    }

    /// False when so many are kept already.
    mutating func keep(
        _ slot: Slot, _ pool: OriginPool, _ member: Int, host: String?
    ) -> Bool {
        let key = Key(pool: ObjectIdentifier(pool), member: member)
        guard lists[key, default: []].count < pool.settings.idleConnections else { return false }
        lists[key, default: []].append((slot, host))
        return true
    }

    /// Forgets them all, for those that may still be reused to be kept anew.
    mutating func removeAll() { lists.removeAll() }

    mutating func drop(_ slot: Slot, _ pool: OriginPool, _ member: Int) {
        lists[Key(pool: ObjectIdentifier(pool), member: member)]?.removeAll { $0.slot == slot }
    }
}

extension LoopState where N: ~Copyable {
    /// Uses a kept connection, or opens one. The fetch has its member already.
    mutating func connect(_ fetch: Fetch) {
        let member = fetch.member
        fetch.phase = .connecting
        fetch.requestedAt = network.wallNow
        fetch.exchange.outcome.connectTime = 0
        takeTicket(fetch)
        let host = forwardedTLSHost(fetch)
        while fetch.mayReuse, let slot = idle.take(fetch.pool, member, host: host) {
            guard origins.contains(slot) else { continue }
            guard isQuiet(slot.index) else {
                discardOrigin(slot.index)
                continue
            }
            counters.add(.originReuses)
            timers.cancel(origins[slot.index].timer)
            origins[slot.index].timer = .none
            origins[slot.index].phase = .active
            origins[slot.index].isReused = true
            origins[slot.index].hasReceived = false
            attach(fetch, slot)
            sendRequest(fetch)
            return
        }
        open(fetch, host)
    }

    /// How often a member that cannot be connected to is tried.
    func attemptLimit(_ fetch: Fetch) -> Int {
        let member = fetch.pool.settings.members[fetch.member]
        // With other members to turn to, one round of this one's addresses is enough.
        let others = fetch.pool.settings.members.count > 1
        return others
            ? member.endpoints.count : max(fetch.pool.settings.attempts, member.endpoints.count)
    }

    private mutating func open(_ fetch: Fetch, _ host: String?) {
        let endpoints = fetch.pool.settings.members[fetch.member].endpoints
        guard !endpoints.isEmpty else { return fail(fetch, .unresolved) }
        let endpoint = endpoints[fetch.attempts % endpoints.count]
        fetch.attempts += 1
        counters.add(.originConnects)
        let result = network.connect(to: endpoint)
        switch result {
        case .failed(let code):
            let isOurs = code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM
            fail(fetch, isOurs ? .exhausted : .connectFailed)
        case .pending(let fd), .connected(let fd):
            let isConnected = result == .connected(fd)
            guard
                let slot = origins.insert(
                    OriginConnection(
                        fd: fd, phase: isConnected ? .active : .connecting, pool: fetch.pool,
                        member: fetch.member, forwardedHost: host))
            else {
                network.close(fd)
                fail(fetch, .exhausted)
                return
            }
            guard network.watch(fd, Token(slot, kind: TokenKind.origin)) else {
                network.close(fd)
                _ = origins.remove(slot.index)
                fail(fetch, .exhausted)
                return
            }
            guard secureOrigin(slot) else {
                discardOrigin(slot.index)
                fail(fetch, .exhausted)
                return
            }
            attach(fetch, slot)
            if isTaped { tapeOriginSought(slot.index) }
            if isConnected {
                sendRequest(fetch)
            } else {
                setDeadline(
                    fetch, milliseconds: fetch.patience(fetch.pool.settings.connectTimeout))
            }
        }
    }

    private mutating func attach(_ fetch: Fetch, _ slot: Slot) {
        fetch.connection = slot
        origins[slot.index].fetch = fetch.token
    }

    mutating func originReady(_ slot: UInt32, _ readiness: Readiness) {
        let token = Token(origins.life(of: slot), kind: TokenKind.origin)
        if !readiness.isDisjoint(with: [.hangup, .error]) { origins[slot].sawHangup = true }
        switch origins[slot].phase {
        case .idle:
            // Whatever an unasked origin says belongs to no request (response queue poisoning);
            // what only keeps TLS going says nothing.
            if unsafe !readiness.isDisjoint(with: [.hangup, .error])
                || readiness.contains(.readable)
                    && network.receive(origins[slot].fd, into: scratch.input) != .wouldBlock
            {
                discardOrigin(slot)
            }
        case .connecting:
            guard !readiness.isDisjoint(with: [.writable, .error, .hangup]),
                let fetch = fetch(at: slot)
            else { return }
            guard network.connectError(origins[slot].fd) == 0, !readiness.contains(.error) else {
                discardOrigin(slot)
                fail(fetch, .connectFailed)
                return
            }
            origins[slot].phase = .active
            fetch.exchange.outcome.connectTime = network.wallNow - fetch.requestedAt
            sendRequest(fetch)
            if origins.contains(token), origins[slot].sawHangup { receiveOrigin(slot) }
        case .active:
            guard let fetch = fetch(at: slot) else { return }
            if readiness.contains(.writable), origins[slot].isBlocked {
                origins[slot].isBlocked = false
                sendMore(fetch)
            }
            if origins.contains(token), !readiness.isDisjoint(with: [.readable, .hangup, .error]) {
                receiveOrigin(slot)
            }
        case .tunnel: tunnelReady(slot, readiness)
        }
    }

    func fetch(at slot: UInt32) -> Fetch? {
        guard let token = origins[slot].fetch, fetches.contains(token) else { return nil }
        return fetches[token.slot]
    }

    /// Closes a connection that nobody can use any more.
    mutating func discardOrigin(_ slot: UInt32, reset: Bool = false) {
        let life = origins.life(of: slot)
        if origins[slot].phase == .idle {
            idle.drop(life, origins[slot].pool, origins[slot].member)
        }
        timers.cancel(origins[slot].timer)
        if isTaped { tapeOriginLeft(slot) }
        noteOriginTLS(slot)
        let fd = origins[slot].fd
        _ = origins.remove(slot)
        if reset { network.closeWithReset(fd) } else { network.close(fd) }
        resumeAccepting()
    }

    /// The response was read whole and the request sent whole: keep the connection, if it may be.
    mutating func keepOrigin(_ slot: UInt32) {
        let life = origins.life(of: slot)
        origins[slot].fetch = nil
        guard origins[slot].input.isEmpty, origins[slot].output.isEmpty, !isStopping,
            isSilent(slot),
            origins[slot].pool.settings.idleTimeout > 0,
            idle.keep(
                life, origins[slot].pool, origins[slot].member, host: origins[slot].forwardedHost)
        else {
            discardOrigin(slot)
            return
        }
        origins[slot].phase = .idle
        origins[slot].input.releaseIfEmpty()
        origins[slot].output.releaseIfEmpty()
        let deadline =
            network.monotonicNow + UInt64(origins[slot].pool.settings.idleTimeout) * 1_000_000
        origins[slot].timer = timers.arm(
            Token(life, kind: TokenKind.origin), kind: 0, deadline: deadline)
    }

    /// Whether the member has said nothing behind its response. What the kernel has reported
    /// already it will not report again: it would be taken for the next response, or missed.
    private mutating func isSilent(_ slot: UInt32) -> Bool {
        if origins[slot].sawHangup { return false }
        guard origins[slot].mayHoldMore else { return true }
        return unsafe network.receive(origins[slot].fd, into: scratch.input) == .wouldBlock
    }

    /// Whether a kept connection has said nothing since. That it has may be told by an event that
    /// stands behind the one at hand; and its bytes must not be taken for the next response.
    private mutating func isQuiet(_ slot: UInt32) -> Bool {
        if origins[slot].sawHangup { return false }
        return unsafe network.receive(origins[slot].fd, into: scratch.probe) == .wouldBlock
    }

    /// Pools have changed: connections and fetches of members that stay go over to those in force.
    mutating func followPools() {
        idle.removeAll()
        var slot = origins.firstOccupied(from: 0)
        while let index = slot {
            slot = origins.firstOccupied(from: index + 1)
            origins[index].follow()
            guard origins[index].phase == .idle else { continue }
            let isKept = idle.keep(
                origins.life(of: index), origins[index].pool, origins[index].member,
                host: origins[index].forwardedHost)
            if !isKept { discardOrigin(index) }
        }
        slot = fetches.firstOccupied(from: 0)
        while let index = slot {
            slot = fetches.firstOccupied(from: index + 1)
            // Who waits goes over when it is given a place.
            if fetches[index].phase != .queued { fetches[index].followWithMember() }
            fetches[index].pool.shortenSuccession()
        }
    }

    mutating func idleTimer(_ slot: UInt32) {
        origins[slot].timer = .none
        if origins[slot].phase == .idle { discardOrigin(slot) }
    }
}
