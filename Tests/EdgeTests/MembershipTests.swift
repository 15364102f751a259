import Testing
import WireTesting

@testable import Edge

/// A membership with a clock in hand, and what its pool knows.
struct MembershipStage {
    var membership: Membership
    var now: Int64 = 0
    var sights: [String: Membership.Sight] = [:]
    var notes: [String] = []

    init(_ change: (inout MembershipRules) -> Void = { _ in }) {
        var rules = MembershipRules()
        rules.drainTime = 30_000
        rules.warmTime = 60_000
        rules.noticeTime = 10_000
        rules.heartbeat = 5_000
        change(&rules)
        membership = Membership(rules)
    }

    static func member(_ name: String, _ hook: LifecycleHook.Kind? = nil) -> DiscoveredMember {
        DiscoveredMember(
            MemberSettings(name: name, endpoints: [], authority: name),
            hook: hook.map { LifecycleHook($0, instance: name) })
    }

    mutating func hear(_ names: String...) {
        notes += membership.heard(names.map { Self.member($0) }, at: now)
    }

    mutating func hear(_ members: [DiscoveredMember]) {
        notes += membership.heard(members, at: now)
    }

    /// Goes on by seconds, one at a time.
    @discardableResult
    mutating func pass(_ seconds: Int64) -> [Membership.Order] {
        var orders: [Membership.Order] = []
        for _ in 0..<seconds {
            now += 1_000
            let result = membership.observe(sights, at: now)
            orders += result.orders
            notes += result.notes
        }
        return orders
    }

    mutating func see(_ name: String, ready: Bool = true, inFlight: Int = 0) {
        sights[name] = Membership.Sight(isReady: ready, inFlight: inFlight)
    }

    var phases: [String] { membership.members.map { "\($0.name) \($0.phase)" } }
}

@Suite("Membership: who comes is warmed, who leaves is drained")
struct MembershipTests {
    @Test func `the first members serve at once, later ones after their checks`() {
        var stage = MembershipStage()
        stage.hear("a", "b")
        #expect(stage.phases == ["a serving", "b serving"])
        stage.see("a")
        stage.hear("a", "b", "c")
        #expect(stage.phases == ["a serving", "b serving", "c warming"])
        stage.pass(5)
        #expect(stage.phases.last == "c warming", "nobody has seen it ready")
        stage.see("c")
        stage.pass(1)
        #expect(stage.phases.last == "c serving")
        #expect(stage.notes.contains("c is ready and gets its share by slow start"))
    }

    @Test func `who leaves finishes first, and is gone when nothing runs there`() {
        var stage = MembershipStage()
        stage.hear("a", "b")
        stage.see("a")
        stage.see("b", inFlight: 2)
        stage.hear("a")
        #expect(stage.phases == ["a serving", "b draining"])
        #expect(stage.membership.settings.map(\.isDraining) == [false, true])
        stage.pass(20)
        #expect(stage.phases.count == 2, "its fetches run")
        stage.see("b")
        stage.pass(1)
        #expect(stage.phases == ["a serving"])
        #expect(stage.notes.last == "b is gone")
    }

    @Test func `fetches that run on longer than the bound hold nobody`() {
        var stage = MembershipStage()
        stage.hear("a", "b")
        stage.see("a")
        stage.see("b", inFlight: 2)
        stage.hear("a")
        stage.pass(29)
        #expect(stage.phases.count == 2)
        stage.pass(1)
        #expect(stage.phases == ["a serving"])
    }

    @Test func `the last one that is fit stays, whatever the source says`() {
        var stage = MembershipStage()
        stage.hear("a")
        stage.see("a")
        stage.hear("b")
        stage.pass(300)
        #expect(stage.phases == ["a draining", "b warming"])
        stage.see("b")
        stage.pass(2)
        #expect(stage.phases == ["b serving"])
    }

