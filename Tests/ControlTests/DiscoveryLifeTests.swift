import Caching
import Dispatch
import Edge
import Synchronization
import Testing

@testable import Control

/// What a seed decides (SplitMix64).
private struct Dice {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((bits ^ (bits >> 31)) % UInt64(bound))
    }

    mutating func pick(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.count)
    }

    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

/// The group and all that is still to be done, which one thread turns.
private struct DiscoveryState {
    struct Instance {
        var isWell = false
        var hook: LifecycleHook.Kind?
        var running = 0
    }

    struct Work {
        var due: Milliseconds
        var run: @Sendable () -> Void
    }

    var dice: Dice
    var now: Milliseconds = 0
    var isCalm = false
    var instances: [String: Instance] = [:]
    var born = 0
    var questions: [Work] = []
    var orders: [Work] = []
    /// Of the question that is under way.
    var answer = Result<SourceAnswer, SourceFailure>.success(SourceAnswer(members: [], lease: 0))
    var inForce: [MemberSettings] = []
    /// Since when members in force are draining.
    var draining: [String: Milliseconds] = [:]
    var violations: Set<String> = []
    /// How often something happened that the test is about.
    var seen: [String: Int] = [:]

    init(seed: UInt64) { dice = Dice(state: seed) }

    mutating func note(_ what: String) { seen[what, default: 0] += 1 }

    // MARK: the group

    mutating func turnGroup() {
        let stays = instances.values.contains { $0.hook != .terminating }
        if isCalm ? !stays : instances.count < 5 && dice.below(8) == 0 {
            born += 1
            instances["i\(born)"] = Instance(hook: dice.chance(50) ? .launching : nil)
        }
        for name in instances.keys.sorted() {
            if isCalm || dice.below(6) == 0 {
                instances[name]?.isWell = isCalm || dice.chance(66)
            }
            let isLeaving = inForce.contains { $0.name == name && $0.isDraining }
            let running = instances[name]?.running ?? 0
            instances[name]?.running = isLeaving ? max(0, running - dice.below(2)) : dice.below(5)
            if isCalm { instances[name]?.running = 0 }
            guard !isCalm else { continue }
            if dice.below(60) == 0 { instances[name]?.hook = .terminating }
            // Ends without a word.
            if dice.below(120) == 0 { instances[name] = nil }
        }
    }

    var sights: [String: Membership.Sight] {
        var sights: [String: Membership.Sight] = [:]
        for member in inForce {
            guard let instance = instances[member.name] else { continue }
            sights[member.name] = Membership.Sight(
                isReady: instance.isWell, inFlight: instance.running)
        }
        return sights
    }

    // MARK: the source

    /// A question has been asked: the answer is what is true now, or not, whenever it comes.
    mutating func ask(_ work: @escaping @Sendable () -> Void) {
        if !questions.isEmpty { violations.insert("two questions at a time") }
        answer = makeAnswer()
        let isLate = !isCalm && dice.chance(30)
        if isLate { note("late answers") }
        questions.append(
            Work(due: now + Milliseconds(isLate ? dice.pick(2...40) : 0) * 1_000, run: work))
    }

    private mutating func makeAnswer() -> Result<SourceAnswer, SourceFailure> {
        var told = instances.keys.sorted().map { name in
            DiscoveredMember(
                MemberSettings(name: name, endpoints: [], authority: name),
                hook: instances[name]?.hook.map { LifecycleHook($0, instance: name) })
        }
        let lease = Milliseconds(dice.pick(1...10)) * 1_000
        guard !isCalm else { return .success(SourceAnswer(members: told, lease: lease)) }
        switch dice.below(10) {
        case 0:
            note("failures")
            let text = dice.chance(50) ? "no server answers" : "asked too often"
            return .failure(SourceFailure(text: text, pause: 5_000))
        case 1:
            note("empty answers")
            told = []
        case 2:
            note("wrong answers")
            told = told.filter { _ in dice.chance(60) }
        case 3:
            note("wrong answers")
            let name = "stranger\(dice.below(3))"
            told.append(
                DiscoveredMember(MemberSettings(name: name, endpoints: [], authority: name)))
        default: break
        }
        if dice.chance(50) { told.reverse() }
        return .success(SourceAnswer(members: told, lease: lease))
    }

    /// Whether the answer under way is one that must change nothing.
    var isAnswerVoid: Bool {
        guard case .success(let answer) = answer else { return true }
        return answer.members.allSatisfy { $0.hook?.kind == .terminating }
    }

    /// What the group does with an order; returns why it could not.
    mutating func take(_ order: Membership.Order) -> String? {
        if !isCalm, dice.chance(40) {
            note("orders refused")
            return "the group does not answer"
        }
        guard case .complete(let hook, let isFit) = order else { return nil }
        // Another edge was first, or the group waits no longer.
        guard instances[hook.instance]?.hook == hook.kind else { return nil }
        note("hooks completed")
        if hook.kind == .launching, isFit {
            instances[hook.instance]?.hook = nil
        } else {
            instances[hook.instance] = nil
        }
        return nil
    }

    // MARK: the pool

    mutating func putInForce(_ next: [MemberSettings], _ rules: MembershipRules) {
        note("changes")
        let sights = sights
        func fit(_ members: [MemberSettings]) -> Int {
            members.count { sights[$0.name]?.isReady == true }
        }
        if next.isEmpty { violations.insert("nobody is a member any more") }
        if fit(inForce) > 0, fit(next) == 0 {
            violations.insert("the last one that is fit is gone")
        }
        for member in inForce where !next.contains(where: { $0.name == member.name }) {
            let since = draining[member.name] ?? now
            if (sights[member.name]?.inFlight ?? 0) > 0, now - since < rules.drainTime {
                violations.insert("\(member.name) is gone while its requests run")
            }
        }
        for member in next {
            draining[member.name] = member.isDraining ? draining[member.name] ?? now : nil
        }
        inForce = next
    }
}

