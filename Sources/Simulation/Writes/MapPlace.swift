import Glibc
import Tiles

/// A rectangle of the Earth in degrees; a point where its edges meet.
struct MapPlace: Equatable {
    var west: Double
    var south: Double
    var east: Double
    var north: Double

    static func point(_ longitude: Double, _ latitude: Double) -> MapPlace {
        MapPlace(west: longitude, south: latitude, east: longitude, north: latitude)
    }

    var isPoint: Bool { west == east && south == north }

    /// Whether they have a point in common, on either side of the antimeridian.
    func meets(_ other: MapPlace) -> Bool {
        guard south <= other.north, other.south <= north else { return false }
        return [-360.0, 0, 360].contains {
            west + $0 <= other.east && other.west <= east + $0
        }
    }

    /// Whether all of another one is in it.
    func holds(_ other: MapPlace) -> Bool {
        west <= other.west && other.east <= east && south <= other.south && other.north <= north
    }
}

/// Web Mercator, by the library's functions: a second opinion on the edge's own.
enum SimulatedMercator {
    static let edge = 20_037_508.342789244

    static func easting(_ longitude: Double) -> Double { longitude / 180 * edge }

    static func northing(_ latitude: Double) -> Double {
        asinh(tan(latitude * .pi / 180)) / .pi * edge
    }

    static func latitude(_ northing: Double) -> Double {
        atan(sinh(northing / edge * .pi)) * 180 / .pi
    }
}

/// The grid sets of simulated maps: those of GeoWebCache with tiles so small that drawing them
/// costs next to nothing.
enum SimulatedGrids {
    static let side = 16
    private static let levels = 18

    static let sets = GridSets([small(.webMercator, 0), small(.degrees, 1)])

    static let names = ["EPSG:900913", "EPSG:4326"]

    private static func small(_ set: GridSet, _ index: Int) -> GridSet {
        GridSet(
            name: set.name, aliases: set.aliases, code: set.code,
            isNorthingFirst: set.isNorthingFirst, extent: set.extent, origin: set.origin,
            tileSize: (side, side),
            resolutions: (0..<levels).map { resolution(index, $0) })
    }

    /// Rows of tiles; Web Mercator begins with four, since the world in a tile of that size would
    /// be coarser than any grid set may be.
    static func rows(_ set: Int, _ level: Int) -> Int { (set == 0 ? 4 : 1) << level }

    private static func resolution(_ set: Int, _ level: Int) -> Double {
        (set == 0 ? 2 * SimulatedMercator.edge : 180) / Double(rows(set, level) * side)
    }

    /// Where tiles are counted from: west and north of all.
    static func corner(_ set: Int) -> (west: Double, north: Double) {
        set == 0 ? (-SimulatedMercator.edge, SimulatedMercator.edge) : (-180, 90)
    }

    /// The level whose pixels are so large; nil: none.
    static func level(_ set: Int, resolution: Double) -> Int? {
        (0..<levels).first { (resolution / self.resolution(set, $0) - 1).magnitude < 1e-6 }
    }

    /// The tile of a level that a place is in.
    static func tile(_ set: Int, _ level: Int, _ longitude: Double, _ latitude: Double)
        -> TileAddress
    {
        let tiles = Double(rows(set, level))
        if set == 0 {
            let x = (SimulatedMercator.easting(longitude) / SimulatedMercator.edge + 1) / 2
            let y = (1 - SimulatedMercator.northing(latitude) / SimulatedMercator.edge) / 2
            return TileAddress(
                gridSet: 0, level: level, column: Int(x * tiles), row: Int(y * tiles))
        }
        return TileAddress(
            gridSet: 1, level: level, column: Int((longitude + 180) / 180 * tiles),
            row: Int((90 - latitude) / 180 * tiles))
    }
}
