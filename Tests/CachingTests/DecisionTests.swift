import Caching
import Testing

@Suite("RFC 9111 §4: decisions")
struct DecisionTests {
    private func decide(
        _ fields: String, after seconds: Int64 = 0, _ policy: BehaviorPolicy = .letter,
        request: RequestFacts = ask(), health: OriginHealth = .up, tag: Bool = true
    ) -> Decision {
        let response =
            tag
            ? answer(200, "Cache-Control: \(fields)", "ETag: \"a\"")
            : answer(200, "Cache-Control: \(fields)")
        guard let stored = entry(response, policy) else {
            return Caching.decide(
                .absent, request: request, policy: policy, health: health, now: epoch)
        }
        return Caching.decide(
            .entry(stored), request: request, policy: policy, health: health,
            now: epoch + seconds * 1_000)
    }

    @Test("each reason has a word and a sentence of its own, each action a word")
    func sentences() {
        let reasons = DecisionReason.allCases
        #expect(Set(reasons.map { "\($0.sentence)" }).count == reasons.count)
        #expect(Set(reasons.map { "\($0.word)" }).count == reasons.count)
        let actions = Decision.Action.allCases
        #expect(Set(actions.map { "\($0.word)" }).count == actions.count)
    }

    @Test("§4: a fresh response is served")
    func fresh() {
        #expect(decide("max-age=10", after: 9) == Decision(.serve, .fresh))
        #expect(decide("max-age=10", after: 9).resultType == .hit)
        #expect("\(decide("max-age=10").forwardParameter)" == "; hit")
    }

    @Test("§4: nothing stored means fetching")
    func absent() {
        for (lookup, reason, word) in [
            (Lookup.absent, DecisionReason.absent, "; fwd=uri-miss"),
            (.variantAbsent, .variantAbsent, "; fwd=vary-miss"),
        ] {
            let decision = Caching.decide(
                lookup, request: ask(), policy: .letter, health: .up, now: epoch)
            #expect(decision == Decision(.fetch, reason))
            #expect("\(decision.forwardParameter)" == word)
        }
    }

    @Test("§4.2: at the end of its lifetime a response is no longer fresh, to the millisecond")
    func stale() {
        #expect(decide("max-age=10", after: 10) == Decision(.revalidate, .stale))
        #expect(decide("max-age=10", after: 10, tag: false) == Decision(.fetch, .stale))
    }

    @Test(
        "§4: methods that are not cacheable pass",
        arguments: ["POST", "PUT", "DELETE", "OPTIONS", "X"])
    func methods(_ method: String) {
        let decision = decide("max-age=10", request: ask(method: method))
        #expect(decision == Decision(.pass, .method))
    }

    @Test("RFC 9110 §9.3.2: HEAD is answered from a stored GET")
    func head() {
        #expect(decide("max-age=10", request: ask(method: "HEAD")) == Decision(.serve, .fresh))
    }

    @Test(
        "§4.3.2: If-Match and If-Unmodified-Since are the origin's to judge",
        arguments: [
            "If-Match: \"a\"", "If-Unmodified-Since: \(epochDate)",
        ])
    func preconditions(_ field: String) {
        #expect(decide("max-age=10", request: ask(field)) == Decision(.pass, .precondition))
    }

    @Test("§5.2.2.4: no-cache is confirmed before every use")
    func noCache() {
        #expect(decide("no-cache, max-age=10") == Decision(.revalidate, .noCache))
        #expect(decide("no-cache, max-age=10", .cloudFrontPure) == Decision(.revalidate, .noCache))
    }

    @Test("RFC 5861 §3: stale-while-revalidate answers at once and refreshes")
    func whileRevalidate() {
        let value = "max-age=10, stale-while-revalidate=30"
        let now = Decision(.serveStaleRefreshing, .staleWhileRevalidate)
        #expect(decide(value, after: 10) == now)
        #expect(decide(value, after: 39) == now)
        #expect(decide(value, after: 40) == Decision(.revalidate, .stale))
    }

