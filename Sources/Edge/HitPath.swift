import Caching
import HTTP
import Reactor
import Tiles

// From a parsed head to an answer out of the store, within one read transaction and one call of
// the kernel. Nothing here allocates, retains or copies a body; what must is handed to `Exchange`.
extension LoopState where N: ~Copyable {
    /// A complete request head. The bytes are valid until this returns.
    mutating func handle(_ slot: UInt32, _ given: UnsafeRawBufferPointer) {
        viewers[slot].rateFrom = 0
        viewers[slot].requests &+= 1
        if isStopping || !head.keepsAlive { viewers[slot].closesAfterResponse = true }
        if hot.isTwin { requestID = requestIDs.make() }
        if head.fields.contains(.xEdgeExplain) { unsafe foretell(slot, given) }
        if unsafe !hot.ownPath.isEmpty, unsafe servesOwn(slot, given) { return }
        let isRoot = unsafe asksForRoot(given)
        let behavior = unsafe hot.match(
            isRoot && !hot.matchesRootAsSlash
                ? hot.rootObject : UnsafeRawBufferPointer(rebasing: given[head.path.range]),
            isPlain: head.hasPlainPath && !isRoot, scratch: scratch.fields)
        var facts = unsafe RequestFacts(head, bytes: given.bytes)
        if hot.limitsRates, unsafe exceedsRate(slot, given, behavior, facts) { return }
        // Signatures and redirects are about the URL as it was asked for.
        if hot[behavior].traits.contains(.screens), unsafe screens(slot, given, behavior, facts) {
            return
        }
        let bytes = unsafe isRoot ? forRootObject(given) ?? given : given
        if facts.hasRange { unsafe ignoreRange(bytes, behavior, &facts) }
        if head.method == .options || !head.upgrade.isEmpty { unsafe setApart(bytes, &facts) }
        if facts.hasOriginPrecondition { ignorePreconditions(behavior, &facts) }
        unsafe judgeReader(slot, behavior, bytes, &facts)
        if head.fields.contains(.xEdgeCache) { facts.wish = unsafe wish(slot, bytes) }
        if let reason = forbidden(facts, hot[behavior].policy.mode) {
            counters.reject(.notAllowed)
            unsafe refuse(
                slot, status: hot[behavior].policy.mode == .cloudfront ? 403 : 400, detail: reason,
                isHead: head.method == .head, request: bytes)
            return
        }
        // Normalising a map finds them by itself.
        let readsMaps = isReadingMethod && hot[behavior].readsMaps
        if readsMaps { facts.doubtsStyles = doubtsStyles(behavior) }
        if !readsMaps { unsafe findCredentials(bytes, behavior, &facts) }
        if hot[behavior].keysGenerated { unsafe generateFields(slot, bytes, behavior) }
        guard reader != nil, isLookedUp(behavior, facts) else {
            if readsMaps { unsafe findCredentials(bytes, behavior, &facts) }
            let decision = decide(
                .absent, request: facts, policy: hot[behavior].policy, health: .up,
                now: network.wallNow)
            unsafe start(
                slot, bytes, behavior, facts, decision,
                keyed: reader != nil && decision.action == .fetch)
            return
        }
        var map = MapFacts()
        let canonical = unsafe writeKey(
            bytes, behavior, facts, toldScheme(slot, bytes, behavior), &map)
        if readsMaps, unsafe settles(map, slot, bytes, behavior, &facts) { return }
        if canonical.overflowed {
            unsafe start(
                slot, bytes, behavior, facts, Decision(.pass, .keyNotFormed), keyed: false,
                canonical: canonical)
            return
        }
        unsafe answer(slot, bytes, behavior, facts, canonical, isMap: map.isKeyed)
    }

