/// A rectangle in the units of its reference system, x (east) first, whatever the request's order.
public struct BoundingBox: Equatable, Sendable {
    public var west: Double
    public var south: Double
    public var east: Double
    public var north: Double

    public init(west: Double, south: Double, east: Double, north: Double) {
        (self.west, self.south, self.east, self.north) = (west, south, east, north)
    }

    public var width: Double { east - west }
    public var height: Double { north - south }

    /// It has an area, and all its numbers are finite.
    public var isProper: Bool {
        width > 0 && height > 0 && width.isFinite && height.isFinite
            && west.isFinite && south.isFinite
    }

    /// Whether the two have more than an edge in common.
    public func overlaps(_ other: BoundingBox) -> Bool {
        west < other.east && other.west < east && south < other.north && other.south < north
    }
}
