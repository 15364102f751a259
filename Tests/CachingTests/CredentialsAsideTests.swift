import Caching
import Testing

@Suite("Credentials that are set aside: a request that is nobody's")
struct CredentialsAsideTests {
    /// A request's facts with credentials, which were set aside or not.
    private func request(
        session: Bool, authorization: Bool, isAside: Bool = true
    ) -> RequestFacts {
        var request = authorization ? ask("Authorization: Basic YTpi") : ask()
        request.hasSession = session
        if isAside { request.setCredentialsAside() }
        return request
    }

    @Test(
        "they are laid aside and taken back as they were",
        arguments: [(true, true), (true, false), (false, true), (false, false)])
    func back(session: Bool, authorization: Bool) {
        var facts = request(session: session, authorization: authorization)
        #expect(!facts.hasSession && !facts.hasAuthorization)
        #expect(facts.aside.isEmpty == !(session || authorization))
        if session || authorization {
            #expect(facts.reasonOfCredentials == (session ? .session : .authorization))
        }
        facts.takeCredentialsBack()
        #expect(facts.hasSession == session && facts.hasAuthorization == authorization)
        #expect(facts.aside.isEmpty)
    }

    @Test(
        "what is stored is for who laid his credentials aside, but for what refuses nobody",
        arguments: [
            (200, true), (206, true), (301, false), (302, false), (401, false), (403, false),
            (404, false), (410, false), (500, true), (503, true),
        ])
    func stored(status: UInt16, isForAll: Bool) {
        let times = EntryTimes(
            storedAt: epoch, initialAge: 0, freshUntil: epoch + 60_000, swrUntil: epoch + 60_000,
            sieUntil: epoch + 60_000)
        let entry = EntryHeader(
            status: status, flags: status >= 400 ? [.negative] : [], times: times)
        func decision(_ request: RequestFacts) -> Decision {
            decide(
                .entry(entry), request: request, policy: .cloudFront, health: .up, now: epoch)
        }
        let aside = request(session: true, authorization: true)
        #expect(decision(ask()).action == .serve)
        #expect(decision(aside).action == (isForAll ? .serve : .fetch))
        #expect(canAnswer(entry, aside, .cloudFront) == isForAll)
        let shown = request(session: true, authorization: false, isAside: false)
        #expect(decision(shown).action == .pass)
    }

    @Test("who laid them aside waits for nobody's fetch, and who shows them for none")
    func collapse() {
        let aside = request(session: true, authorization: true)
        #expect(mayCollapse(aside, policy: .cloudFront))
        for (session, authorization) in [(true, false), (false, true)] {
            let shown = request(session: session, authorization: authorization, isAside: false)
            #expect(!mayCollapse(shown, policy: .cloudFront))
        }
    }

    @Test(
        "an answer that may be about somebody is not stored for all",
        arguments: [
            ("X: y", nil), ("Set-Cookie: JSESSIONID=1", StoreRefusal.setCookie),
            ("Vary: Cookie", .varyCookie), ("Vary: Authorization", .varyCookie),
            ("Vary: Accept", nil),
        ])
    func refused(field: String, refusal: StoreRefusal?) {
        let aside = request(session: true, authorization: false)
        for policy in [BehaviorPolicy.letter, .cloudFront] {
            let verdict = verdict(
                answer(200, "Cache-Control: public, max-age=9", field), policy, to: aside)
            if let refusal {
                #expect(verdict == .refused(refusal))
            } else {
                #expect(verdict.isStorable)
            }
        }
    }
}

extension Storability {
    fileprivate var isStorable: Bool { if case .storable = self { true } else { false } }
}
