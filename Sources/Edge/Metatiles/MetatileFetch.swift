import Caching
import HTTP
import Reactor
import Tiles

// One picture of many tiles is fetched by an exchange of its own; whoever wants one of the tiles
// waits until they are cut out of it and stored.
extension LoopState where N: ~Copyable {
    /// How long tiles of a block whose picture could not be used are asked for one by one.
    private static var uncutTime: Milliseconds { 60_000 }
    /// Longest wait for word that it is done, which could be lost.
    private static var cutTimeout: Int { 30_000 }
    /// Pictures that may wait to be cut, all loops together; beyond them tiles are asked for one by
    /// one.
    private static var cutsMax: Int { 64 }

    /// Has the exchange wait for a metatile; false: its tile is to be asked for by itself.
    mutating func waitsForMetatile(_ exchange: Exchange) -> Bool {
        guard case .none = exchange.metatile, exchange.mayCollapse, let key = exchange.key,
            store?.isTaking == true, exchange.takesStoredTile(at: network.wallNow),
            let metatile = exchange.wantedMetatile()
        else {
            exchange.metatile = .alone
            return false
        }
        let name = unsafe CacheKey.hash(metatile.canonical.span.bytes, seed: seed)
        let candidate = SharedFetch(
            key: name, invalidation: shared.invalidationNumber, edition: exchange.edition,
            leader: nil, budget: shared.budget, began: network.wallNow,
            wanted: exchange.facts.notOlderThan)
        // What matters is what made the tile stale, not what did the others.
        let least = invalidated.latest(of: key, exchange.canonical)
        var copy: StoredCopy?
        let outcome = shared.collapsed.joinOrLead(
            name, exchange.id, candidate, at: network.monotonicMilliseconds, least: least
        ) {
            copy = storedMeanwhile(exchange, key)
            return copy != nil
        }
        switch outcome {
        case .stored:
            if let copy, serveMeanwhile(exchange, copy) { return true }
            fallthrough
        case .alone:
            exchange.metatile = .alone
            return false
        case .waits(let running):
            counters.add(running.isPrefetch ? .prefetchesLate : .collapsed)
            attend(running, exchange)
            shareTurn(exchange, running)
            tell(exchange.id)
        case .leads:
            exchange.leads = true
            _ = candidate.join(exchange.id)
            attend(candidate, exchange)
            _ = startFetch(
                for: asker(for: exchange, metatile, name), into: candidate, isBackground: true)
        }
        return true
    }

    /// Refreshes the whole block that a stale tile is of, which costs the pool hardly more than the
    /// tile; false: that is to be asked for by itself.
    ///
    /// - Parameter least: the latest invalidation of the tile.
    mutating func refreshesMetatile(_ exchange: Exchange, _ least: UInt64) -> Bool {
        guard store?.isTaking == true, let metatile = exchange.wantedMetatile() else {
            return false
        }
        let name = unsafe CacheKey.hash(metatile.canonical.span.bytes, seed: seed)
        if shared.collapsed.knownFailure(name, at: network.wallNow, least: least) != nil {
            return true
        }
        let candidate = SharedFetch(
            key: name, invalidation: shared.invalidationNumber, edition: exchange.edition,
            leader: nil, budget: shared.budget, began: network.wallNow)
        let outcome = shared.collapsed.joinOrLead(
            name, nil, candidate, at: network.monotonicMilliseconds, least: least)
        switch outcome {
        case .alone: return false
        // One is under way for a viewer, or for another tile of the block.
        case .waits, .stored: return true
        case .leads:
            _ = startFetch(
                for: asker(for: exchange, metatile, name), into: candidate, isBackground: true)
            return true
        }
    }

    private mutating func attend(_ fetch: SharedFetch, _ exchange: Exchange) {
        exchange.metatile = .waits
        exchange.shared = fetch
        setDeadline(exchange.id.slot, milliseconds: snapshot.settings.cache.collapseTimeout)
    }

