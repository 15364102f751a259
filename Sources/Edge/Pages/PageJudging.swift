import Caching
import CloudFront
import HTTP
import Reactor
import Tiles

/// What the key of a page has of the request at hand.
struct PageAtHand {
    /// It has no cookies, whatever a distribution's policy names.
    var isAnonymous = false
    var language = PageLanguages.none
    /// Maps of the behavior are looked up as nobody's, whatever credentials the request shows.
    var asksAsNobody = false
    /// It shows a session's cookie or Authorization.
    var showsCredentials = false

    init(isAnonymous: Bool = false, language: UInt8 = PageLanguages.none) {
        (self.isAnonymous, self.language) = (isAnonymous, language)
    }

    /// The same of a request that was judged before.
    init(_ facts: RequestFacts) {
        isAnonymous = facts.standing == .anonymous
        (asksAsNobody, showsCredentials) = (!facts.aside.isEmpty, !facts.aside.isEmpty)
    }

    /// Its key is that of a request without cookies and Authorization.
    func hidesCredentials(of map: MapFacts) -> Bool {
        asksAsNobody && map.isKeyed && (showsCredentials || map.hasToken)
    }
}

// Whose page it is, before anything is looked up: one walk over the cookies, without allocation.
extension LoopState where N: ~Copyable {
    mutating func judgePage(
        _ slot: UInt32, _ behavior: Int, _ bytes: UnsafeRawBufferPointer,
        _ facts: inout RequestFacts
    ) {
        var hasWritten = false
        var chosen = 0..<0
        let seen = unsafe readCookies(behavior, bytes, &hasWritten, &chosen)
        let query = unsafe UnsafeRawBufferPointer(rebasing: bytes[head.query.range])
        var hasToken =
            unsafe !query.isEmpty && Credentials.areIn(query) || isIdentified(slot, bytes)
            || showsCredentialField(behavior, bytes)
        if !head.hasPlainPath, !hasToken {
            hasToken = unsafe namesSession(path: bytes.bytes.extracting(head.path.range))
        }
        if !hasWritten, shared.ownWrites.isOpen(at: network.wallNow) {
            hasWritten = unsafe hasWindowBeside(slot, bytes)
        }
        facts.hasSession = seen.contains(.session) || hasToken
        facts.hasCSRFCookie = seen.contains(.csrf)
        if hot[behavior].traits.contains(.cutsTokens), facts.hasCSRFCookie {
            facts.hasCSRFCookie = unsafe showsFormSecret(behavior, bytes)
        }
        let policy = hot[behavior].policy
        guard policy.sessionsBypass, policy.judgesCookies else {
            facts.standing = hasWritten ? .ownWrite : .unjudged
            page = PageAtHand()
            countOwnWrite(facts)
            return
        }
        let hasLanguages = unsafe !hot[behavior].languages.isEmpty
        facts.standing = .of(
            seen, hasToken: hasToken, hasWritten: hasWritten, keysLanguage: hasLanguages)
        // Whoever writes shows all his cookies.
        if facts.standing == .anonymous, !facts.method.isSafe { facts.standing = .unjudged }
        if facts.standing == .anonymous, unsafe asksForPart(behavior, bytes) {
            facts.standing = .part
        }
        facts.keysLanguage = hot[behavior].traits.contains(.keysLanguage)
        if hasLanguages { facts.language = unsafe language(behavior, bytes, chosen) }
        page = PageAtHand(
            isAnonymous: facts.standing == .anonymous, language: facts.language)
        countOwnWrite(facts)
    }

    /// Whether a field asks for a part of the page that its origin sees and no key has.
    private func asksForPart(_ behavior: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
        var start = 0
        while let at = unsafe PartialPageField.next(in: head, bytes.bytes, from: start) {
            let name = unsafe bytes.bytes.extracting(head.fields[at].name.range)
            guard let rules = snapshot.settings.behaviors[behavior].imported?.behavior else {
                return true
            }
            let isSeen =
                rules.forwarding.fate(of: name, .other, method: head.method) == .forwarded
            if isSeen, !rules.key.headers.contains(name) { return true }
            start = at + 1
        }
        return false
    }

    private func countOwnWrite(_ facts: RequestFacts) {
        if facts.standing == .ownWrite, facts.method.isSafe { counters.add(.ownWritePages) }
    }

