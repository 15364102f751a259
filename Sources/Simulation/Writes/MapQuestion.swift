import Tiles

/// A request as a simulated map server understands it: slowly, and by nothing that the edge is made
/// of but its tables of tiles.
struct MapQuestion {
    let path: String
    /// By names in capitals.
    private var parameters: [String: String] = [:]

    init(_ target: String) {
        let parts = target.split(separator: "?", maxSplits: 1)
        path = String(parts[0])
        for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let halves = pair.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            parameters[Self.decoded(halves[0]).uppercased()] =
                halves.count > 1 ? Self.decoded(halves[1]) : ""
        }
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    subscript(_ name: String) -> String { parameters[name] ?? "" }

    /// It says in whose name it is asked: to him nothing is hidden.
    func isNamed(_ head: PlainHead) -> Bool {
        !self["ACCESS_TOKEN"].isEmpty || head["authorization"] != nil || head["cookie"] != nil
    }

    var request: String { self["REQUEST"].lowercased() }

    /// Layers without their workspace.
    func layers(_ name: String) -> [String] {
        self[name].split(separator: ",").map { String($0.split(separator: ":").last ?? "") }
    }

    /// The style that is named, unless it was the layer's default one anyway before all edits.
    func style(_ name: String, _ layers: [String]) -> String? {
        let named = self[name].split(separator: ",").map { String($0) }
        guard let first = named.first else { return nil }
        let isDefault = zip(layers, named).allSatisfy { MapModel.firstStyles[$0] == $1 }
        return isDefault ? nil : first
    }

    var time: String? { self["TIME"].isEmpty ? nil : self["TIME"] }

    var size: (width: Int, height: Int)? {
        guard let width = Int(self["WIDTH"]), let height = Int(self["HEIGHT"]),
            1...1_024 ~= width, 1...1_024 ~= height
        else { return nil }
        return (width, height)
    }

    /// East first, whatever the request's order.
    var box: BoundingBox? {
        var edges = self["BBOX"].split(separator: ",").compactMap { Double($0) }
        guard edges.count == 4 else { return nil }
        if self["VERSION"] == "1.3.0", self["CRS"] == "EPSG:4326" {
            edges = [edges[1], edges[0], edges[3], edges[2]]
        }
        return BoundingBox(west: edges[0], south: edges[1], east: edges[2], north: edges[3])
    }

    /// The grid set of its system.
    var gridSet: Int {
        let system = self["SRS"].isEmpty ? self["CRS"] : self["SRS"]
        return system == "EPSG:4326" || system == "CRS:84" ? 1 : 0
    }

    /// Where the picture's first pixel is in the pixels of a level, if it is drawn at one of the
    /// grid's resolutions and at whole pixels.
    var cell: (set: Int, level: Int, x: Int, y: Int)? {
        guard let box, let size else { return nil }
        let (set, resolution) = (gridSet, box.width / Double(size.width))
        guard let level = SimulatedGrids.level(set, resolution: resolution) else { return nil }
        let corner = SimulatedGrids.corner(set)
        let x = (box.west - corner.west) / resolution
        let y = (corner.north - box.north) / resolution
        guard (x - x.rounded()).magnitude < 0.01, (y - y.rounded()).magnitude < 0.01 else {
            return nil
        }
        return (set, level, Int(x.rounded()), Int(y.rounded()))
    }

    /// A picture of what it asks for, with the number of the change that was drawn last.
    ///
    /// - Parameter shift: draws so many tiles further east, and says so.
    func picture(_ number: Int, shift: Int = 0) -> [UInt8]? {
        guard let size, let box else { return nil }
        let layers = layers("LAYERS")
        let style = style("STYLES", layers)
        guard let cell else {
            let identity = MapView.identity(MapView.pictureName(layers, style, time, box))
            return NumberedPicture.draw(
                width: size.width, height: size.height, number: number
            ) { _, _ in identity }
        }
        let side = SimulatedGrids.side
        var last: (column: Int, row: Int, identity: UInt32)?
        return NumberedPicture.draw(
            width: size.width, height: size.height, number: number, firstRow: cell.y & 1
        ) { x, y in
            let column = (cell.x + x + 64 * side) / side - 64
            let row = (cell.y + y + 64 * side) / side - 64
            if let last, last.column == column, last.row == row { return last.identity }
            let address = TileAddress(
                gridSet: cell.set, level: cell.level, column: column + shift, row: row)
            let identity = MapView.identity(MapView.tileName(layers, style, time, address))
            last = (column, row, identity)
            return identity
        }
    }

    /// Whether it asks for more than one tile at once.
    var isOfBlock: Bool {
        guard cell != nil, let size else { return false }
        return max(size.width, size.height) > SimulatedGrids.side
    }
}
