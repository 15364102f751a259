import Caching
import HTTP
import Reactor
import Tiles

/// A request that may change what is stored, on its way. Confined to its viewer's loop.
final class WriteWatch {
    enum Stage {
        /// Its body says what it is, and is not here yet.
        case reading
        /// What it may touch is on its way to the disk.
        case logging
        /// It is forwarded, or about to be.
        case open
        /// What became of it is known.
        case settled
    }

    var stage = Stage.reading
    /// What it is, as far as is known.
    var write: ObservedWrite
    /// By which the log knows it.
    var id: UInt64 = 0
    /// Members that were asked. Of several, one may have done what another says was not there.
    var attempts = 0
    /// Who sent it shows no credentials: what it touches is believed of its server only.
    let isUnproved: Bool
    /// Sees the request's body pass; nil: the body tells nothing.
    let body: BodyObserver?
    /// The answer's head, while its body is read.
    var head: FetchedHead?
    var reader: WriteResponseReader?
    /// What became of it.
    var outcome: WriteOutcome?
    /// Its answer is a refusal by what it says, whoever sent it.
    var isTurnedDown = false
    /// While it is under way, where it may change the catalogue.
    var hold: CatalogueHold?
    /// It is no write: its answer tells whether one of these jobs is done.
    private(set) var awaited: [(id: UInt64, job: AwaitedJob, rule: InvalidationRule)] = []

    /// A question after the state of a job.
    init(awaiting jobs: [(id: UInt64, job: AwaitedJob, rule: InvalidationRule)]) {
        write = ObservedWrite(WriteScope(), response: .state)
        stage = .open
        (body, isUnproved, awaited) = (nil, false, jobs)
    }

    init(_ write: ObservedWrite, body: BodyObserver?, isUnproved: Bool) {
        self.write = write
        self.isUnproved = isUnproved
        self.body = body
    }

    /// The answer's body may have to be read here, without a coding.
    var readsAnswer: Bool {
        write.isNamedByAnswer || write.response != .status && write.response != .command
    }

    /// Of an answer that was begun nothing is known any more.
    func forgetAnswer() { (head, reader) = (nil, nil) }
}

/// Reads a request's body as it passes; in a box, since hardly any request has one.
final class BodyObserver {
    private var reader: WriteBodyReader
    let unread: ObservedWrite
    /// It goes to an OGC service, which has nothing at its path but answers.
    let isOfService: Bool
    private var isOver = false
    /// Known behind `finish`: see ``WriteBodyReader/isUnclosed``.
    var isUnclosed: Bool { reader.isUnclosed }

    init(_ body: WriteBody, unread: ObservedWrite, context: WriteContext) {
        reader = WriteBodyReader(body, unread: unread, context: context)
        self.unread = unread
        if case .service = body.form { isOfService = true } else { isOfService = false }
    }

    func take(_ bytes: UnsafeRawBufferPointer) {
        if !isOver { unsafe reader.take(bytes.bytes) }
    }

    /// What the request is, its body having come so far. Nothing is taken from then on.
    ///
    /// - Parameter isWhole: that was the last of it.
    func finish(isWhole: Bool) -> WriteRecognition {
        isOver = true
        guard !isWhole else { return reader.finish() }
        guard case .write(var wide) = reader.finish(isWhole: false) else { return .read }
        wide.scope.formUnion(unread.scope)
        wide.isDeferred = wide.isDeferred || unread.isDeferred
        wide.restyled = .any
        return .write(wide)
    }
}

extension Exchange {
    /// It may write, though its method is safe by name: only its answer says so to whoever asks
    /// again, so that nobody but who sent it may have that.
    var isSafeWrite: Bool { watch?.awaited.isEmpty == true && head.method.isSafe }

    /// As far as is known it changed nothing, though its method is not safe and its answer may be a
    /// success: a question, or a probe, to a map service, or what was refused by its answer's body,
    /// or by being sent to where people sign in, which is an error in all but the status.
    var wroteNothing: Bool {
        guard let watch else { return asksService }
        return watch.isTurnedDown || watch.write.scope.isEmpty && watch.body?.isOfService == true
    }
}

