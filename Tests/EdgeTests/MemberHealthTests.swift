import Caching
import Testing
import Tiles

@testable import Edge

@Suite("A member's health: pure, the clock is the test's")
struct MemberHealthTests {
    private func settings(_ change: (inout HealthSettings) -> Void = { _ in }) -> HealthSettings {
        var settings = HealthSettings()
        change(&settings)
        return settings
    }

    @Test func `consecutive failures eject, and a success in between starts the count anew`() {
        var health = MemberHealth(settings())
        for _ in 0..<4 {
            let change1 = health.exchangeFailed(at: 0, isLast: false)
            #expect(change1 == .none)
        }
        _ = health.exchangeSucceeded(at: 0)
        for _ in 0..<4 {
            let change2 = health.exchangeFailed(at: 0, isLast: false)
            #expect(change2 == .none)
        }
        let change3 = health.exchangeFailed(at: 0, isLast: false)
        #expect(change3 == .ejected)
        #expect(health.standing(at: 999) == .out)
        #expect(health.standing(at: 1_000) == .probation)
    }

    @Test func `the last member is never ejected`() {
        var health = MemberHealth(settings())
        for _ in 0..<50 { _ = health.exchangeFailed(at: 0, isLast: true) }
        #expect(health.standing(at: 0) == .fit)
    }

    @Test func `each ejection lasts twice as long, up to the maximum`() {
        var health = MemberHealth(settings { $0.ejectionMaximum = 3_000 })
        for _ in 0..<5 { _ = health.exchangeFailed(at: 0, isLast: false) }
        #expect(health.ejectedUntil == 1_000)
        // On probation one failure is enough.
        let change4 = health.exchangeFailed(at: 1_000, isLast: false)
        #expect(change4 == .ejected)
        #expect(health.ejectedUntil == 3_000)
        let change5 = health.exchangeFailed(at: 3_000, isLast: false)
        #expect(change5 == .ejected)
        #expect(health.ejectedUntil == 6_000)
    }

    @Test func `a member that flaps is out for longer each time, one that stayed is forgiven`() {
        var health = MemberHealth(settings { $0.ejectionMaximum = 20_000 })
        var now: Milliseconds = 0
        var spans: [Milliseconds] = []
        for _ in 0..<7 {
            for _ in 0..<5 { _ = health.exchangeFailed(at: now, isLast: false) }
            spans.append(health.ejectedUntil - now)
            now = health.ejectedUntil
            let change = health.exchangeSucceeded(at: now)
            #expect(change == .returned)
        }
        #expect(spans == [1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000])
        for _ in 0..<5 { _ = health.exchangeFailed(at: now + 19_999, isLast: false) }
        #expect(health.ejectedUntil == now + 39_999)
        now += 39_999
        _ = health.exchangeSucceeded(at: now)
        for _ in 0..<5 { _ = health.exchangeFailed(at: now + 20_000, isLast: false) }
        #expect(health.ejectedUntil == now + 21_000)
    }

    @Test func `until it has answered, a member whose ejection ended carries the least`() {
        var health = MemberHealth(settings())
        #expect(health.share(at: 0) == 100)
        for _ in 0..<5 { _ = health.exchangeFailed(at: 0, isLast: false) }
        #expect(health.standing(at: 60_000) == .probation)
        #expect(health.share(at: 60_000) == 10)
        _ = health.exchangeSucceeded(at: 60_000)
        #expect(health.share(at: 65_000) == 50)
    }

    @Test func `a member that returns grows to its full share`() {
        var health = MemberHealth(settings())
        for _ in 0..<5 { _ = health.exchangeFailed(at: 0, isLast: false) }
        let change6 = health.exchangeSucceeded(at: 1_000)
        #expect(change6 == .returned)
        #expect(health.share(at: 1_000) == 10)
        #expect(health.share(at: 6_000) == 50)
        #expect(health.share(at: 11_000) == 100)
    }

    @Test func `checks change the verdict after fall and rise results in a row`() {
        var health = MemberHealth(settings { $0.checks = [Self.real] })
        let change7 = health.checked(0, .silent, at: 0)
        #expect(change7 == .none)
        let change8 = health.checked(0, .silent, at: 0)
        #expect(change8 == .none)
        let change9 = health.checked(0, .passed, at: 0)
        #expect(change9 == .none)
        for _ in 0..<2 {
            let change10 = health.checked(0, .silent, at: 0)
            #expect(change10 == .none)
        }
        let change11 = health.checked(0, .silent, at: 0)
        #expect(change11 == .wentDown)
        #expect(!health.isUp)
        let change12 = health.exchangeSucceeded(at: 0)
        #expect(change12 == .none)
        #expect(!health.isUp, "a check that asks for more than an answer has the say")
        let change13 = health.checked(0, .passed, at: 0)
        #expect(change13 == .none)
        let change14 = health.checked(0, .passed, at: 0)
        #expect(change14 == .cameUp)
    }

