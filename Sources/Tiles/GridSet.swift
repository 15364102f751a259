/// A pyramid of tile matrices over one reference system (OGC 07-057r7 §6.1), as data.
///
/// Built in are those of `wellKnown`; others come from files or from capabilities, whose readers
/// make values of this type and put all into one `GridSets`.
public struct GridSet: Equatable, Sendable {
    /// The corner of the extent at which tile 0 of a matrix lies.
    public enum Origin: UInt8, Sendable {
        /// Tiles are laid from the west and the north.
        case topLeft
        /// Tiles are laid from the west and the south, as GeoWebCache does unless told otherwise;
        /// columns and rows count from the north-west all the same.
        case bottomLeft
    }

    /// One zoom level.
    public struct Level: Equatable, Sendable {
        /// Units of the reference system per pixel.
        public var resolution: Double
        /// Its identifier in WMTS, without the set's name and a colon, which may come before.
        public var name: String
        /// Where its tiles lie; nil: as the set's extent and origin have it.
        public var place: Place?

        public init(resolution: Double, name: String, place: Place? = nil) {
            (self.resolution, self.name, self.place) = (resolution, name, place)
        }
    }

    /// The corner of a level's tile (0, 0), and how many tiles there are.
    public struct Place: Equatable, Sendable {
        public var west: Double
        public var north: Double
        public var columns: Int
        public var rows: Int

        public init(west: Double, north: Double, columns: Int, rows: Int) {
            (self.west, self.north) = (west, north)
            (self.columns, self.rows) = (columns, rows)
        }
    }

    /// The identifier that canonical keys use, with what tells its version.
    public var name: String
    /// Tells sets apart that had one name at different times, or at different servers, so that keys
    /// of the one never find tiles of the other; empty for those that never change.
    public var version = ""
    /// Further identifiers under which WMTS and TMS may ask for it.
    public var aliases: [String]
    /// The code in the EPSG registry.
    public var code: Int
    /// WMS 1.3.0 names the northing first; nil: not known, so that a box of 1.3.0 keeps the order
    /// and the version it came with.
    public var isNorthingFirst: Bool?
    /// What level 0 covers at least.
    public var extent: BoundingBox
    public var origin: Origin
    /// Pixels.
    public var tileWidth: Int
    public var tileHeight: Int
    /// From coarse to fine.
    public var levels: [Level]
    /// Metres of one unit of the reference system; in degrees those of the equator (OGC 07-057r7
    /// §6.1). At first a degree's for codes 4001 to 4999, which EPSG gives to geographic systems,
    /// else a metre's.
    public var metersPerUnit: Double

    /// Of a degree, on the ellipsoid of WGS 84.
    public static let metersPerDegree = 111_319.490_793_273_58

    public init(
        name: String, aliases: [String] = [], code: Int, isNorthingFirst: Bool? = nil,
        extent: BoundingBox, origin: Origin = .bottomLeft, tileSize: (Int, Int) = (256, 256),
        levels: [Level]
    ) {
        metersPerUnit = 4001...4999 ~= code ? Self.metersPerDegree : 1
        (self.name, self.aliases, self.code) = (name, aliases, code)
        (self.isNorthingFirst, self.extent, self.origin) = (isNorthingFirst, extent, origin)
        (tileWidth, tileHeight, self.levels) = (tileSize.0, tileSize.1, levels)
    }

    /// A set with levels named 0, 1, 2 ...
    public init(
        name: String, aliases: [String] = [], code: Int, isNorthingFirst: Bool? = nil,
        extent: BoundingBox, origin: Origin = .bottomLeft, tileSize: (Int, Int) = (256, 256),
        resolutions: [Double]
    ) {
        self.init(
            name: name, aliases: aliases, code: code, isNorthingFirst: isNorthingFirst,
            extent: extent, origin: origin, tileSize: tileSize,
            levels: resolutions.enumerated().map { Level(resolution: $1, name: "\($0)") })
    }

    /// What is wrong with it; nil if nothing is. For the reader of a file to say.
    public var defect: String? {
        if name.isEmpty { return "has no name" }
        if !(1...99_999_999 ~= code) { return "EPSG code \(code) is out of 1...99999999" }
        if !extent.isProper { return "extent has no area" }
        let numbers = [extent.west, extent.south, extent.east, extent.north]
        if numbers.contains(where: { $0.magnitude > 1e9 }) { return "extent is beyond 1e9" }
        if !(1...4096 ~= tileWidth && 1...4096 ~= tileHeight) {
            return "tile size is out of 1...4096"
        }
        if !(1...GridSets.levelsMax ~= levels.count) {
            return "number of levels is out of 1...\(GridSets.levelsMax)"
        }
        if !(metersPerUnit > 0 && metersPerUnit <= 1e6) { return "has no metres in its unit" }
        var last = Double.infinity
        for level in levels {
            guard level.resolution > 0, level.resolution < last else {
                return "resolutions do not fall from level to level"
            }
            guard level.resolution <= 1e6 else { return "level \(level.name) is too coarse" }
            let side = level.resolution * Double(min(tileWidth, tileHeight))
            var most = max(extent.width, extent.height) / side
            if let place = level.place {
                guard place.columns > 0, place.rows > 0, place.west.magnitude <= 1e9,
                    place.north.magnitude <= 1e9
                else { return "level \(level.name) lies nowhere" }
                most = Double(max(place.columns, place.rows))
            }
            guard most < 2_000_000_000 else { return "level \(level.name) has too many tiles" }
            last = level.resolution
        }
        return nil
    }
}
