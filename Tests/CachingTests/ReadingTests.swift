import Caching
import Testing

@Suite("CloudFront: what is not documented, read the other way")
struct ReadingTests {
    private let policy = BehaviorPolicy.cloudFrontPure.with {
        ($0.defaultTTL, $0.maxTTL) = (60_000, 3_600_000)
    }

    private func lifetime(
        _ response: ResponseFacts, _ change: (inout BehaviorPolicy) -> Void
    ) -> Milliseconds {
        freshnessLifetime(response, policy.with(change), now: epoch).milliseconds
    }

    @Test("each key is one flag, and no two are the same")
    func table() {
        #expect(Set(Reading.all.map(\.key)).count == Reading.all.count)
        for reading in Reading.all {
            var other = policy
            other[keyPath: reading.flag].toggle()
            let changed = Reading.all.filter {
                other[keyPath: $0.flag] != policy[keyPath: $0.flag]
            }
            #expect(changed.map(\.key) == [reading.key])
            #expect(Reading.named(reading.key)?.key == reading.key)
        }
    }

    @Test("lifetimes")
    func lifetimes() {
        let expires = answer(200, "Expires: soon")
        #expect(lifetime(expires) { _ in } == 0)
        #expect(lifetime(expires) { $0.ignoresInvalidExpires = true } == 60_000)
        for name in ["max-age", "s-maxage"] {
            let twice = answer(200, "Cache-Control: \(name)=10, \(name)=10")
            #expect(lifetime(twice) { _ in } == 10_000)
            #expect(lifetime(twice) { $0.repeatedMaxAgeIsStale = true } == 0)
        }
        let lines = answer(200, "Cache-Control: max-age=10", "Cache-Control: max-age=20")
        #expect(lifetime(lines) { $0.repeatedMaxAgeIsStale = true } == 0)
        let once = answer(200, "Cache-Control: max-age=10, s-maxage=20")
        #expect(lifetime(once) { $0.repeatedMaxAgeIsStale = true } == 20_000)
        let pragma = answer(200, "Pragma: x, no-cache")
        #expect(lifetime(pragma) { _ in } == 60_000)
        #expect(lifetime(pragma) { $0.honoursResponsePragma = true } == 0)
        let both = answer(200, "Pragma: no-cache", "Cache-Control: public")
        #expect(lifetime(both) { $0.honoursResponsePragma = true } == 60_000)
        let names = answer(200, "Cache-Control: max-age=10, private=\"X\"")
        #expect(lifetime(names) { _ in } == 10_000)
        #expect(lifetime(names) { $0.ignoresPrivateNames = true } == 0)
    }

    @Test("stale windows, from the end of the lifetime or from storing")
    func windows() {
        let response = answer(
            200, "Cache-Control: max-age=3000, stale-while-revalidate=9000, stale-if-error=9000")
        let bounded = entry(response, policy)?.times
        #expect(bounded?.swrUntil == epoch + 3_600_000 && bounded?.sieUntil == epoch + 3_600_000)
        let open = entry(response, policy.with { $0.staleOutlivesMaxTTL = true })?.times
        #expect(open?.swrUntil == epoch + 6_600_000 && open?.sieUntil == epoch + 6_600_000)
    }

    @Test("a 304 that says nothing of freshness")
    func confirmation() throws {
        let stored = answer(200, "Cache-Control: max-age=10", "ETag: \"a\"")
        let header = try #require(entry(stored, policy))
        let block = Array("Cache-Control: max-age=10\r\nETag: \"a\"\r\n".utf8)
        func fresh(_ update: ResponseFacts, _ replaces: Bool) -> Milliseconds? {
            header.refreshed(
                block: block.span.bytes, update: update, request: ask(),
                policy: policy.with { $0.replacesLifetimeOn304 = replaces }, requestTime: epoch,
                responseTime: epoch
            ).map { $0.times.freshUntil - epoch }
        }
        #expect(fresh(answer(304, "ETag: \"a\""), false) == 10_000)
        #expect(fresh(answer(304, "ETag: \"a\""), true) == 60_000)
        #expect(fresh(answer(304, "Cache-Control: max-age=10"), true) == 10_000)
    }

    @Test("every status about which nothing is said is kept if it is listed, and only then")
    func statuses() {
        for status in StatusSet.all {
            let listed = policy.with { $0.cachedStatuses = StatusSet([status]) }
            let others = policy.with {
                $0.cachedStatuses = StatusSet(StatusSet.all.filter { $0 != status })
            }
            #expect(entry(answer(status), listed) != nil, "\(status)")
            #expect(entry(answer(status), others) == nil, "\(status)")
            let isError = status >= 400
            #expect(entry(answer(status), listed)?.flags.contains(.negative) == isError)
            let never = answer(status, "Cache-Control: no-store, stale-if-error=0")
            #expect(entry(never, listed) == nil)
        }
        let none = policy.with { $0.cachedStatuses = StatusSet([404, 200]) }
        #expect(none.cachedStatuses == [] && entry(answer(404), none) != nil)
        #expect(StatusSet.standard == StatusSet([203, 204, 300, 410]))
    }
}
