import Testing

@testable import Tiles

private let edge = 20_037_508.34

/// A tile matrix as GeoWebCache writes it.
private func matrix(
    _ name: String, _ scale: Double, _ corner: String, _ columns: Int, _ rows: Int,
    tile: Int = 256
) -> String {
    "<TileMatrix><ows:Identifier>\(name)</ows:Identifier><ScaleDenominator>\(scale)"
        + "</ScaleDenominator><TopLeftCorner>\(corner)</TopLeftCorner><TileWidth>\(tile)"
        + "</TileWidth><TileHeight>\(tile)</TileHeight><MatrixWidth>\(columns)</MatrixWidth>"
        + "<MatrixHeight>\(rows)</MatrixHeight></TileMatrix>"
}

private func matrixSet(_ name: String, _ system: String, _ matrices: [String]) -> String {
    "<TileMatrixSet><ows:Identifier>\(name)</ows:Identifier><ows:SupportedCRS>\(system)"
        + "</ows:SupportedCRS>\(matrices.joined())</TileMatrixSet>"
}

private func document(_ sets: [String]) -> String {
    """
    <?xml version="1.0"?><Capabilities xmlns="http://www.opengis.net/wmts/1.0"
    xmlns:ows="http://www.opengis.net/ows/1.1" version="1.0.0"><Contents><Layer>
    <ows:Identifier>a</ows:Identifier><TileMatrixSetLink><TileMatrixSet>EPSG:4326</TileMatrixSet>
    <TileMatrixSetLimits><TileMatrixLimits><TileMatrix>EPSG:4326:0</TileMatrix></TileMatrixLimits>
    </TileMatrixSetLimits></TileMatrixSetLink></Layer>\(sets.joined())</Contents></Capabilities>
    """
}

private let urn = "urn:ogc:def:crs:EPSG::"

/// New Zealand's, from its north-western corner, with the northing first.
private func zealand(_ name: String, system: String = urn + "2193", north: Int = 10_000_000)
    -> String
{
    matrixSet(
        name, system,
        (0..<10).map { level in
            let resolution = 8960.0 / Double(1 << level)
            let corner =
                system.hasPrefix("urn") ? "\(north).0 -1000000.0" : "-1000000.0 \(north).0"
            return matrix(
                "\(name):\(level)", resolution / 0.000_28, corner, 4 << level, 4 << level)
        })
}

/// The square world in tiles of some size, with the northern edge as GeoWebCache rounds it.
private func world(_ name: String, tile: Int = 256, levels: Range<Int> = 0..<20) -> String {
    matrixSet(
        name, urn + "3857",
        levels.map { level in
            let resolution = 2 * edge / Double(tile << level)
            return matrix(
                "\(name):\(level)", resolution / 0.000_28, "-2.003750834E7 2.0037508E7",
                1 << level, 1 << level, tile: tile)
        })
}

private func read(_ text: String, piece: Int = .max) throws(CapabilitiesError) -> PoolGridSets {
    var reader = PoolGridSetsReader(known: .wellKnown)
    try inPieces(of: piece, text) { (bytes) throws(CapabilitiesError) in try reader.take(bytes) }
    return try reader.finish()
}

@Suite("Grid sets out of a pool's WMTS capabilities")
struct PoolGridSetTests {
    private func services(_ sets: String...) throws -> MapServices {
        let found = try read(document(sets))
        #expect(found.refused.isEmpty, "\(found.refused)")
        return MapServices.standard.knowing([], documents: nil, poolSets: found.sets)
    }

