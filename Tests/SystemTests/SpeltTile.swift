import Glibc
import Testing
import Tiles
import WireTesting

/// A layer of the demo's tile servers.
struct DemoLayer: CustomTestStringConvertible {
    var workspace: String
    var name: String
    /// The value of TIME; empty: it has none.
    var time = ""
    /// Where it shows something, in degrees: from west and south, so wide and high.
    var place: (west: Double, south: Double, wide: Double, high: Double)

    static let hurricanes = DemoLayer(
        workspace: "geonode", name: "hurricanes", time: "2005-06-01/2005-12-31",
        place: (-95, 12, 50, 33))
    static let countries = DemoLayer(
        workspace: "base", name: "countries", place: (-120, -35, 260, 95))
    static let cities = DemoLayer(
        workspace: "base", name: "cities", place: (-120, -35, 260, 95))
    static let all = [hurricanes, countries, cities]

    var testDescription: String { name }
}

/// A tile of a layer, and how programs ask for it.
struct SpeltTile: Hashable {
    private(set) var set: Int
    private(set) var level: Int
    private(set) var column: Int
    private(set) var row: Int

    private static let systems = [
        ["EPSG:3857", "EPSG:900913", "EPSG:3785", "EPSG:102100", "EPSG:102113"], ["EPSG:4326"],
    ]

    init(set: Int, level: Int, column: Int, row: Int) {
        (self.set, self.level, self.column, self.row) = (set, level, column, row)
    }

    /// One where the layer shows something, so that tiles differ.
    init(_ layer: DemoLayer, _ random: inout SeededRandom) {
        set = random.below(2)
        level = 1 + random.below(8)
        let (east, north) = (
            layer.place.west + layer.place.wide * Double(random.below(1_000)) / 1_000,
            layer.place.south + layer.place.high * Double(random.below(1_000)) / 1_000
        )
        let tiles = Double(1 << level)
        if set == 0 {
            let height = asinh(tan(north * .pi / 180)) / .pi
            column = Int((east + 180) / 360 * tiles)
            row = Int((1 - height) / 2 * tiles)
        } else {
            column = Int((east + 180) / 180 * tiles)
            row = Int((90 - north) / 180 * tiles)
        }
    }

    var box: BoundingBox? {
        GridSets.wellKnown.box(
            of: TileAddress(gridSet: set, level: level, column: column, row: row))
    }

    /// What the server is asked, written without the code under test, but for the tile's box.
    func canonical(_ layer: DemoLayer, _ box: BoundingBox, size: Int = 256) -> String {
        // A hundredth of a micrometre, or of a billionth of a degree.
        let sides = [box.west, box.south, box.east, box.north].map {
            "\(($0 * 1e8).rounded() / 1e8)"
        }
        return "/geoserver/\(layer.workspace)/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap"
            + "&LAYERS=\(layer.name)&STYLES=&FORMAT=image/png&TRANSPARENT=TRUE"
            + "&SRS=\(set == 0 ? "EPSG:3857" : "EPSG:4326")"
            + "&BBOX=\(sides.joined(separator: ","))&WIDTH=\(size)&HEIGHT=\(size)"
            + (layer.time.isEmpty ? "" : "&TIME=\(layer.time)")
    }

    /// One of the ways in which programs spell it.
    func spelling(
        _ layer: DemoLayer, _ box: BoundingBox, _ random: inout SeededRandom
    ) -> String {
        switch random.below(10) {
        case 0: tms(layer, &random)
        case 1: wmtsPath(layer, &random)
        case 2: wmtsQuery(layer, &random)
        case 3 where set == 0:
            "/geoserver/gwc/service/gmaps?layers=\(layer.workspace):\(layer.name)&zoom=\(level)"
                + "&x=\(column)&y=\(row)&format=image/png" + time(layer, "&time")
        case 4 where set == 0:
            "/geoserver/gwc/service/ve?quadkey=\(quadKey)&format=image%2Fpng"
                + "&layers=\(layer.workspace)%3A\(layer.name)" + time(layer, "&TIME")
        default: getMap(layer, box, &random)
        }
    }

    private func time(_ layer: DemoLayer, _ name: String) -> String {
        layer.time.isEmpty ? "" : "\(name)=\(layer.time)"
    }

    private var quadKey: String {
        (0..<level).reversed().map { "\((column >> $0 & 1) | (row >> $0 & 1) << 1)" }.joined()
    }

    /// The names of its grid set.
    private func setName(_ random: inout SeededRandom) -> String {
        let names = [
            ["EPSG:900913", "EPSG:3857", "GoogleMapsCompatible"],
            ["EPSG:4326", "GlobalCRS84Geometric"],
        ][set]
        return names[random.below(names.count)]
    }