    /// Who asks for the metatile: in the words of the viewer who came first, and nobody's.
    func asker(
        for exchange: Exchange, _ metatile: Metatile, _ key: CacheKey
    ) -> Exchange {
        let asked = unsafe exchange.bytes.withUnsafeBytes {
            unsafe AskedByGet($0, exchange.head, exchange.facts, limits: .ownRequest)
        }
        var facts = asked.facts
        (facts.hasRange, facts.range, facts.hasIfRange) = (false, .none, false)
        let asker = Exchange(
            id: .background(loop: index),
            bytes: asked.bytes, head: asked.head, facts: facts, snapshot: exchange.snapshot,
            behavior: exchange.behavior, decision: exchange.decision,
            started: network.monotonicNow)
        asker.outcome.requestID = exchange.outcome.requestID
        asker.ask(peer: exchange.peer)
        asker.key = key
        asker.canonical = metatile.canonical
        asker.primary = PrimaryKey(key: key, canonical: metatile.canonical)
        asker.map?.target = metatile.target
        let size = metatile.block.pictureSize(ofTiles: metatile.tile)
        asker.map?.request.width = UInt16(clamping: size.width)
        asker.map?.request.height = UInt16(clamping: size.height)
        asker.metatile = .asks(metatile)
        return asker
    }

    /// The metatile has something new: once it is cut, the exchange's tile is stored.
    mutating func metatileCame(_ exchange: Exchange) {
        guard let fetch = exchange.shared, let key = exchange.key else { return }
        let view = fetch.look(exchange.id)
        switch view.phase {
        case .waiting, .streaming:
            if !view.isDissolved { return }
        case .failed(.abandoned): break
        case .failed(let failure):
            if exchange.leads, failure.isOfAnswer, let name = fetch.key {
                shared.collapsed.rememberUnshared(
                    name, until: network.monotonicMilliseconds + Self.uncutTime)
            }
            // The pool cannot: it need not be asked again for each tile. But perhaps it could, were
            // it asked for less, and there is time where it only broke off.
            if !failure.isOfAnswer || failure.status == 504 {
                exchange.metatile = .alone
                return fall(exchange, failure)
            }
        case .complete:
            judgeCall(exchange, isAnswered: true)
            if let copy = storedMeanwhile(exchange, key) {
                exchange.metatile = .alone
                // To those who waited for another's question CloudFront calls it a Hit.
                let isHit = !exchange.leads && exchange.policy.mode == .cloudfront
                if serveWhenReady(exchange, copy, reason: isHit ? .fresh : .metatile) { return }
            }
        }
        // What nobody had asked for failed once, and without a second try.
        let isNothing = if case .failed = view.phase { fetch.isPrefetch } else { false }
        exchange.metatile = isNothing ? .none : .alone
        leave(fetch, exchange)
        (exchange.shared, exchange.leads) = (nil, false)
        setDeadline(exchange.id.slot, milliseconds: nil)
        obtain(exchange)
    }

    // MARK: the fetch's side

    /// Whether the response is a metatile: then it is cut, and those who wait are told after that.
    mutating func cuts(_ fetch: Fetch, _ head: FetchedHead) -> Bool {
        guard case .asks(let metatile) = fetch.exchange.metatile else { return false }
        guard head.status == 200, head.mayBeCut, fetch.gzip == nil, fetch.shared.mayStore,
            fetch.shared.keepsBody, isInStep(fetch)
        else {
            cameToNothing(fetch)
            return true
        }
        let body = fetch.shared.wholeBody()
        let (mailbox, token) = (shared.mailboxes[index], fetch.token.bits)
        let isTaken = shared.cuts.run(limit: Self.cutsMax) {
            metatile.cut(body)
        } then: {
            _ = mailbox.post(.cut(fetch: token, $0))
        }
        guard isTaken else {
            cameToNothing(fetch)
            return true
        }
        fetch.phase = .cutting
        setDeadline(fetch, milliseconds: Self.cutTimeout)
        return true
    }

