import Caching
import CloudFront
import Glibc
import HTTP
import Reactor

// Receiving from members: heads parsed where they lie, bodies received into the memory that is
// sent to viewers and handed to the store.
extension LoopState where N: ~Copyable {
    /// Bytes a fetch that is not kept for the store may be ahead of its slowest viewer.
    private static var window: Int { 524_288 }

    mutating func receiveOrigin(_ slot: UInt32) {
        let token = Token(origins.life(of: slot), kind: TokenKind.origin)
        var budget = limits.tickBudget
        while origins.contains(token), let fetch = fetch(at: slot), fetch.phase != .done {
            if fetch.held != nil { return }
            if fetch.head != nil, fetch.shared.isUnread {
                giveUp(fetch)
                return
            }
            if fetch.head != nil, fetch.shared.pauses(above: Self.window) {
                fetch.isPaused = true
                setDeadline(fetch, milliseconds: fetch.pool.settings.betweenBytesTimeout)
                return
            }
            let result =
                fetch.body.framing != .none && fetch.body.isPlain && fetch.gzip == nil
                    && origins[slot].input.isEmpty
                ? receiveBody(slot, fetch) : receiveKept(slot, fetch)
            switch result {
            case .bytes(let count):
                // Compressing and reading take several times as long as copying.
                let isWorkedOn = fetch.gzip != nil || fetch.evidence.document != nil
                budget -= isWorkedOn ? 4 * count : count
                if budget <= 0, origins.contains(token) {
                    ready.append(.receive(token))
                    return
                }
            case .wouldBlock: return
            case .endOfStream, .failed:
                if origins.contains(token) { originEnded(fetch, result) }
                return
            }
        }
    }

    /// Straight into the segments of the body.
    private mutating func receiveBody(_ slot: UInt32, _ fetch: Fetch) -> IOResult {
        let room = unsafe fetch.shared.room(expecting: fetch.body.expected)
        let result = unsafe network.receive(origins[slot].fd, into: room)
        guard case .bytes(let count) = result else { return result }
        if isTaped {
            unsafe tapeOrigin(slot, said: UnsafeRawBufferPointer(rebasing: room[..<count]))
        }
        origins[slot].mayHoldMore = count == room.count
        let own = fetch.body.took(count)
        unsafe fetch.evidence.document?.take(UnsafeRawBufferPointer(rebasing: room[..<own]))
        fetch.shared.publish(bytes: own)
        if own < count { origins[slot].isReused = false }
        bodyCame(slot, fetch, surplus: own < count)
        return result
    }

    /// Into the connection's buffer: a head, or chunks to be decoded.
    private mutating func receiveKept(_ slot: UInt32, _ fetch: Fetch) -> IOResult {
        guard origins[slot].input.reserve(16_384) else {
            fail(fetch, .malformed)
            return .bytes(0)
        }
        let room = unsafe origins[slot].input.writable
        let result = unsafe network.receive(origins[slot].fd, into: room)
        guard case .bytes(let count) = result else { return result }
        if isTaped {
            unsafe tapeOrigin(slot, said: UnsafeRawBufferPointer(rebasing: room[..<count]))
        }
        origins[slot].mayHoldMore = count == room.count
        origins[slot].input.commit(count)
        origins[slot].hasReceived = true
        if fetch.body.framing == .none, fetch.head == nil, fetch.judging == nil {
            takeResponseHead(slot, fetch)
        } else {
            takeBody(slot, fetch)
        }
        return result
    }

    private mutating func takeResponseHead(_ slot: UInt32, _ fetch: Fetch) {
        while fetch.phase != .done, origins[slot].fetch == fetch.token, fetch.head == nil,
            fetch.judging == nil
        {
            var scan = HeadScan()
            let bytes = unsafe origins[slot].input.readable
            switch unsafe parseResponse(
                bytes.bytes, &scan, limits: .response, toHead: fetch.request.method == .head,
                into: &originHead)
            {
            case .needMore: return
            case .rejected(let rejection):
                fail(fetch, FetchFailure(rejection))
                return
            case .complete:
                let raw = unsafe [UInt8](bytes[..<originHead.length])
                origins[slot].input.consume(originHead.length)
                if originHead.status < 200 {
                    guard takeInterim(slot, fetch, raw) else { return }
                } else {
                    headCame(slot, fetch, raw)
                    return
                }
            }
        }
    }

