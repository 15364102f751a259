import Caching
import Testing

@Suite("A lifetime that an invalidation ended")
struct EndedLifetimeTests {
    private func times(swr: Milliseconds, sie: Milliseconds) -> EntryTimes {
        EntryTimes(
            storedAt: 0, initialAge: 0, freshUntil: 1_000, swrUntil: 1_000 + swr,
            sieUntil: 1_000 + sie)
    }

    @Test("windows stay where the response opened them, and closed where it did not")
    func windows() {
        var both = times(swr: 50, sie: 60)
        both.end(at: 400)
        #expect(both.freshUntil == 400 && both.swrUntil == 1_050 && both.sieUntil == 1_060)
        var none = times(swr: 0, sie: 0)
        none.end(at: 400)
        #expect(none.freshUntil == 400 && none.swrUntil == 400 && none.sieUntil == 400)
    }

    @Test("what is stale already is not touched, and a second end changes nothing")
    func late() {
        var stale = times(swr: 0, sie: 60)
        stale.end(at: 1_000)
        #expect(stale == times(swr: 0, sie: 60))
        var ended = times(swr: 0, sie: 60)
        ended.end(at: 400)
        let once = ended
        ended.end(at: 500)
        #expect(ended == once)
    }

    @Test("what a write may have changed is not served while it is revalidated")
    func doubt() {
        var both = times(swr: 50, sie: 60)
        both.doubt(at: 400)
        #expect(both.freshUntil == 400 && both.swrUntil == 400 && both.sieUntil == 1_060)
        let once = both
        both.doubt(at: 500)
        #expect(both == once)
        var stale = times(swr: 50, sie: 60)
        stale.doubt(at: 1_020)
        #expect(stale.freshUntil == 1_000 && stale.swrUntil == 1_020 && stale.sieUntil == 1_060)
        var none = times(swr: 0, sie: 0)
        none.doubt(at: 2_000)
        #expect(none == times(swr: 0, sie: 0))
    }

    @Test(
        "it is decided on as any stale entry",
        arguments: [
            (Milliseconds(0), OriginHealth.up, Decision(.revalidate, .stale)),
            (50, .up, Decision(.serveStaleRefreshing, .staleWhileRevalidate)),
            (0, .allDown, Decision(.serveStaleRefreshing, .originDown)),
        ])
    func decision(_ swr: Milliseconds, _ health: OriginHealth, _ expected: Decision) {
        var entry = EntryHeader(
            status: 200, flags: [.hasETag], times: times(swr: swr, sie: 60))
        entry.times.end(at: 400)
        let decision = decide(
            .entry(entry), request: ask(),
            policy: .standard(mode: .cloudfront), health: health, now: 400)
        #expect(decision == expected)
    }
}
