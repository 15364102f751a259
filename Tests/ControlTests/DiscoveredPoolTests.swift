import Dispatch
import Edge
import Reactor
import Synchronization
import Testing

@testable import Control

/// A source that says what it is told, and a world with a clock in hand.
private final class Stage: MemberSource {
    struct State {
        var now: Int64 = 0
        var answer: Result<SourceAnswer, SourceFailure> = .failure(
            SourceFailure(text: "nobody there", pause: 5_000))
        var asked = 0
        var sights: [String: Membership.Sight] = [:]
        var applied: [[String]] = []
        var notes: [String] = []
        var orders: [Membership.Order] = []
        var refusesOrders = false
    }

    let state = Mutex(State())
    private let ended = DispatchSemaphore(value: 0)
    private let ordered = DispatchSemaphore(value: 0)

    func ask() throws(SourceFailure) -> SourceAnswer {
        let answer = state.withLock { state in
            state.asked += 1
            return state.answer
        }
        return try answer.get()
    }

    func carryOut(_ order: Membership.Order) -> String? {
        let refuses = state.withLock { state in
            state.orders.append(order)
            return state.refusesOrders
        }
        ordered.signal()
        return refuses ? "not today" : nil
    }

    static let settings = DiscoverySettings(
        origin: "maps", source: .dns(name: "maps", type: .a), port: 80, speaksTLS: false,
        tlsName: nil, rules: MembershipRules())

    func pool(known: [MemberSettings] = []) -> DiscoveredPool {
        DiscoveredPool(
            Self.settings, self,
            DiscoveryWorld(
                now: { self.state.withLock { $0.now } },
                wall: { 1_000_000 + self.state.withLock { $0.now } },
                sights: { _ in self.state.withLock { $0.sights } },
                apply: { _, members, isWanted in
                    guard isWanted() else { return }
                    self.state.withLock {
                        $0.applied.append(members.map { "\($0.name)\($0.isDraining ? "-" : "")" })
                    }
                },
                answered: { self.ended.signal() },
                note: { event in self.state.withLock { $0.notes.append(event.text) } }),
            known: known)
    }

    func say(_ names: String..., lease: Int64 = 10_000) {
        let members = names.map {
            DiscoveredMember(MemberSettings(name: $0, endpoints: [], authority: $0))
        }
        state.withLock { $0.answer = .success(SourceAnswer(members: members, lease: lease)) }
    }

    func fail(_ text: String) {
        state.withLock { $0.answer = .failure(SourceFailure(text: text, pause: 5_000)) }
    }

    /// One tick that asks, and the end of what it asked.
    func tickAndWait(_ pool: DiscoveredPool, at now: Int64) {
        state.withLock { $0.now = now }
        pool.tick()
        ended.wait()
    }

    func awaitOrder() { ordered.wait() }
    var notes: [String] { state.withLock { $0.notes } }
    var applied: [[String]] { state.withLock { $0.applied } }
}

@Suite("A pool whose members are found")
struct DiscoveredPoolTests {
    @Test("the source is asked when its lease ends, and changes are put in force once")
    func leases() {
        let stage = Stage()
        let pool = stage.pool()
        stage.say("a", "b")
        stage.tickAndWait(pool, at: 0)
        #expect(stage.applied == [["a", "b"]])
        stage.state.withLock { $0.now = 9_999 }
        pool.tick()
        #expect(stage.state.withLock { $0.asked } == 1)
        stage.tickAndWait(pool, at: 10_000)
        #expect(stage.state.withLock { $0.asked } == 2)
        #expect(stage.applied.count == 1, "nothing has changed")
        #expect(pool.hasAnswered)
        stage.say("a", "c")
        stage.tickAndWait(pool, at: 20_000)
        #expect(stage.applied.last == ["a", "b-", "c"])
        #expect(pool.status.warming == 1 && pool.status.draining == 1)
        stage.state.withLock {
            $0.sights = [
                "a": Membership.Sight(isReady: true, inFlight: 0),
                "b": Membership.Sight(isReady: true, inFlight: 0),
            ]
            $0.now = 21_000
        }
        pool.tick()
        #expect(stage.applied.last == ["a", "c"])
        pool.stop()
    }

    @Test("a source that fails changes nothing, and is told of once, as is its recovery")
    func failures() {
        let stage = Stage()
        let pool = stage.pool()
        stage.tickAndWait(pool, at: 0)
        #expect(stage.notes == ["origin \"maps\": nobody there; 0 members are kept"])
        stage.say("a")
        stage.tickAndWait(pool, at: 5_000)
        stage.fail("gone")
        for time in [15_000, 20_000, 25_000] as [Int64] { stage.tickAndWait(pool, at: time) }
        #expect(stage.applied == [["a"]])
        #expect(pool.members.map(\.name) == ["a"])
        #expect(stage.notes.count { $0.hasSuffix("gone; 1 members are kept") } == 1)
        let status = pool.status
        #expect(status.failure == "gone" && status.failures == 4 && status.answers == 1)
        #expect(status.answeredAt == 1_005_000 && status.nextAt == 1_030_000)
        stage.say("a")
        stage.tickAndWait(pool, at: 30_000)
        #expect(stage.notes.last == "origin \"maps\": dns A maps answers again")
        #expect(pool.status.failure == nil)
    }

    @Test("one that was stopped changes nothing any more")
    func stopped() {
        let stage = Stage()
        let pool = stage.pool()
        stage.say("a")
        pool.stop()
        pool.tick()
        #expect(stage.state.withLock { $0.asked } == 0)
        #expect(stage.applied.isEmpty)
    }

    @Test("orders are carried out, and those that fail are counted and told")
    func orders() {
        let stage = Stage()
        let pool = stage.pool(known: [MemberSettings(name: "a", endpoints: [], authority: "a")])
        let hook = LifecycleHook(.terminating, instance: "i-1")
        let leaving = DiscoveredMember(
            MemberSettings(name: "i-1", endpoints: [], authority: ""), hook: hook)
        let staying = DiscoveredMember(MemberSettings(name: "a", endpoints: [], authority: "a"))
        stage.state.withLock {
            $0.answer = .success(SourceAnswer(members: [staying, leaving], lease: 100_000))
            $0.refusesOrders = true
        }
        stage.tickAndWait(pool, at: 0)
        stage.state.withLock { $0.now = 37_500 }
        pool.tick()
        stage.awaitOrder()
        #expect(stage.state.withLock { $0.orders } == [.complete(hook, isFit: true)])
        // The next order goes the same way: when it has come, the first one's end was noted.
        stage.state.withLock { $0.now = 97_500 }
        pool.tick()
        stage.awaitOrder()
        #expect(pool.status.ordersFailed >= 1)
        #expect(stage.notes.contains("origin \"maps\": not today"))
    }
}