    /// The picture is of no use; who waits asks for its tile alone.
    mutating func cameToNothing(_ fetch: Fetch) {
        counters.add(.metatilesUncut)
        if fetch.isPrefetch {
            counters.add(.prefetchesLost)
            noteLost(fetch)
        }
        conclude(fetch)
        // Before they are told, lest the first of them asks for it once more.
        if let key = fetch.shared.key {
            shared.collapsed.rememberUnshared(
                key, until: network.monotonicMilliseconds + Self.uncutTime)
        }
        end(fetch.shared, .complete)
    }

    /// The tiles of a metatile, or nil: it was no picture of them.
    mutating func cut(_ token: Token, _ tiles: [[UInt8]]?) {
        guard fetches.contains(token) else { return }
        let fetch = fetches[token.slot]
        guard fetch.phase == .cutting, let head = fetch.head,
            case .asks(let metatile) = fetch.exchange.metatile, let tiles,
            // A write of the catalog may have ended while it was cut.
            fetch.shared.mayStore, isInStep(fetch)
        else { return cameToNothing(fetch) }
        counters.add(.metatilesCut)
        for (address, tile) in zip(metatile.block.addresses, tiles) {
            store(tile, at: address, fetch, head)
        }
        conclude(fetch)
        end(fetch.shared, .complete)
    }

    /// Stores a tile that was cut out of the fetch's picture, unless it was invalidated meanwhile
    /// (law 3).
    private mutating func store(
        _ tile: [UInt8], at address: TileAddress, _ fetch: Fetch, _ head: FetchedHead
    ) {
        guard let store, case .storable(let times, let flags) = head.storability,
            let canonical = fetch.exchange.canonicalKey(of: address)
        else { return }
        let key = unsafe CacheKey.hash(canonical.span.bytes, seed: seed)
        guard invalidated.mayStore(numberToStore(fetch), key, canonical) else { return }
        var fields =
            HeaderBlob.withoutBodyFields(storedFields(fetch, head, joinsStored: false))
            + fetch.exchange.tileFields(of: address)
        var header = EntryHeader(
            status: 200, flags: flags.subtracting([.hasETag, .weakETag, .strongDate]), times: times)
        complete(&header, fetch, head, fields, length: UInt64(tile.count))
        let body = [StoreSegment(copying: tile)]
        let parts = ContentTag.replace(
            &header, fields, tag: ContentTag.tag(body), member: fetch.evidence.memberName)
        fields = parts.shown + parts.hidden
        put(
            StorePut(
                key: key, header: header, canonicalKey: canonical, headers: fields,
                body: .segments(body)), store)
    }
}

extension FetchedHead {
    /// Its tiles can be stored, and will be found fresh by who waits for them.
    fileprivate var mayBeCut: Bool {
        guard isStorable, variant == nil, case .storable(let times, let flags) = storability
        else { return false }
        return times.isFresh(at: receivedAt) && flags.isDisjoint(with: [.noCache, .fallbackOnly])
    }
}

extension Exchange {
    /// Whether a tile that is stored while it waits will do: not for who wants nothing stored, nor
    /// for who wants something newer than the fetch of the tile before would be.
    fileprivate func takesStoredTile(at now: Milliseconds) -> Bool {
        var asked = facts
        (asked.method, asked.hasRange) = (.get, false)
        let wantsNew = policy.honoursRequestCacheControl && asked.asksForMore
        return !wantsNew && Caching.mayCollapse(asked, policy: policy)
            && facts.notOlderThan <= now.subtracting(2_000)
    }
}

extension FetchFailure {
    /// The member answers, but not this in time, or not to its end.
    fileprivate var isOfAnswer: Bool {
        switch self {
        case .firstByteTimeout, .betweenBytesTimeout, .totalTimeout, .cutShort, .malformed,
            .headTooLarge, .notTaken:
            true
        default: false
        }
    }
}
