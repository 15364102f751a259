import Caching
import Testing
import WireTesting

@testable import Edge

/// A group of instances that come, fail, hang on and end; a source that tells of them, and at times
/// errs; the membership and the pools that follow it; and fetches all the while.
private struct ElasticLife {
    struct Instance {
        var isWell = false
        var hook: LifecycleHook.Kind?
    }

    struct Running {
        var pool: OriginPool
        var member: Int
        var name: String
    }

    var numbers: SeededRandom
    var now: Milliseconds = 0
    var membership: Membership
    var pool: OriginPool
    var instances: [String: Instance] = [:]
    var born = 0
    var running: [UInt64: Running] = [:]
    /// With the pool at which each waits.
    var waiting: [UInt64: OriginPool] = [:]
    var begun: UInt64 = 0
    var violations: [String] = []
    /// How often something happened that the test is about.
    var seen: [String: Int] = [:]

    init(seed: UInt64) {
        numbers = SeededRandom(seed: seed)
        var rules = MembershipRules()
        (rules.drainTime, rules.noticeTime) = (20_000, 3_000)
        membership = Membership(rules)
        pool = OriginPool(Self.settings([]))
    }

    static func settings(_ members: [MemberSettings]) -> OriginSettings {
        var settings = OriginSettings()
        settings.members = members
        (settings.memberConcurrency, settings.queueLength) = (2, 50)
        (settings.health.rise, settings.health.fall) = (2, 2)
        return settings
    }

