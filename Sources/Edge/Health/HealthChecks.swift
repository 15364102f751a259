import Reactor
import Synchronization

/// Active checks, all of them on one thread beside the loops, which they cost nothing.
final class HealthChecks: Sendable {
    private enum Message: Sendable { case watch([OriginPool]), stop }

    private struct State {
        var thread: LoopThread?
        var isStopped = false
    }

    private let observer: any EventObserver
    private let loops: [Mailbox<LoopMessage>]
    private let wake: WakeEvent
    private let mailbox: Mailbox<Message>
    private let state = Mutex(State())

    /// - Parameter loops: told when a member is found dead for whom their requests may wait.
    /// - Throws: `SystemError` without a descriptor.
    init(
        events observer: any EventObserver, loops: [Mailbox<LoopMessage>]
    ) throws(SystemError) {
        self.observer = observer
        self.loops = loops
        wake = try WakeEvent()
        mailbox = Mailbox(capacity: 1_024, wake: .event(wake))
    }

    /// Checks these pools from now on, and no others.
    func watch(_ pools: [OriginPool]) {
        state.withLock { state in
            let isNeeded = pools.contains { !$0.settings.health.effectiveChecks.isEmpty }
            // While there is nobody to read it nothing is written.
            guard state.thread != nil || isNeeded, !state.isStopped else { return }
            _ = mailbox.post(.watch(pools))
            if state.thread == nil {
                state.thread = runLoop(named: "edge.health", on: nil) { [self] in run() }
            }
        }
    }

    /// Ends the checks for good; returns at once.
    func stop() {
        state.withLock { $0.isStopped = true }
        _ = mailbox.post(.stop)
    }

    /// Waits until the thread has ended, which `stop` has asked for.
    func join() { state.withLock { $0.thread }?.join() }

    private func run() {
        let network: LinuxNetwork
        do throws(SystemError) { network = try LinuxNetwork(batchSize: 64) } catch {
            observer.note(
                EdgeEvent(.error, "health", "members are not checked: \(error)"))
            return
        }
        var loop = ProbeLoop(network: network, events: observer, mailboxes: loops)
        let mail = Token(slot: 0, generation: 0, kind: TokenKind.mailbox)
        _ = loop.network.watch(wake.descriptor, mail)
        let events = UnsafeMutableBufferPointer<ReadyEvent>.allocate(capacity: 64)
        defer { unsafe events.deallocate() }
        while take(&loop) {
            let count = unsafe loop.network.wait(until: loop.nextDeadline, into: events)
            unsafe loop.tick(UnsafeBufferPointer(start: events.baseAddress, count: count))
        }
        loop.abandonAll()
    }

    /// False when it is over.
    private func take(_ loop: inout ProbeLoop<LinuxNetwork>) -> Bool {
        var messages: [Message] = []
        mailbox.drain(into: &messages)
        for message in messages {
            switch message {
            case .watch(let pools): loop.watch(pools)
            case .stop: return false
            }
        }
        return true
    }
}

/// What an operator is told when a member's standing changes, by whatever.
enum MemberEvents {
    /// - Parameter finding: what the check found that changed it; nil: a viewer's request did.
    static func note(
        _ change: MemberHealth.Change, _ pool: OriginPool, _ member: Int,
        _ finding: ProbeFinding? = nil, to events: any EventObserver
    ) {
        guard change != .none else { return }
        let name = "origin \"\(pool.settings.id)\" member \(pool.settings.members[member].name)"
        let area = finding == nil ? "origin" : "health"
        let reason = finding.map { ": \($0.sentence)" } ?? ""
        let (level, text): (EdgeEvent.Level, String) =
            switch change {
            case .none: (.debug, "")
            case .ejected:
                (
                    .warning,
                    finding == nil
                        ? "\(name) is ejected after consecutive failures; see /status"
                        : "\(name) stays ejected\(reason)"
                )
            case .returned: (.notice, "\(name) answers again and returns by slow start")
            case .wentDown:
                (
                    .warning,
                    "\(name) fails its checks and gets no requests while others are up\(reason)"
                )
            case .cameUp:
                (
                    .notice,
                    finding == nil
                        ? "\(name) answers again and returns by slow start"
                        : "\(name) passes its checks again and returns by slow start"
                )
            case .lacksLayers:
                (
                    .warning,
                    "\(name) refuses layers that other members serve, and gets no requests for a "
                        + "while; reload its catalogue, see /status"
                )
            }
        events.note(EdgeEvent(level, area, text))
    }

    /// Whoever waits for a member that answers nobody need not wait any longer, and one that is
    /// well again may serve who waits for others.
    static func tellLoops(
        _ change: MemberHealth.Change, _ pool: OriginPool, _ member: Int,
        _ loops: [Mailbox<LoopMessage>]
    ) {
        if change == .cameUp || change == .returned { _ = loops.first?.post(.memberBack(pool)) }
        guard change == .wentDown || change == .ejected, pool.isDead(member) else { return }
        for mailbox in loops { _ = mailbox.post(.memberOut(pool, member)) }
    }
}