    private func key(_ target: String, _ services: MapServices) -> String? {
        TileRequest.key(of: Array(target.utf8), services: services).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test("sets are read whole or byte by byte, with unit, axes, corner and size")
    func reading() throws {
        let text = document([zealand("NZTM"), world("EPSG:3857x2", tile: 512)])
        let found = try read(text)
        #expect(try read(text, piece: 1) == found)
        #expect(found.refused.isEmpty && found.sets.map(\.name) == ["NZTM", "EPSG:3857x2"])
        let first = found.sets[0]
        #expect(first.isNorthingFirst == true && first.code == 2193 && first.levels.count == 10)
        #expect((first.levels[0].resolution - 8960).magnitude < 1e-8)
        #expect(first.levels[3].name == "3")
        #expect(
            first.levels[1].place
                == GridSet.Place(west: -1_000_000, north: 10_000_000, columns: 8, rows: 8))
        // The rounded edge is a square world's all the same.
        let second = found.sets[1]
        #expect((second.tileWidth, second.isNorthingFirst) == (512, false))
        for level in second.levels {
            let north = try #require(level.place?.north)
            #expect((north - edge).magnitude < 1e-6, "\(north)")
        }
        #expect(first.version != second.version && !first.version.isEmpty)
    }

    @Test("each way to ask for a tile of such a set is one key, and the origin's box is exact")
    func oneKey() throws {
        let services = try services(zealand("NZTM"))
        let gwc = "/geoserver/gwc/service/"
        // Columns from -1000000 in tiles of 286720 metres at level 3; rows from 10000000.
        let box = "1293760,5125760,1580480,5412480"
        let spellings = [
            gwc + "wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=a:b&STYLE="
                + "&FORMAT=image/png&TILEMATRIXSET=NZTM&TILEMATRIX=NZTM:3&TILEROW=16&TILECOL=8",
            gwc + "wmts/rest/a:b//NZTM/NZTM:3/16/8?format=image/png",
            gwc + "wmts/rest/a:b/NZTM/3/16/8?format=image/png",
            gwc + "tms/1.0.0/a:b@NZTM@png/3/8/15.png",
            gwc + "wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=a:b&STYLES="
                + "&FORMAT=image/png&SRS=EPSG:2193&BBOX=\(box)&WIDTH=256&HEIGHT=256&tiled=true",
            "/geoserver/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=a:b&STYLES="
                + "&FORMAT=image/png&TRANSPARENT=true&CRS=EPSG:2193&WIDTH=256&HEIGHT=256"
                + "&BBOX=5125760,1293760,5412480,1580480",
        ]
        let keys = Set(spellings.compactMap { key($0, services) })
        #expect(keys.count == 1, "\(keys)")
        #expect(keys.first?.contains("TILE#NZTM~") == true, "\(keys)")
        for spelling in spellings {
            let asked = TileRequest.canonicalTarget(of: Array(spelling.utf8), services)?.target
            let text = asked.map { String(decoding: $0, as: UTF8.self) } ?? ""
            #expect(text.contains("SRS=EPSG:2193&BBOX=\(box)&WIDTH=256"), "\(text)")
            // Without the pool's word it is no tile.
            #expect(key(spelling, .standard)?.contains("TILE#") == false)
        }
    }

    @Test("a set whose tiles lie elsewhere now is another one to keys")
    func versions() throws {
        let target =
            "/geoserver/gwc/service/wmts/rest/a:b//NZTM/NZTM:3/9/8?format=image/png"
        let (old, new) = (
            try services(zealand("NZTM")), try services(zealand("NZTM", north: 9_000_000))
        )
        #expect(key(target, old) != nil && key(target, old) != key(target, new))
        #expect(try key(target, services(zealand("NZTM"))) == key(target, old))
    }