    mutating func roll(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &numbers) }

    // MARK: the group

    mutating func turnGroup(isCalm: Bool) {
        if instances.count < 5, roll(isCalm ? 4 : 8) == 0 {
            born += 1
            instances["i\(born)"] = Instance(isWell: isCalm, hook: roll(2) == 0 ? .launching : nil)
        }
        for name in instances.keys.sorted() {
            if isCalm || roll(6) == 0 {
                let isWell = isCalm || roll(3) > 0
                instances[name]?.isWell = isWell
            }
            guard !isCalm else { continue }
            if roll(60) == 0 { instances[name]?.hook = .terminating }
            // Ends without a word.
            if roll(120) == 0 { instances[name] = nil }
        }
    }

    mutating func tellMembership() {
        guard roll(4) == 0 else { return }
        var told = instances
        // A source that errs: it leaves somebody out, or everybody.
        if roll(8) == 0 { told.removeAll() }
        for name in told.keys.sorted() where roll(15) == 0 { told[name] = nil }
        let list = told.keys.sorted().map { name in
            DiscoveredMember(
                MemberSettings(name: name, endpoints: [], authority: name),
                hook: told[name]?.hook.map { LifecycleHook($0, instance: name) })
        }
        _ = membership.heard(list, at: now)
    }

    /// As the edge does once in a second.
    mutating func follow() {
        let sights = pool.sights(at: now)
        let before = membership.members
        let (orders, _) = membership.observe(sights, at: now)
        for case .complete(let hook, _) in orders {
            seen["completed", default: 0] += 1
            if hook.kind == .launching { instances[hook.instance]?.hook = nil }
            if hook.kind == .terminating { instances[hook.instance] = nil }
        }
        let left = Set(membership.members.map(\.name))
        for member in before where !left.contains(member.name) {
            let inFlight = sights[member.name]?.inFlight ?? 0
            if inFlight > 0, now - member.since < 20_000 {
                violations.append("\(member.name) is gone while its fetches run")
            }
            seen["gone", default: 0] += 1
        }
        guard membership.settings != pool.settings.members else { return }
        let next = OriginPool(Self.settings(membership.settings), after: pool)
        let handed = next.succeed(pool, at: now)
        pool = next
        for place in handed { serve(place, next) }
        seen["changes", default: 0] += 1
    }

    // MARK: fetches

    mutating func serve(_ place: HandedPlace, _ pool: OriginPool) {
        if waiting.removeValue(forKey: place.next.fetch) == nil {
            violations.append("a place for who does not wait")
        }
        note(place.next.fetch, pool, place.member)
        seen["handed", default: 0] += 1
    }

    mutating func note(_ fetch: UInt64, _ pool: OriginPool, _ member: Int) {
        let settings = pool.settings.members
        running[fetch] = Running(pool: pool, member: member, name: settings[member].name)
        let fit = fitMembers
        let isGood = fit.contains { !settings[$0].isDraining }
        if settings[member].isDraining, isGood { violations.append("one that leaves is asked") }
        if !fit.isEmpty, !fit.contains(member), !settings[member].isDraining {
            violations.append("one that is not fit is asked, and another is")
        }
    }

    var fitMembers: [Int] {
        let sights = pool.sights(at: now)
        return pool.settings.members.indices.filter {
            sights[pool.settings.members[$0].name]?.isReady == true
        }
    }

    mutating func begin() {
        begun += 1
        let queued = QueuedFetch(loop: 0, fetch: begun)
        switch pool.choose(tried: 0, at: now, for: queued) {
        case .member(let member), .trial(let member): note(begun, pool, member)
        case .queued: waiting[begun] = pool
        case .held: break
        case .moved: violations.append("the latest pool has moved")
        case .failed(let failure):
            if !fitMembers.isEmpty, failure == .noMember {
                violations.append("nobody is asked, and \(fitMembers.count) are fit")
            }
        }
    }

    mutating func end(_ fetch: UInt64) {
        guard let run = running.removeValue(forKey: fetch) else { return }
        let isWell = instances[run.name]?.isWell == true
        let released = run.pool.release(
            run.member, isWell ? .succeeded : .failed(.status(503)), at: now)
        for handed in released.handed { serve(handed, released.pool) }
    }

    mutating func check() {
        for (index, member) in pool.settings.members.enumerated() {
            let isWell = instances[member.name]?.isWell == true
            _ = pool.checked(index, 0, ProbeResult(isWell ? .passed : .notConnected), at: now)
        }
    }

    // MARK: a life

    mutating func turn(isCalm: Bool) {
        now += 1_000
        turnGroup(isCalm: isCalm)
        tellMembership()
        for _ in 0..<roll(isCalm ? 1 : 8) { begin() }
        for fetch in running.keys.sorted() where isCalm || roll(3) == 0 { end(fetch) }
        for fetch in waiting.keys.sorted() where isCalm || roll(10) == 0 {
            waiting.removeValue(forKey: fetch)?.leaveQueue(QueuedFetch(loop: 0, fetch: fetch))
        }
        check()
        follow()
        count()
    }

    /// The pool in force knows of everything that runs or waits.
    mutating func count() {
        let load = pool.load(at: now)
        let here = running.values.count { $0.pool.holder(of: $0.member).pool === pool }
        if load.inFlight != here { violations.append("places: \(load.inFlight) and not \(here)") }
        if load.queued != waiting.count { violations.append("who waits is not known") }
    }
}

@Suite("Elastic pools under random faults: membership, health and succession together")
struct ElasticLifeTests {
    @Test(arguments: 0..<100 as Range<UInt64>)
    func `somebody serves whenever one is fit, and no fetch or place is lost`(_ seed: UInt64) {
        var life = ElasticLife(seed: seed)
        for _ in 0..<300 { life.turn(isCalm: false) }
        for _ in 0..<120 { life.turn(isCalm: true) }
        for violation in Set(life.violations) { Issue.record("seed \(seed): \(violation)") }
        let load = life.pool.load(at: life.now)
        #expect((load.inFlight, load.queued) == (0, 0), "seed \(seed): places are left")
        #expect(life.running.isEmpty && life.waiting.isEmpty)
        // What comes to rest serves: every instance that stays is in service.
        #expect(load.members >= min(life.instances.count, 1), "seed \(seed): nobody serves")
        #expect(load.draining + load.warming == 0 || load.members > 0)
        // A life in which nothing happens proves nothing.
        #expect((life.seen["changes"] ?? 0) > 20 && (life.seen["gone"] ?? 0) > 5)
        #expect((life.seen["handed"] ?? 0) > 5)
    }
}
