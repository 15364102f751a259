/// The bounding box of a GetMap for a tile of the world, as it is written.
///
/// Calculates in whole units of the last decimal that is written, so that nothing is lost: 15
/// digits are all that a viewer's numbers have.
struct BoxTarget {
    /// Where each of the four numbers stands in the query: x and y of the south-west, then of the
    /// north-east, whatever the axes' order in the request.
    private var places: [Range<Int>] = []
    /// In units of `10^-decimals`.
    private var values: [Int] = []
    private var decimals = 0
    /// Numbers are padded with zeros to the same decimals, as GDAL writes them.
    private var isPadded = false
    private let world: World

    /// The square or rectangle that level 0 of a pyramid covers.
    private struct World {
        var west: Double
        var south: Double
        /// Of what is halved from level to level.
        var extent: Double
        /// As viewers round it; a second candidate.
        var rounded: Double
    }

    /// nil if the query has no box of a tile of the world in a reference system known here.
    init?(query: [UInt8]) {
        let bytes = unsafe query.span.bytes
        var box: QueryText?
        var system: World?
        var isNorthingFirst = false
        var isNewVersion = false
        var walk = QueryWalk()
        while let parameter = walk.next(in: bytes) {
            let value = parameter.value
            switch MapParameter.named(parameter.name, in: bytes) {
            case .bbox: box = value
            case .version: isNewVersion = value.prefix("1.3", in: bytes) != nil
            case .srs, .crs:
                if ["epsg:3857", "epsg:900913", "epsg:102100", "epsg:102113", "epsg:3785"]
                    .contains(where: { (name: StaticString) in value.spells(name, in: bytes) })
                {
                    system = World(
                        west: -20_037_508.342789244, south: -20_037_508.342789244,
                        extent: 40_075_016.685578488, rounded: 40_075_016.68)
                } else if value.spells("epsg:4326", in: bytes) || value.spells("crs:84", in: bytes)
                {
                    system = World(west: -180, south: -90, extent: 360, rounded: 360)
                    isNorthingFirst = value.spells("epsg:4326", in: bytes)
                }
            default: break
            }
        }
        guard let box, let system else { return nil }
        world = system
        guard readNumbers(query, box) else { return nil }
        if isNorthingFirst, isNewVersion {
            places = [places[1], places[0], places[3], places[2]]
            values = [values[1], values[0], values[3], values[2]]
        }
    }

    private mutating func readNumbers(_ query: [UInt8], _ box: QueryText) -> Bool {
        var start = box.start
        while start <= box.end, places.count < 5 {
            var end = start
            while end < box.end, query[end] != UInt8(ascii: ","), query[end] != UInt8(ascii: "%") {
                end += 1
            }
            places.append(start..<end)
            if end < box.end, query[end] == UInt8(ascii: "%") {
                // Only a comma may be encoded.
                guard end + 2 < box.end, query[end + 1] == UInt8(ascii: "2"),
                    query[end + 2] | 0x20 == UInt8(ascii: "c")
                else { return false }
                end += 2
            }
            start = end + 1
        }
        guard places.count == 4 else { return false }
        let written = places.map { WrittenDecimal(query[$0]) }
        guard written.allSatisfy({ $0 != nil }) else { return false }
        let numbers = written.compactMap { $0 }
        decimals = numbers.map(\.decimals).max() ?? 0
        isPadded =
            decimals > 0
            && numbers.allSatisfy { $0.decimals == decimals }
            && numbers.contains { $0.endsInZero }
        values = numbers.map { $0.value(decimals: decimals) }
        return true
    }

