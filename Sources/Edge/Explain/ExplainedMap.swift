import Caching
import HTTP
import Reactor
import Tiles

// What a request for a map was found to mean.
extension LoopState where N: ~Copyable {
    /// Tells the map's normal form, its tile, and what the origin is asked for it; or why servers
    /// would not agree on it.
    func noteMap(_ exchange: Exchange, _ map: MapFacts, _ told: inout Explanation) {
        if let refusal = exchange.mapRefusal, map.isRefused {
            told.refuse(Explanation.Note("ambiguous-map", refusal.sentence))
            return
        }
        if exchange.asksForTileDocument {
            let text = "written by the edge of the layers that the pool lists; nobody is asked"
            told.rewritings.append(Explanation.Rewriting("tile capabilities", text))
        }
        func note(_ what: String, _ result: String) {
            told.rewritings.append(Explanation.Rewriting(what, result))
        }
        if exchange.facts.notOlderThan > .min {
            let age = network.wallNow.subtracting(exchange.facts.notOlderThan) / 1_000
            note("not older than", "\(age)s: a cache-buster asks for it")
        }
        guard let ask = exchange.map else { return }
        note(
            "map request",
            "\(ask.request.service) \(ask.request.kind) "
                + "\(ask.request.width)x\(ask.request.height)")
        guard let maps = exchange.maps, let tile = ask.tile else { return }
        if let address = tile.address {
            note("grid set", maps.gridSets.name(ofSet: Int(address.gridSet)) ?? "")
            note(
                "tile",
                "level \(address.level), column \(address.column), row \(address.row) "
                    + "from the north")
        } else if tile.bypass == nil {
            note("tile", "none: off the grids that are known, or of another size")
        }
        if let box = tile.box {
            note("box", "\(box.west), \(box.south) to \(box.east), \(box.north)")
        }
        if tile.movesWithClock {
            note("time", "names the present: fresh for \(exchange.policy.presentTTL / 1_000)s")
        }
        if tile.hasToken, exchange.facts.aside.isEmpty {
            note("credentials", "the answer is this viewer's, and not stored")
        }
        guard let target = ask.target else { return }
        let metatile = exchange.wantedMetatile()
        if let block = metatile?.block {
            note(
                "metatile",
                "\(block.columns)x\(block.rows) tiles from column \(block.first.column), row "
                    + "\(block.first.row), gutter \(block.gutter): drawn as one and cut here")
        }
        let ahead = snapshot.settings.behaviors[exchange.behavior].playback
        if ahead.isOn, hot[exchange.behavior].traits.contains(.plays) {
            note("playback", "the next \(ahead.frames) frames are fetched ahead of who plays")
        }
        note("asked as", String(decoding: metatile?.target ?? target, as: UTF8.self))
    }

    /// Tells what becomes of credentials that were set aside, once it is known what is stored.
    mutating func noteCredentials(_ exchange: Exchange, _ told: inout Explanation) {
        guard !exchange.facts.aside.isEmpty else { return }
        settleCredentials(exchange)
        let isAsked = !exchange.decision.isAnsweredFromStore
        let result =
            exchange.facts.aside.isEmpty
            ? "taken along: nobody was refused this map lately, or it goes past the store"
            : isAsked
                ? "set aside: asked as nobody; if that is refused, with them, and not stored"
                : "set aside: what nobody was given is everybody's"
        told.rewritings.append(Explanation.Rewriting("credentials", result))
    }

    /// Parameters of the request that its map's key does not depend on.
    func leftOut(ofMap exchange: Exchange) -> [Explanation.KeyOmission] {
        guard let maps = exchange.maps, exchange.map?.isCanonical == true else { return [] }
        let target = [UInt8](exchange.bytes[exchange.head.target.range])
        return TileRequest.parametersLeftOut(of: target, services: maps).map {
            Explanation.KeyOmission("query", $0)
        }
    }
}

extension Explanation {
    /// The request is not served at all.
    mutating func refuse(_ note: Note) {
        refusal = note
        decision.action = "refuse"
        decision.reason = note.word
        decision.sentence = note.text
    }
}