    @Test("§5.2.1.5: what no-store forbids to keep is not fetched behind a stale answer")
    func noStoreRequest() {
        let value = "max-age=10, stale-while-revalidate=30"
        let request = ask("Cache-Control: no-store")
        #expect(
            decide(value, after: 10, request: request)
                == Decision(.serveStale, .staleWhileRevalidate))
        #expect(
            decide("max-age=10", after: 20, request: request, health: .allDown)
                == Decision(.serveStale, .originDown))
        #expect(decide(value, after: 40, request: request) == Decision(.revalidate, .stale))
        // CloudFront does not heed it.
        #expect(
            decide(value, after: 10, .cloudFrontPure, request: request)
                == Decision(.serveStaleRefreshing, .staleWhileRevalidate))
    }

    @Test(
        "§4.2.4: explicit directives forbid stale use",
        arguments: [
            "max-age=10, must-revalidate", "max-age=10, proxy-revalidate", "s-maxage=10",
        ])
    func forbidden(_ value: String) {
        let value = value + ", stale-while-revalidate=30"
        #expect(decide(value, after: 10) == Decision(.revalidate, .stale))
        #expect(decide(value, after: 10, health: .allDown) == Decision(.revalidate, .stale))
        let patient = ask("Cache-Control: max-stale")
        #expect(decide(value, after: 10, request: patient) == Decision(.revalidate, .stale))
        // CloudFront does not let them.
        #expect(
            decide(value, after: 10, .cloudFrontPure)
                == Decision(.serveStaleRefreshing, .staleWhileRevalidate))
    }

    @Test("§4.2.4: with every member down a stale response is served at once")
    func originDown() {
        let decision = decide("max-age=10", after: 20, health: .allDown)
        #expect(decision == Decision(.serveStaleRefreshing, .originDown))
        let spent = decide("max-age=10, stale-if-error=5", after: 20, health: .allDown)
        #expect(spent == Decision(.revalidate, .stale))
        let willing = ask("Cache-Control: stale-if-error=11")
        let longer = decide(
            "max-age=10, stale-if-error=5", after: 20, request: willing, health: .allDown)
        #expect(longer == Decision(.serveStaleRefreshing, .originDown))
        #expect(decide("max-age=10", after: 9, health: .allDown) == Decision(.serve, .fresh))
    }

    @Test("law 6: a session bypasses the store")
    func session() {
        var request = ask()
        request.hasSession = true
        #expect(decide("max-age=10", request: request) == Decision(.pass, .session))
        #expect(decide("max-age=10", .cloudFrontPure, request: request).action == .serve)
    }

    @Test("§3.5: an authenticated request gets only what is shared explicitly")
    func authorization() {
        let request = ask("Authorization: Basic YTpi")
        #expect(decide("max-age=10", request: request) == Decision(.fetch, .authorization))
        #expect(decide("public, max-age=10", request: request) == Decision(.serve, .fresh))
        #expect(decide("max-age=10", .cloudFrontPure, request: request).action == .serve)
    }

    @Test("RFC 9111 §4: plain requests for one key share a fetch")
    func collapsing() {
        #expect(mayCollapse(ask(), policy: .letter))
        #expect(mayCollapse(ask("If-None-Match: \"a\""), policy: .letter))
        #expect(!mayCollapse(ask(), policy: BehaviorPolicy.letter.with { $0.collapses = false }))
        #expect(mayCollapse(ask("Range: bytes=0-1"), policy: .letter))
        #expect(mayCollapse(ask(method: "HEAD"), policy: .letter))
        #expect(!mayCollapse(ask(method: "POST"), policy: .letter))
        #expect(!mayCollapse(ask("Content-Length: 1"), policy: .letter))
        #expect(!mayCollapse(ask("If-Match: \"a\""), policy: .letter))
        #expect(!mayCollapse(ask("Cache-Control: no-store"), policy: .letter))
    }

    @Test("law 6: a fetch with credentials is nobody else's")
    func notCollapsing() {
        let request = ask("Authorization: Basic YTpi")
        #expect(!mayCollapse(request, policy: .letter))
        #expect(mayCollapse(request, policy: .cloudFrontPure))
        var session = ask()
        session.hasSession = true
        #expect(!mayCollapse(session, policy: .letter))
        #expect(mayCollapse(session, policy: .cloudFrontPure))
    }

    @Test("caching disabled passes everything")
    func disabled() {
        let policy = BehaviorPolicy.cloudFrontPure.with { $0.maxTTL = 0 }
        #expect(decide("max-age=10", policy) == Decision(.pass, .cachingDisabled))
    }

    @Test("a request with a body passes")
    func body() {
        #expect(
            decide("max-age=10", request: ask("Content-Length: 1")) == Decision(.pass, .requestBody)
        )
    }

    @Test("what is kept for an outage is not served before it")
    func fallbackOnly() {
        #expect(decide("private", .cloudFrontPure) == Decision(.fetch, .fallbackOnly))
    }

    @Test("a stored error is served while fresh, and asked for anew without a condition")
    func negative() throws {
        let stored = try #require(entry(answer(404, "ETag: \"a\""), .cloudFrontPure))
        func at(_ seconds: Int64, _ health: OriginHealth = .up) -> Decision {
            Caching.decide(
                .entry(stored), request: ask(), policy: .cloudFrontPure, health: health,
                now: epoch + seconds * 1_000)
        }
        #expect(at(9) == Decision(.serve, .cachedError))
        #expect(at(9).resultType == .error)
        #expect(at(10) == Decision(.fetch, .stale))
        #expect(at(10, .allDown) == Decision(.fetch, .stale))
    }

    @Test("a clock set back does not make an entry immortal")
    func clockSetBack() {
        #expect(decide("max-age=10", after: -1_000).action == .serve)
        #expect(decide("max-age=10", after: 10).action == .revalidate)
    }

    @Test("every reason has a word and a Cache-Status parameter")
    func words() {
        #expect(
            Set(DecisionReason.allCases.map { "\($0.word)" }).count == DecisionReason.allCases.count
        )
        for reason in DecisionReason.allCases {
            #expect("\(reason.cacheStatusParameter)".hasPrefix("; "))
        }
    }
}