    /// From the store, in which the request may have a part.
    @inline(__always)
    private mutating func answer(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ canonical: CanonicalKey, isMap: Bool
    ) {
        let key = unsafe CacheKey.hash(canonical.bytes.bytes, seed: seed)
        var wasAhead = false
        if isMap, hot[behavior].traits.contains(.plays) {
            wasAhead = unsafe notePlayback(slot, bytes, behavior, facts, key, canonical)
        }
        let life = wasAhead ? viewers.life(of: slot) : nil
        var isAnswered = false
        if hasPending {
            isAnswered = unsafe servePending(slot, bytes, behavior, facts, key, canonical)
        }
        if !isAnswered {
            beginReading()
            unsafe serveFound(slot, bytes, behavior, facts, key, canonical)
            endReading()
        }
        // It is stored, be it that its pages have to be read first.
        if let life, viewers.contains(life), viewers[slot].exchange?.awaitsPages ?? true {
            counters.add(.prefetchesReady)
        }
    }

    /// A cache may ignore what is for origins to judge (RFC 9110 §13.1.1, §13.1.4), and where the
    /// policies of a distribution keep it from them nothing is won by asking.
    func ignorePreconditions(_ behavior: Int, _ facts: inout RequestFacts) {
        guard hot[behavior].traits.contains(.dropsPreconditions) else { return }
        facts.hasOriginPrecondition = false
    }

    /// Whether the store may hold an answer to the request at hand.
    func isLookedUp(_ behavior: Int, _ facts: RequestFacts) -> Bool {
        if facts.hasBody || facts.apart != nil { return false }
        return switch head.method {
        case .get, .head: true
        case .options: hot[behavior].policy.cachesOptions
        default: false
        }
    }

    /// What is refused whatever the origin would say: bodies that no key covers, and in cloudfront
    /// mode methods that CloudFront does not know.
    func forbidden(_ facts: RequestFacts, _ mode: Mode) -> StaticString? {
        if head.method == .other || head.method == .otherSafe, mode == .cloudfront {
            return "method-not-supported"
        }
        return facts.hasBody && (head.method == .get || head.method == .head)
            ? "body-not-supported" : nil
    }

    /// Looks, decides, serves. The read transaction is open and stays so until this returns.
    mutating func serveFound(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ key: CacheKey,
        _ canonical: CanonicalKey
    ) {
        guard case .entry(let entry) = unsafe find(key, canonical.bytes) else {
            if unsafe hot[behavior].imported != nil,
                unsafe answersInOtherCoding(slot, bytes, behavior, facts, canonical)
            {
                return
            }
            unsafe miss(slot, bytes, behavior, facts, .absent)
            return
        }
        guard entry.header.kind == .variants else {
            unsafe answerFound(slot, bytes, behavior, facts, key, canonical, entry)
            return
        }
        let epoch = entry.header.varyEpoch
        guard let entry = withFields(entry) else {
            unsafe miss(slot, bytes, behavior, facts, .absent)
            return
        }
        var variant = canonical
        unsafe Vary.append(names: entry.headers.bytes, of: head, bytes: bytes.bytes, to: &variant)
        if variant.overflowed {
            unsafe miss(slot, bytes, behavior, facts, .variantAbsent)
            return
        }
        let variantKey = unsafe CacheKey.hash(variant.bytes.bytes, seed: seed)
        unsafe answerVariant(slot, bytes, behavior, facts, variantKey, variant, epoch)
    }

    /// The variant whose key is known now. It is another record than the names of the selecting
    /// fields, and may wait for the writer although they do not: what waits counts for more than
    /// what is in the file, and what is gone from the queue is in every snapshot begun later.
    private mutating func answerVariant(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ key: CacheKey, _ canonical: CanonicalKey, _ epoch: UInt64
    ) {
        endReading()
        let pending = store?.findPending(key) ?? .none
        if case .object(let object) = pending,
            let header = unsafe currentHeader(object, key, canonical.bytes),
            header.varyEpoch == epoch
        {
            unsafe serve(pending: object, header, slot, bytes, behavior, facts, key, canonical)
            beginReading()
            return
        }
        beginReading()
        guard case .none = pending else {
            unsafe miss(slot, bytes, behavior, facts, .variantAbsent)
            return
        }
        unsafe answerWritten(slot, bytes, behavior, facts, key, canonical, epoch)
    }

