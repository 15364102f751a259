import Testing
import WireTesting

@testable import Tiles

@Suite("A walk over tiles: what a seed asks for, in an order that can be taken up again")
struct TileWalkTests {
    /// 0 is one tile of 16 by 16 units, 4 is 16 by 16 tiles of one.
    private static let sets = GridSets([
        GridSet(
            name: "plain", code: 3857,
            extent: BoundingBox(west: 0, south: 0, east: 16, north: 16), tileSize: (1, 1),
            resolutions: [16, 8, 4, 2, 1])
    ])

    private func walk(_ area: TileArea, _ levels: ClosedRange<Int> = 4...4) -> TileWalk {
        TileWalk(Self.sets, gridSet: 0, levels: levels, area: area)
    }

    private func all(_ area: TileArea, _ levels: ClosedRange<Int> = 4...4) -> [TileAddress] {
        var walk = walk(area, levels)
        var tiles: [TileAddress] = []
        while let tile = walk.next() { tiles.append(tile) }
        return tiles
    }

    private func ring(_ points: (Double, Double)...) -> [Polygon.Point] {
        points.map { Polygon.Point($0.0, $0.1) }
    }

    @Test("from coarse to fine, by rows from the north, each from the west")
    func order() {
        let tiles = all(.everywhere, 0...1)
        #expect(
            tiles.map { [Int($0.level), Int($0.column), Int($0.row)] } == [
                [0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1],
            ])
        #expect(walk(.everywhere, 0...4).counts().map(\.tiles) == [1, 4, 16, 64, 256])
        #expect(walk(.everywhere, 3...9).counts().map(\.tiles) == [64, 256, 0, 0, 0, 0, 0])
        #expect(all(.everywhere, 5...9).isEmpty)
    }

    @Test("a box has the tiles that it has more than an edge in common with")
    func box() {
        let tiles = all(.box(BoundingBox(west: 3, south: 13, east: 5.5, north: 15)))
        #expect(tiles.map(\.column) == [3, 4, 5, 3, 4, 5])
        #expect(tiles.map(\.row) == [1, 1, 1, 2, 2, 2])
        #expect(all(.box(BoundingBox(west: 16, south: 0, east: 20, north: 16))).isEmpty)
        #expect(all(.box(BoundingBox(west: 5, south: 5, east: 5, north: 9))).isEmpty)
    }

    @Test("a polygon has its tiles: holes, islands, slopes, slivers")
    func polygon() {
        // A frame two tiles wide around a hole of four by four.
        let frame = Polygon(rings: [
            ring((2, 2), (10, 2), (10, 10), (2, 10)), ring((4, 4), (8, 4), (8, 8), (4, 8)),
        ])
        #expect(all(.polygons([frame])).count == 64 - 16)
        let islands = Polygon(rings: [
            ring((0, 0), (1, 0), (1, 1), (0, 1)), ring((15, 0), (16, 0), (16, 1), (15, 1)),
        ])
        #expect(all(.polygons([islands])).map(\.column) == [0, 15])
        // A slope from corner to corner: all tiles on it and below.
        let triangle = Polygon(rings: [ring((0, 0), (16, 0), (16, 16), (0, 0))])
        #expect(all(.polygons([triangle])).count == 16 * 17 / 2)
        // Within one tile, and as thin as a hair through many.
        #expect(
            all(.polygons([Polygon(rings: [ring((3.2, 3.2), (3.4, 3.2), (3.3, 3.6))])])).count == 1)
        let hair = Polygon(rings: [ring((0.5, 8.4), (15.5, 8.4), (15.5, 8.5), (0.5, 8.5))])
        #expect(all(.polygons([hair])).map(\.column) == Array(0...15))
        #expect(all(.polygons([Polygon(rings: [])])).isEmpty)
    }

    @Test("of polygons that overlap what they share counts once, a hole of one may be another's")
    func overlapping() {
        let first = Polygon(rings: [ring((0, 0), (10, 0), (10, 10), (0, 10))])
        let second = Polygon(rings: [ring((5, 5), (15, 5), (15, 15), (5, 15))])
        let tiles = all(.polygons([first, second]))
        #expect(tiles.count == 100 + 100 - 25 && Set(tiles).count == tiles.count)
        let frame = Polygon(rings: first.rings + [ring((6, 6), (8, 6), (8, 8), (6, 8))])
        #expect(all(.polygons([frame])).count == 96)
        #expect(all(.polygons([frame, second])).count == 175)
        #expect(all(.polygons([])).isEmpty)
    }

    @Test("tiles of a polygon are those that a raster of points finds", arguments: 0..<20)
    func raster(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        func number() -> Double { Double.random(in: 0...16, using: &random) }
        let polygon = Polygon(
            rings: (0..<Int.random(in: 1...3, using: &random)).map { _ in
                (0..<Int.random(in: 3...7, using: &random)).map { _ in
                    Polygon.Point(number(), number())
                }
            })
        let tiles = Set(all(.polygons([polygon])).map { [Int($0.column), Int($0.row)] })
        let places = (0..<64).map { Double($0) / 4 + 0.12 }
        let points = places.flatMap { x in places.map { y in Polygon.Point(x, y) } }
        let missed = points.filter {
            contains(polygon, $0) && !tiles.contains([Int($0.x), 15 - Int($0.y)])
        }
        #expect(missed.isEmpty, "\(polygon)")
        // And none that no point of the polygon is in.
        for tile in tiles {
            let box = BoundingBox(
                west: Double(tile[0]), south: Double(15 - tile[1]), east: Double(tile[0] + 1),
                north: Double(16 - tile[1]))
            #expect(touches(polygon, box), "\(polygon) \(tile)")
        }
    }

    private func contains(_ polygon: Polygon, _ point: Polygon.Point) -> Bool {
        var isInside = false
        for ring in polygon.rings {
            for (index, to) in ring.enumerated() {
                let from = ring[(index + ring.count - 1) % ring.count]
                guard (from.y > point.y) != (to.y > point.y) else { continue }
                let x = from.x + (to.x - from.x) * (point.y - from.y) / (to.y - from.y)
                if x > point.x { isInside.toggle() }
            }
        }
        return isInside
    }

    /// An edge has a point in the box, or the box's middle is inside.
    private func touches(_ polygon: Polygon, _ box: BoundingBox) -> Bool {
        let middle = Polygon.Point((box.west + box.east) / 2, (box.south + box.north) / 2)
        return contains(polygon, middle)
            || polygon.rings.contains { ring in
                ring.indices.contains { index in
                    crosses(ring[(index + ring.count - 1) % ring.count], ring[index], box)
                }
            }
    }

    /// Whether a line from point to point has one in the box: what each side leaves of it.
    private func crosses(_ from: Polygon.Point, _ to: Polygon.Point, _ box: BoundingBox) -> Bool {
        let (dx, dy) = (to.x - from.x, to.y - from.y)
        var (first, last) = (0.0, 1.0)
        for (slope, room) in [
            (-dx, from.x - box.west), (dx, box.east - from.x), (-dy, from.y - box.south),
            (dy, box.north - from.y),
        ] {
            if slope == 0 {
                if room < 0 { return false }
            } else if slope < 0 {
                first = max(first, room / slope)
            } else {
                last = min(last, room / slope)
            }
        }
        return first <= last
    }

    @Test(
        "a walk is taken up where another ended", arguments: [0, 1, 5, 16, 17, 100, 340, 341, 999])
    func skipping(_ count: Int) {
        let triangle = TileArea.polygons([
            Polygon(rings: [ring((0, 0), (16, 0), (16, 16), (0, 0))])
        ])
        for area in [TileArea.everywhere, triangle] {
            var walk = walk(area, 0...4)
            walk.skip(count)
            var rest: [TileAddress] = []
            while let tile = walk.next() { rest.append(tile) }
            #expect(rest == Array(all(area, 0...4).dropFirst(count)))
        }
        #expect(walk(triangle, 0...4).counts().map(\.tiles) == [1, 3, 10, 36, 136])
    }

    @Test("the world at a zoom of billions of tiles is counted and walked at once")
    func large() {
        var walk = TileWalk(.wellKnown, gridSet: 0, levels: 0...20, area: .everywhere)
        #expect(walk.counts().last?.tiles == 1 << 40)
        walk.skip(1_000_000)
        #expect(walk.next() != nil)
    }
}