    /// 1xx: relayed to an HTTP/1.1 viewer; 101 switches; more than eight are a flood.
    private mutating func takeInterim(_ slot: UInt32, _ fetch: Fetch, _ raw: [UInt8]) -> Bool {
        fetch.interim += 1
        if originHead.status == 101 {
            if fetch.request.isUpgrade {
                beginTunnel(slot, fetch, raw)
            } else {
                fail(fetch, .malformed)
            }
            return false
        }
        if originHead.status == 100 { fetch.continues += 1 }
        // CloudFront takes one 100 (Continue), and a second for an error.
        let isFlood = fetch.exchange.imported != nil && fetch.continues > 1
        guard fetch.interim <= 8, !isFlood else {
            fail(fetch, .malformed)
            return false
        }
        if originHead.status != 100, fetch.hedge.rival == nil { relayInterim(fetch, raw) }
        return true
    }

    /// The final head: what it means for the store is decided once, here.
    private mutating func headCame(_ slot: UInt32, _ fetch: Fetch, _ raw: [UInt8]) {
        fetch.phase = .receiving
        noteHead(fetch)
        setDeadline(fetch, milliseconds: fetch.pool.settings.betweenBytesTimeout)
        unsafe fetch.body.begin(
            originHead.framing, dropping: originHead.namedByConnection(bytes: raw.span.bytes))
        let isOld = isOlderThanWrite(fetch, raw)
        let kept = shortened(
            passed(quoted(raw, fetch.exchange), fetch.exchange), fetch.exchange)
        let told = told(outlived(kept, fetch.exchange), fetch.exchange)
        fetch.exchange.tagging.isCodedHere = fetch.exchange.staysCodedHere(originHead)
        var head = makeHead(fetch, tagged(told, fetch.exchange))
        if fetch.exchange.imported != nil, isOfOtherLength(head) {
            return fail(fetch, .rangeMismatch)
        }
        // Of a member's own validators the request does not know. Where the viewer's own condition
        // was kept from the origin, the viewer knows what a 304 is about.
        let isAnswer =
            head.status == 304
            && (fetch.evidence.wasConditional
                || fetch.exchange.facts.hasConditional && !fetch.exchange.tagsContent)
        if !isAnswer, fetch.request.didNotAskFor(head.status) { return fail(fetch, .malformed) }
        if settlesRivalry(fetch, head) || obeys(fetch, head) { return }
        if losesPrefetch(fetch, head) { return }
        if head.status >= 500, retryOnStatus(fetch, head) { return }
        if failsOver(fetch, .status(head.status), verdict(fetch, head)) { return }
        if fetch.exchange.watch == nil, let next = compressed(head, fetch.exchange),
            let gzip = BodyGzip()
        {
            fetch.gzip = gzip
            head = makeHead(fetch, next)
        } else if let next = selectedByCoding(head, fetch.exchange) {
            head = makeHead(fetch, next)
        }
        if isOld {
            counters.add(.olderTiles)
            head = FetchedHead(head, refused: .olderThanWrite)
        }
        if isBehind(fetch) { head = head.withoutCaching() }
        if fetch.exchange.isSafeWrite { head = alone(head, fetch) }
        noteSession(fetch, head)
        noteOwnWrite(fetch, head)
        if readsAnswer(fetch, head) {
            if fetch.body.isComplete || !origins[slot].input.isEmpty { takeBody(slot, fetch) }
            return
        }
        // The catalog's next edition is there before anybody reads what the write has changed.
        let rules = endWrite(fetch, status: head.status)
        settle(slot, fetch, head, rules, ending(of: fetch, head))
    }

    /// What the answer makes stale is put in force; then the answer goes out.
    private mutating func settle(
        _ slot: UInt32, _ fetch: Fetch, _ head: FetchedHead, _ rules: [InvalidationRule],
        _ ending: Store.WriteEnding?
    ) {
        if invalidateAfter(fetch, head, rules, ending) {
            fetch.held = head
            awaitDisk(fetch)
            return
        }
        goOn(slot, fetch, head)
    }

    /// More of an answer that says what became of a write, and that nobody has yet.
    private mutating func writeAnswered(_ slot: UInt32, _ fetch: Fetch, surplus: Bool) {
        // What is behind it belongs to no request.
        if surplus { origins[slot].sawHangup = true }
        guard let (head, ending) = readAnswer(fetch) else { return }
        settle(slot, fetch, head, endWrite(fetch, status: head.status), ending)
    }

