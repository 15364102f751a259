import Caching
import HTTP
import Tiles

/// A map request as its exchange needs it: what was asked, and what the origin is asked.
struct MapAsk {
    var request: MapRequest
    /// Path and query towards the origin: the normal form, or, where keys do not have that, those
    /// that came, with EXCEPTIONS left out; nil: as they came.
    var target: [UInt8]?
    /// The same for who asks for himself, past the store; nil: as it came.
    var ownTarget: [UInt8]?
    /// What is known of it where keys have its normal form.
    var tile: TileRequest?

    /// Its exchange has taken its credentials back, and still has what nobody was given.
    var keepsNobodysCopy = false

    /// Its normal form is in its key.
    var isCanonical: Bool { tile != nil && tile?.bypass == nil }

    /// Servers differ in which of two values they take, and nobody has refused it.
    var isAmbiguous: Bool { tile == nil && request.hasDuplicates }

    /// An image was asked for, so that anything else is no answer.
    var isImage: Bool { request.isPicture }
}

extension Exchange {
    /// The behavior's; of a picture whose entry is another behavior's, too, that one's lifetimes.
    var policy: BehaviorPolicy {
        var policy = snapshot.hot[behavior].policy
        if let shown = snapshot.hot[behavior].pictureTTL, keysNoCoding { shown.apply(to: &policy) }
        return policy
    }

    /// Who asks, and whether it asks for a map: read once, on the slow way. A map is one at
    /// whatever address (laws 5 and 7), but for behaviors that are CloudFront's alone.
    func ask(peer: Peer) {
        self.peer = peer
        guard policy.mapClass != .none, head.method == .get || head.method == .head else { return }
        defer { if map == nil, policy.mapClass.isMapServers { askForLegend() } }
        map = unsafe bytes.withUnsafeBytes { bytes -> MapAsk? in
            let path = unsafe UnsafeRawBufferPointer(rebasing: bytes[head.path.range])
            let query = unsafe UnsafeRawBufferPointer(rebasing: bytes[head.query.range])
            if let maps, let ask = unsafe canonicalMap(path.bytes, query.bytes, maps) {
                return ask
            }
            guard let request = unsafe MapRequest.classify(path: path.bytes, query: query.bytes)
            else {
                return nil
            }
            // Of a page it takes more than a word in its query to be a map.
            if policy.mapClass == .pages, request.format == .unstated { return nil }
            guard request.namesExceptions else { return MapAsk(request: request, target: nil) }
            return unsafe MapAsk(request: request, target: Self.rewritten(path, query))
        }
    }

    /// Errors must be told apart from tiles, so the origin is not asked to draw them (law 5).
    private static func rewritten(_ path: UnsafeRawBufferPointer, _ query: UnsafeRawBufferPointer)
        -> [UInt8]?
    {
        var target = unsafe [UInt8](path) + [63]
        let room = query.count
        var isWhole = false
        let rest = unsafe [UInt8](unsafeUninitializedCapacity: max(room, 1)) { buffer, count in
            let written = unsafe MapRequest.rewriteExceptions(
                query.bytes, into: UnsafeMutableRawBufferPointer(buffer))
            isWhole = written != nil
            count = written ?? 0
        }
        target += rest
        return isWhole ? target : nil
    }

    private func askForLegend() {
        unsafe bytes.withUnsafeBytes { bytes in
            let path = unsafe UnsafeRawBufferPointer(rebasing: bytes[head.path.range])
            let query = unsafe UnsafeRawBufferPointer(rebasing: bytes[head.query.range])
            legend = unsafe MapRequest.legend(query: query.bytes)
            let isRewritten = legend?.namesExceptions == true
            legendTarget = isRewritten ? unsafe Self.rewritten(path, query) : nil
        }
    }

    /// What the origin is asked in place of what came; nil: that.
    var askedTarget: [UInt8]? {
        map == nil ? legendTarget : map?.isImage == true ? map?.target : nil
    }

    /// By what it has its key, where that is not what came, nor a map's normal form: how errors
    /// should look makes no other picture.
    var keyedTarget: [UInt8]? { map?.tile == nil ? askedTarget : nil }

    /// The picture that was asked for, be it of a map or a legend.
    var picture: MapRequest? {
        if let map { return map.isImage ? map.request : nil }
        return legend
    }

    /// The picture's format, where the body must be looked at before its status is believed.
    func judgedFormat(_ head: FetchedHead) -> MapFormat? {
        guard self.head.method == .get, Self.isJudged(head.status) else { return nil }
        if let map { return map.isImage ? map.request.format : nil }
        guard let legend, !head.confirmsStored, !head.deniesStored, !head.completes,
            !head.head.hasUnknownCoding
        else { return nil }
        // Its server may have another default than this one, or none; SVG is read as XML.
        let format =
            legend.format == .unstated
            ? MapFormat(named: String(decoding: head.mediaType, as: UTF8.self)) : legend.format
        return format.flatMap { $0.isToldApart ? $0 : nil }
    }

    /// Whether an answer of that status would be kept or shown for a picture, as all that is called
    /// good, be it nothing at all; or may be its member's failure alone: a bad request, as which
    /// GeoWebCache tells that its own servers failed, and an error within.
    private static func isJudged(_ status: Int) -> Bool {
        switch status {
        case 206: false
        case 200...299, 400, 422, 500: true
        default: false
        }
    }

    /// Whether the viewer's program can use what was rejected: an exception that it asked for, or
    /// that it gets in place of another document, in the service's own words.
    func reads(_ rejected: TileVerdict?) -> Bool {
        guard rejected == .exception else { return false }
        guard let picture else { return true }
        guard picture.namesExceptions else { return false }
        return picture.exceptions == .xml || picture.exceptions == .other
    }

