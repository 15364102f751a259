import Caching
import CloudFront
import HTTP
import Reactor

// What becomes of a page's request before anything is looked up.
extension LoopState where N: ~Copyable {
    func pageRewritings(_ exchange: Exchange) -> [Explanation.Rewriting] {
        var told: [Explanation.Rewriting] = []
        let hidden = exchange.facts.standing == .anonymous ? exchange.hiddenCookies : ""
        if !hidden.isEmpty {
            told.append(
                Explanation.Rewriting("cookies", "kept from the origin: \(hidden)"))
        }
        let fields = exchange.facts.standing == .anonymous ? exchange.hiddenFields : ""
        if !fields.isEmpty {
            told.append(Explanation.Rewriting("fields", "kept from the origin: \(fields)"))
        }
        if exchange.facts.standing == .anonymous, exchange.facts.language != PageLanguages.none {
            let tag = exchange.snapshot.settings.behaviors[exchange.behavior].languages[
                Int(exchange.facts.language)]
            told.append(Explanation.Rewriting("language", tag))
        }
        if exchange.facts.standing == .anonymous, let filling = exchange.filling {
            told.append(Explanation.Rewriting("tokens", filling))
        }
        let now = network.wallNow
        if exchange.policy.mapClass == .pages, shared.ownWrites.isOpen(at: now),
            let end = exchange.parties(shared.ownWrites).compactMap({
                shared.ownWrites.windowEnd(of: $0, at: now)
            }).max()
        {
            let seconds = end.subtracting(now) / 1_000
            told.append(
                Explanation.Rewriting("own write", "pages go past the store for \(seconds)s more"))
        }
        return told
    }
}

extension Exchange {
    /// Names of the cookies that the origin of an anonymous page does not see.
    fileprivate var hiddenCookies: String {
        pairs([.locale, .analytics]).map { pair in
            String(decoding: pair.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
        }.joined(separator: ", ")
    }

    /// Names of the fields that the origin of an anonymous page does not see as they are.
    fileprivate var hiddenFields: String {
        unsafe bytes.withUnsafeBytes { bytes in
            let page = SharedPage(
                isForScript: unsafe PageKey.isScript(head, bytes.bytes), mode: policy.mode)
            return (0..<head.fields.count).compactMap { index -> String? in
                let field = head.fields[index]
                let name = unsafe bytes.bytes.extracting(field.name.range)
                let isKeyed = imported?.behavior.key.headers.contains(name) == true
                guard page.hides(field.known, name), !isKeyed else { return nil }
                if field.known == .xRequestedWith, page.isForScript { return nil }
                return unsafe String(decoding: bytes[field.name.range], as: UTF8.self)
            }.joined(separator: ", ")
        }
    }

    /// Whose tokens a stored page is filled with; nil: with nobody's.
    fileprivate var filling: String? {
        let settings = snapshot.settings.behaviors[behavior]
        if settings.tokenPlaces.isEmpty { return nil }
        let cookie = settings.formCookie
        let name = String(decoding: cookie, as: UTF8.self)
        if cookie.isEmpty { return "cut out of what is stored; made up for each reader" }
        return formSecret(cookie) == nil
            ? "cut out of what is stored; its reader shows no \(name), and is given one"
            : "cut out of what is stored; put in by the reader's \(name)"
    }

    /// Whether pages that vary by a field are told apart, since the key has it or the origin does
    /// not see it.
    func tellsApart(_ field: KnownField) -> Bool {
        switch field {
        case .cookie: true
        case .acceptLanguage: facts.keysLanguage
        case .origin: imported == nil
        case .xRequestedWith, .referer: true
        case .accept, .userAgent: policy.mode == .cloudfront
        default: false
        }
    }
}
