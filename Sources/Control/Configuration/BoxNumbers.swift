import Tiles

extension BoundingBox {
    /// `WEST,SOUTH,EAST,NORTH`, whatever these numbers are as long as they are finite; nil for
    /// any other text.
    init?(numbers text: String) {
        let sides = text.split(separator: ",", omittingEmptySubsequences: false).map {
            Double($0)
        }
        guard sides.count == 4, sides.allSatisfy({ $0?.isFinite == true }), let west = sides[0],
            let south = sides[1], let east = sides[2], let north = sides[3]
        else { return nil }
        self.init(west: west, south: south, east: east, north: north)
    }
}
