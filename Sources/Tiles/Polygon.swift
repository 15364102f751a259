/// An area that rings bound, in the units of a reference system: what lies within an odd number of
/// them. So a ring within a ring is a hole, and rings apart are islands.
public struct Polygon: Equatable, Sendable {
    public struct Point: Equatable, Sendable {
        public var x: Double
        public var y: Double

        public init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }
    }

    /// Each closed or not: the last point leads to the first.
    public var rings: [[Point]]

    public init(rings: [[Point]]) { self.rings = rings }

    /// What it covers at most; nil where there is no point.
    public var box: BoundingBox? {
        guard let first = rings.joined().first else { return nil }
        return rings.joined().reduce(
            into: BoundingBox(west: first.x, south: first.y, east: first.x, north: first.y)
        ) { box, point in
            box.west = min(box.west, point.x)
            box.east = max(box.east, point.x)
            box.south = min(box.south, point.y)
            box.north = max(box.north, point.y)
        }
    }

    /// From where to where it reaches in a band between two heights, from the west, apart from each
    /// other. Linear in its points, but for sorting what is found.
    ///
    /// A vertical line through the band that meets the polygon there either crosses one of its
    /// edges or is inside all along, so that the edges' shadows and what is inside at the band's
    /// northern end are all there is.
    public func spans(south: Double, north: Double) -> [(west: Double, east: Double)] {
        var spans: [(west: Double, east: Double)] = []
        var crossings: [Double] = []
        for ring in rings {
            guard var from = ring.last else { continue }
            for to in ring {
                if let shadow = Self.shadow(from, to, south, north) { spans.append(shadow) }
                if (from.y <= north) != (to.y <= north) {
                    crossings.append(Self.x(at: north, from, to))
                }
                from = to
            }
        }
        crossings.sort()
        for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
            spans.append((crossings[pair], crossings[pair + 1]))
        }
        return Self.merged(spans)
    }

    /// The same of what lies in any of several, which may overlap.
    static func spans(
        of polygons: [Polygon], south: Double, north: Double
    ) -> [(west: Double, east: Double)] {
        if polygons.count == 1 { return polygons[0].spans(south: south, north: north) }
        return merged(polygons.flatMap { $0.spans(south: south, north: north) })
    }

    private static func x(at y: Double, _ from: Point, _ to: Point) -> Double {
        from.x + (to.x - from.x) * ((y - from.y) / (to.y - from.y))
    }

    /// What of an edge lies in the band, seen from above.
    private static func shadow(
        _ from: Point, _ to: Point, _ south: Double, _ north: Double
    ) -> (west: Double, east: Double)? {
        let (low, high) = from.y <= to.y ? (from, to) : (to, from)
        guard low.y < north, high.y > south else { return nil }
        let first = low.y < south ? x(at: south, from, to) : low.x
        let last = high.y > north ? x(at: north, from, to) : high.x
        return (min(first, last), max(first, last))
    }

    private static func merged(
        _ spans: [(west: Double, east: Double)]
    ) -> [(west: Double, east: Double)] {
        var merged: [(west: Double, east: Double)] = []
        for span in spans.sorted(by: { $0.west < $1.west }) {
            if let last = merged.last, span.west <= last.east {
                merged[merged.count - 1].east = max(last.east, span.east)
            } else {
                merged.append(span)
            }
        }
        return merged
    }
}