    @Test("tiles of known sets keep their keys, whatever the pool calls them")
    func known() throws {
        let own = try services(
            world("EPSG:900913", levels: 0..<31), world("MyWorld"),
            world("Deep", levels: 5..<9), zealand("NZTM"), world("EPSG:3857x2", tile: 512))
        let wms =
            "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=a:b&STYLES="
            + "&FORMAT=image/png&TRANSPARENT=true&SRS=EPSG:900913&WIDTH=256&HEIGHT=256&BBOX="
        let rest = "/geoserver/gwc/service/wmts/rest/a:b//"
        for level in [0, 3, 6, 12, 18] {
            let side = 2 * edge / Double(1 << level)
            let column = (1 << level) * 2 / 3
            let west = -edge + Double(column) * side
            // The tile in the north, and slips that clients make.
            for slip in [0.0, 0.004, -0.3, 0.0001 * side, -0.02 * side] {
                let sides = [west, edge - side, west + side, edge].map { $0 + slip }
                let target = wms + sides.map { "\($0)" }.joined(separator: ",")
                let before = key(target, .standard)
                #expect(before?.contains("TILE#") == true || slip.magnitude > side / 10)
                #expect(key(target, own) == before, "\(level) \(slip)")
            }
            let plain = rest + "EPSG:900913/EPSG:900913:\(level)/0/\(column)?format=image/png"
            let other = plain.replacing("EPSG:900913", with: "MyWorld")
            #expect(key(plain, own) == key(plain, .standard))
            #expect(key(other, own) == key(plain, own))
        }
        // A set that begins further down counts its levels by their names.
        let deep = rest + "Deep/Deep:6/11/22?format=image/png"
        #expect(
            key(deep, own)
                == key(deep.replacing("Deep", with: "EPSG:900913"), .standard))
    }

    @Test("of equal names the first stays, and says so where the other is another set")
    func names() throws {
        var sets = GridSets.wellKnown
        let found = try read(
            document([
                world("EPSG:900913"), world("EPSG:4326"), zealand("NZTM"), zealand("NZTM"),
                zealand("NZTM", north: 9_000_000), world("MyWorld"),
            ]))
        #expect(
            found.sets.map { sets.join($0) } == [
                .isKnown, .differs, .isNew, .isKnown, .differs, .isKnown,
            ])
        // A file of the operator's goes before the pool.
        let own = GridSet(
            name: "NZTM", code: 2193, isNorthingFirst: true,
            extent: BoundingBox(west: 0, south: 0, east: 1e6, north: 1e6), resolutions: [100])
        var configured = GridSets(GridSet.wellKnown + [own])
        #expect(try configured.join(read(document([zealand("NZTM")])).sets[0]) == .differs)
        #expect(configured.name(ofSet: 5) == "NZTM" && configured.count == 6)
    }

    @Test("where a pool means another set by a known name, its services' tiles are none of that")
    func foreign() throws {
        let found = try read(document([world("EPSG:4326"), world("EPSG:900913")]))
        let services = MapServices.standard.knowing([], documents: nil, poolSets: found.sets)
        let gwc = "/geoserver/gwc/service/"
        for (set, isForeign) in [("EPSG:4326", true), ("EPSG:900913", false)] {
            for target in [
                gwc + "wmts/rest/a:b//\(set)/\(set):3/2/5?format=image/png",
                gwc + "wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=a:b&STYLE="
                    + "&FORMAT=image/png&TILEMATRIXSET=\(set)&TILEMATRIX=\(set):3&TILEROW=2&TILECOL=5",
                gwc + "tms/1.0.0/a:b@\(set)@png/3/5/2.png",
            ] {
                #expect(key(target, .standard)?.contains("TILE#\(set)/3/5/") == true)
                #expect(key(target, services)?.contains("TILE#") == !isForeign, "\(target)")
                let asked = TileRequest.canonicalTarget(of: Array(target.utf8), services)?.target
                let text = asked.map { String(decoding: $0, as: UTF8.self) }
                #expect((text?.contains("BBOX=") ?? false) == !isForeign, "\(text ?? "")")
            }
        }
        // A box is the same, whatever its set is called.
        let box =
            "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=a:b&STYLES="
            + "&FORMAT=image/png&SRS=EPSG:4326&BBOX=0,0,90,90&WIDTH=256&HEIGHT=256"
        #expect(key(box, services) == key(box, .standard))
    }

    @Test(
        "systems are read by their names, with the order of numbers that these mean",
        arguments: [
            (urn + "2193", true), ("urn:ogc:def:crs:EPSG:6.9:2193", true),
            ("http://www.opengis.net/def/crs/EPSG/0/2193", true), ("EPSG:2193", false),
        ])
    func systems(_ name: String, _ isByRegistry: Bool) throws {
        let corner = isByRegistry ? "10000000 -1000000" : "-1000000 10000000"
        let text = document([matrixSet("a", name, [matrix("0", 3.2e7, corner, 4, 4)])])
        let set = try #require(try read(text).sets.first)
        #expect(set.code == 2193 && set.levels[0].place?.west == -1_000_000)
        let degrees = document([
            matrixSet(
                "b", "urn:ogc:def:crs:OGC:1.3:CRS84", [matrix("0", 2.8e8, "-180 90", 2, 1)]),
            // Against the rule, as some servers write it.
            matrixSet("c", urn + "4326", [matrix("0", 2.8e8, "-180 90", 2, 1)]),
        ])
        for set in try read(degrees).sets {
            #expect(set.code == 4326 && set.levels[0].place?.north == 90)
        }
    }

    @Test("what cannot be is refused, set by set, and says why")
    func refusals() throws {
        let good = matrix("0", 1e6, "0 0", 1, 1)
        let cases = [
            (matrixSet("", urn + "3857", [good]), "has no name that could be kept"),
            (matrixSet("a", "", [good]), "which is no system of the EPSG"),
            (matrixSet("a", "urn:ogc:def:crs:IGNF::WGS84G", [good]), "which is no system of"),
            // Feet, and a system that nobody has heard of.
            (matrixSet("a", urn + "2263", [good]), "of which neither unit nor order of axes"),
            (matrixSet("a", urn + "99999", [good]), "of which neither unit nor order of axes"),
            (matrixSet("a", urn + "3857", []), "has no level"),
            (
                matrixSet("a", urn + "3857", [matrix("0", 0, "0 0", 1, 1)]),
                "has no ScaleDenominator at level 0"
            ),
            (
                matrixSet("a", urn + "3857", [matrix("x", 1, "0", 1, 1)]),
                "has no TopLeftCorner at level x"
            ),
            (
                matrixSet("a", urn + "3857", [matrix("0", 1, "0 0", 0, 1)]),
                "has no size at level 0"
            ),
            (
                matrixSet("a", urn + "3857", [good, matrix("1", 1e5, "0 0", 1, 1, tile: 512)]),
                "has tiles of several sizes"
            ),
            (matrixSet("a", urn + "3857", [good, good]), "do not fall from level to level"),
            (
                matrixSet("a", urn + "3857", [good, matrix("1", 1e5, "1e8 1e8", 1, 1)]),
                "has levels that lie apart, such as 1"
            ),
            (
                matrixSet("a", urn + "4326", [matrix("0", 1e6, "500 500", 1, 1)]),
                "lies outside of the world"
            ),
            (
                matrixSet(
                    "a", urn + "4326",
                    [matrix("0", 2e7, "60 5", 10, 10), matrix("1", 1e7, "61 5", 20, 20)]),
                "has rounded corners"
            ),
            (
                matrixSet(
                    "a", urn + "3857",
                    (0...64).map { matrix("\($0)", 1e12 / Double($0 + 1), "0 0", 1, 1) }),
                "has more than 64 levels"
            ),
        ]
        for (text, words) in cases {
            let found = try read(document([text, zealand("good")]))
            #expect(found.sets.map(\.name) == ["good"], "\(words)")
            #expect(found.refused.first?.problem.contains(words) == true, "\(found)")
        }
        let many = try read(document((0..<70).map { zealand("s\($0)") }))
        #expect(many.sets.count == 64)
        #expect(many.refused.map(\.problem) == ["is one of more than 64"])
    }

    @Test("what is no such document, or breaks off, is none")
    func documents() {
        #expect(throws: CapabilitiesError.self) { try read("<WMS_Capabilities/>") }
        #expect(throws: CapabilitiesError.exception) { try read("<ExceptionReport/>") }
        let text = document([zealand("NZTM")])
        #expect(throws: CapabilitiesError.self) { try read(String(text.dropLast(20))) }
    }
}
