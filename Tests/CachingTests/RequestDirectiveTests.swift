import Caching
import Testing

@Suite("RFC 9111 §5.2.1: request directives")
struct RequestDirectiveTests {
    private func decide(
        _ directives: String, stored: String = "max-age=100", after seconds: Int64 = 0,
        _ policy: BehaviorPolicy = .letter, field: String = "Cache-Control"
    ) -> Decision {
        guard let stored = entry(answer(200, "Cache-Control: \(stored)", "ETag: \"a\""), policy)
        else { return Decision(.pass, .absent) }
        return Caching.decide(
            .entry(stored), request: ask("\(field): \(directives)"), policy: policy, health: .up,
            now: epoch + seconds * 1_000)
    }

    @Test("§5.2.1.1: max-age bounds the age")
    func maxAge() {
        #expect(decide("max-age=20", after: 20).action == .serve)
        #expect(decide("max-age=20", after: 21) == Decision(.revalidate, .requestMaxAge))
        #expect(decide("max-age=0", after: 1) == Decision(.revalidate, .requestMaxAge))
        #expect("\(decide("max-age=20", after: 21).forwardParameter)" == "; fwd=request")
    }

    @Test("§5.2.1.2: max-stale takes what is stale by so much")
    func maxStale() {
        #expect(decide("max-stale=20", after: 120) == Decision(.serveStale, .maxStale))
        #expect(decide("max-stale=20", after: 121) == Decision(.revalidate, .stale))
        #expect(decide("max-stale", after: 9_999) == Decision(.serveStale, .maxStale))
        #expect(decide("max-stale", after: 50) == Decision(.serve, .fresh))
    }

    @Test("§5.2.1.1: max-age and max-stale together: age is bounded, staleness allowed")
    func both() {
        #expect(decide("max-age=150, max-stale", after: 140) == Decision(.serveStale, .maxStale))
        #expect(decide("max-age=150, max-stale", after: 160).action == .revalidate)
    }

    @Test("§5.2.1.1: a max-age takes nothing stale, whatever the response allows")
    func maxAgeIsNotStale() {
        let stored = "max-age=100, stale-while-revalidate=99"
        #expect(decide("max-age=150", stored: stored, after: 110).action == .revalidate)
        #expect(decide("max-age=150, max-stale", stored: stored, after: 110).action == .serveStale)
        #expect(decide("", stored: stored, after: 110).action == .serveStaleRefreshing)
        // What no-store brings may not be kept, so that nothing is refreshed for it.
        #expect(decide("no-store", stored: stored, after: 110).action == .serveStale)
    }

    @Test("§5.2.1.3: min-fresh asks for freshness to come")
    func minFresh() {
        #expect(decide("min-fresh=20", after: 80).action == .serve)
        #expect(decide("min-fresh=20", after: 81) == Decision(.revalidate, .requestMinFresh))
    }

    @Test("§5.2.1.4: no-cache has even the fresh confirmed")
    func noCache() {
        #expect(decide("no-cache") == Decision(.revalidate, .requestNoCache))
    }

    @Test("§5.4: Pragma: no-cache counts where there is no Cache-Control")
    func pragma() {
        #expect(decide("no-cache", field: "Pragma") == Decision(.revalidate, .requestNoCache))
        #expect(decide("x, No-Cache", field: "Pragma") == Decision(.revalidate, .requestNoCache))
        #expect(decide("other", field: "Pragma").action == .serve)
        let request = ask("Cache-Control: max-age=50", "Pragma: no-cache")
        #expect(!request.hasPragmaNoCache)
    }

    @Test("§5.2.1.7: only-if-cached gets 504 where nothing stored will do")
    func onlyIfCached() {
        #expect(decide("only-if-cached").action == .serve)
        #expect(decide("only-if-cached", after: 100) == Decision(.gatewayTimeout, .onlyIfCached))
        #expect(decide("only-if-cached, max-stale", after: 100).action == .serveStale)
        #expect(decide("only-if-cached, no-cache").action == .gatewayTimeout)
        let nothing = Caching.decide(
            .absent, request: ask("Cache-Control: only-if-cached"), policy: .letter, health: .up,
            now: epoch)
        #expect(nothing == Decision(.gatewayTimeout, .onlyIfCached))
        #expect(nothing.resultType == .error)
    }

    @Test("§5.2.1.5: no-store may still be answered from the store")
    func noStore() {
        #expect(decide("no-store").action == .serve)
    }

    @Test(
        "cloudfront mode obeys none of them",
        arguments: [
            "no-cache", "max-age=0", "min-fresh=9999", "only-if-cached", "no-store",
        ])
    func cloudFront(_ directive: String) {
        #expect(decide(directive, after: 1, .cloudFrontPure).action == .serve)
        #expect(decide(directive, after: 100, .cloudFrontPure).action == .revalidate)
        #expect(decide("max-stale", after: 100, .cloudFrontPure).action == .revalidate)
        #expect(decide("no-cache", .cloudFrontPure, field: "Pragma").action == .serve)
    }
}
