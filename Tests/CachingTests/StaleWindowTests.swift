import Caching
import Testing

@Suite("RFC 5861 and CloudFront: stale windows")
struct StaleWindowTests {
    private func times(_ value: String, _ policy: BehaviorPolicy = .letter) -> EntryTimes? {
        entry(answer(200, "Cache-Control: \(value)"), policy)?.times
    }

    @Test("RFC 5861 §3: stale-while-revalidate counts from the end of freshness")
    func whileRevalidate() {
        let times = times("max-age=10, stale-while-revalidate=30")
        #expect(times?.freshUntil == epoch + 10_000)
        #expect(times?.swrUntil == epoch + 40_000)
    }

    @Test("RFC 5861 §4: stale-if-error counts from the end of freshness")
    func ifError() {
        #expect(times("max-age=10, stale-if-error=30")?.sieUntil == epoch + 40_000)
        #expect(times("max-age=10, stale-if-error=0")?.sieUntil == epoch + 10_000)
    }

    @Test("without them the behavior's defaults count")
    func defaults() {
        let policy = BehaviorPolicy.letter.with {
            ($0.staleWhileRevalidate, $0.staleIfError) = (5_000, 7_000)
        }
        #expect(times("max-age=10", policy)?.swrUntil == epoch + 15_000)
        #expect(times("max-age=10", policy)?.sieUntil == epoch + 17_000)
        #expect(times("max-age=10")?.swrUntil == epoch + 10_000)
        #expect(times("max-age=10")?.sieUntil == epoch + 86_410_000)
    }

    @Test("no window lasts longer than the maximum after storing")
    func capped() {
        var policy = BehaviorPolicy.cloudFrontPure
        policy.maxTTL = 60_000
        let times = times("max-age=50, stale-while-revalidate=30, stale-if-error=99", policy)
        #expect(times?.freshUntil == epoch + 50_000)
        #expect(times?.swrUntil == epoch + 60_000)
        #expect(times?.sieUntil == epoch + 60_000)
    }

    @Test("CloudFront keeps what has no stale-if-error for as long as the maximum")
    func cloudFrontDefault() {
        #expect(times("max-age=10", .cloudFrontPure)?.sieUntil == epoch + BehaviorPolicy.year)
    }

    @Test("windows that overflow end with the maximum")
    func overflow() {
        let value = "max-age=10, stale-while-revalidate=99999999999, stale-if-error=99999999999"
        #expect(times(value)?.swrUntil == epoch + BehaviorPolicy.year)
        #expect(times(value)?.sieUntil == epoch + BehaviorPolicy.year)
    }

    @Test("a stored error stands in for nothing")
    func errors() {
        let stored = entry(answer(404, "Cache-Control: max-age=10, stale-if-error=99"))
        #expect(stored?.times.sieUntil == epoch + 10_000)
        #expect(stored?.times.usefulUntil == epoch + 10_000)
    }

    @Test("an entry is useful until its last window ends")
    func useful() {
        let times = times("max-age=10, stale-while-revalidate=30, stale-if-error=20")
        #expect(times?.usefulUntil == epoch + 40_000)
        #expect(times?.remaining(at: epoch + 4_000) == 6_000)
        #expect(times?.remaining(at: epoch + 40_000) == 0)
    }
}
