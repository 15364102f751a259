import Caching
import Testing

@testable import Edge

@Suite("Retry-After and second requests")
struct RetryAfterTests {
    private func milliseconds(_ text: String, at now: Milliseconds = 784_111_777_000)
        -> Milliseconds?
    {
        let bytes = Array(text.utf8)
        return RetryAfter.milliseconds(bytes.span.bytes, now: now)
    }

    @Test(
        "seconds, or a date in each of its forms; anything else is no wait",
        arguments: [
            ("0", 0), ("3", 3_000), ("120", 120_000),
            ("99999999999999999999999", 4_294_967_296_000),
            ("Sun, 06 Nov 1994 08:49:47 GMT", 10_000),
            ("Sunday, 06-Nov-94 08:49:47 GMT", 10_000), ("Sun Nov  6 08:49:47 1994", 10_000),
            ("Sun, 06 Nov 1994 08:49:30 GMT", 0), ("", nil), ("-3", nil), ("3.5", nil),
            ("3 s", nil), ("soon", nil),
        ] as [(String, Milliseconds?)])
    func reads(text: String, expected: Milliseconds?) {
        #expect(milliseconds(text) == expected)
    }

    @Test(
        "a wait is told in whole seconds, never fewer",
        arguments: [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (59_999, 60)])
    func seconds(wait: Milliseconds, expected: Int) {
        #expect(RetryAfter.seconds(wait) == expected)
    }

    @Test("slow is what is slower than the percentile, once enough is known")
    func percentile() {
        var settings = HedgeSettings()
        settings.budgetPercent = 5
        settings.percentile = 90
        var budget = HedgeBudget(settings)
        for value in 1...31 { budget.answered(after: Int64(value * 10)) }
        #expect(budget.delay == nil)
        budget.answered(after: 320)
        #expect(budget.delay == 290)
        for _ in 0..<256 { budget.answered(after: 2) }
        #expect(budget.delay == HedgeBudget.delayMin, "what is old is forgotten, and 2 ms are none")
    }

    @Test("without a budget nothing is slow, and a fixed delay needs no answers")
    func fixed() {
        var settings = HedgeSettings()
        settings.delay = 200
        #expect(HedgeBudget(settings).delay == nil)
        #expect(!HedgeBudget(settings).hasToken)
        settings.budgetPercent = 1
        var budget = HedgeBudget(settings)
        #expect(budget.delay == 200)
        #expect(budget.hasToken)
        budget.take()
        for _ in 0..<99 { budget.requested() }
        #expect(!budget.hasToken)
        for _ in 0..<2 { budget.requested() }
        #expect(budget.hasToken)
    }
}
