import Caching
import Glibc
import HTTP
import Reactor

/// A page on its way to a viewer with something in it that is not stored, a notice or tokens:
/// everything but what the connection adds.
struct NoticedPage {
    /// Fields that go out, in wire form.
    var fields: [UInt8]
    var content: [UInt8] = []
    /// What Content-Length says; nil: nothing, which only an answer to HEAD may do.
    var length: Int?
    var result: ResultType
    /// `; hit; ttl=5` or `; fwd=stale`.
    var cacheStatus: [UInt8]
    /// Seconds.
    var age: UInt64?
    /// It has its reader's tokens.
    var isFilled = false
}

/// What an exchange waits for that is being made beside the loops.
enum Making {
    /// A picture for this reason; a blank one if it cannot be made.
    case picture(MapPicture)
    /// A page with a notice; as it is, which it holds, if the notice cannot be put in.
    case page(NoticedPage)
    /// What the tile cache's interface answers.
    case call(TileCacheCall)
}

// Pages that get a notice as they are sent: the stored ones stay as they are. None of this runs
// while no origin fails.
extension LoopState where N: ~Copyable {
    /// Whether the behavior's pages get a notice for this request now.
    func mayNotice(_ method: Method, _ facts: RequestFacts, _ policy: BehaviorPolicy)
        -> Bool
    {
        policy.mapClass == .pages && (method == .get || method == .head) && !facts.hasRange
    }

    /// A stored page, on the way of a hit. False: it goes out as it is.
    mutating func serveNoticed(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ entry: StoredEntry,
        _ facts: RequestFacts, _ decision: Decision, _ behavior: Int, _ result: ResultType
    ) -> Bool {
        guard mayNotice(head.method, facts, hot[behavior].policy), isPlainPage(entry) else {
            return false
        }
        let exchange = unsafe makeExchange(slot, bytes, behavior, facts, decision)
        return notices(exchange, entry, result)
    }

    /// The same for one that an exchange holds.
    mutating func serveNoticed(
        _ exchange: Exchange, _ copy: StoredCopy, _ reason: DecisionReason, _ result: ResultType
    ) -> Bool {
        guard exchange.page == nil,
            mayNotice(exchange.head.method, exchange.facts, exchange.policy)
        else { return false }
        exchange.decision = Decision(.serve, reason)
        let wasReading = isReading
        if !wasReading { beginReading() }
        defer { if !wasReading { endReading() } }
        return copy.withEntry { entry in
            isPlainPage(entry) && notices(exchange, entry, result)
        }
    }

    private func isPlainPage(_ entry: StoredEntry) -> Bool {
        entry.header.status == 200 && entry.header.kind == .complete
    }

    private mutating func notices(
        _ exchange: Exchange, _ entry: StoredEntry, _ result: ResultType
    ) -> Bool {
        let facts = unsafe NoticedFields.facts(entry.headers)
        guard facts.isHTML else { return false }
        let block = unsafe [UInt8](entry.headers)
        let length = Int(entry.header.bodyLength)
        guard let coding = facts.coding, length <= NoticeSettings.pageBytesMax,
            let body = exchange.head.method == .head ? [] : wholeBody(entry)
        else {
            counters.add(.noticesLeftOut)
            return false
        }
        let ttl = entry.header.times.freshUntil.subtracting(network.wallNow) / 1_000
        var page = NoticedPage(
            fields: NoticedFields.shortened(
                block, sMaxage: outgoing(exchange), isShared: true),
            result: result,
            cacheStatus: Array("\(cacheStatusText(exchange)); ttl=\(ttl)".utf8)
        )
        page.age = entry.header.times.ageSeconds(at: network.wallNow)
        let slot = exchange.id.slot
        viewers[slot].exchange = exchange
        viewers[slot].phase = .exchange
        if exchange.decision.action != .serve { counters.add(.staleServed) }
        if [.staleIfError, .originDown].contains(exchange.decision.reason) {
            counters.add(.fallbackStale)
        }
        deliver(exchange, page, body, coding, length, language: facts.language)
        return true
    }

    /// How what is stored came to be the answer, in `Cache-Status`.
    func cacheStatusText(_ exchange: Exchange) -> String {
        exchange.forward?.text ?? "\(exchange.decision.reason.cacheStatusParameter)"
    }

