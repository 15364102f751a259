import Caching
import Glibc
import HTTP
import Reactor

// A fetched response on its way to a viewer: head, then body as it comes, then the end.
extension LoopState where N: ~Copyable {
    /// Bytes of body handed to the kernel in one call at most.
    private static var slice: Int { 131_072 }

    /// Writes the head of a fetched response into the viewer's output.
    mutating func writeHead(_ exchange: Exchange, _ fetched: FetchedHead, collapsed: Bool) {
        // A reload may have replaced the table meanwhile: behaviors go by the exchange's own.
        let current = hot
        hot = exchange.snapshot.hot
        defer { hot = current }
        let slot = exchange.id.slot
        exchange.hasResponded = true
        exchange.outcome.status = exchange.statusToShow(fetched.status)
        exchange.outcome.result = resultType(exchange, fetched, collapsed)
        var writer = unsafe HeadWriter(scratch.head)
        writer.append(status: exchange.statusToShow(fetched.status))
        var blob = collapsed ? fetched.sharedBlob ?? fetched.blob : fetched.blob
        if fetched.isDegraded {
            counters.add(.degradedPages)
            blob = NoticedFields.shortened(
                blob, sMaxage: exchange.snapshot.notices.settings.sMaxage,
                isShared: exchange.key != nil && fetched.mayBeShared, keepsValidators: true)
        }
        let start = writer.count
        unsafe blob.withUnsafeBytes { unsafe appendFields($0, exchange, &writer) }
        appendRemaining(exchange, fetched, from: start, &writer)
        chooseDelivery(exchange, fetched, &writer)
        // It comes before the request's end: the rest of that has nowhere to go.
        if !exchange.intake.isComplete { viewers[slot].closesAfterResponse = true }
        appendConnection(slot, &writer)
        appendOwnFields(exchange, fetched, collapsed, &writer)
        unsafe exchange.bytes.withUnsafeBytes {
            unsafe appendServerTiming(
                exchange.behavior, exchange.head, $0, exchange.outcome,
                upstream: fetched.receivedAt - fetched.requestedAt, &writer)
        }
        appendResult(
            exchange.outcome, minor: fetched.head.minorVersion,
            age: ageToShow(exchange, fetched, collapsed), &writer)
        writer.append("\r\n")
        put(slot, writer)
        noteHead(exchange, writer.count)
        count(exchange.outcome.result)
    }

    private func resultType(_ exchange: Exchange, _ fetched: FetchedHead, _ collapsed: Bool)
        -> ResultType
    {
        if fetched.status >= 400 || exchange.page != nil { return .error }
        return collapsed ? .hit : .miss
    }

    /// Length where it is known, else chunks, else the end of the connection.
    private mutating func chooseDelivery(
        _ exchange: Exchange, _ fetched: FetchedHead, _ writer: inout HeadWriter
    ) {
        let status = fetched.status
        if exchange.head.method == .head || status == 304 {
            exchange.delivery = .head
            if let length = fetched.facts.contentLength {
                writer.append("Content-Length: ")
                writer.appendDecimal(length)
                writer.append("\r\n")
            }
        } else if status == 204 || status < 200 {
            exchange.delivery = .head
        } else if let length = fetched.declaredLength {
            exchange.delivery = .length
            writer.append("Content-Length: ")
            writer.appendDecimal(UInt64(length))
            writer.append("\r\n")
        } else if exchange.head.minorVersion >= 1 {
            exchange.delivery = .chunked
            writer.append("Transfer-Encoding: chunked\r\n")
        } else {
            exchange.delivery = .untilClose
            viewers[exchange.id.slot].closesAfterResponse = true
        }
    }

    /// As for what is stored, of what is so old already that it matters.
    private func appendRemaining(
        _ exchange: Exchange, _ fetched: FetchedHead, from start: Int, _ writer: inout HeadWriter
    ) {
        guard hot[exchange.behavior].traits.contains(.tellsRemaining), fetched.isStorable,
            exchange.fetch == nil || !fetched.facts.isProvedAlike,
            case .storable(let times, let flags) = fetched.storability,
            times.ageSeconds(at: network.wallNow) > 0
        else { return }
        appendRemaining(times, flags, exchange.outcome, from: start, &writer)
    }

