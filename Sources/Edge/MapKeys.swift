import Caching
import HTTP
import Reactor
import Tiles

/// What a request for a map asks of the cache beside its key. No references; of all other requests
/// it says nothing.
struct MapFacts {
    /// The key has the map's normal form.
    private(set) var isKeyed = false
    /// A picture in one of the forms that are never compressed once more, so that its key has no
    /// coding: whoever takes gzip gets the same bytes as everybody.
    private(set) var isPicture = false
    /// The request is for a picture, whatever came of its key.
    private(set) var isMap = false
    /// Servers would not agree on what it means.
    private(set) var isRefused = false
    private(set) var hasToken = false
    /// Why its answer is nobody else's.
    private(set) var bypass: TileRequest.Bypass?
    /// What is stored must be no older, be it a picture or a document: `.max` is any time before
    /// now.
    private(set) var notOlderThan = Milliseconds.min

    init() {}

    /// Of a map whose normal form is in its key, and of whose request there is nothing else to say.
    @inline(__always)
    init(keyedPicture isPicture: Bool) {
        (isMap, isKeyed, self.isPicture) = (true, true, isPicture)
    }

    @inline(__always)
    init(_ outcome: TileRequest.Outcome) {
        switch outcome {
        case .none: return
        case .refused: (isMap, isRefused) = (true, true)
        case .request(let request):
            guard request.map.format.isImage else { return }
            isMap = true
            bypass = request.bypass
            isKeyed = request.bypass == nil
            isPicture = isKeyed && request.map.format.isCompressed
            hasToken = request.hasToken
            if request.hasCacheBuster { setFloor(request.notOlderThan) }
        }
    }

    /// A cache-buster names that time, or none: then it means the moment at which it comes.
    mutating func setFloor(_ time: UInt64) {
        notOlderThan = time == 0 ? .max : Milliseconds(clamping: time)
    }
}

extension MapFormat {
    /// Its pictures are compressed by themselves.
    fileprivate var isCompressed: Bool {
        switch self {
        case .png, .png8, .jpeg, .gif, .webp, .jpegOrPNG: true
        case .unstated, .otherImage, .notImage: false
        }
    }
}

extension BehaviorPolicy {
    /// Whether credentials in a query or a path make a request a session's. Of pages that is judged
    /// with all else that tells whose they are.
    fileprivate var findsCredentials: Bool { mapClass.isMapServers }
}

// What the hit path makes of a request for a map, beside looking up its key.
extension LoopState where N: ~Copyable {
    /// Credentials in the query, or in the path, make the request a session's.
    @inline(__always)
    func findCredentials(
        _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: inout RequestFacts
    ) {
        guard hot[behavior].policy.findsCredentials, !facts.hasSession else { return }
        if !head.hasPlainPath {
            facts.hasSession = unsafe namesSession(
                path: UnsafeRawBufferPointer(rebasing: bytes[head.path.range]).bytes)
        }
        guard !head.query.isEmpty, !facts.hasSession else { return }
        facts.hasSession = unsafe Credentials.areIn(
            UnsafeRawBufferPointer(rebasing: bytes[head.query.range]))
    }

    /// What a name meant when a layer's styles were read it may not mean any more: a write that may
    /// change its default one is under way, or has passed since.
    @inline(__always)
    func doubtsStyles(_ behavior: Int) -> Bool {
        guard let maps = hot[behavior].maps, unsafe maps.withoutStyles != nil else {
            return false
        }
        return !shared.catalogue.knowsStyles(of: maps.styleChange)
    }

    /// By what maps get their one key.
    @inline(__always)
    func maps(_ behavior: Int, _ facts: RequestFacts) -> Unmanaged<MapServices>? {
        unsafe facts.doubtsStyles ? hot[behavior].maps?.withoutStyles : hot[behavior].maps?.services
    }

