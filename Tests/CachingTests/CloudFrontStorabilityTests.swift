import Caching
import Testing

@Suite("CloudFront: what is cached at all")
struct CloudFrontStorabilityTests {
    private let policy = BehaviorPolicy.cloudFrontPure

    private func refusal(
        _ response: ResponseFacts, _ policy: BehaviorPolicy = .cloudFrontPure,
        to request: RequestFacts = ask()
    ) -> StoreRefusal? {
        if case .refused(let reason) = verdict(response, policy, to: request) { return reason }
        return nil
    }

    @Test(
        "these statuses are cached by the table, with no header at all",
        arguments: [
            200, 203, 204, 300, 301, 302,
        ])
    func statuses(_ status: Int) {
        let policy = policy.with { $0.defaultTTL = 60_000 }
        #expect(refusal(answer(status), policy) == nil)
    }

    @Test("307 and 308 are cached only with Cache-Control", arguments: [307, 308])
    func redirects(_ status: Int) {
        let policy = policy.with { $0.defaultTTL = 60_000 }
        #expect(refusal(answer(status), policy) == .statusNotCacheable)
        #expect(refusal(answer(status, "Cache-Control: public"), policy) == nil)
    }

    @Test("all bounds 0 disable caching, errors included")
    func disabled() {
        let policy = policy.with { $0.maxTTL = 0 }
        for status in [200, 404, 503] {
            #expect(refusal(answer(status, "Cache-Control: max-age=9"), policy) == .cachingDisabled)
        }
    }

    @Test("these errors are always cached", arguments: [404, 410, 414, 500, 501, 502, 503, 504])
    func errors(_ status: Int) {
        let stored = entry(answer(status), policy)
        #expect(stored?.flags.contains(.negative) == true)
        #expect(stored?.times.freshUntil == epoch + 10_000)
        #expect(stored?.times.sieUntil == epoch + 10_000)
    }

    @Test("these only with max-age or s-maxage", arguments: [400, 403, 405, 412, 415])
    func explicitErrors(_ status: Int) {
        #expect(refusal(answer(status)) == .statusNotCacheable)
        let expires = answer(status, "Expires: Sun, 06 Nov 1994 08:59:37 GMT")
        #expect(refusal(expires) == .statusNotCacheable)
        #expect(refusal(answer(status, "Cache-Control: max-age=60")) == nil)
        #expect(refusal(answer(status, "Cache-Control: s-maxage=60")) == nil)
    }

    @Test(
        "these never", arguments: [401, 402, 406, 408, 409, 411, 413, 416, 417, 429, 431, 451, 505])
    func neverErrors(_ status: Int) {
        #expect(refusal(answer(status, "Cache-Control: max-age=60")) == .statusNotCacheable)
    }

    @Test(
        "no-store, private and no-cache keep 404, 410, 414 and 501 out, and no other error",
        arguments: [
            "no-store", "private", "no-cache",
        ])
    func errorDirectives(_ directive: String) {
        for status in [404, 410, 414, 501] {
            #expect(refusal(answer(status, "Cache-Control: \(directive)")) != nil)
        }
        for status in [500, 502, 503, 504] {
            let stored = entry(answer(status, "Cache-Control: \(directive)"), policy)
            #expect(stored?.times.freshUntil == epoch + 10_000)
            #expect(stored?.flags.isDisjoint(with: [.noCache, .fallbackOnly]) == true)
        }
    }

    @Test("an error lifetime of 0 stores nothing")
    func noErrorTTL() {
        #expect(refusal(answer(404), policy.with { $0.errorTTL = 0 }) == .noFreshness)
    }

    @Test("no-cache under a minimum of 0 is stored and confirmed each time")
    func noCache() {
        let stored = entry(answer(200, "Cache-Control: no-cache", "ETag: \"a\""), policy)
        #expect(stored?.flags.contains(.noCache) == true)
    }

    @Test(
        "no-store and private are kept for when the origin is down",
        arguments: ["no-store", "private"])
    func fallback(_ directive: String) {
        let kept = entry(answer(200, "Cache-Control: \(directive)"), policy)
        #expect(kept?.flags.contains(.fallbackOnly) == true)
        let refusing = policy.with { $0.keepsFallback = false }
        #expect(refusal(answer(200, "Cache-Control: \(directive)"), refusing) != nil)
        #expect(refusal(answer(200, "Cache-Control: \(directive), stale-if-error=0")) != nil)
        #expect(refusal(answer(200, "Cache-Control: \(directive)"), .cloudFront) != nil)
    }

    @Test("what can never be fresh nor confirmed is kept for an outage as well")
    func uselessButForOutage() {
        for directive in ["no-cache", "max-age=0"] {
            let stored = entry(answer(200, "Cache-Control: \(directive)"), policy)
            #expect(stored?.times.sieUntil == epoch + BehaviorPolicy.year)
            let classed = refusal(answer(200, "Cache-Control: \(directive)"), .cloudFront)
            #expect(classed == .noFreshness)
        }
    }

    @Test("a minimum above 0 overrides them all", arguments: ["no-cache", "no-store", "private"])
    func overridden(_ directive: String) {
        let stored = entry(
            answer(200, "Cache-Control: \(directive)"), policy.with { $0.minTTL = 1_000 })
        #expect(stored?.times.freshUntil == epoch + 1_000)
        #expect(stored?.flags.isDisjoint(with: [.noCache, .fallbackOnly]) == true)
    }

    @Test("Vary: * is stored, but only for when the origin is down")
    func varyStar() {
        let stored = entry(answer(200, "Cache-Control: max-age=9", "Vary: *"), policy)
        #expect(stored?.flags.isSuperset(of: [.varyStar, .fallbackOnly]) == true)
        let minimum = policy.with { $0.minTTL = 1_000 }
        let ignored = entry(answer(200, "Vary: *"), minimum)
        #expect(ignored?.flags.isDisjoint(with: [.varyStar, .fallbackOnly]) == true)
    }

    @Test("Authorization and Set-Cookie do not forbid storing")
    func traps() {
        let response = answer(200, "Cache-Control: max-age=9", "Set-Cookie: a=1")
        #expect(refusal(response, to: ask("Authorization: Basic YTpi")) == nil)
    }
}
