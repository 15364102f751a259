import Caching
import Testing

@Suite("Whose a page is")
struct PageStandingTests {
    private struct Asked: Sendable, CustomTestStringConvertible {
        var cookies: [CookieClass]
        var hasToken = false
        var hasWritten = false
        var keysLanguage = false
        var standing: PageStanding
        var testDescription: String { "\(cookies) \(hasToken) \(hasWritten) \(keysLanguage)" }
    }

    private static let asked: [Asked] = [
        Asked(cookies: [], standing: .anonymous),
        Asked(cookies: [.analytics], standing: .anonymous),
        Asked(cookies: [.csrf], standing: .anonymous),
        Asked(cookies: [.csrf, .analytics], hasWritten: true, standing: .ownWrite),
        Asked(cookies: [.session], standing: .session),
        Asked(cookies: [.session, .messages], hasWritten: true, standing: .session),
        Asked(cookies: [], hasToken: true, standing: .session),
        Asked(cookies: [.messages], standing: .messages),
        Asked(cookies: [.unlisted], standing: .unlistedCookie),
        Asked(cookies: [.unlisted], keysLanguage: true, standing: .unlistedCookie),
        Asked(cookies: [.locale], standing: .unlistedCookie),
        Asked(cookies: [.locale], keysLanguage: true, standing: .anonymous),
        Asked(cookies: [], hasWritten: true, standing: .ownWrite),
    ]

    @Test("by its cookies, its token and what its reader has written", arguments: asked)
    private func standing(_ asked: Asked) {
        let standing = PageStanding.of(
            CookiesSeen(asked.cookies), hasToken: asked.hasToken, hasWritten: asked.hasWritten,
            keysLanguage: asked.keysLanguage)
        #expect(standing == asked.standing)
    }

    @Test("what is private passes, is not waited for, not stored, not replaced by what is")
    func isPrivate() throws {
        let response = answer(200, "Cache-Control: max-age=9")
        let stored = try #require(entry(response, .cloudFront))
        for standing in PageStanding.allCases {
            var request = ask()
            request.standing = standing
            let decision = decide(
                .entry(stored), request: request, policy: .cloudFront, health: .up, now: epoch)
            let failed = onOriginFailure(
                stored, failure: .unreachable, policy: .cloudFront, request: request, now: epoch)
            let isPrivate = ![.unjudged, .anonymous].contains(standing)
            #expect(standing.isPrivate == isPrivate)
            #expect((decision.action == .pass) == isPrivate)
            #expect(mayCollapse(request, policy: .cloudFront) == !isPrivate)
            #expect((verdict(response, request) != nil) == isPrivate)
            #expect((failed == .serveStale(.staleIfError)) == !isPrivate)
        }
    }

    private static let pages = BehaviorPolicy.standard(mode: .cloudfront, .pages)

    private func verdict(
        _ response: ResponseFacts, _ request: RequestFacts, _ policy: BehaviorPolicy = pages
    ) -> StoreRefusal? {
        let question = StoreQuestion(response, policy, request: request)
        if case .refused(let refusal) = storability(question) { return refusal }
        return nil
    }

    private struct Answered: Sendable, CustomTestStringConvertible {
        var status = 200
        var fields: [String]
        var change: @Sendable (inout ResponseFacts) -> Void = { _ in }
        var keysLanguage = false
        var refusal: StoreRefusal?
        var testDescription: String { "\(status) \(fields) \(refusal.map { "\($0.word)" } ?? "")" }
    }

    private static let fresh = "Cache-Control: max-age=9"
    private static let answered: [Answered] = [
        Answered(fields: [fresh], refusal: nil),
        Answered(fields: [fresh, "Vary: Cookie"], refusal: nil),
        Answered(fields: [fresh, "Vary: Authorization"], refusal: .varyCookie),
        Answered(fields: [fresh, "Vary: Accept-Language"], refusal: .varyLanguage),
        Answered(fields: [fresh, "Vary: Accept-Language"], keysLanguage: true, refusal: nil),
        Answered(fields: [fresh, "Set-Cookie: a=1"], refusal: .setCookie),
        Answered(
            fields: ["Cache-Control: public, s-maxage=9", "Set-Cookie: a=1"], refusal: .setCookie),
        Answered(
            fields: [fresh, "Set-Cookie: csrftoken=1"], change: { $0.setsCSRFOnly = true },
            refusal: nil),
        Answered(
            fields: [fresh, "Set-Cookie: sessionid=1"], change: { $0.isProvedAlike = true },
            refusal: nil),
        Answered(
            fields: [fresh, "Set-Cookie: sessionid=1", "Vary: Accept-Language"],
            change: { $0.isProvedAlike = true }, refusal: .varyLanguage),
        Answered(fields: [fresh], change: { $0.carriesSecret = true }, refusal: .token),
        Answered(status: 302, fields: [fresh, "Location: /login"], refusal: nil),
        Answered(status: 302, fields: ["Location: /login"], refusal: .redirect),
        Answered(status: 301, fields: ["Location: /a/"], refusal: nil),
        Answered(
            status: 301, fields: [fresh, "Location: /a"], change: { $0.leadsToItself = true },
            refusal: .redirect),
    ]

    @Test("what an anonymous answer's fields say", arguments: answered)
    private func anonymous(_ answered: Answered) {
        let (bytes, head) = Heads.response(answered.status, answered.fields)
        var response = ResponseFacts(head, bytes: bytes.span.bytes, now: epoch)
        answered.change(&response)
        var request = ask()
        request.standing = .anonymous
        request.keysLanguage = answered.keysLanguage
        let policy = Self.pages.with { $0.defaultTTL = 9_000 }
        #expect(verdict(response, request, policy) == answered.refusal)
    }

    @Test(
        "a page that came with a csrf cookie is for those who have one", arguments: [false, true])
    func csrf(besideSession: Bool) throws {
        var response = answer(200, "Cache-Control: max-age=9", "Set-Cookie: csrftoken=1")
        response.setsCSRFOnly = !besideSession
        (response.setsCSRF, response.isProvedAlike) = (true, besideSession)
        var request = ask()
        request.standing = .anonymous
        let question = StoreQuestion(response, Self.pages, request: request)
        guard case .storable(let times, let flags) = storability(question) else {
            Issue.record("not stored")
            return
        }
        let entry = EntryHeader(status: 200, flags: flags, times: times)
        #expect(flags.contains(.setsCSRF))
        #expect(!canAnswer(entry, request, Self.pages))
        #expect(
            decide(.entry(entry), request: request, policy: Self.pages, health: .up, now: epoch)
                == Decision(.fetch, .csrfCookie))
        request.hasCSRFCookie = true
        #expect(canAnswer(entry, request, Self.pages))
    }

    @Test("an anonymous page's variants are not told apart by cookies, nor by a keyed language")
    func vary() {
        let (bytes, head) = Heads.response(
            200, ["Vary: Cookie, Accept-Language, Accept-Encoding"])
        func names(_ request: RequestFacts?) -> String? {
            Vary.names(head, bytes: bytes.span.bytes, for: request).map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        #expect(names(nil) == "accept-encoding\naccept-language\ncookie\n")
        var request = ask()
        #expect(names(request) == "accept-encoding\naccept-language\ncookie\n")
        request.standing = .anonymous
        #expect(names(request) == "accept-encoding\naccept-language\n")
        request.language = 0
        #expect(names(request) == "accept-encoding\n")
    }
}