// What a write touches is on disk before it is forwarded, and in force before its answer goes out
// (law 3): there is no moment at which a crash could leave what is stored wrong.
extension LoopState where N: ~Copyable {
    /// Bytes of an answer that are held until it is known what they say; of a longer one is
    /// believed what a lost one would say.
    private static var answerLimit: Int { 1 << 20 }

    /// What the configuration and the servers' catalogue say of writes.
    ///
    /// - Parameter hold: of the write that it is said to; nil: it is not under way.
    private func writes(_ hold: CatalogueHold? = nil) -> WriteSettings {
        snapshot.settings.writes.with(shared.catalogue.known.known(to: hold))
    }

    /// Whether a request may change what is stored; nil if not.
    func watch(_ exchange: Exchange) -> WriteWatch? {
        (exchange.knowsScope, exchange.asksService) = (false, false)
        guard snapshot.settings.writes.isOn, store != nil, exchange.policy.mapClass != .none,
            exchange.page == nil
        else { return nil }
        // Whether it is one does not depend on the catalogue, which takes a while to look at.
        let hasCredentials = !exchange.head.method.isSafe && exchange.hasCredentials
        let plain = snapshot.settings.writes.context
        let recognised = exchange.recognised(plain, hasCredentials)
        exchange.knowsScope = exchange.knowsScope(recognised, plain)
        guard recognised != .read else { return jobWatch(exchange) }
        let settings = writes()
        let isUnproved = !exchange.head.method.isSafe && !hasCredentials
        switch exchange.recognised(settings.context, hasCredentials) {
        case .read: return nil
        case .write(let write): return WriteWatch(write, body: nil, isUnproved: isUnproved)
        case .body(let body, let unread):
            let isCoded = exchange.head.fields.first(.contentEncoding) != nil
            guard !isCoded, exchange.intake.received == 0 else {
                return WriteWatch(unread, body: nil, isUnproved: isUnproved)
            }
            let observer = BodyObserver(body, unread: unread, context: settings.context)
            exchange.intake.observer = observer
            return WriteWatch(unread, body: observer, isUnproved: isUnproved)
        }
    }

    /// Goes on with a write that is not forwarded yet: notes what it may touch, once its body is
    /// here, or more of it than is held.
    mutating func readWrite(_ fetch: Fetch) {
        let exchange = fetch.exchange
        guard let watch = exchange.watch, watch.stage == .reading, let store else {
            return place(fetch)
        }
        var noted = watch.write.scope
        if let body = watch.body {
            guard exchange.intake.isComplete || exchange.intake.isFull else { return }
            if exchange.intake.isComplete {
                guard case .write(let write) = body.finish(isWhole: true),
                    !write.scope.isEmpty
                else { return forwardRead(fetch) }
                watch.write = write
                noted = write.scope
            } else {
                // What stands further on may touch anything.
                noted = .everything
            }
        }
        counters.add(.writesObserved)
        watch.stage = .logging
        // In force only if nobody ever knows what became of it.
        watch.hold = shared.catalogue.hold(noted.change(watch.write.restyled))
        noted = writes(watch.hold).expanded(noted, isOver: false)
        awaitDisk(fetch)
        var rule = InvalidationRule(scope: noted)
        rule.isSoft = watch.isUnproved
        watch.id = store.invalidations.beginWrite(rule, whenDurable: keptWord(fetch))
    }

    /// The body was a question after all, or touches nothing, as a probe does.
    private mutating func forwardRead(_ fetch: Fetch) {
        let exchange = fetch.exchange
        exchange.asksService = exchange.watch?.body?.isOfService == true
        exchange.watch = nil
        exchange.intake.observer = nil
        fetch.mayReuse = true
        fetch.request = exchange.request(to: exchange.pool.settings, conditions(exchange))
        place(fetch)
    }

    /// What a write may touch is on disk, or cannot be kept there: it is forwarded now.
    ///
    /// - Returns: false when it was another thing that the fetch waited for.
    mutating func forwardsLogged(_ fetch: Fetch) -> Bool {
        guard let watch = fetch.exchange.watch, watch.stage == .logging else { return false }
        watch.stage = .open
        place(fetch)
        return true
    }

