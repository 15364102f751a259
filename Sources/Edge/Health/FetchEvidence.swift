import Caching
import HTTP
import Reactor
import Tiles

/// What a fetch learns of the members that it asks, beside how it ends.
struct FetchEvidence {
    /// The present member is on probation, and this is the one request by which it is tried.
    var isTrial = false
    /// The present member asked to be left alone, which says nothing of its health.
    var isHeldOff = false
    /// Members whose answers were bad in a way that the request itself may have caused.
    var suspects: [(member: Int, suspicion: Suspicion)] = []
    /// Of the present member, in monotonic nanoseconds: when it had the whole request, when its
    /// head came. 0: not yet.
    var sentAt: UInt64 = 0
    var headAt: UInt64 = 0
    var hasBody = false
    var slowness: MemberFailure?
    /// The first bytes of a picture of that format; none where it was compressed on its way.
    var first: [UInt8] = []
    var format = MapFormat.unstated
    /// Of an answer that is a document of a map service.
    var document: DocumentCheck?
    /// Who is asked at present, and whether for more than what it last sent.
    var memberName: [UInt8] = []
    var wasConditional = false

    /// Nothing has gone to the present member.
    mutating func begin() {
        (sentAt, headAt, hasBody, slowness, first) = (0, 0, false, nil, [])
        (document, memberName, wasConditional) = (nil, [], false)
        isHeldOff = false
    }
}

extension Fetch {
    /// Whether the head that has come can be taken back: only of what is read, and as long as no
    /// viewer was given a byte.
    var mayTakeBack: Bool {
        (request.method == .get || request.method == .head) && exchange.watch == nil
            && wish?.ask != .write && exchange.intake.isComplete && !exchange.intake.hasLeft
            && !request.isUpgrade && shared.isUnseen
    }

    /// False: somebody has looked at it meanwhile.
    func takeBack() -> Bool {
        guard shared.takeBack() else { return false }
        head = nil
        return true
    }

    /// Whether it could go to another member, and nobody would notice.
    var mayMove: Bool {
        isReplayable && (request.method == .get || request.method == .head)
            && exchange.intake.received == 0
            && exchange.intake.isComplete && !request.isUpgrade && evidence.suspects.isEmpty
    }

    /// Whether it may be the trial of a member on probation: once, lest it wait twice.
    var mayTry: Bool { tried == 0 && mayMove }

    /// How long its member may keep it waiting, in milliseconds.
    func patience(_ milliseconds: Int) -> Int {
        evidence.isTrial ? min(milliseconds, pool.settings.health.trialTimeout) : milliseconds
    }

    /// The layers that it asks for; nil: it asks for no map, or names none.
    var layers: String? {
        guard exchange.map?.isImage == true else { return nil }
        return unsafe exchange.bytes.withUnsafeBytes { bytes in
            let query = unsafe UnsafeRawBufferPointer(rebasing: bytes[exchange.head.query.range])
            return unsafe MapRequest.layers(in: query.bytes)
        }
    }
}

// Judging members by what viewers' requests meet.
extension LoopState where N: ~Copyable {
    /// The head is here; a 200 may still turn out to be no answer.
    func noteHead(_ fetch: Fetch) {
        fetch.evidence.headAt = network.monotonicNow
        let bound = fetch.pool.settings.health.passive.slowHead
        guard bound > 0, fetch.evidence.sentAt > 0 else { return }
        let waited = fetch.evidence.headAt - fetch.evidence.sentAt
        if waited > UInt64(bound) * 1_000_000 { fetch.evidence.slowness = .slowHead }
    }

    /// Body bytes are here, or it has none.
    func noteBody(_ fetch: Fetch) {
        guard !fetch.evidence.hasBody else { return }
        fetch.evidence.hasBody = true
        let bound = fetch.pool.settings.health.passive.slowBody
        guard bound > 0, fetch.exchange.map?.isImage == true, fetch.evidence.headAt > 0 else {
            return
        }
        let waited = network.monotonicNow - fetch.evidence.headAt
        if waited > UInt64(bound) * 1_000_000 { fetch.evidence.slowness = .slowBody }
    }