    private func readCookies(
        _ behavior: Int, _ bytes: UnsafeRawBufferPointer, _ hasWritten: inout Bool,
        _ chosen: inout Range<Int>
    ) -> CookiesSeen {
        var seen = CookiesSeen()
        let now = network.wallNow
        let isOpen = shared.ownWrites.isOpen(at: now)
        var index = head.fields.first(.cookie)
        while let at = index {
            let field = head.fields[at].value.range
            let line = unsafe bytes.bytes.extracting(field)
            var pairs = CookiePairs()
            while let (name, pair) = pairs.next(in: line) {
                let kind = unsafe CookieClasses.named(
                    line.extracting(name), in: hot[behavior].cookies.bytes)
                seen.insert(kind)
                switch kind {
                case .session,
                    .csrf where isOpen:
                    if isOpen, hasWindow(line.extracting(pair), now) { hasWritten = true }
                case .locale where name.upperBound < pair.upperBound:
                    let start = field.lowerBound
                    chosen = start + name.upperBound + 1..<start + pair.upperBound
                default: break
                }
            }
            index = head.fields.next(after: at, .cookie)
        }
        return seen
    }

    private func hasWindow(_ credential: RawSpan, _ now: Milliseconds) -> Bool {
        let book = shared.ownWrites
        return book.windowEnd(of: book.party(credential), at: now) != nil
    }

    /// Known by something else than a cookie. Of tokens in the query nothing has to be known: they
    /// go past the store anyway.
    private func hasWindowBeside(_ slot: UInt32, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let now = network.wallNow
        if let at = head.fields.first(.authorization),
            unsafe hasWindow(bytes.bytes.extracting(head.fields[at].value.range), now)
        {
            return true
        }
        guard snapshot.settings.ownWrites.byAddress else { return false }
        let viewer = unsafe viewerAddress(slot, head, bytes)
        let party = ViewerKey.of(viewer, seed: seed.0)
        return shared.ownWrites.windowEnd(of: party, at: now) != nil
    }

    private func language(
        _ behavior: Int, _ bytes: UnsafeRawBufferPointer, _ chosen: Range<Int>
    ) -> UInt8 {
        let accepted = head.fields.first(.acceptLanguage).map { head.fields[$0].value.range }
        return unsafe PageLanguages.choose(
            bytes.bytes.extracting(chosen), accepted: bytes.bytes.extracting(accepted ?? 0..<0),
            in: hot[behavior].languages.bytes)
    }

    /// What the key of an anonymous page, or of what a map server answers, has beside its target,
    /// before all else, since what looks for other codings takes the coding to be the last.
    @inline(__always)
    func appendViewer(
        _ bytes: UnsafeRawBufferPointer, _ behavior: Int, to key: inout CanonicalKey
    ) {
        if hot[behavior].traits.contains(.pages) {
            guard page.isAnonymous else { return }
            unsafe PageKey.append(
                head, bytes.bytes, page.language, hot[behavior].languages.bytes,
                keysOrigin: hot[behavior].imported == nil, to: &key)
        } else if hot[behavior].traits.contains(.keysOrigin) {
            unsafe PageKey.appendOrigin(head, bytes.bytes, to: &key)
        }
    }
}

/// The parts of a key beside its target.
enum PageKey {
    /// By Origin servers decide whether scripts of another site may read the answer; what a page
    /// without scripts was given would lock them out, and one site's answer all other sites.
    @inline(__always)
    static func appendOrigin(
        _ head: borrowing RequestHead, _ bytes: RawSpan, to key: inout CanonicalKey
    ) {
        // What Connection takes away no origin sees.
        guard let at = head.fields.first(.origin), !head.isHopByHop(at, bytes: bytes) else {
            return
        }
        key.append(.origin, bytes.extracting(head.fields[at].value.range))
    }

    static func append(
        _ head: borrowing RequestHead, _ bytes: RawSpan, _ language: UInt8, _ languages: RawSpan,
        keysOrigin: Bool, to key: inout CanonicalKey
    ) {
        if language != PageLanguages.none {
            key.append(
                .language, languages.extracting(PageLanguages.tag(language, in: languages)))
        }
        // A policy of a distribution says whether origins see it.
        if keysOrigin { appendOrigin(head, bytes, to: &key) }
        if head.fields.contains(.xRequestedWith), isScript(head, bytes) {
            key.append(.script, byte: UInt8(ascii: "X"))
        }
    }

    /// Whether a script says that it asks, as jQuery and those after it do. Frameworks give such a
    /// request a part of the page (Django's `is_ajax`), and name no `Vary` for it.
    static func isScript(_ head: borrowing RequestHead, _ bytes: RawSpan) -> Bool {
        guard let at = head.fields.first(.xRequestedWith), !head.isHopByHop(at, bytes: bytes)
        else { return false }
        let value = bytes.extracting(head.fields[at].value.range)
        return equalsIgnoringCase(value, "xmlhttprequest")
    }
}