    @Test func `an answer says more than a check that could only connect, and it is told`() {
        var health = MemberHealth(settings())
        for _ in 0..<3 { _ = health.checked(0, .notConnected, at: 0) }
        #expect(health.standing(at: 0) == .out)
        let change = health.exchangeSucceeded(at: 5)
        #expect(change == .cameUp)
        #expect(health.standing(at: 5) == .fit)
        #expect(health.share(at: 5) == 10, "it comes back through slow start")
    }

    private static let real = CheckSettings(kind: .map, target: "/map")

    @Test func `each check has its own verdict, and all have to be up`() {
        var health = MemberHealth(
            settings { $0.checks = [Self.real, CheckSettings(kind: .map, target: "/other")] })
        for _ in 0..<3 { _ = health.checked(1, .image(.truncated), at: 0) }
        for _ in 0..<9 { _ = health.checked(0, .passed, at: 0) }
        #expect(!health.isUp)
        _ = health.checked(1, .passed, at: 1)
        let change = health.checked(1, .passed, at: 2)
        #expect(change == .cameUp)
    }

    @Test func `liveness is answering, readiness is answering well`() {
        var health = MemberHealth(settings { $0.checks = [Self.real] })
        #expect(health.liveness == .unknown && health.readiness(at: 0) == .unknown)
        _ = health.checked(0, .passed, at: 0)
        #expect(health.liveness == .alive && health.readiness(at: 0) == .ready)
        for _ in 0..<3 { _ = health.checked(0, .content(.exception), at: 0) }
        #expect(health.liveness == .alive && health.readiness(at: 0) == .notReady)
        for _ in 0..<3 { _ = health.checked(0, .silent, at: 0) }
        #expect(health.liveness == .dead)
        _ = health.checked(0, .status(500), at: 0)
        #expect(health.liveness == .alive)
    }

    @Test func `one that goes down again soon needs more passes, and one that stays is forgiven`() {
        var health = MemberHealth(settings { $0.checks = [Self.real] })
        var now: Milliseconds = 0
        func passes() -> Int {
            for _ in 0..<3 { _ = health.checked(0, .silent, at: now) }
            #expect(!health.isUp)
            var count = 0
            while !health.isUp, count < 100 {
                count += 1
                now += 1
                _ = health.checked(0, .passed, at: now)
            }
            return count
        }
        #expect((0..<6).map { _ in passes() } == [2, 4, 8, 16, 16, 16])
        now += 60_000
        #expect(passes() == 2)
    }

    @Test func `with real checks they find out if an ejected member is well, and no viewer does`() {
        var health = MemberHealth(settings { $0.checks = [Self.real] })
        for _ in 0..<5 { _ = health.exchangeFailed(at: 0, isLast: false) }
        #expect(health.checkedEarlyAt() == 1_000)
        #expect(!health.takesTrial(at: 1_000))
        let early = health.checked(0, .passed, at: 999)
        #expect(early == .none && health.ejectedUntil == 1_000, "its time is not over")
        let failed = health.checked(0, .silent, at: 1_000)
        #expect(failed == .ejected && health.ejectedUntil == 3_000, "and for twice as long")
        let first = health.checked(0, .passed, at: 3_000)
        let second = health.checked(0, .passed, at: 3_200)
        #expect(first == .none && second == .returned)
        #expect(health.share(at: 3_200) == 10 && health.checkedEarlyAt() == nil)
    }

    @Test func `where only connections are checked one request is tried, and no second beside it`()
    {
        var health = MemberHealth(settings())
        for _ in 0..<5 { _ = health.exchangeFailed(at: 0, isLast: false) }
        #expect(!health.takesTrial(at: 999) && health.takesTrial(at: 1_000))
        health.beginTrial()
        #expect(!health.takesTrial(at: 1_000))
        health.endTrial()
        #expect(health.takesTrial(at: 1_000))
        let passed = health.checked(0, .passed, at: 1_001)
        #expect(passed == .none && health.standing(at: 1_001) == .probation)
    }

    @Test
    func `a layer is lacking after so many misses in a row, until it shows up or time is over`() {
        var health = MemberHealth(settings { $0.checks = [Self.real] })
        for _ in 0..<2 { _ = health.missed("a", at: 0, isLast: false) }
        health.served("a")
        for _ in 0..<2 {
            let change = health.missed("a", at: 0, isLast: false)
            #expect(change == .none)
        }
        let change = health.missed("a", at: 0, isLast: false)
        #expect(change == .lacksLayers)
        #expect(health.standing(at: 59_999) == .out && health.standing(at: 60_000) == .fit)
        #expect(health.readiness(at: 0) == .lacksLayers)
        health.listed(["b"])
        #expect(health.gaps.names(at: 0) == ["a"])
        health.listed(["a", "b"])
        #expect(health.standing(at: 0) == .fit)
        for _ in 0..<9 { _ = health.missed("a", at: 0, isLast: true) }
        #expect(health.standing(at: 0) == .fit, "the last one is better than nobody")
    }

    @Test func `layers that are missed are remembered within bounds`() {
        var gaps = LayerGaps()
        for number in 0..<1_000 { gaps.missed("l\(number)", at: 0, needed: 1, span: 10) }
        #expect(gaps.names(at: 0).count == LayerGaps.limit)
        #expect(!gaps.isLacking(at: 10))
    }
}