    var acceptsGzip: Bool {
        guard let index = head.fields.first(.acceptEncoding) else { return false }
        return unsafe bytes.withUnsafeBytes {
            unsafe GzipOffer.accepts(
                UnsafeRawBufferPointer(rebasing: $0[head.fields[index].value.range]).bytes)
        }
    }

    /// This request's normalised values of the fields that a Vary names, as key parts; nil when
    /// they are too many to be told apart: such a request shares nothing.
    func variantValues(_ names: [UInt8]) -> [UInt8]? {
        unsafe withUnsafeTemporaryAllocation(byteCount: 40_960, alignment: 16) { memory in
            var key = unsafe CanonicalKey(memory)
            unsafe bytes.withUnsafeBytes {
                unsafe Vary.append(names: names.span.bytes, of: head, bytes: $0.bytes, to: &key)
            }
            return unsafe key.overflowed ? nil : [UInt8](key.bytes)
        }
    }

    /// Whether an answer of that status sends a map's viewer elsewhere: its key has no host, and
    /// hardly ever a scheme, so that others would be sent to where they are.
    func leadsAway(_ status: Int) -> Bool { sharesPicture && (300..<400).contains(status) }

    /// The canonical key of another path and query of this request's host; empty: there is none.
    func canonicalKey(of target: [UInt8]) -> [UInt8] {
        let mark = target.firstIndex(of: 63) ?? target.endIndex
        return canonicalKey(
            path: [UInt8](target[..<mark]),
            query: mark < target.endIndex ? [UInt8](target[(mark + 1)...]) : nil,
            gzip: keysGzip) ?? []
    }

    /// Whether the edge's own key tells codings apart, and this request takes gzip.
    private var keysGzip: Bool { policy.mode == .cloudfront && acceptsGzip }

    /// The canonical key of a reference in Location or Content-Location, when it is of this host.
    func resolve(_ reference: UnsafeRawBufferPointer) -> [UInt8]? {
        let host = [UInt8](bytes[head.authority.range])
        let base = [UInt8](bytes[head.path.range])
        guard let target = unsafe Reference.resolve([UInt8](reference), host: host, path: base)
        else { return nil }
        return canonicalKey(path: target.path, query: target.query, gzip: keysGzip)
    }
}

/// The bytes that identify a target, in one place: hits, invalidations and Content-Location agree.
enum TargetKey {
    /// - Parameters:
    ///   - host: as sent. It is no part of a map's key.
    ///   - known: of a loop, for hits.
    ///   - keepsEmptyQuery: its `?` makes it another target, though nothing is behind it (RFC 3986
    ///     §6.2.3).
    @inline(__always)
    static func append(
        host: RawSpan, path: RawSpan, query: RawSpan, maps: Unmanaged<MapServices>?,
        keepsEmptyQuery: Bool, dropsCacheBusters: Bool, known: KnownMaps? = nil,
        _ map: inout MapFacts, to key: inout CanonicalKey
    ) {
        key.append(.methodClass, byte: UInt8(ascii: "G"))
        if let maps = unsafe maps {
            // Sites spread their tiles over several names of one server: t1 to t4.
            let begin = key.count
            key.append(host: RawSpan())
            unsafe append(mapOf: path, query: query, maps, known, &map, to: &key)
            if map.isKeyed { return }
            key.truncate(to: begin)
        }
        key.append(host: host)
        append(path: path, to: &key)
        if query.isEmpty {
            if keepsEmptyQuery { key.append(.query, query) }
            return
        }
        if dropsCacheBusters {
            withoutCacheBusters(path: path, query: query, &map) {
                if !$0.isEmpty { key.append(.query, $0) }
            }
        } else {
            key.append(.query, query)
        }
    }

    /// Calls `body` with what tells a map server's document apart: its query but for what makes it
    /// look new, which becomes `map`'s floor; the whole query of anything else.
    static func withoutCacheBusters(
        path: RawSpan, query: RawSpan, _ map: inout MapFacts, _ body: (RawSpan) -> Void
    ) {
        unsafe withUnsafeTemporaryAllocation(byteCount: query.byteCount, alignment: 1) { memory in
            guard
                let written = unsafe CacheBuster.writeQuery(path: path, query: query, into: memory)
            else { return body(query) }
            map.setFloor(written.newest)
            unsafe body(UnsafeRawBufferPointer(rebasing: memory[..<written.length]).bytes)
        }
    }

    /// A map's normal form, where it has one: `map` tells.
    @inline(__always)
    static func append(
        mapOf path: RawSpan, query: RawSpan, _ maps: Unmanaged<MapServices>,
        _ known: KnownMaps?, _ map: inout MapFacts, to key: inout CanonicalKey
    ) {
        if let known {
            unsafe known.append(mapOf: path, query: query, maps, &map, to: &key)
        } else {
            unsafe append(mapOf: path, query: query, maps, &map, to: &key)
        }
    }

    /// The same by reading the request.
    static func append(
        mapOf path: RawSpan, query: RawSpan, _ maps: Unmanaged<MapServices>,
        _ map: inout MapFacts, to key: inout CanonicalKey
    ) {
        let outcome = unsafe maps._withUnsafeGuaranteedRef {
            key.append(mapOf: path, query: query, services: $0)
        }
        map = MapFacts(outcome)
    }

    /// The coding that was negotiated; pictures have none.
    static func appendGzip(to key: inout CanonicalKey) {
        key.append(.coding, byte: UInt8(ascii: "g"))
    }

    /// No path is the root (RFC 9110 §4.2.3).
    @inline(__always)
    static func append(path: RawSpan, to key: inout CanonicalKey) {
        if path.isEmpty {
            key.append(.path, byte: UInt8(ascii: "/"))
        } else {
            key.append(.path, path)
        }
    }
}