    /// The variant that is in the file, if it belongs to the names by which it was selected. One
    /// that does not is older than what has stood in their place since (RFC 9111 §4: the most
    /// recent one is used).
    mutating func answerWritten(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ key: CacheKey, _ canonical: CanonicalKey, _ epoch: UInt64
    ) {
        guard case .entry(let selected) = unsafe find(key, canonical.bytes),
            selected.header.kind != .variants, selected.header.varyEpoch == epoch
        else {
            unsafe miss(slot, bytes, behavior, facts, .variantAbsent)
            return
        }
        unsafe answerFound(slot, bytes, behavior, facts, key, canonical, selected)
    }

    /// Decides on what was found, and does it.
    mutating func answerFound(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ key: CacheKey,
        _ canonical: CanonicalKey, _ entry: StoredEntry
    ) {
        let now = network.wallNow
        let health =
            entry.header.times.isFresh(at: now) || asksAlways(behavior)
            ? .up
            : snapshot.pools[hot[behavior].origin].health(at: network.monotonicMilliseconds)
        let decision = decide(
            .entry(entry.header), request: facts, policy: hot[behavior].policy, health: health,
            now: now)
        guard decision.isAnsweredFromStore else {
            unsafe askAbout(entry, slot, bytes, behavior, facts, decision, key, canonical)
            return
        }
        if reader?.touch(key, now: now) == false {
            guard isSound(key) else {
                unsafe miss(slot, bytes, behavior, facts, .absent)
                return
            }
            guard isReady(entry) else {
                reader?.untouch(key)
                unsafe wait(slot, bytes, behavior, facts, decision, entry, key, canonical)
                return
            }
        }
        let found = entry
        guard let entry = withFields(found) else {
            unsafe miss(slot, bytes, behavior, facts, .absent)
            return
        }
        if decision.reason == .cachedError,
            unsafe answerStoredError(
                slot, bytes, behavior, facts, decision, entry)
        {
            return
        }
        if decision.action == .serveStaleRefreshing {
            unsafe refresh(slot, bytes, behavior, facts, decision, entry, key, canonical)
            // To form the key it may have used the memory that a gathered header block lies in.
            guard let entry = withFields(found) else {
                unsafe miss(slot, bytes, behavior, facts, .absent)
                return
            }
            unsafe serve(slot, bytes, entry, facts, decision, behavior)
            return
        }
        unsafe serve(slot, bytes, entry, facts, decision, behavior)
    }

    /// CloudFront knows nothing of an origin's health: it asks, and then serves what is stale.
    private func asksAlways(_ behavior: Int) -> Bool {
        unsafe hot[behavior].imported != nil && hot[behavior].policy.mapClass == .none
    }

    /// Viewers get what their programs can use, also when the error was stored (law 7), and others
    /// the distribution's page for it. False where there is neither: the stored error it is.
    private mutating func answerStoredError(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ decision: Decision, _ entry: StoredEntry
    ) -> Bool {
        let hasPages = hot[behavior].traits.contains(.hasErrorPages)
        let (mapClass, status) = (hot[behavior].policy.mapClass, Int(entry.header.status))
        guard hasPages || mapClass != .none && (status >= 500 || mapClass != .pages) else {
            return false
        }
        let type = unsafe HeaderBlob.value("content-type", in: entry.headers)
        let mediaType = type.map { unsafe [UInt8](entry.headers[$0]) } ?? []
        let exchange = unsafe makeExchange(slot, bytes, behavior, facts, decision)
        exchange.outcome.detail = decision.reason.word
        viewers[slot].exchange = exchange
        viewers[slot].phase = .exchange
        if showsPage(exchange, for: status) { return true }
        if answersFallback(exchange, status, decision.reason.word)
            || blanksRefusal(
                exchange, status, mediaType: mediaType,
                isEmpty: entry.header.bodyLength == 0, decision.reason.word)
        {
            return true
        }
        viewers[slot].exchange = nil
        viewers[slot].phase = .reading
        return false
    }

