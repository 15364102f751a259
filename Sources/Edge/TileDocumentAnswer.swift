import Caching
import Glibc
import HTTP
import Reactor
import Tiles

// Capabilities of WMTS, WMS-C and TMS that the edge writes in place of a pool without GeoWebCache.
extension LoopState where N: ~Copyable {
    /// Longest document that is put into a connection's own memory; a longer one is sent piece by
    /// piece, out of memory that all loops share a budget of.
    private static var shortDocument: Int { 65_536 }

    /// Answers a request for such a document; false: it is none.
    ///
    /// No member is asked, so that clients find the tiles that are stored in an outage, too.
    mutating func answersTileDocument(_ exchange: Exchange) -> Bool {
        guard let request = exchange.tileDocument else { return false }
        guard let documents = exchange.documentServices?.documents else {
            // Before the pool's layers were read for the first time.
            answer(exchange, 503, detail: "layers-unknown")
            return true
        }
        guard let content = documents.document(request, base: exchange.publicBase) else {
            answer(exchange, 404, detail: "no-such-layer")
            return true
        }
        var page = LocalPage(200, detail: "tile-capabilities")
        page.result = .miss
        page.mediaType = request.mediaType
        page.content = content
        // Its addresses are those of this viewer's way to the edge.
        page.cacheControl = "private, max-age=60"
        counters.add(.misses)
        answerDocument(exchange, page)
        return true
    }

    /// Sends a page of the edge's own that may be long.
    mutating func answerDocument(_ exchange: Exchange, _ page: LocalPage) {
        if page.content.count <= Self.shortDocument || exchange.head.method == .head {
            answer(exchange, page)
        } else {
            answer(exchange, long: page)
        }
    }

    private mutating func answer(_ exchange: Exchange, long page: LocalPage) {
        guard !shared.budget.isExhausted else {
            answer(exchange, 503, detail: "no-memory")
            return
        }
        let slot = exchange.id.slot
        let body = SharedFetch(
            key: nil, invalidation: shared.invalidationNumber, leader: exchange.id,
            budget: shared.budget)
        var rest = page.content[...]
        while !rest.isEmpty {
            let room = unsafe body.room(expecting: rest.count)
            let count = min(room.count, rest.count)
            unsafe room.copyBytes(from: rest.prefix(count))
            body.publish(bytes: count)
            rest = rest.dropFirst(count)
        }
        body.end(.complete)
        exchange.hasResponded = true
        if !exchange.intake.isComplete { viewers[slot].closesAfterResponse = true }
        var head = page
        head.isSentApart = true
        let sent = writeLocal(
            slot, head, exchange.outcome.requestID, isHead: false, exchange: exchange)
        exchange.outcome.status = sent.status
        exchange.outcome.result = sent.result
        exchange.outcome.detail = page.detail
        exchange.outcome.sentBytes = 0
        noteHead(exchange, sent.framingBytes)
        exchange.shared = body
        exchange.delivery = .length
        setDeadline(slot, milliseconds: limits.writeTimeout)
        pump(slot)
    }
}

extension Exchange {
    /// It is for a document that the edge writes itself.
    var asksForTileDocument: Bool { tileDocument != nil }

    /// Which one; nil: it is none, or not the edge's to answer.
    fileprivate var tileDocument: TileDocumentRequest? {
        guard head.method == .get || head.method == .head, let maps = documentServices,
            maps.writesTileCapabilities
        else { return nil }
        let (path, query) = pathAndQuery
        return unsafe TileDocumentRequest(
            path: path.span.bytes, query: query.span.bytes, services: maps)
    }

    /// What is known of its origin's layers. Documents lie at addresses for which a behavior may
    /// have another class than its maps.
    fileprivate var documentServices: MapServices? {
        if let maps { return maps }
        guard policy.mapClass.isMapServers else { return nil }
        let behaviors = snapshot.settings.behaviors
        return behaviors.first { $0.maps != nil && $0.origin == behaviors[behavior].origin }?.maps
    }

    /// Scheme and host under which the viewer reaches this edge, as a trusted proxy tells them,
    /// else as its own request does; empty where it named no host.
    var publicBase: String {
        let scheme = publicScheme
        var host = String(decoding: bytes[head.authority.range], as: UTF8.self)
        if peer.isTrusted {
            if let name = first(.xForwardedHost), Self.isHost(name) { host = name }
            if let port = first(.xForwardedPort).flatMap({ UInt16($0) }),
                port != (scheme == "https" ? 443 : 80), !Self.hasPort(host), !host.isEmpty
            {
                host += ":\(port)"
            }
        }
        return host.isEmpty ? "" : "\(scheme)://\(host)"
    }

    /// The scheme of that.
    private var publicScheme: String {
        let own = peer.isSecured ? "https" : "http"
        guard peer.isTrusted else { return own }
        let viaCloudFront = FieldSearch.value("cloudfront-forwarded-proto", head.fields, bytes)
        let told = first(.xForwardedProto) ?? viaCloudFront.map { Self.word($0[...]) }
        guard let told = told?.lowercased(), ["http", "https"].contains(told) else { return own }
        return told
    }

    /// Nothing tells the origin that the viewer came by https.
    var isPlain: Bool { publicScheme == "http" && !peer.asksForSite }

    /// Of a list the first: what the proxy next to the viewer has said.
    private func first(_ field: KnownField) -> String? {
        head.fields.first(field).map { Self.word(bytes[head.fields[$0].value.range]) }
    }

    private static func word(_ value: ArraySlice<UInt8>) -> String {
        let word = value.prefix { $0 != UInt8(ascii: ",") }
        return String(decoding: word.filter { $0 > 0x20 }, as: UTF8.self)
    }

    private static func isHost(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (97...122).contains(byte | 0x20)
                    || "-._:[]".utf8.contains(byte)
            }
    }

    private static func hasPort(_ host: String) -> Bool {
        (host.split(separator: "]", omittingEmptySubsequences: false).last ?? "").contains(":")
    }
}
