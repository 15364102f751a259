import Glibc
import Testing
import Tiles
import WireTesting

@testable import Control

@Suite("Seed: the area, from degrees into the grid set's own units")
struct SeedAreaTests {
    private static let sets = GridSets.wellKnown

    private func ring(_ points: (Double, Double)...) -> [Polygon.Point] {
        points.map { Polygon.Point($0.0, $0.1) }
    }

    private func tiles(
        _ area: SeedArea, _ levels: ClosedRange<Int>, gridSet: Int = 0
    ) throws -> Set<TileAddress> {
        let finest = try #require(
            Self.sets.resolution(ofSet: gridSet, level: levels.upperBound))
        let projected = try #require(
            area.tileArea(in: Self.sets.system(ofSet: gridSet), tolerance: finest))
        var walk = TileWalk(Self.sets, gridSet: gridSet, levels: levels, area: projected)
        let counts = walk.counts()
        var found: Set<TileAddress> = []
        while let tile = walk.next() { found.insert(tile) }
        for (level, count) in counts {
            #expect(found.count { Int($0.level) == level } == count)
        }
        return found
    }

    /// Where a tile of Web Mercator lies, by the formulas that OpenStreetMap's wiki gives.
    private func degrees(_ level: Int, _ column: Int, _ row: Int) -> BoundingBox {
        let count = Double(1 << level)
        func latitude(_ row: Int) -> Double {
            atan(sinh(.pi * (1 - 2 * Double(row) / count))) * 180 / .pi
        }
        return BoundingBox(
            west: Double(column) / count * 360 - 180, south: latitude(row + 1),
            east: Double(column + 1) / count * 360 - 180, north: latitude(row))
    }

    @Test(
        "who reads a box reads the same four numbers, and has limits of his own",
        arguments: [
            // Of a seed in degrees, in a grid set's units, and of a truncation.
            ("-10,40,10.5,60", "SGT"), ("1e3,5e6,2e3,6e6", "G"), ("177,-20,-178,-15", "ST"),
            ("181,0,-10,1", ""), ("10,0,-181,1", ""), ("5,0,5,1", "T"), ("0,60,10,40", ""),
            ("1,2,3", ""), ("1,2,3,4,5", ""),
            ("1,2,3,4,", ""), (",1,2,3,4", ""), ("1,,3,4", ""), ("nan,2,3,4", ""),
            ("0,0,inf,1", ""), ("0;0;1;1", ""), ("", ""),
        ])
    func readers(_ text: String, _ expected: String) {
        let readers: [(String, () throws -> Void)] = [
            ("S", { _ = try SeedArea.boxForm.parse(text) }),
            ("G", { _ = try ValueForm<BoundingBox>.gridBounds.parse(text) }),
            ("T", { _ = try ValueForm<GeographicBox>.degrees.parse(text) }),
        ]
        let found = readers.filter { (try? $0.1()) != nil }.map(\.0).joined()
        #expect(found == expected)
    }

    @Test("a box is read in degrees, over the antimeridian too, and anything else is refused")
    func boxes() throws {
        #expect(
            try SeedArea.boxForm.parse("-10,40,10.5,60")
                == .box(BoundingBox(west: -10, south: 40, east: 10.5, north: 60)))
        let fiji = try SeedArea.boxForm.parse("177,-20,-178,-15")
        #expect(
            fiji
                == .polygons([
                    Polygon(rings: [
                        ring((177, -20), (180, -20), (180, -15), (177, -15)),
                        ring((-180, -20), (-178, -20), (-178, -15), (-180, -15)),
                    ])
                ]))
        #expect(try Set(tiles(fiji, 5...5).map(\.column)) == [0, 31])
        for text in [
            "", "1,2,3", "1,2,3,4,5", "0,60,10,40", "5,0,5,1", "0,0,181,1", "0,-91,1,1", "a,b,c,d",
        ] {
            #expect(throws: Complaint.self, "\(text)") { try SeedArea.boxForm.parse(text) }
        }
    }

    @Test("a truncation's box goes over the antimeridian as a seed's does")
    func overAntimeridian() throws {
        let fiji = try ValueForm<GeographicBox>.degrees.parse("177,-20,-178,-15")
        func shows(_ west: Double, _ east: Double) throws -> Bool {
            let box = GeographicBox(
                longitudes: (west, east), latitudes: (-18, -17), of: .picture)
            return fiji.intersects(try #require(box))
        }
        #expect(try shows(178, 179) && shows(-180, -179) && shows(179, 181))
        #expect(try !shows(-177, -176) && !shows(0, 1) && !shows(175, 176))
    }

    @Test("levels are a range in either spelling, or one")
    func zoom() throws {
        let form = ValueForm<ClosedRange<Int>>.zoom
        #expect(try form.parse("0-5") == 0...5 && form.parse("3..7") == 3...7)
        #expect(try form.parse("4") == 4...4)
        for text in ["", "-", "5-3", "1-2-3", "a", "-1", "1..", "0-64", "+1"] {
            #expect(throws: Complaint.self, "\(text)") { try form.parse(text) }
        }
    }

    @Test("degrees come to the metres of EPSG:3857, and no farther than its square")
    func mercator() {
        // EPSG Guidance Note 7-2, the example of "Popular Visualisation Pseudo-Mercator".
        let x = SphericalMercator.easting(-(100 + 20.0 / 60))
        let y = SphericalMercator.northing(24 + 22.0 / 60 + 54.433 / 3_600)
        #expect((x - -11_169_055.58).magnitude < 0.01 && (y - 2_800_000).magnitude < 0.01)
        let edge = 20_037_508.342789244
        #expect((SphericalMercator.northing(90) - edge).magnitude < 1e-6)
        #expect((SphericalMercator.northing(-88) + edge).magnitude < 1e-6)
        #expect((SphericalMercator.northing(85.0511287798066) - edge).magnitude < 0.001)
        #expect(SphericalMercator.northing(0) == 0)
    }

    @Test("a box has the tiles that a look at every tile of a level finds", arguments: 0..<12)
    func boxBruteForce(_ seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let (west, south) = (
            Double.random(in: -180..<170, using: &random),
            Double.random(in: -85..<80, using: &random)
        )
        let box = BoundingBox(
            west: west, south: south,
            east: min(180, west + .random(in: 0.01...200, using: &random)),
            north: min(85, south + .random(in: 0.01...90, using: &random)))
        let found = try tiles(.box(box), 0...6)
        for level in 0...6 {
            var expected = 0
            for row in 0..<(1 << level) {
                for column in 0..<(1 << level)
                where degrees(level, column, row).overlaps(box) {
                    expected += 1
                    let tile = TileAddress(gridSet: 0, level: level, column: column, row: row)
                    #expect(found.contains(tile), "\(box) \(tile)")
                }
            }
            #expect(found.count { Int($0.level) == level } == expected, "\(box)")
        }
    }

    @Test("a polygon's edges are straight in degrees: every point of it is in a tile of it")
    func polygonBruteForce() throws {
        // A slope over the equator, which in Web Mercator bends to both sides.
        let polygon = Polygon(rings: [
            ring((-170, -80), (170, 80), (170, 84), (-170, -76)),
            ring((0, 50), (40, 50), (40, 70), (0, 70)),
            ring((10, 55), (30, 55), (30, 65), (10, 65)),
        ])
        let level = 7
        let found = try tiles(.polygons([polygon]), level...level)
        var seen: Set<TileAddress> = []
        for step in 0...40_000 {
            let share = Double(step) / 40_000
            // Along the slope, in its middle.
            let (x, y) = (-170 + 340 * share, -78 + 160 * share)
            let tile = try address(level, x, y)
            seen.insert(tile)
            #expect(found.contains(tile), "\(x) \(y)")
        }
        #expect(seen.count > 128)
        #expect(
            try found.contains(address(level, 5, 60)) && !found.contains(address(level, 20, 60)))
        // None is far from where the slope runs: it is four degrees high.
        for tile in found {
            let box = degrees(level, Int(tile.column), Int(tile.row))
            let isNear =
                box.north >= -80 + (box.west + 170) / 340 * 160 - 0.05
                && box.south <= -76 + (box.east + 170) / 340 * 160 + 0.05
            let isSquare = box.overlaps(BoundingBox(west: 0, south: 50, east: 40, north: 70))
            #expect(isNear || isSquare, "\(box)")
        }
    }

    private func address(_ level: Int, _ longitude: Double, _ latitude: Double) throws
        -> TileAddress
    {
        let count = Double(1 << level)
        let slope = asinh(tan(latitude * .pi / 180)) / .pi
        return TileAddress(
            gridSet: 0, level: level, column: Int((longitude + 180) / 360 * count),
            row: Int((1 - slope) / 2 * count))
    }

    @Test("a bent edge gets as many points as it needs, a straight one none")
    func points() {
        let square = ring((0, 0), (10, 0), (10, 60), (0, 60))
        #expect(SphericalMercator.projected(square, tolerance: 1).count == 4 + 2 * 5)
        let slope = ring((0, 0), (60, 60), (0, 60))
        let coarse = SphericalMercator.projected(slope, tolerance: 100_000).count
        let fine = SphericalMercator.projected(slope, tolerance: 10).count
        #expect(coarse < fine && fine < 3_000)
        #expect(SphericalMercator.projected([], tolerance: 1).isEmpty)
    }

    @Test("parts of a MultiPolygon that overlap lose nothing of what they share")
    func overlapping() throws {
        let text = """
            {"type":"MultiPolygon","coordinates":[[[[0,0],[90,0],[90,60],[0,60],[0,0]]],
            [[[40,20],[130,20],[130,70],[40,70],[40,20]]]]}
            """
        let area = SeedArea.polygons(try GeoJSONPolygon(file: "a.json").read(text))
        let shared = try tiles(
            .box(BoundingBox(west: 41, south: 21, east: 89, north: 59)), 6...6)
        #expect(try shared.count > 20 && tiles(area, 6...6).isSuperset(of: shared))
    }

    @Test("an edge over the equator runs where it is straight in degrees, however even its halves")
    func equator() {
        for (from, to) in [(-5.0, 5.0), (-5, 4), (-1, 9), (-0.5, 0.7)] {
            let edge = ring((0, from), (10, to), (0, to))
            let points = SphericalMercator.projected(edge, tolerance: 0.6)
            var farthest = 0.0
            for step in 0...1_000 {
                let share = Double(step) / 1_000
                let x = SphericalMercator.easting(10 * share)
                let y = SphericalMercator.northing(from + (to - from) * share)
                // On the way from the first corner to the second.
                let after = points.firstIndex { $0.x >= x && $0.x > 0 } ?? 0
                let start = points[(after + points.count - 1) % points.count]
                let end = points[after]
                let run = end.x == start.x ? 0 : (x - start.x) / (end.x - start.x)
                farthest = max(farthest, (start.y + (end.y - start.y) * run - y).magnitude)
            }
            #expect(farthest < 0.7, "\(from) \(to): \(farthest) m")
        }
    }

    @Test("a grid in degrees takes degrees as they are, and another system takes none")
    func systems() throws {
        let box = SeedArea.box(BoundingBox(west: 0, south: 0, east: 90, north: 90))
        #expect(try tiles(box, 1...1, gridSet: 1).map(\.column) == [2])
        #expect(box.tileArea(in: .epsg(2193), tolerance: 1) == nil)
        #expect(SeedArea.everywhere.tileArea(in: .epsg(2193), tolerance: 1) == .everywhere)
    }

    // MARK: GeoJSON

    private static let square = "[[[0,0],[2,0],[2,1],[0,1],[0,0]]]"

    @Test(
        "GeoJSON: a Polygon, a MultiPolygon, and Features of either",
        arguments: [
            ("{\"type\":\"Polygon\",\"coordinates\":\(square)}", 1),
            ("{\"type\":\"MultiPolygon\",\"coordinates\":[\(square),\(square)]}", 2),
            (
                "{\"type\": \"Feature\", \"properties\": {}, \"geometry\":\n"
                    + "{\"type\":\"Polygon\",\"coordinates\":\(square)}}", 1
            ),
            (
                "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\","
                    + "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":\(square)}}]}", 1
            ),
            (
                "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\","
                    + "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":\(square)}},"
                    + "{\"type\":\"Feature\",\"geometry\":{\"type\":\"MultiPolygon\","
                    + "\"coordinates\":[\(square),\(square)]}}]}", 3
            ),
            ("{\"type\":\"Polygon\",\"coordinates\":[[[0,0,7],[2,0,7],[2,1,7],[0,0,7]]]}", 1),
        ])
    func geoJSON(_ text: String, _ parts: Int) throws {
        let polygons = try GeoJSONPolygon(file: "a.json").read(text)
        #expect(polygons.count == parts)
        let polygon = try #require(polygons.first)
        #expect(polygon.rings.count == 1)
        #expect(polygon.rings[0].first == Polygon.Point(0, 0) && polygon.rings[0].count >= 3)
        #expect(polygon.rings[0].last != polygon.rings[0].first)
    }

    @Test(
        "GeoJSON that is no area is refused by file and line",
        arguments: [
            ("[", "is no JSON"), ("{}", "is no GeoJSON area"),
            ("{\"type\":\"Polygon\"}", "no GeoJSON"),
            ("{\"type\":\"Point\",\"coordinates\":[0,0]}", "is a Point"),
            ("{\"type\":\"Polygon\",\"coordinates\":[]}", "has no ring"),
            ("{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,1],[0,0]]]}", "fewer than four"),
            ("{\"type\":\"Polygon\",\"coordinates\":\n[[[0,0],[2,0],[2,1],[0,1]]]}", "a.json:2: "),
            ("{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[200,0],[2,1],[0,0]]]}", "in degrees"),
            ("{\"type\":\"Polygon\",\"coordinates\":[[0,0],[2,0],[2,1],[0,0]]}", "fewer than four"),
            ("{\"type\":\"MultiPolygon\",\"coordinates\":[1]}", "has no rings there"),
            ("{\"type\":\"MultiPolygon\",\"coordinates\":[]}", "is no GeoJSON area"),
            ("{\"type\":\"FeatureCollection\",\"features\":[]}", "holds no feature; give"),
            (
                "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\","
                    + "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":\(square)}},"
                    + "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\","
                    + "\"coordinates\":[0,0]}}]}", "is a Point"
            ),
        ])
    func mistakes(_ text: String, _ words: String) {
        let mistake = #expect(throws: CommandMistake.self) {
            try GeoJSONPolygon(file: "a.json").read(text)
        }
        #expect(mistake?.description.contains(words) == true, "\(String(describing: mistake))")
        #expect(mistake?.isUsage == true)
    }
}
