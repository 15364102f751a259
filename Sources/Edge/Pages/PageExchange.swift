import Caching
import CloudFront
import HTTP
import Reactor

extension BehaviorSettings {
    /// All classes of cookies, as `CookieClasses` reads them.
    var cookieTable: [UInt8] { cookies.table(sessions: sessionCookies) }

    var pageTraits: BehaviorTraits {
        guard policy.mapClass == .pages else { return [] }
        let field = Array("accept-language".utf8)
        let isNamed = unsafe imported?.behavior.key.headers.contains(field.span.bytes) == true
        let traits: BehaviorTraits = tokenPlaces.isEmpty ? .pages : [.pages, .cutsTokens]
        return isNamed || !languages.isEmpty ? traits.union(.keysLanguage) : traits
    }
}

// An anonymous page's request and answer, on the slow way.
extension Exchange {
    /// Its answer may be shared, and its origin sees nobody's cookies but for the forms'.
    var isAnonymous: Bool { key != nil && facts.standing == .anonymous }

    /// What the key has beside its target: as on the hit path.
    func appendViewer(to key: inout CanonicalKey) {
        if snapshot.hot[behavior].traits.contains(.keysOrigin) {
            unsafe bytes.withUnsafeBytes { unsafe PageKey.appendOrigin(head, $0.bytes, to: &key) }
        }
        guard facts.standing == .anonymous else { return }
        unsafe bytes.withUnsafeBytes { bytes in
            let languages = unsafe snapshot.hot[behavior].languages
            unsafe PageKey.append(
                head, bytes.bytes, facts.language, languages.bytes,
                keysOrigin: imported == nil, to: &key)
        }
    }

    func cookieClass(_ pair: [UInt8]) -> CookieClass {
        let name = Array(pair.prefix { $0 != UInt8(ascii: "=") })
        // The table's memory is the snapshot's, which is kept until the exchange is over. Swift
        // 6.3.1 cannot optimise the span made of it in one expression.
        let classes = unsafe snapshot.hot[behavior].cookies
        return unsafe CookieClasses.named(name.span.bytes, in: classes.bytes)
    }

    /// Its cookies of those classes, as `name=value`.
    func pairs(_ classes: [CookieClass]) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var line = head.fields.first(.cookie)
        while let at = line {
            let text = [UInt8](bytes[head.fields[at].value.range])
            var pairs = CookiePairs()
            while let (_, pair) = unsafe pairs.next(in: text.span.bytes) {
                let pair = Array(text[pair])
                if classes.contains(cookieClass(pair)) { found.append(pair) }
            }
            line = head.fields.next(after: at, .cookie)
        }
        return found
    }

    /// What its origin is asked with.
    func addPageConditions(_ conditions: inout OriginRequest.Conditions) {
        guard isAnonymous else { return }
        conditions.cookies = pairs([.csrf])
        conditions.sharedPage = unsafe bytes.withUnsafeBytes { bytes in
            SharedPage(
                isForScript: unsafe PageKey.isScript(head, bytes.bytes), mode: policy.mode)
        }
        conditions.avoidsBrotli = true
        if policy.mode == .rfc9111 {
            conditions.acceptEncoding = acceptsGzip ? .gzip : .identity
        }
        guard facts.language != PageLanguages.none else { return }
        let table = unsafe snapshot.hot[behavior].languages
        conditions.acceptLanguage = unsafe Array(
            table[PageLanguages.tag(facts.language, in: table.bytes)])
    }

    /// What of a response's fields only who knows the behavior's cookies can tell.
    func notePage(
        _ facts: inout ResponseFacts, _ head: borrowing ResponseHead, _ raw: [UInt8]
    ) {
        guard isAnonymous else { return }
        facts.setsCSRFOnly = facts.hasSetCookie
        var line = head.fields.first(.setCookie)
        while let at = line {
            let pair = Array(raw[head.fields[at].value.range].prefix { $0 != UInt8(ascii: ";") })
            if cookieClass(pair) == .csrf {
                facts.setsCSRF = true
            } else {
                facts.setsCSRFOnly = false
            }
            line = head.fields.next(after: at, .setCookie)
        }
        facts.carriesSecret = fieldsHoldToken(head, raw)
        guard let at = head.fields.first(.location) else { return }
        let target = [UInt8](raw[head.fields[at].value.range])
        let resolved = unsafe target.withUnsafeBytes { unsafe resolve($0) }
        facts.leadsToItself = resolved != nil && resolved == primary?.canonical
    }

    /// Whether a field is, or holds, somebody's token: a Link or a Location to a map, say, or one
    /// that a script is to send back. Cookies are judged by themselves.
    private func fieldsHoldToken(_ head: borrowing ResponseHead, _ raw: [UInt8]) -> Bool {
        var secrets = PageSecrets(names: tokenNames, secrets: [])
        let lineEnd: [UInt8] = [10]
        for at in 0..<head.fields.count where head.fields[at].known != .setCookie {
            let (name, value) = (head.fields[at].name.range, head.fields[at].value.range)
            let label = String(decoding: raw[name], as: UTF8.self).lowercased()
            // These list other fields by their names.
            let isList = ["vary", "connection", "trailer"].contains(label)
            if isList || label.hasPrefix("access-control-") { continue }
            unsafe secrets.look(
                at: raw.span.bytes.extracting(name.lowerBound..<value.upperBound))
            unsafe secrets.look(at: lineEnd.span.bytes)
        }
        secrets.end()
        return secrets.isFound
    }

    var tokenNames: [String] { snapshot.settings.behaviors[behavior].tokens }

    /// The values of csrf cookies that this exchange has to do with, and of a session it starts.
    func secrets(_ head: FetchedHead) -> [[UInt8]] {
        (pairs([.csrf]) + cookiesSet(head, [.csrf])).map { pair in
            Array(pair.drop { $0 != UInt8(ascii: "=") }.dropFirst())
        } + (head.start.map { [$0.value] } ?? [])
    }

    /// Whether it has the head of a page and nothing behind it. No page is like that; whoever keeps
    /// it shows nothing for as long.
    func isEmptyPage(_ head: FetchedHead) -> Bool {
        guard head.declaredLength == 0, head.status == 200, policy.mapClass == .pages,
            self.head.method == .get, !head.confirmsStored
        else { return false }
        return head.mediaType.starts(with: "text/html".utf8)
    }

    /// The head as it goes out: of what is for one viewer alone no other cache on its way may keep
    /// anything, whatever the origin forgot to say.
    func keptPrivate(_ head: FetchedHead) -> FetchedHead {
        guard self.head.method.isSafe else { return head }
        var isOwn = isForOneAlone(head)
        if policy.mapClass == .pages, facts.standing.isPrivate { isOwn = true }
        // What HEAD brings is no more everybody's than what GET does.
        let verdict = self.head.method == .head ? storabilityOfWhole(head) : head.storability
        if case .refused(let refusal) = verdict, isAnonymous {
            isOwn = isOwn || refusal.isReadersOwn
        }
        // The store has it without the cookie that its reader gets.
        if isOwn || head.facts.isProvedAlike { return head.keptPrivate() }
        return leavesLifetimeOpen(head) ? FetchedHead(head, isForNoCache: true) : head
    }
}