    /// The record under a key, verified to be that key's.
    @inline(__always)
    mutating func find(_ key: CacheKey, _ canonical: UnsafeRawBufferPointer) -> Found {
        guard let record = unsafe reader?.find(key) else { return .absent }
        switch unsafe EntryRecord.decode(
            record.bytes, expecting: canonical.bytes, seed: seed, verifying: false)
        {
        case .entry(var header, let layout):
            let fields =
                unsafe header.flags.contains(.headersInChunks)
                ? longFields(record, header, layout, key) : fieldsAtHand(record, layout)
            let isAlive = unsafe invalidated.isAlive(
                &header, key, canonical, fields: fields, now: network.wallNow)
            guard isAlive else { return .absent }
            return unsafe .entry(StoredEntry(record: record, header: header, layout: layout))
        case .mismatch: return .absent
        case .corrupt:
            counters.add(.corruptRecords)
            store?.discardDamaged(key)
            return .absent
        }
    }

    /// The header block of an entry that lies in chunks, where a rule that this loop has not held
    /// against it may reach what it tells.
    @inline(never)
    private mutating func longFields(
        _ record: UnsafeRawBufferPointer, _ header: EntryHeader, _ layout: EntryRecord.Layout,
        _ key: CacheKey
    ) -> UnsafeRawBufferPointer? {
        guard invalidated.looksAtFields(of: header, key) else { return nil }
        return unsafe withFields(StoredEntry(record: record, header: header, layout: layout))?.block
    }

    /// The header of what waits for the writer, as it is to be judged now; nil if it is not this
    /// key's, or dead.
    mutating func currentHeader(
        _ object: PendingObject, _ key: CacheKey, _ canonical: UnsafeRawBufferPointer
    ) -> EntryHeader? {
        var header = object.header
        guard unsafe object.canonicalKey.elementsEqual(canonical) else { return nil }
        let isAlive = unsafe object.headers.withUnsafeBytes {
            unsafe invalidated.isAlive(&header, key, canonical, fields: $0, now: network.wallNow)
        }
        return isAlive ? header : nil
    }

    enum Found { case absent, entry(StoredEntry) }

    private var hasPending: Bool { (store?.core.pending.count ?? 0) != 0 }

    /// Canonical key: host, path, query, the scheme that the origin is told, and the negotiated
    /// coding in cloudfront mode; of an imported behavior, what its policies name. A map's normal
    /// form stands in place of path, query and scheme where the behavior has it so, and `map` says
    /// what else the request asks for.
    func writeKey(
        _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ scheme: ToldScheme, _ map: inout MapFacts
    ) -> CanonicalKey {
        var key = unsafe CanonicalKey(scratch.key)
        unsafe appendViewer(bytes, behavior, to: &key)
        let maps = unsafe isReadingMethod ? maps(behavior, facts) : nil
        let drops = isReadingMethod && hot[behavior].traits.contains(.dropsCacheBusters)
        if let imported = unsafe hot[behavior].imported {
            unsafe TargetKey.append(
                imported, head, bytes.bytes, host: hot.keyHost.bytes,
                generated: generated, scratch.generated, scratch: scratch.fields,
                reader: page, scheme: hot.isTwin ? nil : scheme, maps: maps,
                dropsCacheBusters: drops, known: knownMaps, &map, to: &key)
            return key
        }
        unsafe TargetKey.append(
            host: UnsafeRawBufferPointer(rebasing: bytes[head.authority.range]).bytes,
            path: UnsafeRawBufferPointer(rebasing: bytes[head.path.range]).bytes,
            query: UnsafeRawBufferPointer(rebasing: bytes[head.query.range]).bytes,
            maps: maps, keepsEmptyQuery: head.hasQuery && hot[behavior].policy.mode == .rfc9111,
            dropsCacheBusters: drops, known: knownMaps, &map, to: &key)
        if !map.isKeyed {
            unsafe scheme.append(head, bytes.bytes, seesCloudFront: true, to: &key)
        }
        if !map.isPicture, hot[behavior].policy.mode == .cloudfront, unsafe acceptsGzip(bytes) {
            TargetKey.appendGzip(to: &key)
        }
        return key
    }

    /// GET or HEAD, whose keys are the same.
    var isReadingMethod: Bool { head.method == .get || head.method == .head }

    func acceptsGzip(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let index = head.fields.first(.acceptEncoding) else { return false }
        return unsafe GzipOffer.accepts(
            UnsafeRawBufferPointer(rebasing: bytes[head.fields[index].value.range]).bytes)
    }

    // MARK: the slow way

