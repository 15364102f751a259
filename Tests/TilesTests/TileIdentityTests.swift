import Testing
import Tiles
import WireTesting

/// A tile of a layer, and any number of ways to ask for it, all from one seed.
struct RandomTile {
    var address: TileAddress
    var box: BoundingBox
    var layer: String

    init?(_ random: inout SeededRandom) {
        let sets = GridSets.wellKnown
        let set = Int.random(in: 0..<2, using: &random)
        let level = Int.random(in: 0..<19, using: &random)
        let rows = 1 << level
        address = TileAddress(
            gridSet: set, level: level,
            column: Int.random(in: 0..<(set == 1 ? 2 * rows : rows), using: &random),
            row: Int.random(in: 0..<rows, using: &random))
        guard let box = sets.box(of: address) else { return nil }
        self.box = box
        layer = ["storms", "roads", "x-1", "n\u{e4}mlich"].randomElement(using: &random) ?? ""
    }

    var key: String {
        let name = layer.utf8.map { $0 < 128 ? String(UnicodeScalar($0)) : hexadecimal($0) }
        return "/geoserver/wms?LAYERS=geonode:\(name.joined())&STYLES=&FORMAT=image/png"
            + "&TRANSPARENT=TRUE&TILE#\(address.gridSet == 0 ? "EPSG:900913" : "EPSG:4326")"
            + "/\(address.level)/\(address.column)/\(address.row)&TIME=2005-06-01/2005-12-31"
    }

    private func hexadecimal(_ byte: UInt8) -> String {
        "%" + String(byte, radix: 16, uppercase: true)
    }

    func spelling(_ random: inout SeededRandom) -> String {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: tileService(&random)
        default: getMap(&random)
        }
    }

    private func tileService(_ random: inout SeededRandom) -> String {
        let set = address.gridSet == 0 ? "EPSG:900913" : "GlobalCRS84Geometric"
        let south = (1 << Int(address.level)) - 1 - Int(address.row)
        let time = "time=2005-06-01/2005-12-31"
        let (level, column, row) = (address.level, address.column, address.row)
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            return "/geoserver/gwc/service/tms/1.0.0/geonode:\(layer)@\(set)@png/\(level)/\(column)"
                + "/\(south).png?" + time
        case 1:
            return
                "/geoserver/gwc/service/wmts/rest/geonode:\(layer)//\(set)/\(set):\(level)/\(row)"
                + "/\(column)?format=image/png&" + time
        default:
            return
                "/geoserver/gwc/service/wmts?request=GetTile&layer=geonode:\(layer)&format=image/png"
                + "&tilematrixset=\(set)&tilematrix=\(level)&tilerow=\(row)&tilecol=\(column)&"
                + time
        }
    }

    private func getMap(_ random: inout SeededRandom) -> String {
        let isNew = Bool.random(using: &random)
        var sides = [box.west, box.south, box.east, box.north].map {
            number($0, &random)
        }
        let names: [String]
        if address.gridSet == 0 {
            names = ["EPSG:3857", "EPSG:900913", "EPSG:3785", "EPSG:102100", "EPSG:102113"]
        } else {
            names = isNew && Bool.random(using: &random) ? ["CRS:84"] : ["EPSG:4326"]
        }
        let system = names.randomElement(using: &random) ?? ""
        if isNew, system == "EPSG:4326" { sides = [sides[1], sides[0], sides[3], sides[2]] }
        let path =
            [
                "/geoserver/wms", "/geoserver/ows", "/geoserver/geonode/wms/",
                "/geoserver/geonode/\(layer)/wms", "/geoserver/gwc/service/wms",
            ].randomElement(using: &random) ?? ""
        var parameters = [
            ("service", "WMS"), ("request", "GetMap"), ("version", isNew ? "1.3.0" : "1.1.1"),
            ("layers", (Bool.random(using: &random) ? "geonode:" : "") + layer),
            ("styles", ""), ("format", "image/png"), ("transparent", "TRUE"),
            (isNew ? "crs" : "srs", system), ("bbox", sides.joined(separator: ",")),
            ("width", "256"), ("height", "256"), ("time", "2005-06-01/2005-12-31"),
        ]
        for more in [
            ("tiled", "true"), ("_dc", "1"), ("exceptions", "XML"), ("bgcolor", "0x123456"),
        ]
        where Bool.random(using: &random) { parameters.append(more) }
        parameters.shuffle(using: &random)
        let query = parameters.map { name, value in
            let name = String(
                name.map { Bool.random(using: &random) ? Character($0.uppercased()) : $0 })
            return encoded(name, &random) + "=" + encoded(value, &random)
        }
        return path + "?" + query.joined(separator: "&")
    }

    /// To more digits than the tile needs, as different clients write them.
    private func number(_ value: Double, _ random: inout SeededRandom) -> String {
        let unit = address.gridSet == 0 ? 1e4 : 1e9
        let size = box.width * 0.01 * Double.random(in: -1...1, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return "\(value)"
        case 1: return "\((value * unit).rounded() / unit)"
        case 2: return "\(value)".contains("e") ? "\(value)" : "\(value)000"
        default: return "\(value + size)"
        }
    }

    private func encoded(_ text: String, _ random: inout SeededRandom) -> String {
        let style = Int.random(in: 0..<4, using: &random)
        return text.utf8.map { byte -> String in
            let isPlain = style < 2 || byte >= 128 || Int.random(in: 0..<5, using: &random) > 0
            if isPlain { return byte < 128 ? String(UnicodeScalar(byte)) : hexadecimal(byte) }
            let code = String(byte, radix: 16, uppercase: style == 3)
            return "%" + (code.utf8.count < 2 ? "0" : "") + code
        }.joined()
    }
}

