import Caching
import HTTP
import Reactor
import Tiles

// What the viewer would get if the origin failed now.
extension LoopState where N: ~Copyable {
    /// nil for a behavior without a class, which has no fallbacks.
    mutating func fallbackAccount(_ exchange: Exchange) -> Explanation.Note? {
        guard exchange.policy.mapClass != .none else { return nil }
        var note = Explanation.Note("error", "an error in the edge's own words")
        if let entry = exchange.entry, entry.header.kind != .variants,
            mayServeStale(exchange, entry, .unreachable)
        {
            let left = entry.header.times.sieUntil.subtracting(network.wallNow) / 1_000
            let days = left / 86_400
            note = Explanation.Note(
                "stale",
                "what is stored" + (days > 365 ? "" : ", for \(max(0, left))s more"))
        } else if let fallback = exchange.fallback {
            note = Explanation.Note("\(fallback.word)", fallback.sentence)
            if case .picture(let request) = fallback,
                request.format == .png || request.format == .png8,
                ancestor(exchange) != nil
            {
                note = Explanation.Note(
                    "ancestor-tile", "503 with a stored tile from further up, enlarged")
            }
        }
        if let since = refusedSince(exchange) {
            let seconds = max(0, network.wallNow.subtracting(since)) / 1_000
            note.text +=
                isLayerClosed(exchange)
                ? "; the server has refused its layer for \(seconds)s: what is stored is not shown"
                : "; the server has refused its layer for \(seconds)s, and what is stored is "
                    + "shown for \(RefusedLayers.grace / 1_000)s of that"
        }
        if let since = outageBegan(exchange) {
            let seconds = max(0, network.wallNow / 1_000 - since)
            note.text += "; its requests have failed for \(seconds)s"
        }
        return note
    }
}

extension Fallback {
    fileprivate var sentence: String {
        switch self {
        case .picture(let request):
            "503 with a blank \(BlankTile.picture(for: request).contentType) of "
                + "\(request.width)x\(request.height)"
        case .document(let dialect): "503 with an exception document (\(dialect))"
        case .json(let dialect): "503 with an exception in JSON (\(dialect))"
        case .page: "503 with a page that has the notice"
        }
    }
}
