import Caching
import CloudFront
import Glibc
import HTTP
import Reactor
import Tiles

// Answers the edge makes itself: refusals, errors, interim responses, 304 from a fetched head.
extension LoopState where N: ~Copyable {
    /// A head that cannot be understood or is too large: answer, close, count, never forward.
    mutating func refuse(_ slot: UInt32, _ rejection: HeadRejection, isHead: Bool) {
        counters.reject(.head(rejection))
        var (status, sentence) = (rejection.status, ErrorPage.Reason?.none)
        if snapshot.settings.mode == .cloudfront {
            switch rejection {
            case .headTooLarge: status = 494
            // One that no behavior allows. Source: CloudFront, "HTTP 403: invalid method".
            case .methodNotAllowed: (status, sentence) = (403, .methodNotAllowed)
            default: break
            }
        }
        unsafe refuse(
            slot, status: status, detail: rejection.reason, isHead: isHead, sentence: sentence)
    }

    /// `request` are the bytes of the head, if it was understood.
    mutating func refuse(
        _ slot: UInt32, status: Int, detail: StaticString, isHead: Bool = false,
        request: UnsafeRawBufferPointer? = nil, sentence: ErrorPage.Reason? = nil
    ) {
        viewers[slot].closesAfterResponse = true
        viewers[slot].phase = .reading
        requestID = hot.isTwin ? requestIDs.make() : RequestID()
        let page = localPage(status, detail: detail, requestID: requestID, sentence: sentence)
        let outcome = writeLocal(slot, page, requestID, isHead: isHead, exchange: nil)
        unsafe logRefusal(slot, outcome, request)
        counters.add(.errors)
        if flush(slot) { closeGently(slot) }
    }

    /// A final answer of the edge's own to an exchange: the distribution's page for that error, or
    /// what its program can use, or a page of the edge's own.
    ///
    /// The distribution's page says that the origin failed, which want of room does not.
    ///
    /// - Parameter forward: what came of asking the origin; nil: nobody asked it.
    mutating func answer(
        _ exchange: Exchange, _ status: Int, detail: StaticString, result: ResultType = .error,
        after forward: Forward? = nil
    ) {
        // Page or not, this is what the log tells of it.
        if !exchange.hasResponded { exchange.outcome.detail = detail }
        if result == .error, showsPage(exchange, for: status) { return }
        exchange.forward = forward
        if answersFallback(exchange, status, detail, result) { return }
        var page = localPage(status, detail: detail, requestID: exchange.outcome.requestID)
        page.result = result
        // CloudFront's own page says nothing of the kind.
        let isPure = exchange.imported != nil && exchange.policy.mapClass == .none && hot.isTwin
        if status >= 500, !isPure { page.retryAfter = exchange.retryAfter }
        answer(exchange, page)
    }

    /// Sends a page of the edge's own.
    mutating func answer(_ exchange: Exchange, _ page: LocalPage) {
        let slot = exchange.id.slot
        guard !exchange.hasResponded else {
            cutShort(exchange)
            return
        }
        exchange.hasResponded = true
        exchange.outcome.detail = page.detail
        if !exchange.intake.isComplete { viewers[slot].closesAfterResponse = true }
        let sent = writeLocal(
            slot, page, exchange.outcome.requestID, isHead: exchange.head.method == .head,
            exchange: exchange)
        exchange.outcome.status = sent.status
        exchange.outcome.result = sent.result
        exchange.outcome.sentBytes = sent.sentBytes
        noteHead(exchange, sent.framingBytes)
        exchange.delivery = .head
        exchange.shared.map { _ = $0.leave(exchange.id) }
        exchange.shared = nil
        leaveFetch(exchange)
        if sent.result.isError { counters.add(.errors) }
        setDeadline(slot, milliseconds: limits.writeTimeout)
        if flush(slot), viewers[slot].exchange === exchange { finish(slot) }
    }

    /// The fetch that this exchange fed with its request body has no use any more.
    mutating func leaveFetch(_ exchange: Exchange) {
        guard let token = exchange.fetch else { return }
        exchange.fetch = nil
        if !exchange.intake.isComplete || exchange.key == nil {
            fetchLostViewers(token, policy: exchange.policy)
        }
    }

    /// No tile, or no whole document, although its status may be 200: the viewer gets what it can
    /// use, the store gets nothing (law 5).
    mutating func answerRejectedContent(_ exchange: Exchange, _ head: FetchedHead) {
        if let entry = exchange.entry, mayServeStale(exchange, entry, .unreachable) {
            exchange.outcome.detail = "content-rejected"
            serveStale(exchange, entry, answer: head.head.status)
        } else if exchange.reads(head.rejectedContent) {
            exchange.forward = Forward(exchange, status: head.head.status)
            if exchange.map?.isImage == true, answersInDialect(exchange) { return }
            writeHead(exchange, head, collapsed: exchange.fetch == nil)
            pump(exchange.id.slot)
        } else if !refusesClosed(exchange, head),
            !blanksRefusal(
                exchange, head.status, mediaType: head.mediaType, "content-rejected",
                after: Forward(exchange, status: head.head.status))
        {
            answer(
                exchange, 503,
                detail: exchange.gotNothing ? "OriginZeroSizeObjectError" : "content-rejected",
                after: Forward(exchange, status: head.head.status))
        }
    }