    // MARK: what became of it

    /// The answer of a write whose method is safe: not stored here nor on its way, and for no
    /// waiter, who has a write of its own.
    func alone(_ head: FetchedHead, _ fetch: Fetch) -> FetchedHead {
        fetch.shared.fence()
        return FetchedHead(head, refused: .methodNotCacheable).withoutCaching()
    }

    /// Whether an answer's body says what became of a write: then it is read before anybody has it.
    func readsAnswer(_ fetch: Fetch, _ head: FetchedHead) -> Bool {
        guard let watch = fetch.exchange.watch, watch.stage == .open else { return false }
        learnBody(watch, fetch.exchange)
        let reader = WriteResponseReader(
            status: head.status, form: watch.write.response, charset: head.charset)
        let isKnown = watch.attempts == 1 || !watch.awaited.isEmpty
        let isNamed = watch.write.isNamedByAnswer && (200..<300).contains(head.status)
        guard !reader.isDecided || isNamed, !head.isCoded, isKnown else { return false }
        watch.reader = reader
        watch.head = head
        return true
    }

    /// More of such an answer is here; nil: not enough yet.
    func readAnswer(_ fetch: Fetch) -> (FetchedHead, Store.WriteEnding?)? {
        guard let watch = fetch.exchange.watch, let head = watch.head, var reader = watch.reader
        else { return nil }
        let isWhole = fetch.body.isComplete
        guard isWhole || fetch.shared.total >= Self.answerLimit else { return nil }
        let bytes = fetch.shared.prefix(Self.answerLimit)
        unsafe reader.take(bytes.span.bytes)
        watch.write.learn(fromAnswer: bytes)
        let isRead = isWhole && fetch.shared.total <= Self.answerLimit
        return (head, end(fetch, reader.finish(isWhole: isRead), status: head.status))
    }

    /// What an answer's status says became of a write; nil: it was none, or that is known already.
    func ending(of fetch: Fetch, _ head: FetchedHead) -> Store.WriteEnding? {
        guard let watch = fetch.exchange.watch, watch.stage == .open else { return nil }
        learnBody(watch, fetch.exchange)
        if watch.write.job?.id == nil { watch.write.job?.id = head.importMade }
        var reader = WriteResponseReader(
            status: head.status, form: watch.write.response,
            isTurnedAway: head.turnsAway(fetch.exchange))
        return end(fetch, reader.finish(isWhole: false), status: head.status)
    }

    /// Reads what there is of a request's body, which passed while the server was asked.
    private func learnBody(_ watch: WriteWatch, _ exchange: Exchange) {
        guard exchange.intake.observer != nil, let body = watch.body else { return }
        exchange.intake.observer = nil
        // It was forwarded before it was whole.
        guard case .write(let write) = body.finish(isWhole: exchange.intake.isComplete) else {
            watch.write = ObservedWrite(WriteScope())
            return
        }
        watch.write = write
    }

    /// Says once that an edit leaves what groups show.
    private func warnOfGroups(_ scope: WriteScope) {
        guard snapshot.settings.writes.leavesGroups, scope.namesLayer,
            shared.catalogue.takeWarning()
        else { return }
        shared.events.note(
            EdgeEvent(
                .warning, "writes",
                "a layer was edited, and nobody tells which layer groups show it: what they drew "
                    + "stays; let writes.catalogue or an origin's maps.layers read them, or list "
                    + "them in writes.groups ({} where there is none)"))
    }

