import Caching
import Edge
import Testing

@Suite("Token bucket: a rate with a burst")
struct TokenBucketTests {
    @Test("a burst, then one for each interval", arguments: [1, 3, 10])
    func burst(burst: Int) {
        let limit = RateLimit(requests: 4, per: 1_000, burst: burst)
        var bucket = TokenBucket()
        for _ in 0..<burst { #expect(bucket.take(limit, at: 5_000) == 0) }
        #expect(bucket.take(limit, at: 5_000) == 250)
        #expect(bucket.take(limit, at: 5_249) == 1)
        #expect(bucket.take(limit, at: 5_250) == 0)
        #expect(bucket.take(limit, at: 5_250) == 250)
        // A refusal costs nothing.
        for _ in 0..<100 { #expect(bucket.take(limit, at: 5_400) > 0) }
        #expect(bucket.take(limit, at: 5_500) == 0)
    }

    @Test("a pause fills it, and no more than that")
    func refill() {
        let limit = RateLimit(requests: 10, per: 1_000, burst: 5)
        var bucket = TokenBucket()
        for _ in 0..<5 { _ = bucket.take(limit, at: 0) }
        #expect(!bucket.isFull(at: 499))
        #expect(bucket.isFull(at: 500))
        var taken = 0
        while bucket.take(limit, at: 1_000_000) == 0 { taken += 1 }
        #expect(taken == 5)
    }

    @Test(
        "over a long time it is the rate, whatever the rhythm and the rounding",
        arguments: [(1, 1_000), (3, 1_000), (7, 60_000), (1_000, 1_000), (999, 1_001)])
    func rate(requests: Int, span: Int) {
        let limit = RateLimit(requests: requests, per: span, burst: 2)
        var bucket = TokenBucket()
        var now: Milliseconds = 0
        var taken = 0
        let spans = span > 10_000 ? 5 : 50
        var step = 1
        while now < Milliseconds(span * spans) {
            for _ in 0..<3 where bucket.take(limit, at: now) == 0 { taken += 1 }
            step = step % 3 + 1
            now += Milliseconds(min(step, max(1, span / requests)))
        }
        #expect(taken <= requests * spans + 2)
        #expect(taken >= requests * spans * 99 / 100 - 3)
    }

    @Test("what is asked for after the wait is given")
    func waits() {
        let limit = RateLimit(requests: 7, per: 1_000, burst: 3)
        var bucket = TokenBucket()
        var now: Milliseconds = 0
        for _ in 0..<200 {
            let wait = bucket.take(limit, at: now)
            guard wait > 0 else { continue }
            #expect(bucket.take(limit, at: now + wait - 1) > 0)
            now += wait
            #expect(bucket.take(limit, at: now) == 0)
        }
        #expect(now > 25_000)
    }

    @Test("a new limit holds at once; a clock that goes back gives nothing")
    func changes() {
        let narrow = RateLimit(requests: 1, per: 60_000, burst: 1)
        let wide = RateLimit(requests: 1_000, per: 1_000, burst: 100_000)
        var bucket = TokenBucket()
        #expect(bucket.take(narrow, at: 1_000) == 0)
        #expect(bucket.take(narrow, at: 0) == 61_000)
        #expect(bucket.take(wide, at: 1_000) == 0)
    }

    @Test("settings out of range are moved into it, and never overflow")
    func bounds() {
        var bucket = TokenBucket()
        let none = RateLimit(requests: 0, per: 0, burst: 0)
        #expect(none == RateLimit(requests: 1, per: 1, burst: 1))
        let most = RateLimit(requests: 1, per: .max, burst: .max)
        for _ in 0..<100 { #expect(bucket.take(most, at: 0) == 0) }
        var early = TokenBucket()
        #expect(early.take(none, at: 0) == 0)
        #expect(early.take(none, at: 0) == 1)
    }
}