    /// A layer that stays refused is answered for as by a server that says so by its status: 404,
    /// for which caches in front give up what they have.
    private mutating func refusesClosed(_ exchange: Exchange, _ head: FetchedHead) -> Bool {
        guard let said = refusal(exchange),
            ExceptionReport(code: said.code, locator: said.locator).isOfLayer,
            isLayerClosed(exchange)
        else { return false }
        return blanksRefusal(
            exchange, 404, mediaType: [], "content-rejected",
            after: Forward(exchange, status: head.head.status), said: said)
    }

    // MARK: request bodies

    mutating func sendContinue(_ exchange: Exchange) {
        guard exchange.head.minorVersion >= 1 else { return }
        unsafe "HTTP/1.1 100 Continue\r\n\r\n".utf8CString.withUnsafeBytes {
            _ = unsafe viewers[exchange.id.slot].output.append(
                UnsafeRawBufferPointer(rebasing: $0.dropLast()))
        }
        _ = flush(exchange.id.slot)
    }

    mutating func malformedBody(_ exchange: Exchange) {
        viewers[exchange.id.slot].closesAfterResponse = true
        stopFetch(exchange)
        answer(exchange, 400, detail: "malformed-chunk")
    }

    /// Its length alone says that the body is over the bound: refused before it is invited, and
    /// before an origin hears of it (RFC 9110 §10.1.1).
    mutating func declaresTooMuch(_ exchange: Exchange) -> Bool {
        guard case .length(let count) = exchange.head.framing, limits.bodyBytes > 0,
            count > UInt64(limits.bodyBytes)
        else { return false }
        answerTooLarge(exchange)
        return true
    }

    mutating func answerTooLarge(_ exchange: Exchange) {
        viewers[exchange.id.slot].closesAfterResponse = true
        stopFetch(exchange)
        answer(exchange, 413, detail: "body-too-large")
    }

    /// The viewer stopped in the middle of its request: the member must see a broken request too.
    mutating func abortRequestBody(_ exchange: Exchange) {
        viewers[exchange.id.slot].closesAfterResponse = true
        stopFetch(exchange)
        answer(exchange, 400, detail: "request-cut-short")
    }

    private mutating func stopFetch(_ exchange: Exchange) {
        guard let token = exchange.fetch else { return }
        exchange.fetch = nil
        exchange.shared.map { _ = $0.leave(exchange.id) }
        exchange.shared = nil
        fetchLostViewers(token, policy: exchange.policy)
    }

    /// Another's fetch took too long to begin: bounded, then on its own.
    mutating func waitedTooLong(_ exchange: Exchange) {
        exchange.shared.map { _ = $0.leave(exchange.id) }
        counters.add(.uncollapsed)
        exchange.mayCollapse = false
        (exchange.metatile, exchange.whole) = (.alone, .past)
        setDeadline(exchange.id.slot, milliseconds: nil)
        obtain(exchange)
    }

    /// 1xx from the origin, to a viewer that knows them.
    mutating func relayInterim(_ fetch: Fetch, _ raw: [UInt8]) {
        let exchange = fetch.exchange
        let slot = exchange.id.slot
        guard !fetch.isBackground, exchange.head.minorVersion >= 1, !exchange.hasResponded,
            viewers.contains(Slot(index: slot, generation: exchange.id.generation)),
            viewers[slot].exchange === exchange
        else { return }
        var writer = unsafe HeadWriter(scratch.head)
        writer.append("HTTP/1.1 ")
        writer.appendDecimal(UInt64(originHead.status))
        writer.append(" \r\n")
        unsafe raw.withUnsafeBytes { bytes in
            for index in 0..<originHead.fields.count
            where unsafe !originHead.isHopByHop(index, bytes: bytes.bytes) {
                let field = originHead.fields[index]
                unsafe writer.append(
                    bytes: UnsafeRawBufferPointer(rebasing: bytes[field.name.range]))
                writer.append(": ")
                unsafe writer.append(
                    bytes: UnsafeRawBufferPointer(rebasing: bytes[field.value.range]))
                writer.append("\r\n")
            }
        }
        writer.append("\r\n")
        put(slot, writer)
        _ = flush(slot)
    }
}

extension Exchange {
    /// A body was asked for, and one without a byte came.
    fileprivate var gotNothing: Bool {
        guard head.method == .get, let view = shared?.look(id) else { return false }
        return view.isComplete && view.total == 0
    }
}