    /// The head is known and in order: who waits may have it, and the body is read.
    mutating func goOn(_ slot: UInt32, _ fetch: Fetch, _ head: FetchedHead) {
        if head.completes, !prefill(fetch) {
            fail(fetch, .cutShort)
            return
        }
        if let format = fetch.exchange.judgedFormat(head) {
            fetch.judging = .picture(head, format)
        } else if let document = fetch.exchange.documentCheck(
            head, isCompressedHere: fetch.gzip != nil)
        {
            fetch.evidence.document = document
            fetch.judging = JudgedBody(head: head, needed: DocumentCheck.heldBytes)
        } else if case let search = search(for: head, fetch.exchange),
            search != nil || searchesBody(head, fetch.exchange)
        {
            let within =
                searchesBody(head, fetch.exchange) ? fetch.exchange.degradedMarker?.within : 0
            fetch.judging = JudgedBody(head: head, needed: within ?? 0, search: search)
        } else if !origins[slot].input.isEmpty, mayGetLength(head, fetch) {
            fetch.judging = JudgedBody(head: head, needed: 0, isJudged: false)
        } else {
            publish(tagged(head, fetch), fetch)
        }
        if fetch.body.isComplete || !origins[slot].input.isEmpty { takeBody(slot, fetch) }
    }

    /// Whether its whole body, should it have come with the head, says a length that the origin
    /// did not. To CloudFront alone it is no matter.
    private func mayGetLength(_ head: FetchedHead, _ fetch: Fetch) -> Bool {
        fetch.exchange.policy.mapClass != .none && fetch.exchange.head.method == .get
            && fetch.exchange.picture == nil && head.declaredLength == nil
            && (200...299).contains(head.status) && head.status != 204
            && !head.confirmsStored && !head.deniesStored && !head.completes
    }

    /// A part whose two lengths disagree: to CloudFront that is no response.
    private func isOfOtherLength(_ head: FetchedHead) -> Bool {
        guard head.status == 206, case .length(let length) = originHead.framing,
            let range = head.facts.contentRange?.range
        else { return false }
        return UInt64(range.count) != length
    }

    /// 502–504 from one member: another may do better, where the request may be repeated.
    private mutating func retryOnStatus(_ fetch: Fetch, _ head: FetchedHead) -> Bool {
        fetch.followWithMember()
        let tried = fetch.tried | 1 << UInt64(fetch.member & 63)
        // Without a member to turn to at once, this answer is the best there is.
        guard (502...504).contains(head.status), !fetch.evidence.isHeldOff, fetch.isRetriable,
            fetch.request.method.isIdempotent, fetch.exchange.intake.isComplete,
            let next = fetch.pool.chooseRetry(
                tried: tried, isFree: fetch.evidence.isTrial, at: network.monotonicMilliseconds,
                wish(of: fetch), for: fetch.ask.requestClass)
        else { return false }
        fetch.tried = tried
        moveOn(fetch, from: head.status, to: next)
        return true
    }

    mutating func publish(_ judged: FetchedHead, _ fetch: Fetch) {
        let isEmpty = fetch.exchange.isEmptyPage(judged)
        let head = fetch.exchange.keptPrivate(
            isEmpty ? FetchedHead(judged, refused: .emptyPage) : judged)
        fetch.head = head
        let plan = storePlan(fetch, head)
        fetch.shared.publish(
            head, keepsBody: plan.keepsBody, dissolve: !plan.isShared,
            joinableUntil: joinableUntil(fetch, head))
        if fetch.isPrefetch, !plan.keepsBody, !head.confirmsStored { noteLost(fetch) }
        if let key = fetch.shared.key, !plan.isShared {
            shared.collapsed.remove(key, fetch.shared)
            if !fetch.exchange.isEndOfWaiters(head), !fetch.exchange.mayShareNext(after: head) {
                shared.collapsed.rememberUnshared(
                    key, until: network.monotonicMilliseconds + head.unsharedTime)
            }
        }
        tellAll(fetch.shared)
    }

    /// Bytes in the connection's buffer that belong to the body.
    private mutating func takeBody(_ slot: UInt32, _ fetch: Fetch) {
        var consumed = 0
        let bytes = unsafe origins[slot].input.readable
        while let range = unsafe fetch.body.next(bytes, consumed: &consumed) {
            unsafe copy(UnsafeRawBufferPointer(rebasing: bytes[range]), fetch)
        }
        let surplus = fetch.body.isComplete && consumed < bytes.count
        origins[slot].input.consume(consumed)
        if fetch.body.isMalformed {
            fail(fetch, .malformed)
            return
        }
        bodyCame(slot, fetch, surplus: surplus)
    }

