import Caching
public import HTTP
import Reactor
import Synchronization
import Tiles

/// A request to GeoWebCache's REST interface that is answered here in place of the origin's.
public struct TileCacheAsk: Sendable {
    public var method: HTTP.Method
    /// As sent.
    public var path: String
    /// Without its `?`.
    public var query: String
    public var host: String
    /// It says that a page of another site made it.
    public var hasOrigin: Bool
    public var body: [UInt8]
}

/// What is answered.
public struct TileCacheAnswer: Sendable {
    public enum Form: Sendable { case text, xml, json }

    public var status: Int
    public var form: Form
    public var body: [UInt8]

    public init(_ status: Int, _ form: Form, _ body: [UInt8]) {
        (self.status, self.form, self.body) = (status, form, body)
    }
}

/// Who answers such requests: what serves the admin port, which may wait for the disk.
public final class TileCacheAnswerer: Sendable {
    public typealias Answering = @Sendable (TileCacheAsk) -> TileCacheAnswer

    private let answering = Mutex<Answering?>(nil)

    /// nil before somebody does.
    var current: Answering? { answering.withLock { $0 } }

    func set(_ body: @escaping Answering) { answering.withLock { $0 = body } }
}

/// One that is being answered beside the loop.
final class TileCacheCall: Sendable {
    private let answer = Mutex<TileCacheAnswer?>(nil)

    var taken: TileCacheAnswer? { answer.withLock { $0.take() } }

    func put(_ answer: TileCacheAnswer) { self.answer.withLock { $0 = answer } }
}

extension Server {
    /// Has requests to GeoWebCache's interface answered that come from the site itself and whose
    /// pool has no cache of that kind in use.
    public func answerTileCache(by body: @escaping TileCacheAnswerer.Answering) {
        shared.tileCache.set(body)
    }
}

// On listeners for the site's own calls the edge is the tile cache: GeoNode empties it with the
// request by which it would empty GeoWebCache.
extension LoopState where N: ~Copyable {
    /// Calls under way, all loops together; those beyond are told to come again.
    private static var callsMax: Int { 64 }

    /// Whether the edge answers a request in the origin's place, which it does as soon as its body
    /// is here.
    mutating func answersTileCache(_ exchange: Exchange) -> Bool {
        guard viewers[exchange.id.slot].isSouthbound, snapshot.settings.southbound.isTileCache,
            exchange.isForTileCache, shared.tileCache.current != nil
        else { return false }
        if case .length(let count) = exchange.intake.framing, count >= RequestIntake.window {
            refuseCall(exchange, 413, detail: "body-too-large")
            return true
        }
        if case .chunked = exchange.intake.framing {
            refuseCall(exchange, 411, detail: "length-required")
            return true
        }
        if exchange.intake.isComplete {
            placeCall(exchange)
        } else {
            exchange.intake.isAwaitedHere = true
            if exchange.head.expectsContinue { sendContinue(exchange) }
        }
        return true
    }

    private mutating func refuseCall(_ exchange: Exchange, _ status: Int, detail: StaticString) {
        viewers[exchange.id.slot].closesAfterResponse = true
        answer(exchange, status, detail: detail)
    }

    /// The body has come whole.
    mutating func placeCall(_ exchange: Exchange) {
        guard let answering = shared.tileCache.current else {
            return answer(exchange, 503, detail: "not-ready")
        }
        let ask = exchange.tileCacheAsk
        let call = TileCacheCall()
        let isPlaced = make(exchange, .call(call), limit: Self.callsMax) {
            call.put(answering(ask))
            return []
        }
        if !isPlaced { answer(exchange, 503, detail: "busy") }
    }

    /// It is answered, or what should have been told of it is lost.
    mutating func answered(_ exchange: Exchange, _ call: TileCacheCall) {
        guard let found = call.taken else {
            return answer(exchange, 503, detail: "not-answered")
        }
        var page = LocalPage(found.status, detail: "tile-cache")
        page.result = found.status < 400 ? .miss : .error
        page.mediaType =
            switch found.form {
            case .text: "text/plain; charset=utf-8"
            case .xml: "application/xml"
            case .json: "application/json"
            }
        page.content = found.body
        if page.result == .miss { counters.add(.misses) }
        answerDocument(exchange, page)
    }
}

extension Exchange {
    /// It asks for what GeoWebCache's interface tells and does of tiles, and not for how the
    /// origin's own cache is set up.
    fileprivate var isForTileCache: Bool {
        // Whatever the behavior's class is: its keys have nothing to do with it.
        let (services, origin) = (
            snapshot.settings.mapServices, snapshot.settings.behaviors[behavior].origin
        )
        guard services.indices.contains(origin) else { return false }
        let maps = services[origin]
        let (path, _) = pathAndQuery
        guard let resource = unsafe maps.tileCacheResource(path.span.bytes) else { return false }
        let isReading = head.method == .get || head.method == .head
        switch resource {
        case .seed, .massTruncation: return isReading || head.method == .post
        case .layers, .diskQuota: return isReading
        }
    }

    fileprivate var tileCacheAsk: TileCacheAsk {
        let (path, query) = pathAndQuery
        return TileCacheAsk(
            method: head.method, path: String(decoding: path, as: UTF8.self),
            query: String(decoding: query, as: UTF8.self),
            host: String(decoding: bytes[head.authority.range], as: UTF8.self),
            hasOrigin: head.fields.contains(.origin),
            body: unsafe intake.withPending { unsafe Array($0) })
    }
}
