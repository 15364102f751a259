import Caching
import HTTP
import Reactor

// Pages that each reader gets with tokens of his own: what is stored has none.
extension LoopState where N: ~Copyable {
    /// Whether the request shows a secret that may go into a page; true where no page has one.
    func showsFormSecret(_ behavior: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let cookie = unsafe hot[behavior].formCookie
        return unsafe cookie.isEmpty
            || FormCookie.secret(cookie.bytes, head, bytes.bytes) != nil
    }

    /// A stored page, on the way of a hit.
    mutating func serveFilled(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ entry: StoredEntry,
        _ facts: RequestFacts, _ decision: Decision, _ behavior: Int, _ result: ResultType
    ) {
        let exchange = unsafe makeExchange(slot, bytes, behavior, facts, decision)
        if fills(exchange, entry, result) { return }
        // Stored under another configuration, or gone: its reader's own, past the store.
        var facts = facts
        facts.standing = .unlistedCookie
        unsafe start(
            slot, bytes, behavior, facts, Decision(.pass, .unlistedCookie), keyed: false)
    }

    /// The same for one that an exchange holds. False: it cannot be had from the store.
    mutating func serveFilled(
        _ exchange: Exchange, _ copy: StoredCopy, _ reason: DecisionReason, _ result: ResultType
    ) -> Bool {
        // An error's page would have to be filled for who asked for something else.
        guard exchange.page == nil else { return false }
        exchange.decision = Decision(.serve, reason)
        let wasReading = isReading
        if !wasReading { beginReading() }
        defer { if !wasReading { endReading() } }
        return copy.withEntry { fills(exchange, $0, result) }
    }

    private mutating func fills(
        _ exchange: Exchange, _ entry: StoredEntry, _ result: ResultType
    ) -> Bool {
        let length = Int(clamping: entry.header.bodyLength)
        guard length <= NoticeSettings.pageBytesMax, let text = wholeBody(entry),
            let tokens = unsafe TokenFields.tokens(entry.headers, length: length),
            !tokens.needsCookie || exchange.formSecret(tokens.cookie) != nil
        else { return false }
        let block = unsafe [UInt8](entry.headers)
        let ttl = entry.header.times.freshUntil.subtracting(network.wallNow) / 1_000
        var page = NoticedPage(
            fields: TokenFields.delivered(block), result: result,
            cacheStatus: Array("\(cacheStatusText(exchange)); ttl=\(ttl)".utf8))
        page.age = entry.header.times.ageSeconds(at: network.wallNow)
        let slot = exchange.id.slot
        viewers[slot].exchange = exchange
        viewers[slot].phase = .exchange
        if exchange.decision.action != .serve { counters.add(.staleServed) }
        deliver(exchange, page, text, tokens)
        return true
    }

    /// Who waited for the page that another's request has brought.
    mutating func respondFilled(_ exchange: Exchange, _ fetched: FetchedHead, _ cut: CutPage) {
        setDeadline(exchange.id.slot, milliseconds: nil)
        var page = NoticedPage(
            fields: TokenFields.delivered(fetched.sharedBlob ?? fetched.blob), result: .hit,
            cacheStatus: Array(
                ("\(exchange.decision.forwardParameter); fwd-status=\(fetched.head.status)"
                    + "; collapsed\(storedParameter(exchange, fetched))").utf8))
        if !fetched.facts.hasDate {
            page.fields += NoticedFields.date(fetched.receivedAt / 1_000)
        }
        page.age = ageToShow(exchange, fetched, true)
        deliver(exchange, page, cut.text, cut.tokens)
    }

    /// Puts the reader's tokens in, and a notice if there is one, and sends the page.
    private mutating func deliver(
        _ exchange: Exchange, _ page: NoticedPage, _ text: [UInt8], _ tokens: CutTokens
    ) {
        var page = page
        var random = SystemRandomNumberGenerator()
        var secret: [UInt8] = []
        if !tokens.cookie.isEmpty {
            if let shown = exchange.formSecret(tokens.cookie) {
                secret = shown
            } else {
                secret = FormSecret.made(using: &random)
                page.fields += Array("Set-Cookie: ".utf8) + tokens.cookie + [UInt8(ascii: "=")]
                page.fields += secret + (tokens.attributes ?? []) + [13, 10]
            }
        }
        page.content = tokens.filled(text, secret: secret, using: &random)
        let isNoticed =
            isNoticing && mayNotice(exchange.head.method, exchange.facts, exchange.policy)
        if isNoticed {
            let told = unsafe page.fields.withUnsafeBytes {
                unsafe NoticedFields.facts($0).language
            }
            let language = min(self.language(exchange, page: told), notice.texts.count - 1)
            page.content = NoticeInjection.injected(
                page.content, notice.texts[language], marker: exchange.snapshot.notices.marker)
        }
        page.length = page.content.count
        page.isFilled = true
        counters.add(.pagesFilled)
        send(exchange, page, isNoticed: isNoticed)
    }
}
