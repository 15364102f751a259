/// A part of the world by longitude and latitude (WGS 84), in millionths of a degree: the frame in
/// which what a write touched and what a picture shows are compared, whatever their own systems.
///
/// Every way of making one rounds outwards, by 0.1 m at most. The west edge is in -180..<180; the
/// east edge may lie beyond 180, and then the box goes over the antimeridian.
public struct GeographicBox: Sendable, Hashable, BitwiseCopyable {
    public let west: Int32
    public let south: Int32
    public let east: Int32
    public let north: Int32

    /// What the numbers describe.
    public enum Content: Sendable {
        /// Of a feature: wider than half the world, it stands for all longitudes, because a
        /// renderer takes such a geometry for one that goes over the antimeridian (GeoTools
        /// `WrappingProjectionHandler`).
        case geometry
        /// Of a picture, which shows what is between its edges.
        case picture
    }

    /// The whole world.
    public static var world: GeographicBox {
        GeographicBox(
            unchecked: -180_000_000, south: -90_000_000, east: 180_000_000, north: 90_000_000)
    }

    init(unchecked west: Int32, south: Int32, east: Int32, north: Int32) {
        (self.west, self.south, self.east, self.north) = (west, south, east, north)
    }

    /// A box from degrees; nil when a number is no place on Earth: not finite, a latitude beyond
    /// 90 by more than rounding, a longitude beyond 540. Edges may be given in either order.
    public init?(
        longitudes: (Double, Double), latitudes: (Double, Double), of content: Content
    ) {
        let (west, east) = Self.ordered(longitudes)
        let (south, north) = Self.ordered(latitudes)
        guard west >= -540, east <= 540, south >= -90.000_001, north <= 90.000_001 else {
            return nil
        }
        let (bottom, top) = (max(Self.down(south), -90_000_000), min(Self.up(north), 90_000_000))
        let all = content == .geometry ? 179.999_9 : 359.999_9
        if east - west >= all {
            self.init(unchecked: -180_000_000, south: bottom, east: 180_000_000, north: top)
            return
        }
        var (left, right) = (Self.down(west), Self.up(east))
        while left < -180_000_000 { (left, right) = (left + 360_000_000, right + 360_000_000) }
        while left >= 180_000_000 { (left, right) = (left - 360_000_000, right - 360_000_000) }
        self.init(unchecked: left, south: bottom, east: right, north: top)
    }

    /// A box as `west`, `south`, `east` and `north` told it; nil when it is none.
    public init?(west: Int32, south: Int32, east: Int32, north: Int32) {
        guard west >= -180_000_000, west < 180_000_000, east >= west, east <= 540_000_000,
            south >= -90_000_000, north >= south, north <= 90_000_000
        else { return nil }
        self.init(unchecked: west, south: south, east: east, north: north)
    }

    /// Smaller first; comparisons are false for NaN, which so fails the bounds.
    private static func ordered(_ pair: (Double, Double)) -> (Double, Double) {
        pair.0 <= pair.1 ? pair : (pair.1, pair.0)
    }

    // In bounds of ±540 degrees, hence of Int32. One millionth more takes the rounding of what the
    // numbers were calculated from.
    private static func down(_ degrees: Double) -> Int32 {
        Int32((degrees * 1_000_000).rounded(.down)) - 1
    }

    private static func up(_ degrees: Double) -> Int32 {
        Int32((degrees * 1_000_000).rounded(.up)) + 1
    }

    /// Whether the two have a point in common, edges included, at whatever turn around the globe.
    public func intersects(_ other: GeographicBox) -> Bool {
        guard south <= other.north, north >= other.south else { return false }
        // Going east from either west edge one comes to the other before this box is over.
        let step = Int(other.west) - Int(west)
        let (there, back) = step < 0 ? (step + 360_000_000, -step) : (step, 360_000_000 - step)
        return there <= Int(east) - Int(west) || back <= Int(other.east) - Int(other.west)
            || step == 0
    }

    /// Whether the other lies in this one, at the same turn.
    public func contains(_ other: GeographicBox) -> Bool {
        west <= other.west && south <= other.south && east >= other.east && north >= other.north
    }

    /// The box with so many millionths of a degree added on each side.
    func grown(by margin: Int) -> GeographicBox {
        let (left, right) = (Int(west) - margin, Int(east) + margin)
        let bottom = Int32(max(Int(south) - margin, -90_000_000))
        let top = Int32(min(Int(north) + margin, 90_000_000))
        return Self.turned(left...right, south: bottom, north: top)
    }

    /// The box with so many hundredths of its own width and height added on each side: symbols,
    /// labels and the edges of a metatile reach beyond the place of what they show.
    ///
    /// - Parameter northings: of the edges, where they are Web Mercator's, in which a degree is the
    ///   shorter the nearer it is to the equator: from a tile of the far north as many pixels reach
    ///   over several times its own degrees.
    public func grown(
        byPercent percent: Int, northings: (south: Double, north: Double)? = nil
    ) -> GeographicBox {
        let share = min(max(percent, 0), 1_000)
        let wide = (Int(east) - Int(west)) * share / 100 + 1
        let high = (Int(north) - Int(south)) * share / 100 + 1
        let (left, right) = (Int(west) - wide, Int(east) + wide)
        var bottom = Int32(max(Int(south) - high, -90_000_000))
        var top = Int32(min(Int(north) + high, 90_000_000))
        if let northings, northings.south.isFinite, northings.north.isFinite {
            let edge = (northings.north - northings.south).magnitude * Double(share) / 100
            let low = Mercator.latitude(min(northings.south, northings.north) - edge)
            let high = Mercator.latitude(max(northings.south, northings.north) + edge)
            bottom = max(min(Self.down(low), south), -90_000_000)
            top = min(max(Self.up(high), north), 90_000_000)
        }
        return Self.turned(left...right, south: bottom, north: top)
    }

    /// The box between longitudes that may lie up to half a world beside it; all of them where
    /// these are a world apart.
    private static func turned(
        _ longitudes: ClosedRange<Int>, south: Int32, north: Int32
    ) -> GeographicBox {
        let (left, right) = (longitudes.lowerBound, longitudes.upperBound)
        if right - left >= 360_000_000 {
            return GeographicBox(
                unchecked: -180_000_000, south: south, east: 180_000_000, north: north)
        }
        let turn = left < -180_000_000 ? 360_000_000 : 0
        return GeographicBox(
            unchecked: Int32(left + turn), south: south, east: Int32(right + turn), north: north)
    }
}
