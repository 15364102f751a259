import Caching
import Testing

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
        #expect(!health.isEligible(at: 999))
        #expect(health.isEligible(at: 1_000))
    }

    @Test func `the last member is never ejected`() {
        var health = MemberHealth(settings())
        for _ in 0..<50 { _ = health.exchangeFailed(at: 0, isLast: true) }
        #expect(health.isEligible(at: 0))
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
        #expect(health.isEligible(at: 60_000))
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
        var health = MemberHealth(settings { $0.path = "/up" })
        let change7 = health.checked(false, at: 0)
        #expect(change7 == .none)
        let change8 = health.checked(false, at: 0)
        #expect(change8 == .none)
        let change9 = health.checked(true, at: 0)
        #expect(change9 == .none)
        for _ in 0..<2 {
            let change10 = health.checked(false, at: 0)
            #expect(change10 == .none)
        }
        let change11 = health.checked(false, at: 0)
        #expect(change11 == .wentDown)
        #expect(!health.isUp)
        let change12 = health.exchangeSucceeded(at: 0)
        #expect(change12 == .none)
        #expect(!health.isUp, "a check that asks for more than an answer has the say")
        let change13 = health.checked(true, at: 0)
        #expect(change13 == .none)
        let change14 = health.checked(true, at: 0)
        #expect(change14 == .cameUp)
    }

    @Test func `an answer says more than a check that could only connect`() {
        var health = MemberHealth(settings())
        for _ in 0..<3 { _ = health.checked(false, at: 0) }
        #expect(!health.isUp)
        _ = health.exchangeSucceeded(at: 5)
        #expect(health.isEligible(at: 5))
    }
}