    /// - Parameter status: of the answer; nil: there is none.
    private func end(
        _ fetch: Fetch, _ read: WriteOutcome, status: Int?
    ) -> Store.WriteEnding? {
        let exchange = fetch.exchange
        guard let watch = exchange.watch, watch.stage == .open else { return nil }
        watch.stage = .settled
        watch.forgetAnswer()
        // Behind all that is noted here.
        defer { watch.hold = nil }
        guard watch.awaited.isEmpty else { return read == .happened ? endJob(fetch) : nil }
        var outcome = read
        if watch.isUnproved {
            outcome = outcome.withoutCredentials(status: status, form: watch.write.response)
        }
        if outcome == .refused, watch.attempts > 1 { outcome = .unknown }
        watch.outcome = outcome
        watch.isTurnedDown = outcome == .refused && read == .refused
        exchange.outcome.write = outcome.word
        counters.add(.writesRefused, outcome == .refused ? 1 : 0)
        counters.add(.writesUnknown, outcome == .unknown ? 1 : 0)
        if status == 201, let scope = watch.write.scopeIfNew { watch.write.scope = scope }
        guard outcome.mayHaveHappened, !watch.write.scope.isEmpty else {
            return Store.WriteEnding(id: watch.id, rules: [])
        }
        warnOfGroups(watch.write.scope)
        let goesOn = outcome == .unknown || watch.write.isDeferred
        let reached = writes(watch.hold).expanded(watch.write.scope, isOver: !goesOn)
        var rule = InvalidationRule(scope: reached)
        // Nor may anybody take from others, while a server is down, what is there in its stead.
        rule.isSoft = watch.isUnproved && outcome == .unknown
        // What a tile cache was told takes no hour.
        let mayTakeLong =
            (watch.write.isDeferred || watch.write.job != nil) && watch.write.response != .command
        let delay =
            mayTakeLong ? 2 * PendingWrites.waitMax : snapshot.settings.writes.repeatDelay
        let settlesAt = goesOn ? network.monotonicMilliseconds.adding(delay) : nil
        let scope = watch.write.scope
        if scope.change(watch.write.restyled).isOfGroups {
            shared.catalogue.noteChange(until: settlesAt)
        }
        if scope.mayChangeStyles || scope.mayChangeCatalogue {
            shared.catalogue.noteStyleChange(watch.write.restyled, until: settlesAt)
        }
        return Store.WriteEnding(
            id: watch.id, rules: [rule], again: goesOn ? rule : nil, mayTakeLong: mayTakeLong,
            job: goesOn ? watch.write.job?.id.flatMap { awaitedJob($0, fetch) } : nil)
    }

    /// A write's member has failed, or its viewer has left: nobody knows if it was done, unless
    /// nothing of it was sent.
    mutating func loseWatched(_ fetch: Fetch) {
        guard let watch = fetch.exchange.watch else { return }
        if watch.stage == .logging { watch.stage = .open }
        guard watch.stage == .open else { return }
        learnBody(watch, fetch.exchange)
        // Nothing of a write was read, or not all, and it never came to an end.
        let isNone = watch.write.response == .doubtful || watch.body?.isUnclosed == true
        let isRubbish = isNone && !fetch.exchange.intake.isComplete
        let isOpen = watch.attempts > 0 && !isRubbish
        guard let ending = end(fetch, isOpen ? .unknown : .refused, status: nil) else { return }
        guard !ending.rules.isEmpty else {
            store?.invalidate([], ending: ending)
            return
        }
        fetch.awaitedCommits += 1
        store?.invalidate([], ending: ending, whenDurable: keptWord(fetch))
    }

    /// Whether a write whose viewer has left was sent whole: its answer tells what became of it.
    func mayStillAnswer(_ fetch: Fetch) -> Bool {
        guard let watch = fetch.exchange.watch, watch.stage == .open else { return false }
        return fetch.hasSentAll && fetch.head == nil && fetch.phase != .done
    }
}

extension Exchange {
    /// It shows who asks: a session's cookie, a token or an Authorization.
    fileprivate var hasCredentials: Bool {
        if facts.hasSession || head.fields.contains(.authorization) { return true }
        let names = snapshot.settings.behaviors[behavior].sessionCookies + ["JSESSIONID"]
        let (path, query) = pathAndQuery
        if session(names) != nil { return true }
        if unsafe namesSession(path: path.span.bytes) { return true }
        return unsafe query.withUnsafeBytes { unsafe Credentials.areIn($0) }
    }

    fileprivate func recognised(
        _ context: WriteContext, _ hasCredentials: Bool
    ) -> WriteRecognition {
        unsafe bytes.withUnsafeBytes { bytes in
            let type = head.fields.first(.contentType).map { head.fields[$0].value.range }
            return unsafe WriteRequest.recognised(
                method: head.method,
                path: UnsafeRawBufferPointer(rebasing: bytes[head.path.range]).bytes,
                query: UnsafeRawBufferPointer(rebasing: bytes[head.query.range]).bytes,
                contentType: UnsafeRawBufferPointer(rebasing: bytes[type ?? 0..<0]).bytes,
                hasCredentials: hasCredentials, from: referringPage, context: context)
        }
    }

