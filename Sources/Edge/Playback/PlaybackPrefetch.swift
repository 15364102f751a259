import Caching
import CloudFront
import HTTP
import Reactor
import Synchronization
import Tiles

// The next frames of what viewers play: asked for as nobody, where a place is to spare, and found
// by the viewer's own request under its own key, be it stored or under way.
extension LoopState where N: ~Copyable {
    /// Frames looked at in one tick.
    private static var framesPerTick: Int { 48 }
    /// Bytes for which the store must have room, or nothing more is fetched ahead.
    private static var roomForOne: Int { 262_144 }

    /// What becomes of a frame that is looked at.
    private enum Step {
        /// It is seen to; the one behind it is next.
        case done
        /// Nothing more is to be fetched for this request.
        case over
        /// The budget is used up, or nobody has a place to spare.
        case waits
    }

    /// Sees to what viewers will ask for next, nearest frames first.
    mutating func prefetch() {
        playback.isQueued = false
        guard !isStopping else { return }
        let now = network.monotonicMilliseconds
        judgeWishes(now)
        for _ in 0..<Self.framesPerTick {
            guard let index = playback.next else { return }
            let frames = snapshot.settings.behaviors[playback[index].behavior].playback.frames
            switch seeTo(index, now) {
            case .waits: return
            case .over: playback.remove(index)
            case .done:
                playback[index].frames += 1
                if playback[index].frames >= frames { playback.remove(index) }
            }
        }
        queuePrefetch()
    }

    /// Counts what viewers ask for while they play, and drops what nobody is at any more.
    private mutating func judgeWishes(_ now: Milliseconds) {
        for index in (0..<playback.count).reversed() {
            let wish = playback[index]
            guard playback.tracker.current(wish.party, at: now) == wish.time else {
                let frames = snapshot.settings.behaviors[wish.behavior].playback.frames
                if wish.isJudged { counters.add(.prefetchesRefused, frames - wish.frames) }
                playback.remove(index)
                continue
            }
            if wish.isJudged { continue }
            let list = times(index)
            guard playback.tracker.upcoming(1, of: wish.party, in: list) != nil else {
                playback.remove(index)
                continue
            }
            playback[index].isJudged = true
            playback[index].list = list
            counters.add(.playbackTiles)
        }
    }

    /// What the layer has, where the pool has told.
    private func times(_ index: Int) -> TimeList? {
        guard let maps = snapshot.settings.behaviors[playback[index].behavior].maps,
            maps.knowsTimes
        else { return nil }
        let text = unsafe UnsafeRawBufferPointer(
            rebasing: playback.key(of: index)[playback[index].map])
        guard let mark = unsafe text.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        let query = unsafe text[(mark + 1)...]
        guard unsafe query.starts(with: "LAYERS=".utf8) else { return nil }
        return unsafe maps.times(
            ofLayer: [UInt8](query.dropFirst(7).prefix { $0 != UInt8(ascii: "&") }))
    }

    private mutating func seeTo(_ index: Int, _ now: Milliseconds) -> Step {
        let wish = playback[index]
        guard
            let time = playback.tracker.upcoming(
                wish.frames + 1, of: wish.party, in: wish.list)
        else { return .over }
        // What costs least to know comes first: others play while all places are taken.
        let settings = snapshot.settings.behaviors[wish.behavior].playback
        let origin = snapshot.originIndex(wish.behavior, usesTLS: wish.usesTLS)
        guard playback.running.count < settings.concurrent,
            store?.hasRoom(for: Self.roomForOne) == true,
            snapshot.pools[origin].hasSpare(.tiles, at: now)
        else { return .waits }
        guard let text = unsafe text(of: time),
            let canonical = unsafe canonicalKey(of: index, with: text)
        else { return .over }
        let key = unsafe CacheKey.hash(canonical.bytes, seed: seed)
        if shared.marks.isRecent(key, at: now) { return .done }
        let copy = unsafe storedCopy(key, [UInt8](canonical))
        if let copy, copy.header.kind == .variants { return .over }
        if let copy, copy.header.times.isFresh(at: network.wallNow) {
            shared.marks.mark(key, isOwn: false, at: now)
            return .done
        }
        guard playback.bucket.take(settings.limit, at: now) == 0 else { return .waits }
        // What is asked for otherwise than the viewer's next request would be, nobody would find.
        guard let exchange = unsafe ahead(index, [UInt8](text), copy), exchange.key == key
        else { return .over }
        fetchAhead(exchange, key, wish.party)
        return .done
    }

    /// A frame's value of TIME, in memory that is the scratch's.
    private func text(of time: PlaybackTime) -> UnsafeRawBufferPointer? {
        let memory = unsafe scratch.rewritten
        return unsafe time.write(into: memory).map {
            unsafe UnsafeRawBufferPointer(rebasing: memory[..<$0])
        }
    }