    /// What a cache in front may keep.
    private func outgoing(_ exchange: Exchange) -> Milliseconds {
        exchange.snapshot.notices.settings.sMaxage
    }

    /// All bytes of a stored body, in the snapshot that is open; nil when they are not there.
    mutating func wholeBody(_ entry: StoredEntry) -> [UInt8]? {
        let length = Int(entry.header.bodyLength)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length)
        while bytes.count < length {
            let found = gather(entry.body, bytes.count..<length, after: 0)
            guard found.bytes > 0 else { return nil }
            for part in 0..<found.parts {
                unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(scratch.parts[part]))
            }
        }
        return bytes
    }

    /// A page that comes from the origin: held until it is whole. False: it goes out as it comes.
    mutating func holdsForNotice(_ exchange: Exchange, _ fetched: FetchedHead) -> Bool {
        guard !exchange.skipsNotice, exchange.page == nil, fetched.status == 200,
            !fetched.isDegraded,
            mayNotice(exchange.head.method, exchange.facts, exchange.policy),
            let fetch = exchange.shared
        else { return false }
        let isShared = exchange.fetch == nil || exchange.key != nil && fetched.isStorable
        let block = exchange.fetch == nil ? fetched.sharedBlob ?? fetched.blob : fetched.blob
        let facts = unsafe block.withUnsafeBytes { unsafe NoticedFields.facts($0) }
        guard facts.isHTML else { return false }
        let view = fetch.look(exchange.id)
        // An answer to HEAD declares a length and has none.
        let length = fetched.facts.contentLength.map { Int(clamping: $0) }
        guard let coding = facts.coding, view.total <= NoticeSettings.pageBytesMax,
            length ?? fetched.declaredLength ?? 0 <= NoticeSettings.pageBytesMax
        else {
            exchange.skipsNotice = true
            counters.add(.noticesLeftOut)
            return false
        }
        guard case .complete = view.phase else { return true }
        let collapsed = exchange.fetch == nil
        var page = NoticedPage(
            fields: NoticedFields.shortened(
                block, sMaxage: outgoing(exchange), isShared: isShared),
            result: collapsed ? .hit : .miss,
            cacheStatus: Array(
                "\(exchange.decision.forwardParameter); fwd-status=\(fetched.head.status)".utf8))
        if !fetched.facts.hasDate {
            page.fields += NoticedFields.date(fetched.receivedAt / 1_000)
        }
        page.cacheStatus += Array("\(storedParameter(exchange, fetched))".utf8)
        page.age = ageToShow(exchange, fetched, collapsed)
        let body = exchange.head.method == .head ? [] : fetch.prefix(view.total)
        deliver(
            exchange, page, body, coding, exchange.head.method == .head ? length : body.count,
            language: facts.language)
        return true
    }

    /// Puts the notice in and sends the page, at once or when that is done.
    private mutating func deliver(
        _ exchange: Exchange, _ page: NoticedPage, _ body: [UInt8],
        _ coding: NoticeInjection.Coding, _ length: Int?, language: [UInt8]
    ) {
        var page = page
        let text = notice.texts[
            min(self.language(exchange, page: language), notice.texts.count - 1)]
        let marker = exchange.snapshot.notices.marker
        if exchange.head.method == .head {
            // How long the page is in gzip only making it would tell.
            page.length = coding == .identity ? length.map { $0 + text.count } : nil
            return send(exchange, page)
        }
        if coding == .identity {
            page.content = NoticeInjection.injected(body, text, marker: marker)
            page.length = page.content.count
            return send(exchange, page)
        }
        if let fetch = exchange.shared { leave(fetch, exchange) }
        exchange.shared = nil
        let limit = NoticeSettings.plainBytesMax
        page.content = body
        page.length = body.count
        let waits = make(exchange, .page(page), limit: FallbackJobs.pagesMax) {
            NoticeInjection.injectedGzip(body, text, marker: marker, limit: limit)
        }
        guard !waits else { return }
        // Too many wait: the page is worth more than the notice.
        counters.add(.noticesLeftOut)
        send(exchange, page, isNoticed: false)
    }

    /// Has something made beside the loop for an exchange, which goes on when it is.
    mutating func make(
        _ exchange: Exchange, _ making: Making, limit: Int,
        _ work: @escaping @Sendable () -> [UInt8]?
    ) -> Bool {
        let (mailbox, id) = (shared.mailboxes[index], exchange.id)
        let jobs =
            switch making {
            case .picture: shared.pictures
            case .page: shared.pages
            case .call: shared.calls
            }
        guard jobs.run(limit: limit, work, then: { _ = mailbox.post(.made(id, $0)) }) else {
            return false
        }
        exchange.making = making
        // The origin's part is over; should the word that it is made be lost, time ends the wait.
        viewers[exchange.id.slot].due = .max
        setDeadline(exchange.id.slot, milliseconds: limits.writeTimeout)
        return true
    }

    /// What the exchange waited for is there, or cannot be made.
    mutating func made(_ exchange: Exchange, _ bytes: [UInt8]?) {
        guard let making = exchange.making else { return }
        exchange.making = nil
        switch making {
        case .picture(let picture): answer(exchange, picture, bytes: bytes)
        case .call(let call): answered(exchange, call)
        case .page(var page):
            guard let bytes, bytes.count <= 2 * NoticeSettings.pageBytesMax else {
                counters.add(.noticesLeftOut)
                return send(exchange, page, isNoticed: false)
            }
            page.content = bytes
            page.length = bytes.count
            send(exchange, page)
        }
    }

    mutating func send(
        _ exchange: Exchange, _ page: NoticedPage, isNoticed: Bool = true
    ) {
        let slot = exchange.id.slot
        let isHead = exchange.head.method == .head
        exchange.hasResponded = true
        exchange.outcome.status = 200
        exchange.outcome.result = page.result
        // That it was filled says less than why what is stored is not fresh.
        let isPlain = page.isFilled && exchange.decision.reason == .fresh
        let detail: StaticString? = isNoticed ? "notice" : isPlain ? "tokens" : nil
        exchange.outcome.detail = detail ?? exchange.decision.reason.word
        exchange.outcome.sentBytes = isHead ? 0 : page.content.count
        if isNoticed { counters.add(.noticesShown) }
        count(page.result)
        if !exchange.intake.isComplete { viewers[slot].closesAfterResponse = true }
        var writer = unsafe HeadWriter(scratch.head)
        writer.append(status: 200)
        unsafe page.fields.withUnsafeBytes { unsafe appendFields($0, exchange, &writer) }
        if let length = page.length { writer.field("Content-Length", decimal: UInt64(length)) }
        appendConnection(slot, &writer)
        if isNoticed { appendDegraded("notice", since: notice.since, &writer) }
        if page.isFilled, [.staleIfError, .originDown].contains(exchange.decision.reason) {
            appendStale(exchange.behavior, &writer)
        }
        unsafe writer.append(bytes: hot.cacheStatus)
        unsafe writer.append(page.cacheStatus.span.bytes)
        if let detail {
            writer.append("; detail=")
            writer.append(detail)
        }
        writer.append("\r\n")
        if exchange.head.fields.contains(.xEdgeExplain) {
            appendExplanation(exchange, detail ?? exchange.decision.reason.word, &writer)
        }
        appendResult(exchange.outcome, age: page.age, &writer)
        writer.append("\r\n")
        put(slot, writer)
        noteHead(exchange, writer.count)
        if !isHead {
            unsafe page.content.withUnsafeBytes { _ = unsafe viewers[slot].output.append($0) }
        }
        conclude(exchange)
    }

    /// The whole answer waits to be sent: nothing else is needed for it.
    mutating func conclude(_ exchange: Exchange) {
        let slot = exchange.id.slot
        exchange.delivery = .head
        if let fetch = exchange.shared { leave(fetch, exchange) }
        exchange.shared = nil
        leaveFetch(exchange)
        setDeadline(slot, milliseconds: limits.writeTimeout)
        if flush(slot), viewers[slot].exchange === exchange { finish(slot) }
    }

    /// Says that the answer is worse than it could be: a word for how, and since when that is so.
    func appendDegraded(_ word: StaticString, since: Int64?, _ writer: inout HeadWriter) {
        writer.append("X-Edge-Degraded: ")
        writer.append(word)
        if let since {
            writer.append("; since=")
            writer.appendDecimal(UInt64(max(0, since)))
        }
        writer.append("\r\n")
    }
}