    @Test func `of several fit ones that leave, one stays until another serves`() {
        var stage = MembershipStage()
        stage.hear("a", "b")
        stage.see("a")
        stage.see("b")
        stage.hear("c")
        stage.pass(31)
        #expect(stage.phases.count { $0.hasSuffix("draining") } == 1)
        #expect(stage.phases.last == "c warming")
    }

    @Test func `an answer that names nobody keeps who is there, and says so`() {
        var stage = MembershipStage()
        stage.hear("a")
        stage.hear([])
        #expect(stage.phases == ["a serving"])
        #expect(stage.notes.last == "the source names nobody; the members in force are kept")
        stage.hear([])
        #expect(stage.notes.count { $0.contains("names nobody") } == 1, "it is told once")
        // All that it names are about to end: that is nobody, too.
        stage.hear([MembershipStage.member("a", .terminating)])
        #expect(stage.phases == ["a serving"])
    }

    @Test func `who comes back before it is gone goes on, without warming`() {
        var stage = MembershipStage()
        stage.hear("a", "b")
        stage.see("a")
        stage.see("b", inFlight: 1)
        stage.hear("a")
        stage.pass(3)
        stage.hear("a", "b")
        #expect(stage.phases == ["a serving", "b serving"])
        #expect(!stage.membership.settings[1].isDraining)
    }

    @Test func `a new member that waits is told of until it is ready, and then let go`() {
        let hook = LifecycleHook(.launching, instance: "b")
        var stage = MembershipStage()
        stage.hear("a")
        stage.see("a")
        stage.hear([MembershipStage.member("a"), MembershipStage.member("b", .launching)])
        #expect(stage.pass(12) == [.heartbeat(hook), .heartbeat(hook)])
        stage.see("b")
        #expect(stage.pass(1) == [.complete(hook, isFit: true)])
        #expect(stage.pass(9) == [], "it was told")
        #expect(
            stage.pass(1) == [.complete(hook, isFit: true)],
            "the group waits still: it has not heard")
        stage.hear("a", "b")
        #expect(stage.pass(60) == [])
        #expect(stage.phases == ["a serving", "b serving"])
    }

    @Test func `one that serves before its checks have passed is not called fit for that`() {
        let hook = LifecycleHook(.launching, instance: "a")
        var stage = MembershipStage { $0.heartbeat = 100_000 }
        // The first ones serve at once, since there is nobody else.
        stage.hear([MembershipStage.member("a", .launching)])
        stage.sights["a"] = Membership.Sight(isReady: true, inFlight: 0, isChecked: false)
        #expect(stage.pass(30) == [])
        #expect(stage.phases == ["a serving"])
        stage.see("a")
        #expect(stage.pass(1) == [.complete(hook, isFit: true)])
    }

    @Test func `a new member that never is ready is given up to its group, once`() {
        let hook = LifecycleHook(.launching, instance: "b")
        var stage = MembershipStage { $0.heartbeat = 100_000 }
        stage.hear("a")
        stage.see("a")
        stage.hear([MembershipStage.member("a"), MembershipStage.member("b", .launching)])
        #expect(stage.pass(59) == [])
        #expect(stage.pass(1) == [.complete(hook, isFit: false)])
        #expect(stage.pass(100) == [])
        stage.hear("a")
        stage.pass(30)
        #expect(stage.phases == ["a serving"])
    }

    @Test func `one that ends is held until other edges have heard, and let go when drained`() {
        let hook = LifecycleHook(.terminating, instance: "b")
        var stage = MembershipStage()
        stage.hear("a", "b")
        stage.see("a")
        stage.see("b")
        let leaving = [MembershipStage.member("a"), MembershipStage.member("b", .terminating)]
        stage.hear(leaving)
        #expect(stage.pass(9) == [.heartbeat(hook)])
        #expect(stage.phases == ["a serving", "b draining"])
        #expect(stage.pass(1) == [.complete(hook, isFit: true)])
        #expect(stage.phases == ["a serving"])
        // The group was not told: it still waits, and is told again.
        stage.hear(leaving)
        #expect(stage.phases == ["a serving"], "it does not come back")
        #expect(stage.pass(10) == [.complete(hook, isFit: true)])
        stage.hear("a")
        #expect(stage.pass(60) == [])
    }

    @Test func `one that was ending before the edge began is let go when others have heard`() {
        let hook = LifecycleHook(.terminating, instance: "x")
        var stage = MembershipStage()
        stage.hear([MembershipStage.member("a"), MembershipStage.member("x", .terminating)])
        #expect(stage.phases == ["a serving"])
        #expect(stage.pass(9) == [])
        #expect(stage.pass(1) == [.complete(hook, isFit: true)])
    }

    @Test func `members of before a reload are what the first answer is held against`() {
        var membership = Membership(
            MembershipRules(), keeping: [MembershipStage.member("a").settings], at: 0)
        _ = membership.heard([MembershipStage.member("b")], at: 0)
        #expect(membership.members.map(\.phase) == [.draining, .warming])
    }

    @Test func `a pool has at most sixty-four members, and the others are named`() {
        var stage = MembershipStage()
        stage.hear((0..<66).map { MembershipStage.member("m\($0)") })
        #expect(stage.phases.count == OriginPool.membersMax)
        stage.hear((0..<66).map { MembershipStage.member("m\($0)") })
        #expect(stage.notes.count { $0.contains("is left out") } == 2, "each is told once")
        #expect(stage.notes.contains { $0.hasPrefix("m65 is left out: a pool has at most 64") })
    }

    @Test func `a member named twice is one`() {
        var stage = MembershipStage()
        stage.hear("a", "a")
        stage.hear("a", "b", "b")
        #expect(stage.phases == ["a serving", "b warming"])
    }
}