    /// The wish's key with another frame's time, in the scratch memory.
    private func canonicalKey(
        of index: Int, with text: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        let (wish, given) = unsafe (playback[index], playback.key(of: index))
        let start = wish.map.lowerBound + wish.value.lowerBound
        let end = wish.map.lowerBound + wish.value.upperBound
        let length = wish.map.count - wish.value.count + text.count
        let total = given.count - wish.value.count + text.count
        guard length <= CanonicalKey.partLimit, unsafe total <= scratch.key.count else {
            return nil
        }
        let memory = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch.key[..<total])
        unsafe memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: given[..<start]))
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[start...]).copyMemory(from: text)
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[(start + text.count)...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: given[end...]))
        unsafe memory.storeBytes(
            of: UInt16(length).littleEndian, toByteOffset: wish.map.lowerBound - 2,
            as: UInt16.self)
        return UnsafeRawBufferPointer(memory)
    }

    // MARK: asking

    /// Who asks for a frame: in the words of the viewer's own request for the frame before, as
    /// nobody, and by the same way to its key.
    private mutating func ahead(_ index: Int, _ time: [UInt8], _ copy: StoredCopy?) -> Exchange? {
        let wish = playback[index]
        guard let bytes = unsafe AheadRequest.head(playback.head(of: index), time: time) else {
            return nil
        }
        var scan = HeadScan()
        return unsafe bytes.withUnsafeBytes { memory -> Exchange? in
            guard
                case .complete = unsafe parseRequest(
                    memory.bytes, &scan, limits: .ownRequest, into: &head)
            else { return nil }
            var facts = unsafe RequestFacts(head, bytes: memory.bytes)
            facts.doubtsStyles = doubtsStyles(wish.behavior)
            var map = MapFacts()
            let told = ToldScheme(isTrusted: wish.isTrusted, isSecured: wish.isSecured)
            let canonical = unsafe writeKey(memory, wish.behavior, facts, told, &map)
            guard map.isKeyed, !map.hasToken, !canonical.overflowed else { return nil }
            var ask = Decision(.fetch, copy == nil ? .absent : .stale)
            if copy?.header.hasValidator == true { ask.action = .revalidate }
            let exchange = Exchange(
                id: .background(loop: self.index),
                bytes: bytes, head: head, facts: facts, snapshot: snapshot,
                behavior: wish.behavior, decision: ask, started: network.monotonicNow)
            if hot.isTwin { exchange.outcome.requestID = requestIDs.make() }
            var peer = Peer(address: "", isTrusted: wish.isTrusted, isSecured: wish.isSecured)
            peer.facts.usesTLS = wish.usesTLS
            exchange.ask(peer: peer)
            exchange.entry = copy
            exchange.canonical = unsafe [UInt8](canonical.bytes)
            let key = unsafe CacheKey.hash(canonical.bytes.bytes, seed: seed)
            exchange.key = key
            exchange.primary = PrimaryKey(key: key, canonical: exchange.canonical)
            return exchange
        }
    }

    /// Begins the fetch, or finds that somebody else has; of a metatile, for all of its tiles.
    private mutating func fetchAhead(_ exchange: Exchange, _ key: CacheKey, _ party: UInt64) {
        var asker = exchange
        if store?.isTaking == true, let metatile = exchange.wantedMetatile() {
            let name = unsafe CacheKey.hash(metatile.canonical.span.bytes, seed: seed)
            asker = self.asker(for: exchange, metatile, name)
        }
        guard let name = asker.key else { return }
        asker.playsFor = party
        let fresh = SharedFetch(
            key: name, invalidation: shared.invalidationNumber,
            edition: edition(exchange.behavior), leader: nil, budget: shared.budget,
            began: network.wallNow, isPrefetch: true)
        let least = invalidated.latest(of: key, exchange.canonical)
        let now = network.monotonicMilliseconds
        let outcome = shared.collapsed.joinOrLead(name, nil, fresh, at: now, least: least) {
            storedMeanwhile(exchange, key) != nil
        }
        switch outcome {
        case .stored: shared.marks.mark(key, isOwn: false, at: now)
        case .alone: shared.marks.mark(key, isOwn: false, at: now)
        case .waits(let running):
            // Another tile of the same picture is under way, or the tile itself.
            let isCovered = running.isPrefetch && asker !== exchange
            shared.marks.mark(key, isOwn: isCovered, at: now)
            if isCovered { counters.add(.prefetches) }
        case .leads:
            counters.add(.prefetches)
            shared.marks.mark(key, isOwn: true, at: now)
            guard let fetch = startFetch(for: asker, into: fresh, isBackground: true) else {
                _ = shared.marks.take(key)
                return
            }
            playback.began(fetch)
            shared.prefetching.add(1, ordering: .relaxed)
        }
    }
}

/// The request by which the edge asks ahead: what a viewer's own would be, without the viewer.
enum AheadRequest {
    /// - Parameters:
    ///   - head: a viewer's whole head, which was accepted.
    ///   - time: the value of TIME to ask for.
    /// - Returns: nil where its query names no TIME.
    static func head(_ bytes: UnsafeRawBufferPointer, time: [UInt8]) -> [UInt8]? {
        var (viewer, scan) = (RequestHead(), HeadScan())
        guard
            case .complete = unsafe parseRequest(
                bytes.bytes, &scan, limits: .ownRequest, into: &viewer),
            let query = unsafe TileRequest.query(
                bytes.bytes.extracting(viewer.query.range), withTime: time)
        else { return nil }
        var head = Array("GET ".utf8)
        unsafe head += bytes[viewer.path.range]
        head += [63]
        head += query
        head += Array(" HTTP/1.1\r\nHost: ".utf8)
        unsafe head += bytes[viewer.authority.range]
        // Browsers say so of what they fetch ahead (Fetch, "Sec-Purpose").
        head += Array("\r\nSec-Purpose: prefetch\r\n".utf8)
        for index in 0..<viewer.fields.count where isAnybodys(viewer.fields[index].known) {
            let field = viewer.fields[index]
            unsafe head += bytes[field.name.range]
            head += [58, 32]
            unsafe head += bytes[field.value.range]
            head += [13, 10]
        }
        return head + [13, 10]
    }

    /// Whether a field says how to ask, and nothing of who asks or what he has.
    private static func isAnybodys(_ field: KnownField) -> Bool {
        switch field {
        case .accept, .acceptEncoding, .acceptLanguage, .origin, .userAgent, .via,
            .xForwardedProto, .xForwardedHost, .xForwardedPort:
            true
        default: false
        }
    }
}
