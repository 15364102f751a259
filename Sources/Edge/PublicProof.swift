import Caching
import HTTP
import Reactor
import Synchronization
import Tiles

/// Maps that nobody was given lately, so that who shows credentials is asked for with them at once.
///
/// One table for all loops, looked at on misses only. It forgets by time, by what invalidates the
/// map that is asked for, permissions among it, and many at once where it is full: then nobody is
/// asked once more.
final class RefusedMaps: Sendable {
    /// Layers and requests that are remembered, about 64 bytes each.
    static let places = 4_096
    /// How long, in milliseconds: a permission that is given past the edge is seen after that.
    static let lifetime: Milliseconds = 60_000

    private struct Refusal {
        var until: Milliseconds
        /// The latest invalidation when nobody was asked.
        var invalidation: UInt64
        /// It is a layer's, and not only one request's.
        var isOfLayer: Bool
    }

    private let table = Mutex<[CacheKey: Refusal]>([:])

    func remember(
        _ name: CacheKey, isOfLayer: Bool, at now: Milliseconds, invalidation: UInt64
    ) {
        table.withLock { table in
            if table.count >= Self.places {
                // A layer's stands for all its tiles: those of requests go before it.
                table = table.filter { $0.value.isOfLayer && now < $0.value.until }
            }
            if table.count >= Self.places { table.removeAll(keepingCapacity: true) }
            table[name] = Refusal(
                until: now.adding(Self.lifetime), invalidation: invalidation, isOfLayer: isOfLayer)
        }
    }

    /// Whether it was refused, and nothing since the invalidation `least`, which touched what is
    /// asked for, may have changed that.
    func has(_ name: CacheKey, at now: Milliseconds, least: UInt64) -> Bool {
        table.withLock { table in
            guard let refusal = table[name] else { return false }
            if now < refusal.until, refusal.invalidation >= least { return true }
            table[name] = nil
            return false
        }
    }

    var count: Int { table.withLock { $0.count } }
}

/// What nobody was answered says of a map.
enum NobodysAnswer: Equatable {
    /// It is the map, and may be stored: whoever asks may see it.
    case map
    /// The server failed: nothing is known.
    case failure
    /// Nobody is refused, or it is no answer for all; of the layer, or perhaps of this request.
    case refusal(isOfLayer: Bool)
}

extension FetchedHead {
    /// - Parameter report: what the body says, where it is an exception.
    func nobodysAnswer(_ report: () -> ExceptionReport?) -> NobodysAnswer {
        if status >= 500 || status == 408 || status == 429 { return .failure }
        switch rejectedContent {
        case .exception: return .refusal(isOfLayer: report()?.isOfLayer ?? false)
        // A page to sign in at, most likely.
        case .wrongType: return .refusal(isOfLayer: true)
        case .empty, .wrongSignature, .wrongSize, .wrongDocument, .incomplete, .wrongStatus:
            return .refusal(isOfLayer: false)
        case .fits, nil: break
        }
        if status == 200 { return isForAll ? .map : .refusal(isOfLayer: true) }
        // GeoWebCache has it so; else a bad request may be the viewer's own mistake.
        if status == 400 { return .refusal(isOfLayer: report()?.isOfLayer ?? false) }
        // Part of a map is none.
        let isOfLayer = (300..<400).contains(status) && status != 304
        return .refusal(isOfLayer: isOfLayer || [401, 403, 404, 410].contains(status))
    }

    /// Whether nothing but perhaps the request itself keeps it from the store.
    private var isForAll: Bool {
        switch storability {
        case .storable: isStorable
        case .refused(.requestNoStore), .refused(.varyTooLong), .refused(.varyUntellable): true
        case .refused: false
        }
    }
}

extension Exchange {
    /// It goes on in its viewer's own words and with his credentials, past the store.
    ///
    /// - Parameter keepsCopy: nobody is refused the layer, so that what is stored is still better
    ///   than nothing, should the server fail him too.
    func takeCredentialsBack(keepsCopy: Bool) {
        if decision.action != .pass { decision = Decision(.pass, facts.reasonOfCredentials) }
        facts.takeCredentialsBack()
        (key, canonical) = (nil, [])
        if !keepsCopy { entry = nil }
        map?.keepsNobodysCopy = keepsCopy
        if map?.tile?.hasToken == true { map?.target = nil }
    }