/// What a life of random answers must never show.
@Suite("Membership under random answers")
struct MembershipPropertyTests {
    private struct Life {
        var stage = MembershipStage()
        var numbers: SeededRandom
        var drainingSince: [String: Int64] = [:]
        var wereFit: Set<String> = []

        init(seed: UInt64) { numbers = SeededRandom(seed: seed) }

        mutating func roll(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &numbers) }

        mutating func answer() {
            guard roll(4) > 0 else { return stage.hear([]) }
            stage.hear(
                (0..<8).filter { _ in roll(2) == 0 }.map { index in
                    let hook: LifecycleHook.Kind? =
                        switch roll(6) {
                        case 0: .launching
                        case 1: .terminating
                        default: nil
                        }
                    return MembershipStage.member("m\(index)", hook)
                })
        }

        mutating func live() {
            for index in 0..<8 where roll(5) == 0 {
                stage.see("m\(index)", ready: roll(3) > 0, inFlight: roll(3))
            }
        }

        func isFit(_ name: String) -> Bool { stage.sights[name]?.isReady == true }
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `nobody fit is gone for nothing, and nobody is cut short`(_ seed: UInt64) {
        var life = Life(seed: seed)
        for _ in 0..<400 {
            if life.roll(6) == 0 {
                let before = life.stage.membership.members
                life.answer()
                let after = life.stage.membership.members.map(\.name)
                // An answer takes nobody out by itself.
                #expect(before.allSatisfy { after.contains($0.name) })
            }
            life.live()
            let before = life.stage.membership.members
            life.stage.pass(1)
            let after = Set(life.stage.membership.members.map(\.name))
            for member in before where !after.contains(member.name) {
                #expect(member.phase == .draining, "\(member.name) was not drained")
                let spent = life.stage.now - member.since
                let inFlight = life.stage.sights[member.name]?.inFlight ?? 0
                #expect(inFlight == 0 || spent >= 30_000, "its fetches ran")
            }
            // Of those that were taken into service, one that is fit stays so.
            let wasFit = before.contains { $0.phase != .warming && life.isFit($0.name) }
            let isFit = life.stage.membership.members.contains {
                $0.phase != .warming && life.isFit($0.name)
            }
            #expect(!wasFit || isFit, "seed \(seed): the last fit one is gone")
        }
    }
}