extension StoreRefusal {
    /// The page is its reader's own, or may be, or is in his language, or leads him alone on.
    fileprivate var isReadersOwn: Bool {
        switch self {
        case .setCookie, .unprovedSession, .differingSession, .token, .notSearched, .varyLanguage,
            .redirect:
            true
        default: false
        }
    }
}

extension FetchedHead {
    fileprivate func keptPrivate() -> FetchedHead {
        guard facts.cacheControl.flags.isDisjoint(with: [.private, .noStore]) else { return self }
        return FetchedHead(self, isPrivate: true)
    }

    /// Whether it comes with a csrf cookie that whoever waited for it lacks.
    func lacksCookie(for exchange: Exchange) -> Bool {
        facts.bringsCSRF && !exchange.facts.hasCSRFCookie
    }
}

extension HeaderBlob {
    /// Without cookies: what is stored of an anonymous page, and what goes to those who waited.
    static func withoutCookies(_ blob: [UInt8]) -> [UInt8] {
        var rest = blob
        while let line = line("set-cookie", in: rest) { rest.removeSubrange(line) }
        return rest
    }

    /// The lines that set cookies.
    static func cookies(_ head: borrowing ResponseHead, _ raw: [UInt8]) -> [UInt8] {
        var blob: [UInt8] = []
        var line = head.fields.first(.setCookie)
        while let at = line {
            blob += Array("Set-Cookie: ".utf8) + raw[head.fields[at].value.range] + [13, 10]
            line = head.fields.next(after: at, .setCookie)
        }
        return blob
    }

    /// HTML is kept by nobody; other things, such as scripts, by their reader.
    static func keptPrivate(_ blob: [UInt8]) -> [UInt8] {
        var rest = blob
        for name: StaticString in ["cdn-cache-control", "surrogate-control"] {
            while let line = line(name, in: rest) { rest.removeSubrange(line) }
        }
        guard unsafe rest.withUnsafeBytes({ unsafe NoticedFields.facts($0) }).isHTML else {
            return rest + Array("Cache-Control: private\r\n".utf8)
        }
        for name: StaticString in ["cache-control", "expires", "pragma"] {
            while let line = line(name, in: rest) { rest.removeSubrange(line) }
        }
        return rest + Array("Cache-Control: private, no-store\r\n".utf8)
    }
}

extension LoopState where N: ~Copyable {
    /// Says in `Cache-Status` and in the log why a page went past the store.
    func appendStanding(_ exchange: Exchange, _ writer: inout HeadWriter) {
        let reason = exchange.decision.reason
        guard exchange.key == nil,
            [.ownWrite, .messages, .unlistedCookie, .partOfPage].contains(reason)
        else { return }
        writer.append("; detail=")
        writer.append(reason.word)
        exchange.outcome.detail = reason.word
    }
}