    /// The layers that its map shows, by the origin that has them; nil: they cannot be told from
    /// what else is asked for.
    func layersName(_ seed: (UInt64, UInt64)) -> CacheKey? {
        var walk = CanonicalParts()
        while let (part, range) = unsafe walk.next(in: canonical.span.bytes) {
            guard part == .mapRequest else { continue }
            let layers = canonical[range].prefix { $0 != UInt8(ascii: "&") }
            guard layers.contains(UInt8(ascii: "?")) else { return nil }
            let name = Array("\(pool.settings.id)\n".utf8) + layers
            return unsafe CacheKey.hash(name.span.bytes, seed: seed)
        }
        return nil
    }
}

// Whether a layer is public is proved by asking as nobody. Who shows credentials is looked up
// without them; what nobody gets is everybody's, and what nobody is refused is asked for with them
// and is nobody else's (law 6).
extension LoopState where N: ~Copyable {
    /// Gives a request that the store could not answer its credentials back where it goes past the
    /// store, or where nobody was refused its map lately.
    mutating func settleCredentials(_ exchange: Exchange) {
        guard !exchange.facts.aside.isEmpty, exchange.decision.action != .gatewayTimeout,
            !exchange.decision.isAnsweredFromStore
        else { return }
        // A HEAD proves nothing of a picture.
        let isAsked = exchange.decision.action != .pass && exchange.head.method == .get
        guard isAsked, let key = exchange.key else {
            return exchange.takeCredentialsBack(keepsCopy: false)
        }
        let least = invalidated.latest(of: key, exchange.canonical)
        func isRefused(_ name: CacheKey) -> Bool {
            shared.refusedMaps.has(name, at: network.wallNow, least: least)
        }
        if let layers = exchange.layersName(seed), isRefused(layers) {
            exchange.takeCredentialsBack(keepsCopy: false)
        } else if isRefused(key) {
            exchange.takeCredentialsBack(keepsCopy: true)
        }
    }

    /// Whether nobody was refused what the viewer may perhaps see: it is asked for once more, with
    /// his credentials.
    mutating func asksAsItself(_ exchange: Exchange, _ head: FetchedHead) -> Bool {
        guard !exchange.facts.aside.isEmpty, let key = exchange.key, let fetch = exchange.shared,
            !head.confirmsStored, !head.deniesStored,
            case .refusal(let isOfLayer) = head.nobodysAnswer({
                let prefix = fetch.prefix(ExceptionReport.prefixBytes)
                return unsafe ExceptionReport(prefix.span.bytes)
            })
        else { return false }
        let name = isOfLayer ? exchange.layersName(seed) ?? key : key
        shared.refusedMaps.remember(
            name, isOfLayer: isOfLayer, at: network.wallNow, invalidation: fetch.invalidation)
        // The fetch may end here, before it could say so itself.
        if exchange.isSuperseded(by: head) { store?.delete(key) }
        exchange.takeCredentialsBack(keepsCopy: !isOfLayer)
        leave(fetch, exchange)
        if fetch.waiterCount == 0, let token = exchange.fetch {
            fetchLostViewers(token, policy: exchange.policy)
        }
        (exchange.shared, exchange.fetch, exchange.mayCollapse) = (nil, nil, false)
        beginWait(exchange)
        counters.add(.passes)
        counters.add(.refusedToNobody)
        lead(exchange, fresh(exchange))
        return true
    }
}

extension OriginRequest.Conditions {
    /// Whether a viewer's field would tell who asks, though nobody is to ask.
    func hidesCredential(_ field: KnownField, _ name: RawSpan) -> Bool {
        dropsAuthorization && field == .other && CredentialField.isNamed(name)
    }

    /// Without what says who the viewer is. The target is the map's normal form, which has no
    /// token; of the viewer's own conditions nobody's answer would say nothing.
    mutating func askAsNobody() {
        cookies = []
        dropsAuthorization = true
        dropsViewerConditions = true
    }
}
