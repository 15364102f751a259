import Caching
import HTTP
import Tiles

// Which tile a response is, in GeoWebCache's words: written into the head as it comes from the
// origin, so that the store keeps them and a hit has them.
//
// Source: GeoWebCache `GeoWebCacheDispatcher.writeData`.
extension LoopState where N: ~Copyable {
    /// The head of a tile with those fields in place of the origin's own, read anew into
    /// `originHead`; any other head as it is.
    mutating func told(_ raw: [UInt8], _ exchange: Exchange) -> [UInt8] {
        guard exchange.tellsTile(originHead.status), let address = exchange.map?.tile?.address,
            originHead.fields.count > 0
        else { return raw }
        let start = Int(originHead.fields[0].name.start)
        var next = Array(raw[..<start]) + exchange.tileFields(of: address)
        if let words = exchange.maps?.gridSets.words(of: address) {
            next += Array("geowebcache-gridset: \(words.gridSet)\r\n".utf8)
            next += Array("geowebcache-crs: \(words.system)\r\n".utf8)
        }
        for index in 0..<originHead.fields.count {
            let field = originHead.fields[index]
            // What its own cache did says nothing of this one.
            if field.known == .other, Self.isTileCaches(raw[field.name.range]) { continue }
            next += raw[field.name.range] + [58, 32] + raw[field.value.range] + [13, 10]
        }
        next += [13, 10]
        return reread(next, exchange) ? next : raw
    }

    private static func isTileCaches(_ name: ArraySlice<UInt8>) -> Bool {
        name.count > 12 && zip(name, "geowebcache-".utf8).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }

    /// Whether this answer came from here.
    func appendTileResult(_ result: ResultType, _ writer: inout HeadWriter) {
        let isHit = result == .hit || result == .refreshHit
        writer.append(
            isHit ? "geowebcache-cache-result: HIT\r\n" : "geowebcache-cache-result: MISS\r\n")
    }
}

extension Exchange {
    /// It asks for a tile, and an answer of that status would be one.
    func tellsTile(_ status: Int) -> Bool {
        guard maps?.tellsTiles == true, status == 200 || status == 304, let map else {
            return false
        }
        return map.isImage && map.isCanonical && map.tile?.address != nil
    }

    /// What is one tile's alone of those fields: a metatile has many.
    func tileFields(of address: TileAddress) -> [UInt8] {
        guard maps?.tellsTiles == true, let words = maps?.gridSets.words(of: address) else {
            return []
        }
        return Array(
            ("geowebcache-tile-index: \(words.index)\r\n"
                + "geowebcache-tile-bounds: \(words.bounds)\r\n").utf8)
    }
}
