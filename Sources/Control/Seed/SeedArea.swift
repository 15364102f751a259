import Glibc
import Tiles

/// Where a seed asks for tiles, in degrees: longitude is x.
enum SeedArea: Equatable {
    /// All that the grid set covers.
    case everywhere
    case box(BoundingBox)
    /// What lies in any of them.
    case polygons([Polygon])
    /// In the units of the grid set.
    case bounds(BoundingBox)

    /// `-10,40,10,60`: west, south, east and north. Where west lies beyond east the box goes over
    /// the antimeridian (RFC 7946 §5.2).
    static var boxForm: ValueForm<SeedArea> {
        ValueForm { text throws(Complaint) in
            guard let box = BoundingBox(numbers: text), box.south < box.north,
                box.west != box.east, -180...180 ~= box.west, -180...180 ~= box.east,
                -90...90 ~= box.south, -90...90 ~= box.north
            else {
                throw Complaint(
                    "is no box in degrees", "write WEST,SOUTH,EAST,NORTH, such as -10,40,10,60")
            }
            guard box.west > box.east else { return .box(box) }
            let rings = [(box.west, 180), (-180, box.east)].map { left, right in
                [(left, box.south), (right, box.south), (right, box.north), (left, box.north)]
                    .map { Polygon.Point($0.0, $0.1) }
            }
            return .polygons([Polygon(rings: rings)])
        }
    }

    /// The same area in the units of a reference system.
    ///
    /// - Parameter tolerance: how far an edge may run beside its true course, in those units.
    /// - Returns: nil where degrees cannot be brought into that system.
    func tileArea(in system: ReferenceSystem, tolerance: Double) -> TileArea? {
        switch (self, system) {
        case (.everywhere, _): .everywhere
        case (.bounds(let box), _): .box(box)
        case (.box(let box), .degrees): .box(box)
        case (.polygons(let polygons), .degrees): .polygons(polygons)
        case (.box(let box), .webMercator):
            .box(
                BoundingBox(
                    west: SphericalMercator.easting(box.west),
                    south: SphericalMercator.northing(box.south),
                    east: SphericalMercator.easting(box.east),
                    north: SphericalMercator.northing(box.north)))
        case (.polygons(let polygons), .webMercator):
            .polygons(
                polygons.map { polygon in
                    Polygon(
                        rings: polygon.rings.map {
                            SphericalMercator.projected($0, tolerance: tolerance)
                        })
                })
        default: nil
        }
    }
}

/// From degrees to EPSG:3857, in metres. Source: EPSG Guidance Note 7-2, "Popular Visualisation
/// Pseudo-Mercator".
enum SphericalMercator {
    private static let radius = 6_378_137.0
    /// Half the side of the square that is the world.
    private static let edge = radius * Double.pi

    static func easting(_ longitude: Double) -> Double { longitude / 180 * edge }

    /// Latitudes beyond the square's end at its edge.
    static func northing(_ latitude: Double) -> Double {
        guard latitude.magnitude < 89 else { return latitude < 0 ? -edge : edge }
        return min(max(atanh(sin(latitude / 180 * Double.pi)) * radius, -edge), edge)
    }

    private static func point(_ place: Polygon.Point) -> Polygon.Point {
        Polygon.Point(easting(place.x), northing(place.y))
    }

    /// A ring whose edges are straight in degrees (RFC 7946 §3.1.1), and so bend here: with as many
    /// points between as they need.
    static func projected(_ ring: [Polygon.Point], tolerance: Double) -> [Polygon.Point] {
        guard var from = ring.last else { return [] }
        var points: [Polygon.Point] = []
        for to in ring {
            // In pieces, so that the middle of each tells how much it bends.
            let pieces = max(1, Int(((to.y - from.y).magnitude / 10).rounded(.up)))
            var start = from
            for piece in 1...pieces {
                let end = piece == pieces ? to : between(from, to, Double(piece) / Double(pieces))
                append(start, end, tolerance, depth: 0, to: &points)
                start = end
            }
            from = to
        }
        return points
    }

    private static func between(
        _ from: Polygon.Point, _ to: Polygon.Point, _ share: Double
    ) -> Polygon.Point {
        Polygon.Point(from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share)
    }

    /// The points of an edge behind its first.
    private static func append(
        _ from: Polygon.Point, _ to: Polygon.Point, _ tolerance: Double, depth: Int,
        to points: inout [Polygon.Point]
    ) {
        // It bends to both sides of the equator, so that its middle there says nothing.
        if from.y * to.y < 0, from.x != to.x {
            let share = from.y / (from.y - to.y)
            let crossing = Polygon.Point(between(from, to, share).x, 0)
            append(from, crossing, tolerance, depth: depth, to: &points)
            append(crossing, to, tolerance, depth: depth, to: &points)
            return
        }
        let middle = between(from, to, 0.5)
        let bend = (northing(middle.y) - (northing(from.y) + northing(to.y)) / 2).magnitude
        // A meridian stays straight.
        guard from.x != to.x, bend > tolerance, depth < 16 else {
            return points.append(point(to))
        }
        append(from, middle, tolerance, depth: depth + 1, to: &points)
        append(middle, to, tolerance, depth: depth + 1, to: &points)
    }
}
