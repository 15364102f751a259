import Caching
import Testing

@testable import Edge

@Suite("The breaker of the site's own calls: pure, the clock is the test's")
struct CircuitBreakerTests {
    private let settings = SouthboundSettings()

    private func opened(at now: Milliseconds = 0) -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for _ in 0..<settings.breakerFailures { _ = breaker.failed(at: now, settings) }
        return breaker
    }

    @Test func `it opens at the failure that is one too many in a row, and says so once`() {
        var breaker = CircuitBreaker()
        var changes = (0..<2).map { _ in breaker.failed(at: 0, settings) }
        changes.append(breaker.answered())
        changes += (0..<4).map { _ in breaker.failed(at: 0, settings) }
        #expect(changes == [.none, .none, .none, .none, .none, .opened, .none])
    }

    @Test func `open, it admits nobody; when its time is over, one`() {
        var breaker = opened(at: 100)
        let times: [Milliseconds] = [100, 5_099, 5_100, 5_100]
        let admitted = times.map { breaker.admits(at: $0) }
        #expect(admitted == [false, false, true, false])
        let (change, isAdmitted) = (breaker.answered(), breaker.admits(at: 5_100))
        #expect(change == .closed)
        #expect(isAdmitted)
        #expect(breaker.failures == 0)
    }

    @Test func `each trial that fails doubles its time, up to the maximum`() {
        var breaker = opened()
        var (now, spans): (Milliseconds, [Milliseconds]) = (0, [])
        for _ in 0..<6 {
            guard case .open(let until) = breaker.state else { break }
            spans.append(until - now)
            now = until
            let (isTrial, change) = (breaker.admits(at: now), breaker.failed(at: now, settings))
            #expect(isTrial)
            #expect(change == .none)
        }
        #expect(spans == [5_000, 10_000, 20_000, 40_000, 60_000, 60_000])
    }

    @Test func `a trial of which nothing is heard is followed by another`() {
        var breaker = opened()
        let times: [Milliseconds] = [5_000, 9_999, 10_000]
        let admitted = times.map { breaker.admits(at: $0) }
        #expect(admitted == [true, false, true])
    }

    @Test func `calls that were under way when it opened do not keep it open`() {
        var breaker = opened(at: 0)
        for now in stride(from: Milliseconds(0), through: 4_000, by: 500) {
            _ = breaker.failed(at: now, settings)
        }
        #expect(breaker.state == .open(until: 5_000))
        // But an answer to one of them is an answer.
        let change = breaker.answered()
        #expect(change == .closed)
    }
}