    /// What the origin says of the response's age, and for who takes it from another's request how
    /// long it has been here. CloudFront itself has no age for a response that it did not store,
    /// and one of its own for who waited for another's.
    func ageToShow(
        _ exchange: Exchange, _ fetched: FetchedHead, _ collapsed: Bool
    ) -> UInt64? {
        let now = network.wallNow
        let waited = UInt64(max(0, now.subtracting(fetched.receivedAt))) / 1_000
        if hot.isTwin, exchange.imported != nil { return collapsed ? waited : nil }
        let told = fetched.facts.age.map { UInt64(max(0, $0)) }
        guard collapsed, told != nil || waited > 0 else { return told }
        if case .storable(let times, _) = fetched.storability { return times.ageSeconds(at: now) }
        return (told ?? 0) + waited
    }

    mutating func appendOwnFields(
        _ exchange: Exchange, _ fetched: FetchedHead, _ collapsed: Bool, _ writer: inout HeadWriter
    ) {
        // A policy that removes Date has brought CloudFront's own.
        if !fetched.facts.hasDate,
            !exchange.snapshot.hot[exchange.behavior].traits.contains(.datesResponses)
        {
            writer.append("Date: ")
            writer.appendDate(epochSeconds: fetched.receivedAt / 1_000)
            writer.append("\r\n")
        }
        append(classControl(exchange, fetched, collapsed), exchange.policy, &writer)
        appendSilent(exchange, fetched, &writer)
        if exchange.tellsTile(fetched.status) {
            appendTileResult(exchange.outcome.result, &writer)
        }
        unsafe writer.append(bytes: hot.cacheStatus)
        if exchange.outcome.isKnownHead {
            writer.append("; hit")
        } else {
            writer.append(exchange.decision.forwardParameter)
            writer.append("; fwd-status=")
            writer.appendDecimal(UInt64(fetched.head.status))
            if collapsed { writer.append("; collapsed") }
        }
        if fetched.isOutOfStep {
            writer.append("; detail=out-of-step")
        } else {
            if fetched.isDegraded { writer.append("; detail=degraded") }
            writer.append(storedParameter(exchange, fetched))
        }
        if case .refused(let reason) = fetched.storability, exchange.key != nil,
            !exchange.outcome.isKnownHead
        {
            writer.append("; detail=")
            writer.append(reason.word)
        }
        appendStanding(exchange, &writer)
        writer.append("\r\n")
        if fetched.isDegraded {
            appendDegraded("origin", since: notice.since ?? outageBegan(exchange), &writer)
        }
        if exchange.head.fields.contains(.xEdgeExplain) {
            appendExplanation(exchange, fetched, &writer)
        }
    }

