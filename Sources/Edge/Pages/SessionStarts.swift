import Caching
import HTTP
import Reactor
import Synchronization

/// An answer to somebody without a session that gives him one, and of which nothing else is known
/// to be his own.
struct SessionStart: Sendable {
    /// The session's name: the value of its cookie.
    let value: [UInt8]
    /// What the answer is to the store if it is proved to be the same for all.
    let ifAlike: Storability
}

/// What is known of pages that start sessions: one table for all loops, looked at on misses only.
final class SessionStartBook: Sendable {
    private let answers = Mutex(AlikeAnswers())

    func judge(
        _ page: CacheKey, _ answer: AlikeAnswers.Answer, needed: Int, at now: Milliseconds
    ) -> AlikeAnswers.Verdict {
        answers.withLock { $0.judge(page, answer, needed: needed, at: now) }
    }

    func verdict(
        of page: CacheKey, needed: Int, at now: Milliseconds
    ) -> AlikeAnswers.Verdict? {
        answers.withLock { $0.verdict(of: page, needed: needed, at: now) }
    }
}

extension Exchange {
    /// How many answers that start sessions have to be alike; 0: they are never shared.
    var sessionStartProofs: Int { snapshot.settings.behaviors[behavior].sessionStartProofs }

    /// The session that an answer starts; nil: none, or it sets another cookie beside those of
    /// forms, or sets it in words that are not known, or by a name too short to be looked for.
    func startedSession(_ head: borrowing ResponseHead, _ raw: [UInt8]) -> [UInt8]? {
        guard sessionStartProofs > 0, isAnonymous, page == nil, self.head.method == .get
        else { return nil }
        var session: [UInt8]?
        var line = head.fields.first(.setCookie)
        while let at = line {
            let parts = FormCookie.parts([UInt8](raw[head.fields[at].value.range]))
            switch cookieClass(parts.name) {
            case .csrf: break
            case .session where session == nil && Self.isKept(parts.attributes):
                session = Self.unquoted(parts.value)
            default: return nil
            }
            line = head.fields.next(after: at, .setCookie)
        }
        return session.flatMap { $0.count >= PageSecrets.leastSecret ? $0 : nil }
    }

    /// Whether a cookie is set and not taken away; unknown attributes may mean anything.
    private static func isKept(_ attributes: [UInt8]?) -> Bool {
        guard let attributes else { return false }
        return !String(decoding: attributes, as: UTF8.self).lowercased().split(separator: ";")
            .contains { word in
                let text = word.drop { $0 == " " }
                return text.hasPrefix("max-age=0") || text.hasPrefix("max-age=-")
            }
    }

    private static func unquoted(_ value: [UInt8]) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        guard value.count > 1, value.first == quote, value.last == quote else { return value }
        return Array(value.dropFirst().dropLast())
    }
}

// A page that gives everybody a session is shared without it once the origin has given the same to
// several who got different ones (law 6). Each of those gets the origin's own answer, and his
// session with it; who is served from the store has none, and is given one where he needs it.
extension LoopState where N: ~Copyable {
    /// What an answer would be worth; nil: it starts no session, or may not be shared anyway.
    func sessionStart(
        _ exchange: Exchange, _ asked: StoreQuestion, _ raw: [UInt8], _ verdict: Storability,
        _ selected: Variant
    ) -> SessionStart? {
        guard verdict == .refused(.setCookie), originHead.status == 200,
            let value = exchange.startedSession(originHead, raw)
        else { return nil }
        if case .untellable = selected { return nil }
        var alike = asked
        alike.response.isProvedAlike = true
        let ifAlike = storability(alike)
        guard case .storable = ifAlike else { return nil }
        return SessionStart(value: value, ifAlike: ifAlike)
    }

    /// Why an answer that starts a session is its reader's own still; nil: it is the same for all.
    mutating func refusal(
        of start: SessionStart, _ fingerprint: CacheKey?, _ head: FetchedHead, _ fetch: Fetch
    ) -> StoreRefusal? {
        let exchange = fetch.exchange
        guard let fingerprint, !head.isDegraded, let primary = exchange.primary else {
            return .setCookie
        }
        let canonical = primary.canonical + (head.variant?.values ?? [])
        let page = unsafe CacheKey.hash(canonical.span.bytes, seed: seed)
        let answer = AlikeAnswers.Answer(
            fingerprint: fingerprint,
            session: unsafe CacheKey.hash(start.value.span.bytes, seed: seed).low,
            invalidation: fetch.invalidation,
            least: invalidated.latest(of: primary.key, primary.canonical))
        let verdict = shared.sessionStarts.judge(
            page, answer, needed: exchange.sessionStartProofs, at: network.wallNow)
        switch verdict {
        case .proved:
            counters.add(.sessionStartsShared)
            return nil
        case .unproved: return .unprovedSession
        case .differs:
            // What is stored was the same for some, and is not for all.
            counters.add(.sessionStartsDiffering)
            store?.delete(page)
            return .differingSession
        case .rests: return .differingSession
        }
    }

    /// Tells what is known of a page whose answers start sessions.
    func noteSessionStart(_ exchange: Exchange, _ told: inout Explanation) {
        let needed = exchange.sessionStartProofs
        guard needed > 0, exchange.isAnonymous, let key = exchange.key else { return }
        let now = network.wallNow
        let result =
            switch shared.sessionStarts.verdict(of: key, needed: needed, at: now) {
            case nil: "shared once \(needed) readers were given the same with different sessions"
            case .proved: "\(needed) readers were given the same with different sessions: shared"
            case .unproved(let count):
                "not shared yet: \(count) of \(needed) readers were given the same with "
                    + "different sessions"
            case .rests(let until):
                "not shared: readers were given different pages; looked at again in "
                    + "\(until.subtracting(now) / 1_000)s"
            case .differs: "not shared: readers were given different pages"
            }
        told.rewritings.append(Explanation.Rewriting("session start", result))
    }
}
