import Caching
import HTTP
import Testing

@Suite("RFC 9111 §3: storing responses")
struct StorabilityTests {
    private func refusal(
        _ response: ResponseFacts, _ policy: BehaviorPolicy = .letter,
        to request: RequestFacts = ask()
    ) -> StoreRefusal? {
        if case .refused(let reason) = verdict(response, policy, to: request) { return reason }
        return nil
    }

    @Test(
        "the method must be understood",
        arguments: [
            "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "POST",
        ])
    func methods(_ method: String) {
        let response = answer(200, "Cache-Control: max-age=9")
        #expect(refusal(response, to: ask(method: method)) == .methodNotCacheable)
    }

    @Test("RFC 9110 §15: what is no status is not stored, however long it is said to be fresh")
    func noStatus() {
        for status in [600, 999] {
            let response = answer(status, "Cache-Control: max-age=9, public")
            #expect(refusal(response) == .statusNotUnderstood)
        }
        #expect(refusal(answer(599, "Cache-Control: max-age=9")) == nil)
    }

    @Test("an answer to HEAD has nothing to store")
    func head() {
        #expect(refusal(answer(200, "Cache-Control: max-age=9"), to: ask(method: "HEAD")) == .head)
    }

    @Test("a request's body is not in the key")
    func body() {
        let request = ask("Content-Length: 3")
        #expect(refusal(answer(200, "Cache-Control: max-age=9"), to: request) == .requestBody)
        #expect(
            refusal(answer(200, "Cache-Control: max-age=9"), to: ask("Content-Length: 0")) == nil)
    }

    @Test("RFC 9110 §9.3.3: POST is stored with explicit freshness and its own Content-Location")
    func post() {
        var response = answer(200, "Cache-Control: max-age=9", "Content-Location: /a")
        let request = ask("Content-Length: 3", method: "POST")
        #expect(refusal(response, to: request) == .methodNotCacheable)
        response.isAboutTarget = true
        #expect(refusal(response, to: request) == nil)
        #expect(refusal(response, .cloudFront, to: request) == .methodNotCacheable)
        var silent = answer(200, "Content-Location: /a", "ETag: \"a\"")
        silent.isAboutTarget = true
        #expect(refusal(silent, to: request) == .methodNotCacheable)
        response.status = 201
        #expect(refusal(response, to: request) == .methodNotCacheable)
    }

    @Test("the status must be final", arguments: [100, 103, 199, 304])
    func interim(_ status: Int) {
        var response = answer(200, "Cache-Control: max-age=9")
        response.status = status
        #expect(refusal(response) == .notFinal)
        #expect(refusal(response, .cloudFront) == .notFinal)
    }

    @Test(
        "any final status may be stored with explicit freshness",
        arguments: [200, 201, 202, 226, 302, 307, 400, 404, 418, 429, 500, 503, 599])
    func anyStatus(_ status: Int) {
        for field in ["Cache-Control: max-age=9", "Cache-Control: s-maxage=9"] {
            #expect(refusal(answer(status, field)) == nil)
        }
        #expect(refusal(answer(status, "Expires: Sun, 06 Nov 1994 08:59:37 GMT")) == nil)
    }

    @Test(
        "without it, only what is heuristically cacheable or public",
        arguments: [201, 302, 403, 500])
    func noFreshness(_ status: Int) {
        let old = "Last-Modified: Sun, 06 Nov 1993 08:49:37 GMT"
        #expect(refusal(answer(status, old)) == .statusNotCacheable)
        #expect(refusal(answer(status, old, "Cache-Control: public")) == nil)
        #expect(refusal(answer(200, old)) == nil)
    }

    @Test(
        "§5.2.2.5: no-store is not stored",
        arguments: [
            "no-store", "NO-STORE", "max-age=9, no-store", "no-store=x", "no-store, public",
        ])
    func noStore(_ value: String) {
        #expect(refusal(answer(200, "Cache-Control: \(value)")) == .noStore)
    }

    @Test("§5.2.1.5: nor is anything when the request says so")
    func requestNoStore() {
        let response = answer(200, "Cache-Control: max-age=9")
        #expect(refusal(response, to: ask("Cache-Control: no-store")) == .requestNoStore)
        #expect(refusal(response, .cloudFront, to: ask("Cache-Control: no-store")) == nil)
    }

    @Test(
        "§5.2.2.3: must-understand refuses a status of unknown meaning", arguments: [299, 418, 599])
    func mustUnderstand(_ status: Int) {
        let response = answer(status, "Cache-Control: must-understand, max-age=9")
        #expect(refusal(response) == .statusNotUnderstood)
    }

    @Test("§5.2.2.3: must-understand takes no-store back when the status is understood")
    func mustUnderstandNoStore() {
        let value = "Cache-Control: no-store, must-understand, max-age=9"
        #expect(refusal(answer(200, value)) == nil)
        #expect(refusal(answer(299, value)) == .statusNotUnderstood)
    }

    @Test("§5.2.2.7: private is not stored by a shared cache, qualified private is")
    func isPrivate() {
        #expect(refusal(answer(200, "Cache-Control: private, max-age=9")) == .isPrivate)
        #expect(refusal(answer(200, "Cache-Control: private=\"X-A\", max-age=9")) == nil)
        #expect(refusal(answer(200, "Cache-Control: private=X-A, max-age=9")) == nil)
        #expect(refusal(answer(200, "Cache-Control: private=\"\", max-age=9")) == .isPrivate)
    }

    @Test("§3.5: a response to an authenticated request needs leave to be shared")
    func authorization() {
        let request = ask("Authorization: Basic YTpi")
        #expect(refusal(answer(200, "Cache-Control: max-age=9"), to: request) == .authorization)
        for leave in ["public, max-age=9", "s-maxage=9", "must-revalidate, max-age=9"] {
            let response = answer(200, "Cache-Control: \(leave)")
            #expect(refusal(response, to: request) == nil)
            let flags = entry(response, to: request)?.flags ?? []
            #expect(flags.isSuperset(of: [.hadAuthorization, .sharedExplicitly]))
        }
        let other = answer(200, "Cache-Control: proxy-revalidate, max-age=9")
        #expect(refusal(other, to: request) == .authorization)
    }

    @Test("law 6: Set-Cookie is shared only when the response says that it is for everybody")
    func setCookie() {
        let cookie = "Set-Cookie: sessionid=1"
        for mode in Mode.allCases {
            let policy = BehaviorPolicy.standard(mode: mode)
            #expect(refusal(answer(200, "Cache-Control: max-age=9", cookie), policy) == .setCookie)
            #expect(refusal(answer(200, "Cache-Control: public, max-age=9", cookie), policy) == nil)
            #expect(refusal(answer(200, "Cache-Control: s-maxage=9", cookie), policy) == nil)
        }
        #expect(refusal(answer(200, "Cache-Control: max-age=9", cookie), .cloudFrontPure) == nil)
    }

    @Test(
        "a response that names Set-Cookie as not to be stored is stored without it",
        arguments: [
            "no-cache=\"Set-Cookie\"", "private=\"set-cookie\"", "no-cache=\"X, Set-Cookie\"",
        ])
    func qualifiedSetCookie(_ value: String) {
        let response = answer(200, "Cache-Control: max-age=9, \(value)", "Set-Cookie: a=1")
        #expect(refusal(response) == nil)
        #expect(response.excludesSetCookie)
    }

    @Test("law 6: what belongs to a session is not stored")
    func session() {
        var request = ask()
        request.hasSession = true
        #expect(refusal(answer(200, "Cache-Control: s-maxage=9"), to: request) == .session)
    }

    @Test(
        "§4.1: Vary: * matches nothing, so it is not stored", arguments: ["*", "Accept, *", "*, *"])
    func varyStar(_ value: String) {
        let response = answer(200, "Cache-Control: max-age=9", "Vary: \(value)")
        #expect(refusal(response) == .varyStar)
        #expect(refusal(response, .cloudFront) == .varyStar)
    }

    @Test("more than 16 names in Vary are too many")
    func varyTooLong() {
        let names = (0...16).map { "X-\($0)" }.joined(separator: ", ")
        let response = answer(200, "Cache-Control: max-age=9", "Vary: \(names)")
        #expect(refusal(response) == .varyTooLong)
        #expect(refusal(response, .cloudFront) == nil)
    }

    @Test("law 6: what varies by Cookie or Authorization is not stored under a key without them")
    func varyCookie() {
        for name in ["Cookie", "Accept, COOKIE", "Authorization"] {
            let response = answer(200, "Cache-Control: max-age=9", "Vary: \(name)")
            #expect(refusal(response, .cloudFront) == .varyCookie)
            #expect(refusal(response, .letter) == nil)
            #expect(refusal(response, .cloudFrontPure) == nil)
        }
    }

    @Test("what is neither fresh nor can be confirmed is of no use")
    func useless() {
        #expect(refusal(answer(200)) == .noFreshness)
        #expect(refusal(answer(200, "Cache-Control: max-age=0")) == .noFreshness)
        #expect(refusal(answer(200, "Cache-Control: no-cache, max-age=9")) == .noFreshness)
        #expect(refusal(answer(200, "Cache-Control: max-age=0", "ETag: \"a\"")) == nil)
        #expect(refusal(answer(200, "Cache-Control: no-cache", "ETag: \"a\"")) == nil)
        #expect(refusal(answer(200, "Cache-Control: max-age=0, stale-while-revalidate=9")) == nil)
        #expect(refusal(answer(200, "Cache-Control: max-age=0, stale-if-error=9")) == nil)
        let forbidden = "Cache-Control: max-age=0, must-revalidate, stale-if-error=9"
        #expect(refusal(answer(200, forbidden)) == .noFreshness)
    }

    @Test(
        "RFC 9110 §15.3.7: a 206 needs one sound Content-Range",
        arguments: [
            [], ["Content-Range: bytes */9"], ["Content-Range: bytes 5-2/9"],
            ["Content-Range: bytes 0-8/9", "Content-Length: 4"],
            ["Content-Range: items 0-1/9"], ["Content-Type: multipart/byteranges; boundary=x"],
        ])
    func partialUnusable(_ fields: [String]) {
        let (bytes, head) = Heads.response(206, ["Cache-Control: max-age=9"] + fields)
        let response = ResponseFacts(head, bytes: bytes.span.bytes, now: epoch)
        #expect(refusal(response) == .partialUnusable)
        #expect(refusal(response, .cloudFront) == .partialUnusable)
    }

    @Test("RFC 9111 §3.3: a 206 is stored as the part it is")
    func partial() {
        let response = answer(206, "Cache-Control: max-age=9", "Content-Range: bytes 5-8/20")
        guard case .storable(let times, let flags) = verdict(response) else {
            Issue.record("a sound part is storable")
            return
        }
        let block: [UInt8] = []
        let entry = EntryHeader(response, times: times, flags: flags, block: block.span.bytes)
        #expect(entry.kind == .partial)
        #expect(entry.rangeStart == 5)
        #expect(entry.completeLength == 20)
    }

    @Test("every refusal has a word of its own")
    func words() {
        #expect(
            Set(StoreRefusal.allCases.map { "\($0.word)" }).count == StoreRefusal.allCases.count)
    }
}