    func ancestors(path: [UInt8], _ query: [UInt8], _ levels: Int) -> [AncestorTarget] {
        let unit = power(10, decimals)
        let side = values[2] - values[0]
        guard side > 0, abs(values[3] - values[1] - side) <= max(2, side / 1_000) else {
            return []
        }
        let width = Double(side) / unit
        let level = logarithm(world.extent / width)
        guard let level, level >= levels,
            let column = index((Double(values[0]) / unit - world.west) / width),
            let row = index((Double(values[1]) / unit - world.south) / width)
        else { return [] }
        let mask = 1 << levels - 1
        guard
            let part = TilePart(levels: levels, column: column & mask, row: mask - (row & mask))
        else { return [] }
        let west = values[0] - side * (column & mask)
        let south = values[1] - side * (row & mask)
        var boxes = [
            written([west, south, west + side << levels, south + side << levels], decimals)
        ]
        // A tile may need more decimals than those in it: viewers write six at the most.
        let fine = isPadded ? decimals : max(decimals, 6)
        for extent in [world.rounded, world.extent] {
            let step = extent / Double(1 << (level - levels))
            // What is halved begins at the west and, since a viewer rounds both alike, south of it.
            let (x, y) = (column >> levels, row >> levels)
            let (left, bottom) = extent == 360 ? (-180.0, -90.0) : (-extent / 2, -extent / 2)
            let box = [
                left + Double(x) * step, bottom + Double(y) * step,
                left + Double(x + 1) * step, bottom + Double(y + 1) * step,
            ]
            boxes.append(written(box.map { nearest($0 * power(10, fine)) }, fine))
        }
        var targets: [AncestorTarget] = []
        for box in boxes {
            let target = AncestorTarget(path: path, query: replaced(query, box), part: part)
            if !targets.contains(target) { targets.append(target) }
        }
        return targets
    }

    private func replaced(_ query: [UInt8], _ box: [[UInt8]]) -> [UInt8] {
        var query = query
        let changes = zip(places, box).sorted { $0.0.lowerBound > $1.0.lowerBound }
        for (place, number) in changes { query.replaceSubrange(place, with: number) }
        return query
    }

    /// Numbers in units of `10^-decimals`, in the style of those that came.
    private func written(_ values: [Int], _ decimals: Int) -> [[UInt8]] {
        values.map { written($0, decimals) }
    }

    private func written(_ value: Int, _ decimals: Int) -> [UInt8] {
        let unit = Int(power(10, decimals))
        var text = (value < 0 ? "-" : "") + "\(value.magnitude / UInt(unit))"
        let rest = "\(value.magnitude % UInt(unit))"
        var fraction = String(repeating: "0", count: max(0, decimals - rest.utf8.count)) + rest
        if decimals == 0 { fraction = "" }
        if !isPadded { while fraction.hasSuffix("0") { fraction.removeLast() } }
        if !fraction.isEmpty { text += "." + fraction }
        return Array(text.utf8)
    }

    /// The whole number that a viewer's rounding left; nil if it is none.
    private func index(_ place: Double) -> Int? {
        guard place > -0.01, place < 1e9 else { return nil }
        let whole = nearest(place)
        return (Double(whole) - place).magnitude < 0.01 ? whole : nil
    }

    /// Its binary logarithm, if that is a whole number.
    private func logarithm(_ ratio: Double) -> Int? {
        guard ratio > 0.99, ratio < 1e9 else { return nil }
        var level = 0
        while Double(1 << level) < ratio * 0.99 { level += 1 }
        return (Double(1 << level) / ratio - 1).magnitude < 0.001 ? level : nil
    }
}

private func nearest(_ value: Double) -> Int { Int(value < 0 ? value - 0.5 : value + 0.5) }

private func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { power, _ in power * base }
}

/// A number without an exponent, of at most 9 decimals and 9 digits before them.
private struct WrittenDecimal {
    private var digits = 0
    private(set) var decimals = 0
    private var isNegative = false
    private(set) var endsInZero = false

    init?(_ text: ArraySlice<UInt8>) {
        var rest = text
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            rest = rest.dropFirst()
        }
        guard let first = rest.first, isDigit(first), rest.count <= 19 else { return nil }
        var isFraction = false
        var whole = 0
        for byte in rest {
            if byte == UInt8(ascii: "."), !isFraction {
                isFraction = true
                continue
            }
            guard isDigit(byte) else { return nil }
            if isFraction { decimals += 1 } else { whole += 1 }
            guard decimals <= 9, whole <= 9 else { return nil }
            digits = digits * 10 + Int(byte - UInt8(ascii: "0"))
        }
        endsInZero = isFraction && rest.last == UInt8(ascii: "0")
    }

    func value(decimals wanted: Int) -> Int {
        let scaled = digits * Int(power(10, wanted - decimals))
        return isNegative ? -scaled : scaled
    }
}