    /// Judges the body of a map service's answer, of which enough is here, and publishes its head.
    ///
    /// - Returns: true when the answer was bad and another member is asked in place of the first,
    ///   whose connection is gone.
    mutating func asksAnother(_ fetch: Fetch) -> Bool {
        guard let judged = fetch.judging else { return false }
        let total = fetch.shared.total
        // A picture is known by few bytes; more are held only as long as there is memory for it.
        let lacksMemory =
            !fetch.body.isComplete && total >= TileBody.prefixBytes && shared.budget.isExhausted
        if lacksMemory {
            judged.search?.giveUp()
            fetch.shared.fence()
        }
        let isSettled =
            judged.search?.settles(fetch.shared, isComplete: fetch.body.isComplete) ?? true
        let isOverdue =
            judged.isHeld
            && network.monotonicNow - fetch.evidence.headAt > JudgedBody.pictureTime
        let isEnough =
            fetch.body.isComplete || total >= judged.needed || lacksMemory || isOverdue
            || fetch.evidence.document?.isDecided == true
        guard isSettled, isEnough else { return false }
        var head = judge(judged, fetch)
        // What kind of exception it is stands a little further on.
        if head.rejectedContent == .exception, !fetch.body.isComplete,
            total < ExceptionReport.prefixBytes
        {
            return false
        }
        if head.rejectedContent == nil, !fetch.body.isComplete, !lacksMemory, !isOverdue,
            total < judged.held
        {
            fetch.judging?.needed = judged.held
            return false
        }
        fetch.judging = nil
        if losesPrefetch(fetch, rejected: head) { return true }
        if let verdict = head.rejectedContent, suspect(fetch, verdict) { return true }
        if head.status >= 500 || head.status >= 400 && !hadPicture(fetch) { head = judged.head }
        if head.rejectedContent == nil, let format = judged.format {
            let first = fetch.shared.prefix(ImageCheck.headBytes)
            fetch.evidence.format = format
            fetch.evidence.first = first.starts(with: Self.gzipMark) ? [] : first
        }
        // What becomes of a metatile shows when it is cut.
        if !fetch.exchange.asksForMetatile, isCutPicture(fetch) {
            // Nobody has seen anything of it: another member, or law 7's image.
            counters.add(.bodiesCutShort)
            fail(fetch, .cutShort, blame: .image(.truncated))
            return true
        }
        publish(tagged(measured(head, fetch), fetch), fetch)
        return false
    }

    /// Whether its question had a picture for an answer, which may be shown still: a bad request
    /// it is no more. Where it had none, nobody but the origin can say, and it has.
    private func hadPicture(_ fetch: Fetch) -> Bool {
        guard let entry = fetch.exchange.entry else { return false }
        return mayServeStale(fetch.exchange, entry, .unreachable)
    }

    /// The head with the body's length, where all of it is here before anybody has its head:
    /// GeoServer tells none, and CloudFront keeps what then breaks off.
    private func measured(_ head: FetchedHead, _ fetch: Fetch) -> FetchedHead {
        // Trailers go with chunks alone; of a map they are worth less than that it is whole.
        let isMaps = fetch.exchange.picture != nil || fetch.evidence.document != nil
        // CloudFront tells no length of what it compresses as it comes.
        guard fetch.body.isComplete, isMaps || fetch.body.trailers.isEmpty,
            fetch.gzip == nil || !hot.isTwin
        else { return head }
        return FetchedHead(head, length: fetch.shared.total)
    }

    /// Whether another member is asked whose answer tells if this one is to blame.
    private mutating func suspect(_ fetch: Fetch, _ verdict: TileVerdict) -> Bool {
        let prefix = Self.plain(fetch.shared.prefix(ExceptionReport.prefixBytes))
        let report = unsafe ExceptionReport(prefix.span.bytes)
        fetch.followWithMember()
        let tried = fetch.tried | 1 << UInt64(fetch.member & 63)
        guard
            let suspicion = Suspicion.of(
                verdict, report, layers: fetch.layers, fetch.pool.settings.health.passive),
            fetch.exchange.watch == nil, !fetch.exchange.intake.isGone,
            fetch.exchange.intake.isComplete,
            let next = fetch.pool.chooseRetry(
                tried: tried, onlyFit: true, isFree: fetch.evidence.isTrial,
                at: network.monotonicMilliseconds, wish(of: fetch), for: fetch.ask.requestClass)
        else {
            if verdict == .exception { noteException(fetch, report) }
            return false
        }
        fetch.evidence.suspects.append((fetch.member, suspicion))
        fetch.tried = tried
        move(fetch, to: next)
        return true
    }

    private static var gzipMark: [UInt8] { [0x1F, 0x8B] }

    /// The beginning of a document that its server, or the edge, has compressed.
    static func plain(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.starts(with: gzipMark), var reader = GzipReader(limit: 1 << 20) else {
            return bytes
        }
        var room = [UInt8](repeating: 0, count: ExceptionReport.prefixBytes)
        let count = unsafe room.withUnsafeMutableBytes {
            unsafe (try? reader.read(bytes.span.bytes, into: $0))?.produced ?? 0
        }
        return Array(room[..<count])
    }

    /// Asks another member, whose place is taken, in place of one that is not blamed yet.
    private mutating func move(_ fetch: Fetch, to member: Int) {
        counters.add(.originRetries)
        dropConnection(fetch)
        release(fetch, .neutral)
        forget(fetch)
        fetch.take(member, at: network.monotonicMilliseconds)
        fetch.attempts = 0
        connect(fetch)
    }