    /// The path of this site's page that the request was sent from.
    private var referringPage: [UInt8]? {
        guard !head.method.isSafe, let index = head.fields.first(.referer) else { return nil }
        return Reference.resolve(
            [UInt8](bytes[head.fields[index].value.range]),
            host: [UInt8](bytes[head.authority.range]), path: [UInt8](bytes[head.path.range]))?
            .path
    }
}

extension Exchange {
    /// Whether what it was recognised as says what it does to a map server's catalog.
    fileprivate func knowsScope(_ recognised: WriteRecognition, _ context: WriteContext) -> Bool {
        guard !head.method.isSafe else { return false }
        return unsafe bytes.withUnsafeBytes { bytes in
            let path = unsafe UnsafeRawBufferPointer(rebasing: bytes[head.path.range])
            return unsafe WriteRequest.knowsServer(path.bytes, recognised, context)
        }
    }
}

extension WriteScope {
    fileprivate var namesLayer: Bool {
        parts.contains { if case .layer = $0.target { true } else { false } }
    }

    /// What a write of this scope may change of the catalogue.
    fileprivate func change(_ restyled: ObservedWrite.Restyled) -> CatalogueChange {
        // A style that got another name has it in the documents of groups as well.
        CatalogueChange(
            isOfGroups: mayChangeCatalogue || mayChangeStyles && restyled == .any,
            isOfStyles: (mayChangeStyles || mayChangeCatalogue) && restyled != .none)
    }

    /// Whether groups and workspaces may be others behind it: what a transaction touches has a
    /// place, or is one layer's.
    fileprivate var mayChangeCatalogue: Bool {
        parts.reduce(into: EntryKinds()) { $0.formUnion($1.kinds) }
            .isSuperset(of: [.capabilities, .lists])
    }

    /// Whether a layer may be drawn by another style behind it: a style that is taken away is
    /// replaced wherever it was the default one. No transaction does that.
    var mayChangeStyles: Bool {
        parts.contains { $0.kinds.contains([.legends, .capabilities]) }
    }
}

extension WriteOutcome {
    /// The word for it in logs.
    var word: StaticString {
        switch self {
        case .happened: "happened"
        case .refused: "refused"
        case .unknown: "unknown"
        }
    }
}

extension FetchedHead {
    /// A content coding hides what its body says.
    fileprivate var isCoded: Bool {
        guard let index = head.fields.first(.contentEncoding) else { return false }
        let value = bytes[head.fields[index].value.range].map { $0 | 0x20 }
        return !value.isEmpty && value != Array("identity".utf8)
    }

    /// It redirects to where people sign in, or to the path that was asked for.
    fileprivate func turnsAway(_ exchange: Exchange) -> Bool {
        guard (300..<400).contains(status), let index = head.fields.first(.location) else {
            return false
        }
        let target = [UInt8](bytes[head.fields[index].value.range])
        let (path, query) = exchange.pathAndQuery
        return unsafe WriteOutcome.leadsToSignIn(
            target.span.bytes, isInterface: WriteRequest.isInterface(path.span.bytes))
            || WriteOutcome.leadsBack(
                status: status, target.span.bytes, to: path.span.bytes, query: query.span.bytes,
                isPlain: exchange.isPlain)
    }

    /// That of its media type.
    fileprivate var charset: String? {
        guard let index = head.fields.first(.contentType) else { return nil }
        let text = String(decoding: bytes[head.fields[index].value.range], as: UTF8.self)
        for part in text.split(separator: ";").dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1)
            // Of `;=` there are no parts.
            guard pair.count == 2,
                pair[0].filter({ $0 != " " && $0 != "\t" }).lowercased() == "charset"
            else { continue }
            return pair[1].filter { $0 != "\"" && $0 != " " }.lowercased()
        }
        return nil
    }
}