    /// Refuses what has no one meaning and passes what is nobody else's on; false: the request goes
    /// its way, by `facts`.
    mutating func settles(
        _ map: MapFacts, _ slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int,
        _ facts: inout RequestFacts
    ) -> Bool {
        let sight = unsafe sight(map, bytes)
        if let sight { firstSights.note(sight, at: network.wallNow) }
        unsafe complete(&facts, map, sight, bytes, behavior)
        if map.isRefused {
            unsafe refuse(mapOf: slot, bytes, behavior, facts)
            return true
        }
        guard let reason = map.reasonToPass(asNobody: !facts.aside.isEmpty) else { return false }
        // As ever, who wants nothing but what is stored gets nothing else.
        let decision = decide(
            .absent, request: facts, policy: hot[behavior].policy, health: .up,
            now: network.wallNow)
        let isAnswered = decision.action == .pass || decision.action == .gatewayTimeout
        unsafe start(
            slot, bytes, behavior, facts, isAnswered ? decision : Decision(.pass, reason),
            keyed: false)
        return true
    }

    /// Adds to the facts what the map's parameters say.
    @inline(__always)
    func complete(
        _ facts: inout RequestFacts, _ map: MapFacts, _ sight: UInt64?,
        _ bytes: UnsafeRawBufferPointer, _ behavior: Int
    ) {
        if let sight {
            facts.notOlderThan = firstSights.moment(of: sight) ?? network.wallNow
        } else if map.notOlderThan > .min {
            facts.notOlderThan = map.notOlderThan
        }
        guard map.isMap else { return unsafe findCredentials(bytes, behavior, &facts) }
        if map.hasToken { facts.hasSession = true }
        if map.isKeyed, page.asksAsNobody { facts.setCredentialsAside() }
    }

    /// The name among those that were seen of a URL that asks for something new, and names no time,
    /// or one to come, as the viewer's clock is wrong; nil: it is another one.
    @inline(__always)
    func sight(_ map: MapFacts, _ bytes: UnsafeRawBufferPointer) -> UInt64? {
        map.notOlderThan > network.wallNow ? unsafe name(bytes) : nil
    }

    private func name(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let target = head.path.range.lowerBound..<head.query.range.upperBound
        return unsafe CacheKey.hash(
            UnsafeRawBufferPointer(rebasing: bytes[target]).bytes, seed: seed
        ).low
    }

    /// 400, with the reason for people.
    private mutating func refuse(
        mapOf slot: UInt32, _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: RequestFacts
    ) {
        counters.reject(.mapAmbiguous)
        let exchange = unsafe makeExchange(
            slot, bytes, behavior, facts, Decision(.pass, .keyNotFormed))
        var page = localPage(
            400, detail: "ambiguous-map", requestID: exchange.outcome.requestID)
        if !hot.isTwin, let refusal = exchange.mapRefusal {
            page.mediaType = "text/plain; charset=utf-8"
            page.content = Array("\(refusal.sentence).\n".utf8)
        }
        viewers[slot].exchange = exchange
        viewers[slot].phase = .exchange
        answer(exchange, page)
    }
}

extension MapFacts {
    /// Why the store has no part in the request; nil: it has.
    ///
    /// - Parameter asNobody: its credentials were set aside.
    func reasonToPass(asNobody: Bool) -> DecisionReason? {
        switch bypass {
        case .styleDocument: .styleDocument
        case .tooManyParameters: .manyParameters
        case .tooLong: .keyNotFormed
        case nil: hasToken && !asNobody ? .session : nil
        }
    }
}

extension Exchange {
    /// The map services by which keys have maps in their normal form; nil: they do not.
    var maps: MapServices? {
        let maps = snapshot.settings.behaviors[behavior].maps
        return facts.doubtsStyles ? maps?.withoutStyles ?? maps : maps
    }

    /// Whether keys have map servers' documents without their cache-busters.
    var dropsCacheBusters: Bool { snapshot.settings.behaviors[behavior].dropsCacheBusters }

    /// Its picture is for viewers of all codings, so that the origin must not compress it.
    var keysNoCoding: Bool {
        guard let tile = map?.tile else { return false }
        return MapFacts(.request(tile)).isPicture
    }

