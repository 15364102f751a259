import Caching
import Dispatch
import Edge
import Reactor
import Synchronization

/// One origin whose members a source tells: asks it when it is time, on a queue of its own, and
/// keeps the membership that comes of it.
final class DiscoveredPool: Sendable {
    let settings: DiscoverySettings
    private let source: any MemberSource
    private let world: DiscoveryWorld
    private let state: Mutex<State>
    private let applying = Mutex(())
    private let queue = DispatchQueue(label: "control.discovery")
    private let orders = DispatchQueue(label: "control.discovery.orders")

    private struct State {
        var membership: Membership
        var nextAsk: Milliseconds
        var isAsking = false
        var isStopped = false
        var answers: UInt64 = 0
        var failures: UInt64 = 0
        var ordersFailed: UInt64 = 0
        /// By the machine's clock; 0: never.
        var answeredAt: Milliseconds = 0
        /// Why the last question had no answer; nil: it had one.
        var failure: String?
        /// What the pool was made of last.
        var applied: [MemberSettings] = []
    }

    /// - Parameter known: members in force, which the first answer is held against.
    init(
        _ settings: DiscoverySettings, _ source: any MemberSource, _ world: DiscoveryWorld,
        known: [MemberSettings]
    ) {
        self.settings = settings
        self.source = source
        self.world = world
        let now = world.now()
        var state = State(
            membership: Membership(settings.rules, keeping: known, at: now), nextAsk: now)
        state.applied = known
        self.state = Mutex(state)
    }

    var members: [MemberSettings] { state.withLock { $0.membership.settings } }

    var hasAnswered: Bool { state.withLock { $0.answers + $0.failures > 0 } }

    /// No more questions; an answer that is under way changes nothing.
    func stop() { state.withLock { $0.isStopped = true } }

    /// Goes on with what time has brought; to be called about once in a second, by one thread.
    func tick() {
        let now = world.now()
        let isDue = state.withLock { state in
            guard !state.isStopped, !state.isAsking, now >= state.nextAsk else { return false }
            state.isAsking = true
            return true
        }
        if isDue { world.run(queue) { self.ask() } }
        let sights = world.sights(settings.origin)
        let (orders, notes) = state.withLock { state in
            state.isStopped ? ([], []) : state.membership.observe(sights, at: now)
        }
        for note in notes { self.note(.notice, note) }
        for order in orders { world.run(self.orders) { self.carryOut(order) } }
        apply()
    }

    /// Waits for the source.
    private func ask() {
        do throws(SourceFailure) {
            let answer = try source.ask()
            let now = world.now()
            let notes = state.withLock { state -> [String] in
                state.isAsking = false
                state.nextAsk = now + answer.lease
                state.answers += 1
                state.answeredAt = world.wall()
                guard !state.isStopped else { return [] }
                let isRecovered = state.failure != nil
                let notes = state.membership.heard(answer.members, at: now)
                state.failure = nil
                return (isRecovered ? ["\(settings.shown) answers again"] : []) + notes
            }
            for note in notes { self.note(.notice, note) }
        } catch {
            let now = world.now()
            let (isNew, count) = state.withLock { state in
                state.isAsking = false
                state.nextAsk = now + error.pause
                state.failures += 1
                defer { state.failure = error.text }
                return (state.failure != error.text, state.membership.members.count)
            }
            // A source that stays dark is told of once.
            if isNew { note(.warning, "\(error.text); \(count) members are kept") }
        }
        apply()
        world.answered()
    }

    private func carryOut(_ order: Membership.Order) {
        guard let failure = source.carryOut(order) else { return }
        state.withLock { $0.ordersFailed += 1 }
        note(.warning, failure)
    }

    /// Puts the members in force, where they have changed; one change at a time, the latest last.
    private func apply() {
        applying.withLock { _ in
            let changed = state.withLock { state -> [MemberSettings]? in
                let members = state.membership.settings
                guard !state.isStopped, members != state.applied else { return nil }
                state.applied = members
                return members
            }
            // A reload that comes first may have stopped this meanwhile.
            if let changed {
                world.apply(settings.origin, changed) { [self] in
                    !state.withLock { $0.isStopped }
                }
            }
        }
    }

    private func note(_ level: EdgeEvent.Level, _ text: String) {
        world.note(EdgeEvent(level, "discovery", "origin \"\(settings.origin)\": \(text)"))
    }

    /// For `/status`.
    var status: DiscoveryStatus {
        let (now, wall) = (world.now(), world.wall())
        return state.withLock { state in
            DiscoveryStatus(
                origin: settings.origin, source: settings.shown, answeredAt: state.answeredAt,
                nextAt: state.isAsking ? wall : max(wall, wall - now + state.nextAsk),
                failure: state.failure,
                warming: state.membership.members.count { $0.phase == .warming },
                draining: state.membership.members.count { $0.phase == .draining },
                answers: state.answers, failures: state.failures,
                ordersFailed: state.ordersFailed)
        }
    }
}

/// What discovery needs of the edge around it.
struct DiscoveryWorld: Sendable {
    /// Monotonic milliseconds.
    var now: @Sendable () -> Milliseconds = { monotonicMilliseconds() }
    /// Milliseconds since 1970 by the machine's clock.
    var wall: @Sendable () -> Milliseconds = { WallClock.system.now }
    /// What the pool knows of its members.
    var sights: @Sendable (_ origin: String) -> [String: Membership.Sight]
    /// Puts members in force.
    var apply:
        @Sendable (_ origin: String, [MemberSettings], _ isWanted: @escaping () -> Bool) -> Void
    /// Has a question asked, or an order carried out, on the queue for such, which may take long.
    var run: @Sendable (DispatchQueue, @escaping @Sendable () -> Void) -> Void = {
        $0.async(execute: $1)
    }
    /// A question has ended, either way.
    var answered: @Sendable () -> Void = {}
    var note: @Sendable (EdgeEvent) -> Void
}

/// How a pool's source is, as `/status` tells it; times in milliseconds since 1970.
struct DiscoveryStatus: Sendable, Equatable {
    var origin: String
    var source: String
    /// 0: never.
    var answeredAt: Milliseconds
    var nextAt: Milliseconds
    var failure: String?
    var warming: Int
    var draining: Int
    var answers: UInt64
    var failures: UInt64
    var ordersFailed: UInt64
}