/// A group of instances, a source that tells of it late, in part, wrongly or not at all, and orders
/// that fail; between them the real `DiscoveredPool`, whose queues are turned by hand.
private final class DiscoveryLife: MemberSource {
    let state: Mutex<DiscoveryState>
    private let rules: MembershipRules

    init(seed: UInt64) {
        state = Mutex(DiscoveryState(seed: seed))
        var rules = MembershipRules()
        (rules.drainTime, rules.noticeTime) = (20_000, 3_000)
        (rules.warmTime, rules.heartbeat) = (30_000, 10_000)
        self.rules = rules
    }

    func ask() throws(SourceFailure) -> SourceAnswer { try state.withLock { $0.answer }.get() }

    func carryOut(_ order: Membership.Order) -> String? { state.withLock { $0.take(order) } }

    func makePool() -> DiscoveredPool {
        let settings = DiscoverySettings(
            origin: "maps", source: .autoScalingGroup(AutoScalingSettings(name: "maps")), port: 80,
            speaksTLS: false, tlsName: nil, rules: rules)
        let rules = rules
        return DiscoveredPool(
            settings, self,
            DiscoveryWorld(
                now: { self.state.withLock { $0.now } },
                wall: { self.state.withLock { $0.now } },
                sights: { _ in self.state.withLock { $0.sights } },
                apply: { _, members, isWanted in
                    guard isWanted() else { return }
                    self.state.withLock { $0.putInForce(members, rules) }
                },
                run: { queue, work in
                    self.state.withLock { state in
                        guard queue.label.hasSuffix("orders") else { return state.ask(work) }
                        let seconds = state.isCalm ? 0 : state.dice.below(5)
                        let due = state.now + Milliseconds(seconds) * 1_000
                        state.orders.append(DiscoveryState.Work(due: due, run: work))
                    }
                },
                note: { event in self.state.withLock { $0.note(event.text) } }),
            known: [])
    }

    func turn(_ pool: DiscoveredPool) {
        state.withLock { state in
            state.now += 1_000
            state.turnGroup()
        }
        pool.tick()
        work()
    }

    /// Each queue does what is due, one after the other.
    func work() {
        while let order = next(\.orders) { order.run() }
        while let question = next(\.questions) {
            let (before, isVoid) = state.withLock { ($0.inForce, $0.isAnswerVoid) }
            question.run()
            state.withLock { state in
                guard isVoid, state.inForce != before else { return }
                state.violations.insert("an answer that says nothing has changed the members")
            }
        }
    }

    private func next(
        _ queue: WritableKeyPath<DiscoveryState, [DiscoveryState.Work]>
    ) -> DiscoveryState.Work? {
        state.withLock { state in
            guard let first = state[keyPath: queue].first, first.due <= state.now else {
                return nil
            }
            return state[keyPath: queue].removeFirst()
        }
    }
}

@Suite("Discovery under random faults: answers late, empty and wrong, hooks that fail")
struct DiscoveryLifeTests {
    @Test(arguments: 0..<40 as Range<UInt64>)
    func `whoever is fit stays, hooks are completed in the end, and the group is followed`(
        _ seed: UInt64
    ) throws {
        let life = DiscoveryLife(seed: seed)
        let pool = life.makePool()
        for _ in 0..<2_000 { life.turn(pool) }
        life.state.withLock { $0.isCalm = true }
        for _ in 0..<150 { life.turn(pool) }
        try life.state.withLock { state in
            for violation in state.violations { Issue.record("seed \(seed): \(violation)") }
            let held = state.instances.filter { $0.value.hook != nil }.keys.sorted()
            #expect(held.isEmpty, "seed \(seed): the group waits for ever")
            #expect(
                Set(state.inForce.map(\.name)) == Set(state.instances.keys), "seed \(seed)")
            #expect(state.inForce.allSatisfy { !$0.isDraining }, "seed \(seed)")
            // A life in which nothing happens proves nothing.
            for (what, least) in [
                ("changes", 100), ("late answers", 20), ("empty answers", 4), ("wrong answers", 10),
                ("failures", 4), ("orders refused", 30), ("hooks completed", 30),
            ] {
                let count = try #require(state.seen[what], "seed \(seed): no \(what)")
                #expect(count >= least, "seed \(seed): \(count) \(what)")
            }
        }
        let status = pool.status
        #expect(status.failure == nil && status.draining == 0 && status.warming == 0)
    }

    @Test(
        "an answer that comes after the pool was stopped changes nothing",
        arguments: 0..<20 as Range<UInt64>)
    func stopped(_ seed: UInt64) {
        let life = DiscoveryLife(seed: seed)
        let pool = life.makePool()
        for _ in 0..<60 { life.turn(pool) }
        while life.state.withLock({ $0.questions.isEmpty }) { life.turn(pool) }
        let before = life.state.withLock { $0.inForce }
        pool.stop()
        life.state.withLock { $0.now += 3_600_000 }
        life.work()
        for _ in 0..<10 { life.turn(pool) }
        life.state.withLock { state in
            #expect(state.inForce == before)
            #expect(state.questions.isEmpty, "it asks on")
        }
    }
}