    /// Path and query as they came.
    var pathAndQuery: (path: [UInt8], query: [UInt8]) {
        ([UInt8](bytes[head.path.range]), [UInt8](bytes[head.query.range]))
    }

    /// Why servers would not agree on the map; nil: they would.
    var mapRefusal: TileRefusal? {
        guard let maps else { return nil }
        let (path, query) = pathAndQuery
        let outcome = unsafe TileRequest.normalise(
            path: path.span.bytes, query: query.span.bytes, services: maps,
            key: UnsafeMutableRawBufferPointer(start: nil, count: 0))
        if case .refused(let refusal) = outcome { return refusal }
        return nil
    }

    /// The map in its normal form, and what the origin is asked for it; nil for what is no picture.
    func canonicalMap(_ path: RawSpan, _ query: RawSpan, _ maps: MapServices) -> MapAsk? {
        let room = TileRequest.keyCapacity(path: path, query: query)
        return unsafe withUnsafeTemporaryAllocation(byteCount: room, alignment: 16) { memory in
            let outcome = unsafe TileRequest.normalise(
                path: path, query: query, services: maps, key: memory)
            guard case .request(let tile) = outcome, tile.map.format.isImage else { return nil }
            var ask = MapAsk(request: tile.map, tile: tile)
            guard tile.bypass == nil,
                let length = unsafe TileRequest.writeTarget(
                    path: path, query: query, services: maps, into: memory)
            else { return ask }
            let target = unsafe [UInt8](memory[..<length])
            if maps.writesTileCapabilities { ask.ownTarget = ownTarget(target) }
            // What is this viewer's alone is asked in its own words.
            if !tile.hasToken || !facts.aside.isEmpty { ask.target = target }
            return ask
        }
    }

    /// What a pool without GeoWebCache is asked for a tile that came by an address of that: the
    /// map, with the tokens that came; nil: it came by another address.
    private func ownTarget(_ target: [UInt8]) -> [UInt8]? {
        let (path, query) = pathAndQuery
        guard String(decoding: path, as: UTF8.self).contains("/gwc/service/") else { return nil }
        return query.split(separator: UInt8(ascii: "&")).reduce(into: target) { target, parameter in
            let isToken = unsafe Array(parameter).withUnsafeBytes { unsafe Credentials.areIn($0) }
            if isToken { target += [UInt8(ascii: "&")] + parameter }
        }
    }

    /// The key of the tile `levels` further up that holds the map at hand; nil where that is none,
    /// or is not stored by its normal form.
    func ancestorKey(levels: Int) -> (canonical: [UInt8], part: TilePart)? {
        guard let maps, map?.isCanonical == true else { return nil }
        let (path, query) = pathAndQuery
        guard let own = canonicalKey(path: path, query: query, gzip: false) else { return nil }
        let room = unsafe TileRequest.keyCapacity(path: path.span.bytes, query: query.span.bytes)
        var part: TilePart?
        let text = unsafe [UInt8](unsafeUninitializedCapacity: room) { memory, count in
            let found = unsafe TileRequest.writeAncestorKey(
                path: path.span.bytes, query: query.span.bytes, services: maps, levels: levels,
                into: UnsafeMutableRawBufferPointer(memory))
            (count, part) = (found?.length ?? 0, found?.part)
        }
        return part.map { (Self.key(own, ofMap: text), $0) }
    }

    /// The same canonical key for another map.
    static func key(_ canonical: [UInt8], ofMap text: [UInt8]) -> [UInt8] {
        var key: [UInt8] = []
        var walk = CanonicalParts()
        while let (part, range) = unsafe walk.next(in: canonical.span.bytes) {
            let value = part == .mapRequest ? text[...] : canonical[range]
            key.append(part.rawValue)
            key += [UInt8(truncatingIfNeeded: value.count), UInt8(value.count >> 8 & 255)]
            key += value
        }
        return key
    }
}
