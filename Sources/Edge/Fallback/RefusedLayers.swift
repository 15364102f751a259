import Caching
import HTTP
import Reactor
import Synchronization
import Tiles

/// Layers that their server says are not there, although there is a picture of them to show.
///
/// GeoServer says so, with status 200, of a layer that was deleted, and of one that nobody may see;
/// but so it does of every layer while its catalogue is being read. What is stored bridges the
/// latter, and for no longer than that. One table for all loops, looked at where an origin failed.
final class RefusedLayers: Sendable {
    /// Layers that are remembered, about 40 bytes each; more of them are all forgotten.
    static let places = 16_384
    /// For how long, in milliseconds, what is stored is shown although its layer is refused: as
    /// long as a large catalogue takes to be read.
    static let grace: Milliseconds = 300_000

    private let table = Mutex<[CacheKey: Milliseconds]>([:])

    /// It is refused; the clock runs from the first time on.
    func note(_ layer: CacheKey, at now: Milliseconds) {
        table.withLock { table in
            guard table[layer] == nil else { return }
            if table.count >= Self.places { table.removeAll(keepingCapacity: true) }
            table[layer] = now
        }
    }

    /// Since when it has been refused, and never served; nil: it is not.
    func since(_ layer: () -> CacheKey?) -> Milliseconds? {
        table.withLock { table in
            table.isEmpty ? nil : layer().flatMap { table[$0] }
        }
    }

    /// It was served.
    func forget(_ layer: () -> CacheKey?) {
        table.withLock { table in
            if !table.isEmpty, let layer = layer() { table[layer] = nil }
        }
    }

    var count: Int { table.withLock { $0.count } }
}

extension ExceptionReport {
    /// The layer is not there: so GeoServer hides one that is private, too.
    var isOfLayer: Bool {
        fault == .layer && code != "StyleNotDefined"
            && locator?.lowercased().hasPrefix("style") != true
    }
}

extension Exchange {
    /// The layers of its picture, by the origin that has them; where they cannot be told from what
    /// else is asked for, its key.
    fileprivate func layersOrKey(_ seed: (UInt64, UInt64)) -> CacheKey? {
        guard let key, picture != nil else { return nil }
        if let name = layersName(seed) { return name }
        let layers = unsafe bytes.withUnsafeBytes {
            let query = unsafe UnsafeRawBufferPointer(rebasing: $0[head.query.range])
            return unsafe MapRequest.layers(in: query.bytes)
        }
        guard let layers else { return key }
        let name = Array("\(pool.settings.id)\n\(layers)".utf8)
        return unsafe CacheKey.hash(name.span.bytes, seed: seed)
    }
}

extension LoopState where N: ~Copyable {
    /// An exception came in place of a picture, and no other member knew better.
    mutating func noteException(_ fetch: Fetch, _ report: ExceptionReport) {
        let exchange = fetch.exchange
        // Of layers that never were nothing is remembered, however many are asked for.
        guard report.isOfLayer, exchange.entry != nil || ancestor(exchange) != nil,
            let layers = exchange.layersOrKey(seed)
        else { return }
        shared.refusedLayers.note(layers, at: network.wallNow)
    }

    /// A picture came that is everybody's.
    func forgetException(_ fetch: Fetch) {
        shared.refusedLayers.forget { fetch.exchange.layersOrKey(seed) }
    }

    /// Since when, in milliseconds, its layer has been refused; nil: it is not.
    func refusedSince(_ exchange: Exchange) -> Milliseconds? {
        shared.refusedLayers.since { exchange.layersOrKey(seed) }
    }

    /// Whether its layer has been refused for so long that it is closed, or gone.
    func isLayerClosed(_ exchange: Exchange) -> Bool {
        guard let since = refusedSince(exchange) else { return false }
        return network.wallNow.subtracting(since) > RefusedLayers.grace
    }
}