    private func copy(_ bytes: UnsafeRawBufferPointer, _ fetch: Fetch) {
        unsafe fetch.evidence.document?.take(bytes)
        if let gzip = fetch.gzip { return unsafe compress(bytes, isLast: false, gzip, fetch) }
        var rest = unsafe bytes
        while unsafe !rest.isEmpty {
            let room = unsafe fetch.shared.room(
                expecting: fetch.body.expected.map { $0 + rest.count })
            let count = min(room.count, rest.count)
            unsafe room.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
            fetch.shared.publish(bytes: count)
            unsafe rest = unsafe UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Bytes were published, or the body is over.
    private mutating func bodyCame(_ slot: UInt32, _ fetch: Fetch, surplus: Bool) {
        setDeadline(fetch, milliseconds: fetch.pool.settings.betweenBytesTimeout)
        noteBody(fetch)
        if fetch.exchange.watch?.head != nil {
            return writeAnswered(slot, fetch, surplus: surplus)
        }
        if fetch.body.isComplete, let gzip = fetch.gzip {
            unsafe compress(UnsafeRawBufferPointer(start: nil, count: 0), isLast: true, gzip, fetch)
        }
        if fetch.judging != nil, asksAnother(fetch) { return }
        if fetch.shared.keepsBody, fetch.shared.total > snapshot.settings.cache.objectBytes {
            counters.add(.storeSkippedSize)
            letGo(fetch)
        } else if fetch.shared.keepsBody, !fetch.body.isComplete, shared.budget.isExhausted {
            counters.add(.storeSkippedMemory)
            letGo(fetch)
        }
        if fetch.body.isComplete {
            responseCame(slot, fetch, surplus: surplus)
        } else if fetch.head != nil || fetch.judging?.isHeld == true {
            tellAll(fetch.shared)
        }
    }

    private mutating func letGo(_ fetch: Fetch) {
        fetch.shared.fence()
        fetch.shared.letGo()
        if let key = fetch.shared.key { shared.collapsed.remove(key, fetch.shared) }
        tellAll(fetch.shared)
    }

    /// The last byte is here: stored first, so that whoever gets it finds it again, then told.
    private mutating func responseCame(_ slot: UInt32, _ fetch: Fetch, surplus: Bool) {
        guard let head = fetch.head else { return }
        fetch.connection = nil
        let isReusable =
            head.head.keepsAlive && fetch.hasSentAll && !surplus
            && fetch.body.framing != .untilClose
        if isReusable { keepOrigin(slot) } else { discardOrigin(slot, reset: surplus) }
        settleEvidence(fetch, head)
        fetch.pool.served(after: network.monotonicNow - fetch.startedAt)
        if cuts(fetch, head) { return }
        // An answer before the whole request was read: the rest of it has nowhere to go.
        conclude(fetch)
        store(fetch, head)
        pauseRefresh(fetch, after: head)
        end(fetch.shared, .complete, trailers: fetch.body.trailers)
    }

    private mutating func originEnded(_ fetch: Fetch, _ result: IOResult) {
        let isAnswering = fetch.judging != nil || fetch.exchange.watch?.head != nil
        guard fetch.head != nil || isAnswering else {
            fail(fetch, hasFailedHandshake(fetch) ? .tlsFailed : .cutShort)
            return
        }
        if result == .endOfStream, let slot = fetch.connection, !origins[slot.index].wasReset,
            fetch.body.endOfStream()
        {
            if fetch.judging != nil, asksAnother(fetch) { return }
            if fetch.exchange.watch?.head != nil {
                return writeAnswered(slot.index, fetch, surplus: true)
            }
            responseCame(slot.index, fetch, surplus: true)
            return
        }
        counters.add(.bodiesCutShort)
        fail(fetch, .cutShort)
    }

    /// A reader has taken bytes or left: if the slowest now has enough, the member may go on.
    mutating func resumeIfPaused(_ fetch: SharedFetch) {
        guard fetch.takeResume(below: Self.window / 2), let runner = fetch.runner else { return }
        if runner.loop == index {
            resume(Token(bits: runner.fetch))
        } else {
            _ = shared.mailboxes[runner.loop].post(.caughtUp(fetch: runner.fetch))
        }
    }

    mutating func resume(_ token: Token) {
        guard fetches.contains(token) else { return }
        let fetch = fetches[token.slot]
        guard fetch.isPaused, let slot = fetch.connection else { return }
        fetch.isPaused = false
        setDeadline(fetch, milliseconds: fetch.pool.settings.betweenBytesTimeout)
        ready.append(.receive(Token(slot, kind: TokenKind.origin)))
    }
}