@Suite("Tile identity, by random requests")
struct TileIdentityTests {
    @Test("random spellings of a random tile have the one key of that tile", arguments: 0..<20)
    func spellings(_ seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed) &* 7_919)
        for _ in 0..<40 {
            let tile = try #require(RandomTile(&random))
            var targets: Set<String> = []
            for _ in 0..<10 {
                let spelling = tile.spelling(&random)
                let answer = ask(spelling)
                guard answer.key == tile.key else {
                    Issue.record("\(spelling): \(answer.key), not \(tile.key)")
                    return
                }
                #expect(answer.request?.box == tile.box)
                targets.insert(answer.target ?? "")
            }
            #expect(targets.count == 1)
            let target = try #require(targets.first)
            #expect(ask(target).key == tile.key && ask(target).target == target)
        }
    }

    @Test("two tiles of any sets with one key are one box, and one box has one key")
    func sets() throws {
        let sets = GridSets.wellKnown
        var boxes: [String: BoundingBox] = [:]
        var random = SeededRandom(seed: 84)
        let names = [
            "EPSG:900913", "EPSG:4326", "GlobalCRS84Pixel", "GlobalCRS84Scale",
            "GoogleCRS84Quad",
        ]
        var asked = 0
        for set in 0..<5 {
            for level in 0..<17 {
                for _ in 0..<30 {
                    let span = 1 << level
                    let address = TileAddress(
                        gridSet: set, level: level,
                        column: Int.random(in: 0..<span, using: &random) / 2,
                        row: Int.random(in: 0..<span, using: &random) / 2)
                    guard let box = sets.box(of: address) else { continue }
                    let key = ask(
                        "/geoserver/gwc/service/wmts/rest/a:b/\(names[set])/\(level)/\(address.row)"
                            + "/\(address.column)?format=image/png"
                    ).key
                    try #require(key.contains("&TILE#"))
                    asked += 1
                    let wms = ask(
                        "/geoserver/wms?REQUEST=GetMap&VERSION=1.1.1&LAYERS=a:b&FORMAT=image/png"
                            + "&TRANSPARENT=TRUE&WIDTH=256&HEIGHT=256"
                            + "&SRS=\(set == 0 ? "EPSG:3857" : "EPSG:4326")"
                            + "&BBOX=\(box.west),\(box.south),\(box.east),\(box.north)")
                    #expect(wms.key == key)
                    let known = boxes[key] ?? box
                    let slack = box.width / 1e3
                    #expect((known.west - box.west).magnitude < slack)
                    #expect((known.north - box.north).magnitude < slack)
                    #expect((known.width - box.width).magnitude < slack)
                    boxes[key] = box
                }
            }
        }
        #expect(asked > 1_000 && boxes.count > 500)
    }

    @Test("GeoWebCache's tolerance: a tenth of the resolution, a tenth of a tile")
    func tolerance() {
        func isTile(_ west: Double, _ south: Double, _ width: Double, _ height: Double) -> Bool {
            ask(
                "/geoserver/wms?REQUEST=GetMap&LAYERS=a&SRS=EPSG:4326&WIDTH=256&HEIGHT=256"
                    + "&VERSION=1.1.1&BBOX=\(west),\(south),\(west + width),\(south + height)"
            ).request?.address == TileAddress(gridSet: 1, level: 2, column: 4, row: 1)
        }
        #expect(isTile(0, 0, 45, 45) && isTile(4.4, -4.4, 45, 45) && isTile(0, 0, 49, 41))
        #expect(!isTile(4.6, 0, 45, 45) && !isTile(0, -4.6, 45, 45))
        #expect(!isTile(0, 0, 51, 45) && !isTile(0, 0, 45, 51) && !isTile(0, 0, 45, 40))
    }

    @Test("no query that is a mutation of real ones traps, and its target is its normal form")
    func mutations() {
        var random = SeededRandom(seed: 2_026)
        let seeds = oneTiles.flatMap { $0.spellings + [$0.target] }.map { Array($0.utf8) }
        let words = [
            "%", "%2", "%25", "&", "=", ",", "/", ";jsessionid=", "?", "+", "-", ".", "e", "1e308",
            "1e-999", "nan", "inf", "9223372036854775808", "BBOX=", "&TIME=", "-290000000-01",
            "%00", "%FF", "\u{e4}", "EPSG:", "&LAYERS=", "@", ":", "..", "&p=1&q=2", "2147483648",
        ].map { Array($0.utf8) }
        var requests = 0
        for _ in 0..<6_000 {
            var target = seeds.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0...target.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0:
                    target.insert(contentsOf: words.randomElement(using: &random) ?? [], at: at)
                case 1:
                    target.removeSubrange(
                        at..<min(at + Int.random(in: 0...9, using: &random), target.count))
                case 2 where at < target.count:
                    target[at] = UInt8.random(in: 1...255, using: &random)
                default: target.replaceSubrange(at..., with: target[..<at].suffix(40))
                }
            }
            let answer = ask(target)
            guard let request = answer.request, request.bypass == nil else { continue }
            requests += 1
            guard let normal = answer.target else {
                Issue.record("\(String(decoding: target, as: UTF8.self)) has no target")
                continue
            }
            #expect(
                ask(normal).key == answer.key, "\(String(decoding: target, as: UTF8.self))")
        }
        #expect(requests > 2_000)
    }
}
