import Reactor

// Who waits to be accepted goes before who has nothing to ask.
extension LoopState where N: ~Copyable {
    /// Nanoseconds that a connection has to be idle before another may have its place: what was
    /// accepted just now has its first request on the way.
    private static var idleLongEnough: UInt64 { 1_000_000_000 }
    /// Nanoseconds from a look that found none to the next: each goes over all connections, and who
    /// is refused may come again at once.
    private static var lookInterval: UInt64 { 100_000_000 }

    /// Closes those of this loop's connections that have been idle longest, of eight one, 32 at
    /// most, as nginx does; false when none was. All are looked at, though only then.
    @discardableResult
    mutating func closeLongestIdle() -> Bool {
        var idle: [(since: UInt64, slot: UInt32)] = []
        let now = network.monotonicNow
        guard now >= nextIdleLook else { return false }
        var next = viewers.firstOccupied(from: 0)
        while let slot = next {
            next = viewers.firstOccupied(from: slot + 1)
            guard viewers[slot].isIdle, !viewers[slot].closesAfterResponse else { continue }
            let patience =
                viewers[slot].requests == 0 ? max(limits.headerTimeout, 1) : limits.idleTimeout
            let given = UInt64(patience) * 1_000_000
            let since = viewers[slot].deadline - min(viewers[slot].deadline, given)
            if now - min(since, now) >= Self.idleLongEnough { idle.append((since, slot)) }
        }
        idle.sort { $0.since < $1.since }
        var isAnyClosed = false
        for (_, slot) in idle.prefix(max(min(idle.count / 8, 32), 1)) {
            // A request that is already in the socket is still answered.
            let token = Token(viewers.life(of: slot), kind: TokenKind.viewer)
            readViewer(slot)
            guard viewers.contains(token), viewers[slot].isIdle else { continue }
            counters.add(.idleClosed)
            closeViewer(slot)
            isAnyClosed = true
        }
        if !isAnyClosed { nextIdleLook = now + Self.lookInterval }
        return isAnyClosed
    }
}