    mutating func miss(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ lookup: Lookup
    ) {
        let policy = hot[behavior].policy
        let decision = decide(
            lookup, request: facts, policy: policy, health: .up, now: network.wallNow)
        unsafe start(slot, bytes, behavior, facts, decision, keyed: decision.action != .pass)
    }

    /// Makes the exchange. The canonical key is in the scratch memory still.
    mutating func start(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ decision: Decision,
        keyed: Bool, key: CacheKey? = nil, canonical: CanonicalKey? = nil, entry: StoredCopy? = nil
    ) {
        let exchange = unsafe makeExchange(slot, bytes, behavior, facts, decision)
        exchange.entry = entry
        if keyed {
            let canonical = unsafe canonical ?? writeKey(slot, bytes, behavior, facts)
            exchange.canonical = unsafe [UInt8](canonical.bytes)
            exchange.key = unsafe key ?? CacheKey.hash(canonical.bytes.bytes, seed: seed)
        }
        exchange.primary =
            unsafe facts.apart == nil ? primaryKey(slot, bytes, behavior, facts) : nil
        settleCredentials(exchange)
        if exchange.map?.isAmbiguous == true {
            // Servers differ in which of two values they take: nobody else gets this answer.
            exchange.key = nil
            exchange.primary = nil
        } else if keyed, let target = exchange.keyedTarget {
            if reading({ $0.serve(exchange, keyedBy: target) }) { return }
        }
        begin(exchange)
    }

    /// A request that names how errors should look is for the same picture all the same.
    private mutating func serve(_ exchange: Exchange, keyedBy target: [UInt8]) -> Bool {
        let canonical = exchange.canonicalKey(of: target)
        let key = unsafe CacheKey.hash(canonical.span.bytes, seed: seed)
        (exchange.key, exchange.canonical) = (key, canonical)
        exchange.primary = PrimaryKey(key: key, canonical: canonical)
        // Not while its reader is open: what was found under the name as it came is absent.
        return storedCopy(key, canonical).map { serveIfFresh(exchange, $0) } ?? false
    }

    /// Runs `body` in a snapshot: the one that is open, or one of its own.
    private mutating func reading(_ body: (inout Self) -> Bool) -> Bool {
        if isReading { return body(&self) }
        beginReading()
        defer { endReading() }
        return body(&self)
    }

    private mutating func serveIfFresh(_ exchange: Exchange, _ copy: StoredCopy) -> Bool {
        let decision = decide(
            .entry(copy.header), request: exchange.facts, policy: exchange.policy, health: .up,
            now: network.wallNow)
        exchange.decision = decision
        exchange.entry = copy
        guard decision.action == .serve, copy.withEntry({ entry -> Bool in isReady(entry) }) else {
            return false
        }
        let slot = exchange.id.slot
        unsafe exchange.bytes.withUnsafeBytes { bytes in
            copy.withEntry {
                unsafe serve(slot, bytes, $0, exchange.facts, decision, exchange.behavior)
            }
        }
        return true
    }

    /// The key without variant: where the names of the selecting fields stand. nil when it cannot
    /// be formed: what is asked for then is nobody else's.
    func primaryKey(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts
    ) -> PrimaryKey? {
        let canonical = unsafe writeKey(slot, bytes, behavior, facts)
        if canonical.overflowed { return nil }
        return unsafe PrimaryKey(
            key: CacheKey.hash(canonical.bytes.bytes, seed: seed),
            canonical: [UInt8](canonical.bytes))
    }

    mutating func makeExchange(
        _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts,
        _ decision: Decision
    ) -> Exchange {
        viewers[slot].exchangeNumber &+= 1
        let id = ExchangeID(
            loop: Int32(index), slot: slot, generation: viewers.life(of: slot).generation,
            number: viewers[slot].exchangeNumber)
        let exchange = unsafe Exchange(
            id: id, bytes: [UInt8](bytes), head: head, facts: facts, snapshot: snapshot,
            behavior: behavior,
            decision: decision, started: network.monotonicNow)
        exchange.outcome.requestID = requestID
        unsafe exchange.ask(peer: peer(slot, bytes, behavior))
        return exchange
    }
}
