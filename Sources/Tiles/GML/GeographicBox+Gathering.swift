extension GeographicBox {
    /// The smallest box around both, over the antimeridian if that is the shorter way.
    public func union(_ other: GeographicBox) -> GeographicBox {
        let eastward = Self.end(of: self, with: other)
        let westward = Self.end(of: other, with: self)
        let isFromOther = westward - Int(other.west) < eastward - Int(west)
        let (left, right) = isFromOther ? (Int(other.west), westward) : (Int(west), eastward)
        let (bottom, top) = (min(south, other.south), max(north, other.north))
        let isAround = right - left >= 360_000_000
        return GeographicBox(
            unchecked: isAround ? -180_000_000 : Int32(left), south: bottom,
            east: isAround ? 180_000_000 : Int32(right), north: top)
    }

    /// How far east one goes from the west edge of the first until the second is over as well.
    private static func end(of first: GeographicBox, with second: GeographicBox) -> Int {
        let turn = second.west < first.west ? 360_000_000 : 0
        return max(Int(first.east), Int(second.east) + turn)
    }

    /// How many tiles a tenth of a degree wide, those of about level 12, it touches: a measure by
    /// which a long line is as large as it is for whoever draws it, and a point is not nothing.
    public var extent: Double {
        let (wide, high) = (Double(east) - Double(west), Double(north) - Double(south))
        return (wide / 100_000 + 1) * (high / 100_000 + 1)
    }

    /// Takes boxes together, always the two by which least is added, until there are no more than
    /// `count`: far places stay apart as long as there are near ones.
    public static func gather(_ boxes: inout [GeographicBox], to count: Int) {
        gather(&boxes, to: count, group: { _ in 0 }, box: { $0 }) {
            $0.union($1).extent - $0.extent - $1.extent
        } merge: {
            $0.union($1)
        }
    }

    /// The same for what has a box. What is compared are neighbours along a curve through the
    /// world that leaves a part of it only when that is done (Morton's), so that the cost is that
    /// of sorting and of one pass for each that goes.
    ///
    /// - Parameters:
    ///   - group: only places of the same one are taken together; there may be more groups than
    ///     `count`, and then there are more places.
    ///   - cost: what would be added by one in place of both.
    public static func gather<Place>(
        _ places: inout [Place], to count: Int, group: (Place) -> UInt32,
        box: (Place) -> GeographicBox, cost: (Place, Place) -> Double,
        merge: (Place, Place) -> Place
    ) {
        guard places.count > max(count, 1) else { return }
        var sorted = places.map { place in
            (order: UInt64(group(place)) << 32 | UInt64(box(place).onCurve), place: place)
        }
        sorted.sort { $0.order < $1.order }
        func added(_ index: Int) -> Double {
            let (first, second) = (sorted[index], sorted[index + 1])
            let isOne = first.order >> 32 == second.order >> 32
            return isOne ? cost(first.place, second.place) : .infinity
        }
        var costs = (0..<sorted.count - 1).map(added)
        while sorted.count > count {
            var least = 0
            for index in costs.indices where costs[index] < costs[least] { least = index }
            guard !costs.isEmpty, costs[least].isFinite else { break }
            sorted[least].place = merge(sorted[least].place, sorted[least + 1].place)
            sorted.remove(at: least + 1)
            costs.remove(at: least)
            if least > 0 { costs[least - 1] = added(least - 1) }
            if least < costs.count { costs[least] = added(least) }
        }
        places = sorted.map(\.place)
    }

    /// Where its middle is on the curve: the bits of longitude and latitude by turns.
    public var onCurve: UInt32 {
        func spread(_ value: Int, of whole: Int) -> UInt32 {
            var bits = UInt32(min(max(value, 0), whole) * 65_535 / whole)
            bits = (bits | bits << 8) & 0x00ff_00ff
            bits = (bits | bits << 4) & 0x0f0f_0f0f
            bits = (bits | bits << 2) & 0x3333_3333
            return (bits | bits << 1) & 0x5555_5555
        }
        let middle = (Int(west) + Int(east)) / 2 + 180_000_000
        let height = (Int(south) + Int(north)) / 2 + 90_000_000
        let turned = middle >= 360_000_000 ? middle - 360_000_000 : middle
        return spread(turned, of: 360_000_000) | spread(height, of: 180_000_000) << 1
    }
}
