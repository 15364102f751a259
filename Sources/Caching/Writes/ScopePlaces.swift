import Tiles

/// Where scopes have said something of one name, and in which of the tiles there.
///
/// At most a number of places is kept apart; when there would be more, those that are nearest to
/// each other are taken together, with the number of the later one. That is wider than what was
/// written, where near places were, and never narrower. A look compares the boxes of places, and
/// those in sixteens with a box around each, of neighbours mostly: they are brought into the order
/// of a curve through the world now and then.
struct ScopePlaces: Sendable {
    private struct Place: Sendable {
        var box: GeographicBox
        var number: UInt64
        var kinds: EntryKinds
        /// In `selections`; below 0: all tiles.
        var selection: Int16
        var isHard: Bool

        /// Only places of the same one are taken together.
        var group: UInt32 {
            UInt32(UInt16(bitPattern: selection)) << 16 | UInt32(kinds.rawValue) << 1
                | (isHard ? 1 : 0)
        }
    }

    private struct Block: Sendable {
        var bounds: GeographicBox
        var latest: UInt64
    }

    private static var blockLength: Int { 16 }
    private static var sortedEvery: Int { 64 }

    private var places: [Place] = []
    private var selections: [ScopeSelection] = []
    private var blocks: [Block] = []

    /// Takes a place with a number that none before exceeds.
    ///
    /// - Returns: what has to count for all places, because there are too many that have nothing
    ///   in common.
    mutating func add(
        _ box: GeographicBox?, _ selection: ScopeSelection?, _ kinds: EntryKinds,
        _ number: UInt64, isHard: Bool, limit: Int
    ) -> [(kinds: EntryKinds, number: UInt64, isHard: Bool)] {
        let place = Place(
            box: box ?? .world, number: number, kinds: kinds, selection: index(of: selection),
            isHard: isHard)
        if let at = places.firstIndex(where: { $0.box == place.box && $0.group == place.group }) {
            places[at].number = number
            blocks[at / Self.blockLength].latest = number
            return []
        }
        append(place)
        if places.count > limit { return pack(to: limit - limit / 4) }
        if places.count % Self.sortedEvery == 0 {
            let keyed = places.map { (UInt64($0.group) << 32 | UInt64($0.box.onCurve), $0) }
            build(from: keyed.sorted { $0.0 < $1.0 }.map(\.1))
        }
        return []
    }

    private mutating func index(of selection: ScopeSelection?) -> Int16 {
        guard let selection else { return -1 }
        if let at = selections.firstIndex(of: selection) { return Int16(at) }
        selections.append(selection)
        return Int16(selections.count - 1)
    }

    private mutating func append(_ place: Place) {
        places.append(place)
        guard places.count % Self.blockLength != 1 else {
            return blocks.append(Block(bounds: place.box, latest: place.number))
        }
        let last = blocks.count - 1
        blocks[last].bounds = blocks[last].bounds.union(place.box)
        blocks[last].latest = max(blocks[last].latest, place.number)
    }

    private mutating func pack(
        to count: Int
    ) -> [(kinds: EntryKinds, number: UInt64, isHard: Bool)] {
        GeographicBox.gather(
            &places, to: count, group: \.group, box: \.box, cost: Self.cost, merge: Self.merged)
        let excess = places.count - count
        if excess > 0 { places.sort { $0.number < $1.number } }
        let oldest = places.prefix(max(excess, 0))
        build(from: Array(places.dropFirst(oldest.count)))
        return oldest.map { ($0.kinds, $0.number, $0.isHard) }
    }

    /// What counts as touched once more: what the later of the two was not, and what lies between.
    private static func cost(_ first: Place, _ second: Place) -> Double {
        let both = first.box.union(second.box).extent
        if first.number == second.number { return both - first.box.extent - second.box.extent }
        return both - (first.number > second.number ? first : second).box.extent
    }

    private static func merged(_ first: Place, _ second: Place) -> Place {
        var place = first
        place.box = first.box.union(second.box)
        place.number = max(first.number, second.number)
        return place
    }

    private mutating func build(from kept: [Place]) {
        let known = selections
        (places, selections, blocks) = ([], [], [])
        for var place in kept {
            if place.selection >= 0 { place.selection = index(of: known[Int(place.selection)]) }
            append(place)
        }
    }

    /// Forgets what is not younger.
    mutating func retire(upTo number: UInt64) {
        let kept = places.filter { $0.number > number }
        if kept.count < places.count { build(from: kept) }
    }

    /// - Parameter style: of the layer that these are the places of; nil: not known.
    func numbers(
        _ look: ScopeLook, style: ScopeName?, into found: inout InvalidationIndex.Numbers
    ) {
        for (index, block) in blocks.enumerated() {
            guard block.latest > look.since, look.box?.intersects(block.bounds) ?? true else {
                continue
            }
            let start = index * Self.blockLength
            let span = places.span
            for at in start..<min(start + Self.blockLength, places.count) {
                let place = span[at]
                guard look.box?.intersects(place.box) ?? true, place.number > look.since,
                    !place.kinds.isDisjoint(with: look.kinds),
                    place.selection < 0
                        || selections[Int(place.selection)].means(look, style: style)
                else { continue }
                found.formMaximum(
                    place.isHard
                        ? .init(dead: place.number, stale: 0)
                        : .init(dead: 0, stale: place.number))
            }
        }
    }
}
