import Tiles

/// What viewers look at: one tile, picture or document of the simulated maps, however it is spelt.
struct MapView {
    enum Kind { case tile, picture, legend, features, info, capabilities }

    var kind: Kind
    /// Layers and groups by their bare names; none for capabilities.
    var layers: [String] = []
    /// nil: each layer's default one.
    var style: String?
    /// Days of June 2005; nil: all.
    var days: ClosedRange<Int>?
    /// Of a tile.
    var address: TileAddress?
    /// The edges of what is shown, in whole degrees where it is no tile.
    var box: BoundingBox?

    /// What a picture shows something of beyond its own edges, as a share of its size: symbols and
    /// labels reach so far, and the edge is told of a little more.
    static let reach = 0.4
    /// Pixels of a picture that is no tile.
    static let pictureSize = (width: 20, height: 12)

    /// The value of TIME.
    var time: String? {
        guard let days else { return nil }
        func text(_ day: Int) -> String { "2005-06-\(day < 10 ? "0" : "")\(day)" }
        return days.count == 1
            ? text(days.lowerBound) : "\(text(days.lowerBound))/\(text(days.upperBound))"
    }

    /// What tells it from all others, as a map server reads it out of a request.
    var name: String {
        switch kind {
        case .tile:
            address.map { Self.tileName(layers, style, time, $0) } ?? ""
        case .picture:
            box.map { Self.pictureName(layers, style, time, $0) } ?? ""
        case .legend: "legend \(layers.joined(separator: ",")) \(style ?? "")"
        case .features: "features \(layers.joined(separator: ","))"
        case .info: box.map { "info " + Self.pictureName(layers, style, time, $0) } ?? ""
        case .capabilities: "capabilities"
        }
    }

    var identity: UInt32 { Self.identity(name) }

    static func tileName(
        _ layers: [String], _ style: String?, _ time: String?, _ address: TileAddress
    ) -> String {
        "\(layers.joined(separator: ",")) \(style ?? "") \(time ?? "") "
            + "\(address.gridSet)/\(address.level)/\(address.column)/\(address.row)"
    }

    static func pictureName(
        _ layers: [String], _ style: String?, _ time: String?, _ box: BoundingBox
    ) -> String {
        let edges = [box.west, box.south, box.east, box.north].map { "\(Int($0.rounded()))" }
        return "\(layers.joined(separator: ",")) \(style ?? "") \(time ?? "") "
            + edges.joined(separator: ",")
    }

    /// 24 bits of a name's FNV-1a.
    static func identity(_ name: String) -> UInt32 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return UInt32(truncatingIfNeeded: (hash ^ hash >> 24) & 0xFF_FFFF)
    }

    /// What it shows something of, in degrees, with so much beyond its edges in its own system;
    /// nil: it is of no place.
    func place(reach: Double) -> MapPlace? {
        guard let box else { return nil }
        let (wide, high) = (box.width * reach, box.height * reach)
        let (west, east) = (box.west - wide, box.east + wide)
        let (south, north) = (box.south - high, box.north + high)
        guard kind == .tile, address?.gridSet == 0 else {
            return MapPlace(west: west, south: south, east: east, north: north)
        }
        let edge = SimulatedMercator.edge
        return MapPlace(
            west: west / edge * 180, south: SimulatedMercator.latitude(south),
            east: east / edge * 180, north: SimulatedMercator.latitude(north))
    }
}
