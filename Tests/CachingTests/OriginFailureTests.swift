import Caching
import Testing

@Suite("RFC 9111 §4.2.4, RFC 5861 §4: failing origins")
struct OriginFailureTests {
    private func outcome(
        _ value: String, after seconds: Int64 = 20, _ failure: OriginFailure = .unreachable,
        _ policy: BehaviorPolicy = .letter, request: RequestFacts = ask()
    ) -> FailureDecision {
        let stored = entry(answer(200, "Cache-Control: \(value)", "ETag: \"a\""), policy)
        return onOriginFailure(
            stored, failure: failure, policy: policy, request: request,
            now: epoch + seconds * 1_000)
    }

    @Test("a disconnected cache may serve stale")
    func disconnected() {
        #expect(outcome("max-age=10") == .serveStale(.staleIfError))
    }

    @Test("§4.3.3: a 5xx counts as no answer", arguments: [500, 502, 503, 504, 599])
    func serverErrors(_ status: Int) {
        #expect(outcome("max-age=10", .status(status)) == .serveStale(.staleIfError))
    }

    @Test("other statuses are answers", arguments: [200, 304, 400, 404, 410, 429, 600])
    func answers(_ status: Int) {
        #expect(outcome("max-age=10", .status(status)) == .relay(.notAFailure))
        #expect(outcome("max-age=10", .status(status), .cloudFrontPure) == .relay(.notAFailure))
    }

    @Test(
        "explicit directives forbid it in rfc9111 mode, and not in CloudFront",
        arguments: [
            "max-age=10, must-revalidate", "max-age=10, proxy-revalidate", "s-maxage=10",
            "no-cache, max-age=10",
        ])
    func forbidden(_ value: String) {
        #expect(outcome(value) == .relay(.staleForbidden))
        #expect(outcome(value, .unreachable, .cloudFrontPure) == .serveStale(.staleIfError))
    }

    @Test("no-cache forbids it while fresh as well; the others do not")
    func fresh() {
        #expect(outcome("no-cache, max-age=100") == .relay(.staleForbidden))
        #expect(outcome("must-revalidate, max-age=100") == .serveStale(.staleIfError))
    }

    @Test("the budget is stale-if-error, or the behavior's")
    func budget() {
        #expect(outcome("max-age=10, stale-if-error=11", after: 20) == .serveStale(.staleIfError))
        #expect(outcome("max-age=10, stale-if-error=10", after: 20) == .relay(.staleBudgetSpent))
        #expect(outcome("max-age=10, stale-if-error=0", after: 10) == .relay(.staleBudgetSpent))
        #expect(outcome("max-age=10", after: 86_410) == .relay(.staleBudgetSpent))
    }

    @Test("RFC 5861 §4: a request may take it for longer, and never for less")
    func request() {
        let longer = ask("Cache-Control: stale-if-error=11")
        let value = "max-age=10, stale-if-error=5"
        #expect(outcome(value, after: 20) == .relay(.staleBudgetSpent))
        #expect(outcome(value, after: 20, request: longer) == .serveStale(.staleIfError))
        #expect(outcome(value, after: 21, request: longer) == .relay(.staleBudgetSpent))
        let less = ask("Cache-Control: stale-if-error=0")
        #expect(outcome(value, after: 14, request: less) == .serveStale(.staleIfError))
        #expect(
            outcome(value + ", must-revalidate", after: 20, request: longer)
                == .relay(.staleForbidden))
        #expect(
            outcome(value, after: 20, .unreachable, .cloudFrontPure, request: longer)
                == .relay(.staleBudgetSpent))
    }

    @Test("CloudFront: stale-if-error=0 lets the error through")
    func cloudFrontZero() {
        let value = "max-age=10, stale-if-error=0"
        #expect(outcome(value, .status(503), .cloudFrontPure) == .relay(.staleBudgetSpent))
    }

    @Test(
        "CloudFront: no-store and private stand in during an outage",
        arguments: ["private", "no-store"])
    func fallback(_ value: String) {
        #expect(outcome(value, .unreachable, .cloudFrontPure) == .serveStale(.staleIfError))
    }

    @Test(
        "§5.2.1: a request's wish for something fresh gives way",
        arguments: [
            "no-cache", "max-age=0", "min-fresh=99",
        ])
    func wishes(_ directive: String) {
        let request = ask("Cache-Control: \(directive)")
        #expect(outcome("max-age=10", request: request) == .serveStale(.staleIfError))
    }

    @Test("law 6: nobody gets another's page because the origin is down")
    func sharing() {
        var session = ask()
        session.hasSession = true
        #expect(outcome("max-age=10", request: session) == .relay(.session))
        let request = ask("Authorization: Basic YTpi")
        #expect(outcome("max-age=10", request: request) == .relay(.authorization))
        #expect(outcome("public, max-age=10", request: request) == .serveStale(.staleIfError))
    }

    @Test("nothing stored, or only an error, is nothing to serve")
    func nothing() {
        let none = onOriginFailure(
            nil, failure: .unreachable, policy: .letter, request: ask(), now: epoch)
        #expect(none == .relay(.nothingStored))
        let error = onOriginFailure(
            entry(answer(404), .cloudFrontPure), failure: .unreachable, policy: .cloudFrontPure,
            request: ask(), now: epoch)
        #expect(error == .relay(.nothingStored))
    }

    @Test("a part stands in only for a range within it")
    func partial() throws {
        var part = try #require(entry(answer(200, "Cache-Control: max-age=10")))
        (part.kind, part.rangeStart, part.bodyLength, part.completeLength) = (.partial, 0, 100, 200)
        func outcome(_ request: RequestFacts) -> FailureDecision {
            onOriginFailure(
                part, failure: .unreachable, policy: .letter, request: request, now: epoch)
        }
        #expect(outcome(ask()) == .relay(.partial))
        #expect(outcome(ask("Range: bytes=0-99")) == .serveStale(.staleIfError))
        #expect(outcome(ask("Range: bytes=0-100")) == .relay(.partial))
    }
}