    func append(_ text: String, _ writer: inout HeadWriter) {
        var text = text
        text.withUTF8 { unsafe writer.append(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// The last fields, in the order in which CloudFront has them: `X-Cache` in its words, `Via`,
    /// where the edge is its twin what else it says of itself, and `Age`.
    ///
    /// - Parameter minor: of the version in which the response came.
    func appendResult(
        _ outcome: Outcome, minor: UInt8 = 1, age: UInt64?, _ writer: inout HeadWriter
    ) {
        writer.append("X-Cache: ")
        writer.append(outcome.result.word)
        unsafe writer.append(bytes: hot.resultFrom)
        unsafe writer.append(bytes: minor == 0 ? hot.via10 : hot.via11)
        if hot.isTwin {
            unsafe writer.append(bytes: hot.identity)
            unsafe writer.append(outcome.requestID.text.span.bytes)
            writer.append("\r\n")
        }
        guard let age else { return }
        writer.append("Age: ")
        writer.appendDecimal(age)
        writer.append("\r\n")
    }

    /// `Connection` where the version's default is not what happens; CloudFront always says it.
    func appendConnection(_ slot: UInt32, _ writer: inout HeadWriter) {
        if viewers[slot].closesAfterResponse {
            writer.append("Connection: close\r\n")
        } else if hot.isTwin
            || viewers[slot].exchange.map({ $0.head.minorVersion == 0 })
                ?? (head.minorVersion == 0)
        {
            writer.append("Connection: keep-alive\r\n")
        }
    }

    /// Queues what was written behind whatever waits already.
    mutating func put(_ slot: UInt32, _ writer: HeadWriter) {
        let bytes = unsafe UnsafeRawBufferPointer(
            start: scratch.head.baseAddress, count: writer.count)
        _ = unsafe viewers[slot].output.append(bytes)
    }

    mutating func count(_ result: ResultType) {
        switch result {
        case .hit: counters.add(.hits)
        case .refreshHit: counters.add(.refreshHits)
        case .error, .capacityExceeded: counters.add(.errors)
        default: counters.add(.misses)
        }
    }

    /// Sends what has come of the body, until the viewer takes no more or all is sent.
    mutating func pump(_ slot: UInt32) {
        guard let exchange = viewers[slot].exchange, exchange.hasResponded,
            let fetch = exchange.shared
        else {
            // An answer of the edge's own that the viewer did not take at once ends here.
            if flush(slot), viewers[slot].exchange?.hasResponded == true { finish(slot) }
            return
        }
        if exchange.delivery == .none { return }
        let token = Token(viewers.life(of: slot), kind: TokenKind.viewer)
        while viewers.contains(token), viewers[slot].exchange === exchange {
            guard !viewers[slot].isBlocked else { return }
            let view = fetch.look(exchange.id)
            if case .failed = view.phase, exchange.cursor >= view.total, exchange.delivery != .head
            {
                exchange.outcome.detail = "OriginCommError"
                _ = flush(slot)
                if viewers.contains(token) { cutShort(exchange) }
                return
            }
            var isWhole = exchange.delivery == .head
            if case .complete = view.phase, exchange.cursor >= view.total { isWhole = true }
            if isWhole {
                endBody(exchange, fetch)
                if flush(slot), viewers.contains(token) { finish(slot) }
                return
            }
            guard exchange.cursor < view.total else {
                // The viewer has taken all there is: from here on it waits for the origin.
                if flush(slot), viewers.contains(token), exchange.intake.isComplete {
                    viewers[slot].rateFrom = 0
                }
                return
            }
            sendPiece(exchange, fetch)
        }
    }

    /// The last chunk with its trailers, once.
    private mutating func endBody(_ exchange: Exchange, _ fetch: SharedFetch) {
        guard exchange.delivery == .chunked else { return }
        exchange.delivery = .head
        var end = Array("0\r\n".utf8)
        // Where fields are for who asked alone, no more is known of those behind the body.
        if exchange.fetch != nil || fetch.look(exchange.id).head?.sharedBlob == nil {
            end += fetch.trailers
        }
        end += [13, 10]
        exchange.outcome.framingBytes += end.count
        unsafe end.withUnsafeBytes { _ = unsafe viewers[exchange.id.slot].output.append($0) }
    }

    /// Output that waits, a chunk's size where chunks are sent, and body bytes, in one call.
    private mutating func sendPiece(_ exchange: Exchange, _ fetch: SharedFetch) {
        let slot = exchange.id.slot
        if exchange.delivery == .chunked {
            sendChunk(exchange, fetch)
            return
        }
        let waiting = unsafe viewers[slot].output.readable
        unsafe scratch.parts[0] = unsafe iovec(
            iov_base: UnsafeMutableRawPointer(mutating: waiting.baseAddress), iov_len: waiting.count
        )
        let skip = unsafe waiting.isEmpty ? 0 : 1
        let rest = unsafe UnsafeMutableBufferPointer(rebasing: scratch.parts[skip..<16])
        let body = unsafe fetch.gather(from: exchange.cursor, into: rest, limit: Self.slice)
        switch send(slot, parts: body.parts + skip) {
        case .bytes(let sent):
            let ofOutput = min(sent, waiting.count)
            viewers[slot].output.consume(ofOutput)
            viewers[slot].output.releaseIfEmpty()
            advance(exchange, fetch, by: sent - ofOutput)
        case .wouldBlock: return
        case .endOfStream, .failed: viewerFailed(slot)
        }
    }

    private mutating func sendChunk(_ exchange: Exchange, _ fetch: SharedFetch) {
        let slot = exchange.id.slot
        let parts = unsafe UnsafeMutableBufferPointer(rebasing: scratch.parts[..<16])
        let body = unsafe fetch.gather(from: exchange.cursor, into: parts, limit: 32_768)
        var writer = unsafe HeadWriter(scratch.head)
        writer.appendHex(UInt64(body.bytes))
        writer.append("\r\n")
        for index in 0..<body.parts {
            unsafe writer.append(
                bytes: UnsafeRawBufferPointer(
                    start: parts[index].iov_base, count: parts[index].iov_len))
        }
        writer.append("\r\n")
        put(slot, writer)
        exchange.outcome.framingBytes += writer.count - body.bytes
        advance(exchange, fetch, by: body.bytes)
        _ = flush(slot)
    }

    private mutating func advance(_ exchange: Exchange, _ fetch: SharedFetch, by count: Int) {
        exchange.cursor += count
        exchange.outcome.sentBytes += count
        fetch.advance(exchange.id, to: exchange.cursor)
        resumeIfPaused(fetch)
    }
}