    /// What came of an answer that nobody has seen is no part of the next one.
    func forget(_ fetch: Fetch) {
        fetch.shared.startOver()
        (fetch.judging, fetch.gzip, fetch.body) = (nil, nil, ResponseIntake())
        fetch.exchange.watch?.forgetAnswer()
    }

    /// A member answers nobody any more: requests that wait for its answer go to others, out of no
    /// budget, since waiting on would be no better.
    mutating func leaveMember(_ pool: OriginPool, _ member: Int) {
        let (pool, member) = pool.holder(of: member)
        var slot = fetches.firstOccupied(from: 0)
        while let index = slot {
            slot = fetches.firstOccupied(from: index + 1)
            let fetch = fetches[index]
            let waits = fetch.phase == .sending || fetch.phase == .connecting
            guard waits, fetch.mayMove else { continue }
            // It may have begun at a pool whose place this one took.
            fetch.followWithMember()
            guard fetch.pool === pool, fetch.member == member else { continue }
            let tried = fetch.tried | 1 << UInt64(member & 63)
            let next = pool.chooseRetry(
                tried: tried, onlyFit: true, isFree: true, at: network.monotonicMilliseconds,
                wish(of: fetch), strict: false, for: fetch.ask.requestClass)
            guard let next else { continue }
            fetch.tried = tried
            move(fetch, to: next)
        }
    }

    /// The last byte is here: what the answer says of this member and of those asked before it.
    mutating func settleEvidence(_ fetch: Fetch, _ head: FetchedHead) {
        fetch.followWithMember()
        let ending = verdict(fetch, head)
        let member = fetch.member
        release(fetch, ending)
        if case .failed(.image) = ending { fetch.shared.fence() }
        if isBroken(fetch.evidence.document) { fetch.shared.fence() }
        guard ending == .succeeded, head.status < 400 else { return }
        if fetch.exchange.picture != nil, head.mayBeShared || head.confirmsStored {
            forgetException(fetch)
        }
        let now = network.monotonicMilliseconds
        for (member, change) in fetch.pool.confirm(fetch.evidence.suspects, at: now) {
            note(change, fetch.pool, member)
        }
        if let layers = fetch.layers { fetch.pool.served(layers, by: member, at: now) }
    }

    /// What an answer says of the member: a gateway's errors are its failure, and so are a picture
    /// without its end and one that was slow to begin. Other errors, and an exception that no other
    /// member was asked about, may be the request's own fault, and prove nothing either way.
    func verdict(_ fetch: Fetch, _ head: FetchedHead) -> OriginPool.Ending {
        let status = head.head.status
        if fetch.evidence.isHeldOff { return .neutral }
        if (502...504).contains(status) { return .failed(.status(status)) }
        if status >= 500 || head.isRejectedContent { return .neutral }
        if let slowness = fetch.evidence.slowness { return .failed(slowness) }
        if let document = fetch.evidence.document, isBroken(document) {
            let isBlamed = fetch.pool.settings.health.passive.truncated && document.isCapabilities
            return isBlamed ? .failed(.content(.incomplete)) : .neutral
        }
        return isCutPicture(fetch) ? .failed(.image(.truncated)) : .succeeded
    }

    /// Whether a document that was too long to be held back has turned out to be none.
    private func isBroken(_ document: DocumentCheck?) -> Bool {
        guard let document else { return false }
        return unsafe document.verdict(
            type: UnsafeRawBufferPointer(start: nil, count: 0).bytes, isComplete: true) != .fits
    }

    /// Whether the picture lacks its end, although its framing says that this is all of it.
    private func isCutPicture(_ fetch: Fetch) -> Bool {
        guard fetch.pool.settings.health.passive.truncated, !fetch.evidence.first.isEmpty,
            fetch.body.isComplete, fetch.gzip == nil
        else { return false }
        let (head, tail) = (fetch.evidence.first, fetch.shared.suffix(ImageCheck.tailBytes))
        // Of a body that was let go behind its readers nothing is known.
        guard tail.count == min(ImageCheck.tailBytes, fetch.shared.total) else { return false }
        return unsafe ImageCheck(format: fetch.evidence.format).check(
            head: head.span.bytes, tail: tail.span.bytes,
            length: fetch.shared.total) == .truncated
    }

    /// Tells the operator, and who waits for the member.
    func note(_ change: MemberHealth.Change, _ pool: OriginPool, _ member: Int) {
        let (pool, member) = pool.holder(of: member)
        MemberEvents.note(change, pool, member, to: shared.events)
        MemberEvents.tellLoops(change, pool, member, shared.mailboxes)
    }
}