    private func tms(_ layer: DemoLayer, _ random: inout SeededRandom) -> String {
        let isFlipped = random.below(3) == 0
        let south = (1 << level) - 1 - row
        let query = [time(layer, "time"), isFlipped ? "flipY=true" : ""].filter { !$0.isEmpty }
        return "/geoserver/gwc/service/tms/1.0.0/\(layer.workspace):\(layer.name)"
            + "@\(setName(&random))@png/\(level)/\(column)/\(isFlipped ? row : south).png"
            + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    }

    private func wmtsPath(_ layer: DemoLayer, _ random: inout SeededRandom) -> String {
        let name = setName(&random)
        return "/geoserver/gwc/service/wmts/rest/\(layer.workspace):\(layer.name)//\(name)"
            + "/\(name):\(level)/\(row)/\(column)?format=image/png" + time(layer, "&TIME")
    }

    private func wmtsQuery(_ layer: DemoLayer, _ random: inout SeededRandom) -> String {
        let name = setName(&random)
        var parameters = [
            ("Service", "WMTS"), ("Request", "GetTile"), ("Version", "1.0.0"),
            ("Layer", "\(layer.workspace):\(layer.name)"), ("Style", ""),
            ("TileMatrixSet", name),
            ("TileMatrix", random.below(2) == 0 ? "\(level)" : "\(name):\(level)"),
            ("TileRow", "\(row)"), ("TileCol", "\(column)"), ("Format", "image/png"),
        ]
        if !layer.time.isEmpty { parameters.append(("Time", layer.time)) }
        return "/geoserver/gwc/service/wmts?" + query(&parameters, &random)
    }

    private func getMap(
        _ layer: DemoLayer, _ box: BoundingBox, _ random: inout SeededRandom
    ) -> String {
        let isNew = random.below(2) == 0
        var sides = [box.west, box.south, box.east, box.north].map { side(of: $0, box, &random) }
        let names = Self.systems[set]
        var system = names[random.below(names.count)]
        if isNew, set == 1 {
            if random.below(2) == 0 {
                system = "CRS:84"
            } else {
                sides = [sides[1], sides[0], sides[3], sides[2]]
            }
        }
        let paths = [
            "wms", "ows", "\(layer.workspace)/wms", "\(layer.workspace)/ows",
            "\(layer.workspace)/\(layer.name)/wms", "gwc/service/wms",
        ]
        let path = paths[random.below(paths.count)]
        let isBare = path.hasPrefix(layer.workspace) && random.below(2) == 0
        var parameters = [
            ("service", "WMS"), ("request", "GetMap"), ("version", isNew ? "1.3.0" : "1.1.1"),
            ("layers", (isBare ? "" : "\(layer.workspace):") + layer.name), ("styles", ""),
            ("format", "image/png"), ("transparent", random.below(2) == 0 ? "true" : "TRUE"),
            (isNew ? "crs" : "srs", system), ("bbox", sides.joined(separator: ",")),
            ("width", "256"), ("height", "256"),
        ]
        if !layer.time.isEmpty { parameters.append(("time", layer.time)) }
        let more = [
            ("tiled", "true"), ("exceptions", "INIMAGE"), ("bgcolor", "0xFFFFFF"),
            ("tilesorigin", "-20037508.34,-20037508.34"),
            // Of long ago: what is stored is newer.
            ("_dc", "1100000000000"),
        ]
        for parameter in more where random.below(3) == 0 { parameters.append(parameter) }
        return "/geoserver/\(path)?" + query(&parameters, &random)
    }

    /// An edge with as many digits as somebody writes, and as far off as GeoWebCache takes it.
    private func side(
        of value: Double, _ box: BoundingBox, _ random: inout SeededRandom
    ) -> String {
        switch random.below(4) {
        case 0: "\(value)"
        case 1: "\((value * 1e4).rounded() / 1e4)"
        case 2: "\((value * 1e8).rounded() / 1e8)000"
        default: "\(value + box.width / 256 * 0.09 * Double(random.below(201) - 100) / 100)"
        }
    }

    /// In any order, names in any case, anything percent-encoded.
    private func query(
        _ parameters: inout [(String, String)], _ random: inout SeededRandom
    ) -> String {
        for index in parameters.indices.dropFirst() {
            parameters.swapAt(index, random.below(index + 1))
        }
        var parts: [String] = []
        for (name, value) in parameters {
            let style = random.below(4)
            var text = ""
            for letter in name {
                let isCapital = style == 0 || style == 1 && random.below(2) == 0
                text += isCapital ? letter.uppercased() : "\(letter)"
            }
            parts.append(text + "=" + Self.encoded(value, &random))
        }
        return parts.joined(separator: "&")
    }

    private static func encoded(_ text: String, _ random: inout SeededRandom) -> String {
        let style = random.below(4)
        var result = ""
        for byte in text.utf8 {
            let isPlain = style < 2 || random.below(4) > 0
            if isPlain {
                result.unicodeScalars.append(UnicodeScalar(byte))
            } else {
                let code = String(byte, radix: 16, uppercase: style == 3)
                result += "%" + (code.utf8.count < 2 ? "0" : "") + code
            }
        }
        return result
    }
}
